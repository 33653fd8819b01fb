// A collection: states, dispositions, revisions, how it stands.

#include <utility>

#include "clients/cli/commands_common.h"
#include "clients/cli/submitter.h"
#include "services/base/crypto.h"
#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

namespace model = ::imdi::survey::model::v1;
using base::StrCat;
using Editions = ingestion_api::EditionService::StubInterface;
using Submissions = ingestion_api::SubmissionService::StubInterface;

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

}  // namespace

std::string AnswerTable(const google::protobuf::RepeatedPtrField<model::Answer>& answers) {
  std::vector<std::vector<std::string>> rows = {{"item", "answer"}};
  for (const model::Answer& answer : answers) {
    std::string value = ValueOf(answer);
    for (const model::OtherText& other : answer.other_texts()) {
      base::StrAppend(value, "  ", other.code(), ": ", other.text());
    }
    rows.push_back({answer.item(), std::move(value)});
  }
  return FormatTable(rows, true);
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
  if (!output_.Prints(*response)) {
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
  if (output_.Prints(*response)) return kExitOk;
  PrintOut(response->position() == 0 ? "it was so already\n"
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
  if (output_.Prints(*response)) return kExitOk;
  PrintOut(StrCat("withdrawn: ", response->receipt().submission(), ", position ",
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
  if (output_.Prints(*response)) return kExitOk;
  PrintOut(response->position() == 0
               ? "there was no text\n"
               : StrCat("texts erased, position ", response->position(), "\n"));
  return kExitOk;
}

int Commands::GetSubmission(const std::string& name) {
  ingestion_api::GetSubmissionRequest request;
  request.set_name(name);
  const auto response = Try(connection_.submissions(), &Submissions::GetSubmission, request);
  if (!response.ok()) return Fail(response.status());
  if (output_.Prints(*response, [&] { return SheetOf(response->submission(), "answers"); }))
    return kExitOk;
  const model::Submission& submission = response->submission();
  PrintOut(StrCat(submission.name(), "  questionnaire ", submission.questionnaire(), ", position ",
                  submission.position(), submission.withdrawn() ? ", withdrawn\n" : "\n",
                  AnswerTable(submission.answers())));
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
  ingestion_api::ListSubmissionsResponse all;
  for (const model::Submission& revision : *revisions) *all.add_submissions() = revision;
  if (output_.Prints(all, "submissions")) return kExitOk;
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
  if (output_.Prints(*response, "changes")) return kExitOk;
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
  if (!output_.Prints(*response)) PrintOut(response->document());
  return kExitOk;
}

int Commands::CollectionStatus(const std::string& edition, const std::string& by) {
  ingestion_api::GetCollectionStatusRequest request;
  request.set_edition(EditionName(edition));
  request.set_by(by);
  const auto response = Try(connection_.submissions(), &Submissions::GetCollectionStatus, request);
  if (!response.ok()) return Fail(response.status());
  // For programs the total is the group without a code.
  const auto sheet = [&] {
    ingestion_api::GetCollectionStatusResponse whole;
    *whole.add_groups() = response->total();
    whole.mutable_groups()->MergeFrom(response->groups());
    return SheetOf(whole, "groups");
  };
  if (output_.Prints(*response, sheet)) return kExitOk;
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
    // Programs get the last change alone: the revisions are those of `history`.
    if (output_.for_people() || revisions->size() < 2) {
      if (output_.for_people())
        PrintOut(StrCat("\n", candidate.code(), " ", candidate.name(), " in ", EditionName(edition),
                        "\n"));
      const int code = History(edition, candidate.code(), part);
      if (code != kExitOk || revisions->size() < 2) return code;
      PrintOut("\n");
    }
    return DiffSubmissions(edition, candidate.code(), part, revisions->back().revision() - 1,
                           revisions->back().revision());
  }
  if (output_.Prints(ingestion_api::DiffSubmissionsResponse(), "changes")) return kExitOk;
  PrintOut(unit.empty()
               ? StrCat("no unit of ", EditionName(edition), " has changed its answers\n")
               : StrCat("unit ", unit, " has sent nothing in ", EditionName(edition), "\n"));
  return kExitOk;
}

}  // namespace imdi::cli
