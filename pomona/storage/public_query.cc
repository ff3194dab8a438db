#include "pomona/storage/public_query.h"

#include <algorithm>
#include <array>

namespace pomona {

std::string PublicQuery(std::string_view uri) {
  static constexpr std::array<std::string_view, 10> kPublic = {"region",
                                                               "scheme",
                                                               "endpoint_override",
                                                               "path_style",
                                                               "ca_file",
                                                               "anonymous",
                                                               "enable_tls",
                                                               "blob_storage_authority",
                                                               "dfs_storage_authority",
                                                               "role"};
  const std::size_t mark = uri.find('?');
  if (uri.find("://") == std::string_view::npos || mark == std::string_view::npos) return "";
  std::string kept;
  for (std::string_view rest = uri.substr(mark + 1); !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::string_view name = pair.substr(0, pair.find('='));
    if (std::find(kPublic.begin(), kPublic.end(), name) == kPublic.end()) continue;
    kept += (kept.empty() ? "?" : "&") + std::string(pair);
  }
  return kept;
}

}  // namespace pomona
