#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pomona/image/decode.h"
#include "pomona/image/resize.h"
#include "pomona/models/open_extractor.h"

namespace pomona {

/// How a label is found: the parent folder's name, nothing, or the one group of a regular expression on the path.
struct LabelRule {
  enum class Kind { kParent, kNone, kRegex };
  Kind kind = Kind::kParent;
  std::string pattern;  ///< for kRegex, ECMAScript
};

/// Columns of an input that is a table; "" for those that are looked for by their usual names.
struct InputColumns {
  std::string bytes;
  std::string path;
  std::string label;
};

/// \brief A number of images, or a share of those listed.
struct FailureLimit {
  std::optional<std::int64_t> images;
  double share = 0.01;  ///< used when `images` is unset; never fewer than 10 images
};

/// What `--update` makes of an output that is finished and an input that has changed since.
enum class UpdateKind {
  kNone,
  kKeep,    ///< take up new and changed images; those that are gone stay
  kMirror,  ///< the output becomes what a fresh run would make
};

/// \brief All options of `pomona run`; the Python package and Spark fill the same structure.
///
/// Result options decide numbers or rows: on an existing output they must equal the stored ones. Run options may change
/// at every call. `OptionTable()` in option_table.h is the one list of which is which.
struct RunOptions {
  // Result options.
  std::string input;
  ExtractorRequest extractor;    ///< also holds image size, pooling, precision, engine, weights
  bool auto_precision = false;   ///< --precision auto: the fastest whose features keep `min_similarity`
  bool include_skipped = false;  ///< files whose names tell that they are not data, too
  bool csv_safe = false;         ///< labels and paths in projection.csv that a spreadsheet would run get an apostrophe
  double min_similarity = 0.999;
  ResizeFilter resample = ResizeFilter::kBicubic;
  DecodeOptions decode;
  std::optional<std::int64_t> components;
  std::optional<double> variance;
  LabelRule label_from;
  InputColumns columns;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::optional<std::int64_t> sample;
  std::optional<std::int64_t> limit;
  std::int64_t shard_size = 1024;

  // Run options.
  std::string output;
  int threads = 0;          ///< 0: what affinity and cgroup allow
  std::int64_t memory = 0;  ///< bytes the engine may hold; 0: what the cgroup allows
  FailureLimit max_failures;
  bool overwrite = false;
  UpdateKind update = UpdateKind::kNone;
  std::vector<std::string> allow_hosts;  ///< hosts that URIs out of data may name, besides the user's own
  bool thumbnails = true;                ///< in report.html
  bool self_contained = false;           ///< embed a registry model's weights in model/

  /// Rows of projection.csv; beyond, it is written in parts. No option of the program: others read the parts by name.
  std::int64_t csv_rows = 5'000'000;
};

}  // namespace pomona
