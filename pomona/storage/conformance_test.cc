// What every store must do, run against the one that POMONA_TEST_STORE names (a folder or URI), else a local folder.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <arrow/buffer.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "pomona/base/failure.h"
#include "pomona/storage/exclusive_write.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/file_version.h"
#include "pomona/storage/listing.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class StoreConformance : public testing::Test {
 protected:
  static void SetUpTestSuite() { SetStoreOptions(StoreOptions::From(Environment::Read())); }

  void SetUp() override {
    const char* store = std::getenv("POMONA_TEST_STORE");
    local_ = fs::path(testing::TempDir()) / ("pomona-store-" + std::to_string(getpid()));
    const std::string typed = store == nullptr ? local_.string() : store;
    const Result<Location> parsed = Location::Parse(typed);
    ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
    const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
    root_ = parsed->Child("conformance-" + std::to_string(getpid())).Child(test);
  }

  void TearDown() override {
    const Result<Listing> left = ListFiles(root_, {.include_skipped = true});
    if (left.ok()) {
      for (const ListedFile& file : left->files) EXPECT_TRUE(RemoveFile(root_.Child(file.path)).ok());
    }
    fs::remove_all(local_);
  }

  Location At(std::string_view name) const { return root_.Child(name); }

  std::vector<std::string> Names(const ListingOptions& options = {}) const {
    std::vector<std::string> names;
    const Result<Listing> listing = ListFiles(root_, options);
    EXPECT_TRUE(listing.ok()) << listing.status().ToString();
    if (!listing.ok()) return names;
    for (const ListedFile& file : listing->files) names.push_back(file.path);
    return names;
  }

  static std::string Read(const Location& place) {
    const Result<std::string> text = ReadText(place);
    EXPECT_TRUE(text.ok()) << text.status().ToString();
    return text.ValueOr("?");
  }

  static void Write(const Location& place, std::string_view bytes) {
    const Status status = WriteAtomically(place, bytes);
    EXPECT_TRUE(status.ok()) << status.ToString();
  }

  static std::string Pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 2654435761U >> 13U);
    return bytes;
  }

  Location root_;
  fs::path local_;
};

TEST_F(StoreConformance, ReadsBackWhatWasWritten) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100'000}, std::size_t{20'000'000}}) {
    const std::string bytes = Pattern(size);
    const Location place = At("a/" + std::to_string(size) + ".bin");
    Write(place, bytes);
    EXPECT_TRUE(Read(place) == bytes) << size;
  }
}

TEST_F(StoreConformance, ReplacesWhatWasThere) {
  Write(At("x"), "a longer first text");
  Write(At("x"), "second");
  EXPECT_EQ(Read(At("x")), "second");
}

TEST_F(StoreConformance, StreamsThatAreNotClosedLeaveNothing) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{20'000'000}}) {
    const std::string bytes = Pattern(size);
    {
      const auto aborted = OpenAtomicOutput(At("aborted")).ValueOrDie();
      ASSERT_TRUE(aborted->Write(bytes.data(), static_cast<std::int64_t>(bytes.size())).ok());
      EXPECT_TRUE(aborted->Abort().ok());
      const auto dropped = OpenAtomicOutput(At("dropped")).ValueOrDie();
      ASSERT_TRUE(dropped->Write(bytes.data(), static_cast<std::int64_t>(bytes.size())).ok());
    }
    EXPECT_EQ(KindOfPlace(At("aborted")).ValueOrDie(), PlaceKind::kMissing);
    EXPECT_EQ(KindOfPlace(At("dropped")).ValueOrDie(), PlaceKind::kMissing);
  }
}

TEST_F(StoreConformance, OneOfManyExclusiveWritersWins) {
  EXPECT_EQ(ExclusiveGuaranteeOf(At("record")), ExclusiveGuarantee::kAtomic);
  EXPECT_TRUE(WriteExclusively(At("record"), "first").ValueOrDie());
  EXPECT_FALSE(WriteExclusively(At("record"), "second").ValueOrDie());
  EXPECT_EQ(Read(At("record")), "first");

  constexpr int kWriters = 16;
  std::vector<int> won(kWriters);
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&, i] {
      const Result<bool> written = WriteExclusively(At("race k=1"), "writer " + std::to_string(i));
      won[static_cast<std::size_t>(i)] = written.ok() ? static_cast<int>(*written) : -1;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(std::count(won.begin(), won.end(), 1), 1);
  EXPECT_EQ(std::count(won.begin(), won.end(), 0), kWriters - 1);
  const auto winner = std::find(won.begin(), won.end(), 1) - won.begin();
  EXPECT_EQ(Read(At("race k=1")), "writer " + std::to_string(winner));
}

TEST_F(StoreConformance, ListsInTheOrderOfBytes) {
  for (const char* name : {"b/2", "a/1", "a-b", "_SUCCESS", "b/.hidden", "a/\xC3\xA9", "c/d/e/f", "_x/y", "B"}) {
    Write(At(name), name);
  }
  EXPECT_THAT(Names(), ElementsAre("B", "_x/y", "a-b", "a/1", "a/\xC3\xA9", "b/2", "c/d/e/f"));
  EXPECT_THAT(Names({.include_skipped = true}),
              ElementsAre("B", "_SUCCESS", "_x/y", "a-b", "a/1", "a/\xC3\xA9", "b/.hidden", "b/2", "c/d/e/f"));
  EXPECT_THAT(Names({.recursive = false}), ElementsAre("B", "a-b"));
  const Listing listing = ListFiles(root_).ValueOrDie();
  EXPECT_EQ(listing.skipped.ToJson().dump(), R"({"hidden":1,"hadoop":1})");
  for (const ListedFile& file : listing.files) {
    EXPECT_EQ(file.size, static_cast<std::int64_t>(file.path.size()));
    EXPECT_GT(file.mtime_ns, 1'500'000'000'000'000'000) << file.path;
    EXPECT_EQ(file.etag.empty(), root_.s3 == nullptr);
  }
}

TEST_F(StoreConformance, ListsMoreThanOnePage) {
  const int kFiles = root_.s3 == nullptr ? 100 : 1'050;  // S3 gives a thousand a page
  std::vector<std::thread> writers;
  for (int t = 0; t < 8; ++t) {
    writers.emplace_back([&, t] {
      for (int i = t; i < kFiles; i += 8) Write(At("many/" + std::to_string(10'000 + i)), "x");
    });
  }
  for (std::thread& writer : writers) writer.join();
  const std::vector<std::string> names = Names();
  ASSERT_EQ(names.size(), static_cast<std::size_t>(kFiles));
  for (int i = 0; i < kFiles; ++i) EXPECT_EQ(names[static_cast<std::size_t>(i)], "many/" + std::to_string(10'000 + i));
}

TEST_F(StoreConformance, TellsFilesFromFolders) {
  Write(At("part/00001"), "x");
  Write(At("part-2"), "x");
  Write(At("file.txt"), "x");
  EXPECT_EQ(KindOfPlace(At("part")).ValueOrDie(), PlaceKind::kFolder);
  EXPECT_EQ(KindOfPlace(At("par")).ValueOrDie(), PlaceKind::kMissing);
  EXPECT_EQ(KindOfPlace(At("part-2")).ValueOrDie(), PlaceKind::kFile);
  EXPECT_EQ(KindOfPlace(At("file.txt")).ValueOrDie(), PlaceKind::kFile);
  EXPECT_EQ(KindOfPlace(At("file")).ValueOrDie(), PlaceKind::kMissing);
  EXPECT_EQ(KindOfPlace(At("no.txt")).ValueOrDie(), PlaceKind::kMissing);
}

TEST_F(StoreConformance, RemovingTwiceIsNoError) {
  Write(At("x"), "x");
  EXPECT_TRUE(RemoveFile(At("x")).ok());
  EXPECT_EQ(KindOfPlace(At("x")).ValueOrDie(), PlaceKind::kMissing);
  EXPECT_TRUE(RemoveFile(At("x")).ok());
}

TEST_F(StoreConformance, NoticesWhatChangedSinceTheListing) {
  for (const char* name : {"same", "shorter", "longer", "gone", "other"}) Write(At(name), "ten bytes.");
  std::vector<ListedFile> files = ListFiles(root_).ValueOrDie().files;
  ASSERT_EQ(files.size(), 5U);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // Azure tells times to the second
  Write(At("shorter"), "short");
  Write(At("longer"), "more than ten bytes.");
  Write(At("other"), "TEN BYTES!");
  ASSERT_TRUE(RemoveFile(At("gone")).ok());
  ByteBuffer bytes;
  for (const ListedFile& file : files) {
    const Status status = ReadObject(At(file.path), {file.size, file.mtime_ns, file.etag}, &bytes);
    const std::optional<FailureCode> code = FailureCodeOf(status);
    if (file.path == "same") {
      EXPECT_TRUE(status.ok()) << status.ToString();
      EXPECT_EQ(bytes.text(), "ten bytes.");
    } else if (file.path == "gone") {
      EXPECT_EQ(code, FailureCode::kMissing) << status.ToString();
    } else {
      EXPECT_EQ(code, FailureCode::kChanged) << file.path << ": " << status.ToString();
    }
  }
}

TEST_F(StoreConformance, ReadsRanges) {
  const std::string bytes = Pattern(1'000'000);
  Write(At("x"), bytes);
  ByteBuffer part;
  ASSERT_TRUE(ReadRange(At("x"), {}, 1'000, 500'000, &part).ok());
  EXPECT_TRUE(part.text() == std::string_view(bytes).substr(1'000, 500'000));
  EXPECT_EQ(FailureCodeOf(ReadRange(At("x"), {}, 999'000, 2'000, &part)), FailureCode::kChanged);

  const auto file = OpenInputFile(At("x")).ValueOrDie();
  EXPECT_EQ(file->GetSize().ValueOrDie(), 1'000'000);
  EXPECT_TRUE(file->ReadAt(999'990, 100).ValueOrDie()->ToString() == bytes.substr(999'990));
  EXPECT_TRUE(file->Seek(5).ok());
  EXPECT_TRUE(file->Read(10).ValueOrDie()->ToString() == bytes.substr(5, 10));
}

TEST_F(StoreConformance, FilesReplacedByOthersOfTheirSizeAreNotRead) {
  Write(At("x"), Pattern(1'000));
  std::string listed_tag;
  std::int64_t mtime_ns = 0;
  for (const ListedFile& file : ListFiles(root_).ValueOrDie().files) {
    if (file.path != "x") continue;
    listed_tag = file.etag.empty() ? SizeTag(file.size, file.mtime_ns) : file.etag;
    mtime_ns = file.mtime_ns;
  }
  const FileVersion whole{1'000, mtime_ns, StoreTag(listed_tag)};
  const FileVersion part{10, mtime_ns, listed_tag};
  ByteBuffer bytes;
  EXPECT_TRUE(ReadObject(At("x"), whole, &bytes).ok());
  EXPECT_TRUE(ReadRange(At("x"), part, 100, 10, &bytes).ok());
  EXPECT_TRUE(OpenListedFile(At("x"), part).ok());

  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // Azure tells times to the second
  std::string other = Pattern(1'000);
  other[105] ^= 1;
  Write(At("x"), other);
  EXPECT_EQ(FailureCodeOf(ReadObject(At("x"), whole, &bytes)), FailureCode::kChanged);
  EXPECT_EQ(FailureCodeOf(ReadRange(At("x"), part, 100, 10, &bytes)), FailureCode::kChanged);
  EXPECT_EQ(FailureCodeOf(OpenListedFile(At("x"), part).status()), FailureCode::kChanged);
}

TEST_F(StoreConformance, TakesAnyName) {
  std::vector<std::string> names = {"a b+c%25=&#", "k=v/x=y",     "100%",
                                    "caf\xC3\xA9", "tilde~!*'()", std::string(200, 'n')};
  if (root_.s3 != nullptr || root_.is_local()) names.emplace_back("new\nline\ttab?q");
  for (const std::string& name : names) Write(At(name), name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(Names(), names);
  for (const std::string& name : names) EXPECT_EQ(Read(At(name)), name);
}

}  // namespace
}  // namespace pomona
