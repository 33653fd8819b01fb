// Figures out: single figures, lists, and the tables of the report.

#include <algorithm>
#include <map>
#include <utility>

#include "clients/cli/commands_common.h"
#include "clients/cli/print.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

namespace model = ::imdi::survey::model::v1;
using base::StrCat;
using Query = query_api::QueryService::StubInterface;

constexpr std::string_view kUnknownGroup = "unknown";

// "imdi_region=3" out of …/figures/IND_RR.FRAME.imdi_region=3; empty for a total.
std::string GroupOf(const query_api::Figure& figure) {
  const std::string& name = figure.name();
  const size_t cell = name.rfind('/') + 1;
  const size_t basis = name.find('.', cell);
  const size_t group = basis == std::string::npos ? basis : name.find('.', basis + 1);
  return group == std::string::npos ? "" : name.substr(group + 1);
}

}  // namespace

Sheet FigureSheet(const google::protobuf::RepeatedPtrField<query_api::Figure>& figures) {
  query_api::ListFiguresResponse all;
  *all.mutable_figures() = figures;
  Sheet sheet = SheetOf(all, "figures");
  const auto blank = [&](size_t row, std::initializer_list<std::string_view> columns) {
    for (size_t i = 0; i < sheet.head.size(); ++i) {
      if (std::find(columns.begin(), columns.end(), sheet.head[i]) != columns.end())
        sheet.rows[row][i].clear();
    }
  };
  for (int i = 0; i < figures.size(); ++i) {
    const bool has_value = figures[i].state_case() == query_api::Figure::kValue;
    if (!has_value) {
      blank(i, {"numerator", "base", "estimate.lower", "estimate.upper", "estimate.standard_error",
                "estimate.df", "estimate.effective_n"});
    }
    // Only response rates have them, and only others have weights.
    if (!has_value || figures[i].has_estimate() || !figures[i].weight_set().empty())
      blank(i, {"rr1", "complete"});
    if (figures[i].weight_set().empty()) blank(i, {"weight_set_revision"});
    // Shares have a numerator, numbers have sums; a quantile has neither.
    if (IsNumber(figures[i])) blank(i, {"numerator"});
    if (!has_value || !figures[i].has_sum()) blank(i, {"sum", "sum_decimals"});
    if (!has_value || figures[i].denominator_sum() == 0)
      blank(i, {"denominator_sum", "denominator_decimals", "silent_denominator"});
    if (figures[i].estimate().unbounded())
      blank(i, {"estimate.bound_lower", "estimate.bound_upper", "silent_denominator"});
  }
  return sheet;
}

std::string CellOf(const query_api::Figure& figure) {
  return figure.name().substr(figure.name().rfind('/') + 1);
}

int Commands::GetFigure(const std::string& name) {
  query_api::GetFigureRequest request;
  request.set_name(name);
  request.set_at_least_position(NewestPosition());
  const auto figure = Try(connection_.query(), &Query::GetFigure, request);
  if (!figure.ok()) return Fail(figure.status());
  const auto sheet = [&] {
    query_api::ListFiguresResponse one;
    *one.add_figures() = *figure;
    return FigureSheet(one.figures());
  };
  if (output_.Prints(*figure, sheet)) return kExitOk;
  std::string text = StrCat(figure->name(), "\n", ValueOf(*figure, 1));
  if (figure->state_case() == query_api::Figure::kNoValue) {
    base::StrAppend(text, "  ", Label(figure->no_value().text()));
  } else if (IsNumber(*figure)) {
    const std::string& unit = Label(figure->unit_title());
    base::StrAppend(text, unit.empty() ? "" : " ", unit, "  of ", figure->base(), " units");
    if (figure->denominator_sum() != 0) {
      base::StrAppend(text, ", ", ScaledText(figure->sum(), figure->sum_decimals()), " / ",
                      ScaledText(figure->denominator_sum(), figure->denominator_decimals()));
    } else if (figure->has_sum()) {
      base::StrAppend(text, ", sum ", ScaledText(figure->sum(), figure->sum_decimals()));
    }
  } else {
    base::StrAppend(text, " %  ", figure->numerator(), " of ", figure->base());
  }
  base::StrAppend(text, "\n", Label(figure->title()), "; ", Label(figure->basis_title()));
  for (const auto* part : {&figure->category_title(), &figure->group_title()}) {
    if (!Label(*part).empty()) base::StrAppend(text, "; ", Label(*part));
  }
  if (figure->estimate().status() == query_api::ESTIMATE_STATUS_EMPTY) {
    base::StrAppend(text, "\nnobody is in the base; ", figure->estimate().may_belong(),
                    " units may belong to it");
  } else if (figure->has_estimate()) {
    base::StrAppend(text, "\nof all units: ", EstimateOf(*figure), IsNumber(*figure) ? "" : " %");
    if (!IntervalOf(*figure).empty())
      base::StrAppend(text, ", ", FormatPercent(figure->estimate().level(), 0),
                      " percent interval ", IntervalOf(*figure));
    if (!BoundsOf(*figure).empty()) base::StrAppend(text, ", possible ", BoundsOf(*figure));
  }
  if (figure->has_estimate_problem())
    base::StrAppend(text, "\nno estimate: ", figure->estimate_problem().reason(), ": ",
                    figure->estimate_problem().message());
  if (figure->weight_set_revision() > 0)
    base::StrAppend(text, "\nweighted by ", figure->weight_set(), "@",
                    figure->weight_set_revision());
  text += '\n';
  PrintOut(text);
  return kExitOk;
}

absl::StatusOr<std::vector<query_api::Figure>> Commands::ListFigures(const std::string& edition,
                                                                     const std::string& release,
                                                                     const std::string& indicator,
                                                                     const std::string& attribute,
                                                                     int64_t position) const {
  std::vector<query_api::Figure> figures;
  query_api::ListFiguresRequest request;
  request.set_parent(ReleaseName(edition, release));
  request.set_indicator(indicator);
  request.set_attribute(attribute);
  request.set_page_size(1'000);
  request.set_at_least_position(position);
  do {
    const auto response = Try(connection_.query(), &Query::ListFigures, request);
    if (!response.ok()) return response.status();
    figures.insert(figures.end(), response->figures().begin(), response->figures().end());
    request.set_page_token(response->next_page_token());
  } while (!request.page_token().empty());
  return figures;
}

int Commands::Figures(const std::string& edition, const std::string& release,
                      const std::string& indicator, const std::string& attribute) {
  auto figures = ListFigures(edition, release, indicator, attribute, NewestPosition());
  if (!figures.ok()) return Fail(figures.status());
  query_api::ListFiguresResponse all;
  for (query_api::Figure& figure : *figures) *all.add_figures() = std::move(figure);
  return ShowFigures(all, all.figures());
}

int Commands::ShowFigures(const google::protobuf::Message& result,
                          const google::protobuf::RepeatedPtrField<query_api::Figure>& figures) {
  if (output_.Prints(result, [&] { return FigureSheet(figures); })) return kExitOk;
  // Where a number stands among them, each says what it is.
  const bool mixed = std::any_of(figures.begin(), figures.end(), IsNumber);
  std::vector<std::vector<std::string>> rows = {{"figure", mixed ? "value" : "percent", "numerator",
                                                 "base", "estimate", "interval", "possible",
                                                 "invited"}};
  for (const query_api::Figure& figure : figures) {
    const bool number = IsNumber(figure);
    const auto shown = [&](std::string amount) {
      return Unmistaken(figure, mixed, std::move(amount));
    };
    rows.push_back({CellOf(figure), shown(ValueOf(figure, 1)),
                    number ? "" : StrCat(figure.numerator()), StrCat(figure.base()),
                    shown(EstimateOf(figure)), shown(IntervalOf(figure)), shown(BoundsOf(figure)),
                    StrCat(figure.invited())});
  }
  PrintOut(FormatTable(rows));
  return kExitOk;
}

int Commands::GetFigures(const std::vector<std::string>& names) {
  query_api::BatchGetFiguresRequest request;
  for (const std::string& name : names) request.add_names(name);
  request.set_at_least_position(NewestPosition());
  const auto response = Try(connection_.query(), &Query::BatchGetFigures, request);
  if (!response.ok()) return Fail(response.status());
  return ShowFigures(*response, response->figures());
}

int Commands::ListEditions() {
  query_api::ListEditionsRequest request;
  request.set_page_size(1'000);
  const auto editions = TryPages(
      connection_.query(), &Query::ListEditions, request,
      [](auto& all, const auto& page) { all.mutable_editions()->MergeFrom(page.editions()); });
  if (!editions.ok()) return Fail(editions.status());
  if (output_.Prints(*editions, "editions")) return kExitOk;
  std::vector<std::vector<std::string>> rows = {
      {"edition", "year", "state", "latest release", "figures", "title"}};
  for (const query_api::EditionSummary& edition : editions->editions()) {
    rows.push_back({edition.name(), StrCat(edition.reference_year()),
                    edition.state() == model::EDITION_STATE_OPEN     ? "open"
                    : edition.state() == model::EDITION_STATE_CLOSED ? "closed"
                                                                     : "not opened",
                    edition.latest_release() == 0 ? "none" : StrCat(edition.latest_release()),
                    edition.stale() ? StrCat("may be old since ", TimeOf(edition.stale_since_us()))
                                    : StrCat("up to position ", edition.position()),
                    Label(edition.title())});
  }
  PrintOut(FormatTable(rows, true));
  return kExitOk;
}

int Commands::ReportResponseRates(const std::vector<std::string>& editions,
                                  const std::string& release) {
  const int64_t position = NewestPosition();
  // Row key → title, in the order in which rows are shown; a group is a row even where only one
  // edition has it.
  std::vector<std::pair<std::string, std::string>> order = {{"", "all units"}};
  std::vector<std::map<std::string, query_api::Figure>> columns;
  std::vector<std::string> head_row = {"response rate, percent"};
  for (const std::string& edition : editions) {
    head_row.push_back(edition);
    auto& column = columns.emplace_back();
    for (const std::string_view attribute : {"total", "unit_type", "imdi_region"}) {
      auto figures = ListFigures(edition, release, "IND_RR", std::string(attribute), position);
      if (!figures.ok()) return Fail(figures.status());
      for (query_api::Figure& figure : *figures)
        column.insert_or_assign(GroupOf(figure), std::move(figure));
    }
  }
  for (const std::string_view attribute : {"unit_type=", "imdi_region="}) {
    std::map<std::string, std::string> titles;
    for (const auto& column : columns) {
      for (const auto& [group, figure] : column) {
        if (!group.starts_with(attribute)) continue;
        const std::string code = group.substr(attribute.size());
        std::string title = Label(figure.group_title());
        if (code == kUnknownGroup || title.empty()) title = code;
        titles.emplace(group, attribute == "imdi_region=" ? StrCat("region ", title) : title);
      }
    }
    // Municipalities before districts, regions by number, what is unknown last: that is reversed
    // for letters.
    std::vector<std::pair<std::string, std::string>> rows(titles.begin(), titles.end());
    std::stable_sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
      const auto rank = [&](const std::string& group) {
        const std::string_view code = std::string_view(group).substr(attribute.size());
        return code == kUnknownGroup ? 2 : (code == "district" ? 1 : 0);
      };
      return rank(a.first) < rank(b.first);
    });
    order.insert(order.end(), rows.begin(), rows.end());
  }
  query_api::ListFiguresResponse all;
  for (const auto& column : columns) {
    for (const auto& [group, figure] : column) *all.add_figures() = figure;
  }
  if (output_.Prints(all, [&] { return FigureSheet(all.figures()); })) return kExitOk;
  std::vector<std::vector<std::string>> rows = {head_row};
  std::vector<std::string> complete = {"  RR1 (complete only)"};
  for (const auto& [group, title] : order) {
    std::vector<std::string> row = {group.empty() ? title : StrCat("  ", title)};
    for (const auto& column : columns) {
      const auto figure = column.find(group);
      if (figure == column.end()) {
        row.emplace_back(".");
        if (group.empty()) complete.emplace_back(".");
        continue;
      }
      const query_api::Figure& cell = figure->second;
      row.push_back(StrCat(cell.responded(), " of ", cell.invited(), "  ", ValueOf(cell, 1)));
      if (group.empty()) {
        complete.push_back(
            cell.state_case() == query_api::Figure::kValue ? FormatPercent(cell.rr1(), 1) : "..");
      }
    }
    rows.push_back(std::move(row));
    if (group.empty()) rows.push_back(complete);
  }
  PrintOut(StrCat("\n", FormatTable(rows),
                  "Complete and partial (RR2), of units invited less out of scope.\n"));
  return kExitOk;
}

}  // namespace imdi::cli
