#pragma once

// The day of the deadline: every unit of an edition submits, each over a connection of its own, and
// sends the same again and again, as a form does that lost the answer.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "clients/cli/definition_documents.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"

namespace imdi::testing_support {

struct DeadlineDay {
  std::string address;
  std::vector<survey::ingestion::v1::SubmitRequest> units;  // One for each, with its request id.
  double seconds = 60;  // When the first ones are sent; the more, the nearer the deadline.
  int retries = 3;      // The same request once more, whatever was answered.
  uint64_t seed = 1;
};

struct DeadlineDayResult {
  std::map<std::string, survey::ingestion::v1::Receipt> receipts;  // By request id.
  int64_t calls = 0;
  int64_t shed = 0;                 // Of these, refused for overload; sent again after the delay.
  int64_t without_delay = 0;        // Refused without saying when to come back.
  int64_t most_tries = 0;           // Until a unit had its first receipt.
  double slowest_s = 0;             // From a unit's first try to its first receipt.
  std::vector<std::string> faults;  // Another receipt, or anything else; at most ten.
};

// Returns when every unit has had its receipt and sent its retries, or given up after a minute.
DeadlineDayResult Run(const DeadlineDay& day);

// A request for every unit of the frame of `edition`: its own where `answers` has one, otherwise
// what another unit of the same kind answered.
std::vector<survey::ingestion::v1::SubmitRequest> OneOfEachUnit(
    const cli::DefinitionDocuments& documents, const std::string& edition,
    const std::vector<survey::ingestion::v1::SubmitRequest>& answers);

}  // namespace imdi::testing_support
