#pragma once

// Reads the survey documents (YAML) into the definitions they stand for. It checks nothing: whoever
// applies the documents does that.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/model/v1/definition.pb.h"

namespace imdi::demo {

// Every document below the folder, in order of path.
absl::StatusOr<std::vector<survey::model::v1::Definition>> ReadDocuments(const std::string& folder);

}  // namespace imdi::demo
