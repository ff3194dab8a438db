#include "pomona/learn/matrix_product.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>

namespace pomona {
namespace {

// Terms of one chain. Rounding errors grow with its length; a panel of so many steps stays in the first-level cache.
constexpr std::int64_t kChain = 128;

// Columns and rows that are packed at a time: 1 MB and 0.5 MB stay in the second-level cache.
constexpr std::int64_t kMaxColumns = 1024;
constexpr std::int64_t kMaxRows = 512;

constexpr std::size_t kLine = 64;  // bytes of a cache line: a vector that spans two of them is read at half the speed

constexpr std::int64_t kMaxPanelWidth = 32;
constexpr std::int64_t kMaxTileRows = 16;

/// One factor, seen as vectors along the terms of the sum: value of vector i at term k.
struct Factor {
  const double* data = nullptr;
  std::int64_t vector_stride = 0;
  std::int64_t term_stride = 0;

  bool operator==(const Factor&) const = default;
};

Factor RowsOf(Transpose transpose, StridedView<const double> matrix) {
  if (transpose == Transpose::kNo) return {matrix.data, matrix.stride, 1};
  return {matrix.data, 1, matrix.stride};
}

Factor ColumnsOf(Transpose transpose, StridedView<const double> matrix) {
  return RowsOf(transpose == Transpose::kNo ? Transpose::kYes : Transpose::kNo, matrix);
}

std::int64_t RoundUp(std::int64_t count, std::int64_t multiple) { return (count + multiple - 1) / multiple * multiple; }

/// Vectors of a factor in panels, shape (panels, terms, width), the last panel filled up with zeros.
class Packed {
 public:
  Packed(std::int64_t most, std::int64_t terms, int width)
      : width_(width),
        values_(static_cast<double*>(::operator new[](
            sizeof(double) * static_cast<std::size_t>(RoundUp(most, width) * terms), std::align_val_t{kLine}))) {}

  void Pack(const Factor& factor, std::int64_t first, std::int64_t count, std::int64_t first_term, std::int64_t terms) {
    terms_ = terms;
    for (std::int64_t done = 0; done < count; done += width_) {
      const std::int64_t used = std::min<std::int64_t>(width_, count - done);
      const double* from = factor.data + (first + done) * factor.vector_stride + first_term * factor.term_stride;
      double* to = values_.get() + done * terms;
      if (used < width_) std::fill_n(to, terms * width_, 0.0);
      if (factor.vector_stride == 1) {
        for (std::int64_t k = 0; k < terms; ++k) std::copy_n(from + k * factor.term_stride, used, to + k * width_);
      } else {
        for (std::int64_t i = 0; i < used; ++i) {
          const double* const vector = from + i * factor.vector_stride;
          for (std::int64_t k = 0; k < terms; ++k) to[k * width_ + i] = vector[k * factor.term_stride];
        }
      }
    }
  }

  /// Vector i at term 0; the next term is `width` further.
  const double* at(std::int64_t i) const { return values_.get() + i / width_ * width_ * terms_ + i % width_; }

 private:
  std::int64_t width_;
  std::int64_t terms_ = 0;
  struct Delete {
    void operator()(double* values) const { ::operator delete[](values, std::align_val_t{kLine}); }
  };
  std::unique_ptr<double[], Delete> values_;
};

/// A rectangle of the product.
struct Range {
  std::int64_t row = 0;
  std::int64_t column = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;

  bool MeetsPart(ProductPart part) const {
    if (part == ProductPart::kUpper) return column + columns - 1 >= row;
    if (part == ProductPart::kLower) return row + rows - 1 >= column;
    return true;
  }
  /// Leaves out whole vectors of columns that the part does not have. \return how many columns at the left
  std::int64_t NarrowTo(ProductPart part, std::int64_t lanes) {
    std::int64_t left_out = 0;
    if (part == ProductPart::kUpper && row > column) left_out = (row - column) / lanes * lanes;
    if (part == ProductPart::kLower) columns = std::min(columns, RoundUp(row + rows - column, lanes));
    column += left_out;
    columns -= left_out;
    return left_out;
  }
  bool LiesInPart(ProductPart part) const {
    if (part == ProductPart::kUpper) return column >= row + rows - 1;
    if (part == ProductPart::kLower) return row >= column + columns - 1;
    return true;
  }
  bool Has(ProductPart part, std::int64_t i, std::int64_t j) const {
    if (part == ProductPart::kUpper) return column + j >= row + i;
    if (part == ProductPart::kLower) return row + i >= column + j;
    return true;
  }
};

/// A tile at the edge of what is written: computed beside it, then taken over element by element.
void MultiplyEdge(const ProductKernel& kernel, ProductTile tile, const Range& range, ProductPart part,
                  StridedView<double> out) {
  std::array<double, static_cast<std::size_t>(kMaxTileRows * kMaxPanelWidth)> products;  // NOLINT: written before read
  const bool add = tile.add;
  tile.add = false;
  tile.out = products.data();
  tile.out_stride = kernel.panel_width;
  kernel.multiply(tile);
  for (std::int64_t i = 0; i < range.rows; ++i) {
    double* const to = out.data + (range.row + i) * out.stride + range.column;
    const double* const from = products.data() + i * kernel.panel_width;
    for (std::int64_t j = 0; j < range.columns; ++j) {
      if (range.Has(part, i, j)) to[j] = add ? to[j] + from[j] : from[j];
    }
  }
}

/// A block of the product, tile by tile.
///
/// \param[in] terms depth, factor and whether to add, for every tile
void MultiplyBlock(const ProductKernel& kernel, const Packed& rows, const Packed& columns, const ProductTile& terms,
                   const Range& block, ProductPart part, StridedView<double> out) {
  for (std::int64_t j = 0; j < block.columns; j += kernel.panel_width) {
    for (std::int64_t i = 0; i < block.rows; i += kernel.tile_rows) {
      Range range{block.row + i, block.column + j, std::min<std::int64_t>(kernel.tile_rows, block.rows - i),
                  std::min<std::int64_t>(kernel.panel_width, block.columns - j)};
      if (!range.MeetsPart(part)) continue;
      const std::int64_t left_out = range.NarrowTo(part, kernel.lanes);
      ProductTile tile = terms;
      tile.rows = rows.at(i);
      tile.panel = columns.at(j) + left_out;
      tile.columns = static_cast<int>(range.columns);
      tile.out = out.data + range.row * out.stride + range.column;
      tile.out_stride = out.stride;
      if (range.rows == kernel.tile_rows && range.columns % kernel.lanes == 0 && range.LiesInPart(part)) {
        kernel.multiply(tile);
      } else {
        MultiplyEdge(kernel, tile, range, part, out);
      }
    }
  }
}

void Scale(double keep, ProductPart part, StridedView<double> out) {
  const Range all{0, 0, out.rows, out.cols};
  for (std::int64_t i = 0; i < out.rows; ++i) {
    for (std::int64_t j = 0; j < out.cols; ++j) {
      double& value = out.data[i * out.stride + j];
      if (all.Has(part, i, j)) value = keep == 0 ? 0 : keep * value;
    }
  }
}

}  // namespace

const ProductKernel& FastestProductKernel() {
  static const ProductKernel& kFastest = ProductKernelFor(UsableSimdTargets().front());
  return kFastest;
}

void Multiply(Transpose transpose_a, StridedView<const double> a, Transpose transpose_b, StridedView<const double> b,
              double factor, double keep, StridedView<double> out, ProductPart part, const ProductKernel& kernel) {
  const std::int64_t terms = transpose_a == Transpose::kNo ? a.cols : a.rows;
  if (terms == 0 || (keep != 0 && keep != 1)) Scale(keep, part, out);
  if (terms == 0 || out.rows == 0 || out.cols == 0) return;
  const Factor rows = RowsOf(transpose_a, a);
  const Factor columns = ColumnsOf(transpose_b, b);
  const std::int64_t chain = std::min(kChain, terms);
  const std::int64_t most_columns = std::min(RoundUp(kMaxColumns, kernel.panel_width), out.cols);
  // A matrix times its own transpose: one packing serves as both factors where it holds all of it.
  const bool shared = rows == columns && most_columns == out.cols;
  const std::int64_t most_rows = shared ? out.rows : std::min(RoundUp(kMaxRows, kernel.panel_width), out.rows);
  Packed packed_columns(most_columns, chain, kernel.panel_width);
  Packed packed_rows(shared ? 0 : most_rows, chain, kernel.panel_width);

  for (std::int64_t column = 0; column < out.cols; column += most_columns) {
    for (std::int64_t term = 0; term < terms; term += kChain) {
      const std::int64_t depth = std::min(kChain, terms - term);
      packed_columns.Pack(columns, column, std::min(most_columns, out.cols - column), term, depth);
      for (std::int64_t row = 0; row < out.rows; row += most_rows) {
        const Range block{row, column, std::min(most_rows, out.rows - row), std::min(most_columns, out.cols - column)};
        if (!block.MeetsPart(part)) continue;
        if (!shared) packed_rows.Pack(rows, row, block.rows, term, depth);
        const ProductTile terms_of_block{.depth = depth, .factor = factor, .add = term > 0 || keep != 0};
        MultiplyBlock(kernel, shared ? packed_columns : packed_rows, packed_columns, terms_of_block, block, part, out);
      }
    }
  }
}

void Gram(MatrixView<const double> rows, MatrixView<double> gram, bool accumulate, const ProductKernel& kernel) {
  Multiply(Transpose::kYes, rows, Transpose::kNo, rows, 1.0, accumulate ? 1.0 : 0.0, gram, ProductPart::kUpper, kernel);
}

}  // namespace pomona
