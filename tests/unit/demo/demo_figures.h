#pragma once

// The demonstration answers as figures: the survey's documents folded and the answers counted by
// the domain alone, without any service between.

#include <memory>
#include <string>

#include "services/domain/survey_catalog.h"
#include "services/figures/edition_figures.h"
#include "tests/unit/demo/demo_answers.h"

namespace imdi::demo_test {

// The survey's documents, with every edition open. Fails the test where one of them has a finding.
std::shared_ptr<const domain::Catalog> Documents();

// What was sent to an edition, counted; earlier editions, where it is counted together with them,
// as the demonstration has them.
std::shared_ptr<const figures::EditionFigures> Count(const std::string& edition,
                                                     const Responses& sent);

}  // namespace imdi::demo_test
