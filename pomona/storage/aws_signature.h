#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pomona {

struct AwsCredentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  ///< may be empty

  bool empty() const { return access_key.empty() || secret_key.empty(); }
};

/// \brief What is signed of a request.
struct SignableRequest {
  std::string method;
  std::string host;                                   ///< with its port, where that is not the scheme's own
  std::string path;                                   ///< begins with '/', every byte as `UriEncode` writes it
  std::map<std::string, std::string> query;           ///< decoded
  std::map<std::string, std::string> signed_headers;  ///< names in lower case; besides host and x-amz-*
  std::string payload_sha256;                         ///< of the body, in hexadecimal
};

/// \brief Every byte but letters, digits and "-._~" as %XX; '/' stays where `keep_slash`.
std::string UriEncode(std::string_view bytes, bool keep_slash);

/// \brief A query as it is signed and sent: sorted, encoded, joined.
std::string CanonicalQuery(const std::map<std::string, std::string>& query);

/// \brief The headers that sign a request for S3 (AWS Signature Version 4).
///
/// libcurl can sign, too, but which headers and characters it gets right differs from one version to the next.
///
/// \param[in] time seconds since 1970 UTC
/// \return "name: value" lines: authorization, x-amz-date, x-amz-content-sha256, x-amz-security-token
std::vector<std::string> SignAwsRequest(const SignableRequest& request, const AwsCredentials& credentials,
                                        const std::string& region, std::int64_t time);

}  // namespace pomona
