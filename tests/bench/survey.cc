#include "tests/bench/survey.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "imdi/survey/ingestion/v1/edition_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "services/base/text.h"
#include "services/config/yaml_message.h"
#include "services/transport/client.h"
#include "services/transport/status_bridge.h"

namespace imdi::bench {
namespace {

namespace ingestion_pb = survey::ingestion::v1;
namespace model = survey::model::v1;
using Editions = ingestion_pb::EditionService::Stub;
using Submissions = ingestion_pb::SubmissionService::Stub;

[[noreturn]] void Die(const std::string& what) {
  std::cerr << "imdi-bench: " << what << "\n";
  std::exit(1);
}

template <typename Stub, typename Request, typename Response>
Response Call(Stub& stub,
              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
              const Request& request) {
  grpc::ClientContext context;
  transport::SetTimeout(context, absl::Seconds(30));
  Response response;
  const absl::Status status = transport::FromRpc((stub.*method)(&context, request, &response));
  if (!status.ok()) Die(status.ToString());
  return response;
}

// Everything of a message that names KU2017 names `edition` instead.
void Rename(google::protobuf::Message& message, const std::string& edition) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    const auto renamed = [&](std::string text) {
      for (size_t at = text.find("KU2017"); at != std::string::npos; at = text.find("KU2017")) {
        text.replace(at, 6, edition);
      }
      return text;
    };
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
        if (field->is_map()) continue;
        Rename(field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, i)
                                    : *reflection.MutableMessage(&message, field),
               edition);
      } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
        if (field->is_repeated()) {
          reflection.SetRepeatedString(&message, field, i,
                                       renamed(reflection.GetRepeatedString(message, field, i)));
        } else {
          reflection.SetString(&message, field, renamed(reflection.GetString(message, field)));
        }
      }
    }
  }
}

}  // namespace

Survey LoadSurvey(const std::string& root, const std::string& demo_answers,
                  const std::string& folder) {
  const std::string surveys = root + "/deploy/surveys/ku";
  const std::string answers = folder + "/answers.ndjson";
  Survey out;
  out.documents = cli::LoadDefinitions({surveys});
  if (out.documents.problem_count > 0) Die(config::ToText(out.documents.problems.front()));
  const pid_t child = fork();
  if (child == 0) {
    if (freopen("/dev/null", "w", stdout) == nullptr) _exit(127);
    execl(demo_answers.c_str(), demo_answers.c_str(), "--surveys", surveys.c_str(), "--out",
          answers.c_str(), nullptr);
    _exit(127);
  }
  int state = 0;
  waitpid(child, &state, 0);
  std::string text;
  config::Problem problem;
  if (state != 0 || !config::ReadTextFile(answers, &text, &problem))
    Die("the demonstration answers could not be made");
  cli::AnswersFile file = cli::ParseAnswers(answers, text);
  if (file.problem_count > 0) Die(config::ToText(file.problems.front()));
  out.actions = std::move(file.actions);
  return out;
}

void Apply(const std::string& internal, const std::vector<cli::DefinitionDocument>& documents) {
  const auto stub = ingestion_pb::EditionService::NewStub(transport::MakeChannel(internal));
  int number = 0;
  for (const cli::DefinitionDocument& document : documents) {
    ingestion_pb::ApplyDefinitionRequest request;
    *request.mutable_definition() = document.definition;
    request.set_request_id(base::StrCat("bench-apply-", ++number));
    const auto response = Call(*stub, &Editions::ApplyDefinition, request);
    if (!response.findings().empty()) Die(document.name + ": " + response.findings(0).message());
  }
}

void Send(const std::string& open, const std::string& internal,
          const std::vector<cli::AnswersAction>& actions) {
  const auto editions = ingestion_pb::EditionService::NewStub(transport::MakeChannel(internal));
  const auto submissions = ingestion_pb::SubmissionService::NewStub(transport::MakeChannel(open));
  for (const cli::AnswersAction& action : actions) {
    if (const auto* submit = std::get_if<ingestion_pb::SubmitRequest>(&action.request)) {
      const auto response = Call(*submissions, &Submissions::Submit, *submit);
      if (response.outcome() != ingestion_pb::SUBMIT_OUTCOME_ACCEPTED) Die("an answer was refused");
    } else if (const auto* withdraw = std::get_if<ingestion_pb::WithdrawRequest>(&action.request)) {
      Call(*submissions, &Submissions::Withdraw, *withdraw);
    } else if (const auto* disposition =
                   std::get_if<ingestion_pb::SetDispositionRequest>(&action.request)) {
      Call(*editions, &Editions::SetDisposition, *disposition);
    } else {
      Call(*editions, &Editions::SetEditionState,
           std::get<ingestion_pb::SetEditionStateRequest>(action.request));
    }
  }
}

void Open(const std::string& internal, const std::string& edition) {
  const auto editions = ingestion_pb::EditionService::NewStub(transport::MakeChannel(internal));
  ingestion_pb::SetEditionStateRequest request;
  request.set_edition("editions/" + edition);
  request.set_state(model::EDITION_STATE_OPEN);
  request.set_request_id("bench-open-" + edition);
  Call(*editions, &Editions::SetEditionState, request);
}

std::vector<ingestion_pb::SubmitRequest> Responses2017(const Survey& survey) {
  std::vector<ingestion_pb::SubmitRequest> out;
  for (const cli::AnswersAction& action : survey.actions) {
    const auto* submit = std::get_if<ingestion_pb::SubmitRequest>(&action.request);
    if (submit != nullptr && action.edition == "KU2017" && submit->expected_revision() == 0)
      out.push_back(*submit);
  }
  return out;
}

std::vector<cli::DefinitionDocument> ClonedEditions(const Survey& survey, int count) {
  std::vector<cli::DefinitionDocument> out;
  for (int i = 0; i < count; ++i) {
    for (const cli::DefinitionDocument& document : survey.documents.documents) {
      const bool own =
          document.name.starts_with("editions/KU2017") && !document.definition.has_claim();
      if (!own) continue;
      cli::DefinitionDocument clone = document;
      Rename(clone.definition, base::StrCat("KUB", i));
      if (clone.definition.has_edition())
        clone.definition.mutable_edition()->clear_previous_edition();
      clone.name = base::StrCat(document.name, " as KUB", i);
      out.push_back(std::move(clone));
    }
  }
  for (const cli::DefinitionDocument& document : survey.documents.documents) {
    if (document.definition.has_weight_set()) out.push_back(document);
  }
  for (const cli::DefinitionDocument& document : survey.documents.documents) {
    if (!document.definition.has_indicator()) continue;
    cli::DefinitionDocument indicator = document;
    auto& editions = *indicator.definition.mutable_indicator()->mutable_editions();
    const bool wanted =
        std::find(editions.begin(), editions.end(), "editions/KU2017") != editions.end();
    editions.Clear();
    for (int i = 0; wanted && i < count; ++i) *editions.Add() = base::StrCat("editions/KUB", i);
    if (wanted) out.push_back(std::move(indicator));
  }
  return out;
}

}  // namespace imdi::bench
