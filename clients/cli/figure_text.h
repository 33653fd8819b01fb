#pragma once

// A figure's numbers as people read them: fractions as percent, numbers as numbers, and never one
// as the other.

#include <cstdint>
#include <string>
#include <string_view>

#include "imdi/survey/query/v1/figure.pb.h"

namespace imdi::cli {

namespace query_api = ::imdi::survey::query::v1;

// A mean, a sum, a ratio or a quantile, by Figure.unit.
bool IsNumberUnit(std::string_view unit);
bool IsNumber(const query_api::Figure& figure);
// A value in the figure's unit: "73.0" with `decimals` of the percent, or a number with its own.
std::string AmountOf(const query_api::Figure& figure, double value, int decimals = 1);

// "73.0", or the sign that stands in its place.
std::string ValueOf(const query_api::Figure& figure, int decimals);
// The estimate for all units, "61.9", or "" where there is none.
std::string EstimateOf(const query_api::Figure& figure);
// Its interval, "58.9–64.9", "…–64.9" where it has no lower end, or "" where there is none, or none
// is needed because everybody answered.
std::string IntervalOf(const query_api::Figure& figure);
// "44.4–72.8", or "" where there are no bounds, or nobody is in the base and all is possible.
std::string BoundsOf(const query_api::Figure& figure);

// One of these texts, with " %" behind it where numbers stand among the figures shown and this is
// a fraction.
std::string Unmistaken(const query_api::Figure& figure, bool mixed, std::string amount);

// An integer in units of 10^-decimals: "-12.50".
std::string ScaledText(int64_t number, int decimals);

}  // namespace imdi::cli
