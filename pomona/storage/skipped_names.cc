#include "pomona/storage/skipped_names.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace pomona {
namespace {

constexpr std::array<std::string_view, kSkipReasons> kNames = {"hidden", "hadoop", "jupyter",
                                                               "macos",  "pomona", "windows"};

char LowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualInAnyCase(std::string_view name, std::string_view lower) {
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return LowerCase(a) == b; });
}

/// What files and folders have in common: names that begin with '.'.
std::optional<SkipReason> WhyHidden(std::string_view name) {
  if (!name.starts_with('.') || name == "." || name == "..") return std::nullopt;
  if (name.starts_with("._") || name == ".DS_Store") return SkipReason::kMacos;
  if (name == ".ipynb_checkpoints") return SkipReason::kJupyter;
  return SkipReason::kHidden;
}

}  // namespace

std::string_view SkipReasonName(SkipReason reason) { return kNames[static_cast<std::size_t>(reason)]; }

std::optional<SkipReason> WhySkippedFile(std::string_view name) {
  for (const std::string_view marker : {"_SUCCESS", "_metadata", "_common_metadata"}) {
    if (name == marker) return SkipReason::kHadoop;
  }
  if (name.ends_with("_$folder$")) return SkipReason::kHadoop;
  if (name.starts_with('.') && name.ends_with(".crc")) return SkipReason::kHadoop;
  if (EqualInAnyCase(name, "thumbs.db") || EqualInAnyCase(name, "desktop.ini")) return SkipReason::kWindows;
  return WhyHidden(name);
}

std::optional<SkipReason> WhySkippedFolder(std::string_view name) {
  if (name == "_temporary") return SkipReason::kHadoop;
  if (name == "_pomona") return SkipReason::kPomona;
  if (name == "__MACOSX") return SkipReason::kMacos;
  return WhyHidden(name);
}

std::optional<SkipReason> WhySkipped(std::string_view path) {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return WhySkippedFile(path);
    if (const auto reason = WhySkippedFolder(path.substr(0, slash))) return reason;
    path.remove_prefix(slash + 1);
  }
}

SkippedFiles& SkippedFiles::operator+=(const SkippedFiles& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  return *this;
}

std::int64_t SkippedFiles::total() const { return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0}); }

Json SkippedFiles::ToJson() const {
  Json json = Json::object();
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) json[std::string(kNames[i])] = counts_[i];
  }
  return json;
}

SkippedFiles SkippedFiles::FromJson(const Json& json) {
  SkippedFiles files;
  for (std::size_t i = 0; i < kNames.size() && json.is_object(); ++i) {
    const auto count = json.find(std::string(kNames[i]));
    if (count != json.end() && count->is_number_integer()) files.counts_[i] = count->get<std::int64_t>();
  }
  return files;
}

}  // namespace pomona
