#include "pomona/features/wheel.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <zip.h>

#include "pomona/base/text.h"

namespace pomona {
namespace {

constexpr std::uint64_t kLargestMember = std::uint64_t{1} << 30;

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::string Message(zip_error_t* error) {
  std::string text = zip_error_strerror(error);
  zip_error_fini(error);
  return text;
}

Result<std::unique_ptr<zip_t, CloseArchive>> Open(const arrow::Buffer& bytes, std::string_view origin) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), static_cast<zip_uint64_t>(bytes.size()), 0, &error);
  if (source == nullptr) return Status::Invalid(origin, ": ", Message(&error));
  zip_t* archive = zip_open_from_source(source, ZIP_RDONLY, &error);
  if (archive == nullptr) {
    zip_source_free(source);
    return Status::Invalid(origin, " is not a zip archive or wheel: ", Message(&error));
  }
  return std::unique_ptr<zip_t, CloseArchive>(archive);
}

}  // namespace

Result<std::shared_ptr<arrow::Buffer>> ReadZipMember(const std::shared_ptr<arrow::Buffer>& bytes,
                                                     std::string_view extension, std::string_view origin) {
  ARROW_ASSIGN_OR_RAISE(const auto archive, Open(*bytes, origin));
  std::optional<zip_uint64_t> found;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    if (name == nullptr || !std::string_view(name).ends_with(extension)) continue;
    if (found) return Status::Invalid(origin, " holds more than one ", extension, " file");
    found = static_cast<zip_uint64_t>(i);
  }
  if (!found) return Status::Invalid(origin, " holds no ", extension, " file");

  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(archive.get(), *found, 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0) {
    return Status::Invalid(origin, ": ", zip_strerror(archive.get()));
  }
  const std::string member = ToValidUtf8(stat.name);
  if (stat.size > kLargestMember) {
    return Status::Invalid(origin, ": ", member, " has ", HumanBytes(static_cast<double>(stat.size)),
                           " unpacked, the limit is ", HumanBytes(static_cast<double>(kLargestMember)));
  }
  const std::unique_ptr<zip_file_t, CloseMember> file(zip_fopen_index(archive.get(), *found, 0));
  if (file == nullptr) return Status::Invalid(origin, ": ", member, ": ", zip_strerror(archive.get()));
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> contents,
                        arrow::AllocateBuffer(static_cast<std::int64_t>(stat.size)));
  std::uint64_t place = 0;
  while (place < stat.size) {
    const zip_int64_t got = zip_fread(file.get(), contents->mutable_data() + place, stat.size - place);
    if (got <= 0) {
      return Status::Invalid(origin, ": ", member, " is damaged: ", zip_file_strerror(file.get()), ", ", place, " of ",
                             stat.size, " bytes read");
    }
    place += static_cast<std::uint64_t>(got);
  }
  // The checksum is compared at the end of the data, which a read of the exact size does not reach.
  std::uint8_t beyond = 0;
  if (zip_fread(file.get(), &beyond, 1) != 0) {
    return Status::Invalid(origin, ": ", member, " is damaged: ", zip_file_strerror(file.get()));
  }
  return std::shared_ptr<arrow::Buffer>(std::move(contents));
}

}  // namespace pomona
