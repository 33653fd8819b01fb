#include "services/figures/formula_step.h"

#include <array>
#include <charconv>

namespace imdi::figures {

std::string Number(double value) {
  constexpr int kDigits = 10;
  std::array<char, 40> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                 std::chars_format::general, kDigits);
  return std::string(digits.data(), end.ptr);
}

void Steps::Add(std::string_view symbol, survey::model::v1::LocalizedText title,
                std::string_view formula, std::string_view substituted, double result) {
  survey::query::v1::FormulaStep& step = steps_.emplace_back();
  step.set_symbol(symbol.data(), symbol.size());
  *step.mutable_title() = std::move(title);
  step.set_formula(formula.data(), formula.size());
  if (substituted.size() <= kSubstitutedBytesMax)
    step.set_substituted(substituted.data(), substituted.size());
  step.set_result(result);
}

}  // namespace imdi::figures
