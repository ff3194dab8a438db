// Any bytes are a Parquet file of images whose first rows can be read, or failures of images, or an error.
#include "pomona/base/failure.h"
#include "pomona/pipeline/packed_parquet.h"
#include "pomona/pipeline/testing_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pomona;
  const Location place = testing_fuzz::FolderWith("x.parquet", data, size).Child("x.parquet");
  ManifestRows rows("", 10'000'000);
  InputNames names(false);
  const ListedFile file{"x.parquet", static_cast<std::int64_t>(size), 0, ""};
  const auto found = AddParquetImages(place, "x.parquet", file, {}, Labeler::Make({}).ValueOrDie(), &names, &rows);
  ParquetImages images({}, 100'000, 10'000'000);
  ByteBuffer bytes;
  for (const std::int64_t row : {0, 7, 3, 1}) {
    const Status status = images.Read(place, {}, row, &bytes);
    if (found.ok() && *found && !status.ok() && !FailureCodeOf(status)) std::abort();
  }
  return 0;
}
