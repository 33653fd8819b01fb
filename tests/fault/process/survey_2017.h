#pragma once

// The survey of 2017 on servers that are killed: its documents, its demonstration answers, and the
// comparison of what was acknowledged with what the log and the figures say. What goes wrong fails
// the test.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/connection.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "tests/fault/process/submitters.h"

namespace imdi::process_fault {

// A folder of the survey's documents; "" for all of them.
std::string Surveys(const std::string& part);

// The first submission of every unit that answered in 2017, out of the demonstration answers.
const std::vector<ingestion_pb::SubmitRequest>& FirstSubmissions();

// Applies the survey's documents and opens the edition of 2017. Gives the position of the log then.
int64_t ApplySurvey(const cli::Connection& ingestion);
// Position of the log; -1 where it could not be asked.
int64_t HeadOf(const cli::Connection& ingestion);

// The submitters' notes and the log agree, and texts open; `records_before` were there before they
// began. Stops them.
void ExpectLogAsAcknowledged(Submitters& submitters, const cli::Connection& ingestion,
                             const std::string& ingestion_address, int64_t records_before);
// The fold reaches the head of the log within 10 s.
void ExpectEverythingFolded(const cli::Connection& connection);

}  // namespace imdi::process_fault
