#include "imdi/survey/client/value.h"

#include <algorithm>
#include <cmath>

#include "services/base/percent.h"

namespace imdi::survey::client {

namespace query_pb = query::v1;

Value ValueOf(const Figure& figure) {
  if (figure.state_case() == Figure::kValue) {
    Share share{.fraction = figure.value(),
                .numerator = figure.numerator(),
                .base = figure.base(),
                .for_all = std::nullopt};
    if (figure.has_estimate()) {
      const query_pb::Estimate& estimate = figure.estimate();
      share.for_all = {.share = estimate.value(),
                       .interval = std::nullopt,
                       .possible_lower = estimate.bound_lower(),
                       .possible_upper = estimate.bound_upper()};
      if (estimate.method() != query_pb::INTERVAL_METHOD_NONE)
        share.for_all->interval = {
            .lower = estimate.lower(), .upper = estimate.upper(), .level = estimate.level()};
    }
    return share;
  }
  // A state that this version does not know is no value either.
  const query_pb::NoValue& none = figure.no_value();
  return NoValue{.reason = none.reason(),
                 .sign = none.sign().empty() ? ".." : none.sign(),
                 .sdmx_status = none.sdmx_status(),
                 .text = none.text()};
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
  std::string text = base::FormatPercent(fraction, decimals);
  if (language != model::v1::LANGUAGE_EN) std::ranges::replace(text, '.', ',');
  return text;
}

std::string Percent(const Value& value, int decimals, Language language) {
  if (const auto* none = std::get_if<NoValue>(&value)) return none->sign;
  return Percent(std::get<Share>(value).fraction, decimals, language);
}

}  // namespace imdi::survey::client
