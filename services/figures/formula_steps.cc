#include "services/figures/formula_steps.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "services/base/text.h"
#include "services/domain/distributions.h"
#include "services/domain/estimate.h"
#include "services/domain/intervals.h"
#include "services/figures/formula_step.h"
#include "services/figures/texts.h"

namespace imdi::figures {
namespace {

namespace query_pb = survey::query::v1;
using survey::model::v1::LocalizedText;

// One term for each stratum that `term` has something to say of, with " + " between them.
template <typename Term>
std::string Sum(std::span<const query_pb::StratumEvidence> strata, const Term& term) {
  std::string out;
  for (const query_pb::StratumEvidence& h : strata) {
    const std::string one = term(h);
    if (one.empty()) continue;
    if (!out.empty()) out.append(" + ");
    out.append(one);
    if (out.size() > kSubstitutedBytesMax) break;
  }
  return out.empty() ? "0" : out;
}

// One figure's way from counts to estimate.
class ShareSteps {
 public:
  ShareSteps(const query_pb::Figure& figure, std::span<const query_pb::StratumEvidence> strata,
             bool given_by_frame)
      : figure_(figure), strata_(strata), given_by_frame_(given_by_frame) {
    cells_.reserve(strata.size());
    for (const query_pb::StratumEvidence& h : strata) {
      cells_.push_back({h.frame(), h.responded(), h.domain_frame(), h.base(), h.yes()});
      n_ += h.base();
      x_ += h.yes();
      units_ += h.domain_frame();
      if (h.base() > 0) {
        ++strata_of_base_;
        census_ = census_ && h.responded() >= h.frame();
      }
      if (h.responded() == 0) unrepresented_ += h.domain_frame();
    }
  }

  std::vector<query_pb::FormulaStep> Make() && {
    ShareOfAnswers();
    if (!figure_.has_estimate()) return std::move(steps_).Take();
    const query_pb::Estimate& estimate = figure_.estimate();
    const auto kind = given_by_frame_ ? domain::BaseKind::kFrame : domain::BaseKind::kAnswers;
    level_ = estimate.level();
    raw_ = domain::EstimateProportion(cells_, domain::Lonely::kAdjust, level_);
    share_ = domain::EstimateShare(cells_, kind, estimate.may_belong(), level_);
    UnitsOfBase();
    Bounds();
    Represented();
    DegreesOfFreedom();
    if (share_.method == domain::IntervalMethod::kKnown) {
      Known();
      return std::move(steps_).Take();
    }
    WeightedShare();
    Variance();
    EffectiveNumber();
    Point();
    switch (share_.method) {
      case domain::IntervalMethod::kHypergeometric:
        Hypergeometric();
        break;
      case domain::IntervalMethod::kPredictive:
        Predictive();
        break;
      case domain::IntervalMethod::kWilson:
        Wilson();
        break;
      default:
        NoInterval();
        break;
    }
    return std::move(steps_).Take();
  }

 private:
  void ShareOfAnswers() {
    steps_.Add("n",
               Text("einingar i grunnlaget som svarte", "enheter i grunnlaget som svarte",
                    "units in the base that answered"),
               "sum_h n_hd",
               Sum(strata_,
                   [](const query_pb::StratumEvidence& h) {
                     return h.base() > 0 ? base::StrCat(h.base()) : std::string();
                   }),
               n_);
    if (n_ == 0) return;
    steps_.Add("x",
               Text("av dei, einingar i teljaren", "av dem, enheter i telleren",
                    "of them, units in the numerator"),
               "sum_h y_hd",
               Sum(strata_,
                   [](const query_pb::StratumEvidence& h) {
                     return h.yes() > 0 ? base::StrCat(h.yes()) : std::string();
                   }),
               x_);
    steps_.Add(
        "share",
        Text("delen av dei som svarte", "andelen av dem som svarte", "share of those who answered"),
        "x / n", base::StrCat(x_, " / ", n_), static_cast<double>(x_) / n_);
  }

  void UnitsOfBase() {
    const LocalizedText all = Text("einingar i grunnlaget, anten dei svarte eller ikkje",
                                   "enheter i grunnlaget, enten de svarte eller ikke",
                                   "units in the base, whether they answered or not");
    const LocalizedText open =
        Text("einingar som kan høyre til grunnlaget, og som vi ikkje har svar frå",
             "enheter som kan høre til grunnlaget, og som vi ikke har svar fra",
             "units that may belong to the base and of which we have no answer");
    if (given_by_frame_) {
      steps_.Add(
          "N", all, "sum_h N_hd",
          Sum(strata_,
              [](const query_pb::StratumEvidence& h) { return base::StrCat(h.domain_frame()); }),
          units_);
      steps_.Add("M", open, "N - n", base::StrCat(units_, " - ", n_), share_.may_belong);
      return;
    }
    const int32_t silent = share_.may_belong - figure_.item_nonresponse();
    steps_.Add("s",
               Text("einingar som spørsmålet kan gjelde, og som ikkje svarte på undersøkinga",
                    "enheter som spørsmålet kan gjelde, og som ikke svarte på undersøkelsen",
                    "units to which the question can apply and that did not answer the survey"),
               "", "", silent);
    steps_.Add("b",
               Text("einingar som let spørsmålet stå ope", "enheter som lot spørsmålet stå åpent",
                    "units that left the question blank"),
               "", "", figure_.item_nonresponse());
    steps_.Add("M", open, "s + b", base::StrCat(silent, " + ", figure_.item_nonresponse()),
               share_.may_belong);
    if (share_.base_units.has_value()) {
      steps_.Add("N", all, "n, when M = 0", base::StrCat(n_), *share_.base_units);
    }
  }

  void Bounds() {
    const int32_t m = share_.may_belong;
    steps_.Add("b_L",
               Text("det minste som er logisk mogleg", "det minste som er logisk mulig",
                    "the least that is logically possible"),
               "x / (n + M)", base::StrCat(x_, " / (", n_, " + ", m, ")"), share_.bound_lower);
    steps_.Add("b_U",
               Text("det meste som er logisk mogleg", "det meste som er logisk mulig",
                    "the most that is logically possible"),
               "(x + M) / (n + M)", base::StrCat("(", x_, " + ", m, ") / (", n_, " + ", m, ")"),
               share_.bound_upper);
  }

  void Represented() {
    if (unrepresented_ == 0) return;
    steps_.Add("unrepresented",
               Text("einingar i lag der ingen svarte: inga vekt står for dei",
                    "enheter i lag der ingen svarte: ingen vekt står for dem",
                    "units in strata in which nobody answered: no weight stands for them"),
               "sum of N_hd over strata with r_h = 0",
               Sum(strata_,
                   [](const query_pb::StratumEvidence& h) {
                     return h.responded() == 0 ? base::StrCat(h.domain_frame()) : std::string();
                   }),
               unrepresented_);
  }

  void DegreesOfFreedom() {
    steps_.Add("H",
               Text("lag med svar i grunnlaget", "lag med svar i grunnlaget",
                    "strata with answers in the base"),
               "number of h with n_hd > 0", base::StrCat(strata_of_base_), strata_of_base_);
    steps_.Add("df", Text("fridomsgrader", "frihetsgrader", "degrees of freedom"), "n - H",
               base::StrCat(n_, " - ", strata_of_base_), share_.df);
  }

  void Known() {
    const std::string substituted = base::StrCat(x_, " / ", n_);
    const std::string_view formula = "x / n, since M = 0: all are known";
    steps_.Add("estimate", PointTitle(), formula, substituted, share_.point);
    steps_.Add("SE", ErrorTitle(), "0, since M = 0", "0", share_.standard_error);
    steps_.Add("lower", LowerTitle(), formula, substituted, share_.lower);
    steps_.Add("upper", UpperTitle(), formula, substituted, share_.upper);
  }

  bool degenerate() const { return x_ == 0 || x_ == n_; }

  void WeightedShare() {
    const LocalizedText title = Text("vekta del", "vektet andel", "weighted share");
    if (degenerate()) {
      steps_.Add("p", title, x_ == 0 ? "0, since x = 0" : "1, since x = n", x_ == 0 ? "0" : "1",
                 raw_.estimate);
    }
    steps_.Add("S",
               Text("vekta sum av grunnlaget, W_h = N_h / r_h",
                    "vektet sum av grunnlaget, W_h = N_h / r_h",
                    "weighted sum of the base, W_h = N_h / r_h"),
               "sum_h N_h / r_h * n_hd",
               Sum(strata_,
                   [](const query_pb::StratumEvidence& h) {
                     return h.base() == 0
                                ? std::string()
                                : base::StrCat(h.frame(), "/", h.responded(), "*", h.base());
                   }),
               raw_.weight_sum);
    if (degenerate()) return;
    double yes = 0;
    for (const domain::StratumCell& h : cells_) {
      if (h.base > 0) yes += static_cast<double>(h.frame) / h.responded * h.yes;
    }
    steps_.Add(
        "A",
        Text("vekta sum av teljaren", "vektet sum av telleren", "weighted sum of the numerator"),
        "sum_h N_h / r_h * y_hd",
        Sum(strata_,
            [](const query_pb::StratumEvidence& h) {
              return h.yes() == 0 ? std::string()
                                  : base::StrCat(h.frame(), "/", h.responded(), "*", h.yes());
            }),
        yes);
    steps_.Add("p", title, "A / S", base::StrCat(Number(yes), " / ", Number(raw_.weight_sum)),
               raw_.estimate);
  }

  void Variance() {
    const LocalizedText title = Text("varians", "varians", "variance");
    if (degenerate() || census_) {
      steps_.Add("V", title,
                 degenerate() ? "0, since all answered the same"
                              : "0, since r_h = N_h in every stratum of the base",
                 "0", raw_.variance);
    } else {
      for (const query_pb::StratumEvidence& h : strata_) {
        if (h.base() > 0) StratumVariance(h);
      }
      steps_.Add("V", title, "sum_h V_h; 0 below 1e-20", "", raw_.variance);
    }
    steps_.Add("SE", ErrorTitle(), "sqrt(V)", base::StrCat("sqrt(", Number(raw_.variance), ")"),
               share_.standard_error);
  }

  void StratumVariance(const query_pb::StratumEvidence& h) {
    const double p = raw_.estimate;
    const double s = raw_.weight_sum;
    const int64_t r = h.responded();
    const int64_t y = h.yes();
    const int64_t m = h.base();
    const double square =
        (static_cast<double>(y) * (1 - p) * (1 - p) + static_cast<double>(m - y) * p * p) / s / s;
    LocalizedText title = Text("bidrag til variansen frå laget ", "bidrag til variansen fra laget ",
                               "the stratum's part of the variance: ");
    Append(title, "", h.title());
    const std::string symbol = base::StrCat("V[", h.stratum(), "]");
    if (r >= h.frame()) {
      steps_.Add(symbol, std::move(title), "0, since r_h = N_h", "0", 0);
      return;
    }
    const double silent_part = static_cast<double>(h.frame()) * static_cast<double>(h.frame() - r);
    if (r == 1) {
      steps_.Add(symbol, std::move(title),
                 "N_h (N_h - 1) Q_h, since r_h = 1; "
                 "Q_h = (y_hd (1 - p)^2 + (n_hd - y_hd) p^2) / S^2",
                 base::StrCat(h.frame(), "*", h.frame() - 1, "*", Number(square)),
                 silent_part * square);
      return;
    }
    const double total = (static_cast<double>(y) - static_cast<double>(m) * p) / s;
    const double centred = static_cast<double>(r * y - y * y) -
                           2 * p * static_cast<double>(r * y - y * m) +
                           p * p * static_cast<double>(r * m - m * m);
    steps_.Add(symbol, std::move(title),
               "(1 - r_h / N_h) N_h^2 / r_h (Q_h - T_h^2 / r_h) / (r_h - 1); "
               "T_h = (y_hd - n_hd p) / S; Q_h = (y_hd (1 - p)^2 + (n_hd - y_hd) p^2) / S^2",
               base::StrCat("(1 - ", r, "/", h.frame(), ")*", h.frame(), "^2/", r, "*(",
                            Number(square), " - (", Number(total), ")^2/", r, ")/", r - 1),
               silent_part / static_cast<double>(r) * (centred / static_cast<double>(r * (r - 1))) /
                   (s * s));
  }

  void EffectiveNumber() {
    const LocalizedText title =
        Text("effektivt tal på svar", "effektivt antall svar", "effective number of answers");
    switch (share_.status) {
      case domain::EstimateStatus::kDegenerate:
      case domain::EstimateStatus::kZeroVariance:
        steps_.Add("e", title, "n, since V = 0", base::StrCat(n_), share_.n_eff_adj);
        return;
      case domain::EstimateStatus::kOk:
        break;
      default:
        return;
    }
    steps_.Add("n_eff",
               Text("effektivt tal på svar før omsyn til fridomsgradene",
                    "effektivt antall svar før hensyn til frihetsgradene",
                    "effective number of answers, before the degrees of freedom"),
               "p (1 - p) / V",
               base::StrCat(Number(raw_.estimate), "*(1 - ", Number(raw_.estimate), ")/",
                            Number(raw_.variance)),
               share_.n_eff);
    const double t_n = domain::StudentQuantile(level_, n_ - 1);
    const double t_df = domain::StudentQuantile(level_, share_.df);
    const LocalizedText quantile =
        Text("t-kvantil, gitt konstant", "t-kvantil, gitt konstant", "quantile of t, as given");
    steps_.Add("t_1", quantile, "t such that P(|T| <= t) = level, T on n - 1 degrees of freedom",
               base::StrCat("n - 1 = ", n_ - 1), t_n);
    steps_.Add("t_2", quantile, "t such that P(|T| <= t) = level, T on df degrees of freedom",
               base::StrCat("df = ", share_.df), t_df);
    const std::string adjusted =
        base::StrCat(Number(share_.n_eff), "*(", Number(t_n), "/", Number(t_df), ")^2");
    if (given_by_frame_) {
      steps_.Add("e", title, "n_eff (t_1 / t_2)^2", adjusted, share_.n_eff_adj);
      return;
    }
    const int32_t m = share_.may_belong;
    steps_.Add("e_M",
               Text("det same talet på svar, trekte tilfeldig blant n + M einingar",
                    "det samme antallet svar, trukket tilfeldig blant n + M enheter",
                    "as many answers, drawn at random from n + M units"),
               "n (n + M) / M", base::StrCat(n_, "*(", n_, " + ", m, ")/", m),
               domain::MostEffective(n_, m));
    steps_.Add("e", title, "min(n_eff (t_1 / t_2)^2, e_M)",
               base::StrCat("min(", adjusted, ", ", Number(domain::MostEffective(n_, m)), ")"),
               share_.n_eff_adj);
  }

  void Point() {
    steps_.Add("estimate", PointTitle(), "min(max(p, b_L), b_U)",
               base::StrCat("min(max(", Number(raw_.estimate), ", ", Number(share_.bound_lower),
                            "), ", Number(share_.bound_upper), ")"),
               share_.point);
  }

  double tail() const { return (1 - level_) / 2; }
  void TailStep() {
    steps_.Add("a",
               Text("sannsyn i kvar hale", "sannsynlighet i hver hale", "probability of each tail"),
               "(1 - level) / 2", base::StrCat("(1 - ", Number(level_), ") / 2"), tail());
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
    TailStep();
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
    TailStep();
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

  void Wilson() {
    double e = share_.n_eff_adj;
    if (share_.status == domain::EstimateStatus::kCensus) {
      e = n_;
      steps_.Add("e", Text("tal på svar", "antall svar", "number of answers"),
                 "n, since r_h = N_h in every stratum of the base", base::StrCat(n_), e);
    }
    const double p = raw_.estimate;
    const double z = domain::NormalQuantile(level_);
    steps_.Add("z",
               Text("normalkvantil, gitt konstant", "normalkvantil, gitt konstant",
                    "quantile of the normal distribution, as given"),
               "z such that P(|Z| <= z) = level", "", z);
    const domain::Interval wilson = domain::WilsonOn(p, e, x_ == 0, x_ == n_, level_);
    const LocalizedText ends_title = Text(
        "enden av Wilson-intervallet", "enden av Wilson-intervallet", "end of Wilson's interval");
    const auto in = [&](std::string_view sign) {
      const std::string es = Number(e);
      const std::string ps = Number(p);
      const std::string zs = Number(z);
      return base::StrCat("(", ps, " + ", zs, "^2/(2*", es, ") ", sign, " ", zs, "*sqrt(", ps,
                          "*(1 - ", ps, ")/", es, " + ", zs, "^2/(4*", es, "^2)))/(1 + ", zs, "^2/",
                          es, ")");
    };
    if (x_ == 0) {
      steps_.Add("w_L", ends_title, "0, since x = 0", "0", wilson.lower);
    } else {
      steps_.Add("w_L", ends_title,
                 "(p + z^2/(2 e) - z sqrt(p (1 - p)/e + z^2/(4 e^2))) / (1 + z^2/e)", in("-"),
                 wilson.lower);
    }
    if (x_ == n_) {
      steps_.Add("w_U", ends_title, "1, since x = n", "1", wilson.upper);
    } else {
      steps_.Add("w_U", ends_title,
                 "(p + z^2/(2 e) + z sqrt(p (1 - p)/e + z^2/(4 e^2))) / (1 + z^2/e)", in("+"),
                 wilson.upper);
    }
    const std::string least = Number(share_.bound_lower);
    const std::string most = Number(share_.bound_upper);
    const std::string point = Number(share_.point);
    Ends("min(min(max(w_L, b_L), b_U), estimate)",
         base::StrCat("min(min(max(", Number(wilson.lower), ", ", least, "), ", most, "), ", point,
                      ")"),
         "max(min(max(w_U, b_L), b_U), estimate)",
         base::StrCat("max(min(max(", Number(wilson.upper), ", ", least, "), ", most, "), ", point,
                      ")"));
  }

  void NoInterval() {
    Ends("b_L, since df < 1", Number(share_.bound_lower), "b_U, since df < 1",
         Number(share_.bound_upper));
  }

  static LocalizedText PointTitle() {
    return Text("anslag for alle einingar", "anslag for alle enheter", "estimate for all units");
  }
  static LocalizedText ErrorTitle() {
    return Text("standardfeil", "standardfeil", "standard error");
  }
  static LocalizedText LowerTitle() {
    return Text("nedre ende av intervallet", "nedre ende av intervallet",
                "lower end of the interval");
  }
  static LocalizedText UpperTitle() {
    return Text("øvre ende av intervallet", "øvre ende av intervallet",
                "upper end of the interval");
  }

  const query_pb::Figure& figure_;
  std::span<const query_pb::StratumEvidence> strata_;
  const bool given_by_frame_;
  std::vector<domain::StratumCell> cells_;
  int32_t n_ = 0;
  int32_t x_ = 0;
  int32_t units_ = 0;
  int32_t strata_of_base_ = 0;
  int32_t unrepresented_ = 0;
  bool census_ = true;
  double level_ = 0;
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

std::vector<query_pb::FormulaStep> StepsOfShare(const query_pb::Figure& figure,
                                                std::span<const query_pb::StratumEvidence> strata,
                                                bool given_by_frame) {
  return ShareSteps(figure, strata, given_by_frame).Make();
}

}  // namespace imdi::figures
