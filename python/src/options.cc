#include "options.h"

#include "errors.h"
#include "pomona/base/environment.h"
#include "pomona/base/json.h"
#include "pomona/pipeline/option_table.h"

namespace pomona::python {

RunOptions OptionsFromJson(const std::string& json) {
  const Json values = ValueOrRaise(ParseJson(json, "options"));
  RunOptions options;
  options.extractor.model_cache = Environment::Read().model_cache;
  for (const auto& [name, value] : values.items()) Raise(SetOption(name, value, &options));
  return options;
}

}  // namespace pomona::python
