#include "pomona/storage/hdfs_store.h"

#include <cstdint>
#include <utility>

#include "pomona/base/random_digits.h"

namespace pomona {
namespace {

HdfsOpener& Opener() {
  static HdfsOpener opener;
  return opener;
}

/// What to set where Hadoop's client was not found; Arrow lists every file that it has tried.
Status HadoopError(const Status& status) {
  const bool java = status.message().find("libjvm") != std::string::npos;
  if (!java && status.message().find("libhdfs") == std::string::npos) return status;
  return Status::IOError(
      java ? "Java was not found: set JAVA_HOME. "
           : "Hadoop's client library libhdfs.so was not found: set HADOOP_HOME, or ARROW_LIBHDFS_DIR to its folder. ",
      "hdfs:// needs JAVA_HOME, libhdfs.so of a Hadoop installation, and CLASSPATH with what `hadoop classpath --glob` "
      "prints; on Spark, of the driver and, as spark.executorEnv settings, of the executors. Or take the Python "
      "package that needs none of it (pip install hdfs-native), for pomona.run and pomona-spark (docs/spark.md)");
}

/// A file under a temporary name in the folder of its place.
class HdfsOutput final : public arrow::io::OutputStream {
 public:
  static Result<std::shared_ptr<HdfsOutput>> Open(const Location& location) {
    const std::string temporary = location.Parent().Child(".pomona-" + RandomDigits(16) + ".part").path;
    ARROW_ASSIGN_OR_RAISE(auto stream, location.filesystem->OpenOutputStream(temporary));
    return std::shared_ptr<HdfsOutput>(new HdfsOutput(location, temporary, std::move(stream)));
  }

  ~HdfsOutput() override { static_cast<void>(Abort()); }

  using arrow::io::OutputStream::Write;
  Status Write(const void* data, std::int64_t size) override { return stream_->Write(data, size); }
  Status Flush() override { return Status::OK(); }
  Result<std::int64_t> Tell() const override { return stream_->Tell(); }
  bool closed() const override { return closed_; }

  Status Abort() override {
    if (closed_) return Status::OK();
    closed_ = true;
    static_cast<void>(stream_->Close());
    return location_.filesystem->DeleteFile(temporary_);
  }

  Status Close() override { return closed_ ? Status::OK() : CloseAs(true).status(); }

  /// \return whether the file has its name; never false where it is to replace what has it
  Result<bool> CloseAs(bool replace) {
    ARROW_RETURN_NOT_OK(stream_->Close());
    ARROW_ASSIGN_OR_RAISE(const bool named, HdfsOf(location_)->Rename(temporary_, location_.path, replace));
    if (!named) ARROW_RETURN_NOT_OK(Abort());
    closed_ = true;
    return named;
  }

 private:
  HdfsOutput(Location location, std::string temporary, std::shared_ptr<arrow::io::OutputStream> stream)
      : location_(std::move(location)), temporary_(std::move(temporary)), stream_(std::move(stream)) {}

  Location location_;
  std::string temporary_;
  std::shared_ptr<arrow::io::OutputStream> stream_;
  bool closed_ = false;
};

}  // namespace

void SetHdfsOpener(HdfsOpener opener) { Opener() = std::move(opener); }

Result<std::shared_ptr<arrow::fs::FileSystem>> OpenHdfs(const std::string& uri, std::string* path) {
  if (Opener()) return Opener()(uri, path);
  const auto filesystem = arrow::fs::FileSystemFromUri(uri, path);
  return filesystem.ok() ? filesystem : HadoopError(filesystem.status());
}

HdfsFileSystem* HdfsOf(const Location& location) { return dynamic_cast<HdfsFileSystem*>(location.filesystem.get()); }

Result<std::shared_ptr<arrow::io::OutputStream>> CreateHdfsFile(const Location& location) {
  return HdfsOutput::Open(location);
}

Result<bool> WriteToHdfsExclusively(const Location& location, std::string_view bytes) {
  // Looked at first: most of those that come too late need not write.
  ARROW_ASSIGN_OR_RAISE(const auto there, location.filesystem->GetFileInfo(location.path));
  if (there.type() != arrow::fs::FileType::NotFound) return false;
  ARROW_RETURN_NOT_OK(location.filesystem->CreateDir(location.Parent().path, true));
  ARROW_ASSIGN_OR_RAISE(const auto output, HdfsOutput::Open(location));
  ARROW_RETURN_NOT_OK(output->Write(bytes.data(), static_cast<std::int64_t>(bytes.size())));
  return output->CloseAs(false);
}

}  // namespace pomona
