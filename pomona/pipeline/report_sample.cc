#include "pomona/pipeline/report_sample.h"

#include <algorithm>

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
  std::vector<std::int64_t> rows;
  std::vector<SampleCandidate> candidates;
  std::int32_t number = 0;
  for (const auto& [name, label] : labels_) {
    for (const Candidate& candidate : label.smallest) {
      rows.push_back(candidate.row);
      candidates.push_back({number, candidate.hash});
    }
    ++number;
  }
  std::vector<std::int64_t> chosen;
  for (const std::int64_t i : SpreadSample(candidates, kReportPoints)) {
    chosen.push_back(rows[static_cast<std::size_t>(i)]);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::map<std::string, std::int64_t> ReportSample::LabelCounts() const {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [name, label] : labels_) counts[name] = label.rows;
  return counts;
}

}  // namespace pomona
