#include "pomona/storage/hadoop_site.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HadoopSiteTest, KnowsTheNamenodeAndTheNameservices) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "hadoop-site";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "core-site.xml")
      << "<configuration><property><name>a</name><value>hdfs://other:1</value></property>\n"
         "<property>\n <name> fs.defaultFS </name>\n <value> hdfs://namenode:8020/ "
         "</value>\n</property></configuration>";
  std::ofstream(folder / "hdfs-site.xml")
      << "<property><name>dfs.nameservices</name><value>photos, archive</value></property>";
  EXPECT_THAT(HadoopHosts(folder), ElementsAre("namenode:8020", "photos", "archive"));
}

TEST(HadoopSiteTest, AFolderThatIsNotThereSaysNothing) {
  EXPECT_THAT(HadoopHosts(""), IsEmpty());
  EXPECT_THAT(HadoopHosts("/nowhere/at/all"), IsEmpty());
  EXPECT_EQ(HadoopProperty("<property><name>a", "a"), "");
}

}  // namespace
}  // namespace pomona
