#include "services/domain/counts.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "services/base/text.h"

namespace imdi::domain {

int32_t UnitBits::Count() const {
  int32_t count = 0;
  for (const uint64_t word : words_) count += std::popcount(word);
  return count;
}

int32_t UnitBits::CountWith(const UnitBits& other) const {
  int32_t count = 0;
  for (size_t i = 0; i < words_.size(); ++i) count += std::popcount(words_[i] & other.words_[i]);
  return count;
}

std::string_view Name(CellState state) {
  switch (state) {
    case CellState::kValue:
      return "VALUE";
    case CellState::kNotAsked:
      return "NOT_ASKED";
    case CellState::kNotApplicable:
      return "NOT_APPLICABLE";
    case CellState::kNoAnswer:
      return "NO_ANSWER";
    case CellState::kNotYet:
      return "NOT_YET";
    case CellState::kFilterUnknown:
      return "FILTER_UNKNOWN";
  }
  return "NOT_YET";
}

std::string CellName(const CompiledIndicator& indicator, const CompiledFrame& frame,
                     const CellAddress& address) {
  std::string name = base::StrCat(indicator.id(), ".", indicator.bases()[address.basis].id);
  if (!address.total)
    base::StrAppend(name, ".", frame.attributes()[address.attribute].id, "=",
                    frame.GroupCode(address.attribute, address.group));
  return name;
}

namespace {

// How a unit that responded stands towards one basis.
enum class Standing : uint8_t { kInBase, kFilterUnknown, kItemNonresponse, kNotInBase };

Standing StandingOf(const Expression& base, const UnitAnswers& view) {
  const Kleene plain = Evaluate(base, view);
  if (plain == Kleene::kTrue) return Standing::kInBase;
  // What it would be had every question that was put been answered.
  const Kleene asked =
      Evaluate(base, view, {.dont_know_is_unknown = false, .answered_means_routed = true});
  if (asked == Kleene::kTrue) return Standing::kItemNonresponse;
  const Kleene open =
      Evaluate(base, view, {.dont_know_is_unknown = true, .answered_means_routed = true});
  return asked == Kleene::kUnknown || open == Kleene::kUnknown ? Standing::kFilterUnknown
                                                               : Standing::kNotInBase;
}

CellState StateOf(const CompiledIndicator& indicator, const CellCounts& counts,
                  model::EditionState edition) {
  if (indicator.not_asked()) return CellState::kNotAsked;
  if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
    if (counts.invited == 0) return CellState::kNotApplicable;
    return edition == model::EDITION_STATE_DRAFT && counts.responded == 0 ? CellState::kNotYet
                                                                          : CellState::kValue;
  }
  if (counts.in_base > 0) return CellState::kValue;
  if (counts.possible == 0) return CellState::kNotApplicable;
  if (counts.responded == 0)
    return edition == model::EDITION_STATE_CLOSED ? CellState::kNoAnswer : CellState::kNotYet;
  if (counts.item_nonresponse > 0) return CellState::kNoAnswer;
  return counts.filter_unknown > 0 ? CellState::kFilterUnknown : CellState::kNotApplicable;
}

}  // namespace

struct EditionCounter::Rows {
  struct Basis {
    explicit Basis(size_t units)
        : in_base(units),
          numerator(units),
          filter_unknown(units),
          item_nonresponse(units),
          possible(units),
          silent_possible(units) {}
    UnitBits in_base, numerator, filter_unknown, item_nonresponse, possible, silent_possible;
  };

  std::shared_ptr<const CompiledFrame> frame;
  std::shared_ptr<const CompiledQuestionnaire> questionnaire;
  std::vector<std::shared_ptr<const CompiledIndicator>> indicators;
  std::vector<model::Disposition> dispositions;
  // One row of units for each disposition, by its number.
  std::vector<UnitBits> by_disposition;
  UnitBits invited{0}, responded{0};
  std::vector<std::vector<Basis>> bases;         // By indicator.
  std::vector<std::vector<UnitBits>> groups;     // By attribute; the last row is "unknown".
  std::vector<std::vector<bool>> scope_by_type;  // By unit type.

  const UnitBits* GroupRow(const CellAddress& cell) const {
    return cell.total ? nullptr : &GroupRow(cell.attribute, cell.group);
  }
  const UnitBits& GroupRow(uint32_t attribute, uint16_t group) const {
    const auto& rows = groups[attribute];
    return group == kUnknownGroup ? rows.back() : rows[group];
  }
  static int32_t In(const UnitBits& bits, const UnitBits* group) {
    return group == nullptr ? bits.Count() : bits.CountWith(*group);
  }

  DispositionCounts Dispositions(const UnitBits* group) const {
    const auto of = [&](model::Disposition disposition) {
      return In(by_disposition[static_cast<size_t>(disposition)], group);
    };
    DispositionCounts out;
    out.complete = of(model::DISPOSITION_COMPLETE);
    out.partial = of(model::DISPOSITION_PARTIAL);
    out.breakoff = of(model::DISPOSITION_BREAKOFF);
    out.refusal = of(model::DISPOSITION_REFUSAL);
    out.non_contact = of(model::DISPOSITION_NON_CONTACT);
    out.out_of_scope = of(model::DISPOSITION_OUT_OF_SCOPE);
    out.frame = out.complete + out.partial + out.breakoff + out.refusal + out.non_contact +
                out.out_of_scope;
    return out;
  }
};

EditionCounter::EditionCounter(std::shared_ptr<const CompiledFrame> frame,
                               std::shared_ptr<const CompiledQuestionnaire> questionnaire,
                               std::vector<std::shared_ptr<const CompiledIndicator>> indicators)
    : rows_(std::make_unique<Rows>()) {
  const size_t units = frame->size();
  rows_->frame = std::move(frame);
  rows_->questionnaire = std::move(questionnaire);
  rows_->indicators = std::move(indicators);
  rows_->dispositions.assign(units, model::DISPOSITION_UNSPECIFIED);
  rows_->by_disposition.assign(model::Disposition_ARRAYSIZE, UnitBits(units));
  rows_->invited = UnitBits(units);
  rows_->responded = UnitBits(units);
  for (const auto& indicator : rows_->indicators)
    rows_->bases.emplace_back(indicator->bases().size(), Rows::Basis(units));
  for (uint32_t a = 0; a < rows_->frame->attributes().size(); ++a) {
    auto& groups = rows_->groups.emplace_back(rows_->frame->attributes()[a].groups.size() + 1,
                                              UnitBits(units));
    for (UnitIndex unit = 0; unit < units; ++unit) {
      const uint16_t group = rows_->frame->GroupOf(unit, a);
      (group == kUnknownGroup ? groups.back() : groups[group]).Assign(unit, true);
    }
  }
  for (int type = 0; type < model::UnitType_ARRAYSIZE; ++type) {
    rows_->scope_by_type.push_back(
        rows_->questionnaire == nullptr
            ? std::vector<bool>()
            : rows_->questionnaire->ScopeFor(static_cast<model::UnitType>(type)));
  }
  for (UnitIndex unit = 0; unit < units; ++unit)
    SetUnit(unit, nullptr, model::DISPOSITION_UNSPECIFIED);
}

EditionCounter::~EditionCounter() = default;
EditionCounter::EditionCounter(EditionCounter&&) noexcept = default;
EditionCounter& EditionCounter::operator=(EditionCounter&&) noexcept = default;

void EditionCounter::SetUnit(UnitIndex unit, const DerivedResponse* response,
                             model::Disposition set_by_team) {
  Rows& rows = *rows_;
  const model::Disposition outcome =
      response == nullptr ? model::DISPOSITION_UNSPECIFIED : response->outcome;
  const model::Disposition disposition =
      FinalDisposition(rows.frame->unit(unit).out_of_scope(), set_by_team, outcome);
  rows.dispositions[unit] = disposition;
  for (size_t d = 0; d < rows.by_disposition.size(); ++d)
    rows.by_disposition[d].Assign(unit, static_cast<size_t>(disposition) == d);
  const bool invited = disposition != model::DISPOSITION_OUT_OF_SCOPE;
  const bool responded =
      disposition == model::DISPOSITION_COMPLETE || disposition == model::DISPOSITION_PARTIAL;
  rows.invited.Assign(unit, invited);
  rows.responded.Assign(unit, responded);
  const UnitFacts facts = rows.frame->FactsOf(unit);
  for (size_t i = 0; i < rows.indicators.size(); ++i) {
    const CompiledIndicator& indicator = *rows.indicators[i];
    for (size_t b = 0; b < indicator.bases().size(); ++b) {
      Rows::Basis& row = rows.bases[i][b];
      bool in_base = false, numerator = false, filter_unknown = false, item_nonresponse = false;
      bool possible = invited;
      if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
        in_base = invited;
        numerator = responded;
      } else if (!indicator.not_asked()) {
        const Expression& base = indicator.bases()[b].base;
        possible =
            invited && CanBeTrue(base, facts, rows.scope_by_type[static_cast<size_t>(facts.type)]);
        if (responded) {
          const UnitAnswers view = response->View(facts);
          const Standing standing = StandingOf(base, view);
          in_base = standing == Standing::kInBase;
          numerator = in_base && Evaluate(indicator.numerator(), view) == Kleene::kTrue;
          filter_unknown = standing == Standing::kFilterUnknown;
          item_nonresponse = standing == Standing::kItemNonresponse;
        }
      }
      row.in_base.Assign(unit, in_base);
      row.numerator.Assign(unit, numerator);
      row.filter_unknown.Assign(unit, filter_unknown);
      row.item_nonresponse.Assign(unit, item_nonresponse);
      row.possible.Assign(unit, possible);
      row.silent_possible.Assign(unit, possible && !responded);
    }
  }
}

const CompiledFrame& EditionCounter::frame() const { return *rows_->frame; }
const std::vector<std::shared_ptr<const CompiledIndicator>>& EditionCounter::indicators() const {
  return rows_->indicators;
}
model::Disposition EditionCounter::DispositionOf(UnitIndex unit) const {
  return rows_->dispositions[unit];
}

std::vector<CellAddress> EditionCounter::Cells() const {
  std::vector<CellAddress> out;
  for (uint32_t i = 0; i < rows_->indicators.size(); ++i) {
    const CompiledIndicator& indicator = *rows_->indicators[i];
    for (uint32_t b = 0; b < indicator.bases().size(); ++b) {
      out.push_back({i, b, true, 0, kUnknownGroup});
      for (const uint32_t attribute : indicator.breakdowns()) {
        const CompiledFrame::Attribute& definition = rows_->frame->attributes()[attribute];
        for (size_t g = 0; g < definition.groups.size(); ++g)
          out.push_back({i, b, false, attribute, static_cast<uint16_t>(g)});
        if (definition.has_unknown) out.push_back({i, b, false, attribute, kUnknownGroup});
      }
    }
  }
  return out;
}

CellCounts EditionCounter::Count(const CellAddress& cell, model::EditionState state) const {
  const Rows& rows = *rows_;
  const UnitBits* group = rows.GroupRow(cell);
  const Rows::Basis& row = rows.bases[cell.indicator][cell.basis];
  const auto in = [&](const UnitBits& bits) { return Rows::In(bits, group); };
  CellCounts out;
  out.invited = in(rows.invited);
  out.responded = in(rows.responded);
  out.complete = in(rows.by_disposition[model::DISPOSITION_COMPLETE]);
  out.partial = in(rows.by_disposition[model::DISPOSITION_PARTIAL]);
  out.in_base = in(row.in_base);
  out.numerator = in(row.numerator);
  out.filter_unknown = in(row.filter_unknown);
  out.item_nonresponse = in(row.item_nonresponse);
  if (rows.indicators[cell.indicator]->kind() != model::INDICATOR_KIND_OUTCOME_RATE)
    out.not_in_base = out.responded - out.in_base - out.filter_unknown - out.item_nonresponse;
  out.possible = in(row.possible);
  out.silent_possible = in(row.silent_possible);
  out.state = StateOf(*rows.indicators[cell.indicator], out, state);
  return out;
}

DispositionCounts EditionCounter::Dispositions() const { return rows_->Dispositions(nullptr); }
DispositionCounts EditionCounter::Dispositions(uint32_t attribute, uint16_t group) const {
  return rows_->Dispositions(&rows_->GroupRow(attribute, group));
}

CellCounts CountNaively(const CompiledFrame& frame, const CompiledQuestionnaire& questionnaire,
                        const CompiledIndicator& indicator, const CellAddress& cell,
                        std::span<const DerivedResponse* const> responses,
                        std::span<const model::Disposition> set_by_team,
                        model::EditionState state) {
  CellCounts out;
  for (UnitIndex unit = 0; unit < frame.size(); ++unit) {
    if (!cell.total && frame.GroupOf(unit, cell.attribute) != cell.group) continue;
    const DerivedResponse* response = responses[unit];
    const model::Disposition disposition =
        FinalDisposition(frame.unit(unit).out_of_scope(), set_by_team[unit],
                         response == nullptr ? model::DISPOSITION_UNSPECIFIED : response->outcome);
    if (disposition == model::DISPOSITION_OUT_OF_SCOPE) continue;
    ++out.invited;
    const bool complete = disposition == model::DISPOSITION_COMPLETE;
    const bool partial = disposition == model::DISPOSITION_PARTIAL;
    if (complete) ++out.complete;
    if (partial) ++out.partial;
    if (complete || partial) ++out.responded;
    if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
      ++out.in_base;
      ++out.possible;
      if (complete || partial)
        ++out.numerator;
      else
        ++out.silent_possible;
      continue;
    }
    if (indicator.not_asked()) {
      ++out.possible;
      if (complete || partial)
        ++out.not_in_base;
      else
        ++out.silent_possible;
      continue;
    }
    const UnitFacts facts = frame.FactsOf(unit);
    const Expression& base = indicator.bases()[cell.basis].base;
    const bool possible = CanBeTrue(base, facts, questionnaire.ScopeFor(facts.type));
    if (possible) ++out.possible;
    if (!complete && !partial) {
      if (possible) ++out.silent_possible;
      continue;
    }
    const UnitAnswers view = response->View(facts);
    switch (StandingOf(base, view)) {
      case Standing::kInBase:
        ++out.in_base;
        if (Evaluate(indicator.numerator(), view) == Kleene::kTrue) ++out.numerator;
        break;
      case Standing::kFilterUnknown:
        ++out.filter_unknown;
        break;
      case Standing::kItemNonresponse:
        ++out.item_nonresponse;
        break;
      case Standing::kNotInBase:
        ++out.not_in_base;
        break;
    }
  }
  out.state = StateOf(indicator, out, state);
  return out;
}

}  // namespace imdi::domain
