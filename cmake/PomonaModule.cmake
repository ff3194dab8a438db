# pomona_module(<name> [LINKS <target>...] [PRIVATE <target>...])
#
# Makes the static library pomona_<name> of every source in the current folder, and beside it
# pomona_<name>_test, pomona_<name>_benchmark and one program per *_fuzz.cc. LINKS are visible in the
# module's public headers, PRIVATE ones are not.
if(POMONA_BUILD_TESTS)
  find_package(GTest REQUIRED)
  add_custom_target(unit_tests)
endif()
if(POMONA_BUILD_FUZZERS)
  add_custom_target(fuzzers)
endif()
if(POMONA_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

set(gcc_12 $<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>)
add_library(pomona_compile_options INTERFACE)
target_compile_options(pomona_compile_options INTERFACE
  -Wall -Wextra -Wno-missing-field-initializers
  $<${gcc_12}:-Wno-restrict>  # it sees overlaps that are not there in std::string (GCC bug 105651)
  $<$<AND:${gcc_12},$<BOOL:${POMONA_WARNINGS_AS_ERRORS}>>:-Werror>)  # others warn of more, and must build all the same
target_include_directories(pomona_compile_options INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}>)

# kSourceFolder of pomona/base/source_folder_for_test.h.
if(POMONA_BUILD_TESTS OR POMONA_BUILD_BENCHMARKS)
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/source_folder.cc" CONTENT [[
#include "pomona/base/source_folder_for_test.h"

const char* const pomona::kSourceFolder = "@CMAKE_SOURCE_DIR@";
]] @ONLY)
  add_library(pomona_source_folder STATIC "${CMAKE_BINARY_DIR}/source_folder.cc")
  target_link_libraries(pomona_source_folder PRIVATE pomona_compile_options)
endif()

# pomona_test_options(<test program>)
#
# What the test programs share: GoogleTest, their compiler options, and headers that are read once for all of them,
# which halves what most tests take to compile. No header of ours is among those, nor one that few tests need.
if(POMONA_BUILD_TESTS AND CMAKE_CXX_COMPILER_ID MATCHES "^(GNU|Clang)$")
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/test_headers.cc" CONTENT "")
  add_library(pomona_test_headers OBJECT "${CMAKE_BINARY_DIR}/test_headers.cc")
  set_target_properties(pomona_test_headers PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(pomona_test_headers PRIVATE -fPIE ${POMONA_TEST_OPTIONS})  # as in a program
  target_link_libraries(pomona_test_headers PRIVATE pomona_compile_options Arrow::arrow GTest::gmock GTest::gtest)
  target_precompile_headers(pomona_test_headers PRIVATE
    <filesystem> <string> <vector> <arrow/result.h> <arrow/status.h> <gmock/gmock.h> <gtest/gtest.h>)
endif()

function(pomona_test_options target)
  add_dependencies(unit_tests ${target})
  target_link_libraries(${target} PRIVATE pomona_compile_options pomona_source_folder GTest::gmock GTest::gtest_main)
  target_compile_options(${target} PRIVATE ${POMONA_TEST_OPTIONS})
  if(TARGET pomona_test_headers)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # for ccache
    target_precompile_headers(${target} REUSE_FROM pomona_test_headers)
  endif()
endfunction()

function(pomona_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS;PRIVATE")
  file(GLOB_RECURSE all CONFIGURE_DEPENDS *.cc)
  set(tests ${all})
  set(benchmarks ${all})
  set(fuzzers ${all})
  set(sources ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benchmarks INCLUDE REGEX "_benchmark\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|benchmark|fuzz)\\.cc$")

  if(NOT sources)
    add_library(pomona_${name} INTERFACE)
    target_link_libraries(pomona_${name} INTERFACE ${arg_LINKS} Arrow::arrow)
    return()
  endif()
  add_library(pomona_${name} STATIC ${sources})
  set_property(GLOBAL APPEND PROPERTY POMONA_MODULES pomona_${name})  # libpomona.so holds them all
  target_link_libraries(pomona_${name}
    PUBLIC ${arg_LINKS} Arrow::arrow
    PRIVATE pomona_compile_options ${arg_PRIVATE})
  target_include_directories(pomona_${name} INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)

  if(POMONA_BUILD_TESTS AND tests)
    add_executable(pomona_${name}_test ${tests})
    target_link_libraries(pomona_${name}_test PRIVATE pomona_${name} ${arg_PRIVATE})
    pomona_test_options(pomona_${name}_test)
    add_test(NAME ${name} COMMAND pomona_${name}_test)
  endif()
  if(POMONA_BUILD_BENCHMARKS AND benchmarks)
    add_executable(pomona_${name}_benchmark ${benchmarks})
    target_link_libraries(pomona_${name}_benchmark
      PRIVATE pomona_${name} pomona_compile_options pomona_source_folder ${arg_PRIVATE} benchmark::benchmark_main)
  endif()
  if(POMONA_BUILD_FUZZERS)
    foreach(source ${fuzzers})
      get_filename_component(target ${source} NAME_WE)
      add_executable(${target} ${source})
      target_link_libraries(${target} PRIVATE pomona_${name} pomona_compile_options ${arg_PRIVATE})
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
      set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin" EXCLUDE_FROM_ALL ON)
      add_dependencies(fuzzers ${target})
    endforeach()
  endif()
endfunction()

# pomona_embed(<target> <symbol> <file>)
#
# Puts the bytes of a file into a target, as `extern "C" const unsigned char <symbol>_begin[], <symbol>_end[]`.
enable_language(ASM)
function(pomona_embed target symbol file)
  get_filename_component(path "${file}" ABSOLUTE)
  set(assembly "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.S")
  file(CONFIGURE OUTPUT "${assembly}" CONTENT [[
.section .rodata
.balign 64
.global @symbol@_begin
.global @symbol@_end
@symbol@_begin:
.incbin "@path@"
@symbol@_end:
.byte 0
.section .note.GNU-stack,"",%progbits
]] @ONLY)
  set_source_files_properties("${assembly}" PROPERTIES OBJECT_DEPENDS "${path}")
  target_sources(${target} PRIVATE "${assembly}")
endfunction()
