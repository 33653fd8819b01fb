#pragma once

// Numbers of units as documents name them, read against one edition.

#include <string>
#include <vector>

#include "imdi/survey/model/v1/measure.pb.h"
#include "services/domain/indicator.h"
#include "services/domain/indicator_reader.h"

namespace imdi::domain {

inline constexpr int32_t kScoreMax = 1000;  // Of a code, to either side; refused BAD_BOUNDS.

// What can be said of a measure without knowing an edition. `path` is that of the field.
void CheckMeasure(const std::string& path, const model::Measure& measure, DefinitionFindings& out);

struct CompiledMeasure {
  CompiledIndicator::Measure measure;
  // What a unit must have answered to have the number, as a condition of its base: "answered(X)"
  // or "X in (1,2)"; empty for numbers of the frame.
  std::string needs;
};
// `measure` has passed CheckMeasure; what is wrong, or not asked, stands in the reader.
CompiledMeasure CompileMeasure(const std::string& path, const model::Measure& measure,
                               IndicatorReader& reader);

// For a measure of a number of the frame: NUMBER_UNKNOWN where a unit that a base can hold has
// none, OSLO_TWICE where a base can hold a municipality and districts of it.
void CheckFrameNumber(const std::string& path, const CompiledIndicator::Measure& measure,
                      const std::vector<CompiledIndicator::Basis>& bases, IndicatorReader& reader);

}  // namespace imdi::domain
