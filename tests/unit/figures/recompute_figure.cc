#include "tests/unit/figures/recompute_figure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/figures/pocket_calculator.h"

namespace imdi::testing_support {
namespace {

namespace model = survey::model::v1;
using Real = long double;

// P(|T| <= t) by Simpson's rule over the density.
double WithinT(double t, int df) {
  const double c = std::exp(std::lgamma((df + 1) / 2.0) - std::lgamma(df / 2.0)) /
                   std::sqrt(df * std::acos(-1.0));
  const auto density = [&](double v) { return c * std::pow(1 + v * v / df, -(df + 1) / 2.0); };
  const int steps = 4'000;
  const double h = t / steps;
  double sum = density(0) + density(t);
  for (int i = 1; i < steps; ++i) sum += (i % 2 == 1 ? 4 : 2) * density(i * h);
  return 2 * sum * h / 3;
}

// P(B <= v) of beta(a, b), likewise, in the angle whose sine squared is v.
double BelowBeta(double v, double a, double b) {
  const double c = std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b);
  const auto density = [&](double angle) {
    const double s = std::sin(angle), k = std::cos(angle);
    return s <= 0 || k <= 0
               ? (2 * a == 1 || 2 * b == 1 ? 1.0 : 0.0)
               : 2 * std::exp(c + (2 * a - 1) * std::log(s) + (2 * b - 1) * std::log(k));
  };
  const int steps = 20'000;
  const double h = std::asin(std::sqrt(v)) / steps;
  double sum = density(0) + density(steps * h);
  for (int i = 1; i < steps; ++i) sum += (i % 2 == 1 ? 4 : 2) * density(i * h);
  return sum * h / 3;
}

// Solves a x = b by elimination; what depends on the columns before gets 0.
std::vector<Real> Solve(std::vector<std::vector<Real>> a, std::vector<Real> b) {
  const size_t n = b.size();
  std::vector<Real> largest(n);
  for (size_t i = 0; i < n; ++i) largest[i] = a[i][i];
  std::vector<bool> used(n, false);
  for (size_t i = 0; i < n; ++i) {
    if (!(a[i][i] > largest[i] * 1e-12L)) continue;
    used[i] = true;
    for (size_t j = 0; j < n; ++j) {
      if (j == i) continue;
      const Real factor = a[j][i] / a[i][i];
      for (size_t k = 0; k < n; ++k) a[j][k] -= factor * a[i][k];
      b[j] -= factor * b[i];
    }
  }
  std::vector<Real> out(n, 0);
  for (size_t i = 0; i < n; ++i) {
    if (used[i]) out[i] = b[i] / a[i][i];
  }
  return out;
}

// Sum and sum of squares of a line's units.
struct Moments {
  Real sum = 0;
  Real squares = 0;
};

class Recomputed {
 public:
  Recomputed(const query_pb::Explanation& explanation, const query_pb::IndicatorInfo& indicator)
      : explanation_(explanation),
        figure_(explanation.figure()),
        estimate_(explanation.figure().estimate()),
        indicator_(indicator),
        calibrated_(explanation.weights().method() != model::WEIGHT_METHOD_STRATA) {
    for (const query_pb::FormulaStep& step : explanation.steps()) {
      EXPECT_TRUE(steps_.emplace(step.symbol(), &step).second)
          << figure_.name() << " has two steps " << step.symbol();
      EXPECT_FALSE(step.title().nn().empty() || step.title().nb().empty()) << step.symbol();
    }
    for (const query_pb::StratumEvidence& line : explanation.strata()) n_ += line.base();
  }

  void Check() {
    EXPECT_EQ(figure_.base(), n_) << figure_.name();
    Result("n", n_);
    if (n_ == 0) {
      Empty();
      Substituted();
      return;
    }
    switch (indicator_.kind()) {
      case model::INDICATOR_KIND_SHARE:
      case model::INDICATOR_KIND_DISTRIBUTION:
        Share();
        break;
      case model::INDICATOR_KIND_QUANTILE:
        Quantile();
        break;
      default:
        Number();
        break;
    }
    Substituted();
  }

 private:
  Real Given(const std::string& symbol) {
    const auto found = steps_.find(symbol);
    if (found == steps_.end()) {
      ADD_FAILURE() << figure_.name() << " has no step " << symbol;
      return std::nan("");
    }
    return found->second->result();
  }
  void Result(const std::string& symbol, Real mine) {
    const Real theirs = Given(symbol);
    EXPECT_NEAR(static_cast<double>(mine), static_cast<double>(theirs),
                1e-8 * std::fabs(static_cast<double>(mine)) + 1e-12)
        << figure_.name() << ' ' << symbol;
  }
  void Result(const std::string& symbol, Real mine, double field) {
    Result(symbol, mine);
    EXPECT_EQ(static_cast<double>(Given(symbol)), field) << figure_.name() << ' ' << symbol;
  }
  // Every step says with its numbers put in what it says as its result.
  void Substituted() const {
    for (const auto& [symbol, step] : steps_) {
      const std::string& text = step->substituted();
      EXPECT_LE(text.size(), 400u);
      if (text.empty() || text.find('=') != std::string::npos) continue;
      const std::optional<double> value = PocketCalculator::Evaluate(text);
      ASSERT_TRUE(value.has_value()) << symbol << ": " << text;
      EXPECT_NEAR(*value, step->result(), 1e-6 * std::fabs(step->result()) + 1e-9)
          << figure_.name() << ' ' << symbol << ": " << text;
    }
  }

  Real Weight(const query_pb::StratumEvidence& line) const {
    return calibrated_ ? static_cast<Real>(line.weight())
                       : static_cast<Real>(line.frame()) / line.responded();
  }
  template <typename Count>
  Real Weighted(const Count& count) const {
    Real sum = 0;
    for (const query_pb::StratumEvidence& line : explanation_.strata()) {
      if (line.base() > 0) sum += Weight(line) * static_cast<Real>(count(line));
    }
    return sum;
  }

  // Nobody is in the base: who may belong to it, and what is possible.
  void Empty() {
    EXPECT_TRUE(figure_.has_no_value()) << figure_.name();
    if (!figure_.has_estimate()) return;
    EXPECT_EQ(estimate_.status(), query_pb::ESTIMATE_STATUS_EMPTY) << figure_.name();
    EXPECT_EQ(estimate_.method(), query_pb::INTERVAL_METHOD_NONE) << figure_.name();
    EXPECT_FALSE(estimate_.has_value()) << figure_.name();
    EXPECT_GT(estimate_.may_belong(), 0) << figure_.name();
    Result("M", estimate_.may_belong());
    if (estimate_.unbounded()) return;
    const bool mean = steps_.contains("a_L");
    Result("b_L", mean ? Given("a_L") : 0, estimate_.bound_lower());
    Result("b_U", mean ? Given("a_U") : 1, estimate_.bound_upper());
  }

  // Whether there is more than a value; why not is said, and nothing else.
  bool Estimated() const {
    if (figure_.has_estimate()) return true;
    EXPECT_EQ(figure_.has_value(), figure_.has_estimate_problem()) << figure_.name();
    EXPECT_FALSE(steps_.contains("estimate")) << figure_.name();
    return false;
  }

  bool Known() {
    if (estimate_.method() != query_pb::INTERVAL_METHOD_KNOWN) return false;
    EXPECT_EQ(estimate_.may_belong(), 0) << figure_.name();
    for (const char* end : {"estimate", "lower", "upper"}) Result(end, figure_.value());
    Result("SE", 0, estimate_.standard_error());
    return true;
  }

  // Strata of the base, and whether all of them answered completely; `total`: those that said.
  int Strata(bool total, bool* census) const {
    std::set<std::string> strata;
    *census = true;
    for (const query_pb::StratumEvidence& line : explanation_.strata()) {
      if (line.base() == 0) continue;
      strata.insert(line.stratum());
      const int answered = total ? line.sums().determined() : line.responded();
      if (answered < line.frame()) *census = false;
    }
    return static_cast<int>(strata.size());
  }

  void CheckT(int df) {
    static std::map<std::pair<int, double>, double> known;
    const auto t = static_cast<double>(Given("t"));
    const auto [place, fresh] = known.emplace(std::pair(df, t), 0);
    if (fresh) place->second = WithinT(t, df);
    EXPECT_NEAR(place->second, estimate_.level(), 1e-8) << df;
  }

  // The variance of the weighted sum of u; `moments` by line. Of a total fewer of a stratum may
  // stand for it than responded (strata's own weights).
  Real Variance(const std::vector<Moments>& moments, bool total) const {
    const auto& lines = explanation_.strata();
    Real out = 0;
    if (!calibrated_) {
      for (int i = 0; i < lines.size(); ++i) {
        if (lines[i].base() == 0) continue;
        const Real frame = lines[i].frame();
        const Real r = total ? lines[i].sums().determined() : lines[i].responded();
        const Moments& u = moments[static_cast<size_t>(i)];
        if (r >= frame) continue;
        out += r == 1 ? (1 - 1 / frame) * frame * frame * u.squares
                      : (1 - r / frame) * frame * frame / r * (u.squares - u.sum * u.sum / r) /
                            (r - 1);
      }
      return out;
    }
    // The columns of x by line: levels of margins, numbers, or 1 without any margin.
    std::map<std::string, size_t> columns;
    std::vector<std::map<size_t, Real>> x(moments.size());
    std::set<std::string> numbers;
    for (const query_pb::WeightTarget& target : explanation_.weights().targets()) {
      if (target.level().find('=') == std::string::npos) numbers.insert(target.level());
    }
    for (int i = 0; i < lines.size(); ++i) {
      for (const std::string& level : lines[i].levels()) {
        const std::string name = level.substr(0, level.find('='));
        const bool number = numbers.contains(name);
        const std::string& key = number ? name : level;
        const size_t column = columns.emplace(key, columns.size()).first->second;
        x[static_cast<size_t>(i)][column] =
            number ? std::stold(level.substr(name.size() + 1)) / 10'000 : 1;
      }
      if (numbers.contains("units")) {
        const size_t column = columns.emplace("units", columns.size()).first->second;
        x[static_cast<size_t>(i)][column] = 1;
      }
    }
    std::vector<std::vector<Real>> a(columns.size(), std::vector<Real>(columns.size(), 0));
    std::vector<Real> b(columns.size(), 0);
    for (int i = 0; i < lines.size(); ++i) {
      if (lines[i].cell_responded() == 0) continue;
      const Real before = static_cast<Real>(lines[i].frame()) / lines[i].responded();
      const auto& mine = x[static_cast<size_t>(i)];
      for (const auto& [j, v] : mine) {
        b[j] += before * v * moments[static_cast<size_t>(i)].sum;
        for (const auto& [k, w] : mine) a[j][k] += before * lines[i].cell_responded() * v * w;
      }
    }
    const std::vector<Real> slope = Solve(a, b);
    struct Stratum {
      Real frame = 0, responded = 0, sum = 0, squares = 0;
    };
    std::map<std::string, Stratum> strata;
    for (int i = 0; i < lines.size(); ++i) {
      if (lines[i].cell_responded() == 0) continue;
      Real fitted = 0;
      for (const auto& [j, v] : x[static_cast<size_t>(i)]) fitted += v * slope[j];
      const Real w = lines[i].weight();
      const Real m = lines[i].cell_responded();
      const Moments& u = moments[static_cast<size_t>(i)];
      Stratum& h = strata[lines[i].stratum()];
      h.frame = lines[i].frame();
      h.responded = lines[i].responded();
      h.sum += w * (u.sum - m * fitted);
      h.squares += w * w * (u.squares - 2 * fitted * u.sum + m * fitted * fitted);
    }
    for (const auto& [id, h] : strata) {
      if (h.responded >= h.frame) continue;
      out += (1 - h.responded / h.frame) *
             (h.responded == 1
                  ? h.squares
                  : h.responded / (h.responded - 1) * (h.squares - h.sum * h.sum / h.responded));
    }
    return out;
  }

  // Of a share with the counts `yes` of the lines: S, A, p, V.
  void WeightedShare(int x, bool census) {
    const auto base = [](const auto& line) { return line.base(); };
    const auto yes = [](const auto& line) { return line.yes(); };
    const Real s = Weighted(base);
    Result("S", s);
    Real p = x == 0 ? 0 : 1;
    if (x > 0 && x < n_) {
      Result("A", Weighted(yes));
      p = Weighted(yes) / s;
    }
    Result("p", p);
    std::vector<Moments> moments;
    for (const query_pb::StratumEvidence& line : explanation_.strata()) {
      const Real y = line.yes(), no = line.base() - line.yes();
      moments.push_back({(y * (1 - p) - no * p) / s, (y * (1 - p) * (1 - p) + no * p * p) / s / s});
    }
    const Real v = x == 0 || x == n_ || census ? 0 : Variance(moments, false);
    Result("V", v < 1e-20L ? 0 : v);
  }

  void Share() {
    int x = 0;
    for (const query_pb::StratumEvidence& line : explanation_.strata()) x += line.yes();
    EXPECT_EQ(x, figure_.numerator()) << figure_.name();
    Result("share", static_cast<Real>(x) / n_, figure_.value());
    if (!Estimated()) return;
    const int m = estimate_.may_belong();
    const Real b_l = static_cast<Real>(x) / (n_ + m), b_u = static_cast<Real>(x + m) / (n_ + m);
    Result("b_L", b_l, estimate_.bound_lower());
    Result("b_U", b_u, estimate_.bound_upper());
    bool census = false;
    const int h = Strata(false, &census);
    Result("df", n_ - h, estimate_.df());
    if (Known()) return;
    WeightedShare(x, census);
    const auto p = static_cast<double>(Given("p"));
    Result("SE", std::sqrt(Given("V")), estimate_.standard_error());
    const double point = std::min(std::max(p, static_cast<double>(b_l)), static_cast<double>(b_u));
    Result("estimate", point, estimate_.value());
    const double se = estimate_.standard_error();
    switch (estimate_.method()) {
      case query_pb::INTERVAL_METHOD_WALD: {
        CheckT(n_ - h);
        const auto t = static_cast<double>(Given("t"));
        Result("lower", std::min(p - t * se, point), estimate_.lower());
        Result("upper", std::max(p + t * se, point), estimate_.upper());
        break;
      }
      case query_pb::INTERVAL_METHOD_LOGIT: {
        CheckT(n_ - h);
        const double l = std::log(p / (1 - p));
        const double d = static_cast<double>(Given("t")) * se / (p * (1 - p));
        Result("lower", std::min(1 / (1 + std::exp(d - l)), point), estimate_.lower());
        Result("upper", std::max(1 / (1 + std::exp(-d - l)), point), estimate_.upper());
        break;
      }
      case query_pb::INTERVAL_METHOD_BETA: {
        const auto e = static_cast<double>(Given("e"));
        const auto a = static_cast<double>(Given("a"));
        EXPECT_NEAR(a, (1 - estimate_.level()) / 2, 1e-12);
        if (x > 0 && estimate_.lower() < point) {
          EXPECT_NEAR(BelowBeta(estimate_.lower(), e * p, e * (1 - p) + 1), a, 1e-6)
              << figure_.name();
        }
        if (x < n_ && estimate_.upper() > point) {
          EXPECT_NEAR(BelowBeta(estimate_.upper(), e * p + 1, e * (1 - p)), 1 - a, 1e-6)
              << figure_.name();
        }
        break;
      }
      case query_pb::INTERVAL_METHOD_WILSON: {
        const auto e = static_cast<double>(Given("e"));
        const auto z = static_cast<double>(Given("z"));
        const double middle = p + z * z / (2 * e);
        const double half = z * std::sqrt(p * (1 - p) / e + z * z / (4 * e * e));
        const double w_l = x == 0 ? 0 : (middle - half) / (1 + z * z / e);
        const double w_u = x == n_ ? 1 : (middle + half) / (1 + z * z / e);
        const auto cut = [&](double end) {
          return std::clamp(end, static_cast<double>(b_l), static_cast<double>(b_u));
        };
        Result("lower", std::min(cut(w_l), point), estimate_.lower());
        Result("upper", std::max(cut(w_u), point), estimate_.upper());
        break;
      }
      case query_pb::INTERVAL_METHOD_NONE:
        Result("lower", b_l, estimate_.lower());
        Result("upper", b_u, estimate_.upper());
        break;
      default:  // Those of the silent, which explain_test computes again.
        break;
    }
  }

  void Number() {
    const bool total = indicator_.kind() == model::INDICATOR_KIND_TOTAL;
    const bool mean = indicator_.kind() == model::INDICATOR_KIND_MEAN;
    const Real scale_a = std::pow(10.0L, figure_.sum_decimals());
    const Real scale_b = std::pow(10.0L, figure_.denominator_decimals());
    Real sum_a = 0, sum_b = 0;
    for (const query_pb::StratumEvidence& line : explanation_.strata()) {
      sum_a += static_cast<Real>(line.sums().a());
      sum_b += static_cast<Real>(line.sums().b());
    }
    EXPECT_EQ(sum_a, figure_.sum()) << figure_.name();
    Result("sum_a", sum_a);
    if (mean) {
      EXPECT_EQ(sum_b, n_);
    }
    const Real value = total  ? sum_a / scale_a
                       : mean ? sum_a / n_ / scale_a
                              : sum_a / scale_a / (sum_b / scale_b);
    if (figure_.has_value()) Result("value", value, figure_.value());
    if (!Estimated()) return;
    if (!estimate_.unbounded()) {
      const int m = estimate_.may_belong();
      if (mean) {
        Result("b_L", (sum_a + m * Given("a_L")) / (n_ + m), estimate_.bound_lower());
        Result("b_U", (sum_a + m * Given("a_U")) / (n_ + m), estimate_.bound_upper());
      } else {
        Result("b_L", sum_a / (sum_b + Given("D")), estimate_.bound_lower());
        Result("b_U", (sum_a + Given("D")) / (sum_b + Given("D")), estimate_.bound_upper());
      }
    }
    bool census = false;
    const int h = Strata(total, &census);
    Result("df", n_ - h, estimate_.df());
    if (Known()) return;
    // What a unit stands for; of a total the open questions are weighted for by the strata's own
    // weights, and calibrated ones have no estimate then.
    const auto weight = [&](const query_pb::StratumEvidence& line) {
      return total && !calibrated_ ? static_cast<Real>(line.frame()) / line.sums().determined()
                                   : Weight(line);
    };
    Real a = 0, b = 0;
    for (const query_pb::StratumEvidence& line : explanation_.strata()) {
      if (line.base() == 0) continue;
      a += weight(line) * static_cast<Real>(line.sums().a());
      b += weight(line) * static_cast<Real>(line.sums().b());
    }
    Result("A", a);
    if (!total) Result("B", b);
    const Real ratio = total ? a : a / b;
    Result("R", ratio);
    const Real unit = (total ? 1 : scale_b) / scale_a;
    Result("m", ratio * unit);
    std::vector<Moments> moments;
    for (const query_pb::StratumEvidence& line : explanation_.strata()) {
      if (line.base() == 0) {
        moments.push_back({});
        continue;
      }
      const auto& s = line.sums();
      const Real aa = std::stold(s.aa()), bb = std::stold(s.bb()), ab = std::stold(s.ab());
      const Real over = total ? 1 : b;
      const Real r = total ? 0 : ratio;
      moments.push_back({(static_cast<Real>(s.a()) - r * static_cast<Real>(s.b())) / over,
                         (aa - 2 * r * ab + r * r * bb) / over / over});
    }
    Real v = census ? 0 : Variance(moments, total);
    if (v < 1e-20L * ratio * ratio) v = 0;
    EXPECT_NEAR(static_cast<double>(v), static_cast<double>(Given("V")),
                1e-8 * static_cast<double>(v) + 1e-15 * static_cast<double>(ratio * ratio))
        << figure_.name();
    Result("SE", std::sqrt(Given("V")) * unit, estimate_.standard_error());
    const auto m = static_cast<double>(Given("m"));
    const auto cut = [&](double end) {
      return estimate_.unbounded()
                 ? end
                 : std::clamp(end, estimate_.bound_lower(), estimate_.bound_upper());
    };
    Result("estimate", cut(m), estimate_.value());
    if (estimate_.method() == query_pb::INTERVAL_METHOD_NONE) {
      EXPECT_TRUE(census || n_ - h < 1) << figure_.name();
      return;
    }
    CheckT(n_ - h);
    const double half = static_cast<double>(Given("t")) * estimate_.standard_error();
    Result("lower", std::min(cut(m - half), estimate_.value()), estimate_.lower());
    Result("upper", std::max(cut(m + half), estimate_.value()), estimate_.upper());
  }

  // Counts are those around what is served: where two of its numbers are equal, so are theirs.
  void CheckCountsAround() {
    using Line = query_pb::StratumEvidence;
    const auto sum = [&](const auto& count) {
      int units = 0;
      for (const query_pb::StratumEvidence& line : explanation_.strata()) units += count(line);
      return units;
    };
    const std::pair<int, int> value{sum([](const Line& l) { return l.quantile().below_value(); }),
                                    sum([](const Line& l) { return l.quantile().to_value(); })};
    const std::pair<int, int> point{sum([](const Line& l) { return l.quantile().below(); }),
                                    sum([](const Line& l) { return l.yes(); })};
    const std::pair<int, int> lower{sum([](const Line& l) { return l.quantile().below_lower(); }),
                                    sum([](const Line& l) { return l.quantile().to_lower(); })};
    const std::pair<int, int> upper{sum([](const Line& l) { return l.quantile().below_upper(); }),
                                    sum([](const Line& l) { return l.quantile().to_upper(); })};
    EXPECT_EQ(estimate_.value() == figure_.value(), point == value) << figure_.name();
    EXPECT_EQ(estimate_.lower() == estimate_.value(), lower == point) << figure_.name();
    EXPECT_EQ(estimate_.upper() == estimate_.value(), upper == point) << figure_.name();
  }

  void Quantile() {
    const Real p = indicator_.quantile_thousandths() / 1000.0L;
    int below = 0, to = 0, x = 0;
    for (const query_pb::StratumEvidence& line : explanation_.strata()) {
      below += line.quantile().below_value();
      to += line.quantile().to_value();
      x += line.yes();
    }
    // The value is one of the answers, and the smallest that enough do not exceed.
    EXPECT_LT(below, to) << figure_.name();
    EXPECT_LT(below * 1000, indicator_.quantile_thousandths() * n_) << figure_.name();
    EXPECT_GE(to * 1000, indicator_.quantile_thousandths() * n_) << figure_.name();
    Result("value", figure_.value(), figure_.value());
    if (!Estimated()) return;
    CheckCountsAround();
    bool census = false;
    const int h = Strata(false, &census);
    Result("df", n_ - h, estimate_.df());
    if (Known()) return;
    WeightedShare(x, census);
    const Real s = Given("S");
    const auto share = [&](const auto& count) { return Weighted(count) / s; };
    using Line = query_pb::StratumEvidence;
    const auto found = [&](Real less, Real up_to, Real wanted, bool open) {
      if (open) return;
      EXPECT_LT(less, wanted + 1e-9L) << figure_.name();
      EXPECT_GE(up_to, wanted - 1e-9L) << figure_.name();
    };
    const Real less = share([](const Line& line) { return line.quantile().below(); });
    Result("F_<", less);
    Result("estimate", estimate_.value(), estimate_.value());
    found(less, Given("p"), p, false);
    Result("SE_p", std::sqrt(Given("V")));
    if (estimate_.method() == query_pb::INTERVAL_METHOD_NONE) return;
    CheckT(n_ - h);
    Result("p_L", Given("p") - Given("t") * Given("SE_p"));
    Result("p_U", Given("p") + Given("t") * Given("SE_p"));
    EXPECT_EQ(estimate_.lower_open(), Given("p_L") < 0) << figure_.name();
    EXPECT_EQ(estimate_.upper_open(), Given("p_U") > 1) << figure_.name();
    const Real less_l = share([](const Line& line) { return line.quantile().below_lower(); });
    const Real to_l = share([](const Line& line) { return line.quantile().to_lower(); });
    const Real less_u = share([](const Line& line) { return line.quantile().below_upper(); });
    const Real to_u = share([](const Line& line) { return line.quantile().to_upper(); });
    Result("F_<(lower)", less_l);
    Result("F(lower)", to_l);
    Result("F_<(upper)", less_u);
    Result("F(upper)", to_u);
    found(less_l, to_l, Given("p_L"), estimate_.lower_open());
    found(less_u, to_u, Given("p_U"), estimate_.upper_open());
    if (estimate_.lower_open() || estimate_.upper_open()) return;
    Result("SE", (estimate_.upper() - estimate_.lower()) / (2 * Given("t")),
           estimate_.standard_error());
  }

  const query_pb::Explanation& explanation_;
  const query_pb::Figure& figure_;
  const query_pb::Estimate& estimate_;
  const query_pb::IndicatorInfo& indicator_;
  const bool calibrated_;
  std::map<std::string, const query_pb::FormulaStep*> steps_;
  int n_ = 0;
};

}  // namespace

void RecomputeFigure(const query_pb::Explanation& explanation,
                     const query_pb::IndicatorInfo& indicator) {
  Recomputed(explanation, indicator).Check();
}

}  // namespace imdi::testing_support
