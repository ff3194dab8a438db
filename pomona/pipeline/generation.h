#pragma once

#include <string>
#include <string_view>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief Which generation of an output counts, and which one is being made.
///
/// The first run makes generation 1. A change of a finished output makes the next one beside it: parts under new names,
/// all else in `_pomona/generation-N/`. Then `_pomona/current.json` names it, and only then do its files take the usual
/// names and the old ones go. So until the change is decided nothing of the old generation is touched.
struct Generation {
  int current = 1;      ///< whose files count
  int target = 1;       ///< that is being made; `current` where nothing is being changed
  std::string command;  ///< that makes the target, such as "run --update"

  /// The change that made `current` was decided, but old files are there still, or new ones not yet in their places.
  bool committed = false;

  bool changing() const { return target != current; }
};

/// \brief Reads what an output's root says; generation 1 where it says nothing.
Result<Generation> ReadGeneration(const Location& root);

/// \brief Whether a name is that of a part: a file of `features/` or `projection/`.
bool IsPartName(std::string_view name);

/// \return the generation that a part's name carries: 1 for "features/part-00000.parquet", 3 for
///         "features/part-00000-g3.parquet"
int GenerationOfPart(std::string_view name);

/// \brief Whether a file below `_pomona/` is one that each generation has for itself, such as "_pomona/plan.json".
bool IsStateOfGeneration(std::string_view name);

/// \brief Where a file lies in a generation, below the output's root.
///
/// \param[in] name as in generation 1
/// \param[in] staged the generation does not count yet, or no longer: then files with one fixed name lie in
///            `_pomona/generation-N/`
std::string NameInGeneration(std::string_view name, int generation, bool staged);

}  // namespace pomona
