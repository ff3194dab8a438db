#include "pomona/pipeline/input_names.h"

#include <algorithm>

namespace pomona {

bool InputNames::Takes(std::string_view path) {
  if (include_skipped_) return true;
  const std::optional<SkipReason> reason = WhySkipped(path);
  if (reason) skipped_.Add(*reason);
  return !reason;
}

void InputNames::AddOwnPath(std::int64_t row, std::string_view path) {
  if (include_skipped_) return;
  if (own_rows_.empty() || own_rows_.back().second != row) own_rows_.emplace_back(row, row);
  ++own_rows_.back().second;
  const auto folder = [](std::string_view text) { return text.substr(0, text.rfind('/') + 1); };
  if (!common_) {
    common_ = folder(path);
  } else if (!path.starts_with(*common_)) {
    const auto differ = std::mismatch(common_->begin(), common_->end(), path.begin(), path.end()).first;
    common_->resize(folder({common_->begin(), differ}).size());
  }
}

void InputNames::LeaveOutSkipped(ManifestRows* rows) {
  std::vector<std::int64_t> out;  // most often none
  for (const auto& [first, end] : own_rows_) {
    for (std::int64_t i = first; i < end; ++i) {
      if (!Takes(rows->row(i).path.substr(common_->size()))) out.push_back(i);
    }
  }
  if (out.empty()) return;
  std::vector<std::int64_t> kept;
  auto next = out.begin();
  for (std::int64_t i = 0; i < rows->size(); ++i) {
    if (next != out.end() && *next == i) {
      ++next;
    } else {
      kept.push_back(i);
    }
  }
  rows->Keep(kept);
}

}  // namespace pomona
