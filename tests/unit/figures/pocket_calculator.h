#pragma once

// The value of a formula with its numbers put in, as FormulaStep.substituted writes them: numbers,
// + - * / ^, brackets, sqrt, log, exp, min, max.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace imdi::testing_support {

class PocketCalculator {
 public:
  // Empty for what is no such formula.
  static std::optional<double> Evaluate(std::string_view text) {
    PocketCalculator calculator(text);
    const double value = calculator.Sum();
    calculator.SkipSpaces();
    if (calculator.failed_ || !calculator.rest_.empty()) return std::nullopt;
    return value;
  }

 private:
  explicit PocketCalculator(std::string_view text) : rest_(text) {}

  void SkipSpaces() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }
  bool Take(std::string_view sign) {
    SkipSpaces();
    if (!rest_.starts_with(sign)) return false;
    rest_.remove_prefix(sign.size());
    return true;
  }
  double Sum() {
    double value = Product();
    while (true) {
      if (Take("+")) {
        value += Product();
      } else if (Take("-")) {
        value -= Product();
      } else {
        return value;
      }
    }
  }
  double Product() {
    double value = Power();
    while (true) {
      if (Take("*")) {
        value *= Power();
      } else if (Take("/")) {
        value /= Power();
      } else {
        return value;
      }
    }
  }
  double Power() {
    const double value = Atom();
    return Take("^") ? std::pow(value, Atom()) : value;
  }
  double Atom() {
    if (Take("sqrt(")) return std::sqrt(Closed(Sum()));
    if (Take("log(")) return std::log(Closed(Sum()));
    if (Take("exp(")) return std::exp(Closed(Sum()));
    if (Take("min(")) return OfTwo([](double a, double b) { return std::min(a, b); });
    if (Take("max(")) return OfTwo([](double a, double b) { return std::max(a, b); });
    if (Take("(")) return Closed(Sum());
    SkipSpaces();
    double value = 0;
    const auto end = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (end.ec != std::errc()) {
      failed_ = true;
      rest_ = {};
      return 0;
    }
    rest_.remove_prefix(static_cast<size_t>(end.ptr - rest_.data()));
    return value;
  }
  template <typename Function>
  double OfTwo(const Function& function) {
    const double a = Sum();
    if (!Take(",")) failed_ = true;
    return Closed(function(a, Sum()));
  }
  double Closed(double value) {
    if (!Take(")")) failed_ = true;
    return value;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace imdi::testing_support
