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
  // Condition of every base, "answered(X)": who was asked and left it blank is item non-response
  // there. Empty for numbers of the frame.
  std::string needs;
  // There are answers without a number ("don't know", a code without a score): who gave one has
  // answered, and is in no base.
  bool answers_without = false;
};
// `measure` has passed CheckMeasure; what is wrong, or not asked, stands in the reader.
CompiledMeasure CompileMeasure(const std::string& path, const model::Measure& measure,
                               IndicatorReader& reader);

// What a ratio is divided by is never negative: DENOMINATOR_NEGATIVE.
void CheckDenominator(const std::string& path, const CompiledIndicator::Measure& measure,
                      IndicatorReader& reader);

// For numbers of the frame: NUMBER_UNKNOWN where a unit whose number can count in a base has none,
// OSLO_TWICE, once for a base, where it can hold a municipality and districts of it. Where `when`
// cannot hold a unit adds nothing to a ratio or a total; to a mean or a quantile it does.
void CheckFrameNumbers(const CompiledIndicator& indicator, IndicatorReader& reader);

}  // namespace imdi::domain
