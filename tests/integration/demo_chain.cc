#include "tests/integration/demo_chain.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>
#include <variant>

#include "clients/cli/definition_documents.h"
#include "tests/unit/demo/demo_answers.h"

namespace imdi::testing_support {

namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;

using demo_test::Demo;
using Query = query_pb::QueryService::StubInterface;
using Editions = ingestion_pb::EditionService::StubInterface;
using Submissions = ingestion_pb::SubmissionService::StubInterface;

const std::vector<std::string> kEditions = {"KU2014", "KU2015", "KU2016", "KU2017"};

System::System(const std::string& folder) {
  auto started = allinone::Start(allinone::EmbeddedConfig(folder), clock_);
  EXPECT_TRUE(started.ok()) << started.status();
  all_ = *std::move(started);
  connection = std::make_unique<cli::Connection>(all_->public_address(), all_->internal_address(),
                                                 kPatience);
}

int64_t System::Head() {
  const auto head =
      connection->Call(connection->log(), &ingestion_pb::LogService::StubInterface::GetHead,
                       ingestion_pb::GetHeadRequest());
  EXPECT_TRUE(head.ok()) << head.status();
  return head->head().position();
}

absl::StatusOr<query_pb::Figure> System::Get(const std::string& name, int64_t at_least_position) {
  query_pb::GetFigureRequest request;
  request.set_name(name);
  request.set_at_least_position(at_least_position);
  return connection->Call(connection->query(), &Query::GetFigure, request);
}

query_pb::Figure System::Of2017(const std::string& cell) {
  const auto figure = Get("editions/KU2017/releases/live/figures/" + cell, Head());
  EXPECT_TRUE(figure.ok()) << cell << ": " << figure.status();
  return figure.value_or(query_pb::Figure());
}

absl::StatusOr<ingestion_pb::SubmitResponse> System::Submit(
    const ingestion_pb::SubmitRequest& request) {
  return connection->Call(connection->submissions(),
                          &ingestion_pb::SubmissionService::StubInterface::Submit, request);
}

std::map<std::string, query_pb::Figure> FiguresOf(cli::Connection& connection,
                                                  const std::string& edition, int page_size,
                                                  const std::string& indicator,
                                                  int64_t at_least_position,
                                                  const std::string& release) {
  std::map<std::string, query_pb::Figure> out;
  query_pb::ListFiguresRequest request;
  request.set_parent("editions/" + edition + "/releases/" + release);
  request.set_page_size(page_size);
  request.set_indicator(indicator);
  request.set_at_least_position(at_least_position);
  do {
    const auto page = connection.Call(connection.query(), &Query::ListFigures, request);
    if (!page.ok()) {
      ADD_FAILURE() << page.status();
      break;
    }
    for (const query_pb::Figure& figure : page->figures()) {
      const std::string cell = figure.name().substr(figure.name().rfind('/') + 1);
      EXPECT_TRUE(out.emplace(cell, figure).second) << cell << " stands on two pages";
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return out;
}

void ApplyDocuments(System& system) {
  const char* root = std::getenv("IMDI_ROOT");
  const cli::DefinitionDocuments documents =
      cli::LoadDefinitions({std::string(root == nullptr ? "." : root) + "/deploy/surveys/ku"});
  ASSERT_EQ(documents.problem_count, 0u);
  int applied = 0;
  for (const cli::DefinitionDocument& document : documents.documents) {
    ingestion_pb::ApplyDefinitionRequest request;
    *request.mutable_definition() = document.definition;
    request.set_request_id("apply-" + std::to_string(++applied));
    const auto response =
        system.connection->Call(system.connection->editions(), &Editions::ApplyDefinition, request);
    ASSERT_TRUE(response.ok()) << document.name << ": " << response.status();
    ASSERT_EQ(response->findings_size(), 0) << response->DebugString();
  }
}

namespace {

template <typename Response>
absl::StatusOr<cli::Outcome> Done(const absl::StatusOr<Response>& response, int64_t position) {
  if (!response.ok()) return response.status();
  return cli::Outcome{.kind = cli::Outcome::Kind::kDone, .position = position, .findings = {}};
}

}  // namespace

cli::SubmitReport SubmitDemo(System& system, int64_t head_before) {
  const cli::Connection& connection = *system.connection;
  const auto send = [&](const cli::AnswersAction& action) -> absl::StatusOr<cli::Outcome> {
    if (const auto* submit = std::get_if<ingestion_pb::SubmitRequest>(&action.request)) {
      const auto response =
          connection.Call(connection.submissions(), &Submissions::Submit, *submit);
      if (response.ok() && response->outcome() != ingestion_pb::SUBMIT_OUTCOME_ACCEPTED) {
        return cli::Outcome{.kind = cli::Outcome::Kind::kRefused,
                            .position = 0,
                            .findings = {response->findings().begin(), response->findings().end()}};
      }
      return Done(response, response.ok() ? response->receipt().position() : 0);
    }
    if (const auto* withdraw = std::get_if<ingestion_pb::WithdrawRequest>(&action.request)) {
      const auto response =
          connection.Call(connection.submissions(), &Submissions::Withdraw, *withdraw);
      return Done(response, response.ok() ? response->receipt().position() : 0);
    }
    if (const auto* disposition =
            std::get_if<ingestion_pb::SetDispositionRequest>(&action.request)) {
      const auto response =
          connection.Call(connection.editions(), &Editions::SetDisposition, *disposition);
      return Done(response, response.ok() ? response->position() : 0);
    }
    const auto& state = std::get<ingestion_pb::SetEditionStateRequest>(action.request);
    const auto response = connection.Call(connection.editions(), &Editions::SetEditionState, state);
    return Done(response, response.ok() ? response->position() : 0);
  };
  return cli::SubmitAll(Demo().actions,
                        {.in_flight = 32, .head_before = head_before, .progress = nullptr}, send);
}

void SetUpDemo(System& system) {
  ASSERT_NO_FATAL_FAILURE(ApplyDocuments(system));
  const int64_t before = system.Head();
  const cli::SubmitReport report = SubmitDemo(system, before);
  for (const cli::Refusal& refusal : report.refusals)
    ADD_FAILURE() << "line " << refusal.line << ": " << refusal.error
                  << (refusal.findings.empty() ? "" : refusal.findings[0].DebugString());
  // Non-contact is how a unit stands anyway: saying so appends nothing.
  ASSERT_EQ(report.appended + report.already_there, static_cast<int64_t>(Demo().actions.size()));
  ASSERT_EQ(system.Head(), before + report.appended);
}

}  // namespace imdi::testing_support
