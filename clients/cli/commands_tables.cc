// Figures side by side: a table, a cell over the years, whether answers go with a breakdown, and
// what there is to ask for.

#include <algorithm>
#include <cctype>
#include <utility>

#include "clients/cli/commands_common.h"
#include "clients/cli/print.h"
#include "clients/cli/table_text.h"
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

// Units in the base by stratum, a line for each answer.
std::string CountsText(const query_api::Association& test) {
  std::vector<std::vector<std::string>> rows = {{"stratum", "invited N", "answered r", "answer"}};
  rows.front().insert(rows.front().end(), test.table_groups().begin(), test.table_groups().end());
  for (const query_api::AssociationStratum& stratum : test.table()) {
    for (int answer = 0; answer < test.table_answers_size(); ++answer) {
      std::vector<std::string>& row = rows.emplace_back();
      row = {stratum.stratum(), StrCat(stratum.frame()), StrCat(stratum.responded()),
             test.table_answers(answer)};
      if (answer > 0) row[0] = row[1] = row[2] = "";
      const int first = answer * test.table_groups_size();
      for (int i = first; i < std::min(first + test.table_groups_size(), stratum.counts_size());
           ++i)
        row.push_back(StrCat(stratum.counts(i)));
    }
  }
  return FormatTable(rows);
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
    for (const query_api::CollapsedStratum& one : trend.collapsed())
      base::StrAppend(text, "joined: ", one.from(), " into ", one.into(), ": ", Label(one.reason()),
                      "\n");
  }
  PrintOut(text);
  return kExitOk;
}

int Commands::Table(const std::string& edition, const std::string& release,
                    const std::vector<std::string>& indicators, const std::string& basis,
                    const std::vector<std::string>& attributes, bool all_units) {
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
  PrintOut(TableText(all, all_units));
  return kExitOk;
}

int Commands::TestAssociation(const std::string& edition, const std::string& release,
                              const std::string& cells, const std::vector<std::string>& attributes,
                              bool with_table) {
  query_api::TestAssociationRequest request;
  request.set_parent(ReleaseName(edition, release));
  request.set_cells(cells);
  for (const std::string& attribute : attributes) request.add_attributes(attribute);
  request.set_with_table(with_table);
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
  if (with_table) base::StrAppend(text, "\n", CountsText(*test));
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
