#include "pomona/storage/s3_answers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace pomona {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string Unescaped(std::string_view text) {
  struct Entity {
    std::string_view escaped;
    char plain;
  };
  constexpr std::array kEntities = {
      Entity{"&lt;", '<'},  Entity{"&gt;", '>'},   Entity{"&amp;", '&'},  Entity{"&quot;", '"'}, Entity{"&apos;", '\''},
      Entity{"&#34;", '"'}, Entity{"&#39;", '\''}, Entity{"&#x22;", '"'}, Entity{"&#xA;", '\n'}, Entity{"&#xD;", '\r'}};
  std::string plain;
  while (!text.empty()) {
    const auto* entity =
        std::find_if(kEntities.begin(), kEntities.end(), [&](const Entity& e) { return text.starts_with(e.escaped); });
    plain += entity == kEntities.end() ? text.front() : entity->plain;
    text.remove_prefix(entity == kEntities.end() ? 1 : entity->escaped.size());
  }
  return plain;
}

}  // namespace

std::vector<std::string_view> XmlElements(std::string_view xml, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const std::string close = "</" + std::string(name) + ">";
  std::vector<std::string_view> elements;
  std::size_t place = 0;
  for (;;) {
    const std::size_t start = xml.find(open, place);
    if (start == std::string_view::npos) return elements;
    const std::size_t end = xml.find(close, start);
    if (end == std::string_view::npos) return elements;
    elements.push_back(xml.substr(start + open.size(), end - start - open.size()));
    place = end + close.size();
  }
}

std::string XmlText(std::string_view xml, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const std::size_t start = xml.find(open);
  if (start == std::string_view::npos) return "";
  const std::size_t end = xml.find("</" + std::string(name) + ">", start);
  if (end == std::string_view::npos) return "";
  return Unescaped(xml.substr(start + open.size(), end - start - open.size()));
}

std::int64_t ParseHttpTime(const std::string& text) {
  std::tm parts{};
  std::int64_t nanoseconds = 0;
  if (const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts); rest != nullptr) {
    if (*rest == '.') {
      std::int64_t scale = 100'000'000;
      for (++rest; *rest >= '0' && *rest <= '9'; ++rest, scale /= 10) nanoseconds += (*rest - '0') * scale;
    }
  } else if (strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S", &parts) == nullptr) {
    return 0;
  }
  return static_cast<std::int64_t>(timegm(&parts)) * 1'000'000'000 + nanoseconds;
}

std::string UriDecode(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
      bytes += static_cast<char>(16 * HexDigit(text[i + 1]) + HexDigit(text[i + 2]));
      i += 2;
    } else {
      bytes += text[i] == '+' ? ' ' : text[i];
    }
  }
  return bytes;
}

bool IsTransientAnswer(long status, const std::string& code) {
  constexpr std::array<std::string_view, 8> kCodes = {
      "SlowDown",        "InternalError",    "RequestTimeout", "ServiceUnavailable",
      "TooManyRequests", "OperationAborted", "IncompleteBody", "ConditionalRequestConflict"};
  return status == 408 || status == 429 || (status >= 500 && status != 501) ||
         std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

std::string ReasonOf(const std::string& code) {
  if (code == "InvalidAccessKeyId") return "the access key is not known there (InvalidAccessKeyId)";
  if (code == "SignatureDoesNotMatch") return "the secret key is wrong (SignatureDoesNotMatch)";
  if (code == "ExpiredToken" || code == "InvalidToken")
    return "the session token has expired or is wrong (" + code + ")";
  if (code == "RequestTimeTooSkewed") {
    return "this machine's clock differs from the store's by more than 15 minutes (RequestTimeTooSkewed); set it";
  }
  if (code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect") {
    return "the bucket lies in another region (" + code + "); name it with region in [storage] or AWS_REGION";
  }
  if (code == "XMinioStorageFull") return "the store's disk is full (" + code + ")";
  if (code == "QuotaExceeded" || code == "XMinioAdminBucketQuotaExceeded") return "the bucket's quota is used up";
  if (code == "KeyTooLongError") return "the object's name is longer than the store takes (KeyTooLongError)";
  return "";
}

Status ReadPage(const std::string& xml, S3Page* page) {
  if (xml.find("<ListBucketResult") == std::string::npos) {
    return TransientError("a list was wanted, the answer is something else: " + XmlText(xml, "Code"));
  }
  *page = {};
  for (const std::string_view entry : XmlElements(xml, "Contents")) {
    S3Object object;
    object.key = UriDecode(XmlText(entry, "Key"));
    const std::string size = XmlText(entry, "Size");
    std::from_chars(size.data(), size.data() + size.size(), object.size);
    object.mtime_ns = ParseHttpTime(XmlText(entry, "LastModified"));
    object.etag = XmlText(entry, "ETag");
    std::erase(object.etag, '"');
    page->objects.push_back(std::move(object));
  }
  for (const std::string_view entry : XmlElements(xml, "CommonPrefixes")) {
    page->prefixes.push_back(UriDecode(XmlText(entry, "Prefix")));
  }
  if (XmlText(xml, "IsTruncated") == "true") {
    page->next = XmlText(xml, "NextContinuationToken");
    if (page->next.empty()) return TransientError("the list goes on, and does not say where");
  }
  return Status::OK();
}

Status CheckWritten(const HttpResponse& response) {
  if (!response.header("etag").empty() && response.body.find("<Error>") == std::string::npos) return Status::OK();
  return TransientError("the store answered 200 to a write without writing: " + XmlText(response.body, "Code"));
}

std::string AmazonHost(const std::string& region) {
  return "s3." + region + (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

}  // namespace pomona
