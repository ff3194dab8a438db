#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

struct Thumbnail {
  std::string path;
  std::string jpeg;
};

/// \brief Writes `_pomona/thumbnails.arrow`: path string, jpeg binary.
Status WriteThumbnails(const Location& location, const std::vector<Thumbnail>& thumbnails);

/// \return JPEG bytes by path; empty when the file does not exist
Result<std::unordered_map<std::string, std::string>> ReadThumbnails(const Location& location);

}  // namespace pomona
