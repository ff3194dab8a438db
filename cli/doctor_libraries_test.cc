#include "cli/doctor_libraries.h"

#include <gtest/gtest.h>

namespace pomona::cli {
namespace {

TEST(LibraryTable, SaysWhatWasUpdatedSinceTheBuild) {
  const auto component = [](const char* name, const char* file, const char* hash) {
    return Json{
        {"name", name},
        {"version", "1.0-2"},
        {"hashes", {{{"alg", "SHA-256"}, {"content", hash}}}},
        {"properties", {{{"name", "pomona:use"}, {"value", "loaded"}}, {{"name", "pomona:file"}, {"value", file}}}}};
  };
  const Json inventory = {{"components",
                           {component("libz1", "libz.so.1", "aa"), component("libjpeg62", "libjpeg.so.62", "bb"),
                            Json{{"name", "headers-only"}, {"version", "3"}}}}};
  EXPECT_EQ(LibraryTable(inventory, {{"libz.so.1", "aa"}, {"libjpeg.so.62", "cc"}}),
            "library       version  use     file           sha256\n"
            "libz1         1.0-2    loaded  libz.so.1      aa\n"
            "libjpeg62     1.0-2    loaded  libjpeg.so.62  cc, updated since the build\n"
            "headers-only  3\n");
}

}  // namespace
}  // namespace pomona::cli
