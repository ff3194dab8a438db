#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/manifest.h"

namespace pomona {

/// Size a feature part grows to before the next one is begun, in bytes.
inline constexpr std::int64_t kPartBytes = 256'000'000;

/// \brief What feature files say about themselves, as Parquet key-value metadata.
struct FeaturePartInfo {
  std::string extractor;
  std::string weights_sha256;
  std::string precision;
  std::string plan;                      ///< the plan, as JSON
  std::int64_t first_block = 0;          ///< of this part
  std::vector<std::int64_t> block_rows;  ///< good rows of each of its blocks

  std::map<std::string, std::string> ToKeyValues() const;

  /// \return Invalid with the origin for a file that is not of Pomona or of a newer format
  static Result<FeaturePartInfo> FromKeyValues(const std::map<std::string, std::string>& values,
                                               const std::string& origin);
};

/// \return blocks a part holds: as many as make about 256 MB, whatever failed
std::int64_t BlocksAPart(std::int64_t dim);

}  // namespace pomona
