#include "services/ingestion/submissions.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/answers.h"
#include "services/domain/packed_answers.h"
#include "services/domain/validation.h"
#include "services/ingestion/findings_page.h"
#include "services/ingestion/names.h"
#include "services/ingestion/receipt_document.h"

namespace imdi::ingestion {
namespace {

namespace model = survey::model::v1;
namespace store = survey::store::v1;

constexpr int kSubmitAttempts =
    2;  // Judged again, once, when definitions moved between validation and append.
constexpr int64_t kRevisionMax =
    std::numeric_limits<int32_t>::max();  // No unit comes near it; one more still counts.
constexpr int kHistoryPageDefault = 20;
constexpr int kHistoryPageMax = 100;
constexpr size_t kContactBytesMax = 400;

absl::Status UnknownEdition(std::string_view edition) {
  return base::Error(base::Reason::kUnknownResource,
                     base::StrCat("there is no edition editions/", edition));
}

absl::Status StaleRevision(const SubmissionName& name, int64_t current) {
  return base::WithMetadata(
      base::Error(base::Reason::kStaleRevision,
                  base::StrCat(name.WithoutRevision(), " is at revision ", current,
                               "; read it and repeat with expected_revision ", current)),
      "current_revision", base::StrCat(current));
}

absl::Status StaleDefinition(const storage::Stale& stale) {
  return base::WithMetadata(
      base::Error(base::Reason::kStaleRevision,
                  base::StrCat(stale.resource,
                               " changed while the submission was checked; submit it again")),
      "current_revision", base::StrCat(stale.current_revision));
}

// Why an edition takes nothing of that unit now.
absl::Status NotTaken(const domain::Catalog::EditionEntry& edition, std::string_view unit) {
  if (edition.state == model::EDITION_STATE_CLOSED) {
    return base::Error(
        base::Reason::kEditionClosed,
        base::StrCat("editions/", edition.id, " is closed; ask IMDi to reopen it for unit ", unit));
  }
  return base::Error(base::Reason::kEditionNotOpen,
                     base::StrCat("editions/", edition.id, " has not been opened yet"));
}

// What cannot be read as a submission at all; everything about its content is the questionnaire's
// business.
absl::Status CheckShape(const ingestion_pb::SubmissionDraft& draft) {
  std::vector<base::FieldViolation> violations;
  const auto require_id = [&](std::string_view field, std::string_view value) {
    if (!IsId(value))
      violations.push_back(
          {std::string(field), "1 to 64 letters, digits, '-' or '_' are required"});
  };
  if (!ParseEditionName(draft.edition()).ok()) {
    violations.push_back({"submission.edition", "must be a name of the form editions/{edition}"});
  }
  require_id("submission.unit", draft.unit());
  require_id("submission.part", draft.part());
  if (draft.questionnaire() < 1) {
    violations.push_back(
        {"submission.questionnaire", "the version that the form showed, from 1, is required"});
  }
  if (draft.language() == model::LANGUAGE_UNSPECIFIED ||
      !model::Language_IsValid(draft.language())) {
    violations.push_back({"submission.language", "NN, NB or EN is required"});
  }
  if (static_cast<size_t>(draft.answers_size()) > base::kAnswersPerSubmissionMax) {
    violations.push_back({"submission.answers",
                          base::StrCat("at most ", base::kAnswersPerSubmissionMax, " answers")});
  }
  if (draft.check_comments_size() > 100)
    violations.push_back({"submission.check_comments", "at most 100 comments"});
  if (draft.contact().name().size() > kContactBytesMax ||
      draft.contact().email().size() > kContactBytesMax) {
    violations.push_back({"submission.contact", "name and email have at most 200 characters each"});
  }
  for (int i = 0; i < draft.answers_size(); ++i) {
    if (draft.answers(i).item().empty() || draft.answers(i).item().size() > base::kIdBytesMax) {
      violations.push_back({base::StrCat("submission.answers[", i, "].item"),
                            "an item id of 1 to 64 bytes is required"});
    }
    if (draft.answers(i).codes().codes_size() > domain::kCodeMax + 1) {
      violations.push_back(
          {base::StrCat("submission.answers[", i, "].codes"), "at most 128 codes"});
    }
    if (draft.answers(i).text().size() > base::kTextAnswerBytesMax) {
      violations.push_back({base::StrCat("submission.answers[", i, "].text"),
                            base::StrCat("at most ", base::kTextAnswerBytesMax, " bytes")});
    }
  }
  return violations.empty() ? absl::OkStatus() : base::InvalidFields(std::move(violations));
}

// The texts of a submission, apart from its answers.
store::PlainText TextsOf(const ingestion_pb::SubmissionDraft& draft,
                         const domain::CompiledQuestionnaire& questionnaire,
                         const domain::ItemBinding& items) {
  store::PlainText out;
  for (const model::Answer& answer : draft.answers()) {
    if (!answer.has_text() && answer.other_texts().empty()) continue;
    const auto item = questionnaire.FindItem(answer.item());
    if (!item.has_value()) continue;
    if (answer.has_text()) {
      store::ItemText& text = *out.add_items();
      text.set_item(items.number_of[*item]);
      text.set_text(answer.text());
    }
    for (const model::OtherText& other : answer.other_texts()) {
      store::ItemText& text = *out.add_others();
      text.set_item(items.number_of[*item]);
      text.set_code(static_cast<uint32_t>(other.code()));
      text.set_text(other.text());
    }
  }
  *out.mutable_comments() = draft.check_comments();
  if (draft.has_contact()) *out.mutable_contact() = draft.contact();
  return out;
}

bool HasText(const store::PlainText& text) { return text.ByteSizeLong() > 0; }

// The findings of an accepted submission in words.
std::vector<model::Finding> FindingsOf(const store::SubmissionAccepted& accepted,
                                       const domain::Catalog::EditionEntry& edition,
                                       const domain::Catalog::QuestionnaireVersion& version) {
  const auto unit = edition.frame->Find(accepted.unit());
  const model::UnitType type =
      unit.has_value() ? edition.frame->unit(*unit).type() : model::UNIT_TYPE_UNSPECIFIED;
  std::vector<model::Finding> out;
  for (const store::FindingRef& reference : accepted.findings()) {
    const domain::CompiledCheck* check = version.compiled->FindCheck(reference.rule());
    if (check == nullptr) {
      out.push_back(domain::MakeFinding(reference.rule(), model::GRADE_SOFT, reference.item()));
      continue;
    }
    model::Finding& finding = out.emplace_back();
    finding.set_item(reference.item());
    finding.set_rule(check->id);
    finding.set_grade(check->grade);
    *finding.mutable_text() = version.compiled->Piped(check->text, type);
  }
  return out;
}

ingestion_pb::Receipt ReceiptOf(const SubmissionName& name, int64_t position, absl::Time time,
                                const storage::Hash& chain) {
  ingestion_pb::Receipt receipt;
  receipt.set_submission(name.Full());
  receipt.set_revision(name.revision);
  receipt.set_position(position);
  receipt.set_commit_time_us(absl::ToUnixMicros(time));
  receipt.set_chain_hash(base::Hex(chain));
  return receipt;
}

ingestion_pb::ItemError ToItemError(const absl::Status& status) {
  const base::ErrorInfo info = base::InfoOf(status);
  ingestion_pb::ItemError error;
  error.set_code(static_cast<int32_t>(status.code()));
  error.set_reason(base::StrCat("REASON_", base::Name(info.reason)));
  error.set_message(std::string(status.message()));
  if (const auto current = info.metadata.find("current_revision"); current != info.metadata.end()) {
    error.set_current_revision(base::ParseInt64(current->second).value_or(0));
  }
  return error;
}

}  // namespace

struct Submissions::Judged {
  std::shared_ptr<const domain::Catalog> catalog;
  const domain::Catalog::EditionEntry* edition = nullptr;
  const domain::Catalog::QuestionnaireVersion* version = nullptr;
  domain::ValidationResult result;
};

absl::StatusOr<Submissions::Judged> Submissions::Judge(
    const ingestion_pb::SubmissionDraft& draft) const {
  Judged out;
  out.catalog = definitions_.catalog();
  const std::string_view edition_id = domain::EditionIdOf(draft.edition());
  out.edition = out.catalog->FindEdition(edition_id);
  if (out.edition == nullptr) return UnknownEdition(edition_id);
  const domain::Catalog::EditionEntry& edition = *out.edition;
  const std::optional<domain::UnitIndex> unit =
      edition.frame == nullptr ? std::nullopt : edition.frame->Find(draft.unit());
  if (!unit.has_value() || edition.frame->unit(*unit).out_of_scope()) {
    return base::Error(
        base::Reason::kUnitOutOfFrame,
        base::StrCat("unit ", base::Quoted(draft.unit()), " is not invited to ", draft.edition()));
  }
  if (!edition.TakesSubmissions(draft.unit())) return NotTaken(edition, draft.unit());
  if (!edition.Accepts(draft.questionnaire())) {
    const auto* current = edition.Current();
    return base::Error(base::Reason::kQuestionnaireSuperseded,
                       base::StrCat("questionnaire version ", draft.questionnaire(),
                                    " is not taken; the current one is ",
                                    current == nullptr ? 0 : current->compiled->version()));
  }
  out.version = edition.Version(draft.questionnaire());
  const domain::CompiledQuestionnaire& questionnaire = *out.version->compiled;
  const auto part = questionnaire.FindPart(draft.part());
  if (!part.has_value()) {
    return base::Error(base::Reason::kUnknownResource,
                       base::StrCat(draft.edition(), " has no part ", base::Quoted(draft.part())));
  }

  domain::ValidationInput input;
  input.part = *part;
  input.unit = edition.frame->FactsOf(*unit);
  input.answers = &draft.answers();
  input.comments = &draft.check_comments();
  domain::AnswerSet others;
  if (edition.definition->parts_size() > 1) {
    IMDI_ASSIGN_OR_RETURN(const auto parts, CurrentParts(log_, edition, draft.unit()));
    IMDI_ASSIGN_OR_RETURN(
        CurrentResponse response,
        ReadResponse(log_, edition, *out.version, draft.unit(), parts, draft.part(), &recent_));
    others = std::move(response.answers);
    input.other_parts = &others;
  }
  domain::AnswerSet previous;
  const auto* before =
      questionnaire.reads_previous()
          ? out.catalog->FindEdition(domain::EditionIdOf(edition.definition->previous_edition()))
          : nullptr;
  const std::optional<std::string_view> predecessor = edition.frame->OnlyPredecessorOf(*unit);
  // A unit that continues several has no single earlier answer: previous() is then unknown.
  if (before != nullptr && before->Current() != nullptr && predecessor.has_value()) {
    IMDI_ASSIGN_OR_RETURN(const auto parts, CurrentParts(log_, *before, *predecessor));
    IMDI_ASSIGN_OR_RETURN(
        const CurrentResponse response,
        ReadResponse(log_, *before, *before->Current(), *predecessor, parts, {}, &recent_));
    previous = domain::TranslateAnswers(response.answers, *before->Current()->compiled,
                                        *before->Current()->items, questionnaire,
                                        *out.version->items, nullptr);
    input.previous = &previous;
  }
  out.result = domain::Validate(questionnaire, input);
  return out;
}

Submissions::Prepared Submissions::Prepare(const base::CallContext& call,
                                           const ingestion_pb::SubmitRequest& request,
                                           size_t findings_bytes) const {
  Prepared out;
  out.findings_bytes = findings_bytes;
  const auto answer_with = [&out](absl::StatusOr<ingestion_pb::SubmitResponse> answer) {
    out.answer = std::move(answer);
    return std::move(out);
  };
  const ingestion_pb::SubmissionDraft& draft = request.submission();
  if (absl::Status id = CheckRequestId(request.request_id()); !id.ok()) return answer_with(id);
  if (absl::Status shape = CheckShape(draft); !shape.ok()) return answer_with(shape);
  if (request.expected_revision() < 0 || request.expected_revision() > kRevisionMax) {
    return answer_with(
        base::InvalidField("expected_revision", "the revision last seen, 0 = none yet"));
  }
  const SubmissionName name{std::string(domain::EditionIdOf(draft.edition())), draft.unit(),
                            draft.part(), request.expected_revision() + 1};
  out.commit.proposal.request_key = RequestKey(call.actor, "Submit", request.request_id());
  out.commit.proposal.fingerprint =
      vault_.Fingerprint(domain::CanonicalContent({.edition = name.edition,
                                                   .unit = name.unit,
                                                   .part = name.part,
                                                   .expected_revision = request.expected_revision(),
                                                   .questionnaire = draft.questionnaire(),
                                                   .language = draft.language(),
                                                   .answers = &draft.answers(),
                                                   .comments = &draft.check_comments(),
                                                   .contact = &draft.contact()}));
  PrepareRecord(call, request, name, out);
  // What is to be appended, the log compares by its request id before all else.
  if (out.append) return out;
  // A known id before everything else: its answer stands, whatever has happened to the edition
  // since.
  const auto known = log_.FindRequest(out.commit.proposal.request_key);
  if (!known.ok()) return answer_with(known.status());
  if (known->has_value()) {
    if ((*known)->fingerprint != out.commit.proposal.fingerprint)
      return answer_with(RequestIdReused(request.request_id()));
    bool unused = false;
    return answer_with(Conclude(request,
                                storage::AppendOutcome(storage::Duplicate{(*known)->position}), {},
                                findings_bytes, &unused));
  }
  return out;
}

void Submissions::PrepareRecord(const base::CallContext& call,
                                const ingestion_pb::SubmitRequest& request,
                                const SubmissionName& name, Prepared& out) const {
  const auto answer_with = [&out](absl::StatusOr<ingestion_pb::SubmitResponse> answer) {
    out.answer = std::move(answer);
  };
  const ingestion_pb::SubmissionDraft& draft = request.submission();
  absl::StatusOr<Judged> judged = Judge(draft);
  if (!judged.ok()) return answer_with(judged.status());
  const auto current = log_.Current(SubmissionResource(name));
  if (!current.ok()) return answer_with(current.status());
  const int64_t revision = current->has_value() ? (*current)->revision : 0;
  if (revision != request.expected_revision()) return answer_with(StaleRevision(name, revision));
  if (judged->result.refused) {
    ingestion_pb::SubmitResponse refused;
    refused.set_outcome(ingestion_pb::SUBMIT_OUTCOME_REFUSED);
    Findings(std::move(judged->result.findings), draft, vault_)
        .PutFirst(out.findings_bytes, refused);
    return answer_with(std::move(refused));
  }

  store::Record record = BeginRecord(call, request.request_id());
  store::SubmissionAccepted& accepted = *record.mutable_submission_accepted();
  accepted.set_edition(name.edition);
  accepted.set_unit(name.unit);
  accepted.set_part(name.part);
  accepted.set_revision(name.revision);
  accepted.set_questionnaire(draft.questionnaire());
  accepted.set_language(draft.language());
  const domain::Catalog::QuestionnaireVersion& version = *judged->version;
  *accepted.mutable_answers() = domain::PackAnswers(judged->result.answers, *version.items);
  const store::PlainText texts = TextsOf(draft, *version.compiled, *version.items);
  if (HasText(texts)) {
    absl::StatusOr<TextVault::Sealed> sealed = vault_.Seal(name.Full(), texts);
    if (!sealed.ok()) return answer_with(sealed.status());
    *accepted.mutable_text() = std::move(sealed->text);
    out.commit.keys.push_back(std::move(sealed->key));
  }
  for (const model::Finding& finding : judged->result.findings) {
    store::FindingRef& reference = *accepted.add_findings();
    reference.set_rule(finding.rule());
    reference.set_item(finding.item());
  }
  out.findings = FindingsOf(accepted, *judged->edition, version);
  out.commit.proposal.bytes = record.SerializeAsString();
  if (out.commit.proposal.bytes.size() > base::kRecordBytesMax) {
    return answer_with(base::Error(
        base::Reason::kTooLarge,
        base::StrCat("a submission has at most ", base::kRecordBytesMax, " bytes when stored")));
  }
  const domain::Catalog::EditionEntry& edition = *judged->edition;
  const domain::Catalog::QuestionnaireVersion& newest = *edition.Current();
  std::vector<storage::Dependency>& depends_on = out.commit.proposal.depends_on;
  depends_on.reserve(6);
  const auto depend = [&depends_on](std::string resource, int64_t at, bool advances) {
    depends_on.push_back({std::move(resource), at, advances});
  };
  depend(SubmissionResource(name), request.expected_revision(), true);
  depend(StateResource(name.edition), edition.state_revision, false);
  depend(DefinitionResource(draft.edition()), edition.revision, false);
  depend(DefinitionResource(edition.frame->definition().name()), edition.frame_revision, false);
  depend(DefinitionResource(newest.compiled->definition().name()), newest.revision, false);
  // And it is still the newest one.
  depend(DefinitionResource(
             base::StrCat(draft.edition(), "/questionnaires/", newest.compiled->version() + 1)),
         0, false);
  out.append = true;
}

absl::StatusOr<ingestion_pb::SubmitResponse> Submissions::Conclude(
    const ingestion_pb::SubmitRequest& request, const CommitResult& result,
    std::vector<model::Finding> findings, size_t findings_bytes, bool* stale_definitions) const {
  if (!result.ok()) return result.status();
  const ingestion_pb::SubmissionDraft& draft = request.submission();
  SubmissionName name{std::string(domain::EditionIdOf(draft.edition())), draft.unit(), draft.part(),
                      0};
  ingestion_pb::SubmitResponse response;
  response.set_outcome(ingestion_pb::SUBMIT_OUTCOME_ACCEPTED);
  if (const auto* appended = std::get_if<storage::Appended>(&*result)) {
    name.revision = request.expected_revision() + 1;
    *response.mutable_receipt() =
        ReceiptOf(name, appended->position, appended->time, appended->chain);
    Findings(std::move(findings), draft, vault_).PutFirst(findings_bytes, response);
    return response;
  }
  if (const auto* duplicate = std::get_if<storage::Duplicate>(&*result)) {
    // The same as the first answer, made from what the record holds.
    IMDI_ASSIGN_OR_RETURN(const StoredSubmission stored,
                          SubmissionAt(log_, name, duplicate->position));
    *response.mutable_receipt() =
        ReceiptOf(stored.name, duplicate->position, stored.entry.time, stored.entry.chain);
    const std::shared_ptr<const domain::Catalog> catalog = definitions_.catalog();
    const auto* edition = catalog->FindEdition(stored.name.edition);
    if (edition == nullptr) return UnknownEdition(stored.name.edition);
    const auto* version = edition->Version(stored.accepted().questionnaire());
    if (version != nullptr) {
      Findings(FindingsOf(stored.accepted(), *edition, *version), draft, vault_)
          .PutFirst(findings_bytes, response);
    }
    return response;
  }
  if (std::holds_alternative<storage::KeyReused>(*result))
    return RequestIdReused(request.request_id());
  const auto& stale = std::get<storage::Stale>(*result);
  if (stale.resource == SubmissionResource(name))
    return StaleRevision(name, stale.current_revision);
  *stale_definitions = true;
  return StaleDefinition(stale);
}

void Submissions::Enqueue(const base::CallContext& call, const ingestion_pb::SubmitRequest& request,
                          Prepared prepared, int attempts_left, SubmitDone done) {
  if (!prepared.append) {
    done(std::move(prepared.answer));
    return;
  }
  if (absl::Status wanted = call.CheckWanted(); !wanted.ok()) {
    done(std::move(wanted));
    return;
  }
  auto shared = std::make_shared<SubmitDone>(std::move(done));
  const absl::Status taken = committer_.Enqueue(
      std::move(prepared.commit),
      [this, call, &request, attempts_left, shared, findings = std::move(prepared.findings),
       bytes = prepared.findings_bytes](const CommitResult& result) mutable {
        Committed(call, request, result, std::move(findings), bytes, attempts_left,
                  std::move(*shared));
      });
  if (!taken.ok()) (*shared)(taken);
}

void Submissions::Committed(const base::CallContext& call,
                            const ingestion_pb::SubmitRequest& request, const CommitResult& result,
                            std::vector<model::Finding> findings, size_t findings_bytes,
                            int attempts_left, SubmitDone done) {
  bool stale_definitions = false;
  absl::StatusOr<ingestion_pb::SubmitResponse> answer =
      Conclude(request, result, std::move(findings), findings_bytes, &stale_definitions);
  if (!stale_definitions || attempts_left <= 1) {
    done(std::move(answer));
    return;
  }
  if (absl::Status reloaded = definitions_.Reload(); !reloaded.ok()) {
    done(reloaded);
    return;
  }
  Enqueue(call, request, Prepare(call, request, findings_bytes), attempts_left - 1,
          std::move(done));
}

bool Submissions::AtHand(const ingestion_pb::SubmitRequest& request) const {
  const ingestion_pb::SubmissionDraft& draft = request.submission();
  const std::shared_ptr<const domain::Catalog> catalog = definitions_.catalog();
  const auto* edition = catalog->FindEdition(domain::EditionIdOf(draft.edition()));
  if (edition == nullptr || edition->frame == nullptr || edition->definition->parts_size() > 1)
    return false;
  const std::optional<domain::UnitIndex> unit = edition->frame->Find(draft.unit());
  const auto* version = edition->Version(draft.questionnaire());
  if (!unit.has_value() || version == nullptr) return false;
  // A retry asks for a request id, which only the disk knows: its revision has moved on.
  const auto held = [this](const std::string& resource, int64_t* position) {
    if (!log_.IsAtHand(resource)) return std::optional<int64_t>();
    const auto current = log_.Current(resource);
    if (!current.ok()) return std::optional<int64_t>();
    *position = current->has_value() ? (*current)->position : 0;
    return std::optional(current->has_value() ? (*current)->revision : 0);
  };
  int64_t position = 0;
  if (held(SubmissionResource({edition->id, draft.unit(), draft.part(), 0}), &position) !=
      request.expected_revision())
    return false;
  if (!version->compiled->reads_previous()) return true;
  const auto* before =
      catalog->FindEdition(domain::EditionIdOf(edition->definition->previous_edition()));
  const std::optional<std::string_view> predecessor = edition->frame->OnlyPredecessorOf(*unit);
  if (before == nullptr || !predecessor.has_value()) return true;
  return std::ranges::all_of(before->definition->parts(), [&](const model::Part& part) {
    return held(SubmissionResource({before->id, std::string(*predecessor), part.id(), 0}),
                &position)
               .has_value() &&
           (position == 0 || recent_.Find(position) != nullptr);
  });
}

void Submissions::Submit(const base::CallContext& call, const ingestion_pb::SubmitRequest& request,
                         SubmitDone done) {
  Enqueue(call, request, Prepare(call, request, base::kPageBytesMax), kSubmitAttempts,
          std::move(done));
}

void Submissions::BatchSubmit(const base::CallContext& call,
                              const ingestion_pb::BatchSubmitRequest& request, BatchDone done) {
  if (request.requests().empty() ||
      static_cast<size_t>(request.requests_size()) > base::kBatchMax) {
    done(base::InvalidField("requests", base::StrCat("1 to ", base::kBatchMax, " submissions")));
    return;
  }
  struct Batch {
    base::Mutex mutex;
    ingestion_pb::BatchSubmitResponse response ABSL_GUARDED_BY(mutex);
    int waiting ABSL_GUARDED_BY(mutex) = 0;
    BatchDone done;
    // Of what is to be appended: its place in the batch, and its findings. Each is touched by the
    // one callback of its place.
    std::vector<int> places;
    std::vector<std::vector<model::Finding>> findings;

    void Answer(int place, absl::StatusOr<ingestion_pb::SubmitResponse> answer) {
      ingestion_pb::BatchSubmitResponse whole;
      {
        base::MutexLock lock(mutex);
        ingestion_pb::BatchSubmitResult& result = *response.mutable_results(place);
        if (answer.ok()) {
          *result.mutable_response() = *std::move(answer);
        } else {
          *result.mutable_error() = ToItemError(answer.status());
        }
        if (--waiting > 0) return;
        whole = std::move(response);
      }
      done(std::move(whole));
    }
  };
  auto batch = std::make_shared<Batch>();
  batch->done = std::move(done);
  const int count = request.requests_size();  // The last answer ends the request.
  // All answers travel in one message.
  const size_t findings_bytes = base::kPageBytesMax / static_cast<size_t>(count);
  {
    base::MutexLock lock(batch->mutex);
    batch->waiting = count;
    for (int i = 0; i < count; ++i) batch->response.add_results();
  }
  std::vector<CommitRequest> commits;
  commits.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    if (absl::Status wanted = call.CheckWanted(); !wanted.ok()) {
      batch->Answer(i, std::move(wanted));
      continue;
    }
    Prepared prepared = Prepare(call, request.requests(i), findings_bytes);
    if (!prepared.append) {
      batch->Answer(i, std::move(prepared.answer));
      continue;
    }
    batch->places.push_back(i);
    batch->findings.push_back(std::move(prepared.findings));
    commits.push_back(std::move(prepared.commit));
  }
  if (commits.empty()) return;
  committer_.EnqueueAll(std::move(commits), [this, call, &request, batch, findings_bytes](
                                                size_t k, const CommitResult& result) {
    const int place = batch->places[k];
    Committed(call, request.requests(place), result, std::move(batch->findings[k]), findings_bytes,
              kSubmitAttempts, [batch, place](absl::StatusOr<ingestion_pb::SubmitResponse> answer) {
                batch->Answer(place, std::move(answer));
              });
  });
}

absl::StatusOr<ingestion_pb::ValidateResponse> Submissions::Validate(
    const ingestion_pb::ValidateRequest& request) const {
  IMDI_RETURN_IF_ERROR(CheckShape(request.submission()));
  IMDI_ASSIGN_OR_RETURN(Judged judged, Judge(request.submission()));
  ingestion_pb::ValidateResponse response;
  response.set_outcome(judged.result.refused ? ingestion_pb::SUBMIT_OUTCOME_REFUSED
                                             : ingestion_pb::SUBMIT_OUTCOME_ACCEPTED);
  const Findings findings(std::move(judged.result.findings), request.submission(), vault_);
  IMDI_RETURN_IF_ERROR(findings.PutPage(request, response));
  return response;
}

absl::StatusOr<ingestion_pb::Receipt> Submissions::ReceiptAt(const SubmissionName& name,
                                                             int64_t position) const {
  IMDI_ASSIGN_OR_RETURN(const StoredSubmission stored, SubmissionAt(log_, name, position));
  return ReceiptOf(stored.name, position, stored.entry.time, stored.entry.chain);
}

absl::StatusOr<bool> Submissions::TextErased(const SubmissionName& name) const {
  IMDI_ASSIGN_OR_RETURN(const auto erased, log_.Current(ErasureResource(name)));
  return erased.has_value();
}

absl::StatusOr<model::Submission> Submissions::ToSubmission(const StoredSubmission& stored,
                                                            bool with_texts) const {
  const std::shared_ptr<const domain::Catalog> catalog = definitions_.catalog();
  const auto* edition = catalog->FindEdition(stored.name.edition);
  if (edition == nullptr) return UnknownEdition(stored.name.edition);
  model::Submission out;
  out.set_name(stored.name.Full());
  out.set_unit(stored.name.unit);
  out.set_part(stored.name.part);
  out.set_revision(stored.name.revision);
  out.set_position(stored.entry.position);
  out.set_create_time_us(absl::ToUnixMicros(stored.entry.time));
  out.set_actor(stored.record.actor());
  out.set_etag(base::Hex(stored.entry.chain).substr(0, 32));
  out.set_withdrawn(stored.withdrawn());
  if (stored.withdrawn()) return out;

  const store::SubmissionAccepted& accepted = stored.accepted();
  out.set_questionnaire(accepted.questionnaire());
  out.set_language(accepted.language());
  IMDI_ASSIGN_OR_RETURN(const domain::AnswerSet answers, AnswersOf(stored, *edition));
  const auto& version = *edition->Version(accepted.questionnaire());
  const domain::CompiledQuestionnaire& questionnaire = *version.compiled;
  *out.mutable_answers() = domain::WriteAnswers(questionnaire, answers);
  for (model::Finding& finding : FindingsOf(accepted, *edition, version))
    *out.add_findings() = std::move(finding);
  if (!accepted.has_text()) return out;
  IMDI_ASSIGN_OR_RETURN(const bool erased, TextErased(stored.name));
  out.set_text_erased(erased);
  if (erased || !with_texts) return out;
  const absl::StatusOr<store::PlainText> texts = vault_.Open(stored.name.Full(), accepted.text());
  if (!texts.ok()) return texts.status();
  const auto answer_of = [&](uint32_t number) -> model::Answer* {
    const domain::ItemIndex item = version.items->IndexOf(number);
    if (item == domain::kNoItem) return nullptr;
    const auto found = std::ranges::find(*out.mutable_answers(), questionnaire.items()[item].id,
                                         &model::Answer::item);
    return found == out.mutable_answers()->end() ? nullptr : &*found;
  };
  for (const store::ItemText& text : texts->items()) {
    if (model::Answer* answer = answer_of(text.item())) answer->set_text(text.text());
  }
  for (const store::ItemText& text : texts->others()) {
    if (model::Answer* answer = answer_of(text.item())) {
      model::OtherText& other = *answer->add_other_texts();
      other.set_code(static_cast<int32_t>(text.code()));
      other.set_text(text.text());
    }
  }
  *out.mutable_check_comments() = texts->comments();
  if (texts->has_contact()) *out.mutable_contact() = texts->contact();
  return out;
}

absl::StatusOr<ingestion_pb::GetSubmissionResponse> Submissions::Get(
    const ingestion_pb::GetSubmissionRequest& request) const {
  IMDI_ASSIGN_OR_RETURN(const SubmissionName name, SubmissionName::Parse(request.name()));
  IMDI_ASSIGN_OR_RETURN(const StoredSubmission stored, FindSubmission(log_, name));
  ingestion_pb::GetSubmissionResponse response;
  IMDI_ASSIGN_OR_RETURN(*response.mutable_submission(), ToSubmission(stored, true));
  return response;
}

absl::StatusOr<ingestion_pb::ListSubmissionsResponse> Submissions::List(
    const ingestion_pb::ListSubmissionsRequest& request) const {
  IMDI_ASSIGN_OR_RETURN(const SubmissionName name, SubmissionName::Parse(request.parent()));
  if (request.page_size() < 0) return base::InvalidField("page_size", "must not be negative");
  const int page_size = request.page_size() == 0 ? kHistoryPageDefault
                                                 : std::min(request.page_size(), kHistoryPageMax);
  // The token is the last revision of the page before; revisions never change, so it needs no
  // snapshot.
  const std::optional<int64_t> after =
      request.page_token().empty() ? 0 : base::ParseInt64(request.page_token());
  if (!after.has_value() || *after < 0 || *after > kRevisionMax) {
    return base::Error(base::Reason::kPageTokenInvalid, "the page token is not one of this list");
  }
  IMDI_ASSIGN_OR_RETURN(const auto revisions,
                        log_.ListRevisions(SubmissionResource(name), *after, page_size + 1));
  if (revisions.empty() && *after == 0) {
    return base::Error(base::Reason::kUnknownResource,
                       base::StrCat("there is no submission ", name.WithoutRevision()));
  }
  ingestion_pb::ListSubmissionsResponse response;
  for (const storage::ResourceRevision& revision : revisions) {
    if (response.submissions_size() == page_size) {
      response.set_next_page_token(base::StrCat(response.submissions(page_size - 1).revision()));
      break;
    }
    IMDI_ASSIGN_OR_RETURN(const StoredSubmission stored,
                          SubmissionAt(log_, name, revision.position));
    IMDI_ASSIGN_OR_RETURN(*response.add_submissions(), ToSubmission(stored, false));
  }
  return response;
}

absl::StatusOr<bool> Submissions::TextsByItem(const StoredSubmission& stored,
                                              const domain::Catalog::QuestionnaireVersion& version,
                                              std::map<std::string, std::string>& out) const {
  if (!stored.accepted().has_text()) return true;
  IMDI_ASSIGN_OR_RETURN(const bool erased, TextErased(stored.name));
  if (erased) return false;
  const absl::StatusOr<store::PlainText> texts =
      vault_.Open(stored.name.Full(), stored.accepted().text());
  if (!texts.ok()) {
    if (base::ReasonOf(texts.status()) == base::Reason::kKeyMissing) return false;
    return texts.status();
  }
  std::vector<std::pair<std::pair<uint32_t, uint32_t>, std::string_view>>
      sorted;  // By item number and code.
  for (const auto* group : {&texts->items(), &texts->others()}) {
    for (const store::ItemText& text : *group)
      sorted.push_back({{text.item(), text.code()}, text.text()});
  }
  std::ranges::sort(sorted);
  for (const auto& [key, text] : sorted) {
    const domain::ItemIndex item = version.items->IndexOf(key.first);
    if (item == domain::kNoItem) continue;
    base::StrAppend(out[version.compiled->items()[item].id], key.second, ":", text.size(), ":",
                    text);
  }
  return true;
}

absl::StatusOr<ingestion_pb::DiffSubmissionsResponse> Submissions::Diff(
    const ingestion_pb::DiffSubmissionsRequest& request) const {
  IMDI_ASSIGN_OR_RETURN(SubmissionName name, SubmissionName::Parse(request.parent()));
  if (request.from_revision() < 1 || request.to_revision() < 1) {
    return base::InvalidField(request.from_revision() < 1 ? "from_revision" : "to_revision",
                              "a revision, from 1");
  }
  const std::shared_ptr<const domain::Catalog> catalog = definitions_.catalog();
  const auto* edition = catalog->FindEdition(name.edition);
  if (edition == nullptr) return UnknownEdition(name.edition);
  struct Side {
    std::map<std::string, model::Answer> answers;
    std::map<std::string, std::string> texts;  // By item, in one string; compared, never shown.
    bool readable = true;                      // Its texts.
  };
  Side sides[2];
  std::vector<std::string>
      order;  // Form order: that of the later revision, then what only the earlier one has.
  for (const int side : {1, 0}) {
    name.revision = side == 0 ? request.from_revision() : request.to_revision();
    IMDI_ASSIGN_OR_RETURN(const StoredSubmission stored, FindSubmission(log_, name));
    if (stored.withdrawn()) continue;
    IMDI_ASSIGN_OR_RETURN(const domain::AnswerSet answers, AnswersOf(stored, *edition));
    const auto& version = *edition->Version(stored.accepted().questionnaire());
    for (model::Answer& answer : domain::WriteAnswers(*version.compiled, answers)) {
      if (side == 1 || !sides[1].answers.contains(answer.item())) order.push_back(answer.item());
      sides[side].answers.emplace(answer.item(), answer);
    }
    IMDI_ASSIGN_OR_RETURN(sides[side].readable, TextsByItem(stored, version, sides[side].texts));
  }
  ingestion_pb::DiffSubmissionsResponse response;
  for (const std::string& item : order) {
    const auto before = sides[0].answers.find(item);
    const auto after = sides[1].answers.find(item);
    const bool both = before != sides[0].answers.end() && after != sides[1].answers.end();
    // Texts that were erased differ from nothing.
    const bool same_text =
        !sides[0].readable || !sides[1].readable || sides[0].texts[item] == sides[1].texts[item];
    if (both && same_text &&
        before->second.SerializeAsString() == after->second.SerializeAsString())
      continue;
    ingestion_pb::ItemChange& change = *response.add_changes();
    change.set_item(item);
    if (before != sides[0].answers.end()) *change.mutable_before() = before->second;
    if (after != sides[1].answers.end()) *change.mutable_after() = after->second;
  }
  return response;
}

absl::StatusOr<ingestion_pb::GetReceiptResponse> Submissions::GetReceipt(
    const ingestion_pb::GetReceiptRequest& request) const {
  IMDI_ASSIGN_OR_RETURN(const SubmissionName name, SubmissionName::Parse(request.name()));
  IMDI_ASSIGN_OR_RETURN(const StoredSubmission stored, FindSubmission(log_, name));
  const std::shared_ptr<const domain::Catalog> catalog = definitions_.catalog();
  const auto* edition = catalog->FindEdition(name.edition);
  if (edition == nullptr) return UnknownEdition(name.edition);
  ingestion_pb::GetReceiptResponse response;
  IMDI_ASSIGN_OR_RETURN(*response.mutable_receipt(), ReceiptAt(stored.name, stored.entry.position));
  IMDI_ASSIGN_OR_RETURN(const model::Submission submission, ToSubmission(stored, true));
  response.set_media_type("text/plain; charset=utf-8");
  // A withdrawal is written in the language of what it withdraws.
  model::Language language = submission.language();
  for (SubmissionName before = stored.name;
       language == model::LANGUAGE_UNSPECIFIED && before.revision > 1;) {
    --before.revision;
    IMDI_ASSIGN_OR_RETURN(const StoredSubmission earlier, FindSubmission(log_, before));
    if (!earlier.withdrawn()) language = earlier.accepted().language();
  }
  response.set_language(language);
  response.set_document(ReceiptDocument(*edition, submission, response.receipt(), language));
  return response;
}

absl::StatusOr<ingestion_pb::WithdrawResponse> Submissions::Withdraw(
    const base::CallContext& call, const ingestion_pb::WithdrawRequest& request) {
  IMDI_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  IMDI_ASSIGN_OR_RETURN(const SubmissionName name, SubmissionName::Parse(request.name()));
  if (request.reason().size() > base::kReasonTextBytesMax) {
    return base::InvalidField("reason",
                              base::StrCat("at most ", base::kReasonTextBytesMax, " bytes"));
  }
  if (request.expected_revision() < 1 || request.expected_revision() > kRevisionMax) {
    return base::InvalidField("expected_revision",
                              "the revision last seen; there must be one to withdraw");
  }
  CommitRequest commit;
  commit.proposal.request_key = RequestKey(call.actor, "Withdraw", request.request_id());
  commit.proposal.fingerprint =
      vault_.Fingerprint(base::StrCat("withdraw\n", name.WithoutRevision(), "\n",
                                      request.expected_revision(), "\n", request.reason()));
  for (int attempt = 1;; ++attempt) {
    IMDI_ASSIGN_OR_RETURN(const auto known, log_.FindRequest(commit.proposal.request_key));
    const std::shared_ptr<const domain::Catalog> catalog = definitions_.catalog();
    const auto* edition = catalog->FindEdition(name.edition);
    if (edition == nullptr) return UnknownEdition(name.edition);
    if (!known.has_value()) {
      IMDI_ASSIGN_OR_RETURN(const auto current, log_.Current(SubmissionResource(name)));
      if (!current.has_value()) {
        return base::Error(base::Reason::kUnknownResource,
                           base::StrCat("there is no submission ", name.WithoutRevision()));
      }
      if (!edition->TakesSubmissions(name.unit)) return NotTaken(*edition, name.unit);
      if (current->revision != request.expected_revision())
        return StaleRevision(name, current->revision);
    }
    store::Record record = BeginRecord(call, request.request_id());
    store::SubmissionWithdrawn& withdrawn = *record.mutable_submission_withdrawn();
    withdrawn.set_edition(name.edition);
    withdrawn.set_unit(name.unit);
    withdrawn.set_part(name.part);
    withdrawn.set_revision(request.expected_revision() + 1);
    withdrawn.set_reason(request.reason());
    commit.proposal.bytes = record.SerializeAsString();
    commit.proposal.depends_on = {{SubmissionResource(name), request.expected_revision(), true},
                                  {StateResource(name.edition), edition->state_revision, false}};
    IMDI_ASSIGN_OR_RETURN(const storage::AppendOutcome outcome, committer_.Commit(commit));
    if (std::holds_alternative<storage::KeyReused>(outcome))
      return RequestIdReused(request.request_id());
    if (const auto* stale = std::get_if<storage::Stale>(&outcome)) {
      if (stale->resource == SubmissionResource(name))
        return StaleRevision(name, stale->current_revision);
      // The edition changed its state meanwhile: look again, once.
      if (attempt == kSubmitAttempts) return StaleDefinition(*stale);
      IMDI_RETURN_IF_ERROR(definitions_.Reload());
      continue;
    }
    const auto* appended = std::get_if<storage::Appended>(&outcome);
    const int64_t position =
        appended != nullptr ? appended->position : std::get<storage::Duplicate>(outcome).position;
    ingestion_pb::WithdrawResponse response;
    IMDI_ASSIGN_OR_RETURN(*response.mutable_receipt(), ReceiptAt(name, position));
    return response;
  }
}

absl::StatusOr<ingestion_pb::EraseTextResponse> Submissions::EraseText(
    const base::CallContext& call, const ingestion_pb::EraseTextRequest& request) {
  IMDI_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  IMDI_ASSIGN_OR_RETURN(const SubmissionName name, SubmissionName::Parse(request.name()));
  if (name.revision == 0)
    return base::InvalidField("name", "the revision whose texts to erase, as …@{revision}");
  if (request.reason().size() > base::kReasonTextBytesMax) {
    return base::InvalidField("reason",
                              base::StrCat("at most ", base::kReasonTextBytesMax, " bytes"));
  }
  IMDI_ASSIGN_OR_RETURN(const StoredSubmission stored, FindSubmission(log_, name));
  ingestion_pb::EraseTextResponse response;
  if (stored.withdrawn() || !stored.accepted().has_text()) return response;
  const std::string& key_id = stored.accepted().text().key_id();
  IMDI_ASSIGN_OR_RETURN(const auto erased, log_.Current(ErasureResource(name)));
  response.set_position(erased.has_value() ? erased->position : 0);
  if (!erased.has_value()) {
    store::Record record = BeginRecord(call, request.request_id());
    store::TextErased& body = *record.mutable_text_erased();
    body.set_submission(name.Full());
    body.set_key_id(key_id);
    body.set_reason(request.reason());
    CommitRequest commit;
    commit.proposal.request_key = RequestKey(call.actor, "EraseText", request.request_id());
    commit.proposal.fingerprint =
        vault_.Fingerprint(base::StrCat("erase\n", name.Full(), "\n", request.reason()));
    commit.proposal.bytes = record.SerializeAsString();
    commit.proposal.depends_on = {{ErasureResource(name), 0, true}};
    IMDI_ASSIGN_OR_RETURN(const storage::AppendOutcome outcome,
                          committer_.Commit(std::move(commit)));
    if (std::holds_alternative<storage::KeyReused>(outcome))
      return RequestIdReused(request.request_id());
    if (const auto* appended = std::get_if<storage::Appended>(&outcome))
      response.set_position(appended->position);
    if (const auto* duplicate = std::get_if<storage::Duplicate>(&outcome))
      response.set_position(duplicate->position);
    if (std::holds_alternative<storage::Stale>(outcome)) {
      // Another call erased it at the same moment; the key goes all the same.
      IMDI_ASSIGN_OR_RETURN(const auto by_other, log_.Current(ErasureResource(name)));
      if (by_other.has_value()) response.set_position(by_other->position);
    }
  }
  // Also on a repeated call: a crash between record and deletion is made good here.
  IMDI_RETURN_IF_ERROR(vault_.Erase(key_id));
  return response;
}

absl::Status Submissions::FinishErasures() {
  std::string after;
  while (true) {
    IMDI_ASSIGN_OR_RETURN(const auto page,
                          log_.ListCurrent(kErasurePrefix, after, storage::kListMax));
    if (page.empty()) return absl::OkStatus();
    for (const storage::ResourceRevision& erasure : page) {
      IMDI_ASSIGN_OR_RETURN(const store::Record record, ReadRecord(log_, erasure.position));
      const std::string& key_id = record.text_erased().key_id();
      IMDI_ASSIGN_OR_RETURN(const bool exists, vault_.Holds(key_id));
      if (exists) IMDI_RETURN_IF_ERROR(vault_.Erase(key_id));
    }
    after = page.back().resource;
  }
}

namespace {

std::string DraftName(const SubmissionName& name) {
  return base::StrCat("editions/", name.edition, "/drafts/", name.unit, ".", name.part);
}

}  // namespace

absl::StatusOr<ingestion_pb::SaveDraftResponse> Submissions::SaveDraft(
    const ingestion_pb::SaveDraftRequest& request) {
  IMDI_RETURN_IF_ERROR(CheckShape(request.draft()));
  const SubmissionName name{std::string(domain::EditionIdOf(request.draft().edition())),
                            request.draft().unit(), request.draft().part(), 0};
  const std::shared_ptr<const domain::Catalog> catalog = definitions_.catalog();
  const auto* edition = catalog->FindEdition(name.edition);
  if (edition == nullptr) return UnknownEdition(name.edition);
  if (edition->frame == nullptr || !edition->frame->Find(name.unit).has_value()) {
    return base::Error(base::Reason::kUnitOutOfFrame,
                       base::StrCat("unit ", base::Quoted(name.unit), " is not invited"));
  }
  if (std::ranges::find(edition->definition->parts(), name.part, &model::Part::id) ==
      edition->definition->parts().end()) {
    return base::Error(
        base::Reason::kUnknownResource,
        base::StrCat(request.draft().edition(), " has no part ", base::Quoted(name.part)));
  }
  // Drafts hold texts too: sealed under the master key, bound to the name.
  IMDI_ASSIGN_OR_RETURN(const std::string sealed,
                        vault_.SealDraft(DraftName(name), request.draft().SerializeAsString()));
  ingestion_pb::SaveDraftResponse response;
  IMDI_ASSIGN_OR_RETURN(const int64_t version,
                        drafts_.Put(DraftName(name), request.expected_version(), sealed));
  response.set_version(version);
  return response;
}

absl::StatusOr<ingestion_pb::GetDraftResponse> Submissions::GetDraft(
    const ingestion_pb::GetDraftRequest& request) const {
  IMDI_ASSIGN_OR_RETURN(const SubmissionName name, SubmissionName::Parse(request.name(), "drafts"));
  IMDI_ASSIGN_OR_RETURN(const auto draft, drafts_.Get(DraftName(name)));
  if (!draft.has_value()) {
    return base::Error(base::Reason::kUnknownResource,
                       base::StrCat("there is no draft ", DraftName(name)));
  }
  ingestion_pb::GetDraftResponse response;
  IMDI_ASSIGN_OR_RETURN(const std::string bytes, vault_.OpenDraft(DraftName(name), draft->bytes));
  if (!response.mutable_draft()->ParseFromString(bytes)) {
    return base::Error(base::Reason::kStoreCorrupt,
                       base::StrCat("the draft ", DraftName(name), " does not parse"));
  }
  response.set_version(draft->version);
  return response;
}

absl::StatusOr<ingestion_pb::DeleteDraftResponse> Submissions::DeleteDraft(
    const ingestion_pb::DeleteDraftRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const SubmissionName name, SubmissionName::Parse(request.name(), "drafts"));
  IMDI_ASSIGN_OR_RETURN(const auto draft, drafts_.Get(DraftName(name)));
  if (draft.has_value()) IMDI_RETURN_IF_ERROR(drafts_.Delete(draft->name, draft->version));
  return ingestion_pb::DeleteDraftResponse();
}

}  // namespace imdi::ingestion
