// Answers in, out of an answers file: submit them, ask what would become of them, keep one as a
// draft.

#include <optional>
#include <utility>

#include "clients/cli/answers_file.h"
#include "clients/cli/commands_common.h"
#include "clients/cli/submitter.h"
#include "nlohmann/json.hpp"
#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

namespace model = ::imdi::survey::model::v1;
using base::StrCat;
using Editions = ingestion_api::EditionService::StubInterface;
using Json = nlohmann::ordered_json;
using Submissions = ingestion_api::SubmissionService::StubInterface;

constexpr size_t kRefusalsShown = 20;

// The file; none after its problems have been reported.
std::optional<AnswersFile> LoadAnswers(const std::string& path) {
  std::string text;
  config::Problem problem;
  if (!config::ReadTextFile(path, &text, &problem)) {
    PrintProblems({problem}, 1);
    return std::nullopt;
  }
  AnswersFile file = ParseAnswers(path, text);
  if (file.problem_count > 0) {
    PrintProblems(file.problems, file.problem_count);
    return std::nullopt;
  }
  if (!file.note.empty()) PrintError(StrCat(file.note, "\n"));
  return file;
}

// What became of an answers file; every refusal with its findings.
std::string ReportJson(const SubmitReport& report, size_t actions) {
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

// A row for each finding of a refusal, or for its error.
Sheet RefusalSheet(const SubmitReport& report) {
  Sheet sheet = {
      {"line", "edition", "unit", "error", "item", "rule", "text.nn", "text.nb", "text.en"}, {}};
  for (const Refusal& refusal : report.refusals) {
    const auto add = [&](const model::Finding& finding) {
      sheet.rows.push_back({StrCat(refusal.line), refusal.edition, refusal.unit, refusal.error,
                            finding.item(), finding.rule(), finding.text().nn(),
                            finding.text().nb(), finding.text().en()});
    };
    for (const model::Finding& finding : refusal.findings) add(finding);
    if (refusal.findings.empty()) add(model::Finding());
  }
  return sheet;
}

// What an answer to a submission says became of it.
Outcome OutcomeOf(const ingestion_api::SubmitResponse& response) {
  Outcome outcome;
  if (response.outcome() == ingestion_api::SUBMIT_OUTCOME_REFUSED) {
    outcome.kind = Outcome::Kind::kRefused;
    outcome.findings.assign(response.findings().begin(), response.findings().end());
  }
  outcome.position = response.receipt().position();
  return outcome;
}

// One request of an answers file, sent once.
class Sender {
 public:
  Sender(const Connection& connection, absl::Duration left, Outcome& outcome)
      : connection_(connection), left_(left), outcome_(outcome) {}

  absl::Status operator()(const ingestion_api::SubmitRequest& request) const {
    const auto response =
        connection_.Call(connection_.submissions(), &Submissions::Submit, request, left_);
    if (response.ok()) outcome_ = OutcomeOf(*response);
    return response.status();
  }
  absl::Status operator()(const ingestion_api::WithdrawRequest& request) const {
    const auto response =
        connection_.Call(connection_.submissions(), &Submissions::Withdraw, request, left_);
    if (response.ok()) outcome_.position = response->receipt().position();
    return response.status();
  }
  absl::Status operator()(const ingestion_api::SetDispositionRequest& request) const {
    const auto response =
        connection_.Call(connection_.editions(), &Editions::SetDisposition, request, left_);
    if (response.ok()) outcome_.position = response->position();
    return response.status();
  }
  absl::Status operator()(const ingestion_api::SetEditionStateRequest& request) const {
    const auto response =
        connection_.Call(connection_.editions(), &Editions::SetEditionState, request, left_);
    if (response.ok()) outcome_.position = response->position();
    return response.status();
  }

 private:
  const Connection& connection_;
  const absl::Duration left_;
  Outcome& outcome_;
};

absl::Status StatusOf(const ingestion_api::ItemError& error) {
  constexpr std::string_view kPrefix = "REASON_";
  std::string_view name = error.reason();
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  const base::Reason reason = base::ReasonFromName(name);
  if (reason == base::Reason::kUnspecified)
    return absl::Status(static_cast<absl::StatusCode>(error.code()), error.message());
  return base::Error(reason, error.message());
}

}  // namespace

int Commands::Submit(const std::string& answers, int in_flight, int batch) {
  const std::optional<AnswersFile> file = LoadAnswers(answers);
  if (!file.has_value()) return kExitInvalid;
  SubmitOptions options;
  options.in_flight = in_flight;
  const absl::StatusOr<int64_t> head = HeadPosition();
  if (!head.ok()) return Fail(head.status());
  options.head_before = *head;

  const SendFunction send = [this](const AnswersAction& action) -> absl::StatusOr<Outcome> {
    Outcome outcome;
    const absl::Status status =
        WithRetries(absl::Seconds(options_.patience_seconds), [&](absl::Duration left) {
          outcome = Outcome();
          return std::visit(Sender(connection_, left, outcome), action.request);
        });
    if (!status.ok()) return status;
    return outcome;
  };
  ProgressBar bar("Submitting");
  options.progress = [&bar](size_t done, size_t all) { bar.Show(done, all); };
  const SubmitReport report =
      batch == 0 ? SubmitAll(file->actions, options, send)
                 : SubmitInBatches(file->actions, options, static_cast<size_t>(batch), send,
                                   [this](const auto& actions) { return SendBatch(actions); });
  bar.End();
  const int exit_code = report.gave_up            ? kExitUnavailable
                        : report.refusals.empty() ? kExitOk
                                                  : kExitInvalid;
  if (output_.Prints([&] { return ReportJson(report, file->actions.size()); },
                     [&] { return RefusalSheet(report); }))
    return exit_code;
  PrintOut(StrCat(file->actions.size(), " actions: ", report.appended, " appended, ",
                  report.already_there, " already there, ", report.refusals.size(), " refused\n",
                  RefusalText(answers, report)));
  return exit_code;
}

std::vector<absl::StatusOr<Outcome>> Commands::SendBatch(
    const std::vector<const AnswersAction*>& actions) const {
  ingestion_api::BatchSubmitRequest request;
  for (const AnswersAction* action : actions)
    *request.add_requests() = std::get<ingestion_api::SubmitRequest>(action->request);
  absl::StatusOr<ingestion_api::BatchSubmitResponse> response = absl::UnknownError("not called");
  const absl::Status status =
      WithRetries(absl::Seconds(options_.patience_seconds), [&](absl::Duration left) {
        response =
            connection_.Call(connection_.submissions(), &Submissions::BatchSubmit, request, left);
        return response.status();
      });
  if (status.ok() && response->results_size() != request.requests_size())
    response = absl::InternalError("the answer to a batch has another number of results");
  std::vector<absl::StatusOr<Outcome>> outcomes;
  for (int i = 0; i < request.requests_size(); ++i) {
    if (!response.ok()) {
      outcomes.emplace_back(response.status());
    } else if (response->results(i).has_error()) {
      outcomes.emplace_back(StatusOf(response->results(i).error()));
    } else {
      outcomes.emplace_back(OutcomeOf(response->results(i).response()));
    }
  }
  return outcomes;
}

int Commands::CheckAnswers(const std::string& answers) {
  const std::optional<AnswersFile> file = LoadAnswers(answers);
  if (!file.has_value()) return kExitInvalid;
  SubmitReport report;
  size_t checked = 0;
  for (const AnswersAction& action : file->actions) {
    const auto* submission = std::get_if<ingestion_api::SubmitRequest>(&action.request);
    if (submission == nullptr) continue;
    ++checked;
    ingestion_api::ValidateRequest request;
    *request.mutable_submission() = submission->submission();
    const auto response = TryPages(connection_.submissions(), &Submissions::Validate, request,
                                   [](auto& all, const auto& page) {
                                     all.set_outcome(page.outcome());
                                     all.mutable_findings()->MergeFrom(page.findings());
                                   });
    Refusal refusal{.line = action.line,
                    .edition = action.edition,
                    .unit = action.unit,
                    .findings = {},
                    .error = {}};
    if (!response.ok()) {
      if (WorthRetrying(response.status())) return Fail(response.status());
      refusal.error = ErrorText(response.status());
    } else if (response->outcome() == ingestion_api::SUBMIT_OUTCOME_REFUSED) {
      refusal.findings.assign(response->findings().begin(), response->findings().end());
    } else {
      continue;
    }
    report.refusals.push_back(std::move(refusal));
  }
  const int exit_code = report.refusals.empty() ? kExitOk : kExitInvalid;
  if (output_.Prints([&] { return ReportJson(report, checked); },
                     [&] { return RefusalSheet(report); }))
    return exit_code;
  PrintOut(StrCat(checked, " submissions: ", checked - report.refusals.size(),
                  " would be accepted, ", report.refusals.size(), " refused\n",
                  RefusalText(answers, report)));
  return exit_code;
}

std::string Commands::RefusalText(const std::string& file, const SubmitReport& report) const {
  std::string out;
  size_t shown = 0;
  for (const Refusal& refusal : report.refusals) {
    if (++shown > kRefusalsShown) break;
    base::StrAppend(out, file, ":", refusal.line, ": ", refusal.edition, " ", refusal.unit, " ",
                    refusal.error, "\n");
    for (const model::Finding& finding : refusal.findings) {
      base::StrAppend(out, "    ", finding.item(), " ", finding.rule(), ": ", Label(finding.text()),
                      "\n");
    }
  }
  if (report.refusals.size() > kRefusalsShown) {
    base::StrAppend(out, "and ", report.refusals.size() - kRefusalsShown, " more refused\n");
  }
  return out;
}

int Commands::SaveDraft(const std::string& answers, int64_t expected_version) {
  const std::optional<AnswersFile> file = LoadAnswers(answers);
  if (!file.has_value()) return kExitInvalid;
  const auto* submission =
      file->actions.size() == 1
          ? std::get_if<ingestion_api::SubmitRequest>(&file->actions.front().request)
          : nullptr;
  if (submission == nullptr) {
    PrintError(StrCat("imdictl: NOT_ONE_SUBMISSION: ", answers, " has ", file->actions.size(),
                      " actions\n  remedy: a draft is the only submission of its file\n"));
    return kExitInvalid;
  }
  ingestion_api::SaveDraftRequest request;
  *request.mutable_draft() = submission->submission();
  request.set_expected_version(expected_version);
  // Once: it carries no request id, and a second try would find the version that the first one
  // made.
  const auto response =
      connection_.Call(connection_.submissions(), &Submissions::SaveDraft, request);
  if (!response.ok()) return Fail(response.status());
  if (!output_.Prints(*response)) PrintOut(StrCat("saved, version ", response->version(), "\n"));
  return kExitOk;
}

int Commands::GetDraft(const std::string& name) {
  ingestion_api::GetDraftRequest request;
  request.set_name(name);
  const auto response = Try(connection_.submissions(), &Submissions::GetDraft, request);
  if (!response.ok()) return Fail(response.status());
  const ingestion_api::SubmissionDraft& draft = response->draft();
  if (output_.Prints(*response, [&] { return SheetOf(draft, "answers"); })) return kExitOk;
  PrintOut(StrCat(name, "  questionnaire ", draft.questionnaire(), ", version ",
                  response->version(), "\n", AnswerTable(draft.answers())));
  return kExitOk;
}

int Commands::DeleteDraft(const std::string& name) {
  ingestion_api::DeleteDraftRequest request;
  request.set_name(name);
  // Once: a second try might delete a draft that came after the first one.
  const auto response =
      connection_.Call(connection_.submissions(), &Submissions::DeleteDraft, request);
  if (!response.ok()) return Fail(response.status());
  if (!output_.Prints(*response)) PrintOut("there is no draft now\n");
  return kExitOk;
}

}  // namespace imdi::cli
