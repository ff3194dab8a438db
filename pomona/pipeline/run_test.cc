#include "pomona/pipeline/run.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/process_identity.h"
#include "pomona/base/usage_error.h"
#include "pomona/models/open_extractor.h"
#include "pomona/pipeline/testing_folder.h"
#include "pomona/pipeline/testing_run.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing_folder::AnyPhoto;
using testing_folder::CopyPhotos;
using testing_folder::Photos;
using testing_folder::ReadFile;
using testing_folder::TempFolder;
using testing_folder::WriteFile;
using testing_run::CancelAfter;
using testing_run::Column;
using testing_run::ExpectSameResult;
using testing_run::Pixels;
using testing_run::RunAll;
using testing_run::RunFeatures;
using testing_run::Table;

TEST(Run, WritesEverythingTheDesignNames) {
  const TempFolder folder;
  const std::string out = folder / "out";
  const RunSummary summary = RunAll(Pixels((Photos() / "Training").string(), out)).ValueOrDie();
  EXPECT_EQ(summary.outcome, RunOutcome::kDone);
  EXPECT_EQ(summary.report, out + "/report.html");
  for (const char* name : {"features/part-00000.parquet", "projection/part-00000.parquet", "projection.csv",
                           "explained_variance.csv", "quarantine.parquet", "model/pipeline.json",
                           "model/arrays.safetensors", "report.html", "run.json", "_SUCCESS", "_pomona/plan.json"}) {
    EXPECT_TRUE(fs::exists(fs::path(out) / name)) << name;
  }
  const std::int64_t images = summary.run["images_listed"];
  EXPECT_GT(images, 50);
  EXPECT_EQ(summary.run["images_ok"], images);
  EXPECT_EQ(summary.run["images_quarantined"], 0);
  EXPECT_GT(summary.run["peak_rss_bytes"], 1'000'000);
  EXPECT_EQ(ParseJson(ReadFile(out + "/run.json"), "run.json").ValueOrDie(), summary.run);

  const auto features = Table(out + "/features/part-00000.parquet");
  EXPECT_EQ(features->num_rows(), images);
  EXPECT_EQ(features->schema()->field(4)->type()->ToString(), "fixed_size_list<element: float not null>[48]");
  const std::vector<std::string> paths = Column(*features, 0);
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
  EXPECT_EQ(static_cast<const arrow::Int32Array&>(*features->column(2)->chunk(0)).Value(0), 100);
  for (const Json& file : summary.run["files"]) {
    EXPECT_TRUE(fs::exists(fs::path(out) / file.get<std::string>())) << file;
  }
  for (const auto& entry : fs::directory_iterator(out + "/_pomona/shards")) {
    EXPECT_EQ(entry.path().extension(), ".json") << "parts go once they are joined";
  }
}

TEST(Run, AFinishedOutputIsLeftAlone) {
  const TempFolder folder;
  const RunOptions options = Pixels((Photos() / "Test").string(), folder / "out");
  ASSERT_TRUE(RunAll(options).ok());
  const auto before = testing_folder::Files(folder.path());
  RunOptions again = options;
  again.threads = 1;
  const RunSummary summary = RunAll(again).ValueOrDie();
  EXPECT_EQ(summary.outcome, RunOutcome::kAlreadyDone);
  EXPECT_THAT(summary.message, HasSubstr("finished already"));
  EXPECT_EQ(testing_folder::Files(folder.path()), before);
}

TEST(Run, AFinishedOutputLosesTheLockOfARunKilledAtItsEnd) {
  const TempFolder folder;
  const RunOptions options = Pixels((Photos() / "Test").string(), folder / "out");
  ASSERT_TRUE(RunAll(options).ok());
  const auto before = testing_folder::Files(folder.path());
  ProcessIdentity dead = ProcessIdentity::Self();
  dead.started_ticks += 1;
  testing_folder::WriteFile(folder / "out/_pomona/lock-0001.json", Json{{"process", dead.ToJson()}}.dump());
  EXPECT_EQ(RunAll(options)->outcome, RunOutcome::kAlreadyDone);
  EXPECT_EQ(testing_folder::Files(folder.path()), before);
}

TEST(Run, OtherResultOptionsAreRefusedAndOverwriteStartsAnew) {
  const TempFolder folder;
  RunOptions options = Pixels((Photos() / "Test").string(), folder / "out");
  ASSERT_TRUE(RunAll(options).ok());
  options.components = 3;
  options.resample = ResizeFilter::kLanczos;
  const Status status = RunAll(options).status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("--components"));
  EXPECT_THAT(status.message(), HasSubstr("--resample"));
  options.overwrite = true;
  const RunSummary summary = RunAll(options).ValueOrDie();
  EXPECT_EQ(summary.outcome, RunOutcome::kDone);
  EXPECT_THAT(ReadFile(folder / "out/projection.csv"), HasSubstr("path,label,pc1,pc2,pc3\n"));
}

TEST(Run, OverwriteClearsWhatIsBroken) {
  const TempFolder folder;
  RunOptions options = Pixels((Photos() / "Test").string(), folder / "out");
  for (const char* name : {"current.json", "change.json", "files.json", "options.json"}) {
    options.overwrite = true;
    ASSERT_TRUE(RunAll(options).ok());
    const std::string features = ReadFile(folder / "out/features/part-00000.parquet");
    fs::remove(folder / "out/_SUCCESS");
    std::ofstream(folder / (std::string("out/_pomona/") + name)) << "{broken";
    options.overwrite = false;
    const Status status = RunAll(options).status();
    EXPECT_TRUE(status.ok() || status.message().find("start anew with --overwrite") != std::string::npos) << name;
    options.overwrite = true;
    EXPECT_TRUE(RunAll(options).ok()) << name;
    EXPECT_EQ(ReadFile(folder / "out/features/part-00000.parquet"), features);
  }
}

TEST(Run, MissingWeightsLeaveTheOutputFreeForAnotherExtractor) {
  const TempFolder folder;
  RunOptions options = Pixels((Photos() / "Test").string(), folder / "out");
  RunOptions missing = options;
  missing.extractor.extractor = "vgg16";
  missing.extractor.network.image_width = missing.extractor.network.image_height = 32;
  missing.extractor.model_cache = folder / "empty-cache";
  EXPECT_EQ(MissingModelOf(RunAll(missing).status()), "vgg16");
  EXPECT_FALSE(fs::exists(folder / "out"));
  fs::create_directories(folder / "out");
  EXPECT_EQ(MissingModelOf(RunAll(missing).status()), "vgg16");
  EXPECT_TRUE(fs::is_empty(folder / "out"));
  EXPECT_EQ(RunAll(options)->outcome, RunOutcome::kDone);
  // An output that was there before keeps what it has.
  const auto before = testing_folder::Files(folder / "out");
  EXPECT_TRUE(IsUsageError(RunAll(missing).status()));
  EXPECT_EQ(testing_folder::Files(folder / "out"), before);
}

TEST(Run, ThreadsShardsAndInterruptionsDoNotChangeTheResult) {
  const TempFolder folder;
  const std::string in = folder / "in";
  for (const char* label : {"Kiwi", "Lemon", "Banana"}) CopyPhotos(label, fs::path(in) / label, 130);
  WriteFile(fs::path(in) / "Kiwi" / "0-bad.jpg", "no image");
  WriteFile(fs::path(in) / "Lemon" / "9-empty.jpg", "");
  WriteFile(fs::path(in) / "Lemon" / "._9.jpg", "");
  const Json skipped = {{"macos", 1}};

  RunOptions one = Pixels(in, folder / "one");
  one.threads = 1;
  EXPECT_EQ(RunAll(one).ValueOrDie().run["files_skipped"], skipped);
  ASSERT_GT(Table(folder / "one/features/part-00000.parquet")->num_rows(), 2 * 1024);

  RunOptions other = Pixels(in, folder / "other");
  other.threads = 3;
  other.shard_size = 2048;
  ASSERT_TRUE(RunAll(other).ok());
  ExpectSameResult(folder / "one", folder / "other");

  const RunOptions broken = Pixels(in, folder / "broken");
  CancelAfter interrupt(1500);
  EXPECT_TRUE(RunAll(broken, &interrupt.cancellation, &interrupt).status().IsCancelled());
  EXPECT_FALSE(fs::exists(folder / "broken/_SUCCESS"));
  CancelAfter never(1'000'000'000);
  const RunSummary resumed = RunAll(broken, nullptr, &never).ValueOrDie();
  EXPECT_LT(resumed.run["images_extracted"].get<std::int64_t>(), resumed.run["images_listed"].get<std::int64_t>());
  EXPECT_EQ(resumed.run["files_skipped"], skipped);
  EXPECT_THAT(never.messages, ::testing::Contains(HasSubstr("resuming")));
  ExpectSameResult(folder / "one", folder / "broken");
}

TEST(Run, BadImagesAreQuarantinedWithTheirReasons) {
  const TempFolder folder;
  const std::string in = folder / "in";
  CopyPhotos("Kiwi", fs::path(in) / "Kiwi", 1);
  const std::string photo = AnyPhoto();
  WriteFile(fs::path(in) / "bad" / "empty.jpg", "");
  WriteFile(fs::path(in) / "bad" / "page.jpg", "<html><body>404</body></html>");
  WriteFile(fs::path(in) / "bad" / "cut.jpg", photo.substr(0, photo.size() / 2));
  fs::create_symlink("nowhere", fs::path(in) / "bad" / "link.jpg");
  const RunSummary summary = RunAll(Pixels(in, folder / "out")).ValueOrDie();
  EXPECT_EQ(summary.run["images_quarantined"], 4);
  EXPECT_EQ(summary.run["images_listed"],
            summary.run["images_ok"].get<int>() + summary.run["images_quarantined"].get<int>());
  const auto quarantine = Table(folder / "out/quarantine.parquet");
  EXPECT_EQ(Column(*quarantine, 4), (std::vector<std::string>{"truncated", "empty", "missing", "unknown-format"}));
  EXPECT_EQ(Column(*quarantine, 3), (std::vector<std::string>{"decode", "decode", "read", "decode"}));
  EXPECT_EQ(Column(*quarantine, 1), std::vector<std::string>(4, "bad"));
}

TEST(Run, TooManyFailuresEndItAndAHigherLimitFinishesWithoutExtracting) {
  const TempFolder folder;
  const std::string in = folder / "in";
  CopyPhotos("Kiwi", fs::path(in) / "Kiwi", 1);
  for (int i = 0; i < 11; ++i) WriteFile(fs::path(in) / "bad" / (std::to_string(i) + ".jpg"), "no image");
  RunOptions options = Pixels(in, folder / "out");
  const RunSummary failed = RunAll(options).ValueOrDie();
  EXPECT_EQ(failed.outcome, RunOutcome::kTooManyFailures);
  EXPECT_THAT(failed.message, HasSubstr("--max-failures allows 10"));
  EXPECT_TRUE(fs::exists(folder / "out/quarantine.parquet"));
  EXPECT_TRUE(fs::exists(folder / "out/report.html"));
  EXPECT_FALSE(fs::exists(folder / "out/_SUCCESS"));
  EXPECT_EQ(RunAll(options)->outcome, RunOutcome::kTooManyFailures);
  options.max_failures.images = 11;
  const RunSummary done = RunAll(options).ValueOrDie();
  EXPECT_EQ(done.outcome, RunOutcome::kDone);
  EXPECT_EQ(done.run["images_extracted"], 0);
  EXPECT_EQ(done.run["images_quarantined"], 11);
}

TEST(Run, TooManyFailuresAreNoticedEarly) {
  const TempFolder folder;
  const std::string in = folder / "in";
  CopyPhotos("Kiwi", fs::path(in) / "good", 1);
  for (int i = 0; i < 5000; ++i) WriteFile(fs::path(in) / "bad" / (std::to_string(i) + ".jpg"), "no image");
  const RunSummary failed = RunAll(Pixels(in, folder / "out")).ValueOrDie();
  EXPECT_EQ(failed.outcome, RunOutcome::kTooManyFailures);
  EXPECT_LT(failed.run["images_extracted"], 4096);
  EXPECT_GE(failed.run["images_extracted"], 1000);
}

TEST(Run, OddNamesKeepTheirPathsAndLabels) {
  const TempFolder folder;
  const std::string in = folder / "in";
  const std::string photo = AnyPhoto();
  const std::vector<std::string> names = {"with space/a b.jpg", "caf\xC3\xA9/\xC3\xA9.jpg", "100%/50%25.jpg",
                                          "a=b,c/d=e,f.jpg",    "new\nline/x\ny.jpg",       "caf\xE9/\xFF.jpg",
                                          "quote\"/q\".jpg"};
  for (const std::string& name : names) WriteFile(fs::path(in) / name, photo);
  RunOptions options = Pixels(in, folder / "out");
  options.components = 1;
  WriteFile(fs::path(in) / "other/other.jpg",
            ReadFile(fs::directory_iterator(Photos() / "Training" / "Lemon")->path()));
  ASSERT_TRUE(RunAll(options).ok());
  const auto features = Table(folder / "out/features/part-00000.parquet");
  EXPECT_EQ(features->num_rows(), 8);
  EXPECT_THAT(Column(*features, 0),
              ::testing::IsSupersetOf({in + "/caf%E9/%FF.jpg", in + "/new\nline/x\ny.jpg", in + "/100%/50%25.jpg"}));
  EXPECT_THAT(Column(*features, 1), ::testing::IsSupersetOf({"caf%E9", "a=b,c", "quote\""}));
  EXPECT_THAT(ReadFile(folder / "out/projection.csv"), HasSubstr("/d=e,f.jpg\",\"a=b,c\","));
}

TEST(Run, OneImageSkipsTheFitAndSaysSo) {
  const TempFolder folder;
  WriteFile(folder / "in/Kiwi/1.jpg", AnyPhoto());
  const RunSummary summary = RunAll(Pixels(folder / "in", folder / "out")).ValueOrDie();
  EXPECT_EQ(summary.outcome, RunOutcome::kDone);
  EXPECT_THAT(summary.message, HasSubstr("fit was skipped"));
  EXPECT_TRUE(fs::exists(folder / "out/features/part-00000.parquet"));
  EXPECT_FALSE(fs::exists(folder / "out/projection.csv"));
  EXPECT_TRUE(fs::exists(folder / "out/_SUCCESS"));
}

TEST(Run, UserErrorsLeaveNothingBehind) {
  const TempFolder folder;
  fs::create_directories(folder.path() / "empty");
  EXPECT_TRUE(IsUsageError(RunAll(Pixels(folder / "empty", folder / "out")).status()));
  EXPECT_FALSE(fs::exists(folder / "out/_pomona"));
  WriteFile(folder / "in/Kiwi/1.jpg", AnyPhoto());
  WriteFile(folder / "in/Kiwi/2.jpg", AnyPhoto());
  RunOptions options = Pixels(folder / "in", folder / "out");
  options.components = 2;
  const Status rank = RunAll(options).status();
  EXPECT_TRUE(IsUsageError(rank));
  EXPECT_THAT(rank.message(), HasSubstr("rank is at most 1"));
  EXPECT_FALSE(fs::exists(folder / "out/_pomona"));
  options.limit = 1;
  options.components = 1;
  EXPECT_THAT(RunAll(options).status().message(),
              HasSubstr("the input has 1 image, and a fit needs two at least; leave --components out"));
  options.output = folder / "in/out";
  EXPECT_THAT(RunAll(options).status().message(), HasSubstr("lies in"));
  EXPECT_FALSE(fs::exists(folder / "in/out"));
}

TEST(Run, ListFileWithAMissingImage) {
  const TempFolder folder;
  CopyPhotos("Kiwi", folder.path() / "photos", 1);
  std::string list = "path,label\n";
  for (const auto& entry : fs::directory_iterator(folder.path() / "photos")) {
    list += "photos/" + entry.path().filename().string() + ",green\n";
  }
  WriteFile(folder / "list.csv", list + "photos/missing.jpg,green\n");
  const RunSummary summary = RunAll(Pixels(folder / "list.csv", folder / "out")).ValueOrDie();
  EXPECT_EQ(summary.run["images_quarantined"], 1);
  EXPECT_EQ(Column(*Table(folder / "out/quarantine.parquet"), 4), std::vector<std::string>{"missing"});
  EXPECT_EQ(Column(*Table(folder / "out/features/part-00000.parquet"), 1)[0], "green");
}

TEST(Run, FeaturesThenRunExtractsOnce) {
  const TempFolder folder;
  RunOptions options = Pixels((Photos() / "Test").string(), folder / "out");
  ASSERT_TRUE(RunFeatures(options).ok());
  EXPECT_FALSE(fs::exists(folder / "out/projection.csv"));
  EXPECT_EQ(RunFeatures(options)->outcome, RunOutcome::kAlreadyDone);
  options.components = 4;
  const RunSummary summary = RunAll(options).ValueOrDie();
  EXPECT_EQ(summary.outcome, RunOutcome::kDone);
  EXPECT_EQ(summary.run["images_extracted"], 0);
  EXPECT_EQ(RunAll(options)->outcome, RunOutcome::kAlreadyDone);
}

TEST(Run, AnotherPlanStopsAResume) {
  const TempFolder folder;
  const std::string in = folder / "in";
  CopyPhotos("Kiwi", fs::path(in) / "Kiwi", 260);
  const RunOptions options = Pixels(in, folder / "out");
  CancelAfter interrupt(1100);
  ASSERT_TRUE(RunAll(options, &interrupt.cancellation, &interrupt).status().IsCancelled());
  std::string plan = ReadFile(folder / "out/_pomona/plan.json");
  const std::size_t place = plan.find("\"instruction_set\": \"");
  ASSERT_NE(place, std::string::npos);
  plan.insert(place + 20, "other ");
  WriteFile(folder / "out/_pomona/plan.json", plan);
  const Status status = RunAll(options).status();
  EXPECT_THAT(status.message(), HasSubstr("instruction_set: planned \"other "));
}

}  // namespace
}  // namespace pomona
