#pragma once

// One step after the other of an explanation, and numbers as they stand in formulas.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imdi/survey/query/v1/explanation.pb.h"

namespace imdi::figures {

// A formula with numbers put in is left out where it would be longer.
inline constexpr size_t kSubstitutedBytesMax = 400;

// Ten digits: the full value stands in the step that it comes from.
std::string Number(double value);

class Steps {
 public:
  void Add(std::string_view symbol, survey::model::v1::LocalizedText title,
           std::string_view formula, std::string_view substituted, double result);
  std::vector<survey::query::v1::FormulaStep> Take() && { return std::move(steps_); }

 private:
  std::vector<survey::query::v1::FormulaStep> steps_;
};

}  // namespace imdi::figures
