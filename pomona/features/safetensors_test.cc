#include "pomona/features/safetensors.h"

#include <cstdint>
#include <string>

#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string FileOf(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

Result<Safetensors> Read(const std::string& bytes) {
  return ReadSafetensors(std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)), "test.file");
}

std::string Write(std::span<const Tensor> tensors, const std::map<std::string, std::string>& metadata = {}) {
  const auto stream = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(WriteSafetensors(tensors, metadata, stream.get()).ok());
  return stream->Finish().ValueOrDie()->ToString();
}

TEST(Safetensors, ReadsWhatItWrites) {
  const std::vector<Tensor> tensors = {
      Tensor::FromVector<float>("a", {2, 2}, {1, 2, 3, 4}), Tensor::FromVector<double>("b", {1}, {0.1}),
      Tensor::FromVector<std::int64_t>("empty", {0, 5}, {}), Tensor::FromVector<std::int16_t>("odd", {3}, {1, -2, 3}),
      Tensor::FromVector<std::int64_t>("scalar", {}, {-7})};
  const Safetensors read = Read(Write(tensors, {{"format", "1"}})).ValueOrDie();
  ASSERT_EQ(read.tensors.size(), 5U);
  EXPECT_EQ(read.metadata.at("format"), "1");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor tensor = read.Find(tensors[i].name).ValueOrDie();
    EXPECT_EQ(tensor.type, tensors[i].type);
    EXPECT_EQ(tensor.shape, tensors[i].shape);
    EXPECT_TRUE(tensor.data->Equals(*tensors[i].data)) << tensor.name;
  }
  EXPECT_THAT(read.Find("scalar").ValueOrDie().values<std::int64_t>(), ElementsAre(-7));
}

TEST(Safetensors, SameTensorsGiveSameBytes) {
  const std::vector<Tensor> tensors = {Tensor::FromVector<float>("a", {2}, {1, 2})};
  EXPECT_EQ(Write(tensors, {{"x", "1"}, {"b", "2"}}), Write(tensors, {{"b", "2"}, {"x", "1"}}));
  EXPECT_EQ(Write(tensors).size() % 64, 8U) << "data start on a multiple of 64 bytes";
}

TEST(Safetensors, BytesInMemoryAreShared) {
  const auto buffer = arrow::Buffer::FromString(Write(std::vector{Tensor::FromVector<float>("a", {2}, {1, 2})}));
  const auto read = ReadSafetensors(std::make_shared<arrow::io::BufferReader>(buffer), "x").ValueOrDie();
  EXPECT_GE(read.tensors[0].data->data(), buffer->data());
  EXPECT_LT(read.tensors[0].data->data(), buffer->data() + buffer->size());
}

TEST(Safetensors, UnalignedDataIsCopied) {
  const Safetensors read =
      Read(FileOf(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", std::string("\0\0\x80\x3f", 4)))
          .ValueOrDie();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(read.tensors[0].data->data()) % 4, 0U);
  EXPECT_THAT(read.tensors[0].values<float>(), ElementsAre(1.0F));
}

TEST(Safetensors, FindNamesTheNearest) {
  const Safetensors read = Read(Write(std::vector{Tensor::FromVector<float>("components", {1}, {1})})).ValueOrDie();
  const auto missing = read.Find("component");
  EXPECT_TRUE(missing.status().IsKeyError());
  EXPECT_THAT(missing.status().message(), HasSubstr("did you mean \"components\""));
}

struct BadFile {
  std::string name;
  std::string bytes;
  std::string message;
};

class SafetensorsBadFile : public ::testing::TestWithParam<BadFile> {};

TEST_P(SafetensorsBadFile, IsRefused) {
  const auto result = Read(GetParam().bytes);
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.status().message(), HasSubstr(GetParam().message));
  EXPECT_THAT(result.status().message(), HasSubstr("test.file"));
}

const std::string kFour(4, '\0');

INSTANTIATE_TEST_SUITE_P(
    All, SafetensorsBadFile,
    ::testing::Values(
        BadFile{"Empty", "", "has 0 bytes"}, BadFile{"Short", "abc", "has 3 bytes"},
        BadFile{"HugeHeader", std::string(8, '\xff'), "its header would have"},
        BadFile{"HeaderPastEnd", std::string("\x10\0\0\0\0\0\0\0{}", 10), "its header would have 16 bytes"},
        BadFile{"NotJson", FileOf("{nope", ""), "not valid JSON"}, BadFile{"List", FileOf("[]", ""), "not an object"},
        BadFile{"Twice",
                FileOf(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                       R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
                       kFour),
                "appears twice"},
        BadFile{"NoShape", FileOf(R"({"a":{"dtype":"U8","data_offsets":[0,4]}})", kFour), "must have exactly"},
        BadFile{"Negative", FileOf(R"({"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}})", kFour), "counts"},
        BadFile{"Overflow",
                FileOf(R"({"a":{"dtype":"F64","shape":[9223372036854775807,2],"data_offsets":[0,4]}})", kFour),
                "does not have the bytes"},
        BadFile{"Size", FileOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", kFour), "[0, 4)"},
        BadFile{"Backwards", FileOf(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", kFour), "[4, 0)"},
        BadFile{"Type", FileOf(R"({"a":{"dtype":"F8","shape":[4],"data_offsets":[0,4]}})", kFour), "\"F8\""},
        BadFile{"Gap", FileOf(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}})", kFour), "starts at byte 1"},
        BadFile{"Overlap",
                FileOf(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                       R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
                       kFour),
                "starts at byte 2"},
        BadFile{"PastEnd", FileOf(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})", kFour),
                "the file holds 4"},
        BadFile{"Trailing", FileOf(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", kFour),
                "the tensors need 2 bytes"},
        BadFile{"Metadata", FileOf(R"({"__metadata__":{"a":1}})", ""), "not a string"}),
    [](const auto& info) { return info.param.name; });

TEST(Safetensors, WriterRefusesWrongTensors) {
  const auto stream = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const Tensor good = Tensor::FromVector<float>("a", {1}, {1});
  const Tensor wrong = Tensor::FromVector<float>("b", {2}, {1});
  EXPECT_TRUE(WriteSafetensors(std::vector{wrong}, {}, stream.get()).IsInvalid());
  EXPECT_TRUE(WriteSafetensors(std::vector{good, good}, {}, stream.get()).IsInvalid());
}

}  // namespace
}  // namespace pomona
