#include "pomona/storage/local_file.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/storage/copy_file.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// A folder `out` that must not be left, and beside it `outside` with a file.
class LocalFileTest : public ::testing::Test {
 protected:
  LocalFileTest() {
    fs::create_directories(root_ / "out/inside");
    fs::create_directories(root_ / "outside");
    Write(root_ / "outside/precious.txt", "precious");
    out_ = Location::Parse((root_ / "out").string()).ValueOrDie();
    out_.beneath = out_.path;
  }
  ~LocalFileTest() override { fs::remove_all(root_); }

  static void Write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string Read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void ExpectNothingHappenedOutside() const {
    EXPECT_EQ(Read(root_ / "outside/precious.txt"), "precious");
    EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "outside"), fs::directory_iterator()), 1);
  }

  const fs::path root_ = fs::temp_directory_path() / ("pomona-local-file-" + std::to_string(getpid()));
  Location out_;
};

TEST_F(LocalFileTest, NoLinkLeadsOut) {
  fs::create_directory_symlink(root_ / "outside", root_ / "out/link");
  fs::create_symlink("../outside/precious.txt", root_ / "out/precious.txt");
  const Location through = out_.Child("link/precious.txt");
  EXPECT_THAT(ReadText(through).status().message(), HasSubstr("a link leads out of " + out_.path));
  EXPECT_THAT(ReadText(out_.Child("precious.txt")).status().message(), HasSubstr("a link leads out"));
  EXPECT_FALSE(OpenInputFile(through).ok());
  EXPECT_FALSE(KindOfPlace(through).ok());
  EXPECT_FALSE(WriteAtomically(through, "bad").ok());
  EXPECT_FALSE(WriteAtomically(out_.Child("link/new.txt"), "bad").ok());
  EXPECT_FALSE(WriteExclusively(out_.Child("link/new.txt"), "bad").ok());
  EXPECT_FALSE(MakeFolders(out_.Child("link/new")).ok());
  EXPECT_FALSE(RemoveFile(through).ok());
  EXPECT_FALSE(RemoveFolderIfEmpty(out_.Child("link/new")).ok());
  EXPECT_FALSE(CopyFile(through, out_.Child("copy.txt")).ok());
  Write(root_ / "out/own.txt", "own");
  EXPECT_FALSE(CopyFile(out_.Child("own.txt"), out_.Child("link/own.txt")).ok());
  ExpectNothingHappenedOutside();

  // A link itself is replaced and removed, never what it leads to.
  EXPECT_TRUE(WriteAtomically(out_.Child("precious.txt"), "new").ok());
  EXPECT_EQ(Read(root_ / "out/precious.txt"), "new");
  EXPECT_TRUE(RemoveFile(out_.Child("link")).ok());
  EXPECT_FALSE(fs::exists(root_ / "out/link"));
  ExpectNothingHappenedOutside();
}

TEST_F(LocalFileTest, NorDoesAName) {
  EXPECT_FALSE(ReadText(out_.Child("../outside/precious.txt")).ok());
  EXPECT_FALSE(RemoveFile(out_.Child("inside/../../outside/precious.txt")).ok());
  EXPECT_FALSE(WriteAtomically(out_.Child("../outside/precious.txt"), "bad").ok());
  ExpectNothingHappenedOutside();
}

TEST_F(LocalFileTest, LinksInsideAreFollowed) {
  fs::create_directory_symlink("inside", root_ / "out/link");
  ASSERT_TRUE(WriteAtomically(out_.Child("link/a.txt"), "a").ok());
  EXPECT_EQ(Read(root_ / "out/inside/a.txt"), "a");
  EXPECT_EQ(ReadText(out_.Child("link/a.txt")).ValueOrDie(), "a");
}

TEST_F(LocalFileTest, TheFolderItselfMayBeALink) {
  fs::create_directory_symlink(root_ / "out", root_ / "linked");
  Location linked = Location::Parse((root_ / "linked").string()).ValueOrDie();
  linked.beneath = linked.path;
  ASSERT_TRUE(WriteAtomically(linked.Child("new/a.txt"), "a").ok());
  EXPECT_EQ(Read(root_ / "out/new/a.txt"), "a");
}

TEST_F(LocalFileTest, AFileInPlaceOfTheFolderIsAFile) {
  Location file = Location::Parse((root_ / "outside/precious.txt").string()).ValueOrDie();
  file.beneath = file.path;
  EXPECT_EQ(KindOfPlace(file).ValueOrDie(), PlaceKind::kFile);
}

TEST_F(LocalFileTest, WithoutAFolderToStayInLinksAreFollowed) {
  fs::create_directory_symlink(root_ / "outside", root_ / "out/link");
  Location free = out_;
  free.beneath.clear();
  EXPECT_EQ(ReadText(free.Child("link/precious.txt")).ValueOrDie(), "precious");
}

TEST_F(LocalFileTest, TheWalkIsAsStrict) {
  fs::create_directory_symlink(root_ / "outside", root_ / "out/link");
  fs::create_symlink("../outside/precious.txt", root_ / "out/precious.txt");
  Write(root_ / "out/inside/a.txt", "a");
  const Descriptor folder(open(out_.path.c_str(), O_PATH | O_DIRECTORY));
  for (const char* name :
       {"link/precious.txt", "precious.txt", "..", "../outside/precious.txt", "inside/../../outside/precious.txt"}) {
    for (const int flags : {O_RDONLY, O_PATH}) {
      errno = 0;
      EXPECT_LT(internal::OpenByWalk(folder.get(), name, flags, 0).get(), 0) << name;
      EXPECT_EQ(errno, EXDEV) << name;
    }
  }
  for (const char* name : {".", "inside", "inside/a.txt"}) {
    EXPECT_GE(internal::OpenByWalk(folder.get(), name, O_RDONLY, 0).get(), 0) << name;
  }
  EXPECT_LT(internal::OpenByWalk(folder.get(), "inside/none/a.txt", O_RDONLY, 0).get(), 0);
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(LocalFileTest, AFolderThatIsSwappedForALinkMeanwhile) {
  std::atomic<bool> stop{false};
  std::thread swapping([&] {
    const auto pause = std::chrono::milliseconds(1);
    std::error_code error;
    while (!stop) {
      fs::rename(root_ / "out/inside", root_ / "out/aside", error);
      fs::create_directory_symlink(root_ / "outside", root_ / "out/inside", error);
      std::this_thread::sleep_for(pause);
      if (fs::is_symlink(root_ / "out/inside", error)) fs::remove(root_ / "out/inside", error);
      fs::rename(root_ / "out/aside", root_ / "out/inside", error);
      if (error) fs::remove_all(root_ / "out/aside", error);  // the writer has made the folder again
      std::this_thread::sleep_for(pause);
    }
  });
  int written = 0;
  int refused = 0;
  for (int i = 0; i < 20000 && (written < 20 || refused < 20); ++i) {
    (WriteAtomically(out_.Child("inside/precious.txt"), "bad").ok() ? written : refused) += 1;
    static_cast<void>(WriteExclusively(out_.Child("inside/new.txt"), "bad"));
    static_cast<void>(RemoveFile(out_.Child("inside/precious.txt")));
    static_cast<void>(MakeFolders(out_.Child("inside/new")));
    static_cast<void>(RemoveFolderIfEmpty(out_.Child("inside/new")));
  }
  stop = true;
  swapping.join();
  EXPECT_GT(written, 0);
  EXPECT_GT(refused, 0) << "the race was never tried";
  ExpectNothingHappenedOutside();
}

}  // namespace
}  // namespace pomona
