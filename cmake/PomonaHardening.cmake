# What a damaged file could otherwise make of a fault: stack protector, checked C functions, libstdc++'s assertions,
# and a table of functions that is read-only from the start.
add_compile_options(-fstack-protector-strong -fstack-clash-protection)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-fcf-protection)
endif()
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")  # the sanitizers check those functions themselves
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
  check_cxx_source_compiles("#include <cstring>\nint main() {}" POMONA_FORTIFY_3)
  unset(CMAKE_REQUIRED_FLAGS)
  set(fortify $<IF:$<BOOL:${POMONA_FORTIFY_3}>,3,2>)
  # Only where the compiler optimises.
  add_compile_options("$<$<NOT:$<CONFIG:Debug>>:SHELL:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${fortify}>")
endif()
add_link_options(LINKER:-z,relro,-z,now,-z,noexecstack)
