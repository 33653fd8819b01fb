#pragma once

// Submissions for an open loop. Each is the next revision of a unit that no other one is on its way
// for; what was refused is sent again later, as another arrival. It knows what was acknowledged, so
// that the log can be held against it.

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "services/base/mutex.h"
#include "tests/support/open_loop.h"

namespace imdi::testing_support {

inline constexpr const char* kSubmitMethod = "/imdi.survey.ingestion.v1.SubmissionService/Submit";

class OpenSubmits {
 public:
  // One request for each unit, with expected_revision 0.
  explicit OpenSubmits(const std::vector<survey::ingestion::v1::SubmitRequest>& units);

  // The next one, for `call` of the loop; nothing when every unit has one on its way.
  std::optional<std::string> Next(size_t call);
  // Its answer. False when it is neither a receipt nor a refusal for overload: a fault.
  bool Answered(const OpenAnswer& answer);

  // The receipts that were given, by request id.
  std::map<std::string, survey::ingestion::v1::Receipt> Receipts() const;
  int64_t left_out() const;  // Calls that found no unit.
  int64_t faults() const;
  std::string first_fault() const;

 private:
  struct Unit {
    survey::ingestion::v1::SubmitRequest request;
    std::string name;
    int64_t revision = 0;
  };
  mutable base::Mutex mutex_;
  std::vector<Unit> units_ ABSL_GUARDED_BY(mutex_);
  std::deque<size_t> free_ ABSL_GUARDED_BY(mutex_);
  std::map<size_t, size_t> under_way_ ABSL_GUARDED_BY(mutex_);  // Unit by call.
  std::map<std::string, survey::ingestion::v1::Receipt> receipts_ ABSL_GUARDED_BY(mutex_);
  int64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t faults_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string first_fault_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::testing_support
