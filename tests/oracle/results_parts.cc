#include "tests/oracle/results_parts.h"

#include <string>
#include <utility>

namespace imdi::oracle {

using domain::EstimateStatus;
using domain::Interval;

std::string_view StatusName(EstimateStatus status) {
  switch (status) {
    case EstimateStatus::kOk:
      return "ok";
    case EstimateStatus::kEmpty:
      return "empty";
    case EstimateStatus::kCensus:
      return "census";
    case EstimateStatus::kNoDf:
      return "no_df";
    case EstimateStatus::kDegenerate:
      return "degenerate";
    case EstimateStatus::kZeroVariance:
      return "zero_variance";
  }
  return "";
}

Value Pair(const std::optional<Interval>& interval) {
  if (!interval.has_value()) return Value::List({Value(), Value()});
  return Value::List({Value::Number(interval->lower), Value::Number(interval->upper)});
}

Value Number(const std::optional<double>& number) {
  return number.has_value() ? Value::Number(*number) : Value();
}

Value Matrix(const std::vector<double>& numbers, size_t columns) {
  std::vector<Value> rows;
  for (size_t begin = 0; begin < numbers.size(); begin += columns) {
    std::vector<Value> row;
    for (size_t i = 0; i < columns; ++i) row.push_back(Value::Number(numbers[begin + i]));
    rows.push_back(Value::List(std::move(row)));
  }
  return Value::List(std::move(rows));
}

Value Texts(const std::vector<std::string>& texts) {
  Value out = Value::List();
  for (const std::string& text : texts) out.list.push_back(Value::Text(text));
  return out;
}

}  // namespace imdi::oracle
