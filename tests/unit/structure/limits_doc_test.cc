// docs/limits.md is what docs/limits.sh makes of services/base/limits.h, and it names every bound.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

namespace {

namespace fs = std::filesystem;

fs::path Root() {
  const char* root = std::getenv("IMDI_ROOT");
  return root == nullptr ? fs::current_path() : fs::path(root);
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Standard output of a shell command; fails the test when it does not end with 0.
std::string OutputOf(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string out;
  std::array<char, 4096> buffer{};
  size_t count = 0;
  while ((count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0)
    out.append(buffer.data(), count);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return out;
}

TEST(LimitsDocument, IsWhatTheScriptMakesOfTheHeader) {
  const std::string made = OutputOf("sh '" + (Root() / "docs/limits.sh").string() + "'");
  EXPECT_EQ(ReadFile(Root() / "docs/limits.md"), made) << "run docs/limits.sh > docs/limits.md";
}

TEST(LimitsDocument, HasARowForEveryBound) {
  const std::string document = ReadFile(Root() / "docs/limits.md");
  const std::string header = ReadFile(Root() / "services/base/limits.h");
  static const std::regex kBound(R"(inline constexpr \w+ (k\w+) =)");
  int bounds = 0;
  for (auto it = std::sregex_iterator(header.begin(), header.end(), kBound);
       it != std::sregex_iterator(); ++it) {
    const std::string name = (*it)[1];
    if (name == "kKiB" || name == "kMiB") continue;
    ++bounds;
    EXPECT_THAT(document, testing::HasSubstr("| `" + name + "` | "));
  }
  EXPECT_GT(bounds, 50);
}

}  // namespace
