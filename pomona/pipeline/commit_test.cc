#include "pomona/pipeline/commit.h"

#include <chrono>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::Files;
using testing_folder::TempFolder;
using testing_folder::WriteFile;

class CommitTest : public ::testing::Test {
 protected:
  CommitTest() : store_(Location::Parse(folder_ / "shards").ValueOrDie()) {}

  /// A shard with an empty part.
  CommitRecord Shard(std::int64_t number) {
    CommitRecord record;
    record.shard = number;
    record.part = ShardStore::NewPartName(number);
    PartWriter writer = PartWriter::Open(store_.PartPlace(record.part), PartSchema(3)).ValueOrDie();
    record.file = writer.Close().ValueOrDie();
    record.ok = 5;
    record.failures = {{7, "a/7.jpg", "a", 12, "decode", FailureCode::kCorrupt, "bad"}};
    record.seconds.decode = 1.5;
    return record;
  }

  std::vector<bool> Done(std::int64_t shards, bool with_parts = true) {
    std::vector<bool> done;
    for (const auto& shard : store_.Recover(shards, with_parts, 2, nullptr).ValueOrDie()) done.push_back(!!shard);
    return done;
  }

  TempFolder folder_;
  ShardStore store_;
};

TEST_F(CommitTest, NothingIsDoneAtFirst) { EXPECT_EQ(Done(2), (std::vector<bool>{false, false})); }

TEST_F(CommitTest, RecordsReadBack) {
  const CommitRecord record = Shard(3);
  ASSERT_TRUE(store_.Commit(record).ok());
  const CommitRecord read = store_.Read(3).ValueOrDie();
  EXPECT_EQ(read.part, record.part);
  EXPECT_EQ(read.file.sha256, record.file.sha256);
  EXPECT_EQ(read.ok, 5);
  ASSERT_EQ(read.failures.size(), 1U);
  EXPECT_EQ(read.failures[0].path, "a/7.jpg");
  EXPECT_EQ(read.seconds.decode, 1.5);
  EXPECT_EQ(Done(5), (std::vector<bool>{false, false, false, true, false}));
}

TEST_F(CommitTest, TheFirstOfTwoAttemptsCounts) {
  const CommitRecord first = Shard(0);
  const CommitRecord second = Shard(0);
  EXPECT_NE(first.part, second.part);
  EXPECT_EQ(store_.Commit(first)->part, first.part);
  EXPECT_EQ(store_.Commit(second)->part, first.part);
  EXPECT_FALSE(std::filesystem::exists(store_.PartPlace(second.part).path));
}

TEST_F(CommitTest, TornOrOrphanedFilesAreRemoved) {
  std::vector<CommitRecord> records;
  for (std::int64_t i = 0; i < 5; ++i) {
    records.push_back(Shard(i));
    ASSERT_TRUE(store_.Commit(records.back()).ok());
  }
  const CommitRecord orphan = Shard(5);
  std::filesystem::resize_file(store_.PartPlace(records[1].part).path, 10);  // another size
  std::string bytes = testing_folder::ReadFile(store_.PartPlace(records[2].part).path);
  bytes[bytes.size() / 2] ^= 1;
  WriteFile(store_.PartPlace(records[2].part).path, bytes);         // other bytes
  std::filesystem::remove(store_.PartPlace(records[3].part).path);  // gone
  std::filesystem::resize_file(store_.RecordPlace(4).path, 20);     // a torn record
  WriteFile(folder_ / "shards/.pomona-1-0.part", "left by a process that was killed");
  EXPECT_EQ(Done(6), (std::vector<bool>{true, false, false, false, false, false}));
  EXPECT_EQ(Files(folder_.path()).size(), 2U);  // the record and the part of shard 0
}

TEST_F(CommitTest, RecordsStayWhenPartsWereJoined) {
  const CommitRecord record = Shard(0);
  ASSERT_TRUE(store_.Commit(record).ok());
  ASSERT_TRUE(store_.RemoveParts().ok());
  EXPECT_FALSE(std::filesystem::exists(store_.PartPlace(record.part).path));
  EXPECT_EQ(Done(1, false), (std::vector<bool>{true}));
  EXPECT_EQ(Done(1, true), (std::vector<bool>{false}));
}

/// Shards of a pack: five rows each, their parts beside the records' folder.
class PackCommitTest : public CommitTest {
 protected:
  PackCommitTest() : packed_(Location::Parse(folder_ / "shards").ValueOrDie(), Place("")) {
    for (std::int64_t i = 0; i < 4; ++i) Commit(i, "pack-" + std::to_string(i), 5 * i, 5 * i + 5);
  }

  Location Place(std::string_view name) const { return Location::Parse(folder_ / name).ValueOrDie(); }

  void Commit(std::int64_t number, const std::string& part, std::int64_t first, std::int64_t end) {
    CommitRecord record;
    record.shard = number;
    record.part = part;
    record.first = first;
    record.end = end;
    record.ok = 5;
    if (!part.empty()) {
      WriteFile(folder_ / part, "bytes of " + part);
      record.file = {static_cast<std::int64_t>(9 + part.size()), FileSha256(Place(part)).ValueOrDie()};
      record.version = packed_.VersionOf(part).ValueOrDie();
    }
    ASSERT_TRUE(packed_.Commit(record).ok());
  }

  std::vector<std::string> Recovered() {
    std::vector<std::string> parts;
    for (const CommittedShard& shard : packed_.RecoverInOrder(2, nullptr).ValueOrDie()) parts.push_back(shard.part);
    return parts;
  }
  std::size_t Records() { return Files(folder_ / "shards").size(); }

  ShardStore packed_;
};

TEST_F(PackCommitTest, RecordsReadBack) {
  Commit(4, "", 20, 22);
  const std::vector<CommittedShard> shards = packed_.RecoverInOrder(2, nullptr).ValueOrDie();
  ASSERT_EQ(shards.size(), 5U);
  EXPECT_EQ(shards[3].part, "pack-3");
  EXPECT_EQ(shards[3].bytes, 15);
  EXPECT_EQ(shards[3].end, 20);
  EXPECT_EQ(shards[4].end, 22);
  EXPECT_EQ(Records(), 5U);
}

TEST_F(PackCommitTest, ThoseBehindAGapCountNoMore) {
  std::filesystem::remove(packed_.RecordPlace(2).path);
  EXPECT_EQ(Recovered(), (std::vector<std::string>{"pack-0", "pack-1"}));
  EXPECT_EQ(Records(), 2U);
  Commit(2, "pack-2", 11, 15);  // a row is missing before it
  EXPECT_EQ(Recovered(), (std::vector<std::string>{"pack-0", "pack-1"}));
  EXPECT_EQ(Records(), 2U);
}

TEST_F(PackCommitTest, ThoseFromALostPartOnCountNoMore) {
  std::filesystem::remove(folder_ / "pack-3");
  EXPECT_EQ(Recovered().size(), 3U);
  WriteFile(folder_ / "pack-1", "BYTES of pack-1");  // as long as it was
  EXPECT_EQ(Recovered(), (std::vector<std::string>{"pack-0"}));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "pack-2"));  // parts are not this store's to remove
}

TEST_F(PackCommitTest, APartThatWasCopiedCounts) {
  const std::string bytes = testing_folder::ReadFile(folder_ / "pack-1");
  WriteFile(folder_ / "pack-1", bytes);
  std::filesystem::last_write_time(folder_ / "pack-1",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(Recovered().size(), 4U);
}

TEST_F(PackCommitTest, ASecondAttemptLeavesThePartOfTheFirst) {
  Commit(1, "pack-1", 5, 10);
  EXPECT_EQ(Recovered().size(), 4U);
}

TEST_F(CommitTest, PartNamesCarryTheAttempt) {
  EXPECT_TRUE(std::regex_match(ShardStore::NewPartName(12), std::regex("00012-[0-9a-f]{16}\\.arrow")));
}

}  // namespace
}  // namespace pomona
