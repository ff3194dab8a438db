#pragma once

#include <memory>
#include <regex>
#include <string>
#include <string_view>

#include "pomona/base/status.h"
#include "pomona/pipeline/run_options.h"

namespace pomona {

/// \brief Finds the label of a path as `--label-from` asks.
///
/// Thread safety: const calls may run together.
class Labeler {
 public:
  /// \return UsageError for a pattern that is no regular expression or has not exactly one group
  static Result<Labeler> Make(const LabelRule& rule);

  /// \param[in] path as it appears in the `path` column
  /// \param[in] place the path in the store, whose last folder is the label where `path` has none
  /// \return valid UTF-8; "" for the rule `none` and where a pattern does not match
  std::string LabelOf(std::string_view path, std::string_view place) const;

 private:
  explicit Labeler(LabelRule::Kind kind) : kind_(kind) {}

  LabelRule::Kind kind_;
  std::shared_ptr<const std::regex> pattern_;
};

}  // namespace pomona
