#pragma once

// The verdicts of one snapshot on its live figures. They rest on several editions, so they belong
// to a snapshot and not to one edition's figures.

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

namespace imdi::query {

// Thread-safe.
class ClaimCache {
 public:
  using Claims = std::vector<survey::query::v1::ClaimResult>;

  // What `judge` says of the edition; called once for each.
  std::shared_ptr<const Claims> Get(std::string_view edition, const std::function<Claims()>& judge);

 private:
  struct Entry {
    std::once_flag once;
    std::shared_ptr<const Claims> claims;
  };
  base::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::query
