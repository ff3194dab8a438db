#include "pomona/pipeline/option_table.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

TEST(OptionTable, NamesAreUniqueAndEveryValueReadsBack) {
  std::set<std::string_view> names;
  for (const OptionEntry& entry : OptionTable()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    RunOptions options;
    const Json value = entry.get(options);
    ASSERT_TRUE(entry.set(value, &options).ok()) << entry.name << " " << value.dump();
    EXPECT_EQ(entry.get(options), value) << entry.name;
  }
}

TEST(OptionTable, TakesTextAndTypedValuesAlike) {
  RunOptions from_text;
  RunOptions from_values;
  const std::vector<std::tuple<const char*, Json, Json>> values = {{"components", "30", 30},
                                                                   {"variance", "0.95", 0.95},
                                                                   {"image-size", "100", 100},
                                                                   {"threads", "2", 2},
                                                                   {"max-failures", "7", 7},
                                                                   {"input-mean", "1,2,3.5", Json::array({1, 2, 3.5})},
                                                                   {"memory", "2GB", 2000000000},
                                                                   {"include", "*.jpg", Json::array({"*.jpg"})},
                                                                   {"limit", "9", 9},
                                                                   {"sample", "1e3", 1000},
                                                                   {"max-image-pixels", "500", 500},
                                                                   {"min-similarity", "0.99", 0.99}};
  for (const auto& [name, text, value] : values) {
    ASSERT_TRUE(SetOption(name, text, &from_text).ok()) << name;
    ASSERT_TRUE(SetOption(name, value, &from_values).ok()) << name;
  }
  for (const OptionKind kind : {OptionKind::kResult, OptionKind::kRun}) {
    EXPECT_EQ(OptionValues(from_text, kind), OptionValues(from_values, kind));
  }
  EXPECT_EQ(from_text.extractor.network.image_height, 100);
  EXPECT_EQ(from_text.memory, 2'000'000'000);
}

TEST(OptionTable, ErrorsNameTheOptionWhatWasGotAndWhatIsWanted) {
  RunOptions options;
  const std::vector<std::tuple<const char*, Json, const char*>> wrong = {
      {"components", "many", "no whole number"}, {"components", 0, "at least 1"},
      {"image-size", "0x4", "size in pixels"},   {"image-size", "big", "such as 224"},
      {"resample", "cubic", "bicubic"},          {"pooling", "mean", "max, avg, none"},
      {"precision", "f16", "f32, bf16"},         {"engine", "torch", "openvino"},
      {"label-from", "name", "regex:PATTERN"},   {"max-failures", "-1", "share such as 2%"},
      {"max-failures", "200%", "0 to 100"},      {"memory", "lots", "such as 2GB"},
      {"channel-order", "grb", "rgb, bgr"},      {"input-mean", "1,2", "three"},
      {"overwrite", "yes", "true nor false"},    {"variance", 1.5, "from 0 to 1"}};
  for (const auto& [name, value, text] : wrong) {
    const Status status = SetOption(name, value, &options);
    EXPECT_TRUE(IsUsageError(status)) << name;
    EXPECT_THAT(status.message(), HasSubstr("--" + std::string(name)));
    EXPECT_THAT(status.message(), HasSubstr(text));
  }
}

TEST(OptionTable, UnknownNamesSuggestTheNearest) {
  RunOptions options;
  EXPECT_THAT(SetOption("image-sise", 3, &options).message(), HasSubstr("did you mean \"image-size\"?"));
}

TEST(OptionTable, FailureLimits) {
  RunOptions options;
  ASSERT_TRUE(SetOption("max-failures", "2.5%", &options).ok());
  EXPECT_DOUBLE_EQ(options.max_failures.share, 0.025);
  EXPECT_FALSE(options.max_failures.images);
  ASSERT_TRUE(SetOption("max-failures", "12", &options).ok());
  EXPECT_EQ(options.max_failures.images, 12);
}

TEST(OptionTable, ValidationNamesTheFix) {
  RunOptions options;
  EXPECT_THAT(ValidateOptions(options).message(), HasSubstr("INPUT is missing"));
  options.input = "in";
  EXPECT_THAT(ValidateOptions(options).message(), HasSubstr("--output is missing"));
  options.output = "out";
  EXPECT_TRUE(ValidateOptions(options).ok());
  options.shard_size = 3000;
  EXPECT_THAT(ValidateOptions(options).message(), HasSubstr("take 3072"));
  options.shard_size = 1;
  EXPECT_THAT(ValidateOptions(options).message(), HasSubstr("take 1024"));
  options.shard_size = 2048;
  options.components = 3;
  options.variance = 0.5;
  EXPECT_THAT(ValidateOptions(options).message(), HasSubstr("contradict"));
  options.components.reset();
  options.variance = 0;
  EXPECT_THAT(ValidateOptions(options).message(), HasSubstr("above 0"));
}

TEST(OptionTable, ASwitchThatIsYoungerThanTheOutputWasNotGivenThen) {
  RunOptions options;
  const Json wanted = OptionValues(options, OptionKind::kResult);
  Json stored = wanted;
  stored.erase("include-skipped");
  EXPECT_TRUE(CompareWithStored(stored, wanted, "out").ok());
  options.include_skipped = true;
  const Json changed = OptionValues(options, OptionKind::kResult);
  EXPECT_THAT(CompareWithStored(stored, changed, "out").message(),
              HasSubstr("--include-skipped: made with not given, now true"));
  EXPECT_THAT(CompareWithStored(wanted, changed, "out").message(),
              HasSubstr("--include-skipped: made with false, now true"));
}

TEST(OptionTable, ComparisonNamesEveryDifferenceAndTheFix) {
  RunOptions stored;
  stored.input = "photos";
  RunOptions wanted = stored;
  wanted.threads = 7;
  wanted.extractor.weights = "elsewhere.h5";  // the plan compares weights, by hash
  const auto result = [](const RunOptions& options) { return OptionValues(options, OptionKind::kResult); };
  EXPECT_TRUE(CompareWithStored(result(stored), result(wanted), "out").ok());
  wanted.components = 30;
  wanted.extractor.network.pooling = Pooling::kAverage;
  const Status status = CompareWithStored(result(stored), result(wanted), "out");
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("--components: made with not given, now 30"));
  EXPECT_THAT(status.message(), HasSubstr("--pooling: made with \"max\", now \"avg\""));
  EXPECT_THAT(status.message(), HasSubstr("--overwrite"));
}

}  // namespace
}  // namespace pomona
