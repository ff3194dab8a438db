#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/commit.h"
#include "pomona/pipeline/feature_parts.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief What is joined: committed shards, and where to.
struct JoinJob {
  const ShardStore* store = nullptr;
  Location output;  ///< `features/` and `_pomona/thumbnails.arrow` are written below it

  /// Where a file lies below the output, by its name in generation 1; empty: under that name.
  std::function<std::string(std::string_view)> name_of;

  std::int64_t images = 0;  ///< rows of the manifest
  std::int64_t shard_size = 1024;
  std::int64_t dim = 0;
  FeaturePartInfo info;  ///< without blocks
  int threads = 1;
  std::function<void(std::int64_t images)> advanced;  ///< one call at a time; may be empty
};

struct JoinedPart {
  std::string name;  ///< below the output
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
};

/// \return the names of the parts that `JoinShards` will write, as in generation 1
std::vector<std::string> JoinedPartNames(std::int64_t images, std::int64_t dim);

/// \brief Joins the parts of all shards, in order, into feature parts of about 256 MB.
///
/// A row group holds the rows of one block, or a piece of it where the block has more than 16 MB; so which rows lie in
/// which part and row group depends on neither shards nor threads.
Result<std::vector<JoinedPart>> JoinShards(const JoinJob& job, const Cancellation* cancellation);

}  // namespace pomona
