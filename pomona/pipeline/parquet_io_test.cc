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
  EXPECT_EQ(KeyValues(*input.metadata)["pomona.test"], "42");
  EXPECT_EQ(input.metadata->num_row_groups(), 2);
  const auto column = input.metadata->RowGroup(0)->ColumnChunk(1);
  EXPECT_EQ(column->compression(), parquet::Compression::UNCOMPRESSED);
  EXPECT_FALSE(column->has_dictionary_page());
  const auto first = input.reader->ReadRowGroup(0).ValueOrDie();
  EXPECT_TRUE(first->Equals(*rows));
  EXPECT_TRUE(first->schema()->field(1)->type()->Equals(*schema->field(1)->type()));
}

TEST(ParquetIo, SaysWhichFileCannotBeRead) {
  const TempFolder folder;
  testing_folder::WriteFile(folder / "bad.parquet", "no parquet");
  const Status status = ParquetInput::Open(Location::Parse(folder / "bad.parquet").ValueOrDie()).status();
  EXPECT_THAT(status.message(), ::testing::HasSubstr("bad.parquet"));
}

}  // namespace
}  // namespace pomona
