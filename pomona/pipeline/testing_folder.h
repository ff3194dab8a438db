#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <system_error>

#include <gtest/gtest.h>
#include <unistd.h>

#include "pomona/base/source_folder_for_test.h"

/// Helpers of the pipeline's tests.
namespace pomona::testing_folder {

namespace fs = std::filesystem;

/// \brief A folder of its own for a test, gone afterwards.
class TempFolder {
 public:
  TempFolder() {
    static int count = 0;
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = fs::temp_directory_path() / ("pomona-" + std::to_string(getpid()) + "-" + std::to_string(++count) + "-" +
                                         (info == nullptr ? "suite" : info->name()));
    fs::create_directories(path_);
  }
  ~TempFolder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const fs::path& path() const { return path_; }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

inline fs::path Photos() { return fs::path(kSourceFolder) / "examples" / "fruits"; }

inline void WriteFile(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// \brief All files below a folder with their bytes, by relative name.
inline std::map<std::string, std::string> Files(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = ReadFile(entry.path());
  }
  return files;
}

/// \brief The bytes of some real photo.
inline std::string AnyPhoto() {
  for (const fs::directory_entry& entry : fs::directory_iterator(Photos() / "Training" / "Kiwi")) {
    return ReadFile(entry.path());
  }
  return {};
}

/// \brief Copies the photos of one label to a folder, `times` times under other names.
inline void CopyPhotos(const std::string& label, const fs::path& to, int times) {
  fs::create_directories(to);
  for (int i = 0; i < times; ++i) {
    for (const fs::directory_entry& entry : fs::directory_iterator(Photos() / "Training" / label)) {
      fs::copy_file(entry.path(), to / (std::to_string(i) + "-" + entry.path().filename().string()));
    }
  }
}

}  // namespace pomona::testing_folder
