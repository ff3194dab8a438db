#include "pomona/learn/range_finder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "pomona/learn/matrix_product.h"
#include "pomona/learn/merge_tree.h"
#include "pomona/learn/orthonormal_rows.h"
#include "pomona/learn/random_numbers.h"
#include "pomona/learn/row_kernels.h"
#include "pomona/learn/symmetric_eigen.h"
#include "pomona/learn/vector_products.h"

namespace pomona {
namespace {

// Columns standardised at a time: 1,024 rows of them are 4 MB of float64, where the whole block would be 200 MB.
constexpr std::int64_t kTile = 512;

// Blocks of directions held before the space is cut back.
constexpr std::int64_t kMaxBlocks = 6;

// The directions count as settled when none turned by more than this in a pass; a variance moves by about the square.
constexpr double kStill = 1e-5;

// A sum over blocks of rows, merged by adding.
struct Sum {
  Matrix matrix;
  Status Merge(const Sum& other) {
    AddTo(matrix.values, other.matrix.values);
    return Status::OK();
  }
};

StridedView<double> Columns(Matrix& matrix, ColumnRange range) {
  return {matrix.values.data() + range.first, matrix.rows, range.count, matrix.cols};
}

// Standardised rows of one block of the source, tile by tile.
class Tiles {
 public:
  Tiles(const RowBlock& block, const StandardScaler& scaler)
      : rows_(block.rows), scaler_(scaler), buffer_(static_cast<std::size_t>(rows_.rows * kTile)) {}

  // Calls use(columns, tile); the tile has shape (n, columns.count).
  template <typename Use>
  void ForEach(const Use& use) {
    for (std::int64_t first = 0; first < rows_.cols; first += kTile) {
      const ColumnRange columns{first, std::min(kTile, rows_.cols - first)};
      const auto part = [&](const std::vector<double>& all) {
        return std::span(all).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(columns.count));
      };
      const MatrixView<double> tile{buffer_.data(), rows_.rows, columns.count};
      Standardize(rows_, columns, part(scaler_.mean), part(scaler_.factor), tile);
      use(columns, MatrixView<const double>(tile));
    }
  }

 private:
  MatrixView<const float> rows_;
  const StandardScaler& scaler_;
  std::vector<double> buffer_;
};

// The standardised rows as a linear map, one read of the source a call.
class DataMap {
 public:
  DataMap(const RowSource& source, const StandardScaler& scaler, int threads, const Cancellation* cancellation)
      : source_(source), scaler_(scaler), threads_(threads), cancellation_(cancellation) {}

  // `count` random combinations of the rows, shape (count, d).
  Result<Matrix> Sketch(std::int64_t count, std::uint64_t seed) const {
    return SumOverBlocks(count, [&](std::int64_t block, const RowBlock& rows, Sum& sum) {
      Matrix weights = Matrix::Zeros(rows.rows.rows, count);
      for (std::size_t i = 0; i < weights.values.size(); ++i) {
        // Blocks are far enough apart in the sequence for 2^40 numbers each.
        weights.values[i] = RandomNormal(seed, (static_cast<std::uint64_t>(block) << 40U) + i);
      }
      AddProducts(rows, weights, 1.0, sum);
    });
  }

  // directions times the covariance matrix of the standardised rows, shape (m, d).
  Result<Matrix> ApplyCovariance(MatrixView<const double> directions) const {
    const double factor = 1.0 / static_cast<double>(scaler_.rows - 1);
    return SumOverBlocks(directions.rows, [&](std::int64_t, const RowBlock& rows, Sum& sum) {
      Matrix scores = Matrix::Zeros(rows.rows.rows, directions.rows);
      Tiles(rows, scaler_).ForEach([&](ColumnRange columns, MatrixView<const double> tile) {
        const StridedView<const double> part(directions.data + columns.first, directions.rows, columns.count,
                                             directions.cols);
        Multiply(Transpose::kNo, tile, Transpose::kYes, part, 1.0, 1.0, scores.view());
      });
      AddProducts(rows, scores, factor, sum);
    });
  }

 private:
  // sum += factor * weights^T (standardised rows)
  void AddProducts(const RowBlock& rows, const Matrix& weights, double factor, Sum& sum) const {
    Tiles(rows, scaler_).ForEach([&](ColumnRange columns, MatrixView<const double> tile) {
      Multiply(Transpose::kYes, weights.view(), Transpose::kNo, tile, factor, 1.0, Columns(sum.matrix, columns));
    });
  }

  template <typename AddBlock>
  Result<Matrix> SumOverBlocks(std::int64_t rows, const AddBlock& add) const {
    const auto make = [&](std::int64_t block, std::optional<Sum> spare) -> Result<Sum> {
      Sum sum = spare ? *std::move(spare) : Sum{Matrix::Zeros(rows, scaler_.dim())};
      std::ranges::fill(sum.matrix.values, 0.0);
      ARROW_RETURN_NOT_OK(source_.Visit(block, [&](const RowBlock& found) -> Status {
        if (found.rows.cols != scaler_.dim()) {
          return Status::Invalid("rows of ", found.rows.cols, " features; the scaler has ", scaler_.dim());
        }
        if (found.rows.rows > 0) add(block, found, sum);
        return Status::OK();
      }));
      return sum;
    };
    ARROW_ASSIGN_OR_RAISE(Sum sum, MergeBlocks<Sum>(source_.block_count(), threads_, make, cancellation_));
    return std::move(sum.matrix);
  }

  const RowSource& source_;
  const StandardScaler& scaler_;
  int threads_;
  const Cancellation* cancellation_;
};

double Norm(std::span<const double> row) {
  double squares = 0;
  for (const double value : row) squares += value * value;
  return std::sqrt(squares);
}

double LargestNorm(const Matrix& matrix) {
  double largest = 0;
  for (std::int64_t i = 0; i < matrix.rows; ++i) largest = std::max(largest, Norm(matrix.view().row(i)));
  return largest;
}

// Orthonormal rows by the Gram-Schmidt process, without those of which less than `smallest` is left: they are rounding.
Matrix IndependentRows(Matrix matrix, double smallest) {
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    const MatrixView<double> row = matrix.view().rows_between(i, 1);
    const MatrixView<const double> earlier = matrix.view().rows_between(0, kept);
    std::vector<double> cross(static_cast<std::size_t>(kept));
    for (int round = 0; round < 2 && kept > 0; ++round) {
      std::ranges::fill(cross, 0.0);
      AddDotProducts(earlier, row.data, -1.0, cross.data());
      AddWeightedRows(cross.data(), earlier, row.data);
    }
    const double norm = Norm(row.row(0));
    if (norm <= smallest) continue;
    std::ranges::transform(row.row(0), matrix.view().row(kept).begin(), [norm](double value) { return value / norm; });
    ++kept;
  }
  matrix.rows = kept;
  matrix.values.resize(static_cast<std::size_t>(kept * matrix.cols));
  return matrix;
}

// Orthonormal directions (m, d) and the covariance matrix seen from them (m, m).
class KrylovSpace {
 public:
  // `leading` directions are known after `Solve`.
  KrylovSpace(std::int64_t dim, std::int64_t leading) : directions_(Matrix::Zeros(0, dim)), leading_(leading) {}

  std::int64_t size() const { return directions_.rows; }
  const std::vector<double>& values() const { return values_; }

  MatrixView<const double> newest() const {
    return directions_.view().rows_between(size() - newest_count_, newest_count_);
  }

  void Append(const Matrix& block) {
    directions_.values.insert(directions_.values.end(), block.values.begin(), block.values.end());
    directions_.rows += block.rows;
    newest_count_ = block.rows;
    Matrix projected = Matrix::Zeros(size(), size());
    for (std::int64_t i = 0; i < projected_.rows; ++i) {
      std::ranges::copy(projected_.view().row(i), projected.view().row(i).begin());
    }
    projected_ = std::move(projected);
  }

  // Takes the newest block's image under the covariance matrix and solves the projected problem.
  Status Solve(const Matrix& image) {
    Matrix cross = Matrix::Zeros(size(), image.rows);
    Multiply(Transpose::kNo, directions_.view(), Transpose::kYes, image.view(), 1.0, 0.0, cross.view());
    const std::int64_t first = size() - newest_count_;
    for (std::int64_t i = 0; i < size(); ++i) {
      for (std::int64_t j = 0; j < newest_count_; ++j) {
        projected_.view()(i, first + j) = cross.view()(i, j);
        projected_.view()(first + j, i) = cross.view()(i, j);
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto eigen, SymmetricEigen::Make(projected_));
    values_ = eigen.values();
    ARROW_ASSIGN_OR_RAISE(vectors_, eigen.LeadingVectors(std::min(size(), leading_)));
    return Status::OK();
  }

  // The part of `image` outside the space, as orthonormal rows; none when the space holds all of it.
  Result<Matrix> NextBlock(Matrix image) const {
    const double smallest = RankTolerance(image.cols) * LargestNorm(image);
    // Twice, because the first time leaves the rounding of what it took away.
    for (int round = 0; round < 2; ++round) RemoveFrom(image);
    image = IndependentRows(std::move(image), smallest);
    RemoveFrom(image);
    ARROW_RETURN_NOT_OK(OrthonormalizeRows(image));
    return image;
  }

  // The `count` leading directions in the coordinates of the data, shape (count, d).
  Matrix Leading(std::int64_t count) const {
    Matrix leading = Matrix::Zeros(count, directions_.cols);
    Multiply(Transpose::kNo, vectors_.view().rows_between(0, count), Transpose::kNo, directions_.view(), 1.0, 0.0,
             leading.view());
    return leading;
  }

  // How far the leading `count` directions have turned in the last pass: the largest share of a unit direction that
  // lies in the newest block.
  double NewestShare(std::int64_t count) const {
    double largest = 0;
    for (std::int64_t i = 0; i < std::min(count, vectors_.rows); ++i) {
      double squares = 0;
      for (const double value : vectors_.view().row(i).last(static_cast<std::size_t>(newest_count_))) {
        squares += value * value;
      }
      largest = std::max(largest, squares);
    }
    return std::sqrt(largest);
  }

  void CutTo(std::int64_t count) {
    directions_ = Leading(count);
    projected_ = Matrix::Zeros(count, count);
    for (std::int64_t i = 0; i < count; ++i) projected_.view()(i, i) = values_[static_cast<std::size_t>(i)];
  }

 private:
  // image -= its projection onto the space
  void RemoveFrom(Matrix& image) const {
    Matrix cross = Matrix::Zeros(image.rows, size());
    Multiply(Transpose::kNo, image.view(), Transpose::kYes, directions_.view(), 1.0, 0.0, cross.view());
    Multiply(Transpose::kNo, cross.view(), Transpose::kNo, directions_.view(), -1.0, 1.0, image.view());
  }

  Matrix directions_;
  Matrix projected_;
  std::int64_t newest_count_ = 0;
  std::int64_t leading_;
  std::vector<double> values_;
  Matrix vectors_;  // leading eigenvectors of projected_, as rows
};

}  // namespace

double RankTolerance(std::int64_t dim) {
  return static_cast<double>(1024 + dim) * std::numeric_limits<double>::epsilon();
}

Result<LeadingComponents> FindLeadingComponents(const RowSource& source, const StandardScaler& scaler,
                                                const RangeFinderOptions& options, const Cancellation* cancellation) {
  if (options.components < 1) return Status::Invalid(options.components, " components asked for; want at least 1");
  const std::int64_t limit =
      std::min<std::int64_t>(scaler.rows - 1, static_cast<std::int64_t>(scaler.VaryingColumns().size()));
  const std::int64_t wanted = std::min(options.components, limit);
  const std::int64_t width = std::min(std::max(2 * wanted, wanted + 10), limit);
  LeadingComponents found;
  if (limit == 0) {
    found.components = Matrix::Zeros(0, scaler.dim());
    found.converged = true;
    return found;
  }

  const DataMap data(source, scaler, options.threads, cancellation);
  KrylovSpace space(scaler.dim(), width);
  ARROW_ASSIGN_OR_RAISE(Matrix block, data.Sketch(width, options.seed));
  found.passes = 1;
  ARROW_ASSIGN_OR_RAISE(block, space.NextBlock(std::move(block)));
  double before = 0;
  while (true) {
    space.Append(block);
    ARROW_ASSIGN_OR_RAISE(block, data.ApplyCovariance(space.newest()));
    ++found.passes;
    ARROW_RETURN_NOT_OK(space.Solve(block));
    const auto last = static_cast<std::size_t>(std::min(wanted, space.size()) - 1);
    const double now = space.values()[last];
    found.move = std::abs(now - before) / now;
    before = now;
    found.converged = found.move < options.tolerance;
    const bool still = space.NewestShare(wanted) < kStill || found.move < kStill * kStill;
    if ((found.converged && still) || found.passes >= options.max_passes) break;
    ARROW_ASSIGN_OR_RAISE(block, space.NextBlock(std::move(block)));
    if (block.rows == 0) {  // nothing is left outside: the variances are exact
      found.converged = true;
      found.move = 0;
      break;
    }
    if (space.size() + block.rows > kMaxBlocks * width) space.CutTo(width);
  }
  const double floor = RankTolerance(scaler.dim()) * space.values()[0];
  std::int64_t rank = 0;
  while (rank < std::min(wanted, space.size()) && space.values()[static_cast<std::size_t>(rank)] > floor) ++rank;
  found.variances.assign(space.values().begin(), space.values().begin() + rank);
  found.components = space.Leading(rank);
  for (std::int64_t j = 0; j < scaler.dim(); ++j) {
    if (scaler.scale[static_cast<std::size_t>(j)] != 0) continue;
    for (std::int64_t i = 0; i < rank; ++i) found.components.view()(i, j) = 0;  // not the rounding of an orthogonaliser
  }
  return found;
}

}  // namespace pomona
