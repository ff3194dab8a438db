#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include "pomona/pipeline/parquet_io.h"
#include "pomona/pipeline/run.h"
#include "pomona/pipeline/testing_folder.h"

/// Helpers of the tests that run whole jobs.
namespace pomona::testing_run {

using testing_folder::ReadFile;

/// Options for a quick run with two threads: pixels, 4x4.
inline RunOptions Pixels(const std::string& input, const std::string& output) {
  RunOptions options;
  options.input = input;
  options.output = output;
  options.extractor.extractor = "pixels";
  options.extractor.network.image_width = options.extractor.network.image_height = 4;
  options.threads = 2;
  return options;
}

inline Result<RunSummary> RunAll(const RunOptions& options, const Cancellation* cancellation = nullptr,
                                 ProgressListener* progress = nullptr) {
  return Run(options, RunStages::kAll, progress, cancellation);
}

inline std::shared_ptr<arrow::Table> Table(const std::string& file) {
  const Location place = Location::Parse(file).ValueOrDie();
  const ParquetInput input = ParquetInput::Open(place).ValueOrDie();
  return input.ReadAll().ValueOrDie()->CombineChunks().ValueOrDie();
}

inline std::vector<std::string> Column(const arrow::Table& table, int column) {
  std::vector<std::string> values;
  const auto& texts = static_cast<const arrow::StringArray&>(*table.column(column)->chunk(0));
  values.reserve(static_cast<std::size_t>(texts.length()));
  for (std::int64_t i = 0; i < texts.length(); ++i) values.push_back(texts.GetString(i));
  return values;
}

/// What must be the same however a result was reached.
inline void ExpectSameResult(const std::string& one, const std::string& other) {
  EXPECT_EQ(ReadFile(one + "/projection.csv"), ReadFile(other + "/projection.csv"));
  EXPECT_EQ(ReadFile(one + "/explained_variance.csv"), ReadFile(other + "/explained_variance.csv"));
  EXPECT_EQ(ReadFile(one + "/model/arrays.safetensors"), ReadFile(other + "/model/arrays.safetensors"));
  for (const char* name : {"features/part-00000.parquet", "projection/part-00000.parquet", "quarantine.parquet"}) {
    const auto left = Table(one + "/" + name);
    const auto right = Table(other + "/" + name);
    EXPECT_TRUE(left->Equals(*right)) << name;
    EXPECT_TRUE(left->schema()->Equals(*right->schema())) << name;
  }
}

inline Result<RunSummary> RunFeatures(const RunOptions& options) {
  return Run(options, RunStages::kFeaturesOnly, nullptr, nullptr);
}

/// Cancels as soon as some images are done.
class CancelAfter : public ProgressListener {
 public:
  explicit CancelAfter(std::int64_t images, std::string stage = "extract")
      : images_(images), stage_(std::move(stage)) {}
  void StageStarted(std::string_view stage, std::int64_t, std::int64_t) override { at_work_ = stage == stage_; }
  void StageAdvanced(std::int64_t done, std::int64_t) override {
    if (at_work_ && done >= images_) cancellation.Cancel();
  }
  void StageFinished(double) override {}
  void Message(std::string_view text) override { messages.emplace_back(text); }

  Cancellation cancellation;
  std::vector<std::string> messages;

 private:
  const std::int64_t images_;
  const std::string stage_;
  bool at_work_ = false;
};

}  // namespace pomona::testing_run
