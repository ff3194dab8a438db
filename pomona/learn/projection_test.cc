#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/learn/random_numbers.h"
#include "pomona/learn/reduction.h"

namespace pomona {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Reduction RandomReduction(std::int64_t dim, std::int64_t kept) {
  Reduction reduction;
  reduction.components = Matrix::Zeros(kept, dim);
  for (std::size_t i = 0; i < reduction.components.values.size(); ++i) {
    reduction.components.values[i] = RandomNormal(1, i);
  }
  for (std::int64_t j = 0; j < dim; ++j) {
    reduction.mean.push_back(RandomNormal(2, static_cast<std::uint64_t>(j)));
    reduction.scale.push_back(j % 7 == 3 ? 0 : 1 + std::abs(RandomNormal(3, static_cast<std::uint64_t>(j))));
  }
  return reduction;
}

std::vector<float> RandomRows(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(RandomNormal(4, i));
  return values;
}

TEST(ProjectionTest, KnownAnswer) {
  Reduction reduction;
  reduction.mean = {1, 2, 3};
  reduction.scale = {2, 0, 0.5};
  reduction.components = {2, 3, {1, 10, 100, 0, 1, 2}};
  const std::vector<float> rows = {3, 9, 4, 1, 2, 3};
  std::vector<double> out(4);
  ASSERT_TRUE(reduction.Project({rows.data(), 2, 3}, {out.data(), 2, 2}).ok());
  EXPECT_THAT(out, ElementsAre(201, 4, 0, 0));
}

TEST(ProjectionTest, SameBitsWhateverTheBatch) {
  for (const std::int64_t kept : {1, 15, 16, 17, 30, 33}) {
    const std::int64_t dim = 700;
    const std::int64_t count = 1024;
    const Reduction reduction = RandomReduction(dim, kept);
    const auto values = RandomRows(count * dim);
    const MatrixView<const float> rows{values.data(), count, dim};
    Matrix together = Matrix::Zeros(count, kept);
    ASSERT_TRUE(reduction.Project(rows, together.view()).ok());
    for (const std::int64_t batch : {1, 2, 3, 5, 64, 1000}) {
      Matrix parts = Matrix::Zeros(count, kept);
      for (std::int64_t first = 0; first < count; first += batch) {
        const std::int64_t size = std::min(batch, count - first);
        ASSERT_TRUE(reduction.Project(rows.rows_between(first, size), parts.view().rows_between(first, size)).ok());
      }
      EXPECT_EQ(parts.values, together.values) << kept << " components, batches of " << batch;
    }
    for (const std::int64_t i : {0, 1, 1023}) {
      for (std::int64_t k = 0; k < kept; ++k) {
        double expected = 0;
        double size = 0;
        for (std::int64_t j = 0; j < dim; ++j) {
          const auto place = static_cast<std::size_t>(j);
          if (reduction.scale[place] == 0) continue;
          const double z = (static_cast<double>(rows(i, j)) - reduction.mean[place]) / reduction.scale[place];
          expected += z * reduction.components.view()(k, j);
          size += std::abs(z * reduction.components.view()(k, j));
        }
        EXPECT_NEAR(together.view()(i, k), expected, 1e-14 * size);
      }
    }
  }
}

TEST(ProjectionTest, NothingToDo) {
  const Reduction reduction = RandomReduction(5, 2);
  EXPECT_TRUE(reduction.Project({nullptr, 0, 5}, {nullptr, 0, 2}).ok());
  const Reduction none = RandomReduction(5, 0);
  const auto rows = RandomRows(10);
  EXPECT_TRUE(none.Project({rows.data(), 2, 5}, {nullptr, 2, 0}).ok());
}

TEST(ProjectionTest, ShapesMustAgree) {
  const Reduction reduction = RandomReduction(5, 2);
  const auto rows = RandomRows(12);
  std::vector<double> out(6);
  EXPECT_THAT(reduction.Project({rows.data(), 2, 6}, {out.data(), 2, 2}).message(),
              HasSubstr("rows of 6 features; the model was fitted on 5"));
  EXPECT_THAT(reduction.Project({rows.data(), 2, 5}, {out.data(), 2, 3}).message(), HasSubstr("want (2, 2)"));
}

}  // namespace
}  // namespace pomona
