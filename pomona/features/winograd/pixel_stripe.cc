#include "pomona/features/winograd/pixel_stripe.h"

#include <cstring>

namespace pomona::winograd {
namespace {

constexpr int kRowsKept = 3;  // of pixels, in turn

/// A row of pixels, with a pixel of zeros at both ends.
std::ptrdiff_t PixelRowFloats(int columns) { return (static_cast<std::ptrdiff_t>(columns) + 2) * 3; }

std::size_t MapFloats(const FirstLayer& layer, int rows, int columns) {
  return static_cast<std::size_t>(layer.outputs) * static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

std::size_t PixelFloats(const FirstLayer& layer) {
  return static_cast<std::size_t>((kRowsKept + 1) * PixelRowFloats(layer.columns));
}

}  // namespace

PixelStripe::PixelStripe(const FirstLayer& layer, int rows, int columns)
    : layer_(layer),
      rows_(rows),
      columns_(columns),
      map_(MapFloats(layer, rows, columns)),
      pixel_rows_(PixelFloats(layer)) {}

std::size_t PixelStripe::Floats(const FirstLayer& layer, int rows, int columns) {
  return MapFloats(layer, rows, columns) + PixelFloats(layer);
}

MapView PixelStripe::map() const {
  MapView view;
  view.data = map_.data();
  view.row_stride = static_cast<std::ptrdiff_t>(columns_) * kChannelBlock;
  view.block_stride = view.row_stride * rows_;
  view.image_stride = view.block_stride * (layer_.outputs / kChannelBlock);
  return view;
}

void PixelStripe::Begin(const std::uint8_t* pixels) {
  pixels_ = pixels;
  first_row_ = 0;
  end_row_ = 0;
  converted_rows_ = 0;
}

void PixelStripe::Fill(int first_row, int rows) {
  const MapView view = map();
  if (first_row < end_row_ && first_row > first_row_) {
    const std::ptrdiff_t from = (first_row - first_row_) * view.row_stride;
    const auto kept = static_cast<std::size_t>((end_row_ - first_row) * view.row_stride) * sizeof(float);
    for (int block = 0; block < layer_.outputs / kChannelBlock; ++block) {
      float* const plane = view.data + block * view.block_stride;
      std::memmove(plane, plane + from, kept);
    }
  }
  first_row_ = first_row;
  for (; end_row_ < first_row + rows; ++end_row_) {
    const int row = end_row_ - 1;  // without the border
    if (row < 0 || row >= layer_.rows) {
      ClearRow(end_row_ - first_row);
    } else {
      MakeRow(row, end_row_ - first_row);
    }
  }
}

void PixelStripe::ClearRow(int place) {
  const MapView view = map();
  for (int block = 0; block < layer_.outputs / kChannelBlock; ++block) {
    std::memset(view.data + block * view.block_stride + place * view.row_stride, 0,
                static_cast<std::size_t>(view.row_stride) * sizeof(float));
  }
}

void PixelStripe::MakeRow(int row, int place) {
  const MapView view = map();
  FirstConvolutionJob job;
  for (int i = 0; i < 3; ++i) job.rows[i] = PixelRow(row + i - 1);
  job.width = layer_.columns;
  job.weights = layer_.weights;
  job.bias = layer_.bias;
  job.panels = layer_.outputs / layer_.kernel->panel_width;
  job.map = view.data + place * view.row_stride + kChannelBlock;
  job.map_block_stride = view.block_stride;
  layer_.kernel->convolve(job);
}

const float* PixelStripe::PixelRow(int row) {
  const std::ptrdiff_t floats = PixelRowFloats(layer_.columns);
  if (row < 0 || row >= layer_.rows) return pixel_rows_.data() + kRowsKept * floats;
  for (; converted_rows_ <= row; ++converted_rows_) {
    const int samples = 3 * layer_.columns;
    layer_.kernel->subtract_mean(pixels_ + static_cast<std::ptrdiff_t>(converted_rows_) * samples, layer_.mean_row,
                                 samples, pixel_rows_.data() + converted_rows_ % kRowsKept * floats + 3);
  }
  return pixel_rows_.data() + row % kRowsKept * floats;
}

}  // namespace pomona::winograd
