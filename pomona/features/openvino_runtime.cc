#include "pomona/features/openvino_runtime.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include <openvino/openvino.hpp>

#include "pomona/base/resources.h"

namespace pomona {
namespace {

class OpenVinoSession : public FeatureExtractor::Session {
 public:
  OpenVinoSession(ov::InferRequest request, int batch_size, std::int64_t dim)
      : request_(std::move(request)), batch_size_(batch_size), dim_(dim) {
    ov::Tensor input = request_.get_input_tensor();
    input_ = input.data<std::uint8_t>();
    image_bytes_ = input.get_byte_size() / static_cast<std::size_t>(batch_size);
    std::memset(input_, 0, input.get_byte_size());  // a first batch that is not full must not hold chance bytes
  }

  std::uint8_t* input(int i) override { return input_ + static_cast<std::size_t>(i) * image_bytes_; }

  Status Run(int count, MatrixView<float> features) override {
    if (count < 0 || count > batch_size_ || features.rows < count || features.cols != dim_) {
      return Status::Invalid("a batch of ", count, " images into features of shape (", features.rows, ", ",
                             features.cols, "), at most ", batch_size_, " images and shape (count, ", dim_,
                             ") expected");
    }
    if (count == 0) return Status::OK();
    try {
      request_.infer();
      const ov::Tensor output = request_.get_output_tensor();
      std::memcpy(features.data, output.data<float>(), static_cast<std::size_t>(count * dim_) * sizeof(float));
    } catch (const std::exception& error) {
      return Status::UnknownError("inference failed: ", OpenVinoMessage(error.what()));
    }
    return Status::OK();
  }

 private:
  ov::InferRequest request_;
  int batch_size_;
  std::int64_t dim_;
  std::uint8_t* input_ = nullptr;
  std::size_t image_bytes_ = 0;
};

class OpenVinoExtractor : public FeatureExtractor {
 public:
  OpenVinoExtractor(ov::CompiledModel model, std::string weights_sha256)
      : model_(std::move(model)), weights_sha256_(std::move(weights_sha256)) {
    const ov::Shape input = model_.input().get_shape();
    const ov::Shape output = model_.output().get_shape();
    batch_size_ = static_cast<int>(input[0]);
    height_ = static_cast<int>(input[1]);
    width_ = static_cast<int>(input[2]);
    dim_ = static_cast<std::int64_t>(ov::shape_size(output) / output[0]);
  }

  std::int64_t dim() const override { return dim_; }
  int image_width() const override { return width_; }
  int image_height() const override { return height_; }
  int batch_size() const override { return batch_size_; }
  std::string engine() const override { return OpenVinoVersion(); }
  std::string weights_sha256() const override { return weights_sha256_; }

  Result<std::unique_ptr<Session>> NewSession() const override {
    const std::scoped_lock lock(mutex_);
    try {
      return std::make_unique<OpenVinoSession>(model_.create_infer_request(), batch_size_, dim_);
    } catch (const std::exception& error) {
      return Status::OutOfMemory("an inference request cannot be made: ", OpenVinoMessage(error.what()));
    }
  }

 private:
  mutable std::mutex mutex_;
  mutable ov::CompiledModel model_;  // creating a request does not change what it computes
  std::string weights_sha256_;
  int batch_size_ = 0;
  int height_ = 0;
  int width_ = 0;
  std::int64_t dim_ = 0;
};

Status CheckShapes(const ov::Model& model) {
  if (model.inputs().size() != 1 || model.outputs().size() != 1) {
    return Status::Invalid("the graph has ", model.inputs().size(), " inputs and ", model.outputs().size(),
                           " outputs, one of each is wanted");
  }
  if (model.input().get_partial_shape().is_dynamic() || model.output().get_partial_shape().is_dynamic()) {
    std::ostringstream shapes;
    shapes << model.input().get_partial_shape() << " -> " << model.output().get_partial_shape();
    return Status::Invalid("the graph's shapes are open: ", shapes.str());
  }
  const ov::Shape input = model.input().get_shape();
  const ov::Shape output = model.output().get_shape();
  if (input.size() != 4 || input[3] != 3 || model.input().get_element_type() != ov::element::u8) {
    return Status::Invalid("the graph's input is not uint8 of shape (batch, height, width, 3)");
  }
  if (output.empty() || output[0] != input[0] || ov::shape_size(output) == 0 ||
      model.output().get_element_type() != ov::element::f32) {
    std::ostringstream shapes;
    shapes << input << " -> " << output;
    return Status::Invalid("the graph's output is not one row of float32 an image: ", shapes.str());
  }
  return Status::OK();
}

}  // namespace

Status CheckPrecision(Precision precision) {
  if (precision == Precision::kFloat32) return Status::OK();
  const bool bfloat16 = precision == Precision::kBfloat16;
  const std::vector<std::string> wanted = bfloat16 ? std::vector<std::string>{"avx512-bf16", "amx-bf16"}
                                                   : std::vector<std::string>{"avx512-vnni", "amx-int8"};
  for (const std::string& set : InstructionSets()) {
    if (std::find(wanted.begin(), wanted.end(), set) != wanted.end()) return Status::OK();
  }
  return Status::NotImplemented("precision ", PrecisionName(precision), " needs a processor with ", wanted[0], " or ",
                                wanted[1], ", which ", ProcessorName(), " lacks; use f32");
}

Result<ov::Core*> OpenVinoCore() {
  try {
    // Never destroyed: its plugins own threads that must not be joined while libraries are being unloaded.
    static auto* const core = new ov::Core();
    return core;
  } catch (const std::exception& error) {
    return Status::Invalid("OpenVINO cannot be started: ", OpenVinoMessage(error.what()));
  }
}

std::string OpenVinoVersion() {
  const std::string build = ov::get_openvino_version().buildNumber;  // "2026.4.1-12345-abc"
  return "openvino " + build.substr(0, build.find('-'));
}

std::string OpenVinoMessage(const char* what) {
  constexpr std::size_t kLongest = 600;
  std::istringstream lines(what);
  std::string message;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line.compare(first, 14, "Exception from") == 0) continue;
    if (!message.empty()) message += "; ";
    message += line.substr(first);
  }
  return message.size() > kLongest ? message.substr(0, kLongest) + "..." : message;
}

Result<std::unique_ptr<FeatureExtractor>> MakeOpenVinoExtractor(const std::shared_ptr<ov::Model>& model,
                                                                const OpenVinoOptions& options) {
  if (options.threads < 1) return Status::Invalid(options.threads, " threads, at least 1 wanted");
  ARROW_RETURN_NOT_OK(CheckPrecision(options.precision));
  ARROW_RETURN_NOT_OK(CheckShapes(*model));
  ARROW_ASSIGN_OR_RAISE(ov::Core* const core, OpenVinoCore());
  try {
    const ov::element::Type type = options.precision == Precision::kBfloat16 ? ov::element::bf16 : ov::element::f32;
    ov::CompiledModel compiled =
        core->compile_model(model, "CPU", ov::num_streams(options.threads), ov::inference_num_threads(options.threads),
                            ov::hint::inference_precision(type));
    return std::make_unique<OpenVinoExtractor>(std::move(compiled), options.weights_sha256);
  } catch (const std::exception& error) {
    return Status::Invalid("OpenVINO cannot compile the network: ", OpenVinoMessage(error.what()));
  }
}

}  // namespace pomona
