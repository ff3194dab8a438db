#include "pomona/pipeline/feature_rows.h"

#include <algorithm>
#include <array>
#include <utility>

#include <arrow/array.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/generation.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/pipeline/parquet_io.h"
#include "pomona/storage/contained_name.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/listing.h"

namespace pomona {
namespace {

constexpr int kFeaturesLeaf = 4;  // path, label, width, height, features

/// The first thing in which two parts differ, or "".
std::string Difference(const FeaturePartInfo& a, const FeaturePartInfo& b) {
  const auto differ = [](const char* what, const std::string& x, const std::string& y) {
    return std::string(what) + " (" + x + " and " + y + ")";
  };
  if (a.extractor != b.extractor) return differ("extractor", a.extractor, b.extractor);
  if (a.weights_sha256 != b.weights_sha256) return differ("weights", a.weights_sha256, b.weights_sha256);
  if (a.precision != b.precision) return differ("precision", a.precision, b.precision);
  return a.plan == b.plan ? "" : "plan";
}

/// Features of a row, or 0 where the columns are not those of a feature file.
std::int64_t DimOf(const arrow::Schema& schema) {
  constexpr std::array kTypes = {arrow::Type::STRING, arrow::Type::STRING, arrow::Type::INT32, arrow::Type::INT32,
                                 arrow::Type::FIXED_SIZE_LIST};
  if (schema.num_fields() != static_cast<int>(kTypes.size())) return 0;
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (schema.field(static_cast<int>(i))->type()->id() != kTypes[i]) return 0;
  }
  const auto& features = static_cast<const arrow::FixedSizeListType&>(*schema.field(kFeaturesLeaf)->type());
  const bool named = schema.field(kFeaturesLeaf)->name() == "features";
  return named && features.value_type()->id() == arrow::Type::FLOAT ? features.list_size() : 0;
}

/// What reading some row groups may hold at a time: the features twice, as they lie in the file and as they are read,
/// and a table's share for the names. Features lie in the file as they are, so it holds at least as many bytes.
std::int64_t MostBytes(const parquet::FileMetaData& metadata, int first_group, int count) {
  std::int64_t bytes = kTableMemory;
  for (int group = first_group; group < first_group + count; ++group) {
    constexpr std::int64_t kMost = std::int64_t{1} << 40;
    const std::int64_t size = metadata.RowGroup(group)->ColumnChunk(kFeaturesLeaf)->total_compressed_size();
    bytes += 2 * std::clamp<std::int64_t>(size, 0, kMost);
  }
  return bytes;
}

}  // namespace

Status FeatureRows::AddPart(const Location& location) {
  ARROW_ASSIGN_OR_RAISE(const ParquetInput input, ParquetInput::Open(location));
  ARROW_ASSIGN_OR_RAISE(const FeaturePartInfo info,
                        FeaturePartInfo::FromKeyValues(KeyValues(*input.metadata()), location.display));
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Schema> schema, input.Schema());
  const std::int64_t dim = DimOf(*schema);
  if (dim < 1) return Status::Invalid(location.display, " has not the columns of a feature file: ", schema->ToString());
  if (parts_.empty()) {
    info_ = info;
    dim_ = dim;
  }
  if (const std::string difference = Difference(info_, info); !difference.empty() || dim != dim_) {
    return UsageError(location.display + " was not made like " + parts_[0].location.display + ": they differ in " +
                      (difference.empty() ? "the number of features" : difference));
  }
  if (info.first_block != block_count()) {
    return UsageError("the part before " + location.display + " is missing: it starts at block " +
                      std::to_string(info.first_block) + ", block " + std::to_string(block_count()) + " comes next");
  }
  int group = 0;
  for (const std::int64_t rows : info.block_rows) {
    Block block{parts_.size(), rows, group, 0};
    for (std::int64_t found = 0; found < rows; ++group, ++block.group_count) {
      if (group == input.metadata()->num_row_groups()) {
        return Status::Invalid(location.display, " holds fewer rows than its metadata say");
      }
      found += input.metadata()->RowGroup(group)->num_rows();
    }
    blocks_.push_back(block);
    rows_ += rows;
  }
  parts_.push_back({location, input.metadata()});
  return Status::OK();
}

Status FeatureRows::CheckComplete(const std::string& shown) const {
  if (parts_.empty()) {
    return UsageError("there are no features in " + shown +
                      ": name the output of a finished `pomona features` or `pomona run`");
  }
  ARROW_ASSIGN_OR_RAISE(const Json plan, ParseJson(info_.plan, shown + ": pomona.plan"));
  const std::int64_t blocks = BlockCount(plan.value("images", block_count() * kBlockRows));
  if (block_count() == blocks) return Status::OK();
  return UsageError(shown + " is not complete: " + std::to_string(block_count()) + " of " + std::to_string(blocks) +
                    " blocks are there; let the run that makes it finish first");
}

Result<std::unique_ptr<FeatureRows>> FeatureRows::Open(const Location& folder) {
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(folder));
  std::unique_ptr<FeatureRows> rows(new FeatureRows());
  if (kind == PlaceKind::kFolder) {
    ListingOptions flat;
    flat.recursive = false;
    ARROW_ASSIGN_OR_RAISE(const Listing listing, ListFiles(folder, flat));
    for (const ListedFile& file : listing.files) {
      if (!file.path.starts_with("part-") || !file.path.ends_with(".parquet")) continue;
      ARROW_RETURN_NOT_OK(rows->AddPart(folder.Child(file.path)));
    }
  }
  ARROW_RETURN_NOT_OK(rows->CheckComplete(folder.display));
  return rows;
}

Result<std::unique_ptr<FeatureRows>> FeatureRows::OfOutput(const Location& root, int generation) {
  const Location join = root.Child(NameInGeneration(output_names::kJoin, generation, false));
  const Location folder = root.Child(output_names::kFeatures);
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(join));
  if (kind != PlaceKind::kFile) return Open(folder);
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(join));
  ARROW_ASSIGN_OR_RAISE(const Json json, ParseJson(text, join.display));
  ARROW_ASSIGN_OR_RAISE(const Json parts, JsonField<Json>(json, "parts", join.display));
  std::unique_ptr<FeatureRows> rows(new FeatureRows());
  for (const Json& part : parts) {
    ARROW_ASSIGN_OR_RAISE(const auto name, JsonField<std::string>(part, "name", join.display));
    ARROW_ASSIGN_OR_RAISE(const ContainedName contained, ContainedName::Make(name, join.display));
    ARROW_RETURN_NOT_OK(rows->AddPart(root.Child(contained.text())));
  }
  ARROW_RETURN_NOT_OK(rows->CheckComplete(folder.display));
  return rows;
}

Status FeatureRows::CheckNoOthers(const Location& folder, int generation) const {
  ListingOptions flat;
  flat.recursive = false;
  ARROW_ASSIGN_OR_RAISE(const Listing listing, ListFiles(folder, flat));
  for (const ListedFile& file : listing.files) {
    const std::string name = std::string(output_names::kFeatures) + "/" + file.path;
    if (!IsPartName(name) || GenerationOfPart(name) != generation) continue;
    const auto ours = [&](const Part& part) { return part.location.name() == file.path; };
    if (std::any_of(parts_.begin(), parts_.end(), ours)) continue;
    return UsageError(folder.Child(file.path).display +
                      " lies among features that it was not made with: move it away, or give its own output");
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::Table>> FeatureRows::ReadColumns(const Block& block,
                                                               const std::vector<int>& columns) const {
  const Part& part = parts_[block.part];
  const std::int64_t memory = MostBytes(*part.metadata, block.first_group, block.group_count);
  ARROW_ASSIGN_OR_RAISE(const ParquetInput input, ParquetInput::Open(part.location, part.metadata, memory));
  std::vector<int> groups(static_cast<std::size_t>(block.group_count));
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = block.first_group + static_cast<int>(i);
  return input.ReadRowGroups(groups, columns);
}

Status FeatureRows::Visit(std::int64_t number, const std::function<Status(const RowBlock&)>& visit) const {
  const Block& block = blocks_[static_cast<std::size_t>(number)];
  if (block.rows == 0) return visit({{nullptr, 0, dim_}, {}});
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Table> table, ReadColumns(block, {kFeaturesLeaf}));
  if (table->num_rows() != block.rows) {
    return Status::Invalid(parts_[block.part].location.display, ": block ", number, " has ", table->num_rows(),
                           " rows, its metadata say ", block.rows);
  }
  std::vector<float> copy;
  ARROW_ASSIGN_OR_RAISE(const float* values, Values(*table, dim_, &copy));
  const auto name = [this, number](std::int64_t row) -> std::string {
    const Result<std::shared_ptr<arrow::Table>> names = Names(number);
    if (!names.ok()) return "row " + std::to_string(row) + " of block " + std::to_string(number);
    return static_cast<const arrow::StringArray&>(*(*names)->column(0)->chunk(0)).GetString(row);
  };
  return visit({{values, block.rows, dim_}, name});
}

Result<std::shared_ptr<arrow::Table>> FeatureRows::Names(std::int64_t number) const {
  const Block& block = blocks_[static_cast<std::size_t>(number)];
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Table> table, ReadColumns(block, {0, 1}));
  return table->CombineChunks();
}

Result<std::shared_ptr<arrow::Table>> FeatureRows::Rows(std::int64_t number) const {
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Table> table,
                        ReadColumns(blocks_[static_cast<std::size_t>(number)], {0, 1, 2, 3, kFeaturesLeaf}));
  return table->CombineChunks();
}

Result<const float*> FeatureRows::Values(const arrow::Table& rows, std::int64_t dim, std::vector<float>* copy) {
  if (rows.num_rows() == 0) return nullptr;
  const arrow::ChunkedArray& column = *rows.column(rows.num_columns() - 1);
  const auto values_of = [&](const std::shared_ptr<arrow::Array>& chunk) {
    const auto& lists = static_cast<const arrow::FixedSizeListArray&>(*chunk);
    return static_cast<const arrow::FloatArray&>(*lists.values()).raw_values() + lists.offset() * dim;
  };
  if (column.num_chunks() == 1) return values_of(column.chunk(0));
  copy->reserve(static_cast<std::size_t>(column.length() * dim));
  for (const std::shared_ptr<arrow::Array>& chunk : column.chunks()) {
    const float* values = values_of(chunk);
    copy->insert(copy->end(), values, values + chunk->length() * dim);
  }
  return copy->data();
}

}  // namespace pomona
