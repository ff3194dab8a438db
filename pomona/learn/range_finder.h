#pragma once

#include <cstdint>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/learn/matrix.h"
#include "pomona/learn/row_source.h"
#include "pomona/learn/standard_scaler.h"

namespace pomona {

struct RangeFinderOptions {
  std::int64_t components = 15;  ///< how many are wanted
  double tolerance = 1e-6;       ///< passes end when the last wanted variance moves by less than this share
  int max_passes = 32;           ///< reads of the data at most
  int threads = 1;
  std::uint64_t seed = 20110505;  ///< any number; results depend on it below the tolerance only
};

/// \brief The largest principal components of standardised rows, found without a d x d matrix.
struct LeadingComponents {
  std::vector<double> variances;  ///< largest first; fewer than wanted when the rank is lower
  Matrix components;              ///< shape (variances.size(), d), orthonormal rows
  int passes = 0;                 ///< reads of the data
  double move = 0;                ///< relative move of the last wanted variance in the last pass
  bool converged = false;         ///< whether `move` came below the tolerance
};

/// \brief Randomised range finder with a block Krylov space.
///
/// The first pass draws 2k or more random combinations of the rows. Each further pass applies the covariance matrix
/// to the newest block of directions, block of rows by block of rows, and the wanted components are read off all
/// directions so far (Rayleigh-Ritz): so a pass gains more than a power iteration does. The space is cut back to its
/// leading directions when it holds six blocks of them. Passes end when the variance of the last wanted component,
/// and the directions of all, have settled.
///
/// Memory: about 8 * d * 2k * (8 + 2 * threads) bytes, 8 MB a thread, and the blocks being visited. The bits do not
/// depend on the number of threads.
///
/// Sources: Halko, Martinsson & Tropp, "Finding Structure with Randomness", SIAM Review 53(2), 2011; Halko,
/// Martinsson, Shkolnisky & Tygert, "An Algorithm for the Principal Component Analysis of Large Data Sets", SIAM
/// Journal on Scientific Computing 33(5), 2011 (the Krylov space); Wu & Simon, "Thick-Restart Lanczos Method for Large
/// Symmetric Eigenvalue Problems", SIAM Journal on Matrix Analysis 22(2), 2000 (the cut).
///
/// \return Invalid when components < 1 or the shapes differ; Cancelled; what the source says
Result<LeadingComponents> FindLeadingComponents(const RowSource& source, const StandardScaler& scaler,
                                                const RangeFinderOptions& options,
                                                const Cancellation* cancellation = nullptr);

/// \brief Variances not above this share of the largest count as zero: rounding in a block's 1,024 sums and in the
/// eigen solver of size `dim`.
double RankTolerance(std::int64_t dim);

}  // namespace pomona
