#include "pomona/models/import.h"

#include "pomona/base/usage_error.h"
#include "pomona/features/vgg16_weights.h"
#include "pomona/storage/file_io.h"

namespace pomona {

Status ImportModel(const RegistryModel& model, const Location& file, std::string_view source, const ModelCache& cache) {
  if (model.embedded) return UsageError(model.name + " is part of the program: there is nothing to import");
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(file));
  if (kind == PlaceKind::kMissing) return UsageError(file.display + ": there is no such file");
  ARROW_ASSIGN_OR_RAISE(const auto input, OpenInputFile(file));
  ARROW_ASSIGN_OR_RAISE(const Vgg16Weights weights, Vgg16Weights::Read(input, file.display));
  return cache.Store(model, weights, source);
}

}  // namespace pomona
