#include "pomona/pipeline/labels.h"

#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"

namespace pomona {
namespace {

std::string_view LastFolder(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  path = path.substr(0, slash);
  const std::size_t before = path.rfind('/');
  return before == std::string_view::npos ? path : path.substr(before + 1);
}

}  // namespace

Result<Labeler> Labeler::Make(const LabelRule& rule) {
  Labeler labeler(rule.kind);
  if (rule.kind != LabelRule::Kind::kRegex) return labeler;
  try {
    labeler.pattern_ = std::make_shared<const std::regex>(rule.pattern, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    return UsageError("--label-from: \"" + rule.pattern + "\" is no regular expression: " + error.what());
  }
  if (labeler.pattern_->mark_count() != 1) {
    return UsageError("--label-from: \"" + rule.pattern + "\" has " + std::to_string(labeler.pattern_->mark_count()) +
                      " groups, exactly one is wanted: the label; write (?:...) for the others");
  }
  return labeler;
}

std::string Labeler::LabelOf(std::string_view path, std::string_view place) const {
  switch (kind_) {
    case LabelRule::Kind::kNone:
      return {};
    case LabelRule::Kind::kRegex: {
      std::match_results<std::string_view::const_iterator> match;
      if (!std::regex_search(path.begin(), path.end(), match, *pattern_)) return {};
      return ToValidUtf8(match[1].str());
    }
    default:
      return ToValidUtf8(LastFolder(place));
  }
}

}  // namespace pomona
