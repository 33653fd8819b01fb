# What keeps a cold build short: headers that nearly every file includes are compiled once, and a target's files are compiled some at a
# time, as one unit, so that the rest of the headers and their templates are read once for all of them. No file relies on either: each
# includes what it uses and keeps its names apart. -DIMDI_COMPILE_TOGETHER=OFF builds each file by itself, as the lint preset does.
option(IMDI_COMPILE_TOGETHER "compile common headers once and several files of a target as one unit" ON)
# Every program has threads, and some libraries say so for themselves: the flag must be the same everywhere.
add_compile_options(-pthread)
set(files_together 12)
set(common_headers <algorithm> <cstdint> <functional> <map> <memory> <optional> <span> <string> <string_view> <utility> <vector>
  <absl/status/statusor.h> <google/protobuf/message.h> <google/protobuf/repeated_field.h>)

# imdi_compile_together(TARGET [tests]): the target takes both, with GoogleTest's headers if it is a test.
function(imdi_compile_together target)
  if(NOT IMDI_COMPILE_TOGETHER)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${files_together})
  set(of imdi_common_headers)
  set(more)
  set(link)
  if("tests" IN_LIST ARGN)
    set(of imdi_common_test_headers)
    set(more <gmock/gmock.h> <gtest/gtest.h>)
    set(link GTest::gmock GTest::gtest)
  endif()
  if(NOT TARGET ${of})
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/${of}.cc CONTENT "")
    add_library(${of} OBJECT ${CMAKE_BINARY_DIR}/${of}.cc)
    target_link_libraries(${of} PRIVATE protobuf::libprotobuf absl::statusor ${link} imdi_warnings)
    target_precompile_headers(${of} PRIVATE ${common_headers} ${more})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${of})
  # GCC takes a file among others for a header, in which a hidden type would be a mistake.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  # ccache sees through them so.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()
