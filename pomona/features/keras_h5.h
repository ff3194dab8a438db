#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <arrow/buffer.h>

#include "pomona/base/status.h"
#include "pomona/features/tensor.h"

namespace pomona {

/// \brief Reads the weights out of a Keras HDF5 file (the legacy layout that Keras 1 to 3 write for `.h5`).
///
/// The root group, or its group `model_weights`, has an attribute `layer_names`; each of these names is a group whose
/// attribute `weight_names` lists its datasets. A tensor is called by layer and dataset, such as
/// "block1_conv1/block1_conv1_W_1:0" or "block1_conv1/kernel:0"; tensors come in the file's order.
///
/// The HDF5 library reads the bytes in place. Thread safety: calls take turns, because that library is not thread-safe.
///
/// \param[in] origin what the file is called in messages
/// \return Invalid when the bytes are no such file, naming layer and dataset where it knows them; TypeError for
///         datasets that are not floating point
Result<std::vector<Tensor>> ReadKerasH5(const std::shared_ptr<arrow::Buffer>& bytes, std::string_view origin);

}  // namespace pomona
