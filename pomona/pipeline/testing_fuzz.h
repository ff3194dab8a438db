#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "pomona/storage/location.h"

namespace pomona::testing_fuzz {

/// \brief For fuzz targets: puts the bytes under a name below a folder of this process, made anew by each call.
///
/// \return the folder
inline Location FolderWith(const std::string& name, const std::uint8_t* data, std::size_t size) {
  namespace fs = std::filesystem;
  static const fs::path folder = fs::temp_directory_path() / ("pomona-fuzz-" + std::to_string(getpid()));
  fs::create_directories((folder / name).parent_path());
  std::ofstream file(folder / name, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  file.close();
  if (!file) std::abort();
  return Location::Parse(folder.string()).ValueOrDie();
}

}  // namespace pomona::testing_fuzz
