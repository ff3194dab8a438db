#include "pomona/base/environment.h"

#include <cstdlib>
#include <string_view>

namespace pomona {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once, before any thread starts
  return value == nullptr ? std::string() : std::string(value);
}

std::filesystem::path ModelCache() {
  if (const std::string folder = Variable("POMONA_MODELS"); !folder.empty()) return std::filesystem::path(folder);
  if (const std::string cache = Variable("XDG_CACHE_HOME"); !cache.empty()) {
    return std::filesystem::path(cache) / "pomona" / "models";
  }
  return std::filesystem::path(Variable("HOME")) / ".cache" / "pomona" / "models";
}

}  // namespace

Environment Environment::Read() {
  Environment environment;
  environment.model_cache = ModelCache();
  environment.ca_file = Variable("SSL_CERT_FILE");
  if (const std::string python = Variable("POMONA_PYTHON"); !python.empty()) environment.python = python;
  environment.plain_terminal = !Variable("NO_COLOR").empty() || Variable("TERM") == "dumb";
  return environment;
}

}  // namespace pomona
