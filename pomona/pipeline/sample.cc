#include "pomona/pipeline/sample.h"

#include <algorithm>
#include <numeric>

namespace pomona {
namespace {

/// Rows each label gives: as even as the labels' sizes allow.
std::vector<std::int64_t> Quotas(const std::vector<std::int64_t>& sizes, std::int64_t count) {
  std::vector<std::int64_t> quotas(sizes.size());
  while (count > 0) {
    const auto open =
        static_cast<std::int64_t>(std::count_if(quotas.begin(), quotas.end(), [&, i = 0](std::int64_t quota) mutable {
          return quota < sizes[static_cast<std::size_t>(i++)];
        }));
    if (open == 0) break;
    const std::int64_t share = count / open;
    std::int64_t extra = share == 0 ? count : 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (quotas[i] == sizes[i]) continue;
      const std::int64_t wanted = share > 0 ? share : (extra-- > 0 ? 1 : 0);
      const std::int64_t given = std::min(wanted, sizes[i] - quotas[i]);
      quotas[i] += given;
      count -= given;
    }
  }
  return quotas;
}

}  // namespace

std::uint64_t PathHash(std::string_view path) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char byte : path) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3ULL;
  }
  hash ^= hash >> 30;
  hash *= 0xbf58476d1ce4e5b9ULL;
  hash ^= hash >> 27;
  hash *= 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

std::vector<std::int64_t> SpreadSample(std::span<const SampleCandidate> rows, std::int64_t count) {
  std::vector<std::int64_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (static_cast<std::int64_t>(rows.size()) <= count) return order;

  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    const SampleCandidate& left = rows[static_cast<std::size_t>(a)];
    const SampleCandidate& right = rows[static_cast<std::size_t>(b)];
    if (left.label != right.label) return left.label < right.label;
    return left.hash != right.hash ? left.hash < right.hash : a < b;
  });
  std::vector<std::int64_t> sizes;
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto label = rows[static_cast<std::size_t>(order[i])].label;
    if (i == 0 || label != rows[static_cast<std::size_t>(order[i - 1])].label) {
      starts.push_back(i);
      sizes.push_back(0);
    }
    ++sizes.back();
  }
  const std::vector<std::int64_t> quotas = Quotas(sizes, count);
  std::vector<std::int64_t> chosen;
  chosen.reserve(static_cast<std::size_t>(count));
  for (std::size_t label = 0; label < starts.size(); ++label) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(starts[label]);
    chosen.insert(chosen.end(), first, first + quotas[label]);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace pomona
