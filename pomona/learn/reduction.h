#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/learn/column_moments.h"
#include "pomona/learn/matrix.h"
#include "pomona/learn/row_source.h"
#include "pomona/learn/scatter.h"

namespace pomona {

/// \brief What `FitReduction` is asked for.
struct ReductionOptions {
  /// Components kept: exactly this many, or, when `variance` is set, as few as explain that share (0 < v <= 1).
  /// With neither: min(15, rank), which is 0 where all rows are equal. On the randomised path a share is looked for
  /// among 32, 64, 128 and 256 components; one that needs more is refused, with the share reached.
  std::optional<std::int64_t> components;
  std::optional<double> variance;

  /// Above this many features the randomised range finder replaces the d x d matrix.
  std::int64_t exact_limit = 2048;

  /// Taken from the rows for the standard deviation: 1 as Spark ML, 0 as scikit-learn.
  int ddof = 1;

  /// Whether columns are divided by their standard deviation first. Otherwise they are only centred, `scale` is 1 (0
  /// where a column is constant), and the components are those of the covariance matrix.
  bool standardize = true;

  int threads = 1;
};

/// \brief A fitted standard scaler followed by a principal component analysis.
///
/// Projection of a row x of shape (d,): components * ((x - mean) / scale), shape (k,). Each component's loading of
/// largest magnitude is positive; of loadings equal within 1e-10 the first decides.
///
/// The rank is the number of variances above (1,024 + d) * 2^-52 times the largest, and at most n - 1.
struct Reduction {
  std::int64_t rows = 0;      ///< rows the fit has seen
  std::vector<double> mean;   ///< shape (d,)
  std::vector<double> scale;  ///< shape (d,): standard deviation; 0 marks a constant column, which becomes 0
  Matrix components;          ///< shape (k, d), orthonormal rows, largest variance first
  std::vector<double> explained_variance;  ///< every component known: rank values on the exact path, else k
  double total_variance = 0;               ///< of the standardised features
  bool randomized = false;
  int passes = 1;                     ///< reads of the data, that of the scaler included
  double residual = 0;                ///< relative move of the k-th variance in the last pass (randomised path)
  std::vector<std::string> warnings;  ///< for people: rank below the default, no convergence, constant columns

  std::int64_t dim() const { return static_cast<std::int64_t>(mean.size()); }
  std::int64_t kept() const { return components.rows; }

  /// \brief Projects rows of shape (n, d) to (n, k), float64, in the same order of additions whatever the batch.
  ///
  /// \return Invalid if the shapes differ
  Status Project(MatrixView<const float> rows, MatrixView<double> projected) const;
};

/// \brief Fits scaler and PCA over a row source; the result does not depend on the number of threads.
///
/// \return Invalid when fewer than two rows exist, when more components are asked for than the rank, with both numbers,
///         or when a value is not finite, with the row's name; Cancelled
Result<Reduction> FitReduction(const RowSource& source, const ReductionOptions& options,
                               const Cancellation* cancellation = nullptr);

/// \brief The same, on the exact path, from a state that has seen the rows already: in this process, block by block,
/// or on other machines.
Result<Reduction> FitReduction(const ScatterState& state, const ReductionOptions& options);

/// \brief The state of all rows of a source, with the same bits whatever the number of threads.
///
/// \return Invalid when there are no rows or a value is not finite, with the row's name; Cancelled
Result<ScatterState> ReadScatter(const RowSource& source, int threads, const Cancellation* cancellation = nullptr);
Result<ColumnMoments> ReadMoments(const RowSource& source, int threads, const Cancellation* cancellation = nullptr);

}  // namespace pomona
