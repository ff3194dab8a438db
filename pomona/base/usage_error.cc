#include "pomona/base/usage_error.h"

#include <memory>
#include <string_view>
#include <utility>

namespace pomona {
namespace {

constexpr std::string_view kTypeId = "pomona::UsageError";

class UsageErrorDetail : public arrow::StatusDetail {
 public:
  const char* type_id() const override { return kTypeId.data(); }
  std::string ToString() const override { return "usage"; }
};

}  // namespace

Status UsageError(std::string message) {
  return Status(arrow::StatusCode::Invalid, std::move(message), std::make_shared<UsageErrorDetail>());
}

bool IsUsageError(const Status& status) {
  return !status.ok() && status.detail() != nullptr && status.detail()->type_id() == kTypeId;
}

}  // namespace pomona
