#include "services/figures/share_steps.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/base/text.h"
#include "services/domain/weighted_estimate.h"
#include "services/figures/texts.h"

namespace imdi::figures {
namespace {

using survey::model::v1::LocalizedText;

int32_t BaseOf(const query_pb::StratumEvidence& line) { return line.base(); }
int32_t YesOf(const query_pb::StratumEvidence& line) { return line.yes(); }

void AddStratumVariance(const query_pb::StratumEvidence& h, const domain::Proportion& share,
                        Steps& steps) {
  const double p = share.estimate;
  const double s = share.weight_sum;
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
    steps.Add(symbol, std::move(title), "0, since r_h = N_h", "0", 0);
    return;
  }
  const double silent_part = static_cast<double>(h.frame()) * static_cast<double>(h.frame() - r);
  if (r == 1) {
    steps.Add(symbol, std::move(title),
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
  steps.Add(symbol, std::move(title),
            "(1 - r_h / N_h) N_h^2 / r_h (Q_h - T_h^2 / r_h) / (r_h - 1); "
            "T_h = (y_hd - n_hd p) / S; Q_h = (y_hd (1 - p)^2 + (n_hd - y_hd) p^2) / S^2",
            base::StrCat("(1 - ", r, "/", h.frame(), ")*", h.frame(), "^2/", r, "*(",
                         Number(square), " - (", Number(total), ")^2/", r, ")/", r - 1),
            silent_part / static_cast<double>(r) * (centred / static_cast<double>(r * (r - 1))) /
                (s * s));
}

}  // namespace

domain::Proportion ShareOf(const Ground& ground, double level) {
  if (ground.calibrated == nullptr)
    return domain::EstimateProportion(ground.Cells(), domain::Lonely::kAdjust, level);
  const domain::Weighting& weighting = ground.calibrated->weighting;
  std::vector<int32_t> base(weighting.cells().size(), 0);
  std::vector<int32_t> yes(base.size(), 0);
  for (size_t i = 0; i < ground.lines.size(); ++i) {
    const uint32_t cell = ground.calibrated->cell_of[i];
    if (cell == RestoredWeights::kNoCell) continue;
    base[cell] = ground.lines[i].base();
    yes[cell] = ground.lines[i].yes();
  }
  return domain::EstimateWeightedProportion(weighting, base, yes, domain::Lonely::kAdjust, level);
}

void AddWeightedShare(const Ground& ground, const domain::Proportion& share, Steps& steps) {
  const bool calibrated = ground.calibrated != nullptr;
  const LocalizedText title = Text("vekta del", "vektet andel", "weighted share");
  const bool degenerate = share.x == 0 || share.x == share.n;
  if (degenerate) {
    steps.Add("p", title, share.x == 0 ? "0, since x = 0" : "1, since x = n",
              share.x == 0 ? "0" : "1", share.estimate);
  }
  steps.Add("S",
            calibrated ? Text("vekta sum av grunnlaget, w_c er vekta til cella",
                              "vektet sum av grunnlaget, w_c er vekten til cellen",
                              "weighted sum of the base, w_c is the cell's weight")
                       : Text("vekta sum av grunnlaget, W_h = N_h / r_h",
                              "vektet sum av grunnlaget, W_h = N_h / r_h",
                              "weighted sum of the base, W_h = N_h / r_h"),
            calibrated ? "sum_c w_c n_cd" : "sum_h N_h / r_h * n_hd", ground.WrittenSum(BaseOf),
            share.weight_sum);
  if (degenerate) return;
  const double yes = ground.WeightedSum(YesOf);
  steps.Add(
      "A", Text("vekta sum av teljaren", "vektet sum av telleren", "weighted sum of the numerator"),
      calibrated ? "sum_c w_c y_cd" : "sum_h N_h / r_h * y_hd", ground.WrittenSum(YesOf), yes);
  steps.Add("p", title, "A / S", base::StrCat(Number(yes), " / ", Number(share.weight_sum)),
            share.estimate);
}

void AddShareVariance(const Ground& ground, const domain::Proportion& share, Steps& steps) {
  const LocalizedText title = Text("varians", "varians", "variance");
  if (share.x == 0 || share.x == share.n || ground.census) {
    steps.Add("V", title,
              ground.census && share.x != 0 && share.x != share.n
                  ? "0, since r_h = N_h in every stratum of the base"
                  : "0, since all answered the same",
              "0", share.variance);
    return;
  }
  if (ground.calibrated != nullptr) {
    steps.Add("V", title,
              CalibratedVarianceFormula(
                  "(1 - p) / S of a unit in the numerator, -p / S of others in the base"),
              "", share.variance);
    return;
  }
  for (const query_pb::StratumEvidence& h : ground.lines) {
    if (h.base() > 0) AddStratumVariance(h, share, steps);
  }
  steps.Add("V", title, "sum_h V_h; 0 below 1e-20", "", share.variance);
}

std::string CalibratedVarianceFormula(std::string_view u) {
  return base::StrCat(
      "sum_h (1 - r_h / N_h) r_h / (r_h - 1) (sum z^2 - (sum z)^2 / r_h), over all that answered "
      "in h (r_h = 1 < N_h: (1 - 1 / N_h) z^2); z = w_c (u - x'b); u = ",
      u,
      ", 0 outside; x = the levels and numbers of the unit's cell; b = the regression of u on x "
      "over "
      "all that answered, weighted with N_h / r_h; 0 below 1e-20");
}

}  // namespace imdi::figures
