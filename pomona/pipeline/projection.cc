#include "pomona/pipeline/projection.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include "pomona/learn/row_kernels.h"
#include "pomona/pipeline/csv.h"
#include "pomona/pipeline/number_text.h"
#include "pomona/pipeline/ordered.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/pipeline/parquet_io.h"
#include "pomona/pipeline/part_file.h"
#include "pomona/pipeline/versions.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

const arrow::StringArray& TextColumn(const arrow::Table& table, int column) {
  return static_cast<const arrow::StringArray&>(*table.column(column)->chunk(0));
}

std::shared_ptr<arrow::Schema> ProjectionSchema(std::int64_t components) {
  return arrow::schema({arrow::field("path", arrow::utf8(), false), arrow::field("label", arrow::utf8(), false),
                        arrow::field("components", VectorType(arrow::float64(), components), false)});
}

std::int64_t RowsAPart(std::int64_t components) {
  return std::max<std::int64_t>(1, kPartBytes / (components * static_cast<std::int64_t>(sizeof(double)) + 128));
}

/// The CSV file that a row belongs to, which its number alone decides.
std::string CsvName(std::int64_t row, std::int64_t rows, std::int64_t csv_rows) {
  if (rows <= csv_rows) return std::string(output_names::kProjectionCsv);
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "projection-%05lld.csv", static_cast<long long>(row / csv_rows));
  return name.data();
}

std::string NameIn(const ProjectionJob& job, std::string_view name) {
  return job.name_of ? job.name_of(name) : std::string(name);
}

/// One block, projected.
struct ProjectedBlock {
  std::shared_ptr<arrow::Table> rows;  ///< `ProjectionSchema`, one chunk a column; null when the block is empty
  std::string csv;
  std::vector<std::size_t> csv_ends;  ///< of each row's record in `csv`
  std::vector<ReportPoint> points;
};

class BlockProjector {
 public:
  explicit BlockProjector(const ProjectionJob& job) : job_(job), schema_(ProjectionSchema(job.reduction->kept())) {
    first_rows_.reserve(static_cast<std::size_t>(job.rows->block_count()));
    std::int64_t row = 0;
    for (std::int64_t block = 0; block < job.rows->block_count(); ++block) {
      first_rows_.push_back(row);
      row += job.rows->block_rows(block);
    }
  }

  Result<ProjectedBlock> Project(std::int64_t block) const {
    ProjectedBlock projected;
    const std::int64_t count = job_.rows->block_rows(block);
    if (count == 0) return projected;
    const std::int64_t kept = job_.reduction->kept();
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Buffer> buffer,
                          arrow::AllocateBuffer(count * kept * static_cast<std::int64_t>(sizeof(double))));
    const MatrixView<double> values{reinterpret_cast<double*>(buffer->mutable_data()), count, kept};
    ARROW_RETURN_NOT_OK(job_.rows->Visit(block, [&](const RowBlock& rows) -> Status {
      ARROW_RETURN_NOT_OK(CheckFinite(rows));
      return job_.reduction->Project(rows.rows, values);
    }));
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Table> names, job_.rows->Names(block));
    const auto floats = std::make_shared<arrow::DoubleArray>(count * kept, buffer);
    const auto vectors = std::make_shared<arrow::FixedSizeListArray>(schema_->field(2)->type(), count, floats);
    projected.rows = arrow::Table::Make(schema_, {names->column(0)->chunk(0), names->column(1)->chunk(0), vectors});
    WriteCsv(*names, values, &projected);
    projected.points = Points(*names, values, first_rows_[static_cast<std::size_t>(block)]);
    return projected;
  }

 private:
  void WriteCsv(const arrow::Table& names, MatrixView<const double> values, ProjectedBlock* projected) const {
    std::string& csv = projected->csv;
    projected->csv_ends.reserve(static_cast<std::size_t>(values.rows));
    csv.reserve(static_cast<std::size_t>(values.rows * (64 + values.cols * 20)));
    for (std::int64_t i = 0; i < values.rows; ++i) {
      AppendCsvField(TextColumn(names, 0).GetView(i), job_.csv_text, &csv);
      csv += ',';
      AppendCsvField(TextColumn(names, 1).GetView(i), job_.csv_text, &csv);
      for (const double value : values.row(i)) {
        csv += ',';
        AppendNumber(value, &csv);
      }
      csv += '\n';
      projected->csv_ends.push_back(csv.size());
    }
  }

  std::vector<ReportPoint> Points(const arrow::Table& names, MatrixView<const double> values,
                                  std::int64_t first) const {
    std::vector<ReportPoint> points;
    auto row = std::lower_bound(job_.report_rows.begin(), job_.report_rows.end(), first);
    for (; row != job_.report_rows.end() && *row < first + values.rows; ++row) {
      const std::int64_t i = *row - first;
      ReportPoint point;
      point.path = TextColumn(names, 0).GetString(i);
      point.label = TextColumn(names, 1).GetString(i);
      point.x = values(i, 0);
      if (values.cols > 1) point.y = values(i, 1);
      points.push_back(std::move(point));
    }
    return points;
  }

  const ProjectionJob& job_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::int64_t> first_rows_;
};

/// Takes projected blocks in order and writes both forms.
class ProjectionWriter {
 public:
  static Result<ProjectionWriter> Open(const ProjectionJob& job) {
    ProjectionWriter writer(job);
    ARROW_RETURN_NOT_OK(writer.BeginCsv());
    ARROW_RETURN_NOT_OK(writer.BeginPart());
    return writer;
  }

  /// Rows lie in parts and row groups by their number alone.
  Status Add(const ProjectedBlock& block) {
    if (block.rows == nullptr) return Status::OK();
    ARROW_RETURN_NOT_OK(AddCsv(block));
    std::shared_ptr<arrow::Table> rows = block.rows;
    while (rows->num_rows() > 0) {
      const std::int64_t room = std::min(group_rows_ - pending_rows_, part_rows_ - rows_in_part_ - pending_rows_);
      const std::int64_t count = std::min(room, rows->num_rows());
      pending_.push_back(rows->Slice(0, count));
      pending_rows_ += count;
      rows = rows->Slice(count);
      if (count == room) ARROW_RETURN_NOT_OK(FlushGroup());
    }
    return Status::OK();
  }

  Status Close() {
    ARROW_RETURN_NOT_OK(FlushGroup());
    if (part_) ARROW_RETURN_NOT_OK(EndPart());
    return csv_->Close();
  }

 private:
  explicit ProjectionWriter(const ProjectionJob& job)
      : job_(&job),
        schema_(ProjectionSchema(job.reduction->kept())),
        part_rows_(RowsAPart(job.reduction->kept())),
        group_rows_(std::clamp<std::int64_t>(
            kRowGroupBytes / (job.reduction->kept() * static_cast<std::int64_t>(sizeof(double)) + 128), 1, 65'536)) {}

  Status BeginCsv() {
    const std::string name = CsvName(csv_row_, job_->rows->row_count(), job_->csv_rows);
    ARROW_ASSIGN_OR_RAISE(csv_, OpenAtomicOutput(job_->output.Child(NameIn(*job_, name))));
    std::string heading = "path,label";
    for (std::int64_t i = 1; i <= job_->reduction->kept(); ++i) heading += ",pc" + std::to_string(i);
    return csv_->Write(heading + "\n");
  }

  Status AddCsv(const ProjectedBlock& block) {
    const auto rows = static_cast<std::int64_t>(block.csv_ends.size());
    std::size_t begin = 0;
    for (std::int64_t row = 0; row < rows;) {
      if (csv_row_ > 0 && csv_row_ % job_->csv_rows == 0) {
        ARROW_RETURN_NOT_OK(csv_->Close());
        ARROW_RETURN_NOT_OK(BeginCsv());
      }
      const std::int64_t count = std::min(rows - row, job_->csv_rows - csv_row_ % job_->csv_rows);
      const std::size_t end = block.csv_ends[static_cast<std::size_t>(row + count - 1)];
      ARROW_RETURN_NOT_OK(csv_->Write(block.csv.data() + begin, static_cast<std::int64_t>(end - begin)));
      begin = end;
      row += count;
      csv_row_ += count;
    }
    return Status::OK();
  }

  Status BeginPart() {
    ARROW_ASSIGN_OR_RAISE(
        part_, ParquetOutput::Open(job_->output.Child(NameIn(*job_, PartName(output_names::kProjection, part_number_))),
                                   schema_));
    return Status::OK();
  }

  Status EndPart() {
    ARROW_RETURN_NOT_OK(part_->Close({{"pomona.format_version", std::to_string(kOutputFormatVersion)}}).status());
    part_.reset();
    ++part_number_;
    rows_in_part_ = 0;
    return Status::OK();
  }

  Status FlushGroup() {
    if (pending_.empty()) return Status::OK();
    if (!part_) ARROW_RETURN_NOT_OK(BeginPart());
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Table> group, arrow::ConcatenateTables(pending_));
    ARROW_RETURN_NOT_OK(part_->WriteRowGroup(group));
    rows_in_part_ += pending_rows_;
    pending_.clear();
    pending_rows_ = 0;
    return rows_in_part_ == part_rows_ ? EndPart() : Status::OK();
  }

  const ProjectionJob* job_;
  std::shared_ptr<arrow::Schema> schema_;
  std::int64_t part_rows_;
  std::int64_t group_rows_;
  std::shared_ptr<arrow::io::OutputStream> csv_;
  std::int64_t csv_row_ = 0;  ///< rows written as CSV
  std::optional<ParquetOutput> part_;
  std::int64_t part_number_ = 0;
  std::int64_t rows_in_part_ = 0;
  std::vector<std::shared_ptr<arrow::Table>> pending_;
  std::int64_t pending_rows_ = 0;
};

}  // namespace

Result<ReportSample> SampleForReport(const FeatureRows& rows, const Cancellation* cancellation) {
  ReportSample sample;
  for (std::int64_t block = 0; block < rows.block_count(); ++block) {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    if (rows.block_rows(block) == 0) continue;
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Table> names, rows.Names(block));
    for (std::int64_t i = 0; i < names->num_rows(); ++i) {
      sample.Add(TextColumn(*names, 0).GetView(i), TextColumn(*names, 1).GetView(i));
    }
  }
  return sample;
}

bool IsProjectionCsv(std::string_view name) {
  return name == output_names::kProjectionCsv || (name.starts_with("projection-") && name.ends_with(".csv"));
}

std::vector<std::string> ProjectionFileNames(std::int64_t rows, std::int64_t components, std::int64_t csv_rows) {
  std::vector<std::string> names;
  for (std::int64_t row = 0; row == 0 || row < rows; row += csv_rows) names.push_back(CsvName(row, rows, csv_rows));
  const std::int64_t rows_a_part = RowsAPart(components);
  for (std::int64_t row = 0; row == 0 || row < rows; row += rows_a_part) {
    names.push_back(PartName(output_names::kProjection, row / rows_a_part));
  }
  return names;
}

Result<std::vector<ReportPoint>> WriteProjection(const ProjectionJob& job, const Cancellation* cancellation) {
  const BlockProjector projector(job);
  ARROW_ASSIGN_OR_RAISE(ProjectionWriter writer, ProjectionWriter::Open(job));
  std::vector<ReportPoint> points;
  ARROW_RETURN_NOT_OK(ParallelInOrder<ProjectedBlock>(
      job.rows->block_count(), job.threads, [&](std::int64_t block) { return projector.Project(block); },
      [&](std::int64_t block, ProjectedBlock projected) -> Status {
        ARROW_RETURN_NOT_OK(writer.Add(projected));
        std::move(projected.points.begin(), projected.points.end(), std::back_inserter(points));
        if (job.advanced) job.advanced(job.rows->block_rows(block));
        return Status::OK();
      },
      cancellation));
  ARROW_RETURN_NOT_OK(writer.Close());
  return points;
}

std::vector<ReportComponent> ReportComponents(const Reduction& reduction) {
  std::vector<ReportComponent> components;
  double cumulative = 0;
  for (std::size_t i = 0; i < reduction.explained_variance.size(); ++i) {
    ReportComponent component;
    component.variance = reduction.explained_variance[i];
    component.ratio = reduction.total_variance > 0 ? component.variance / reduction.total_variance : 0;
    cumulative += component.ratio;
    component.cumulative = cumulative;
    component.kept = static_cast<std::int64_t>(i) < reduction.kept();
    components.push_back(component);
  }
  return components;
}

Status WriteExplainedVariance(const Reduction& reduction, const Location& location) {
  std::string csv = "component,explained_variance,ratio,cumulative,kept\n";
  std::int64_t number = 0;
  for (const ReportComponent& component : ReportComponents(reduction)) {
    csv += std::to_string(++number) + ",";
    AppendNumber(component.variance, &csv);
    csv += ',';
    AppendNumber(component.ratio, &csv);
    csv += ',';
    AppendNumber(component.cumulative, &csv);
    csv += component.kept ? ",true\n" : ",false\n";
  }
  return WriteAtomically(location, csv);
}

}  // namespace pomona
