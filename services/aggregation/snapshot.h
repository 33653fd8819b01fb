#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "imdi/survey/aggregation/v1/figures_service.pb.h"
#include "services/aggregation/release_parts.h"
#include "services/domain/edition_counts.h"

namespace imdi::aggregation {

// What holds at one position of the log: counts of all editions, the records that made the
// definitions, and the releases that were closed. Immutable; what did not change is shared with the
// snapshot before, so that a changed pointer means a changed thing.
struct Snapshot {
  using Steps = std::vector<std::shared_ptr<const survey::aggregation::v1::DefinitionStep>>;

  // Which folding from a first record it is of: another one shares nothing with this one, also at
  // a higher position of the same log.
  int64_t generation = 0;
  std::string log_id;  // Empty before anything was heard of a log.
  int64_t epoch = 0;
  int64_t position = 0;
  int64_t time_us = 0;
  std::string stopped;  // What stops folding; empty = nothing.
  std::string unheard;  // Why ingestion is not heard; empty = it is.
  std::shared_ptr<const Steps> definitions = std::make_shared<const Steps>();    // In log order.
  std::map<std::string, std::shared_ptr<const domain::EditionCounts>> editions;  // By id.
  std::shared_ptr<const ReleaseParts::Closed> releases =
      std::make_shared<const ReleaseParts::Closed>();
};

}  // namespace imdi::aggregation
