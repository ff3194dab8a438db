#include "cli/progress.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pomona/base/json.h"
#include "pomona/base/text.h"
#include "pomona/base/visible_text.h"

namespace pomona::cli {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// What is known of the stage under way.
struct Stage {
  std::string name;
  std::int64_t total = 0;
  std::int64_t earlier = 0;  ///< done by an earlier run, so no part of the speed
  std::int64_t done = 0;
  std::int64_t failed = 0;
  Clock::time_point start = Clock::now();

  bool in_bytes() const { return name == "download"; }
  bool in_images() const { return name == "extract" || name == "list" || name == "project"; }
  double share() const { return total > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total)) : 0; }
  double per_second(double seconds) const { return seconds > 0 ? static_cast<double>(done - earlier) / seconds : 0; }

  std::string Amount(double units) const {
    return in_bytes() ? HumanBytes(units) : HumanCount(static_cast<long long>(units));
  }

  /// "3,200/4,500"
  std::string Counts() const {
    const std::string so_far = Amount(static_cast<double>(done));
    return total > 0 ? so_far + "/" + Amount(static_cast<double>(total)) : so_far;
  }

  /// "612 images/s", or "" while there is nothing to tell
  std::string Speed(double seconds) const {
    if (done <= earlier || seconds < 0.05 || (!in_bytes() && !in_images())) return "";
    const double speed = per_second(seconds);
    if (in_bytes()) return HumanBytes(speed) + "/s";
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f images/s", speed);
    return speed < 10 ? text.data() : HumanCount(static_cast<long long>(speed)) + " images/s";
  }

  /// "ETA 6.1 s", or "" while there is nothing to tell
  std::string Remaining(double seconds) const {
    const double speed = per_second(seconds);
    if (seconds < 1 || speed <= 0 || done >= total) return "";
    return "ETA " + HumanSeconds(static_cast<double>(total - done) / speed);
  }
};

void Write(std::FILE* out, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

/// Writes messages and nothing else.
class MessagesOnly : public ProgressListener {
 public:
  explicit MessagesOnly(std::FILE* out) : out_(out) {}
  void StageStarted(std::string_view, std::int64_t, std::int64_t) override {}
  void StageAdvanced(std::int64_t, std::int64_t) override {}
  void StageFinished(double) override {}
  void Message(std::string_view text) override { Write(out_, VisibleText(text) + "\n"); }

 private:
  std::FILE* out_;
};

class PlainLines : public ProgressListener {
 public:
  explicit PlainLines(std::FILE* out) : out_(out) {}

  void StageStarted(std::string_view stage, std::int64_t total, std::int64_t done) override {
    stage_ = {.name = std::string(stage), .total = total, .earlier = done, .done = done};
    tenth_ = static_cast<int>(stage_.share() * 10);
    last_line_ = stage_.start;
    if (done > 0) Write(out_, stage_.name + ": " + stage_.Counts() + " done by an earlier run\n");
  }

  void StageAdvanced(std::int64_t done, std::int64_t failed) override {
    stage_.done = done;
    stage_.failed = failed;
    const int tenth = static_cast<int>(stage_.share() * 10);
    const double pause = SecondsSince(last_line_);
    if (pause < 5 || (tenth == tenth_ && pause < 60)) return;
    tenth_ = tenth;
    last_line_ = Clock::now();
    const double seconds = SecondsSince(stage_.start);
    Write(out_, Line(seconds, stage_.Remaining(seconds)));
  }

  void StageFinished(double seconds) override { Write(out_, Line(seconds, "in " + HumanSeconds(seconds))); }
  void Message(std::string_view text) override { Write(out_, VisibleText(text) + "\n"); }

 private:
  std::string Line(double seconds, const std::string& time) const {
    std::string line = stage_.name + ":";
    if (stage_.done > 0) line += " " + stage_.Counts();
    if (stage_.failed > 0) line += ", " + HumanCount(stage_.failed) + " failed";
    if (const std::string speed = stage_.Speed(seconds); !speed.empty()) line += ", " + speed;
    if (!time.empty()) line += (stage_.done > 0 ? ", " : " ") + time;
    return line + "\n";
  }

  std::FILE* out_;
  Stage stage_;
  int tenth_ = 0;
  Clock::time_point last_line_;
};

class JsonLines : public ProgressListener {
 public:
  explicit JsonLines(std::FILE* out) : out_(out) {}

  void StageStarted(std::string_view stage, std::int64_t total, std::int64_t done) override {
    stage_ = {.name = std::string(stage), .total = total, .earlier = done, .done = done};
    last_line_ = stage_.start;
    Line({{"event", "stage_started"}, {"stage", stage_.name}, {"total", total}, {"done", done}});
  }

  void StageAdvanced(std::int64_t done, std::int64_t failed) override {
    stage_.done = done;
    stage_.failed = failed;
    if (SecondsSince(last_line_) < 0.5) return;
    last_line_ = Clock::now();
    Line({{"event", "stage_advanced"},
          {"stage", stage_.name},
          {"total", stage_.total},
          {"done", done},
          {"failed", failed}});
  }

  void StageFinished(double seconds) override {
    Line({{"event", "stage_finished"},
          {"stage", stage_.name},
          {"total", stage_.total},
          {"done", stage_.done},
          {"failed", stage_.failed},
          {"seconds", seconds}});
  }

  void Message(std::string_view text) override { Line({{"event", "message"}, {"text", VisibleText(text)}}); }

 private:
  void Line(const Json& object) const {
    Write(out_, object.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
  }

  std::FILE* out_;
  Stage stage_;
  Clock::time_point last_line_;
};

class Bar : public ProgressListener {
 public:
  Bar(std::FILE* out, bool plain_terminal) : out_(out), escapes_(!plain_terminal), unicode_(Utf8Locale()) {}
  ~Bar() override { Erase(); }

  void StageStarted(std::string_view stage, std::int64_t total, std::int64_t done) override {
    stage_ = {.name = std::string(stage), .total = total, .earlier = done, .done = done};
    Draw();
  }

  void StageAdvanced(std::int64_t done, std::int64_t failed) override {
    stage_.done = done;
    stage_.failed = failed;
    if (SecondsSince(drawn_) >= 0.1) Draw();
  }

  void StageFinished(double /*seconds*/) override {
    Erase();
    stage_.name.clear();
  }

  void Message(std::string_view text) override {
    Erase();
    Write(out_, VisibleText(text) + "\n");
    if (!stage_.name.empty()) Draw();
  }

 private:
  static bool Utf8Locale() {
    const locale_t locale = newlocale(LC_CTYPE_MASK, "", nullptr);
    if (locale == nullptr) return false;
    const bool utf8 = std::string_view(nl_langinfo_l(CODESET, locale)) == "UTF-8";
    freelocale(locale);
    return utf8;
  }

  std::size_t Width() const {
    winsize size{};
    const bool known = ioctl(fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
  }

  void Erase() {
    if (shown_ == 0) return;
    Write(out_, escapes_ ? std::string("\r\x1b[K") : "\r" + std::string(shown_, ' ') + "\r");
    shown_ = 0;
  }

  std::string Coloured(const char* colour, const std::string& text) const {
    return escapes_ && !text.empty() ? std::string("\x1b[") + colour + "m" + text + "\x1b[0m" : text;
  }

  void Draw() {
    const double seconds = SecondsSince(stage_.start);
    const std::size_t room = Width() - 1;
    const std::string name = stage_.name + std::string(stage_.name.size() < 8 ? 8 - stage_.name.size() : 0, ' ');
    std::string figures = stage_.done > 0 || stage_.total > 0 ? "  " + stage_.Counts() : "";
    const std::string failed = stage_.failed > 0 ? HumanCount(stage_.failed) + " failed" : "";
    for (const std::string& part : {stage_.Speed(seconds), failed, stage_.Remaining(seconds)}) {
      if (!part.empty() && name.size() + figures.size() + 2 + part.size() <= room) figures += "  " + part;
    }
    std::size_t length = name.size() + figures.size();
    if (length > room) return Erase();

    std::string line = Coloured("1", name);
    const std::size_t bar = stage_.total > 0 && length + 12 <= room ? std::min<std::size_t>(32, room - length - 1) : 0;
    if (bar > 0) {
      line += " " + Blocks(bar);
      length += bar + 1;
    }
    line += figures;
    Write(out_, "\r" + line + (length < shown_ ? std::string(shown_ - length, ' ') : ""));
    shown_ = length;
    drawn_ = Clock::now();
  }

  /// One column of the bar; where colours tell done from open, the line is the same.
  const char* Block(bool full) const {
    if (!unicode_) return full ? "#" : "-";
    return full || escapes_ ? "━" : "─";
  }

  std::string Blocks(std::size_t width) const {
    const auto full = static_cast<std::size_t>(stage_.share() * static_cast<double>(width));
    std::string done;
    std::string rest;
    for (std::size_t i = 0; i < width; ++i) {
      (i < full ? done : rest) += Block(i < full);
    }
    return Coloured("32", done) + Coloured("90", rest);
  }

  std::FILE* out_;
  bool escapes_;
  bool unicode_;
  Stage stage_;
  std::size_t shown_ = 0;  ///< columns on the screen now
  Clock::time_point drawn_;
};

}  // namespace

std::optional<ProgressMode> ProgressModeFromName(std::string_view name) {
  if (name == "auto") return ProgressMode::kAuto;
  if (name == "bar") return ProgressMode::kBar;
  if (name == "plain") return ProgressMode::kPlain;
  if (name == "json") return ProgressMode::kJson;
  if (name == "none") return ProgressMode::kNone;
  return std::nullopt;
}

std::unique_ptr<ProgressListener> MakeProgress(ProgressMode mode, std::FILE* out, bool plain_terminal) {
  if (mode == ProgressMode::kAuto) mode = isatty(fileno(out)) == 1 ? ProgressMode::kBar : ProgressMode::kPlain;
  switch (mode) {
    case ProgressMode::kBar:
      return std::make_unique<Bar>(out, plain_terminal);
    case ProgressMode::kJson:
      return std::make_unique<JsonLines>(out);
    case ProgressMode::kNone:
      return std::make_unique<MessagesOnly>(out);
    default:
      return std::make_unique<PlainLines>(out);
  }
}

}  // namespace pomona::cli
