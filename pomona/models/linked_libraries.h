#pragma once

#include <string>
#include <vector>

namespace pomona {

/// \brief The version of a shared library, as the program was built with it and as it runs with it.
struct LinkedLibrary {
  std::string name;
  std::string built;   ///< "26.0.1"
  std::string loaded;  ///< equal to `built`, unless the loader found another one

  bool matches() const { return built == loaded; }
};

/// \brief Arrow and OpenVINO: libraries whose numbers or C++ interface change between versions.
std::vector<LinkedLibrary> LinkedLibraries();

}  // namespace pomona
