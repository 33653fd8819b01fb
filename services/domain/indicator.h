#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "imdi/survey/model/v1/indicator.pb.h"
#include "services/domain/expression.h"
#include "services/domain/frame.h"
#include "services/domain/questionnaire.h"

namespace imdi::domain {

// The basis of an OUTCOME_RATE that names none.
inline constexpr std::string_view kFrameBasis = "FRAME";

// An indicator as it is counted in one edition: expressions over that edition's questionnaire and
// frame. Immutable.
class CompiledIndicator {
 public:
  struct Basis {
    std::string id;
    model::LocalizedText title;
    Expression base;  // Empty for OUTCOME_RATE.
  };
  struct Result {
    std::shared_ptr<const CompiledIndicator> indicator;  // Null exactly when there are findings.
    DefinitionFindings findings;
  };
  static Result Compile(const model::Indicator& indicator,
                        const CompiledQuestionnaire& questionnaire, const CompiledFrame& frame);

  const std::string& id() const { return id_; }
  model::IndicatorKind kind() const { return definition_.kind(); }
  const model::Indicator& definition() const { return definition_; }
  const Expression& numerator() const { return numerator_; }
  const std::vector<Basis>& bases() const { return bases_; }
  // Attribute numbers of the frame.
  const std::vector<uint32_t>& breakdowns() const { return breakdowns_; }
  // True where the edition did not field a question that it reads: every figure is NOT_ASKED.
  bool not_asked() const { return not_asked_; }

 private:
  CompiledIndicator() = default;
  std::string id_;
  model::Indicator definition_;
  Expression numerator_;
  std::vector<Basis> bases_;
  std::vector<uint32_t> breakdowns_;
  bool not_asked_ = false;
};

// What can be said of an indicator without knowing an edition: names, kind, texts, bounds.
DefinitionFindings CheckIndicator(const model::Indicator& indicator);

}  // namespace imdi::domain
