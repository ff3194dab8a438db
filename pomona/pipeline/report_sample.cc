#include "pomona/pipeline/report_sample.h"

namespace pomona {

void ReportSample::Add(std::string_view path, std::string_view label) {
  auto number = numbers_.find(label);
  if (number == numbers_.end()) {
    number = numbers_.emplace(std::string(label), static_cast<std::int32_t>(counts_.size())).first;
    counts_.push_back(0);
  }
  ++counts_[static_cast<std::size_t>(number->second)];
  candidates_.push_back({number->second, PathHash(path)});
}

std::vector<std::int64_t> ReportSample::Choose() const {
  // Labels are ranked by name, so that the sample does not depend on which was met first.
  std::vector<std::int32_t> ranks(counts_.size());
  std::int32_t rank = 0;
  for (const auto& [label, number] : numbers_) ranks[static_cast<std::size_t>(number)] = rank++;
  std::vector<SampleCandidate> ranked = candidates_;
  for (SampleCandidate& candidate : ranked) candidate.label = ranks[static_cast<std::size_t>(candidate.label)];
  return SpreadSample(ranked, kReportPoints);
}

std::map<std::string, std::int64_t> ReportSample::LabelCounts() const {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [label, number] : numbers_) counts[label] = counts_[static_cast<std::size_t>(number)];
  return counts;
}

}  // namespace pomona
