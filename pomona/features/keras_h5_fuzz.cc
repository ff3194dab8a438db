// Reads arbitrary bytes as a Keras HDF5 file.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "pomona/features/keras_h5.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::make_shared<arrow::Buffer>(data, static_cast<std::int64_t>(size));
  (void)pomona::ReadKerasH5(bytes, "fuzz").ok();
  return 0;
}
