#include "pomona/image/resize.h"

#include <algorithm>
#include <array>
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

/// Gathers the pixels that `columns` names. A fourth byte is faster than three; the next pixel overwrites it, and
/// only the image's last row has none to read.
void GatherPixels(const std::uint8_t* from, const std::vector<std::int32_t>& columns, bool last_row, std::uint8_t* to) {
  const std::size_t fast = last_row ? 0 : columns.size() - 1;
  std::size_t x = 0;
  for (; x < fast; ++x) std::memcpy(to + x * 3, from + static_cast<std::size_t>(columns[x]) * 3, 4);
  for (; x < columns.size(); ++x) std::memcpy(to + x * 3, from + static_cast<std::size_t>(columns[x]) * 3, 3);
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
  TableCache<std::vector<std::int32_t>> nearest_x;
  TableCache<std::vector<std::int32_t>> nearest_y;
  std::vector<std::uint8_t> between;    ///< result of the first of two passes
  std::vector<std::uint8_t> last_rows;  ///< copies of source rows after which nothing may be read

  void Nearest(ImageView image, std::uint8_t* output);
  void Convolve(ImageView image, std::uint8_t* output);
  void HorizontalPass(ImageView image, int first_row, int end_row, const AxisTable& table, std::uint8_t* output);
};

void Resizer::State::Nearest(ImageView image, std::uint8_t* output) {
  const auto& columns = nearest_x.Get(image.width, [&] { return NearestSamples(image.width, width); });
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
