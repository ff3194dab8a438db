#include "pomona/pipeline/list_file.h"

#include <filesystem>
#include <string>

#include <arrow/builder.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/parquet_io.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;
using testing_folder::TempFolder;
using testing_folder::WriteFile;

Result<ManifestRows> Read(const std::string& list) {
  ARROW_ASSIGN_OR_RAISE(const Location place, Location::Parse(list));
  ARROW_ASSIGN_OR_RAISE(const Labeler labeler, Labeler::Make({}));
  ManifestRows rows(ListPrefix(place));
  ARROW_RETURN_NOT_OK(ReadListFile(place, {}, labeler, &rows));
  return rows;
}

TEST(ListFile, ReadsCsvWithLabels) {
  const TempFolder folder;
  WriteFile(folder / "list.csv",
            "label,path,note\nred,img/1.jpg,x\n\"a,b\",\"./img//two\nlines.jpg\",y\n,/abs/3.jpg,z\n");
  const ManifestRows rows = Read(folder / "list.csv").ValueOrDie();
  ASSERT_EQ(rows.size(), 3);
  EXPECT_EQ(rows.row(0).path, folder / "img/1.jpg");
  EXPECT_EQ(rows.row(0).key, "img/1.jpg");
  EXPECT_EQ(rows.row(0).label, "red");
  EXPECT_EQ(rows.row(1).key, "img/two\nlines.jpg");
  EXPECT_EQ(rows.row(1).label, "a,b");
  EXPECT_EQ(rows.row(2).path, "/abs/3.jpg");
  EXPECT_EQ(rows.row(2).label, "");
}

TEST(ListFile, FindsLabelsWhereTheListHasNone) {
  const TempFolder folder;
  WriteFile(folder / "list.csv", "path\nKiwi/1.jpg\ns3://bucket/Lemon/2.jpg\n");
  const ManifestRows rows = Read(folder / "list.csv").ValueOrDie();
  EXPECT_EQ(rows.row(0).label, "Kiwi");
  EXPECT_EQ(rows.row(1).label, "Lemon");
}

TEST(ListFile, ReadsParquet) {
  const TempFolder folder;
  const Location place = Location::Parse(folder / "list.parquet").ValueOrDie();
  arrow::StringBuilder path;
  ASSERT_TRUE(path.AppendValues({"a/1.jpg", "a/2.jpg"}).ok());
  const auto schema = arrow::schema({arrow::field("path", arrow::utf8())});
  ParquetOutput output = ParquetOutput::Open(place, schema).ValueOrDie();
  ASSERT_TRUE(output.WriteRowGroup(arrow::Table::Make(schema, {path.Finish().ValueOrDie()})).ok());
  ASSERT_TRUE(output.Close({}).ok());
  const ManifestRows rows = Read(folder / "list.parquet").ValueOrDie();
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows.row(1).key, "a/2.jpg");
  EXPECT_EQ(rows.row(1).label, "a");
}

TEST(ListFile, RefusesDuplicatesNamingBothRows) {
  const TempFolder folder;
  WriteFile(folder / "list.csv", "path\na/1.jpg\nb/1.jpg\n./a/1.jpg\n");
  const Status status = Read(folder / "list.csv").status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("a/1.jpg twice, in rows 1 and 3"));
}

TEST(ListFile, OneFileByTwoPathsIsADuplicate) {
  const TempFolder folder;
  WriteFile(folder / "a/1.jpg", "x");
  WriteFile(folder / "b/c/1.jpg", "x");
  const std::string lists[] = {"path\na/1.jpg\nb/c/1.jpg\nb/../a/1.jpg\n",
                               "path\na/1.jpg\nb/c/1.jpg\n" + (folder / "a/1.jpg") + "\n",
                               "path\n" + (folder / "a/1.jpg") + "\n/x/1.jpg\n" + (folder / "a/.//1.jpg") + "\n",
                               "path\na/missing.jpg\nb/c/1.jpg\na/../a/missing.jpg\n"};
  for (const std::string& list : lists) {
    WriteFile(folder / "list.csv", list);
    const Status status = Read(folder / "list.csv").status();
    EXPECT_TRUE(IsUsageError(status)) << list;
    EXPECT_THAT(status.message(), HasSubstr("twice, in rows 1 and 3")) << list;
  }
  std::filesystem::create_directory_symlink(folder / "b/c", folder / "link");
  WriteFile(folder / "b/a/1.jpg", "y");
  WriteFile(folder / "list.csv", "path\nlink/../a/1.jpg\na/1.jpg\n");  // the first is b/a/1.jpg
  EXPECT_EQ(Read(folder / "list.csv").ValueOrDie().size(), 2);
}

TEST(ListFile, MistakesAreNamed) {
  const TempFolder folder;
  WriteFile(folder / "no-path.csv", "file,label\na,b\n");
  EXPECT_THAT(Read(folder / "no-path.csv").status().message(), HasSubstr("no column \"path\" (found: file, label)"));
  WriteFile(folder / "empty-path.csv", "path,label\na,b\n,c\n");
  EXPECT_THAT(Read(folder / "empty-path.csv").status().message(), HasSubstr("row 2"));
  WriteFile(folder / "ragged.csv", "path,label\na,b\nc\n");
  EXPECT_TRUE(IsUsageError(Read(folder / "ragged.csv").status()));
  WriteFile(folder / "none.csv", "");
  EXPECT_TRUE(IsUsageError(Read(folder / "none.csv").status()));
  WriteFile(folder / "no.parquet", "path");
  EXPECT_TRUE(IsUsageError(Read(folder / "no.parquet").status()));
  EXPECT_TRUE(IsUsageError(Read(folder / "missing.csv").status()));
}

}  // namespace
}  // namespace pomona
