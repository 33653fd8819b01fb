// The whole chain in one process: documents and the demonstration answers in over gRPC, figures out
// over gRPC. The answers are sent once; every test starts the system on a copy of the folder that
// this left.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "clients/cli/connection.h"
#include "clients/cli/definition_documents.h"
#include "grpcpp/generic/generic_stub.h"
#include "imdi/survey/aggregation/v1/figures_service.grpc.pb.h"
#include "services/aggregation/aggregation_app.h"
#include "services/base/error.h"
#include "services/base/executor.h"
#include "services/base/limits.h"
#include "services/query/folded_state.h"
#include "services/query/query_app.h"
#include "services/query/swap.h"
#include "services/transport/server_host.h"
#include "tests/integration/demo_chain.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/demo/demo_answers.h"

namespace imdi {
namespace {

namespace fs = std::filesystem;
namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;
namespace model = survey::model::v1;

using base::Reason;
using base::ReasonOf;
using demo_test::Demo;
using testing::ElementsAre;
using testing_support::FiguresOf;
using testing_support::kEditions;
using testing_support::kPatience;
using testing_support::SetUpDemo;
using testing_support::SubmitDemo;
using testing_support::System;
using testing_support::TempFolder;
using Query = query_pb::QueryService::StubInterface;

std::map<std::string, std::string> EtagsOf(System& system) {
  std::map<std::string, std::string> out;
  const int64_t head = system.Head();
  for (const std::string& edition : kEditions) {
    for (const auto& [cell, figure] : FiguresOf(*system.connection, edition, 0, "", head)) {
      EXPECT_EQ(figure.position(), head);
      out[edition + " " + cell] = figure.etag();
    }
  }
  return out;
}

std::vector<query_pb::EditionSummary> EditionsOf(cli::Connection& connection, int page_size = 0) {
  std::vector<query_pb::EditionSummary> out;
  query_pb::ListEditionsRequest request;
  request.set_page_size(page_size);
  do {
    const auto page = connection.Call(connection.query(), &Query::ListEditions, request);
    if (!page.ok()) {
      ADD_FAILURE() << page.status();
      break;
    }
    out.insert(out.end(), page->editions().begin(), page->editions().end());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return out;
}

// Asks until the first edition says so.
bool BecomesStale(cli::Connection& connection, bool stale) {
  for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;) {
    const auto editions =
        connection.Call(connection.query(), &Query::ListEditions, query_pb::ListEditionsRequest());
    if (editions.ok() && editions->editions_size() > 0 && editions->editions(0).stale() == stale)
      return true;
    std::this_thread::yield();
  }
  return false;
}

class Chain : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    prepared_ = new TempFolder;
    System system(prepared_->path());
    ASSERT_NO_FATAL_FAILURE(SetUpDemo(system));
    head_ = system.Head();
    // So that query's folder holds everything when it stops.
    ASSERT_TRUE(system.Get("editions/KU2017/releases/live/figures/IND_RR.FRAME", head_).ok());
    EXPECT_EQ(system.all().Stop(), head_);
  }
  static void TearDownTestSuite() {
    delete prepared_;
    prepared_ = nullptr;
  }

  Chain() { fs::copy(prepared_->path(), folder_.path(), fs::copy_options::recursive); }

  TempFolder folder_;
  static inline TempFolder* prepared_ = nullptr;
  static inline int64_t head_ = 0;
};

// ---- The numbers

TEST_F(Chain, TheMainFindingsOf2017ComeOut) {
  System system(folder_.path());
  const query_pb::Figure rate = system.Of2017("IND_RR.FRAME");
  EXPECT_EQ(rate.numerator(), 322);
  EXPECT_EQ(rate.base(), 441);
  EXPECT_EQ(rate.invited(), 441);
  EXPECT_EQ(rate.value(), 322.0 / 441);
  EXPECT_EQ(rate.rr1(), 303.0 / 441);
  EXPECT_EQ(rate.position(), head_);
  const query_pb::Figure with = system.Of2017("IND_TARGET.WITH_PROGRAMME");
  EXPECT_EQ(with.numerator(), 186);
  EXPECT_EQ(with.base(), 300);
  EXPECT_EQ(with.value(), 0.62);
  const query_pb::Figure all = system.Of2017("IND_TARGET.ALL");
  EXPECT_EQ(all.numerator(), 186);
  EXPECT_EQ(all.base(), 322);
}

// What the recount says of one cell.
struct Recounted {
  int32_t invited = 0, responded = 0, base = 0, numerator = 0;
};

bool InBase(const std::string& basis, const demo_test::Response& response) {
  const auto& [unit, answers] = response;
  const bool programme = demo_test::Has(answers, "BAK05", {1, 2});
  if (basis == "IND_TARGET.WITH_PROGRAMME")
    return programme && demo_test::IsAnswered(answers, "INT01");
  if (basis == "IND_COMBINE.MUNICIPALITIES_WITH_PROGRAMME")
    return !demo_test::IsDistrict(unit) && programme && demo_test::IsAnswered(answers, "NOR01");
  return basis == "IND_TARGET.ALL";
}
bool InNumerator(const std::string& basis, const demo_test::Response& response) {
  if (basis.starts_with("IND_COMBINE"))
    return demo_test::Has(response.second, "NOR01", {1, 2, 3, 4, 5, 6, 7, 8});
  // Routed only with a programme.
  return demo_test::Has(response.second, "BAK05", {1, 2}) &&
         demo_test::Has(response.second, "INT01", {1});
}

TEST_F(Chain, EveryCellOfThreeIndicatorsEqualsARecountOfTheAnswersFile) {
  System system(folder_.path());
  const std::vector<std::string> breakdowns = {"imdi_region", "unit_type", "size_group",
                                               "centrality", "settled_group"};
  int cells = 0;
  for (const std::string& id : kEditions) {
    const demo_test::Edition& edition = Demo().editions.at(id);
    for (const std::string& basis :
         {std::string("IND_RR.FRAME"), std::string("IND_TARGET.WITH_PROGRAMME"),
          std::string("IND_TARGET.ALL"),
          std::string("IND_COMBINE.MUNICIPALITIES_WITH_PROGRAMME")}) {
      const std::string indicator = basis.substr(0, basis.find('.'));
      if (indicator == "IND_COMBINE" && id < "KU2016") continue;
      // Group → its units; "" = the total.
      std::map<std::string, Recounted> wanted;
      for (const auto& [code, unit] : edition.frame) {
        if (unit.out_of_scope()) continue;
        std::vector<std::string> groups = {""};
        for (const std::string& attribute : breakdowns) {
          const auto value = unit.attributes().find(attribute);
          groups.push_back("." + attribute + "=" +
                           (value == unit.attributes().end() ? "unknown" : value->second));
        }
        const auto response = edition.counted.find(code);
        for (const std::string& group : groups) {
          Recounted& cell = wanted[group];
          ++cell.invited;
          const bool responded = response != edition.counted.end();
          if (responded) ++cell.responded;
          if (indicator == "IND_RR") {
            ++cell.base;
            if (responded) ++cell.numerator;
          } else if (responded && InBase(basis, *response)) {
            ++cell.base;
            if (InNumerator(basis, *response)) ++cell.numerator;
          }
        }
      }
      const auto figures = FiguresOf(*system.connection, id, 0, indicator, system.Head());
      for (const auto& [group, counts] : wanted) {
        const std::string where = id + " " + basis + group;
        const auto found = figures.find(basis + group);
        ASSERT_TRUE(found != figures.end()) << where;
        const query_pb::Figure& figure = found->second;
        EXPECT_EQ(figure.invited(), counts.invited) << where;
        EXPECT_EQ(figure.responded(), counts.responded) << where;
        EXPECT_EQ(figure.base(), counts.base) << where;
        EXPECT_EQ(figure.numerator(), counts.numerator) << where;
        EXPECT_EQ(figure.has_value(), counts.base > 0) << where;
        if (counts.base > 0) {
          EXPECT_EQ(figure.value(), static_cast<double>(counts.numerator) / counts.base) << where;
        }
        ++cells;
      }
      // What the recount did not meet are declared groups without units.
      for (const auto& [cell, figure] : figures) {
        if (!cell.starts_with(basis) || wanted.contains(cell.substr(basis.size()))) continue;
        EXPECT_EQ(figure.invited(), 0) << id << " " << cell;
        EXPECT_EQ(figure.no_value().reason(), query_pb::NO_VALUE_REASON_NOT_APPLICABLE)
            << id << " " << cell;
      }
    }
  }
  EXPECT_GT(cells, 200);
}

TEST_F(Chain, WhatAnEditionDidNotAskIsNotANumber) {
  System system(folder_.path());
  query_pb::Figure figure =
      *system.Get("editions/KU2014/releases/live/figures/IND_RR.FRAME", head_);
  EXPECT_TRUE(figure.has_value());
  EXPECT_EQ(
      ReasonOf(system.Get("editions/KU2014/releases/live/figures/IND_SYS_IMPROVE.USERS").status()),
      Reason::kUnknownResource)
      << "the indicator is not declared for 2014";
  figure = system.Of2017("IND_COMBINE.MUNICIPALITIES_WITH_PROGRAMME.unit_type=district");
  EXPECT_EQ(figure.no_value().reason(), query_pb::NO_VALUE_REASON_NOT_APPLICABLE);
  EXPECT_EQ(figure.no_value().sdmx_status(), "M");
  EXPECT_EQ(figure.no_value().sign(), ".");
}

// ---- Read your writes

TEST_F(Chain, AFigureReadAtThePositionOfAReceiptHasThatSubmission) {
  System system(folder_.path());
  const demo_test::Edition& edition = Demo().editions.at("KU2017");
  // The answers of one municipality with a target, sent for one that never answered.
  const auto source =
      std::find_if(edition.counted.begin(), edition.counted.end(), [](const auto& response) {
        return !demo_test::IsDistrict(response.first) &&
               demo_test::Has(response.second, "INT01", {1});
      });
  const auto unit = std::find_if(edition.frame.begin(), edition.frame.end(), [&](const auto& one) {
    return !demo_test::IsDistrict(one.first) && !edition.sent.contains(one.first);
  });
  ASSERT_TRUE(source != edition.counted.end() && unit != edition.frame.end());
  ingestion_pb::SetEditionStateRequest reopen;
  reopen.set_edition("editions/KU2017");
  reopen.set_state(model::EDITION_STATE_OPEN);
  reopen.set_unit(unit->first);
  reopen.set_reason("sent on paper");
  reopen.set_request_id("reopen");
  ASSERT_TRUE(system.connection
                  ->Call(system.connection->editions(),
                         &ingestion_pb::EditionService::StubInterface::SetEditionState, reopen)
                  .ok());
  ingestion_pb::SubmitRequest request;
  ingestion_pb::SubmissionDraft& draft = *request.mutable_submission();
  draft.set_edition("editions/KU2017");
  draft.set_unit(unit->first);
  draft.set_part("main");
  draft.set_questionnaire(1);
  draft.set_language(model::LANGUAGE_NB);
  for (const auto& [item, answer] : source->second) *draft.add_answers() = answer;
  const auto target =
      std::find_if(draft.mutable_answers()->begin(), draft.mutable_answers()->end(),
                   [](const model::Answer& answer) { return answer.item() == "INT01"; });
  query_pb::BatchGetFiguresRequest panel;
  panel.add_names("editions/KU2017/releases/live/figures/IND_TARGET.ALL");
  query_pb::GetTableRequest report;
  report.set_parent("editions/KU2017/releases/live");
  report.add_indicators("IND_TARGET");
  report.set_basis("ALL");
  for (int revision = 0; revision < 12; ++revision) {
    const bool has_target = revision % 2 == 0;
    target->set_code(has_target ? 1 : 2);
    request.set_expected_revision(revision);
    request.set_request_id("write-" + std::to_string(revision));
    const auto receipt = system.Submit(request);
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    ASSERT_EQ(receipt->outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED) << receipt->DebugString();
    const int64_t position = receipt->receipt().position();
    const auto figure =
        system.Get("editions/KU2017/releases/live/figures/IND_TARGET.ALL", position);
    ASSERT_TRUE(figure.ok()) << figure.status();
    EXPECT_GE(figure->position(), position);
    EXPECT_EQ(figure->numerator(), has_target ? 187 : 186);
    EXPECT_EQ(figure->base(), 323);
    // The same bytes are asked again and again; what was kept goes with its snapshot.
    for (int again = 0; again < 3; ++again) {
      const auto batch =
          system.connection->Call(system.connection->query(), &Query::BatchGetFigures, panel);
      ASSERT_TRUE(batch.ok()) << batch.status();
      EXPECT_EQ(batch->figures(0).SerializeAsString(), figure->SerializeAsString());
      EXPECT_EQ(batch->position(), figure->position());
      const auto table =
          system.connection->Call(system.connection->query(), &Query::GetTable, report);
      ASSERT_TRUE(table.ok()) << table.status();
      EXPECT_EQ(table->rows(0).cells(0).numerator(), figure->numerator());
      EXPECT_EQ(table->position(), figure->position());
    }
  }
}

TEST_F(Chain, APositionThatTheLogDoesNotHaveIsWaitedForAndThenRefused) {
  System system(folder_.path());
  const absl::Status status =
      system.Get("editions/KU2017/releases/live/figures/IND_RR.FRAME", head_ + 1'000'000).status();
  EXPECT_EQ(ReasonOf(status), Reason::kNotYetFolded);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(base::InfoOf(status).metadata.at("position"), std::to_string(head_));
  EXPECT_GT(base::InfoOf(status).retry_delay, absl::ZeroDuration());
  EXPECT_EQ(ReasonOf(system.Get("editions/KU2017/releases/live/figures/IND_RR.FRAME", -1).status()),
            Reason::kFieldInvalid);
}

TEST_F(Chain, SendingTheAnswersAgainAppendsNothing) {
  System system(folder_.path());
  const cli::SubmitReport report = SubmitDemo(system, head_);
  EXPECT_TRUE(report.refusals.empty());
  EXPECT_EQ(report.appended, 0);
  EXPECT_EQ(report.already_there, static_cast<int64_t>(Demo().actions.size()));
  EXPECT_EQ(system.Head(), head_);
}

// ---- Derived folders may go

TEST_F(Chain, EveryEtagIsTheSameWhateverDerivedFolderIsLost) {
  std::map<std::string, std::string> etags;
  {
    System system(folder_.path());
    etags = EtagsOf(system);
    EXPECT_GT(etags.size(), 700u);
  }
  for (const std::vector<std::string>& lost :
       {std::vector<std::string>{"aggregation", "query"}, {"aggregation"}, {"query"}}) {
    SCOPED_TRACE(lost.front() + " …" + std::to_string(lost.size()));
    for (const std::string& name : lost) ASSERT_GT(fs::remove_all(folder_ / name), 0u);
    System system(folder_.path());
    EXPECT_EQ(EtagsOf(system), etags);
    EXPECT_EQ(system.Head(), head_);
  }
}

// Query and aggregation alone, each beside a neighbour that may be missing.
class Alone {
 public:
  Alone() : calls_({.actor = "test", .internal = true}, executor_, metrics_) {}
  ~Alone() {
    calls_.streams().EndAll();
    if (query_ != nullptr) query_->StopFollowing();
    StopAggregation();
    if (query_host_ != nullptr) query_host_->Drain(absl::Seconds(1));
    executor_.Drain();
  }

  void StartAggregation(const std::string& folder) {
    survey::config::v1::AggregationConfig config;
    config.set_data_dir(folder + "/aggregation");
    // Nobody listens on port 1: ingestion is away.
    auto app = aggregation::AggregationApp::Start(config, transport::MakeChannel("127.0.0.1:1"),
                                                  calls_, metrics_);
    ASSERT_TRUE(app.ok()) << app.status();
    aggregation_ = *std::move(app);
    auto host = transport::ServerHost::Listen("127.0.0.1:0", {&aggregation_->figures_service()});
    ASSERT_TRUE(host.ok()) << host.status();
    figures_host_ = *std::move(host);
  }
  void StopAggregation() {
    if (aggregation_ == nullptr) return;
    calls_.streams().EndAll();
    aggregation_->StopFollowing();
    figures_host_->Drain(absl::Seconds(1));
    figures_host_.reset();
    aggregation_.reset();
  }
  void StartQuery(const std::string& folder) {
    survey::config::v1::QueryConfig config;
    config.set_data_dir(folder + "/query");
    auto app = query::QueryApp::Start(
        config, clock_,
        transport::MakeChannel(figures_host_ == nullptr ? "127.0.0.1:1" : figures_host_->address()),
        calls_, metrics_);
    ASSERT_TRUE(app.ok()) << app.status();
    query_ = *std::move(app);
    auto host = transport::ServerHost::Listen("127.0.0.1:0", {&query_->query_service()});
    ASSERT_TRUE(host.ok()) << host.status();
    query_host_ = *std::move(host);
    connection = std::make_unique<cli::Connection>(query_host_->address(), query_host_->address(),
                                                   kPatience);
  }
  std::unique_ptr<cli::Connection> connection;

 private:
  base::SystemClock clock_;
  base::Metrics metrics_;
  base::BoundedExecutor executor_{"calls", 2, 64};
  transport::Calls calls_;
  std::unique_ptr<aggregation::AggregationApp> aggregation_;
  std::unique_ptr<transport::ServerHost> figures_host_;
  std::unique_ptr<query::QueryApp> query_;
  std::unique_ptr<transport::ServerHost> query_host_;
};

TEST_F(Chain, WithoutAggregationQueryServesWhatItKeptAndSaysThatItIsStale) {
  std::map<std::string, query_pb::Figure> before;
  {
    System system(folder_.path());
    before = FiguresOf(*system.connection, "KU2017", 0, "", head_);
  }
  {
    Alone alone;
    ASSERT_NO_FATAL_FAILURE(alone.StartQuery(folder_.path()));
    const auto editions = EditionsOf(*alone.connection);
    ASSERT_EQ(editions.size(), 4u);
    for (const query_pb::EditionSummary& edition : editions) {
      EXPECT_TRUE(edition.stale()) << edition.name();
      EXPECT_EQ(edition.position(), head_);
    }
    const auto kept = FiguresOf(*alone.connection, "KU2017");
    ASSERT_EQ(kept.size(), before.size());
    for (const auto& [cell, figure] : before) {
      query_pb::Figure same = kept.at(cell);
      EXPECT_TRUE(same.stale()) << cell;
      EXPECT_GT(same.stale_since_us(), 0) << cell;
      // Right after its start a system may say so too.
      query_pb::Figure then = figure;
      for (query_pb::Figure* one : {&same, &then}) {
        one->clear_stale();
        one->clear_stale_since_us();
      }
      EXPECT_EQ(same.SerializeAsString(), then.SerializeAsString()) << cell;
    }
  }
  System system(folder_.path());
  const auto fresh = system.Get("editions/KU2017/releases/live/figures/IND_RR.FRAME", head_);
  ASSERT_TRUE(fresh.ok()) << fresh.status();
}

TEST_F(Chain, WithoutIngestionFiguresAreServedAndSaidToBeOldAlsoWhenAggregationGoes) {
  Alone alone;
  ASSERT_NO_FATAL_FAILURE(alone.StartAggregation(folder_.path()));
  fs::remove_all(folder_ / "query");
  ASSERT_NO_FATAL_FAILURE(alone.StartQuery(folder_.path()));
  ASSERT_TRUE(BecomesStale(*alone.connection, true)) << "nobody hears of new answers";
  const auto figures = FiguresOf(*alone.connection, "KU2017", 0, "IND_TARGET");
  EXPECT_EQ(figures.at("IND_TARGET.WITH_PROGRAMME").numerator(), 186);
  alone.StopAggregation();
  ASSERT_TRUE(BecomesStale(*alone.connection, true));
  EXPECT_EQ(FiguresOf(*alone.connection, "KU2017", 0, "IND_TARGET")
                .at("IND_TARGET.WITH_PROGRAMME")
                .numerator(),
            186)
      << "the last ones are served on";
}

TEST_F(Chain, QueryWithoutAnythingKeptSaysThatItHasHeardNothing) {
  fs::remove_all(folder_ / "query");
  Alone alone;
  ASSERT_NO_FATAL_FAILURE(alone.StartQuery(folder_.path()));
  const auto editions = alone.connection->Call(alone.connection->query(), &Query::ListEditions,
                                               query_pb::ListEditionsRequest());
  EXPECT_EQ(ReasonOf(editions.status()), Reason::kNotYetFolded);
}

// The folder of ingestion is another one (set up anew, or an older backup): what the others hold is
// of no log that exists.
TEST_F(Chain, AnotherLogUnderTheSameFollowersIsFoldedFromItsBeginning) {
  fs::remove_all(folder_ / "ingestion");
  System system(folder_.path());
  EXPECT_EQ(system.Head(), 0);
  const char* root = std::getenv("IMDI_ROOT");
  const cli::DefinitionDocuments documents =
      cli::LoadDefinitions({std::string(root == nullptr ? "." : root) + "/deploy/surveys/ku/2015"});
  for (const cli::DefinitionDocument& document : documents.documents) {
    ingestion_pb::ApplyDefinitionRequest request;
    model::Definition& definition = *request.mutable_definition();
    definition = document.definition;
    if (definition.has_edition()) definition.mutable_edition()->clear_previous_edition();
    request.set_request_id("again-" + document.name);
    const auto response = system.connection->Call(
        system.connection->editions(),
        &ingestion_pb::EditionService::StubInterface::ApplyDefinition, request);
    ASSERT_TRUE(response.ok()) << document.name << ": " << response.status();
    ASSERT_EQ(response->findings_size(), 0) << response->DebugString();
  }
  const int64_t head = system.Head();
  ASSERT_GT(head, 0);
  std::vector<query_pb::EditionSummary> editions;
  for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;) {
    editions = EditionsOf(*system.connection);
    if (editions.size() == 1 && editions[0].position() == head) break;
    std::this_thread::yield();
  }
  ASSERT_EQ(editions.size(), 1u) << "nothing of the log before is left";
  EXPECT_EQ(editions[0].name(), "editions/KU2015");
  EXPECT_EQ(editions[0].state(), model::EDITION_STATE_DRAFT);
  EXPECT_FALSE(editions[0].stale());
}

// ---- The stream between aggregation and query

TEST_F(Chain, TheFiguresComeInChunksOfBoundedSizeAndThenOnlyWhatChanged) {
  System system(folder_.path());
  ASSERT_TRUE(BecomesStale(*system.connection, false));
  const auto stub = survey::aggregation::v1::FiguresService::NewStub(
      transport::MakeChannel(system.all().internal_address()));
  grpc::ClientContext context;
  transport::SetTimeout(context, kPatience);
  const auto reader =
      stub->FollowFigures(&context, survey::aggregation::v1::FollowFiguresRequest());
  survey::aggregation::v1::FollowFiguresResponse chunk;
  query::SwapAssembler assembler;
  query::FoldedState state;
  const auto read_swap = [&] {
    query::Swap swap;
    int chunks = 0;
    do {
      if (!reader->Read(&chunk)) {
        ADD_FAILURE() << "the stream has ended";
        break;
      }
      EXPECT_LE(chunk.ByteSizeLong(), base::kFollowChunkBytesMax + base::kRecordEnvelopeBytesMax);
      EXPECT_EQ(chunk.reset(), ++chunks == 1 && !state.loaded());
      auto added = assembler.Add(chunk);
      if (!added.ok()) {
        ADD_FAILURE() << added.status();
        break;
      }
      if (added->has_value()) swap = **std::move(added);
    } while (!chunk.last_chunk());
    auto next = state.After(swap);
    EXPECT_TRUE(next.ok()) << next.status();
    if (next.ok()) state = *std::move(next);
    return std::pair(std::move(swap), chunks);
  };
  const auto [all, chunks] = read_swap();
  EXPECT_EQ(all.counts.size(), 4u);
  EXPECT_GT(all.definitions.size(), 4u);
  EXPECT_GT(chunks, 1) << "the survey's counts do not fit into one chunk";
  std::map<std::string, std::string> etags;
  const auto snapshot = state.ToSnapshot();
  for (const auto& [id, edition] : snapshot->editions) {
    ASSERT_NE(edition.live, nullptr) << id;
    for (size_t rank = 0; rank < edition.live->size(); ++rank) {
      const auto& figure = edition.live->At(edition.live->PlaceOf(rank)).stored->figure();
      etags[id + " " + figure.name()] = figure.etag();
    }
  }
  EXPECT_EQ(etags, EtagsOf(system));
  EXPECT_EQ(chunk.position(), head_);
  ingestion_pb::SetEditionStateRequest open;
  open.set_edition("editions/KU2016");
  open.set_state(model::EDITION_STATE_OPEN);
  open.set_request_id("open-again");
  ASSERT_TRUE(system.connection
                  ->Call(system.connection->editions(),
                         &ingestion_pb::EditionService::StubInterface::SetEditionState, open)
                  .ok());
  const auto [opened, few] = read_swap();
  EXPECT_EQ(few, 1);
  ASSERT_EQ(opened.definitions.size(), 1u);
  EXPECT_EQ(opened.definitions[0].edition_state_changed().edition(), "KU2016");
  for (const auto& [id, counts] : opened.counts) EXPECT_EQ(id, "KU2016");
  EXPECT_EQ(chunk.position(), head_ + 1);
  context.TryCancel();
}

// ---- Every way to ask

TEST_F(Chain, PagesBatchesAndSingleFiguresAgree) {
  System system(folder_.path());
  ASSERT_TRUE(BecomesStale(*system.connection, false));
  const auto whole = FiguresOf(*system.connection, "KU2017", 1'000, "", head_);
  const auto paged = FiguresOf(*system.connection, "KU2017", 7);
  ASSERT_EQ(paged.size(), whole.size());
  query_pb::BatchGetFiguresRequest batch;
  std::vector<std::string> names;
  for (const auto& [cell, figure] : whole) {
    EXPECT_EQ(paged.at(cell).SerializeAsString(), figure.SerializeAsString());
    if (names.size() < 200) names.push_back(figure.name());
  }
  std::reverse(names.begin(), names.end());
  for (const std::string& name : names) batch.add_names(name);
  const auto answered =
      system.connection->Call(system.connection->query(), &Query::BatchGetFigures, batch);
  ASSERT_TRUE(answered.ok()) << answered.status();
  ASSERT_EQ(answered->figures_size(), 200);
  EXPECT_EQ(answered->position(), head_);
  for (int i = 0; i < answered->figures_size(); ++i) {
    EXPECT_EQ(answered->figures(i).name(), names[static_cast<size_t>(i)]);
    const auto single = system.Get(names[static_cast<size_t>(i)]);
    ASSERT_TRUE(single.ok()) << single.status();
    EXPECT_EQ(single->SerializeAsString(), answered->figures(i).SerializeAsString());
  }
}

TEST_F(Chain, EditionsAndClaimsAreListed) {
  System system(folder_.path());
  ASSERT_TRUE(BecomesStale(*system.connection, false));
  std::vector<std::string> names;
  for (const query_pb::EditionSummary& edition : EditionsOf(*system.connection, 1)) {
    names.push_back(edition.name());
    EXPECT_EQ(edition.state(), model::EDITION_STATE_CLOSED);
    EXPECT_EQ(edition.position(), head_);
    EXPECT_FALSE(edition.stale());
    EXPECT_GT(edition.time_us(), 0);
  }
  EXPECT_THAT(names, ElementsAre("editions/KU2014", "editions/KU2015", "editions/KU2016",
                                 "editions/KU2017"));

  query_pb::ListClaimsRequest request;
  request.set_parent("editions/KU2017");
  request.set_page_size(5);
  std::map<std::string, query_pb::ClaimResult> claims;
  do {
    const auto page =
        system.connection->Call(system.connection->query(), &Query::ListClaims, request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const query_pb::ClaimResult& claim : page->claims())
      EXPECT_TRUE(claims.emplace(claim.claim().name().substr(23), claim).second);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  ASSERT_TRUE(claims.contains("F00") && claims.contains("F03"));
  EXPECT_EQ(claims.size(), 14u);
  EXPECT_EQ(claims["F00"].figures(0).numerator(), 322);
  for (const auto& [id, claim] : claims)
    EXPECT_EQ(claim.figures_size(), claim.claim().figures_size())
        << id << " rests on a figure that is not there";
}

TEST_F(Chain, WrongNamesGetTheReasonThatFits) {
  System system(folder_.path());
  ASSERT_TRUE(system.Get("editions/KU2017/releases/live/figures/IND_RR.FRAME", head_).ok());
  const std::string live = "editions/KU2017/releases/live/figures/";
  const std::vector<std::pair<std::string, Reason>> wanted = {
      {"", Reason::kNameInvalid},
      {"figures/IND_RR.FRAME", Reason::kNameInvalid},
      {live + "IND_RR", Reason::kNameInvalid},
      {live + "IND_RR.FRAME.region", Reason::kNameInvalid},
      {live + "IND_RR.FRAME/", Reason::kNameInvalid},
      {live + "IND_RR.FRAME.imdi_region=1.imdi_region=2", Reason::kNameInvalid},
      {"editions/KU1999/releases/live/figures/IND_RR.FRAME", Reason::kUnknownResource},
      {"editions/KU2017/releases/1/figures/IND_RR.FRAME", Reason::kUnknownResource},
      {live + "IND_NO.FRAME", Reason::kUnknownResource},
      {live + "IND_RR.ALL", Reason::kUnknownResource},
      {live + "IND_RR.FRAME.county=03", Reason::kCellNotInRelease},
      {live + "IND_RR.FRAME.imdi_region=9", Reason::kCellNotInRelease},
      {live + "IND_RR.FRAME.imdi_region=1.size_group=1", Reason::kCellNotInRelease},
  };
  for (const auto& [name, reason] : wanted) {
    const absl::Status status = system.Get(name).status();
    EXPECT_EQ(ReasonOf(status), reason) << name << ": " << status;
  }
  query_pb::ListFiguresRequest list;
  list.set_parent("editions/KU2017/releases/live");
  list.set_page_token("nonsense");
  EXPECT_EQ(
      ReasonOf(
          system.connection->Call(system.connection->query(), &Query::ListFigures, list).status()),
      Reason::kPageTokenInvalid);
}

// ---- What the ports offer

grpc::ByteBuffer Bytes(const std::string& text) {
  const grpc::Slice slice(text);
  return {&slice, 1};
}
std::string TextOf(const grpc::ByteBuffer& bytes) {
  grpc::Slice slice;
  if (!bytes.Valid() || !bytes.DumpToSingleSlice(&slice).ok()) return "";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// One message there, one message back, by the method's path.
std::pair<grpc::StatusCode, std::string> CallRaw(const std::string& address,
                                                 const std::string& path,
                                                 const std::string& message) {
  grpc::GenericStub stub(transport::MakeChannel(address));
  grpc::ClientContext context;
  transport::SetTimeout(context, kPatience);
  const grpc::ByteBuffer request = Bytes(message);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> over;
  stub.UnaryCall(&context, path, grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { over.set_value(std::move(status)); });
  const grpc::StatusCode code = over.get_future().get().error_code();
  return {code, TextOf(response)};
}

TEST_F(Chain, ReflectionIsThereOnTheInternalPortAndNotOnThePublicOne) {
  System system(folder_.path());
  const std::string method = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const std::string list_services = "\x3a\x01*";  // Field 7, a string.
  const auto internal = CallRaw(system.all().internal_address(), method, list_services);
  EXPECT_EQ(internal.first, grpc::StatusCode::OK);
  for (const char* service :
       {"imdi.survey.ingestion.v1.EditionService", "imdi.survey.ingestion.v1.LogService",
        "imdi.survey.aggregation.v1.FiguresService", "imdi.survey.query.v1.QueryService"})
    EXPECT_THAT(internal.second, testing::HasSubstr(service));
  EXPECT_EQ(CallRaw(system.all().public_address(), method, list_services).first,
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(Chain, EachPortOffersItsOwnServicesOnly) {
  System system(folder_.path());
  const std::string open = system.all().public_address(),
                    internal = system.all().internal_address();
  for (const char* method : {"/imdi.survey.query.v1.QueryService/ListEditions",
                             "/imdi.survey.ingestion.v1.LogService/GetHead",
                             "/imdi.survey.ingestion.v1.EditionService/ApplyDefinition",
                             "/imdi.survey.aggregation.v1.FiguresService/GetFoldState"}) {
    EXPECT_EQ(CallRaw(open, method, "").first, grpc::StatusCode::UNIMPLEMENTED) << method;
    EXPECT_NE(CallRaw(internal, method, "").first, grpc::StatusCode::UNIMPLEMENTED) << method;
  }
  const std::string get = "/imdi.survey.ingestion.v1.SubmissionService/GetSubmission";
  EXPECT_EQ(CallRaw(internal, get, "").first, grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(CallRaw(open, get, "").first, grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(Chain, HealthIsAnsweredForEachServiceByName) {
  System system(folder_.path());
  const auto health = [](const std::string& address, const std::string& service) {
    std::string request;
    if (!service.empty())
      request = "\x0a" + std::string(1, static_cast<char>(service.size())) + service;
    return CallRaw(address, "/grpc.health.v1.Health/Check", request);
  };
  const auto serving = std::pair(grpc::StatusCode::OK, std::string("\x08\x01"));
  const std::string open = system.all().public_address(),
                    internal = system.all().internal_address();
  EXPECT_EQ(health(open, ""), serving);
  EXPECT_EQ(health(open, "imdi.survey.ingestion.v1.SubmissionService"), serving);
  EXPECT_EQ(health(open, "imdi.survey.query.v1.QueryService").first, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(health(internal, ""), serving);
  for (const char* service :
       {"imdi.survey.ingestion.v1.EditionService", "imdi.survey.ingestion.v1.LogService",
        "imdi.survey.aggregation.v1.FiguresService", "imdi.survey.query.v1.QueryService"})
    EXPECT_EQ(health(internal, service), serving) << service;
  EXPECT_EQ(health(internal, "imdi.survey.ingestion.v1.SubmissionService").first,
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(Chain, TheFoldSaysHowFarItIs) {
  System system(folder_.path());
  ASSERT_TRUE(system.Get("editions/KU2017/releases/live/figures/IND_RR.FRAME", head_).ok());
  const auto stub = survey::aggregation::v1::FiguresService::NewStub(
      transport::MakeChannel(system.all().internal_address()));
  grpc::ClientContext context;
  transport::SetTimeout(context, kPatience);
  survey::aggregation::v1::GetFoldStateResponse state;
  ASSERT_TRUE(
      stub->GetFoldState(&context, survey::aggregation::v1::GetFoldStateRequest(), &state).ok());
  EXPECT_EQ(state.position(), head_);
  EXPECT_EQ(state.log_head(), head_);
  EXPECT_EQ(state.stopped(), "");
}

}  // namespace
}  // namespace imdi
