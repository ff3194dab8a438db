#include "cli/doctor_store.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "pomona/base/usage_error.h"
#include "pomona/base/visible_text.h"
#include "pomona/storage/access_check.h"
#include "pomona/storage/exclusive_write.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/s3_client.h"

namespace pomona::cli {
namespace {

std::string Padded(std::string text) {
  text.resize(std::max<std::size_t>(text.size() + 1, 18), ' ');
  return text;
}

std::string FileLine(const std::filesystem::path& file) {
  std::error_code error;
  return file.string() + (std::filesystem::exists(file, error) ? ": is there" : ": is not there");
}

}  // namespace

std::vector<std::string> PlacesOfCredentials(const Location& place, const Environment& environment) {
  std::string prefix;
  if (place.s3 != nullptr) prefix = "AWS_";
  if (place.filesystem->type_name() == "gcs") prefix = "GOOGLE_";
  if (place.filesystem->type_name() == "abfs") prefix = "AZURE_";
  std::vector<std::string> lines;
  if (prefix.empty()) return lines;
  for (const auto& [name, set] : environment.credential_variables) {
    if (name.starts_with(prefix)) lines.push_back("$" + name + (set ? ": is set" : ": is not set"));
  }
  if (place.s3 != nullptr) {
    lines.push_back(FileLine(environment.aws_credentials_file));
    lines.push_back(FileLine(environment.aws_config_file));
    lines.emplace_back("the container's endpoint and the instance's metadata (IMDSv2)");
  } else if (prefix == "GOOGLE_") {
    lines.push_back(FileLine(environment.home / ".config" / "gcloud" / "application_default_credentials.json"));
    lines.emplace_back("the metadata server");
  } else {
    lines.emplace_back("managed identity, workload identity and the az command");
  }
  return lines;
}

Result<int> DoctorOfStore(const std::string& uri, const CommandContext& context) {
  ARROW_ASSIGN_OR_RAISE(const Location place, Location::Parse(uri));
  std::cout << Padded("place") << VisibleText(place.display) << "\n";
  // Trying to write would make the folder, and a mistyped name would look fine.
  if (place.is_local() || place.filesystem->type_name() == "hdfs") {
    ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(place));
    if (kind == PlaceKind::kMissing) {
      std::cout << Padded("") << "is not there. An INPUT has to be; an --output is made by the command: try the folder "
                << "that it is to lie in, " << VisibleText(place.Parent().path) << "\n";
      return kExitFailed;
    }
  }
  if (place.s3 != nullptr) {
    std::cout << Padded("service") << VisibleText(place.s3->ServiceName()) << ", region " << place.s3->settings().region
              << "\n";
  }
  const std::vector<AccessStep> steps = CheckAccess(place);
  bool usable = true;
  for (const AccessStep& step : steps) {
    std::cout << Padded(step.name);
    if (step.status.ok()) {
      std::cout << "works\n";
      continue;
    }
    std::cout << "FAILS: " << VisibleText(step.status.message()) << "\n"
              << Padded("") << "needed: " << step.permission << ", for " << step.used_by << "\n";
    // A place that takes files and does not let them go is no output, and of no input is that asked.
    if (step.name == "list" || step.name == "read" || step.name == "delete") usable = false;
  }
  if (ExclusiveGuaranteeOf(place) == ExclusiveGuarantee::kReadBack) {
    std::cout << Padded("exclusive writes") << "are read back only: the credentials allow no precondition\n";
  }
  const bool all = std::all_of(steps.begin(), steps.end(), [](const AccessStep& step) { return step.status.ok(); });
  if (all) return kExitDone;
  const std::vector<std::string> places = PlacesOfCredentials(place, context.environment);
  if (!places.empty()) std::cout << "Credentials are looked for in this order:\n";
  for (const std::string& line : places) std::cout << "  " << VisibleText(line) << "\n";
  return usable ? kExitDone : kExitFailed;
}

Result<int> PrintPolicy(const std::vector<std::string>& uris) {
  if (uris.empty()) return UsageError("--policy wants the URIs of the inputs and, last, of the output");
  std::vector<Location> places;
  for (const std::string& uri : uris) {
    ARROW_ASSIGN_OR_RAISE(Location place, Location::Parse(uri));
    places.push_back(std::move(place));
  }
  const Location output = places.back();
  places.pop_back();
  ARROW_ASSIGN_OR_RAISE(const Json policy, LeastPolicy(places, output));
  std::cout << policy.dump(2) << "\n";
  return kExitDone;
}

}  // namespace pomona::cli
