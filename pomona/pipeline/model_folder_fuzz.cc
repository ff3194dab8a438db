// Any bytes are the pipeline.json of a model whose options can be set, or an error.
#include "pomona/pipeline/model_folder.h"
#include "pomona/pipeline/testing_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pomona;
  const Location folder = testing_fuzz::FolderWith("model/pipeline.json", data, size).Child("model");
  const auto model = ReadModel(folder);
  if (model.ok()) static_cast<void>(WithModel({}, *model, folder));
  return 0;
}
