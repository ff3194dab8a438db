#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "call.h"
#include "options.h"
#include "pomona/pipeline/option_table.h"
#include "pomona/pipeline/run.h"

namespace nb = nanobind;

namespace pomona::python {
namespace {

/// Outcome, content of run.json, place of the report, one line for people.
using Summary = std::tuple<std::string, std::string, std::string, std::string>;

/// Passes on to a Python object with methods of the same names; what they raise ends the job.
class PythonListener : public ProgressListener {
 public:
  PythonListener(nb::handle listener, Cancellation* cancellation) : listener_(listener), cancellation_(cancellation) {}

  void StageStarted(std::string_view stage, std::int64_t total, std::int64_t done) override {
    Tell("stage_started", stage, total, done);
  }
  void StageAdvanced(std::int64_t done, std::int64_t failed) override { Tell("stage_advanced", done, failed); }
  void StageFinished(double seconds) override { Tell("stage_finished", seconds); }
  void Message(std::string_view text) override { Tell("message", text); }

  /// Throws what the listener raised, if it did.
  void Rethrow() {
    if (raised_) throw *std::exchange(raised_, std::nullopt);
  }

 private:
  template <typename... Arguments>
  void Tell(const char* method, const Arguments&... arguments) {
    if (listener_.is_none()) return;
    const nb::gil_scoped_acquire acquire;
    try {
      listener_.attr(method)(arguments...);
    } catch (nb::python_error& error) {
      if (!raised_) raised_.emplace(std::move(error));
      cancellation_->Cancel();
    }
  }

  nb::handle listener_;
  Cancellation* cancellation_;
  std::optional<nb::python_error> raised_;
};

std::string_view OutcomeName(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::kDone:
      return "done";
    case RunOutcome::kAlreadyDone:
      return "already-done";
    case RunOutcome::kTooManyFailures:
      return "too-many-failures";
  }
  return "done";
}

template <typename Job>
Summary Do(const nb::object& listener, const Job& job) {
  Cancellation cancellation;
  PythonListener progress(listener, &cancellation);
  std::optional<Result<RunSummary>> answer;
  RunWatched([&] { answer.emplace(job(&progress, &cancellation)); }, &cancellation);
  progress.Rethrow();
  const RunSummary summary = ValueOrRaise(*std::move(answer));
  return {std::string(OutcomeName(summary.outcome)), summary.run.dump(-1, ' ', false, Json::error_handler_t::replace),
          summary.report, summary.message};
}

Summary RunJob(const std::string& options, bool features_only, const nb::object& listener) {
  const RunOptions wanted = OptionsFromJson(options);
  const RunStages stages = features_only ? RunStages::kFeaturesOnly : RunStages::kAll;
  return Do(listener, [&](ProgressListener* progress, const Cancellation* cancellation) {
    return Run(wanted, stages, progress, cancellation);
  });
}

Summary ApplyJob(const std::string& model, const std::string& options, const nb::object& listener) {
  const ApplyOptions wanted{model, OptionsFromJson(options)};
  return Do(listener, [&](ProgressListener* progress, const Cancellation* cancellation) {
    return Apply(wanted, progress, cancellation);
  });
}

/// Name, kind of value ("" for a switch), default and help of every option.
std::vector<std::tuple<std::string, std::string, std::string, std::string>> Options() {
  std::vector<std::tuple<std::string, std::string, std::string, std::string>> options;
  for (const OptionEntry& entry : OptionTable()) {
    options.emplace_back(std::string(entry.name), std::string(entry.value), std::string(entry.preset),
                         std::string(entry.help));
  }
  return options;
}

}  // namespace

void BindJobs(nb::module_& module) {
  module.def("run", &RunJob, nb::arg("options"), nb::arg("features_only"), nb::arg("listener").none(),
             "The job of `pomona run`, or of `pomona features`.");
  module.def("apply", &ApplyJob, nb::arg("model"), nb::arg("options"), nb::arg("listener").none(),
             "The job of `pomona apply`.");
  module.def("options", &Options, "The options of `pomona run`: name, value, default, help.");
  module.def("check_options", [](const std::string& json) { OptionsFromJson(json); }, nb::arg("options"));
}

}  // namespace pomona::python
