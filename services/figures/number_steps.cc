#include "services/figures/number_steps.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "services/base/text.h"
#include "services/domain/distributions.h"
#include "services/domain/linear_estimate.h"
#include "services/domain/stratified_variance.h"
#include "services/domain/weighted_estimate.h"
#include "services/figures/exact_sums.h"
#include "services/figures/share_steps.h"
#include "services/figures/texts.h"

namespace imdi::figures {
namespace {

namespace model = survey::model::v1;
using domain::SumsCell;
using model::LocalizedText;

// All digits: differences of large numbers are taken of these.
std::string Exactly(double value) {
  std::array<char, 40> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return std::string(digits.data(), end.ptr);
}

class NumberSteps {
 public:
  NumberSteps(const Ground& ground, const query_pb::IndicatorInfo& indicator)
      : ground_(ground),
        figure_(ground.figure),
        indicator_(indicator),
        total_(indicator.kind() == model::INDICATOR_KIND_TOTAL),
        mean_(indicator.kind() == model::INDICATOR_KIND_MEAN),
        scale_a_(ScaleOf(figure_.sum_decimals())),
        scale_b_(ScaleOf(figure_.denominator_decimals())) {}

  std::vector<query_pb::FormulaStep> Make() && {
    AddAnswers(ground_, steps_);
    if (ground_.n > 0) {
      if (!TakeSums()) return std::move(steps_).Take();
      NumberOfAnswers();
    }
    if (!figure_.has_estimate()) return std::move(steps_).Take();
    const query_pb::Estimate& estimate = figure_.estimate();
    AddUnitsOfBase(ground_, estimate.may_belong(), BaseUnitsOf(estimate), steps_);
    if (!estimate.unbounded()) Bounds();
    AddUnrepresented(ground_, estimate.unrepresented(), total_, steps_);
    if (ground_.n == 0) return std::move(steps_).Take();
    AddDegreesOfFreedom(ground_, estimate.df(), steps_);
    if (estimate.method() == query_pb::INTERVAL_METHOD_KNOWN) {
      AddKnownNumber(figure_, steps_);
      return std::move(steps_).Take();
    }
    Weigh();
    WeightedNumber();
    Variance();
    Interval();
    return std::move(steps_).Take();
  }

 private:
  // False where the evidence cannot be read.
  bool TakeSums() {
    for (const query_pb::StratumEvidence& line : ground_.lines) {
      std::optional<SumsCell> sums = SumsCell();
      if (line.has_sums()) sums = CellOf(line.sums());
      if (!sums.has_value()) return false;
      sums->frame = line.frame();
      sums->responded = total_ ? line.sums().determined() : line.responded();
      sums->base = line.base();
      // Nobody weighs for less than one.
      if (sums->responded < sums->base) return false;
      sums_.push_back(*sums);
    }
    return true;
  }

  static int64_t SumA(const query_pb::StratumEvidence& line) { return line.sums().a(); }
  static int64_t SumB(const query_pb::StratumEvidence& line) { return line.sums().b(); }
  static std::string Written(int64_t number) { return number == 0 ? "" : base::StrCat(number); }

  std::string ScaleA() const { return base::StrCat("10^", figure_.sum_decimals()); }
  std::string ScaleB() const { return base::StrCat("10^", figure_.denominator_decimals()); }

  void NumberOfAnswers() {
    steps_.Add("sum_a",
               Text("sum av målet hos dei som svarte, i einingar av 10^-d_a",
                    "sum av målet hos dem som svarte, i enheter av 10^-d_a",
                    "sum of the measure over those who answered, in units of 10^-d_a"),
               "sum_h a_h",
               SumOver(ground_.lines,
                       [](const query_pb::StratumEvidence& h) {
                         return h.sums().a() < 0 ? base::StrCat("(", h.sums().a(), ")")
                                                 : Written(h.sums().a());
                       }),
               static_cast<double>(figure_.sum()));
    const std::string a = base::StrCat(figure_.sum());
    const LocalizedText title =
        Text("hos dei som svarte", "hos dem som svarte", "of those who answered");
    if (mean_) {
      steps_.Add("value", title, "sum_a / (n 10^d_a)",
                 base::StrCat(a, " / (", ground_.n, "*", ScaleA(), ")"), figure_.value());
      return;
    }
    if (total_) {
      steps_.Add("value", title, "sum_a / 10^d_a", base::StrCat(a, " / ", ScaleA()),
                 figure_.value());
      return;
    }
    steps_.Add("sum_b",
               Text("sum av nemnaren hos dei som svarte, i einingar av 10^-d_b",
                    "sum av nevneren hos dem som svarte, i enheter av 10^-d_b",
                    "sum of the denominator over those who answered, in units of 10^-d_b"),
               "sum_h b_h",
               SumOver(ground_.lines,
                       [](const query_pb::StratumEvidence& h) {
                         return h.sums().b() < 0 ? base::StrCat("(", h.sums().b(), ")")
                                                 : Written(h.sums().b());
                       }),
               static_cast<double>(figure_.denominator_sum()));
    if (!figure_.has_value()) return;
    steps_.Add("value", title, "(sum_a / 10^d_a) / (sum_b / 10^d_b)",
               base::StrCat("(", a, " / ", ScaleA(), ") / (", figure_.denominator_sum(), " / ",
                            ScaleB(), ")"),
               figure_.value());
  }

  void Bounds() {
    const query_pb::Estimate& estimate = figure_.estimate();
    const int32_t m = estimate.may_belong();
    const std::string a = base::StrCat(figure_.sum());
    if (mean_) {
      steps_.Add("a_L",
                 Text("minste tal ei eining kan ha", "minste tall en enhet kan ha",
                      "smallest number that a unit can have"),
                 "", "", static_cast<double>(indicator_.measure_least()));
      steps_.Add("a_U",
                 Text("største tal ei eining kan ha", "største tall en enhet kan ha",
                      "largest number that a unit can have"),
                 "", "", static_cast<double>(indicator_.measure_most()));
      const auto in = [&](int64_t each) {
        return base::StrCat("(", a, " + ", m, "*(", each, ")) / (", ground_.n, " + ", m, ")");
      };
      steps_.Add("b_L", LeastTitle(), "(sum_a + M a_L) / (n + M)", in(indicator_.measure_least()),
                 estimate.bound_lower());
      steps_.Add("b_U", MostTitle(), "(sum_a + M a_U) / (n + M)", in(indicator_.measure_most()),
                 estimate.bound_upper());
      return;
    }
    const std::string silent = base::StrCat(figure_.silent_denominator());
    const std::string b = base::StrCat(figure_.denominator_sum());
    steps_.Add("D",
               Text("sum av nemnaren hos dei M einingane", "sum av nevneren hos de M enhetene",
                    "sum of the denominator over the M units"),
               "", "", static_cast<double>(figure_.silent_denominator()));
    steps_.Add("b_L", LeastTitle(), "sum_a / (sum_b + D)",
               base::StrCat(a, " / (", b, " + ", silent, ")"), estimate.bound_lower());
    steps_.Add("b_U", MostTitle(), "(sum_a + D) / (sum_b + D)",
               base::StrCat("(", a, " + ", silent, ") / (", b, " + ", silent, ")"),
               estimate.bound_upper());
  }

  // Of one unit of the line's number, what it stands for.
  double WeightOf(size_t i) const {
    const query_pb::StratumEvidence& line = ground_.lines[i];
    // Calibrated there is no estimate of a total that somebody left open.
    if (!total_ || ground_.calibrated != nullptr) return ground_.WeightOf(line);
    return static_cast<double>(line.frame()) / sums_[i].responded;
  }
  std::string WrittenWeight(size_t i) const {
    const query_pb::StratumEvidence& line = ground_.lines[i];
    if (!total_ || ground_.calibrated != nullptr) return ground_.WrittenWeight(line);
    return base::StrCat(line.frame(), "/", sums_[i].responded);
  }

  std::string_view Weights() const {
    if (ground_.calibrated == nullptr) return total_ ? "N_h / q_h" : "N_h / r_h";
    return "w_c";
  }

  void Weigh() {
    for (size_t i = 0; i < sums_.size(); ++i) {
      if (sums_[i].base == 0) continue;
      a_ += WeightOf(i) * static_cast<double>(sums_[i].a);
      b_ += WeightOf(i) * static_cast<double>(sums_[i].b);
    }
    ratio_ = total_ ? a_ : a_ / b_;
    if (ground_.calibrated == nullptr) {
      weighted_ = total_
                      ? domain::EstimateTotal(sums_, scale_a_, domain::Lonely::kAdjust)
                      : domain::EstimateRatio(sums_, scale_a_, scale_b_, domain::Lonely::kAdjust);
      return;
    }
    const domain::Weighting& weighting = ground_.calibrated->weighting;
    std::vector<SumsCell> cells(weighting.cells().size());
    for (size_t i = 0; i < sums_.size(); ++i) {
      if (sums_[i].base > 0) cells[ground_.calibrated->cell_of[i]] = sums_[i];
    }
    weighted_ =
        total_ ? domain::EstimateWeightedTotal(weighting, cells, scale_a_, domain::Lonely::kAdjust)
               : domain::EstimateWeightedRatio(weighting, cells, scale_a_, scale_b_,
                                               domain::Lonely::kAdjust);
  }

  template <typename Sum>
  std::string WrittenSum(const Sum& sum) const {
    std::string out;
    for (size_t i = 0; i < sums_.size(); ++i) {
      if (sums_[i].base == 0 || sum(sums_[i]) == 0) continue;
      if (!out.empty()) out.append(" + ");
      base::StrAppend(out, WrittenWeight(i), "*(", Digits(sum(sums_[i])), ")");
      if (out.size() > kSubstitutedBytesMax) break;
    }
    return out.empty() ? "0" : out;
  }

  void WeightedNumber() {
    const std::string weights(Weights());
    steps_.Add("A",
               Text("vekta sum av målet, i einingar av 10^-d_a",
                    "vektet sum av målet, i enheter av 10^-d_a",
                    "weighted sum of the measure, in units of 10^-d_a"),
               base::StrCat("sum of ", weights, " * a"),
               WrittenSum([](const SumsCell& cell) { return cell.a; }), a_);
    const LocalizedText title =
        Text("vekta tal, i einingar av summane", "vektet tall, i enheter av summene",
             "weighted number, in units of the sums");
    if (total_) {
      steps_.Add("R", title, "A", Exactly(a_), ratio_);
    } else {
      steps_.Add("B",
                 Text("vekta sum av nemnaren (av einingane i grunnlaget for eit snitt), i "
                      "einingar av 10^-d_b",
                      "vektet sum av nevneren (av enhetene i grunnlaget for et snitt), i "
                      "enheter av 10^-d_b",
                      "weighted sum of the denominator (of the units in the base for a mean), "
                      "in units of 10^-d_b"),
                 base::StrCat("sum of ", weights, " * b"),
                 WrittenSum([](const SumsCell& cell) { return cell.b; }), b_);
      steps_.Add("R", title, "A / B", base::StrCat(Exactly(a_), " / (", Exactly(b_), ")"), ratio_);
    }
    steps_.Add("m", Text("vekta tal", "vektet tall", "weighted number"),
               total_ ? "R / 10^d_a" : "R 10^d_b / 10^d_a",
               total_ ? base::StrCat(Exactly(ratio_), " / ", ScaleA())
                      : base::StrCat(Exactly(ratio_), "*", ScaleB(), " / ", ScaleA()),
               weighted_.estimate);
  }

  double unit() const { return (total_ ? 1 : scale_b_) / scale_a_; }

  bool Census() const {
    for (const SumsCell& cell : sums_) {
      if (cell.base > 0 && cell.responded < cell.frame) return false;
    }
    return true;
  }

  void Variance() {
    const LocalizedText title =
        Text("varians, i einingar av summane", "varians, i enheter av summene",
             "variance, in units of the sums");
    const double root = weighted_.standard_error / unit();
    if (Census()) {
      steps_.Add("V", title, "0, since all of every stratum of the base answered", "0", 0);
    } else if (ground_.calibrated != nullptr) {
      steps_.Add("V", title,
                 CalibratedVarianceFormula(
                     total_ ? "a of a unit in the base" : "(a - R b) / B of a unit in the base",
                     "1e-20 R^2"),
                 "", root * root);
    } else {
      double sum = 0;
      for (size_t i = 0; i < sums_.size(); ++i) {
        if (sums_[i].base > 0) sum += StratumVariance(ground_.lines[i], sums_[i]);
      }
      steps_.Add("V", title, "sum_h V_h; 0 below 1e-20 R^2", "",
                 sum < domain::kNoVariance * ratio_ * ratio_ ? 0 : sum);
    }
    steps_.Add("SE", ErrorTitle(), total_ ? "sqrt(V) / 10^d_a" : "sqrt(V) 10^d_b / 10^d_a",
               total_
                   ? base::StrCat("sqrt(", Exactly(root * root), ") / ", ScaleA())
                   : base::StrCat("sqrt(", Exactly(root * root), ")*", ScaleB(), " / ", ScaleA()),
               figure_.estimate().standard_error());
  }

  double StratumVariance(const query_pb::StratumEvidence& line, const SumsCell& h) {
    LocalizedText title = Text("bidrag til variansen frå laget ", "bidrag til variansen fra laget ",
                               "the stratum's part of the variance: ");
    Append(title, "", line.title());
    const std::string symbol = base::StrCat("V[", line.stratum(), "]");
    const std::string_view r_name = total_ ? "q_h" : "r_h";
    const int32_t r = h.responded;
    if (r >= h.frame) {
      steps_.Add(symbol, std::move(title), base::StrCat("0, since ", r_name, " = N_h"), "0", 0);
      return 0;
    }
    const double slope = total_ ? 0 : ratio_;
    const double denominator = total_ ? 1 : b_;
    const double silent_part = static_cast<double>(h.frame) * (h.frame - r);
    const std::string over = total_ ? "" : base::StrCat(" / (", Exactly(b_), ")^2");
    if (r == 1) {
      const double result = silent_part * domain::Squares(h, slope) / (denominator * denominator);
      steps_.Add(
          symbol, std::move(title),
          total_ ? "N_h (N_h - 1) aa, since q_h = 1"
                 : "N_h (N_h - 1) (aa - 2 R ab + R^2 bb) / B^2, since r_h = 1",
          base::StrCat(h.frame, "*", h.frame - 1, "*(", Quadratic(h.aa, h.ab, h.bb), ")", over),
          result);
      return result;
    }
    const double result =
        silent_part / r *
        (domain::CentredSquares(h, r, slope) / (static_cast<double>(r) * (r - 1))) /
        (denominator * denominator);
    const domain::Int128 n = r;
    steps_.Add(
        symbol, std::move(title),
        total_ ? "(1 - q_h / N_h) N_h^2 / q_h^2 / (q_h - 1) C_aa; C_aa = q_h aa - a^2"
               : "(1 - r_h / N_h) N_h^2 / r_h^2 / (r_h - 1) (C_aa - 2 R C_ab + R^2 C_bb) / "
                 "B^2; C_aa = r_h aa - a^2; C_ab = r_h ab - a b; C_bb = r_h bb - b^2",
        base::StrCat("(1 - ", r, "/", h.frame, ")*", h.frame, "^2/", r, "^2/", r - 1, "*(",
                     Quadratic(n * h.aa - h.a * h.a, n * h.ab - h.a * h.b, n * h.bb - h.b * h.b),
                     ")", over),
        result);
    return result;
  }

  // x - 2 R y + R^2 z, or x of a total.
  std::string Quadratic(domain::Int128 x, domain::Int128 y, domain::Int128 z) const {
    if (total_) return Digits(x);
    const std::string r = base::StrCat("(", Exactly(ratio_), ")");
    return base::StrCat(Digits(x), " - 2*", r, "*(", Digits(y), ") + ", r, "^2*", Digits(z));
  }

  void Interval() {
    const query_pb::Estimate& estimate = figure_.estimate();
    const std::string b_l = Number(estimate.bound_lower());
    const std::string b_u = Number(estimate.bound_upper());
    const std::string m = Number(weighted_.estimate);
    if (estimate.unbounded()) {
      steps_.Add("estimate", PointTitle(), "m", m, estimate.value());
    } else {
      steps_.Add("estimate", PointTitle(), "min(max(m, b_L), b_U)",
                 base::StrCat("min(max(", m, ", ", b_l, "), ", b_u, ")"), estimate.value());
    }
    const std::string point = Number(estimate.value());
    if (estimate.method() == query_pb::INTERVAL_METHOD_NONE) {
      const std::string why = base::StrCat(
          ", since ",
          estimate.df() < 1 ? "df < 1" : "the weights know nothing of the M that may belong");
      const bool none = estimate.unbounded();
      steps_.Add("lower", LowerTitle(), base::StrCat(none ? "estimate" : "b_L", why),
                 none ? point : b_l, estimate.lower());
      steps_.Add("upper", UpperTitle(), base::StrCat(none ? "estimate" : "b_U", why),
                 none ? point : b_u, estimate.upper());
      return;
    }
    AddStudent("t", estimate.level(), estimate.df(), steps_);
    const std::string half =
        base::StrCat(Number(domain::StudentQuantile(estimate.level(), estimate.df())), "*",
                     Number(estimate.standard_error()));
    if (estimate.unbounded()) {
      steps_.Add("lower", LowerTitle(), "m - t SE", base::StrCat(m, " - ", half), estimate.lower());
      steps_.Add("upper", UpperTitle(), "m + t SE", base::StrCat(m, " + ", half), estimate.upper());
      return;
    }
    const auto end = [&](std::string_view sign, std::string_view outer) {
      return base::StrCat(outer, "(min(max(", m, " ", sign, " ", half, ", ", b_l, "), ", b_u, "), ",
                          point, ")");
    };
    steps_.Add("lower", LowerTitle(), "min(min(max(m - t SE, b_L), b_U), estimate)",
               end("-", "min"), estimate.lower());
    steps_.Add("upper", UpperTitle(), "max(min(max(m + t SE, b_L), b_U), estimate)",
               end("+", "max"), estimate.upper());
  }

  const Ground& ground_;
  const query_pb::Figure& figure_;
  const query_pb::IndicatorInfo& indicator_;
  const bool total_;
  const bool mean_;
  const double scale_a_;
  const double scale_b_;
  std::vector<SumsCell> sums_;  // By line.
  double a_ = 0;                // A, B and R, in units of the sums.
  double b_ = 0;
  double ratio_ = 0;
  domain::LinearEstimate weighted_;
  Steps steps_;
};

}  // namespace

std::vector<query_pb::FormulaStep> StepsOfNumber(const Ground& ground,
                                                 const query_pb::IndicatorInfo& indicator) {
  return NumberSteps(ground, indicator).Make();
}

}  // namespace imdi::figures
