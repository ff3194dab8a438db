#include "pomona/pipeline/projection.h"

#include <cstring>
#include <limits>

#include <arrow/array.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include "pomona/pipeline/parquet_io.h"
#include "pomona/pipeline/testing_features.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::ReadFile;
using testing_folder::TempFolder;

class ProjectionTest : public ::testing::Test {
 protected:
  ProjectionTest() : output_(Location::Parse(folder_ / "out").ValueOrDie()) {
    testing_features::MakeFeatures(output_, 2100, 3, {1, 1024});
    rows_ = FeatureRows::Open(output_.Child("features")).ValueOrDie();
    reduction_.rows = rows_->row_count();
    reduction_.mean = {1, 2, 3};
    reduction_.scale = {1, 2, 0};
    reduction_.components = {2, 3, {0, 1, 0, 1, 0, 0}};
    reduction_.explained_variance = {3, 1};
    reduction_.total_variance = 4;
  }

  std::vector<ReportPoint> Write(int threads, std::int64_t csv_rows = kCsvRows) {
    ProjectionJob job;
    job.csv_rows = csv_rows;
    job.rows = rows_.get();
    job.reduction = &reduction_;
    job.output = output_;
    job.report_rows = {0, 1, 1500};
    job.threads = threads;
    return WriteProjection(job, nullptr).ValueOrDie();
  }

  TempFolder folder_;
  Location output_;
  std::unique_ptr<FeatureRows> rows_;
  Reduction reduction_;
};

TEST_F(ProjectionTest, ParquetAndCsvHoldTheSameNumbers) {
  const std::vector<ReportPoint> points = Write(1);
  const std::string csv = ReadFile(folder_ / "out/projection.csv");
  EXPECT_EQ(csv.substr(0, csv.find('\n')), "path,label,pc1,pc2");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 2099);
  // Features of index 2: 2 * (j + 1) + j.
  EXPECT_NE(csv.find("\np100002,l2,1.5,1\n"), std::string::npos);
  const ParquetInput input = ParquetInput::Open(output_.Child("projection/part-00000.parquet")).ValueOrDie();
  const auto table = input.ReadAll().ValueOrDie()->CombineChunks().ValueOrDie();
  EXPECT_EQ(table->num_rows(), 2098);
  const auto& lists = static_cast<const arrow::FixedSizeListArray&>(*table->column(2)->chunk(0));
  EXPECT_EQ(static_cast<const arrow::DoubleArray&>(*lists.values()).Value(2), 1.5);
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[1].path, "p100002");
  EXPECT_EQ(points[1].x, 1.5);
  EXPECT_EQ(points[1].y, 1);
  EXPECT_EQ(points[2].path, "p101502");
}

TEST_F(ProjectionTest, AFeatureThatIsNotFiniteNamesItsRow) {
  const auto plain = testing_features::Rows({0, 1, 2}, 3);
  std::vector<float> values = {1, 2, 3, 4, std::numeric_limits<float>::quiet_NaN(), 6, 7, 8, 9};
  const auto floats = std::make_shared<arrow::FloatArray>(9, arrow::Buffer::FromVector(std::move(values)));
  const auto vectors = std::make_shared<arrow::FixedSizeListArray>(VectorType(arrow::float32(), 3), 3, floats);
  const auto rows = plain->SetColumn(5, plain->schema()->field(5), vectors).ValueOrDie();
  const Location bad = Location::Parse(folder_ / "bad").ValueOrDie();
  const ShardStore store(bad.Child("_pomona/shards"));
  CommitRecord record;
  record.part = ShardStore::NewPartName(0);
  PartWriter writer = PartWriter::Open(store.PartPlace(record.part), PartSchema(3)).ValueOrDie();
  ASSERT_TRUE(writer.Write(*rows).ok());
  record.ok = 3;
  record.file = writer.Close().ValueOrDie();
  ASSERT_TRUE(store.Commit(record).ok());
  testing_features::Join(store, bad, 3, 1024, 3);
  rows_ = FeatureRows::Open(bad.Child("features")).ValueOrDie();

  ProjectionJob job;
  job.rows = rows_.get();
  job.reduction = &reduction_;
  job.output = Location::Parse(folder_ / "projected").ValueOrDie();
  const Status status = WriteProjection(job, nullptr).status();
  EXPECT_TRUE(status.IsInvalid());
  EXPECT_NE(status.message().find("p100001: feature 1 is NaN"), std::string::npos) << status.message();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "projected/projection.csv"));
}

TEST_F(ProjectionTest, ThreadsDoNotChangeAByte) {
  Write(1);
  const auto one = testing_folder::Files(folder_.path() / "out");
  Write(4);
  EXPECT_EQ(testing_folder::Files(folder_.path() / "out"), one);
}

TEST_F(ProjectionTest, ManyRowsMakeSeveralCsvFiles) {
  Write(1);
  std::string whole = ReadFile(folder_ / "out/projection.csv");
  const std::string heading = whole.substr(0, whole.find('\n') + 1);
  std::filesystem::remove(folder_.path() / "out" / "projection.csv");
  for (const std::int64_t rows : {700, 1049, 2097}) {
    Write(4, rows);
    std::string joined = heading;
    std::int64_t parts = 0;
    for (const std::string& name : ProjectionFileNames(2098, 2, rows)) {
      if (!IsProjectionCsv(name)) continue;
      EXPECT_NE(name, "projection.csv");
      const std::string part = ReadFile(folder_.path() / "out" / name);
      ASSERT_EQ(part.substr(0, heading.size()), heading);
      EXPECT_LE(std::count(part.begin(), part.end(), '\n'), rows + 1);
      joined += part.substr(heading.size());
      ++parts;
    }
    EXPECT_EQ(parts, (2098 + rows - 1) / rows);
    EXPECT_EQ(joined, whole);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "out" / "projection.csv"));
  Write(1, 2098);
  EXPECT_EQ(ReadFile(folder_ / "out/projection.csv"), whole);
}

TEST_F(ProjectionTest, ExplainedVariance) {
  const Location place = output_.Child("explained_variance.csv");
  ASSERT_TRUE(WriteExplainedVariance(reduction_, place).ok());
  EXPECT_EQ(ReadFile(place.path),
            "component,explained_variance,ratio,cumulative,kept\n1,3,0.75,0.75,true\n2,1,0.25,1,true\n");
  reduction_.total_variance = 0;
  EXPECT_EQ(ReportComponents(reduction_)[0].ratio, 0);
}

TEST_F(ProjectionTest, SampleSeesEveryRow) {
  const ReportSample sample = SampleForReport(*rows_, nullptr).ValueOrDie();
  EXPECT_EQ(sample.Choose().size(), 2098U);
  EXPECT_EQ(sample.LabelCounts().at("l1"), 698);
}

TEST_F(ProjectionTest, NamesWhatItWrites) {
  EXPECT_EQ(ProjectionFileNames(2098, 2),
            (std::vector<std::string>{"projection.csv", "projection/part-00000.parquet"}));
  EXPECT_EQ(ProjectionFileNames(1'000'000, 100).size(), 5U);
}

}  // namespace
}  // namespace pomona
