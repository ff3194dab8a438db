#include "pomona/pipeline/commit.h"

#include <algorithm>
#include <set>
#include <utility>

#include "pomona/base/parallel.h"
#include "pomona/base/random_digits.h"
#include "pomona/storage/contained_name.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/file_version.h"
#include "pomona/storage/list_if_there.h"
#include "pomona/storage/listing.h"

namespace pomona {
namespace {

std::string ShardDigits(std::int64_t shard) {
  std::string digits = std::to_string(shard);
  if (digits.size() < 5) digits.insert(0, 5 - digits.size(), '0');
  return digits;
}

std::string RecordName(std::int64_t shard) { return ShardDigits(shard) + ".json"; }

Json RecordJson(const CommitRecord& record) {
  Json failures = Json::array();
  for (const QuarantineRow& row : record.failures) failures.push_back(row.ToJson());
  Json json = {{"format_version", 1},
               {"shard", record.shard},
               {"part", record.part},
               {"part_bytes", record.file.size},
               {"part_sha256", record.file.sha256},
               {"ok", record.ok},
               {"quarantined", record.quarantined()},
               {"seconds", record.seconds.ToJson()},
               {"failures", std::move(failures)}};
  if (record.end < 0) return json;
  json["first"] = record.first;
  json["end"] = record.end;
  json["part_version"] = record.version;
  return json;
}

Result<CommitRecord> RecordFromJson(const Json& json, std::string_view origin) {
  CommitRecord record;
  ARROW_ASSIGN_OR_RAISE(record.shard, JsonField<std::int64_t>(json, "shard", origin));
  ARROW_ASSIGN_OR_RAISE(record.part, JsonField<std::string>(json, "part", origin));
  if (!record.part.empty()) ARROW_RETURN_NOT_OK(ContainedName::Make(record.part, origin).status());
  ARROW_ASSIGN_OR_RAISE(record.file.size, JsonField<std::int64_t>(json, "part_bytes", origin));
  ARROW_ASSIGN_OR_RAISE(record.file.sha256, JsonField<std::string>(json, "part_sha256", origin));
  ARROW_ASSIGN_OR_RAISE(record.ok, JsonField<std::int64_t>(json, "ok", origin));
  ARROW_ASSIGN_OR_RAISE(const Json failures, JsonField<Json>(json, "failures", origin));
  for (const Json& failure : failures) {
    ARROW_ASSIGN_OR_RAISE(QuarantineRow row, QuarantineRow::FromJson(failure, origin));
    record.failures.push_back(std::move(row));
  }
  ARROW_ASSIGN_OR_RAISE(const Json seconds, JsonField<Json>(json, "seconds", origin));
  record.seconds = StepSeconds::FromJson(seconds);
  if (!json.contains("end")) return record;
  ARROW_ASSIGN_OR_RAISE(record.first, JsonField<std::int64_t>(json, "first", origin));
  ARROW_ASSIGN_OR_RAISE(record.end, JsonField<std::int64_t>(json, "end", origin));
  ARROW_ASSIGN_OR_RAISE(record.version, JsonField<std::string>(json, "part_version", origin));
  return record;
}

}  // namespace

StepSeconds& StepSeconds::operator+=(const StepSeconds& other) {
  read += other.read;
  decode += other.decode;
  resize += other.resize;
  extract += other.extract;
  write += other.write;
  return *this;
}

Json StepSeconds::ToJson() const {
  return {{"read", read}, {"decode", decode}, {"resize", resize}, {"extract", extract}, {"write", write}};
}

StepSeconds StepSeconds::FromJson(const Json& json) {
  const auto value = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_number() ? found->get<double>() : 0.0;
  };
  return {value("read"), value("decode"), value("resize"), value("extract"), value("write")};
}

std::string ShardStore::NewPartName(std::int64_t shard) {
  return ShardDigits(shard) + "-" + RandomDigits(16) + ".arrow";
}

Location ShardStore::RecordPlace(std::int64_t shard) const { return folder_.Child(RecordName(shard)); }

Result<CommitRecord> ShardStore::Commit(const CommitRecord& record) const {
  const Location place = RecordPlace(record.shard);
  const std::string text = RecordJson(record).dump(1, ' ', false, Json::error_handler_t::replace);
  ARROW_ASSIGN_OR_RAISE(const bool first, WriteExclusively(place, text));
  if (first) return record;
  ARROW_ASSIGN_OR_RAISE(CommitRecord counts, Read(record.shard));
  if (counts.part != record.part) ARROW_RETURN_NOT_OK(RemoveFile(PartPlace(record.part)));
  return counts;
}

Result<std::string> ShardStore::VersionOf(const std::string& part) const {
  ARROW_ASSIGN_OR_RAISE(const std::optional<ListedFile> file, FindFile(PartPlace(part)));
  if (!file) return std::string();
  return file->etag.empty() ? SizeTag(file->size, file->mtime_ns) : file->etag;
}

Result<CommitRecord> ShardStore::Read(std::int64_t shard) const {
  const Location place = RecordPlace(shard);
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(place));
  ARROW_ASSIGN_OR_RAISE(const Json json, ParseJson(text, place.display));
  return RecordFromJson(json, place.display);
}

Result<std::optional<CommitRecord>> ShardStore::ReadIfWhole(std::int64_t shard, bool with_parts) const {
  Result<CommitRecord> record = Read(shard);
  if (!record.ok())
    return record.status().IsInvalid() ? std::nullopt : Result<std::optional<CommitRecord>>(record.status());
  if (record->shard != shard) return std::nullopt;
  if (!with_parts) return std::move(*record);
  ARROW_ASSIGN_OR_RAISE(const bool whole, PartIsWhole(*record));
  return whole ? std::optional(std::move(*record)) : std::nullopt;
}

Result<bool> ShardStore::PartIsWhole(const CommitRecord& record) const {
  if (record.part.empty()) return true;
  ARROW_ASSIGN_OR_RAISE(const std::string version, VersionOf(record.part));
  if (version.empty()) return false;  // it is not there
  if (version == record.version) return true;
  const Location part = PartPlace(record.part);
  ARROW_ASSIGN_OR_RAISE(const auto file, OpenInputFile(part));
  ARROW_ASSIGN_OR_RAISE(const std::int64_t size, file->GetSize());
  if (size != record.file.size) return false;
  ARROW_ASSIGN_OR_RAISE(const std::string sha256, FileSha256(part));
  return sha256 == record.file.sha256;
}

Result<std::vector<std::optional<CommittedShard>>> ShardStore::Recover(std::int64_t shards, bool with_parts,
                                                                       int threads,
                                                                       const Cancellation* cancellation) const {
  std::vector<std::optional<CommittedShard>> done(static_cast<std::size_t>(shards));
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(folder_));
  if (kind == PlaceKind::kMissing) return done;
  ListingOptions all;
  all.include_skipped = true;
  ARROW_ASSIGN_OR_RAISE(const Listing listing, ListIfThere(folder_, all, cancellation));
  std::set<std::string> names;
  for (const ListedFile& file : listing.files) names.insert(file.path);

  std::vector<std::string> parts(done.size());
  const auto recover = [&](std::int64_t shard) -> Status {
    if (!names.contains(RecordName(shard))) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const std::optional<CommitRecord> record, ReadIfWhole(shard, with_parts));
    if (!record) return Status::OK();
    const auto i = static_cast<std::size_t>(shard);
    done[i] = CommittedShard{record->ok, record->quarantined(), record->seconds};
    parts[i] = record->part;
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(ParallelFor(shards, threads, recover, cancellation));

  std::set<std::string> needed;
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (!done[i]) continue;
    needed.insert(RecordName(static_cast<std::int64_t>(i)));
    if (with_parts) needed.insert(parts[i]);
  }
  for (const std::string& name : names) {
    if (!needed.contains(name)) ARROW_RETURN_NOT_OK(RemoveFile(folder_.Child(name)));
  }
  return done;
}

Result<std::vector<CommittedShard>> ShardStore::RecoverInOrder(int threads, const Cancellation* cancellation) const {
  ListingOptions all;
  all.include_skipped = true;
  ARROW_ASSIGN_OR_RAISE(const Listing listing, ListIfThere(folder_, all, cancellation));
  std::set<std::string> names;
  for (const ListedFile& file : listing.files) names.insert(file.path);
  std::int64_t count = 0;
  while (names.contains(RecordName(count))) ++count;

  std::vector<std::int64_t> firsts(static_cast<std::size_t>(count), -1);  // -1: the record counts for nothing
  std::vector<CommittedShard> done(firsts.size());
  const auto recover = [&](std::int64_t shard) -> Status {
    ARROW_ASSIGN_OR_RAISE(const std::optional<CommitRecord> record, ReadIfWhole(shard, true));
    if (!record) return Status::OK();
    const auto i = static_cast<std::size_t>(shard);
    firsts[i] = record->first;
    done[i] = {record->ok, record->quarantined(), record->seconds, record->part, record->file.size, record->end};
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(ParallelFor(count, threads, recover, cancellation));

  std::size_t whole = 0;
  while (whole < done.size() && firsts[whole] == (whole == 0 ? 0 : done[whole - 1].end)) ++whole;
  done.resize(whole);
  for (std::size_t i = 0; i < whole; ++i) names.erase(RecordName(static_cast<std::int64_t>(i)));
  // The last one first: an interruption leaves no gap before records that count no more.
  for (auto name = names.rbegin(); name != names.rend(); ++name) ARROW_RETURN_NOT_OK(RemoveFile(folder_.Child(*name)));
  return done;
}

Status ShardStore::RemoveParts() const {
  ListingOptions all;
  all.include_skipped = true;
  ARROW_ASSIGN_OR_RAISE(const Listing listing, ListIfThere(folder_, all));
  for (const ListedFile& file : listing.files) {
    if (file.path.ends_with(".arrow")) ARROW_RETURN_NOT_OK(RemoveFile(folder_.Child(file.path)));
  }
  return Status::OK();
}

}  // namespace pomona
