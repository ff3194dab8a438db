#include "pomona/pipeline/pack_shard.h"

#include <gtest/gtest.h>

#include "pomona/pipeline/parquet_io.h"
#include "pomona/pipeline/testing_folder.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/tar_file.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;

TEST(PackShard, TarNamesImagesByNumberAndKeepsShortEndings) {
  const TempFolder folder;
  const Location place = Location::Parse(folder / "x.tar").ValueOrDie();
  const auto shard = MakeTarShard(OpenAtomicOutput(place).ValueOrDie());
  ManifestRow row;
  for (const std::string_view path : {"a/1.JPG", "a/noending", "a/2.json", "a/3.much-too-long"}) {
    row.path = path;
    ASSERT_TRUE(shard->Add(7, row, "image").ok());
  }
  ASSERT_TRUE(shard->Close().ok());
  std::string names;
  ASSERT_TRUE(ScanTar(place, [&](const TarMember& member) {
                names += member.name + " ";
                return Status::OK();
              }).ok());
  EXPECT_EQ(names,
            "000000007.JPG 000000007.json 000000007.img 000000007.json 000000007.img 000000007.json "
            "000000007.img 000000007.json ");
}

TEST(PackShard, NoRowGroupOfAParquetShardIsLarge) {
  const TempFolder folder;
  const Location place = Location::Parse(folder / "x.parquet").ValueOrDie();
  const auto shard = MakeParquetShard(OpenAtomicOutput(place).ValueOrDie()).ValueOrDie();
  const ManifestRow row{"a/1.jpg", "", "a"};
  const std::string large(7'000'000, 'x');
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(shard->Add(i, row, large).ok());
  EXPECT_GE(shard->size(), 35'000'000);
  for (int i = 0; i < 1500; ++i) ASSERT_TRUE(shard->Add(i, row, "small").ok());
  ASSERT_TRUE(shard->Close().ok());

  const ParquetInput input = ParquetInput::Open(place).ValueOrDie();
  EXPECT_EQ(input.metadata()->num_rows(), 1505);
  EXPECT_EQ(input.metadata()->num_row_groups(), 4);
  for (int group = 0; group < input.metadata()->num_row_groups(); ++group) {
    EXPECT_LE(input.metadata()->RowGroup(group)->total_byte_size(), kRowGroupBytes + 100'000);
    EXPECT_LE(input.metadata()->RowGroup(group)->num_rows(), kBlockRows);
  }
}

TEST(PackShard, NamesAreKnownAgain) {
  EXPECT_EQ(PackShardName(3, PackFormat::kTar), "pack-00003.tar");
  EXPECT_EQ(PackShardName(123'456, PackFormat::kParquet), "pack-123456.parquet");
  for (const char* name : {"pack-00003.tar", "pack-123456.parquet"}) EXPECT_TRUE(IsPackShardName(name)) << name;
  for (const char* name : {"pack-0003.tar", "pack-00003.tar.gz", "pack-.tar", "my/pack-00003.tar", "pack-0000a.tar"}) {
    EXPECT_FALSE(IsPackShardName(name)) << name;
  }
}

}  // namespace
}  // namespace pomona
