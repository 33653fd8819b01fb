// Every file of a target's corpus through the target: what was found once stays mended.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace imdi::fuzz {
namespace {

TEST(FuzzCorpus, HoldsForEveryFile) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(Root() + "/tests/fuzz/corpus/" IMDI_FUZZ_TARGET)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  ASSERT_FALSE(files.empty());
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
    ASSERT_FALSE(file.bad()) << path;
    std::cout << path.filename().string()
              << std::endl;  // The last one named is the one that fails.
    EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()),
              0)
        << path;
  }
}

}  // namespace
}  // namespace imdi::fuzz
