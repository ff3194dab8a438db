#include "pomona/pipeline/inventory.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/csv/api.h>
#include <arrow/io/compressed.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <parquet/schema.h>

#include "pomona/base/json.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/input_limits.h"
#include "pomona/pipeline/parquet_io.h"
#include "pomona/storage/aws_signature.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/s3_client.h"

namespace pomona {
namespace {

/// The columns of a report, by what they are for; -1 where it has none.
struct Columns {
  int bucket = -1;
  int key = -1;
  int size = -1;
  int etag = -1;
  int latest = -1;
  int marker = -1;
};

/// "IsLatest" and "is_latest" alike: letters only, in lower case.
std::string PlainName(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') plain += static_cast<char>(c + 32);
    if (c >= 'a' && c <= 'z') plain += c;
  }
  return plain;
}

Columns ColumnsOf(const std::vector<std::string>& names) {
  const auto find = [&](std::string_view wanted) {
    const auto found =
        std::find_if(names.begin(), names.end(), [&](const std::string& name) { return PlainName(name) == wanted; });
    return found == names.end() ? -1 : static_cast<int>(found - names.begin());
  };
  return {find("bucket"), find("key"), find("size"), find("etag"), find("islatest"), find("isdeletemarker")};
}

class Report {
 public:
  Report(const Location& place, const Labeler& labeler, InputNames* names, ManifestRows* rows,
         const Cancellation* cancellation)
      : place_(place), labeler_(labeler), names_(names), rows_(rows), cancellation_(cancellation) {}

  Status Read() {
    ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(place_));
    ARROW_ASSIGN_OR_RAISE(const Json manifest, ParseJson(text, place_.display));
    ARROW_ASSIGN_OR_RAISE(const auto format, JsonField<std::string>(manifest, "fileFormat", place_.display));
    ARROW_ASSIGN_OR_RAISE(const auto schema, JsonField<std::string>(manifest, "fileSchema", place_.display));
    ARROW_ASSIGN_OR_RAISE(const Json files, JsonField<Json>(manifest, "files", place_.display));
    if (format != "CSV" && format != "Parquet") {
      return UsageError("INPUT: " + place_.display + " is an inventory in " + format + "; CSV or Parquet is wanted");
    }
    const std::string bucket = place_.path.substr(0, place_.path.find('/'));
    for (const Json& file : files) {
      ARROW_ASSIGN_OR_RAISE(const auto key, JsonField<std::string>(file, "key", place_.display));
      Location data = place_;
      data.path = bucket;
      data.path.append("/").append(key);
      data.display = "s3://" + data.path;
      ARROW_RETURN_NOT_OK(format == "CSV" ? ReadCsv(data, NamesOf(schema)) : ReadParquet(data));
    }
    return Status::OK();
  }

 private:
  static std::vector<std::string> NamesOf(std::string_view schema) {  // "Bucket, Key, Size"
    std::vector<std::string> names;
    while (!schema.empty()) {
      const std::string_view name = schema.substr(0, schema.find(','));
      schema.remove_prefix(std::min(name.size() + 1, schema.size()));
      names.emplace_back(PlainName(name));
    }
    return names;
  }

  Status ReadCsv(const Location& data, const std::vector<std::string>& names) {
    ARROW_ASSIGN_OR_RAISE(const auto file, OpenInputFile(data));
    ARROW_ASSIGN_OR_RAISE(const auto codec, arrow::util::Codec::Create(arrow::Compression::GZIP));
    ARROW_ASSIGN_OR_RAISE(const auto plain, arrow::io::CompressedInputStream::Make(codec.get(), file));
    auto read = arrow::csv::ReadOptions::Defaults();
    read.use_threads = false;
    read.column_names = names;
    auto convert = arrow::csv::ConvertOptions::Defaults();
    for (const std::string& name : names) convert.column_types[name] = arrow::utf8();
    ARROW_ASSIGN_OR_RAISE(const auto reader,
                          arrow::csv::StreamingReader::Make(arrow::io::default_io_context(), plain, read,
                                                            arrow::csv::ParseOptions::Defaults(), convert));
    for (;;) {
      if (cancellation_ != nullptr) ARROW_RETURN_NOT_OK(cancellation_->Check());
      std::shared_ptr<arrow::RecordBatch> batch;
      ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
      if (batch == nullptr) return Status::OK();
      ARROW_RETURN_NOT_OK(Add(*batch, true));
    }
  }

  Status ReadParquet(const Location& data) {
    ARROW_ASSIGN_OR_RAISE(const ParquetInput input, ParquetInput::Open(data));
    const parquet::SchemaDescriptor& leaves = *input.metadata()->schema();
    std::vector<std::string> names;
    names.reserve(static_cast<std::size_t>(leaves.num_columns()));
    for (int leaf = 0; leaf < leaves.num_columns(); ++leaf) names.push_back(leaves.GetColumnRoot(leaf)->name());
    const Columns columns = ColumnsOf(names);
    std::vector<int> wanted = {columns.bucket, columns.key, columns.size, columns.etag, columns.latest, columns.marker};
    std::erase(wanted, -1);
    std::sort(wanted.begin(), wanted.end());
    return input.VisitRows(wanted, [&](const arrow::RecordBatch& batch) { return Add(batch, false); }, cancellation_);
  }

  /// \param[in] encoded keys are URL-encoded, as in CSV reports
  Status Add(const arrow::RecordBatch& batch, bool encoded) {
    const Columns columns = ColumnsOf(batch.schema()->field_names());
    if (columns.bucket < 0 || columns.key < 0) {
      return UsageError("INPUT: " + place_.display + ": the inventory has no columns Bucket and Key");
    }
    const auto text = [&](int column, std::int64_t i) -> std::string {
      if (column < 0 || batch.column(column)->IsNull(i)) return "";
      const Result<std::shared_ptr<arrow::Scalar>> value = batch.column(column)->GetScalar(i);
      return value.ok() ? (*value)->ToString() : "";
    };
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
      if (text(columns.latest, i) == "false" || text(columns.marker, i) == "true") continue;
      const std::string raw = text(columns.key, i);
      const std::string key = encoded ? UriDecode(raw) : raw;
      if (key.empty() || key.ends_with('/') || !names_->Takes(key)) continue;
      ARROW_RETURN_NOT_OK(CheckNameSizes(key, {}, [&] { return "an object of " + place_.display; }));
      AddObject(text(columns.bucket, i), key, text(columns.size, i), text(columns.etag, i));
    }
    return rows_->CheckMemory();
  }

  void AddObject(const std::string& bucket, const std::string& key, const std::string& size, const std::string& etag) {
    std::int64_t bytes = -1;
    std::from_chars(size.data(), size.data() + size.size(), bytes);
    const std::string uri = "s3://" + bucket + "/" + UriEncode(key, true);
    const std::string path = "s3://" + bucket + "/" + ToValidUtf8(key);
    rows_->AddRow({path, uri, labeler_.LabelOf(path, bucket + "/" + key), bytes, 0, etag, -1});
  }

  const Location& place_;
  const Labeler& labeler_;
  InputNames* names_;
  ManifestRows* rows_;
  const Cancellation* cancellation_;
};

}  // namespace

bool IsInventory(std::string_view input) { return input.ends_with("/manifest.json"); }

Status ReadInventory(const Location& report, const Labeler& labeler, InputNames* names, ManifestRows* rows,
                     const Cancellation* cancellation) {
  if (report.s3 == nullptr) {
    return UsageError("INPUT: " + report.display + ": an inventory is read where S3 wrote it; give its s3:// URI");
  }
  Status status = Report(report, labeler, names, rows, cancellation).Read();
  if (status.ok() || IsUsageError(status) || !(status.IsInvalid() || status.IsCapacityError())) return status;
  return UsageError("INPUT: " + report.display + " is no S3 Inventory report: " + status.message());
}

}  // namespace pomona
