#include "imdi/survey/client/value.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "services/base/percent.h"

namespace imdi::survey::client {

namespace query_pb = query::v1;

namespace {

constexpr std::string_view kFraction = "fraction";

std::optional<Interval> IntervalOf(const query_pb::Estimate& estimate) {
  if (estimate.method() == query_pb::INTERVAL_METHOD_NONE) return std::nullopt;
  return Interval{.lower = estimate.lower(),
                  .upper = estimate.upper(),
                  .level = estimate.level(),
                  .lower_open = estimate.lower_open(),
                  .upper_open = estimate.upper_open()};
}

std::string InLanguage(std::string number, Language language) {
  if (language != model::v1::LANGUAGE_EN) std::ranges::replace(number, '.', ',');
  return number;
}

}  // namespace

Value ValueOf(const Figure& figure) {
  if (figure.state_case() != Figure::kValue) {
    // A state that this version does not know is no value either.
    const query_pb::NoValue& none = figure.no_value();
    return NoValue{.reason = none.reason(),
                   .sign = none.sign().empty() ? ".." : none.sign(),
                   .sdmx_status = none.sdmx_status(),
                   .text = none.text()};
  }
  const query_pb::Estimate& estimate = figure.estimate();
  // A unit that this version does not know is a number as well: no share is made of it.
  if (!figure.unit().empty() && figure.unit() != kFraction) {
    Number number{.number = figure.value(),
                  .base = figure.base(),
                  .decimals = figure.decimals(),
                  .unit = figure.unit_title(),
                  .for_all = std::nullopt};
    if (figure.has_estimate())
      number.for_all = {.number = estimate.value(), .interval = IntervalOf(estimate)};
    return number;
  }
  Share share{.fraction = figure.value(),
              .numerator = figure.numerator(),
              .base = figure.base(),
              .for_all = std::nullopt};
  if (figure.has_estimate()) {
    share.for_all = {.share = estimate.value(),
                     .interval = IntervalOf(estimate),
                     .possible_lower = estimate.bound_lower(),
                     .possible_upper = estimate.bound_upper()};
  }
  return share;
}

std::string CellOf(const Figure& figure) {
  return figure.name().substr(figure.name().rfind('/') + 1);
}

std::string GroupOf(const Figure& figure, std::string_view attribute) {
  const std::string cell = CellOf(figure);
  const size_t at = cell.find("." + std::string(attribute) + "=");
  if (at == std::string::npos) return "";
  const size_t from = at + attribute.size() + 2;
  return cell.substr(from, cell.find('.', from) - from);
}

const std::string& TextIn(const LocalizedText& text, Language language) {
  if (language == model::v1::LANGUAGE_NN) return text.nn();
  if (language == model::v1::LANGUAGE_EN && !text.en().empty()) return text.en();
  return text.nb();
}

std::string Percent(double fraction, int decimals, Language language) {
  return InLanguage(base::FormatPercent(fraction, decimals), language);
}

std::string Percent(const Value& value, int decimals, Language language) {
  if (const auto* none = std::get_if<NoValue>(&value)) return none->sign;
  const auto* share = std::get_if<Share>(&value);
  return share == nullptr ? std::string() : Percent(share->fraction, decimals, language);
}

std::string Shown(const Value& value, int decimals, Language language) {
  if (const auto* number = std::get_if<Number>(&value)) {
    std::string text = InLanguage(base::FormatNumber(number->number, number->decimals), language);
    if (const std::string& unit = TextIn(number->unit, language); !unit.empty())
      text.append(" ").append(unit);
    return text;
  }
  const std::string text = Percent(value, decimals, language);
  return std::holds_alternative<Share>(value) ? text + " %" : text;
}

}  // namespace imdi::survey::client
