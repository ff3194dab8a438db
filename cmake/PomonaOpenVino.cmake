# OpenVINO 2026.4.1 from its wheel, which ships a CMake configuration.
include(PomonaPython)
if(NOT OpenVINO_DIR)
  pomona_python(openvino_cmake openvino.utils "openvino.utils.get_cmake_path()")
  set(OpenVINO_DIR "${openvino_cmake}" CACHE PATH "OpenVINO's CMake configuration")
endif()
find_package(OpenVINO 2026.4.1 EXACT REQUIRED COMPONENTS Runtime)
