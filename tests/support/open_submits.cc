#include "tests/support/open_submits.h"

#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::testing_support {

namespace ingestion_pb = survey::ingestion::v1;

OpenSubmits::OpenSubmits(const std::vector<ingestion_pb::SubmitRequest>& units) {
  base::MutexLock lock(mutex_);
  for (const ingestion_pb::SubmitRequest& request : units) {
    const ingestion_pb::SubmissionDraft& draft = request.submission();
    free_.push_back(units_.size());
    units_.push_back({.request = request,
                      .name = base::StrCat(draft.edition(), "/", draft.unit(), "/", draft.part()),
                      .revision = 0});
  }
}

std::optional<std::string> OpenSubmits::Next(size_t call) {
  base::MutexLock lock(mutex_);
  if (free_.empty()) {
    ++left_out_;
    return std::nullopt;
  }
  const size_t index = free_.front();
  free_.pop_front();
  under_way_.emplace(call, index);
  Unit& unit = units_[index];
  unit.request.set_expected_revision(static_cast<int32_t>(unit.revision));
  unit.request.set_request_id(base::StrCat("open-", index, "-", unit.revision + 1));
  return unit.request.SerializeAsString();
}

bool OpenSubmits::Answered(const OpenAnswer& answer) {
  base::MutexLock lock(mutex_);
  const auto found = under_way_.find(answer.index);
  const size_t index = found->second;
  under_way_.erase(found);
  Unit& unit = units_[index];
  std::string fault;
  if (answer.status.ok()) {
    ingestion_pb::SubmitResponse response;
    if (response.ParseFromString(answer.response) &&
        response.outcome() == ingestion_pb::SUBMIT_OUTCOME_ACCEPTED &&
        response.receipt().revision() == unit.revision + 1) {
      receipts_[unit.request.request_id()] = response.receipt();
      ++unit.revision;
    } else {
      fault = response.ShortDebugString();
    }
  } else if (const base::Reason reason = base::ReasonOf(answer.status);
             reason != base::Reason::kOverloaded && reason != base::Reason::kQueueFull) {
    fault = answer.status.ToString();
  }
  // A unit of which nobody knows how it stands is left alone.
  if (fault.empty()) {
    free_.push_back(index);
  } else if (faults_++ == 0) {
    first_fault_ = base::StrCat(unit.name, ": ", fault);
  }
  return fault.empty();
}

std::map<std::string, ingestion_pb::Receipt> OpenSubmits::Receipts() const {
  base::MutexLock lock(mutex_);
  return receipts_;
}
int64_t OpenSubmits::left_out() const {
  base::MutexLock lock(mutex_);
  return left_out_;
}
int64_t OpenSubmits::faults() const {
  base::MutexLock lock(mutex_);
  return faults_;
}
std::string OpenSubmits::first_fault() const {
  base::MutexLock lock(mutex_);
  return first_fault_;
}

}  // namespace imdi::testing_support
