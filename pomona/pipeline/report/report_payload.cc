#include "pomona/pipeline/report/report_payload.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <unordered_map>

#include <arrow/util/base64.h>

#include "pomona/pipeline/report/page_text.h"

namespace pomona {
namespace {

constexpr std::size_t kLabels = 300;
constexpr std::size_t kPoints = 5000;
constexpr std::size_t kComponents = 4096;
constexpr std::size_t kFailures = 500;
constexpr std::size_t kCodes = 50;
constexpr std::size_t kMessages = 100;

// Bytes in the page.
constexpr std::size_t kPathBytes = 240;
constexpr std::size_t kLabelBytes = 120;
constexpr std::size_t kMessageBytes = 400;
constexpr std::size_t kCodeBytes = 60;

/// Six significant digits: more than a plot can show, and a third of the bytes. Not finite becomes null.
Json Rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return std::strtod(text, nullptr);
}

/// \brief Which labels have a row of their own, and where the others are counted.
class LabelGroups {
 public:
  explicit LabelGroups(const std::vector<ReportLabel>& labels) {
    std::vector<std::size_t> order(labels.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (labels.size() > kLabels) {
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return labels[a].images > labels[b].images; });
      order.resize(kLabels);
      std::sort(order.begin(), order.end());
    }
    for (const std::size_t i : order) {
      index_.emplace(labels[i].label, rows_.size());
      rows_.push_back(labels[i]);
    }
    other_.label = "";
    for (const ReportLabel& label : labels) {
      if (index_.contains(label.label)) continue;
      other_.images += label.images;
      other_.quarantined += label.quarantined;
      ++grouped_;
    }
  }

  /// \return the label's row, or the number of rows: "other"
  std::size_t Find(const std::string& label) const {
    const auto found = index_.find(label);
    return found == index_.end() ? rows_.size() : found->second;
  }

  Json ToJson() const {
    Json names = Json::array();
    Json images = Json::array();
    Json quarantined = Json::array();
    for (const ReportLabel& row : rows_) {
      names.push_back(TrimMiddle(row.label, kLabelBytes));
      images.push_back(row.images);
      quarantined.push_back(row.quarantined);
    }
    return {{"names", names},
            {"images", images},
            {"quarantined", quarantined},
            {"other", {{"labels", grouped_}, {"images", other_.images}, {"quarantined", other_.quarantined}}}};
  }

 private:
  std::vector<ReportLabel> rows_;
  ReportLabel other_;
  std::int64_t grouped_ = 0;
  std::unordered_map<std::string, std::size_t> index_;
};

Json ComponentsJson(const std::vector<ReportComponent>& components) {
  Json ratio = Json::array();
  Json cumulative = Json::array();
  const std::size_t shown = std::min(components.size(), kComponents);
  for (std::size_t i = 0; i < shown; ++i) {
    ratio.push_back(Rounded(components[i].ratio));
    cumulative.push_back(Rounded(components[i].cumulative));
  }
  const auto kept = std::count_if(components.begin(), components.end(), [](const auto& row) { return row.kept; });
  return {{"ratio", ratio}, {"cumulative", cumulative}, {"kept", kept}, {"total", components.size()}};
}

/// The points that can be drawn, at most 5,000, spread evenly over those given.
std::vector<const ReportPoint*> DrawablePoints(const std::vector<ReportPoint>& points) {
  std::vector<const ReportPoint*> finite;
  for (const ReportPoint& point : points) {
    if (std::isfinite(point.x) && std::isfinite(point.y)) finite.push_back(&point);
  }
  if (finite.size() <= kPoints) return finite;
  std::vector<const ReportPoint*> spread;
  spread.reserve(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) spread.push_back(finite[i * finite.size() / kPoints]);
  return spread;
}

Json PointsJson(const std::vector<const ReportPoint*>& points, const LabelGroups& labels, std::size_t label_rows) {
  Json x = Json::array();
  Json y = Json::array();
  Json label = Json::array();
  Json path = Json::array();
  Json other_names = Json::object();  // by point: the name behind "other"
  for (std::size_t i = 0; i < points.size(); ++i) {
    const ReportPoint& point = *points[i];
    const std::size_t row = labels.Find(point.label);
    x.push_back(Rounded(point.x));
    y.push_back(Rounded(point.y));
    label.push_back(row);
    path.push_back(TrimMiddle(point.path, kPathBytes));
    if (row == label_rows) other_names[std::to_string(i)] = TrimMiddle(point.label, kLabelBytes);
  }
  return {{"x", x}, {"y", y}, {"label", label}, {"path", path}, {"other_names", other_names}};
}

/// \brief Which thumbnails stay, so that `room` bytes hold them in base64.
///
/// Each point adds its share to a credit and is kept where the credit covers it, so the gaps are even.
std::vector<bool> ChooseThumbnails(const std::vector<const ReportPoint*>& points, std::size_t room) {
  const auto cost = [](const ReportPoint& point) { return (point.thumbnail.size() + 2) / 3 * 4; };
  std::uint64_t total = 0;
  for (const ReportPoint* point : points) total += cost(*point);
  std::vector<bool> chosen(points.size(), false);
  const double share = total <= room ? 1.0 : static_cast<double>(room) / static_cast<double>(total);
  double credit = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto size = static_cast<double>(cost(*points[i]));
    if (size == 0) continue;
    credit += size * share;
    if (share < 1.0 && credit < size) continue;
    credit -= size;
    chosen[i] = true;
  }
  return chosen;
}

/// The thumbnails as the text of a JSON array, appended by hand: a DOM of 15 MB would cost more than the page.
std::string ThumbnailsJson(const std::vector<const ReportPoint*>& points, const std::vector<bool>& chosen) {
  std::string json = "[";
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i > 0) json += ',';
    json += '"';
    if (chosen[i]) json += arrow::util::base64_encode(points[i]->thumbnail);
    json += '"';
  }
  return json + "]";
}

void AddFailures(const ReportData& data, Json& payload) {
  Json codes = Json::array();
  std::int64_t total = 0;
  for (const auto& [code, count] : data.failures_by_code) {
    total += count;
    if (codes.size() < kCodes) codes.push_back({TrimMiddle(code, kCodeBytes), count});
  }
  total = std::max(total, static_cast<std::int64_t>(data.failures.size()));
  Json rows = Json::array();
  for (std::size_t i = 0; i < std::min(data.failures.size(), kFailures); ++i) {
    const ReportFailure& failure = data.failures[i];
    rows.push_back({TrimMiddle(failure.code, kCodeBytes), TrimMiddle(failure.path, kPathBytes),
                    TrimMiddle(failure.label, kLabelBytes), TrimMiddle(failure.message, kMessageBytes)});
  }
  payload["quarantined"] = total;
  payload["failures_by_code"] = std::move(codes);
  payload["failures"] = std::move(rows);
}

void AddMessages(const ReportData& data, Json& payload) {
  Json messages = Json::array();
  for (std::size_t i = 0; i < std::min(data.messages.size(), kMessages); ++i) {
    messages.push_back(TrimMiddle(data.messages[i], kMessageBytes));
  }
  payload["messages_left_out"] = data.messages.size() - messages.size();
  payload["messages"] = std::move(messages);
}

}  // namespace

std::string ReportPayload(const ReportData& data, std::size_t budget) {
  const LabelGroups labels(data.labels);
  const std::vector<const ReportPoint*> points = DrawablePoints(data.points);
  const auto with_thumbnail =
      std::count_if(points.begin(), points.end(), [](const ReportPoint* point) { return !point->thumbnail.empty(); });

  Json payload = Json::object();
  payload["run"] = TrimJson(data.run);
  payload["labels"] = labels.ToJson();
  payload["components"] = ComponentsJson(data.components);
  payload["rows_projected"] = data.rows_projected;
  payload["points"] = PointsJson(points, labels, payload["labels"]["names"].size());
  AddFailures(data, payload);
  AddMessages(data, payload);
  payload["thumbnails_made"] = with_thumbnail;
  std::string json = EscapeForScript(payload.dump(-1, ' ', false, Json::error_handler_t::replace));

  constexpr std::string_view kThumbnails = ",\"thumbnails\":";
  const std::size_t taken = json.size() + kThumbnails.size() + 3 * points.size() + 2;
  const std::vector<bool> chosen = ChooseThumbnails(points, budget > taken ? budget - taken : 0);
  json.pop_back();  // the closing brace
  json += kThumbnails;
  json += ThumbnailsJson(points, chosen);
  json += '}';
  return json;
}

}  // namespace pomona
