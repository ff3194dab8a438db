#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <arrow/filesystem/filesystem.h>

#include "pomona/base/status.h"

namespace pomona {

/// \brief A place in a store: its file system, the path there, and how a user would type it.
///
/// Local paths and `file`, `s3`, `gs`, `abfs` and `hdfs` URIs (RFC 3986) are understood. Local paths are bytes, not
/// URIs: a `%` in them stands for itself.
///
/// Thread safety: values; Arrow file systems may be called by several threads.
struct Location {
  std::shared_ptr<arrow::fs::FileSystem> filesystem;
  std::string path;     ///< inside the file system, no trailing slash
  std::string display;  ///< as the user typed it, without "./" and trailing slashes

  /// \return Invalid for an unknown scheme, naming those that are understood
  static Result<Location> Parse(std::string_view text);

  /// \brief The place `relative` below this one.
  Location Child(std::string_view relative) const;

  bool is_local() const;
};

}  // namespace pomona
