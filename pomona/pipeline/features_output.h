#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/feature_rows.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief Features that an earlier run has written.
struct FeaturesOutput {
  /// \param[in] text an output, or its `features/` folder
  /// \return UsageError when there are no features
  static Result<FeaturesOutput> Open(std::string_view text);

  /// \return whether a place holds features that `Open` would take
  static Result<bool> IsAt(const Location& place);

  /// \brief The user's own model file that made the features, where it still lies at its place; else "".
  std::string ModelFile() const;

  /// \brief Where the small pictures lie, if there are any.
  Location Thumbnails() const;

  Location root;
  int generation = 1;  ///< of the output; what is made of these features does not see a later one
  std::unique_ptr<FeatureRows> rows;
  Json plan;
};

}  // namespace pomona
