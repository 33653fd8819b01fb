#include "services/figures/comparability.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "services/base/text.h"

namespace imdi::figures {
namespace {

using Kind = model::SeriesRelationKind;

// What parts of a cell's name begin with.
constexpr std::string_view kAnswer = "answer";
constexpr std::string_view kUnitType = "unit_type";

// Weaker is higher. Everything from kBroken on gives no change figure.
constexpr int kBroken = 3;
int Weakness(Kind kind) {
  switch (kind) {
    case model::SERIES_RELATION_KIND_SAME:
      return 0;
    case model::SERIES_RELATION_KIND_ASSUMED_SAME:
      return 1;
    default:
      return kBroken;
  }
}

const model::Question& DefinitionOf(const domain::CompiledQuestionnaire& questionnaire,
                                    const domain::Question& question) {
  return questionnaire.definition().questions(question.definition_index);
}

void AddRelations(const domain::Question& question,
                  const domain::CompiledQuestionnaire& questionnaire,
                  const domain::CompiledQuestionnaire& earlier, int32_t year,
                  std::set<Kind>& found) {
  const model::Question& definition = DefinitionOf(questionnaire, question);
  const auto& series = definition.series();
  const auto stated = std::ranges::find(series, year, &model::SeriesRelation::year);
  if (stated != series.end()) {
    for (const int kind : stated->kinds()) {
      found.insert(kind == model::SERIES_RELATION_KIND_UNSPECIFIED
                       ? model::SERIES_RELATION_KIND_UNKNOWN
                       : static_cast<Kind>(kind));
    }
    if (stated->kinds().empty()) found.insert(model::SERIES_RELATION_KIND_UNKNOWN);
    return;
  }
  const domain::Question* same = earlier.FindQuestion(question.id);
  if (same == nullptr)
    found.insert(model::SERIES_RELATION_KIND_NOT_ASKED);
  else if (!definition.concept_id().empty() &&
           DefinitionOf(earlier, *same).concept_id() == definition.concept_id())
    found.insert(model::SERIES_RELATION_KIND_ASSUMED_SAME);
  else
    found.insert(model::SERIES_RELATION_KIND_UNKNOWN);
}

Comparability Weakest(const std::set<Kind>& found) {
  Comparability out;
  int weakest = 0;
  for (const Kind kind : found) weakest = std::max(weakest, Weakness(kind));
  for (const Kind kind : found)
    if (Weakness(kind) == weakest) out.relations.push_back(kind);
  out.comparable = weakest < kBroken;
  out.assumed = out.comparable && weakest > 0;
  return out;
}

std::set<Kind> RelationsOf(const domain::Catalog::EditionEntry& later,
                           const domain::Catalog::EditionEntry& earlier,
                           const domain::CompiledIndicator& indicator) {
  std::set<Kind> found;
  if (later.Current() == nullptr || earlier.Current() == nullptr)
    return {model::SERIES_RELATION_KIND_UNKNOWN};
  if (indicator.not_asked()) return {model::SERIES_RELATION_KIND_NOT_ASKED};
  const domain::CompiledQuestionnaire& questionnaire = *later.Current()->compiled;
  std::set<domain::QuestionIndex> questions;
  for (const domain::ItemIndex item : indicator.items_read())
    questions.insert(questionnaire.items()[item].question);
  for (const domain::QuestionIndex question : questions)
    AddRelations(questionnaire.questions()[question], questionnaire, *earlier.Current()->compiled,
                 earlier.definition->reference_year(), found);
  if (found.empty()) found.insert(model::SERIES_RELATION_KIND_SAME);
  return found;
}

// Whether "{attribute}={group}" stands among the parts of a cell's name.
bool HasGroup(std::string_view cell, std::string_view group) {
  while (!cell.empty()) {
    const size_t dot = cell.find('.');
    if (cell.substr(0, dot) == group) return true;
    if (dot == std::string_view::npos) break;
    cell.remove_prefix(dot + 1);
  }
  return false;
}

// Whether a unit lies in every group that a cell's name gives.
bool InGroups(const domain::CompiledFrame& frame, domain::UnitIndex unit,
              const std::vector<std::pair<std::string_view, std::string_view>>& groups) {
  for (const auto& [attribute, group] : groups) {
    const std::optional<uint32_t> number = frame.FindAttribute(attribute);
    if (!number.has_value() || frame.GroupCode(*number, frame.GroupOf(unit, *number)) != group)
      return false;
  }
  return true;
}

std::set<model::UnitType> TypesIn(
    const domain::CompiledFrame& frame,
    const std::vector<std::pair<std::string_view, std::string_view>>& groups) {
  std::set<model::UnitType> out;
  for (domain::UnitIndex unit = 0; unit < frame.size(); ++unit) {
    const model::UnitType type = frame.FactsOf(unit).type;
    if (!out.contains(type) && InGroups(frame, unit, groups)) out.insert(type);
  }
  return out;
}

// Whether one edition surveys a type of unit within the cell that the other does not, and that the
// cell's base can hold. A cell of one type of unit says itself what it covers; where an edition has
// no unit of the cell at all there is nothing to compare.
bool CoverOtherTypes(const domain::Catalog::EditionEntry& later,
                     const domain::Catalog::EditionEntry& earlier,
                     const domain::CompiledIndicator& indicator, std::string_view cell) {
  if (later.frame == nullptr || earlier.frame == nullptr || later.Current() == nullptr)
    return false;
  std::vector<std::pair<std::string_view, std::string_view>> groups;
  std::string_view basis;
  for (size_t part = 0; !cell.empty(); ++part) {
    const size_t dot = std::min(cell.find('.'), cell.size());
    const std::string_view one = cell.substr(0, dot);
    cell.remove_prefix(std::min(dot + 1, cell.size()));
    if (part == 1) basis = one;
    if (part < 2) continue;
    const size_t equals = std::min(one.find('='), one.size());
    const std::string_view attribute = one.substr(0, equals);
    if (attribute == kUnitType) return false;
    if (attribute != kAnswer)
      groups.emplace_back(attribute, one.substr(std::min(equals + 1, one.size())));
  }
  const auto found =
      std::ranges::find(indicator.bases(), basis, &domain::CompiledIndicator::Basis::id);
  const auto can_belong = [&](model::UnitType type) {
    if (found == indicator.bases().end() || found->base.reads_attributes()) return true;
    return domain::CanBeTrue(found->base, {type, {}}, later.Current()->compiled->ScopeFor(type));
  };
  const std::set<model::UnitType> now = TypesIn(*later.frame, groups);
  const std::set<model::UnitType> then = TypesIn(*earlier.frame, groups);
  if (now.empty() || then.empty()) return false;
  std::vector<model::UnitType> in_one;
  std::ranges::set_symmetric_difference(now, then, std::back_inserter(in_one));
  return std::ranges::any_of(in_one, can_belong);
}

}  // namespace

Comparability Compare(const domain::Catalog& /*catalog*/,
                      const domain::Catalog::EditionEntry& later,
                      const domain::Catalog::EditionEntry& earlier,
                      const domain::CompiledIndicator& indicator) {
  if (later.id == earlier.id) return {.relations = {}, .comparable = true, .assumed = false};
  return Weakest(RelationsOf(later, earlier, indicator));
}

Comparability CompareCell(const domain::Catalog& /*catalog*/,
                          const domain::Catalog::EditionEntry& later,
                          const domain::Catalog::EditionEntry& earlier,
                          const domain::CompiledIndicator& indicator, std::string_view cell) {
  if (later.id == earlier.id) return {.relations = {}, .comparable = true, .assumed = false};
  std::set<Kind> found = RelationsOf(later, earlier, indicator);
  for (const model::Comparison& comparison : indicator.definition().compare()) {
    if (comparison.year() == earlier.definition->reference_year() && !comparison.group().empty() &&
        !HasGroup(cell, comparison.group()))
      found.insert(model::SERIES_RELATION_KIND_BREAK_BASE);
  }
  if (CoverOtherTypes(later, earlier, indicator, cell))
    found.insert(model::SERIES_RELATION_KIND_BREAK_BASE);
  return Weakest(found);
}

}  // namespace imdi::figures
