#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "call.h"
#include "options.h"
#include "pomona/pipeline/shard_worker.h"

namespace nb = nanobind;

namespace pomona::python {
namespace {

/// Images, failed ones, read ones; processor seconds of reading, decoding, resizing, extracting and writing.
using Outcome = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::vector<double>>;

struct PythonShardWorker {
  std::unique_ptr<ShardWorker> worker;
};

void Open(PythonShardWorker* self, const std::string& options, const std::string& model_file,
          const std::string& ticket) {
  ShardWorker::Options wanted{OptionsFromJson(options), model_file, ticket};
  auto worker = CallEngine([&](const Cancellation*) { return ShardWorker::Open(std::move(wanted)); });
  new (self) PythonShardWorker{std::move(worker)};
}

Outcome RunShard(const PythonShardWorker& self, std::int64_t shard, std::vector<std::int64_t> thumbnails) {
  const ShardTask task{shard, std::move(thumbnails)};
  const ShardOutcome outcome =
      CallEngine([&](const Cancellation* cancellation) { return self.worker->Run(task, cancellation); });
  const StepSeconds& seconds = outcome.seconds;
  return {outcome.images,
          outcome.failed,
          outcome.read,
          {seconds.read, seconds.decode, seconds.resize, seconds.extract, seconds.write}};
}

}  // namespace

void BindShards(nb::module_& module) {
  nb::class_<PythonShardWorker>(module, "ShardWorker", "Runs shards of an output that another process has planned.")
      .def("__init__", &Open, nb::arg("options"), nb::arg("model_file"), nb::arg("ticket"))
      .def("run", &RunShard, nb::arg("shard"), nb::arg("thumbnails"),
           "Runs a shard and commits it: images, failed, read; seconds to read, decode, resize, extract and write.");
}

}  // namespace pomona::python
