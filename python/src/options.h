#pragma once

#include <string>

#include "pomona/pipeline/run_options.h"

namespace pomona::python {

/// \brief Options of `pomona run` from a JSON object of their names, over what the environment says.
///
/// \throws ValueError naming the option, what was got and what is wanted
RunOptions OptionsFromJson(const std::string& json);

}  // namespace pomona::python
