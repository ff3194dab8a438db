#include "pomona/models/import.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/hash.h"
#include "pomona/base/usage_error.h"
#include "pomona/models/test_models.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using enum UnknownWeights;

TEST(ImportModel, SafetensorsOfTheRightWeights) {
  const test::ScratchFolder scratch;
  const VggWeights weights = test::MadeUpWeights();
  const RegistryModel model = test::MadeUpModel(weights);
  test::WriteWeights(weights, scratch / "mine.bin");
  const ModelCache cache(scratch / "models");
  const Status status = ImportModel(model, test::At(scratch / "mine.bin"), "mine", cache, kRefuse);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ((*cache.Find(model))->source, "mine");
}

TEST(ImportModel, RefusesWhatIsNotTheModel) {
  const test::ScratchFolder scratch;
  const RegistryModel& vgg16 = *ModelRegistry::BuiltIn().Find("vgg16");
  const ModelCache cache(scratch / "models");
  const VggWeights other = test::MadeUpWeights();
  test::WriteWeights(other, scratch / "other.safetensors");
  EXPECT_THAT(ImportModel(vgg16, test::At(scratch / "other.safetensors"), "other", cache, kRefuse).message(),
              AllOf(HasSubstr(other.Sha256()), HasSubstr(vgg16.weights_sha256)));

  fs::copy_file(scratch / "other.safetensors", scratch / "cut.safetensors");
  fs::resize_file(scratch / "cut.safetensors", 1'000'000);
  EXPECT_THAT(ImportModel(vgg16, test::At(scratch / "cut.safetensors"), "cut", cache, kRefuse).message(),
              HasSubstr("cut"));
  std::ofstream(scratch / "page.h5") << "<html>not found</html>";
  EXPECT_FALSE(ImportModel(vgg16, test::At(scratch / "page.h5"), "page", cache, kRefuse).ok());
  EXPECT_TRUE(IsUsageError(ImportModel(vgg16, test::At(scratch / "none.h5"), "none", cache, kRefuse)));
  EXPECT_FALSE(cache.Find(vgg16)->has_value());

  const RegistryModel& embedded = *ModelRegistry::BuiltIn().Find("mobilenetv2-0.35");
  EXPECT_TRUE(IsUsageError(ImportModel(embedded, test::At(scratch / "page.h5"), "page", cache, kRefuse)));
}

/// VGG19's weights have no hash in the registry: its source's file does.
TEST(ImportModel, WithoutAKnownHashTheFileDecides) {
  const test::ScratchFolder scratch;
  RegistryModel model = *ModelRegistry::BuiltIn().Find("vgg19");
  ASSERT_TRUE(model.weights_sha256.empty());
  const ModelCache cache(scratch / "models");
  const Location file = test::At(scratch / "mine.safetensors");
  const VggWeights weights = test::MadeUpWeights(1, kVgg19);
  test::WriteWeights(weights, scratch / "mine.safetensors");
  const Status refused = ImportModel(model, file, "mine", cache, kRefuse);
  EXPECT_TRUE(refused.IsInvalid());
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("mine: nothing proves"), HasSubstr("of MD5 " + model.sources[0].md5),
                                       HasSubstr("pomona models import vgg19 FILE")));
  EXPECT_FALSE(cache.Find(model)->has_value());

  ASSERT_TRUE(ImportModel(model, file, "mine", cache, kMark).ok());
  EXPECT_FALSE((*cache.Find(model))->verified);
  EXPECT_EQ((*cache.Find(model))->weights_sha256, weights.Sha256());

  ByteBuffer bytes;
  ASSERT_TRUE(ReadAll(file, &bytes).ok());
  Hasher md5(HashKind::kMd5);
  md5.Update(bytes.text());
  model.sources[0].md5 = md5.Finish();  // now it is the file that the registry means
  ASSERT_TRUE(ImportModel(model, file, "mine", cache, kRefuse).ok());
  EXPECT_TRUE((*cache.Find(model))->verified);

  test::WriteWeights(test::MadeUpWeights(2, kVgg19), scratch / "other.safetensors");
  const Status kept = ImportModel(model, test::At(scratch / "other.safetensors"), "other", cache, kMark);
  EXPECT_TRUE(IsUsageError(kept));
  EXPECT_THAT(kept.message(), HasSubstr("pomona models remove vgg19"));
  EXPECT_EQ((*cache.Find(model))->weights_sha256, weights.Sha256());
}

TEST(ImportModel, RealVgg16) {
  const auto file = test::RealVgg16();
  if (!file) GTEST_SKIP() << test::kNoRealVgg16;
  const test::ScratchFolder scratch;
  const RegistryModel& vgg16 = *ModelRegistry::BuiltIn().Find("vgg16");
  const ModelCache cache(scratch / "models");
  const Status status = ImportModel(vgg16, test::At(*file), "real", cache, kRefuse);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ((*cache.Find(vgg16))->weights_sha256, kVgg16Sha256);
  // What the cache holds can be imported again.
  const fs::path cached = (*cache.Find(vgg16))->file;
  EXPECT_TRUE(ImportModel(vgg16, test::At(cached), "again", ModelCache(scratch / "second"), kRefuse).ok());
}

}  // namespace
}  // namespace pomona
