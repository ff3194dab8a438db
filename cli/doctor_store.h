#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "pomona/base/environment.h"
#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona::cli {

/// \brief `pomona doctor URI`: tries a place with the credentials that are found, and prints what is missing.
///
/// \return 1 where listing or reading fails, and where a folder is not there, which is then not made
Result<int> DoctorOfStore(const std::string& uri, const CommandContext& context);

/// \brief `pomona doctor --policy URI...`: prints the least policy; the last place is the output, the others are read.
Result<int> PrintPolicy(const std::vector<std::string>& uris);

/// \brief Where credentials are looked for, one line each: what is set or there, and what is not; never a value.
std::vector<std::string> PlacesOfCredentials(const Location& place, const Environment& environment);

}  // namespace pomona::cli
