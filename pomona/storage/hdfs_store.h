#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <arrow/filesystem/filesystem.h>
#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief HDFS through a client that is not Hadoop's own: what Arrow's interface says, and the rename that makes files
/// appear whole.
class HdfsFileSystem : public arrow::fs::FileSystem {
 public:
  std::string type_name() const override { return "hdfs"; }

  /// \brief Gives a file another name in one step, which the namenode takes for all clients at once.
  ///
  /// \return false where `to` exists and is not to be replaced
  virtual Result<bool> Rename(const std::string& from, const std::string& to, bool replace) = 0;
};

/// \brief Opens what a strict `hdfs://` or `viewfs://` URI names. \param[out] path inside the file system
using HdfsOpener = std::function<Result<std::shared_ptr<HdfsFileSystem>>(const std::string& uri, std::string* path)>;

/// \brief Sets how HDFS is reached; without an opener, Arrow looks for Hadoop's `libhdfs.so`.
///
/// Call it before other threads start.
void SetHdfsOpener(HdfsOpener opener);

/// \brief Opens HDFS by the opener that was set, else by Arrow and `libhdfs.so`.
///
/// \return an error that says what to install or to set where neither is there
Result<std::shared_ptr<arrow::fs::FileSystem>> OpenHdfs(const std::string& uri, std::string* path);

/// \brief The HDFS of a place, if it was opened by an opener; else null.
HdfsFileSystem* HdfsOf(const Location& location);

/// \brief Opens a file that appears under its name, whole, when it is closed; it is written beside its place meanwhile.
Result<std::shared_ptr<arrow::io::OutputStream>> CreateHdfsFile(const Location& location);

/// \brief Writes a whole file unless one of that name exists; of several writers at once exactly one wins.
///
/// \return whether this call wrote the file
Result<bool> WriteToHdfsExclusively(const Location& location, std::string_view bytes);

}  // namespace pomona
