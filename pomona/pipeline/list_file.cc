#include "pomona/pipeline/list_file.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/csv/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/schema.h>

#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/input_limits.h"
#include "pomona/pipeline/parquet_io.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/uri.h"

namespace pomona {
namespace {

bool IsWhole(std::string_view path) { return path.starts_with('/') || path.find("://") != std::string_view::npos; }

/// Without "./", empty components and a trailing slash, so that one image has one name.
std::string WithoutDots(std::string_view path) {
  std::string clean;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (!clean.empty()) clean += '/';
    clean += part;
  }
  return clean;
}

/// Whether the file system would find a local path's file by a shorter one, too.
bool HasDetour(std::string_view path) {
  return path.find("//") != std::string_view::npos || path.find("/./") != std::string_view::npos ||
         path.find("/../") != std::string_view::npos || path.starts_with("../");
}

/// Whether two local paths lead to one file; also where it is not there, since then nothing tells them apart.
bool AreOneFile(const std::string& a, const std::string& b) {
  std::error_code error;
  return std::filesystem::equivalent(a, b, error) || error;
}

/// The text of one value of a string, binary or dictionary column; "" for null.
Result<std::string_view> TextOf(const arrow::Array& column, std::int64_t i) {
  if (column.IsNull(i)) return std::string_view();
  switch (column.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return static_cast<const arrow::BinaryArray&>(column).GetView(i);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return static_cast<const arrow::LargeBinaryArray&>(column).GetView(i);
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(column);
      const std::int64_t index = dictionary.GetValueIndex(i);  // nobody has checked it
      if (index < 0 || index >= dictionary.dictionary()->length()) return Status::Invalid("a broken dictionary");
      return TextOf(*dictionary.dictionary(), index);
    }
    default:
      return Status::Invalid("text is wanted, ", column.type()->ToString(), " found");
  }
}

/// Rows of a list as they are read: relative keys and labels.
class ListRows {
 public:
  ListRows(const Location& list, const InputColumns& columns, const Labeler& labeler, ManifestRows* rows)
      : list_(list), folder_(list.Parent()), labeler_(labeler), rows_(rows) {
    if (!columns.path.empty()) path_name_ = columns.path;
    if (!columns.label.empty()) label_name_ = columns.label;
    label_wanted_ = !columns.label.empty();
  }

  const std::string& path_name() const { return path_name_; }
  const std::string& label_name() const { return label_name_; }

  Status CheckColumns(const arrow::Schema& schema) {
    path_column_ = schema.GetFieldIndex(path_name_);
    label_column_ = schema.GetFieldIndex(label_name_);
    if (path_column_ >= 0 && (label_column_ >= 0 || !label_wanted_)) return Status::OK();
    const std::string& missing = path_column_ < 0 ? path_name_ : label_name_;
    std::string found;
    for (const std::string& name : schema.field_names()) found += (found.empty() ? "" : ", ") + name;
    return UsageError("INPUT: " + list_.display + " has no column \"" + missing + "\" (found: " + found +
                      "); its first line must name the columns");
  }

  Status Add(const arrow::RecordBatch& batch) {
    const arrow::Array& paths = *batch.column(path_column_);
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
      ++count_;
      const Result<std::string_view> path = TextOf(paths, i);
      if (!path.ok() || path->empty()) {
        return UsageError("INPUT: row " + std::to_string(count_) + " of " + list_.display +
                          ": column path: " + (path.ok() ? "empty" : path.status().message()));
      }
      ARROW_RETURN_NOT_OK(AddRow(*path, batch, i));
    }
    return rows_->CheckMemory();
  }

  Status CheckDuplicates() const {
    const bool by_place = detours_ || (whole_ && relative_);
    std::vector<std::string> places;
    for (std::int64_t i = 0; by_place && i < rows_->size(); ++i) places.push_back(LocalPlace(rows_->row(i)));
    const auto name = [&](std::int64_t i) -> std::string_view {
      return by_place ? places[static_cast<std::size_t>(i)] : rows_->row(i).path;
    };
    std::vector<std::int64_t> order(static_cast<std::size_t>(rows_->size()));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return name(a) < name(b); });
    for (std::size_t i = 1; i < order.size(); ++i) {
      const std::int64_t first = order[i - 1];
      const std::int64_t second = order[i];
      if (name(first) != name(second)) continue;
      const std::string path(rows_->row(first).path);
      const std::string other(rows_->row(second).path);
      if (path != other && !AreOneFile(FilePath(rows_->row(first)), FilePath(rows_->row(second)))) continue;
      return UsageError("INPUT: " + list_.display + " names " + path + " twice, in rows " + std::to_string(first + 1) +
                        " and " + std::to_string(second + 1) + (path == other ? "" : " (there as " + other + ")") +
                        "; leave one of them");
    }
    return Status::OK();
  }

 private:
  std::string RowName() const { return "row " + std::to_string(count_) + " of " + list_.display; }

  Status AddRow(std::string_view path, const arrow::RecordBatch& batch, std::int64_t i) {
    ARROW_RETURN_NOT_OK(CheckNameSizes(path, {}, [&] { return RowName(); }));
    const std::string key = KeyOf(path);
    std::string label;
    if (label_column_ >= 0) {
      const Result<std::string_view> text = TextOf(*batch.column(label_column_), i);
      if (!text.ok()) {
        return UsageError("INPUT: row " + std::to_string(count_) + " of " + list_.display +
                          ": column label: " + text.status().message());
      }
      ARROW_RETURN_NOT_OK(CheckNameSizes(path, *text, [&] { return RowName(); }));
      label = ToValidUtf8(*text);
    } else {
      const std::string place = IsWhole(key) ? key : folder_.path + "/" + key;
      label = labeler_.LabelOf(IsWhole(key) ? key : rows_->prefix() + key, place);
    }
    if (IsLocal(key)) {
      (IsWhole(key) ? whole_ : relative_) = true;
      detours_ = detours_ || HasDetour(key);
    }
    IsWhole(key) ? rows_->AddWhole(key, label, -1, 0) : rows_->Add(key, label, -1, 0);
    return Status::OK();
  }

  /// What the manifest keeps of a path. A URI with a secret is refused when it is read (`UriSource`), so the secret is
  /// not kept; the number of its row tells it from others that look the same without it.
  std::string KeyOf(std::string_view path) const {
    if (!IsWhole(path)) return WithoutDots(path);
    const std::string shown = PublicUri(path);
    return shown == ToValidUtf8(path) ? std::string(path) : shown + "#row=" + std::to_string(count_);
  }

  bool IsLocal(std::string_view key) const {
    return IsWhole(key) ? key.starts_with('/') : folder_.is_local();  // elsewhere ".." is a name like any other
  }

  std::string FilePath(const ManifestRow& row) const {
    return IsWhole(row.key) ? std::string(row.key) : folder_.path + "/" + std::string(row.key);
  }

  /// One name for each local file, whichever way its path goes; the path itself of others.
  std::string LocalPlace(const ManifestRow& row) const {
    if (!IsLocal(row.key)) return std::string(row.path);
    return std::filesystem::path(FilePath(row)).lexically_normal().string();
  }

  const Location& list_;
  Location folder_;
  const Labeler& labeler_;
  ManifestRows* rows_;
  std::string path_name_ = "path";
  std::string label_name_ = "label";
  bool label_wanted_ = false;
  int path_column_ = -1;
  int label_column_ = -1;
  std::int64_t count_ = 0;
  bool whole_ = false;     ///< a local path from the root is among the rows
  bool relative_ = false;  ///< a local path from the list's folder is
  bool detours_ = false;   ///< a local path with ".." or the like is
};

/// Whoever parses a CSV makes something for each of its columns: a megabyte of commas takes gigabytes.
Status CheckColumnCount(const Location& list) {
  constexpr std::int64_t kMostColumns = 1000;
  constexpr std::int64_t kFirstBlock = 1 << 20;  // what the parser reads at a time
  ARROW_ASSIGN_OR_RAISE(const auto file, OpenInputFile(list));
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Buffer> block, file->Read(kFirstBlock));
  std::string_view line(reinterpret_cast<const char*>(block->data()), static_cast<std::size_t>(block->size()));
  line = line.substr(0, line.find('\n'));
  const std::int64_t columns = 1 + std::count(line.begin(), line.end(), ',');
  if (columns <= kMostColumns) return Status::OK();
  return UsageError("INPUT: " + list.display + " has " + HumanCount(columns) + " columns, more than the limit of " +
                    HumanCount(kMostColumns));
}

Status ReadCsv(const Location& list, ListRows* rows, const Cancellation* cancellation) {
  ARROW_RETURN_NOT_OK(CheckColumnCount(list));
  ARROW_ASSIGN_OR_RAISE(const auto file, OpenInputFile(list));
  auto read = arrow::csv::ReadOptions::Defaults();
  read.use_threads = false;
  auto parse = arrow::csv::ParseOptions::Defaults();
  parse.newlines_in_values = true;
  auto convert = arrow::csv::ConvertOptions::Defaults();
  convert.column_types = {{rows->path_name(), arrow::binary()}, {rows->label_name(), arrow::binary()}};
  convert.strings_can_be_null = false;
  const auto reader = arrow::csv::StreamingReader::Make(arrow::io::default_io_context(), file, read, parse, convert);
  if (!reader.ok()) return UsageError("INPUT: " + list.display + " is no readable CSV: " + reader.status().message());
  ARROW_RETURN_NOT_OK(rows->CheckColumns(*(*reader)->schema()));
  for (;;) {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    std::shared_ptr<arrow::RecordBatch> batch;
    const Status status = (*reader)->ReadNext(&batch);
    if (!status.ok()) return UsageError("INPUT: " + list.display + " is no readable CSV: " + status.message());
    if (batch == nullptr) return Status::OK();
    ARROW_RETURN_NOT_OK(rows->Add(*batch));
  }
}

Status ReadParquet(const Location& list, ListRows* rows, const Cancellation* cancellation) {
  const Result<ParquetInput> input = ParquetInput::Open(list);
  if (!input.ok()) return UsageError("INPUT: " + input.status().message());
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Schema> schema, input->Schema());
  ARROW_RETURN_NOT_OK(rows->CheckColumns(*schema));
  const parquet::SchemaDescriptor& leaves = *input->metadata()->schema();
  std::vector<int> wanted;
  for (int leaf = 0; leaf < leaves.num_columns(); ++leaf) {
    const std::string& name = leaves.GetColumnRoot(leaf)->name();
    if (name == rows->path_name() || name == rows->label_name()) wanted.push_back(leaf);
  }
  Status read = input->VisitRows(
      wanted,
      [&](const arrow::RecordBatch& batch) {
        ARROW_RETURN_NOT_OK(rows->CheckColumns(*batch.schema()));
        return rows->Add(batch);
      },
      cancellation);
  if (IsUsageError(read) || !(read.IsInvalid() || read.IsCapacityError())) return read;
  return UsageError("INPUT: " + read.message());
}

}  // namespace

bool IsListFile(std::string_view input) { return input.ends_with(".csv") || input.ends_with(".parquet"); }

std::string ListPrefix(const Location& list) {
  const Location folder = list.Parent();
  if (folder.display.empty() || folder.display.ends_with('/')) return folder.display;
  return folder.display + "/";
}

Status ReadListFile(const Location& list, const InputColumns& columns, const Labeler& labeler, ManifestRows* rows,
                    const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(list));
  if (kind != PlaceKind::kFile) return UsageError("INPUT: there is no file " + list.display);
  ListRows list_rows(list, columns, labeler, rows);
  ARROW_RETURN_NOT_OK(list.path.ends_with(".csv") ? ReadCsv(list, &list_rows, cancellation)
                                                  : ReadParquet(list, &list_rows, cancellation));
  return list_rows.CheckDuplicates();
}

}  // namespace pomona
