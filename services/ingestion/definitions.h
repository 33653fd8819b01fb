#pragma once

// Use cases of the survey team: apply definitions, open and close editions, set dispositions. Keeps
// the catalog of what holds now, which every other use case of ingestion reads.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "imdi/survey/ingestion/v1/edition_service.pb.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "services/base/call_context.h"
#include "services/base/mutex.h"
#include "services/domain/survey_catalog.h"
#include "services/ingestion/committer.h"
#include "services/ingestion/text_vault.h"
#include "storage/response_log.h"

namespace imdi::ingestion {

namespace ingestion_pb = survey::ingestion::v1;

// Thread-safe. Methods that append wait for the committer: call them on an executor, never inline.
class Definitions {
 public:
  // Rebuilds the catalog from the log.
  static absl::StatusOr<std::unique_ptr<Definitions>> Open(storage::ResponseLog& log,
                                                           Committer& committer,
                                                           const TextVault& vault);

  std::shared_ptr<const domain::Catalog> catalog() const;
  // Called after every change of the catalog, from the thread that made it; quick, and without
  // calling back. After SetCatalogListener(nullptr) has returned it is not running and never called
  // again. One at a time.
  void SetCatalogListener(std::function<void()> listener);
  // Reads the log again, after a proposal turned out to rest on an outdated catalog.
  absl::Status Reload();

  absl::StatusOr<ingestion_pb::ApplyDefinitionResponse> Apply(
      const base::CallContext& call, const ingestion_pb::ApplyDefinitionRequest& request);
  absl::StatusOr<ingestion_pb::GetDefinitionResponse> Get(
      const ingestion_pb::GetDefinitionRequest& request) const;
  absl::StatusOr<ingestion_pb::ListDefinitionsResponse> List(
      const ingestion_pb::ListDefinitionsRequest& request) const;
  absl::StatusOr<ingestion_pb::SetEditionStateResponse> SetState(
      const base::CallContext& call, const ingestion_pb::SetEditionStateRequest& request);
  // A transition of the edition's schedule, appended once however often it is asked for, also over
  // restarts. True: just now; false: before. EDITION_STATE_CONFLICT while the edition cannot take
  // the state.
  absl::StatusOr<bool> RunScheduled(std::string_view edition,
                                    const survey::model::v1::ScheduledTransition& transition);
  absl::StatusOr<ingestion_pb::SetDispositionResponse> SetDisposition(
      const base::CallContext& call, const ingestion_pb::SetDispositionRequest& request);

 private:
  Definitions(storage::ResponseLog& log, Committer& committer, const TextVault& vault)
      : log_(log), committer_(committer), vault_(vault) {}

  absl::StatusOr<domain::AnswerFacts> FactsAbout(std::string_view edition) const;
  // Position of the record, whether appended now or by an earlier call with the same request id; 0
  // when a revision that the proposal rests on has moved (the catalog has then been read again).
  absl::StatusOr<int64_t> Append(storage::Proposal proposal);
  // Appends `record`, an EditionStateChanged without its revision. Position of the record, by this
  // call or (then `known` becomes true) an earlier one with the same key; 0 when the state holds
  // already, unless `always`.
  absl::StatusOr<int64_t> ChangeState(survey::store::v1::Record record,
                                      const std::string& request_key,
                                      const std::string& fingerprint, bool always, bool* known);
  // `position` is that of the last record folded into it; an older catalog than the one held is
  // dropped.
  void Publish(std::shared_ptr<const domain::Catalog> catalog, int64_t position);

  storage::ResponseLog& log_;
  Committer& committer_;
  const TextVault& vault_;
  base::Mutex
      change_mutex_;  // Held through a whole change, so that changes come one after the other.
  mutable base::Mutex mutex_;
  std::shared_ptr<const domain::Catalog> catalog_ ABSL_GUARDED_BY(mutex_) =
      domain::Catalog::Empty();
  int64_t catalog_position_ ABSL_GUARDED_BY(mutex_) = 0;
  base::Mutex listener_mutex_;
  std::function<void()> listener_ ABSL_GUARDED_BY(listener_mutex_);
};

// A record as every use case begins it.
survey::store::v1::Record BeginRecord(const base::CallContext& call, std::string_view request_id);
// The record at a position; STORE_CORRUPT when it does not parse.
absl::StatusOr<survey::store::v1::Record> ReadRecord(const storage::ResponseLog& log,
                                                     int64_t position,
                                                     storage::LogEntry* entry = nullptr);
absl::Status RequestIdReused(std::string_view request_id);

}  // namespace imdi::ingestion
