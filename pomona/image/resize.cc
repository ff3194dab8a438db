#include "pomona/image/resize.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pomona/image/resize_coefficients.h"
#include "pomona/image/resize_kernels.h"

namespace pomona {
namespace {

constexpr std::array<std::pair<ResizeFilter, std::string_view>, 4> kFilterNames = {{
    {ResizeFilter::kNearest, "nearest"},
    {ResizeFilter::kBilinear, "bilinear"},
    {ResizeFilter::kBicubic, "bicubic"},
    {ResizeFilter::kLanczos, "lanczos"},
}};

/// Tables kept for each axis. A collection of photographs has few sizes; one where each differs must not fill memory.
constexpr std::size_t kMaxTables = 128;

/// The tables of the input sizes seen before.
template <typename Table>
class TableCache {
 public:
  template <typename Make>
  const Table& Get(int in_size, Make make) {
    const auto found = tables_.find(in_size);
    if (found != tables_.end()) return found->second;
    if (tables_.size() >= kMaxTables) tables_.clear();
    return tables_.emplace(in_size, make()).first->second;
  }

 private:
  std::unordered_map<int, Table> tables_;
};

std::uint64_t LoadFourBytes(const std::uint8_t* from) {
  std::uint32_t bytes = 0;
  std::memcpy(&bytes, from, sizeof(bytes));
  return bytes;
}

/// Two pixels in six bytes and two bytes more, on little-endian machines.
void CopyTwoPixels(const std::uint8_t* first, const std::uint8_t* second, std::uint8_t* to) {
  const std::uint64_t two = (LoadFourBytes(first) & 0xFFFFFF) | LoadFourBytes(second) << 24;
  std::memcpy(to, &two, sizeof(two));
}

/// Gathers the pixels at some offsets, four at a time: what is read and written past them is overwritten by the next,
/// and only the image's last row has nothing to read there.
void GatherPixels(const std::uint8_t* from, const std::vector<std::size_t>& offsets, bool last_row, std::uint8_t* to) {
  std::size_t x = 0;
  if (std::endian::native == std::endian::little && !last_row) {
    for (; x + 5 <= offsets.size(); x += 4) {
      CopyTwoPixels(from + offsets[x], from + offsets[x + 1], to + x * 3);
      CopyTwoPixels(from + offsets[x + 2], from + offsets[x + 3], to + x * 3 + 6);
    }
  }
  for (; x < offsets.size(); ++x) std::memcpy(to + x * 3, from + offsets[x], 3);
}

/// Where the pixels of one output row begin in an input row, in bytes.
std::vector<std::size_t> NearestOffsets(int in_size, int out_size) {
  std::vector<std::size_t> offsets;
  offsets.reserve(static_cast<std::size_t>(out_size));
  for (const std::int32_t sample : NearestSamples(in_size, out_size)) {
    offsets.push_back(static_cast<std::size_t>(sample) * 3);
  }
  return offsets;
}

}  // namespace

std::string_view ResizeFilterName(ResizeFilter filter) {
  for (const auto& [value, name] : kFilterNames) {
    if (value == filter) return name;
  }
  return "";
}

std::optional<ResizeFilter> ResizeFilterFromName(std::string_view text) {
  for (const auto& [value, name] : kFilterNames) {
    if (name == text) return value;
  }
  return std::nullopt;
}

struct Resizer::State {
  int width;
  int height;
  ResizeFilter filter;
  TableCache<AxisTable> horizontal;
  TableCache<AxisTable> vertical;
  TableCache<std::vector<std::size_t>> nearest_x;
  TableCache<std::vector<std::int32_t>> nearest_y;
  std::vector<std::uint8_t> between;    ///< result of the first of two passes
  std::vector<std::uint8_t> last_rows;  ///< copies of source rows after which nothing may be read

  void Nearest(ImageView image, std::uint8_t* output);
  void Convolve(ImageView image, std::uint8_t* output);
  void HorizontalPass(ImageView image, int first_row, int end_row, const AxisTable& table, std::uint8_t* output);
};

void Resizer::State::Nearest(ImageView image, std::uint8_t* output) {
  const auto& columns = nearest_x.Get(image.width, [&] { return NearestOffsets(image.width, width); });
  const auto& rows = nearest_y.Get(image.height, [&] { return NearestSamples(image.height, height); });
  const std::size_t in_stride = static_cast<std::size_t>(image.width) * 3;
  const std::size_t out_stride = static_cast<std::size_t>(width) * 3;
  for (std::size_t y = 0; y < rows.size(); ++y) {
    std::uint8_t* to = output + y * out_stride;
    if (y > 0 && rows[y] == rows[y - 1]) {
      std::memcpy(to, to - out_stride, out_stride);
      continue;
    }
    const std::uint8_t* from = image.data + static_cast<std::size_t>(rows[y]) * in_stride;
    GatherPixels(from, columns, rows[y] + 1 == image.height, to);
  }
}

/// Rows [first_row, end_row) of the image.
void Resizer::State::HorizontalPass(ImageView image, int first_row, int end_row, const AxisTable& table,
                                    std::uint8_t* output) {
  const std::size_t stride = static_cast<std::size_t>(image.width) * 3;
  const auto first = static_cast<std::size_t>(first_row);
  const auto end = static_cast<std::size_t>(end_row);

  // Reading runs past the end of a row; after the image's last rows there is nothing to read.
  const auto in_rows = static_cast<std::size_t>(image.height);
  const std::size_t unsafe_rows = std::min((kRowSlack + stride - 1) / stride, in_rows);
  const std::size_t safe_end = std::clamp(in_rows - unsafe_rows, first, end);
  ResizeAlongRows(image.data + first * stride, stride, safe_end - first, table, output);
  if (safe_end == end) return;
  const std::size_t rest = (end - safe_end) * stride;
  last_rows.resize(rest + kRowSlack);
  std::memcpy(last_rows.data(), image.data + safe_end * stride, rest);
  output += (safe_end - first) * static_cast<std::size_t>(table.out_size) * 3;
  ResizeAlongRows(last_rows.data(), stride, end - safe_end, table, output);
}

void Resizer::State::Convolve(ImageView image, std::uint8_t* output) {
  const AxisTable* columns = nullptr;
  const AxisTable* rows = nullptr;
  if (image.width != width) {
    columns = &horizontal.Get(image.width, [&] { return MakeAxisTable(filter, image.width, width); });
  }
  if (image.height != height) {
    rows = &vertical.Get(image.height, [&] { return MakeAxisTable(filter, image.height, height); });
  }
  const std::size_t in_stride = static_cast<std::size_t>(image.width) * 3;
  const std::size_t out_stride = static_cast<std::size_t>(width) * 3;
  if (columns == nullptr) {
    ResizeAlongColumns(image.data, 0, out_stride, *rows, output);
  } else if (rows == nullptr) {
    HorizontalPass(image, 0, height, *columns, output);
  } else if (image.height > height && image.height - height > 2 * (static_cast<std::int64_t>(image.width) - width)) {
    // Pillow's rule since version 13. The order decides bits, as the samples between the passes are rounded.
    between.resize(in_stride * static_cast<std::size_t>(height));
    ResizeAlongColumns(image.data, 0, in_stride, *rows, between.data());
    HorizontalPass({between.data(), image.width, height}, 0, height, *columns, output);
  } else {
    const int first_row = rows->first.front();
    const int end_row = rows->first.back() + rows->count.back();  // no more than the vertical pass reads
    between.resize(out_stride * static_cast<std::size_t>(end_row - first_row));
    HorizontalPass(image, first_row, end_row, *columns, between.data());
    ResizeAlongColumns(between.data(), first_row, out_stride, *rows, output);
  }
}

Resizer::Resizer(int width, int height, ResizeFilter filter) : state_(new State{width, height, filter}) {}
Resizer::~Resizer() = default;
Resizer::Resizer(Resizer&&) noexcept = default;
Resizer& Resizer::operator=(Resizer&&) noexcept = default;

Status Resizer::Resize(ImageView image, std::uint8_t* output) {
  if (state_->width < 1 || state_->height < 1) {
    return Status::Invalid("[Resizer] the size to resize to is ", state_->width, "x", state_->height,
                           " pixels; both sides must be at least 1");
  }
  if (image.data == nullptr || image.width < 1 || image.height < 1) {
    return Status::Invalid("[Resizer] the image is empty: ", image.width, "x", image.height, " pixels");
  }
  if (image.width == state_->width && image.height == state_->height) {
    std::memcpy(output, image.data, image.size_bytes());
    return Status::OK();
  }
  try {
    if (state_->filter == ResizeFilter::kNearest) {
      state_->Nearest(image, output);
    } else {
      state_->Convolve(image, output);
    }
  } catch (const std::bad_alloc&) {
    return Status::OutOfMemory("[Resizer] no memory to resize ", image.width, "x", image.height, " to ", state_->width,
                               "x", state_->height, " pixels");
  }
  return Status::OK();
}

}  // namespace pomona
