#include "services/figures/interval_steps.h"

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "services/base/text.h"
#include "services/domain/distributions.h"
#include "services/domain/intervals.h"
#include "services/figures/texts.h"

namespace imdi::figures {

using survey::model::v1::LocalizedText;

namespace {

// e: what stands for the answers where the weights know nothing of the silence there is.
double AnswersOf(const domain::Proportion& raw, const domain::ShareEstimate& share, Steps& steps) {
  if (share.status != domain::EstimateStatus::kCensus) return share.n_eff_adj;
  const double e = raw.n;
  steps.Add("e", Text("tal på svar", "antall svar", "number of answers"),
            "n, since r_h = N_h in every stratum of the base", base::StrCat(raw.n), e);
  return e;
}

void AddWilson(const domain::Proportion& raw, const domain::ShareEstimate& share, Steps& steps) {
  const double e = AnswersOf(raw, share, steps);
  const double p = raw.estimate;
  const double z = domain::NormalQuantile(share.level);
  steps.Add("z",
            Text("normalkvantil, gitt konstant", "normalkvantil, gitt konstant",
                 "quantile of the normal distribution, as given"),
            "z such that P(|Z| <= z) = level", "", z);
  const domain::Interval wilson = domain::WilsonOn(p, e, raw.x == 0, raw.x == raw.n, share.level);
  const LocalizedText ends_title = Text("enden av Wilson-intervallet",
                                        "enden av Wilson-intervallet", "end of Wilson's interval");
  const auto in = [&](std::string_view sign) {
    const std::string es = Number(e);
    const std::string ps = Number(p);
    const std::string zs = Number(z);
    return base::StrCat("(", ps, " + ", zs, "^2/(2*", es, ") ", sign, " ", zs, "*sqrt(", ps,
                        "*(1 - ", ps, ")/", es, " + ", zs, "^2/(4*", es, "^2)))/(1 + ", zs, "^2/",
                        es, ")");
  };
  if (raw.x == 0) {
    steps.Add("w_L", ends_title, "0, since x = 0", "0", wilson.lower);
  } else {
    steps.Add("w_L", ends_title,
              "(p + z^2/(2 e) - z sqrt(p (1 - p)/e + z^2/(4 e^2))) / (1 + z^2/e)", in("-"),
              wilson.lower);
  }
  if (raw.x == raw.n) {
    steps.Add("w_U", ends_title, "1, since x = n", "1", wilson.upper);
  } else {
    steps.Add("w_U", ends_title,
              "(p + z^2/(2 e) + z sqrt(p (1 - p)/e + z^2/(4 e^2))) / (1 + z^2/e)", in("+"),
              wilson.upper);
  }
  const std::string least = Number(share.bound_lower);
  const std::string most = Number(share.bound_upper);
  const std::string point = Number(share.point);
  steps.Add("lower", LowerTitle(), "min(min(max(w_L, b_L), b_U), estimate)",
            base::StrCat("min(min(max(", Number(wilson.lower), ", ", least, "), ", most, "), ",
                         point, ")"),
            share.lower);
  steps.Add("upper", UpperTitle(), "max(min(max(w_U, b_L), b_U), estimate)",
            base::StrCat("max(min(max(", Number(wilson.upper), ", ", least, "), ", most, "), ",
                         point, ")"),
            share.upper);
}

void AddEnds(std::string_view lower, std::string_view lower_in, std::string_view upper,
             std::string_view upper_in, const domain::ShareEstimate& share, Steps& steps) {
  const std::string point = Number(share.point);
  steps.Add("lower", LowerTitle(), base::StrCat("min(", lower, ", estimate)"),
            lower_in.empty() ? std::string() : base::StrCat("min(", lower_in, ", ", point, ")"),
            share.lower);
  steps.Add("upper", UpperTitle(), base::StrCat("max(", upper, ", estimate)"),
            upper_in.empty() ? std::string() : base::StrCat("max(", upper_in, ", ", point, ")"),
            share.upper);
}

void AddWald(const domain::Proportion& raw, const domain::ShareEstimate& share, Steps& steps) {
  AddStudent("t", share.level, share.df, steps);
  const std::string p = Number(raw.estimate);
  const std::string half = base::StrCat(Number(domain::StudentQuantile(share.level, share.df)), "*",
                                        Number(raw.standard_error));
  AddEnds("p - t SE", base::StrCat(p, " - ", half), "p + t SE", base::StrCat(p, " + ", half), share,
          steps);
}

void AddLogit(const domain::Proportion& raw, const domain::ShareEstimate& share, Steps& steps) {
  AddStudent("t", share.level, share.df, steps);
  const double p = raw.estimate;
  const double t = domain::StudentQuantile(share.level, share.df);
  const double centre = std::log(p / (1 - p));
  const double half = t * raw.standard_error / (p * (1 - p));
  const std::string written = Number(p);
  steps.Add("l", Text("delen på logitskalaen", "andelen på logitskalaen", "the share as a logit"),
            "log(p / (1 - p))", base::StrCat("log(", written, "/(1 - ", written, "))"), centre);
  steps.Add("d",
            Text("halve breidda på logitskalaen", "halve bredden på logitskalaen",
                 "half the width as a logit"),
            "t SE / (p (1 - p))",
            base::StrCat(Number(t), "*", Number(raw.standard_error), "/(", written, "*(1 - ",
                         written, "))"),
            half);
  AddEnds("1 / (1 + exp(d - l))",
          base::StrCat("1/(1 + exp(", Number(half), " - (", Number(centre), ")))"),
          "1 / (1 + exp(-d - l))",
          base::StrCat("1/(1 + exp(0 - ", Number(half), " - (", Number(centre), ")))"), share,
          steps);
}

void AddBeta(const domain::Proportion& raw, const domain::ShareEstimate& share, Steps& steps) {
  AnswersOf(raw, share, steps);
  AddTail(share.level, steps);
  AddEnds(
      raw.x == 0 ? "0, since x = 0" : "v with P(B <= v) = a, B beta(e p, e (1 - p) + 1)", "",
      raw.x == raw.n ? "1, since x = n" : "v with P(B <= v) = 1 - a, B beta(e p + 1, e (1 - p))",
      "", share, steps);
}

void AddNone(const domain::Proportion& raw, const domain::ShareEstimate& share, Steps& steps) {
  const std::string_view why = share.status == domain::EstimateStatus::kCensus
                                   ? "the weights know nothing of those that left the question open"
                               : raw.df < 1 ? "df < 1"
                                            : "there is no spread";
  steps.Add("lower", LowerTitle(), base::StrCat("b_L, since ", why), Number(share.bound_lower),
            share.lower);
  steps.Add("upper", UpperTitle(), base::StrCat("b_U, since ", why), Number(share.bound_upper),
            share.upper);
}

}  // namespace

void AddEffectiveNumber(const Ground& ground, const domain::Proportion& raw,
                        const domain::ShareEstimate& share, Steps& steps) {
  const int32_t n = raw.n;
  const LocalizedText title =
      Text("effektivt tal på svar", "effektivt antall svar", "effective number of answers");
  switch (share.status) {
    case domain::EstimateStatus::kDegenerate:
    case domain::EstimateStatus::kZeroVariance:
      steps.Add("e", title, "n, since V = 0", base::StrCat(n), share.n_eff_adj);
      return;
    case domain::EstimateStatus::kOk:
      break;
    default:
      return;
  }
  steps.Add("n_eff",
            Text("effektivt tal på svar før omsyn til fridomsgradene",
                 "effektivt antall svar før hensyn til frihetsgradene",
                 "effective number of answers, before the degrees of freedom"),
            "p (1 - p) / V",
            base::StrCat(Number(raw.estimate), "*(1 - ", Number(raw.estimate), ")/",
                         Number(raw.variance)),
            share.n_eff);
  const double t_n = domain::StudentQuantile(share.level, n - 1);
  const double t_df = domain::StudentQuantile(share.level, share.df);
  const LocalizedText quantile =
      Text("t-kvantil, gitt konstant", "t-kvantil, gitt konstant", "quantile of t, as given");
  steps.Add("t_1", quantile, "t such that P(|T| <= t) = level, T on n - 1 degrees of freedom",
            base::StrCat("n - 1 = ", n - 1), t_n);
  steps.Add("t_2", quantile, "t such that P(|T| <= t) = level, T on df degrees of freedom",
            base::StrCat("df = ", share.df), t_df);
  const std::string adjusted =
      base::StrCat(Number(share.n_eff), "*(", Number(t_n), "/", Number(t_df), ")^2");
  if (ground.given_by_frame) {
    steps.Add("e", title, "n_eff (t_1 / t_2)^2", adjusted, share.n_eff_adj);
    return;
  }
  const int32_t m = share.may_belong;
  steps.Add("e_M",
            Text("det same talet på svar, trekte tilfeldig blant n + M einingar",
                 "det samme antallet svar, trukket tilfeldig blant n + M enheter",
                 "as many answers, drawn at random from n + M units"),
            "n (n + M) / M", base::StrCat(n, "*(", n, " + ", m, ")/", m),
            domain::MostEffective(n, m));
  steps.Add("e", title, "min(n_eff (t_1 / t_2)^2, e_M)",
            base::StrCat("min(", adjusted, ", ", Number(domain::MostEffective(n, m)), ")"),
            share.n_eff_adj);
}

void AddPoint(const domain::Proportion& raw, const domain::ShareEstimate& share, Steps& steps) {
  steps.Add("estimate", PointTitle(), "min(max(p, b_L), b_U)",
            base::StrCat("min(max(", Number(raw.estimate), ", ", Number(share.bound_lower), "), ",
                         Number(share.bound_upper), ")"),
            share.point);
}

void AddTail(double level, Steps& steps) {
  steps.Add("a",
            Text("sannsyn i kvar hale", "sannsynlighet i hver hale", "probability of each tail"),
            "(1 - level) / 2", base::StrCat("(1 - ", Number(level), ") / 2"), (1 - level) / 2);
}

void AddInterval(const domain::Proportion& raw, const domain::ShareEstimate& share, Steps& steps) {
  switch (share.method) {
    case domain::IntervalMethod::kWilson:
      AddWilson(raw, share, steps);
      break;
    case domain::IntervalMethod::kWald:
      AddWald(raw, share, steps);
      break;
    case domain::IntervalMethod::kLogit:
      AddLogit(raw, share, steps);
      break;
    case domain::IntervalMethod::kBeta:
      AddBeta(raw, share, steps);
      break;
    default:
      AddNone(raw, share, steps);
      break;
  }
}

}  // namespace imdi::figures
