#pragma once

// How a figure or a change is computed, as people read it: what it counts, its weights, the counts
// and sums by line, the steps, the definitions.

#include <functional>
#include <string>

#include "imdi/survey/model/v1/text.pb.h"
#include "imdi/survey/query/v1/explanation.pb.h"

namespace imdi::cli {

namespace query_api = ::imdi::survey::query::v1;

// The words of a text in the language wanted.
using LabelOf = std::function<std::string(const survey::model::v1::LocalizedText&)>;

std::string ExplanationText(const query_api::Explanation& answer, const LabelOf& label);

}  // namespace imdi::cli
