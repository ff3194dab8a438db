#include "pomona/pipeline/manifest_images.h"

#include <algorithm>

#include "pomona/base/parallel.h"

namespace pomona {
namespace {

/// How many images of a block, from a row on, fit into memory.
std::int64_t CountThatFits(const ManifestBlock& block, std::int64_t first, std::int64_t memory) {
  constexpr std::int64_t kMost = 256;
  constexpr std::int64_t kUnknownSize = 1'000'000;  // of an image whose size no listing told
  const std::int64_t most = std::min(kMost, block.size() - first);
  std::int64_t count = 0;
  for (std::int64_t bytes = 0; count < most; ++count) {
    const std::int64_t size = block.row(first + count).size;
    bytes += size < 0 ? kUnknownSize : size;
    if (bytes > memory && count > 0) break;
  }
  return count;
}

}  // namespace

ManifestImages::ManifestImages(const Manifest& manifest, const ImagePlaces& places, const Options& options,
                               std::int64_t first)
    : manifest_(manifest), places_(places), options_(options), next_(first), first_(first) {}

Result<bool> ManifestImages::Next(Image* image, const Cancellation* cancellation) {
  if (next_ == manifest_.size()) return false;
  if (next_ - first_ == static_cast<std::int64_t>(read_.size())) ARROW_RETURN_NOT_OK(ReadMore(cancellation));
  const auto i = static_cast<std::size_t>(next_ - first_);
  *image = {block_->row(next_ - block_->first()), &read_[i], &bytes_[i]};
  ++next_;
  return true;
}

Status ManifestImages::ReadMore(const Cancellation* cancellation) {
  if (block_ == nullptr || next_ == block_->first() + block_->size()) {
    ARROW_ASSIGN_OR_RAISE(block_, manifest_.ReadBlock(next_ / kBlockRows));
  }
  first_ = next_;
  const std::int64_t row = first_ - block_->first();
  const std::int64_t count = CountThatFits(*block_, row, options_.memory);
  std::int64_t held = 0;
  for (const ByteBuffer& bytes : bytes_) held += static_cast<std::int64_t>(bytes.capacity());
  if (held > options_.memory) bytes_.clear();  // each has grown to the largest image it ever held
  bytes_.resize(std::max(bytes_.size(), static_cast<std::size_t>(count)));
  read_.assign(static_cast<std::size_t>(count), Status::OK());
  const auto read = [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    read_[at] = ReadImage(places_, block_->row(row + i), &bytes_[at]);
    return Status::OK();
  };
  return ParallelFor(count, options_.readers, read, cancellation);
}

}  // namespace pomona
