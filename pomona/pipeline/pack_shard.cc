#include "pomona/pipeline/pack_shard.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <arrow/builder.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>

#include "pomona/base/json.h"
#include "pomona/pipeline/parquet_io.h"
#include "pomona/storage/tar_file.h"

namespace pomona {
namespace {

/// ".jpg" of a name, or ".img" where it has no short ending of letters and digits.
std::string EndingOf(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  std::string ending(dot == std::string_view::npos ? "" : name.substr(dot));
  const bool plain =
      ending.size() > 1 && ending.size() <= 6 && std::all_of(ending.begin() + 1, ending.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      });
  return plain && ending != ".json" && ending != ".cls" && ending != ".txt" && ending != ".npy" ? ending : ".img";
}

class TarShard : public PackShard {
 public:
  explicit TarShard(std::shared_ptr<arrow::io::OutputStream> stream) : tar_(std::move(stream)) {}

  Status Add(std::int64_t number, const ManifestRow& row, std::string_view bytes) override {
    std::array<char, 24> stem{};
    std::snprintf(stem.data(), stem.size(), "%09lld", static_cast<long long>(number));
    const Json about = {{"path", row.path}, {"label", row.label}};
    ARROW_RETURN_NOT_OK(tar_.Add(stem.data() + EndingOf(row.path), bytes));
    return tar_.Add(std::string(stem.data()) + ".json", about.dump());
  }

  std::int64_t size() const override { return tar_.size(); }
  Status Close() override { return tar_.Close(); }

 private:
  TarWriter tar_;
};

class ParquetShard : public PackShard {
 public:
  static Result<std::unique_ptr<PackShard>> Make(std::shared_ptr<arrow::io::OutputStream> stream) {
    std::unique_ptr<ParquetShard> shard(new ParquetShard(std::move(stream)));
    parquet::WriterProperties::Builder properties;
    properties.compression(parquet::Compression::ZSTD)->disable_dictionary("bytes")->disable_statistics("bytes");
    properties.compression("bytes", parquet::Compression::UNCOMPRESSED);
    parquet::ArrowWriterProperties::Builder arrow_properties;
    arrow_properties.store_schema();
    ARROW_ASSIGN_OR_RAISE(shard->writer_,
                          parquet::arrow::FileWriter::Open(*Schema(), arrow::default_memory_pool(), shard->stream_,
                                                           properties.build(), arrow_properties.build()));
    return shard;
  }

  Status Add(std::int64_t /*number*/, const ManifestRow& row, std::string_view bytes) override {
    const auto size = static_cast<std::int64_t>(bytes.size());
    if (waiting_ > 0 && waiting_ + size > kRowGroupBytes) ARROW_RETURN_NOT_OK(WriteGroup());
    ARROW_RETURN_NOT_OK(path_.Append(row.path));
    ARROW_RETURN_NOT_OK(label_.Append(row.label));
    ARROW_RETURN_NOT_OK(bytes_.Append(bytes));
    waiting_ += size;
    return bytes_.length() >= kBlockRows ? WriteGroup() : Status::OK();
  }

  std::int64_t size() const override { return stream_->Tell().ValueOr(0) + waiting_; }

  Status Close() override {
    ARROW_RETURN_NOT_OK(WriteGroup());
    ARROW_RETURN_NOT_OK(writer_->Close());
    return stream_->Close();
  }

 private:
  explicit ParquetShard(std::shared_ptr<arrow::io::OutputStream> stream) : stream_(std::move(stream)) {}

  static std::shared_ptr<arrow::Schema> Schema() {
    return arrow::schema({arrow::field("path", arrow::utf8(), false), arrow::field("label", arrow::utf8(), false),
                          arrow::field("bytes", arrow::binary(), false)});
  }

  Status WriteGroup() {
    if (bytes_.length() == 0) return Status::OK();
    std::vector<std::shared_ptr<arrow::Array>> columns(3);
    ARROW_RETURN_NOT_OK(path_.Finish(&columns[0]));
    ARROW_RETURN_NOT_OK(label_.Finish(&columns[1]));
    ARROW_RETURN_NOT_OK(bytes_.Finish(&columns[2]));
    waiting_ = 0;
    const auto group = arrow::Table::Make(Schema(), columns);
    return writer_->WriteTable(*group, group->num_rows());
  }

  std::shared_ptr<arrow::io::OutputStream> stream_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  arrow::StringBuilder path_;
  arrow::StringBuilder label_;
  arrow::BinaryBuilder bytes_;
  std::int64_t waiting_ = 0;  ///< bytes of images in `bytes_`
};

constexpr std::string_view kShardBegin = "pack-";

}  // namespace

std::string_view PackFormatName(PackFormat format) { return format == PackFormat::kTar ? "tar" : "parquet"; }

std::string PackShardName(std::int64_t number, PackFormat format) {
  std::string digits = std::to_string(number);
  if (digits.size() < 5) digits.insert(0, 5 - digits.size(), '0');
  return std::string(kShardBegin) + digits + "." + std::string(PackFormatName(format));
}

bool IsPackShardName(std::string_view name) {
  if (!name.starts_with(kShardBegin)) return false;
  name.remove_prefix(kShardBegin.size());
  const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  const std::string_view ending = name.substr(digits);
  return digits >= 5 && (ending == ".tar" || ending == ".parquet");
}

std::unique_ptr<PackShard> MakeTarShard(std::shared_ptr<arrow::io::OutputStream> stream) {
  return std::make_unique<TarShard>(std::move(stream));
}

Result<std::unique_ptr<PackShard>> MakeParquetShard(std::shared_ptr<arrow::io::OutputStream> stream) {
  return ParquetShard::Make(std::move(stream));
}

Result<std::unique_ptr<PackShard>> MakePackShard(PackFormat format, std::shared_ptr<arrow::io::OutputStream> stream) {
  if (format == PackFormat::kParquet) return MakeParquetShard(std::move(stream));
  return MakeTarShard(std::move(stream));
}

}  // namespace pomona
