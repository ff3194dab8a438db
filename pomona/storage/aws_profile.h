#pragma once

#include <filesystem>
#include <istream>
#include <string>

namespace pomona {

/// \brief What a profile of Amazon's configuration file says about where the service is; empty where it says nothing.
///
/// Credentials and roles of a profile are left to Amazon's own library.
struct AwsProfile {
  std::string region;
  std::string endpoint_url;  ///< that of `s3` in the profile's `services` section wins over its own
  std::string ca_bundle;
};

/// \brief Reads one profile, as the AWS SDKs and Tools Reference Guide describes the file ("config").
///
/// \param[in] name "default" is `[default]`, others are `[profile NAME]` \return nothing of a profile that is not there
AwsProfile ReadAwsProfile(std::istream& file, const std::string& name);

/// \brief The same of a file; one that cannot be read has no profiles.
AwsProfile ReadAwsProfile(const std::filesystem::path& file, const std::string& name);

}  // namespace pomona
