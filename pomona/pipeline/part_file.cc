#include "pomona/pipeline/part_file.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <arrow/buffer.h>
#include <arrow/type.h>

#include "pomona/base/hash.h"
#include "pomona/storage/file_io.h"

namespace pomona {

std::shared_ptr<arrow::DataType> VectorType(const std::shared_ptr<arrow::DataType>& element, std::int64_t dim) {
  return arrow::fixed_size_list(arrow::field("element", element, false), static_cast<std::int32_t>(dim));
}

std::shared_ptr<arrow::Schema> PartSchema(std::int64_t dim) {
  return arrow::schema({arrow::field("index", arrow::int64(), false), arrow::field("path", arrow::utf8(), false),
                        arrow::field("label", arrow::utf8(), false), arrow::field("width", arrow::int32(), false),
                        arrow::field("height", arrow::int32(), false),
                        arrow::field("features", VectorType(arrow::float32(), dim), false),
                        arrow::field("thumbnail", arrow::binary())});
}

/// Gathers small writes, hashes what passes and hands it on.
class PartWriter::HashingStream : public arrow::io::OutputStream {
 public:
  explicit HashingStream(std::shared_ptr<arrow::io::OutputStream> target)
      : target_(std::move(target)), hasher_(HashKind::kSha256) {}

  Status Write(const void* data, std::int64_t size) override {
    constexpr std::size_t kGathered = std::size_t{1} << 18;
    position_ += size;
    if (pending_.size() + static_cast<std::size_t>(size) < kGathered) {
      pending_.append(static_cast<const char*>(data), static_cast<std::size_t>(size));
      return Status::OK();
    }
    ARROW_RETURN_NOT_OK(Flush());
    return Pass({static_cast<const char*>(data), static_cast<std::size_t>(size)});
  }
  using arrow::io::OutputStream::Write;

  Status Flush() override {
    const Status status = Pass(pending_);
    pending_.clear();
    return status;
  }
  Result<std::int64_t> Tell() const override { return position_; }
  bool closed() const override { return target_->closed(); }
  Status Abort() override { return target_->Abort(); }
  Status Close() override {
    ARROW_RETURN_NOT_OK(Flush());
    sha256_ = hasher_.Finish();
    return target_->Close();
  }
  const std::string& sha256() const { return sha256_; }

 private:
  Status Pass(std::string_view bytes) {
    hasher_.Update(bytes);
    return target_->Write(bytes.data(), static_cast<std::int64_t>(bytes.size()));
  }

  std::shared_ptr<arrow::io::OutputStream> target_;
  Hasher hasher_;
  std::string pending_;
  std::int64_t position_ = 0;
  std::string sha256_;
};

Result<PartWriter> PartWriter::Open(const Location& location, const std::shared_ptr<arrow::Schema>& schema) {
  PartWriter part;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::io::OutputStream> target, OpenAtomicOutput(location));
  part.stream_ = std::make_shared<HashingStream>(std::move(target));
  ARROW_ASSIGN_OR_RAISE(part.writer_, arrow::ipc::MakeFileWriter(part.stream_, schema));
  return part;
}

Result<PartFile> PartWriter::Close() {
  ARROW_RETURN_NOT_OK(writer_->Close());
  ARROW_RETURN_NOT_OK(stream_->Close());
  ARROW_ASSIGN_OR_RAISE(const std::int64_t size, stream_->Tell());
  return PartFile{size, stream_->sha256()};
}

Result<std::shared_ptr<arrow::ipc::RecordBatchFileReader>> OpenPart(const Location& location) {
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::io::RandomAccessFile> file, OpenInputFile(location));
  return arrow::ipc::RecordBatchFileReader::Open(file);
}

Result<std::string> FileSha256(const Location& location) {
  constexpr std::int64_t kStep = std::int64_t{1} << 20;
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::io::RandomAccessFile> file, OpenInputFile(location));
  ARROW_ASSIGN_OR_RAISE(const std::int64_t size, file->GetSize());
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min(size, kStep)));
  Hasher hasher(HashKind::kSha256);
  for (std::int64_t place = 0; place < size;) {
    ARROW_ASSIGN_OR_RAISE(const std::int64_t count, file->ReadAt(place, std::min(kStep, size - place), buffer.data()));
    if (count == 0) return Status::IOError(location.display, " ends early");
    hasher.Update(std::span(buffer).first(static_cast<std::size_t>(count)));
    place += count;
  }
  return hasher.Finish();
}

}  // namespace pomona
