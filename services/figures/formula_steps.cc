#include "services/figures/formula_steps.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "services/base/text.h"
#include "services/domain/intervals.h"
#include "services/figures/formula_step.h"
#include "services/figures/interval_steps.h"
#include "services/figures/share_steps.h"
#include "services/figures/texts.h"

namespace imdi::figures {
namespace {

namespace query_pb = survey::query::v1;
using survey::model::v1::LocalizedText;

// One figure's way from counts to estimate.
class ShareSteps {
 public:
  ShareSteps(const Ground& ground, domain::IntervalChoice choice)
      : ground_(ground),
        figure_(ground.figure),
        choice_(choice),
        n_(ground.n),
        x_(ground.x),
        units_(ground.units) {}

  std::vector<query_pb::FormulaStep> Make() && {
    ShareOfAnswers();
    if (!figure_.has_estimate()) return std::move(steps_).Take();
    level_ = figure_.estimate().level();
    if (n_ > 0) raw_ = ShareOf(ground_, level_);
    Estimate();
    AddUnitsOfBase(ground_, share_.may_belong, share_.base_units, steps_);
    Bounds();
    AddUnrepresented(ground_, share_.unrepresented, false, steps_);
    if (n_ == 0) return std::move(steps_).Take();
    AddDegreesOfFreedom(ground_, share_.df, steps_);
    if (share_.method == domain::IntervalMethod::kKnown) {
      Known();
      return std::move(steps_).Take();
    }
    AddWeightedShare(ground_, raw_, steps_);
    AddShareVariance(ground_, raw_, steps_);
    steps_.Add("SE", ErrorTitle(), "sqrt(V)", base::StrCat("sqrt(", Number(raw_.variance), ")"),
               share_.standard_error);
    AddEffectiveNumber(ground_, raw_, share_, steps_);
    AddPoint(raw_, share_, steps_);
    switch (share_.method) {
      case domain::IntervalMethod::kHypergeometric:
        Hypergeometric();
        break;
      case domain::IntervalMethod::kPredictive:
        Predictive();
        break;
      default:
        AddInterval(raw_, share_, steps_);
        break;
    }
    return std::move(steps_).Take();
  }

 private:
  void Estimate() {
    const auto kind =
        ground_.given_by_frame ? domain::BaseKind::kFrame : domain::BaseKind::kAnswers;
    const query_pb::Estimate& estimate = figure_.estimate();
    if (n_ == 0) {  // Nothing is estimated, whatever the weights.
      share_.may_belong = estimate.may_belong();
      if (estimate.has_base_units()) share_.base_units = estimate.base_units();
      share_.unrepresented = estimate.unrepresented();
      return;
    }
    if (ground_.calibrated == nullptr) {
      cells_ = ground_.Cells();
      share_ = domain::EstimateShare(cells_, kind, estimate.may_belong(), level_, choice_);
    } else {
      share_ = domain::EstimateCalibratedShare(raw_, units_, estimate.unrepresented(), kind,
                                               estimate.may_belong(), level_, choice_);
    }
  }

  void ShareOfAnswers() {
    AddAnswers(ground_, steps_);
    if (n_ == 0) return;
    steps_.Add("x",
               Text("av dei, einingar i teljaren", "av dem, enheter i telleren",
                    "of them, units in the numerator"),
               "sum_h y_hd",
               SumOver(ground_.lines,
                       [](const query_pb::StratumEvidence& h) {
                         return h.yes() > 0 ? base::StrCat(h.yes()) : std::string();
                       }),
               x_);
    steps_.Add(
        "share",
        Text("delen av dei som svarte", "andelen av dem som svarte", "share of those who answered"),
        "x / n", base::StrCat(x_, " / ", n_), static_cast<double>(x_) / n_);
  }

  void Bounds() {
    const int32_t m = share_.may_belong;
    steps_.Add("b_L", LeastTitle(), "x / (n + M)", base::StrCat(x_, " / (", n_, " + ", m, ")"),
               share_.bound_lower);
    steps_.Add("b_U", MostTitle(), "(x + M) / (n + M)",
               base::StrCat("(", x_, " + ", m, ") / (", n_, " + ", m, ")"), share_.bound_upper);
  }

  void Known() {
    const std::string substituted = base::StrCat(x_, " / ", n_);
    const std::string_view formula = "x / n, since M = 0: all are known";
    steps_.Add("estimate", PointTitle(), formula, substituted, share_.point);
    steps_.Add("SE", ErrorTitle(), "0, since M = 0", "0", share_.standard_error);
    steps_.Add("lower", LowerTitle(), formula, substituted, share_.lower);
    steps_.Add("upper", UpperTitle(), formula, substituted, share_.upper);
  }

  void Ends(std::string_view lower, std::string_view lower_in, std::string_view upper,
            std::string_view upper_in) {
    steps_.Add("lower", LowerTitle(), lower, lower_in, share_.lower);
    steps_.Add("upper", UpperTitle(), upper, upper_in, share_.upper);
  }
  void EndsOfCounts(int32_t lower, int32_t upper, std::string_view formula_lower,
                    std::string_view formula_upper) {
    const std::string point = Number(share_.point);
    Ends(base::StrCat("min(", formula_lower, " / N, estimate)"),
         base::StrCat("min(", lower, " / ", units_, ", ", point, ")"),
         base::StrCat("max(", formula_upper, " / N, estimate)"),
         base::StrCat("max(", upper, " / ", units_, ", ", point, ")"));
  }

  void Hypergeometric() {
    AddTail(level_, steps_);
    const domain::CountInterval yes = domain::HypergeometricInterval(units_, n_, x_, level_);
    const auto at_least = [&](int32_t marked) {
      return domain::HypergeometricTails(units_, marked, n_, x_).at_least;
    };
    const auto at_most = [&](int32_t marked) {
      return domain::HypergeometricTails(units_, marked, n_, x_).at_most;
    };
    const LocalizedText chance_more =
        Text("sannsyn for minst x av n når K av N høyrer til teljaren",
             "sannsynlighet for minst x av n når K av N hører til telleren",
             "probability of at least x of n where K of N are in the numerator");
    const LocalizedText chance_fewer =
        Text("sannsyn for høgst x av n når K av N høyrer til teljaren",
             "sannsynlighet for høyst x av n når K av N hører til telleren",
             "probability of at most x of n where K of N are in the numerator");
    const std::string_view more = "sum_{i >= x} C(K, i) C(N - K, n - i) / C(N, n)";
    const std::string_view fewer = "sum_{i <= x} C(K, i) C(N - K, n - i) / C(N, n)";
    const auto with = [](int32_t k) { return base::StrCat("K = ", k); };
    steps_.Add("K_L",
               Text("minste K som svara ikkje avviser", "minste K som svarene ikke avviser",
                    "smallest K that the answers do not reject"),
               "smallest K in x .. N - n + x with P(X >= x | K) > a", "", yes.lower);
    steps_.Add("P_L", chance_more, more, with(yes.lower), at_least(yes.lower));
    if (yes.lower > x_) {
      steps_.Add("P_L-1", chance_more, more, with(yes.lower - 1), at_least(yes.lower - 1));
    }
    steps_.Add("K_U",
               Text("største K som svara ikkje avviser", "største K som svarene ikke avviser",
                    "largest K that the answers do not reject"),
               "largest K in x .. N - n + x with P(X <= x | K) > a", "", yes.upper);
    steps_.Add("P_U", chance_fewer, fewer, with(yes.upper), at_most(yes.upper));
    if (yes.upper < units_ - n_ + x_) {
      steps_.Add("P_U+1", chance_fewer, fewer, with(yes.upper + 1), at_most(yes.upper + 1));
    }
    EndsOfCounts(yes.lower, yes.upper, "K_L", "K_U");
  }

  void Predictive() {
    AddTail(level_, steps_);
    const double mu = (x_ + 0.5) / (n_ + 1.0);
    steps_.Add("mu",
               Text("forventa del hos dei tause", "forventet andel hos de tause",
                    "share expected of the silent"),
               "(x + 1/2) / (n + 1)", base::StrCat("(", x_, " + 1/2) / (", n_, " + 1)"), mu);
    const domain::CountInterval yes = domain::PredictiveInterval(cells_, level_);
    const domain::CountDistribution silent = domain::PredictiveDistribution(cells_);
    const int32_t low = yes.lower - x_;
    const int32_t high = yes.upper - x_;
    const LocalizedText chance =
        Text("sannsyn for at høgst k av dei tause høyrer til teljaren",
             "sannsynlighet for at høyst k av de tause hører til telleren",
             "probability that at most k of the silent are in the numerator");
    const std::string_view formula =
        "F(k) = P(sum_h K_h <= k), K_h beta-binomial(N_hd - n_hd, y_hd + 2 mu, "
        "n_hd - y_hd + 2 (1 - mu))";
    const auto with = [](int32_t k) { return base::StrCat("k = ", k); };
    steps_.Add("k_L",
               Text("færrast av dei tause som er rimeleg", "færrest av de tause som er rimelig",
                    "fewest of the silent that are plausible"),
               "smallest k with F(k) > a", "", low);
    steps_.Add("F_L", chance, formula, with(low), silent.AtMost(low));
    if (low > 0) steps_.Add("F_L-1", chance, formula, with(low - 1), silent.AtMost(low - 1));
    steps_.Add("k_U",
               Text("flest av dei tause som er rimeleg", "flest av de tause som er rimelig",
                    "most of the silent that are plausible"),
               "smallest k with F(k) >= 1 - a", "", high);
    steps_.Add("F_U", chance, formula, with(high), silent.AtMost(high));
    if (high > 0) steps_.Add("F_U-1", chance, formula, with(high - 1), silent.AtMost(high - 1));
    EndsOfCounts(yes.lower, yes.upper, "(x + k_L)", "(x + k_U)");
  }

  const Ground& ground_;
  const query_pb::Figure& figure_;
  const domain::IntervalChoice choice_;
  const int32_t n_;
  const int32_t x_;
  const int32_t units_;
  double level_ = 0;
  std::vector<domain::StratumCell> cells_;
  domain::Proportion raw_;
  domain::ShareEstimate share_;
  Steps steps_;
};

}  // namespace

std::vector<query_pb::FormulaStep> StepsOfRate(const query_pb::Figure& figure) {
  Steps steps;
  const int32_t n = figure.base();
  const int32_t x = figure.numerator();
  steps.Add("n",
            Text("inviterte einingar: ramma utan dei som fell utanfor",
                 "inviterte enheter: rammen uten dem som faller utenfor",
                 "units invited: frame less out of scope"),
            "sum_h n_hd", base::StrCat(n), n);
  if (n == 0) return std::move(steps).Take();
  steps.Add("x",
            Text("einingar som svarte, heilt eller delvis", "enheter som svarte, helt eller delvis",
                 "units that answered, complete or partial"),
            "sum_h y_hd", base::StrCat(x), x);
  steps.Add("share", Text("svardel (RR2)", "svarandel (RR2)", "response rate (RR2)"), "x / n",
            base::StrCat(x, " / ", n), static_cast<double>(x) / n);
  steps.Add("complete",
            Text("einingar som svarte på alt som trengst", "enheter som svarte på alt som trengs",
                 "units that answered completely"),
            "", "", figure.complete());
  steps.Add("rr1",
            Text("svardel, berre fullstendige svar (RR1)",
                 "svarandel, bare fullstendige svar (RR1)", "response rate, complete only (RR1)"),
            "complete / n", base::StrCat(figure.complete(), " / ", n),
            static_cast<double>(figure.complete()) / n);
  return std::move(steps).Take();
}

std::vector<query_pb::FormulaStep> StepsOfShare(const Ground& ground,
                                                domain::IntervalChoice choice) {
  return ShareSteps(ground, choice).Make();
}

}  // namespace imdi::figures
