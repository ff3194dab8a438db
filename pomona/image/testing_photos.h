#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "pomona/base/source_folder_for_test.h"

namespace pomona {

/// For tests and benchmarks: a whole file.
inline std::string ReadWholeFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::span<const std::uint8_t> AsBytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// For tests and benchmarks: the photographs under examples/, in the order of their paths.
inline std::vector<std::string> SamplePhotos() {
  std::vector<std::filesystem::path> paths;
  const std::filesystem::path root = std::filesystem::path(kSourceFolder) / "examples/fruits/Training";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".jpg") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> photos;
  photos.reserve(paths.size());
  for (const auto& path : paths) photos.push_back(ReadWholeFile(path));
  return photos;
}

}  // namespace pomona
