#pragma once

// The figures of one edition as they stand, out of its counts: value or reason, texts, etag.

#include "imdi/survey/aggregation/v1/figures_service.pb.h"
#include "imdi/survey/query/v1/figure.pb.h"
#include "services/domain/counts.h"
#include "services/domain/survey_catalog.h"

namespace imdi::aggregation {

namespace aggregation_pb = survey::aggregation::v1;
namespace model = survey::model::v1;
namespace query_pb = survey::query::v1;

// Summary, figures by name, claims by id. `counter` null = the edition has nothing to count yet.
// Positions and times are left out: whoever serves the figures knows them.
aggregation_pb::EditionFigures LiveFigures(const domain::Catalog& catalog,
                                           const domain::Catalog::EditionEntry& edition,
                                           const domain::EditionCounter* counter);

// The state as readers see it. kValue has none: unspecified.
query_pb::NoValue NoValueOf(domain::CellState state);
// First half of SHA-256 over the figure without etag and position, in hexadecimal: equal figures,
// equal tags, over restarts and rebuilds.
std::string EtagOf(const query_pb::Figure& figure);

}  // namespace imdi::aggregation
