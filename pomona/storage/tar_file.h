#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief A file inside a tar archive.
struct TarMember {
  std::string name;         ///< as it stands in the archive; never a place to write to
  std::int64_t offset = 0;  ///< of its first byte in the archive
  std::int64_t size = 0;
  std::string content;  ///< of members up to 64 KiB whose names end in .json, .cls or .txt; else ""
};

/// \brief Visits the files of an archive (POSIX ustar and pax, GNU long names), in order, reading it once from front to
/// end in pieces of 8 MiB; what lies between pieces is left out.
///
/// \return IOError with the offset where it is no archive or ends early
Status ScanTar(const Location& tar, const std::function<Status(const TarMember&)>& visit);

/// \brief Writes an archive (POSIX ustar) of files with short names. One thread at a time.
class TarWriter {
 public:
  explicit TarWriter(std::shared_ptr<arrow::io::OutputStream> stream) : stream_(std::move(stream)) {}

  /// \param[in] name up to 100 bytes
  Status Add(std::string_view name, std::string_view bytes);

  /// \brief Ends the archive and closes the stream.
  Status Close();

  std::int64_t size() const { return size_; }

 private:
  Status Write(std::string_view bytes);

  std::shared_ptr<arrow::io::OutputStream> stream_;
  std::int64_t size_ = 0;
};

}  // namespace pomona
