#pragma once

// A table of figures: as people read it, and as columns for programs.

#include <string>

#include "clients/cli/sheet.h"
#include "imdi/survey/query/v1/query_service.pb.h"

namespace imdi::cli {

namespace query_api = ::imdi::survey::query::v1;

// Percents of those who answered, and below the answers of each question how many they are of.
// `all_units`: in the place of those who answered what is estimated of all units, with its interval
// in round brackets, or in square ones what is possible where there is none.
std::string TableText(const query_api::Table& table, bool all_units);

// A row for each cell, so that every number has a column of its own.
Sheet TableSheet(const query_api::Table& table);

}  // namespace imdi::cli
