#include "pomona/pipeline/output_lock.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "pomona/base/exhaustion.h"
#include "pomona/base/json.h"
#include "pomona/base/random_digits.h"
#include "pomona/base/text.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/list_if_there.h"
#include "pomona/storage/listing.h"

namespace pomona {
namespace {

constexpr std::string_view kBegin = "lock-";
constexpr std::string_view kEnd = ".json";

std::string LockName(std::int64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return std::string(kBegin) + digits + std::string(kEnd);
}

std::int64_t LockNumber(std::string_view name) {
  name.remove_prefix(kBegin.size());
  name.remove_suffix(kEnd.size());
  return std::strtoll(std::string(name).c_str(), nullptr, 10);
}

std::string UtcText(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text.data(), length};
}

/// The names of all locks, lowest number first.
Result<std::vector<std::string>> LockNames(const Location& folder) {
  ListingOptions flat;
  flat.include_skipped = true;
  flat.recursive = false;
  ARROW_ASSIGN_OR_RAISE(const Listing listing, ListIfThere(folder, flat));
  std::vector<std::string> names;
  for (const ListedFile& file : listing.files) {
    if (OutputLock::IsLockName(file.path)) names.push_back(file.path);
  }
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) { return LockNumber(a) < LockNumber(b); });
  return names;
}

/// \return nothing when the lock has gone meanwhile
Result<std::optional<std::string>> ReadLock(const Location& place) {
  Result<std::string> text = ReadText(place);
  if (text.ok()) return std::move(*text);
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(place));
  if (kind == PlaceKind::kMissing) return std::nullopt;
  return text.status();
}

Json Parsed(const std::string& text) {
  const Result<Json> json = ParseJson(text, "lock");
  return json.ok() && json->is_object() ? *json : Json::object();
}

ProcessLife OwnersLife(const std::string& text, const Location& place) {
  const Result<ProcessIdentity> owner =
      ProcessIdentity::FromJson(Parsed(text).value("process", Json::object()), place.display);
  return owner.ok() ? LifeOf(*owner) : ProcessLife::kUnknown;
}

}  // namespace

bool OutputLock::IsLockName(std::string_view name) {
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd)) return false;
  name.remove_prefix(kBegin.size());
  if (name.size() < kEnd.size() + 4) return false;
  name.remove_suffix(kEnd.size());
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

OutputLock::OutputLock(Location folder, std::string output, LockOptions options)
    : folder_(std::move(folder)), output_(std::move(output)), options_(std::move(options)), token_(RandomDigits(32)) {
  started_ms_ = Now();
}

std::int64_t OutputLock::Now() const {
  if (options_.now_ms) return options_.now_ms();
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

std::string OutputLock::Text() const {
  const Json lock = {{"format_version", 1},
                     {"token", token_},
                     {"process", options_.self.ToJson()},
                     {"started", UtcText(started_ms_)},
                     {"started_ms", started_ms_},
                     {"beats", beats_},
                     {"seen_ms", Now()}};
  return lock.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status OutputLock::Refusal(const std::string& text) const {
  const Json lock = Parsed(text);
  const Json process = lock.value("process", Json::object());
  const std::int64_t silent_ms = Now() - lock.value("seen_ms", std::int64_t{0});
  const std::string seen = silent_ms < 0 ? UtcText(lock.value("seen_ms", std::int64_t{0})) +
                                               ", which is still to come "
                                               "by the clock of this "
                                               "machine"
                                         : HumanSeconds(static_cast<double>(silent_ms) / 1000) + " ago";
  return Status::IOError(output_, ": another run is writing here: process ", process.value("pid", std::int64_t{0}),
                         " on ", process.value("host", std::string("an unknown machine")), ", started ",
                         lock.value("started", std::string("at an unknown time")), ", last sign of life ", seen,
                         ". Wait until it ends, or stop it and give this command again");
}

Status OutputLock::Watch(const Location& place, const std::string& text, std::chrono::milliseconds time,
                         const Cancellation* cancellation) const {
  const auto end = std::chrono::steady_clock::now() + time;
  const auto step = std::min<std::chrono::milliseconds>(std::chrono::milliseconds(200), options_.beat);
  auto next_look = std::chrono::steady_clock::now() + options_.beat / 2;
  while (std::chrono::steady_clock::now() < end) {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    std::this_thread::sleep_for(step);
    if (std::chrono::steady_clock::now() < next_look && next_look < end) continue;
    next_look = std::chrono::steady_clock::now() + options_.beat / 2;
    ARROW_ASSIGN_OR_RAISE(const std::optional<std::string> now, ReadLock(place));
    if (!now) return Status::OK();
    if (*now != text) return Refusal(*now);
  }
  return Status::OK();
}

/// \return OK when the lock's owner is dead or has been silent
Status OutputLock::Judge(const Location& place, const std::string& text, const Cancellation* cancellation) const {
  const ProcessLife life = OwnersLife(text, place);
  if (life == ProcessLife::kDead) return Status::OK();
  if (life == ProcessLife::kAlive) return Refusal(text);
  const std::int64_t silent_ms = Now() - Parsed(text).value("seen_ms", std::int64_t{0});
  if (silent_ms < 0) return Watch(place, text, options_.silence, cancellation);
  if (silent_ms < options_.silence.count()) return Refusal(text);
  return Watch(place, text, options_.beat + options_.beat / 2, cancellation);
}

/// One attempt. \return false when another process was quicker and all has to be looked at again
Result<bool> OutputLock::TryOnce(const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> found, LockNames(folder_));
  std::vector<std::pair<std::string, std::string>> dead;  // names and texts
  for (const std::string& name : found) {
    ARROW_ASSIGN_OR_RAISE(const std::optional<std::string> text, ReadLock(folder_.Child(name)));
    if (!text) continue;
    ARROW_RETURN_NOT_OK(Judge(folder_.Child(name), *text, cancellation));
    dead.emplace_back(name, *text);
  }
  const std::int64_t number = found.empty() ? 1 : LockNumber(found.back()) + 1;
  const Location place = folder_.Child(LockName(number));
  const Result<bool> first = WriteExclusively(place, Text());
  if (!first.ok()) {
    // An owner that came meanwhile takes unfinished files for leftovers: then its name is the better message.
    ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> others, LockNames(folder_));
    for (const std::string& name : others) {
      ARROW_ASSIGN_OR_RAISE(const std::optional<std::string> text, ReadLock(folder_.Child(name)));
      if (text) ARROW_RETURN_NOT_OK(Judge(folder_.Child(name), *text, cancellation));
    }
    return first.status();
  }
  if (!*first) return false;

  // Somebody may have come between the look and the writing: with a number above or below.
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> now, LockNames(folder_));
  for (const std::string& name : now) {
    if (name == LockName(number)) continue;
    ARROW_ASSIGN_OR_RAISE(const std::optional<std::string> text, ReadLock(folder_.Child(name)));
    const bool known = std::find(dead.begin(), dead.end(), std::pair(name, text.value_or(""))) != dead.end();
    if (!text || known) continue;
    ARROW_RETURN_NOT_OK(RemoveFile(place));
    return false;
  }
  for (const auto& [name, text] : dead) ARROW_RETURN_NOT_OK(RemoveFile(folder_.Child(name)));
  number_ = number;
  return true;
}

Result<std::unique_ptr<OutputLock>> OutputLock::Acquire(const Location& folder, std::string_view output,
                                                        LockOptions options, const Cancellation* cancellation) {
  constexpr int kAttempts = 20;
  std::unique_ptr<OutputLock> lock(new OutputLock(folder, std::string(output), std::move(options)));
  std::minstd_rand random(std::random_device{}());
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(const bool held, lock->TryOnce(cancellation));
    if (held) {
      lock->beating_ = std::thread([raw = lock.get()] { raw->Beat(); });
      return lock;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + random() % 50));  // so that two do not stay in step
  }
  return Status::IOError(output, ": other runs keep starting here; give this command again when they have ended");
}

OutputLock::~OutputLock() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (beating_.joinable()) beating_.join();
  if (number_ > 0 && !lost_) static_cast<void>(RemoveFile(folder_.Child(LockName(number_))));
}

Status OutputLock::Check() const {
  if (!lost_) return Status::OK();
  return Status::IOError(output_,
                         ": another run has taken this output over, because nothing was heard of this one for long; "
                         "this one stops");
}

std::string OutputLock::ticket() const { return LockName(number_) + " " + token_; }

Status OutputLock::CheckTicket(const Location& folder, std::string_view output, std::string_view ticket) {
  const std::string name(ticket.substr(0, ticket.find(' ')));
  if (!IsLockName(name) || ticket.size() <= name.size()) {
    return Status::Invalid(output, ": \"", ticket, "\" is no ticket of a lock");
  }
  const std::string_view token = ticket.substr(name.size() + 1);
  ARROW_ASSIGN_OR_RAISE(const std::optional<std::string> text, ReadLock(folder.Child(name)));
  ARROW_ASSIGN_OR_RAISE(const PlaceKind heir, KindOfPlace(folder.Child(LockName(LockNumber(name) + 1))));
  if (text && Parsed(*text).value("token", std::string()) == token && heir == PlaceKind::kMissing) return Status::OK();
  return Status::IOError(output, ": the run that handed this work out has ended, or another one has taken the output ",
                         "over; nothing more is written for it");
}

void OutputLock::RemoveDead(const Location& folder) {
  const Result<std::vector<std::string>> names = LockNames(folder);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    const Location place = folder.Child(name);
    const Result<std::optional<std::string>> text = ReadLock(place);
    if (!text.ok() || !*text || OwnersLife(**text, place) != ProcessLife::kDead) continue;
    static_cast<void>(RemoveFile(place));
  }
}

void OutputLock::Beat() {
  std::unique_lock guard(mutex_);
  while (!stop_.wait_for(guard, options_.beat, [&] { return stopping_; })) {
    guard.unlock();
    // Without memory for one beat there is none this time; silence tells the others.
    static_cast<void>(CatchExhaustion([&] {
      Renew();
      return Status::OK();
    }));
    guard.lock();
  }
}

void OutputLock::Renew() {
  const Location place = folder_.Child(LockName(number_));
  const Result<std::optional<std::string>> mine = ReadLock(place);
  if (!mine.ok()) return;  // the store does not answer; silence will tell
  const Result<PlaceKind> heir = KindOfPlace(folder_.Child(LockName(number_ + 1)));
  const bool taken = heir.ok() && *heir == PlaceKind::kFile;
  if (!*mine || Parsed(**mine).value("token", std::string()) != token_ || taken) {
    lost_ = true;
    return;
  }
  ++beats_;
  static_cast<void>(WriteAtomically(place, Text()));
}

}  // namespace pomona
