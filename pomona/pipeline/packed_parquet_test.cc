#include "pomona/pipeline/packed_parquet.h"

#include <fstream>
#include <string>
#include <vector>

#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include "pomona/base/failure.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;
using testing_folder::TempFolder;

/// An image's bytes that are easy to tell from another's.
std::string BytesOf(int row) { return std::string(static_cast<std::size_t>(2000 + row % 7), static_cast<char>(row)); }

/// What a file of the test is made of.
struct Made {
  int rows = 1000;
  std::string bytes_name = "bytes";
  std::string path_name = "path";
  parquet::Compression::type compression = parquet::Compression::SNAPPY;
  int group_rows = 300;
  int null_row = -1;
  int doubled_row = -1;  ///< gets the path of the row before
};

class PackedParquet : public ::testing::Test {
 protected:
  Location Write(const Made& made) {
    arrow::StringBuilder path;
    arrow::Int64Builder label;
    arrow::BinaryBuilder bytes;
    for (int row = 0; row < made.rows; ++row) {
      const int named = row == made.doubled_row ? row - 1 : row;
      EXPECT_TRUE(path.Append("s3://b/" + std::to_string(10'000 + named) + ".jpg").ok());
      EXPECT_TRUE(label.Append(row % 3).ok());
      EXPECT_TRUE((row == made.null_row ? bytes.AppendNull() : bytes.Append(BytesOf(row))).ok());
    }
    const auto table = arrow::Table::Make(
        arrow::schema({arrow::field(made.path_name, arrow::utf8()), arrow::field("label", arrow::int64()),
                       arrow::field(made.bytes_name, arrow::binary())}),
        {path.Finish().ValueOrDie(), label.Finish().ValueOrDie(), bytes.Finish().ValueOrDie()});
    const std::string name = folder_ / "x.parquet";
    const auto file = arrow::io::FileOutputStream::Open(name).ValueOrDie();
    parquet::WriterProperties::Builder properties;
    properties.compression(made.compression)->data_pagesize(50'000)->write_batch_size(16);
    EXPECT_TRUE(
        parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, made.group_rows, properties.build())
            .ok());
    EXPECT_TRUE(file->Close().ok());
    return Location::Parse(name).ValueOrDie();
  }

  static Result<ManifestRows> List(const Location& place, const InputColumns& columns = {}, bool packs = true) {
    ManifestRows rows("");
    InputNames names(false);
    const Labeler labeler = Labeler::Make({}).ValueOrDie();
    ARROW_ASSIGN_OR_RAISE(const bool found, AddParquetImages(place, "x.parquet", {"x.parquet", 10, 0, ""}, columns,
                                                             labeler, &names, &rows));
    EXPECT_EQ(found, packs);
    return rows;
  }

  TempFolder folder_;
};

TEST_F(PackedParquet, ListsPathsAndLabelsOfAllRowGroups) {
  const ManifestRows rows = List(Write({})).ValueOrDie();
  ASSERT_EQ(rows.size(), 1000);
  EXPECT_EQ(rows.row(700).path, "s3://b/10700.jpg");
  EXPECT_EQ(rows.row(700).label, "1");
  EXPECT_EQ(rows.row(700).key, "x.parquet");
  EXPECT_EQ(rows.row(700).offset, 700);
  EXPECT_EQ(rows.row(700).size, -1);
}

TEST_F(PackedParquet, ReadsRowsInAnyOrderWithLittleMemory) {
  for (const auto compression : {parquet::Compression::SNAPPY, parquet::Compression::UNCOMPRESSED}) {
    Made made;
    made.compression = compression;
    made.null_row = 5;
    const Location place = Write(made);
    ParquetImages images({}, 40'000, 1'000'000);
    ByteBuffer bytes;
    const auto read = [&](int row) {
      const Status status = images.Read(place, {}, row, &bytes);
      EXPECT_TRUE(status.ok()) << status.ToString();
      return std::string(bytes.text());
    };
    for (int row = 0; row < 1000; ++row) ASSERT_EQ(read(row), row == 5 ? "" : BytesOf(row)) << row;
    for (int i = 0; i < 50; ++i) {
      const int row = i * 389 % 1000;
      ASSERT_EQ(read(row), row == 5 ? "" : BytesOf(row)) << row;
    }
    for (const int row : {12, 10, 11, 14, 13}) ASSERT_EQ(read(row), BytesOf(row)) << row;
  }
}

TEST_F(PackedParquet, ColumnsAreFoundOrNamed) {
  Made made{.rows = 3, .bytes_name = "picture", .path_name = "uri"};
  EXPECT_EQ(List(Write(made)).ValueOrDie().row(2).path, "s3://b/10002.jpg");
  made.path_name = "path";  // with paths, any binary column may be something else
  const Location list = Write(made);
  EXPECT_EQ(List(list, {}, false).ValueOrDie().size(), 0);
  EXPECT_EQ(List(list, {.bytes = "picture"}).ValueOrDie().size(), 3);
  EXPECT_EQ(List(list, {.bytes = "picture", .label = "path"}).ValueOrDie().row(0).label, "s3://b/10000.jpg");
  made.path_name = "other";
  made.bytes_name = "bytes";
  const Location numbered = Write(made);
  EXPECT_EQ(List(numbered).ValueOrDie().row(2).path, folder_ / "x.parquet/000000002");
  EXPECT_EQ(List(numbered, {.path = "other"}).ValueOrDie().row(2).path, "s3://b/10002.jpg");
}

TEST_F(PackedParquet, RefusesColumnsThatAreNotThere) {
  const Location place = Write({.rows = 3});
  for (const InputColumns& columns :
       {InputColumns{.bytes = "pixels"}, InputColumns{.path = "pixels"}, InputColumns{.label = "pixels"}}) {
    const Status status = List(place, columns).status();
    EXPECT_TRUE(IsUsageError(status));
    EXPECT_THAT(status.message(), HasSubstr("has no column \"pixels\" (found: path, label, bytes)"));
  }
  EXPECT_THAT(List(place, {.bytes = "label"}).status().message(), HasSubstr("holds no bytes"));
}

TEST_F(PackedParquet, AFileThatOnlyHasTheNameIsNoTable) {
  testing_folder::WriteFile(folder_.path() / "x.parquet", "no table at all, however long it may be");
  EXPECT_EQ(List(Location::Parse(folder_ / "x.parquet").ValueOrDie(), {}, false).ValueOrDie().size(), 0);
  EXPECT_TRUE(List(Location::Parse(folder_ / "none.parquet").ValueOrDie()).status().IsIOError());
}

TEST_F(PackedParquet, RefusesAPathThatStandsThereTwice) {
  const Status status = List(Write({.rows = 30, .doubled_row = 21})).status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("10020.jpg twice, in rows 21 and 22"));
}

TEST_F(PackedParquet, RowsInABrokenPageFailAndOthersDoNot) {
  Made made;
  made.compression = parquet::Compression::SNAPPY;
  const Location place = Write(made);
  std::fstream file(place.path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(0, std::ios::end);
  const auto size = static_cast<std::int64_t>(file.tellp());
  file.seekp(size / 2);
  file << std::string(3000, '\xff');
  file.close();
  ParquetImages images({}, 1'000'000, 1'000'000);
  ByteBuffer bytes;
  int good = 0;
  int bad = 0;
  for (int row = 0; row < 1000; ++row) {
    const Status status = images.Read(place, {}, row, &bytes);
    if (status.ok() && bytes.text() == BytesOf(row)) {
      ++good;
      continue;
    }
    ++bad;
    EXPECT_TRUE(status.ok() || FailureCodeOf(status)) << status.ToString();
  }
  EXPECT_GT(good, 300);
  EXPECT_GT(bad, 0);
  EXPECT_LE(bad, 600);
}

TEST_F(PackedParquet, AFileThatChangedSinceItWasListedIsNotRead) {
  const Location place = Write({.rows = 20});
  ParquetImages images({}, 1'000'000, 1'000'000);
  ByteBuffer bytes;
  EXPECT_EQ(FailureCodeOf(images.Read(place, {-1, 12'345, ""}, 3, &bytes)), FailureCode::kChanged);
  EXPECT_EQ(FailureCodeOf(images.Read(place, {}, 20, &bytes)), FailureCode::kChanged);
  ASSERT_TRUE(images.Read(place, {}, 3, &bytes).ok());
  const Location gone = Location::Parse(folder_ / "gone.parquet").ValueOrDie();
  EXPECT_EQ(FailureCodeOf(images.Read(gone, {}, 0, &bytes)), FailureCode::kMissing);
}

TEST_F(PackedParquet, IsLeftWhenItIsCancelled) {
  const Location place = Write({});
  Cancellation cancellation;
  cancellation.Cancel();
  ManifestRows rows("");
  InputNames names(false);
  const Labeler labeler = Labeler::Make({}).ValueOrDie();
  EXPECT_TRUE(AddParquetImages(place, "x.parquet", {"x.parquet", 10, 0, ""}, {}, labeler, &names, &rows, &cancellation)
                  .status()
                  .IsCancelled());
  ParquetImages images({}, 1'000'000, 1'000'000);
  ByteBuffer bytes;
  EXPECT_TRUE(images.Read(place, {}, 900, &bytes, &cancellation).IsCancelled());
  EXPECT_TRUE(images.Read(place, {}, 900, &bytes).ok());
}

TEST_F(PackedParquet, AnImageOrPageBeyondTheLimitIsTooLarge) {
  const Location place = Write({});
  ByteBuffer bytes;
  ParquetImages image({}, 1'000'000, 2003);
  for (int row = 0; row < 14; ++row) {
    const Status status = image.Read(place, {}, row, &bytes);
    EXPECT_EQ(FailureCodeOf(status), FailureCode::kTooLarge) << row;  // by its size, or its page's
  }
  ParquetImages page({}, 1'000'000, 30'000);  // pages have 50,000 bytes, which are held twice: as read, and unpacked
  const Status status = page.Read(place, {}, 5, &bytes);
  EXPECT_EQ(FailureCodeOf(status), FailureCode::kTooLarge) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("page of the Parquet file"));
}

TEST_F(PackedParquet, MoreImagesThanMemoryNamesIsAnError) {
  ManifestRows rows("", 10'000);
  InputNames names(false);
  const Labeler labeler = Labeler::Make({}).ValueOrDie();
  const Status status =
      AddParquetImages(Write({}), "x.parquet", {"x.parquet", 10, 0, ""}, {}, labeler, &names, &rows).status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("--memory"));
}

}  // namespace
}  // namespace pomona
