#include "pomona/pipeline/quarantine.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include "pomona/pipeline/parquet_io.h"

namespace pomona {
namespace {

constexpr std::size_t kRowsAGroup = 16'384;

std::shared_ptr<arrow::Schema> QuarantineSchema() {
  const auto text = [](const char* name) { return arrow::field(name, arrow::utf8(), false); };
  return arrow::schema({text("path"), text("label"), arrow::field("size_bytes", arrow::int64()), text("stage"),
                        text("code"), text("message")});
}

Result<std::shared_ptr<arrow::RecordBatch>> BatchOf(const std::vector<QuarantineRow>& rows) {
  arrow::StringBuilder path;
  arrow::StringBuilder label;
  arrow::Int64Builder size;
  arrow::StringBuilder stage;
  arrow::StringBuilder code;
  arrow::StringBuilder message;
  for (const QuarantineRow& row : rows) {
    ARROW_RETURN_NOT_OK(path.Append(row.path));
    ARROW_RETURN_NOT_OK(label.Append(row.label));
    ARROW_RETURN_NOT_OK(row.size_bytes < 0 ? size.AppendNull() : size.Append(row.size_bytes));
    ARROW_RETURN_NOT_OK(stage.Append(row.stage));
    ARROW_RETURN_NOT_OK(code.Append(FailureCodeName(row.code)));
    ARROW_RETURN_NOT_OK(message.Append(row.message));
  }
  std::vector<std::shared_ptr<arrow::Array>> columns(6);
  ARROW_RETURN_NOT_OK(path.Finish(&columns[0]));
  ARROW_RETURN_NOT_OK(label.Finish(&columns[1]));
  ARROW_RETURN_NOT_OK(size.Finish(&columns[2]));
  ARROW_RETURN_NOT_OK(stage.Finish(&columns[3]));
  ARROW_RETURN_NOT_OK(code.Finish(&columns[4]));
  ARROW_RETURN_NOT_OK(message.Finish(&columns[5]));
  return arrow::RecordBatch::Make(QuarantineSchema(), static_cast<std::int64_t>(rows.size()), std::move(columns));
}

}  // namespace

Json QuarantineRow::ToJson() const {
  return {{"index", index},           {"path", path},   {"label", label},
          {"size_bytes", size_bytes}, {"stage", stage}, {"code", FailureCodeName(code)},
          {"message", message}};
}

Result<QuarantineRow> QuarantineRow::FromJson(const Json& json, std::string_view origin) {
  QuarantineRow row;
  ARROW_ASSIGN_OR_RAISE(row.index, JsonField<std::int64_t>(json, "index", origin));
  ARROW_ASSIGN_OR_RAISE(row.path, JsonField<std::string>(json, "path", origin));
  ARROW_ASSIGN_OR_RAISE(row.label, JsonField<std::string>(json, "label", origin));
  ARROW_ASSIGN_OR_RAISE(row.size_bytes, JsonField<std::int64_t>(json, "size_bytes", origin));
  ARROW_ASSIGN_OR_RAISE(row.stage, JsonField<std::string>(json, "stage", origin));
  ARROW_ASSIGN_OR_RAISE(row.message, JsonField<std::string>(json, "message", origin));
  ARROW_ASSIGN_OR_RAISE(const std::string code, JsonField<std::string>(json, "code", origin));
  const std::optional<FailureCode> found = FailureCodeFromName(code);
  if (!found) return Status::Invalid(origin, ": \"code\": ", code, " is no failure code");
  row.code = *found;
  return row;
}

Status WriteQuarantine(const Location& location, std::int64_t groups,
                       const std::function<Result<std::vector<QuarantineRow>>(std::int64_t)>& read) {
  ARROW_ASSIGN_OR_RAISE(ParquetOutput output, ParquetOutput::Open(location, QuarantineSchema()));
  std::vector<QuarantineRow> pending;
  const auto flush = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto batch, BatchOf(pending));
    pending.clear();
    return output.WriteRowGroup(batch);
  };
  for (std::int64_t group = 0; group < groups; ++group) {
    ARROW_ASSIGN_OR_RAISE(std::vector<QuarantineRow> rows, read(group));
    for (QuarantineRow& row : rows) pending.push_back(std::move(row));
    if (pending.size() >= kRowsAGroup) ARROW_RETURN_NOT_OK(flush());
  }
  if (!pending.empty()) ARROW_RETURN_NOT_OK(flush());
  return output.Close({{"pomona.format_version", "1"}}).status();
}

Status ReadQuarantine(const Location& location, const std::function<void(const QuarantineRow&)>& visit) {
  ARROW_ASSIGN_OR_RAISE(const ParquetInput input, ParquetInput::Open(location));
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Schema> schema, input.Schema());
  if (!schema->Equals(*QuarantineSchema(), false)) {
    return Status::Invalid(location.display, " has not the columns of a quarantine file");
  }
  return input.VisitRows({0, 1, 2, 3, 4, 5}, [&](const arrow::RecordBatch& rows) {
    const auto text = [&](int column, std::int64_t i) {
      return static_cast<const arrow::StringArray&>(*rows.column(column)).GetString(i);
    };
    const auto& sizes = static_cast<const arrow::Int64Array&>(*rows.column(2));
    for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
      const FailureCode code = FailureCodeFromName(text(4, i)).value_or(FailureCode::kUnreadable);
      visit({0, text(0, i), text(1, i), sizes.IsNull(i) ? -1 : sizes.Value(i), text(3, i), code, text(5, i)});
    }
    return Status::OK();
  });
}

}  // namespace pomona
