#include "pomona/models/import.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/models/test_models.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

TEST(ImportModel, SafetensorsOfTheRightWeights) {
  const test::ScratchFolder scratch;
  const Vgg16Weights weights = test::MadeUpWeights();
  const RegistryModel model = test::MadeUpModel(weights);
  test::WriteWeights(weights, scratch / "mine.bin");
  const ModelCache cache(scratch / "models");
  const Status status = ImportModel(model, test::At(scratch / "mine.bin"), "mine", cache);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ((*cache.Find(model))->source, "mine");
}

TEST(ImportModel, RefusesWhatIsNotTheModel) {
  const test::ScratchFolder scratch;
  const RegistryModel& vgg16 = *ModelRegistry::BuiltIn().Find("vgg16");
  const ModelCache cache(scratch / "models");
  const Vgg16Weights other = test::MadeUpWeights();
  test::WriteWeights(other, scratch / "other.safetensors");
  EXPECT_THAT(ImportModel(vgg16, test::At(scratch / "other.safetensors"), "other", cache).message(),
              AllOf(HasSubstr(other.Sha256()), HasSubstr(vgg16.weights_sha256)));

  fs::copy_file(scratch / "other.safetensors", scratch / "cut.safetensors");
  fs::resize_file(scratch / "cut.safetensors", 1'000'000);
  EXPECT_THAT(ImportModel(vgg16, test::At(scratch / "cut.safetensors"), "cut", cache).message(), HasSubstr("cut"));
  std::ofstream(scratch / "page.h5") << "<html>not found</html>";
  EXPECT_FALSE(ImportModel(vgg16, test::At(scratch / "page.h5"), "page", cache).ok());
  EXPECT_TRUE(IsUsageError(ImportModel(vgg16, test::At(scratch / "none.h5"), "none", cache)));
  EXPECT_FALSE(cache.Find(vgg16)->has_value());

  const RegistryModel& embedded = *ModelRegistry::BuiltIn().Find("mobilenetv2-0.35");
  EXPECT_TRUE(IsUsageError(ImportModel(embedded, test::At(scratch / "page.h5"), "page", cache)));
}

TEST(ImportModel, RealVgg16) {
  const auto file = test::RealVgg16();
  if (!file) GTEST_SKIP() << test::kNoRealVgg16;
  const test::ScratchFolder scratch;
  const RegistryModel& vgg16 = *ModelRegistry::BuiltIn().Find("vgg16");
  const ModelCache cache(scratch / "models");
  const Status status = ImportModel(vgg16, test::At(*file), "real", cache);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ((*cache.Find(vgg16))->weights_sha256, kVgg16Sha256);
  // What the cache holds can be imported again.
  const fs::path cached = (*cache.Find(vgg16))->file;
  EXPECT_TRUE(ImportModel(vgg16, test::At(cached), "again", ModelCache(scratch / "second")).ok());
}

}  // namespace
}  // namespace pomona
