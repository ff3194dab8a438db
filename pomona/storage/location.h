#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <arrow/filesystem/filesystem.h>

#include "pomona/base/status.h"

namespace pomona {

class S3Client;

/// \brief A place in a store: its file system, the path there, and how a user would type it.
///
/// Local paths and `file`, `s3`, `gs`/`gcs`, `abfs`/`abfss`/`az`, `hdfs`/`viewfs` URIs (RFC 3986) are understood. Local
/// paths are bytes, not URIs: a `%` in them stands for itself. In a URI `%XX` is decoded; characters that RFC 3986
/// would have written so (spaces, letters beyond ASCII) may also stand as they are.
///
/// Thread safety: values; Arrow file systems may be called by several threads.
struct Location {
  std::shared_ptr<arrow::fs::FileSystem> filesystem;

  /// Inside the file system, raw bytes, no trailing slash; local paths are absolute.
  std::string path;

  /// As the user typed it, without "./", trailing slashes, query and password; "." is written "". Always valid UTF-8:
  /// other bytes appear as `%XX`. For people and for the `path` column, not for opening.
  std::string display;

  /// What makes the requests where the store is S3 or looks like it; null otherwise.
  std::shared_ptr<const S3Client> s3;

  /// A local folder out of which no link leads from here, see local_file.h; empty where links are followed anywhere.
  std::string beneath = {};

  /// \return UsageError for an unknown scheme, naming those that are understood, and for a URI that cannot be read;
  ///         IOError where the store's library is missing or refuses the URI. What the URI does not say comes from
  ///         `CurrentStoreOptions()`
  static Result<Location> Parse(std::string_view text);

  /// \brief The place `relative` (raw bytes, no leading slash) below this one.
  Location Child(std::string_view relative) const;

  /// \brief The folder this place lies in.
  Location Parent() const;

  /// \brief The last component of the path.
  std::string_view name() const;

  bool is_local() const;
};

/// \brief True when `inner` is `outer` or lies below it; local paths are compared after following links.
bool Contains(const Location& outer, const Location& inner);

}  // namespace pomona
