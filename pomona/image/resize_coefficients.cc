#include "pomona/image/resize_coefficients.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pomona {
namespace {

struct Filter {
  double (*weight)(double x);
  double support;  ///< half its width, in input samples at scale 1
};

double Triangle(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

/// Keys' cubic convolution with a = -0.5 (IEEE Transactions on Acoustics 29(6), 1981).
double Cubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0.0;
}

double Sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double Lanczos3(double x) { return -3.0 <= x && x < 3.0 ? Sinc(x) * Sinc(x / 3) : 0.0; }

Filter FilterOf(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::kBicubic:
      return {Cubic, 2.0};
    case ResizeFilter::kLanczos:
      return {Lanczos3, 3.0};
    default:
      return {Triangle, 1.0};
  }
}

std::int32_t ToFixedPoint(double weight) {
  const double scaled = weight * (1 << kCoefficientBits);
  return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

std::int32_t Pair(std::int32_t first, std::int32_t second) {
  const auto low = static_cast<std::uint32_t>(first) & 0xFFFFU;
  return static_cast<std::int32_t>(low | static_cast<std::uint32_t>(second) << 16U);
}

}  // namespace

AxisTable MakeAxisTable(ResizeFilter resize_filter, int in_size, int out_size) {
  const Filter filter = FilterOf(resize_filter);
  const double scale = static_cast<double>(in_size) / out_size;
  const double widening = std::max(scale, 1.0);
  const double support = filter.support * widening;
  const double inverse = 1.0 / widening;
  const int most_taps = static_cast<int>(std::ceil(support)) * 2 + 1;

  AxisTable table;
  table.out_size = out_size;
  table.pairs = (most_taps + 3) / 4 * 2;
  const auto outputs = static_cast<std::size_t>(out_size);
  const auto pairs = static_cast<std::size_t>(table.pairs);
  table.first.resize(outputs);
  table.count.resize(outputs);
  table.high.resize(outputs * pairs);
  table.low.resize(outputs * pairs);

  std::vector<double> weights(pairs * 2);
  for (std::size_t out = 0; out < outputs; ++out) {
    const double center = (static_cast<double>(out) + 0.5) * scale;
    const int first = std::max(static_cast<int>(std::floor(center - support + 0.5)), 0);
    const int count = std::min(static_cast<int>(std::floor(center + support + 0.5)), in_size) - first;
    table.first[out] = first;
    table.count[out] = count;

    std::fill(weights.begin(), weights.end(), 0.0);
    double sum = 0.0;
    for (int tap = 0; tap < count; ++tap) {
      const double weight = filter.weight((tap + first - center + 0.5) * inverse);
      weights[static_cast<std::size_t>(tap)] = weight;
      sum += weight;
    }
    if (sum != 0.0) {
      for (int tap = 0; tap < count; ++tap) weights[static_cast<std::size_t>(tap)] /= sum;
    }
    constexpr std::int32_t kLowMask = (1 << kLowBits) - 1;
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      const std::int32_t a = ToFixedPoint(weights[2 * pair]);
      const std::int32_t b = ToFixedPoint(weights[2 * pair + 1]);
      table.high[out * pairs + pair] = Pair(a >> kLowBits, b >> kLowBits);
      table.low[out * pairs + pair] = Pair(a & kLowMask, b & kLowMask);
    }
  }
  return table;
}

std::vector<std::int32_t> NearestSamples(int in_size, int out_size) {
  std::vector<std::int32_t> samples(static_cast<std::size_t>(out_size));
  const double step = static_cast<double>(in_size) / out_size;
  double position = step * 0.5;
  for (std::int32_t& sample : samples) {
    sample = std::min(static_cast<std::int32_t>(position), in_size - 1);
    position += step;  // added up as Pillow does: a product would round otherwise
  }
  return samples;
}

}  // namespace pomona
