#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <arrow/io/interfaces.h>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/features/vgg_weights.h"
#include "pomona/models/registry.h"

namespace pomona {

/// \brief Weights that lie in the cache.
struct CachedModel {
  std::filesystem::path file;  ///< safetensors
  std::int64_t size = 0;       ///< bytes
  std::string weights_sha256;
  std::string source;  ///< where they came from, for people

  /// Whether they are known to be the model's: by their hash where the registry has it, else by the checksum of the
  /// file they were read from.
  bool verified = true;
};

/// \brief The folder that holds fetched weights: `<folder>/<model>/<sha256>.safetensors` and `<model>/entry.json`.
///
/// Weights are verified when they are stored; opening them checks that the entry, the hash it names and the file's size
/// fit together. `entry.json` is written last, so that a model is either whole or not there.
///
/// Thread safety: calls may run together, in several processes too.
class ModelCache {
 public:
  explicit ModelCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path FolderOf(const RegistryModel& model) const { return folder_ / model.name; }

  /// \brief The model's entry, or nothing when it is not there, incomplete, or of other weights than the registry
  /// names. Where the registry names none, it may be `verified` or not.
  Result<std::optional<CachedModel>> Find(const RegistryModel& model) const;

  /// \param[in] known_file whether they were read from a file whose checksum the registry names; matters where it has
  ///            no hash of the weights themselves
  /// \return Invalid with both hashes when the weights are not those of the registry; IOError
  Status Store(const RegistryModel& model, const VggWeights& weights, std::string_view source, bool known_file) const;

  /// \brief Removes the files of a model, and only those that this class made.
  ///
  /// \return the bytes that became free; 0 when there was nothing
  Result<std::int64_t> Remove(const RegistryModel& model) const;

  /// \brief Held while a process fetches a model; goes when it is destroyed or its process ends.
  class Lock {
   public:
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    friend class ModelCache;
    explicit Lock(int fd) : fd_(fd) {}
    int fd_;
  };

  /// \brief Waits until no other process fetches the model.
  ///
  /// \param[in] cancellation looked at while waiting; may be null
  /// \return Cancelled; IOError when the folder cannot be written
  Result<std::unique_ptr<Lock>> Acquire(const RegistryModel& model, const Cancellation* cancellation) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace pomona
