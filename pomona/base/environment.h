#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pomona {

/// \brief What Pomona takes from the environment, read once by the command line or Python and passed on.
///
/// Everything else in the library takes options and reads no variable.
struct Environment {
  /// Folder of the model cache: `$POMONA_MODELS`, else `$XDG_CACHE_HOME/pomona/models`, else
  /// `$HOME/.cache/pomona/models`.
  std::filesystem::path model_cache;

  /// CA file for HTTPS: `$SSL_CERT_FILE`, else empty (the storage module then tries the usual places).
  std::filesystem::path ca_file;

  /// The program that fetches Python packages: `$POMONA_PYTHON`, else `python3`.
  std::string python = "python3";

  /// True when `$NO_COLOR` is set or `$TERM` is `dumb`.
  bool plain_terminal = false;

  static Environment Read();
};

}  // namespace pomona
