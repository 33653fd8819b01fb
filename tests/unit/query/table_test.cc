// Tables out of cells, and answers that are kept.

#include "services/query/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "services/base/limits.h"
#include "services/query/answer_cache.h"
#include "services/query/figures.h"
#include "services/query/lists.h"
#include "tests/unit/query/small_service.h"

namespace imdi::query {
namespace {

using base::Reason;
using base::ReasonOf;
using testing::ElementsAre;
using testing_support::SmallAggregation;
using testing_support::SmallQuery;

class Tables : public testing::Test {
 protected:
  Tables() {
    aggregation.ApplyTwoEditions();
    aggregation.AnswerBoth();
    aggregation.Publish("E17");
    EXPECT_TRUE(query.Follow(aggregation).ok());
    request.set_parent("editions/E17/releases/live");
  }
  absl::StatusOr<query_pb::Table> Get() {
    return query.CallReady<query_pb::Table>(&GetTable, request);
  }
  bool IsKept() {
    Reading reading(query.snapshots, *query.shelf, query.snapshots.Current(), false);
    return FindTable(reading, request).has_value();
  }

  SmallAggregation aggregation;
  SmallQuery query;
  query_pb::GetTableRequest request;
};

TEST_F(Tables, TheStandardReportIsEveryClosedQuestionInTheOrderOfTheForm) {
  const auto table = Get();
  ASSERT_TRUE(table.ok()) << table.status();
  std::vector<std::string> indicators;
  for (const query_pb::TableRow& row : table->rows()) {
    const std::string indicator = row.cell().substr(0, row.cell().find('.'));
    EXPECT_THAT(row.cell(), testing::HasSubstr(".ANSWERED.answer="));
    EXPECT_EQ(row.indicator_labels_size() > 0, indicators.empty() || indicators.back() != indicator)
        << row.cell();
    if (indicators.empty() || indicators.back() != indicator) indicators.push_back(indicator);
    ASSERT_EQ(row.cells_size(), 1);
    EXPECT_EQ(row.category_labels_size(), 2);
  }
  EXPECT_THAT(indicators, ElementsAre("Q_A1", "Q_A2", "Q_A3", "Q_A5_A", "Q_A5_B", "Q_A5_C", "Q_A7",
                                      "Q_A8", "Q_G1", "Q_B1", "Q_B2"));
  EXPECT_THAT(table->languages(), ElementsAre(model::LANGUAGE_NN, model::LANGUAGE_NB));
  EXPECT_EQ(table->fallback_labels(), 0);
  EXPECT_EQ(table->columns_size(), 1);
  EXPECT_EQ(table->columns(0).group(), "");
  EXPECT_EQ(table->position(), aggregation.log.head());
}

TEST_F(Tables, EveryCellIsTheFigureOfItsName) {
  request.add_indicators("IND_CODE");
  request.add_indicators("IND_DISTRICT");
  request.add_indicators("IND_X");
  request.add_attributes("region");
  std::map<query_pb::EstimateStatus, int> statuses;
  for (const std::string release : {"live", "1"}) {
    request.set_parent("editions/E17/releases/" + release);
    const auto table = Get();
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_EQ(table->release(), request.parent());
    ASSERT_EQ(table->columns_size(), 6);
    EXPECT_THAT(table->columns(1).labels(), ElementsAre("region 1 nn", "region 1 nb"));
    EXPECT_EQ(table->columns(5).group(), "region=unknown");
    ASSERT_EQ(table->rows_size(), 4);
    for (const query_pb::TableRow& row : table->rows()) {
      ASSERT_EQ(row.cells_size(), table->columns_size());
      for (int i = 0; i < row.cells_size(); ++i) {
        query_pb::GetFigureRequest get;
        get.set_name(request.parent() + "/figures/" + row.cell() +
                     (i == 0 ? "" : "." + table->columns(i).group()));
        const auto figure = query.CallReady<query_pb::Figure>(&GetFigure, get);
        ASSERT_TRUE(figure.ok()) << figure.status();
        const query_pb::TableCell& cell = row.cells(i);
        EXPECT_EQ(cell.numerator(), figure->numerator());
        EXPECT_EQ(cell.base(), figure->base());
        EXPECT_EQ(cell.has_value(), !figure->has_no_value());
        EXPECT_EQ(cell.value(), figure->value());
        EXPECT_EQ(cell.no_value(), figure->no_value().reason());
        EXPECT_EQ(cell.sign(), figure->no_value().sign());
        const query_pb::Estimate& estimate = figure->estimate();
        EXPECT_EQ(cell.has_estimate(), estimate.has_value());
        EXPECT_EQ(cell.estimate(), estimate.value());
        EXPECT_EQ(cell.method(), estimate.method());
        EXPECT_EQ(cell.status(), estimate.status());
        const bool interval =
            estimate.has_value() && estimate.method() != query_pb::INTERVAL_METHOD_NONE;
        EXPECT_EQ(cell.has_lower(), interval);
        EXPECT_EQ(cell.has_upper(), interval);
        if (interval) {
          EXPECT_EQ(cell.lower(), estimate.lower());
          EXPECT_EQ(cell.upper(), estimate.upper());
        }
        EXPECT_EQ(cell.has_bound_lower(), figure->has_estimate() && !estimate.unbounded());
        if (cell.has_bound_lower()) {
          EXPECT_EQ(cell.bound_lower(), estimate.bound_lower());
          EXPECT_EQ(cell.bound_upper(), estimate.bound_upper());
        }
        ++statuses[cell.status()];
      }
    }
    EXPECT_TRUE(table->rows(0).cells(0).has_lower()) << "two of four have an interval";
  }
  EXPECT_GT(statuses[query_pb::ESTIMATE_STATUS_OK], 0);
  EXPECT_GT(statuses[query_pb::ESTIMATE_STATUS_EMPTY], 0) << "a region in which nobody answered";
}

TEST_F(Tables, ABasisThatLeavesAnswersOutHasNoRowsForThem) {
  const auto cells = [&] {
    const auto table = Get();
    EXPECT_TRUE(table.ok()) << table.status();
    std::vector<std::string> out;
    if (table.ok()) {
      for (const query_pb::TableRow& row : table->rows()) out.push_back(row.cell());
    }
    return out;
  };
  request.add_indicators("Q_A1");
  for (const std::string release : {"live", "1"}) {
    request.set_parent("editions/E17/releases/" + release);
    request.clear_basis();
    EXPECT_THAT(cells(), ElementsAre("Q_A1.ANSWERED.answer=1", "Q_A1.ANSWERED.answer=2",
                                     "Q_A1.ANSWERED.answer=3", "Q_A1.ANSWERED.answer=98",
                                     "Q_A1.SUBSTANTIVE.answer=1", "Q_A1.SUBSTANTIVE.answer=2",
                                     "Q_A1.SUBSTANTIVE.answer=3"));
    request.set_basis("SUBSTANTIVE");
    EXPECT_THAT(cells(), ElementsAre("Q_A1.SUBSTANTIVE.answer=1", "Q_A1.SUBSTANTIVE.answer=2",
                                     "Q_A1.SUBSTANTIVE.answer=3"));
  }
  // The report on that basis: the questions that have it.
  request.clear_indicators();
  const std::vector<std::string> report = cells();
  EXPECT_THAT(report, testing::Contains("Q_A1.SUBSTANTIVE.answer=1"));
  EXPECT_THAT(report, testing::Each(testing::Not(testing::EndsWith("=98"))));
}

TEST_F(Tables, EnglishFallsBackToBokmalAndSaysHowOften) {
  request.add_indicators("IND_CODE");
  request.set_basis("ANSWERED");
  request.add_attributes("region");
  request.add_languages(model::LANGUAGE_EN);
  const auto table = Get();
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_EQ(table->rows_size(), 1);
  EXPECT_THAT(table->rows(0).indicator_labels(), ElementsAre("IND_CODE nb"));
  EXPECT_THAT(table->rows(0).basis_labels(), ElementsAre("ANSWERED nb"));
  EXPECT_THAT(table->columns(1).labels(), ElementsAre("region 1 nb"));
  // Title, basis and four regions; the unknown one has English.
  EXPECT_EQ(table->fallback_labels(), 6);
}

TEST_F(Tables, RefuseWhatIsNotDeclared) {
  const auto why = [&] { return ReasonOf(Get().status()); };
  request.add_indicators("IND_NO");
  EXPECT_EQ(why(), Reason::kUnknownResource);
  request.set_indicators(0, "IND_CODE");
  request.set_basis("ASKED");
  EXPECT_EQ(why(), Reason::kUnknownResource);
  request.clear_basis();
  request.add_attributes("county");
  EXPECT_EQ(why(), Reason::kCellNotInRelease);
  request.set_attributes(0, "region");
  EXPECT_EQ(why(), Reason::kUnspecified);
  request.add_attributes("region");
  EXPECT_EQ(why(), Reason::kFieldInvalid);
  request.set_attributes(1, "unit_type");
  EXPECT_EQ(why(), Reason::kCellNotInRelease) << "a crossing that no document declares";
  request.clear_attributes();
  request.add_indicators("IND_CODE");
  EXPECT_EQ(why(), Reason::kFieldInvalid) << "an indicator twice";
  request.clear_indicators();
  request.add_languages(model::LANGUAGE_UNSPECIFIED);
  EXPECT_EQ(why(), Reason::kFieldInvalid);
  request.clear_languages();
  request.set_page_size(-1);
  EXPECT_EQ(why(), Reason::kFieldInvalid);
  request.set_page_size(0);
  request.set_page_token("x");
  EXPECT_EQ(why(), Reason::kPageTokenInvalid);
  request.clear_page_token();
  request.set_parent("editions/E18/releases/live");
  EXPECT_EQ(why(), Reason::kUnknownResource);
  request.set_parent("editions/E17");
  EXPECT_EQ(why(), Reason::kNameInvalid);
}

TEST_F(Tables, PagesTogetherAreTheWholeTable) {
  const auto whole = Get();
  ASSERT_TRUE(whole.ok()) << whole.status();
  request.set_page_size(7);
  std::vector<std::string> cells;
  do {
    const auto page = Get();
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_LE(page->rows_size(), 7);
    EXPECT_GT(page->rows(0).indicator_labels_size(), 0) << "a page can be read by itself";
    for (const query_pb::TableRow& row : page->rows()) cells.push_back(row.cell());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty() && cells.size() < 1'000);
  ASSERT_EQ(cells.size(), static_cast<size_t>(whole->rows_size()));
  for (int i = 0; i < whole->rows_size(); ++i)
    EXPECT_EQ(cells[static_cast<size_t>(i)], whole->rows(i).cell());
}

TEST_F(Tables, APageTokenWorksUnderEveryNameOfItsReleaseAndForNoOtherOne) {
  request.set_parent("editions/E17/releases/1");
  request.set_page_size(7);
  const auto first = Get();
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_NE(first->next_page_token(), "");
  request.set_parent("editions/E17/releases/latest");
  ASSERT_TRUE(IsKept());
  request.set_page_token(Get()->next_page_token());
  const auto second = Get();
  ASSERT_TRUE(second.ok()) << second.status();
  request.set_parent("editions/E17/releases/1");
  EXPECT_EQ(Get()->SerializeAsString(), second->SerializeAsString());
  aggregation.Answer("E17", "0107", 1);
  aggregation.Publish("E17");
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  for (const char* other : {"2", "live"}) {
    request.set_parent(base::StrCat("editions/E17/releases/", other));
    EXPECT_EQ(ReasonOf(Get().status()), Reason::kPageTokenInvalid) << other;
  }
  request.set_parent("editions/E17/releases/live");
  request.clear_page_token();
  request.set_page_token(Get()->next_page_token());
  ASSERT_TRUE(Get().ok());
  request.set_parent("editions/E17/releases/2");
  EXPECT_EQ(ReasonOf(Get().status()), Reason::kPageTokenInvalid);
}

TEST_F(Tables, AreKeptWhereTheyHoldAndSaySoOnlyForTheSameQuestion) {
  request.add_indicators("IND_CODE");
  EXPECT_FALSE(IsKept());
  const auto made = Get();
  EXPECT_TRUE(IsKept());
  EXPECT_EQ(Get()->SerializeAsString(), made->SerializeAsString());
  request.add_attributes("region");
  EXPECT_FALSE(IsKept());
  request.clear_attributes();
  // Another swap has other figures; a release has the same for ever.
  aggregation.Answer("E17", "0107", 1);
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  EXPECT_FALSE(IsKept());
  EXPECT_EQ(Get()->rows(0).cells(0).base(), made->rows(0).cells(0).base() + 1);
  request.set_parent("editions/E17/releases/1");
  ASSERT_TRUE(Get().ok());
  aggregation.Answer("E17", "0107", 2);
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  EXPECT_TRUE(IsKept());
  request.set_parent("editions/E17/releases/latest");
  EXPECT_TRUE(IsKept()) << "the same release under its other name";
  // A page of live figures belongs to one snapshot.
  request.set_parent("editions/E17/releases/live");
  request.clear_indicators();
  request.set_page_size(3);
  ASSERT_TRUE(Get().ok());
  EXPECT_FALSE(IsKept());
}

TEST(Answers, TheOneAskedForLongestAgoGoesFirst) {
  AnswerCache cache;
  const auto bytes = [](size_t size) {
    return transport::ReadyBytes{.shared = std::make_shared<const std::string>(size, 'x'),
                                 .tail = {}};
  };
  for (size_t i = 0; i < base::kTablesKeptMax; ++i) cache.Keep("k" + std::to_string(i), bytes(10));
  EXPECT_TRUE(cache.Find("k0").has_value());
  cache.Keep("new", bytes(10));
  EXPECT_TRUE(cache.Find("k0").has_value());
  EXPECT_FALSE(cache.Find("k1").has_value());
  cache.Keep("huge", bytes(base::kTablesKeptBytesMax));
  EXPECT_FALSE(cache.Find("huge").has_value()) << "larger than all of the cache";
  EXPECT_TRUE(cache.Find("new").has_value());
  cache.Keep("large", bytes(base::kTablesKeptBytesMax - 100));
  EXPECT_TRUE(cache.Find("large").has_value());
  EXPECT_FALSE(cache.Find("k5").has_value());
}

TEST_F(Tables, IndicatorsSayWhatThereIsToAskFor) {
  query_pb::ListIndicatorsRequest list;
  list.set_parent("editions/E17/releases/1");
  list.set_page_size(4);
  std::vector<std::string> names;
  do {
    const auto page = query.Call(&ListIndicators, list);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const query_pb::IndicatorInfo& indicator : page->indicators()) {
      names.push_back(indicator.name());
      request.clear_indicators();
      request.add_indicators(indicator.name().substr(indicator.name().find('/') + 1));
      request.clear_attributes();
      for (const query_pb::BreakdownInfo& breakdown : indicator.breakdowns()) {
        *request.mutable_attributes() = breakdown.attributes();
        EXPECT_TRUE(Get().ok()) << indicator.name();
      }
    }
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty() && names.size() < 1'000);
  EXPECT_EQ(names.size(), 18u);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  list.set_parent("editions/E17");
  EXPECT_EQ(ReasonOf(query.Call(&ListIndicators, list).status()), Reason::kNameInvalid);
}

}  // namespace
}  // namespace imdi::query
