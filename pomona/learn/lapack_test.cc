#include "pomona/learn/lapack.h"

#include <cmath>
#include <cstddef>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/learn/matrix_for_test.h"

extern "C" {
void dgemm_(const char*, const char*, const int*, const int*, const int*, const double*, const double*, const int*,
            const double*, const int*, const double*, double*, const int*, std::size_t, std::size_t);
void dtrmm_(const char*, const char*, const char*, const char*, const int*, const int*, const double*, const double*,
            const int*, double*, const int*, std::size_t, std::size_t, std::size_t, std::size_t);
void dsyr2k_(const char*, const char*, const int*, const int*, const double*, const double*, const int*, const double*,
             const int*, const double*, double*, const int*, std::size_t, std::size_t);
void dgemv_(const char*, const int*, const int*, const double*, const double*, const int*, const double*, const int*,
            const double*, double*, const int*, std::size_t);
void dger_(const int*, const int*, const double*, const double*, const int*, const double*, const int*, double*,
           const int*);
void dsymv_(const char*, const int*, const double*, const double*, const int*, const double*, const int*, const double*,
            double*, const int*, std::size_t);
}

namespace pomona {
namespace {

constexpr int kRows = 19;
constexpr int kCols = 13;
constexpr int kInner = 11;
constexpr int kLead = 23;  // of every matrix: more than its rows
constexpr double kAlpha = 1.5;
constexpr double kBeta = -0.5;

std::vector<double> Numbers(std::uint64_t seed) { return RandomMatrix(kLead, kLead, seed).values; }

// Element (i, j) of op(A), column by column.
double At(const std::vector<double>& a, char option, int i, int j) {
  return option == 'N' ? a[static_cast<std::size_t>(j * kLead + i)] : a[static_cast<std::size_t>(i * kLead + j)];
}

double Triangular(const std::vector<double>& a, char uplo, char diag, char trans, int i, int j) {
  if (trans == 'T') std::swap(i, j);
  if (i == j && diag == 'U') return 1;
  return (uplo == 'U' ? i <= j : i >= j) ? At(a, 'N', i, j) : 0;
}

double Symmetric(const std::vector<double>& a, char uplo, int i, int j) {
  return (uplo == 'U') == (i <= j) ? At(a, 'N', i, j) : At(a, 'N', j, i);
}

TEST(Lapack, SaysWhichRoutineFailed) {
  EXPECT_TRUE(lapack::Check(0, "dsterf").ok());
  EXPECT_THAT(lapack::Check(3, "dsterf").message(), testing::HasSubstr("dsterf failed with info = 3"));
}

TEST(Lapack, Dgemm) {
  for (const char transa : {'N', 'T'}) {
    for (const char transb : {'N', 't'}) {
      const auto a = Numbers(1);
      const auto b = Numbers(2);
      auto c = Numbers(3);
      const auto before = c;
      dgemm_(&transa, &transb, &kRows, &kCols, &kInner, &kAlpha, a.data(), &kLead, b.data(), &kLead, &kBeta, c.data(),
             &kLead, 1, 1);
      for (int j = 0; j < kLead; ++j) {
        for (int i = 0; i < kLead; ++i) {
          double expected = At(before, 'N', i, j);
          if (i < kRows && j < kCols) {
            expected *= kBeta;
            for (int k = 0; k < kInner; ++k) expected += kAlpha * At(a, transa, i, k) * At(b, transb, k, j);
          }
          ASSERT_NEAR(At(c, 'N', i, j), expected, 1e-13);
        }
      }
    }
  }
}

TEST(Lapack, Dtrmm) {
  for (const char side : {'L', 'R'}) {
    for (const char uplo : {'U', 'L'}) {
      for (const char trans : {'N', 'T'}) {
        for (const char diag : {'U', 'N'}) {
          const auto a = Numbers(4);
          auto b = Numbers(5);
          const auto before = b;
          dtrmm_(&side, &uplo, &trans, &diag, &kRows, &kCols, &kAlpha, a.data(), &kLead, b.data(), &kLead, 1, 1, 1, 1);
          for (int j = 0; j < kCols; ++j) {
            for (int i = 0; i < kRows; ++i) {
              double expected = 0;
              for (int k = 0; k < (side == 'L' ? kRows : kCols); ++k) {
                expected += side == 'L' ? Triangular(a, uplo, diag, trans, i, k) * At(before, 'N', k, j)
                                        : At(before, 'N', i, k) * Triangular(a, uplo, diag, trans, k, j);
              }
              ASSERT_NEAR(At(b, 'N', i, j), kAlpha * expected, 1e-13);
            }
          }
        }
      }
    }
  }
}

TEST(Lapack, Dsyr2k) {
  for (const char uplo : {'U', 'L'}) {
    for (const char trans : {'N', 'T'}) {
      const auto a = Numbers(6);
      const auto b = Numbers(7);
      auto c = Numbers(8);
      const auto before = c;
      dsyr2k_(&uplo, &trans, &kRows, &kInner, &kAlpha, a.data(), &kLead, b.data(), &kLead, &kBeta, c.data(), &kLead, 1,
              1);
      for (int j = 0; j < kRows; ++j) {
        for (int i = 0; i < kRows; ++i) {
          double expected = At(before, 'N', i, j);
          if (uplo == 'U' ? i <= j : i >= j) {
            expected *= kBeta;
            for (int k = 0; k < kInner; ++k) {
              expected += kAlpha * (At(a, trans, i, k) * At(b, trans, j, k) + At(b, trans, i, k) * At(a, trans, j, k));
            }
          }
          ASSERT_NEAR(At(c, 'N', i, j), expected, 1e-13);
        }
      }
    }
  }
}

// Vectors whose elements lie apart, forwards and backwards, as Fortran passes the row of a matrix.
TEST(Lapack, ProductsWithVectors) {
  const auto a = Numbers(9);
  const auto x = Numbers(10);
  const auto element = [](const std::vector<double>& v, int count, int step, int i) {
    return v[static_cast<std::size_t>(step < 0 ? (i - count + 1) * step : i * step)];
  };
  for (const int step : {1, 3, -2}) {
    for (const char trans : {'N', 'T'}) {
      const int in = trans == 'N' ? kCols : kRows;
      const int out = trans == 'N' ? kRows : kCols;
      auto y = Numbers(11);
      const auto before = y;
      dgemv_(&trans, &kRows, &kCols, &kAlpha, a.data(), &kLead, x.data(), &step, &kBeta, y.data(), &step, 1);
      for (int i = 0; i < out; ++i) {
        double expected = kBeta * element(before, out, step, i);
        for (int j = 0; j < in; ++j) expected += kAlpha * At(a, trans, i, j) * element(x, in, step, j);
        ASSERT_NEAR(element(y, out, step, i), expected, 1e-13);
      }
    }
    for (const char uplo : {'U', 'L'}) {
      auto y = Numbers(12);
      const auto before = y;
      dsymv_(&uplo, &kRows, &kAlpha, a.data(), &kLead, x.data(), &step, &kBeta, y.data(), &step, 1);
      for (int i = 0; i < kRows; ++i) {
        double expected = kBeta * element(before, kRows, step, i);
        for (int j = 0; j < kRows; ++j) expected += kAlpha * Symmetric(a, uplo, i, j) * element(x, kRows, step, j);
        ASSERT_NEAR(element(y, kRows, step, i), expected, 1e-13);
      }
    }
    auto c = Numbers(13);
    const auto before = c;
    const auto y = Numbers(14);
    dger_(&kRows, &kCols, &kAlpha, x.data(), &step, y.data(), &step, c.data(), &kLead);
    for (int j = 0; j < kCols; ++j) {
      for (int i = 0; i < kRows; ++i) {
        const double product = kAlpha * element(x, kRows, step, i) * element(y, kCols, step, j);
        ASSERT_NEAR(At(c, 'N', i, j), At(before, 'N', i, j) + product, 1e-13);
      }
    }
  }
}

// The program's BLAS is ours and no other of that name: the bits of a long sum tell.
TEST(Lapack, CallsOurKernels) {
  constexpr int kOne = 1;
  constexpr int kTerms = 1000;
  constexpr double kPlain = 1;
  constexpr double kNothing = 0;
  const Matrix a = RandomMatrix(1, kTerms, 15);
  const Matrix b = RandomMatrix(1, kTerms, 16);
  double theirs = 0;
  double ours = 0;
  dgemm_("T", "N", &kOne, &kOne, &kTerms, &kPlain, a.values.data(), &kTerms, b.values.data(), &kTerms, &kNothing,
         &theirs, &kOne, 1, 1);
  Multiply(Transpose::kNo, a.view(), Transpose::kYes, b.view(), 1, 0, StridedView<double>(&ours, 1, 1, 1));
  EXPECT_EQ(theirs, ours);
}

}  // namespace
}  // namespace pomona
