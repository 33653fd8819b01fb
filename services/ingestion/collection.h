#pragma once

// How collection stands, live: units of an edition by disposition, in total and by a frame
// attribute.

#include <array>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "services/base/call_context.h"
#include "services/base/mutex.h"
#include "services/ingestion/definitions.h"
#include "storage/response_log.h"

namespace imdi::ingestion {

// Thread-safe. Reads what holds now from the log; what was derived of a unit is kept until its
// submissions, its disposition or the definitions change, so a repeated call costs one scan of the
// index.
class Collection {
 public:
  Collection(const storage::ResponseLog& log, const Definitions& definitions)
      : log_(log), definitions_(definitions) {}

  absl::StatusOr<ingestion_pb::GetCollectionStatusResponse> Status(
      const base::CallContext& call, const ingestion_pb::GetCollectionStatusRequest& request);

 private:
  struct Derived {
    std::map<std::string, int64_t> positions;  // Of the unit's current submissions, by part.
    // Of the definitions that it was derived under: edition, frame, questionnaire, and its version.
    std::array<int64_t, 4> definitions = {};
    survey::model::v1::Disposition outcome = survey::model::v1::DISPOSITION_UNSPECIFIED;
  };

  const storage::ResponseLog& log_;
  const Definitions& definitions_;
  base::Mutex mutex_;
  // By edition and unit; bounded by the units of the frames.
  std::map<std::string, std::map<std::string, Derived>> derived_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::ingestion
