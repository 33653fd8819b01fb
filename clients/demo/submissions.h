#pragma once

// The lines of the answers file, in the order in which they are to be sent.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/demo/survey.h"

namespace imdi::demo {

// The header, then for each edition: open, submissions (with corrections and a withdrawal),
// dispositions, close.
absl::StatusOr<std::vector<std::string>> MakeLines(const Survey& survey);

}  // namespace imdi::demo
