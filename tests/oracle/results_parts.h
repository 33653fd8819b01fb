#pragma once

// How the parts of a result are written, and the results by kind of request; results.cc puts them
// together.

#include <optional>
#include <string_view>
#include <vector>

#include "services/domain/intervals.h"
#include "tests/oracle/case.h"
#include "tests/oracle/document.h"
#include "tests/oracle/tally.h"

namespace imdi::oracle {

std::string_view StatusName(domain::EstimateStatus status);
Value Pair(const std::optional<domain::Interval>& interval);  // Two nulls where there is none.
Value Number(const std::optional<double>& number);
Value Matrix(const std::vector<double>& numbers, size_t columns);  // A list of rows.
Value Texts(const std::vector<std::string>& texts);
Value Numbers(const auto& numbers) {
  Value out = Value::List();
  for (const auto number : numbers) out.list.push_back(Value::Number(static_cast<double>(number)));
  return out;
}

// results_shares.cc
Value ProportionOf(const Request& request, const Tally& tally, const Level& level);
Value DistributionOf(const Request& request, const Tally& tally, const Level& level);
Value DifferenceOf(const Request& request, const Tally& tally);
Value ChisqOf(const Request& request, const Tally& tally);
// results_numbers.cc
Value LinearOf(const Request& request, const Tally& tally, const Level& level);
Value QuantileOf(const Request& request, const Tally& tally, const Level& level);
Value WeightsOf(const Request& request, const Tally& tally);
// results_years.cc: change, trend, mcnemar; a tally for each year.
Value YearsOf(const Request& request, const std::vector<Tally>& years, const Level& level);
// results_tables.cc: what is about a list of results or a whole table.
Value BhOf(const Request& request, const Value& done);
Value AuditOf(const Request& request, const Tally& tally);

}  // namespace imdi::oracle
