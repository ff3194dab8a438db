#include "pomona/pipeline/versions.h"

#include <arrow/config.h>

namespace pomona {

std::string PomonaVersion() { return POMONA_VERSION; }

Json LibraryVersions() { return {{"pomona", PomonaVersion()}, {"arrow", arrow::GetBuildInfo().version_string}}; }

}  // namespace pomona
