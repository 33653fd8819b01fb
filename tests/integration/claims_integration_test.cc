// The sentences of the 2017 report through the whole chain: answers in by Submit, verdicts out by
// ListClaims. Answers are changed until a sentence is false, and changed back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>

#include "clients/cli/answers_file.h"
#include "clients/cli/connection.h"
#include "services/base/error.h"
#include "tests/integration/demo_chain.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/demo/claim_flips.h"
#include "tests/unit/demo/demo_answers.h"

namespace imdi {
namespace {

namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;
namespace model = survey::model::v1;

using demo_test::Demo;
using Editions = ingestion_pb::EditionService::StubInterface;
using Query = query_pb::QueryService::StubInterface;
using Submissions = ingestion_pb::SubmissionService::StubInterface;
using Claims = std::map<std::string, query_pb::ClaimResult>;  // By id.

constexpr const char* kEdition = "editions/KU2017";

const std::map<std::string, query_pb::Verdict> kExpected = {
    {"F00", query_pb::VERDICT_HOLDS},
    {"F01", query_pb::VERDICT_HOLDS_AMONG_ANSWERS},
    {"F02", query_pb::VERDICT_HOLDS},
    {"F03", query_pb::VERDICT_HOLDS_AMONG_ANSWERS},
    {"F04", query_pb::VERDICT_HOLDS_AMONG_ANSWERS},
    {"F05", query_pb::VERDICT_HOLDS},
    {"F06", query_pb::VERDICT_HOLDS},
    {"F07", query_pb::VERDICT_HOLDS},
    {"F08", query_pb::VERDICT_HOLDS},
    {"F09", query_pb::VERDICT_HOLDS},
    {"F10", query_pb::VERDICT_HOLDS},
    {"F11", query_pb::VERDICT_UNDECIDABLE},
    {"F12", query_pb::VERDICT_UNDECIDABLE},
    {"F13", query_pb::VERDICT_UNDECIDABLE},
};

class ClaimsInTheChain : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing_support::TempFolder;
    system_ = new testing_support::System(folder_->path());
    connection_ = system_->connection.get();
    ASSERT_NO_FATAL_FAILURE(testing_support::SetUpDemo(*system_));
    for (const cli::AnswersAction& action : Demo().actions) {
      if (action.edition == "KU2017" &&
          (std::holds_alternative<ingestion_pb::SubmitRequest>(action.request) ||
           std::holds_alternative<ingestion_pb::WithdrawRequest>(action.request)))
        ++revisions_[action.unit];
    }
    ingestion_pb::SetEditionStateRequest open;
    open.set_edition(kEdition);
    open.set_state(model::EDITION_STATE_OPEN);
    open.set_request_id(NextId());
    const auto opened =
        connection_->Call(connection_->editions(), &Editions::SetEditionState, open);
    ASSERT_TRUE(opened.ok()) << opened.status();
    position_ = opened->position();
  }
  static void TearDownTestSuite() {
    delete system_;
    delete folder_;
  }

  static std::string NextId() { return "claims-" + std::to_string(++ids_); }

  void Submit(const std::string& unit, const demo_test::Answers& answers) {
    ingestion_pb::SubmitRequest request;
    ingestion_pb::SubmissionDraft& draft = *request.mutable_submission();
    draft.set_edition(kEdition);
    draft.set_unit(unit);
    draft.set_part("main");
    draft.set_questionnaire(1);
    draft.set_language(model::LANGUAGE_NB);
    for (const auto& [item, answer] : answers) *draft.add_answers() = answer;
    request.set_expected_revision(revisions_[unit]);
    request.set_request_id(NextId());
    const auto response =
        connection_->Call(connection_->submissions(), &Submissions::Submit, request);
    ASSERT_TRUE(response.ok()) << unit << ": " << response.status();
    ASSERT_EQ(response->outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED)
        << response->DebugString();
    ++revisions_[unit];
    position_ = response->receipt().position();
  }
  void Withdraw(const std::string& unit) {
    ingestion_pb::WithdrawRequest request;
    request.set_name(std::string(kEdition) + "/submissions/" + unit + ".main");
    request.set_expected_revision(revisions_[unit]);
    request.set_reason("asked for it");
    request.set_request_id(NextId());
    const auto response =
        connection_->Call(connection_->submissions(), &Submissions::Withdraw, request);
    ASSERT_TRUE(response.ok()) << unit << ": " << response.status();
    ++revisions_[unit];
    position_ = response->receipt().position();
  }

  // All sentences, with everything counted that was sent.
  Claims List() {
    Claims out;
    query_pb::ListClaimsRequest request;
    request.set_parent(std::string(kEdition) + "/releases/live");
    request.set_page_size(5);
    request.set_at_least_position(position_);
    do {
      const auto page = connection_->Call(connection_->query(), &Query::ListClaims, request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const query_pb::ClaimResult& claim : page->claims())
        EXPECT_TRUE(out.emplace(claim.claim().name().substr(23), claim).second);
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return out;
  }

  static inline testing_support::TempFolder* folder_ = nullptr;
  static inline testing_support::System* system_ = nullptr;
  static inline cli::Connection* connection_ = nullptr;     // The system's.
  static inline std::map<std::string, int64_t> revisions_;  // By unit.
  static inline int64_t position_ = 0;
  static inline int ids_ = 0;
};

void ExpectVerdicts(const Claims& claims) {
  ASSERT_EQ(claims.size(), kExpected.size());
  for (const auto& [id, verdict] : kExpected)
    EXPECT_EQ(claims.at(id).verdict(), verdict) << id << " " << claims.at(id).DebugString();
}

TEST_F(ClaimsInTheChain, HaveTheVerdictsThatTheFindingsExpect) {
  const Claims claims = List();
  ASSERT_NO_FATAL_FAILURE(ExpectVerdicts(claims));
  for (const auto& [id, claim] : claims) {
    EXPECT_EQ(claim.figures_size(), claim.claim().figures_size()) << id;
    for (const query_pb::Figure& figure : claim.figures())
      EXPECT_TRUE(figure.name().starts_with("editions/KU2017/releases/live/figures/"))
          << figure.name();
    EXPECT_FALSE(claim.verdict_text().nn().empty()) << id;
    EXPECT_FALSE(claim.etag().empty()) << id;
    EXPECT_GE(claim.claim_revision(), 1) << id;
  }
}

TEST_F(ClaimsInTheChain, ASeriesNamesTheBreaksBetweenEditions) {
  const auto series = [&](const std::string& cell) {
    query_pb::GetSeriesRequest request;
    request.set_parent("surveys/KU");
    request.set_cell(cell);
    request.set_live(true);
    request.set_at_least_position(position_);
    const auto out = connection_->Call(connection_->query(), &Query::GetSeries, request);
    EXPECT_TRUE(out.ok()) << out.status();
    return out.value_or(query_pb::Series());
  };
  const query_pb::Series total = series("IND_TARGET.WITH_PROGRAMME");
  ASSERT_EQ(total.points_size(), 4);
  EXPECT_FALSE(total.points(0).comparable()) << "2014 asked municipalities only";
  EXPECT_THAT(total.points(0).relations(),
              testing::ElementsAre(model::SERIES_RELATION_KIND_BREAK_BASE));
  EXPECT_TRUE(total.points(1).comparable());
  EXPECT_TRUE(total.points(1).assumed());
  ASSERT_EQ(total.changes_size(), 3);
  EXPECT_EQ(total.changes(0).no_value().reason(), query_pb::NO_VALUE_REASON_SERIES_BREAK);
  EXPECT_DOUBLE_EQ(total.changes(2).value(), 186.0 / 300 - 187.0 / 312);
  for (const int place : {1, 2}) EXPECT_TRUE(total.changes(place).tested()) << place;
  ASSERT_TRUE(total.has_trend());
  EXPECT_THAT(total.trend().years(), testing::ElementsAre(2015, 2016, 2017));
  const query_pb::Series municipalities =
      series("IND_TARGET.WITH_PROGRAMME.unit_type=municipality");
  ASSERT_EQ(municipalities.points_size(), 4);
  EXPECT_TRUE(municipalities.points(0).comparable());
  EXPECT_TRUE(municipalities.changes(0).has_value());
  EXPECT_THAT(municipalities.trend().years(), testing::ElementsAre(2014, 2015, 2016, 2017));
  const query_pb::Series asks = series("IND_MGMT_ASKS.WITH_PROGRAMME");
  ASSERT_EQ(asks.points_size(), 4);
  for (const int point : {0, 1}) {
    EXPECT_FALSE(asks.points(point).comparable());
    EXPECT_THAT(asks.points(point).relations(),
                testing::Contains(model::SERIES_RELATION_KIND_BREAK_WORDING));
    EXPECT_EQ(asks.points(point).figure().no_value().reason(), query_pb::NO_VALUE_REASON_NOT_ASKED);
  }
  EXPECT_TRUE(asks.points(2).comparable());
}

TEST_F(ClaimsInTheChain, ChangesAreTestedTheSameLiveAndExplained) {
  const query_pb::ClaimResult claim = List().at("F05");
  ASSERT_EQ(claim.changes_size(), 1);
  const query_pb::ChangeFigure& change = claim.changes(0);
  EXPECT_EQ(change.test_status(), query_pb::CHANGE_TEST_STATUS_TESTED);
  EXPECT_LT(change.estimate().p(), 0.05);
  EXPECT_EQ(claim.test().family().size(), 5);
  query_pb::ExplainFigureRequest request;
  request.set_name(change.name());
  request.set_at_least_position(position_);
  const auto explained = connection_->Call(connection_->query(), &Query::ExplainFigure, request);
  ASSERT_TRUE(explained.ok()) << explained.status();
  EXPECT_EQ(explained->change().SerializeAsString(), change.SerializeAsString());
  int32_t panel = 0, frame = 0;
  for (const query_pb::ChangeStratum& stratum : explained->change_strata()) {
    ASSERT_EQ(stratum.states_size(), 16);
    for (const int both : {10, 11, 14, 15}) panel += stratum.states(both);
    frame += stratum.frame_later();
  }
  EXPECT_EQ(panel, change.panel().units());
  EXPECT_EQ(frame, 441);
  EXPECT_GT(explained->steps_size(), 20);
  request.set_name("editions/KU2017/releases/live/changes/IND_TARGET.WITH_PROGRAMME@2013");
  const auto unknown = connection_->Call(connection_->query(), &Query::ExplainFigure, request);
  EXPECT_EQ(base::ReasonOf(unknown.status()), base::Reason::kUnknownResource);
}

TEST_F(ClaimsInTheChain, TippingNumbersMoveWhileAnswersComeIn) {
  EXPECT_EQ(List().at("F01").tipping().units(), 21);
  EXPECT_EQ(List().at("F03").tipping().units(), 14);
  const std::string unit = Demo().editions.at("KU2017").counted.begin()->first;
  ASSERT_NO_FATAL_FAILURE(Withdraw(unit));
  EXPECT_EQ(List().at("F01").tipping().may_belong(), 120) << "one more has not said";
  ASSERT_NO_FATAL_FAILURE(Submit(unit, Demo().editions.at("KU2017").sent.at(unit)));
  EXPECT_EQ(List().at("F01").tipping().may_belong(), 119);
  EXPECT_EQ(List().at("F01").tipping().units(), 21);
}

TEST_F(ClaimsInTheChain, SevenAnswersFlippedMakeF03FiftyNinePointSeven) {
  const auto& flips = demo_test::ClaimFlips();
  const auto flip =
      std::find_if(flips.begin(), flips.end(), [](const auto& one) { return one.claim == "F03"; });
  ASSERT_EQ(flip->changed.size(), 7u);
  for (const auto& [unit, answers] : flip->changed) ASSERT_NO_FATAL_FAILURE(Submit(unit, answers));
  const query_pb::ClaimResult claim = List().at("F03");
  EXPECT_EQ(claim.verdict(), query_pb::VERDICT_CONTRADICTED);
  EXPECT_NEAR(100 * claim.figures(0).value(), 59.7, 0.05);
  for (const auto& [unit, answers] : flip->changed)
    ASSERT_NO_FATAL_FAILURE(Submit(unit, Demo().editions.at("KU2017").sent.at(unit)));
}

TEST_F(ClaimsInTheChain, OneUnitWithdrawnLeaves321Of441) {
  const std::string unit = Demo().editions.at("KU2017").counted.begin()->first;
  ASSERT_NO_FATAL_FAILURE(Withdraw(unit));
  const query_pb::ClaimResult claim = List().at("F00");
  EXPECT_EQ(claim.figures(0).numerator(), 321);
  EXPECT_EQ(claim.figures(0).base(), 441);
  EXPECT_EQ(claim.verdict(), query_pb::VERDICT_HOLDS) << "72.8 is 73 still";
  ASSERT_NO_FATAL_FAILURE(Submit(unit, Demo().editions.at("KU2017").sent.at(unit)));
}

TEST_F(ClaimsInTheChain, EverySentenceTurnsWithTheAnswersAndTurnsBack) {
  const Claims before = List();
  std::set<std::string> turned;
  for (const demo_test::ClaimFlip& flip : demo_test::ClaimFlips()) {
    SCOPED_TRACE(flip.claim + ": " + flip.what);
    for (const auto& [unit, answers] : flip.changed) ASSERT_NO_FATAL_FAILURE(Submit(unit, answers));
    for (const std::string& unit : flip.withdrawn) ASSERT_NO_FATAL_FAILURE(Withdraw(unit));
    const query_pb::ClaimResult after = List().at(flip.claim);
    EXPECT_EQ(after.verdict(), query_pb::VERDICT_CONTRADICTED) << after.DebugString();
    EXPECT_EQ(after.figures(0).numerator(), flip.numerator);
    EXPECT_EQ(after.figures(0).base(), flip.base);
    EXPECT_NE(after.etag(), before.at(flip.claim).etag());
    const demo_test::Responses& sent = Demo().editions.at("KU2017").sent;
    for (const auto& [unit, answers] : flip.changed)
      ASSERT_NO_FATAL_FAILURE(Submit(unit, sent.at(unit)));
    for (const std::string& unit : flip.withdrawn)
      ASSERT_NO_FATAL_FAILURE(Submit(unit, sent.at(unit)));
    turned.insert(flip.claim);
  }
  EXPECT_EQ(turned.size(), 11u) << "every sentence that states something";
  const Claims back = List();
  ASSERT_NO_FATAL_FAILURE(ExpectVerdicts(back));
  for (const auto& [id, claim] : back) EXPECT_EQ(claim.etag(), before.at(id).etag()) << id;
}

}  // namespace
}  // namespace imdi
