#include "pomona/features/openvino_runtime.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/reduce_max.hpp>
#include <openvino/openvino.hpp>

#include "pomona/base/resources.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The largest value of each channel.
std::shared_ptr<ov::Model> ChannelMaxima(const ov::PartialShape& shape, ov::element::Type type = ov::element::u8) {
  const auto pixels = std::make_shared<ov::op::v0::Parameter>(type, shape);
  const auto values = std::make_shared<ov::op::v0::Convert>(pixels, ov::element::f32);
  const auto plane = ov::op::v0::Constant::create(ov::element::i64, {2}, {1, 2});
  const auto maxima = std::make_shared<ov::op::v1::ReduceMax>(values, plane, false);
  return std::make_shared<ov::Model>(ov::OutputVector{maxima}, ov::ParameterVector{pixels});
}

TEST(OpenVinoExtractor, RunsAGraph) {
  OpenVinoOptions options;
  options.weights_sha256 = "abc";
  const auto extractor = MakeOpenVinoExtractor(ChannelMaxima({4, 2, 5, 3}), options).ValueOrDie();
  EXPECT_EQ(extractor->batch_size(), 4);
  EXPECT_EQ(extractor->image_height(), 2);
  EXPECT_EQ(extractor->image_width(), 5);
  EXPECT_EQ(extractor->dim(), 3);
  EXPECT_EQ(extractor->weights_sha256(), "abc");
  EXPECT_THAT(extractor->engine(), StartsWith("openvino 2026."));

  const auto session = extractor->NewSession().ValueOrDie();
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 30; ++k) session->input(i)[k] = static_cast<std::uint8_t>(i * 50 + k);
  }
  std::vector<float> features(9);
  ASSERT_TRUE(session->Run(3, {features.data(), 3, 3}).ok());
  EXPECT_EQ(features, (std::vector<float>{27, 28, 29, 77, 78, 79, 127, 128, 129}));
  EXPECT_TRUE(session->Run(0, {features.data(), 0, 3}).ok());
}

TEST(OpenVinoExtractor, WrongBatchesAreErrors) {
  const auto extractor = MakeOpenVinoExtractor(ChannelMaxima({4, 2, 5, 3}), {}).ValueOrDie();
  const auto session = extractor->NewSession().ValueOrDie();
  std::vector<float> features(100);
  EXPECT_TRUE(session->Run(5, {features.data(), 5, 3}).IsInvalid());
  EXPECT_TRUE(session->Run(2, {features.data(), 1, 3}).IsInvalid());
  EXPECT_TRUE(session->Run(2, {features.data(), 2, 4}).IsInvalid());
}

TEST(OpenVinoExtractor, WrongGraphsAreErrors) {
  EXPECT_TRUE(MakeOpenVinoExtractor(ChannelMaxima({1, 2, 5, 4}), {}).status().IsInvalid());
  EXPECT_TRUE(MakeOpenVinoExtractor(ChannelMaxima({1, 2, 5, 3}, ov::element::i32), {}).status().IsInvalid());
  EXPECT_THAT(MakeOpenVinoExtractor(ChannelMaxima({-1, 2, 5, 3}), {}).status().message(), HasSubstr("shapes are open"));
  OpenVinoOptions options;
  options.threads = 0;
  EXPECT_TRUE(MakeOpenVinoExtractor(ChannelMaxima({1, 2, 5, 3}), options).status().IsInvalid());
}

TEST(CheckPrecision, SaysWhatTheProcessorLacks) {
  EXPECT_TRUE(CheckPrecision(Precision::kFloat32).ok());
  const std::vector<std::string> sets = InstructionSets();
  const auto has = [&](const char* set) { return std::find(sets.begin(), sets.end(), set) != sets.end(); };
  const Status bfloat16 = CheckPrecision(Precision::kBfloat16);
  EXPECT_EQ(bfloat16.ok(), has("avx512-bf16") || has("amx-bf16"));
  const Status int8 = CheckPrecision(Precision::kInt8);
  EXPECT_EQ(int8.ok(), has("avx512-vnni") || has("amx-int8"));
  if (!bfloat16.ok()) {
    EXPECT_THAT(bfloat16.message(), HasSubstr("bf16 needs a processor with avx512-bf16"));
  }
}

TEST(OpenVinoMessage, LeavesOutSourceFiles) {
  EXPECT_EQ(OpenVinoMessage("Exception from src/core.cpp:105:\nException from src/b.cpp:1:\nUnable to read\n\n  it.\n"),
            "Unable to read; it.");
  EXPECT_LE(OpenVinoMessage(std::string(10000, 'x').c_str()).size(), 700U);
}

}  // namespace
}  // namespace pomona
