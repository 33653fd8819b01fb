// Every figure of an edition is computed again out of its explanation alone, by plain code that
// knows the formulas and nothing of the house: variances from lists of single respondents,
// intervals from whole distributions.

#include "services/figures/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/figures/change_figures.h"
#include "services/figures/edition_figures.h"
#include "tests/support/finite.h"
#include "tests/support/ku_survey.h"
#include "tests/unit/demo/demo_answers.h"
#include "tests/unit/demo/demo_figures.h"
#include "tests/unit/figures/pocket_calculator.h"
#include "tests/unit/figures/recompute_figure.h"

namespace imdi::figures {
namespace {

using testing_support::AnswerHabits;
using testing_support::PocketCalculator;

constexpr double kTolerance = 1e-9;

struct Stratum {
  int frame = 0, responded = 0, domain_frame = 0, base = 0, yes = 0;
};

double LogChoose(int n, int k) {
  return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0);
}

// P(X = i), i marked among n drawn of `units` of which `marked` are marked.
double Hypergeometric(int units, int marked, int n, int i) {
  if (i < 0 || i > marked || n - i > units - marked || i > n) return 0;
  return std::exp(LogChoose(marked, i) + LogChoose(units - marked, n - i) - LogChoose(units, n));
}
double AtLeast(int units, int marked, int n, int x) {
  double sum = 0;
  for (int i = x; i <= n; ++i) sum += Hypergeometric(units, marked, n, i);
  return sum;
}
double AtMost(int units, int marked, int n, int x) {
  double sum = 0;
  for (int i = 0; i <= x; ++i) sum += Hypergeometric(units, marked, n, i);
  return sum;
}

double BetaBinomial(int m, double a, double b, int k) {
  const auto log_beta = [](double p, double q) {
    return std::lgamma(p) + std::lgamma(q) - std::lgamma(p + q);
  };
  return std::exp(LogChoose(m, k) + log_beta(k + a, m - k + b) - log_beta(a, b));
}

// P(|T| <= t) by Simpson's rule over the density.
double WithinT(double t, int df) {
  const double c = std::exp(std::lgamma((df + 1) / 2.0) - std::lgamma(df / 2.0)) /
                   std::sqrt(df * std::acos(-1.0));
  const auto density = [&](double v) { return c * std::pow(1 + v * v / df, -(df + 1) / 2.0); };
  const int steps = 20'000;
  const double h = t / steps;
  double sum = density(0) + density(t);
  for (int i = 1; i < steps; ++i) sum += (i % 2 == 1 ? 4 : 2) * density(i * h);
  return 2 * sum * h / 3;
}

// An explanation, with its steps by sign.
class Recomputed {
 public:
  explicit Recomputed(const query_pb::Explanation& explanation) : explanation_(explanation) {
    for (const query_pb::FormulaStep& step : explanation.steps()) {
      EXPECT_TRUE(steps_.emplace(step.symbol(), &step).second)
          << explanation.figure().name() << " has two steps " << step.symbol();
      EXPECT_FALSE(step.title().nn().empty() || step.title().nb().empty()) << step.symbol();
    }
    for (const query_pb::StratumEvidence& h : explanation.strata()) {
      strata_.push_back({h.frame(), h.responded(), h.domain_frame(), h.base(), h.yes()});
      names_.push_back(h.stratum());
      n_ += h.base();
      x_ += h.yes();
      units_ += h.domain_frame();
    }
  }

  void CheckRate() {
    const query_pb::Figure& figure = explanation_.figure();
    EXPECT_EQ(figure.base(), n_) << figure.name();
    EXPECT_EQ(figure.numerator(), x_) << figure.name();
    Result("n", n_);
    if (n_ == 0) return;
    Result("x", x_);
    Result("share", static_cast<double>(x_) / n_, figure.value());
    const double complete = Given("complete");
    EXPECT_LE(complete, x_);
    Result("rr1", complete / n_, figure.rr1());
  }

  void CheckShare() {
    const query_pb::Figure& figure = explanation_.figure();
    EXPECT_EQ(figure.base(), n_) << figure.name();
    EXPECT_EQ(figure.numerator(), x_) << figure.name();
    Result("n", n_);
    if (n_ == 0) {
      EXPECT_TRUE(figure.has_no_value()) << figure.name();
      if (figure.has_estimate()) CheckEmpty(figure.estimate());
      return;
    }
    Result("x", x_);
    Result("share", static_cast<double>(x_) / n_, figure.value());
    ASSERT_TRUE(figure.has_estimate()) << figure.name();
    CheckEstimate(figure.estimate());
  }

 private:
  double Given(const std::string& symbol) {
    const auto found = steps_.find(symbol);
    if (found == steps_.end()) {
      ADD_FAILURE() << explanation_.figure().name() << " has no step " << symbol;
      return std::nan("");
    }
    used_.insert(symbol);
    return found->second->result();
  }
  bool Has(const std::string& symbol) const { return steps_.contains(symbol); }
  static bool Near(double a, double b) {
    return std::fabs(a - b) <= kTolerance * std::max(std::fabs(a), std::fabs(b)) + 1e-12;
  }
  void Result(const std::string& symbol, double mine) {
    const double theirs = Given(symbol);
    EXPECT_TRUE(Near(mine, theirs)) << explanation_.figure().name() << ' ' << symbol << ": "
                                    << theirs << ", recomputed " << mine;
  }
  // And the figure says the same.
  void Result(const std::string& symbol, double mine, double field) {
    Result(symbol, mine);
    EXPECT_EQ(Given(symbol), field) << explanation_.figure().name() << ' ' << symbol;
  }

  // Nobody is in the base: who may belong to it, and that all is possible.
  void CheckEmpty(const query_pb::Estimate& estimate) {
    const std::string& name = explanation_.figure().name();
    EXPECT_EQ(estimate.status(), query_pb::ESTIMATE_STATUS_EMPTY) << name;
    EXPECT_EQ(estimate.method(), query_pb::INTERVAL_METHOD_NONE) << name;
    EXPECT_FALSE(estimate.has_value()) << name;
    EXPECT_GT(estimate.may_belong(), 0) << name;
    if (estimate.has_base_units()) {
      Result("N", units_, estimate.base_units());
      Result("M", units_, estimate.may_belong());
    } else {
      Result("M", static_cast<double>(Given("s") + Given("b")), estimate.may_belong());
    }
    Result("b_L", 0, estimate.bound_lower());
    Result("b_U", 1, estimate.bound_upper());
    int unrepresented = 0;
    for (const Stratum& h : strata_) unrepresented += h.responded == 0 ? h.domain_frame : 0;
    EXPECT_EQ(estimate.unrepresented(), unrepresented) << name;
    if (unrepresented > 0) Result("unrepresented", unrepresented);
  }

  void CheckEstimate(const query_pb::Estimate& estimate) {
    const std::string& name = explanation_.figure().name();
    const bool frame = estimate.method() == query_pb::INTERVAL_METHOD_HYPERGEOMETRIC ||
                       estimate.method() == query_pb::INTERVAL_METHOD_PREDICTIVE ||
                       (estimate.method() == query_pb::INTERVAL_METHOD_KNOWN && !Has("s"));
    const int m = frame ? units_ - n_ : static_cast<int>(Given("s") + Given("b"));
    Result("M", m, estimate.may_belong());
    if (!frame) {
      EXPECT_GE(Given("s"), 0) << name;
      EXPECT_EQ(Given("b"), explanation_.figure().item_nonresponse()) << name;
    }
    if (frame || m == 0) {
      Result("N", n_ + m, estimate.base_units());
      EXPECT_TRUE(estimate.has_base_units()) << name;
    } else {
      EXPECT_FALSE(estimate.has_base_units()) << name;
    }
    const double b_l = static_cast<double>(x_) / (n_ + m);
    const double b_u = static_cast<double>(x_ + m) / (n_ + m);
    Result("b_L", b_l, estimate.bound_lower());
    Result("b_U", b_u, estimate.bound_upper());
    int unrepresented = 0, h_count = 0;
    bool census = true;
    for (const Stratum& h : strata_) {
      if (h.responded == 0) unrepresented += h.domain_frame;
      if (h.base > 0) ++h_count;
      if (h.base > 0 && h.responded < h.frame) census = false;
    }
    EXPECT_EQ(estimate.unrepresented(), unrepresented) << name;
    if (unrepresented > 0) Result("unrepresented", unrepresented);
    Result("H", h_count);
    Result("df", n_ - h_count, estimate.df());
    if (m == 0) {
      EXPECT_EQ(estimate.method(), query_pb::INTERVAL_METHOD_KNOWN) << name;
      for (const char* end : {"estimate", "lower", "upper"}) {
        Result(end, static_cast<double>(x_) / n_);
      }
      Result("SE", 0, estimate.standard_error());
      EXPECT_EQ(Given("estimate"), estimate.value()) << name;
      EXPECT_EQ(Given("lower"), estimate.lower()) << name;
      EXPECT_EQ(Given("upper"), estimate.upper()) << name;
      EXPECT_EQ(estimate.effective_n(), 0) << name;
      return;
    }
    const double p = Weighted();
    const double v = Variance(p, census);
    Result("V", v);
    // The root of nearly nothing is not near: compare squares there.
    Result("SE", std::sqrt(Given("V")), estimate.standard_error());
    const bool same = x_ == 0 || x_ == n_;
    double e = 0;
    if (!census && n_ - h_count >= 1) {
      if (same || v == 0) {
        e = n_;
      } else {
        Result("n_eff", p * (1 - p) / v);
        CheckT("t_1", n_ - 1, estimate.level());
        CheckT("t_2", n_ - h_count, estimate.level());
        e = p * (1 - p) / v * std::pow(Given("t_1") / Given("t_2"), 2);
        if (!frame) {
          const double most = static_cast<double>(n_) * (n_ + m) / m;
          Result("e_M", most);
          e = std::min(e, most);
        }
      }
      Result("e", e, estimate.effective_n());
    } else {
      EXPECT_EQ(estimate.effective_n(), 0) << name;
    }
    const double point = std::min(std::max(p, b_l), b_u);
    Result("estimate", point, estimate.value());
    const double a = (1 - estimate.level()) / 2;
    double lower = 0, upper = 0;
    switch (estimate.method()) {
      case query_pb::INTERVAL_METHOD_HYPERGEOMETRIC: {
        Result("a", a);
        // A tail that equals its level is none that exceeds it.
        const double least = a * (1 + 1e-10);
        int k_l = x_;
        while (k_l < units_ - n_ + x_ && !(AtLeast(units_, k_l, n_, x_) > least)) ++k_l;
        int k_u = units_ - n_ + x_;
        while (k_u > x_ && !(AtMost(units_, k_u, n_, x_) > least)) --k_u;
        Result("K_L", k_l);
        Result("P_L", AtLeast(units_, k_l, n_, x_));
        if (k_l > x_) Result("P_L-1", AtLeast(units_, k_l - 1, n_, x_));
        Result("K_U", k_u);
        Result("P_U", AtMost(units_, k_u, n_, x_));
        if (k_u < units_ - n_ + x_) Result("P_U+1", AtMost(units_, k_u + 1, n_, x_));
        lower = std::min(static_cast<double>(k_l) / units_, point);
        upper = std::max(static_cast<double>(k_u) / units_, point);
        break;
      }
      case query_pb::INTERVAL_METHOD_PREDICTIVE: {
        Result("a", a);
        const double mu = (x_ + 0.5) / (n_ + 1.0);
        Result("mu", mu);
        std::vector<double> silent = {1};
        for (const Stratum& h : strata_) {
          const int quiet = h.domain_frame - h.base;
          std::vector<double> sum(silent.size() + static_cast<size_t>(quiet), 0.0);
          for (int k = 0; k <= quiet; ++k) {
            const double weight =
                BetaBinomial(quiet, h.yes + 2 * mu, h.base - h.yes + 2 * (1 - mu), k);
            for (size_t j = 0; j < silent.size(); ++j) {
              sum[j + static_cast<size_t>(k)] += weight * silent[j];
            }
          }
          silent = sum;
        }
        const auto at_most = [&](int k) {
          double sum = 0;
          for (int i = 0; i <= k; ++i) sum += silent[static_cast<size_t>(i)];
          return sum;
        };
        int k_l = 0;
        while (!(at_most(k_l) > a + 1e-12)) ++k_l;
        int k_u = k_l;
        while (k_u < units_ - n_ && !(at_most(k_u) >= 1 - a - 1e-12)) ++k_u;
        Result("k_L", k_l);
        Result("F_L", at_most(k_l));
        if (k_l > 0) Result("F_L-1", at_most(k_l - 1));
        Result("k_U", k_u);
        Result("F_U", at_most(k_u));
        if (k_u > 0) Result("F_U-1", at_most(k_u - 1));
        lower = std::min(static_cast<double>(x_ + k_l) / units_, point);
        upper = std::max(static_cast<double>(x_ + k_u) / units_, point);
        break;
      }
      case query_pb::INTERVAL_METHOD_WILSON: {
        if (census) {
          e = n_;
          Result("e", e);
        }
        const double z = Given("z");
        EXPECT_NEAR(std::erf(z / std::sqrt(2.0)), estimate.level(), 1e-12);
        const double middle = p + z * z / (2 * e);
        const double half = z * std::sqrt(p * (1 - p) / e + z * z / (4 * e * e));
        const double w_l = x_ == 0 ? 0 : (middle - half) / (1 + z * z / e);
        const double w_u = x_ == n_ ? 1 : (middle + half) / (1 + z * z / e);
        Result("w_L", w_l);
        Result("w_U", w_u);
        lower = std::min(std::min(std::max(w_l, b_l), b_u), point);
        upper = std::max(std::min(std::max(w_u, b_l), b_u), point);
        break;
      }
      case query_pb::INTERVAL_METHOD_NONE:
        EXPECT_LT(n_ - h_count, 1) << name;
        lower = b_l;
        upper = b_u;
        break;
      default:
        ADD_FAILURE() << name << ": method " << estimate.method();
    }
    Result("lower", lower, estimate.lower());
    Result("upper", upper, estimate.upper());
  }

  double Weighted() {
    if (x_ == 0 || x_ == n_) {
      Result("p", x_ == 0 ? 0 : 1);
    }
    double s = 0, yes = 0;
    for (const Stratum& h : strata_) {
      if (h.base == 0) continue;
      s += static_cast<double>(h.frame) / h.responded * h.base;
      yes += static_cast<double>(h.frame) / h.responded * h.yes;
    }
    Result("S", s);
    if (x_ == 0 || x_ == n_) return x_ == 0 ? 0 : 1;
    Result("A", yes);
    Result("p", yes / s);
    return yes / s;
  }

  double Variance(double p, bool census) {
    if (x_ == 0 || x_ == n_ || census) return 0;
    const double s = Given("S");
    double sum = 0;
    for (size_t i = 0; i < strata_.size(); ++i) {
      const Stratum& h = strata_[i];
      if (h.base == 0) continue;
      // One number for each respondent of the stratum.
      std::vector<double> u(static_cast<size_t>(h.responded), 0.0);
      for (int k = 0; k < h.base; ++k) {
        u[static_cast<size_t>(k)] = (k < h.yes ? 1 - p : -p) / s;
      }
      double part = 0;
      if (h.responded < h.frame && h.responded == 1) {
        part = h.frame * (h.frame - 1.0) * u[0] * u[0];
      } else if (h.responded < h.frame) {
        double mean = 0, squares = 0;
        for (const double one : u) mean += one / h.responded;
        for (const double one : u) squares += (one - mean) * (one - mean);
        const double f = static_cast<double>(h.responded) / h.frame;
        part = (1 - f) * h.frame * h.frame / h.responded * squares / (h.responded - 1);
      }
      // Where nothing is left, only rounding differs.
      const double theirs = Given("V[" + names_[i] + "]");
      EXPECT_NEAR(part, theirs, kTolerance * std::fabs(part) + 1e-18)
          << explanation_.figure().name() << " V[" << names_[i] << "]";
      sum += part;
    }
    return sum < 1e-20 ? 0 : sum;
  }

  void CheckT(const std::string& symbol, int df, double level) {
    static std::map<std::pair<int, double>, double> known;
    const double t = Given(symbol);
    const auto [place, fresh] = known.emplace(std::pair(df, t), 0);
    if (fresh) place->second = WithinT(t, df);
    EXPECT_NEAR(place->second, level, 1e-9) << "t on " << df << " degrees of freedom";
  }

 public:
  // Every step was looked at, and says with its numbers put in what it says as its result.
  void CheckSteps() const {
    for (const auto& [symbol, step] : steps_) {
      EXPECT_TRUE(used_.contains(symbol)) << explanation_.figure().name() << ' ' << symbol;
      const std::string& text = step->substituted();
      EXPECT_LE(text.size(), 400u);
      if (text.empty() || text.find('=') != std::string::npos) continue;
      const std::optional<double> value = PocketCalculator::Evaluate(text);
      ASSERT_TRUE(value.has_value()) << symbol << ": " << text;
      EXPECT_NEAR(*value, step->result(), 1e-6 * std::fabs(step->result()) + 1e-9)
          << explanation_.figure().name() << ' ' << symbol << ": " << text;
    }
  }

 private:
  const query_pb::Explanation& explanation_;
  std::map<std::string, const query_pb::FormulaStep*> steps_;
  std::set<std::string> used_;
  std::vector<Stratum> strata_;
  std::vector<std::string> names_;
  int n_ = 0, x_ = 0, units_ = 0;
};

struct Seen {
  std::map<int, int> methods;
  std::map<int, int> statuses;
  int rates = 0;
  int others = 0;  // Numbers, other weights, other intervals.
  int no_values = 0;
  int lonely = 0;
  int long_formulas = 0;
};

Seen CheckEdition(const EditionFigures& edition) {
  const store_pb::ReleaseHeader header = edition.Header();
  std::map<std::string, const query_pb::IndicatorInfo*> infos;
  for (const query_pb::IndicatorInfo& info : header.indicators())
    infos[info.name().substr(11)] = &info;
  Seen seen;
  for (size_t cell = 0; cell < edition.size(); ++cell) {
    const store_pb::ReleaseFigure figure = edition.Make(cell);
    const query_pb::Explanation explanation = Explain(figure, header);
    const std::string& name = figure.figure().name();
    EXPECT_THAT(testing_support::NotFinite(explanation), testing::IsEmpty()) << name;
    const query_pb::IndicatorInfo& info = *infos.at(name.substr(0, name.find('.')));
    if (!info.measure().empty() || !info.weights().empty() ||
        info.interval() != model::INTERVAL_CHOICE_UNSPECIFIED) {
      ++seen.others;
      EXPECT_NE(explanation.numerator_expression().empty(), explanation.measure().empty()) << name;
      testing_support::RecomputeFigure(explanation, info);
      if (testing::Test::HasFailure()) return seen;
      continue;
    }
    Recomputed recomputed(explanation);
    if (info.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
      ++seen.rates;
      recomputed.CheckRate();
    } else {
      recomputed.CheckShare();
      EXPECT_FALSE(explanation.base_expression().empty()) << name;
      EXPECT_FALSE(explanation.numerator_expression().empty()) << name;
    }
    recomputed.CheckSteps();
    if (figure.figure().has_no_value()) ++seen.no_values;
    if (figure.figure().has_estimate()) {
      const query_pb::Estimate& estimate = figure.figure().estimate();
      ++seen.methods[estimate.method()];
      ++seen.statuses[estimate.status()];
      if (estimate.has_value()) {
        EXPECT_LE(estimate.lower(), estimate.value()) << name;
        EXPECT_LE(estimate.value(), estimate.upper()) << name;
      }
      EXPECT_LE(estimate.bound_lower(), estimate.lower()) << name;
      EXPECT_LE(estimate.upper(), estimate.bound_upper()) << name;
    }
    for (const query_pb::StratumEvidence& h : explanation.strata()) {
      if (figure.figure().has_estimate() && figure.figure().estimate().standard_error() > 0 &&
          h.responded() == 1 && h.frame() > 1 && h.base() == 1)
        ++seen.lonely;
    }
    // The silent that may belong are those of the counts.
    const domain::CellCounts counts =
        edition.counts().CountsOf(edition.plan().CellAt(cell), model::EDITION_STATE_OPEN);
    for (const query_pb::FormulaStep& step : explanation.steps()) {
      if (step.symbol() == "s") {
        EXPECT_EQ(step.result(), counts.silent_possible) << name;
      }
      if (!step.formula().empty() && step.substituted().empty()) ++seen.long_formulas;
    }
    if (testing::Test::HasFailure()) return seen;  // One figure's faults are enough to read.
  }
  std::cout << edition.size() << " figures\n";
  for (const auto& [method, count] : seen.methods) {
    std::cout << query_pb::IntervalMethod_Name(method) << ' ' << count << '\n';
  }
  for (const auto& [status, count] : seen.statuses) {
    std::cout << query_pb::EstimateStatus_Name(status) << ' ' << count << '\n';
  }
  std::cout << "numbers, other weights or intervals " << seen.others << ", no value "
            << seen.no_values << ", lonely strata " << seen.lonely << std::endl;
  return seen;
}

// The survey of 2017 with invented answers.
Seen CheckEdition(const AnswerHabits& habits, uint64_t seed) {
  const auto catalog = testing_support::KuCatalogWithOpen("KU2017");
  const auto plan = domain::PlanOf(*catalog, "KU2017");
  if (plan == nullptr) {
    ADD_FAILURE() << "no plan";
    return {};
  }
  return CheckEdition(
      EditionFigures(catalog, "KU2017", testing_support::RandomCounts(plan, seed, habits)));
}

// Every figure of the 2017 release.
TEST(Explain, LetsEveryFigureOfTheDemonstrationAnswersBeRecomputed) {
  const auto edition = demo_test::Count("KU2017", demo_test::Demo().editions.at("KU2017").sent);
  EXPECT_GT(edition->size(), 10'000u);
  const Seen seen = CheckEdition(*edition);
  EXPECT_GT(seen.rates, 20);
  for (const auto method :
       {query_pb::INTERVAL_METHOD_NONE, query_pb::INTERVAL_METHOD_HYPERGEOMETRIC,
        query_pb::INTERVAL_METHOD_PREDICTIVE, query_pb::INTERVAL_METHOD_WILSON}) {
    EXPECT_TRUE(seen.methods.contains(method)) << query_pb::IntervalMethod_Name(method);
  }
  const auto target = edition->Find("IND_TARGET.WITH_PROGRAMME");
  ASSERT_TRUE(target.has_value());
  const query_pb::Figure& f03 = target->figure();
  EXPECT_EQ(f03.base(), 300);
  EXPECT_EQ(f03.numerator(), 186);
  EXPECT_EQ(f03.estimate().may_belong(), 119);
  EXPECT_NEAR(100 * f03.estimate().bound_lower(), 44.4, 0.05);
  EXPECT_NEAR(100 * f03.estimate().bound_upper(), 72.8, 0.05);
}

TEST(Explain, LetsEveryFigureOfAnOrdinaryEditionBeRecomputed) {
  const Seen seen = CheckEdition({}, 2017);
  EXPECT_GT(seen.rates, 20);
  for (const auto method :
       {query_pb::INTERVAL_METHOD_HYPERGEOMETRIC, query_pb::INTERVAL_METHOD_PREDICTIVE,
        query_pb::INTERVAL_METHOD_WILSON}) {
    EXPECT_TRUE(seen.methods.contains(method)) << query_pb::IntervalMethod_Name(method);
  }
  EXPECT_TRUE(seen.statuses.contains(query_pb::ESTIMATE_STATUS_OK));
  EXPECT_TRUE(seen.statuses.contains(query_pb::ESTIMATE_STATUS_DEGENERATE));
}

TEST(Explain, LetsEveryFigureOfAThinEditionBeRecomputed) {
  const Seen seen = CheckEdition({.responding = 8, .blank = 20, .first_code = 30}, 8);
  EXPECT_GT(seen.no_values, 0);
  EXPECT_TRUE(seen.statuses.contains(query_pb::ESTIMATE_STATUS_EMPTY));
  EXPECT_TRUE(seen.methods.contains(query_pb::INTERVAL_METHOD_NONE));
  EXPECT_TRUE(seen.statuses.contains(query_pb::ESTIMATE_STATUS_NO_DF));
}

TEST(Explain, LetsEveryFigureOfAnEditionThatHasJustBegunBeRecomputed) {
  const Seen seen = CheckEdition({.responding = 3, .blank = 0, .first_code = 60}, 3);
  EXPECT_GT(seen.lonely, 0);
  EXPECT_TRUE(seen.methods.contains(query_pb::INTERVAL_METHOD_NONE));
}

TEST(Explain, LetsEveryFigureOfAnEditionThatNearlyAllAnsweredBeRecomputed) {
  const Seen seen = CheckEdition({.responding = 99, .blank = 0, .first_code = 97}, 99);
  EXPECT_TRUE(seen.methods.contains(query_pb::INTERVAL_METHOD_KNOWN));
  EXPECT_TRUE(seen.statuses.contains(query_pb::ESTIMATE_STATUS_CENSUS));
}

TEST(Explain, NamesTheDefinitionsOfTheFigureAndNoOthers) {
  const auto catalog = testing_support::KuCatalogWithOpen("KU2017");
  const auto plan = domain::PlanOf(*catalog, "KU2017");
  ASSERT_NE(plan, nullptr);
  const EditionFigures edition(catalog, "KU2017", testing_support::RandomCounts(plan, 1, {}));
  const auto figure = edition.Find("IND_TARGET.WITH_PROGRAMME.size_group=3");
  ASSERT_TRUE(figure.has_value());
  store_pb::ReleaseHeader header = edition.Header();
  header.set_log_id("log");
  header.set_position(77);
  const query_pb::Explanation explanation = Explain(*figure, header);
  std::vector<std::string> names;
  for (const auto& definition : explanation.definitions()) {
    names.push_back(definition.name());
    EXPECT_EQ(definition.revision(), 1);
  }
  EXPECT_THAT(names,
              testing::ElementsAre("editions/KU2017", "editions/KU2017/frame",
                                   "editions/KU2017/questionnaires/1", "indicators/IND_TARGET"));
  EXPECT_EQ(explanation.numerator_expression(), "INT01 == 1");
  EXPECT_EQ(explanation.base_expression(), "BAK05 in (1,2) and answered(INT01)");
  EXPECT_EQ(explanation.log_id(), "log");
  EXPECT_EQ(explanation.position(), 77);

  const auto answer = edition.Find("Q_BOS02.ANSWERED.answer=1");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(Explain(*answer, header).numerator_expression(), "BOS02 has_any (1)");
}

// A share in so many strata, all of them with a silent unit.
query_pb::Explanation WithStrata(int strata) {
  store_pb::ReleaseHeader header;
  query_pb::IndicatorInfo& info = *header.add_indicators();
  info.set_name("indicators/WIDE");
  info.set_kind(model::INDICATOR_KIND_SHARE);
  info.add_bases()->set_id("ALL");
  store_pb::ReleaseFigure figure;
  figure.mutable_figure()->set_name("WIDE.ALL");
  figure.mutable_figure()->set_rule_version(kRuleVersion);
  figure.mutable_figure()->set_value(0.5);
  figure.mutable_figure()->set_item_nonresponse(1);
  query_pb::Estimate& estimate = *figure.mutable_figure()->mutable_estimate();
  estimate.set_level(0.95);
  estimate.set_may_belong(strata + 1);
  for (int h = 0; h < strata; ++h) {
    query_pb::StratumEvidence& line = *header.add_strata();
    line.set_stratum("region " + std::to_string(h) + ", size group 1");
    for (std::string* title :
         {line.mutable_title()->mutable_nn(), line.mutable_title()->mutable_nb(),
          line.mutable_title()->mutable_en()})
      *title = line.stratum();
    line.set_frame(6);
    line.set_responded(5);
    figure.add_strata(static_cast<uint32_t>(h));
    figure.add_domain_frame(6);
    figure.add_base(4);
    figure.add_yes(static_cast<uint32_t>(1 + h % 3));
  }
  return Explain(figure, header);
}

TEST(Explain, LeavesStepsByStratumOutWhereTheyAreTooManyForOneMessage) {
  const query_pb::Explanation whole = WithStrata(2'048);
  ASSERT_GT(whole.ByteSizeLong(), base::kMessageBytesMax);
  const auto fitted = Fitted(whole, base::kExplanationBytesMax);
  ASSERT_TRUE(fitted.ok()) << fitted.status();
  EXPECT_LE(fitted->ByteSizeLong(), base::kExplanationBytesMax);
  EXPECT_EQ(fitted->strata_size(), 2'048) << "they follow from the lines, which are all there";
  double variance = 0;
  for (const query_pb::FormulaStep& step : whole.steps())
    variance += step.symbol().starts_with("V[") ? step.result() : 0;
  int sums = 0;
  for (const query_pb::FormulaStep& step : fitted->steps()) {
    EXPECT_FALSE(step.symbol().starts_with("V[")) << step.symbol();
    if (step.symbol() != "sum V[h]") continue;
    ++sums;
    EXPECT_NEAR(step.result(), variance, 1e-12 * variance);
    EXPECT_THAT(step.formula(), testing::HasSubstr("Q_h"));
  }
  EXPECT_EQ(sums, 1);
  EXPECT_EQ(fitted->steps_size() + 2'048 - 1, whole.steps_size());

  const query_pb::Explanation few = WithStrata(5);
  EXPECT_EQ(Fitted(few, base::kExplanationBytesMax)->SerializeAsString(), few.SerializeAsString());
  const auto refused = Fitted(whole, 1'000);
  EXPECT_EQ(base::ReasonOf(refused.status()), base::Reason::kTooLarge);
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("WIDE.ALL"));
}

TEST(Explain, GivesNoStepsForAFigureOfOtherRules) {
  const auto catalog = testing_support::KuCatalogWithOpen("KU2017");
  const auto plan = domain::PlanOf(*catalog, "KU2017");
  ASSERT_NE(plan, nullptr);
  const EditionFigures edition(catalog, "KU2017", testing_support::RandomCounts(plan, 1, {}));
  auto figure = edition.Find("IND_TARGET.WITH_PROGRAMME");
  ASSERT_TRUE(figure.has_value());
  EXPECT_GT(Explain(*figure, edition.Header()).steps_size(), 10);
  figure->mutable_figure()->set_rule_version(kRuleVersion + 1);
  const query_pb::Explanation explanation = Explain(*figure, edition.Header());
  EXPECT_EQ(explanation.steps_size(), 0);
  EXPECT_GT(explanation.strata_size(), 0);
}

// ---- Changes

// Linearised values of single units of a stratum, by plain lists.
double SpreadOf(const std::vector<double>& u, const std::vector<double>& v) {
  if (u.size() < 2) return 0;
  const auto n = static_cast<double>(u.size());
  double mean_u = 0, mean_v = 0, sum = 0;
  for (size_t i = 0; i < u.size(); ++i) {
    mean_u += u[i] / n;
    mean_v += v[i] / n;
  }
  for (size_t i = 0; i < u.size(); ++i) sum += (u[i] - mean_u) * (v[i] - mean_v);
  return sum / (n - 1);
}

// What a change says, from lists of units made out of its sixteen counts.
void ExpectRecomputed(const query_pb::Explanation& explanation) {
  const query_pb::ChangeFigure& change = explanation.change();
  const auto is_in_base = [](int state) { return state >= 2; };
  double base[2] = {0, 0}, yes[2] = {0, 0};
  int numerator[2] = {0, 0}, denominator[2] = {0, 0}, panel[4] = {0, 0, 0, 0};
  const auto responded = [](const query_pb::ChangeStratum& h, int year) {
    int out = 0;
    for (int i = 0; i < h.states_size(); ++i)
      out += (year == 0 ? i / 4 : i % 4) > 0 ? h.states(i) : 0;
    return out;
  };
  const auto frame = [](const query_pb::ChangeStratum& h, int year) {
    return year == 0 ? h.frame_earlier() : h.frame_later();
  };
  for (const query_pb::ChangeStratum& h : explanation.change_strata()) {
    ASSERT_EQ(h.states_size(), 16);
    for (int i = 0; i < 16; ++i) {
      for (int year = 0; year < 2; ++year) {
        const int state = year == 0 ? i / 4 : i % 4;
        if (!is_in_base(state) || h.states(i) == 0) continue;
        const double weight = static_cast<double>(frame(h, year)) / responded(h, year);
        base[year] += weight * h.states(i);
        yes[year] += state == 3 ? weight * h.states(i) : 0;
        denominator[year] += h.states(i);
        numerator[year] += state == 3 ? h.states(i) : 0;
      }
      if (is_in_base(i / 4) && is_in_base(i % 4))
        panel[(i / 4 == 3 ? 0 : 2) + (i % 4 == 3 ? 0 : 1)] += h.states(i);
    }
  }
  EXPECT_EQ(numerator[0], change.earlier().numerator());
  EXPECT_EQ(denominator[0], change.earlier().base());
  EXPECT_EQ(numerator[1], change.later().numerator());
  EXPECT_EQ(denominator[1], change.later().base());
  EXPECT_EQ(panel[0], change.panel().yes_yes());
  EXPECT_EQ(panel[1], change.panel().yes_no());
  EXPECT_EQ(panel[2], change.panel().no_yes());
  EXPECT_EQ(panel[3], change.panel().no_no());
  const double p[2] = {yes[0] / base[0], yes[1] / base[1]};
  double variance[2] = {0, 0}, covariance = 0;
  int either = 0, strata = 0;
  for (const query_pb::ChangeStratum& h : explanation.change_strata()) {
    std::vector<double> u[2], both[2];
    int in_either = 0;
    for (int i = 0; i < 16; ++i) {
      for (int unit = 0; unit < h.states(i); ++unit) {
        const int states[2] = {i / 4, i % 4};
        double value[2] = {0, 0};
        for (int year = 0; year < 2; ++year) {
          if (is_in_base(states[year]))
            value[year] = ((states[year] == 3 ? 1 : 0) - p[year]) / base[year];
          if (states[year] > 0) u[year].push_back(value[year]);
        }
        in_either += is_in_base(states[0]) || is_in_base(states[1]) ? 1 : 0;
        if (states[0] == 0 || states[1] == 0) continue;
        both[0].push_back(value[0]);
        both[1].push_back(value[1]);
      }
    }
    either += in_either;
    strata += in_either > 0 ? 1 : 0;
    for (int year = 0; year < 2; ++year) {
      const double n = frame(h, year), r = responded(h, year);
      if (r >= 2) variance[year] += n * n * (1 / r - 1 / n) * SpreadOf(u[year], u[year]);
    }
    if (both[0].size() < 2) continue;
    // What all answered is a constant.
    if (responded(h, 0) == frame(h, 0) || responded(h, 1) == frame(h, 1)) continue;
    const double factor = static_cast<double>(frame(h, 0)) * frame(h, 1) *
                              static_cast<double>(both[0].size()) /
                              (static_cast<double>(responded(h, 0)) * responded(h, 1)) -
                          h.frame_both();
    covariance += factor * SpreadOf(both[0], both[1]);
  }
  const query_pb::ChangeEstimate& estimate = change.estimate();
  EXPECT_NEAR(estimate.value(), p[1] - p[0], 1e-12);
  EXPECT_NEAR(estimate.earlier(), p[0], 1e-12);
  EXPECT_NEAR(estimate.later(), p[1], 1e-12);
  const double error = std::sqrt(variance[0] + variance[1] - 2 * covariance);
  EXPECT_NEAR(estimate.standard_error(), error, 1e-12);
  EXPECT_EQ(estimate.df(), either - strata);
  EXPECT_NEAR(estimate.t(), (p[1] - p[0]) / error, 1e-9);
  EXPECT_NEAR(estimate.p(), 1 - WithinT(std::fabs(estimate.t()), estimate.df()), 1e-9);
  // McNemar's mid-p over Pascal's triangle.
  const int moved = panel[1] + panel[2], fewer = std::min(panel[1], panel[2]);
  double tail = 0, there = 0;
  for (int k = 0; k <= fewer; ++k) {
    there = std::exp(LogChoose(moved, k) - moved * std::log(2.0));
    tail += there;
  }
  ASSERT_GT(moved, 0);
  EXPECT_NEAR(change.panel().p_mid(), std::min(1.0, 2 * tail - there), 1e-9);
}

// Each step joins two neighbours of one region that end up in one stratum, and gives both years and
// the reason.
void ExpectJoinedAsItSays(const query_pb::Explanation& explanation) {
  std::map<std::string, size_t> stratum_of;  // By the id of each that was joined to it.
  size_t apart = 0, strata = 0;
  for (const query_pb::ChangeStratum& stratum : explanation.change_strata()) {
    std::istringstream ids(stratum.stratum());
    for (std::string id; std::getline(ids, id, '+'); ++apart) stratum_of[id] = strata;
    ++strata;
  }
  for (const query_pb::CollapsedStratum& one : explanation.collapsed()) {
    EXPECT_EQ(stratum_of.at(one.from()), stratum_of.at(one.into()));
    EXPECT_EQ(one.from().substr(0, one.from().find('.')),
              one.into().substr(0, one.into().find('.')));
    EXPECT_LT(one.responded(), domain::kStratumRespondentsMin);
    EXPECT_THAT(one.years(), testing::ElementsAre(explanation.change().earlier().year(),
                                                  explanation.change().later().year()));
    for (const std::string* text : {&one.reason().nn(), &one.reason().nb(), &one.reason().en()}) {
      for (const int year : one.years())
        EXPECT_THAT(*text, testing::HasSubstr(std::to_string(year)));
      EXPECT_THAT(*text, testing::HasSubstr(std::to_string(one.responded())));
    }
  }
  // As many as were joined are fewer now.
  EXPECT_EQ(apart - strata, static_cast<size_t>(explanation.collapsed_size()));
}

TEST(ExplainedChanges, AreRecomputedFromTheirSixteenCountsAndFollowStepByStep) {
  const std::shared_ptr<const EditionFigures> figures =
      demo_test::Count("KU2017", demo_test::Demo().editions.at("KU2017").sent);
  std::map<std::string, std::shared_ptr<const EditionFigures>> earlier;
  const FindOtherEdition others = [&](const std::string& edition) {
    auto& held = earlier[edition];
    if (held == nullptr)
      held = demo_test::Count(edition, demo_test::Demo().editions.at(edition).sent);
    return std::optional(OtherEdition{
        .release = "", .find = [held](std::string_view cell) -> std::optional<query_pb::Figure> {
          const auto found = held->Find(cell);
          return found.has_value() ? std::optional(found->figure()) : std::nullopt;
        }});
  };
  const EditionChanges changes = Changes(*figures, others);
  const store_pb::ReleaseHeader header = figures->Header();
  int explained = 0, joined = 0;
  for (const store_pb::ChangeEvidence& evidence : changes.evidence) {
    SCOPED_TRACE(evidence.name());
    const query_pb::ChangeFigure* change = changes.Find(evidence.name());
    ASSERT_NE(change, nullptr);
    const query_pb::Explanation explanation =
        ExplainChange(*change, evidence, *figures->Find(change->later().figure()), header);
    ExpectRecomputed(explanation);
    ExpectJoinedAsItSays(explanation);
    joined += explanation.collapsed_size();
    EXPECT_EQ(explanation.strata_size(), 0);
    EXPECT_FALSE(explanation.numerator_expression().empty());
    std::set<std::string> symbols;
    int put_in = 0;
    for (const query_pb::FormulaStep& step : explanation.steps()) {
      EXPECT_TRUE(symbols.insert(step.symbol()).second) << step.symbol() << " stands twice";
      EXPECT_FALSE(step.title().nn().empty() || step.title().nb().empty() ||
                   step.title().en().empty());
      if (step.substituted().empty()) continue;
      const std::optional<double> value = PocketCalculator::Evaluate(step.substituted());
      ASSERT_TRUE(value.has_value()) << step.symbol() << " = " << step.substituted();
      EXPECT_NEAR(*value, step.result(), 1e-6 * std::fabs(step.result()) + 1e-13)
          << step.symbol() << " = " << step.substituted();
      ++put_in;
    }
    EXPECT_GT(put_in, 20);
    for (const char* symbol : {"change", "D", "V", "SE", "df", "t", "p", "lower", "upper", "q",
                               "n_p", "b", "c", "p_mid"})
      EXPECT_TRUE(symbols.contains(symbol)) << symbol;
    ++explained;
  }
  EXPECT_GT(joined, 0);
  EXPECT_EQ(explained, 12) << "three years of two bases, and six of the year before";
}

}  // namespace
}  // namespace imdi::figures
