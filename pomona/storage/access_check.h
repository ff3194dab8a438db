#pragma once

#include <string>
#include <vector>

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief One thing that was tried at a place.
struct AccessStep {
  std::string name;        ///< list, read, write, write exclusively, delete
  std::string permission;  ///< that the store asks for it, in the store's words
  std::string used_by;     ///< what of Pomona needs it
  Status status;
};

/// \brief Tries what Pomona does at a place: lists, reads, writes, writes exclusively and deletes.
///
/// What is written has a name that begins with ".pomona-doctor" and is removed again; where that is refused, the step
/// names what stays. Steps that another one's failure
/// makes impossible are left out.
std::vector<AccessStep> CheckAccess(const Location& place);

/// \brief The rights that Pomona needs, and no others, as a policy of S3 (IAM JSON, version 2012-10-17).
///
/// \param[in] inputs read and listed \param[in] output written, too
/// \return UsageError for places outside S3
Result<Json> LeastPolicy(const std::vector<Location>& inputs, const Location& output);

}  // namespace pomona
