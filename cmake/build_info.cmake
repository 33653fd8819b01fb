# Writes build_info.cc: cmake -D SOURCE=… -D IN=… -D OUT=… -D VERSION=… -D COMPILER=… -P build_info.cmake
# Run at each build, so that the revision is the one that was built; the file changes only when the revision does.
execute_process(COMMAND git -C "${SOURCE}" describe --always --abbrev=12 --dirty --exclude=*
  OUTPUT_VARIABLE REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT REVISION)
  set(REVISION unknown)
endif()
configure_file("${IN}" "${OUT}" @ONLY)
