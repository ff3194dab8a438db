#include "pomona/pipeline/packed_parquet.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include "pomona/base/failure.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/parquet_io.h"
#include "pomona/storage/file_version.h"
#include "pomona/storage/retry.h"

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

/// The texts of one leaf in one row group; "" for null.
class TextColumn {
 public:
  static Result<TextColumn> Read(parquet::arrow::FileReader* reader, int group, int leaf) {
    TextColumn texts;
    if (leaf < 0) return texts;
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Table> table, reader->ReadRowGroup(group, {leaf}));
    ARROW_ASSIGN_OR_RAISE(const auto combined, table->CombineChunks());
    if (combined->num_rows() == 0) return texts;
    texts.values_ = combined->column(0)->chunk(0);
    while (texts.values_->type_id() == arrow::Type::STRUCT) {  // of which the one leaf was read
      ARROW_ASSIGN_OR_RAISE(texts.values_, static_cast<const arrow::StructArray&>(*texts.values_).GetFlattenedField(0));
    }
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

  Status Add(parquet::arrow::FileReader* reader, const Leaves& leaves) {
    std::int64_t number = 0;
    for (int group = 0; group < reader->num_row_groups(); ++group) {
      const std::int64_t count = reader->parquet_reader()->metadata()->RowGroup(group)->num_rows();
      ARROW_ASSIGN_OR_RAISE(const TextColumn paths, TextColumn::Read(reader, group, leaves.path));
      ARROW_ASSIGN_OR_RAISE(const TextColumn labels, TextColumn::Read(reader, group, leaves.label));
      for (std::int64_t i = 0; i < count; ++i, ++number) {
        const Result<std::string> path = paths.Of(i);
        if (!path.ok())
          return UsageError("INPUT: column of paths of " + place_.display + ": " + path.status().message());
        const Result<std::string> label = labels.Of(i);
        if (!label.ok())
          return UsageError("INPUT: column label of " + place_.display + ": " + label.status().message());
        AddRow(number, *path, leaves.label >= 0 ? std::optional(*label) : std::nullopt);
      }
    }
    return CheckDuplicates();
  }

 private:
  void AddRow(std::int64_t number, const std::string& path, const std::optional<std::string>& label) {
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
};

}  // namespace

bool IsParquetFile(std::string_view name) { return name.ends_with(".parquet"); }

Result<bool> AddParquetImages(const Location& place, std::string_view key, const ListedFile& file,
                              const InputColumns& columns, const Labeler& labeler, InputNames* names,
                              ManifestRows* rows) {
  const Result<ParquetInput> input = ParquetInput::Open(place);
  if (!input.ok()) {
    // What only has the name of a Parquet file is for the decoder to judge, or for whoever reads lists.
    if (input.status().IsInvalid()) return false;
    return input.status();
  }
  ARROW_ASSIGN_OR_RAISE(const Leaves leaves, FindLeaves(*input->metadata->schema(), columns, place));
  if (leaves.bytes < 0) return false;
  ARROW_RETURN_NOT_OK(ParquetRows(place, key, file, labeler, names, rows).Add(input->reader.get(), leaves));
  return true;
}

/// One open file: a stream through one row group, and images that it went past.
class ParquetImages::File {
 public:
  File(Location place, const FileVersion& expected, const InputColumns& columns, std::int64_t memory)
      : place_(std::move(place)),
        mtime_ns_(expected.mtime_ns),
        etag_(expected.etag),
        columns_(columns),
        memory_(memory) {}

  Status Read(std::int64_t row, ByteBuffer* bytes) {
    const std::lock_guard lock(mutex_);
    bytes->Resize(0);
    const auto found = passed_.find(row);
    if (found != passed_.end()) {
      Copy(found->second, bytes);
      held_ -= static_cast<std::int64_t>(found->second.size());
      passed_.erase(found);
      return Status::OK();
    }
    Status status = ReadFromStream(row, bytes);
    if (!status.ok()) stream_ = nullptr;
    return status;
  }

 private:
  static void Copy(std::string_view from, ByteBuffer* bytes) {
    bytes->Resize(from.size());
    if (!from.empty()) std::memcpy(bytes->data(), from.data(), from.size());
  }

  /// Parquet's errors as those of images; errors of the store stay what they are.
  Status ReadFromStream(std::int64_t row, ByteBuffer* bytes) {
    const auto broken = broken_.upper_bound(row);
    if (broken != broken_.begin() && row < group_ends_[std::prev(broken)->second.group]) {
      return std::prev(broken)->second.status;
    }
    try {
      return Stream(row, bytes);
    } catch (const parquet::ParquetStatusException& error) {
      const Status& status = error.status();
      if (FailureCodeOf(status) || IsStoreDown(status) || status.IsCancelled() || status.IsOutOfMemory()) return status;
      return ImageFailure(FailureCode::kUnreadable, status.message());
    } catch (const std::exception& error) {
      Status status =
          ImageFailure(FailureCode::kCorrupt, "the Parquet file is broken here: " + std::string(error.what()));
      if (stream_ != nullptr) broken_.emplace(next_, Broken{group_, status});
      return status;
    }
  }

  Status Stream(std::int64_t row, ByteBuffer* bytes) {
    if (reader_ == nullptr) ARROW_RETURN_NOT_OK(Open());
    if (stream_ == nullptr || row < next_ || row >= group_ends_[group_]) ARROW_RETURN_NOT_OK(Begin(row));
    for (;;) {
      parquet::ByteArray value;
      std::int16_t level = 0;
      std::int64_t values = 0;
      if (stream_->ReadBatch(1, &level, nullptr, &value, &values) != 1) {
        throw parquet::ParquetException("the column ends before row " + std::to_string(row + 1));
      }
      const std::string_view text =
          values == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(value.ptr), value.len);
      if (next_++ == row) {
        Copy(text, bytes);
        return Status::OK();
      }
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
    parquet::ReaderProperties properties = parquet::default_reader_properties();
    properties.enable_buffered_stream();
    properties.set_buffer_size(kStreamBuffer);
    auto reader = parquet::ParquetFileReader::Open(file, properties);
    ARROW_ASSIGN_OR_RAISE(const Leaves leaves, FindLeaves(*reader->metadata()->schema(), columns_, place_));
    if (leaves.bytes < 0) return ImageFailure(FailureCode::kChanged, "the file has no column of image bytes any more");
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
    stream_ = nullptr;
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

ParquetImages::ParquetImages(InputColumns columns, std::int64_t memory)
    : columns_(std::move(columns)), memory_(memory) {}

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
  files_.emplace_front(std::move(name), std::make_shared<File>(place, expected, columns_, memory_ / kOpenFiles));
  return files_.front().second;
}

Status ParquetImages::Read(const Location& place, const FileVersion& expected, std::int64_t row, ByteBuffer* bytes) {
  return FileOf(place, expected)->Read(row, bytes);
}

}  // namespace pomona
