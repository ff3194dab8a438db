#include "pomona/storage/tls_probe.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

// Servers with and without TLS are in tests/test_store_access.py.
TEST(TlsProbe, AStoreThatIsNotThereIsNoTroubleWithTls) {
  EXPECT_TRUE(LookAtTls("http://127.0.0.1:1/").ok());
  EXPECT_TRUE(LookAtTls("https://127.0.0.1:1/").ok());
}

}  // namespace
}  // namespace pomona
