// Answers in: submit, states, dispositions, revisions, collection status.

#include <utility>

#include "clients/cli/answers_file.h"
#include "clients/cli/commands_common.h"
#include "clients/cli/print.h"
#include "clients/cli/submitter.h"
#include "nlohmann/json.hpp"
#include "services/base/crypto.h"
#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

namespace model = ::imdi::survey::model::v1;
using base::StrCat;
using Editions = ingestion_api::EditionService::StubInterface;
using Submissions = ingestion_api::SubmissionService::StubInterface;

constexpr size_t kRefusalsShown = 20;

std::string ParentOf(const std::string& edition, const std::string& unit, const std::string& part) {
  return StrCat(EditionName(edition), "/submissions/", unit, ".", part);
}

std::string ValueOf(const model::Answer& answer) {
  switch (answer.value_case()) {
    case model::Answer::kCode:
      return StrCat(answer.code());
    case model::Answer::kCodes:
      return StrCat("[", base::StrJoin(answer.codes().codes(), ", "), "]");
    case model::Answer::kNumber:
      return StrCat("number ", answer.number());
    case model::Answer::kText:
      return answer.text().empty() ? "(text)" : answer.text();
    case model::Answer::VALUE_NOT_SET:
      return "";
  }
  return "";
}

std::string TimeOf(int64_t microseconds) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(microseconds),
                          absl::UTCTimeZone());
}

// What became of an answers file; every refusal with its findings.
std::string ReportJson(const SubmitReport& report, size_t actions) {
  using Json = nlohmann::ordered_json;
  Json refusals = Json::array();
  for (const Refusal& refusal : report.refusals) {
    Json findings = Json::array();
    for (const model::Finding& finding : refusal.findings) {
      findings.push_back({{"item", finding.item()},
                          {"rule", finding.rule()},
                          {"text",
                           {{"nn", finding.text().nn()},
                            {"nb", finding.text().nb()},
                            {"en", finding.text().en()}}}});
    }
    refusals.push_back({{"line", refusal.line},
                        {"edition", refusal.edition},
                        {"unit", refusal.unit},
                        {"error", refusal.error},
                        {"findings", std::move(findings)}});
  }
  const Json out = {{"actions", actions},
                    {"appended", report.appended},
                    {"already_there", report.already_there},
                    {"gave_up", report.gave_up},
                    {"refusals", std::move(refusals)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// One request of an answers file, sent once.
class Sender {
 public:
  Sender(const Connection& connection, Outcome& outcome)
      : connection_(connection), outcome_(outcome) {}

  absl::Status operator()(const ingestion_api::SubmitRequest& request) const {
    const auto response =
        connection_.Call(connection_.submissions(), &Submissions::Submit, request);
    if (!response.ok()) return response.status();
    if (response->outcome() == ingestion_api::SUBMIT_OUTCOME_REFUSED) {
      outcome_.kind = Outcome::Kind::kRefused;
      outcome_.findings.assign(response->findings().begin(), response->findings().end());
    }
    outcome_.position = response->receipt().position();
    return absl::OkStatus();
  }
  absl::Status operator()(const ingestion_api::WithdrawRequest& request) const {
    const auto response =
        connection_.Call(connection_.submissions(), &Submissions::Withdraw, request);
    if (response.ok()) outcome_.position = response->receipt().position();
    return response.status();
  }
  absl::Status operator()(const ingestion_api::SetDispositionRequest& request) const {
    const auto response =
        connection_.Call(connection_.editions(), &Editions::SetDisposition, request);
    if (response.ok()) outcome_.position = response->position();
    return response.status();
  }
  absl::Status operator()(const ingestion_api::SetEditionStateRequest& request) const {
    const auto response =
        connection_.Call(connection_.editions(), &Editions::SetEditionState, request);
    if (response.ok()) outcome_.position = response->position();
    return response.status();
  }

 private:
  const Connection& connection_;
  Outcome& outcome_;
};

}  // namespace

int Commands::Submit(const std::string& answers, int in_flight) {
  std::string text;
  config::Problem problem;
  if (!config::ReadTextFile(answers, &text, &problem)) {
    PrintProblems({problem}, 1);
    return kExitInvalid;
  }
  const AnswersFile file = ParseAnswers(answers, text);
  if (file.problem_count > 0) {
    PrintProblems(file.problems, file.problem_count);
    return kExitInvalid;
  }
  if (!file.note.empty() && !options_.json) PrintOut(StrCat(file.note, "\n"));
  SubmitOptions options;
  options.in_flight = in_flight;
  const absl::StatusOr<int64_t> head = HeadPosition();
  if (!head.ok()) return Fail(head.status());
  options.head_before = *head;

  SubmitReport report;
  {
    ProgressBar bar("Submitting");
    options.progress = [&bar](size_t done, size_t all) { bar.Show(done, all); };
    report = SubmitAll(
        file.actions, options, [this](const AnswersAction& action) -> absl::StatusOr<Outcome> {
          Outcome outcome;
          const absl::Status status = WithRetries(absl::Seconds(options_.patience_seconds), [&] {
            outcome = Outcome();
            return std::visit(Sender(connection_, outcome), action.request);
          });
          if (!status.ok()) return status;
          return outcome;
        });
  }
  const int exit_code = report.gave_up            ? kExitUnavailable
                        : report.refusals.empty() ? kExitOk
                                                  : kExitInvalid;
  if (options_.json) {
    PrintOut(ReportJson(report, file.actions.size()));
    return exit_code;
  }
  std::string out =
      StrCat(file.actions.size(), " actions: ", report.appended, " appended, ",
             report.already_there, " already there, ", report.refusals.size(), " refused\n");
  size_t shown = 0;
  for (const Refusal& refusal : report.refusals) {
    if (++shown > kRefusalsShown) break;
    base::StrAppend(out, answers, ":", refusal.line, ": ", refusal.edition, " ", refusal.unit, " ",
                    refusal.error, "\n");
    for (const model::Finding& finding : refusal.findings) {
      base::StrAppend(out, "    ", finding.item(), " ", finding.rule(), ": ", Label(finding.text()),
                      "\n");
    }
  }
  if (report.refusals.size() > kRefusalsShown) {
    base::StrAppend(out, "and ", report.refusals.size() - kRefusalsShown, " more refused\n");
  }
  PrintOut(out);
  return exit_code;
}

int Commands::SetState(const std::string& edition, bool open, const std::string& unit,
                       const std::string& reason) {
  ingestion_api::SetEditionStateRequest request;
  request.set_edition(EditionName(edition));
  request.set_state(open ? model::EDITION_STATE_OPEN : model::EDITION_STATE_CLOSED);
  request.set_unit(unit);
  request.set_reason(reason);
  request.set_request_id(base::RandomId());
  const auto response = Try(connection_.editions(), &Editions::SetEditionState, request);
  if (!response.ok()) return Fail(response.status());
  if (options_.json) {
    PrintOut(FormatJson(*response));
  } else {
    PrintOut(StrCat(request.edition(), unit.empty() ? "" : " unit ", unit, " is ",
                    open ? "open" : "closed",
                    response->position() == 0 ? " (it was already)\n"
                                              : StrCat(", position ", response->position(), "\n")));
  }
  return kExitOk;
}

int Commands::SetDisposition(const std::string& edition, const std::string& unit,
                             const std::string& disposition, const std::string& reason) {
  ingestion_api::SetDispositionRequest request;
  request.set_edition(EditionName(edition));
  request.set_unit(unit);
  request.set_disposition(disposition == "refusal"       ? model::DISPOSITION_REFUSAL
                          : disposition == "non_contact" ? model::DISPOSITION_NON_CONTACT
                                                         : model::DISPOSITION_OUT_OF_SCOPE);
  request.set_reason(reason);
  request.set_request_id(base::RandomId());
  const auto response = Try(connection_.editions(), &Editions::SetDisposition, request);
  if (!response.ok()) return Fail(response.status());
  PrintOut(options_.json               ? FormatJson(*response)
           : response->position() == 0 ? "it was so already\n"
                                       : StrCat("set, position ", response->position(), "\n"));
  return kExitOk;
}

int Commands::Withdraw(const std::string& name, int64_t expected_revision,
                       const std::string& reason) {
  ingestion_api::WithdrawRequest request;
  request.set_name(name);
  request.set_expected_revision(expected_revision);
  request.set_reason(reason);
  request.set_request_id(base::RandomId());
  const auto response = Try(connection_.submissions(), &Submissions::Withdraw, request);
  if (!response.ok()) return Fail(response.status());
  PrintOut(options_.json ? FormatJson(*response)
                         : StrCat("withdrawn: ", response->receipt().submission(), ", position ",
                                  response->receipt().position(), "\n"));
  return kExitOk;
}

int Commands::EraseText(const std::string& name, const std::string& reason) {
  ingestion_api::EraseTextRequest request;
  request.set_name(name);
  request.set_reason(reason);
  request.set_request_id(base::RandomId());
  const auto response = Try(connection_.submissions(), &Submissions::EraseText, request);
  if (!response.ok()) return Fail(response.status());
  PrintOut(options_.json ? FormatJson(*response)
           : response->position() == 0
               ? "there was no text\n"
               : StrCat("texts erased, position ", response->position(), "\n"));
  return kExitOk;
}

int Commands::GetSubmission(const std::string& name) {
  ingestion_api::GetSubmissionRequest request;
  request.set_name(name);
  const auto response = Try(connection_.submissions(), &Submissions::GetSubmission, request);
  if (!response.ok()) return Fail(response.status());
  if (options_.json) {
    PrintOut(FormatJson(*response));
    return kExitOk;
  }
  const model::Submission& submission = response->submission();
  std::vector<std::vector<std::string>> rows = {{"item", "answer"}};
  for (const model::Answer& answer : submission.answers()) {
    std::string value = ValueOf(answer);
    for (const model::OtherText& other : answer.other_texts()) {
      base::StrAppend(value, "  ", other.code(), ": ", other.text());
    }
    rows.push_back({answer.item(), std::move(value)});
  }
  PrintOut(StrCat(submission.name(), "  questionnaire ", submission.questionnaire(), ", position ",
                  submission.position(), submission.withdrawn() ? ", withdrawn\n" : "\n",
                  FormatTable(rows, true)));
  return kExitOk;
}

absl::StatusOr<std::vector<model::Submission>> Commands::ListRevisions(
    const std::string& parent) const {
  std::vector<model::Submission> revisions;
  ingestion_api::ListSubmissionsRequest request;
  request.set_parent(parent);
  request.set_page_size(100);
  do {
    const auto response = Try(connection_.submissions(), &Submissions::ListSubmissions, request);
    if (!response.ok()) return response.status();
    revisions.insert(revisions.end(), response->submissions().begin(),
                     response->submissions().end());
    request.set_page_token(response->next_page_token());
  } while (!request.page_token().empty());
  return revisions;
}

int Commands::History(const std::string& edition, const std::string& unit,
                      const std::string& part) {
  const auto revisions = ListRevisions(ParentOf(edition, unit, part));
  if (!revisions.ok()) return Fail(revisions.status());
  if (options_.json) {
    ingestion_api::ListSubmissionsResponse all;
    for (const model::Submission& revision : *revisions) *all.add_submissions() = revision;
    PrintOut(FormatJson(all));
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"revision", "position", "committed (UTC)", "answers", "what"}};
  for (const model::Submission& revision : *revisions) {
    std::string what = revision.withdrawn() ? "withdrawn" : "submitted";
    if (revision.text_erased()) what += ", texts erased";
    rows.push_back({StrCat(revision.revision()), StrCat(revision.position()),
                    TimeOf(revision.create_time_us()), StrCat(revision.answers_size()),
                    std::move(what)});
  }
  PrintOut(FormatTable(rows));
  return kExitOk;
}

int Commands::DiffSubmissions(const std::string& edition, const std::string& unit,
                              const std::string& part, int64_t from, int64_t to) {
  ingestion_api::DiffSubmissionsRequest request;
  request.set_parent(ParentOf(edition, unit, part));
  request.set_from_revision(from);
  request.set_to_revision(to);
  const auto response = Try(connection_.submissions(), &Submissions::DiffSubmissions, request);
  if (!response.ok()) return Fail(response.status());
  if (options_.json) {
    PrintOut(FormatJson(*response));
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"item", StrCat("revision ", from), StrCat("revision ", to)}};
  for (const ingestion_api::ItemChange& change : response->changes()) {
    rows.push_back({change.item(), change.has_before() ? ValueOf(change.before()) : "-",
                    change.has_after() ? ValueOf(change.after()) : "-"});
  }
  PrintOut(rows.size() == 1 ? "no difference\n" : FormatTable(rows, true));
  return kExitOk;
}

int Commands::Receipt(const std::string& name) {
  ingestion_api::GetReceiptRequest request;
  request.set_name(name);
  const auto response = Try(connection_.submissions(), &Submissions::GetReceipt, request);
  if (!response.ok()) return Fail(response.status());
  PrintOut(options_.json ? FormatJson(*response) : response->document());
  return kExitOk;
}

int Commands::Status(const std::string& edition, const std::string& by) {
  ingestion_api::GetCollectionStatusRequest request;
  request.set_edition(EditionName(edition));
  request.set_by(by);
  const auto response = Try(connection_.submissions(), &Submissions::GetCollectionStatus, request);
  if (!response.ok()) return Fail(response.status());
  if (options_.json) {
    PrintOut(FormatJson(*response));
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {{by.empty() ? "units" : by, "invited", "complete",
                                                 "partial", "breakoff", "refusal", "non-contact",
                                                 "out of scope"}};
  const auto add = [&rows](const std::string& name, const ingestion_api::CollectionCounts& counts) {
    rows.push_back({name, StrCat(counts.invited()), StrCat(counts.complete()),
                    StrCat(counts.partial()), StrCat(counts.breakoff()), StrCat(counts.refusal()),
                    StrCat(counts.non_contact()), StrCat(counts.out_of_scope())});
  };
  for (const ingestion_api::CollectionCounts& group : response->groups()) add(group.group(), group);
  add("all", response->total());
  PrintOut(StrCat(FormatTable(rows), "up to position ", response->position(), "\n"));
  return kExitOk;
}

int Commands::ReportUnitHistory(const std::string& edition, const std::string& unit,
                                const std::string& part) {
  ingestion_api::GetDefinitionRequest request;
  request.set_name(StrCat(EditionName(edition), "/frame"));
  const auto frame = Try(connection_.editions(), &Editions::GetDefinition, request);
  if (!frame.ok()) return Fail(frame.status());
  for (const model::Unit& candidate : frame->definition().frame().units()) {
    if (!unit.empty() && candidate.code() != unit) continue;
    const auto revisions = ListRevisions(ParentOf(edition, candidate.code(), part));
    if (!revisions.ok() && absl::IsNotFound(revisions.status())) continue;
    if (!revisions.ok()) return Fail(revisions.status());
    const bool corrected = revisions->size() >= 2 && !revisions->back().withdrawn();
    if (unit.empty() && !corrected) continue;
    PrintOut(
        StrCat("\n", candidate.code(), " ", candidate.name(), " in ", EditionName(edition), "\n"));
    const int code = History(edition, candidate.code(), part);
    if (code != kExitOk || revisions->size() < 2) return code;
    PrintOut("\n");
    return DiffSubmissions(edition, candidate.code(), part, revisions->back().revision() - 1,
                           revisions->back().revision());
  }
  PrintOut(unit.empty()
               ? StrCat("no unit of ", EditionName(edition), " has changed its answers\n")
               : StrCat("unit ", unit, " has sent nothing in ", EditionName(edition), "\n"));
  return kExitOk;
}

}  // namespace imdi::cli
