#include "pomona/pipeline/thumbnails.h"

#include <arrow/builder.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "pomona/pipeline/part_file.h"
#include "pomona/storage/file_io.h"

namespace pomona {

Status WriteThumbnails(const Location& location, const std::vector<Thumbnail>& thumbnails) {
  arrow::StringBuilder path;
  arrow::BinaryBuilder jpeg;
  for (const Thumbnail& thumbnail : thumbnails) {
    ARROW_RETURN_NOT_OK(path.Append(thumbnail.path));
    ARROW_RETURN_NOT_OK(jpeg.Append(thumbnail.jpeg));
  }
  ARROW_ASSIGN_OR_RAISE(const auto paths, path.Finish());
  ARROW_ASSIGN_OR_RAISE(const auto jpegs, jpeg.Finish());
  const auto schema =
      arrow::schema({arrow::field("path", arrow::utf8(), false), arrow::field("jpeg", arrow::binary(), false)});
  ARROW_ASSIGN_OR_RAISE(const auto stream, OpenAtomicOutput(location));
  ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeFileWriter(stream, schema));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*arrow::RecordBatch::Make(schema, paths->length(), {paths, jpegs})));
  ARROW_RETURN_NOT_OK(writer->Close());
  return stream->Close();
}

Result<std::unordered_map<std::string, std::string>> ReadThumbnails(const Location& location) {
  std::unordered_map<std::string, std::string> thumbnails;
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(location));
  if (kind != PlaceKind::kFile) return thumbnails;
  ARROW_ASSIGN_OR_RAISE(const auto reader, OpenPart(location));
  for (int i = 0; i < reader->num_record_batches(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto rows, reader->ReadRecordBatch(i));
    const auto& path = static_cast<const arrow::StringArray&>(*rows->column(0));
    const auto& jpeg = static_cast<const arrow::BinaryArray&>(*rows->column(1));
    for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
      thumbnails.emplace(path.GetString(row), jpeg.GetString(row));
    }
  }
  return thumbnails;
}

}  // namespace pomona
