#include "cli/doctor_libraries.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include <link.h>

#include "cli/command.h"
#include "pomona/base/hash.h"

namespace pomona::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInventory = "sbom.cdx.json";

/// In a build folder, in a prefix, in the Python package.
Result<fs::path> FindInventory() {
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (folder.empty()) return Status::IOError("the folder of the program is not known: ", error.message());
  for (const fs::path& place : {folder, folder / "../share/doc/pomona", folder / ".."}) {
    if (fs::exists(place / kInventory, error)) return place / kInventory;
  }
  return Status::IOError(kInventory, " is not beside ", folder.string(),
                         "/pomona: this build has no inventory of its libraries; `./dev build` writes one");
}

std::optional<std::string> Sha256OfFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  Hasher hasher(HashKind::kSha256);
  std::vector<char> block(std::size_t{1} << 20);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    hasher.Update(std::as_bytes(std::span(block.data(), static_cast<std::size_t>(file.gcount()))));
  }
  return file.eof() ? std::optional(hasher.Finish()) : std::nullopt;
}

/// Paths of the shared libraries in this process.
std::vector<fs::path> LoadedFiles() {
  std::vector<fs::path> files;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        if (info->dlpi_name[0] == '/') static_cast<std::vector<fs::path>*>(out)->emplace_back(info->dlpi_name);
        return 0;
      },
      &files);
  return files;
}

std::string Property(const Json& component, std::string_view name) {
  for (const Json& property : component.value("properties", Json::array())) {
    if (property.value("name", "") == name) return property.value("value", "");
  }
  return "";
}

std::string HashOf(const Json& component) {
  const Json hashes = component.value("hashes", Json::array());
  return hashes.empty() ? "" : hashes[0].value("content", "");
}

}  // namespace

std::string LibraryTable(const Json& inventory, const Json& loaded_sha256) {
  using Row = std::array<std::string, 5>;
  std::vector<Row> rows = {{"library", "version", "use", "file", "sha256"}};
  for (const Json& component : inventory.value("components", Json::array())) {
    const std::string file = Property(component, "pomona:file");
    std::string hash = HashOf(component);
    const std::string now = loaded_sha256.value(file, hash);
    if (now != hash) hash = now + ", updated since the build";
    rows.push_back({component.value("name", ""), component.value("version", "unknown"),
                    Property(component, "pomona:use"), file, hash});
  }
  std::array<std::size_t, 4> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size() + 2);
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) line += row[i] + std::string(widths[i] - row[i].size(), ' ');
    line += row.back();
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

Result<int> DoctorOfLibraries(bool as_json) {
  ARROW_ASSIGN_OR_RAISE(const fs::path path, FindInventory());
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (as_json) {
    std::cout << text;
    return kExitDone;
  }
  ARROW_ASSIGN_OR_RAISE(const Json inventory, ParseJson(text, path.string()));
  Json loaded = Json::object();
  for (const fs::path& library : LoadedFiles()) {
    if (auto hash = Sha256OfFile(library)) loaded[library.filename().string()] = std::move(*hash);
  }
  std::cout << LibraryTable(inventory, loaded);
  return kExitDone;
}

}  // namespace pomona::cli
