// Reads arbitrary bytes as a safetensors file; what is accepted must survive being written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include <arrow/io/memory.h>

#include "pomona/features/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::make_shared<arrow::Buffer>(data, static_cast<std::int64_t>(size));
  const auto read = pomona::ReadSafetensors(std::make_shared<arrow::io::BufferReader>(bytes), "fuzz");
  if (!read.ok()) return 0;
  const auto stream = arrow::io::BufferOutputStream::Create().ValueOrDie();
  if (!pomona::WriteSafetensors(read->tensors, read->metadata, stream.get()).ok()) std::abort();
  const auto copy = stream->Finish().ValueOrDie();
  const auto again = pomona::ReadSafetensors(std::make_shared<arrow::io::BufferReader>(copy), "fuzz");
  if (!again.ok() || again->tensors.size() != read->tensors.size()) std::abort();
  return 0;
}
