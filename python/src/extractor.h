#pragma once

#include <memory>
#include <utility>

#include <nanobind/nanobind.h>

#include "image_inputs.h"
#include "pomona/pipeline/image_features.h"
#include "rows.h"

namespace pomona::python {

/// Features, float32 of shape (n, d), and the failures as tuples (index, path, stage, code, message).
using Extracted = std::pair<FloatMatrix, nanobind::list>;

/// \brief Extracts with the GIL released.
Extracted Extract(const ImageFeatures& features, const ImageInputs& inputs);

}  // namespace pomona::python
