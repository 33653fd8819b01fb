#pragma once

// The receipt that a municipality can archive: a plain text in the respondent's language.

#include <string>

#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "imdi/survey/model/v1/submission.pb.h"
#include "services/domain/survey_catalog.h"

namespace imdi::ingestion {

// What was asked and answered, in the words the respondent saw, with unit, role, revision, time,
// position, chain hash, and remarks with their comments; no contact.
std::string ReceiptDocument(const domain::Catalog::EditionEntry& edition,
                            const survey::model::v1::Submission& submission,
                            const survey::ingestion::v1::Receipt& receipt,
                            survey::model::v1::Language language);

}  // namespace imdi::ingestion
