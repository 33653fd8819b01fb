#pragma once

// A weight set as an edition's frame takes it: which non-response strata, and which cells share a
// weight once it is calibrated. The weights themselves follow from who answered
// (FigurePlan::WeightLayout, calibrated_weights.h).

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "imdi/survey/model/v1/weight_set.pb.h"
#include "services/domain/frame.h"
#include "services/domain/types.h"

namespace imdi::domain {

inline constexpr int kMarginsMax = 8;           // Of a weight set; refused TOO_MANY_MARGINS.
inline constexpr int kMarginAttributesMax = 3;  // Of a margin; refused BAD_MARGIN.

// Id of the built-in set of every survey.
inline constexpr std::string_view kBuiltInWeights = "NONRESPONSE";

// Survey and id out of surveys/{survey}/weightSets/{weight_set}; both empty when the name is not of
// that form.
struct WeightSetName {
  std::string_view survey;
  std::string_view id;
};
WeightSetName WeightSetNameOf(std::string_view name);
// Whether a name, as an indicator has it, means the built-in set: empty, or a survey's NONRESPONSE.
bool IsBuiltInWeights(std::string_view name);
// Resource name of the built-in set of a survey.
std::string BuiltInWeightsOf(std::string_view survey);

// A weight set over one frame. Immutable.
class CompiledWeightSet {
 public:
  struct Result {
    std::shared_ptr<const CompiledWeightSet> set;  // Null exactly when there are findings.
    DefinitionFindings findings;
  };
  // `definition` has passed CheckWeightSet. Findings: UNKNOWN_VARIABLE, NUMBER_UNKNOWN (a unit that
  // is in scope and of which the frame does not know a total's number).
  static Result Compile(const model::WeightSet& definition, const CompiledFrame& frame);

  const model::WeightSet& definition() const { return definition_; }
  const std::string& name() const { return definition_.name(); }
  model::WeightMethod method() const { return definition_.method(); }
  // Variables of the strata, the built-in ones where the document names none.
  const std::string& within() const { return within_; }
  const std::string& along() const { return along_; }
  // Attribute numbers of the frame, by margin, in the order of the document.
  const std::vector<std::vector<uint32_t>>& margins() const { return margins_; }
  const std::vector<model::FrameNumber>& totals() const { return totals_; }

 private:
  CompiledWeightSet() = default;
  model::WeightSet definition_;
  std::string within_;
  std::string along_;
  std::vector<std::vector<uint32_t>> margins_;
  std::vector<model::FrameNumber> totals_;
};

// What can be said of a weight set without knowing a frame: name, texts, method against margins and
// totals.
DefinitionFindings CheckWeightSet(const model::WeightSet& definition);

// A number that the frame holds of a unit; 0 = not known, or more than sums hold (kMeasureMax),
// which is refused at apply and may stand in an older log.
int64_t NumberOf(const CompiledFrame& frame, UnitIndex unit, model::FrameNumber number);
// What it is called in the words of definitions and explanations.
std::string_view FrameNumberName(model::FrameNumber number);

}  // namespace imdi::domain
