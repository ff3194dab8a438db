#include "pomona/pipeline/packed_parquet.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <new>
#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include "pomona/base/exhaustion.h"
#include "pomona/base/failure.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/input_limits.h"
#include "pomona/pipeline/parquet_io.h"
#include "pomona/storage/file_version.h"
#include "pomona/storage/retry.h"
#include "pomona/storage/uri.h"

namespace pomona {
namespace {

constexpr std::int64_t kStreamBuffer = 4'000'000;  ///< bytes of one ranged request

/// Leaf columns of a file by what they are for; -1 where it has none.
struct Leaves {
  int bytes = -1;
  int path = -1;
  int label = -1;
};

std::string NameOf(const parquet::SchemaDescriptor& schema, int leaf) {
  return schema.Column(leaf)->path()->ToDotString();
}

int LeafNamed(const parquet::SchemaDescriptor& schema, std::string_view name) {
  for (int leaf = 0; leaf < schema.num_columns(); ++leaf) {
    if (NameOf(schema, leaf) == name) return leaf;
  }
  return -1;
}

template <typename Names>
int FirstNamed(const parquet::SchemaDescriptor& schema, const Names& names) {
  for (const std::string_view name : names) {
    const int leaf = LeafNamed(schema, name);
    if (leaf >= 0) return leaf;
  }
  return -1;
}

/// Whether a leaf holds one text of bytes a row, none of which is said to be text.
bool IsBinary(const parquet::SchemaDescriptor& schema, int leaf) {
  const parquet::ColumnDescriptor* column = schema.Column(leaf);
  return column->physical_type() == parquet::Type::BYTE_ARRAY && column->max_repetition_level() == 0 &&
         column->logical_type()->is_none();
}

/// The column of image bytes that nobody named; -1 where there is none.
int FindBytes(const parquet::SchemaDescriptor& schema, int path) {
  static constexpr std::array<std::string_view, 9> kUsual = {"bytes", "image.bytes", "image", "content", "data",
                                                             "jpg",   "jpeg",        "png",   "webp"};
  for (const std::string_view name : kUsual) {
    const int leaf = LeafNamed(schema, name);
    if (leaf >= 0 && IsBinary(schema, leaf)) return leaf;
  }
  if (path >= 0) return -1;  // a list of images, with other binary columns beside
  int only = -1;
  for (int leaf = 0; leaf < schema.num_columns(); ++leaf) {
    if (!IsBinary(schema, leaf)) continue;
    if (only >= 0) return -1;
    only = leaf;
  }
  return only;
}

Result<Leaves> FindLeaves(const parquet::SchemaDescriptor& schema, const InputColumns& wanted, const Location& place) {
  const auto named = [&](std::string_view option, const std::string& name) -> Result<int> {
    const int leaf = LeafNamed(schema, name);
    if (leaf >= 0) return leaf;
    std::string found;
    for (int i = 0; i < schema.num_columns(); ++i) found += (i == 0 ? "" : ", ") + NameOf(schema, i);
    return UsageError(std::string(option) + ": " + place.display + " has no column \"" + name + "\" (found: " + found +
                      ")");
  };
  Leaves leaves;
  static constexpr std::array<std::string_view, 8> kPaths = {"path",      "uri",      "url",     "key",
                                                             "file_name", "filename", "__key__", "image.path"};
  leaves.path = FirstNamed(schema, kPaths);
  if (!wanted.path.empty()) {
    ARROW_ASSIGN_OR_RAISE(leaves.path, named("--path-column", wanted.path));
  }
  leaves.label = LeafNamed(schema, "label");
  if (!wanted.label.empty()) {
    ARROW_ASSIGN_OR_RAISE(leaves.label, named("--label-column", wanted.label));
  }
  leaves.bytes = FindBytes(schema, LeafNamed(schema, "path"));
  if (!wanted.bytes.empty()) {
    ARROW_ASSIGN_OR_RAISE(leaves.bytes, named("--bytes-column", wanted.bytes));
    const parquet::ColumnDescriptor* column = schema.Column(leaves.bytes);
    if (column->physical_type() != parquet::Type::BYTE_ARRAY || column->max_repetition_level() > 0) {
      return UsageError("--bytes-column: the column \"" + wanted.bytes + "\" of " + place.display +
                        " holds no bytes; a binary column is wanted");
    }
  }
  return leaves;
}

int FieldNamed(const arrow::Array& structure, const std::string& name) {
  return static_cast<const arrow::StructType&>(*structure.type()).GetFieldIndex(name);
}

/// The texts of one leaf in a batch; "" for null.
class TextColumn {
 public:
  static Result<TextColumn> Find(const arrow::RecordBatch& batch, const parquet::SchemaDescriptor& schema, int leaf) {
    TextColumn texts;
    if (leaf < 0) return texts;
    const std::vector<std::string> path = schema.Column(leaf)->path()->ToDotVector();
    texts.values_ = batch.GetColumnByName(path.front());
    for (std::size_t i = 1; texts.values_ != nullptr && texts.values_->type_id() == arrow::Type::STRUCT; ++i) {
      const int field = i < path.size() ? FieldNamed(*texts.values_, path[i]) : -1;
      if (field < 0) return Status::Invalid("the column ", NameOf(schema, leaf), " cannot be found");
      const auto& fields = static_cast<const arrow::StructArray&>(*texts.values_);
      ARROW_ASSIGN_OR_RAISE(texts.values_, fields.GetFlattenedField(field));
    }
    if (texts.values_ == nullptr) return Status::Invalid("the column ", NameOf(schema, leaf), " cannot be found");
    return texts;
  }

  Result<std::string> Of(std::int64_t i) const {
    if (values_ == nullptr || values_->IsNull(i)) return std::string();
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Scalar> value, values_->GetScalar(i));
    if (value->type->id() == arrow::Type::DICTIONARY) {
      ARROW_ASSIGN_OR_RAISE(value, static_cast<const arrow::DictionaryScalar&>(*value).GetEncodedValue());
      if (!value->is_valid) return std::string();
    }
    const arrow::Type::type type = value->type->id();
    if (arrow::is_base_binary_like(type)) {
      return ToValidUtf8(std::string_view(*static_cast<const arrow::BaseBinaryScalar&>(*value).value));
    }
    if (arrow::is_integer(type) || type == arrow::Type::BOOL) return value->ToString();
    return Status::Invalid("text or integers are wanted, ", value->type->ToString(), " found");
  }

 private:
  std::shared_ptr<arrow::Array> values_;
};

std::string NumberedName(std::int64_t row) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%09lld", static_cast<long long>(row));
  return text.data();
}

/// Adds the rows of one file.
class ParquetRows {
 public:
  ParquetRows(const Location& place, std::string_view key, const ListedFile& file, const Labeler& labeler,
              InputNames* names, ManifestRows* rows)
      : place_(place), key_(key), file_(file), labeler_(labeler), names_(names), rows_(rows), first_(rows->size()) {}

  Status Add(const ParquetInput& input, const Leaves& leaves, const Cancellation* cancellation) {
    std::vector<int> columns = {std::min(leaves.path, leaves.label), std::max(leaves.path, leaves.label)};
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    std::erase(columns, -1);
    if (columns.empty()) {
      ARROW_RETURN_NOT_OK(AddNumbered(input.metadata()->num_rows(), cancellation));
    } else {
      const parquet::SchemaDescriptor& schema = *input.metadata()->schema();
      const auto add = [&](const arrow::RecordBatch& batch) { return AddBatch(batch, schema, leaves); };
      const Status status = input.VisitRows(columns, add, cancellation);
      if (!IsUsageError(status) && (status.IsCapacityError() || status.IsInvalid())) {
        return UsageError("INPUT: " + status.message());
      }
      ARROW_RETURN_NOT_OK(status);
    }
    return CheckDuplicates();
  }

 private:
  Status AddBatch(const arrow::RecordBatch& batch, const parquet::SchemaDescriptor& schema, const Leaves& leaves) {
    ARROW_ASSIGN_OR_RAISE(const TextColumn paths, TextColumn::Find(batch, schema, leaves.path));
    ARROW_ASSIGN_OR_RAISE(const TextColumn labels, TextColumn::Find(batch, schema, leaves.label));
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
      const Result<std::string> path = paths.Of(i);
      if (!path.ok()) return UsageError("INPUT: column of paths of " + place_.display + ": " + path.status().message());
      const Result<std::string> label = labels.Of(i);
      if (!label.ok()) return UsageError("INPUT: column label of " + place_.display + ": " + label.status().message());
      ARROW_RETURN_NOT_OK(CheckNameSizes(
          *path, *label, [&] { return "row " + std::to_string(number_ + 1) + " of " + place_.display; }));
      AddRow(number_++, *path, leaves.label >= 0 ? std::optional(*label) : std::nullopt);
    }
    return rows_->CheckMemory();
  }

  Status AddNumbered(std::int64_t count, const Cancellation* cancellation) {
    while (number_ < count) {
      if (number_ % kTableBatchRows == 0) {
        if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
        ARROW_RETURN_NOT_OK(rows_->CheckMemory());
      }
      AddRow(number_++, {}, std::nullopt);
    }
    return Status::OK();
  }

  void AddRow(std::int64_t number, const std::string& named, const std::optional<std::string>& label) {
    // A URL that its images were once got from may hold a signature. Its row's number keeps it apart from others.
    std::string path = PublicUri(named);
    if (path != ToValidUtf8(named)) path += "#row=" + std::to_string(number);
    const Location numbered = place_.Child(NumberedName(number));
    const std::string& shown = path.empty() ? numbered.display : path;
    if (!path.empty()) names_->AddOwnPath(rows_->size(), path);
    rows_->AddRow({shown, key_, label ? *label : labeler_.LabelOf(shown, path.empty() ? numbered.path : path), -1,
                   file_.mtime_ns, tag_, number});
  }

  Status CheckDuplicates() const {
    std::unordered_map<std::string_view, std::int64_t> seen;
    seen.reserve(static_cast<std::size_t>(rows_->size() - first_));
    for (std::int64_t i = first_; i < rows_->size(); ++i) {
      const auto [earlier, is_new] = seen.emplace(rows_->row(i).path, i - first_);
      if (is_new) continue;
      return UsageError("INPUT: " + place_.display + " names " + std::string(earlier->first) + " twice, in rows " +
                        std::to_string(earlier->second + 1) + " and " + std::to_string(i - first_ + 1) +
                        "; leave one of them, or name another column with --path-column");
    }
    return Status::OK();
  }

  const Location& place_;
  std::string_view key_;
  const ListedFile& file_;
  const std::string tag_ = file_.etag.empty() ? SizeTag(file_.size, file_.mtime_ns) : file_.etag;
  const Labeler& labeler_;
  InputNames* names_;
  ManifestRows* rows_;
  std::int64_t first_;
  std::int64_t number_ = 0;  ///< of the next row in the file
};

}  // namespace

bool IsParquetFile(std::string_view name) { return name.ends_with(".parquet"); }

Result<bool> AddParquetImages(const Location& place, std::string_view key, const ListedFile& file,
                              const InputColumns& columns, const Labeler& labeler, InputNames* names,
                              ManifestRows* rows, const Cancellation* cancellation) {
  const Result<ParquetInput> input = ParquetInput::Open(place);
  if (!input.ok()) {
    // What only has the name of a Parquet file is for the decoder to judge, or for whoever reads lists.
    if (input.status().IsInvalid()) return false;
    return input.status();
  }
  ARROW_ASSIGN_OR_RAISE(const Leaves leaves, FindLeaves(*input->metadata()->schema(), columns, place));
  if (leaves.bytes < 0) return false;
  ARROW_RETURN_NOT_OK(ParquetRows(place, key, file, labeler, names, rows).Add(*input, leaves, cancellation));
  return true;
}

/// One open file: a stream through one row group, and images that it went past.
class ParquetImages::File {
 public:
  File(Location place, const FileVersion& expected, const InputColumns& columns, std::int64_t memory,
       std::int64_t most_bytes, LimitedMemoryPool* pool)
      : place_(std::move(place)),
        mtime_ns_(expected.mtime_ns),
        etag_(expected.etag),
        columns_(columns),
        memory_(memory),
        most_bytes_(most_bytes),
        pool_(pool) {}

  /// \return as `ParquetImages::Read`, and CapacityError where the pool has not enough for a page
  Status Read(std::int64_t row, ByteBuffer* bytes, const Cancellation* cancellation) {
    const std::lock_guard lock(mutex_);
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    bytes->Resize(0);
    const auto found = passed_.find(row);
    if (found != passed_.end()) {
      ARROW_RETURN_NOT_OK(Copy(found->second, bytes));
      held_ -= static_cast<std::int64_t>(found->second.size());
      passed_.erase(found);
      return Status::OK();
    }
    Status status = ReadFromStream(row, bytes, cancellation);
    if (!status.ok()) Close();
    return status;
  }

  /// From the row that the last `Read` asked for to the end of its group, images are too large to be read.
  Status MarkTooLarge(std::int64_t row) {
    const std::lock_guard lock(mutex_);
    Status status =
        ImageFailure(FailureCode::kTooLarge, "a page of the Parquet file takes more than the limit of " +
                                                 HumanBytes(static_cast<double>(pool_->limit())) +
                                                 ": write smaller pages, or raise --memory or --max-image-pixels");
    const auto end = std::upper_bound(group_ends_.begin(), group_ends_.end(), row);
    if (end != group_ends_.end()) {
      broken_.emplace(row, Broken{static_cast<std::size_t>(end - group_ends_.begin()), status});
    }
    return status;
  }

 private:
  Status Copy(std::string_view from, ByteBuffer* bytes) const {
    const auto size = static_cast<std::int64_t>(from.size());
    if (size > most_bytes_) return TooManyBytes(size, most_bytes_);
    ARROW_RETURN_NOT_OK(bytes->ResizeForFile(from.size()));
    if (!from.empty()) std::memcpy(bytes->data(), from.data(), from.size());
    return Status::OK();
  }

  void Close() {
    stream_ = nullptr;
    column_ = nullptr;  // and the page that it holds
  }

  /// Parquet's errors as those of images; errors of the store stay what they are.
  Status ReadFromStream(std::int64_t row, ByteBuffer* bytes, const Cancellation* cancellation) {
    const auto broken = broken_.upper_bound(row);
    if (broken != broken_.begin() && row < group_ends_[std::prev(broken)->second.group]) {
      return std::prev(broken)->second.status;
    }
    const std::int64_t refusals = pool_->refusals();
    try {
      return Stream(row, bytes, cancellation);
    } catch (const std::exception& error) {
      if (pool_->refusals() > refusals) return Status::CapacityError("no memory for a page");
      return FailureOf(error);
    }
  }

  /// Called in a handler.
  Status FailureOf(const std::exception& thrown) {
    try {
      throw;
    } catch (const std::bad_alloc&) {
      return OutOfMemoryError();
    } catch (const parquet::ParquetStatusException& error) {
      const Status& status = error.status();
      if (FailureCodeOf(status) || IsStoreDown(status) || status.IsCancelled() || status.IsOutOfMemory()) return status;
      return ImageFailure(FailureCode::kUnreadable, status.message());
    } catch (...) {
      Status status =
          ImageFailure(FailureCode::kCorrupt, "the Parquet file is broken here: " + std::string(thrown.what()));
      if (stream_ != nullptr) broken_.emplace(next_, Broken{group_, status});
      return status;
    }
  }

  Status Stream(std::int64_t row, ByteBuffer* bytes, const Cancellation* cancellation) {
    if (reader_ == nullptr) ARROW_RETURN_NOT_OK(Open());
    const bool again = stream_ != nullptr && row < next_;
    if (stream_ == nullptr || again || row >= group_ends_[group_]) ARROW_RETURN_NOT_OK(Begin(row));
    // What lies before a row that was passed once, memory did not hold: to copy it again would only thrash.
    while (again && next_ < row) {
      if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
      const std::int64_t skipped = stream_->Skip(std::min(row - next_, kTableBatchRows));
      if (skipped == 0) break;
      next_ += skipped;
    }
    for (;;) {
      if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
      parquet::ByteArray value;
      std::int16_t level = 0;
      std::int64_t values = 0;
      if (stream_->ReadBatch(1, &level, nullptr, &value, &values) != 1) {
        throw parquet::ParquetException("the column ends before row " + std::to_string(row + 1));
      }
      const std::string_view text =
          values == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(value.ptr), value.len);
      if (next_++ == row) return Copy(text, bytes);
      Keep(next_ - 1, text);
    }
  }

  /// Holds an image that lies before the one that is asked for: others ask for it soon, or have done so.
  void Keep(std::int64_t row, std::string_view text) {
    const auto size = static_cast<std::int64_t>(text.size());
    if (size > memory_ || passed_.contains(row)) return;
    passed_.emplace(row, text);
    order_.push_back(row);
    held_ += size;
    while (held_ > memory_) {
      const auto oldest = passed_.find(order_.front());
      order_.pop_front();
      if (oldest == passed_.end()) continue;  // was taken
      held_ -= static_cast<std::int64_t>(oldest->second.size());
      passed_.erase(oldest);
    }
    if (order_.size() > 2 * passed_.size() + 1024) {
      std::erase_if(order_, [&](std::int64_t old) { return !passed_.contains(old); });
    }
  }

  Status Open() {
    const FileVersion expected{-1, mtime_ns_, etag_};
    ARROW_ASSIGN_OR_RAISE(const auto file, OpenListedFile(place_, expected));
    const Status footer = CheckParquetFooter(file.get());
    if (!footer.ok()) {
      return footer.IsInvalid() ? ImageFailure(FailureCode::kCorrupt, "the Parquet file: " + footer.message()) : footer;
    }
    parquet::ReaderProperties properties = LimitedReading(pool_);
    properties.enable_buffered_stream();
    properties.set_buffer_size(kStreamBuffer);
    auto reader = parquet::ParquetFileReader::Open(file, properties);
    ARROW_ASSIGN_OR_RAISE(const Leaves leaves, FindLeaves(*reader->metadata()->schema(), columns_, place_));
    if (leaves.bytes < 0) return ImageFailure(FailureCode::kChanged, "the file has no column of image bytes any more");
    const Status counts = CheckParquetRowCounts(*reader->metadata());
    if (!counts.ok()) return ImageFailure(FailureCode::kCorrupt, "the Parquet file: " + counts.message());
    leaf_ = leaves.bytes;
    group_ends_.clear();
    std::int64_t rows = 0;
    for (int group = 0; group < reader->metadata()->num_row_groups(); ++group) {
      rows += reader->metadata()->RowGroup(group)->num_rows();
      group_ends_.push_back(rows);
    }
    reader_ = std::move(reader);
    return Status::OK();
  }

  /// Begins the row group that holds a row.
  Status Begin(std::int64_t row) {
    Close();
    const auto end = std::upper_bound(group_ends_.begin(), group_ends_.end(), row);
    if (end == group_ends_.end()) {
      return ImageFailure(FailureCode::kChanged, "the file ends before row " + std::to_string(row + 1));
    }
    group_ = static_cast<std::size_t>(end - group_ends_.begin());
    next_ = group_ == 0 ? 0 : group_ends_[group_ - 1];
    column_ = reader_->RowGroup(static_cast<int>(group_))->Column(leaf_);
    stream_ = dynamic_cast<parquet::ByteArrayReader*>(column_.get());
    return stream_ != nullptr ? Status::OK()
                              : ImageFailure(FailureCode::kChanged, "the column holds no bytes any more");
  }

  /// From a row on to the end of its group nothing can be read.
  struct Broken {
    std::size_t group;
    Status status;
  };

  const Location place_;
  const std::int64_t mtime_ns_;
  const std::string etag_;
  const InputColumns& columns_;
  const std::int64_t memory_;
  const std::int64_t most_bytes_;
  LimitedMemoryPool* const pool_;

  std::mutex mutex_;
  std::unique_ptr<parquet::ParquetFileReader> reader_;
  std::vector<std::int64_t> group_ends_;  ///< number of the row behind each group
  int leaf_ = -1;

  std::shared_ptr<parquet::ColumnReader> column_;
  parquet::ByteArrayReader* stream_ = nullptr;  ///< `column_`, while it can be read
  std::size_t group_ = 0;
  std::int64_t next_ = 0;  ///< row that the stream gives next

  std::unordered_map<std::int64_t, std::string> passed_;
  std::deque<std::int64_t> order_;  ///< of `passed_`, the oldest first; some were taken
  std::int64_t held_ = 0;
  std::map<std::int64_t, Broken> broken_;
};

ParquetImages::ParquetImages(InputColumns columns, std::int64_t memory, std::int64_t most_bytes)
    : columns_(std::move(columns)),
      memory_(memory),
      most_bytes_(most_bytes),
      pool_(LimitedMemoryPool::Make(2 * most_bytes)) {}

ParquetImages::~ParquetImages() = default;

std::shared_ptr<ParquetImages::File> ParquetImages::FileOf(const Location& place, const FileVersion& expected) {
  std::string name = place.path + "\n" + std::string(expected.etag) + "\n" + std::to_string(expected.mtime_ns);
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(files_.begin(), files_.end(), [&](const auto& file) { return file.first == name; });
  if (found != files_.end()) {
    files_.splice(files_.begin(), files_, found);
    return files_.front().second;
  }
  if (files_.size() == kOpenFiles) files_.pop_back();
  files_.emplace_front(std::move(name), std::make_shared<File>(place, expected, columns_, memory_ / kOpenFiles,
                                                               most_bytes_, pool_.get()));
  return files_.front().second;
}

Status ParquetImages::Read(const Location& place, const FileVersion& expected, std::int64_t row, ByteBuffer* bytes,
                           const Cancellation* cancellation) {
  {
    const std::shared_lock lock(gate_);
    Status status = FileOf(place, expected)->Read(row, bytes, cancellation);
    if (!status.IsCapacityError()) return status;
  }
  // Other files may hold the memory that is missing: once more, alone.
  const std::unique_lock lock(gate_);
  files_.clear();
  const std::shared_ptr<File> file = FileOf(place, expected);
  const Status status = file->Read(row, bytes, cancellation);
  return status.IsCapacityError() ? file->MarkTooLarge(row) : status;
}

}  // namespace pomona
