#include "clients/cli/table_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace imdi::cli {
namespace {

namespace query = survey::query::v1;
using testing::HasSubstr;

// A question with two answers and a mean, in all and in one region.
query::Table SmallTable() {
  query::Table table;
  table.set_release("editions/T/releases/1");
  table.add_columns();
  table.add_columns()->set_group("region=1");
  table.mutable_columns(1)->add_labels("West");
  for (const char* code : {"1", "2"}) {
    query::TableRow& row = *table.add_rows();
    row.set_cell(std::string("Q_A.ANSWERED.answer=") + code);
    row.set_unit("fraction");
    if (code == std::string("1")) row.add_indicator_labels("How is it?");
    row.add_category_labels(code == std::string("1") ? "Well" : "Not well");
    for (int column = 0; column < 2; ++column) {
      query::TableCell& cell = *row.add_cells();
      cell.set_value(column == 0 ? 0.5 : 0.25);
      cell.set_base(column == 0 ? 40 : 8);
      cell.set_estimate(0.48);
      cell.set_status(query::ESTIMATE_STATUS_OK);
      cell.set_method(query::INTERVAL_METHOD_WILSON);
      cell.set_lower(0.41);
      cell.set_upper(0.56);
      cell.set_bound_lower(0.3);
      cell.set_bound_upper(0.7);
    }
  }
  query::TableRow& mean = *table.add_rows();
  mean.set_cell("MEAN.ALL");
  mean.set_unit("number");
  mean.set_decimals(1);
  mean.add_indicator_labels("How many?");
  mean.add_basis_labels("All");
  mean.add_unit_labels("persons");
  for (int column = 0; column < 2; ++column) {
    query::TableCell& cell = *mean.add_cells();
    cell.set_value(3.25);
    cell.set_base(9);
    cell.set_estimate_problem("NEGATIVE_WEIGHT");
  }
  return table;
}

void SetNone(query::TableCell& cell) {
  cell.Clear();
  cell.set_no_value(query::NO_VALUE_REASON_NOT_YET);
  cell.set_sign("..");
  cell.set_status(query::ESTIMATE_STATUS_EMPTY);
  cell.set_method(query::INTERVAL_METHOD_NONE);
  cell.set_bound_lower(0);
  cell.set_bound_upper(1);
}

TEST(TableText, ShowsPercentsAndHowManyTheyAreOf) {
  query::Table table = SmallTable();
  SetNone(*table.mutable_rows(2)->mutable_cells(1));
  EXPECT_EQ(TableText(table, false),
            "editions/T/releases/1, percent of those who answered; n = answers\n"
            "                 all  West\n"
            "How is it?\n"
            "  Well            50    25\n"
            "  Not well        50    25\n"
            "  n               40     8\n"
            "How many?\n"
            "  All (persons)  3.3    ..\n"
            "  n                9\n");
}

TEST(TableText, ShowsIntervalsOfAllUnitsAndWhatIsPossibleWhereThereIsNone) {
  query::Table table = SmallTable();
  query::TableCell& thin = *table.mutable_rows(0)->mutable_cells(1);
  thin.set_status(query::ESTIMATE_STATUS_NO_DF);
  thin.set_method(query::INTERVAL_METHOD_NONE);
  thin.clear_lower();
  thin.clear_upper();
  query::TableCell& known = *table.mutable_rows(1)->mutable_cells(1);
  known.set_status(query::ESTIMATE_STATUS_CENSUS);
  known.set_method(query::INTERVAL_METHOD_KNOWN);
  SetNone(*table.mutable_rows(1)->mutable_cells(0));
  const std::string text = TableText(table, true);
  EXPECT_THAT(text, HasSubstr("percent of all units"));
  EXPECT_THAT(text, HasSubstr("48 (41–56)  48 [30–70]\n"));
  EXPECT_THAT(text, HasSubstr("..          48\n"));
  EXPECT_THAT(text, HasSubstr(" -           -\n")) << "a mean without an estimate";
  table.mutable_rows(0)->mutable_cells(0)->set_upper_open(true);
  EXPECT_THAT(TableText(table, true), HasSubstr("48 (41–…)"));
}

TEST(TableText, GivesProgramsAColumnForEveryNumber) {
  query::Table table = SmallTable();
  SetNone(*table.mutable_rows(1)->mutable_cells(0));
  const Sheet sheet = TableSheet(table);
  const auto at = [&](size_t row, const std::string& column) {
    const auto found = std::ranges::find(sheet.head, column);
    EXPECT_NE(found, sheet.head.end()) << column;
    return sheet.rows[row][static_cast<size_t>(found - sheet.head.begin())];
  };
  ASSERT_EQ(sheet.rows.size(), 6u);
  for (const auto& row : sheet.rows) EXPECT_EQ(row.size(), sheet.head.size());
  EXPECT_EQ(at(1, "estimate"), "0.48");
  EXPECT_EQ(at(1, "lower"), "0.41");
  EXPECT_EQ(at(1, "bound_upper"), "0.7");
  EXPECT_EQ(at(1, "method"), "INTERVAL_METHOD_WILSON");
  EXPECT_EQ(at(1, "status"), "ESTIMATE_STATUS_OK");
  EXPECT_EQ(at(2, "value"), "");
  EXPECT_EQ(at(2, "estimate"), "");
  EXPECT_EQ(at(2, "status"), "ESTIMATE_STATUS_EMPTY");
  EXPECT_EQ(at(2, "bound_lower"), "0");
  EXPECT_EQ(at(2, "indicator"), "How is it?");
  EXPECT_EQ(at(4, "status"), "");
  EXPECT_EQ(at(4, "method"), "");
  EXPECT_EQ(at(4, "estimate_problem"), "NEGATIVE_WEIGHT");
}

}  // namespace
}  // namespace imdi::cli
