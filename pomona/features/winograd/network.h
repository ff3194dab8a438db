#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pomona/base/simd_target.h"
#include "pomona/base/status.h"
#include "pomona/features/feature_extractor.h"
#include "pomona/features/network_options.h"
#include "pomona/features/winograd/convolution_layer.h"
#include "pomona/features/winograd/float_buffer.h"
#include "pomona/features/winograd/pixel_stripe.h"
#include "pomona/features/winograd/pooling_kernels.h"
#include "pomona/features/winograd/tile_plan.h"

namespace pomona::winograd {

/// \brief One convolution of a network; its weights are read during `Network::Make` only.
struct NetworkLayer {
  std::string name;  ///< for messages
  int inputs = 0;
  int outputs = 0;                ///< a multiple of 32
  std::span<const float> kernel;  ///< shape (3, 3, inputs, outputs)
  std::span<const float> bias;    ///< shape (outputs,)
  bool pooled_after = false;      ///< a 2 x 2 maximum follows
};

/// \brief A network of 3 x 3 convolutions with rectifiers, 2 x 2 maxima between them, and a pooling at the end.
struct NetworkDescription {
  int image_rows = 0;
  int image_columns = 0;
  Preprocessing preprocessing;       ///< its scale is 1
  std::vector<NetworkLayer> layers;  ///< the first has 3 inputs and no maximum after it; the last one has
  Pooling pooling = Pooling::kMax;
};

/// \brief How a network is run.
struct NetworkPlan {
  SimdTarget target = SimdTarget::kGeneric;
  std::vector<LayerPlan> layers;  ///< of all convolutions but the first
  int batch = 1;                  ///< images that a session takes at once
  int threads = 1;                ///< that transform the weights
};

/// \brief The shapes of all convolutions but the first, which is computed directly.
///
/// \return Invalid, naming the layer, for channels or an order of layers that the engine does not have, and for images
///         that the maxima leave nothing of
Result<std::vector<ConvolutionShape>> ConvolutionShapes(const NetworkDescription& description);

/// \brief A network with its transformed weights, shared by all sessions.
///
/// Thread safety: const calls may run together.
class Network {
 public:
  /// \return Invalid, naming the layer, for weights that are not finite or not as many as its shape says; OutOfMemory
  static Result<std::unique_ptr<Network>> Make(const NetworkDescription& description, const NetworkPlan& plan);

  /// \brief Features of an image.
  std::int64_t dim() const;
  int image_rows() const { return first_.rows; }
  int image_columns() const { return first_.columns; }
  const NetworkPlan& plan() const { return plan_; }

  /// \brief Bytes of the transformed weights, known before they are allocated.
  static std::int64_t SharedBytes(std::span<const ConvolutionShape> shapes, const NetworkPlan& plan);

  // What sessions read.
  const FirstLayer& first() const { return first_; }
  const PoolingKernels& pooling_kernels() const { return *pooling_kernels_; }
  Pooling pooling() const { return pooling_; }
  const std::vector<ConvolutionLayer>& layers() const { return layers_; }
  const float* weights(std::size_t layer) const { return weights_.data() + weight_places_[layer]; }
  const float* bias(std::size_t layer) const { return biases_.data() + bias_places_[layer]; }

 private:
  Network() = default;
  void PrepareFirst(const NetworkDescription& description);
  Status TransformWeights(const NetworkDescription& description);

  NetworkPlan plan_;
  Pooling pooling_ = Pooling::kMax;
  const PoolingKernels* pooling_kernels_ = nullptr;
  FirstLayer first_;
  FloatBuffer first_weights_;
  FloatBuffer mean_row_;
  std::vector<ConvolutionLayer> layers_;
  std::vector<std::size_t> weight_places_;
  std::vector<std::size_t> bias_places_;  // of the layers, not of the first one, which has place 0
  FloatBuffer weights_;
  FloatBuffer biases_;
};

}  // namespace pomona::winograd
