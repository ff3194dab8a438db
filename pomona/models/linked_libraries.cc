#include "pomona/models/linked_libraries.h"

#include <arrow/config.h>
#include <arrow/util/config.h>

#include "pomona/features/openvino_runtime.h"

namespace pomona {

std::vector<LinkedLibrary> LinkedLibraries() {
  const std::string openvino = OpenVinoVersion();  // "openvino 2026.4.1"
  return {{"Arrow", ARROW_VERSION_STRING, arrow::GetBuildInfo().version_string},
          {"OpenVINO", POMONA_OPENVINO_VERSION, openvino.substr(openvino.find(' ') + 1)}};
}

}  // namespace pomona
