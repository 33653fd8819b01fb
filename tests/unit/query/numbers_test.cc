// Numbers as they are served: figures, tables and series of means, totals, ratios and quantiles are
// never taken for shares, live and as published.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "services/query/association.h"
#include "services/query/figures.h"
#include "services/query/lists.h"
#include "services/query/notes.h"
#include "services/query/series.h"
#include "services/query/table.h"
#include "tests/unit/query/small_service.h"

namespace imdi::query {
namespace {

using base::Reason;
using base::ReasonOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::Number;
using testing_support::SmallAggregation;
using testing_support::SmallIndicator;
using testing_support::SmallQuery;

class Numbers : public testing::Test {
 protected:
  Numbers() {
    aggregation.ApplyTwoEditions();
    for (const auto& [id, kind] : {std::pair{"IND_MEAN", model::INDICATOR_KIND_MEAN},
                                   {"IND_MEDIAN", model::INDICATOR_KIND_QUANTILE},
                                   {"IND_SUM", model::INDICATOR_KIND_TOTAL}}) {
      model::Indicator indicator = SmallIndicator(id, {"E16", "E17"}, "", {{"ASKED", "A1 == 1"}});
      indicator.set_kind(kind);
      indicator.mutable_measure()->set_question("A4");
      indicator.set_precision(2);
      *indicator.mutable_unit() = testing_support::Words("hours");
      aggregation.log.Apply(indicator);
    }
    aggregation.AnswerBoth();
    aggregation.Publish("E16");
    aggregation.Publish("E17");
    EXPECT_TRUE(query.Follow(aggregation).ok());
  }
  query_pb::Figure Figure(const std::string& release, const std::string& cell) {
    query_pb::GetFigureRequest request;
    request.set_name("editions/E17/releases/" + release + "/figures/" + cell);
    auto figure = query.CallReady<query_pb::Figure>(&GetFigure, request);
    EXPECT_TRUE(figure.ok()) << figure.status();
    return figure.ok() ? *figure : query_pb::Figure();
  }

  SmallAggregation aggregation;
  SmallQuery query;
};

TEST_F(Numbers, AreFiguresInAUnitOfTheirOwn) {
  for (const std::string release : {"live", "latest"}) {
    const query_pb::Figure mean = Figure(release, "IND_MEAN.ASKED");
    EXPECT_EQ(mean.unit(), "number");
    EXPECT_EQ(mean.unit_title().nn(), "hours nn");
    EXPECT_EQ(mean.decimals(), 2);
    EXPECT_EQ(mean.value(), 10.5) << "both said 10.5";
    EXPECT_EQ(mean.base(), 2);
    EXPECT_EQ(mean.numerator(), 0);
    EXPECT_EQ(mean.sum(), 210);
    EXPECT_EQ(mean.sum_decimals(), 1);
    EXPECT_TRUE(mean.estimate().unbounded());
    EXPECT_EQ(mean.weight_set(), "surveys/SMALL/weightSets/NONRESPONSE");
    EXPECT_EQ(Figure(release, "IND_SUM.ASKED").value(), 21);
    EXPECT_EQ(Figure(release, "IND_MEDIAN.ASKED").value(), 10.5);
    EXPECT_TRUE(Figure(release, "IND_MEAN.ASKED.region=4").has_no_value());
    EXPECT_EQ(Figure(release, "IND_MEAN.ASKED.region=4").unit(), "number");
  }
}

TEST_F(Numbers, StandInTablesBesideSharesWithTheirUnit) {
  query_pb::GetTableRequest request;
  for (const char* id : {"IND_CODE", "IND_MEAN", "IND_MEDIAN", "IND_SUM"})
    request.add_indicators(id);
  request.add_attributes("region");
  for (const std::string release : {"live", "latest"}) {
    request.set_parent("editions/E17/releases/" + release);
    const auto table = query.CallReady<query_pb::Table>(&GetTable, request);
    ASSERT_TRUE(table.ok()) << table.status();
    ASSERT_EQ(table->rows_size(), 5);
    for (const query_pb::TableRow& row : table->rows()) {
      const bool number = !row.cell().starts_with("IND_CODE");
      EXPECT_EQ(row.unit(), number ? "number" : "fraction") << row.cell();
      if (number) {
        EXPECT_THAT(row.unit_labels(), ElementsAre("hours nn", "hours nb"));
        EXPECT_EQ(row.decimals(), 2);
      } else {
        EXPECT_THAT(row.unit_labels(), IsEmpty());
      }
      for (int i = 0; i < row.cells_size(); ++i) {
        const std::string& group = table->columns(i).group();
        const query_pb::Figure figure =
            Figure(release, row.cell() + (group.empty() ? "" : "." + group));
        const query_pb::TableCell& cell = row.cells(i);
        EXPECT_EQ(cell.has_value(), !figure.has_no_value());
        EXPECT_EQ(cell.value(), figure.value()) << figure.name();
        EXPECT_TRUE(std::isfinite(cell.lower()) && std::isfinite(cell.upper()));
        EXPECT_EQ(cell.lower_open(), cell.has_lower() && figure.estimate().lower_open());
        EXPECT_EQ(cell.upper_open(), cell.has_upper() && figure.estimate().upper_open());
        EXPECT_EQ(cell.estimate_problem(), "");
      }
    }
  }
}

TEST_F(Numbers, MakeASeriesWithoutChanges) {
  query_pb::GetSeriesRequest request;
  request.set_parent("surveys/SMALL");
  request.set_cell("IND_MEAN.ASKED");
  const auto series = query.Call(&GetSeries, request);
  ASSERT_TRUE(series.ok()) << series.status();
  ASSERT_EQ(series->points_size(), 2);
  for (const query_pb::SeriesPoint& point : series->points()) {
    EXPECT_EQ(point.figure().value(), 10.5);
    EXPECT_EQ(point.figure().unit(), "number");
  }
  EXPECT_THAT(series->changes(), IsEmpty());
  EXPECT_FALSE(series->has_trend());
  request.set_cell("IND_CODE.ANSWERED");
  EXPECT_EQ(query.Call(&GetSeries, request)->changes_size(), 1) << "shares have them";
}

TEST_F(Numbers, ThatWereSharesBeforeAreABreakInTheSeries) {
  // What E16 published as a mean is a share in E17.
  model::Indicator share =
      SmallIndicator("IND_MEAN", {"E16", "E17"}, "A1 == 1", {{"ASKED", "answered(A1)"}});
  aggregation.log.Apply(share);
  aggregation.Publish("E17");
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  query_pb::GetSeriesRequest request;
  request.set_parent("surveys/SMALL");
  request.set_cell("IND_MEAN.ASKED");
  const auto series = query.Call(&GetSeries, request);
  ASSERT_TRUE(series.ok()) << series.status();
  ASSERT_EQ(series->points_size(), 2);
  EXPECT_EQ(series->points(0).figure().unit(), "number");
  EXPECT_EQ(series->points(1).figure().unit(), "fraction");
  ASSERT_EQ(series->changes_size(), 1);
  const query_pb::ChangeFigure& change = series->changes(0);
  EXPECT_FALSE(change.has_value());
  EXPECT_EQ(change.no_value().reason(), query_pb::NO_VALUE_REASON_SERIES_BREAK);
  EXPECT_EQ(change.earlier().value(), 0) << "10.5 is no share";
  EXPECT_EQ(change.later().value(), 0.5);
}

TEST_F(Numbers, OfAQuantileAreExplainedByCountsAroundWhatIsServed) {
  // A municipality says 10.5 and stands for two, a district says 20.5 and stands for three: 20.5 is
  // the median. Each is alone in its stratum, so there is no interval.
  aggregation.log.Submit("E16", "030101", "first",
                         {{"A1", testing_support::Code(1)},
                          {"A4", Number(205)},
                          {"A5.a", testing_support::Code(1)},
                          {"A5.b", testing_support::Code(2)},
                          {"A5.c", testing_support::Code(97)},
                          {"A2", testing_support::Codes({90})},
                          {"A6", testing_support::Text()},
                          {"A7", testing_support::Code(1)},
                          {"G1", testing_support::Code(2)}});
  aggregation.Publish("E16");
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  query_pb::ExplainFigureRequest explain;
  explain.set_name("editions/E16/releases/latest/figures/IND_MEDIAN.ASKED");
  const auto explained = query.Call(&ExplainFigure, explain);
  ASSERT_TRUE(explained.ok()) << explained.status();
  EXPECT_EQ(explained->numerator_expression(), "") << "it has a measure";
  EXPECT_EQ(explained->figure().value(), 10.5);
  const query_pb::Estimate& estimate = explained->figure().estimate();
  EXPECT_EQ(estimate.method(), query_pb::INTERVAL_METHOD_NONE);
  EXPECT_EQ(estimate.value(), 20.5);
  EXPECT_EQ(estimate.lower(), 20.5);
  EXPECT_EQ(estimate.upper(), 20.5);
  query_pb::QuantileCounts sum;
  int32_t yes = 0;
  for (const query_pb::StratumEvidence& line : explained->strata()) {
    yes += line.yes();
    sum.set_below(sum.below() + line.quantile().below());
    sum.set_below_lower(sum.below_lower() + line.quantile().below_lower());
    sum.set_to_lower(sum.to_lower() + line.quantile().to_lower());
    sum.set_below_upper(sum.below_upper() + line.quantile().below_upper());
    sum.set_to_upper(sum.to_upper() + line.quantile().to_upper());
    sum.set_to_value(sum.to_value() + line.quantile().to_value());
  }
  EXPECT_EQ(yes, 2);
  EXPECT_EQ(sum.below(), 1);
  EXPECT_EQ(sum.below_lower(), 1) << "the lower end that is served is the median";
  EXPECT_EQ(sum.to_lower(), 2);
  EXPECT_EQ(sum.below_upper(), 1);
  EXPECT_EQ(sum.to_upper(), 2);
  EXPECT_EQ(sum.to_value(), 1);
}

TEST_F(Numbers, SayWhatTheyMeasure) {
  query_pb::ListIndicatorsRequest list;
  list.set_parent("editions/E17/releases/latest");
  list.set_page_size(100);
  const auto page = query.Call(&ListIndicators, list);
  ASSERT_TRUE(page.ok()) << page.status();
  const auto info =
      std::ranges::find(page->indicators(), "indicators/IND_MEAN", &query_pb::IndicatorInfo::name);
  ASSERT_NE(info, page->indicators().end());
  EXPECT_EQ(info->kind(), model::INDICATOR_KIND_MEAN);
  EXPECT_THAT(info->measure(), testing::HasSubstr("A4"));
  EXPECT_EQ(info->unit().nb(), "hours nb");
  query_pb::ExplainFigureRequest explain;
  explain.set_name("editions/E17/releases/latest/figures/IND_MEAN.ASKED");
  const auto explained = query.Call(&ExplainFigure, explain);
  ASSERT_TRUE(explained.ok()) << explained.status();
  EXPECT_EQ(explained->measure(), info->measure());
  EXPECT_GT(explained->steps_size(), 0);
}

TEST_F(Numbers, HaveNoAnswersToTabulate) {
  query_pb::TestAssociationRequest request;
  request.set_parent("editions/E17/releases/latest");
  request.set_cells("IND_MEAN.ASKED");
  request.add_attributes("region");
  EXPECT_EQ(ReasonOf(query.Call(&TestAssociation, request).status()), Reason::kFieldInvalid);
}

TEST_F(Numbers, ThatAReleaseRevisedAreNamedAsNumbers) {
  aggregation.log.Submit("E17", "0102", "first",
                         {{"A1", testing_support::Code(1)},
                          {"A4", Number(205)},
                          {"A5.a", testing_support::Code(1)},
                          {"A5.b", testing_support::Code(2)},
                          {"A5.c", testing_support::Code(97)},
                          {"A2", testing_support::Codes({90})},
                          {"A6", testing_support::Text()},
                          {"A7", testing_support::Code(1)},
                          {"G1", testing_support::Code(2)}});
  aggregation.Publish("E17");
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  query_pb::ListChangesRequest request;
  request.set_parent("editions/E17/releases/latest");
  request.set_page_size(1'000);
  const auto changes = query.Call(&ListChanges, request);
  ASSERT_TRUE(changes.ok()) << changes.status();
  int numbers = 0;
  for (const query_pb::ReleaseChange& change : changes->changes()) {
    const bool number = change.cell().starts_with("IND_MEAN") ||
                        change.cell().starts_with("IND_SUM") ||
                        change.cell().starts_with("IND_MEDIAN");
    EXPECT_EQ(change.unit(), number ? "number" : "") << change.cell();
    if (change.cell() != "IND_MEAN.ASKED") continue;
    ++numbers;
    EXPECT_EQ(change.value_before(), 10.5);
    EXPECT_EQ(change.value_after(), 15.5);
  }
  EXPECT_EQ(numbers, 1);
}

}  // namespace
}  // namespace imdi::query
