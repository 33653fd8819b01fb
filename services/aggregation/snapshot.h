#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "imdi/survey/aggregation/v1/figures_service.pb.h"

namespace imdi::aggregation {

// Live figures of all editions at one position. Immutable; editions whose figures did not change
// are shared with the snapshot before, so a changed pointer means changed figures.
struct Snapshot {
  std::string log_id;
  int64_t epoch = 0;
  int64_t position = 0;
  int64_t time_us = 0;
  std::map<std::string, std::shared_ptr<const survey::aggregation::v1::EditionFigures>>
      editions;  // By id.
};

}  // namespace imdi::aggregation
