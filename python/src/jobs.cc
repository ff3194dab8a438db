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
#include "pomona/base/text.h"
#include "pomona/base/visible_text.h"
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
  void Message(std::string_view text) override { Tell("message", VisibleText(text)); }

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

/// Has a Python function run the shards; what it raises ends the job.
class PythonDistributor : public ShardDistributor {
 public:
  explicit PythonDistributor(nb::handle distribute) : distribute_(distribute) {}

  Status Distribute(const ShardsToRun& shards, const Cancellation* cancellation) override {
    const nb::gil_scoped_acquire acquire;
    const auto advanced = [&](std::int64_t images, std::int64_t failed, std::int64_t read) {
      const nb::gil_scoped_release release;
      return shards.advanced(images, failed, read);
    };
    const auto cancelled = [cancellation] { return cancellation != nullptr && !cancellation->Check().ok(); };
    try {
      nb::list tasks;
      for (const ShardTask& task : shards.tasks) tasks.append(nb::make_tuple(task.shard, nb::cast(task.thumbnails)));
      distribute_(tasks, shards.images, shards.ticket, nb::cpp_function(advanced), nb::cpp_function(cancelled));
      return Status::OK();
    } catch (nb::python_error& error) {
      raised_.emplace(std::move(error));
      return Status::Cancelled("the shards' distributor failed");
    }
  }

  /// Throws what the function raised, if it did.
  void Rethrow() {
    if (raised_) throw *std::exchange(raised_, std::nullopt);
  }

 private:
  nb::handle distribute_;
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
Summary Do(const nb::object& listener, const Job& job, PythonDistributor* distributor = nullptr) {
  Cancellation cancellation;
  PythonListener progress(listener, &cancellation);
  std::optional<Result<RunSummary>> answer;
  RunWatched([&] { answer.emplace(job(&progress, &cancellation)); }, &cancellation);
  progress.Rethrow();
  if (distributor != nullptr) distributor->Rethrow();
  const RunSummary summary = ValueOrRaise(*std::move(answer));
  return {std::string(OutcomeName(summary.outcome)), summary.run.dump(-1, ' ', false, Json::error_handler_t::replace),
          summary.report, VisibleText(summary.message)};
}

Summary RunJob(const std::string& options, bool features_only, const nb::object& listener,
               const nb::object& distribute) {
  const RunOptions wanted = OptionsFromJson(options);
  const RunStages stages = features_only ? RunStages::kFeaturesOnly : RunStages::kAll;
  PythonDistributor distributor(distribute);
  return Do(
      listener,
      [&](ProgressListener* progress, const Cancellation* cancellation) {
        return Run(wanted, stages, progress, cancellation, distribute.is_none() ? nullptr : &distributor);
      },
      &distributor);
}

Summary ApplyJob(const std::string& model, const std::string& options, const nb::object& listener) {
  const ApplyOptions wanted{model, OptionsFromJson(options)};
  return Do(listener, [&](ProgressListener* progress, const Cancellation* cancellation) {
    return Apply(wanted, progress, cancellation);
  });
}

/// Name, kind of value ("" for a switch), default, help, heading, and whether it may be given several times.
using OptionRow = std::tuple<std::string, std::string, std::string, std::string, std::string, bool>;

std::vector<OptionRow> Options() {
  std::vector<OptionRow> options;
  for (const OptionEntry& entry : OptionTable()) {
    options.emplace_back(std::string(entry.name), std::string(entry.value), std::string(entry.preset),
                         std::string(entry.help), std::string(entry.group), entry.repeatable);
  }
  return options;
}

}  // namespace

void BindJobs(nb::module_& module) {
  module.def(
      "run", &RunJob, nb::arg("options"), nb::arg("features_only"), nb::arg("listener").none(),
      nb::arg("distribute").none() = nb::none(),
      "The job of `pomona run`, or of `pomona features`. `distribute` has the shards run elsewhere: it is called "
      "with the shards and the indices of their thumbnails, the number of images, the ticket for ShardWorker, a "
      "function to be told of images done, failed and read, and one that tells whether to stop.");
  module.def("apply", &ApplyJob, nb::arg("model"), nb::arg("options"), nb::arg("listener").none(),
             "The job of `pomona apply`.");
  module.def("options", &Options, "The options of `pomona run`: name, value, default, help, heading, repeatable.");
  module.def(
      "nearest_option",
      [](const std::string& name, const std::vector<std::string>& names) { return NearestWord(name, names); },
      nb::arg("name"), nb::arg("names"), "The name that was meant, or an empty string.");
  module.def("check_options", [](const std::string& json) { OptionsFromJson(json); }, nb::arg("options"));
}

}  // namespace pomona::python
