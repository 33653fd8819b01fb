#include "clients/cli/sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "clients/cli/commands_common.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "imdi/survey/query/v1/query_service.pb.h"

namespace imdi::cli {
namespace {

namespace query = survey::query::v1;
using testing::ElementsAre;
using testing::IsEmpty;

// The cell of a column.
std::string At(const Sheet& sheet, size_t row, const std::string& column) {
  const auto found = std::find(sheet.head.begin(), sheet.head.end(), column);
  EXPECT_NE(found, sheet.head.end()) << column;
  if (found == sheet.head.end()) return "no such column";
  return sheet.rows.at(row).at(static_cast<size_t>(found - sheet.head.begin()));
}

TEST(Csv, QuotesWhatNeedsItAndEndsLinesAsTheStandardSays) {
  EXPECT_EQ(
      FormatCsv({{"a", "b"}, {{"plain", "with, comma"}, {"say \"hi\"", "two\nlines"}, {"", ""}}}),
      "a,b\r\nplain,\"with, comma\"\r\n\"say \"\"hi\"\"\",\"two\nlines\"\r\n,\r\n");
  EXPECT_EQ(FormatCsv({{"a"}, {{"1"}}}, /*with_head=*/false), "1\r\n");
}

TEST(SheetOf, HasTheSameColumnsWhateverTheMessageHolds) {
  query::ListFiguresResponse response;
  const Sheet none = SheetOf(response, "figures");
  EXPECT_THAT(none.rows, IsEmpty());
  response.add_figures()->set_value(0.5);
  response.add_figures()->mutable_no_value()->set_reason(query::NO_VALUE_REASON_NOT_ASKED);
  const Sheet both = SheetOf(response, "figures");
  EXPECT_EQ(both.head, none.head);
  for (const auto& row : both.rows) EXPECT_EQ(row.size(), both.head.size());
}

TEST(SheetOf, LeavesACellEmptyWhereSomethingIsAbsentAndWritesZeroWhereItIsZero) {
  query::ListFiguresResponse response;
  response.add_figures()->set_value(0);
  response.add_figures()->mutable_no_value()->set_reason(query::NO_VALUE_REASON_NOT_ASKED);
  response.mutable_figures(0)->mutable_estimate()->set_lower(0.1);
  const Sheet sheet = SheetOf(response, "figures");
  EXPECT_EQ(At(sheet, 0, "value"), "0");
  EXPECT_EQ(At(sheet, 0, "no_value.reason"), "");
  EXPECT_EQ(At(sheet, 0, "estimate.lower"), "0.1");
  EXPECT_EQ(At(sheet, 1, "value"), "");
  EXPECT_EQ(At(sheet, 1, "no_value.reason"), "NO_VALUE_REASON_NOT_ASKED");
  EXPECT_EQ(At(sheet, 1, "estimate.lower"), "");
  EXPECT_EQ(At(sheet, 1, "title.nn"), "");
}

TEST(SheetOf, WritesNumbersInFullNamesOfEnumsBytesInBase64AndListsAsJson) {
  query::Release release;
  release.set_number(3);
  release.set_position(9'007'199'254'740'993);
  release.set_audience(query::AUDIENCE_INTERNAL);
  release.add_read_releases("editions/A/releases/1");
  release.add_read_releases("editions/B/releases/2");
  const Sheet sheet = SheetOf(release);
  EXPECT_EQ(sheet.rows.size(), 1U);
  EXPECT_EQ(At(sheet, 0, "position"), "9007199254740993");
  EXPECT_EQ(At(sheet, 0, "audience"), "AUDIENCE_INTERNAL");
  EXPECT_EQ(At(sheet, 0, "read_releases"), R"(["editions/A/releases/1","editions/B/releases/2"])");

  query::Figure figure;
  figure.set_value(1.0 / 3);
  EXPECT_EQ(std::stod(At(SheetOf(figure), 0, "value")), 1.0 / 3);

  survey::ingestion::v1::GetHeadResponse head;
  head.mutable_head()->set_chain_hash(std::string("\x00\xff", 2));
  EXPECT_EQ(At(SheetOf(head), 0, "head.chain_hash"), "AP8=");
}

TEST(SheetOf, PutsAMessageThatHoldsAListOfMessagesIntoOneCell) {
  query::ListClaimsResponse response;
  query::ClaimResult& claim = *response.add_claims();
  claim.set_verdict(query::VERDICT_HOLDS);
  claim.add_figures()->set_name("one");
  claim.add_figures()->set_name("two");
  const Sheet sheet = SheetOf(response, "claims");
  EXPECT_EQ(At(sheet, 0, "verdict"), "VERDICT_HOLDS");
  EXPECT_EQ(At(sheet, 0, "figures"), R"([{"name":"one"},{"name":"two"}])");
}

TEST(FigureSheet, PutsNoNumberWhereAFigureHasNoValue) {
  query::ListFiguresResponse response;
  query::Figure& without = *response.add_figures();
  without.mutable_no_value()->set_reason(query::NO_VALUE_REASON_NOT_ASKED);
  without.mutable_no_value()->set_sign(".");
  query::Figure& rate = *response.add_figures();
  rate.set_value(0.75);
  rate.set_numerator(3);
  rate.set_base(4);
  rate.set_rr1(0.5);
  query::Figure& share = *response.add_figures();
  share.set_value(0);
  share.set_base(4);
  share.mutable_estimate()->set_value(0);
  const Sheet sheet = FigureSheet(response.figures());
  for (const char* column : {"value", "numerator", "base", "rr1", "complete"})
    EXPECT_EQ(At(sheet, 0, column), "") << column;
  EXPECT_EQ(At(sheet, 0, "no_value.sign"), ".");
  EXPECT_EQ(At(sheet, 1, "numerator"), "3");
  EXPECT_EQ(At(sheet, 1, "rr1"), "0.5");
  EXPECT_EQ(At(sheet, 2, "value"), "0");
  EXPECT_EQ(At(sheet, 2, "numerator"), "0");
  EXPECT_EQ(At(sheet, 2, "rr1"), "") << "only response rates have it";
  for (const char* column : {"sum", "sum_decimals", "denominator_sum", "weight_set_revision"})
    EXPECT_EQ(At(sheet, 1, column), "") << column;
}

TEST(FigureSheet, GivesANumberItsSumsAndAQuantileNone) {
  query::ListFiguresResponse response;
  query::Figure& mean = *response.add_figures();
  mean.set_unit("number");
  mean.set_value(0);
  mean.set_base(4);
  mean.set_weight_set("surveys/KU/weightSets/W");
  mean.set_weight_set_revision(2);
  mean.mutable_estimate()->set_unbounded(true);
  query::Figure& median = *response.add_figures();
  median = mean;
  median.mutable_estimate()->set_method(query::INTERVAL_METHOD_WOODRUFF);
  query::Figure& ratio = *response.add_figures();
  ratio = mean;
  ratio.set_denominator_sum(50);
  ratio.set_denominator_decimals(1);
  ratio.mutable_estimate()->set_unbounded(false);
  const Sheet sheet = FigureSheet(response.figures());
  for (size_t row : {0U, 1U, 2U}) {
    EXPECT_EQ(At(sheet, row, "unit"), "number");
    EXPECT_EQ(At(sheet, row, "numerator"), "") << "a number has none";
    EXPECT_EQ(At(sheet, row, "rr1"), "");
    EXPECT_EQ(At(sheet, row, "weight_set_revision"), "2");
    EXPECT_EQ(At(sheet, row, "sum"), row == 1 ? "" : "0");
    EXPECT_EQ(At(sheet, row, "denominator_sum"), row == 2 ? "50" : "");
    EXPECT_EQ(At(sheet, row, "estimate.bound_upper"), row == 2 ? "0" : "");
  }
}

}  // namespace
}  // namespace imdi::cli
