// What stands behind figures: how one is computed, and how the survey was carried out.

#include <algorithm>
#include <utility>

#include "clients/cli/commands_common.h"
#include "clients/cli/print.h"
#include "google/protobuf/descriptor.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

namespace model = ::imdi::survey::model::v1;
using base::StrCat;
using Query = query_api::QueryService::StubInterface;

constexpr size_t kColumns = 100;
constexpr size_t kStratumColumns = 44;

// The name of a change, and its sixteen counts by stratum: s silent, o outside the base, n no, y
// yes; "ny" = no earlier, yes later.
std::string ChangeTable(const query_api::Explanation& answer) {
  constexpr std::string_view kStates = "sony";
  const query_api::ChangeFigure& change = answer.change();
  std::string text = StrCat("change ", change.name(), "\n", "between ", change.earlier().figure(),
                            "\nand     ", change.later().figure(), "\n\n");
  std::vector<std::vector<std::string>> rows = {{"stratum", "N_a", "N_b", "N_ab"}};
  for (const char earlier : kStates) {
    for (const char later : kStates) rows[0].push_back({earlier, later});
  }
  for (const query_api::ChangeStratum& stratum : answer.change_strata()) {
    std::vector<std::string>& row = rows.emplace_back();
    row = {stratum.stratum(), StrCat(stratum.frame_earlier()), StrCat(stratum.frame_later()),
           StrCat(stratum.frame_both())};
    for (const int32_t units : stratum.states()) row.push_back(units == 0 ? "" : StrCat(units));
  }
  return StrCat(text, FormatTable(rows),
                "s silent, o outside the base, n no, y yes; earlier state, then later\n");
}

}  // namespace

int Commands::Explain(const std::string& name) {
  query_api::ExplainFigureRequest request;
  request.set_name(name);
  request.set_at_least_position(NewestPosition());
  const auto answer = Try(connection_.query(), &Query::ExplainFigure, request);
  if (!answer.ok()) return Fail(answer.status());
  if (output_.Prints(*answer, "strata")) return kExitOk;
  const query_api::Figure& figure = answer->figure();
  std::string text =
      StrCat(figure.name(), "\n", Label(figure.title()), "; ", Label(figure.basis_title()), "\n");
  if (!answer->numerator_expression().empty())
    base::StrAppend(text, "counts where  ", answer->numerator_expression(), "\n");
  if (!answer->base_expression().empty())
    base::StrAppend(text, "of those with ", answer->base_expression(), "\n");
  base::StrAppend(text, "rests on log ", answer->log_id(), " up to position ", answer->position(),
                  ", rules of version ", figure.rule_version(), "\n\n");
  if (answer->has_change()) base::StrAppend(text, ChangeTable(*answer), "\n");
  std::vector<std::vector<std::string>> rows = {
      {"stratum", "invited N", "answered r", "weight N/r", "cell N", "base m", "yes y"}};
  for (const query_api::StratumEvidence& stratum : answer->strata()) {
    std::string title = Label(stratum.title());
    if (title.empty()) title = stratum.stratum();
    rows.push_back({Fit(std::move(title), kStratumColumns), StrCat(stratum.frame()),
                    StrCat(stratum.responded()), Number(stratum.weight(), "%.4f"),
                    StrCat(stratum.domain_frame()), StrCat(stratum.base()), StrCat(stratum.yes())});
  }
  if (!answer->has_change()) base::StrAppend(text, FormatTable(rows), "\n");
  for (const query_api::CollapsedStratum& collapsed : answer->collapsed()) {
    base::StrAppend(text, "joined: ", collapsed.from(), " into ", collapsed.into(), ": ",
                    Label(collapsed.reason()), "\n");
  }
  if (!answer->collapsed().empty()) text += '\n';
  // Steps that follow one formula, stratum by stratum, need it once.
  std::string formula;
  for (const query_api::FormulaStep& step : answer->steps()) {
    base::StrAppend(text, step.symbol(), " = ", Number(step.result(), "%.10g"), "   ",
                    Label(step.title()), "\n");
    if (!step.formula().empty() && step.formula() != std::exchange(formula, step.formula()))
      base::StrAppend(text, "    = ", Wrap(step.formula(), 6, kColumns), "\n");
    if (!step.substituted().empty())
      base::StrAppend(text, "    = ", Wrap(step.substituted(), 6, kColumns), "\n");
  }
  text += '\n';
  for (const query_api::DefinitionRevision& definition : answer->definitions())
    base::StrAppend(text, definition.name(), "@", definition.revision(), "\n");
  PrintOut(text);
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
  if (!note->note().empty()) base::StrAppend(text, "\n", Wrap(note->note(), 0, kColumns), "\n");
  if (!note->frame_note().empty())
    base::StrAppend(text, Wrap(note->frame_note(), 0, kColumns), "\n");
  base::StrAppend(text, Wrap(Label(note->weighting()), 0, kColumns), "\n\n");
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
    base::StrAppend(text, "since the edition before: ", Wrap(Label(change), 26, kColumns), "\n");
  PrintOut(text);
  return kExitOk;
}

}  // namespace imdi::cli
