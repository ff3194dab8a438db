#include "pomona/learn/reduction.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

#include "pomona/learn/column_moments.h"
#include "pomona/learn/merge_tree.h"
#include "pomona/learn/range_finder.h"
#include "pomona/learn/scatter.h"
#include "pomona/learn/standard_scaler.h"
#include "pomona/learn/symmetric_eigen.h"

namespace pomona {
namespace {

constexpr std::int64_t kDefaultComponents = 15;

// On the randomised path a share of variance is looked for among at most this many components.
constexpr std::int64_t kMostForVariance = 256;

template <typename... Parts>
std::string Text(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

Status CheckOptions(std::int64_t rows, std::int64_t dim, const ReductionOptions& options) {
  if (dim < 1) return Status::Invalid("rows of ", dim, " features; want at least 1");
  if (rows < 2) {
    return Status::Invalid("scaler and PCA want at least 2 rows, got ", rows, ": give more images that can be read");
  }
  if (options.components && *options.components < 1) {
    return Status::Invalid(*options.components, " components asked for; want at least 1");
  }
  if (options.variance && !(*options.variance > 0 && *options.variance <= 1)) {
    return Status::Invalid("a share of ", *options.variance, " of the variance asked for; want more than 0, at most 1");
  }
  if (options.components && options.variance) {
    return Status::Invalid("both ", *options.components, " components and a share of ", *options.variance,
                           " of the variance asked for; give one of them");
  }
  return Status::OK();
}

std::string Count(std::int64_t count, const char* what) { return Text(count, " ", what, count == 1 ? "" : "s"); }

Status AboveRank(std::int64_t wanted, std::int64_t rank, std::int64_t rows, std::int64_t dim) {
  if (rank < 1) {
    return Status::Invalid(Count(wanted, "component"), " asked for, but the rank of ", rows, " rows of ",
                           Count(dim, "feature"),
                           " is 0, for all are alike: give rows that differ, or ask for no number "
                           "of components, and the fit is skipped");
  }
  return Status::Invalid(Count(wanted, "component"), " asked for, but the rank of ", rows, " rows of ",
                         Count(dim, "feature"), " is ", rank, ": ask for at most ", rank);
}

// What more components than rows or columns would need is known before anything is read.
Status CheckBeforeReading(std::int64_t rows, std::int64_t dim, const ReductionOptions& options) {
  ARROW_RETURN_NOT_OK(CheckOptions(rows, dim, options));
  const std::int64_t most = std::min(rows - 1, dim);
  if (!options.components || *options.components <= most) return Status::OK();
  return Status::Invalid(Count(*options.components, "component"), " asked for, but the rank of ", rows, " rows of ",
                         Count(dim, "feature"), " is at most ", most, ": ask for at most ", most);
}

// As few components as explain a share of the total, or all that are known.
std::int64_t CountForVariance(const std::vector<double>& variances, double total, double share) {
  constexpr double kRounding = 1e-12;
  double sum = 0;
  std::int64_t count = 0;
  for (const double variance : variances) {
    sum += variance;
    ++count;
    if (sum >= (share - kRounding) * total) break;
  }
  return count;
}

// The loading of largest magnitude becomes positive. Of loadings that are equal but for rounding the first decides, so
// that the sign does not hang on a last bit.
void FixSigns(Matrix& components) {
  constexpr double kEqual = 1 - 1e-10;
  for (std::int64_t i = 0; i < components.rows; ++i) {
    const auto row = components.view().row(i);
    double largest = 0;
    for (const double value : row) largest = std::max(largest, std::abs(value));
    const auto first = std::ranges::find_if(row, [&](double value) { return std::abs(value) >= kEqual * largest; });
    if (*first >= 0) continue;
    for (double& value : row) value = -value;
  }
}

// What divides the columns; without standardising, nothing does, and a constant column still becomes 0.
Result<StandardScaler> MakeScaler(std::int64_t rows, const std::vector<double>& mean, const std::vector<double>& m2,
                                  const ReductionOptions& options) {
  ARROW_ASSIGN_OR_RAISE(StandardScaler scaler, StandardScaler::Make(rows, mean, m2, options.ddof));
  if (options.standardize) return scaler;
  for (std::size_t j = 0; j < m2.size(); ++j) scaler.scale[j] = scaler.factor[j] = m2[j] == 0 ? 0 : 1;
  return scaler;
}

double TotalVariance(const StandardScaler& scaler, const std::vector<double>& m2, bool standardize) {
  if (standardize) return scaler.TotalVariance();
  return std::accumulate(m2.begin(), m2.end(), 0.0) / static_cast<double>(scaler.rows - 1);
}

void Describe(const StandardScaler& scaler, Reduction& reduction) {
  reduction.rows = scaler.rows;
  reduction.mean = scaler.mean;
  reduction.scale = scaler.scale;
  const auto constant = scaler.dim() - static_cast<std::int64_t>(scaler.VaryingColumns().size());
  if (constant == 0) return;
  reduction.warnings.push_back(Text(constant, " of ", Count(scaler.dim(), "feature"),
                                    constant == 1 ? " is constant: it becomes 0" : " are constant: they become 0"));
}

void WarnOfRank(std::int64_t rank, Reduction& reduction) {
  reduction.warnings.push_back(Text("the rank of ", reduction.rows, " rows of ", Count(reduction.dim(), "feature"),
                                    " is ", rank, ": ", Count(rank, "component"), rank == 1 ? " is" : " are",
                                    " kept instead of ", kDefaultComponents));
}

// The covariance matrix of the standardised features that vary; upper triangle.
Matrix Correlation(const ScatterState& state, const StandardScaler& scaler, const std::vector<std::int64_t>& columns) {
  const auto size = static_cast<std::int64_t>(columns.size());
  Matrix matrix = Matrix::Zeros(size, size);
  const auto scatter = state.scatter().view();
  const double rows = static_cast<double>(state.count() - 1);
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t from = columns[static_cast<std::size_t>(i)];
    const double factor = scaler.factor[static_cast<std::size_t>(from)] / rows;
    for (std::int64_t j = i; j < size; ++j) {
      const std::int64_t to = columns[static_cast<std::size_t>(j)];
      matrix.view()(i, j) = scatter(from, to) * factor * scaler.factor[static_cast<std::size_t>(to)];
    }
  }
  return matrix;
}

Result<std::int64_t> ChooseCount(const ReductionOptions& options, std::int64_t rank, Reduction& reduction) {
  if (options.components) {
    if (*options.components > rank) return AboveRank(*options.components, rank, reduction.rows, reduction.dim());
    return *options.components;
  }
  if (options.variance) {
    return CountForVariance(reduction.explained_variance, reduction.total_variance, *options.variance);
  }
  if (rank < kDefaultComponents) WarnOfRank(rank, reduction);
  return std::min(rank, kDefaultComponents);
}

Result<Reduction> FitExact(const ScatterState& state, const ReductionOptions& options) {
  const std::vector<double> m2 = state.m2();
  ARROW_ASSIGN_OR_RAISE(const auto scaler, MakeScaler(state.count(), state.mean(), m2, options));
  Reduction reduction;
  Describe(scaler, reduction);
  reduction.total_variance = TotalVariance(scaler, m2, options.standardize);
  const std::vector<std::int64_t> columns = scaler.VaryingColumns();
  ARROW_ASSIGN_OR_RAISE(const auto eigen, SymmetricEigen::Make(Correlation(state, scaler, columns)));
  const std::vector<double>& values = eigen.values();
  const std::int64_t most = std::min<std::int64_t>(state.count() - 1, static_cast<std::int64_t>(values.size()));
  std::int64_t rank = 0;
  while (rank < most && values[static_cast<std::size_t>(rank)] > RankTolerance(state.dim()) * values[0]) ++rank;
  reduction.explained_variance.assign(values.begin(), values.begin() + rank);
  ARROW_ASSIGN_OR_RAISE(const std::int64_t kept, ChooseCount(options, rank, reduction));

  ARROW_ASSIGN_OR_RAISE(const Matrix vectors, eigen.LeadingVectors(kept));
  reduction.components = Matrix::Zeros(kept, state.dim());
  for (std::int64_t i = 0; i < kept; ++i) {
    for (std::size_t j = 0; j < columns.size(); ++j) {
      reduction.components.view()(i, columns[j]) = vectors.view()(i, static_cast<std::int64_t>(j));
    }
  }
  FixSigns(reduction.components);
  return reduction;
}

void TakeLeading(LeadingComponents leading, Reduction& reduction) {
  reduction.explained_variance = std::move(leading.variances);
  reduction.components = std::move(leading.components);
  reduction.passes += leading.passes;
  reduction.residual = leading.move;
  if (leading.converged) return;
  reduction.warnings.push_back(Text("after ", leading.passes,
                                    " passes the variance of the last component still moves by ", leading.move,
                                    " of itself: the last components are approximate"));
}

// Twice as many components again and again, until they explain the share.
Result<Reduction> FindForVariance(const RowSource& source, const StandardScaler& scaler, double share,
                                  RangeFinderOptions finder, Reduction reduction, const Cancellation* cancellation) {
  const std::vector<std::string> warnings = reduction.warnings;
  for (finder.components = 32;; finder.components *= 2) {
    ARROW_ASSIGN_OR_RAISE(auto leading, FindLeadingComponents(source, scaler, finder, cancellation));
    reduction.warnings = warnings;
    TakeLeading(std::move(leading), reduction);
    const auto known = static_cast<std::int64_t>(reduction.explained_variance.size());
    double sum = 0;
    for (const double variance : reduction.explained_variance) sum += variance;
    const bool all = known < finder.components;  // the rank
    if (!all && sum < share * reduction.total_variance) {
      if (finder.components < kMostForVariance) continue;
      return Status::Invalid("a share of ", share, " of the variance asked for, but ", kMostForVariance,
                             " components of ", scaler.dim(), " features explain only ", sum / reduction.total_variance,
                             ": ask for a number of components, for a smaller share, or for pooled features");
    }
    const std::int64_t kept = CountForVariance(reduction.explained_variance, reduction.total_variance, share);
    reduction.explained_variance.resize(static_cast<std::size_t>(kept));
    reduction.components.rows = kept;
    reduction.components.values.resize(static_cast<std::size_t>(kept * scaler.dim()));
    return reduction;
  }
}

Result<Reduction> FitRandomized(const RowSource& source, const ReductionOptions& options,
                                const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const auto state, ReadMoments(source, options.threads, cancellation));
  ARROW_ASSIGN_OR_RAISE(const auto scaler, MakeScaler(state.count(), state.mean(), state.m2(), options));
  Reduction reduction;
  Describe(scaler, reduction);
  reduction.total_variance = TotalVariance(scaler, state.m2(), options.standardize);
  reduction.randomized = true;
  RangeFinderOptions finder;
  finder.threads = options.threads;
  if (options.variance) {
    ARROW_ASSIGN_OR_RAISE(
        reduction, FindForVariance(source, scaler, *options.variance, finder, std::move(reduction), cancellation));
  } else {
    finder.components = options.components.value_or(kDefaultComponents);
    ARROW_ASSIGN_OR_RAISE(auto leading, FindLeadingComponents(source, scaler, finder, cancellation));
    TakeLeading(std::move(leading), reduction);
    if (reduction.kept() < finder.components) {
      if (options.components) return AboveRank(finder.components, reduction.kept(), reduction.rows, source.dim());
      WarnOfRank(reduction.kept(), reduction);
    }
  }
  FixSigns(reduction.components);
  return reduction;
}

}  // namespace

Result<ScatterState> ReadScatter(const RowSource& source, int threads, const Cancellation* cancellation) {
  Pool<Matrix> scratch;
  const auto make = [&](std::int64_t block, std::optional<ScatterState> spare) -> Result<ScatterState> {
    ARROW_ASSIGN_OR_RAISE(ScatterState state, spare ? *std::move(spare) : ScatterState::Make(source.dim()));
    state.Clear();
    ARROW_RETURN_NOT_OK(source.Visit(block, [&](const RowBlock& rows) { return state.Update(rows, &scratch); }));
    return state;
  };
  return MergeBlocks<ScatterState>(source.block_count(), threads, make, cancellation);
}

Result<ColumnMoments> ReadMoments(const RowSource& source, int threads, const Cancellation* cancellation) {
  const auto make = [&](std::int64_t block, const std::optional<ColumnMoments>&) -> Result<ColumnMoments> {
    ARROW_ASSIGN_OR_RAISE(ColumnMoments state, ColumnMoments::Make(source.dim()));
    ARROW_RETURN_NOT_OK(source.Visit(block, [&](const RowBlock& rows) { return state.Update(rows); }));
    return state;
  };
  return MergeBlocks<ColumnMoments>(source.block_count(), threads, make, cancellation);
}

Result<Reduction> FitReduction(const RowSource& source, const ReductionOptions& options,
                               const Cancellation* cancellation) {
  ARROW_RETURN_NOT_OK(CheckBeforeReading(source.row_count(), source.dim(), options));
  if (source.dim() > options.exact_limit) return FitRandomized(source, options, cancellation);
  ARROW_ASSIGN_OR_RAISE(const ScatterState state, ReadScatter(source, options.threads, cancellation));
  return FitExact(state, options);
}

Result<Reduction> FitReduction(const ScatterState& state, const ReductionOptions& options) {
  ARROW_RETURN_NOT_OK(CheckBeforeReading(state.count(), state.dim(), options));
  return FitExact(state, options);
}

}  // namespace pomona
