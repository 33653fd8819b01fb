#pragma once

// Use cases of those who answer: submit, validate, read back, compare, withdraw, erase texts,
// drafts.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "services/base/call_context.h"
#include "services/ingestion/answers_cache.h"
#include "services/ingestion/committer.h"
#include "services/ingestion/definitions.h"
#include "services/ingestion/responses.h"
#include "services/ingestion/text_vault.h"
#include "storage/draft_store.h"
#include "storage/response_log.h"

namespace imdi::ingestion {

// Thread-safe; everything borrowed must outlive it, and calls in flight must have ended before the
// committer goes. Submit and BatchSubmit answer through `done`, on the committer's thread or the
// caller's. The rest may read a disk and wait for the committer: call them on an executor.
class Submissions {
 public:
  Submissions(storage::ResponseLog& log, Committer& committer, Definitions& definitions,
              TextVault& vault, storage::DraftStore& drafts)
      : log_(log),
        committer_(committer),
        definitions_(definitions),
        vault_(vault),
        drafts_(drafts) {}

  using SubmitDone = std::function<void(absl::StatusOr<ingestion_pb::SubmitResponse>)>;
  // `request` must live until `done`.
  void Submit(const base::CallContext& call, const ingestion_pb::SubmitRequest& request,
              SubmitDone done);
  // Whether Submit would judge that request without reading a disk; then it may be called on a
  // thread that must not wait.
  bool AtHand(const ingestion_pb::SubmitRequest& request) const;
  using BatchDone = std::function<void(absl::StatusOr<ingestion_pb::BatchSubmitResponse>)>;
  void BatchSubmit(const base::CallContext& call, const ingestion_pb::BatchSubmitRequest& request,
                   BatchDone done);

  absl::StatusOr<ingestion_pb::ValidateResponse> Validate(
      const ingestion_pb::ValidateRequest& request) const;
  absl::StatusOr<ingestion_pb::GetSubmissionResponse> Get(
      const ingestion_pb::GetSubmissionRequest& request) const;
  absl::StatusOr<ingestion_pb::ListSubmissionsResponse> List(
      const ingestion_pb::ListSubmissionsRequest& request) const;
  absl::StatusOr<ingestion_pb::DiffSubmissionsResponse> Diff(
      const ingestion_pb::DiffSubmissionsRequest& request) const;
  absl::StatusOr<ingestion_pb::GetReceiptResponse> GetReceipt(
      const ingestion_pb::GetReceiptRequest& request) const;
  absl::StatusOr<ingestion_pb::WithdrawResponse> Withdraw(
      const base::CallContext& call, const ingestion_pb::WithdrawRequest& request);
  absl::StatusOr<ingestion_pb::EraseTextResponse> EraseText(
      const base::CallContext& call, const ingestion_pb::EraseTextRequest& request);
  absl::StatusOr<ingestion_pb::SaveDraftResponse> SaveDraft(
      const ingestion_pb::SaveDraftRequest& request);
  absl::StatusOr<ingestion_pb::GetDraftResponse> GetDraft(
      const ingestion_pb::GetDraftRequest& request) const;
  absl::StatusOr<ingestion_pb::DeleteDraftResponse> DeleteDraft(
      const ingestion_pb::DeleteDraftRequest& request);

  // Deletes the keys of erased texts that are still there: a crash came between record and
  // deletion, or the key store was restored from an older backup. At start-up.
  absl::Status FinishErasures();

 private:
  // A submission judged against one catalog.
  struct Judged;
  // Either an answer that needs no append, or what to append.
  struct Prepared {
    absl::StatusOr<ingestion_pb::SubmitResponse> answer = absl::UnknownError("nothing yet");
    bool append = false;
    CommitRequest commit;
    std::vector<survey::model::v1::Finding> findings;  // Of the submission to be appended.
    size_t findings_bytes = 0;                         // How many of them the answer may show.
  };

  absl::StatusOr<Judged> Judge(const ingestion_pb::SubmissionDraft& draft) const;
  Prepared Prepare(const base::CallContext& call, const ingestion_pb::SubmitRequest& request,
                   size_t findings_bytes) const;
  // The same for a request id that nobody has used: `out` has the request key and the fingerprint
  // already.
  void PrepareRecord(const base::CallContext& call, const ingestion_pb::SubmitRequest& request,
                     const SubmissionName& name, Prepared& out) const;
  // Turns the committer's word into the answer. `stale_definitions` becomes true when the
  // submission should be judged again, against newer definitions. `findings` are those of a
  // submission appended just now. Reads nothing then, so that the committer's thread is not kept.
  absl::StatusOr<ingestion_pb::SubmitResponse> Conclude(
      const ingestion_pb::SubmitRequest& request, const CommitResult& result,
      std::vector<survey::model::v1::Finding> findings, size_t findings_bytes,
      bool* stale_definitions) const;
  void Enqueue(const base::CallContext& call, const ingestion_pb::SubmitRequest& request,
               Prepared prepared, int attempts_left, SubmitDone done);
  // What follows when the committer has spoken: the answer, or another judgement.
  void Committed(const base::CallContext& call, const ingestion_pb::SubmitRequest& request,
                 const CommitResult& result, std::vector<survey::model::v1::Finding> findings,
                 size_t findings_bytes, int attempts_left, SubmitDone done);
  absl::StatusOr<ingestion_pb::Receipt> ReceiptAt(const SubmissionName& name,
                                                  int64_t position) const;
  absl::StatusOr<bool> TextErased(const SubmissionName& name) const;
  // Texts by item id; false when they cannot be read any more.
  absl::StatusOr<bool> TextsByItem(const StoredSubmission& stored,
                                   const domain::Catalog::QuestionnaireVersion& version,
                                   std::map<std::string, std::string>& out) const;
  absl::StatusOr<survey::model::v1::Submission> ToSubmission(const StoredSubmission& stored,
                                                             bool with_texts) const;

  storage::ResponseLog& log_;
  Committer& committer_;
  Definitions& definitions_;
  TextVault& vault_;
  storage::DraftStore& drafts_;
  mutable AnswersCache recent_;  // For what is read of other parts and of the edition before.
};

}  // namespace imdi::ingestion
