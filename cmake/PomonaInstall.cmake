# libpomona.so, and what `cmake --install` puts into a prefix:
#   bin/pomona, lib/libpomona.so, include/pomona/, lib/cmake/Pomona/, share/doc/pomona/
#   lib/pomona/   Arrow's and OpenVINO's libraries out of their wheels, with their licences, so that the prefix needs
#                 neither the wheels nor this folder; nothing of them where the system's own Arrow was built against

find_package(nlohmann_json REQUIRED)

add_library(pomona_shared SHARED)
get_property(modules GLOBAL PROPERTY POMONA_MODULES)
foreach(module ${modules})
  target_sources(pomona_shared PRIVATE $<TARGET_OBJECTS:${module}>)
  target_link_libraries(pomona_shared PRIVATE ${module})  # for the libraries that it links
endforeach()
target_link_libraries(pomona_shared PUBLIC Arrow::arrow nlohmann_json::nlohmann_json)
target_include_directories(pomona_shared INTERFACE $<INSTALL_INTERFACE:include>)
set_target_properties(pomona_shared PROPERTIES
  OUTPUT_NAME pomona  # the program's file has that name too, so the target cannot
  EXPORT_NAME pomona
  LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

install(TARGETS pomona_program RUNTIME DESTINATION bin)
install(TARGETS pomona_shared EXPORT PomonaTargets LIBRARY DESTINATION lib)
pomona_run_path(pomona_program DESTINATION bin INSTALLED "$ORIGIN/../lib/pomona")
pomona_run_path(pomona_shared DESTINATION lib
  INSTALLED "$ORIGIN/pomona" "$ORIGIN/../pyarrow" "$ORIGIN/../openvino/libs")  # in a prefix, in site-packages/pomona
install(EXPORT PomonaTargets NAMESPACE Pomona:: DESTINATION lib/cmake/Pomona)
install(DIRECTORY pomona/ DESTINATION include/pomona FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE NOTICE DESTINATION share/doc/pomona)

set(POMONA_CARRIES_ARROW OFF)
if(POMONA_ARROW_DIR)
  set(POMONA_CARRIES_ARROW ON)
endif()
include(CMakePackageConfigHelpers)
configure_package_config_file(cmake/PomonaConfig.cmake.in "${CMAKE_BINARY_DIR}/PomonaConfig.cmake"
  INSTALL_DESTINATION lib/cmake/Pomona)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/PomonaConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/PomonaConfig.cmake" "${CMAKE_BINARY_DIR}/PomonaConfigVersion.cmake"
  DESTINATION lib/cmake/Pomona)

if(POMONA_ARROW_DIR)
  foreach(name arrow parquet arrow_compute arrow_s3)
    install(PROGRAMS "${POMONA_ARROW_DIR}/lib${name}.so.2600" DESTINATION lib/pomona)
  endforeach()
  install(DIRECTORY "${POMONA_ARROW_INCLUDE}/arrow" "${POMONA_ARROW_INCLUDE}/parquet"
    DESTINATION include/pomona/third_party PATTERN "python" EXCLUDE)
  file(GLOB licences "${POMONA_ARROW_DIR}/../pyarrow-*.dist-info/licenses")
  install(DIRECTORY "${licences}/" DESTINATION lib/pomona/licences/arrow)
endif()

# The processor's plugin and the frontends of the files that Pomona reads; no GPU, no NPU.
get_target_property(openvino_library openvino::runtime IMPORTED_LOCATION_RELEASE)
get_filename_component(openvino_dir "${openvino_library}" DIRECTORY)
file(GLOB openvino_files
  "${openvino_dir}/libopenvino.so.*" "${openvino_dir}/libopenvino_intel_cpu_plugin.so"
  "${openvino_dir}/libopenvino_ir_frontend.so.*" "${openvino_dir}/libopenvino_onnx_frontend.so.*"
  "${openvino_dir}/libopenvino_tensorflow_frontend.so.*" "${openvino_dir}/libopenvino_tensorflow_lite_frontend.so.*"
  "${openvino_dir}/libtbb.so.*" "${openvino_dir}/libtbbmalloc.so.*" "${openvino_dir}/libtbbbind*.so.*"
  "${openvino_dir}/libhwloc.so.*")
install(PROGRAMS ${openvino_files} DESTINATION lib/pomona)
file(GLOB licences "${openvino_dir}/../../openvino-*.dist-info/licenses")
install(DIRECTORY "${licences}/" DESTINATION lib/pomona/licences/openvino)

find_library(POMONA_LAPACK_ARCHIVE NAMES liblapack_pic.a)
find_library(POMONA_BLAS_ARCHIVE NAMES libblas.a PATH_SUFFIXES blas)
set(loaded "")
set(arrow_files "")
if(POMONA_ARROW_DIR)
  file(GLOB arrow_files "${POMONA_ARROW_DIR}/libarrow_compute.so.2600")
endif()
foreach(file ${openvino_files} ${arrow_files})
  if(NOT IS_SYMLINK "${file}")
    list(APPEND loaded --loaded "${file}")
  endif()
endforeach()
pomona_sbom(pomona_program "${CMAKE_BINARY_DIR}/sbom.cdx.json"
  --static "${POMONA_LAPACK_ARCHIVE}" --static "${POMONA_BLAS_ARCHIVE}" ${loaded})
install(FILES "${CMAKE_BINARY_DIR}/sbom.cdx.json" DESTINATION share/doc/pomona)
