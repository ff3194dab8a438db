// Fits scaler and PCA on a file of raw little-endian float32 rows: what the parity tests and the comparison with
// scikit-learn run.
//
//   pomona_learn_probe ROWS.f32 --dim D [--components K | --variance V] [--ddof 0|1] [--exact-limit N] [--threads T]
//     [--repeat R] [--from-disk] --output PREFIX
//
// Writes PREFIX.json and PREFIX.{mean,scale,variance,components,projection}.f64; prints nothing unless it fails.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pomona/base/json.h"
#include "pomona/base/resources.h"
#include "pomona/learn/memory_rows.h"
#include "pomona/learn/reduction.h"

namespace {

using pomona::MatrixView;
using pomona::Result;
using pomona::RowBlock;
using pomona::Status;

constexpr std::int64_t kBlock = pomona::MemoryRows::kBlockRows;

class DiskRows : public pomona::RowSource {
 public:
  DiskRows(std::string path, std::int64_t dim)
      : path_(std::move(path)),
        dim_(dim),
        rows_(static_cast<std::int64_t>(std::filesystem::file_size(path_) / sizeof(float)) / dim) {}
  std::int64_t dim() const override { return dim_; }
  std::int64_t row_count() const override { return rows_; }
  std::int64_t block_count() const override { return (rows_ + kBlock - 1) / kBlock; }
  Status Visit(std::int64_t block, const std::function<Status(const RowBlock&)>& visit) const override {
    const std::int64_t first = block * kBlock;
    const std::int64_t count = std::min(kBlock, rows_ - first);
    std::vector<float> values(static_cast<std::size_t>(count * dim_));
    std::ifstream file(path_, std::ios::binary);
    file.seekg(first * dim_ * static_cast<std::int64_t>(sizeof(float)));
    file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
    if (!file) return Status::IOError(path_, ": cannot read rows from ", first);
    return visit(
        {{values.data(), count, dim_}, [first](std::int64_t i) { return "row " + std::to_string(first + i); }});
  }

 private:
  std::string path_;
  std::int64_t dim_;
  std::int64_t rows_;
};

template <typename T>
std::vector<T> ReadAll(const std::string& path) {
  std::vector<T> values(std::filesystem::file_size(path) / sizeof(T));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

void Write(const std::string& path, const std::vector<double>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(double)));
}

Status WriteResult(const pomona::Reduction& reduction, const pomona::RowSource& source,
                   const std::vector<double>& seconds, const std::string& prefix) {
  pomona::Matrix projected = pomona::Matrix::Zeros(source.row_count(), reduction.kept());
  double project_seconds = 0;
  for (std::int64_t block = 0; block < source.block_count(); ++block) {
    ARROW_RETURN_NOT_OK(source.Visit(block, [&](const RowBlock& rows) {
      const auto start = std::chrono::steady_clock::now();
      auto status = reduction.Project(rows.rows, projected.view().rows_between(block * kBlock, rows.rows.rows));
      project_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      return status;
    }));
  }
  Write(prefix + ".mean.f64", reduction.mean);
  Write(prefix + ".scale.f64", reduction.scale);
  Write(prefix + ".variance.f64", reduction.explained_variance);
  Write(prefix + ".components.f64", reduction.components.values);
  Write(prefix + ".projection.f64", projected.values);
  std::ofstream(prefix + ".json") << pomona::Json{{"rows", reduction.rows},
                                                  {"kept", reduction.kept()},
                                                  {"total_variance", reduction.total_variance},
                                                  {"randomized", reduction.randomized},
                                                  {"passes", reduction.passes},
                                                  {"residual", reduction.residual},
                                                  {"warnings", reduction.warnings},
                                                  {"seconds", seconds},
                                                  {"project_seconds", project_seconds},
                                                  {"peak_rss_bytes", pomona::PeakResidentBytes()}};
  return Status::OK();
}

Status Run(const std::string& input, std::map<std::string, std::string> options) {
  const std::int64_t dim = std::stoll(options.at("--dim"));
  pomona::ReductionOptions fit;
  if (options.contains("--components")) fit.components = std::stoll(options["--components"]);
  if (options.contains("--variance")) fit.variance = std::stod(options["--variance"]);
  if (options.contains("--ddof")) fit.ddof = std::stoi(options["--ddof"]);
  if (options.contains("--exact-limit")) fit.exact_limit = std::stoll(options["--exact-limit"]);
  if (options.contains("--threads")) fit.threads = std::stoi(options["--threads"]);
  std::vector<float> values;
  std::unique_ptr<pomona::RowSource> source;
  if (options.contains("--from-disk")) {
    source = std::make_unique<DiskRows>(input, dim);
  } else {
    values = ReadAll<float>(input);
    const auto rows = static_cast<std::int64_t>(values.size()) / dim;
    source = std::make_unique<pomona::MemoryRows>(MatrixView<const float>{values.data(), rows, dim});
  }
  std::vector<double> seconds;
  pomona::Reduction reduction;
  const int repeat = options.contains("--repeat") ? std::stoi(options["--repeat"]) : 1;
  for (int i = 0; i < repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    ARROW_ASSIGN_OR_RAISE(reduction, pomona::FitReduction(*source, fit));
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return WriteResult(reduction, *source, seconds, options.at("--output"));
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 2; i < argc; ++i) {
    const std::string name = argv[i];
    options[name] = name == "--from-disk" || i + 1 >= argc ? "" : argv[++i];
  }
  if (argc < 2 || !options.contains("--dim") || !options.contains("--output")) {
    std::cerr << "usage: pomona_learn_probe ROWS.f32 --dim D --output PREFIX [options]\n";
    return 2;
  }
  const Status status = Run(argv[1], options);
  if (!status.ok()) std::cerr << status.message() << '\n';
  return status.ok() ? 0 : 1;
}
