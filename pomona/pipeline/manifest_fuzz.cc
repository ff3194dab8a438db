// Any bytes are a manifest whose rows can all be read, or an error.
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/testing_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pomona;
  const Location folder = testing_fuzz::FolderWith("manifest.parquet", data, size);
  const auto manifest = Manifest::Open(folder.Child("manifest.parquet"));
  if (!manifest.ok()) return 0;
  std::size_t bytes = 0;
  for (std::int64_t number = 0; number < BlockCount((*manifest)->size()); ++number) {
    const auto block = (*manifest)->ReadBlock(number);
    if (!block.ok()) break;
    for (std::int64_t i = 0; i < (*block)->size(); ++i) {
      const ManifestRow row = (*block)->row(i);
      for (const std::string_view text : {row.path, row.key, row.label, row.etag}) {
        for (const char c : text) bytes += static_cast<unsigned char>(c);  // each is there to be read
      }
    }
  }
  return bytes == 1 ? -1 : 0;
}
