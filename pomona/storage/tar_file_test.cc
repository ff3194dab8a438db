#include "pomona/storage/tar_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;

class TarFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("pomona-tar-" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Location At(const std::string& name) const { return Location::Parse((folder_ / name).string()).ValueOrDie(); }

  static std::vector<TarMember> Members(const Location& tar) {
    std::vector<TarMember> members;
    const Status status = ScanTar(tar, [&](const TarMember& member) {
      members.push_back(member);
      return Status::OK();
    });
    EXPECT_TRUE(status.ok()) << status.ToString();
    return members;
  }

  fs::path folder_;
};

TEST_F(TarFile, ReadsBackWhatItWrote) {
  TarWriter writer(OpenAtomicOutput(At("x.tar")).ValueOrDie());
  ASSERT_TRUE(writer.Add("1.jpg", std::string(1000, 'a')).ok());
  ASSERT_TRUE(writer.Add("1.json", "{}").ok());
  ASSERT_TRUE(writer.Add("empty.jpg", "").ok());
  ASSERT_TRUE(writer.Close().ok());
  EXPECT_FALSE(writer.Add(std::string(101, 'n'), "").ok());
  const auto members = Members(At("x.tar"));
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[0].name, "1.jpg");
  EXPECT_EQ(members[0].offset, 512);
  EXPECT_EQ(members[0].size, 1000);
  EXPECT_EQ(members[1].content, "{}");
  EXPECT_EQ(members[2].size, 0);
  const std::string text = ReadText(At("x.tar")).ValueOrDie();
  EXPECT_EQ(text.substr(512, 1000), std::string(1000, 'a'));
}

TEST_F(TarFile, ReadsWhatTarWrites) {
  const std::string long_name = std::string(150, 'l') + "/" + std::string(120, 'n') + ".jpg";
  fs::create_directories((folder_ / "in" / long_name).parent_path());
  std::ofstream(folder_ / "in" / long_name) << "long";
  std::ofstream(folder_ / "in" / "b.cls") << "Kiwi";
  for (const char* format : {"gnu", "pax", "ustar"}) {
    const std::string command = "tar --format=" + std::string(format) + " -C " + (folder_ / "in").string() + " -cf " +
                                (folder_ / format).string() + ".tar . 2>/dev/null";
    if (std::system(command.c_str()) != 0) continue;  // ustar has no place for such a name
    std::vector<std::string> names;
    for (const TarMember& member : Members(At(std::string(format) + ".tar"))) {
      names.push_back(member.name);
      if (member.name.ends_with(".cls")) {
        EXPECT_EQ(member.content, "Kiwi");
      }
    }
    EXPECT_THAT(names, testing::UnorderedElementsAre("./b.cls", "./" + long_name)) << format;
  }
}

TEST_F(TarFile, SaysWhatIsNoArchive) {
  ASSERT_TRUE(WriteAtomically(At("x.tar"), std::string(2000, 'x')).ok());
  EXPECT_FALSE(ScanTar(At("x.tar"), [](const TarMember&) { return Status::OK(); }).ok());
  TarWriter writer(OpenAtomicOutput(At("y.tar")).ValueOrDie());
  ASSERT_TRUE(writer.Add("1.jpg", std::string(5000, 'a')).ok());
  ASSERT_TRUE(writer.Close().ok());
  ASSERT_TRUE(WriteAtomically(At("cut.tar"), ReadText(At("y.tar")).ValueOrDie().substr(0, 3000)).ok());
  const Status status = ScanTar(At("cut.tar"), [](const TarMember&) { return Status::OK(); });
  EXPECT_THAT(status.message(), testing::HasSubstr("ends after the archive"));
}

}  // namespace
}  // namespace pomona
