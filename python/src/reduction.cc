#include "pomona/learn/reduction.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "call.h"
#include "pomona/learn/row_kernels.h"
#include "rows.h"

namespace nb = nanobind;

namespace pomona::python {
namespace {

ReductionOptions Options(std::optional<std::int64_t> components, std::optional<double> variance, bool standardize,
                         int threads) {
  ReductionOptions options;
  options.components = components;
  options.variance = variance;
  options.standardize = standardize;
  options.threads = ThreadCount(threads);
  return options;
}

Reduction FromState(const ScatterState& state, std::optional<std::int64_t> components, std::optional<double> variance,
                    bool standardize) {
  return CallEngine(
      [&](const Cancellation*) { return FitReduction(state, Options(components, variance, standardize, 1)); });
}

Reduction FromRows(const std::vector<RowArray>& arrays, std::optional<std::int64_t> components,
                   std::optional<double> variance, bool standardize, int threads) {
  const ArrayRows rows(arrays);
  return CallEngine([&](const Cancellation* cancellation) {
    return FitReduction(rows, Options(components, variance, standardize, threads), cancellation);
  });
}

DoubleMatrix Project(const Reduction& reduction, const std::vector<RowArray>& arrays, int threads) {
  const ArrayRows rows(arrays);
  const std::int64_t kept = reduction.kept();
  auto values = std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(rows.row_count() * kept));
  CallEngine([&](const Cancellation* cancellation) {
    return ForEachBlock(rows, threads, cancellation, [&](const RowBlock& block, std::int64_t first) -> Status {
      ARROW_RETURN_NOT_OK(CheckFinite(block));
      return reduction.Project(block.rows, {values.get() + first * kept, block.rows.rows, kept});
    });
  });
  return ToNumpy(std::move(values), rows.row_count(), kept);
}

DoubleMatrix Components(const Reduction& reduction) {
  auto copy = std::make_unique<double[]>(reduction.components.values.size());
  std::copy(reduction.components.values.begin(), reduction.components.values.end(), copy.get());
  return ToNumpy(std::move(copy), reduction.kept(), reduction.dim());
}

// rows, mean, scale, components, explained variance, total variance, randomized, passes, residual, warnings
using Pickled = std::tuple<std::int64_t, std::vector<double>, std::vector<double>, nb::bytes, std::vector<double>,
                           double, bool, int, double, std::vector<std::string>>;

Pickled Pickle(const Reduction& r) {
  const auto size = r.components.values.size() * sizeof(double);
  return {r.rows,
          r.mean,
          r.scale,
          nb::bytes(r.components.values.data(), size),
          r.explained_variance,
          r.total_variance,
          r.randomized,
          r.passes,
          r.residual,
          r.warnings};
}

void Unpickle(Reduction& place, const Pickled& pickled) {
  Reduction r;
  nb::bytes components;
  std::tie(r.rows, r.mean, r.scale, components, r.explained_variance, r.total_variance, r.randomized, r.passes,
           r.residual, r.warnings) = pickled;
  const std::int64_t dim = r.dim();
  const std::size_t row = r.mean.size() * sizeof(double);
  if (dim < 1 || r.scale.size() != r.mean.size() || components.size() % row != 0) {
    Raise(Status::Invalid("this is no pickled reduction"));
  }
  r.components = Matrix::Zeros(static_cast<std::int64_t>(components.size() / row), dim);
  std::memcpy(r.components.values.data(), components.data(), components.size());
  new (&place) Reduction(std::move(r));
}

}  // namespace

void BindReduction(nb::module_& module) {
  nb::class_<Reduction>(module, "Reduction", "A fitted scaler followed by a principal component analysis.")
      .def_ro("rows", &Reduction::rows)
      .def_prop_ro("dim", &Reduction::dim)
      .def_prop_ro("kept", &Reduction::kept)
      .def_prop_ro(
          "mean", [](const Reduction& r) { return ToNumpy(r.mean); }, nb::rv_policy::reference)
      .def_prop_ro(
          "scale", [](const Reduction& r) { return ToNumpy(r.scale); }, nb::rv_policy::reference)
      .def_prop_ro("components", &Components, nb::rv_policy::reference)
      .def_prop_ro(
          "explained_variance", [](const Reduction& r) { return ToNumpy(r.explained_variance); },
          nb::rv_policy::reference)
      .def_ro("total_variance", &Reduction::total_variance)
      .def_ro("randomized", &Reduction::randomized)
      .def_ro("passes", &Reduction::passes)
      .def_ro("residual", &Reduction::residual)
      .def_ro("warnings", &Reduction::warnings)
      .def("project", &Project, nb::arg("rows"), nb::arg("threads") = 0)
      .def("__getstate__", &Pickle)
      .def("__setstate__", &Unpickle);
  module.def("reduce_state", &FromState, nb::arg("state"), nb::arg("components").none(), nb::arg("variance").none(),
             nb::arg("standardize"), "Scaler and PCA of the rows that a state has seen.");
  module.def("reduce_rows", &FromRows, nb::arg("rows"), nb::arg("components").none(), nb::arg("variance").none(),
             nb::arg("standardize"), nb::arg("threads") = 0,
             "The same of rows, which are read several times where they have more than 2,048 features.");
}

}  // namespace pomona::python
