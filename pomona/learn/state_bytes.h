#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "pomona/base/status.h"

namespace pomona {

/// \file
/// \brief How mergeable statistics travel between processes: an eight-byte name, then int64 and float64 values,
/// little-endian, without gaps.

static_assert(std::endian::native == std::endian::little, "statistics are written little-endian");

class StateWriter {
 public:
  explicit StateWriter(std::string_view name) : bytes_(name) {}
  void Add(std::int64_t value) { Append(&value, sizeof value); }
  void Add(std::span<const double> values) { Append(values.data(), values.size_bytes()); }
  std::string Finish() && { return std::move(bytes_); }

 private:
  void Append(const void* data, std::size_t size) { bytes_.append(static_cast<const char*>(data), size); }
  std::string bytes_;
};

/// Reads what `StateWriter` wrote; every call fails where the bytes end too early.
class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : rest_(bytes) {}

  Status Expect(std::string_view name) {
    if (!rest_.starts_with(name)) return Status::Invalid("statistics: the bytes do not start with \"", name, "\"");
    rest_.remove_prefix(name.size());
    return Status::OK();
  }
  Status Read(std::int64_t& value) { return Take(&value, sizeof value); }
  Status Read(std::span<double> values) { return Take(values.data(), values.size_bytes()); }
  std::size_t left() const { return rest_.size(); }

 private:
  Status Take(void* data, std::size_t size) {
    if (rest_.size() < size) return Status::Invalid("statistics: ", rest_.size(), " bytes left, ", size, " wanted");
    std::memcpy(data, rest_.data(), size);
    rest_.remove_prefix(size);
    return Status::OK();
  }
  std::string_view rest_;
};

}  // namespace pomona
