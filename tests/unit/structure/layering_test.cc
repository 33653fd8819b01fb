// Reads every #include of the house and fails on an arrow that the plan does not allow. On Debian
// all libraries' headers are visible to every file, whatever CMake links, so the compiler would not
// notice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Include {
  std::string file;    // services/domain/frame.cc
  std::string target;  // services/base/text.h
};

fs::path Root() {
  const char* root = std::getenv("IMDI_ROOT");
  return root == nullptr ? fs::current_path() : fs::path(root);
}

std::vector<Include> AllIncludes() {
  static const std::regex kInclude(R"(^\s*#\s*include\s*[<"]([^">]+)[">])");
  std::vector<Include> out;
  for (const char* folder : {"services", "storage", "clients"}) {
    for (const auto& entry : fs::recursive_directory_iterator(Root() / folder)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      std::ifstream file(entry.path());
      std::string line;
      while (std::getline(file, line)) {
        std::smatch match;
        if (std::regex_search(line, match, kInclude))
          out.push_back({fs::relative(entry.path(), Root()), match[1]});
      }
    }
  }
  return out;
}

bool StartsWithAny(const std::string& text, const std::vector<std::string>& prefixes) {
  return std::ranges::any_of(prefixes,
                             [&](const std::string& prefix) { return text.starts_with(prefix); });
}

// Which of our own headers a room may include, itself apart.
const std::vector<std::pair<std::string, std::vector<std::string>>> kRooms = {
    {"services/base/", {}},
    {"services/config/", {"services/base/"}},
    {"services/domain/", {"services/base/", "imdi/survey/model/", "imdi/survey/store/"}},
    {"services/figures/",
     {"services/base/", "services/domain/", "imdi/survey/model/", "imdi/survey/query/",
      "imdi/survey/store/"}},
    {"services/transport/", {"services/base/", "google/rpc/", "imdi/survey/error/"}},
    {"services/process/",
     {"services/base/", "services/config/", "services/transport/", "imdi/survey/config/",
      "imdi/survey/status/"}},
    {"storage/memory/", {"services/base/", "storage/"}},
    {"storage/rocks/", {"services/base/", "storage/"}},
    {"storage/", {"services/base/"}},
    {"services/ingestion/",
     {"services/base/", "services/domain/", "services/process/", "services/transport/", "storage/",
      "imdi/survey/"}},
    {"services/aggregation/",
     {"services/base/", "services/domain/", "services/figures/", "services/process/",
      "services/transport/", "storage/", "imdi/survey/"}},
    {"services/query/",
     {"services/base/", "services/domain/", "services/figures/", "services/process/",
      "services/transport/", "storage/", "imdi/survey/"}},
    {"services/allinone/", {"services/", "storage/rocks/", "imdi/survey/"}},
    // Built from the installed package alone.
    {"clients/examples/", {"imdi/survey/"}},
    {"clients/cpp/", {"services/base/", "services/transport/", "imdi/survey/"}},
    {"clients/",
     {"clients/", "services/base/", "services/config/", "services/domain/", "services/transport/",
      "imdi/survey/"}},
};

bool IsOurs(const std::string& target) {
  return StartsWithAny(
      target, {"services/", "storage/", "clients/", "tests/", "imdi/survey/", "google/rpc/"});
}

// Files that speak gRPC, and composition roots that name concrete stores.
bool IsEdge(const std::string& file) {
  static const std::regex kEdge(R"((_rpc|_app|_source|_follower|main)\.(h|cc)$)");
  return StartsWithAny(file, {"services/transport/", "clients/"}) || std::regex_search(file, kEdge);
}
bool IsCompositionRoot(const std::string& file) {
  static const std::regex kRoot(R"((_app|main)\.(h|cc)$)");
  return std::regex_search(file, kRoot);
}

TEST(Layering, EveryIncludeFollowsAnAllowedArrow) {
  std::vector<std::string> wrong;
  for (const Include& include : AllIncludes()) {
    if (!IsOurs(include.target)) continue;
    const auto room = std::ranges::find_if(
        kRooms, [&](const auto& one) { return include.file.starts_with(one.first); });
    ASSERT_NE(room, kRooms.end()) << include.file << " is in no room; name its room in this test";
    if (include.target.starts_with(room->first) || StartsWithAny(include.target, room->second))
      continue;
    wrong.push_back(include.file + " -> " + include.target);
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
}

TEST(Layering, OnlyEdgesIncludeGrpc) {
  std::vector<std::string> wrong;
  for (const Include& include : AllIncludes()) {
    const bool grpc = StartsWithAny(include.target, {"grpcpp/", "grpc/"}) ||
                      include.target.ends_with(".grpc.pb.h");
    if (grpc && !IsEdge(include.file)) wrong.push_back(include.file + " -> " + include.target);
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
}

TEST(Layering, OnlyTheRocksRoomIncludesRocksDbAndOnlyCompositionRootsNameIt) {
  std::vector<std::string> wrong;
  for (const Include& include : AllIncludes()) {
    const bool library =
        include.target.starts_with("rocksdb/") && !include.file.starts_with("storage/rocks/");
    const bool engine = StartsWithAny(include.target, {"storage/rocks/", "storage/memory/"}) &&
                        !StartsWithAny(include.file, {"storage/"}) &&
                        !IsCompositionRoot(include.file);
    if (library || engine) wrong.push_back(include.file + " -> " + include.target);
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
}

// What hosts a service is known to where it is put together, and to what is run instead of it.
TEST(Layering, OnlyCompositionRootsKnowTheProcessThatHostsThem) {
  static const std::regex kKnows(R"((_app|_command|main)\.(h|cc)$)");
  std::vector<std::string> wrong;
  for (const Include& include : AllIncludes()) {
    if (!include.target.starts_with("services/process/") ||
        include.file.starts_with("services/process/"))
      continue;
    if (!std::regex_search(include.file, kKnows))
      wrong.push_back(include.file + " -> " + include.target);
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
}

TEST(Layering, OnlyTheConfigRoomIncludesYaml) {
  for (const Include& include : AllIncludes()) {
    if (!include.target.starts_with("yaml-cpp/")) continue;
    EXPECT_THAT(include.file, testing::AnyOf(testing::StartsWith("services/config/"),
                                             testing::StartsWith("clients/demo/")));
  }
}

TEST(Layering, OneFileKnowsBoost) {
  for (const Include& include : AllIncludes()) {
    if (!include.target.starts_with("boost/")) continue;
    EXPECT_EQ(include.file, "services/domain/distributions.cc");
  }
}

// The domain is built without fused operations: estimates are equal bits whatever the machine's
// compiler would fuse.
TEST(Layering, TheDomainIsBuiltWithoutFusedFloatingPoint) {
  const fs::path commands = fs::path(IMDI_BUILD) / "compile_commands.json";
  std::ifstream file(commands);
  ASSERT_TRUE(file) << commands;
  size_t files = 0;
  std::string line;
  while (std::getline(file, line)) {
    if (line.find("\"command\":") == std::string::npos ||
        line.find(" -o services/domain/CMakeFiles/imdi_domain.dir/") == std::string::npos) {
      continue;
    }
    ++files;
    const size_t off = line.find(" -ffp-contract=off ");
    EXPECT_NE(off, std::string::npos) << line;
    EXPECT_EQ(line.find("-ffast-math"), std::string::npos) << line;
    // The last one on the line is the one that holds.
    EXPECT_EQ(line.rfind(" -ffp-contract="), off) << line;
  }
  EXPECT_GT(files, 0u) << "several sources may be compiled as one";
}

TEST(Layering, ReadsTheWholeHouse) { EXPECT_GT(AllIncludes().size(), 200u); }

}  // namespace
