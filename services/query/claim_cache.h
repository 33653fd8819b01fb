#pragma once

// The changes and verdicts of one snapshot on its live figures. They rest on several editions, so
// they belong to a snapshot and not to one edition's figures.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
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

  // What `judge` says of the edition; called once for each.
  std::shared_ptr<const Judged> Get(std::string_view edition, const std::function<Judged()>& judge);

 private:
  struct Entry {
    std::once_flag once;
    std::shared_ptr<const Judged> judged;
  };
  base::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::query
