#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pomona/base/failure.h"
#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief An image that did not become a row, and why.
struct QuarantineRow {
  std::int64_t index = 0;  ///< in the manifest
  std::string path;
  std::string label;
  std::int64_t size_bytes = -1;  ///< -1 when not known
  std::string stage;             ///< read, decode or extract
  FailureCode code = FailureCode::kUnreadable;
  std::string message;

  Json ToJson() const;
  static Result<QuarantineRow> FromJson(const Json& json, std::string_view origin);
};

/// \brief Writes quarantine.parquet: path, label, size_bytes, stage, code, message, in manifest order.
///
/// \param[in] groups how many groups of rows there are; \param[in] read gives the rows of one group
Status WriteQuarantine(const Location& location, std::int64_t groups,
                       const std::function<Result<std::vector<QuarantineRow>>(std::int64_t group)>& read);

/// \brief Reads quarantine.parquet, row by row; `index` stays 0.
Status ReadQuarantine(const Location& location, const std::function<void(const QuarantineRow&)>& visit);

}  // namespace pomona
