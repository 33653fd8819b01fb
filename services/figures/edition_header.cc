// EditionFigures::Header: what all figures of an edition share.

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/base/text.h"
#include "services/figures/edition_figures.h"
#include "services/figures/figure_estimate.h"
#include "services/figures/group_labels.h"
#include "services/figures/method_note.h"
#include "services/figures/stratum_labels.h"
#include "services/figures/weight_set_info.h"

namespace imdi::figures {
namespace {

query_pb::EditionFacts FactsOf(const domain::Catalog::EditionEntry& entry) {
  query_pb::EditionFacts out;
  out.set_name(base::StrCat("editions/", entry.id));
  if (entry.definition != nullptr) {
    *out.mutable_title() = entry.definition->title();
    out.set_reference_year(entry.definition->reference_year());
    out.set_survey(entry.definition->survey());
  }
  out.set_state(entry.state);
  return out;
}

// Documents of the edition and of its survey, and the indicators and weight sets that it has.
std::vector<query_pb::DefinitionRevision> DefinitionsOf(const domain::Catalog& catalog,
                                                        const domain::Catalog::EditionEntry& entry,
                                                        const domain::FigurePlan& plan) {
  const std::string edition = base::StrCat("editions/", entry.id);
  const std::string of_edition = base::StrCat(edition, "/");
  const std::string of_survey = entry.definition == nullptr
                                    ? of_edition
                                    : base::StrCat("surveys/", entry.definition->survey(), "/");
  std::set<std::string, std::less<>> indicators;
  for (const auto& indicator : plan.indicators()) indicators.insert(indicator->id());
  std::set<std::string, std::less<>> weight_sets;
  for (const domain::FigurePlan::WeightLayout& layout : plan.layouts()) {
    if (layout.set != nullptr) weight_sets.insert(layout.set->name());
  }
  std::vector<query_pb::DefinitionRevision> out;
  for (const std::string& name : catalog.Names()) {
    const std::string_view indicator = domain::IndicatorIdOf(name);
    const bool used = name == edition || name.starts_with(of_edition) ||
                      (name.starts_with(of_survey) && domain::WeightSetNameOf(name).id.empty()) ||
                      weight_sets.contains(name) ||
                      (!indicator.empty() && indicators.contains(indicator));
    if (!used) continue;
    query_pb::DefinitionRevision& one = out.emplace_back();
    one.set_name(name);
    one.set_revision(catalog.RevisionOf(name));
  }
  return out;
}

std::string NumeratorOf(const domain::CompiledIndicator& indicator,
                        const domain::CompiledQuestionnaire& questionnaire) {
  switch (indicator.kind()) {
    case model::INDICATOR_KIND_SHARE:
      return indicator.numerator().Print();
    case model::INDICATOR_KIND_DISTRIBUTION: {
      if (indicator.item() == domain::kNoItem) return "";
      const domain::Item& item = questionnaire.items()[indicator.item()];
      return item.type == domain::ValueType::kCodeSet ? base::StrCat(item.id, " has_any ({answer})")
                                                      : base::StrCat(item.id, " == {answer}");
    }
    default:
      return "";
  }
}

query_pb::BreakdownInfo BreakdownOf(const domain::FigurePlan& plan, uint32_t number) {
  const domain::FigurePlan::Breakdown& breakdown = plan.breakdowns()[number];
  query_pb::BreakdownInfo out;
  for (const uint32_t attribute : breakdown.attributes) {
    out.add_attributes(plan.frame().attributes()[attribute].id);
    *out.add_titles() = plan.frame().attributes()[attribute].title;
  }
  for (uint32_t group = 0; group < breakdown.groups.size(); ++group) {
    query_pb::LabelledCode& code = *out.add_groups();
    code.set_code(GroupCode(plan.frame(), breakdown, group));
    *code.mutable_title() = GroupTitle(plan.frame(), breakdown, group);
  }
  return out;
}

void PutNumbers(const domain::CompiledIndicator& indicator,
                const domain::CompiledQuestionnaire& questionnaire, query_pb::IndicatorInfo& out) {
  if (!indicator.numeric()) return;
  *out.mutable_unit() = indicator.definition().unit();
  out.set_measure(indicator.measure().text);
  if (indicator.kind() == model::INDICATOR_KIND_RATIO)
    out.set_denominator(indicator.denominator().text);
  if (indicator.kind() == model::INDICATOR_KIND_QUANTILE)
    out.set_quantile_thousandths(indicator.quantile_thousandths());
  if (const auto bounds = BoundsOf(indicator, questionnaire); bounds.has_value()) {
    out.set_measure_least(bounds->least);
    out.set_measure_most(bounds->most);
  }
}

query_pb::IndicatorInfo InfoOf(const EditionFigures& edition, uint32_t number,
                               const std::vector<query_pb::BreakdownInfo>& breakdowns) {
  const domain::FigurePlan& plan = edition.plan();
  const domain::CompiledIndicator& indicator = *plan.indicators()[number];
  query_pb::IndicatorInfo out;
  out.set_name(base::StrCat("indicators/", indicator.id()));
  *out.mutable_title() = indicator.definition().title();
  out.set_kind(indicator.kind());
  out.set_automatic(indicator.automatic());
  if (const auto* document = edition.catalog().FindIndicator(indicator.id());
      document != nullptr && !indicator.automatic()) {
    out.set_revision(document->revision);
  }
  out.set_question(indicator.definition().question());
  out.set_decimals(indicator.definition().precision());
  for (const domain::CompiledIndicator::Basis& basis : indicator.bases()) {
    query_pb::BasisInfo& info = *out.add_bases();
    info.set_id(basis.id);
    *info.mutable_title() = basis.title;
    info.set_expression(basis.base.Print());
    info.set_given_by_frame(basis.kind == domain::BaseKind::kFrame);
  }
  for (const domain::CompiledIndicator::Category& category : indicator.categories()) {
    query_pb::LabelledCode& code = *out.add_categories();
    code.set_code(base::StrCat(category.code));
    *code.mutable_title() = category.title;
  }
  // Blocks of one indicator share their breakdowns; the first is as good as any.
  for (const domain::FigurePlan::Block& block : plan.blocks()) {
    if (block.indicator != number) continue;
    for (const uint32_t breakdown : block.breakdowns) {
      if (!breakdowns[breakdown].attributes().empty())
        *out.add_breakdowns() = breakdowns[breakdown];
    }
    break;
  }
  out.set_not_asked(indicator.not_asked());
  out.set_policy(indicator.definition().policy());
  out.set_numerator(NumeratorOf(indicator, plan.questionnaire()));
  out.set_place(static_cast<int32_t>(number));
  PutNumbers(indicator, plan.questionnaire(), out);
  if (indicator.weights() != nullptr) out.set_weights(indicator.weights()->name());
  out.set_interval(indicator.definition().interval());
  return out;
}

}  // namespace

store_pb::ReleaseHeader EditionFigures::Header() const {
  store_pb::ReleaseHeader out;
  out.set_edition(edition_);
  out.set_rule_version(kRuleVersion);
  *out.mutable_edition_facts() = FactsOf(*entry_);
  const auto definitions = DefinitionsOf(*catalog_, *entry_, plan());
  out.mutable_definitions()->Assign(definitions.begin(), definitions.end());

  std::vector<query_pb::BreakdownInfo> breakdowns;
  for (uint32_t i = 0; i < plan().breakdowns().size(); ++i) {
    breakdowns.push_back(BreakdownOf(plan(), i));
  }
  std::vector<query_pb::IndicatorInfo> indicators;
  for (uint32_t i = 0; i < plan().indicators().size(); ++i) {
    indicators.push_back(InfoOf(*this, i, breakdowns));
  }
  std::sort(indicators.begin(), indicators.end(),
            [](const query_pb::IndicatorInfo& a, const query_pb::IndicatorInfo& b) {
              return a.name() < b.name();
            });
  out.mutable_indicators()->Assign(indicators.begin(), indicators.end());

  const auto strata = StrataInfos(*counts_);
  out.mutable_strata()->Assign(strata.begin(), strata.end());
  const auto collapsed = CollapsedInfos(*counts_);
  out.mutable_collapsed()->Assign(collapsed.begin(), collapsed.end());
  const auto weight_sets = WeightSetInfos(*this);
  out.mutable_weight_sets()->Assign(weight_sets.begin(), weight_sets.end());
  *out.mutable_method_note() = MethodNoteOf(*this);
  out.set_figure_count(static_cast<int32_t>(size()));
  return out;
}

}  // namespace imdi::figures
