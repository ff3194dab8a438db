#include "pomona/features/wheel.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>

namespace pomona {
namespace {

using ::testing::HasSubstr;

std::string ZipOf(const std::map<std::string, std::string>& members) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(source);
  zip_t* archive = zip_open_from_source(source, ZIP_TRUNCATE, &error);
  for (const auto& [name, content] : members) {
    zip_file_add(archive, name.c_str(), zip_source_buffer(archive, content.data(), content.size(), 0), 0);
  }
  EXPECT_EQ(zip_close(archive), 0);
  zip_stat_t stat;
  zip_source_stat(source, &stat);
  std::string bytes(stat.size, '\0');
  zip_source_open(source);
  EXPECT_EQ(zip_source_read(source, bytes.data(), bytes.size()), static_cast<zip_int64_t>(bytes.size()));
  zip_source_close(source);
  zip_source_free(source);
  return bytes;
}

Result<std::shared_ptr<arrow::Buffer>> Read(std::string bytes) {
  return ReadZipMember(arrow::Buffer::FromString(std::move(bytes)), ".onnx", "a.whl");
}

const std::string kContent(10000, 'x');

TEST(ReadZipMember, FindsTheOneFile) {
  EXPECT_EQ(Read(ZipOf({{"a/model.onnx", kContent}, {"a/__init__.py", "import os"}})).ValueOrDie()->ToString(),
            kContent);
}

TEST(ReadZipMember, EmptyFileIsRead) { EXPECT_EQ(Read(ZipOf({{"m.onnx", ""}})).ValueOrDie()->size(), 0); }

TEST(ReadZipMember, NoneOrManyAreErrors) {
  EXPECT_THAT(Read(ZipOf({{"a.py", "1"}})).status().message(), HasSubstr("a.whl holds no .onnx file"));
  EXPECT_THAT(Read(ZipOf({{"a.onnx", "1"}, {"b.onnx", "2"}})).status().message(), HasSubstr("more than one .onnx"));
}

TEST(ReadZipMember, DamageIsNoticed) {
  const std::string whole = ZipOf({{"m.onnx", kContent}});
  std::string changed = whole;
  changed[44] = static_cast<char>(changed[44] ^ 1);  // inside the compressed data
  EXPECT_TRUE(Read(changed).status().IsInvalid());
  EXPECT_THAT(Read(whole.substr(0, whole.size() / 2)).status().message(), HasSubstr("is not a zip archive"));
  EXPECT_TRUE(Read("").status().IsInvalid());
}

}  // namespace
}  // namespace pomona
