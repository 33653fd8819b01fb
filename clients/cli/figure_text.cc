#include "clients/cli/figure_text.h"

#include "services/base/percent.h"
#include "services/base/text.h"

namespace imdi::cli {

using base::StrCat;

bool IsNumberUnit(std::string_view unit) { return !unit.empty() && unit != "fraction"; }

bool IsNumber(const query_api::Figure& figure) { return IsNumberUnit(figure.unit()); }

std::string AmountOf(const query_api::Figure& figure, double value, int decimals) {
  return IsNumber(figure) ? base::FormatNumber(value, figure.decimals())
                          : base::FormatPercent(value, decimals);
}

std::string ValueOf(const query_api::Figure& figure, int decimals) {
  if (figure.state_case() == query_api::Figure::kValue)
    return AmountOf(figure, figure.value(), decimals);
  return figure.no_value().sign().empty() ? ".." : figure.no_value().sign();
}

std::string EstimateOf(const query_api::Figure& figure) {
  return figure.estimate().has_value() ? AmountOf(figure, figure.estimate().value()) : "";
}

std::string IntervalOf(const query_api::Figure& figure) {
  const query_api::Estimate& estimate = figure.estimate();
  if (!estimate.has_value() || estimate.method() == query_api::INTERVAL_METHOD_NONE ||
      estimate.method() == query_api::INTERVAL_METHOD_KNOWN)
    return "";
  return StrCat(estimate.lower_open() ? "…" : AmountOf(figure, estimate.lower()), "–",
                estimate.upper_open() ? "…" : AmountOf(figure, estimate.upper()));
}

std::string BoundsOf(const query_api::Figure& figure) {
  if (!figure.estimate().has_value() || figure.estimate().unbounded()) return "";
  return StrCat(AmountOf(figure, figure.estimate().bound_lower()), "–",
                AmountOf(figure, figure.estimate().bound_upper()));
}

std::string Unmistaken(const query_api::Figure& figure, bool mixed, std::string amount) {
  const bool percent = mixed && figure.state_case() == query_api::Figure::kValue &&
                       !IsNumber(figure) && !amount.empty();
  return percent ? StrCat(amount, " %") : amount;
}

std::string ScaledText(int64_t number, int decimals) {
  std::string digits =
      StrCat(number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number));
  if (decimals > 0) {
    const auto places = static_cast<size_t>(decimals);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    const std::string_view all = digits;
    const size_t whole = all.size() - places;
    digits = StrCat(all.substr(0, whole), ".", all.substr(whole));
  }
  return number < 0 ? StrCat("-", digits) : digits;
}

}  // namespace imdi::cli
