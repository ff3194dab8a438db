# The Python whose wheels bring Arrow and OpenVINO: the repository's own .venv unless told otherwise; where a Python
# package is being built, the one that builds it.
if(NOT POMONA_PYTHON)
  if(SKBUILD AND Python_EXECUTABLE)
    set(POMONA_PYTHON "${Python_EXECUTABLE}" CACHE FILEPATH "Python with pyarrow and openvino")
  elseif(EXISTS "${CMAKE_SOURCE_DIR}/.venv/bin/python")
    set(POMONA_PYTHON "${CMAKE_SOURCE_DIR}/.venv/bin/python" CACHE FILEPATH "Python with pyarrow and openvino")
  else()
    message(FATAL_ERROR "No ${CMAKE_SOURCE_DIR}/.venv: run ./dev build, or pass -DPOMONA_PYTHON=/path/to/python")
  endif()
endif()

# pomona_python(<result variable> <module to import> <python expression>)
function(pomona_python variable module expression)
  execute_process(
    COMMAND "${POMONA_PYTHON}" -c "import ${module}; print(${expression})"
    OUTPUT_VARIABLE output ERROR_VARIABLE error RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${POMONA_PYTHON} cannot import ${module}:\n${error}")
  endif()
  set(${variable} "${output}" PARENT_SCOPE)
endfunction()
