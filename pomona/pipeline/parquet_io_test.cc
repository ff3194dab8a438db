#include "pomona/pipeline/parquet_io.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/pipeline/part_file.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;

TEST(ParquetIo, VectorsKeepTheirTypeAndArePlain) {
  const TempFolder folder;
  const Location place = Location::Parse(folder / "a.parquet").ValueOrDie();
  const auto schema = arrow::schema(
      {arrow::field("name", arrow::utf8(), false), arrow::field("features", VectorType(arrow::float32(), 3), false)});
  arrow::StringBuilder names;
  ASSERT_TRUE(names.AppendValues({"x", "y"}).ok());
  const std::vector<float> numbers = {1, 2, 3, 4, 5, 6};
  const auto values = std::make_shared<arrow::FloatArray>(6, arrow::Buffer::Wrap(numbers));
  const auto rows = arrow::Table::Make(
      schema,
      {names.Finish().ValueOrDie(), std::make_shared<arrow::FixedSizeListArray>(schema->field(1)->type(), 2, values)});
  ParquetOutput output = ParquetOutput::Open(place, schema).ValueOrDie();
  ASSERT_TRUE(output.WriteRowGroup(rows).ok());
  ASSERT_TRUE(output.WriteRowGroup(rows->Slice(1)).ok());
  EXPECT_FALSE(std::filesystem::exists(place.path)) << "a file appears when it is closed";
  const std::int64_t size = output.Close({{"pomona.test", "42"}}).ValueOrDie();
  EXPECT_EQ(size, static_cast<std::int64_t>(std::filesystem::file_size(place.path)));

  const ParquetInput input = ParquetInput::Open(place).ValueOrDie();
  EXPECT_EQ(KeyValues(*input.metadata())["pomona.test"], "42");
  EXPECT_EQ(input.metadata()->num_row_groups(), 2);
  const auto column = input.metadata()->RowGroup(0)->ColumnChunk(1);
  EXPECT_EQ(column->compression(), parquet::Compression::UNCOMPRESSED);
  EXPECT_FALSE(column->has_dictionary_page());
  const auto first = input.ReadRowGroups({0}).ValueOrDie();
  EXPECT_TRUE(first->Equals(*rows));
  EXPECT_TRUE(first->schema()->field(1)->type()->Equals(*schema->field(1)->type()));
}

TEST(ParquetIo, SaysWhichFileCannotBeRead) {
  const TempFolder folder;
  testing_folder::WriteFile(folder / "bad.parquet", "no parquet");
  const Status status = ParquetInput::Open(Location::Parse(folder / "bad.parquet").ValueOrDie()).status();
  EXPECT_THAT(status.message(), ::testing::HasSubstr("bad.parquet"));
}

/// Rows that all have one text of 100,000 bytes: a few kilobytes on disk.
Location WriteBomb(const TempFolder& folder) {
  const Location place = Location::Parse(folder / "bomb.parquet").ValueOrDie();
  const auto schema = arrow::schema({arrow::field("label", arrow::utf8(), false)});
  arrow::StringBuilder labels;
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(labels.Append(std::string(100'000, 'x')).ok());
  ParquetOutput output = ParquetOutput::Open(place, schema).ValueOrDie();
  EXPECT_TRUE(output.WriteRowGroup(arrow::Table::Make(schema, {labels.Finish().ValueOrDie()})).ok());
  EXPECT_LT(output.Close({}).ValueOrDie(), 10'000);
  return place;
}

TEST(ParquetIo, MemoryHasALimit) {
  const TempFolder folder;
  const ParquetInput input = ParquetInput::Open(WriteBomb(folder)).ValueOrDie();
  const auto visit = [](const arrow::RecordBatch&) { return Status::OK(); };
  for (const Status& status : {input.VisitRows({0}, visit), input.ReadAll().status()}) {
    EXPECT_TRUE(status.IsCapacityError()) << status.ToString();
    EXPECT_THAT(status.message(),
                ::testing::AllOf(::testing::HasSubstr("bomb.parquet"), ::testing::HasSubstr("the limit of 64 MB")));
  }
  const ParquetInput more = ParquetInput::Open(WriteBomb(folder), nullptr, 900'000'000).ValueOrDie();
  EXPECT_EQ(more.ReadAll().ValueOrDie()->num_rows(), 2000);
}

TEST(ParquetIo, RowsComeInBatchesUntilCancelled) {
  const TempFolder folder;
  const Location place = Location::Parse(folder / "a.parquet").ValueOrDie();
  const auto schema = arrow::schema({arrow::field("n", arrow::int64(), false)});
  arrow::Int64Builder numbers;
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(numbers.Append(i).ok());
  ParquetOutput output = ParquetOutput::Open(place, schema).ValueOrDie();
  ASSERT_TRUE(output.WriteRowGroup(arrow::Table::Make(schema, {numbers.Finish().ValueOrDie()})).ok());
  ASSERT_TRUE(output.Close({}).ok());
  const ParquetInput input = ParquetInput::Open(place).ValueOrDie();
  std::int64_t rows = 0;
  Cancellation cancellation;
  const auto visit = [&](const arrow::RecordBatch& batch) {
    EXPECT_LE(batch.num_rows(), kTableBatchRows);
    rows += batch.num_rows();
    if (rows > 2000) cancellation.Cancel();
    return Status::OK();
  };
  EXPECT_TRUE(input.VisitRows({0}, visit, &cancellation).IsCancelled());
  EXPECT_LT(rows, 5000);
  rows = 0;
  EXPECT_TRUE(input.VisitRows({0}, visit).ok());
  EXPECT_EQ(rows, 5000);
}

TEST(ParquetIo, AFooterThatIsMostOfTheFileIsRefused) {
  const TempFolder folder;
  const std::string footer(5'000'000, '\0');
  const auto size = static_cast<std::uint32_t>(footer.size());
  const std::string length(reinterpret_cast<const char*>(&size), sizeof(size));
  testing_folder::WriteFile(folder / "footer.parquet", "PAR1" + footer + length + "PAR1");
  const Status status = ParquetInput::Open(Location::Parse(folder / "footer.parquet").ValueOrDie()).status();
  EXPECT_THAT(status.message(), ::testing::HasSubstr("its footer takes 5.0 MB, more than the limit"));
}

}  // namespace
}  // namespace pomona
