#include "pomona/base/failure.h"

#include <array>
#include <memory>
#include <utility>

namespace pomona {
namespace {

struct Name {
  FailureCode code;
  std::string_view text;
};

constexpr std::array kNames = {
    Name{FailureCode::kEmpty, "empty"},           Name{FailureCode::kUnknownFormat, "unknown-format"},
    Name{FailureCode::kCorrupt, "corrupt"},       Name{FailureCode::kTruncated, "truncated"},
    Name{FailureCode::kTooLarge, "too-large"},    Name{FailureCode::kUnsupported, "unsupported"},
    Name{FailureCode::kUnreadable, "unreadable"}, Name{FailureCode::kNonFinite, "non-finite"},
    Name{FailureCode::kChanged, "changed"},       Name{FailureCode::kMissing, "missing"},
    Name{FailureCode::kTooSlow, "too-slow"},
};

constexpr std::string_view kTypeId = "pomona::ImageFailure";

class ImageFailureDetail : public arrow::StatusDetail {
 public:
  explicit ImageFailureDetail(FailureCode code) : code_(code) {}
  const char* type_id() const override { return kTypeId.data(); }
  std::string ToString() const override { return std::string(FailureCodeName(code_)); }
  FailureCode code() const { return code_; }

 private:
  FailureCode code_;
};

}  // namespace

std::string_view FailureCodeName(FailureCode code) {
  for (const Name& name : kNames) {
    if (name.code == code) return name.text;
  }
  return "corrupt";
}

std::optional<FailureCode> FailureCodeFromName(std::string_view text) {
  for (const Name& name : kNames) {
    if (name.text == text) return name.code;
  }
  return std::nullopt;
}

Status ImageFailure(FailureCode code, std::string message) {
  return Status(arrow::StatusCode::Invalid, std::move(message), std::make_shared<ImageFailureDetail>(code));
}

std::optional<FailureCode> FailureCodeOf(const Status& status) {
  if (status.ok() || status.detail() == nullptr || std::string_view(status.detail()->type_id()) != kTypeId)
    return std::nullopt;
  return static_cast<const ImageFailureDetail&>(*status.detail()).code();
}

}  // namespace pomona
