#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/buffer.h>
#include <arrow/util/key_value_metadata.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "bindings.h"
#include "pomona/base/usage_error.h"
#include "pomona/storage/hdfs_store.h"

namespace nb = nanobind;

namespace pomona::python {
namespace {

/// What an exception says of itself.
std::string TextOf(const nb::python_error& error) {
  try {
    return nb::str(error.value()).c_str();
  } catch (const std::exception&) {
    return "an exception without a text";
  }
}

/// Calls Python from any thread; what it raises comes back as an error with its text.
template <typename Work>
auto Ask(Work&& work) -> decltype(work()) {
  const nb::gil_scoped_acquire acquire;
  try {
    return work();
  } catch (nb::python_error& error) {
    const std::string text = TextOf(error);
    if (error.matches(PyExc_ValueError)) return UsageError(text);
    if (error.matches(PyExc_MemoryError)) return Status::OutOfMemory(text);
    return Status::IOError(text);
  } catch (const std::exception& error) {  // a cast that nanobind refused
    return Status::UnknownError(error.what());
  }
}

/// A Python object that threads without the interpreter's lock may hold and drop.
class Held {
 public:
  explicit Held(nb::object object) : object_(std::move(object)) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (Py_IsInitialized() == 0) {
      object_.release();
      return;
    }
    const nb::gil_scoped_acquire acquire;
    object_.reset();
  }

  template <typename... Args>
  nb::object Call(const char* method, const Args&... args) const {
    return object_.attr(method)(args...);
  }

 private:
  nb::object object_;
};

/// \param[in] entry (path, is a folder, bytes, milliseconds since 1970)
arrow::fs::FileInfo ToFileInfo(const nb::handle& entry) {
  arrow::fs::FileInfo info(nb::cast<std::string>(entry[0]),
                           nb::cast<bool>(entry[1]) ? arrow::fs::FileType::Directory : arrow::fs::FileType::File);
  if (info.IsFile()) info.set_size(nb::cast<std::int64_t>(entry[2]));
  info.set_mtime(arrow::fs::TimePoint(std::chrono::milliseconds(nb::cast<std::int64_t>(entry[3]))));
  return info;
}

/// Reads any place of a file. Thread safety: `ReadAt` from several threads.
class HdfsFile final : public arrow::io::RandomAccessFile {
 public:
  HdfsFile(nb::object reader, arrow::fs::FileInfo info) : reader_(std::move(reader)), info_(std::move(info)) {}

  Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }
  Result<std::int64_t> Tell() const override { return place_; }
  Status Seek(std::int64_t place) override {
    place_ = place;
    return Status::OK();
  }
  Result<std::int64_t> GetSize() override { return info_.size(); }
  Result<std::shared_ptr<const arrow::KeyValueMetadata>> ReadMetadata() override {
    const std::int64_t mtime_ns = info_.mtime().time_since_epoch().count();
    return arrow::key_value_metadata({"mtime_ns"}, {std::to_string(mtime_ns)});
  }

  Result<std::int64_t> ReadAt(std::int64_t place, std::int64_t count, void* out) override {
    const std::int64_t size = std::clamp<std::int64_t>(info_.size() - place, 0, count);
    if (size == 0) return 0;
    return Ask([&]() -> Result<std::int64_t> {
      const auto bytes = nb::cast<nb::bytes>(reader_.Call("read_range", place, size));
      if (static_cast<std::int64_t>(bytes.size()) != size) {
        return Status::IOError("only ", bytes.size(), " of ", size, " bytes came");
      }
      std::memcpy(out, bytes.data(), bytes.size());
      return size;
    });
  }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t place, std::int64_t count) override {
    const std::int64_t size = std::clamp<std::int64_t>(info_.size() - place, 0, count);
    ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> buffer, arrow::AllocateBuffer(size));
    ARROW_RETURN_NOT_OK(ReadAt(place, size, buffer->mutable_data()).status());
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  Result<std::int64_t> Read(std::int64_t count, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const std::int64_t size, ReadAt(place_, count, out));
    place_ += size;
    return size;
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, ReadAt(place_, count));
    place_ += buffer->size();
    return buffer;
  }

 private:
  const Held reader_;
  const arrow::fs::FileInfo info_;
  std::int64_t place_ = 0;
  bool closed_ = false;
};

/// Writes a new file, a megabyte at a time.
class HdfsWriter final : public arrow::io::OutputStream {
 public:
  explicit HdfsWriter(nb::object writer) : writer_(std::move(writer)) {}
  ~HdfsWriter() override { static_cast<void>(Close()); }

  using arrow::io::OutputStream::Write;
  Status Write(const void* data, std::int64_t size) override {
    if (closed_) return Status::Invalid("written to after it was closed");
    pending_.append(static_cast<const char*>(data), static_cast<std::size_t>(size));
    position_ += size;
    return pending_.size() < kPiece ? Status::OK() : Send();
  }
  Status Flush() override { return Status::OK(); }
  Result<std::int64_t> Tell() const override { return position_; }
  bool closed() const override { return closed_; }
  Status Close() override {
    if (closed_) return Status::OK();
    closed_ = true;
    ARROW_RETURN_NOT_OK(Send());
    return Ask([&] {
      writer_.Call("close");
      return Status::OK();
    });
  }

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 20U;

  Status Send() {
    if (pending_.empty()) return Status::OK();
    ARROW_RETURN_NOT_OK(Ask([&] {
      writer_.Call("write", nb::bytes(pending_.data(), pending_.size()));
      return Status::OK();
    }));
    pending_.clear();
    return Status::OK();
  }

  const Held writer_;
  std::string pending_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

/// HDFS as `pomona._hdfs.Hdfs` reaches it.
class PythonHdfs final : public HdfsFileSystem {
 public:
  explicit PythonHdfs(nb::object client) : client_(std::move(client)) {}

  using arrow::fs::FileSystem::GetFileInfo;
  Result<arrow::fs::FileInfo> GetFileInfo(const std::string& path) override {
    return Ask([&]() -> Result<arrow::fs::FileInfo> {
      const nb::object entry = client_.Call("look", path);
      return entry.is_none() ? arrow::fs::FileInfo(path, arrow::fs::FileType::NotFound) : ToFileInfo(entry);
    });
  }

  Result<arrow::fs::FileInfoVector> GetFileInfo(const arrow::fs::FileSelector& selector) override {
    return Ask([&]() -> Result<arrow::fs::FileInfoVector> {
      arrow::fs::FileInfoVector found;
      const nb::object entries = client_.Call("content", selector.base_dir, selector.recursive);
      if (!entries.is_none()) {
        for (const nb::handle entry : nb::iter(entries)) found.push_back(ToFileInfo(entry));
      } else if (!selector.allow_not_found) {
        return Status::IOError(selector.base_dir, " does not exist");
      }
      return found;
    });
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInputFile(const std::string& path) override {
    return Ask([&]() -> Result<std::shared_ptr<arrow::io::RandomAccessFile>> {
      const nb::object opened = client_.Call("open", path);
      return std::make_shared<HdfsFile>(opened[0], ToFileInfo(opened[1]));
    });
  }
  Result<std::shared_ptr<arrow::io::InputStream>> OpenInputStream(const std::string& path) override {
    return OpenInputFile(path);
  }
  Result<std::shared_ptr<arrow::io::OutputStream>> OpenOutputStream(
      const std::string& path, const std::shared_ptr<const arrow::KeyValueMetadata>& /*metadata*/) override {
    return Ask([&]() -> Result<std::shared_ptr<arrow::io::OutputStream>> {
      return std::make_shared<HdfsWriter>(client_.Call("create", path));
    });
  }
  using arrow::fs::FileSystem::OpenOutputStream;

  Result<bool> Rename(const std::string& from, const std::string& to, bool replace) override {
    return Ask([&]() -> Result<bool> { return nb::cast<bool>(client_.Call("rename", from, to, replace)); });
  }
  Status Move(const std::string& from, const std::string& to) override { return Rename(from, to, true).status(); }
  Status CreateDir(const std::string& path, bool recursive) override { return Do("make_folder", path, recursive); }
  Status DeleteDir(const std::string& path) override { return Do("remove", path, true); }
  Status DeleteFile(const std::string& path) override { return Do("remove", path, false); }
  Status DeleteDirContents(const std::string& path, bool missing_is_ok) override {
    arrow::fs::FileSelector selector;
    selector.base_dir = path;
    selector.allow_not_found = missing_is_ok;
    ARROW_ASSIGN_OR_RAISE(const auto content, GetFileInfo(selector));
    for (const arrow::fs::FileInfo& info : content) ARROW_RETURN_NOT_OK(Do("remove", info.path(), true));
    return Status::OK();
  }

  bool Equals(const arrow::fs::FileSystem& other) const override { return this == &other; }
  Status DeleteRootDirContents() override { return Status::NotImplemented("a whole HDFS is not removed"); }
  Status CopyFile(const std::string& /*from*/, const std::string& /*to*/) override {
    return Status::NotImplemented("HDFS has no copy of its own; read and write the file");
  }
  Result<std::shared_ptr<arrow::io::OutputStream>> OpenAppendStream(
      const std::string& path, const std::shared_ptr<const arrow::KeyValueMetadata>& /*metadata*/) override {
    return Status::NotImplemented(path, ": files are written whole");
  }

 private:
  Status Do(const char* method, const std::string& path, bool argument) {
    return Ask([&] {
      client_.Call(method, path, argument);
      return Status::OK();
    });
  }

  const Held client_;
};

/// \param[in] open `pomona._hdfs.open_uri`, never dropped: the engine may ask for it until the process ends
void SetOpener(nb::object open) {
  SetHdfsOpener(
      [open = open.release()](const std::string& uri, std::string* path) -> Result<std::shared_ptr<HdfsFileSystem>> {
        return Ask([&]() -> Result<std::shared_ptr<HdfsFileSystem>> {
          const nb::object opened = open(uri);
          *path = nb::cast<std::string>(opened[1]);
          return std::make_shared<PythonHdfs>(opened[0]);
        });
      });
}

}  // namespace

void BindHdfs(nb::module_& module) {
  module.def("set_hdfs_opener", &SetOpener, nb::arg("open"),
             "Has HDFS reached by open(uri), which returns the client and the path inside it.");
}

}  // namespace pomona::python
