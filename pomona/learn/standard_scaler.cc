#include "pomona/learn/standard_scaler.h"

#include <cmath>
#include <utility>

namespace pomona {

Result<StandardScaler> StandardScaler::Make(std::int64_t rows, std::vector<double> mean, std::span<const double> m2,
                                            int ddof) {
  if (rows < 2) {
    return Status::Invalid("a standard deviation wants at least 2 rows, got ", rows,
                           ": give more images that can be read");
  }
  if (ddof != 0 && ddof != 1) return Status::Invalid("ddof = ", ddof, "; want 0 or 1");
  if (mean.size() != m2.size()) return Status::Invalid("means of ", mean.size(), " columns, squares of ", m2.size());
  StandardScaler scaler;
  scaler.rows = rows;
  scaler.ddof = ddof;
  scaler.mean = std::move(mean);
  scaler.scale.resize(m2.size());
  scaler.factor.resize(m2.size());
  for (std::size_t j = 0; j < m2.size(); ++j) {
    if (m2[j] == 0) continue;
    scaler.scale[j] = std::sqrt(m2[j] / static_cast<double>(rows - ddof));
    scaler.factor[j] = 1 / scaler.scale[j];
  }
  return scaler;
}

std::vector<std::int64_t> StandardScaler::VaryingColumns() const {
  std::vector<std::int64_t> columns;
  for (std::int64_t j = 0; j < dim(); ++j) {
    if (scale[static_cast<std::size_t>(j)] != 0) columns.push_back(j);
  }
  return columns;
}

double StandardScaler::TotalVariance() const {
  return static_cast<double>(VaryingColumns().size()) * static_cast<double>(rows - ddof) /
         static_cast<double>(rows - 1);
}

}  // namespace pomona
