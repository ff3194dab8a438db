# pomona_run_path(<target> DESTINATION <folder> [COMPONENT <name>] [BESIDE <target>...] INSTALLED <folder>...)
#
# Where the loader looks for a target's libraries: in the build folder in the wheels of Arrow and OpenVINO and in the
# folders of the targets BESIDE, once installed in INSTALLED, which begin with $ORIGIN.
#
# Not CMake's own BUILD_RPATH and INSTALL_RPATH, because it leaves an empty part at the end of what it is going to
# replace, and the loader takes that for the current folder: there anybody's libcurl.so.4 would be loaded.
function(pomona_run_path target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "DESTINATION;COMPONENT" "BESIDE;INSTALLED")
  set(folders "")
  foreach(library ${arg_BESIDE} Arrow::arrow openvino::runtime)
    list(APPEND folders "$<TARGET_FILE_DIR:${library}>")
  endforeach()
  list(JOIN folders ":" built)
  list(JOIN arg_INSTALLED ":" installed)
  set_target_properties(${target} PROPERTIES SKIP_BUILD_RPATH ON)
  target_link_options(${target} PRIVATE "LINKER:-rpath,${built}")
  set(component "")
  if(arg_COMPONENT)
    set(component COMPONENT ${arg_COMPONENT} EXCLUDE_FROM_ALL)
  endif()
  install(CODE "file(RPATH_CHANGE
    FILE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${arg_DESTINATION}/$<TARGET_FILE_NAME:${target}>\"
    OLD_RPATH \"${built}\" NEW_RPATH \"${installed}\")" ${component})
endfunction()
