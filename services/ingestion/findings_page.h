#pragma once

// Which findings of a submission an answer shows, and the token by which Validate goes on. Nothing
// is kept for it: findings are made anew from the submission, and the token says of which
// submission and which list it is.

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "services/ingestion/text_vault.h"

namespace imdi::ingestion {

namespace ingestion_pb = survey::ingestion::v1;

// All findings of one submission. What it borrows must outlive it.
class Findings {
 public:
  Findings(std::vector<survey::model::v1::Finding> all, const ingestion_pb::SubmissionDraft& draft,
           const TextVault& vault);

  // As many as fit into kFindingsPerResponseMax and `bytes_max`, perhaps none, and the true number.
  // Of a refused submission also the token for the rest: an accepted one is kept with all of them.
  void PutFirst(size_t bytes_max, ingestion_pb::SubmitResponse& response) const;
  // The page that the request asks for. FIELD_INVALID for a negative page_size, PAGE_TOKEN_INVALID
  // for a token that is none of ours or of another submission, ABORTED SNAPSHOT_GONE when the list
  // has become another one, because definitions or the unit's other answers changed.
  absl::Status PutPage(const ingestion_pb::ValidateRequest& request,
                       ingestion_pb::ValidateResponse& response) const;

 private:
  // Keyed digests of the submission, however its answers are sorted, and of the list.
  std::string ContentDigest() const;
  std::string ListDigest() const;
  std::string TokenFor(size_t next) const;

  std::vector<survey::model::v1::Finding> all_;  // Hard ones first, the rest as they came.
  const ingestion_pb::SubmissionDraft& draft_;
  const TextVault& vault_;
};

}  // namespace imdi::ingestion
