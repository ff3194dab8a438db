#include "pomona/pipeline/packed_input.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "pomona/base/json.h"
#include "pomona/base/text.h"
#include "pomona/pipeline/input_limits.h"
#include "pomona/storage/file_version.h"
#include "pomona/storage/tar_file.h"
#include "pomona/storage/uri.h"

namespace pomona {
namespace {

/// What files of one image have in common: the name up to the first dot behind the last slash.
std::string_view Stem(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t dot = name.find('.', slash == std::string_view::npos ? 0 : slash + 1);
  return name.substr(0, dot);
}

bool IsText(std::string_view name) {
  return name.ends_with(".json") || name.ends_with(".cls") || name.ends_with(".txt") || name.ends_with(".npy");
}

std::string Trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return ToValidUtf8(text);
}

/// The files of one image, or of several under one stem.
struct Group {
  std::string stem;
  std::vector<TarMember> images;
  std::optional<std::string> path;
  std::optional<std::string> label;
};

void ReadText(const TarMember& member, Group* group) {
  if (member.name.ends_with(".cls")) {
    if (!group->label) group->label = Trimmed(member.content);
    return;
  }
  if (!member.name.ends_with(".json")) return;
  const Result<Json> json = ParseJson(member.content, member.name);
  if (!json.ok() || !json->is_object()) return;  // others write other things there
  const auto path = JsonField<std::string>(*json, "path", member.name);
  const auto label = JsonField<std::string>(*json, "label", member.name);
  if (path.ok()) group->path = PublicUri(*path);
  if (label.ok()) group->label = ToValidUtf8(*label);
}

}  // namespace

bool IsPackedFile(std::string_view name) { return name.ends_with(".tar"); }

Status AddPackedImages(const Location& tar, std::string_view key, const ListedFile& file, const Labeler& labeler,
                       InputNames* names, ManifestRows* rows, const Cancellation* cancellation) {
  Group group;
  const std::string tag = file.etag.empty() ? SizeTag(file.size, file.mtime_ns) : file.etag;
  const auto where = [&] { return "a file in " + tar.display; };
  const auto finish = [&]() -> Status {
    for (const TarMember& image : group.images) {
      const Location place = tar.Child(image.name);
      const bool own = group.path && group.images.size() == 1;
      const std::string path = own ? *group.path : place.display;
      if (own) names->AddOwnPath(rows->size(), path);
      const std::string label = group.label ? *group.label : labeler.LabelOf(path, place.path);
      ARROW_RETURN_NOT_OK(CheckNameSizes(path, label, where));
      rows->AddRow({path, key, label, image.size, file.mtime_ns, tag, image.offset});
    }
    group = Group();
    return rows->CheckMemory();
  };
  ARROW_RETURN_NOT_OK(ScanTar(tar, [&](const TarMember& member) -> Status {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    ARROW_RETURN_NOT_OK(CheckNameSizes(member.name, {}, where));
    if (!names->Takes(member.name)) return Status::OK();
    if (Stem(member.name) != group.stem) {
      ARROW_RETURN_NOT_OK(finish());
      group.stem = Stem(member.name);
    }
    if (IsText(member.name)) {
      ReadText(member, &group);
    } else {
      group.images.push_back(member);
    }
    return Status::OK();
  }));
  return finish();
}

}  // namespace pomona
