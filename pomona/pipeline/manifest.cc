#include "pomona/pipeline/manifest.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include "pomona/base/hash.h"
#include "pomona/base/json.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/parquet_io.h"

namespace pomona {
namespace {

constexpr std::int64_t kGroupRows = 8 * kBlockRows;
constexpr std::int64_t kManifestMemory = 300'000'000;  ///< a row group of the longest names, with room for its pages
constexpr const char* kPrefixKey = "pomona.prefix_bytes";
constexpr const char* kSkippedKey = "pomona.files_skipped";
constexpr const char* kVersionKey = "pomona.format_version";

std::shared_ptr<arrow::Schema> ManifestSchema() {
  return arrow::schema({arrow::field("path", arrow::utf8(), false), arrow::field("key", arrow::binary()),
                        arrow::field("label", arrow::utf8(), false), arrow::field("size", arrow::int64()),
                        arrow::field("mtime_ns", arrow::int64(), false), arrow::field("etag", arrow::utf8()),
                        arrow::field("offset", arrow::int64())});
}

/// Seven bits a byte, the lowest first; all bytes but the last have the highest bit set (LEB128, as DWARF has it).
void PutNumber(std::uint64_t number, std::string* record) {
  for (; number >= 0x80; number >>= 7) record->push_back(static_cast<char>(number | 0x80));
  record->push_back(static_cast<char>(number));
}

std::uint64_t TakeNumber(const char** at) {
  std::uint64_t number = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*(*at)++);
    number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return number;
  }
}

/// -1, 0, 1 and -2 as 1, 0, 2 and 3: what is near 0 takes one byte.
void PutSigned(std::int64_t number, std::string* record) {
  PutNumber((static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63), record);
}

std::int64_t TakeSigned(const char** at) {
  const std::uint64_t number = TakeNumber(at);
  return static_cast<std::int64_t>((number >> 1) ^ (~(number & 1) + 1));
}

void PutText(std::string_view text, std::string* record) {
  PutNumber(text.size(), record);
  record->append(text);
}

std::string_view TakeText(const char** at) {
  const std::size_t size = TakeNumber(at);
  const std::string_view text(*at, size);
  *at += size;
  return text;
}

/// Adds a text and its length, so that no two different manifests hash the same bytes.
void HashText(std::string_view text, Hasher* hasher) {
  hasher->Update(std::to_string(text.size()) + ":");
  hasher->Update(text);
}

Result<std::shared_ptr<arrow::RecordBatch>> GroupOfRows(const ManifestRows& rows, std::int64_t first,
                                                        std::int64_t count, Hasher* hasher) {
  arrow::StringBuilder path;
  arrow::BinaryBuilder key;
  arrow::StringBuilder label;
  arrow::Int64Builder size;
  arrow::Int64Builder mtime;
  arrow::StringBuilder etag;
  arrow::Int64Builder offset;
  for (std::int64_t i = first; i < first + count; ++i) {
    const ManifestRow row = rows.row(i);
    ARROW_RETURN_NOT_OK(path.Append(row.path));
    const bool derived = row.path.substr(std::min(rows.prefix().size(), row.path.size())) == row.key;
    ARROW_RETURN_NOT_OK(derived ? key.AppendNull() : key.Append(row.key));
    ARROW_RETURN_NOT_OK(label.Append(row.label));
    ARROW_RETURN_NOT_OK(row.size < 0 ? size.AppendNull() : size.Append(row.size));
    ARROW_RETURN_NOT_OK(mtime.Append(row.mtime_ns));
    ARROW_RETURN_NOT_OK(row.etag.empty() ? etag.AppendNull() : etag.Append(row.etag));
    ARROW_RETURN_NOT_OK(row.offset < 0 ? offset.AppendNull() : offset.Append(row.offset));
    HashText(row.path, hasher);
    HashText(row.key, hasher);
    HashText(row.label, hasher);
    hasher->Update(std::to_string(row.size) + ";");
    if (row.offset >= 0) hasher->Update("@" + std::to_string(row.offset) + ";");
  }
  std::vector<std::shared_ptr<arrow::Array>> columns(7);
  ARROW_RETURN_NOT_OK(path.Finish(&columns[0]));
  ARROW_RETURN_NOT_OK(key.Finish(&columns[1]));
  ARROW_RETURN_NOT_OK(label.Finish(&columns[2]));
  ARROW_RETURN_NOT_OK(size.Finish(&columns[3]));
  ARROW_RETURN_NOT_OK(mtime.Finish(&columns[4]));
  ARROW_RETURN_NOT_OK(etag.Finish(&columns[5]));
  ARROW_RETURN_NOT_OK(offset.Finish(&columns[6]));
  return arrow::RecordBatch::Make(ManifestSchema(), count, std::move(columns));
}

/// Manifests of older versions have the first five columns.
bool IsManifestSchema(const arrow::Schema& schema) {
  const std::shared_ptr<arrow::Schema> ours = ManifestSchema();
  if (schema.num_fields() != 5 && schema.num_fields() != ours->num_fields()) return false;
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (!schema.field(i)->type()->Equals(*ours->field(i)->type())) return false;
  }
  return true;
}

/// Whether all row groups but the last have as many rows as blocks are looked for in.
bool IsCutIntoGroups(const parquet::FileMetaData& metadata) {
  std::int64_t left = metadata.num_rows();
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    if (metadata.RowGroup(group)->num_rows() != std::min(kGroupRows, left)) return false;
    left -= std::min(kGroupRows, left);
  }
  return left == 0;
}

/// A name for people to tell bytes apart: all beyond ASCII as \xFF.
std::string WithBytes(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text;
}

}  // namespace

std::int32_t ManifestRows::NumberOfLabel(std::string_view label) {
  auto number = label_numbers_.find(label);
  if (number == label_numbers_.end()) {
    number = label_numbers_.emplace(std::string(label), static_cast<std::int32_t>(labels_.size())).first;
    labels_.emplace_back(label);
    bytes_ += 2 * static_cast<std::int64_t>(label.size()) + 128;
  }
  return number->second;
}

Status ManifestRows::CheckMemory() const {
  if (bytes_ <= memory_limit_) return Status::OK();
  return UsageError("INPUT: the names of the first " + HumanCount(size()) + " images take more than the limit of " +
                    HumanBytes(static_cast<double>(memory_limit_)) +
                    ": raise --memory, which is twice that, or take fewer images");
}

void ManifestRows::AddRow(const ManifestRow& row) {
  const bool derived = row.path.starts_with(prefix_) && row.path.substr(prefix_.size()) == row.key;
  const std::string_view key = derived ? std::string_view() : row.key;
  std::string record;
  record.reserve(row.path.size() + key.size() + row.etag.size() + 32);
  PutText(row.path, &record);
  PutText(key, &record);
  PutNumber(static_cast<std::uint64_t>(NumberOfLabel(row.label)), &record);
  PutSigned(row.size, &record);
  PutSigned(row.mtime_ns, &record);
  PutSigned(row.offset, &record);
  PutText(row.etag, &record);
  char* place = static_cast<char*>(memory_->allocate(record.size(), 1));
  std::copy(record.begin(), record.end(), place);
  records_.push_back(place);
  bytes_ += static_cast<std::int64_t>(record.size() + sizeof(place));
}

ManifestRow ManifestRows::row(std::int64_t i) const {
  const char* at = records_[static_cast<std::size_t>(i)];
  ManifestRow row;
  row.path = TakeText(&at);
  row.key = TakeText(&at);
  if (row.key.empty()) row.key = row.path.substr(prefix_.size());
  row.label = labels_[TakeNumber(&at)];
  row.size = TakeSigned(&at);
  row.mtime_ns = TakeSigned(&at);
  row.offset = TakeSigned(&at);
  row.etag = TakeText(&at);
  return row;
}

std::int32_t ManifestRows::label_number(std::int64_t i) const {
  const char* at = records_[static_cast<std::size_t>(i)];
  TakeText(&at);
  TakeText(&at);
  return static_cast<std::int32_t>(TakeNumber(&at));
}

void ManifestRows::Sort() {
  const auto before = [](const char* a, const char* b) {
    const int order = TakeText(&a).compare(TakeText(&b));
    return order != 0 ? order < 0 : TakeText(&a) < TakeText(&b);
  };
  if (!std::is_sorted(records_.begin(), records_.end(), before)) std::sort(records_.begin(), records_.end(), before);
}

Status ManifestRows::CheckPaths() const {
  for (std::int64_t i = 1; i < size(); ++i) {
    const ManifestRow one = row(i - 1);
    const ManifestRow other = row(i);
    if (one.path != other.path || one.key == other.key) continue;
    if (ToValidUtf8(one.key) != ToValidUtf8(other.key)) continue;  // images of two archives that keep their own paths
    return UsageError("INPUT: \"" + WithBytes(one.key) + "\" and \"" + WithBytes(other.key) +
                      "\" would both be called " + std::string(one.path) +
                      " in the output, where %XX is a byte that is not UTF-8; rename one of them");
  }
  return Status::OK();
}

void ManifestRows::Keep(std::span<const std::int64_t> rows) {
  std::size_t kept = 0;
  for (const std::int64_t row : rows) records_[kept++] = records_[static_cast<std::size_t>(row)];
  records_.resize(kept);
}

Result<std::string> WriteManifest(const ManifestRows& rows, const Location& location) {
  ARROW_ASSIGN_OR_RAISE(ParquetOutput output, ParquetOutput::Open(location, ManifestSchema()));
  Hasher hasher(HashKind::kSha256);
  for (std::int64_t first = 0; first < rows.size(); first += kGroupRows) {
    const std::int64_t count = std::min(kGroupRows, rows.size() - first);
    ARROW_ASSIGN_OR_RAISE(const auto group, GroupOfRows(rows, first, count, &hasher));
    ARROW_RETURN_NOT_OK(output.WriteRowGroup(group));
  }
  std::map<std::string, std::string> about = {{kVersionKey, "1"}, {kPrefixKey, std::to_string(rows.prefix().size())}};
  if (rows.skipped()) about[kSkippedKey] = rows.skipped()->ToJson().dump();
  ARROW_RETURN_NOT_OK(output.Close(about).status());
  return hasher.Finish();
}

ManifestRow ManifestBlock::row(std::int64_t i) const {
  ManifestRow row;
  row.path = path_->GetView(i);
  row.key = key_->IsNull(i) ? row.path.substr(std::min(prefix_length_, row.path.size())) : key_->GetView(i);
  row.label = label_->GetView(i);
  row.size = size_->IsNull(i) ? -1 : size_->Value(i);
  row.mtime_ns = mtime_ns_->Value(i);
  if (etag_ != nullptr && etag_->IsValid(i)) row.etag = etag_->GetView(i);
  if (offset_ != nullptr && offset_->IsValid(i)) row.offset = offset_->Value(i);
  return row;
}

Result<std::unique_ptr<Manifest>> Manifest::Open(const Location& location) {
  ARROW_ASSIGN_OR_RAISE(const ParquetInput input, ParquetInput::Open(location));
  std::unique_ptr<Manifest> manifest(new Manifest());
  manifest->location_ = location;
  manifest->metadata_ = input.metadata();
  manifest->size_ = input.metadata()->num_rows();
  std::map<std::string, std::string> about = KeyValues(*input.metadata());
  const std::string prefix = about[kPrefixKey];
  const auto parsed = std::from_chars(prefix.data(), prefix.data() + prefix.size(), manifest->prefix_length_);
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Schema> schema, input.Schema());
  if (parsed.ec != std::errc() || !IsManifestSchema(*schema) || !IsCutIntoGroups(*input.metadata())) {
    return Status::Invalid(location.display, " is no manifest of Pomona");
  }
  if (about.contains(kSkippedKey)) {
    ARROW_ASSIGN_OR_RAISE(const Json skipped, ParseJson(about[kSkippedKey], location.display));
    manifest->skipped_ = SkippedFiles::FromJson(skipped);
  }
  return manifest;
}

Result<std::shared_ptr<const ManifestBlock>> Manifest::ReadBlock(std::int64_t block) const {
  const std::int64_t first = block * kBlockRows;
  const std::int64_t count = std::min(kBlockRows, size_ - first);
  if (block < 0 || count <= 0) return Status::IndexError("the manifest has no block ", block);
  const std::int64_t group = first / kGroupRows;
  std::shared_ptr<arrow::Table> table;
  {
    const std::lock_guard lock(mutex_);
    if (group_ != group) {
      ARROW_ASSIGN_OR_RAISE(const ParquetInput input, ParquetInput::Open(location_, metadata_, kManifestMemory));
      ARROW_ASSIGN_OR_RAISE(table, input.ReadRowGroups({static_cast<int>(group)}));
      if (table->num_rows() != std::min(kGroupRows, size_ - group * kGroupRows)) {
        return Status::Invalid(location_.display, " holds fewer rows than its metadata say");
      }
      ARROW_ASSIGN_OR_RAISE(table_, table->CombineChunks());
      group_ = group;
    }
    table = table_;
  }
  const std::shared_ptr<arrow::Table> slice = table->Slice(first - group * kGroupRows, count);
  const auto column = [&](int i) { return slice->column(i)->chunk(0); };
  auto rows = std::make_shared<ManifestBlock>();
  rows->first_ = first;
  rows->prefix_length_ = prefix_length_;
  rows->path_ = std::static_pointer_cast<arrow::StringArray>(column(0));
  rows->key_ = std::static_pointer_cast<arrow::BinaryArray>(column(1));
  rows->label_ = std::static_pointer_cast<arrow::StringArray>(column(2));
  rows->size_ = std::static_pointer_cast<arrow::Int64Array>(column(3));
  rows->mtime_ns_ = std::static_pointer_cast<arrow::Int64Array>(column(4));
  if (slice->num_columns() > 6) {
    rows->etag_ = std::static_pointer_cast<arrow::StringArray>(column(5));
    rows->offset_ = std::static_pointer_cast<arrow::Int64Array>(column(6));
  }
  return rows;
}

}  // namespace pomona
