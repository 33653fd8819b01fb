#pragma once

// The changes and verdicts of one snapshot on its live figures. They rest on several editions, so
// they belong to a snapshot and not to one edition's figures.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/claim.pb.h"
#include "services/base/mutex.h"
#include "services/figures/change_figures.h"

namespace imdi::query {

// Thread-safe.
class ClaimCache {
 public:
  struct Judged {
    figures::EditionChanges changes;
    std::vector<survey::query::v1::ClaimResult> claims;
    std::vector<survey::query::v1::Trend> trends;
  };

  // What `judge` says of the edition, kept once it has said so. While another caller judges, this
  // one waits for it; where that one gave up, this one judges. An error of `judge`, or of `wanted`,
  // which is asked while it waits.
  absl::StatusOr<std::shared_ptr<const Judged>> Get(
      std::string_view edition, const std::function<absl::StatusOr<Judged>()>& judge,
      const std::function<absl::Status()>& wanted);

 private:
  struct Entry {
    bool judging = false;
    std::shared_ptr<const Judged> judged;  // Null until somebody has.
  };
  base::Mutex mutex_;
  base::CondVar ended_;  // Somebody no longer judges.
  std::map<std::string, Entry, std::less<>> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::query
