# Apache Arrow 26.0, from the pyarrow wheel: headers and libraries, but no ArrowConfig.cmake.
# A system Arrow is used when it is exactly 26.0; any other is ignored.
include(PomonaPython)

find_package(Arrow 26.0 QUIET)
find_package(Parquet 26.0 QUIET)
if(Arrow_FOUND AND Parquet_FOUND AND Arrow_VERSION MATCHES "^26\\.0\\.")
  set(POMONA_ARROW_DIR "" CACHE INTERNAL "")
  add_library(Arrow::arrow ALIAS Arrow::arrow_shared)
  add_library(Arrow::parquet ALIAS Parquet::parquet_shared)
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
