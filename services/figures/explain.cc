#include "services/figures/explain.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/text.h"
#include "services/figures/change_steps.h"
#include "services/figures/edition_figures.h"
#include "services/figures/figure_estimate.h"
#include "services/figures/formula_steps.h"
#include "services/figures/number_steps.h"
#include "services/figures/quantile_steps.h"
#include "services/figures/texts.h"
#include "services/figures/weight_set_info.h"

namespace imdi::figures {
namespace {

constexpr std::string_view kAnswerMark = "{answer}";
constexpr std::string_view kAnswerPrefix = "answer=";

// Pieces of a cell name: {indicator}, {basis}, then key=value.
std::vector<std::string_view> PiecesOf(std::string_view cell) {
  std::vector<std::string_view> out;
  while (true) {
    const size_t dot = cell.find('.');
    out.push_back(cell.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    cell.remove_prefix(dot + 1);
  }
}

std::string NumeratorOf(const query_pb::IndicatorInfo& indicator,
                        std::span<const std::string_view> pieces) {
  // Numeric kinds have none: their measure says what is summed.
  std::string out = indicator.numerator();
  const size_t mark = out.find(kAnswerMark);
  if (mark == std::string::npos) return out;
  for (const std::string_view piece : pieces) {
    if (!piece.starts_with(kAnswerPrefix)) continue;
    out.replace(mark, kAnswerMark.size(), piece.substr(kAnswerPrefix.size()));
    break;
  }
  return out;
}

// Definitions that a figure rests on: not the sentences about it, no other indicator, no other
// weights.
bool RestsOn(std::string_view definition, std::string_view indicator_name,
             std::string_view weight_set) {
  if (definition.starts_with("indicators/")) return definition == indicator_name;
  if (definition.starts_with("surveys/")) return definition == weight_set;
  return definition.starts_with("editions/") &&
         definition.find("/claims/") == std::string_view::npos;
}

// The set that a figure was weighted with; null = the built-in one.
const query_pb::WeightSetInfo* WeightsOf(const store_pb::ReleaseFigure& figure,
                                         const store_pb::ReleaseHeader& header) {
  const uint32_t place = figure.weight_set();
  if (place == 0 || place > static_cast<uint32_t>(header.weight_sets_size())) return nullptr;
  return &header.weight_sets(static_cast<int>(place) - 1);
}

// The lines of a figure; with calibrated weights all of the set, since a variance rests on all.
std::vector<query_pb::StratumEvidence> LinesOf(const store_pb::ReleaseFigure& figure,
                                               const store_pb::ReleaseHeader& header,
                                               const query_pb::WeightSetInfo* weights) {
  const auto& all = weights != nullptr ? weights->cells() : header.strata();
  const bool calibrated = weights != nullptr && IsCalibrated(*weights);
  std::vector<query_pb::StratumEvidence> out;
  if (calibrated) out.assign(all.begin(), all.end());
  for (int i = 0; i < figure.strata_size(); ++i) {
    const int place = static_cast<int>(figure.strata(i));
    if (place < 0 || place >= all.size() || i >= figure.domain_frame_size() ||
        i >= figure.base_size() || i >= figure.yes_size()) {
      break;
    }
    query_pb::StratumEvidence& line =
        calibrated ? out[static_cast<size_t>(place)] : out.emplace_back(all[place]);
    line.set_domain_frame(static_cast<int32_t>(figure.domain_frame(i)));
    line.set_base(static_cast<int32_t>(figure.base(i)));
    line.set_yes(static_cast<int32_t>(figure.yes(i)));
    if (i < figure.sums_size()) *line.mutable_sums() = figure.sums(i);
    if (i < figure.quantile_size()) *line.mutable_quantile() = figure.quantile(i);
  }
  return out;
}

// What was done to the weights, without their lines.
query_pb::WeightSetInfo WithoutLines(const query_pb::Figure& figure,
                                     const query_pb::WeightSetInfo* weights) {
  query_pb::WeightSetInfo out;
  if (weights != nullptr) {
    out = *weights;
    out.clear_cells();
    out.clear_collapsed();
    return out;
  }
  out.set_name(figure.weight_set());
  out.set_method(model::WEIGHT_METHOD_STRATA);
  *out.mutable_title() = Text("lag etter region og storleik", "lag etter region og størrelse",
                              "strata by region and size");
  return out;
}

std::vector<query_pb::FormulaStep> StepsOf(const query_pb::Figure& figure,
                                           const query_pb::IndicatorInfo& indicator,
                                           bool given_by_frame,
                                           const query_pb::WeightSetInfo* weights,
                                           std::span<const query_pb::StratumEvidence> lines) {
  if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) return StepsOfRate(figure);
  std::optional<RestoredWeights> restored;
  if (weights != nullptr && IsCalibrated(*weights)) {
    restored = RestoreWeights(*weights, lines);
    if (!restored.has_value() && figure.estimate().has_value()) return {};
  }
  const Ground ground(figure, lines, given_by_frame, restored.has_value() ? &*restored : nullptr);
  switch (indicator.kind()) {
    case model::INDICATOR_KIND_MEAN:
    case model::INDICATOR_KIND_TOTAL:
    case model::INDICATOR_KIND_RATIO:
      return StepsOfNumber(ground, indicator);
    case model::INDICATOR_KIND_QUANTILE:
      return StepsOfQuantile(ground, indicator);
    default:
      return StepsOfShare(ground, ChoiceOf(indicator.interval()));
  }
}

}  // namespace

query_pb::Explanation Explain(const store_pb::ReleaseFigure& figure,
                              const store_pb::ReleaseHeader& header) {
  query_pb::Explanation out;
  *out.mutable_figure() = figure.figure();
  const query_pb::WeightSetInfo* weights = WeightsOf(figure, header);
  const std::vector<query_pb::StratumEvidence> lines = LinesOf(figure, header, weights);
  out.mutable_strata()->Assign(lines.begin(), lines.end());
  *out.mutable_collapsed() = weights != nullptr ? weights->collapsed() : header.collapsed();
  if (!figure.figure().weight_set().empty())
    *out.mutable_weights() = WithoutLines(figure.figure(), weights);
  out.set_log_id(header.log_id());
  out.set_position(header.position());

  const std::vector<std::string_view> pieces = PiecesOf(figure.figure().name());
  const std::string indicator_name = base::StrCat("indicators/", pieces[0]);
  for (const query_pb::DefinitionRevision& definition : header.definitions()) {
    if (RestsOn(definition.name(), indicator_name, figure.figure().weight_set()))
      *out.add_definitions() = definition;
  }
  const query_pb::IndicatorInfo* indicator = nullptr;
  for (const query_pb::IndicatorInfo& one : header.indicators()) {
    if (one.name() == indicator_name) indicator = &one;
  }
  if (indicator == nullptr) return out;
  out.set_numerator_expression(NumeratorOf(*indicator, pieces));
  out.set_measure(indicator->measure());
  out.set_denominator(indicator->denominator());
  bool given_by_frame = false;
  for (const query_pb::BasisInfo& basis : indicator->bases()) {
    if (pieces.size() < 2 || basis.id() != pieces[1]) continue;
    out.set_base_expression(basis.expression());
    given_by_frame = basis.given_by_frame();
  }
  if (figure.figure().rule_version() != kRuleVersion) return out;
  const std::vector<query_pb::FormulaStep> steps =
      StepsOf(figure.figure(), *indicator, given_by_frame, weights, lines);
  out.mutable_steps()->Assign(steps.begin(), steps.end());
  return out;
}

query_pb::Explanation ExplainChange(const query_pb::ChangeFigure& change,
                                    const store_pb::ChangeEvidence& evidence,
                                    const store_pb::ReleaseFigure& later,
                                    const store_pb::ReleaseHeader& header) {
  query_pb::Explanation out = Explain(later, header);
  out.clear_strata();
  *out.mutable_collapsed() = evidence.collapsed();
  out.clear_steps();
  *out.mutable_change() = change;
  *out.mutable_change_strata() = evidence.strata();
  if (later.figure().rule_version() != kRuleVersion) return out;
  const std::vector<query_pb::ChangeStratum> strata(evidence.strata().begin(),
                                                    evidence.strata().end());
  const std::vector<query_pb::FormulaStep> steps = StepsOfChange(change, strata);
  out.mutable_steps()->Assign(steps.begin(), steps.end());
  return out;
}

absl::StatusOr<query_pb::Explanation> Fitted(query_pb::Explanation explanation, size_t bytes_max) {
  if (explanation.ByteSizeLong() > bytes_max) {
    std::vector<query_pb::FormulaStep> kept;
    std::map<std::string, size_t> places;  // Of the step for all strata, by what each is called.
    for (query_pb::FormulaStep& step : *explanation.mutable_steps()) {
      const size_t bracket = step.symbol().find('[');  // "V[1.2]"
      if (bracket == std::string::npos) {
        kept.push_back(std::move(step));
        continue;
      }
      const std::string sign = step.symbol().substr(0, bracket);
      const auto [place, fresh] = places.emplace(sign, kept.size());
      if (fresh) {
        query_pb::FormulaStep& sum = kept.emplace_back();
        sum.set_symbol(base::StrCat("sum ", sign, "[h]"));
        *sum.mutable_title() =
            Text("summen av alle lag; dei einskilde er utelatne, svaret er stort",
                 "summen av alle lag; de enkelte er utelatt, svaret er stort",
                 "all strata together; each is left out, the answer is large");
      }
      query_pb::FormulaStep& sum = kept[place->second];
      sum.set_result(sum.result() + step.result());
      if (sum.formula().find(step.formula()) == std::string::npos)
        sum.set_formula(base::StrCat(sum.formula(), sum.formula().empty() ? "each: " : "; or ",
                                     step.formula()));
    }
    explanation.mutable_steps()->Assign(kept.begin(), kept.end());
  }
  const size_t bytes = explanation.ByteSizeLong();
  if (bytes <= bytes_max) return explanation;
  return base::Error(
      base::Reason::kTooLarge,
      base::StrCat("the explanation of ", explanation.figure().name(), " has ", bytes,
                   " bytes for its ", explanation.strata_size() + explanation.change_strata_size(),
                   " lines, over ", bytes_max,
                   "; join levels of the variables that its weights are made by"));
}

}  // namespace imdi::figures
