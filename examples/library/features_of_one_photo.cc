// Prints the features of one photograph, from the small network that Pomona carries.
#include <fstream>
#include <iostream>
#include <iterator>

#include "pomona/image/decode.h"
#include "pomona/image/resize.h"
#include "pomona/models/open_extractor.h"

arrow::Status PrintFeatures(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  pomona::Image photo;
  ARROW_RETURN_NOT_OK(pomona::DecodeImage(bytes, {}, &photo));
  ARROW_ASSIGN_OR_RAISE(const auto opened, pomona::OpenExtractor({.extractor = "mobilenetv2-0.35"}));
  const pomona::FeatureExtractor& extractor = *opened.extractor;
  ARROW_ASSIGN_OR_RAISE(const auto session, extractor.NewSession());

  pomona::Resizer resizer(extractor.image_width(), extractor.image_height(), pomona::ResizeFilter::kBicubic);
  ARROW_RETURN_NOT_OK(resizer.Resize(photo.view(), session->input(0)));
  std::vector<float> features(extractor.dim());
  ARROW_RETURN_NOT_OK(session->Run(1, {features.data(), 1, extractor.dim()}));
  for (const float feature : features) std::cout << feature << '\n';
  return arrow::Status::OK();
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const arrow::Status status = PrintFeatures(argv[1]);
  if (!status.ok()) std::cerr << status.ToString() << '\n';
  return status.ok() ? 0 : 1;
}
