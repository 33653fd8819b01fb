#pragma once

// Changes of the demonstration answers to 2017 that turn a sentence of the report: for each
// sentence that states something, the fewest changed answers of one kind, found here by counting.

#include <string>
#include <vector>

#include "tests/unit/demo/demo_answers.h"

namespace imdi::demo_test {

struct ClaimFlip {
  std::string claim;  // F03
  std::string what;
  Responses changed;                   // Units with all their answers as they then are.
  std::vector<std::string> withdrawn;  // Units that then have none.
  // The first figure of the sentence afterwards; numerator and base.
  int numerator = 0;
  int base = 0;
};

// For F00 to F10. In every case the sentence is then contradicted.
const std::vector<ClaimFlip>& ClaimFlips();

}  // namespace imdi::demo_test
