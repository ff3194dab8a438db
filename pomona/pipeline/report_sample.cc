#include "pomona/pipeline/report_sample.h"

#include <algorithm>
#include <utility>

namespace pomona {

void ReportSample::Add(std::string_view path, std::string_view label) {
  auto found = labels_.find(label);
  if (found == labels_.end()) found = labels_.emplace(label, Label()).first;
  ++found->second.rows;
  const Candidate candidate{PathHash(path), rows_++};
  std::vector<Candidate>& smallest = found->second.smallest;
  if (static_cast<std::int64_t>(smallest.size()) == kReportPoints) {
    if (candidate > smallest.front()) return;
    std::pop_heap(smallest.begin(), smallest.end());
    smallest.pop_back();
  }
  smallest.push_back(candidate);
  std::push_heap(smallest.begin(), smallest.end());
}

std::vector<std::int64_t> ReportSample::Choose() const {
  std::vector<std::pair<std::int64_t, SampleCandidate>> kept;  // by row
  std::int32_t number = 0;
  for (const auto& [name, label] : labels_) {
    for (const Candidate& candidate : label.smallest) kept.push_back({candidate.row, {number, candidate.hash}});
    ++number;
  }
  std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<SampleCandidate> candidates;
  candidates.reserve(kept.size());
  for (const auto& [row, candidate] : kept) candidates.push_back(candidate);
  std::vector<std::int64_t> chosen = SpreadSample(candidates, kReportPoints);
  for (std::int64_t& row : chosen) row = kept[static_cast<std::size_t>(row)].first;
  return chosen;
}

std::map<std::string, std::int64_t> ReportSample::LabelCounts() const {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [name, label] : labels_) counts[name] = label.rows;
  return counts;
}

}  // namespace pomona
