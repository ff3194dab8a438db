#include "cli/summary.h"

#include <cstdint>
#include <cstdio>
#include <map>
#include <string_view>

#include "pomona/base/text.h"
#include "pomona/base/visible_text.h"
#include "pomona/pipeline/pack_shard.h"

namespace pomona::cli {
namespace {

constexpr std::size_t kHeadingWidth = 12;

/// The value at a JSON pointer such as "/features/dim", or null.
const Json& At(const Json& run, const char* pointer) {
  static const Json kNull;
  const Json::json_pointer place(pointer);
  return run.contains(place) ? run.at(place) : kNull;
}

std::int64_t Count(const Json& value) { return value.is_number() ? value.get<std::int64_t>() : 0; }
double Number(const Json& value) { return value.is_number() ? value.get<double>() : 0; }
std::string Text(const Json& value) { return value.is_string() ? value.get<std::string>() : std::string(); }

std::string OneDigit(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", value);
  return text;
}

/// Lines of a heading and what is said under it.
class Table {
 public:
  explicit Table(bool colour) : colour_(colour) {}

  void Add(std::string_view heading, const std::string& text) {
    if (text.empty()) return;
    std::string padded(heading);
    padded.resize(kHeadingWidth, ' ');
    lines_ += "  " + (colour_ ? "\x1b[1m" + padded + "\x1b[0m" : padded) + VisibleText(text) + "\n";
  }

  const std::string& lines() const { return lines_; }

 private:
  bool colour_;
  std::string lines_;
};

/// "1 empty, 2 truncated", and how many in all.
std::string Counts(const Json& by_name, std::int64_t* total) {
  std::string text;
  *total = 0;
  for (auto count = by_name.begin(); by_name.is_object() && count != by_name.end(); ++count) {
    *total += Count(count.value());
    text += (text.empty() ? "" : ", ") + HumanCount(Count(count.value())) + " " + count.key();
  }
  return text;
}

std::string Images(const Json& run) {
  if (!run.contains("images_listed")) return "";
  const std::string text = HumanCount(Count(run["images_listed"])) + " listed, " +
                           HumanCount(Count(At(run, "/images_ok"))) + " ok, " +
                           HumanCount(Count(At(run, "/images_quarantined"))) + " quarantined";
  std::int64_t failures = 0;
  const std::string codes = Counts(At(run, "/failures_by_code"), &failures);
  return codes.empty() ? text : text + " (" + codes + ")";
}

std::string Shards(const Json& run) {
  const Json& pack = At(run, "/pack");
  if (!pack.is_object()) return "";
  const std::int64_t shards = Count(At(pack, "/shards"));
  return HumanCount(Count(At(run, "/images_ok"))) + " images in " + HumanCount(shards) +
         (shards == 1 ? " shard, " : " shards, ") + HumanBytes(Number(At(pack, "/bytes"))) + ", read back and compared";
}

std::string Features(const Json& run) {
  const Json& plan = At(run, "/plan");
  const std::int64_t dim = Count(At(plan, "/features"));
  if (dim == 0) return "";
  std::string text = HumanCount(dim) + " an image";
  if (const std::string name = Text(At(plan, "/extractor/name")); !name.empty()) text += ", " + name;
  text +=
      ", " + std::to_string(Count(At(plan, "/image_width"))) + "x" + std::to_string(Count(At(plan, "/image_height")));
  for (const char* place : {"/precision", "/engine"}) {
    if (const std::string part = Text(At(plan, place)); !part.empty()) text += ", " + part;
  }
  return text;
}

std::string Components(const Json& run) {
  const std::int64_t kept = Count(At(run, "/fit/components"));
  if (kept == 0) return "";
  return HumanCount(kept) + " kept, " + OneDigit(100 * Number(At(run, "/fit/explained"))) + " % of the variance";
}

std::string Speed(const Json& run) {
  const double speed = Number(At(run, "/images_per_second"));
  if (speed <= 0) return "";
  std::string text = (speed < 100 ? OneDigit(speed) : HumanCount(static_cast<long long>(speed))) + " images/s";
  if (const std::int64_t threads = Count(At(run, "/threads")); threads > 0) {
    text += " on " + HumanCount(threads) + (threads == 1 ? " thread" : " threads");
  }
  return text;
}

std::string Time(const Json& run) {
  const Json& stages = At(run, "/seconds");
  if (!stages.is_object() || !stages.contains("total")) return "";
  std::string parts;
  for (const auto& [stage, seconds] : stages.items()) {
    if (stage != "total") parts += (parts.empty() ? "" : ", ") + stage + " " + HumanSeconds(Number(seconds));
  }
  const std::string total = HumanSeconds(Number(stages["total"]));
  return parts.empty() ? total : total + " (" + parts + ")";
}

/// Where a file counts to: at the top of the output its name, in folders the folder, of shards all of them.
std::string Group(const std::string& path) {
  if (IsPackShardName(path)) return "pack-*" + path.substr(path.rfind('.'));
  const std::size_t slash = path.find('/');
  return slash == std::string::npos ? path : path.substr(0, slash + 1);
}

/// Files at the top of the output by name, those in folders by folder and number.
std::string Files(const Json& run) {
  const Json& files = At(run, "/files");
  if (!files.is_array()) return "";
  std::map<std::string, int> places;
  for (const Json& file : files) {
    const std::string path = Text(file);
    if (!path.starts_with('_')) ++places[Group(path)];
  }
  std::string text;
  for (const auto& [place, count] : places) {
    text += (text.empty() ? "" : ", ") + place + (count > 1 ? " (" + std::to_string(count) + ")" : "");
  }
  return text;
}

}  // namespace

std::string SkippedText(const Json& by_reason) {
  std::int64_t files = 0;
  const std::string reasons = Counts(by_reason, &files);
  if (files == 0) return "";
  return HumanCount(files) + (files == 1 ? " file: " : " files: ") + reasons + "; --include-skipped brings " +
         (files == 1 ? "it" : "them") + " in";
}

std::string SummaryText(const RunSummary& summary, bool colour) {
  const Json& run = summary.run;
  Table table(colour);
  table.Add("images", Images(run));
  table.Add("skipped", SkippedText(At(run, "/files_skipped")));
  table.Add("shards", Shards(run));
  table.Add("features", Features(run));
  table.Add("components", Components(run));
  table.Add("speed", Speed(run));
  table.Add("time", Time(run));
  if (const double bytes = Number(At(run, "/peak_rss_bytes")); bytes > 0) {
    table.Add("memory", HumanBytes(bytes) + " at most");
  }
  table.Add("files", Files(run));
  table.Add("report", summary.report);

  std::string text = summary.message.empty() ? "" : VisibleText(summary.message) + "\n";
  if (summary.outcome == RunOutcome::kTooManyFailures) {
    text +=
        "Too many images failed; quarantine.parquet names each with its reason. The same command with a higher "
        "--max-failures finishes without " +
        std::string(run.contains("pack") ? "packing" : "extracting") + " again.\n";
  }
  return text + (table.lines().empty() ? "" : "\n" + table.lines() + "\n");
}

}  // namespace pomona::cli
