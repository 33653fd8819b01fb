// Figures by name, in batches and in lists, of live figures and of releases.

#include "services/query/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "services/base/limits.h"
#include "services/query/notes.h"
#include "tests/unit/query/small_service.h"

namespace imdi::query {
namespace {

using base::Reason;
using base::ReasonOf;
using testing::ElementsAre;
using testing_support::SmallAggregation;
using testing_support::SmallQuery;

constexpr const char* kLive = "editions/E17/releases/live/figures/";

class Figures : public testing::Test {
 protected:
  Figures() {
    aggregation.ApplyTwoEditions();
    aggregation.AnswerBoth();
    EXPECT_TRUE(query.Follow(aggregation).ok());
  }
  absl::StatusOr<query_pb::Figure> Get(const std::string& name) {
    query_pb::GetFigureRequest request;
    request.set_name(name);
    return query.CallReady<query_pb::Figure>(&GetFigure, request);
  }
  Reason WhyNot(const std::string& name) { return ReasonOf(Get(name).status()); }
  absl::StatusOr<query_pb::ListFiguresResponse> List(const std::string& parent, int page_size,
                                                     const std::string& token = "",
                                                     const std::string& indicator = "",
                                                     const std::string& attribute = "") {
    query_pb::ListFiguresRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    request.set_page_token(token);
    request.set_indicator(indicator);
    request.set_attribute(attribute);
    return query.CallReady<query_pb::ListFiguresResponse>(&ListFigures, request);
  }
  static std::vector<std::string> CellsOf(const query_pb::ListFiguresResponse& page) {
    std::vector<std::string> out;
    for (const query_pb::Figure& figure : page.figures())
      out.push_back(figure.name().substr(figure.name().rfind('/') + 1));
    return out;
  }

  SmallAggregation aggregation;
  SmallQuery query;
};

TEST_F(Figures, LiveFiguresAreCountedNamedAndLabelled) {
  const auto figure = Get(std::string(kLive) + "IND_CODE.ANSWERED");
  ASSERT_TRUE(figure.ok()) << figure.status();
  EXPECT_EQ(figure->name(), std::string(kLive) + "IND_CODE.ANSWERED");
  EXPECT_EQ(figure->numerator(), 2);
  EXPECT_EQ(figure->base(), 4);
  EXPECT_DOUBLE_EQ(figure->value(), 0.5);
  EXPECT_EQ(figure->responded(), 5);
  EXPECT_EQ(figure->position(), aggregation.log.head());
  EXPECT_EQ(figure->title().nn(), "IND_CODE nn");
  EXPECT_EQ(figure->basis_title().nb(), "ANSWERED nb");
  EXPECT_NE(figure->etag(), "");
  EXPECT_TRUE(figure->has_estimate());
  const auto group = Get(std::string(kLive) + "IND_CODE.ANSWERED.region=2");
  EXPECT_EQ(group->group_title().nn(), "region 2 nn");
}

TEST_F(Figures, EveryStateWithoutAValueThatCountsCanHaveIsReached) {
  const auto reason = [&](const std::string& cell) {
    const auto figure = Get(kLive + cell);
    EXPECT_TRUE(figure.ok()) << figure.status();
    EXPECT_TRUE(figure->has_no_value()) << cell;
    EXPECT_NE(figure->no_value().sign(), "");
    EXPECT_NE(figure->no_value().sdmx_status(), "");
    EXPECT_NE(figure->no_value().text().nn(), "");
    return figure->no_value().reason();
  };
  EXPECT_EQ(reason("IND_X.ANSWERED"), query_pb::NO_VALUE_REASON_NOT_ASKED);
  EXPECT_EQ(reason("IND_DISTRICT.ANSWERED.region=1"), query_pb::NO_VALUE_REASON_NOT_APPLICABLE);
  EXPECT_EQ(reason("IND_CODE.ANSWERED.region=3"), query_pb::NO_VALUE_REASON_NO_ANSWER);
  EXPECT_EQ(reason("IND_PARTS.ANSWERED.region=3"), query_pb::NO_VALUE_REASON_FILTER_UNKNOWN);
  // Zero is a value.
  const auto zero = Get(std::string(kLive) + "IND_CODE.ANSWERED.region=2");
  ASSERT_TRUE(zero.ok());
  EXPECT_EQ(zero->state_case(), query_pb::Figure::kValue);
  EXPECT_EQ(zero->value(), 0);
  EXPECT_EQ(zero->base(), 1);
  // Nothing was collected yet: an edition that nobody has answered.
  SmallAggregation fresh;
  fresh.ApplyTwoEditions();
  ASSERT_TRUE(SmallQuery().Follow(fresh).ok());
  SmallQuery other;
  ASSERT_TRUE(other.Follow(fresh).ok());
  query_pb::GetFigureRequest request;
  request.set_name(std::string(kLive) + "IND_CODE.ANSWERED");
  const auto not_yet = other.CallReady<query_pb::Figure>(&GetFigure, request);
  ASSERT_TRUE(not_yet.ok()) << not_yet.status();
  EXPECT_EQ(not_yet->no_value().reason(), query_pb::NO_VALUE_REASON_NOT_YET);
}

TEST_F(Figures, AttributesMayComeInAnyOrder) {
  const auto canonical = Get(std::string(kLive) + "Q_A1.ANSWERED.answer=1");
  ASSERT_TRUE(canonical.ok()) << canonical.status();
  EXPECT_EQ(canonical->numerator(), 2);
  EXPECT_NE(canonical->category_title().nn(), "");
  // What only reads like a cell is none.
  EXPECT_EQ(WhyNot(std::string(kLive) + "IND_CODE.ALL."), Reason::kNameInvalid);
  EXPECT_EQ(WhyNot(std::string(kLive) + "Q_A1.ANSWERED.answer=01"), Reason::kCellNotInRelease);
  EXPECT_EQ(WhyNot(std::string(kLive) + "IND_RR.FRAME.region=Unknown"), Reason::kCellNotInRelease);
}

TEST_F(Figures, WhatIsNotThereSaysWhatIsMissing) {
  EXPECT_EQ(WhyNot(std::string(kLive) + "IND_CODE.ANSWERED.region=1"), Reason::kUnspecified);
  EXPECT_EQ(WhyNot(std::string(kLive) + "IND_CODE.ANSWERED.region=9"), Reason::kCellNotInRelease);
  EXPECT_EQ(WhyNot(std::string(kLive) + "IND_CODE.ANSWERED.county=1"), Reason::kCellNotInRelease);
  EXPECT_EQ(WhyNot(std::string(kLive) + "IND_CODE.ANSWERED.answer=1"), Reason::kCellNotInRelease)
      << "a share has no categories";
  EXPECT_EQ(WhyNot(std::string(kLive) + "IND_CODE.ASKED"), Reason::kUnknownResource)
      << "a basis of another indicator";
  EXPECT_EQ(WhyNot(std::string(kLive) + "IND_NO.ANSWERED"), Reason::kUnknownResource);
  EXPECT_EQ(WhyNot("editions/E18/releases/live/figures/IND_CODE.ANSWERED"),
            Reason::kUnknownResource);
  EXPECT_EQ(WhyNot("editions/E17/releases/1/figures/IND_CODE.ANSWERED"), Reason::kUnknownResource);
  EXPECT_EQ(WhyNot("editions/E17/releases/latest/figures/IND_CODE.ANSWERED"),
            Reason::kUnknownResource)
      << "no release yet: latest is never live";
  EXPECT_EQ(WhyNot(std::string(kLive) + "IND_CODE"), Reason::kNameInvalid);
  SmallQuery nothing;
  query_pb::GetFigureRequest request;
  request.set_name(std::string(kLive) + "IND_CODE.ANSWERED");
  const auto unheard = nothing.CallReady<query_pb::Figure>(&GetFigure, request);
  EXPECT_EQ(ReasonOf(unheard.status()), Reason::kNotYetFolded);
  EXPECT_EQ(unheard.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(Figures, AReleaseStaysWhatItWasWhileLiveGoesOn) {
  aggregation.Publish("E17");
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  const int64_t counted = aggregation.log.head();
  const auto live = Get(std::string(kLive) + "IND_CODE.ANSWERED");
  const auto first = Get("editions/E17/releases/1/figures/IND_CODE.ANSWERED");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->etag(), live->etag());
  EXPECT_LT(first->position(), counted);
  aggregation.Answer("E17", "0107", 1);
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  EXPECT_EQ(Get(std::string(kLive) + "IND_CODE.ANSWERED")->numerator(), 3);
  const auto again = Get("editions/E17/releases/1/figures/IND_CODE.ANSWERED");
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  aggregation.Publish("E17");
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  EXPECT_EQ(query.disk_calls, 0);
  const auto latest = Get("editions/E17/releases/latest/figures/IND_CODE.ANSWERED");
  EXPECT_EQ(latest->numerator(), 3);
  EXPECT_EQ(latest->name(), "editions/E17/releases/2/figures/IND_CODE.ANSWERED");
  EXPECT_EQ(query.disk_calls, 0) << "the latest release lies in memory";
  const auto older = Get("editions/E17/releases/1/figures/IND_CODE.ANSWERED");
  ASSERT_TRUE(older.ok()) << older.status();
  EXPECT_EQ(query.disk_calls, 1);
  EXPECT_EQ(older->SerializeAsString(), first->SerializeAsString());
  EXPECT_TRUE(Get("editions/E17/releases/1/figures/IND_CODE.ALL").ok());
  EXPECT_EQ(query.disk_calls, 1) << "and now so does the older one";
  EXPECT_EQ(WhyNot("editions/E17/releases/3/figures/IND_CODE.ANSWERED"), Reason::kUnknownResource);
}

TEST_F(Figures, EveryFigureOfAReleaseIsTheLiveOneOfItsPosition) {
  const std::string live = "editions/E17/releases/live";
  const auto all_live = List(live, 1'000);
  ASSERT_TRUE(all_live.ok()) << all_live.status();
  aggregation.Publish("E17");
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  const auto all = List("editions/E17/releases/1", 1'000);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->figures_size(), all_live->figures_size());
  EXPECT_GE(all->figures_size(), 99);
  for (int i = 0; i < all->figures_size(); ++i) {
    query_pb::Figure expected = all_live->figures(i);
    expected.set_name("editions/E17/releases/1" + expected.name().substr(live.size()));
    EXPECT_EQ(all->figures(i).SerializeAsString(), expected.SerializeAsString());
  }
}

TEST_F(Figures, ABatchKeepsItsOrderAndNamesThePlaceOfTheFirstError) {
  query_pb::BatchGetFiguresRequest request;
  const auto call = [&] {
    return query.CallReady<query_pb::BatchGetFiguresResponse>(&BatchGetFigures, request);
  };
  EXPECT_EQ(ReasonOf(call().status()), Reason::kFieldInvalid);
  for (const char* cell : {"IND_RR.FRAME", "IND_CODE.ALL", "IND_RR.FRAME"})
    request.add_names(std::string(kLive) + cell);
  request.add_names("editions/E16/releases/live/figures/IND_CODE.ANSWERED");
  const auto batch = call();
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_EQ(batch->figures_size(), 4);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(batch->figures(i).name(), request.names(i));
  EXPECT_EQ(batch->position(), aggregation.log.head());
  EXPECT_EQ(batch->figures(1).position(), aggregation.log.head());
  EXPECT_EQ(batch->figures(1).SerializeAsString(), Get(request.names(1))->SerializeAsString());
  request.add_names(std::string(kLive) + "IND_CODE.ALL.region=9");
  request.add_names("nonsense");
  const absl::Status failed = call().status();
  EXPECT_EQ(ReasonOf(failed), Reason::kCellNotInRelease);
  EXPECT_EQ(base::InfoOf(failed).metadata.at("field"), "names[4]");
  request.clear_names();
  for (size_t i = 0; i < base::kBatchFiguresMax; ++i)
    request.add_names(std::string(kLive).append("IND_CODE.ALL"));
  EXPECT_TRUE(call().ok());
  request.add_names(std::string(kLive) + "IND_CODE.ALL");
  EXPECT_EQ(ReasonOf(call().status()), Reason::kFieldInvalid);
}

TEST_F(Figures, PagesHoldEveryFigureOnceInTheOrderOfNames) {
  aggregation.Publish("E17");
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  for (const std::string parent : {"editions/E17/releases/live", "editions/E17/releases/latest"}) {
    const auto whole = List(parent, 1'000);
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_EQ(whole->next_page_token(), "");
    for (const int size : {1, 7, 50}) {
      std::vector<std::string> names;
      std::string token;
      do {
        const auto page = List(parent, size, token);
        ASSERT_TRUE(page.ok()) << page.status();
        ASSERT_LE(page->figures_size(), size);
        ASSERT_GT(page->figures_size(), 0);
        for (const query_pb::Figure& figure : page->figures()) names.push_back(figure.name());
        token = page->next_page_token();
      } while (!token.empty() && names.size() < 10'000);
      EXPECT_EQ(names.size(), static_cast<size_t>(whole->figures_size()));
      EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
      EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
    }
  }
}

TEST_F(Figures, ListsCanBeNarrowed) {
  const std::string live = "editions/E17/releases/live";
  EXPECT_THAT(
      CellsOf(*List(live, 0, "", "IND_RR")),
      ElementsAre("IND_RR.FRAME", "IND_RR.FRAME.region=1", "IND_RR.FRAME.region=2",
                  "IND_RR.FRAME.region=3", "IND_RR.FRAME.region=4", "IND_RR.FRAME.region=unknown"));
  EXPECT_THAT(CellsOf(*List(live, 0, "", "IND_CODE", "total")),
              ElementsAre("IND_CODE.ALL", "IND_CODE.ANSWERED"));
  for (const std::string& cell : CellsOf(*List(live, 1'000, "", "", "region")))
    EXPECT_THAT(cell, testing::HasSubstr(".region="));
  EXPECT_TRUE(CellsOf(*List(live, 0, "", "", "county")).empty());
  EXPECT_EQ(ReasonOf(List(live, 0, "", "IND_NO").status()), Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(List("editions/E18/releases/live", 0).status()), Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(List("editions/E17", 0).status()), Reason::kNameInvalid);
  EXPECT_EQ(ReasonOf(List(live, -1).status()), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonOf(List(live, 1, "nonsense").status()), Reason::kPageTokenInvalid);
  const std::string token = List(live, 1)->next_page_token();
  EXPECT_EQ(ReasonOf(List(live, 1, token, "IND_RR").status()), Reason::kPageTokenInvalid)
      << "a token belongs to its list";
}

TEST_F(Figures, PagingOverASwapAnswersFromTheNamedSnapshotUntilItIsGone) {
  const std::string live = "editions/E17/releases/live";
  const auto first = List(live, 3, "", "IND_CODE");
  ASSERT_TRUE(first.ok());
  const int64_t position = first->position();
  for (size_t swaps = 1; swaps <= base::kSnapshotsKeptMax; ++swaps) {
    aggregation.Answer("E17", "0107", static_cast<int32_t>(1 + swaps % 2));
    ASSERT_TRUE(query.GoOn(aggregation).ok());
    const auto next = List(live, 3, first->next_page_token(), "IND_CODE");
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_EQ(next->position(), position);
    EXPECT_EQ(next->figures(0).position(), position);
  }
  aggregation.Answer("E17", "0107", 1);
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  const auto gone = List(live, 3, first->next_page_token(), "IND_CODE");
  EXPECT_EQ(ReasonOf(gone.status()), Reason::kSnapshotGone);
  EXPECT_EQ(gone.status().code(), absl::StatusCode::kAborted);
}

TEST_F(Figures, ATokenOverTheLatestReleaseStaysWithItWhenAnotherCame) {
  aggregation.Publish("E17");
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  const auto first = List("editions/E17/releases/latest", 3);
  aggregation.Answer("E17", "0107", 1);
  aggregation.Publish("E17");
  for (size_t i = 0; i < 2 * base::kSnapshotsKeptMax; ++i) {
    aggregation.Answer("E17", "0107", static_cast<int32_t>(1 + i % 2));
    ASSERT_TRUE(query.GoOn(aggregation).ok());
  }
  const auto next = List("editions/E17/releases/latest", 3, first->next_page_token());
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_TRUE(next->figures(0).name().starts_with("editions/E17/releases/1/"))
      << next->figures(0).name();
}

TEST_F(Figures, AreExplainedUnderTheirFullNames) {
  aggregation.Publish("E17");
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  for (const std::string release : {"live", "1", "latest"}) {
    query_pb::ExplainFigureRequest request;
    request.set_name("editions/E17/releases/" + release + "/figures/IND_CODE.ANSWERED");
    const auto explained = query.Call(&ExplainFigure, request);
    ASSERT_TRUE(explained.ok()) << explained.status();
    EXPECT_EQ(explained->figure().SerializeAsString(), Get(request.name())->SerializeAsString());
    EXPECT_EQ(explained->log_id(), aggregation.log.log_id());
    EXPECT_EQ(explained->position(), explained->figure().position());
    int32_t base = 0;
    for (const query_pb::StratumEvidence& stratum : explained->strata()) base += stratum.base();
    EXPECT_EQ(base, 4);
    EXPECT_GT(explained->steps_size(), 0);
    query_pb::GetMethodNoteRequest note;
    note.set_release("editions/E17/releases/" + release);
    const auto method = query.Call(&GetMethodNote, note);
    ASSERT_TRUE(method.ok()) << method.status();
    EXPECT_EQ(method->release(),
              "editions/E17/releases/" + std::string(release == "latest" ? "1" : release));
  }
}

TEST_F(Figures, ManyReadersOfAFreshSnapshotGetEqualBytes) {
  std::vector<std::string> answers(8);
  std::vector<std::thread> readers;
  for (std::string& answer : answers) {
    readers.emplace_back([this, &answer] {
      query_pb::ListFiguresRequest request;
      request.set_parent("editions/E17/releases/live");
      request.set_page_size(1'000);
      Reading reading(query.snapshots, *query.shelf, query.snapshots.Current(), true);
      const auto page = ListFigures(reading, request);
      if (page.ok()) answer = page->ToString();
    });
  }
  for (std::thread& reader : readers) reader.join();
  for (const std::string& answer : answers) {
    EXPECT_EQ(answer, answers.front());
    EXPECT_FALSE(answer.empty());
  }
}

}  // namespace
}  // namespace imdi::query
