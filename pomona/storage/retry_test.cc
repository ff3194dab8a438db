#include "pomona/storage/retry.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using testing::HasSubstr;

RetryPolicy Quick(int attempts) {
  RetryPolicy policy;
  policy.attempts = attempts;
  policy.first_delay_s = 0.0001;
  policy.longest_delay_s = 0.0002;
  return policy;
}

TEST(Retry, TriesAgainUntilItWorks) {
  Retrier retrier(Quick(5));
  int calls = 0;
  EXPECT_TRUE(retrier.Run([&] { return ++calls < 4 ? TransientError("503") : Status::OK(); }).ok());
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(retrier.retries(), 3);
}

TEST(Retry, ErrorsForGoodAreNotTriedAgain) {
  Retrier retrier(Quick(5));
  int calls = 0;
  const Status status = retrier.Run([&] {
    ++calls;
    return Status::IOError("no permission");
  });
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(IsStoreDown(status));
}

TEST(Retry, AStoreThatDoesNotAnswerIsDown) {
  Retrier retrier(Quick(3));
  const auto fail = [] { return TransientError("connection refused"); };
  const Status down = retrier.Run(fail);
  EXPECT_TRUE(IsStoreDown(down));
  EXPECT_THAT(down.message(), HasSubstr("connection refused (tried 3 times)"));
  EXPECT_TRUE(IsStoreDown(retrier.Run(fail, [] { return false; })));
}

TEST(Retry, OneBadObjectOfALivingStoreIsNotTheStore) {
  Retrier retrier(Quick(3));
  const auto fail = [] { return TransientError("500"); };
  EXPECT_FALSE(IsStoreDown(retrier.Run(fail, [] { return true; })));
  // Another request that succeeds meanwhile is a sign of life, too.
  EXPECT_FALSE(IsStoreDown(retrier.Run([&] {
    EXPECT_TRUE(retrier.Run([] { return Status::OK(); }).ok());
    return TransientError("500");
  })));
}

TEST(Retry, TheBudgetOfARunEndsIt) {
  RetryPolicy policy = Quick(1000);
  policy.budget = 20;
  Retrier retrier(policy);
  const Status status = retrier.Run([] { return TransientError("503"); });
  EXPECT_TRUE(IsStoreDown(status));
  EXPECT_EQ(retrier.retries(), 20);
  EXPECT_THAT(status.message(), HasSubstr("budget of 20 retries"));
  // Success earns retries: a store that fails every other time is waited for without end.
  EXPECT_TRUE(retrier.Run([] { return Status::OK(); }).ok());
  for (int i = 0; i < 200; ++i) {
    int calls = 0;
    ASSERT_TRUE(retrier.Run([&] { return ++calls < 2 ? TransientError("503") : Status::OK(); }).ok()) << i;
  }
}

TEST(Retry, WaitingEndsWhenTheUserInterrupts) {
  Cancellation cancellation;
  RetryPolicy policy;
  policy.first_delay_s = 1000;
  policy.longest_delay_s = 1000;
  policy.cancellation = &cancellation;
  Retrier retrier(policy);
  const Status status = retrier.Run([&] {
    cancellation.Cancel();
    return TransientError("503");
  });
  EXPECT_TRUE(status.IsCancelled());
}

}  // namespace
}  // namespace pomona
