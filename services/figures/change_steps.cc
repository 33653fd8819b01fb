#include "services/figures/change_steps.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "services/base/text.h"
#include "services/domain/change.h"
#include "services/domain/distributions.h"
#include "services/domain/stratified_variance.h"
#include "services/figures/change_tests.h"
#include "services/figures/formula_step.h"
#include "services/figures/texts.h"

namespace imdi::figures {
namespace {

namespace query_pb = survey::query::v1;
using base::StrCat;

// Counts of one edition in one stratum.
struct OneEdition {
  int64_t frame = 0;
  int64_t responded = 0;
  int64_t base = 0;
  int64_t yes = 0;
};

// Of the units that answered both times: in the numerators and bases, and together.
struct BothTimes {
  int64_t r = 0, y_a = 0, m_a = 0, y_b = 0, m_b = 0, yy = 0, ym = 0, my = 0, mm = 0;
};

struct Stratum {
  std::string id;
  OneEdition a, b;
  int64_t frame_both = 0;
  int64_t base_either = 0;
  BothTimes both;
};

Stratum Read(const query_pb::ChangeStratum& stratum) {
  Stratum out{.id = stratum.stratum(), .a = {}, .b = {}, .both = {}};
  out.a.frame = stratum.frame_earlier();
  out.b.frame = stratum.frame_later();
  out.frame_both = stratum.frame_both();
  for (int i = 0; i < stratum.states_size(); ++i) {
    const int64_t units = stratum.states(i);
    const auto a = static_cast<domain::AnswerState>(i / 4);
    const auto b = static_cast<domain::AnswerState>(i % 4);
    const bool answered_a = a != domain::AnswerState::kSilent;
    const bool answered_b = b != domain::AnswerState::kSilent;
    const bool yes_a = a == domain::AnswerState::kYes;
    const bool yes_b = b == domain::AnswerState::kYes;
    const bool base_a = yes_a || a == domain::AnswerState::kNo;
    const bool base_b = yes_b || b == domain::AnswerState::kNo;
    out.a.responded += answered_a ? units : 0;
    out.a.base += base_a ? units : 0;
    out.a.yes += yes_a ? units : 0;
    out.b.responded += answered_b ? units : 0;
    out.b.base += base_b ? units : 0;
    out.b.yes += yes_b ? units : 0;
    out.base_either += base_a || base_b ? units : 0;
    if (!answered_a || !answered_b) continue;
    out.both.r += units;
    out.both.y_a += yes_a ? units : 0;
    out.both.m_a += base_a ? units : 0;
    out.both.y_b += yes_b ? units : 0;
    out.both.m_b += base_b ? units : 0;
    out.both.yy += yes_a && yes_b ? units : 0;
    out.both.ym += yes_a && base_b ? units : 0;
    out.both.my += base_a && yes_b ? units : 0;
    out.both.mm += base_a && base_b ? units : 0;
  }
  return out;
}

class ChangeSteps {
 public:
  ChangeSteps(const query_pb::ChangeFigure& change, std::span<const query_pb::ChangeStratum> strata)
      : change_(change) {
    for (const query_pb::ChangeStratum& one : strata) strata_.push_back(Read(one));
  }

  std::vector<query_pb::FormulaStep> Make() && {
    if (!change_.has_value()) return {};
    AmongAnswers();
    if (!change_.has_estimate() || strata_.empty()) return std::move(steps_).Take();
    const bool known = change_.test_status() == query_pb::CHANGE_TEST_STATUS_KNOWN;
    const double p_a = change_.estimate().earlier();
    const double p_b = change_.estimate().later();
    if (known) {
      KnownShare("a", change_.earlier(), p_a);
      KnownShare("b", change_.later(), p_b);
    } else {
      Share("a", &Stratum::a, p_a, &s_a_);
      Share("b", &Stratum::b, p_b, &s_b_);
    }
    steps_.Add(
        "D",
        Text("endring blant alle einingar", "endring blant alle enheter", "change among all units"),
        "p_b - p_a", StrCat(Number(p_b), " - ", Number(p_a)), change_.estimate().value());
    if (!known) Test(p_a, p_b);
    Panel();
    return std::move(steps_).Take();
  }

 private:
  void AmongAnswers() {
    const query_pb::SharePoint& later = change_.later();
    const query_pb::SharePoint& earlier = change_.earlier();
    steps_.Add("change",
               Text("endring blant dei som svarte", "endring blant dem som svarte",
                    "change among those who answered"),
               "x_b / n_b - x_a / n_a",
               StrCat(later.numerator(), " / ", later.base(), " - ", earlier.numerator(), " / ",
                      earlier.base()),
               change_.value());
    steps_.Add("b_L",
               Text("minste endring som er logisk mogleg", "minste endring som er logisk mulig",
                    "the least change that is logically possible"),
               "b_L of b - b_U of a", "", change_.bound_lower());
    steps_.Add("b_U",
               Text("største endring som er logisk mogleg", "største endring som er logisk mulig",
                    "the greatest change that is logically possible"),
               "b_U of b - b_L of a", "", change_.bound_upper());
  }

  template <typename Term>
  std::string Sum(const Term& term) const {
    std::string out;
    for (const Stratum& h : strata_) {
      const std::string one = term(h);
      if (one.empty()) continue;
      base::StrAppend(out, out.empty() ? "" : " + ", one);
      if (out.size() > kSubstitutedBytesMax) break;
    }
    return out.empty() ? "0" : out;
  }

  // Share of one edition, all of whose base answered.
  void KnownShare(std::string_view sign, const query_pb::SharePoint& point, double share) {
    steps_.Add(StrCat("p_", sign),
               Text("del, kjend for alle", "andel, kjent for alle", "share, known of all"), "x / n",
               StrCat(point.numerator(), " / ", point.base()), share);
  }

  // Weighted share of one edition; `sum` becomes the weighted sum of its base.
  void Share(std::string_view sign, OneEdition Stratum::*which, double share, double* sum) {
    double base = 0, yes = 0;
    int64_t n = 0, x = 0;
    for (const Stratum& h : strata_) {
      const OneEdition& one = h.*which;
      if (one.responded == 0) continue;
      const double weight = static_cast<double>(one.frame) / static_cast<double>(one.responded);
      base += weight * static_cast<double>(one.base);
      yes += weight * static_cast<double>(one.yes);
      n += one.base;
      x += one.yes;
    }
    *sum = base;
    const auto weighted = [&](int64_t OneEdition::*count) {
      return Sum([&](const Stratum& h) {
        const OneEdition& one = h.*which;
        return one.*count == 0 ? std::string()
                               : StrCat(one.frame, "/", one.responded, "*", one.*count);
      });
    };
    steps_.Add(
        StrCat("S_", sign),
        Text("vekta sum av grunnlaget", "vektet sum av grunnlaget", "weighted sum of the base"),
        "sum_h N_h / r_h * m_h", weighted(&OneEdition::base), base);
    steps_.Add(
        StrCat("A_", sign),
        Text("vekta sum av teljaren", "vektet sum av telleren", "weighted sum of the numerator"),
        "sum_h N_h / r_h * y_h", weighted(&OneEdition::yes), yes);
    const survey::model::v1::LocalizedText title =
        Text("vekta del", "vektet andel", "weighted share");
    const std::string symbol = StrCat("p_", sign);
    if (x == 0 || x == n)
      steps_.Add(symbol, title, x == 0 ? "0, since x = 0" : "1, since x = n", x == 0 ? "0" : "1",
                 share);
    else
      steps_.Add(symbol, title, "A / S", StrCat(Number(yes), " / ", Number(base)), share);
  }

  void Variance(std::string_view sign, OneEdition Stratum::*which, double p, double s,
                double error) {
    std::string sum;
    for (const Stratum& h : strata_) {
      const OneEdition& one = h.*which;
      if (one.responded < 2 || one.responded >= one.frame || one.base == 0) continue;
      const auto y = static_cast<double>(one.yes);
      const auto m = static_cast<double>(one.base);
      const auto r = static_cast<double>(one.responded);
      const auto n = static_cast<double>(one.frame);
      const double t = (y - m * p) / s;
      const double q = (y * (1 - p) * (1 - p) + (m - y) * p * p) / (s * s);
      const double term = n * n * (1 / r - 1 / n) * (q - t * t / r) / (r - 1);
      const std::string symbol = StrCat("V_", sign, "[", h.id, "]");
      steps_.Add(symbol,
                 Text(StrCat("variansledd i laget ", h.id), StrCat("variansledd i laget ", h.id),
                      StrCat("term of the variance in stratum ", h.id)),
                 "N^2 (1/r - 1/N) (Q - T^2/r) / (r - 1); T = (y - m p) / S; Q = (y (1 - p)^2 + "
                 "(m - y) p^2) / S^2",
                 StrCat(one.frame, "^2*(1/", one.responded, " - 1/", one.frame, ")*(", Number(q),
                        " - (", Number(t), ")^2/", one.responded, ")/", one.responded - 1),
                 term);
      base::StrAppend(sum, sum.empty() ? "" : " + ", Number(term));
    }
    steps_.Add(StrCat("V_", sign),
               Text("varians av den vekta delen", "varians av den vektede andelen",
                    "variance of the weighted share"),
               StrCat("sum_h V_", sign, "[h]"), sum.empty() ? "0" : sum, error * error);
  }

  void Covariance(double p_a, double p_b) {
    std::string sum;
    for (const Stratum& h : strata_) {
      const BothTimes& both = h.both;
      if (both.r < 2 || both.m_a == 0 || both.m_b == 0) continue;
      // A constant in one of the years.
      if (h.a.responded >= h.a.frame || h.b.responded >= h.b.frame) continue;
      const auto of = [](int64_t count) { return static_cast<double>(count); };
      const double t_a = (of(both.y_a) - p_a * of(both.m_a)) / s_a_;
      const double t_b = (of(both.y_b) - p_b * of(both.m_b)) / s_b_;
      const double product =
          (of(both.yy) - p_b * of(both.ym) - p_a * of(both.my) + p_a * p_b * of(both.mm)) /
          (s_a_ * s_b_);
      const double factor =
          of(h.a.frame) * of(h.b.frame) * of(both.r) / (of(h.a.responded) * of(h.b.responded)) -
          of(h.frame_both);
      const double term = factor * (product - t_a * t_b / of(both.r)) / (of(both.r) - 1);
      steps_.Add(
          StrCat("C[", h.id, "]"),
          Text(StrCat("kovariansledd i laget ", h.id), StrCat("kovariansledd i laget ", h.id),
               StrCat("term of the covariance in stratum ", h.id)),
          "(N_a N_b r_ab / (r_a r_b) - N_ab) (P - T_a T_b / r_ab) / (r_ab - 1), over the "
          "r_ab units that answered both times; T_a = (y_a - p_a m_a) / S_a, T_b likewise; "
          "P = (yy - p_b ym - p_a my + p_a p_b mm) / (S_a S_b): in both numerators, in the "
          "numerator of a and the base of b, the other way round, in both bases",
          StrCat("(", h.a.frame, "*", h.b.frame, "*", both.r, "/(", h.a.responded, "*",
                 h.b.responded, ") - ", h.frame_both, ")*(", Number(product), " - (", Number(t_a),
                 ")*(", Number(t_b), ")/", both.r, ")/", both.r - 1),
          term);
      base::StrAppend(sum, sum.empty() ? "(" : " + (", Number(term), ")");
    }
    steps_.Add("C",
               Text("kovarians mellom åra, av dei som svarte begge gongene",
                    "kovarians mellom årene, av dem som svarte begge ganger",
                    "covariance of the years, by those who answered both times"),
               "sum_h C[h]", sum.empty() ? "0" : sum, change_.estimate().covariance());
  }

  void Test(double p_a, double p_b) {
    const query_pb::ChangeEstimate& estimate = change_.estimate();
    Variance("a", &Stratum::a, p_a, s_a_, estimate.earlier_error());
    Variance("b", &Stratum::b, p_b, s_b_, estimate.later_error());
    Covariance(p_a, p_b);
    const double error = estimate.standard_error();
    // Clearly below 0 it has no root, and nothing follows from it.
    const double size = std::pow(estimate.earlier_error(), 2) + std::pow(estimate.later_error(), 2);
    const double rest = size - 2 * estimate.covariance();
    const bool below_zero =
        rest < -std::max(domain::kNoVariance, domain::kNoCovariance * size) && error == 0;
    const auto square = [](double value) { return StrCat("(", Number(value * value), ")"); };
    steps_.Add("V", Text("varians av endringa", "varians av endringen", "variance of the change"),
               "V_a + V_b - 2 C",
               StrCat(square(estimate.earlier_error()), " + ", square(estimate.later_error()),
                      " - 2*(", Number(estimate.covariance()), ")"),
               below_zero ? rest : error * error);
    if (!below_zero)
      steps_.Add("SE", Text("standardfeil", "standardfeil", "standard error"), "sqrt(V)",
                 StrCat("sqrt(", Number(error * error), ")"), error);
    int64_t either = 0, strata = 0;
    for (const Stratum& h : strata_) {
      either += h.base_either;
      strata += h.base_either > 0 ? 1 : 0;
    }
    steps_.Add("df",
               Text("fridomsgrader: einingar i grunnlaget minst éin gong, mindre laga deira",
                    "frihetsgrader: enheter i grunnlaget minst én gang, minus lagene deres",
                    "degrees of freedom: units in the base at least once, less their strata"),
               "n_ab - H", StrCat(either, " - ", strata), estimate.df());
    if (!estimate.has_p()) return;
    steps_.Add("t", Text("testobservator", "testobservator", "test statistic"), "D / SE",
               StrCat("(", Number(estimate.value()), ")/", Number(error)), estimate.t());
    steps_.Add("p", Text("p-verdi, tosidig", "p-verdi, tosidig", "p value, two-sided"),
               "P(|T| >= |t|), T on df degrees of freedom", "", estimate.p());
    const double quantile = domain::StudentQuantile(estimate.level(), estimate.df());
    steps_.Add(
        "t_q",
        Text("t-kvantil, gitt konstant", "t-kvantil, gitt konstant", "quantile of t, as given"),
        "t such that P(|T| <= t) = level, T on df degrees of freedom", "", quantile);
    for (const bool upper : {false, true}) {
      const std::string_view sign = upper ? "+" : "-";
      steps_.Add(upper ? "upper" : "lower",
                 upper ? Text("øvre ende av intervallet", "øvre ende av intervallet",
                              "upper end of the interval")
                       : Text("nedre ende av intervallet", "nedre ende av intervallet",
                              "lower end of the interval"),
                 StrCat("D ", sign, " t_q SE"),
                 StrCat("(", Number(estimate.value()), ") ", sign, " ", Number(quantile), "*",
                        Number(error)),
                 upper ? estimate.upper() : estimate.lower());
    }
    if (!change_.has_q()) return;
    const query_pb::TestFamily& family = change_.family();
    steps_.Add(
        "q",
        Text(StrCat("p-verdi justert i familien ", family.id(), ", ", family.size(), " testar"),
             StrCat("p-verdi justert i familien ", family.id(), ", ", family.size(), " tester"),
             StrCat("p value adjusted in the family ", family.id(), ", ", family.size(), " tests")),
        "Benjamini-Hochberg: the smallest of min(1, m p_(j) / j) over all j from the rank of "
        "p on",
        "", change_.q());
  }

  void Panel() {
    const query_pb::PanelCounts& panel = change_.panel();
    steps_.Add(
        "n_p",
        Text("panelet: einingar i grunnlaget begge gongene, uvekta",
             "panelet: enheter i grunnlaget begge ganger, uvektet",
             "the panel: units in the base both times, unweighted"),
        "yes-yes + yes-no + no-yes + no-no",
        StrCat(panel.yes_yes(), " + ", panel.yes_no(), " + ", panel.no_yes(), " + ", panel.no_no()),
        panel.units());
    steps_.Add(
        "b",
        Text("av dei, ut av teljaren", "av dem, ut av telleren", "of them, out of the numerator"),
        "", "", panel.yes_no());
    steps_.Add(
        "c",
        Text("av dei, inn i teljaren", "av dem, inn i telleren", "of them, into the numerator"), "",
        "", panel.no_yes());
    if (!panel.has_p_mid()) return;
    steps_.Add("p_mid",
               Text("McNemars test, mid-p", "McNemars test, mid-p", "McNemar's test, mid-p"),
               "2 P(B <= min(b, c)) - P(B = min(b, c)), B binomial on b + c trials of 1/2", "",
               panel.p_mid());
  }

  const query_pb::ChangeFigure& change_;
  std::vector<Stratum> strata_;
  double s_a_ = 0;
  double s_b_ = 0;
  Steps steps_;
};

}  // namespace

std::vector<query_pb::FormulaStep> StepsOfChange(const query_pb::ChangeFigure& change,
                                                 std::span<const query_pb::ChangeStratum> strata) {
  return ChangeSteps(change, strata).Make();
}

}  // namespace imdi::figures
