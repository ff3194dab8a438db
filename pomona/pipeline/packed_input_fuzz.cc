// Any bytes are a tar archive of images that lie inside it, or an error.
#include "pomona/pipeline/packed_input.h"
#include "pomona/pipeline/testing_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pomona;
  const Location tar = testing_fuzz::FolderWith("x.tar", data, size).Child("x.tar");
  ManifestRows rows("", 10'000'000);
  InputNames names(false);
  const ListedFile file{"x.tar", static_cast<std::int64_t>(size), 0, ""};
  if (!AddPackedImages(tar, "x.tar", file, Labeler::Make({}).ValueOrDie(), &names, &rows).ok()) return 0;
  for (std::int64_t i = 0; i < rows.size(); ++i) {
    const ManifestRow row = rows.row(i);
    if (row.offset < 0 || row.size < 0 || row.offset + row.size > file.size) std::abort();
  }
  return 0;
}
