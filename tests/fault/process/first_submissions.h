#pragma once

// The survey and its invented answers as the campaigns send them.

#include <string>
#include <vector>

#include "imdi/survey/ingestion/v1/submission_service.pb.h"

namespace imdi::process_fault {

// deploy/surveys/ku of the repository.
std::string SurveyFolder();
// The first submission of every unit that answered in 2017, out of the demonstration answers.
const std::vector<survey::ingestion::v1::SubmitRequest>& FirstSubmissions();

}  // namespace imdi::process_fault
