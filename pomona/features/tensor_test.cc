#include "pomona/features/tensor.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Tensor, KnowsItsElements) {
  const Tensor tensor = Tensor::FromVector<double>("a", {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(tensor.type, ElementType::kFloat64);
  EXPECT_EQ(tensor.element_count(), 6);
  EXPECT_THAT(tensor.values<double>(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(Tensor::FromVector<float>("scalar", {}, {1}).element_count(), 1);
}

TEST(Tensor, ElementTypesGoThereAndBack) {
  for (const ElementType type : {ElementType::kFloat16, ElementType::kFloat32, ElementType::kFloat64,
                                 ElementType::kInt16, ElementType::kInt32, ElementType::kInt64, ElementType::kUInt8}) {
    EXPECT_EQ(ElementTypeFromName(ElementTypeName(type)), type);
  }
  EXPECT_EQ(ElementTypeFromName("BF16"), std::nullopt);
}

TEST(Tensor, ShapesReadLikeTuples) {
  EXPECT_EQ(ShapeText({}), "()");
  EXPECT_EQ(ShapeText(std::vector<std::int64_t>{64}), "(64,)");
  EXPECT_EQ(ShapeText(std::vector<std::int64_t>{3, 3, 64, 128}), "(3, 3, 64, 128)");
}

TEST(ToFloat32, SharesFloat32) {
  const Tensor tensor = Tensor::FromVector<float>("a", {2}, {1, 2});
  EXPECT_EQ(ToFloat32(tensor).ValueOrDie().data, tensor.data);
}

TEST(ToFloat32, ConvertsDoubleAndHalf) {
  EXPECT_THAT(ToFloat32(Tensor::FromVector<double>("a", {2}, {0.1, -2})).ValueOrDie().values<float>(),
              ElementsAre(0.1F, -2.0F));
  Tensor half = Tensor::FromVector<std::int16_t>("a", {4}, {0x3C00, 0x3555, static_cast<std::int16_t>(0xC000), 0x7C00});
  half.type = ElementType::kFloat16;
  const Tensor converted = ToFloat32(half).ValueOrDie();
  EXPECT_THAT(converted.values<float>(), ElementsAre(1.0F, 0.333251953125F, -2.0F, INFINITY));
}

TEST(ToFloat32, RefusesIntegers) {
  const auto result = ToFloat32(Tensor::FromVector<std::int64_t>("steps", {1}, {7}));
  EXPECT_TRUE(result.status().IsTypeError());
  EXPECT_THAT(result.status().message(), HasSubstr("\"steps\" holds I64"));
}

}  // namespace
}  // namespace pomona
