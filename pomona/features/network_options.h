#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "pomona/features/feature_extractor.h"

namespace pomona {

enum class ChannelOrder { kRgb, kBgr };

/// What runs a network: the faster one, or as the user says.
enum class EngineChoice { kAuto, kOpenVino, kNative };

/// \brief What the native engine (features/winograd) leaves open or is told by a plan.
struct NativeEngineOptions {
  int batch_size = 0;           ///< images; 0: the engine's choice. Never changes a bit
  std::vector<int> tile_sizes;  ///< of every convolution but the first; empty: the engine's choice. They decide bits
  std::string instruction_set;  ///< "avx512", "avx2", ...; empty: the best that the processor has

  /// Bytes that the whole process may hold, 0 for no limit. Where tile sizes are open, this and the network decide
  /// them, whatever the machine: never what is free at the moment.
  std::int64_t memory_limit = 0;

  /// Bytes that the engine itself may hold now, 0 for no limit. Decides the batch, if open, and how many sessions fit.
  std::int64_t memory = 0;
};

/// \brief What every network extractor needs to know besides its weights.
struct NetworkOptions {
  /// Pixels of the network's input; 0 takes the model's own.
  int image_width = 0;
  int image_height = 0;
  Pooling pooling = Pooling::kMax;
  Precision precision = Precision::kFloat32;

  /// Sessions that may run at the same time, each on one processor.
  int threads = 1;

  EngineChoice engine = EngineChoice::kAuto;
  NativeEngineOptions native;

  /// Images a batch of OpenVINO's; the same for the whole life of an output, because some networks give other bits at
  /// other sizes. More than 8 gains no speed and costs memory.
  int batch_size = 8;

  /// Measuring for `Precision::kInt8` (vgg16, vgg19): the features of an image are then, instead of the usual ones, the
  /// largest values that leave each convolution but the last. Runs in float32. See int8_ranges.h.
  bool measure_int8_ranges = false;

  /// For `Precision::kInt8` (vgg16, vgg19): what `ChooseInt8Ranges` made of these; they decide bits, so they belong to
  /// the plan.
  std::vector<float> int8_ranges;
};

/// \brief How pixels become the numbers a network was trained on: (value - mean[c]) * scale[c], c in the order of the
/// network's channels.
struct Preprocessing {
  ChannelOrder channel_order = ChannelOrder::kRgb;
  std::array<float, 3> mean = {0, 0, 0};   ///< in the units of a pixel, 0 to 255
  std::array<float, 3> scale = {1, 1, 1};  ///< multiplied after the mean is taken away
};

}  // namespace pomona
