#include "pomona/models/import.h"

#include <algorithm>
#include <memory>

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include "pomona/base/hash.h"
#include "pomona/base/usage_error.h"
#include "pomona/features/vgg_weights.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

/// Checksums of a whole file.
struct FileSums {
  std::string md5;
  std::string sha256;
};

Result<FileSums> SumsOf(arrow::io::RandomAccessFile* file) {
  constexpr std::int64_t kPiece = 1 << 20;
  Hasher md5(HashKind::kMd5);
  Hasher sha256(HashKind::kSha256);
  ARROW_ASSIGN_OR_RAISE(const std::int64_t size, file->GetSize());
  for (std::int64_t place = 0; place < size; place += kPiece) {
    ARROW_ASSIGN_OR_RAISE(const auto piece, file->ReadAt(place, std::min(kPiece, size - place)));
    md5.Update(std::string_view(*piece));
    sha256.Update(std::string_view(*piece));
  }
  return FileSums{md5.Finish(), sha256.Finish()};
}

bool IsOfASource(const RegistryModel& model, const FileSums& sums) {
  return std::any_of(model.sources.begin(), model.sources.end(), [&](const ModelSource& source) {
    return (!source.md5.empty() && source.md5 == sums.md5) || (!source.sha256.empty() && source.sha256 == sums.sha256);
  });
}

/// What to say of a file that is none of the model's sources.
std::string Unproven(const RegistryModel& model, const FileSums& sums) {
  std::string wanted;
  for (const ModelSource& source : model.sources) {
    wanted +=
        (wanted.empty() ? "" : " or ") + (source.sha256.empty() ? "MD5 " + source.md5 : "SHA-256 " + source.sha256);
  }
  return "nothing proves that these are the weights of " + model.name + ": the file's MD5 is " + sums.md5 +
         ", its SHA-256 " + sums.sha256 + "; a file of " + wanted + " was wanted";
}

}  // namespace

Status ImportModel(const RegistryModel& model, const Location& file, std::string_view source, const ModelCache& cache,
                   UnknownWeights unknown) {
  if (model.embedded) return UsageError(model.name + " is part of the program: there is nothing to import");
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(file));
  if (kind == PlaceKind::kMissing) return UsageError(file.display + ": there is no such file");
  ARROW_ASSIGN_OR_RAISE(const auto input, OpenInputFile(file));
  ARROW_ASSIGN_OR_RAISE(const VggWeights weights, VggWeights::Read(input, model.vgg, file.display));
  if (!model.weights_sha256.empty()) return cache.Store(model, weights, source, false);

  ARROW_ASSIGN_OR_RAISE(const FileSums sums, SumsOf(input.get()));
  const bool known = IsOfASource(model, sums);
  if (!known && unknown == UnknownWeights::kRefuse) {
    return Status::Invalid(source, ": ", Unproven(model, sums), "; `pomona models import ", model.name,
                           " FILE` takes it as not verified");
  }
  ARROW_ASSIGN_OR_RAISE(const auto before, cache.Find(model));
  if (!known && before && before->verified) {
    return UsageError(file.display + ": " + Unproven(model, sums) + "; verified ones are in the model cache: `pomona " +
                      "models remove " + model.name + "` gives up these, `pomona run --extractor " + model.name +
                      " --weights FILE` uses others once");
  }
  return cache.Store(model, weights, source, known);
}

}  // namespace pomona
