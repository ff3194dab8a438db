#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <arrow/buffer.h>

#include "pomona/base/status.h"
#include "pomona/features/tensor.h"

namespace pomona {

/// \brief Reads kernels and biases of the convolutions called `block*_conv*` out of an ONNX model.
///
/// Kernels come as "block1_conv1/kernel" in HWIO order (ONNX has OIHW), biases as "block1_conv1/bias". Other layers,
/// such as a classifier trained on top, are ignored.
///
/// \param[in] origin what the file is called in messages
/// \return Invalid when the bytes are no ONNX model or a convolution of such a name has no constant kernel
Result<std::vector<Tensor>> ReadOnnxConvolutions(const std::shared_ptr<arrow::Buffer>& bytes, std::string_view origin);

}  // namespace pomona
