#include "pomona/storage/tar_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

#include <arrow/buffer.h>

#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

constexpr std::int64_t kRecord = 512;
constexpr std::int64_t kSmall = 65'536;
constexpr std::int64_t kMostExtended = 1'000'000;  ///< bytes of a header of names that are believed

/// Pieces of a file, so that many small reads are few requests.
class Window {
 public:
  explicit Window(std::shared_ptr<arrow::io::RandomAccessFile> file) : file_(std::move(file)) {}

  /// Fewer than `size` bytes only at the end of the file. Valid until the next call.
  Result<std::string_view> Bytes(std::int64_t offset, std::int64_t size) {
    constexpr std::int64_t kPiece = std::int64_t{8} << 20U;
    if (piece_ == nullptr || offset < start_ || offset + size > start_ + piece_->size()) {
      ARROW_ASSIGN_OR_RAISE(piece_, file_->ReadAt(offset, std::max(size, kPiece)));
      start_ = offset;
    }
    const std::string_view all(reinterpret_cast<const char*>(piece_->data()), static_cast<std::size_t>(piece_->size()));
    return all.substr(static_cast<std::size_t>(offset - start_), static_cast<std::size_t>(size));
  }

 private:
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::shared_ptr<arrow::Buffer> piece_;
  std::int64_t start_ = 0;
};

std::string_view Field(std::string_view header, std::size_t start, std::size_t size) {
  const std::string_view field = header.substr(start, size);
  return field.substr(0, std::min(field.find('\0'), field.size()));
}

/// A number in octal digits, or, where the first bit is set, in big-endian bytes; -1 for anything else.
std::int64_t NumberOf(std::string_view header, std::size_t start, std::size_t size) {
  const std::string_view raw = header.substr(start, size);
  if ((static_cast<unsigned char>(raw.front()) & 0x80U) != 0) {
    std::uint64_t value = static_cast<unsigned char>(raw.front()) & 0x7FU;
    for (const char c : raw.substr(1)) value = value << 8U | static_cast<unsigned char>(c);
    return value >> 62U == 0 ? static_cast<std::int64_t>(value) : -1;
  }
  std::string_view text = Field(header, start, size);
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  return text.empty() || parsed.ec == std::errc() ? value : -1;
}

bool ChecksumHolds(std::string_view header) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return NumberOf(header, 148, 8) == sum;
}

/// The value of "path" in the records of a pax header ("30 path=...\n"), or "".
std::string PaxPath(std::string_view records) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto parsed = std::from_chars(records.data(), records.data() + records.size(), length);
    if (parsed.ec != std::errc() || length == 0 || length > records.size()) return "";
    std::string_view record = records.substr(0, length);
    records.remove_prefix(length);
    record.remove_prefix(std::min(record.find(' ') + 1, record.size()));
    if (record.starts_with("path=") && record.ends_with('\n')) return std::string(record.substr(5, record.size() - 6));
  }
  return "";
}

bool IsSmallText(std::string_view name, std::int64_t size) {
  return size <= kSmall && (name.ends_with(".json") || name.ends_with(".cls") || name.ends_with(".txt"));
}

}  // namespace

Status ScanTar(const Location& tar, const std::function<Status(const TarMember&)>& visit) {
  ARROW_ASSIGN_OR_RAISE(auto file, OpenInputFile(tar));
  ARROW_ASSIGN_OR_RAISE(const std::int64_t end, file->GetSize());
  Window window(std::move(file));
  const auto broken = [&](std::int64_t offset, const char* what) {
    return Status::IOError(tar.display, ": no readable tar archive: ", what, " at byte ", offset);
  };
  std::string long_name;
  for (std::int64_t offset = 0; offset + kRecord <= end;) {
    ARROW_ASSIGN_OR_RAISE(const std::string_view header, window.Bytes(offset, kRecord));
    if (header.find_first_not_of('\0') == std::string_view::npos) return Status::OK();  // the end mark
    const std::int64_t size = NumberOf(header, 124, 12);
    if (!ChecksumHolds(header) || size < 0) return broken(offset, "a wrong header");
    if (offset + kRecord + size > end) return broken(offset, "a file that ends after the archive");
    const char type = header[156];
    std::string name(Field(header, 0, 100));
    const std::string_view prefix = Field(header, 345, 155);
    if (header.substr(257, 5) == "ustar" && !prefix.empty()) name.insert(0, "/").insert(0, prefix);
    const std::int64_t content = offset + kRecord;
    offset = content + (size + kRecord - 1) / kRecord * kRecord;
    if (type == 'x' || type == 'L') {
      if (size > kMostExtended) return broken(content, "a name that is too long");
      ARROW_ASSIGN_OR_RAISE(const std::string_view text, window.Bytes(content, size));
      long_name = type == 'x' ? PaxPath(text) : std::string(text.substr(0, std::min(text.find('\0'), text.size())));
      continue;
    }
    if (!long_name.empty()) name = std::exchange(long_name, {});
    if (type != '0' && type != '\0' && type != '7') continue;
    TarMember member{std::move(name), content, size, {}};
    if (IsSmallText(member.name, size)) {
      ARROW_ASSIGN_OR_RAISE(const std::string_view text, window.Bytes(content, size));
      member.content = text;
    }
    ARROW_RETURN_NOT_OK(visit(member));
  }
  return Status::OK();
}

Status TarWriter::Write(std::string_view bytes) {
  size_ += static_cast<std::int64_t>(bytes.size());
  return stream_->Write(bytes.data(), static_cast<std::int64_t>(bytes.size()));
}

Status TarWriter::Add(std::string_view name, std::string_view bytes) {
  if (name.empty() || name.size() > 100) return Status::Invalid("a tar member's name has 1 to 100 bytes");
  std::string header(static_cast<std::size_t>(kRecord), '\0');
  const auto put = [&](std::size_t place, std::string_view text) { header.replace(place, text.size(), text); };
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "%011llo", static_cast<unsigned long long>(bytes.size()));
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, std::string_view(number.data(), 11));
  put(136, "00000000000");  // the same bytes whenever they are packed
  put(148, "        ");
  put(156, "0");
  put(257, std::string_view("ustar\00000", 8));
  unsigned int sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(number.data(), number.size(), "%06o", sum);
  put(148, std::string_view(number.data(), 7));  // with its zero byte
  ARROW_RETURN_NOT_OK(Write(header));
  ARROW_RETURN_NOT_OK(Write(bytes));
  const std::size_t rest = bytes.size() % static_cast<std::size_t>(kRecord);
  return rest == 0 ? Status::OK() : Write(std::string(static_cast<std::size_t>(kRecord) - rest, '\0'));
}

Status TarWriter::Close() {
  ARROW_RETURN_NOT_OK(Write(std::string(std::size_t{2 * kRecord}, '\0')));
  return stream_->Close();
}

}  // namespace pomona
