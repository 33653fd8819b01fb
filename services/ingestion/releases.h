#pragma once

// Use case of aggregation: append a part of a release, or close one. What the figures are is not
// ingestion's business; that a release in the log is whole, unchanged and the next of its edition
// is.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "services/base/call_context.h"
#include "services/ingestion/committer.h"
#include "services/ingestion/definitions.h"
#include "services/ingestion/text_vault.h"
#include "storage/response_log.h"

namespace imdi::ingestion {

namespace ingestion_pb = survey::ingestion::v1;

// Thread-safe. It keeps nothing between calls: which parts there are stands in the log's own index,
// so a process that started a moment ago closes what another one began.
class Releases {
 public:
  Releases(storage::ResponseLog& log, Committer& committer, const Definitions& definitions,
           const TextVault& vault)
      : log_(log), committer_(committer), definitions_(definitions), vault_(vault) {}

  // Waits for the committer: call it on an executor, never inline.
  absl::StatusOr<ingestion_pb::RecordReleaseResponse> Record(
      const base::CallContext& call, const ingestion_pb::RecordReleaseRequest& request);

 private:
  absl::Status CheckPart(const survey::store::v1::ReleaseChunk& chunk) const;
  absl::Status CheckClose(const survey::store::v1::ReleasePublished& published) const;
  // Which building the edition's parts belong to now, and what the log's index says of it.
  struct Building {
    std::string build_id;  // Empty = none was begun.
    int64_t begun = 0;     // Revision of the edition's buildings.
    int64_t parts = 0;     // How many parts the building asked about has.
  };
  absl::StatusOr<Building> BuildingOf(const std::string& edition,
                                      const std::string& build_id) const;
  // OK when the parts in the log are those of the close: all there, with its hash and facts.
  absl::Status CheckParts(const survey::store::v1::ReleasePublished& published) const;

  storage::ResponseLog& log_;
  Committer& committer_;
  const Definitions& definitions_;
  const TextVault& vault_;
};

}  // namespace imdi::ingestion
