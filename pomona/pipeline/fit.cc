#include "pomona/pipeline/fit.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/model_folder.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;

struct ModelFile {
  fs::path from;
  std::string name;  ///< below model/
  std::int64_t size = 0;
};

/// The files a model consists of: itself, an .xml's .bin, or all of a folder.
Result<std::vector<ModelFile>> ModelFiles(const fs::path& model) {
  std::vector<ModelFile> files;
  std::error_code error;
  const auto add = [&](const fs::path& from, const std::string& name) {
    const auto size = fs::file_size(from, error);
    if (!error) files.push_back({from, name, static_cast<std::int64_t>(size)});
  };
  if (fs::is_directory(model, error)) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(model, error)) {
      if (!entry.is_regular_file(error)) continue;
      add(entry.path(), (model.filename() / entry.path().lexically_relative(model)).string());
    }
  } else {
    add(model, model.filename().string());
    fs::path weights = model;
    weights.replace_extension(".bin");
    if (model.extension() == ".xml" && fs::exists(weights)) add(weights, weights.filename().string());
  }
  if (error) return Status::IOError(model.string(), " cannot be read: ", error.message());
  return files;
}

/// Copies the user's own model, so that `model/` works elsewhere; says so when it is too large.
Result<std::string> CopyModelFile(const std::string& model_file, Job& job) {
  if (model_file.empty()) return std::string();
  const fs::path model(model_file);
  ARROW_ASSIGN_OR_RAISE(const std::vector<ModelFile> files, ModelFiles(model));
  std::int64_t size = 0;
  for (const ModelFile& file : files) size += file.size;
  if (size > kLargestModelFile) {
    job.log().Message("model/ names " + model_file + " by its place only: with " +
                      HumanBytes(static_cast<double>(size)) + " it is too large to be copied");
    return std::string();
  }
  for (const ModelFile& file : files) {
    const std::string name = std::string(output_names::kModel) + "/" + file.name;
    ARROW_RETURN_NOT_OK(job.output().NameFile(name));
    ARROW_ASSIGN_OR_RAISE(const Location from, Location::Parse(fs::absolute(file.from).string()));
    ByteBuffer bytes;
    ARROW_RETURN_NOT_OK(ReadAll(from, &bytes));
    ARROW_RETURN_NOT_OK(WriteAtomically(job.output().Place(name), bytes.text()));
  }
  return model.filename().string();
}

Status StoreModel(const FitRecipe& recipe, const Reduction& reduction, Job& job) {
  PipelineModel model;
  model.extractor = recipe.plan.value("extractor", Json());
  model.options = recipe.plan.value("recipe", Json());
  model.plan = recipe.plan;
  model.reduction = reduction;
  ARROW_ASSIGN_OR_RAISE(model.model_file, CopyModelFile(recipe.model_file, job));
  const std::string folder(output_names::kModel);
  const std::vector<std::string> names = {folder + "/" + std::string(kPipelineJson),
                                          folder + "/" + std::string(kArraysFile)};
  ARROW_RETURN_NOT_OK(job.output().NameFiles(names));
  return WriteModel(model, job.output().Place(folder));
}

Json FitRecord(const Reduction& reduction) {
  double kept = 0;
  for (std::int64_t i = 0; i < reduction.kept(); ++i) kept += reduction.explained_variance[static_cast<std::size_t>(i)];
  return {{"rows", reduction.rows},
          {"features", reduction.dim()},
          {"components", reduction.kept()},
          {"explained", reduction.total_variance > 0 ? kept / reduction.total_variance : 0.0},
          {"method", reduction.randomized ? "randomized" : "exact"},
          {"passes", reduction.passes},
          {"residual", reduction.residual}};
}

}  // namespace

Status FitAndProject(const FeatureRows& rows, const FitRecipe& recipe, const Location& thumbnails, Job& job) {
  ARROW_RETURN_NOT_OK(job.RemoveReductionFiles());
  if (rows.row_count() < 2) {
    job.message = "the fit was skipped: it needs two good images at least, there " +
                  std::string(rows.row_count() == 1 ? "is one" : "is none");
    job.log().Note(job.message);
    return job.CountLabels(rows);
  }
  ReductionOptions options = recipe.reduction;
  options.threads = job.ThreadsForBlocks(rows.dim());
  Reduction reduction;
  {
    const Stage stage(job.log(), "fit", 0);
    ARROW_ASSIGN_OR_RAISE(reduction, FitReduction(rows, options, job.cancellation()));
    for (const std::string& warning : reduction.warnings) job.log().Message(warning);
    if (reduction.kept() == 0) {  // Parquet has no lists of no values, and a map of one point shows nothing
      job.message = "the fit was skipped: all " + HumanCount(rows.row_count()) + " good images have the same features";
      job.log().Note(job.message);
      return job.CountLabels(rows);
    }
    ARROW_RETURN_NOT_OK(StoreModel(recipe, reduction, job));
  }
  job.extra()["fit"] = FitRecord(reduction);
  return job.Project(rows, reduction, thumbnails);
}

}  // namespace pomona
