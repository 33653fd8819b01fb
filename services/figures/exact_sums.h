#pragma once

// Exact sums of numbers as they are stored and shown.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "imdi/survey/query/v1/explanation.pb.h"
#include "services/domain/linear_estimate.h"

namespace imdi::figures {

// Decimal digits, '-' in front of negative ones; and back, empty for anything else.
std::string Digits(domain::Int128 number);
std::optional<domain::Int128> NumberOf(std::string_view digits);

survey::query::v1::Sums SumsOf(const domain::SumsCell& cell);
// `frame`, `responded` and `base` are left to the caller.
std::optional<domain::SumsCell> CellOf(const survey::query::v1::Sums& sums);

// 10^decimals.
double ScaleOf(int32_t decimals);

}  // namespace imdi::figures
