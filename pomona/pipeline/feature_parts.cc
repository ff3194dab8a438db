#include "pomona/pipeline/feature_parts.h"

#include <algorithm>

#include "pomona/pipeline/versions.h"

namespace pomona {

std::map<std::string, std::string> FeaturePartInfo::ToKeyValues() const {
  return {{"pomona.format_version", std::to_string(kOutputFormatVersion)},
          {"pomona.extractor", extractor},
          {"pomona.weights_sha256", weights_sha256},
          {"pomona.precision", precision},
          {"pomona.plan", plan},
          {"pomona.first_block", std::to_string(first_block)},
          {"pomona.block_rows", Json(block_rows).dump()}};
}

Result<FeaturePartInfo> FeaturePartInfo::FromKeyValues(const std::map<std::string, std::string>& values,
                                                       const std::string& origin) {
  const auto text = [&](const char* key) -> Result<std::string> {
    const auto found = values.find(key);
    if (found != values.end()) return found->second;
    return Status::Invalid(origin, " is no feature file of Pomona: its metadata lack \"", key, "\"");
  };
  const auto number = [&](const char* key) -> Result<std::int64_t> {
    ARROW_ASSIGN_OR_RAISE(const std::string value, text(key));
    ARROW_ASSIGN_OR_RAISE(const Json json, ParseJson(value, origin + ": " + key));
    if (!json.is_number_integer()) return Status::Invalid(origin, ": ", key, " is no number: ", value);
    return json.get<std::int64_t>();
  };
  ARROW_ASSIGN_OR_RAISE(const std::int64_t version, number("pomona.format_version"));
  if (version > kOutputFormatVersion) {
    return Status::Invalid(origin, " has format version ", version, "; this program reads up to ", kOutputFormatVersion,
                           ": use a newer Pomona");
  }
  FeaturePartInfo info;
  ARROW_ASSIGN_OR_RAISE(info.extractor, text("pomona.extractor"));
  ARROW_ASSIGN_OR_RAISE(info.weights_sha256, text("pomona.weights_sha256"));
  ARROW_ASSIGN_OR_RAISE(info.precision, text("pomona.precision"));
  ARROW_ASSIGN_OR_RAISE(info.plan, text("pomona.plan"));
  ARROW_ASSIGN_OR_RAISE(info.first_block, number("pomona.first_block"));
  ARROW_ASSIGN_OR_RAISE(const std::string rows, text("pomona.block_rows"));
  ARROW_ASSIGN_OR_RAISE(const Json block_rows, ParseJson("{\"rows\":" + rows + "}", origin));
  ARROW_ASSIGN_OR_RAISE(info.block_rows, JsonField<std::vector<std::int64_t>>(block_rows, "rows", origin));
  return info;
}

std::int64_t BlocksAPart(std::int64_t dim) {
  const std::int64_t block_bytes = kBlockRows * dim * static_cast<std::int64_t>(sizeof(float));
  return std::max<std::int64_t>(1, kPartBytes / block_bytes);
}

}  // namespace pomona
