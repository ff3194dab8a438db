#pragma once

#include <vector>

#include "pomona/base/matrix_view.h"
#include "pomona/base/status.h"

namespace pomona {

/// \brief The ranges that 8-bit integers span in an int8 network, from what a sample of images shows.
///
/// How int8 is prepared: open the extractor with `measure_int8_ranges`, run a sample of images (64 to 256, spread over
/// the labels) through it, give its rows to this function, and open it again with `Precision::kInt8` and the result as
/// `int8_ranges`. The same ranges give the same bits everywhere.
///
/// The range of a layer is the largest value that any image shows. Narrower ranges cost more by cutting values off than
/// they gain in resolution: of VGG16's features on photographs, a mean cosine of 0.9998 with f32 became 0.9996 at the
/// mean over the images and 0.998 at 80 % of that.
///
/// \param[in] maxima shape (images, layers), as the measuring extractor gives them
/// \return Invalid when there is no image, or a value is not finite or a layer never fires, naming the layer's index
Result<std::vector<float>> ChooseInt8Ranges(MatrixView<const float> maxima);

}  // namespace pomona
