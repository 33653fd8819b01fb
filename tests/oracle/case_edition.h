#pragma once

// A case of the oracle as a survey of the house: its frame, a questionnaire that its answers fit,
// its designs as weight sets and its requests as indicators. So the numbers expected can be held
// against figures as they are served.

#include <memory>
#include <string>
#include <vector>

#include "imdi/survey/model/v1/indicator.pb.h"
#include "services/figures/edition_figures.h"
#include "tests/oracle/case.h"

namespace imdi::oracle {

// One request, or one of the numbers that it asks for.
struct ServedRequest {
  const Request* request = nullptr;
  std::string cell;  // {indicator}.{basis}: the total; groups stand behind it.
  survey::model::v1::IntervalChoice choice = survey::model::v1::INTERVAL_CHOICE_UNSPECIFIED;
  size_t probability = 0;  // Of a quantile: which of them.
};

struct CaseEdition {
  std::shared_ptr<const figures::EditionFigures> figures;
  std::vector<ServedRequest> served;
  std::vector<std::string> left_out;  // Ids of requests that no indicator is.
};

// For the cases whose columns are q1 … q6, n1 and n2. `data` must outlive it. Faults are reported
// as failures of the running test.
CaseEdition EditionOf(const Case& data);

// Name of a group of a request's breakdown, ".region=R1", from the level's name in the results.
std::string GroupOf(const Request& request, const std::string& level);

}  // namespace imdi::oracle
