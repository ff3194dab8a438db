// Any bytes are a list of images, in CSV or Parquet, or an error.
#include "pomona/pipeline/list_file.h"
#include "pomona/pipeline/testing_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pomona;
  const bool parquet = size > 4 && data[0] == 'P' && data[1] == 'A' && data[2] == 'R' && data[3] == '1';
  const std::string name = parquet ? "list.parquet" : "list.csv";
  const Location list = testing_fuzz::FolderWith(name, data, size).Child(name);
  ManifestRows rows(ListPrefix(list), 10'000'000);
  static_cast<void>(ReadListFile(list, {}, Labeler::Make({}).ValueOrDie(), &rows));
  return 0;
}
