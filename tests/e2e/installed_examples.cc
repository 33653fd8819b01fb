#include "tests/e2e/installed_examples.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/e2e/program.h"

namespace imdi::e2e {
namespace {

std::string Variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

}  // namespace

const InstalledExamples& InstalledExamples::Get() {
  static const InstalledExamples kExamples;
  return kExamples;
}

InstalledExamples::InstalledExamples() { InstallAndBuild(); }

void InstalledExamples::InstallAndBuild() const {
  const Ran installed = RunCommand(
      folder_.path(), {"cmake", "--install", Variable("IMDI_BIN", "build/release/bin") + "/..",
                       "--component", "client", "--prefix", prefix()});
  ASSERT_EQ(installed.code, 0) << installed.out << installed.err;
  for (const char* example : {"settlement", "nir"}) Build(example);
}

void InstalledExamples::Build(const std::string& example) const {
  std::filesystem::copy(Variable("IMDI_ROOT", ".") + "/clients/examples/" + example,
                        folder_ / example, std::filesystem::copy_options::recursive);
  const Ran configured = RunCommand(
      folder_.path(), {"cmake", "-S", folder_ / example, "-B", BuildFolder(example), "-G", "Ninja",
                       "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_COMPILER=g++",
                       "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache", "-DCMAKE_PREFIX_PATH=" + prefix()});
  ASSERT_EQ(configured.code, 0) << configured.out << configured.err;
  // Paths differ from run to run; without them ccache knows the files again.
  ASSERT_EQ(::setenv("CCACHE_BASEDIR", folder_.path().c_str(), 1), 0);
  ASSERT_EQ(::setenv("CCACHE_NOHASHDIR", "1", 1), 0);
  const Ran built =
      RunCommand(folder_.path(), {"cmake", "--build", BuildFolder(example)}, absl::Minutes(8));
  ASSERT_EQ(built.code, 0) << built.out << built.err;
}

}  // namespace imdi::e2e
