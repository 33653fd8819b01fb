#pragma once

// The counts of a cell by the plainest loop over all units: what the answer matrix must agree with.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "services/domain/derivation.h"
#include "services/domain/edition_counts.h"
#include "services/domain/expression.h"
#include "services/domain/figure_plan.h"

namespace imdi::testing_support {

// How one unit stands in one cell.
struct NaiveUnit {
  bool invited = false;
  bool complete = false;
  bool partial = false;
  bool possible = false;
  bool in_base = false;
  bool numerator = false;
  bool filter_unknown = false;
  bool item_nonresponse = false;
  bool responded() const { return complete || partial; }
};

inline bool InGroup(const domain::FigurePlan& plan, const domain::FigurePlan::Cell& cell,
                    domain::UnitIndex unit) {
  const domain::FigurePlan::Breakdown& breakdown = plan.breakdowns()[cell.breakdown];
  for (size_t i = 0; i < breakdown.attributes.size(); ++i) {
    if (plan.frame().GroupOf(unit, breakdown.attributes[i]) !=
        breakdown.groups[cell.group].codes[i])
      return false;
  }
  return true;
}

// The number that a unit brings; none where it gave no such number.
inline std::optional<int64_t> NumberOf(const domain::FigurePlan& plan,
                                       const domain::CompiledIndicator::Measure& measure,
                                       domain::UnitIndex unit,
                                       const domain::DerivedResponse* response) {
  using Source = domain::CompiledIndicator::Measure::Source;
  const domain::UnitFacts facts = plan.frame().FactsOf(unit);
  int64_t number = 0;
  if (measure.source == Source::kOne) {
    number = 1;
  } else if (measure.source == Source::kFrame) {
    number = plan.frame().unit(unit).population();
  } else {
    if (response == nullptr || response->states[measure.item] != domain::ItemState::kAnswered)
      return std::nullopt;
    const domain::AnswerValue& value = response->answers[measure.item];
    if (measure.source == Source::kNumber) {
      if (value.kind != domain::AnswerValue::Kind::kNumber || value.number > domain::kMeasureMax ||
          value.number < -domain::kMeasureMax)
        return std::nullopt;
      number = value.number;
    } else if (measure.source == Source::kScores) {
      bool scored = false;
      for (const auto& [code, score] : measure.scores) {
        if (code != value.code) continue;
        scored = true;
        number = score;
      }
      if (!scored) return std::nullopt;
    } else {
      for (int32_t code = 1; code < 90; ++code) number += value.codes.Has(code) ? 1 : 0;
    }
  }
  if (measure.when.empty()) return number;
  domain::UnitAnswers view;
  if (response != nullptr) view = response->View(facts);
  view.unit = facts;
  return domain::Evaluate(measure.when, view) == domain::Kleene::kTrue ? number : 0;
}

inline NaiveUnit StandingOf(const domain::FigurePlan& plan, const domain::FigurePlan::Cell& cell,
                            domain::UnitIndex unit, const domain::DerivedResponse* response,
                            domain::model::Disposition set_by_team) {
  namespace model = domain::model;
  using domain::Kleene;
  const domain::FigurePlan::Block& block = plan.blocks()[cell.block];
  const domain::CompiledIndicator& indicator = plan.IndicatorOf(block);
  NaiveUnit out;
  const model::Disposition disposition = domain::FinalDisposition(
      plan.frame().unit(unit).out_of_scope(), set_by_team,
      response == nullptr ? model::DISPOSITION_UNSPECIFIED : response->outcome);
  if (disposition == model::DISPOSITION_OUT_OF_SCOPE) return out;
  out.invited = true;
  out.complete = disposition == model::DISPOSITION_COMPLETE;
  out.partial = disposition == model::DISPOSITION_PARTIAL;
  if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
    out.possible = true;
    out.in_base = true;
    out.numerator = out.responded();
    return out;
  }
  if (indicator.not_asked()) {
    out.possible = true;
    return out;
  }
  const domain::UnitFacts facts = plan.frame().FactsOf(unit);
  const domain::Expression& base = plan.BasisOf(block).base;
  out.possible = domain::CanBeTrue(base, facts, plan.questionnaire().ScopeFor(facts.type));
  if (!out.responded()) return out;
  // Who answered and has no number for it is in no base, whatever else was left open.
  if (indicator.numeric()) {
    for (const auto* measure : {&indicator.measure(), &indicator.denominator()}) {
      if (measure->item != domain::kNoItem &&
          response->states[measure->item] == domain::ItemState::kAnswered &&
          !NumberOf(plan, *measure, unit, response).has_value())
        return out;
    }
  }
  const domain::UnitAnswers view = response->View(facts);
  if (domain::Evaluate(base, view) == Kleene::kTrue) {
    out.in_base = true;
    if (indicator.kind() == model::INDICATOR_KIND_SHARE) {
      out.numerator = domain::Evaluate(indicator.numerator(), view) == Kleene::kTrue;
    } else if (!indicator.numeric() &&
               response->states[indicator.item()] == domain::ItemState::kAnswered) {
      const int32_t code = block.categories[cell.category];
      const domain::AnswerValue& value = response->answers[indicator.item()];
      out.numerator = value.kind == domain::AnswerValue::Kind::kCode ? value.code == code
                                                                     : value.codes.Has(code);
    }
    return out;
  }
  // What it would be had every question that was put been answered, and had nobody said "don't
  // know".
  const Kleene asked =
      domain::Evaluate(base, view, {.dont_know_is_unknown = false, .answered_means_routed = true});
  const Kleene open =
      domain::Evaluate(base, view, {.dont_know_is_unknown = true, .answered_means_routed = true});
  out.item_nonresponse = asked == Kleene::kTrue;
  out.filter_unknown =
      !out.item_nonresponse && (asked == Kleene::kUnknown || open == Kleene::kUnknown);
  return out;
}

inline domain::CellState NaiveState(const domain::CompiledIndicator& indicator,
                                    const domain::CellCounts& counts,
                                    domain::model::EditionState edition) {
  namespace model = domain::model;
  using domain::CellState;
  if (indicator.not_asked()) return CellState::kNotAsked;
  if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
    if (counts.invited == 0) return CellState::kNotApplicable;
    const bool begun = edition != model::EDITION_STATE_DRAFT || counts.responded > 0;
    return begun ? CellState::kValue : CellState::kNotYet;
  }
  if (counts.in_base > 0) return CellState::kValue;
  if (counts.possible == 0) return CellState::kNotApplicable;
  if (counts.item_nonresponse > 0) return CellState::kNoAnswer;
  if (counts.filter_unknown > 0) return CellState::kFilterUnknown;
  const bool closed = edition == model::EDITION_STATE_CLOSED;
  if (counts.silent_possible > 0) return closed ? CellState::kNoAnswer : CellState::kNotYet;
  return CellState::kNotApplicable;
}

// `responses` (null = none) and `set_by_team` by unit.
inline domain::CellCounts CountNaively(const domain::FigurePlan& plan,
                                       const domain::FigurePlan::Cell& cell,
                                       std::span<const domain::DerivedResponse* const> responses,
                                       std::span<const domain::model::Disposition> set_by_team,
                                       domain::model::EditionState state) {
  domain::CellCounts out;
  const domain::CompiledIndicator& indicator = plan.IndicatorOf(plan.blocks()[cell.block]);
  for (domain::UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
    if (!InGroup(plan, cell, unit)) continue;
    const NaiveUnit one = StandingOf(plan, cell, unit, responses[unit], set_by_team[unit]);
    out.invited += one.invited;
    out.complete += one.complete;
    out.partial += one.partial;
    out.responded += one.responded();
    out.possible += one.possible;
    out.silent_possible += one.possible && !one.responded();
    out.in_base += one.in_base;
    out.numerator += one.numerator;
    out.filter_unknown += one.filter_unknown;
    out.item_nonresponse += one.item_nonresponse;
    out.not_in_base += indicator.kind() != domain::model::INDICATOR_KIND_OUTCOME_RATE &&
                       one.responded() && !one.in_base && !one.filter_unknown &&
                       !one.item_nonresponse;
  }
  out.state = NaiveState(indicator, out, state);
  return out;
}

}  // namespace imdi::testing_support
