#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/features/winograd/network.h"

namespace pomona::winograd {

/// \brief The maps and the scratch of one thread.
///
/// Layers run depth first: each takes the images that its plan puts together, and asks the layer before for them a few
/// at a time. So the large maps of the first layers are there once, not once an image of the batch.
///
/// Thread safety: one thread at a time; the network must outlive the session.
class NetworkSession {
 public:
  /// \return OutOfMemory
  static Result<std::unique_ptr<NetworkSession>> Make(const Network& network);

  /// \brief Bytes that a session holds, known before they are allocated.
  static std::int64_t Bytes(const std::vector<ConvolutionShape>& shapes, const NetworkPlan& plan, int image_columns);

  /// \brief The features of some images; those of one do not depend on the others or on how many there are.
  ///
  /// \param[in] pixels shape (count, rows, columns, 3), RGB, of any alignment; \param[in] count 1 to the plan's batch
  /// \param[out] features shape (count, dim), of any alignment of floats
  void Run(const std::uint8_t* pixels, int count, float* features);

 private:
  explicit NetworkSession(const Network& network);

  void Produce(std::size_t layer, int first_image, int count, const MapView& target);
  void ProduceFirst(int image, const MapView& target);
  void Convolve(std::size_t layer, int count, const MapView& target);
  MapView WrittenMap(std::size_t layer, const MapView& target) const;
  void PoolWritten(std::size_t layer, int count, const MapView& written, const MapView& target) const;
  void PoolGlobally(int count, float* features) const;
  MapView InputMap(std::size_t layer) const;
  MapView LastMap() const;

  const Network& network_;
  const std::uint8_t* pixels_ = nullptr;
  PixelStripe stripe_;             // what the first of the transformed layers reads
  std::vector<FloatBuffer> maps_;  // what the others read
  FloatBuffer last_map_;
  FloatBuffer unpooled_;
  FloatBuffer scratch_;
  std::vector<TilePlace> places_;
};

}  // namespace pomona::winograd
