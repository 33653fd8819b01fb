// What stands behind figures: how one is computed, a cell over the years, a table, what there is to
// ask for, and how the survey was carried out.

#include <algorithm>
#include <cstdio>
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

std::string Number(double value, const char* format) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// ASSUMED_SAME, BREAK_WORDING …
std::string RelationsOf(const google::protobuf::RepeatedField<int>& kinds) {
  constexpr std::string_view kPrefix = "SERIES_RELATION_KIND_";
  std::string text;
  for (const int kind : kinds) {
    std::string name = model::SeriesRelationKind_Name(static_cast<model::SeriesRelationKind>(kind));
    if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
    base::StrAppend(text, text.empty() ? "" : " ", name);
  }
  return text;
}

// "known", "no test: moved" …
std::string TestStatusOf(const query_api::ChangeFigure& change) {
  switch (change.test_status()) {
    case query_api::CHANGE_TEST_STATUS_KNOWN:
      return "known of all";
    case query_api::CHANGE_TEST_STATUS_MOVED:
      return "no test: the earlier answers have changed since the release read";
    case query_api::CHANGE_TEST_STATUS_NO_DF:
      return "no test: too few answers for the strata";
    default:
      return "no test: the indicator does not declare this comparison";
  }
}

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

// A row for each cell of the table, so that every number has a column of its own.
Sheet TableSheet(const query_api::Table& table) {
  Sheet sheet = {{"cell", "group", "value", "numerator", "base", "lower", "upper", "no_value",
                  "sign", "indicator", "basis", "category", "column"},
                 {}};
  const auto number = [](bool has, double value) { return has ? StrCat(value) : std::string(); };
  const auto first = [](const auto& labels) { return labels.empty() ? std::string() : labels[0]; };
  std::string indicator;
  std::string basis;
  for (const query_api::TableRow& row : table.rows()) {
    // Empty where a row goes on with those of the row before.
    if (!first(row.indicator_labels()).empty()) indicator = row.indicator_labels(0);
    if (!first(row.basis_labels()).empty()) basis = row.basis_labels(0);
    for (int i = 0; i < row.cells_size() && i < table.columns_size(); ++i) {
      const query_api::TableCell& cell = row.cells(i);
      const query_api::TableColumn& column = table.columns(i);
      const bool has = cell.has_value();
      sheet.rows.push_back(
          {row.cell(), column.group(), number(has, cell.value()),
           has ? StrCat(cell.numerator()) : "", has ? StrCat(cell.base()) : "",
           number(cell.has_lower(), cell.lower()), number(cell.has_upper(), cell.upper()),
           has ? "" : query_api::NoValueReason_Name(cell.no_value()), cell.sign(), indicator, basis,
           first(row.category_labels()), first(column.labels())});
    }
  }
  return sheet;
}

model::Language LanguageOf(const std::string& language) {
  if (language == "nn") return model::LANGUAGE_NN;
  return language == "en" ? model::LANGUAGE_EN : model::LANGUAGE_NB;
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

int Commands::Series(const std::string& survey, const std::string& cell, bool live) {
  query_api::GetSeriesRequest request;
  request.set_parent(survey.starts_with("surveys/") ? survey : StrCat("surveys/", survey));
  request.set_cell(cell);
  request.set_live(live);
  request.set_at_least_position(NewestPosition());
  const auto series = Try(connection_.query(), &Query::GetSeries, request);
  if (!series.ok()) return Fail(series.status());
  if (output_.Prints(*series, "points")) return kExitOk;
  std::vector<std::vector<std::string>> rows = {{"year", "release", "percent", "numerator", "base",
                                                 "estimate", "interval", "relation", "respondent",
                                                 "basis"}};
  for (const query_api::SeriesPoint& point : series->points()) {
    const bool has = point.has_figure();
    rows.push_back({StrCat(point.year()), point.release(), has ? ValueOf(point.figure(), 1) : "",
                    has ? StrCat(point.figure().numerator()) : "",
                    has ? StrCat(point.figure().base()) : "", has ? EstimateOf(point.figure()) : "",
                    has ? IntervalOf(point.figure()) : "", RelationsOf(point.relations()),
                    Label(point.respondent()), Label(point.basis_title())});
  }
  std::string text = StrCat(series->cell(), "\n", FormatTable(rows, true));
  for (const query_api::ChangeFigure& change : series->changes()) {
    base::StrAppend(text, change.earlier().year(), " to ", change.later().year(), ": ");
    if (change.state_case() == query_api::ChangeFigure::kNoValue) {
      base::StrAppend(text, "no change figure: ", Label(change.no_value().text()), " (",
                      RelationsOf(change.relations()), ")\n");
    } else {
      base::StrAppend(text, change.value() > 0 ? "+" : "", FormatPercent(change.value(), 1),
                      " points (", RelationsOf(change.relations()), ")");
      if (change.has_estimate()) {
        const query_api::ChangeEstimate& estimate = change.estimate();
        base::StrAppend(text, "; all units ", FormatPercent(estimate.value(), 1));
        if (estimate.has_p())
          base::StrAppend(text, ", interval ", FormatPercent(estimate.lower(), 1), " to ",
                          FormatPercent(estimate.upper(), 1), ", p ", Number(estimate.p(), "%.3f"),
                          ", adjusted ", Number(change.q(), "%.3f"), " (", change.family().id(),
                          ", ", change.family().size(), ")");
        base::StrAppend(text, "; panel of ", change.panel().units());
      } else {
        base::StrAppend(text, "; ", TestStatusOf(change));
      }
      text += '\n';
    }
  }
  if (series->has_trend()) {
    const query_api::Trend& trend = series->trend();
    base::StrAppend(text, "trend over ", base::StrJoin(trend.years(), ", "), ": ",
                    trend.slope() > 0 ? "+" : "", FormatPercent(trend.slope(), 2),
                    " points a year among all units");
    if (trend.has_p())
      base::StrAppend(text, ", interval ", FormatPercent(trend.lower(), 2), " to ",
                      FormatPercent(trend.upper(), 2), ", p ", Number(trend.p(), "%.3f"));
    text += '\n';
  }
  PrintOut(text);
  return kExitOk;
}

int Commands::Table(const std::string& edition, const std::string& release,
                    const std::vector<std::string>& indicators, const std::string& basis,
                    const std::vector<std::string>& attributes) {
  query_api::GetTableRequest request;
  request.set_parent(ReleaseName(edition, release));
  for (const std::string& indicator : indicators) request.add_indicators(indicator);
  request.set_basis(basis);
  for (const std::string& attribute : attributes) request.add_attributes(attribute);
  request.add_languages(LanguageOf(options_.language));
  request.set_at_least_position(NewestPosition());
  query_api::Table all;
  do {
    const auto table = Try(connection_.query(), &Query::GetTable, request);
    if (!table.ok()) return Fail(table.status());
    if (all.columns().empty()) {
      all = *table;
    } else {
      all.mutable_rows()->MergeFrom(table->rows());
    }
    request.set_page_token(table->next_page_token());
  } while (!request.page_token().empty());
  all.clear_next_page_token();
  if (output_.Prints(all, [&] { return TableSheet(all); })) return kExitOk;
  std::string text = StrCat(all.release(), ", percent of those who answered\n");
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> head_row = {""};
  for (const query_api::TableColumn& column : all.columns())
    head_row.push_back(column.group().empty() ? "all" : column.labels(0));
  rows.push_back(head_row);
  for (const query_api::TableRow& row : all.rows()) {
    if (!row.indicator_labels().empty() && !row.indicator_labels(0).empty())
      rows.push_back({row.indicator_labels(0)});
    std::string label = row.category_labels().empty() ? "" : row.category_labels(0);
    if (label.empty() && !row.basis_labels().empty()) label = row.basis_labels(0);
    std::vector<std::string> line = {StrCat("  ", label)};
    for (const query_api::TableCell& cell : row.cells())
      line.push_back(cell.has_value() ? FormatPercent(cell.value(), 0) : cell.sign());
    rows.push_back(std::move(line));
  }
  // A question may be longer than any answer: it takes its line without widening the columns.
  std::vector<std::vector<std::string>> narrow;
  for (const auto& row : rows) {
    if (row.size() > 1) narrow.push_back(row);
  }
  const std::string table = FormatTable(narrow);
  size_t at = 0;
  for (const auto& row : rows) {
    if (row.size() == 1) {
      base::StrAppend(text, Wrap(row[0], 0, kColumns), "\n");
      continue;
    }
    const size_t end = table.find('\n', at);
    base::StrAppend(text, std::string_view(table).substr(at, end + 1 - at));
    at = end + 1;
  }
  PrintOut(text);
  return kExitOk;
}

int Commands::Indicators(const std::string& edition, const std::string& release) {
  query_api::ListIndicatorsRequest request;
  request.set_parent(ReleaseName(edition, release));
  request.set_page_size(1'000);
  query_api::ListIndicatorsResponse all;
  do {
    const auto page = Try(connection_.query(), &Query::ListIndicators, request);
    if (!page.ok()) return Fail(page.status());
    all.mutable_indicators()->MergeFrom(page->indicators());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (output_.Prints(all, "indicators")) return kExitOk;
  std::vector<std::vector<std::string>> rows = {{"indicator", "bases", "broken down by", "title"}};
  for (const query_api::IndicatorInfo& indicator : all.indicators()) {
    std::string bases;
    for (const query_api::BasisInfo& basis : indicator.bases())
      base::StrAppend(bases, bases.empty() ? "" : " ", basis.id());
    std::string breakdowns;
    for (const query_api::BreakdownInfo& breakdown : indicator.breakdowns()) {
      base::StrAppend(breakdowns, breakdowns.empty() ? "" : " ");
      for (int i = 0; i < breakdown.attributes_size(); ++i)
        base::StrAppend(breakdowns, i == 0 ? "" : "×", breakdown.attributes(i));
    }
    rows.push_back({indicator.name().substr(indicator.name().find('/') + 1), bases, breakdowns,
                    indicator.not_asked() ? StrCat(Label(indicator.title()), " (not asked)")
                                          : Label(indicator.title())});
  }
  PrintOut(FormatTable(rows, true));
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
