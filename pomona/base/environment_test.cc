#include "pomona/base/environment.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace pomona {
namespace {

class EnvironmentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"POMONA_MODELS", "XDG_CACHE_HOME", "SSL_CERT_FILE", "POMONA_PYTHON", "NO_COLOR"}) {
      unsetenv(name);
    }
    setenv("HOME", "/home/ada", 1);
    setenv("TERM", "xterm", 1);
  }
};

TEST_F(EnvironmentTest, ModelCacheFollowsTheThreeVariables) {
  EXPECT_EQ(Environment::Read().model_cache, "/home/ada/.cache/pomona/models");
  setenv("XDG_CACHE_HOME", "/cache", 1);
  EXPECT_EQ(Environment::Read().model_cache, "/cache/pomona/models");
  setenv("POMONA_MODELS", "/models", 1);
  EXPECT_EQ(Environment::Read().model_cache, "/models");
}

TEST_F(EnvironmentTest, DefaultsAndOverrides) {
  EXPECT_EQ(Environment::Read().python, "python3");
  EXPECT_TRUE(Environment::Read().ca_file.empty());
  EXPECT_FALSE(Environment::Read().plain_terminal);
  setenv("POMONA_PYTHON", "/usr/bin/python3.12", 1);
  setenv("SSL_CERT_FILE", "/etc/ca.pem", 1);
  setenv("NO_COLOR", "1", 1);
  EXPECT_EQ(Environment::Read().python, "/usr/bin/python3.12");
  EXPECT_EQ(Environment::Read().ca_file, "/etc/ca.pem");
  EXPECT_TRUE(Environment::Read().plain_terminal);
}

}  // namespace
}  // namespace pomona
