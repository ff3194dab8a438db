#include <cstdio>

#include <arrow/filesystem/filesystem.h>

int main() {
  std::puts("pomona");
  arrow::fs::EnsureFinalized();
  return 0;
}
