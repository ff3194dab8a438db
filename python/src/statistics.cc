#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "call.h"
#include "pomona/learn/column_moments.h"
#include "pomona/learn/reduction.h"
#include "pomona/learn/row_kernels.h"
#include "pomona/learn/scatter.h"
#include "rows.h"

namespace nb = nanobind;

namespace pomona::python {
namespace {

Result<ColumnMoments> ReadState(const ColumnMoments*, const RowSource& rows, int threads, const Cancellation* c) {
  return ReadMoments(rows, threads, c);
}

Result<ScatterState> ReadState(const ScatterState*, const RowSource& rows, int threads, const Cancellation* c) {
  return ReadScatter(rows, threads, c);
}

template <typename State>
void Update(State& state, const std::vector<RowArray>& arrays, int threads) {
  const ArrayRows rows(arrays);
  if (rows.row_count() == 0) return;
  const State added = CallEngine(
      [&](const Cancellation* cancellation) { return ReadState(&state, rows, ThreadCount(threads), cancellation); });
  Raise(state.Merge(added));
}

/// What both kinds of state have.
template <typename State>
void BindState(nb::module_& module, const char* name, const char* doc) {
  nb::class_<State>(module, name, doc)
      .def(
          "__init__", [](State* place, std::int64_t dim) { new (place) State(ValueOrRaise(State::Make(dim))); },
          nb::arg("dim"))
      .def("update", &Update<State>, nb::arg("rows"), nb::arg("threads") = 0,
           "Adds rows: float32 arrays of shape (n, d), taken as one.")
      .def(
          "merge", [](State& state, const State& other) { Raise(state.Merge(other)); }, nb::arg("other"),
          "Adds what another state has seen.")
      .def_prop_ro("dim", &State::dim, "Features a row.")
      .def_prop_ro("count", &State::count, "Rows seen.")
      .def_prop_ro(
          "mean", [](const State& state) { return ToNumpy(state.mean()); }, nb::rv_policy::reference,
          "float64, shape (d,).")
      .def_prop_ro(
          "m2", [](const State& state) { return ToNumpy(std::vector<double>(state.m2())); }, nb::rv_policy::reference,
          "Sums of squared deviations from the mean, float64, shape (d,).")
      .def("__getstate__",
           [](const State& state) {
             const std::string bytes = state.Serialize();
             return nb::bytes(bytes.data(), bytes.size());
           })
      .def("__setstate__", [](State& state, const nb::bytes& bytes) {
        const std::string_view view(bytes.c_str(), bytes.size());
        new (&state) State(ValueOrRaise(State::Deserialize(view)));
      });
}

DoubleMatrix StandardizeRows(const std::vector<RowArray>& arrays, const nb::ndarray<const double, nb::ndim<1>>& mean,
                             const nb::ndarray<const double, nb::ndim<1>>& factor, int threads) {
  const ArrayRows rows(arrays);
  const auto dim = static_cast<std::size_t>(rows.dim());
  if (mean.shape(0) != dim || factor.shape(0) != dim) {
    Raise(Status::Invalid("rows of ", dim, " features; the scaler was fitted on ", mean.shape(0)));
  }
  auto values = std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(rows.row_count()) * dim);
  CallEngine([&](const Cancellation* cancellation) {
    return ForEachBlock(rows, threads, cancellation, [&](const RowBlock& block, std::int64_t first) -> Status {
      ARROW_RETURN_NOT_OK(CheckFinite(block));
      Standardize(block.rows, {0, rows.dim()}, {mean.data(), dim}, {factor.data(), dim},
                  {values.get() + first * rows.dim(), block.rows.rows, rows.dim()});
      return Status::OK();
    });
  });
  return ToNumpy(std::move(values), rows.row_count(), rows.dim());
}

}  // namespace

void BindStatistics(nb::module_& module) {
  BindState<ColumnMoments>(module, "ColumnMoments",
                           "Count, mean and sum of squared deviations of every column, mergeable.");
  BindState<ScatterState>(module, "ScatterState", "Count, mean and centred scatter matrix of rows, mergeable.");
  module.def("standardize", &StandardizeRows, nb::arg("rows"), nb::arg("mean"), nb::arg("factor"),
             nb::arg("threads") = 0, "(row - mean) * factor, float64, shape (n, d).");
}

}  // namespace pomona::python
