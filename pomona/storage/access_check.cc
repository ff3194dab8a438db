#include "pomona/storage/access_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <unistd.h>

#include "pomona/base/usage_error.h"
#include "pomona/storage/exclusive_write.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/listing.h"
#include "pomona/storage/s3_store.h"

namespace pomona {
namespace {

/// Permissions of one kind of store, by step.
struct Permissions {
  std::string list;
  std::string read;
  std::string write;
  std::string remove;
};

Permissions PermissionsOf(const Location& place) {
  const std::string store = place.filesystem->type_name();
  if (place.s3 != nullptr) return {"s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"};
  if (store == "gcs") {
    return {"storage.objects.list", "storage.objects.get", "storage.objects.create", "storage.objects.delete"};
  }
  if (store == "abfs") {
    return {"Storage Blob Data Reader", "Storage Blob Data Reader", "Storage Blob Data Contributor",
            "Storage Blob Data Contributor"};
  }
  return {"r and x on the folder", "r on the file", "w and x on the folder", "w and x on the folder"};
}

constexpr const char* kReading = "INPUT of every command";
constexpr const char* kWriting = "--output of every command";

/// \return whether the second of two writers was refused
Status TryExclusively(const Location& file) {
  ARROW_ASSIGN_OR_RAISE(const bool first, WriteExclusively(file, "first"));
  ARROW_ASSIGN_OR_RAISE(const bool second, WriteExclusively(file, "second"));
  if (!first) return Status::IOError("a file that did not exist counted as existing");
  if (!second) return Status::OK();
  return Status::IOError(
      "the store lets a second writer replace the first one's file; two runs on one output would "
      "not notice each other");
}

std::string Arn(const S3Name& name, const char* end) { return "arn:aws:s3:::" + name.bucket + end; }

Json Statement(std::string id, const std::set<std::string>& actions, const std::set<std::string>& resources) {
  return {{"Sid", std::move(id)}, {"Effect", "Allow"}, {"Action", actions}, {"Resource", resources}};
}

}  // namespace

std::vector<AccessStep> CheckAccess(const Location& place) {
  const Permissions needs = PermissionsOf(place);
  const std::string own = ".pomona-doctor-" + std::to_string(getpid());
  std::vector<AccessStep> steps;
  ListingOptions one;
  one.max_files = 1;
  Result<Listing> listing = ListFiles(place, one);
  if (!listing.ok() && IsUsageError(listing.status())) listing = Listing();  // nothing there yet, which is fine
  steps.push_back({"list", needs.list, kReading, listing.status()});
  if (listing.ok() && !listing->files.empty()) {
    ByteBuffer bytes;
    const ListedFile& file = listing->files.front();
    steps.push_back({"read", needs.read, kReading,
                     ReadRange(place.Child(file.path), {}, 0, std::min<std::int64_t>(file.size, 1), &bytes)});
  }
  const Location written = place.Child(own);
  steps.push_back({"write", needs.write, kWriting, WriteAtomically(written, "written by pomona doctor")});
  if (!steps.back().status.ok()) return steps;
  if (steps.size() == 2) steps.push_back({"read", needs.read, kReading, ReadText(written).status()});
  const Location record = place.Child(own + ".record");
  steps.push_back({"write exclusively", needs.write, kWriting, TryExclusively(record)});
  std::string left;
  Status removed;
  for (const Location& file : {written, record}) {
    const Status status = RemoveFile(file);
    if (status.ok()) continue;
    left += (left.empty() ? "" : " and ") + file.display;
    if (removed.ok()) removed = status;
  }
  if (!left.empty()) removed = removed.WithMessage(removed.message() + "; so this stays there, to be removed: " + left);
  steps.push_back({"delete", needs.remove, kWriting, std::move(removed)});
  return steps;
}

Result<Json> LeastPolicy(const std::vector<Location>& inputs, const Location& output) {
  std::map<std::string, std::set<std::string>> prefixes;  // by bucket
  std::set<std::string> read;
  std::vector<Location> all = inputs;
  all.push_back(output);
  for (const Location& place : all) {
    if (place.s3 == nullptr) return UsageError(place.display + ": a policy can be printed for s3:// only");
    const S3Name name = SplitS3Path(place.path);
    const std::string below = name.key.empty() ? "*" : name.key + "/*";
    prefixes[name.bucket].insert(below);
    if (name.key.find('.') != std::string::npos) {  // a list or a shard: a file by itself
      prefixes[name.bucket].insert(name.key);
      read.insert(Arn(name, ("/" + name.key).c_str()));
    }
    read.insert(Arn(name, ("/" + below).c_str()));
  }
  Json statements = Json::array();
  int number = 0;
  for (const auto& [bucket, below] : prefixes) {
    Json statement = Statement("List" + std::to_string(number++), {"s3:ListBucket"}, {"arn:aws:s3:::" + bucket});
    if (!below.contains("*")) statement["Condition"] = {{"StringLike", {{"s3:prefix", below}}}};
    statements.push_back(std::move(statement));
  }
  statements.push_back(Statement("Read", {"s3:GetObject"}, read));
  const S3Name name = SplitS3Path(output.path);
  const std::string below = name.key.empty() ? "/*" : "/" + name.key + "/*";
  statements.push_back(
      Statement("Write", {"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"}, {Arn(name, below.c_str())}));
  return Json{{"Version", "2012-10-17"}, {"Statement", std::move(statements)}};
}

}  // namespace pomona
