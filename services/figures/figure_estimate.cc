#include "services/figures/figure_estimate.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "services/base/error.h"
#include "services/base/text.h"
#include "services/domain/quantile.h"
#include "services/domain/weighted_estimate.h"
#include "services/figures/exact_sums.h"

namespace imdi::figures {
namespace {

namespace model = survey::model::v1;
namespace query_pb = survey::query::v1;
using domain::CalibratedWeights;
using domain::EditionCounts;
using domain::FigurePlan;
using domain::SumsCell;
using domain::Weighting;

constexpr domain::Lonely kLonely = domain::Lonely::kAdjust;  // As shares have it (estimate.h).

query_pb::EstimateStatus StatusOf(domain::EstimateStatus status) {
  switch (status) {
    case domain::EstimateStatus::kOk:
      return query_pb::ESTIMATE_STATUS_OK;
    case domain::EstimateStatus::kEmpty:
      return query_pb::ESTIMATE_STATUS_EMPTY;
    case domain::EstimateStatus::kCensus:
      return query_pb::ESTIMATE_STATUS_CENSUS;
    case domain::EstimateStatus::kNoDf:
      return query_pb::ESTIMATE_STATUS_NO_DF;
    case domain::EstimateStatus::kDegenerate:
      return query_pb::ESTIMATE_STATUS_DEGENERATE;
    case domain::EstimateStatus::kZeroVariance:
      return query_pb::ESTIMATE_STATUS_ZERO_VARIANCE;
  }
  return query_pb::ESTIMATE_STATUS_UNSPECIFIED;
}

query_pb::IntervalMethod MethodOf(domain::IntervalMethod method) {
  switch (method) {
    case domain::IntervalMethod::kNone:
      return query_pb::INTERVAL_METHOD_NONE;
    case domain::IntervalMethod::kKnown:
      return query_pb::INTERVAL_METHOD_KNOWN;
    case domain::IntervalMethod::kHypergeometric:
      return query_pb::INTERVAL_METHOD_HYPERGEOMETRIC;
    case domain::IntervalMethod::kPredictive:
      return query_pb::INTERVAL_METHOD_PREDICTIVE;
    case domain::IntervalMethod::kWilson:
      return query_pb::INTERVAL_METHOD_WILSON;
    case domain::IntervalMethod::kWald:
      return query_pb::INTERVAL_METHOD_WALD;
    case domain::IntervalMethod::kLogit:
      return query_pb::INTERVAL_METHOD_LOGIT;
    case domain::IntervalMethod::kBeta:
      return query_pb::INTERVAL_METHOD_BETA;
    case domain::IntervalMethod::kWoodruff:
      return query_pb::INTERVAL_METHOD_WOODRUFF;
  }
  return query_pb::INTERVAL_METHOD_UNSPECIFIED;
}

// What an estimate of a share and one of a number have in common.
template <typename Estimate>
query_pb::Estimate AnyEstimateOf(const Estimate& estimate) {
  query_pb::Estimate out;
  out.set_value(estimate.point);
  out.set_lower(estimate.lower);
  out.set_upper(estimate.upper);
  out.set_level(estimate.level);
  out.set_method(MethodOf(estimate.method));
  out.set_status(StatusOf(estimate.status));
  out.set_standard_error(estimate.standard_error);
  out.set_df(estimate.df);
  if (estimate.base_units.has_value()) out.set_base_units(*estimate.base_units);
  out.set_may_belong(estimate.may_belong);
  out.set_unrepresented(estimate.unrepresented);
  return out;
}

// The smallest of sorted numbers that at least the stated part of them do not exceed.
double LeftInverse(const std::vector<int64_t>& sorted, int32_t thousandths) {
  const auto n = static_cast<int64_t>(sorted.size());
  const int64_t enough = std::max<int64_t>(1, (n * thousandths + 999) / 1000);
  return static_cast<double>(sorted[static_cast<size_t>(enough - 1)]);
}

// One cell's way to its figure.
class Estimator {
 public:
  Estimator(const EditionCounts& counts, const FigurePlan::Cell& cell,
            const domain::CellCounts& counted, const LayoutWeights& weights)
      : counts_(counts),
        cell_(cell),
        counted_(counted),
        weights_(weights),
        plan_(counts.plan()),
        block_(plan_.blocks()[cell.block]),
        layout_(plan_.layouts()[block_.layout]),
        indicator_(plan_.IndicatorOf(block_)),
        calibrated_(IsCalibrated(layout_)) {}

  FigureEstimate Make() && {
    TakeLines();
    const bool answered = counted_.in_base > 0;
    switch (indicator_.kind()) {
      case model::INDICATOR_KIND_MEAN:
      case model::INDICATOR_KIND_TOTAL:
      case model::INDICATOR_KIND_RATIO:
        TakeSums();
        if (answered) Number();
        break;
      case model::INDICATOR_KIND_QUANTILE:
        if (answered) Quantile();
        break;
      default:
        if (answered) Share();
        break;
    }
    if (!answered) Empty();
    return std::move(out_);
  }

 private:
  void TakeLines() {
    if (!calibrated_) {
      std::vector<uint16_t> places;
      out_.lines = counts_.StrataOf(cell_, &places);
      out_.places.assign(places.begin(), places.end());
      return;
    }
    const domain::Collapse& collapse = counts_.collapse(block_.layout);
    const std::vector<EditionCounts::Responded>& strata = counts_.strata(block_.layout);
    for (const EditionCounts::WeightCellCounts& one : counts_.WeightCellsOf(cell_)) {
      const EditionCounts::Responded& stratum =
          strata[collapse.to[layout_.cells[one.cell].stratum]];
      out_.places.push_back(one.cell);
      out_.lines.push_back(
          {stratum.invited, stratum.responded, one.domain_frame, one.base, one.yes});
    }
  }

  // Place among the lines of a unit in the base; units come in any order.
  size_t LineOf(domain::UnitIndex unit) const {
    uint32_t place = layout_.cell_of_unit[unit];
    if (!calibrated_) place = counts_.collapse(block_.layout).to[layout_.cells[place].stratum];
    return static_cast<size_t>(std::ranges::lower_bound(out_.places, place) - out_.places.begin());
  }

  void TakeSums() {
    if (indicator_.not_asked()) return;
    if (block_.numbers == FigurePlan::Block::Numbers::kSums) {
      out_.sums = calibrated_ ? counts_.SumsByWeightCell(cell_) : counts_.SumsOf(cell_);
    } else {
      out_.sums.resize(out_.lines.size());
      for (const EditionCounts::UnitNumbers& one : counts_.UnitsOf(cell_))
        out_.sums[LineOf(one.unit)].Add(one.a, one.b);
    }
    const bool total = indicator_.kind() == model::INDICATOR_KIND_TOTAL;
    std::vector<int32_t> open;
    if (total) open = counts_.OpenByStratum(cell_);
    for (size_t i = 0; i < out_.sums.size(); ++i) {
      SumsCell& sums = out_.sums[i];
      sums.frame = out_.lines[i].frame;
      sums.responded = out_.lines[i].responded - (total ? open[StratumOfLine(i)] : 0);
      out_.sum += static_cast<int64_t>(sums.a);
      out_.denominator_sum += static_cast<int64_t>(sums.b);
    }
  }

  uint32_t StratumOfLine(size_t line) const {
    const uint32_t place = out_.places[line];
    return calibrated_ ? counts_.collapse(block_.layout).to[layout_.cells[place].stratum] : place;
  }

  // Null, and the problem noted, where they could not be made.
  const CalibratedWeights* Calibrated() {
    const CalibratedWeights& weights = weights_.Of(block_.layout);
    if (weights.status.ok()) return &weights;
    out_.problem = ProblemOf(weights.status);
    return nullptr;
  }

  domain::BaseKind kind() const { return plan_.BasisOf(block_).kind; }
  int32_t units() const {
    int32_t sum = 0;
    for (const domain::StratumCell& line : out_.lines) sum += line.domain_frame;
    return sum;
  }
  int32_t unrepresented() const {
    int32_t sum = 0;
    for (size_t i = 0; i < out_.lines.size(); ++i) {
      const bool weighted = calibrated_ ? weights_.Represented(block_.layout)[out_.places[i]]
                                        : out_.lines[i].responded > 0;
      // Somebody of the stratum answered, and nobody said what a total needs.
      const bool open = indicator_.kind() == model::INDICATOR_KIND_TOTAL &&
                        out_.lines[i].responded > 0 && out_.sums[i].responded == 0;
      if (!weighted || open) sum += out_.lines[i].domain_frame;
    }
    return sum;
  }

  // Nobody is in the base: what those could say that may belong to it is all there is.
  void Empty() {
    if (indicator_.kind() == model::INDICATOR_KIND_OUTCOME_RATE || indicator_.not_asked()) return;
    const bool frame = kind() == domain::BaseKind::kFrame;
    const int32_t may_belong = frame ? units() : counted_.may_belong();
    if (may_belong == 0) return;
    std::optional<domain::Interval> bounds = domain::Interval{0, 1};
    if (indicator_.numeric())
      bounds = NumberBounds(0, 0, ScaleOf(indicator_.denominator().decimals));
    query_pb::Estimate& out = out_.estimate.emplace();
    out.set_level(kEstimateLevel);
    out.set_method(query_pb::INTERVAL_METHOD_NONE);
    out.set_status(query_pb::ESTIMATE_STATUS_EMPTY);
    if (frame) out.set_base_units(may_belong);
    out.set_may_belong(may_belong);
    out.set_unrepresented(unrepresented());
    out.set_unbounded(!bounds.has_value());
    if (!bounds.has_value()) return;
    out.set_bound_lower(bounds->lower);
    out.set_bound_upper(bounds->upper);
    out.set_lower(bounds->lower);
    out.set_upper(bounds->upper);
  }

  void Share() {
    out_.value = static_cast<double>(counted_.numerator) / counted_.in_base;
    if (indicator_.kind() == model::INDICATOR_KIND_OUTCOME_RATE) return;
    const domain::IntervalChoice choice = ChoiceOf(indicator_.definition().interval());
    if (!calibrated_) {
      out_.estimate = EstimateOf(
          domain::EstimateShare(out_.lines, kind(), counted_.may_belong(), kEstimateLevel, choice));
      return;
    }
    const CalibratedWeights* weights = Calibrated();
    if (weights == nullptr) return;
    std::vector<int32_t> base(weights->weighting.cells().size(), 0);
    std::vector<int32_t> yes(base.size(), 0);
    for (size_t i = 0; i < out_.lines.size(); ++i) {
      if (out_.lines[i].base == 0) continue;
      const uint32_t cell = weights->cell_of[out_.places[i]];
      base[cell] = out_.lines[i].base;
      yes[cell] = out_.lines[i].yes;
    }
    const domain::Proportion share =
        domain::EstimateWeightedProportion(weights->weighting, base, yes, kLonely, kEstimateLevel);
    out_.estimate = EstimateOf(domain::EstimateCalibratedShare(
        share, units(), unrepresented(), kind(), counted_.may_belong(), kEstimateLevel, choice));
  }

  domain::NumberGround Ground() const {
    domain::NumberGround ground{.kind = kind(),
                                .answers = counted_.in_base,
                                .units = units(),
                                .may_belong = counted_.may_belong(),
                                .unrepresented = unrepresented(),
                                .census = true,
                                .of_answers = *out_.value,
                                .bounds = {}};
    for (size_t i = 0; i < out_.lines.size(); ++i) {
      if (out_.lines[i].base == 0) continue;
      const int32_t responded =
          out_.sums.empty() ? out_.lines[i].responded : out_.sums[i].responded;
      ground.census = ground.census && responded >= out_.lines[i].frame;
    }
    return ground;
  }

  void Number() {
    const double scale_a = ScaleOf(indicator_.measure().decimals);
    const double scale_b = ScaleOf(indicator_.denominator().decimals);
    const auto a = static_cast<double>(out_.sum);
    const auto b = static_cast<double>(out_.denominator_sum);
    const int32_t n = counted_.in_base;
    switch (indicator_.kind()) {
      case model::INDICATOR_KIND_MEAN:
        out_.value = a / (n * scale_a);
        break;
      case model::INDICATOR_KIND_TOTAL:
        out_.value = a / scale_a;
        break;
      default:
        if (out_.denominator_sum == 0) return;
        out_.value = a / scale_a / (b / scale_b);
        break;
    }
    const bool total = indicator_.kind() == model::INDICATOR_KIND_TOTAL;
    domain::LinearEstimate weighted;
    if (!calibrated_) {
      weighted = total ? domain::EstimateTotal(out_.sums, scale_a, kLonely)
                       : domain::EstimateRatio(out_.sums, scale_a, scale_b, kLonely);
    } else {
      const CalibratedWeights* weights = Calibrated();
      if (weights == nullptr) return;
      std::vector<SumsCell> cells(weights->weighting.cells().size());
      for (size_t i = 0; i < out_.sums.size(); ++i) {
        if (out_.sums[i].base > 0) cells[weights->cell_of[out_.places[i]]] = out_.sums[i];
      }
      weighted = total ? domain::EstimateWeightedTotal(weights->weighting, cells, scale_a, kLonely)
                       : domain::EstimateWeightedRatio(weights->weighting, cells, scale_a, scale_b,
                                                       kLonely);
    }
    domain::NumberGround ground = Ground();
    if (total) ground.undetermined = counted_.filter_unknown;
    ground.bounds = NumberBounds(a / scale_a, b / scale_b, scale_b);
    const domain::NumberEstimate number = domain::EstimateNumber(weighted, ground, kEstimateLevel);
    const bool known = number.method == domain::IntervalMethod::kKnown;
    if (total && calibrated_ && !known && SomebodyLeftItOpen())
      SetProblem(
          "TOTAL_LEFT_OPEN",
          "units that responded left open what the total is of: calibrated weights stand for "
          "all that responded, and no variance is known of a total weighted up for some of "
          "them; the built-in weights have one");
    else
      SetNumber(number);
  }

  // Of a total: somebody of a stratum of the cell responded, and did not say what it needs.
  bool SomebodyLeftItOpen() const {
    for (size_t i = 0; i < out_.lines.size(); ++i) {
      if (out_.sums[i].responded < out_.lines[i].responded) return true;
    }
    return false;
  }

  std::optional<domain::Interval> NumberBounds(double a, double b, double scale_b) {
    const int32_t n = counted_.in_base;
    if (const auto ends = BoundsOf(indicator_, plan_.questionnaire()); ends.has_value()) {
      return domain::MeanBounds(a, n, counted_.may_belong(), static_cast<double>(ends->least),
                                static_cast<double>(ends->most));
    }
    const domain::CompiledIndicator::Measure& part = indicator_.measure();
    const domain::CompiledIndicator::Measure& whole = indicator_.denominator();
    using Source = domain::CompiledIndicator::Measure::Source;
    if (indicator_.kind() != model::INDICATOR_KIND_RATIO || part.source != Source::kFrame ||
        whole.source != Source::kFrame || part.number != whole.number || !whole.when.empty())
      return std::nullopt;
    out_.silent_denominator = counts_.DenominatorOfSilent(cell_);
    // Nothing to divide by, neither of those that answered nor of the others.
    if (!out_.silent_denominator.has_value() || (b == 0 && *out_.silent_denominator == 0))
      return std::nullopt;
    return domain::PartBounds(a, b, static_cast<double>(*out_.silent_denominator) / scale_b);
  }

  void SetNumber(const domain::NumberEstimate& number) {
    if (number.status != domain::EstimateStatus::kEmpty) {
      out_.estimate = EstimateOf(number);
      return;
    }
    SetProblem("DENOMINATOR_ZERO", "the weighted denominators of those that answered add up to 0");
  }
  void SetProblem(const char* reason, const char* message) {
    out_.problem.emplace();
    out_.problem->set_reason(reason);
    out_.problem->set_message(message);
  }

  void Quantile() {
    const std::vector<EditionCounts::UnitNumbers> units = counts_.UnitsOf(cell_);
    const int32_t thousandths = indicator_.quantile_thousandths();
    const double scale = ScaleOf(indicator_.measure().decimals);
    std::vector<int64_t> numbers;
    std::vector<size_t> line;
    for (const EditionCounts::UnitNumbers& one : units) {
      numbers.push_back(one.a);
      line.push_back(LineOf(one.unit));
    }
    std::vector<int64_t> sorted = numbers;
    std::ranges::sort(sorted);
    const double of_answers = LeftInverse(sorted, thousandths);
    out_.value = of_answers / scale;
    out_.quantile.resize(out_.lines.size());
    for (size_t i = 0; i < numbers.size(); ++i) {
      query_pb::QuantileCounts& counts = out_.quantile[line[i]];
      const auto number = static_cast<double>(numbers[i]);
      if (number < of_answers) counts.set_below_value(counts.below_value() + 1);
      if (number <= of_answers) counts.set_to_value(counts.to_value() + 1);
    }

    std::vector<uint32_t> cell_of_line(out_.lines.size());
    std::optional<Weighting> of_strata;
    const Weighting* weighting = nullptr;
    if (calibrated_) {
      const CalibratedWeights* weights = Calibrated();
      if (weights == nullptr) return;
      weighting = &weights->weighting;
      for (size_t i = 0; i < out_.lines.size(); ++i)
        cell_of_line[i] = weights->cell_of[out_.places[i]];
    } else {
      weighting = &of_strata.emplace(Weighting::OfStrata(out_.lines, &cell_of_line));
    }
    std::vector<domain::QuantileRow> rows;
    for (size_t i = 0; i < numbers.size(); ++i)
      rows.push_back({cell_of_line[line[i]], static_cast<double>(numbers[i])});
    const double probability = thousandths / 1000.0;
    const domain::Quantiles quantiles = domain::EstimateQuantiles(
        *weighting, rows, std::span(&probability, 1), domain::QuantileRule::kLeftInverse,
        domain::QuantileInterval::kWald, kLonely, kEstimateLevel);
    // In the measure's own units, which are whole numbers, until what is served is counted around.
    domain::NumberGround ground = Ground();
    ground.of_answers = of_answers;
    domain::NumberEstimate number =
        domain::EstimateNumber(quantiles, 0, static_cast<double>(sorted.front()),
                               static_cast<double>(sorted.back()), ground, kEstimateLevel);
    CountAround(number, numbers, line);
    for (double* part : {&number.point, &number.lower, &number.upper, &number.standard_error})
      *part /= scale;
    SetNumber(number);
  }

  // How many lie at, below and above what is served of a quantile, by line.
  void CountAround(const domain::NumberEstimate& served, const std::vector<int64_t>& numbers,
                   const std::vector<size_t>& line) {
    for (size_t i = 0; i < numbers.size(); ++i) {
      query_pb::QuantileCounts& counts = out_.quantile[line[i]];
      const auto number = static_cast<double>(numbers[i]);
      if (number <= served.point) ++out_.lines[line[i]].yes;
      if (number < served.point) counts.set_below(counts.below() + 1);
      if (number < served.lower) counts.set_below_lower(counts.below_lower() + 1);
      if (number <= served.lower) counts.set_to_lower(counts.to_lower() + 1);
      if (number < served.upper) counts.set_below_upper(counts.below_upper() + 1);
      if (number <= served.upper) counts.set_to_upper(counts.to_upper() + 1);
    }
  }

  const EditionCounts& counts_;
  const FigurePlan::Cell& cell_;
  const domain::CellCounts& counted_;
  const LayoutWeights& weights_;
  const FigurePlan& plan_;
  const FigurePlan::Block& block_;
  const FigurePlan::WeightLayout& layout_;
  const domain::CompiledIndicator& indicator_;
  const bool calibrated_;
  FigureEstimate out_;
};

}  // namespace

FigureEstimate EstimateFigure(const EditionCounts& counts, const FigurePlan::Cell& cell,
                              const domain::CellCounts& counted, const LayoutWeights& weights) {
  FigureEstimate out = Estimator(counts, cell, counted, weights).Make();
  RefuseWhatIsNoNumber(out);
  return out;
}

void RefuseWhatIsNoNumber(FigureEstimate& made) {
  if (!made.estimate.has_value()) return;
  const query_pb::Estimate& estimate = *made.estimate;
  for (const double number :
       {estimate.value(), estimate.lower(), estimate.upper(), estimate.standard_error(),
        estimate.effective_n(), estimate.bound_lower(), estimate.bound_upper()}) {
    if (std::isfinite(number)) continue;
    made.estimate.reset();
    made.problem.emplace();
    made.problem->set_reason("NOT_A_NUMBER");
    made.problem->set_message(
        "the estimate came out as no number: our fault; report the figure and its position");
    return;
  }
}

std::optional<MeasureBounds> BoundsOf(const domain::CompiledIndicator& indicator,
                                      const domain::CompiledQuestionnaire& questionnaire) {
  if (indicator.kind() != model::INDICATOR_KIND_MEAN || indicator.not_asked()) return std::nullopt;
  const domain::CompiledIndicator::Measure& measure = indicator.measure();
  using Source = domain::CompiledIndicator::Measure::Source;
  MeasureBounds out;
  if (measure.source == Source::kScores) {
    out = {measure.scores.front().second, measure.scores.front().second};
    for (const auto& [code, score] : measure.scores) {
      out.least = std::min<int64_t>(out.least, score);
      out.most = std::max<int64_t>(out.most, score);
    }
  } else if (measure.source == Source::kOptions) {
    for (const model::Code& code : questionnaire.QuestionOf(measure.item).codes) {
      if (code.code() < domain::kSubstantiveMax) ++out.most;
    }
  } else {
    return std::nullopt;
  }
  if (!measure.when.empty()) {
    out.least = std::min<int64_t>(out.least, 0);
    out.most = std::max<int64_t>(out.most, 0);
  }
  return out;
}

query_pb::Estimate EstimateOf(const domain::ShareEstimate& share) {
  query_pb::Estimate out = AnyEstimateOf(share);
  out.set_effective_n(share.n_eff_adj);
  out.set_bound_lower(share.bound_lower);
  out.set_bound_upper(share.bound_upper);
  return out;
}

query_pb::Estimate EstimateOf(const domain::NumberEstimate& number) {
  query_pb::Estimate out = AnyEstimateOf(number);
  out.set_unbounded(!number.bounds.has_value());
  if (number.bounds.has_value()) {
    out.set_bound_lower(number.bounds->lower);
    out.set_bound_upper(number.bounds->upper);
  }
  out.set_lower_open(number.lower_open);
  out.set_upper_open(number.upper_open);
  return out;
}

domain::IntervalChoice ChoiceOf(model::IntervalChoice choice) {
  switch (choice) {
    case model::INTERVAL_CHOICE_WILSON:
      return domain::IntervalChoice::kWilson;
    case model::INTERVAL_CHOICE_WALD:
      return domain::IntervalChoice::kWald;
    case model::INTERVAL_CHOICE_LOGIT:
      return domain::IntervalChoice::kLogit;
    case model::INTERVAL_CHOICE_BETA:
      return domain::IntervalChoice::kBeta;
    default:
      return domain::IntervalChoice::kRecommended;
  }
}

query_pb::EstimateProblem ProblemOf(const absl::Status& status) {
  query_pb::EstimateProblem out;
  out.set_reason(std::string(base::Name(base::ReasonOf(status))));
  out.set_message(std::string(base::ToStd(status.message())));
  return out;
}

}  // namespace imdi::figures
