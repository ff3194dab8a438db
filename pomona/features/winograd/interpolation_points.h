#pragma once

#include <array>
#include <vector>

#include "pomona/features/winograd/layout.h"

namespace pomona::winograd {

/// \brief The points at which F(m, 3) evaluates the polynomials of tile and kernel: 0 where m is even, then pairs
/// +p, -p, then infinity; m + 2 in all.
///
/// | m | points |
/// |---|---|
/// | 2 | 0, 1, -1, inf |
/// | 3 | 1, -1, 2, -2, inf |
/// | 4 | 0, 1, -1, 2, -2, inf |
/// | 5 | 1, -1, 2, -2, 1/2, -1/2, inf |
/// | 6 | 0, 1, -1, 2, -2, 1/2, -1/2, inf |
///
/// Pairs halve the multiplications, because rows of B^T and A^T for +p and -p share their even and odd parts; powers of
/// two up to 1/2 and 2 keep the rounding error lowest among such sets.
/// Source: Barabasz, Anderson, Soodhalter & Gregg, "Error Analysis and Improving the Accuracy of Winograd Convolution
/// for Deep Neural Networks", ACM TOMS 46(4), 2020; and the measurements in docs/winograd.md.
inline constexpr std::array<float, 3> kPointPairs = {1.0F, 2.0F, 0.5F};

constexpr bool HasZeroPoint(int tile_size) { return tile_size % 2 == 0; }
constexpr int PointPairs(int tile_size) { return (tile_size + 1) / 2; }

/// \brief The finite points, in the order of the frequencies.
std::vector<double> FinitePoints(int tile_size);

/// \brief G of F(m, 3): row-major (m + 2, 3). The scale that makes B^T and A^T free of fractions is in it.
std::vector<double> KernelMatrix(int tile_size);

/// \brief B^T of F(m, 3): row-major (m + 2, m + 2).
std::vector<double> InputMatrix(int tile_size);

/// \brief A^T of F(m, 3): row-major (m, m + 2).
std::vector<double> OutputMatrix(int tile_size);

}  // namespace pomona::winograd
