#include "services/figures/exact_sums.h"

#include <algorithm>

namespace imdi::figures {
namespace {

using domain::Int128;

// Sums of squares stay far below (linear_estimate.h).
constexpr size_t kDigitsMax = 38;

}  // namespace

std::string Digits(Int128 number) {
  if (number == 0) return "0";
  const bool negative = number < 0;
  std::string out;
  for (; number != 0; number /= 10) {
    const auto digit = static_cast<int>(number % 10);
    out.push_back(static_cast<char>('0' + (negative ? -digit : digit)));
  }
  if (negative) out.push_back('-');
  std::ranges::reverse(out);
  return out;
}

std::optional<Int128> NumberOf(std::string_view digits) {
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  if (digits.empty() || digits.size() > kDigitsMax) return std::nullopt;
  Int128 out = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    out = out * 10 + (digit - '0');
  }
  return negative ? -out : out;
}

survey::query::v1::Sums SumsOf(const domain::SumsCell& cell) {
  survey::query::v1::Sums out;
  out.set_a(static_cast<int64_t>(cell.a));
  out.set_b(static_cast<int64_t>(cell.b));
  out.set_aa(Digits(cell.aa));
  out.set_bb(Digits(cell.bb));
  out.set_ab(Digits(cell.ab));
  return out;
}

std::optional<domain::SumsCell> CellOf(const survey::query::v1::Sums& sums) {
  const std::optional<Int128> aa = NumberOf(sums.aa());
  const std::optional<Int128> bb = NumberOf(sums.bb());
  const std::optional<Int128> ab = NumberOf(sums.ab());
  if (!aa.has_value() || !bb.has_value() || !ab.has_value()) return std::nullopt;
  domain::SumsCell out;
  out.a = sums.a();
  out.b = sums.b();
  out.aa = *aa;
  out.bb = *bb;
  out.ab = *ab;
  return out;
}

double ScaleOf(int32_t decimals) {
  double out = 1;
  for (int32_t i = 0; i < decimals; ++i) out *= 10;
  return out;
}

}  // namespace imdi::figures
