#pragma once

#include <string>

#include "pomona/base/json.h"
#include "pomona/base/status.h"

namespace pomona::cli {

/// \brief `pomona doctor --libraries`: prints which libraries the program holds and loads.
///
/// Reads the inventory that the build wrote (sbom.cdx.json, CycloneDX), beside the program or where the prefix and the
/// Python package keep it. \param[in] as_json prints it as it is, for programs that match it with vulnerabilities
/// \return IOError where it is not there
Result<int> DoctorOfLibraries(bool as_json);

/// \brief The inventory as a table: name, version, how it is used, file, SHA-256.
///
/// \param[in] loaded_sha256 the hash that a loaded file has now, by its name; one that differs from the inventory's has
/// been updated since the build, which is said
std::string LibraryTable(const Json& inventory, const Json& loaded_sha256);

}  // namespace pomona::cli
