// What stands behind figures: how one is computed, and how the survey was carried out.

#include <utility>

#include "clients/cli/commands_common.h"
#include "clients/cli/explain_text.h"
#include "clients/cli/print.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

namespace model = ::imdi::survey::model::v1;
using base::StrCat;
using Query = query_api::QueryService::StubInterface;

}  // namespace

int Commands::Explain(const std::string& name) {
  query_api::ExplainFigureRequest request;
  request.set_name(name);
  request.set_at_least_position(NewestPosition());
  const auto answer = Try(connection_.query(), &Query::ExplainFigure, request);
  if (!answer.ok()) return Fail(answer.status());
  if (output_.Prints(*answer, "strata")) return kExitOk;
  PrintOut(ExplanationText(*answer, [this](const auto& text) { return Label(text); }));
  return kExitOk;
}

int Commands::MethodNote(const std::string& edition, const std::string& release) {
  query_api::GetMethodNoteRequest request;
  request.set_release(ReleaseName(edition, release));
  const auto note = Try(connection_.query(), &Query::GetMethodNote, request);
  if (!note.ok()) return Fail(note.status());
  // For programs the total is the group without a code.
  const auto sheet = [&] {
    query_api::MethodNote whole;
    *whole.add_groups() = note->dispositions();
    whole.mutable_groups()->MergeFrom(note->groups());
    return SheetOf(whole, "groups");
  };
  if (output_.Prints(*note, sheet)) return kExitOk;
  std::string text = StrCat(note->release(), "\n", Label(note->title()), "\n\n");
  std::vector<std::vector<std::string>> facts = {
      {"reference year", StrCat(note->reference_year())},
      {"addressed to", Label(note->respondent())},
      {"design", note->design()},
      {"mode", note->mode()},
      {"fieldwork", StrCat(note->fieldwork_from(), " to ", note->fieldwork_to())},
      {"frame date", note->frame_date()},
      {"response rate", note->response_rate_formula()},
      {"rules", StrCat("version ", note->rule_version())}};
  text += FormatTable(facts, true);
  if (!note->note().empty()) base::StrAppend(text, "\n", Wrap(note->note(), 0, kTextColumns), "\n");
  if (!note->frame_note().empty())
    base::StrAppend(text, Wrap(note->frame_note(), 0, kTextColumns), "\n");
  base::StrAppend(text, Wrap(Label(note->weighting()), 0, kTextColumns), "\n\n");
  std::vector<std::vector<std::string>> rows = {{"", "invited", "complete", "partial", "break-off",
                                                 "refusal", "non-contact", "out of scope", "RR1 %",
                                                 "RR2 %", "of invited %", "of answers %"}};
  const auto add = [&](const query_api::DispositionTable& table) {
    std::string title = Label(table.title());
    if (title.empty()) title = table.group();
    rows.push_back(
        {title, StrCat(table.invited()), StrCat(table.complete()), StrCat(table.partial()),
         StrCat(table.breakoff()), StrCat(table.refusal()), StrCat(table.non_contact()),
         StrCat(table.out_of_scope()), FormatPercent(table.rr1(), 1), FormatPercent(table.rr2(), 1),
         FormatPercent(table.share_of_invited(), 1), FormatPercent(table.share_of_answers(), 1)});
  };
  add(note->dispositions());
  for (const query_api::DispositionTable& table : note->groups()) add(table);
  text += FormatTable(rows);
  for (const query_api::CollapsedStratum& collapsed : note->collapsed())
    base::StrAppend(text, "joined: ", collapsed.from(), " into ", collapsed.into(), ": ",
                    Label(collapsed.reason()), "\n");
  for (const model::LocalizedText& change : note->changes())
    base::StrAppend(text, "since the edition before: ", Wrap(Label(change), 26, kTextColumns),
                    "\n");
  PrintOut(text);
  return kExitOk;
}

}  // namespace imdi::cli
