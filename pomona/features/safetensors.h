#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/features/tensor.h"

namespace pomona {

/// \brief What a safetensors file holds: arrays in the order of their bytes, and a few words of metadata.
struct Safetensors {
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;

  /// \return KeyError with the nearest name when there is no tensor of that name
  Result<Tensor> Find(std::string_view name) const;
};

/// \brief Reads a safetensors file (https://github.com/huggingface/safetensors, "Format").
///
/// Strict, because files come from anywhere: the header must fit the file, be JSON with known keys and distinct
/// names; the bytes of the tensors must match their shapes, must not overlap and must fill the file without gaps.
/// Tensors share the bytes of the file where it is memory-mapped or in memory and the alignment allows it.
///
/// \param[in] origin what the file is called in messages
/// \return Invalid with the tensor's name and what is wrong; IOError; NotImplemented for an element type that is not
///         in `ElementType`
Result<Safetensors> ReadSafetensors(const std::shared_ptr<arrow::io::RandomAccessFile>& file, std::string_view origin);

/// \brief Writes tensors in the order given; the same input gives the same bytes.
///
/// \return Invalid when a name is used twice or a tensor's bytes do not match its shape; IOError
Status WriteSafetensors(std::span<const Tensor> tensors, const std::map<std::string, std::string>& metadata,
                        arrow::io::OutputStream* output);

}  // namespace pomona
