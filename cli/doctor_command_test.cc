#include "cli/doctor_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

MachineFacts GoodMachine() {
  MachineFacts facts;
  facts.instruction_sets = {"sse4.2", "avx2", "avx512"};
  facts.online_processors = facts.affinity_processors = facts.usable_threads = 8;
  facts.memory_bytes = facts.memory_limit = 32'000'000'000;
  facts.memory_free = 20'000'000'000;
  facts.libraries = {{"Arrow", "26.0.1", "26.0.1"}};
  return facts;
}

TEST(Doctor, NothingToFindOnAGoodMachine) { EXPECT_THAT(Findings(GoodMachine()), IsEmpty()); }

TEST(Doctor, NamesBothVersionsOfAMismatch) {
  MachineFacts facts = GoodMachine();
  facts.libraries = {{"Arrow", "26.0.1", "26.0.0"}};
  EXPECT_THAT(Findings(facts), ElementsAre(testing::AllOf(HasSubstr("Arrow 26.0.0 is loaded"), HasSubstr("26.0.1"))));
}

TEST(Doctor, SaysWhatIsSlow) {
  MachineFacts facts = GoodMachine();
  facts.instruction_sets = {"sse4.2"};
  facts.usable_threads = 1;
  facts.load = 20;
  facts.memory_limit = 500'000'000;
  facts.swap_used_bytes = 4'000'000'000;
  facts.optimised = false;
  facts.sanitized = true;
  facts.vgg16_cached = false;
  facts.openvino_error = "no plugin";
  EXPECT_THAT(Findings(facts),
              ElementsAre(HasSubstr("no plugin"), HasSubstr("debug build"), HasSubstr("sanitizers"),
                          HasSubstr("pomona models fetch vgg16"), HasSubstr("no AVX2"), HasSubstr("1 of 8"),
                          HasSubstr("20.0 processes"), HasSubstr("500 MB"), HasSubstr("4.0 GB")));
  facts = GoodMachine();
  facts.instruction_sets = {"sse4.2", "avx2"};
  EXPECT_THAT(Findings(facts), ElementsAre(HasSubstr("no AVX-512")));
}

TEST(Doctor, NamesTheLimitsOfTheProcess) {
  MachineFacts facts = GoodMachine();
  facts.limits = {.address_space = 700'000'000, .file_size = 1'000'000, .open_files = 64};
  EXPECT_THAT(Findings(facts), ElementsAre(testing::AllOf(HasSubstr("700 MB"), HasSubstr("RLIMIT_AS")),
                                           testing::AllOf(HasSubstr("1.0 MB"), HasSubstr("RLIMIT_FSIZE")),
                                           testing::AllOf(HasSubstr("Only 64 files"), HasSubstr("RLIMIT_NOFILE"))));
  facts.limits = {.open_files = 1024};
  EXPECT_THAT(Findings(facts), IsEmpty());
}

TEST(Doctor, ExplainsTheThreads) {
  MachineFacts facts = GoodMachine();
  EXPECT_EQ(ThreadsText(facts), "8: all processors");
  facts.usable_threads = 3;
  EXPECT_EQ(ThreadsText(facts), "3 of 8: the cgroup's CPU quota allows no more");
  facts.affinity_processors = 3;
  EXPECT_EQ(ThreadsText(facts), "3 of 8: the affinity mask allows no more");
}

TEST(Doctor, SaysWhichEngineRunsAndWhy) {
  MachineFacts facts = GoodMachine();
  EXPECT_THAT(EngineText(facts), testing::MatchesRegex("(native|openvino): .+"));
  EXPECT_THAT(EngineText(facts), testing::Not(HasSubstr("AMX")));
  facts.instruction_sets.push_back("amx-bf16");
  EXPECT_THAT(EngineText(facts), HasSubstr("AMX"));
}

TEST(Doctor, ReadsThisMachine) {
  const MachineFacts facts = MachineFacts::Read();
  EXPECT_GE(facts.usable_threads, 1);
  EXPECT_GE(facts.online_processors, facts.affinity_processors);
  EXPECT_GT(facts.memory_bytes, 0);
  EXPECT_LE(facts.memory_limit, facts.memory_bytes + (1 << 20));
  EXPECT_EQ(facts.openvino_error, "");
  for (const LinkedLibrary& library : facts.libraries) EXPECT_TRUE(library.matches()) << library.name;
}

}  // namespace
}  // namespace pomona::cli
