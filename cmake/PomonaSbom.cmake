# pomona_sbom(<target> <file> [<option of sbom.py>...])
#
# Writes an inventory of the libraries in a program or library whenever it is linked: the target <target>_sbom, which is
# part of `all`. `pomona doctor --libraries` and pomona.versions() read it.
function(pomona_sbom target file)
  set(headers "")
  foreach(package nlohmann-json3-dev libcli11-dev libtomlplusplus-dev)
    list(APPEND headers --header-package ${package})
  endforeach()
  add_custom_command(
    OUTPUT "${file}"
    COMMAND "${POMONA_PYTHON}" "${CMAKE_SOURCE_DIR}/cmake/sbom.py" "$<TARGET_FILE:${target}>" "${file}"
      --version "${PROJECT_VERSION}" --npm-lock "${CMAKE_SOURCE_DIR}/package-lock.json" ${headers} ${ARGN}
    DEPENDS ${target} "${CMAKE_SOURCE_DIR}/cmake/sbom.py"
    COMMENT "Inventory of ${target}'s libraries"
    WORKING_DIRECTORY "${CMAKE_BINARY_DIR}"  # from which the linker's map counts paths
    VERBATIM)
  add_custom_target(${target}_sbom ALL DEPENDS "${file}")
endfunction()
