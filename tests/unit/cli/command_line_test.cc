// imdictl has a command for every method, and its document says what it is.

#include "clients/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "clients/cli/exit_codes.h"
#include "google/protobuf/descriptor.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

namespace fs = std::filesystem;

fs::path Root() {
  const char* root = std::getenv("IMDI_ROOT");
  return root == nullptr ? fs::current_path() : fs::path(root);
}

// "LogService/GetHead" of every method that the contract's files name.
std::set<std::string> MethodsOfTheContract() {
  std::set<std::string> methods;
  const fs::path folder = Root() / "proto";
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).string();
    if (!name.ends_with("_service.proto")) continue;
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    EXPECT_NE(file, nullptr) << "imdictl does not know the services of " << name;
    if (file == nullptr) continue;
    for (int i = 0; i < file->service_count(); ++i) {
      const auto& service = *file->service(i);
      for (int j = 0; j < service.method_count(); ++j)
        methods.insert(base::StrCat(service.name(), "/", service.method(j)->name()));
    }
  }
  return methods;
}

TEST(CommandLine, HasACommandForEveryMethodOfEveryService) {
  const std::set<std::string> wanted = MethodsOfTheContract();
  EXPECT_GE(wanted.size(), 45U);
  std::set<std::string> covered;
  const CommandLine line;
  for (const CommandInfo& command : line.commands()) {
    for (const std::string& method : command.methods) {
      EXPECT_TRUE(wanted.contains(method)) << command.words << " names " << method;
      covered.insert(method);
    }
  }
  for (const std::string& method : wanted)
    EXPECT_TRUE(covered.contains(method)) << "no command calls " << method;
}

TEST(CommandLine, NamesEveryCommandOnceAndSaysWhatItDoes) {
  std::set<std::string> seen;
  const CommandLine line;
  for (const CommandInfo& command : line.commands()) {
    EXPECT_TRUE(seen.insert(command.words).second) << command.words;
    EXPECT_NE(command.what, "") << command.words;
    EXPECT_TRUE(command.synopsis.starts_with(command.words)) << command.synopsis;
  }
}

TEST(CommandLine, WritesRequiredOptionsBareAndOthersInBrackets) {
  const CommandLine line;
  std::map<std::string, std::string> synopses;
  for (const CommandInfo& command : line.commands()) synopses[command.words] = command.synopsis;
  EXPECT_EQ(synopses["withdraw"], "withdraw NAME --expected-revision INT --reason TEXT");
  EXPECT_EQ(synopses["figures"],
            "figures EDITION [--release TEXT] [--indicator TEXT] [--attribute TEXT]");
  EXPECT_EQ(synopses["get-figures"], "get-figures NAMES…");
  EXPECT_EQ(synopses["apply"], "apply --file TEXT [--dry-run]");
  EXPECT_EQ(synopses["restore"], "restore BACKUP [--data TEXT] [--keys TEXT] [--without-keys]");
  EXPECT_EQ(synopses["head"], "head");
}

TEST(CommandLine, IsDescribedByItsDocument) {
  std::ifstream file(Root() / "docs/imdictl.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(document, CommandLine().Reference()) << "run imdictl reference > docs/imdictl.md";
}

TEST(ExitCodes, AreCountedFromZeroWithoutGaps) {
  for (size_t i = 0; i < kExitCodes.size(); ++i)
    EXPECT_EQ(kExitCodes[i].code, static_cast<int>(i)) << kExitCodes[i].means;
}

}  // namespace
}  // namespace imdi::cli
