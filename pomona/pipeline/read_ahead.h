#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/storage/file_io.h"

namespace pomona {

/// \brief Reads images before they are asked for, so that the processor and not the store's latency sets the pace.
///
/// Several readers take the images of all batches in the order in which the batches were added. No reader begins an
/// image that does not fit into the memory beside those that wait to be taken, unless none waits. As batches are worked
/// on in the order in which they were added, whoever waits always waits for an image that was begun or can be.
///
/// Images of one batch that lie side by side in a packed file are read by one request of up to 4 MiB.
///
/// Thread safety: calls may run together.
class ReadAhead {
 public:
  struct Options {
    std::int64_t memory = 256'000'000;  ///< bytes of images that were read and not yet taken
    int readers = 32;                   ///< reads at the same time
  };

  /// \brief The images of one batch.
  class Batch;

  /// \param[in] places outlives the object
  ReadAhead(const ImagePlaces& places, const Options& options);

  /// Waits for reads under way.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// \brief Begins to read `count` images of a manifest block, from row `first` on.
  ///
  /// \param[in] wanted one entry an image; those that are false are not read and must not be taken; empty: all are
  std::shared_ptr<Batch> Add(std::shared_ptr<const ManifestBlock> block, std::int64_t first, std::int64_t count,
                             const std::vector<bool>& wanted = {});

  /// \brief Waits for the i-th image of a batch and hands it over, once.
  ///
  /// \return what `ReadObject` returned; Cancelled after `Stop`
  Status Take(Batch& batch, std::int64_t i, ByteBuffer* bytes);

  /// \brief Begins nothing more; whoever waits gets Cancelled.
  void Stop();

  /// \brief The most bytes that waited at any time.
  std::int64_t peak_memory() const;

 private:
  void Work();

  /// \brief Reads `count` images of a batch from the i-th on, which lie side by side in one file.
  void ReadRun(Batch& batch, std::size_t i, std::size_t count);

  const ImagePlaces& places_;
  const Options options_;

  mutable std::mutex mutex_;
  std::condition_variable can_read_;
  std::condition_variable was_read_;
  std::deque<std::shared_ptr<Batch>> waiting_;
  std::int64_t held_ = 0;
  std::int64_t peak_ = 0;
  bool stopped_ = false;
  Cancellation stopping_;  ///< of reads under way
  std::vector<std::thread> threads_;
};

}  // namespace pomona
