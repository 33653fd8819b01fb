#pragma once

// A log of a small survey that fuzz targets go on from, and what a fold of it shows.

#include <string>
#include <vector>

#include "imdi/survey/store/v1/record.pb.h"
#include "services/aggregation/fold.h"

namespace imdi::fuzz {

// Definitions of the editions S2016 and S2017 with their indicators, the later edition open.
std::vector<survey::store::v1::Record> SmallLog();

// Figures of all editions as bytes. Whatever a fold has taken must be countable.
std::string Shown(aggregation::Fold& fold);

}  // namespace imdi::fuzz
