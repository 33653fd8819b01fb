#include "services/figures/method_note.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/base/text.h"
#include "services/figures/group_labels.h"
#include "services/figures/stratum_labels.h"
#include "services/figures/texts.h"

namespace imdi::figures {
namespace {

// `all`: the whole frame.
query_pb::DispositionTable TableOf(const domain::DispositionCounts& counts,
                                   const domain::DispositionCounts& all) {
  query_pb::DispositionTable out;
  out.set_invited(counts.invited());
  out.set_complete(counts.complete);
  out.set_partial(counts.partial);
  out.set_breakoff(counts.breakoff);
  out.set_refusal(counts.refusal);
  out.set_non_contact(counts.non_contact);
  out.set_out_of_scope(counts.out_of_scope);
  if (counts.invited() > 0) {
    out.set_rr1(static_cast<double>(counts.complete) / counts.invited());
    out.set_rr2(static_cast<double>(counts.responded()) / counts.invited());
  }
  if (all.invited() > 0)
    out.set_share_of_invited(static_cast<double>(counts.invited()) / all.invited());
  if (all.responded() > 0)
    out.set_share_of_answers(static_cast<double>(counts.responded()) / all.responded());
  return out;
}

// Every variable that figures are made by: who is missing among the answers.
void AddGroups(const EditionFigures& edition, query_pb::MethodNote& note) {
  const domain::FigurePlan& plan = edition.plan();
  const domain::DispositionCounts all = edition.counts().Dispositions(0, 0);
  std::set<uint32_t> seen;  // Further weight layouts have breakdowns by the same variables.
  for (uint32_t number = 0; number < plan.breakdowns().size(); ++number) {
    const domain::FigurePlan::Breakdown& breakdown = plan.breakdowns()[number];
    if (breakdown.attributes.size() != 1 || !seen.insert(breakdown.attributes.front()).second)
      continue;
    for (uint32_t group = 0; group < breakdown.groups.size(); ++group) {
      query_pb::DispositionTable& row = *note.add_groups();
      row = TableOf(edition.counts().Dispositions(number, group), all);
      row.set_group(GroupCode(plan.frame(), breakdown, group));
      *row.mutable_title() = GroupTitle(plan.frame(), breakdown, group);
    }
  }
}

model::LocalizedText Weighting(const domain::CompiledFrame& frame) {
  model::LocalizedText out = Text(
      "Kvar eining som svarte, står for N_h / r_h einingar: dei inviterte i laget h delte på "
      "dei i laget som svarte. ",
      "Hver enhet som svarte, står for N_h / r_h enheter: de inviterte i laget h delt på dem "
      "i laget som svarte. ",
      "Each unit that answered stands for N_h / r_h units: those invited of its stratum h by "
      "those of it that answered. ");
  const auto region = frame.FindAttribute("imdi_region");
  const auto size = frame.FindAttribute("size_group");
  model::LocalizedText by;
  if (region.has_value()) by = frame.attributes()[*region].title;
  if (size.has_value()) Append(by, " × ", frame.attributes()[*size].title);
  if (by.nb().empty()) {
    Append(out, "",
           Text("Alle kommunar er eitt lag, bydelane eit anna.",
                "Alle kommuner er ett lag, bydelene et annet.",
                "All municipalities are one stratum, the city districts another."));
    return out;
  }
  const std::string& english = by.en().empty() ? by.nb() : by.en();
  Append(out, "",
         Text(base::StrCat("Laga er: ", by.nn(), "; bydelane er eit lag for seg. "),
              base::StrCat("Lagene er: ", by.nb(), "; bydelene er et lag for seg. "),
              base::StrCat("The strata are: ", english,
                           "; the city districts are one of their own. ")));
  const std::string least = base::StrCat(domain::kStratumRespondentsMin);
  if (size.has_value()) {
    Append(out, "",
           Text(base::StrCat("Eit lag med færre enn ", least,
                             " svar, der ikkje alle svarte, er slått saman med nabolaget i "
                             "storleik, aldri på tvers av regionar."),
                base::StrCat("Et lag med færre enn ", least,
                             " svar, der ikke alle svarte, er slått sammen med nabolaget i "
                             "størrelse, aldri på tvers av regioner."),
                base::StrCat("A stratum with fewer than ", least,
                             " answers, in which not all answered, is joined to its neighbour in "
                             "size, never across regions.")));
  }
  return out;
}

model::LocalizedText WordsOf(model::WeightMethod method) {
  switch (method) {
    case model::WEIGHT_METHOD_STRATA:
      return Text("vekter frå eigne lag", "vekter fra egne lag", "weights of strata of its own");
    case model::WEIGHT_METHOD_POSTSTRATIFIED:
      return Text("etterstratifisert", "etterstratifisert", "post-stratified");
    case model::WEIGHT_METHOD_RAKED:
      return Text("kalibrert med raking", "kalibrert med raking", "calibrated by raking");
    case model::WEIGHT_METHOD_LINEAR:
      return Text("kalibrert lineært", "kalibrert lineært", "calibrated linearly");
    default:
      return {};
  }
}

// Sets that some figures are weighted with instead, by title and name.
void AddWeightSets(const domain::FigurePlan& plan, query_pb::MethodNote& note) {
  model::LocalizedText sets;
  for (const domain::FigurePlan::WeightLayout& layout : plan.layouts()) {
    if (layout.set == nullptr) continue;
    model::LocalizedText one = layout.set->definition().title();
    const std::string name = base::StrCat(" (", layout.set->name(), ", ");
    Append(one, "", Text(name, name, name));
    Append(one, "", WordsOf(layout.set->method()));
    Append(one, "", Text(")", ")", ")"));
    Append(sets, "; ", one);
  }
  if (sets.nb().empty()) return;
  Append(*note.mutable_weighting(), " ",
         Text("Tal som seier det, er vekta på ein annan måte: ",
              "Tall som sier det, er vektet på en annen måte: ",
              "Figures that say so are weighted in another way: "));
  Append(*note.mutable_weighting(), "", sets);
  Append(*note.mutable_weighting(), "", Text(".", ".", "."));
}

std::set<std::string> QuestionsOf(const domain::CompiledQuestionnaire& questionnaire) {
  std::set<std::string> out;
  for (const domain::Question& question : questionnaire.questions()) out.insert(question.id);
  return out;
}

std::vector<std::string> Less(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::vector<std::string> out;
  for (const std::string& id : a) {
    if (!b.contains(id)) out.push_back(id);
  }
  return out;
}

void AddChanges(const EditionFigures& edition, query_pb::MethodNote& note) {
  const domain::Catalog::EditionEntry& entry = edition.entry();
  if (const size_t versions = entry.questionnaires.size(); versions > 1) {
    *note.add_changes() = Text(base::StrCat("Skjemaet har hatt ", versions, " versjonar."),
                               base::StrCat("Skjemaet har hatt ", versions, " versjoner."),
                               base::StrCat("The questionnaire has had ", versions, " versions."));
  }
  if (entry.definition == nullptr || entry.definition->previous_edition().empty()) return;
  const domain::Catalog::EditionEntry* before =
      edition.catalog().FindEdition(domain::EditionIdOf(entry.definition->previous_edition()));
  if (before == nullptr || before->definition == nullptr) return;
  const int32_t year = before->definition->reference_year();

  if (before->frame != nullptr && before->frame->size() != edition.plan().frame().size()) {
    const size_t now = edition.plan().frame().size();
    const size_t then = before->frame->size();
    *note.add_changes() =
        Text(base::StrCat("Ramma har ", now, " einingar; i ", year, " hadde ho ", then, "."),
             base::StrCat("Rammen har ", now, " enheter; i ", year, " hadde den ", then, "."),
             base::StrCat("The frame has ", now, " units; in ", year, " it had ", then, "."));
  }
  const model::LocalizedText& asked = entry.definition->addressed_to();
  const model::LocalizedText& asked_then = before->definition->addressed_to();
  if (asked.nb() != asked_then.nb()) {
    *note.add_changes() =
        Text(base::StrCat("Undersøkinga gjekk til ", asked.nn(), "; i ", year, " til ",
                          asked_then.nn(), "."),
             base::StrCat("Undersøkelsen gikk til ", asked.nb(), "; i ", year, " til ",
                          asked_then.nb(), "."),
             base::StrCat("The survey addressed ", domain::TextIn(asked, model::LANGUAGE_EN),
                          "; in ", year, " ", domain::TextIn(asked_then, model::LANGUAGE_EN), "."));
  }
  if (entry.definition->mode() != before->definition->mode()) {
    const std::string& now = entry.definition->mode();
    const std::string& then = before->definition->mode();
    *note.add_changes() =
        Text(base::StrCat("Svara er samla inn slik: ", now, "; i ", year, ": ", then, "."),
             base::StrCat("Svarene er samlet inn slik: ", now, "; i ", year, ": ", then, "."),
             base::StrCat("Mode of collection: ", now, "; in ", year, ": ", then, "."));
  }
  const domain::Catalog::QuestionnaireVersion* form_then = before->Current();
  if (form_then == nullptr || form_then->compiled == nullptr) return;
  const std::set<std::string> now = QuestionsOf(edition.plan().questionnaire());
  const std::set<std::string> then = QuestionsOf(*form_then->compiled);
  if (const std::vector<std::string> added = Less(now, then); !added.empty()) {
    const std::string ids = base::StrJoin(added, ", ");
    *note.add_changes() =
        Text(base::StrCat("Spørsmål som ikkje var med i ", year, ": ", ids, "."),
             base::StrCat("Spørsmål som ikke var med i ", year, ": ", ids, "."),
             base::StrCat("Questions that were not asked in ", year, ": ", ids, "."));
  }
  if (const std::vector<std::string> gone = Less(then, now); !gone.empty()) {
    const std::string ids = base::StrJoin(gone, ", ");
    *note.add_changes() =
        Text(base::StrCat("Spørsmål frå ", year, " som ikkje er med: ", ids, "."),
             base::StrCat("Spørsmål fra ", year, " som ikke er med: ", ids, "."),
             base::StrCat("Questions of ", year, " that are not asked: ", ids, "."));
  }
}

}  // namespace

query_pb::MethodNote MethodNoteOf(const EditionFigures& edition) {
  const domain::CompiledFrame& frame = edition.plan().frame();
  query_pb::MethodNote out;
  if (const model::Edition* definition = edition.entry().definition.get(); definition != nullptr) {
    *out.mutable_title() = definition->title();
    out.set_reference_year(definition->reference_year());
    *out.mutable_respondent() = definition->addressed_to();
    out.set_design(definition->design());
    out.set_mode(definition->mode());
    out.set_fieldwork_from(definition->fieldwork_from());
    out.set_fieldwork_to(definition->fieldwork_to());
    out.set_note(definition->note());
  }
  out.set_frame_date(frame.definition().frame_date());
  out.set_frame_note(frame.definition().note());
  const domain::DispositionCounts all = edition.counts().Dispositions(0, 0);
  *out.mutable_dispositions() = TableOf(all, all);
  *out.mutable_dispositions()->mutable_title() = Text("alle einingar", "alle enheter", "all units");
  out.set_response_rate_formula(
      "RR2 = (complete + partial) / (complete + partial + breakoff + refusal + non_contact); "
      "RR1 = complete / the same");
  AddGroups(edition, out);
  *out.mutable_weighting() = Weighting(frame);
  AddWeightSets(edition.plan(), out);
  const auto collapsed = CollapsedInfos(edition.counts());
  out.mutable_collapsed()->Assign(collapsed.begin(), collapsed.end());
  AddChanges(edition, out);
  out.set_rule_version(kRuleVersion);
  return out;
}

}  // namespace imdi::figures
