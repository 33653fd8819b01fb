#include "services/figures/quantile_steps.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "services/base/text.h"
#include "services/domain/distributions.h"
#include "services/figures/share_steps.h"
#include "services/figures/texts.h"

namespace imdi::figures {
namespace {

class QuantileSteps {
 public:
  QuantileSteps(const Ground& ground, const query_pb::IndicatorInfo& indicator)
      : ground_(ground),
        figure_(ground.figure),
        estimate_(ground.figure.estimate()),
        probability_(indicator.quantile_thousandths() / 1000.0) {}

  std::vector<query_pb::FormulaStep> Make() && {
    AddAnswers(ground_, steps_);
    if (ground_.n > 0) OfAnswers();
    if (!figure_.has_estimate()) return std::move(steps_).Take();
    AddUnitsOfBase(ground_, estimate_.may_belong(), BaseUnitsOf(estimate_), steps_);
    AddUnrepresented(ground_, estimate_.unrepresented(), false, steps_);
    if (ground_.n == 0) return std::move(steps_).Take();
    AddDegreesOfFreedom(ground_, estimate_.df(), steps_);
    if (estimate_.method() == query_pb::INTERVAL_METHOD_KNOWN) {
      AddKnownNumber(figure_, steps_);
      return std::move(steps_).Take();
    }
    Weighted();
    return std::move(steps_).Take();
  }

 private:
  using Counts = query_pb::QuantileCounts;

  template <typename Count>
  int32_t Sum(const Count& count) const {
    int32_t sum = 0;
    for (const query_pb::StratumEvidence& line : ground_.lines) sum += count(line);
    return sum;
  }

  void OfAnswers() {
    steps_.Add("P",
               Text("delen som ikkje er større, gitt", "andelen som ikke er større, gitt",
                    "the part that is not larger, as given"),
               "thousandths / 1000", base::StrCat(Number(probability_ * 1000), " / 1000"),
               probability_);
    const auto below = [](const auto& line) { return line.quantile().below_value(); };
    const auto to = [](const auto& line) { return line.quantile().to_value(); };
    steps_.Add("n_<", Text("svar under verdien", "svar under verdien", "answers below the value"),
               "sum_h below_value", "", Sum(below));
    steps_.Add(
        "n_<=", Text("svar opp til verdien", "svar opp til verdien", "answers up to the value"),
        "sum_h to_value", "", Sum(to));
    steps_.Add("value", Text("hos dei som svarte", "hos dem som svarte", "of those who answered"),
               "smallest number with n_<= >= P n", "", figure_.value());
  }

  // The weighted share of units of which a count is kept.
  template <typename Count>
  void Share(std::string_view symbol, std::string_view which, const Count& count) {
    const double sum = ground_.WeightedSum(count);
    steps_.Add(symbol,
               Text("vekta del av fordelinga", "vektet del av fordelingen",
                    "weighted part of the distribution"),
               base::StrCat("sum of weight * ", which, " / S"),
               base::StrCat("(", ground_.WrittenSum(count), ") / (", Number(base_sum_), ")"),
               sum / base_sum_);
  }

  void Weighted() {
    const domain::Proportion share = ShareOf(ground_, estimate_.level());
    base_sum_ = share.weight_sum;
    AddWeightedShare(ground_, share, steps_);
    Share("F_<", "below", [](const auto& line) { return line.quantile().below(); });
    steps_.Add("estimate", PointTitle(),
               "smallest number v with F(v) >= P; p = F(v), F_< of what "
               "is below it",
               "", estimate_.value());
    AddShareVariance(ground_, share, steps_);
    const double root = share.standard_error;
    steps_.Add("SE_p", Text("standardfeilen til p", "standardfeilen til p", "standard error of p"),
               "sqrt(V)", base::StrCat("sqrt(", Number(share.variance), ")"), root);
    if (estimate_.method() == query_pb::INTERVAL_METHOD_NONE) {
      const std::string why = base::StrCat(
          "estimate, since ",
          estimate_.df() < 1 ? "df < 1" : "the weights know nothing of the M that may belong");
      steps_.Add("lower", LowerTitle(), why, Number(estimate_.value()), estimate_.lower());
      steps_.Add("upper", UpperTitle(), why, Number(estimate_.value()), estimate_.upper());
      return;
    }
    AddStudent("t", estimate_.level(), estimate_.df(), steps_);
    const double t = domain::StudentQuantile(estimate_.level(), estimate_.df());
    const std::string half = base::StrCat(Number(t), "*", Number(root));
    const survey::model::v1::LocalizedText end = Text(
        "enden av intervallet for p", "enden av intervallet for p", "end of the interval of p");
    steps_.Add("p_L", end, "p - t SE_p", base::StrCat(Number(share.estimate), " - ", half),
               share.estimate - t * root);
    steps_.Add("p_U", end, "p + t SE_p", base::StrCat(Number(share.estimate), " + ", half),
               share.estimate + t * root);
    Share("F_<(lower)", "below_lower",
          [](const auto& line) { return line.quantile().below_lower(); });
    Share("F(lower)", "to_lower", [](const auto& line) { return line.quantile().to_lower(); });
    steps_.Add("lower", LowerTitle(),
               estimate_.lower_open() ? "smallest answer, since p_L < 0: there is no end"
                                      : "smallest number with F >= p_L",
               "", estimate_.lower());
    Share("F_<(upper)", "below_upper",
          [](const auto& line) { return line.quantile().below_upper(); });
    Share("F(upper)", "to_upper", [](const auto& line) { return line.quantile().to_upper(); });
    steps_.Add("upper", UpperTitle(),
               estimate_.upper_open() ? "largest answer, since p_U > 1: there is no end"
                                      : "smallest number with F >= p_U",
               "", estimate_.upper());
    if (estimate_.lower_open() || estimate_.upper_open()) return;
    steps_.Add("SE", ErrorTitle(), "(upper - lower) / (2 t)",
               base::StrCat("(", Number(estimate_.upper()), " - (", Number(estimate_.lower()),
                            ")) / (2*", Number(t), ")"),
               estimate_.standard_error());
  }

  const Ground& ground_;
  const query_pb::Figure& figure_;
  const query_pb::Estimate& estimate_;
  const double probability_;
  double base_sum_ = 0;
  Steps steps_;
};

}  // namespace

std::vector<query_pb::FormulaStep> StepsOfQuantile(const Ground& ground,
                                                   const query_pb::IndicatorInfo& indicator) {
  return QuantileSteps(ground, indicator).Make();
}

}  // namespace imdi::figures
