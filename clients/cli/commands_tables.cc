// Figures side by side: a table, a cell over the years, whether answers go with a breakdown, and
// what there is to ask for.

#include <algorithm>
#include <cctype>
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
      if (change.estimate().df() < 1) return "no test: too few answers for the strata";
      return change.estimate().earlier_error() == 0 && change.estimate().later_error() == 0
                 ? "no test: no stratum has any spread"
                 : "no test: too few answered both times to tell its spread";
    default:
      return "no test: of those who answered alone, the indicator does not declare this comparison";
  }
}

// A row for each cell of the table, so that every number has a column of its own.
Sheet TableSheet(const query_api::Table& table) {
  Sheet sheet = {{"cell", "group", "value", "unit", "numerator", "base", "lower", "upper",
                  "lower_open", "upper_open", "no_value", "sign", "estimate_problem", "indicator",
                  "basis", "category", "column", "unit_label"},
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
      sheet.rows.push_back({row.cell(), column.group(), number(has, cell.value()), row.unit(),
                            has && !IsNumberUnit(row.unit()) ? StrCat(cell.numerator()) : "",
                            has ? StrCat(cell.base()) : "", number(cell.has_lower(), cell.lower()),
                            number(cell.has_upper(), cell.upper()), cell.lower_open() ? "true" : "",
                            cell.upper_open() ? "true" : "",
                            has ? "" : query_api::NoValueReason_Name(cell.no_value()), cell.sign(),
                            cell.estimate_problem(), indicator, basis, first(row.category_labels()),
                            first(column.labels()), first(row.unit_labels())});
    }
  }
  return sheet;
}

std::string OutcomeOf(const query_api::Association& test) {
  switch (test.status()) {
    case query_api::ASSOCIATION_STATUS_TESTED:
      return test.has_f()
                 ? "tested"
                 : "no stratum has any spread: what differs between groups differs for all";
    case query_api::ASSOCIATION_STATUS_EMPTY:
      return "not tested: nobody is in the base";
    case query_api::ASSOCIATION_STATUS_ONE_LEVEL:
      return "not tested: one answer or one group alone has units, or empty places leave nothing "
             "to "
             "contrast";
    case query_api::ASSOCIATION_STATUS_NO_DF:
      return "not tested: as many strata as units in the base";
    case query_api::ASSOCIATION_STATUS_CENSUS:
      return test.x2() > 0 ? "known, not tested: all are known, and the groups differ"
                           : "known, not tested: all are known, and the groups are alike";
    case query_api::ASSOCIATION_STATUS_OPEN:
      return "not tested: fully answered strata, but some that may belong to the base have not "
             "said "
             "so";
    default:
      return "not tested";
  }
}

// "share", "mean" …
std::string KindOf(model::IndicatorKind kind) {
  constexpr std::string_view kPrefix = "INDICATOR_KIND_";
  std::string name = model::IndicatorKind_Name(kind);
  if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
  for (char& letter : name)
    letter =
        letter == '_' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return name;
}

model::Language LanguageOf(const std::string& language) {
  if (language == "nn") return model::LANGUAGE_NN;
  return language == "en" ? model::LANGUAGE_EN : model::LANGUAGE_NB;
}

}  // namespace

int Commands::Series(const std::string& survey, const std::string& cell, bool live) {
  query_api::GetSeriesRequest request;
  request.set_parent(survey.starts_with("surveys/") ? survey : StrCat("surveys/", survey));
  request.set_cell(cell);
  request.set_live(live);
  request.set_at_least_position(NewestPosition());
  const auto series = Try(connection_.query(), &Query::GetSeries, request);
  if (!series.ok()) return Fail(series.status());
  if (output_.Prints(*series, "points")) return kExitOk;
  const bool mixed =
      std::any_of(series->points().begin(), series->points().end(),
                  [](const query_api::SeriesPoint& point) { return IsNumber(point.figure()); });
  std::vector<std::vector<std::string>> rows = {{"year", "release", mixed ? "value" : "percent",
                                                 "numerator", "base", "estimate", "interval",
                                                 "relation", "respondent", "basis"}};
  for (const query_api::SeriesPoint& point : series->points()) {
    const bool has = point.has_figure();
    const query_api::Figure& figure = point.figure();
    const auto shown = [&](std::string amount) {
      return Unmistaken(figure, mixed, std::move(amount));
    };
    rows.push_back({StrCat(point.year()), point.release(), has ? shown(ValueOf(figure, 1)) : "",
                    has && !IsNumber(figure) ? StrCat(figure.numerator()) : "",
                    has ? StrCat(figure.base()) : "", has ? shown(EstimateOf(figure)) : "",
                    has ? shown(IntervalOf(figure)) : "", RelationsOf(point.relations()),
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
      }
      if (!change.estimate().has_p()) base::StrAppend(text, "; ", TestStatusOf(change));
      if (change.has_panel()) base::StrAppend(text, "; panel of ", change.panel().units());
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
    const bool number = IsNumberUnit(row.unit());
    // A number says that it is none of the percents around it.
    if (number)
      base::StrAppend(line.front(), " (", row.unit_labels().empty() ? "number" : row.unit_labels(0),
                      ")");
    for (const query_api::TableCell& cell : row.cells()) {
      line.push_back(!cell.has_value() ? cell.sign()
                     : number          ? FormatNumber(cell.value(), row.decimals())
                                       : FormatPercent(cell.value(), 0));
    }
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
      base::StrAppend(text, Wrap(row[0], 0, kTextColumns), "\n");
      continue;
    }
    const size_t end = table.find('\n', at);
    base::StrAppend(text, std::string_view(table).substr(at, end + 1 - at));
    at = end + 1;
  }
  PrintOut(text);
  return kExitOk;
}

int Commands::TestAssociation(const std::string& edition, const std::string& release,
                              const std::string& cells,
                              const std::vector<std::string>& attributes) {
  query_api::TestAssociationRequest request;
  request.set_parent(ReleaseName(edition, release));
  request.set_cells(cells);
  for (const std::string& attribute : attributes) request.add_attributes(attribute);
  request.set_at_least_position(NewestPosition());
  const auto test = Try(connection_.query(), &Query::TestAssociation, request);
  if (!test.ok()) return Fail(test.status());
  if (output_.Prints(*test)) return kExitOk;
  std::string text = StrCat(
      test->release(), "\n", test->cells(), " by ", base::StrJoin(test->attributes(), " and "),
      "\n", test->answers(), " answers by ", test->groups(), " groups, ", test->base(),
      " units in the base, in ", test->strata(), " strata\n", OutcomeOf(*test), "\n");
  std::vector<std::vector<std::string>> rows;
  if (test->degrees() > 0) {
    rows.push_back({"X²", Number(test->x2(), "%.4f"),
                    StrCat("n Σ (P_ij − P_i. P_.j)² / (P_i. P_.j), on ", test->degrees())});
  }
  if (test->has_f()) {
    rows.push_back(
        {"F", Number(test->f(), "%.4f"),
         StrCat("X² / trace of the design effects, on ", Number(test->numerator_df(), "%.2f"),
                " and ", Number(test->denominator_df(), "%.1f"))});
  }
  if (test->has_p()) rows.push_back({"p", Number(test->p(), "%.4f"), "upper tail of F"});
  if (test->has_chi_squared_p()) {
    rows.push_back({"mean design effect", Number(test->mean_design_effect(), "%.4f"), ""});
    rows.push_back({"p, chi-squared", Number(test->chi_squared_p(), "%.4f"),
                    StrCat("upper tail of X² / mean design effect, on ", test->degrees())});
  }
  text += FormatTable(rows, true);
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
  std::vector<std::vector<std::string>> rows = {
      {"indicator", "kind", "bases", "broken down by", "title"}};
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
    rows.push_back({indicator.name().substr(indicator.name().find('/') + 1),
                    KindOf(indicator.kind()), bases, breakdowns,
                    indicator.not_asked() ? StrCat(Label(indicator.title()), " (not asked)")
                                          : Label(indicator.title())});
  }
  PrintOut(FormatTable(rows, true));
  return kExitOk;
}

}  // namespace imdi::cli
