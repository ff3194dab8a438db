#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pomona/features/winograd/blocking_plan.h"
#include "pomona/features/winograd/convolution_layer.h"

namespace pomona::winograd {

/// \brief How one convolution of a network is run.
struct LayerPlan {
  int tile_size = 6;  ///< decides bits
  Blocking blocking;
  int images = 1;     ///< that pass through the layer together; never fewer than in the layer before
  int tile_rows = 0;  ///< of the first layer only: rows of tiles that are made from pixels at a time
};

/// \brief The tile size of every convolution: the one whose cost an image is lowest by a model of a nominal processor.
///
/// Depends on the shapes and the limit alone, so the same network has the same bits wherever it is planned.
///
/// \param[in] weight_bytes what all transformed weights may hold, 0 for no limit. Where the best tiles hold more, they
///            are made smaller where a byte saved costs least; the smallest tiles may still hold more.
std::vector<int> ChooseTileSizes(std::span<const ConvolutionShape> shapes, std::int64_t weight_bytes);

/// \brief Modelled cost an image of one convolution, in multiply-adds of a nominal vector unit.
double ModelledCost(const ConvolutionShape& shape, int tile_size);

/// \brief Bytes of the transformed weights.
std::int64_t WeightBytes(const ConvolutionShape& shape, int tile_size);

/// \brief Blocking of every convolution for so many images a batch.
///
/// \param[in] cache_bytes of a core's second-level cache; decides no bit
std::vector<LayerPlan> PlanLayers(std::span<const ConvolutionShape> shapes, std::span<const int> tile_sizes, int batch,
                                  std::int64_t cache_bytes = kUsualCacheBytes);

}  // namespace pomona::winograd
