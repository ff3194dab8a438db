#include "pomona/pipeline/job_log.h"

#include <utility>

namespace pomona {

void JobLog::Begin(std::string_view stage, std::int64_t total, std::int64_t done, std::int64_t failed) {
  const std::lock_guard lock(mutex_);
  stage_ = stage;
  stage_begin_ = Clock::now();
  done_ = done;
  failed_ = failed;
  if (listener_ != nullptr) listener_->StageStarted(stage, total, done);
}

void JobLog::Advance(std::int64_t images, std::int64_t failed) {
  const std::lock_guard lock(mutex_);
  done_ += images;
  failed_ += failed;
  if (listener_ != nullptr) listener_->StageAdvanced(done_, failed_);
}

void JobLog::End() {
  const std::lock_guard lock(mutex_);
  const double seconds = std::chrono::duration<double>(Clock::now() - stage_begin_).count();
  seconds_.emplace_back(std::move(stage_), seconds);
  stage_.clear();
  if (listener_ != nullptr) listener_->StageFinished(seconds);
}

void JobLog::Message(std::string text) {
  const std::lock_guard lock(mutex_);
  if (listener_ != nullptr) listener_->Message(text);
  messages_.push_back(std::move(text));
}

void JobLog::Note(std::string text) {
  const std::lock_guard lock(mutex_);
  messages_.push_back(std::move(text));
}

Json JobLog::Seconds() const {
  const std::lock_guard lock(mutex_);
  Json seconds = Json::object();
  for (const auto& [stage, value] : seconds_) {
    seconds[stage] = seconds.contains(stage) ? seconds[stage].get<double>() + value : value;
  }
  seconds["total"] = std::chrono::duration<double>(Clock::now() - begin_).count();
  return seconds;
}

double JobLog::StageSeconds(std::string_view stage) const {
  const std::lock_guard lock(mutex_);
  double sum = 0;
  for (const auto& [name, value] : seconds_) sum += name == stage ? value : 0;
  return sum;
}

std::vector<std::string> JobLog::messages() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}

}  // namespace pomona
