#include "pomona/pipeline/packed_input.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "pomona/base/failure.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/testing_folder.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/tar_file.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;

TEST(PackedInput, TakesPathsAndLabelsFromBesideTheImages) {
  const TempFolder folder;
  const Location tar = Location::Parse(folder / "x.tar").ValueOrDie();
  TarWriter writer(OpenAtomicOutput(tar).ValueOrDie());
  ASSERT_TRUE(writer.Add("0.jpg", "first").ok());
  ASSERT_TRUE(writer.Add("0.json", R"({"path": "s3://b/Kiwi/1.jpg", "label": "Kiwi"})").ok());
  ASSERT_TRUE(writer.Add("1.cls", "Lemon\n").ok());
  ASSERT_TRUE(writer.Add("1.png", "second").ok());
  ASSERT_TRUE(writer.Add("Orange/3.jpg", "third").ok());
  ASSERT_TRUE(writer.Add("../../etc/4.jpg", "fourth").ok());
  ASSERT_TRUE(writer.Close().ok());

  ManifestRows rows("");
  const Labeler labeler = Labeler::Make({}).ValueOrDie();
  InputNames names(false);
  ASSERT_TRUE(AddPackedImages(tar, "x.tar", {"x.tar", 10, 7, "e"}, labeler, &names, &rows).ok());
  ASSERT_EQ(rows.size(), 4);
  EXPECT_EQ(rows.row(0).path, "s3://b/Kiwi/1.jpg");
  EXPECT_EQ(rows.row(0).label, "Kiwi");
  EXPECT_EQ(rows.row(0).key, "x.tar");
  EXPECT_EQ(rows.row(0).etag, "e");
  EXPECT_EQ(rows.row(1).label, "Lemon");
  EXPECT_EQ(rows.row(1).path, folder / "x.tar/1.png");
  EXPECT_EQ(rows.row(2).label, "Orange");
  EXPECT_EQ(rows.row(3).path, folder / "x.tar/../../etc/4.jpg");
  const std::string bytes = ReadText(tar).ValueOrDie();
  EXPECT_EQ(bytes.substr(static_cast<std::size_t>(rows.row(2).offset), 5), "third");
}

TEST(PackedInput, NamesInsideAreSkippedAsThoseOfAFolder) {
  const TempFolder folder;
  const Location tar = Location::Parse(folder / ".x.tar").ValueOrDie();
  TarWriter writer(OpenAtomicOutput(tar).ValueOrDie());
  for (const char* name : {"./._Kiwi", "./Kiwi/._1.jpg", "./Kiwi/._1.cls", "./Kiwi/1.jpg", "_x/_2.jpg", "Thumbs.db",
                           "__MACOSX/Kiwi/1.jpg", ".git/1"}) {
    ASSERT_TRUE(writer.Add(name, "x").ok());
  }
  ASSERT_TRUE(writer.Add("0.jpg", "x").ok());
  ASSERT_TRUE(writer.Add("0.json", R"({"path": "photos/.hidden/1.jpg", "label": "own"})").ok());
  ASSERT_TRUE(writer.Add("1.jpg", "x").ok());
  ASSERT_TRUE(writer.Add("1.json", R"({"path": "photos/Kiwi/1.jpg", "label": "own"})").ok());
  ASSERT_TRUE(writer.Close().ok());
  const Labeler labeler = Labeler::Make({}).ValueOrDie();
  for (const bool include : {false, true}) {
    ManifestRows rows("");
    InputNames names(include);
    ASSERT_TRUE(AddPackedImages(tar, ".x.tar", {".x.tar", 10, 7, "e"}, labeler, &names, &rows).ok());
    names.LeaveOutSkipped(&rows);
    ASSERT_EQ(rows.size(), include ? 9 : 3);
    EXPECT_EQ(names.skipped().ToJson().dump(), include ? "{}" : R"({"hidden":2,"macos":4,"windows":1})");
    if (include) continue;
    EXPECT_EQ(rows.row(0).path, folder / ".x.tar/./Kiwi/1.jpg");
    EXPECT_EQ(rows.row(0).label, "Kiwi");
    EXPECT_EQ(rows.row(1).path, folder / ".x.tar/_x/_2.jpg");
    EXPECT_EQ(rows.row(2).path, "photos/Kiwi/1.jpg");
  }
}

TEST(PackedInput, AnArchiveThatWasReplacedIsNoSourceOfImages) {
  const TempFolder folder;
  const Location tar = Location::Parse(folder / "x.tar").ValueOrDie();
  const auto write = [&](const std::string& content, int images) {
    TarWriter writer(OpenAtomicOutput(tar).ValueOrDie());
    for (int i = 0; i < images; ++i) ASSERT_TRUE(writer.Add(std::to_string(i) + ".jpg", content).ok());
    ASSERT_TRUE(writer.Close().ok());
  };
  write("first", 2);
  const ListedFile listed = FindFile(tar).ValueOrDie().value();
  ManifestRows rows("");
  InputNames names(false);
  ASSERT_TRUE(AddPackedImages(tar, "x.tar", listed, Labeler::Make({}).ValueOrDie(), &names, &rows).ok());
  const ImagePlaces places(Location::Parse(folder / "").ValueOrDie());
  ByteBuffer bytes;
  ASSERT_TRUE(ReadImage(places, rows.row(1), &bytes).ok());
  EXPECT_EQ(bytes.text(), "first");

  write("other", 2);  // the same layout and size, at another time
  EXPECT_EQ(FailureCodeOf(ReadImage(places, rows.row(1), &bytes)), FailureCode::kChanged);

  write("other", 40);  // another size, the time set back, as cp -p and rsync do
  const std::chrono::nanoseconds time(listed.mtime_ns);
  std::filesystem::last_write_time(
      tar.path, std::chrono::file_clock::from_sys(std::chrono::sys_time<std::chrono::nanoseconds>(time)));
  EXPECT_EQ(FindFile(tar).ValueOrDie()->mtime_ns, listed.mtime_ns);
  EXPECT_EQ(FailureCodeOf(ReadImage(places, rows.row(1), &bytes)), FailureCode::kChanged);
}

}  // namespace
}  // namespace pomona
