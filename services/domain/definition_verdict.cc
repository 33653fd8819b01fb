// A document judged against everything that holds: Catalog::ValidateDefinition and what it asks.

#include <algorithm>
#include <utility>

#include "google/protobuf/message.h"
#include "google/protobuf/unknown_field_set.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/domain/automatic_indicators.h"
#include "services/domain/definition_change.h"
#include "services/domain/document_form.h"
#include "services/domain/edition_document.h"
#include "services/domain/figure_plan.h"
#include "services/domain/plan_bounds.h"
#include "services/domain/survey_catalog.h"

namespace imdi::domain {
namespace {

constexpr std::string_view kEditions = "editions/";

// A field that this build does not know would be stored without being meant by anybody.
void FindUnknownFields(const google::protobuf::Message& message, const std::string& path,
                       DefinitionFindings& out) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const google::protobuf::UnknownFieldSet& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty())
    out.push_back(Finding(
        path, "UNKNOWN_FIELD",
        base::StrCat("there is no field with the number ", unknown.field(0).number(), " here"),
        "use the same version of the contract as this server"));
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr || field->is_map()) continue;
    const std::string place = base::StrCat(path, path.empty() ? "" : ".", field->name());
    if (!field->is_repeated()) {
      FindUnknownFields(reflection.GetMessage(message, field), place, out);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      FindUnknownFields(reflection.GetRepeatedMessage(message, field, i),
                        base::StrCat(place, "[", i, "]"), out);
    }
  }
}

}  // namespace

DefinitionVerdict Catalog::ValidateDefinition(const model::Definition& definition,
                                              const AnswerFacts& facts) const {
  DefinitionVerdict out;
  out.name = NameOf(definition);
  const auto refuse_change = [&out](DefinitionFindings findings) {
    if (!findings.empty()) out.change_refused = true;
    out.findings.insert(out.findings.end(), findings.begin(), findings.end());
  };
  const std::optional<model::Definition> held = Get(out.name);
  out.revision = RevisionOf(out.name);
  FindUnknownFields(definition, "", out.findings);
  if (!out.findings.empty()) return out;
  if (held.has_value() && CanonicalBytes(*held) == CanonicalBytes(definition)) return out;
  const EditionEntry* edition = FindEdition(EditionIdOf(out.name));
  const auto needs_edition = [&](std::string path) {
    if (edition == nullptr)
      out.findings.push_back(
          Finding(std::move(path), "UNKNOWN_EDITION",
                  base::StrCat("there is no edition editions/", EditionIdOf(out.name)),
                  "apply the edition first"));
    return edition != nullptr;
  };
  switch (definition.document_case()) {
    case model::Definition::kEdition:
      out.findings = CheckEdition(definition.edition());
      if (const std::string& previous = definition.edition().previous_edition();
          !previous.empty()) {
        const EditionEntry* before = FindEdition(EditionIdOf(previous));
        if (before == nullptr || before->definition->name() != previous || before == edition)
          out.findings.push_back(
              Finding("edition.previous_edition", "UNKNOWN_EDITION",
                      base::StrCat("there is no other edition ", base::Quoted(previous)),
                      "apply the edition before this one first"));
        else if (before->definition->survey() != definition.edition().survey())
          out.findings.push_back(Finding("edition.previous_edition", "OTHER_SURVEY",
                                         base::StrCat(previous, " belongs to another survey"),
                                         "name an edition of the same survey"));
      }
      if (edition != nullptr)
        refuse_change(CheckEditionChange(*edition->definition, definition.edition(),
                                         facts.edition_has_answers));
      break;
    case model::Definition::kQuestionnaire: {
      if (!needs_edition("questionnaire.name")) break;
      CompiledQuestionnaire::Result compiled = CompiledQuestionnaire::Compile(
          definition.questionnaire(), *edition->definition, edition->frame.get());
      out.findings = std::move(compiled.findings);
      if (compiled.questionnaire == nullptr) break;
      const int32_t newest =
          edition->questionnaires.empty() ? 0 : edition->questionnaires.rbegin()->first;
      const int32_t version = compiled.questionnaire->version();
      if (version != newest && version != newest + 1)
        out.findings.push_back(Finding("questionnaire.name", "VERSION_GAP",
                                       base::StrCat("the next version is ", newest + 1),
                                       "number versions without gaps"));
      if (facts.edition_has_answers && newest > 0)
        refuse_change(
            CheckQuestionnaireChange(*edition->Current()->compiled, *compiled.questionnaire));
      out.new_items =
          AssignItemNumbers(NumbersOf(edition->definition->survey()), *compiled.questionnaire);
      break;
    }
    case model::Definition::kFrame: {
      if (definition.frame().name() != base::StrCat(kEditions, EditionIdOf(out.name), "/frame"))
        out.findings.push_back(Finding("frame.name", "BAD_NAME",
                                       base::StrCat(base::Quoted(out.name), " is not a frame name"),
                                       "editions/{edition}/frame"));
      if (!needs_edition("frame.name")) break;
      if (!IsDate(definition.frame().frame_date()))
        out.findings.push_back(
            Finding("frame.frame_date", "BAD_DATE", "not a date", "write YYYY-MM-DD"));
      // Not a finding of the frame itself: a log that has more is read, and it is not known there.
      for (int i = 0; i < definition.frame().units_size(); ++i) {
        if (definition.frame().units(i).population() > kMeasureMax)
          out.findings.push_back(Finding(base::StrCat("frame.units[", i, "].population"),
                                         "BAD_NUMBER",
                                         base::StrCat("inhabitants are 0 to ", kMeasureMax),
                                         "correct it, or leave it out where it is not known"));
      }
      CompiledFrame::Result compiled = CompiledFrame::Compile(definition.frame());
      out.findings.insert(out.findings.end(), compiled.findings.begin(), compiled.findings.end());
      if (compiled.frame != nullptr && edition->frame != nullptr)
        refuse_change(CheckFrameChange(*edition->frame, *compiled.frame, facts.unit_has_answers));
      break;
    }
    case model::Definition::kIndicator: {
      out.findings = CheckIndicator(definition.indicator());
      for (int i = 0; i < definition.indicator().editions_size() && out.findings.empty(); ++i) {
        const EditionEntry* one = FindEdition(EditionIdOf(definition.indicator().editions(i)));
        if (one == nullptr || one->Current() == nullptr || one->frame == nullptr) {
          out.findings.push_back(Finding(base::StrCat("indicator.editions[", i, "]"),
                                         "UNKNOWN_EDITION",
                                         base::StrCat(definition.indicator().editions(i),
                                                      " has no questionnaire and frame yet"),
                                         "apply them first"));
          continue;
        }
        CompiledIndicator::Result compiled = CompileIn(*one, definition.indicator());
        out.findings.insert(out.findings.end(), compiled.findings.begin(), compiled.findings.end());
      }
      if (out.findings.empty()) out.findings = CheckEstimatorForPolicy(definition.indicator());
      if (out.findings.empty()) out.findings = CheckComparisons(definition.indicator());
      break;
    }
    case model::Definition::kClaim:
      out.findings = CheckClaim(definition.claim());
      if (needs_edition("claim.name") && out.findings.empty())
        out.findings = CheckClaimHere(definition.claim(), *edition);
      break;
    case model::Definition::kPhrases:
      out.findings = CheckPhrases(definition.phrases());
      break;
    case model::Definition::kWeightSet:
      out.findings = CheckWeightSet(definition.weight_set());
      if (out.findings.empty()) out.findings = CheckWeightSetHere(definition.weight_set());
      break;
    case model::Definition::DOCUMENT_NOT_SET:
      out.findings.push_back(Finding("", "EMPTY_DOCUMENT", "the document is empty",
                                     "edition, questionnaire, frame, indicator, claim, phrases or "
                                     "weight_set"));
      break;
  }
  if (!out.findings.empty()) return out;
  // What follows from the document must hold too: a record that cannot be folded stops everybody.
  const std::shared_ptr<const Catalog> after =
      Applied(definition, out.revision + 1, out.new_items, &out.findings);
  if (after == nullptr) return out;
  out.findings = after->CheckSizes(definition);
  if (!out.findings.empty()) return out;
  // A claim that lost its ground still folds: it is refused here, and a log that has it is read.
  out.findings = after->BrokenClaims(*this, definition);
  if (!out.findings.empty()) return out;
  out.changed = true;
  ++out.revision;
  return out;
}

DefinitionFindings Catalog::CheckWeightSetHere(const model::WeightSet& set) const {
  DefinitionFindings out;
  const std::string_view survey = WeightSetNameOf(set.name()).survey;
  for (const auto& [id, edition] : editions_) {
    if (edition->definition->survey() != survey || edition->frame == nullptr) continue;
    out = CompiledWeightSet::Compile(set, *edition->frame).findings;
    if (out.empty()) break;
  }
  return out;
}

DefinitionFindings Catalog::CheckClaimHere(const model::Claim& claim,
                                           const EditionEntry& edition) const {
  const PhrasesEntry* phrases = FindPhrases(edition.definition->survey());
  // Automatic indicators are made when one is named: no document of them is kept.
  std::vector<std::shared_ptr<const CompiledIndicator>> automatic;
  const auto find = [&](std::string_view id) -> const CompiledIndicator* {
    if (id.starts_with(kAutomaticPrefix)) {
      if (automatic.empty() && edition.Current() != nullptr && edition.frame != nullptr)
        automatic = AutomaticIndicators(*edition.Current()->compiled, *edition.frame);
      const auto found =
          std::ranges::find(automatic, id, [](const auto& one) { return one->id(); });
      return found == automatic.end() ? nullptr : found->get();
    }
    const IndicatorEntry* entry = FindIndicator(id);
    if (entry == nullptr) return nullptr;
    const auto compiled = entry->compiled.find(edition.id);
    return compiled == entry->compiled.end() ? nullptr : compiled->second.get();
  };
  const auto find_indicator = [&](std::string_view id) -> const model::Indicator* {
    const CompiledIndicator* indicator = find(id);
    return indicator == nullptr ? nullptr : &indicator->definition();
  };
  const auto has_cell = [&](std::string_view cell) {
    const std::optional<FigureReference> figure = ParseFigureReference(cell);
    if (!figure.has_value()) return false;
    const CompiledIndicator* indicator = find(figure->indicator);
    return indicator != nullptr &&
           std::ranges::any_of(indicator->bases(), [&](const CompiledIndicator::Basis& basis) {
             return basis.id == figure->basis &&
                    std::ranges::find(basis.codes, figure->answer) != basis.codes.end();
           });
  };
  return CheckClaimFits(claim,
                        {.phrases = phrases == nullptr ? nullptr : phrases->definition.get(),
                         .reference_year = edition.definition->reference_year(),
                         .has_figures = edition.Current() != nullptr && edition.frame != nullptr,
                         .has_cell = has_cell,
                         .find_indicator = find_indicator});
}

DefinitionFindings Catalog::BrokenClaims(const Catalog& before,
                                         const model::Definition& document) const {
  DefinitionFindings out;
  // Claims rest on shares under the built-in weights: no weight set changes what they read.
  if (document.has_claim() || document.has_weight_set()) return out;
  const std::string_view edition_id = EditionIdOf(NameOf(document));
  const std::string_view survey = SurveyIdOf(NameOf(document));
  const std::string_view indicator =
      document.has_indicator() ? IndicatorIdOf(NameOf(document)) : std::string_view();
  const std::string path = document.has_edition()         ? "edition"
                           : document.has_questionnaire() ? "questionnaire"
                           : document.has_frame()         ? "frame"
                           : document.has_indicator()     ? "indicator"
                                                          : "phrases";
  for (const auto& [id, edition] : editions_) {
    if (!edition_id.empty() && id != edition_id) continue;
    if (!survey.empty() && edition->definition->survey() != survey) continue;
    for (const auto& [claim_id, claim] : edition->claims) {
      const bool reads = indicator.empty() ||
                         std::ranges::any_of(claim.second->figures(), [&](const std::string& cell) {
                           const auto figure = ParseFigureReference(cell);
                           return figure.has_value() && figure->indicator == indicator;
                         });
      if (!reads) continue;
      const DefinitionFindings now = CheckClaimHere(*claim.second, *edition);
      if (now.empty()) continue;
      const EditionEntry* held = before.FindEdition(id);
      if (held != nullptr && !before.CheckClaimHere(*claim.second, *held).empty()) continue;
      out.push_back(Broken(path, "BREAKS_CLAIM", claim.second->name(), now));
    }
  }
  return out;
}

DefinitionFindings Catalog::CheckComparisons(const model::Indicator& indicator) const {
  DefinitionFindings out;
  for (int i = 0; i < indicator.compare_size(); ++i) {
    const model::Comparison& comparison = indicator.compare(i);
    const size_t equals = comparison.group().find('=');
    if (equals == std::string::npos) continue;
    for (const std::string& name : indicator.editions()) {
      const EditionEntry* edition = FindEdition(EditionIdOf(name));
      // Both sides of the comparison, where they are there: later editions, and that of the year.
      if (edition == nullptr || edition->definition->reference_year() < comparison.year()) continue;
      const CompiledFrame& frame = *edition->frame;
      const auto attribute = frame.FindAttribute(comparison.group().substr(0, equals));
      if (attribute.has_value() &&
          frame.FindGroup(*attribute, comparison.group().substr(equals + 1)).has_value())
        continue;
      out.push_back(Finding(
          base::StrCat("indicator.compare[", i, "].group"), "UNKNOWN_GROUP",
          base::StrCat("the frame of ", name, " has no group ", base::Quoted(comparison.group())),
          "name a group that both editions have"));
    }
  }
  return out;
}

DefinitionFindings Catalog::CheckSizes(const model::Definition& definition) const {
  DefinitionFindings out;
  std::vector<std::string> touched = {std::string(EditionIdOf(NameOf(definition)))};
  if (definition.has_indicator()) {
    touched.clear();
    for (const std::string& edition : definition.indicator().editions())
      touched.emplace_back(EditionIdOf(edition));
  }
  if (definition.has_weight_set()) {
    touched.clear();
    for (const auto& [id, edition] : editions_) {
      if (std::ranges::any_of(IndicatorsOf(id), [&](const auto& indicator) {
            return indicator->definition().weights() == NameOf(definition);
          }))
        touched.push_back(id);
    }
  }
  const std::string document = definition.has_indicator()    ? "indicator"
                               : definition.has_weight_set() ? "weight_set"
                               : definition.has_frame()      ? "frame"
                               : definition.has_edition()    ? "edition"
                                                             : "questionnaire";
  for (const std::string& id : touched) {
    const EditionEntry* edition = FindEdition(id);
    if (edition == nullptr || edition->frame == nullptr || edition->Current() == nullptr) continue;
    const size_t cells = FigurePlan::PredictCells(*edition->frame, AllIndicatorsOf(*this, id));
    if (cells > base::kFiguresPerEditionMax) {
      out.push_back(Finding(document, "TOO_MANY_FIGURES",
                            base::StrCat("editions/", id, " would have ", cells,
                                         " figures; the most is ", base::kFiguresPerEditionMax),
                            "leave out breakdowns, crossings or bases"));
      continue;
    }
    const DefinitionFindings sizes = CheckPlanSizes(*PlanOf(*this, id), id, document);
    out.insert(out.end(), sizes.begin(), sizes.end());
  }
  return out;
}

}  // namespace imdi::domain
