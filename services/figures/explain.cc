#include "services/figures/explain.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/base/text.h"
#include "services/figures/change_steps.h"
#include "services/figures/edition_figures.h"
#include "services/figures/formula_steps.h"

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

// Definitions that a figure rests on: not the sentences about it, and no other indicator.
bool RestsOn(std::string_view definition, std::string_view indicator_name) {
  if (definition.starts_with("indicators/")) return definition == indicator_name;
  return definition.starts_with("editions/") &&
         definition.find("/claims/") == std::string_view::npos;
}

}  // namespace

query_pb::Explanation Explain(const store_pb::ReleaseFigure& figure,
                              const store_pb::ReleaseHeader& header) {
  query_pb::Explanation out;
  *out.mutable_figure() = figure.figure();
  const int count = figure.strata_size();
  for (int i = 0; i < count; ++i) {
    const int place = static_cast<int>(figure.strata(i));
    if (place >= header.strata_size() || i >= figure.domain_frame_size() ||
        i >= figure.base_size() || i >= figure.yes_size()) {
      break;
    }
    query_pb::StratumEvidence& stratum = *out.add_strata();
    stratum = header.strata(place);
    stratum.set_domain_frame(static_cast<int32_t>(figure.domain_frame(i)));
    stratum.set_base(static_cast<int32_t>(figure.base(i)));
    stratum.set_yes(static_cast<int32_t>(figure.yes(i)));
  }
  *out.mutable_collapsed() = header.collapsed();
  out.set_log_id(header.log_id());
  out.set_position(header.position());

  const std::vector<std::string_view> pieces = PiecesOf(figure.figure().name());
  const std::string indicator_name = base::StrCat("indicators/", pieces[0]);
  for (const query_pb::DefinitionRevision& definition : header.definitions()) {
    if (RestsOn(definition.name(), indicator_name)) *out.add_definitions() = definition;
  }
  const query_pb::IndicatorInfo* indicator = nullptr;
  for (const query_pb::IndicatorInfo& one : header.indicators()) {
    if (one.name() == indicator_name) indicator = &one;
  }
  if (indicator == nullptr) return out;
  out.set_numerator_expression(NumeratorOf(*indicator, pieces));
  bool given_by_frame = false;
  for (const query_pb::BasisInfo& basis : indicator->bases()) {
    if (pieces.size() < 2 || basis.id() != pieces[1]) continue;
    out.set_base_expression(basis.expression());
    given_by_frame = basis.given_by_frame();
  }
  if (figure.figure().rule_version() != kRuleVersion) return out;
  const std::vector<query_pb::StratumEvidence> strata(out.strata().begin(), out.strata().end());
  const std::vector<query_pb::FormulaStep> steps =
      indicator->kind() == model::INDICATOR_KIND_OUTCOME_RATE
          ? StepsOfRate(figure.figure())
          : StepsOfShare(figure.figure(), strata, given_by_frame);
  out.mutable_steps()->Assign(steps.begin(), steps.end());
  return out;
}

query_pb::Explanation ExplainChange(const query_pb::ChangeFigure& change,
                                    std::span<const query_pb::ChangeStratum> strata,
                                    const store_pb::ReleaseFigure& later,
                                    const store_pb::ReleaseHeader& header) {
  query_pb::Explanation out = Explain(later, header);
  out.clear_strata();
  out.clear_collapsed();
  out.clear_steps();
  *out.mutable_change() = change;
  out.mutable_change_strata()->Assign(strata.begin(), strata.end());
  if (later.figure().rule_version() != kRuleVersion) return out;
  const std::vector<query_pb::FormulaStep> steps = StepsOfChange(change, strata);
  out.mutable_steps()->Assign(steps.begin(), steps.end());
  return out;
}

}  // namespace imdi::figures
