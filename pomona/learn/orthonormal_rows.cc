#include "pomona/learn/orthonormal_rows.h"

#include <algorithm>
#include <vector>

#include "pomona/learn/lapack.h"

namespace pomona {

Status OrthonormalizeRows(Matrix& rows) {
  if (rows.rows > rows.cols) {
    return Status::Invalid(rows.rows, " orthonormal rows do not fit into ", rows.cols, " dimensions");
  }
  // Our rows are the columns of the matrix that Fortran sees.
  const auto length = static_cast<int>(rows.cols);
  const auto count = static_cast<int>(rows.rows);
  if (count == 0) return Status::OK();
  std::vector<double> scales(static_cast<std::size_t>(count));
  int info = 0;
  const int ask = -1;
  double wanted = 0;
  double wanted_again = 0;
  dgeqrf_(&length, &count, rows.values.data(), &length, scales.data(), &wanted, &ask, &info);
  dorgqr_(&length, &count, &count, rows.values.data(), &length, scales.data(), &wanted_again, &ask, &info);
  auto work = lapack::Workspace(std::max(wanted, wanted_again));
  const auto size = static_cast<int>(work.size());
  dgeqrf_(&length, &count, rows.values.data(), &length, scales.data(), work.data(), &size, &info);
  ARROW_RETURN_NOT_OK(lapack::Check(info, "dgeqrf"));
  dorgqr_(&length, &count, &count, rows.values.data(), &length, scales.data(), work.data(), &size, &info);
  return lapack::Check(info, "dorgqr");
}

}  // namespace pomona
