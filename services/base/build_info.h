#pragma once

// Which build this is. Programs link imdi::build_info, whose source is written at each build.

#include <string_view>

namespace imdi::base {

struct BuildInfo {
  std::string_view version;  // "0.1.0"
  std::string_view
      revision;  // Of the source, "fbbfdca7…" or "fbbfdca7…-dirty"; "unknown" without git.
  std::string_view compiler;  // "GNU 12.2.0"
};

const BuildInfo& ThisBuild();

}  // namespace imdi::base
