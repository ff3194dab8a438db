#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/previous_rows.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief How the images of a new generation differ from those of the one before.
struct ChangeCounts {
  std::int64_t images = 0;      ///< in the new manifest
  std::int64_t added = 0;       ///< listed for the first time
  std::int64_t changed = 0;     ///< other bytes under the same path
  std::int64_t relabelled = 0;  ///< the same bytes under another label
  std::int64_t retried = 0;     ///< in quarantine, and tried again
  std::int64_t replaced = 0;    ///< of those: the object is another one by now
  std::int64_t gone = 0;        ///< no longer listed
  bool gone_are_kept = true;

  /// Whether the new generation would be the old one.
  bool nothing() const;

  /// Images that need not be read.
  std::int64_t reused() const { return images - added - changed - retried; }

  Json ToJson() const;
  static ChangeCounts FromJson(const Json& json);
};

struct ChangedInput {
  ManifestRows rows{""};
  ChangeCounts counts;
};

/// \brief Compares a new listing with an earlier generation.
///
/// \param[in] mirror leave out what is no longer listed; else it stays as it was
Result<ChangedInput> MergeListing(ManifestRows listed, const PreviousRows& previous, bool mirror);

/// \brief The manifest of an earlier generation with the present sizes and times of the objects in quarantine.
///
/// \param[in] prefix what most paths begin with, as the input was typed when the output was made
/// \param[in] input where the images lie now
Result<ChangedInput> LookAtFailures(const PreviousRows& previous, const std::string& prefix, const Location& input,
                                    const std::vector<std::string>& allowed_hosts, const Cancellation* cancellation);

}  // namespace pomona
