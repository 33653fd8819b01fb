# Headers that nearly every file includes by itself, compiled once: a third of the time of a cold build. No file relies on it:
# each includes what it uses, and -DIMDI_COMMON_HEADERS=OFF builds without.
option(IMDI_COMMON_HEADERS "compile the headers that nearly all files include once" ON)
# Every program has threads, and some libraries say so for themselves: the flag must be the same everywhere.
add_compile_options(-pthread)
set(common_headers <algorithm> <cstdint> <functional> <map> <memory> <optional> <span> <string> <string_view> <utility> <vector>
  <absl/status/statusor.h> <google/protobuf/message.h> <google/protobuf/repeated_field.h>)

# imdi_common_headers(TARGET [tests]): the target takes them, with GoogleTest if it is a test.
function(imdi_common_headers target)
  if(NOT IMDI_COMMON_HEADERS)
    return()
  endif()
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
  # ccache sees through them so.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()
