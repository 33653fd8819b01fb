# Warnings are errors in our own code; generated code and libraries are system headers to it.
add_library(imdi_warnings INTERFACE)
target_compile_options(imdi_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  # GCC 12 reports false positives of these two inside inlined library code when optimising.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
