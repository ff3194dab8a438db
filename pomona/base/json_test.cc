#include "pomona/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using ::testing::HasSubstr;

TEST(Json, KeepsTheOrderOfKeys) {
  EXPECT_EQ(ParseJson(R"({"b":1,"a":2})", "x").ValueOrDie().dump(), R"({"b":1,"a":2})");
}

TEST(Json, ErrorsNameTheOrigin) {
  EXPECT_THAT(ParseJson("{", "plan.json").status().message(), HasSubstr("plan.json is not valid JSON"));
}

TEST(Json, DepthHasALimit) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(ParseJson(nested(100), "x").ok());
  EXPECT_THAT(ParseJson(nested(101), "plan.json").status().message(), HasSubstr("plan.json is not read"));
  EXPECT_TRUE(ParseJson("\"" + std::string(200, '[') + "\\\"[\"", "x").ok()) << "brackets in a text are text";
}

TEST(Json, FieldsAreTyped) {
  const Json object = ParseJson(R"({"n": 3, "s": "text"})", "x").ValueOrDie();
  EXPECT_EQ(JsonField<int>(object, "n", "x").ValueOrDie(), 3);
  EXPECT_THAT(JsonField<int>(object, "s", "plan.json").status().message(),
              HasSubstr("plan.json: \"s\" has the wrong type"));
  EXPECT_THAT(JsonField<int>(object, "m", "plan.json").status().message(), HasSubstr("\"m\" is missing"));
}

}  // namespace
}  // namespace pomona
