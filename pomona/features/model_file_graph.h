#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pomona/base/status.h"
#include "pomona/features/model_file_extractor.h"

namespace ov {
class Model;
}

namespace pomona {

/// Where channels lie in a four-dimensional tensor.
enum class ChannelPlace { kFirst, kLast };

/// \brief Turns a graph as read from a file into one from uint8 pixels (batch, height, width, 3) to float32 features.
///
/// Cuts the graph at the output node, gives it the image size and batch size, puts the preprocessing before it and the
/// pooling behind it. A graph that cannot take a whole batch gets one image at a time.
///
/// \param[in] usual_place of the channels in the file's format, for shapes that leave it open
/// \param[in] name what the model is called in messages
/// \return see `MakeModelFileExtractor`
Result<std::shared_ptr<ov::Model>> AdaptModel(const std::shared_ptr<ov::Model>& model, const ModelFileOptions& options,
                                              ChannelPlace usual_place, std::string_view name);

}  // namespace pomona
