#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "pomona/pipeline/commit.h"
#include "pomona/pipeline/join.h"
#include "pomona/pipeline/part_file.h"

/// Helpers of the tests that need committed shards.
namespace pomona::testing_features {

inline void Must(const Status& status) {
  if (!status.ok()) status.Abort();
}

/// \brief Rows with the given manifest indices: path "p<index>", label "l<index % 3>", feature j = index + j.
inline std::shared_ptr<arrow::RecordBatch> Rows(const std::vector<std::int64_t>& indices, std::int64_t dim) {
  arrow::Int64Builder index;
  arrow::StringBuilder path;
  arrow::StringBuilder label;
  arrow::Int32Builder size;
  arrow::FloatBuilder values;
  arrow::BinaryBuilder thumbnail;
  for (const std::int64_t i : indices) {
    Must(index.Append(i));
    Must(path.Append("p" + std::to_string(100'000 + i)));
    Must(label.Append("l" + std::to_string(i % 3)));
    Must(size.Append(static_cast<std::int32_t>(i)));
    for (std::int64_t j = 0; j < dim; ++j) Must(values.Append(static_cast<float>(i % 17 * (j + 1) + j)));
    Must((i % 2 == 0 ? thumbnail.Append("t" + std::to_string(i)) : thumbnail.AppendNull()));
  }
  const auto count = static_cast<std::int64_t>(indices.size());
  const auto sizes = size.Finish().ValueOrDie();
  return arrow::RecordBatch::Make(
      PartSchema(dim), count,
      {index.Finish().ValueOrDie(), path.Finish().ValueOrDie(), label.Finish().ValueOrDie(), sizes, sizes,
       std::make_shared<arrow::FixedSizeListArray>(VectorType(arrow::float32(), dim), count,
                                                   values.Finish().ValueOrDie()),
       thumbnail.Finish().ValueOrDie()});
}

/// \brief Commits a shard whose part holds these batches.
inline void CommitShard(const ShardStore& store, std::int64_t shard,
                        const std::vector<std::vector<std::int64_t>>& batches, std::int64_t dim) {
  CommitRecord record;
  record.shard = shard;
  record.part = ShardStore::NewPartName(shard);
  PartWriter writer = PartWriter::Open(store.PartPlace(record.part), PartSchema(dim)).ValueOrDie();
  for (const auto& batch : batches) {
    Must(writer.Write(*Rows(batch, dim)));
    record.ok += static_cast<std::int64_t>(batch.size());
  }
  record.file = writer.Close().ValueOrDie();
  Must(store.Commit(record).status());
}

/// \brief Joins all `images` rows, committed by shards of `shard_size`, below `output`.
inline std::vector<JoinedPart> Join(const ShardStore& store, const Location& output, std::int64_t images,
                                    std::int64_t shard_size, std::int64_t dim) {
  JoinJob job;
  job.store = &store;
  job.output = output;
  job.images = images;
  job.shard_size = shard_size;
  job.dim = dim;
  job.info.extractor = "test";
  job.info.precision = "f32";
  job.info.plan = R"({"recipe": {"extractor": "pixels"}, "features": )" + std::to_string(dim) +
                  ", \"images\": " + std::to_string(images) + "}";
  job.threads = 2;
  return JoinShards(job, nullptr).ValueOrDie();
}

/// \brief The indices below `images` without some.
inline std::vector<std::int64_t> AllBut(std::int64_t images, const std::vector<std::int64_t>& some) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < images; ++i) {
    if (std::find(some.begin(), some.end(), i) == some.end()) indices.push_back(i);
  }
  return indices;
}

/// \brief A features output of one shard with rows for all indices below `images` that `failed` does not name.
inline void MakeFeatures(const Location& output, std::int64_t images, std::int64_t dim,
                         const std::vector<std::int64_t>& failed = {}) {
  const ShardStore store(output.Child("_pomona/shards"));
  std::vector<std::vector<std::int64_t>> batches;
  for (std::int64_t first = 0; first < images; first += 256) {
    std::vector<std::int64_t> batch;
    for (std::int64_t i = first; i < std::min(images, first + 256); ++i) {
      if (std::find(failed.begin(), failed.end(), i) == failed.end()) batch.push_back(i);
    }
    batches.push_back(batch);
  }
  std::erase_if(batches, [](const auto& batch) { return batch.empty(); });
  CommitShard(store, 0, batches, dim);
  Join(store, output, images, 1024 * ((images + 1023) / 1024), dim);
}

}  // namespace pomona::testing_features
