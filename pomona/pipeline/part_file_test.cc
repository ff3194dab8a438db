#include "pomona/pipeline/part_file.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "pomona/base/hash.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

TEST(PartFile, SizeAndHashAreThoseOfTheFile) {
  const testing_folder::TempFolder folder;
  const Location place = Location::Parse(folder / "part.arrow").ValueOrDie();
  const auto schema = arrow::schema({arrow::field("x", arrow::int64())});
  PartWriter writer = PartWriter::Open(place, schema).ValueOrDie();
  std::int64_t rows = 0;
  for (const std::int64_t count : {10, 100'000, 0, 3}) {
    arrow::Int64Builder builder;
    for (std::int64_t i = 0; i < count; ++i) ASSERT_TRUE(builder.Append(rows++).ok());
    ASSERT_TRUE(writer.Write(*arrow::RecordBatch::Make(schema, count, {builder.Finish().ValueOrDie()})).ok());
  }
  const PartFile file = writer.Close().ValueOrDie();
  const std::string bytes = testing_folder::ReadFile(place.path);
  EXPECT_EQ(file.size, static_cast<std::int64_t>(bytes.size()));
  EXPECT_EQ(file.sha256, Sha256(bytes));
  EXPECT_EQ(FileSha256(place).ValueOrDie(), file.sha256);

  const auto reader = OpenPart(place).ValueOrDie();
  std::int64_t next = 0;
  for (int i = 0; i < reader->num_record_batches(); ++i) {
    const auto batch = reader->ReadRecordBatch(i).ValueOrDie();
    const auto& values = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (std::int64_t j = 0; j < values.length(); ++j) ASSERT_EQ(values.Value(j), next++);
  }
  EXPECT_EQ(next, rows);
}

}  // namespace
}  // namespace pomona
