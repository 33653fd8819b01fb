// Releases through the whole chain: the demonstration answers are sent, the four editions are
// published, and everything below is asked through the ports. Every test starts the system on a
// copy of the folder that this left.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "services/base/error.h"
#include "services/transport/client.h"
#include "services/transport/status_bridge.h"
#include "tests/integration/demo_chain.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/demo/demo_answers.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi {
namespace {

namespace fs = std::filesystem;
namespace aggregation_pb = survey::aggregation::v1;
namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;
namespace model = survey::model::v1;

using base::Reason;
using base::ReasonOf;
using demo_test::Demo;
using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::FiguresOf;
using testing_support::kEditions;
using testing_support::kPatience;
using testing_support::System;
using testing_support::TempFolder;
using Editions = ingestion_pb::EditionService::StubInterface;
using Query = query_pb::QueryService::StubInterface;
using ReleaseCalls = aggregation_pb::ReleaseService::StubInterface;
using Figures = std::map<std::string, query_pb::Figure>;      // By cell.
using Claims = std::map<std::string, query_pb::ClaimResult>;  // By id.
using Etags = std::map<std::string, std::string>;             // By release and cell.

constexpr const char* kTarget = "IND_TARGET.WITH_PROGRAMME";
constexpr const char* kWhy = "ten municipalities had misread the question";

std::string Release(const std::string& edition, int number) {
  return "editions/" + edition + "/releases/" + std::to_string(number);
}

absl::StatusOr<aggregation_pb::Candidate> Build(
    System& system, const std::string& edition,
    query_pb::Audience audience = query_pb::AUDIENCE_INTERNAL, int64_t at_position = 0) {
  aggregation_pb::BuildReleaseRequest request;
  request.set_parent("editions/" + edition);
  request.set_audience(audience);
  request.set_at_position(at_position);
  return system.connection->Call(system.connection->releases(), &ReleaseCalls::BuildRelease,
                                 request);
}

absl::StatusOr<query_pb::Release> Publish(System& system,
                                          const aggregation_pb::Candidate& candidate,
                                          const std::string& reason = "") {
  aggregation_pb::PublishReleaseRequest request;
  request.set_candidate(candidate.name());
  request.set_reason(reason);
  const auto response = system.connection->Call(system.connection->releases(),
                                                &ReleaseCalls::PublishRelease, request);
  if (!response.ok()) return response.status();
  return response->release();
}

// Until query has everything that the log holds.
void CatchUp(System& system) {
  const int64_t head = system.Head();
  absl::Status status;
  for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;
       std::this_thread::yield()) {
    status = system.Get("editions/KU2017/releases/live/figures/IND_RR.FRAME", head).status();
    if (status.ok()) return;
  }
  FAIL() << status;
}

query_pb::Release GetRelease(System& system, const std::string& name) {
  query_pb::GetReleaseRequest request;
  request.set_name(name);
  const auto release =
      system.connection->Call(system.connection->query(), &Query::GetRelease, request);
  EXPECT_TRUE(release.ok()) << name << ": " << release.status();
  return release.value_or(query_pb::Release());
}

Claims ClaimsOf(System& system, const std::string& release) {
  Claims out;
  query_pb::ListClaimsRequest request;
  request.set_parent(release);
  do {
    const auto page =
        system.connection->Call(system.connection->query(), &Query::ListClaims, request);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) break;
    for (const query_pb::ClaimResult& claim : page->claims()) {
      const std::string& name = claim.claim().name();
      out[name.substr(name.rfind('/') + 1)] = claim;
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return out;
}

Figures FiguresOfRelease(System& system, const std::string& edition, const std::string& release) {
  return FiguresOf(*system.connection, edition, 1'000, "", 0, release);
}

// Of every figure of every edition's first release and live view.
Etags AllEtags(System& system) {
  Etags out;
  for (const std::string& edition : kEditions) {
    for (const char* release : {"1", "live"}) {
      for (const auto& [cell, figure] : FiguresOfRelease(system, edition, release))
        out[edition + " " + release + " " + cell] = figure.etag();
    }
  }
  return out;
}

void Apply(System& system, model::Definition definition) {
  static int applied = 0;
  ingestion_pb::ApplyDefinitionRequest request;
  *request.mutable_definition() = std::move(definition);
  request.set_request_id("small-" + std::to_string(++applied));
  const auto response =
      system.connection->Call(system.connection->editions(), &Editions::ApplyDefinition, request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->findings_size(), 0) << response->DebugString();
}

// The edition, or one unit of it.
void OpenEdition(System& system, const std::string& edition, const std::string& unit = "") {
  ingestion_pb::SetEditionStateRequest request;
  request.set_edition("editions/" + edition);
  request.set_state(model::EDITION_STATE_OPEN);
  request.set_unit(unit);
  request.set_reason("sent again");
  request.set_request_id("open-" + edition + "-" + unit);
  const auto response =
      system.connection->Call(system.connection->editions(), &Editions::SetEditionState, request);
  ASSERT_TRUE(response.ok()) << unit << ": " << response.status();
}

// The first `count` municipalities of 2016 that have a target then say that they have none.
void TakeTargetsBack(System& system, size_t count) {
  std::map<std::string, int64_t> revisions;
  for (const cli::AnswersAction& action : Demo().actions) {
    if (action.edition == "KU2016" &&
        (std::holds_alternative<ingestion_pb::SubmitRequest>(action.request) ||
         std::holds_alternative<ingestion_pb::WithdrawRequest>(action.request)))
      ++revisions[action.unit];
  }
  size_t changed = 0;
  for (const auto& [unit, answers] : Demo().editions.at("KU2016").counted) {
    if (changed == count) break;
    if (demo_test::IsDistrict(unit) || !demo_test::Has(answers, "BAK05", {1, 2}) ||
        !demo_test::Has(answers, "INT01", {1}))
      continue;
    ASSERT_NO_FATAL_FAILURE(OpenEdition(system, "KU2016", unit));
    ingestion_pb::SubmitRequest request;
    ingestion_pb::SubmissionDraft& draft = *request.mutable_submission();
    draft.set_edition("editions/KU2016");
    draft.set_unit(unit);
    draft.set_part("main");
    draft.set_questionnaire(1);
    draft.set_language(model::LANGUAGE_NN);
    for (const auto& [item, answer] : answers) {
      model::Answer& sent = *draft.add_answers();
      sent = answer;
      if (item == "INT01") sent.set_code(2);
    }
    request.set_expected_revision(revisions[unit]);
    request.set_request_id("correct-" + unit);
    const auto response = system.Submit(request);
    ASSERT_TRUE(response.ok()) << unit << ": " << response.status();
    ASSERT_EQ(response->outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED)
        << response->DebugString();
    ++changed;
  }
  ASSERT_EQ(changed, count);
}

class ReleasesInTheChain : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    prepared_ = new TempFolder;
    System system(prepared_->path());
    ASSERT_NO_FATAL_FAILURE(testing_support::SetUpDemo(system));
    for (const std::string& edition : kEditions) {
      const auto candidate = Build(system, edition);
      ASSERT_TRUE(candidate.ok()) << candidate.status();
      EXPECT_FALSE(candidate->unchanged());
      const auto published = Publish(system, *candidate);
      ASSERT_TRUE(published.ok()) << published.status();
      published_[edition] = *published;
    }
    ASSERT_NO_FATAL_FAILURE(CatchUp(system));
    head_ = system.Head();
    EXPECT_EQ(head_, published_["KU2017"].published_position());
    EXPECT_EQ(system.all().Stop(), head_);
  }
  static void TearDownTestSuite() {
    delete prepared_;
    prepared_ = nullptr;
  }

  ReleasesInTheChain() { fs::copy(prepared_->path(), folder_.path(), fs::copy_options::recursive); }
  void SetUp() override {
    ASSERT_EQ(published_.size(), kEditions.size());
    Start();
  }
  void Start() {
    system_ = std::make_unique<System>(folder_.path());
    ASSERT_NO_FATAL_FAILURE(CatchUp(*system_));
  }
  System& system() { return *system_; }

  TempFolder folder_;
  std::unique_ptr<System> system_;
  static inline TempFolder* prepared_ = nullptr;
  static inline std::map<std::string, query_pb::Release> published_;  // By edition.
  static inline int64_t head_ = 0;
};

// ---- Published

TEST_F(ReleasesInTheChain, SayWhoBuiltAndWhoApprovedThemAndWhatTheyRead) {
  const std::string actor = allinone::EmbeddedConfig("").actor();
  ASSERT_FALSE(actor.empty());
  std::vector<std::string> earlier;
  for (const std::string& edition : kEditions) {
    query_pb::ListReleasesRequest request;
    request.set_parent("editions/" + edition);
    const auto listed =
        system().connection->Call(system().connection->query(), &Query::ListReleases, request);
    ASSERT_TRUE(listed.ok()) << listed.status();
    ASSERT_EQ(listed->releases_size(), 1);
    const query_pb::Release& release = listed->releases(0);
    EXPECT_EQ(release.SerializeAsString(), published_[edition].SerializeAsString());
    EXPECT_EQ(release.SerializeAsString(),
              GetRelease(system(), "editions/" + edition + "/releases/latest").SerializeAsString());
    EXPECT_EQ(release.name(), Release(edition, 1));
    EXPECT_EQ(release.audience(), query_pb::AUDIENCE_INTERNAL);
    EXPECT_EQ(release.builder(), actor);
    EXPECT_EQ(release.approver(), actor);
    EXPECT_FALSE(release.identities_authenticated());
    EXPECT_EQ(release.edition_state(), model::EDITION_STATE_CLOSED);
    EXPECT_EQ(release.content_hash().size(), 64u);
    EXPECT_LT(release.position(), release.published_position());
    EXPECT_EQ(release.figure_count(),
              static_cast<int32_t>(FiguresOfRelease(system(), edition, "1").size()));
    // Comparisons look back, and to what was published by then.
    for (const std::string& read : release.read_releases())
      EXPECT_THAT(earlier, testing::Contains(read));
    earlier.push_back(release.name());
  }
  EXPECT_THAT(published_["KU2017"].read_releases(),
              ElementsAre(Release("KU2014", 1), Release("KU2015", 1), Release("KU2016", 1)));
}

TEST_F(ReleasesInTheChain, ForThePublicNeedDisclosureControl) {
  const absl::Status status = Build(system(), "KU2017", query_pb::AUDIENCE_PUBLIC).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), Reason::kDisclosureControlMissing);
  EXPECT_EQ(system().Head(), head_);
}

TEST_F(ReleasesInTheChain, ThatSayTheSameAgainAreRefusedAndAppendNothing) {
  for (const std::string& edition : kEditions) {
    const auto candidate = Build(system(), edition);
    ASSERT_TRUE(candidate.ok()) << candidate.status();
    EXPECT_TRUE(candidate->unchanged());
    EXPECT_EQ(candidate->difference_count(), 0);
    EXPECT_EQ(candidate->release().number(), 2);
    EXPECT_EQ(ReasonOf(Publish(system(), *candidate, "once more").status()),
              Reason::kReleaseUnchanged);
    const auto twice = Build(system(), edition);
    ASSERT_TRUE(twice.ok()) << twice.status();
    EXPECT_EQ(twice->release().content_hash(), candidate->release().content_hash());
  }
  EXPECT_EQ(system().Head(), head_);
}

// ---- The standard report

TEST_F(ReleasesInTheChain, GiveTheStandardReportInOneCall) {
  query_pb::GetTableRequest request;
  request.set_parent(Release("KU2017", 1));
  request.add_attributes("imdi_region");
  const auto table =
      system().connection->Call(system().connection->query(), &Query::GetTable, request);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->next_page_token(), "");
  EXPECT_EQ(table->release(), Release("KU2017", 1));
  EXPECT_THAT(table->languages(), ElementsAre(model::LANGUAGE_NN, model::LANGUAGE_NB));
  EXPECT_EQ(table->fallback_labels(), 0);
  const auto in_both = [](const auto& labels) {
    return labels.size() == 2 && !labels[0].empty() && !labels[1].empty();
  };
  // The total, and every region that a unit of the frame lies in.
  std::set<std::string> groups, regions;
  for (int i = 0; i < table->columns_size(); ++i) {
    EXPECT_EQ(table->columns(i).group().empty(), i == 0);
    if (i == 0) continue;
    EXPECT_TRUE(in_both(table->columns(i).labels())) << table->columns(i).group();
    groups.insert(table->columns(i).group());
  }
  const demo_test::Edition& edition = Demo().editions.at("KU2017");
  for (const auto& [code, unit] : edition.frame) {
    const auto region = unit.attributes().find("imdi_region");
    regions.insert("imdi_region=" +
                   (region == unit.attributes().end() ? std::string("unknown") : region->second));
  }
  EXPECT_THAT(groups, testing::IsSupersetOf(regions));
  // Every code of every closed question and grid row, in the order of the form.
  std::vector<std::string> wanted, rows, titled;
  size_t closed = 0;
  for (const demo_test::Item& item : edition.items) {
    const model::QuestionType type = item.question->type();
    if (type == model::QUESTION_TYPE_NUMERIC || type == model::QUESTION_TYPE_TEXT) continue;
    ++closed;
    std::string id = "Q_" + item.id;
    for (char& letter : id) {
      if (letter == '.') letter = '_';
      letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    }
    for (const int code : item.codes) {
      wanted.push_back(id);
      wanted.back() += ".ANSWERED.answer=" + std::to_string(code);
    }
  }
  EXPECT_GT(closed, 50u);
  const Figures figures = FiguresOfRelease(system(), "KU2017", "1");
  std::map<std::string, std::vector<std::string>> labels;
  for (const query_pb::TableRow& row : table->rows()) {
    rows.push_back(row.cell());
    EXPECT_TRUE(in_both(row.category_labels())) << row.cell();
    if (!row.indicator_labels().empty()) {
      titled.push_back(row.cell());
      EXPECT_TRUE(in_both(row.indicator_labels())) << row.cell();
      EXPECT_TRUE(in_both(row.basis_labels())) << row.cell();
    }
    labels[row.cell()] = {row.category_labels().begin(), row.category_labels().end()};
    ASSERT_EQ(row.cells_size(), table->columns_size()) << row.cell();
    for (int i = 0; i < row.cells_size(); ++i) {
      const query_pb::TableCell& cell = row.cells(i);
      const query_pb::Figure& figure =
          figures.at(row.cell() + (i == 0 ? "" : "." + table->columns(i).group()));
      ASSERT_EQ(cell.numerator(), figure.numerator()) << figure.name();
      ASSERT_EQ(cell.base(), figure.base()) << figure.name();
      ASSERT_EQ(cell.has_value(), figure.has_value()) << figure.name();
      ASSERT_EQ(cell.value(), figure.value()) << figure.name();
      ASSERT_EQ(cell.no_value(), figure.no_value().reason()) << figure.name();
      ASSERT_EQ(cell.sign(), figure.no_value().sign()) << figure.name();
    }
  }
  EXPECT_EQ(rows, wanted);
  EXPECT_EQ(titled.size(), closed);
  // One question's words, as in its document.
  const auto target = std::find_if(edition.items.begin(), edition.items.end(),
                                   [](const demo_test::Item& item) { return item.id == "INT01"; });
  ASSERT_NE(target, edition.items.end());
  for (const model::Code& option : target->question->options()) {
    EXPECT_THAT(labels["Q_INT01.ANSWERED.answer=" + std::to_string(option.code())],
                ElementsAre(option.text().nn(), option.text().nb()));
  }
}

// ---- No value

// What stands for a state, as Statistics Norway and SDMX have it.
struct StateSigns {
  std::string sdmx_status, sign;
};
const std::map<query_pb::NoValueReason, StateSigns> kSigns = {
    {query_pb::NO_VALUE_REASON_NOT_ASKED, {"L", "."}},
    {query_pb::NO_VALUE_REASON_NOT_APPLICABLE, {"M", "."}},
    {query_pb::NO_VALUE_REASON_NO_ANSWER, {"O", ".."}},
    {query_pb::NO_VALUE_REASON_NOT_YET, {"O", ".."}},
    {query_pb::NO_VALUE_REASON_FILTER_UNKNOWN, {"O", ".."}},
    {query_pb::NO_VALUE_REASON_SERIES_BREAK, {"M", "."}},
};

void ExpectSigns(const std::string& name, const query_pb::NoValue& no_value) {
  const auto signs = kSigns.find(no_value.reason());
  ASSERT_TRUE(signs != kSigns.end()) << name << " " << no_value.DebugString();
  EXPECT_EQ(no_value.sdmx_status(), signs->second.sdmx_status) << name;
  EXPECT_EQ(no_value.sign(), signs->second.sign) << name;
  EXPECT_FALSE(no_value.text().nn().empty()) << name;
  EXPECT_FALSE(no_value.text().nb().empty()) << name;
}

TEST_F(ReleasesInTheChain, SayOfEveryFigureWithoutAValueWhyThereIsNone) {
  std::set<query_pb::NoValueReason> seen;
  std::string zero;
  for (const std::string& edition : kEditions) {
    for (const auto& [cell, figure] : FiguresOfRelease(system(), edition, "1")) {
      if (figure.has_no_value()) {
        ASSERT_NO_FATAL_FAILURE(ExpectSigns(figure.name(), figure.no_value()));
        EXPECT_FALSE(figure.estimate().has_value()) << figure.name();
        seen.insert(figure.no_value().reason());
      } else if (figure.unit() == "fraction" && figure.numerator() == 0) {
        ASSERT_TRUE(figure.has_value()) << figure.name();
        EXPECT_EQ(figure.value(), 0) << figure.name();
        EXPECT_GT(figure.base(), 0) << figure.name() << ": zero is of somebody";
        zero = figure.name();
      }
    }
  }
  EXPECT_NE(zero, "") << "a zero is a value";
  query_pb::GetSeriesRequest series;
  series.set_parent("surveys/KU");
  series.set_cell(kTarget);
  const auto points =
      system().connection->Call(system().connection->query(), &Query::GetSeries, series);
  ASSERT_TRUE(points.ok()) << points.status();
  ASSERT_EQ(points->changes_size(), 3);
  EXPECT_EQ(points->changes(0).no_value().reason(), query_pb::NO_VALUE_REASON_SERIES_BREAK)
      << "2014 asked municipalities only";
  ASSERT_NO_FATAL_FAILURE(ExpectSigns(points->changes(0).name(), points->changes(0).no_value()));
  EXPECT_TRUE(points->points(0).figure().has_value()) << "the year itself has its value";
  seen.insert(points->changes(0).no_value().reason());
  for (const auto reason :
       {query_pb::NO_VALUE_REASON_NOT_ASKED, query_pb::NO_VALUE_REASON_NOT_APPLICABLE,
        query_pb::NO_VALUE_REASON_SERIES_BREAK})
    EXPECT_TRUE(seen.contains(reason)) << query_pb::NoValueReason_Name(reason);
  EXPECT_FALSE(seen.contains(query_pb::NO_VALUE_REASON_NOT_YET)) << "all four are closed";

  // What closed editions with many answers do not have: an edition that begins.
  model::Definition definition;
  *definition.mutable_edition() = testing_support::SmallEdition("T");
  ASSERT_NO_FATAL_FAILURE(Apply(system(), definition));
  *definition.mutable_questionnaire() = testing_support::SmallQuestionnaire("T");
  ASSERT_NO_FATAL_FAILURE(Apply(system(), definition));
  *definition.mutable_frame() = testing_support::SmallFrame("T");
  ASSERT_NO_FATAL_FAILURE(Apply(system(), definition));
  for (const model::Indicator& indicator : testing_support::SmallIndicators({"T"})) {
    if (indicator.name() == "indicators/IND_RR") continue;  // The survey has one of that name.
    *definition.mutable_indicator() = indicator;
    ASSERT_NO_FATAL_FAILURE(Apply(system(), definition));
  }
  ASSERT_NO_FATAL_FAILURE(OpenEdition(system(), "T"));
  const auto of_small = [&](const std::string& cell) {
    const auto figure = system().Get("editions/T/releases/live/figures/" + cell, system().Head());
    EXPECT_TRUE(figure.ok()) << cell << ": " << figure.status();
    if (!figure.ok()) return query_pb::NO_VALUE_REASON_UNSPECIFIED;
    if (figure->has_no_value()) ExpectSigns(cell, figure->no_value());
    return figure->no_value().reason();
  };
  EXPECT_EQ(of_small("Q_A2.ANSWERED.answer=1"), query_pb::NO_VALUE_REASON_NOT_YET);
  EXPECT_EQ(of_small("Q_A3.ANSWERED.answer=1"), query_pb::NO_VALUE_REASON_NOT_YET);
  // A2 is left blank by the only one asked, and whom A3 asks depends on A2.
  ingestion_pb::SubmitRequest submit;
  ingestion_pb::SubmissionDraft& draft = *submit.mutable_submission();
  draft.set_edition("editions/T");
  draft.set_unit("0101");
  draft.set_part("first");
  draft.set_questionnaire(1);
  draft.set_language(model::LANGUAGE_NB);
  for (const char* item : {"A1", "A5.a", "A5.b", "A5.c", "A7"}) {
    model::Answer& answer = *draft.add_answers();
    answer.set_item(item);
    answer.set_code(1);
  }
  submit.set_request_id("small-answers");
  const auto response = system().Submit(submit);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED) << response->DebugString();
  EXPECT_EQ(of_small("Q_A1.ANSWERED.answer=1"), query_pb::NO_VALUE_REASON_UNSPECIFIED);
  EXPECT_EQ(of_small("Q_A1.ANSWERED.answer=2"), query_pb::NO_VALUE_REASON_UNSPECIFIED)
      << "zero of one is zero";
  EXPECT_EQ(of_small("Q_A2.ANSWERED.answer=1"), query_pb::NO_VALUE_REASON_NO_ANSWER);
  EXPECT_EQ(of_small("Q_A3.ANSWERED.answer=1"), query_pb::NO_VALUE_REASON_FILTER_UNKNOWN);
  // A table says it by the sign; a zero has a value and none.
  query_pb::GetTableRequest signs;
  signs.set_parent("editions/T/releases/live");
  for (const char* indicator : {"Q_A1", "Q_A2"}) signs.add_indicators(indicator);
  const auto table =
      system().connection->Call(system().connection->query(), &Query::GetTable, signs);
  ASSERT_TRUE(table.ok()) << table.status();
  std::map<std::string, const query_pb::TableCell*> cells;
  for (const query_pb::TableRow& row : table->rows()) cells[row.cell()] = &row.cells(0);
  ASSERT_TRUE(cells.contains("Q_A1.ANSWERED.answer=2") && cells.contains("Q_A2.ANSWERED.answer=1"));
  EXPECT_TRUE(cells["Q_A1.ANSWERED.answer=2"]->has_value());
  EXPECT_EQ(cells["Q_A1.ANSWERED.answer=2"]->value(), 0);
  EXPECT_EQ(cells["Q_A1.ANSWERED.answer=2"]->sign(), "");
  EXPECT_FALSE(cells["Q_A2.ANSWERED.answer=1"]->has_value());
  EXPECT_EQ(cells["Q_A2.ANSWERED.answer=1"]->no_value(), query_pb::NO_VALUE_REASON_NO_ANSWER);
  EXPECT_EQ(cells["Q_A2.ANSWERED.answer=1"]->sign(), "..");
  EXPECT_EQ(of_small("IND_CODE.ANSWERED.region=4"), query_pb::NO_VALUE_REASON_NOT_APPLICABLE);
  EXPECT_EQ(of_small("IND_X.ANSWERED"), query_pb::NO_VALUE_REASON_NOT_ASKED);
}

// ---- Corrections

TEST_F(ReleasesInTheChain, AreCorrectedByNewOnesAndNeverChange) {
  const Figures first_2016 = FiguresOfRelease(system(), "KU2016", "1");
  const Figures first_2017 = FiguresOfRelease(system(), "KU2017", "1");
  const Claims claims_before = ClaimsOf(system(), Release("KU2017", 1));
  for (const query_pb::ChangeFigure& change : claims_before.at("F04").changes())
    EXPECT_FALSE(change.superseded());
  ASSERT_NO_FATAL_FAILURE(TakeTargetsBack(system(), 10));

  const auto candidate = Build(system(), "KU2016");
  ASSERT_TRUE(candidate.ok()) << candidate.status();
  EXPECT_FALSE(candidate->unchanged());
  const int64_t head = system().Head();
  const absl::Status refused = Publish(system(), *candidate).status();
  EXPECT_EQ(ReasonOf(refused), Reason::kFieldInvalid) << refused;
  const auto violations = base::InfoOf(refused).violations;
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "reason");
  EXPECT_EQ(system().Head(), head);
  const auto published = Publish(system(), *candidate, kWhy);
  ASSERT_TRUE(published.ok()) << published.status();
  EXPECT_EQ(published->name(), Release("KU2016", 2));
  EXPECT_EQ(published->reason(), kWhy);
  const auto again = Publish(system(), *candidate, kWhy);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), published->SerializeAsString());
  ASSERT_NO_FATAL_FAILURE(CatchUp(system()));

  // The list of changes is the difference of the two, and says why.
  const Figures second_2016 = FiguresOfRelease(system(), "KU2016", "2");
  EXPECT_EQ(second_2016.at(kTarget).numerator(), 177);
  EXPECT_EQ(second_2016.at(kTarget).base(), 312);
  std::set<std::string> differ, listed;
  ASSERT_EQ(second_2016.size(), first_2016.size());
  for (const auto& [cell, figure] : second_2016) {
    if (figure.etag() != first_2016.at(cell).etag()) differ.insert(cell);
  }
  int revised_changes = 0;
  query_pb::ListChangesRequest request;
  request.set_parent(Release("KU2016", 2));
  do {
    const auto page =
        system().connection->Call(system().connection->query(), &Query::ListChanges, request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_THAT(page->reasons(), ElementsAre(kWhy));
    for (const query_pb::ReleaseChange& change : page->changes()) {
      // Change figures since earlier editions that rest on what was corrected.
      if (change.cell().starts_with("changes/")) {
        EXPECT_TRUE(change.cell().starts_with("changes/IND_TARGET.")) << change.DebugString();
        EXPECT_EQ(change.kind(), query_pb::RELEASE_CHANGE_KIND_REVISED);
        ++revised_changes;
        continue;
      }
      EXPECT_TRUE(listed.insert(change.cell()).second) << change.cell();
      const query_pb::Figure& before = first_2016.at(change.cell());
      const query_pb::Figure& after = second_2016.at(change.cell());
      EXPECT_EQ(change.kind() == query_pb::RELEASE_CHANGE_KIND_REVISED,
                before.numerator() != after.numerator() || before.base() != after.base())
          << change.DebugString();
      EXPECT_EQ(change.numerator_before(), before.numerator());
      EXPECT_EQ(change.base_before(), before.base());
      EXPECT_EQ(change.value_before(), before.value());
      EXPECT_EQ(change.numerator_after(), after.numerator());
      EXPECT_EQ(change.base_after(), after.base());
      EXPECT_EQ(change.value_after(), after.value());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, differ);
  EXPECT_TRUE(listed.contains(kTarget));
  EXPECT_FALSE(listed.contains("IND_RR.FRAME"));
  EXPECT_GT(revised_changes, 0);
  EXPECT_EQ(static_cast<int>(listed.size()) + revised_changes, candidate->difference_count());

  // Nothing that was published has moved.
  const auto expect_same = [](const Figures& before, const Figures& after) {
    ASSERT_EQ(before.size(), after.size());
    for (const auto& [cell, figure] : before)
      ASSERT_EQ(figure.SerializeAsString(), after.at(cell).SerializeAsString()) << figure.name();
  };
  ASSERT_NO_FATAL_FAILURE(expect_same(first_2016, FiguresOfRelease(system(), "KU2016", "1")));
  EXPECT_EQ(first_2016.at(kTarget).numerator(), 187);
  ASSERT_NO_FATAL_FAILURE(expect_same(first_2017, FiguresOfRelease(system(), "KU2017", "1")));

  // The sentence that compares says that what it read has been followed.
  const Claims claims_after = ClaimsOf(system(), Release("KU2017", 1));
  const query_pb::ClaimResult& f04 = claims_after.at("F04");
  EXPECT_EQ(f04.verdict(), claims_before.at("F04").verdict());
  std::map<int, const query_pb::ChangeFigure*> changes;
  for (const query_pb::ChangeFigure& change : f04.changes())
    changes[change.earlier().year()] = &change;
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_FALSE(changes[2014]->superseded());
  EXPECT_FALSE(changes[2015]->superseded());
  EXPECT_TRUE(changes[2016]->superseded());
  EXPECT_EQ(changes[2016]->earlier_release(), Release("KU2016", 1));
  EXPECT_EQ(changes[2016]->earlier().numerator(), 187);
  EXPECT_EQ(changes[2016]->value(), claims_before.at("F04").changes(2).value());
  const auto superseded = [](const query_pb::ClaimResult& claim) {
    return std::any_of(claim.remarks().begin(), claim.remarks().end(), [](const auto& remark) {
      return remark.kind() == query_pb::CLAIM_REMARK_KIND_SUPERSEDED;
    });
  };
  EXPECT_TRUE(superseded(f04));
  EXPECT_FALSE(superseded(claims_before.at("F04")));
  EXPECT_EQ(claims_after.at("F01").SerializeAsString(),
            claims_before.at("F01").SerializeAsString());

  // A new release of 2017 reads the corrected one, though none of its own figures differs.
  const auto next = Build(system(), "KU2017");
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_FALSE(next->unchanged());
  EXPECT_GT(next->difference_count(), 0) << "the sentences and changes that read 2016";
  ASSERT_EQ(next->differences_size(), next->difference_count());
  for (const query_pb::ReleaseChange& change : next->differences()) {
    EXPECT_TRUE(change.cell().starts_with("claims/") || change.cell().starts_with("changes/"))
        << change.DebugString();
  }
  EXPECT_THAT(next->release().read_releases(),
              ElementsAre(Release("KU2014", 1), Release("KU2015", 1), Release("KU2016", 2)));
  ASSERT_TRUE(Publish(system(), *next, "2016 was corrected").ok());
  ASSERT_NO_FATAL_FAILURE(CatchUp(system()));
  const query_pb::ClaimResult corrected = ClaimsOf(system(), Release("KU2017", 2)).at("F04");
  EXPECT_FALSE(superseded(corrected));
  EXPECT_EQ(corrected.changes(2).earlier_release(), Release("KU2016", 2));
  EXPECT_EQ(corrected.changes(2).earlier().numerator(), 177);
}

// ---- Followed

// One follower's stream.
class Following {
 public:
  Following(System& system, const query_pb::FollowReleasesRequest& request) {
    transport::SetTimeout(context_, kPatience);
    reader_ = system.connection->query().stub->FollowReleases(&context_, request);
  }
  ~Following() {
    context_.TryCancel();
    query_pb::FollowReleasesResponse rest;
    while (reader_->Read(&rest)) {
    }
    if (!finished_) reader_->Finish();
  }
  query_pb::FollowReleasesResponse Next() {
    query_pb::FollowReleasesResponse out;
    EXPECT_TRUE(reader_->Read(&out)) << "the stream has ended";
    return out;
  }
  absl::Status End() {
    query_pb::FollowReleasesResponse out;
    EXPECT_FALSE(reader_->Read(&out)) << out.DebugString();
    finished_ = true;
    return transport::FromRpc(reader_->Finish());
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderInterface<query_pb::FollowReleasesResponse>> reader_;
  bool finished_ = false;
};

TEST_F(ReleasesInTheChain, AreFollowedInOrderAndResumedWhereTheFollowerWas) {
  query_pb::FollowReleasesRequest request;
  std::vector<query_pb::FollowReleasesResponse> messages;
  {
    Following following(system(), request);
    for (const std::string& edition : kEditions) {
      messages.push_back(following.Next());
      const query_pb::FollowReleasesResponse& message = messages.back();
      EXPECT_EQ(message.release().SerializeAsString(), published_[edition].SerializeAsString());
      EXPECT_EQ(message.position(), published_[edition].published_position());
      EXPECT_FALSE(message.stale());
    }
  }
  const auto resume = [&](const query_pb::FollowReleasesResponse& heard) {
    request.set_after_position(heard.position());
    request.set_log_id(heard.log_id());
    request.set_epoch(heard.epoch());
    return request;
  };
  {
    Following following(system(), resume(messages[1]));
    for (const size_t i : {2, 3})
      EXPECT_EQ(following.Next().SerializeAsString(), messages[i].SerializeAsString());
  }
  // Everything was heard: a sign of life says up to where, and the next release is the only one
  // that comes after it.
  query_pb::FollowReleasesResponse sign;
  {
    Following following(system(), resume(messages[3]));
    sign = following.Next();
    EXPECT_FALSE(sign.has_release());
    EXPECT_EQ(sign.position(), head_);
    EXPECT_EQ(sign.log_id(), messages[3].log_id());
    EXPECT_EQ(sign.epoch(), messages[3].epoch());
  }
  Following following(system(), resume(sign));
  EXPECT_FALSE(following.Next().has_release());
  ASSERT_NO_FATAL_FAILURE(TakeTargetsBack(system(), 1));
  const auto candidate = Build(system(), "KU2016");
  ASSERT_TRUE(candidate.ok()) << candidate.status();
  const auto published = Publish(system(), *candidate, kWhy);
  ASSERT_TRUE(published.ok()) << published.status();
  query_pb::FollowReleasesResponse news;
  do {
    news = following.Next();
  } while (!news.has_release() && !testing::Test::HasFailure());
  EXPECT_EQ(news.release().SerializeAsString(), published->SerializeAsString());
  EXPECT_EQ(news.position(), published->published_position());

  request = resume(messages[3]);
  request.set_epoch(request.epoch() + 1);
  EXPECT_EQ(ReasonOf(Following(system(), request).End()), Reason::kLogDiverged);
}

// ---- Verified, and made again

TEST_F(ReleasesInTheChain, AreComputedAgainToTheLastByte) {
  for (const std::string& edition : kEditions) {
    aggregation_pb::VerifyReleaseRequest request;
    request.set_name(Release(edition, 1));
    const auto verified = system().connection->Call(system().connection->releases(),
                                                    &ReleaseCalls::VerifyRelease, request);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_TRUE(verified->identical()) << verified->DebugString();
    EXPECT_TRUE(verified->equal());
    EXPECT_THAT(verified->differences(), IsEmpty());
    EXPECT_GE(verified->compared(), published_[edition].figure_count());
    EXPECT_EQ(verified->release().content_hash(), published_[edition].content_hash());
  }
  EXPECT_EQ(system().Head(), head_);
}

TEST_F(ReleasesInTheChain, AreTheSameWhenAggregationAndQueryHaveLostTheirFolders) {
  const Etags before = AllEtags(system());
  EXPECT_GT(before.size(), 2u * 10'000);
  const Claims claims = ClaimsOf(system(), Release("KU2017", 1));
  const Claims live = ClaimsOf(system(), "editions/KU2017/releases/live");
  ASSERT_EQ(claims.size(), 14u);
  system_.reset();
  for (const char* name : {"aggregation", "query"}) ASSERT_GT(fs::remove_all(folder_ / name), 0u);
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_EQ(system().Head(), head_);
  for (const std::string& edition : kEditions) {
    EXPECT_EQ(GetRelease(system(), Release(edition, 1)).SerializeAsString(),
              published_[edition].SerializeAsString());
  }
  EXPECT_EQ(AllEtags(system()), before);
  for (const auto& [release, held] :
       {std::pair(Release("KU2017", 1), &claims),
        std::pair(std::string("editions/KU2017/releases/live"), &live)}) {
    const Claims after = ClaimsOf(system(), release);
    ASSERT_EQ(after.size(), held->size());
    for (const auto& [id, claim] : *held) EXPECT_EQ(after.at(id).etag(), claim.etag()) << id;
  }
}

}  // namespace
}  // namespace imdi
