#include "pomona/image/foreign_content.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace pomona {
namespace {

constexpr std::string_view kConvert = "convert it to JPEG or PNG first";
constexpr std::string_view kErrorPage =
    "the download probably kept an error page under the image's name; fetch it again";
constexpr std::string_view kNoImage = "it is no image; leave it out, for example with --exclude";

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view looks_like;
  std::string_view advice;
};

using namespace std::string_view_literals;

constexpr std::array kSignatures = {
    Signature{4, "ftypavif"sv, "an AVIF image", kConvert},
    Signature{4, "ftypavis"sv, "an AVIF image", kConvert},
    Signature{4, "ftyphei"sv, "a HEIC image", kConvert},
    Signature{4, "ftyphev"sv, "a HEIC image", kConvert},
    Signature{4, "ftypmif1"sv, "a HEIC image", kConvert},
    Signature{4, "ftypmsf1"sv, "a HEIC image", kConvert},
    Signature{4, "ftypcrx"sv, "a raw camera image (CR3)", kConvert},
    Signature{4, "ftyp"sv, "an MP4 or MOV video", kNoImage},
    Signature{0, "\0\0\0\x0CJXL "sv, "a JPEG XL image", kConvert},
    Signature{0, "\xFF\x0A"sv, "a JPEG XL image", kConvert},
    Signature{0, "\0\0\0\x0CjP  "sv, "a JPEG 2000 image", kConvert},
    Signature{0, "\xFF\x4F\xFF\x51"sv, "a JPEG 2000 image", kConvert},
    Signature{0, "8BPS"sv, "a Photoshop file", kConvert},
    Signature{0, "FUJIFILM"sv, "a raw camera image (RAF)", kConvert},
    Signature{0, "IIRO"sv, "a raw camera image (ORF)", kConvert},
    Signature{0, "\x76\x2F\x31\x01"sv, "an OpenEXR image", kConvert},
    Signature{0, "\0\0\x01\0"sv, "an icon (ICO)", kConvert},
    Signature{0, "%PDF"sv, "a PDF document", "save its pictures as JPEG or PNG first"},
    Signature{0, "%!PS"sv, "a PostScript document", kConvert},
    Signature{0, "PK\x03\x04"sv, "a zip archive", "unpack it first"},
    Signature{0, "PK\x05\x06"sv, "an empty zip archive", kNoImage},
    Signature{0, "\x1F\x8B"sv, "gzip-compressed data", "unpack it first"},
    Signature{0, "BZh"sv, "bzip2-compressed data", "unpack it first"},
    Signature{0, "\xFD\x37zXZ"sv, "xz-compressed data", "unpack it first"},
    Signature{0, "\x28\xB5\x2F\xFD"sv, "zstd-compressed data", "unpack it first"},
    Signature{0, "7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive", "unpack it first"},
    Signature{0, "Rar!"sv, "a RAR archive", "unpack it first"},
    Signature{257, "ustar"sv, "a tar archive", "unpack it first"},
    Signature{0, "PAR1"sv, "a Parquet file", "give it as INPUT if it is a list of images, else leave it out"},
    Signature{0, "\x1A\x45\xDF\xA3"sv, "a Matroska or WebM video", kNoImage},
    Signature{8, "AVI "sv, "an AVI video", kNoImage},
    Signature{0,
              "\x7F"
              "ELF"sv,
              "a program", kNoImage},
    Signature{0, "MZ"sv, "a program", kNoImage},
    Signature{0, "\0\x05\x16\x07"sv, "macOS resource data (a ._ file)", kNoImage},
    Signature{0, "version https://git-lfs"sv, "a Git LFS pointer", "run `git lfs pull` to fetch the image itself"},
};

bool StartsWithWord(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
         });
}

bool IsText(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 ? byte != 0x7F && byte != 0xFF : byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
  });
}

std::string Sentence(std::string_view looks_like, std::string_view advice) {
  return "the bytes look like " + std::string(looks_like) +
         ", not like JPEG, PNG, WebP, TIFF, BMP or GIF: " + std::string(advice);
}

std::string DescribeText(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (StartsWithWord(text, "<!doctype html") || StartsWithWord(text, "<html") || StartsWithWord(text, "<head")) {
    return Sentence("an HTML page", kErrorPage);
  }
  if (text.substr(0, 1024).find("<svg") != std::string_view::npos) return Sentence("an SVG drawing", kConvert);
  if (StartsWithWord(text, "<?xml") || text.starts_with('<')) return Sentence("XML", kErrorPage);
  if (text.starts_with('{') || text.starts_with('[')) return Sentence("JSON", kErrorPage);
  return Sentence("text", kNoImage);
}

}  // namespace

std::string DescribeForeignContent(std::span<const std::uint8_t> bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 4096));
  for (const Signature& signature : kSignatures) {
    if (head.size() > signature.offset && head.substr(signature.offset).starts_with(signature.bytes)) {
      return Sentence(signature.looks_like, signature.advice);
    }
  }
  if (std::all_of(head.begin(), head.end(), [](char c) { return c == 0; })) {
    return Sentence("a block of zeros", "the copy was probably never finished; copy the file again");
  }
  if (IsText(head)) return DescribeText(head);
  std::string hex;
  for (const char c : head.substr(0, 8)) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    hex += hex.empty() ? "" : " ";
    hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return "the first bytes (" + hex + ") belong to none of JPEG, PNG, WebP, TIFF, BMP and GIF: " +
         "copy the file again, or leave it out with --exclude";
}

}  // namespace pomona
