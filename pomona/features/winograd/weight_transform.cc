#include "pomona/features/winograd/weight_transform.h"

#include <array>
#include <vector>

#include "pomona/features/winograd/interpolation_points.h"
#include "pomona/features/winograd/layout.h"

namespace pomona::winograd {
namespace {

constexpr std::size_t kOutputs = 4;  // worked on together; a length that the compiler turns into vectors
using Group = std::array<double, kOutputs>;

void MultiplyAdd(double factor, const Group& values, Group* sum) {
  for (std::size_t i = 0; i < kOutputs; ++i) (*sum)[i] += factor * values[i];
}

/// The transforms of kOutputs kernels of one input channel.
template <int kTile>
void TransformKernels(const WeightJob& job, const double* matrix, const float* kernel, float* target) {
  constexpr std::size_t kSize = TransformSize(kTile);
  const std::ptrdiff_t tap_stride = static_cast<std::ptrdiff_t>(job.inputs) * job.outputs;
  std::array<Group, 9> taps;
  for (std::size_t tap = 0; tap < 9; ++tap) {
    const float* const source = kernel + static_cast<std::ptrdiff_t>(tap) * tap_stride;
    for (std::size_t i = 0; i < kOutputs; ++i) taps[tap][i] = source[i];
  }
  for (std::size_t y = 0; y < kSize; ++y) {
    std::array<Group, 3> row{};
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t s = 0; s < 3; ++s) MultiplyAdd(matrix[y * 3 + r], taps[r * 3 + s], &row[s]);
    }
    for (std::size_t x = 0; x < kSize; ++x) {
      Group sum{};
      for (std::size_t s = 0; s < 3; ++s) MultiplyAdd(matrix[x * 3 + s], row[s], &sum);
      for (std::size_t i = 0; i < kOutputs; ++i) target[i] = static_cast<float>(sum[i]);
      target += job.plane_stride;
    }
  }
}

using Transform = void (*)(const WeightJob&, const double*, const float*, float*);
constexpr std::array<Transform, kLargestTile + 1> kTransforms = {nullptr,
                                                                 nullptr,
                                                                 TransformKernels<2>,
                                                                 TransformKernels<3>,
                                                                 TransformKernels<4>,
                                                                 TransformKernels<5>,
                                                                 TransformKernels<6>};

}  // namespace

void TransformPanel(const WeightJob& job, int panel) {
  const std::vector<double> matrix = KernelMatrix(job.tile_size);
  const Transform transform = kTransforms[static_cast<std::size_t>(job.tile_size)];
  for (int input = 0; input < job.inputs; ++input) {
    const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(panel) * job.panel_width;
    const float* const kernel = job.kernel + static_cast<std::ptrdiff_t>(input) * job.outputs + first;
    float* const target = job.frequencies + first * job.inputs + static_cast<std::ptrdiff_t>(input) * job.panel_width;
    for (int output = 0; output < job.panel_width; output += static_cast<int>(kOutputs)) {
      transform(job, matrix.data(), kernel + output, target + output);
    }
  }
}

}  // namespace pomona::winograd
