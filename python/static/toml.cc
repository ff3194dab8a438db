// toml++ for the wheel's program; everything else links the system's.
#define TOML_IMPLEMENTATION
#include <toml++/toml.h>
