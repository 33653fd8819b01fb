#pragma once

// The receipt that a municipality can archive: a plain text in the respondent's language.

#include <string>

#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "imdi/survey/model/v1/submission.pb.h"
#include "services/domain/survey_catalog.h"

namespace imdi::ingestion {

// Questions and answers as shown, with unit, revision, time, position and chain hash; no contact.
std::string ReceiptDocument(const domain::Catalog::EditionEntry& edition,
                            const survey::model::v1::Submission& submission,
                            const survey::ingestion::v1::Receipt& receipt);

}  // namespace imdi::ingestion
