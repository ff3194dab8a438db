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

TEST(Json, FieldsAreTyped) {
  const Json object = ParseJson(R"({"n": 3, "s": "text"})", "x").ValueOrDie();
  EXPECT_EQ(JsonField<int>(object, "n", "x").ValueOrDie(), 3);
  EXPECT_THAT(JsonField<int>(object, "s", "plan.json").status().message(),
              HasSubstr("plan.json: \"s\" has the wrong type"));
  EXPECT_THAT(JsonField<int>(object, "m", "plan.json").status().message(), HasSubstr("\"m\" is missing"));
}

}  // namespace
}  // namespace pomona
