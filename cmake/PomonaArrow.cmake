# Apache Arrow 26.0, from the pyarrow wheel: headers and libraries, but no ArrowConfig.cmake.
# A system Arrow is used for the program when it is exactly 26.0 and has the parts that are linked, compute and S3 among
# them; any other is ignored, as is every one where the Python module is built, which must share pyarrow's.
include(PomonaPython)

if(NOT POMONA_BUILD_PYTHON)
  foreach(package Arrow Parquet ArrowCompute ArrowS3)
    find_package(${package} 26.0 QUIET)
  endforeach()
endif()
if(Arrow_VERSION MATCHES "^26\\.0\\." AND TARGET Arrow::arrow_shared AND TARGET Parquet::parquet_shared
   AND TARGET ArrowCompute::arrow_compute_shared AND TARGET ArrowS3::arrow_s3_shared)
  set(POMONA_ARROW_DIR "" CACHE INTERNAL "")
  add_library(Arrow::arrow ALIAS Arrow::arrow_shared)
  add_library(Arrow::parquet ALIAS Parquet::parquet_shared)
  add_library(Arrow::compute ALIAS ArrowCompute::arrow_compute_shared)
  add_library(Arrow::s3 ALIAS ArrowS3::arrow_s3_shared)
  message(STATUS "Arrow ${Arrow_VERSION}: the system's")
else()
  pomona_python(arrow_include pyarrow "pyarrow.get_include()")
  pomona_python(arrow_dir pyarrow "pyarrow.get_library_dirs()[0]")
  pomona_python(arrow_version pyarrow "pyarrow.__version__")
  if(NOT arrow_version MATCHES "^26\\.0\\.")
    message(FATAL_ERROR "pyarrow ${arrow_version} found, 26.0 wanted: run ./dev build, which installs it")
  endif()
  set(POMONA_ARROW_DIR "${arrow_dir}" CACHE INTERNAL "Folder of the pyarrow wheel")
  set(POMONA_ARROW_INCLUDE "${arrow_include}" CACHE INTERNAL "Arrow's headers")
  foreach(name arrow parquet arrow_compute arrow_s3)
    string(REGEX REPLACE "^arrow_" "" target "${name}")
    add_library(Arrow::${target} SHARED IMPORTED GLOBAL)
    set_target_properties(Arrow::${target} PROPERTIES
      IMPORTED_LOCATION "${arrow_dir}/lib${name}.so.2600"
      IMPORTED_SONAME "lib${name}.so.2600"
      INTERFACE_INCLUDE_DIRECTORIES "${arrow_include}")
  endforeach()
  target_link_libraries(Arrow::arrow INTERFACE Threads::Threads)
  target_link_libraries(Arrow::parquet INTERFACE Arrow::arrow)
  target_link_libraries(Arrow::compute INTERFACE Arrow::arrow)
  message(STATUS "Arrow ${arrow_version}: ${arrow_dir}")
endif()
