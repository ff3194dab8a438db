// Decodes and resizes image files for tests/test_image_pillow.py, which compares the pixels with Pillow's, and for
// tests/test_odd_images.py, which looks at what the pixels depend on.
//
// Reads lines of tab-separated fields and answers each with one line:
//   decode PATH                        ->  ok WIDTH HEIGHT SHA256   or   CODE MESSAGE
//   stored PATH                        ->  the same, EXIF orientation not applied
//   resize PATH WIDTH HEIGHT FILTER    ->  ok WIDTH HEIGHT SHA256   or   CODE MESSAGE
//   pixels PATH OUTPUT                 ->  as decode, and writes the bytes to a file
//   time PATH WIDTH HEIGHT FILTER N    ->  seconds NUMBER: processor time of one resize, mean of N
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/failure.h"
#include "pomona/base/hash.h"
#include "pomona/image/decode.h"
#include "pomona/image/resize.h"

namespace pomona {
namespace {

std::string_view AsText(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Status Decode(const std::string& path, bool orient, Image* image) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return ImageFailure(FailureCode::kUnreadable, path);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  DecodeOptions options;
  options.apply_exif_orientation = orient;
  return DecodeImage({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, options, image);
}

Status Resize(const std::vector<std::string>& fields, Image* image) {
  const auto filter = ResizeFilterFromName(fields[4]);
  if (!filter.has_value()) return Status::Invalid("filter ", fields[4]);
  Image resized{std::stoi(fields[2]), std::stoi(fields[3]), {}};
  resized.pixels.resize(resized.view().size_bytes());
  Resizer resizer(resized.width, resized.height, *filter);
  ARROW_RETURN_NOT_OK(resizer.Resize(image->view(), resized.pixels.data()));
  *image = std::move(resized);
  return Status::OK();
}

/// Seconds of processor time that one resize takes, the mean of many.
Result<double> Time(const std::vector<std::string>& fields, const Image& image) {
  const auto filter = ResizeFilterFromName(fields[4]);
  if (!filter.has_value()) return Status::Invalid("filter ", fields[4]);
  const int width = std::stoi(fields[2]);
  const int height = std::stoi(fields[3]);
  const int count = std::stoi(fields[5]);
  std::vector<std::uint8_t> output(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  Resizer resizer(width, height, *filter);
  const std::clock_t start = std::clock();
  for (int i = 0; i < count; ++i) ARROW_RETURN_NOT_OK(resizer.Resize(image.view(), output.data()));
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC / count;
}

Status Answer(const std::vector<std::string>& fields, Image* image) {
  if (fields.size() < 2) return Status::Invalid("too few fields");
  ARROW_RETURN_NOT_OK(Decode(fields[1], fields[0] != "stored", image));
  if (fields[0] == "resize" && fields.size() == 5) return Resize(fields, image);
  if (fields[0] == "pixels" && fields.size() == 3) std::ofstream(fields[2], std::ios::binary) << AsText(image->pixels);
  return Status::OK();
}

}  // namespace
}  // namespace pomona

int main() {
  pomona::Image image;
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::string> fields;
    std::istringstream stream(line);
    for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
    const pomona::Status status = pomona::Answer(fields, &image);
    if (status.ok() && fields[0] == "time" && fields.size() == 6) {
      std::cout << "seconds " << pomona::Time(fields, image).ValueOr(0);
    } else if (status.ok()) {
      std::cout << "ok " << image.width << ' ' << image.height << ' ' << pomona::Sha256(pomona::AsText(image.pixels));
    } else {
      const auto code = pomona::FailureCodeOf(status);
      std::cout << (code ? pomona::FailureCodeName(*code) : "error") << ' ' << status.message();
    }
    std::cout << std::endl;
  }
  return 0;
}
