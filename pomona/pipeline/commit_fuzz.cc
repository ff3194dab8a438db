// Any bytes are a commit record, or an error.
#include "pomona/pipeline/commit.h"
#include "pomona/pipeline/testing_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pomona;
  const ShardStore store(testing_fuzz::FolderWith("00000.json", data, size));
  static_cast<void>(store.Read(0));
  return 0;
}
