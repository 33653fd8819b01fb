#include "clients/cli/table_text.h"

#include <string_view>
#include <vector>

#include "clients/cli/figure_text.h"
#include "clients/cli/print.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;

std::string AmountIn(const query_api::TableRow& row, double value) {
  return IsNumberUnit(row.unit()) ? FormatNumber(value, row.decimals()) : FormatPercent(value, 0);
}

std::string OfAllUnits(const query_api::TableRow& row, const query_api::TableCell& cell) {
  if (!cell.estimate_problem().empty()) return "-";
  if (!cell.has_estimate()) return AmountIn(row, cell.value());  // A response rate: known of all.
  std::string text = AmountIn(row, cell.estimate());
  if (cell.method() == query_api::INTERVAL_METHOD_KNOWN) return text;
  if (cell.has_lower()) {
    base::StrAppend(text, " (", cell.lower_open() ? "…" : AmountIn(row, cell.lower()), "–",
                    cell.upper_open() ? "…" : AmountIn(row, cell.upper()), ")");
  } else if (cell.has_bound_lower()) {
    base::StrAppend(text, " [", AmountIn(row, cell.bound_lower()), "–",
                    AmountIn(row, cell.bound_upper()), "]");
  }
  return text;
}

// {indicator}.{basis}: rows of one block have one base.
std::string_view BlockOf(const query_api::TableRow& row) {
  const std::string_view cell = row.cell();
  const size_t dot = cell.find('.');
  return cell.substr(0, dot == std::string_view::npos ? dot : cell.find('.', dot + 1));
}

std::vector<std::string> LineOf(const query_api::TableRow& row, bool all_units) {
  std::string label = row.category_labels().empty() ? "" : row.category_labels(0);
  if (label.empty() && !row.basis_labels().empty()) label = row.basis_labels(0);
  std::vector<std::string> line = {StrCat("  ", label)};
  // A number says that it is none of the percents around it.
  if (IsNumberUnit(row.unit()))
    base::StrAppend(line.front(), " (", row.unit_labels().empty() ? "number" : row.unit_labels(0),
                    ")");
  for (const query_api::TableCell& cell : row.cells()) {
    line.push_back(!cell.has_value() ? cell.sign()
                   : all_units       ? OfAllUnits(row, cell)
                                     : AmountIn(row, cell.value()));
  }
  return line;
}

}  // namespace

std::string TableText(const query_api::Table& table, bool all_units) {
  std::string text = StrCat(
      table.release(), ", percent of ",
      all_units ? "all units (95 percent interval) [possible, where there is none], - no estimate"
                : "those who answered",
      "; n = answers\n");
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> head_row = {""};
  for (const query_api::TableColumn& column : table.columns())
    head_row.push_back(column.group().empty() ? "all" : column.labels(0));
  rows.push_back(head_row);
  for (int i = 0; i < table.rows_size(); ++i) {
    const query_api::TableRow& row = table.rows(i);
    if (!row.indicator_labels().empty() && !row.indicator_labels(0).empty())
      rows.push_back({row.indicator_labels(0)});
    rows.push_back(LineOf(row, all_units));
    if (i + 1 < table.rows_size() && BlockOf(table.rows(i + 1)) == BlockOf(row)) continue;
    std::vector<std::string> answers = {"  n"};
    for (const query_api::TableCell& cell : row.cells())
      answers.push_back(cell.has_value() ? StrCat(cell.base()) : "");
    rows.push_back(std::move(answers));
  }
  // A question may be longer than any answer: it takes its line without widening the columns.
  std::vector<std::vector<std::string>> narrow;
  for (const auto& row : rows) {
    if (row.size() > 1) narrow.push_back(row);
  }
  const std::string lines = FormatTable(narrow);
  size_t at = 0;
  for (const auto& row : rows) {
    if (row.size() == 1) {
      base::StrAppend(text, Wrap(row[0], 0, kTextColumns), "\n");
      continue;
    }
    const size_t end = lines.find('\n', at);
    base::StrAppend(text, std::string_view(lines).substr(at, end + 1 - at));
    at = end + 1;
  }
  return text;
}

Sheet TableSheet(const query_api::Table& table) {
  Sheet sheet = {{"cell",
                  "group",
                  "value",
                  "unit",
                  "numerator",
                  "base",
                  "lower",
                  "upper",
                  "lower_open",
                  "upper_open",
                  "no_value",
                  "sign",
                  "estimate_problem",
                  "estimate",
                  "method",
                  "status",
                  "bound_lower",
                  "bound_upper",
                  "indicator",
                  "basis",
                  "category",
                  "column",
                  "unit_label"},
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
      const bool named = cell.status() != query_api::ESTIMATE_STATUS_UNSPECIFIED;
      sheet.rows.push_back({row.cell(),
                            column.group(),
                            number(has, cell.value()),
                            row.unit(),
                            has && !IsNumberUnit(row.unit()) ? StrCat(cell.numerator()) : "",
                            has ? StrCat(cell.base()) : "",
                            number(cell.has_lower(), cell.lower()),
                            number(cell.has_upper(), cell.upper()),
                            cell.lower_open() ? "true" : "",
                            cell.upper_open() ? "true" : "",
                            has ? "" : query_api::NoValueReason_Name(cell.no_value()),
                            cell.sign(),
                            cell.estimate_problem(),
                            number(cell.has_estimate(), cell.estimate()),
                            named ? query_api::IntervalMethod_Name(cell.method()) : "",
                            named ? query_api::EstimateStatus_Name(cell.status()) : "",
                            number(cell.has_bound_lower(), cell.bound_lower()),
                            number(cell.has_bound_upper(), cell.bound_upper()),
                            indicator,
                            basis,
                            first(row.category_labels()),
                            first(column.labels()),
                            first(row.unit_labels())});
    }
  }
  return sheet;
}

}  // namespace imdi::cli
