#include "pomona/storage/aws_signature.h"

#include <array>
#include <ctime>

#include "pomona/base/hash.h"

namespace pomona {
namespace {

std::string TimeText(std::int64_t time, const char* format) {
  const auto seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), format, &parts);
  return {text.data(), size};
}

}  // namespace

std::string UriEncode(std::string_view bytes, bool keep_slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash);
    if (plain) {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += '%';
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

std::string CanonicalQuery(const std::map<std::string, std::string>& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    if (!text.empty()) text += '&';
    text += UriEncode(name, false) + "=" + UriEncode(value, false);
  }
  return text;
}

std::vector<std::string> SignAwsRequest(const SignableRequest& request, const AwsCredentials& credentials,
                                        const std::string& region, std::int64_t time) {
  const std::string date = TimeText(time, "%Y%m%d");
  const std::string moment = TimeText(time, "%Y%m%dT%H%M%SZ");
  std::map<std::string, std::string> headers = request.signed_headers;
  headers["host"] = request.host;
  headers["x-amz-date"] = moment;
  headers["x-amz-content-sha256"] = request.payload_sha256;
  if (!credentials.session_token.empty()) headers["x-amz-security-token"] = credentials.session_token;

  std::string canonical_headers;
  std::string names;
  for (const auto& [name, value] : headers) {
    canonical_headers += name;
    canonical_headers += ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical = request.method + "\n" + request.path + "\n" + CanonicalQuery(request.query) + "\n" +
                                canonical_headers + "\n" + names + "\n" + request.payload_sha256;
  const std::string scope = date + "/" + region + "/s3/aws4_request";
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + moment + "\n" + scope + "\n" + Sha256(canonical);
  std::string key = HmacSha256("AWS4" + credentials.secret_key, date);
  for (const std::string_view part :
       {std::string_view(region), std::string_view("s3"), std::string_view("aws4_request")})
    key = HmacSha256(key, part);
  std::vector<std::string> lines;
  for (const auto& [name, value] : headers) {
    if (name != "host") lines.emplace_back(name).append(": ").append(value);
  }
  lines.push_back("authorization: AWS4-HMAC-SHA256 Credential=" + credentials.access_key + "/" + scope +
                  ", SignedHeaders=" + names + ", Signature=" + ToHex(HmacSha256(key, to_sign)));
  return lines;
}

}  // namespace pomona
