#include "tests/oracle/results.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/oracle/results_parts.h"
#include "tests/oracle/tally.h"

namespace imdi::oracle {
namespace {

Value ComputeLevel(const Request& request, const std::vector<Tally>& years, const Level& level) {
  const Tally& tally = years[0];
  switch (request.type) {
    case Request::Type::kProportion:
      return ProportionOf(request, tally, level);
    case Request::Type::kDistribution:
      return DistributionOf(request, tally, level);
    case Request::Type::kMean:
    case Request::Type::kTotal:
    case Request::Type::kRatio:
      return LinearOf(request, tally, level);
    case Request::Type::kQuantile:
      return QuantileOf(request, tally, level);
    case Request::Type::kChange:
    case Request::Type::kTrend:
    case Request::Type::kMcNemar:
      return YearsOf(request, years, level);
    case Request::Type::kDifference:
      return DifferenceOf(request, tally);
    case Request::Type::kWeights:
      return WeightsOf(request, tally);
    case Request::Type::kChisq:
      return ChisqOf(request, tally);
    case Request::Type::kAudit:
      return AuditOf(request, tally);
    case Request::Type::kBh:
      break;
  }
  return {};
}

// `by` of these names margins, not a breakdown.
bool BreaksDown(Request::Type type) {
  return type != Request::Type::kWeights && type != Request::Type::kChisq &&
         type != Request::Type::kAudit && type != Request::Type::kDifference;
}

}  // namespace

absl::StatusOr<Value> Compute(const Case& data, const Request& request, const Value& done) {
  if (request.type == Request::Type::kBh) return BhOf(request, done);
  std::vector<std::string> years = request.years;
  if (years.empty()) years.push_back(request.year);
  std::vector<Tally> tallies;
  for (const std::string& year : years) {
    absl::StatusOr<Tally> tally = Tally::Of(data, request, year);
    if (!tally.ok()) return tally.status();
    tallies.push_back(*std::move(tally));
  }
  if (request.by.empty() || !BreaksDown(request.type))
    return ComputeLevel(request, tallies, Level{});
  Value cells = Value::List();
  for (const Level& level : tallies[0].Levels(data)) {
    Value cell = ComputeLevel(request, tallies, level);
    cell.members.insert(cell.members.begin(), {"level", Value::Text(level.name)});
    cells.list.push_back(std::move(cell));
  }
  return Value::Object().Set("cells", std::move(cells));
}

}  // namespace imdi::oracle
