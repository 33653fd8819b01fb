#pragma once

// Findings as tests compare them: "path RULE", each with a message and a remedy.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/domain/types.h"

namespace imdi::domain {

inline std::vector<std::string> Say(const DefinitionFindings& findings) {
  std::vector<std::string> out;
  for (const DefinitionFinding& finding : findings) {
    EXPECT_NE(finding.message, "") << finding.path;
    EXPECT_NE(finding.remedy, "") << finding.path;
    out.push_back(finding.path + " " + finding.rule);
  }
  return out;
}

}  // namespace imdi::domain
