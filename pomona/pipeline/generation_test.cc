#include "pomona/pipeline/generation.h"

#include <gtest/gtest.h>

#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;
using testing_folder::WriteFile;

TEST(Generation, NamesOfTheFirstAreTheUsualOnes) {
  for (const char* name : {"features/part-00000.parquet", "run.json", "_pomona/plan.json", "_pomona/shards"}) {
    EXPECT_EQ(NameInGeneration(name, 1, false), name);
  }
  EXPECT_EQ(NameInGeneration("run.json", 1, true), "_pomona/generation-1/run.json") << "while it is being replaced";
}

TEST(Generation, NamesOfALaterOne) {
  EXPECT_EQ(NameInGeneration("features/part-00012.parquet", 3, false), "features/part-00012-g3.parquet");
  EXPECT_EQ(NameInGeneration("projection/part-00000.parquet", 2, true), "projection/part-00000-g2.parquet");
  EXPECT_EQ(NameInGeneration("model/arrays.safetensors", 2, true), "_pomona/generation-2/model/arrays.safetensors");
  EXPECT_EQ(NameInGeneration("model/arrays.safetensors", 2, false), "model/arrays.safetensors");
  EXPECT_EQ(NameInGeneration("_pomona/shards", 2, false), "_pomona/generation-2/shards");
  EXPECT_EQ(NameInGeneration("_pomona/options.json", 2, true), "_pomona/options.json") << "one for all generations";
  EXPECT_EQ(NameInGeneration("_SUCCESS", 2, true), "_SUCCESS");
  EXPECT_EQ(NameInGeneration("features", 2, true), "features");
  EXPECT_EQ(NameInGeneration("_pomona", 2, true), "_pomona");
}

TEST(Generation, PartsSayWhichIsTheirs) {
  EXPECT_EQ(GenerationOfPart("features/part-00000.parquet"), 1);
  EXPECT_EQ(GenerationOfPart("features/part-00000-g12.parquet"), 12);
  EXPECT_TRUE(IsPartName("projection/part-00000-g2.parquet"));
  EXPECT_FALSE(IsPartName("quarantine.parquet"));
  EXPECT_FALSE(IsPartName("features/notes.txt"));
}

TEST(Generation, IsReadFromTheOutput) {
  const TempFolder folder;
  const Location root = Location::Parse(folder.path().string()).ValueOrDie();
  Generation generation = ReadGeneration(root).ValueOrDie();
  EXPECT_EQ(generation.current, 1);
  EXPECT_FALSE(generation.changing());
  WriteFile(folder / "_pomona/change.json", R"({"generation": 2, "command": "retry-failed"})");
  generation = ReadGeneration(root).ValueOrDie();
  EXPECT_TRUE(generation.changing());
  EXPECT_EQ(generation.target, 2);
  EXPECT_EQ(generation.command, "retry-failed");
  EXPECT_FALSE(generation.committed);
  WriteFile(folder / "_pomona/current.json", R"({"generation": 2})");
  generation = ReadGeneration(root).ValueOrDie();
  EXPECT_EQ(generation.current, 2);
  EXPECT_FALSE(generation.changing());
  EXPECT_TRUE(generation.committed);
  WriteFile(folder / "_pomona/current.json", "{");
  EXPECT_FALSE(ReadGeneration(root).ok());
}

}  // namespace
}  // namespace pomona
