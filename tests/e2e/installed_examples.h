#pragma once

// The examples of clients/examples, built the way somebody outside builds them: the client package
// is installed into a folder, the sources of an example are copied to another, and its project is
// configured against the package alone.

#include <string>

#include "absl/time/time.h"
#include "tests/support/temp_folder.h"

namespace imdi::e2e {

inline constexpr absl::Duration kPatience = absl::Seconds(60);

// What an example prints, without the first line, which says how old the rest is.
inline std::string WithoutAge(const std::string& out) { return out.substr(out.find('\n') + 1); }

class InstalledExamples {
 public:
  // Installs and builds once for the test program; what fails is a failure of the test that asks
  // first.
  static const InstalledExamples& Get();

  // The folder of the package.
  std::string prefix() const { return folder_ / "prefix"; }
  // The build folder of "settlement" or "nir".
  std::string BuildFolder(const std::string& example) const {
    return folder_ / (example + "-build");
  }
  std::string Settlement() const { return BuildFolder("settlement") + "/settlement-findings"; }
  std::string Nir() const { return BuildFolder("nir") + "/nir-targets"; }
  // The register's shares that come with the example.
  std::string Shares() const { return folder_ / "nir/register_shares.csv"; }

 private:
  InstalledExamples();
  void InstallAndBuild() const;
  void Build(const std::string& example) const;

  testing_support::TempFolder folder_;
};

}  // namespace imdi::e2e
