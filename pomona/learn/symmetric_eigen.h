#pragma once

#include <cstdint>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/learn/matrix.h"

namespace pomona {

/// \brief Eigenvalues of a symmetric matrix at once, eigenvectors only of the largest when asked for.
///
/// The matrix is brought to tridiagonal form (dsytrd) once; the values come by the root-free QR method (dsterf), the
/// vectors by multiple relatively robust representations (dstemr), or by divide and conquer (dstedc) should that fail.
class SymmetricEigen {
 public:
  /// \param[in] matrix shape (d, d), taken over; only the upper triangle is read
  static Result<SymmetricEigen> Make(Matrix matrix);

  /// All d eigenvalues, largest first.
  const std::vector<double>& values() const { return values_; }

  /// \return the unit eigenvectors of the `count` largest values as rows, shape (count, d); their signs are arbitrary
  Result<Matrix> LeadingVectors(std::int64_t count) const;

 private:
  Matrix reflectors_;
  std::vector<double> reflector_scales_;
  std::vector<double> diagonal_;
  std::vector<double> off_diagonal_;
  std::vector<double> values_;
};

}  // namespace pomona
