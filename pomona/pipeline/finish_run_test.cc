#include "pomona/pipeline/finish_run.h"

#include <gtest/gtest.h>

#include "pomona/pipeline/option_table.h"

namespace pomona {
namespace {

TEST(FinishRun, AllOptionsAreShown) {
  RunOptions options;
  options.threads = 3;
  options.shard_size = 2048;
  const Json all = AllOptions(options);
  for (const std::string& name : OptionNames()) EXPECT_TRUE(all.contains(name)) << name;
  EXPECT_EQ(all["threads"], 3);
  EXPECT_EQ(all["shard-size"], 2048);
}

}  // namespace
}  // namespace pomona
