#include "services/figures/base_steps.h"

#include <set>
#include <string_view>

#include "services/base/text.h"
#include "services/domain/distributions.h"
#include "services/figures/texts.h"

namespace imdi::figures {

using survey::model::v1::LocalizedText;

Ground::Ground(const query_pb::Figure& of, std::span<const query_pb::StratumEvidence> evidence,
               bool frame_base, const RestoredWeights* restored)
    : figure(of), lines(evidence), given_by_frame(frame_base), calibrated(restored) {
  std::set<std::string_view> strata;
  for (const query_pb::StratumEvidence& line : lines) {
    n += line.base();
    x += line.yes();
    units += line.domain_frame();
    if (line.base() == 0) continue;
    strata.insert(line.stratum());
    census = census && line.responded() >= line.frame();
  }
  strata_of_base = static_cast<int32_t>(strata.size());
}

std::vector<domain::StratumCell> Ground::Cells() const {
  std::vector<domain::StratumCell> out;
  out.reserve(lines.size());
  for (const query_pb::StratumEvidence& h : lines)
    out.push_back({h.frame(), h.responded(), h.domain_frame(), h.base(), h.yes()});
  return out;
}

double Ground::WeightOf(const query_pb::StratumEvidence& line) const {
  return calibrated != nullptr ? line.weight()
                               : static_cast<double>(line.frame()) / line.responded();
}

std::string Ground::WrittenWeight(const query_pb::StratumEvidence& line) const {
  return calibrated != nullptr ? Number(line.weight())
                               : base::StrCat(line.frame(), "/", line.responded());
}

std::optional<int32_t> BaseUnitsOf(const query_pb::Estimate& estimate) {
  return estimate.has_base_units() ? std::optional(estimate.base_units()) : std::nullopt;
}

void AddAnswers(const Ground& ground, Steps& steps) {
  steps.Add("n",
            Text("einingar i grunnlaget som svarte", "enheter i grunnlaget som svarte",
                 "units in the base that answered"),
            "sum_h n_hd",
            SumOver(ground.lines,
                    [](const query_pb::StratumEvidence& h) {
                      return h.base() > 0 ? base::StrCat(h.base()) : std::string();
                    }),
            ground.n);
}

void AddUnitsOfBase(const Ground& ground, int32_t may_belong, std::optional<int32_t> base_units,
                    Steps& steps) {
  const LocalizedText all = Text("einingar i grunnlaget, anten dei svarte eller ikkje",
                                 "enheter i grunnlaget, enten de svarte eller ikke",
                                 "units in the base, whether they answered or not");
  const LocalizedText open =
      Text("einingar som kan høyre til grunnlaget, og som vi ikkje har svar frå",
           "enheter som kan høre til grunnlaget, og som vi ikke har svar fra",
           "units that may belong to the base and of which we have no answer");
  if (ground.given_by_frame) {
    steps.Add("N", all, "sum_h N_hd",
              SumOver(ground.lines,
                      [](const query_pb::StratumEvidence& h) {
                        return h.domain_frame() > 0 ? base::StrCat(h.domain_frame())
                                                    : std::string();
                      }),
              ground.units);
    steps.Add("M", open, "N - n", base::StrCat(ground.units, " - ", ground.n), may_belong);
    return;
  }
  const int32_t blank = ground.figure.item_nonresponse();
  const int32_t silent = may_belong - blank;
  steps.Add("s",
            Text("einingar som spørsmålet kan gjelde, og som ikkje svarte på undersøkinga",
                 "enheter som spørsmålet kan gjelde, og som ikke svarte på undersøkelsen",
                 "units to which the question can apply and that did not answer the survey"),
            "", "", silent);
  steps.Add("b",
            Text("einingar som let spørsmålet stå ope", "enheter som lot spørsmålet stå åpent",
                 "units that left the question blank"),
            "", "", blank);
  steps.Add("M", open, "s + b", base::StrCat(silent, " + ", blank), may_belong);
  if (base_units.has_value())
    steps.Add("N", all, "n, when M = 0", base::StrCat(ground.n), *base_units);
}

void AddUnrepresented(const Ground& ground, int32_t unrepresented, bool total, Steps& steps) {
  if (unrepresented == 0) return;
  if (ground.calibrated != nullptr) {
    steps.Add("unrepresented",
              Text("einingar i nivå av marginen der ingen svarte: inga vekt står for dei",
                   "enheter i nivåer av marginen der ingen svarte: ingen vekt står for dem",
                   "units in levels of the margin in which nobody answered: no weight stands for "
                   "them"),
              "sum of N_cd over cells of levels without answers", "", unrepresented);
    return;
  }
  steps.Add("unrepresented",
            Text("einingar i lag der ingen svarte: inga vekt står for dei",
                 "enheter i lag der ingen svarte: ingen vekt står for dem",
                 "units in strata in which nobody answered: no weight stands for them"),
            total ? "sum of N_hd over strata with q_h = 0" : "sum of N_hd over strata with r_h = 0",
            SumOver(ground.lines,
                    [total](const query_pb::StratumEvidence& h) {
                      const int32_t said = total ? h.sums().determined() : h.responded();
                      return said == 0 ? base::StrCat(h.domain_frame()) : std::string();
                    }),
            unrepresented);
}

void AddDegreesOfFreedom(const Ground& ground, int32_t df, Steps& steps) {
  steps.Add("H",
            Text("lag med svar i grunnlaget", "lag med svar i grunnlaget",
                 "strata with answers in the base"),
            "number of h with n_hd > 0", base::StrCat(ground.strata_of_base),
            ground.strata_of_base);
  steps.Add("df", Text("fridomsgrader", "frihetsgrader", "degrees of freedom"), "n - H",
            base::StrCat(ground.n, " - ", ground.strata_of_base), df);
}

void AddKnownNumber(const query_pb::Figure& figure, Steps& steps) {
  const std::string value = Number(figure.value());
  const std::string_view formula = "value, since M = 0: all are known";
  steps.Add("estimate", PointTitle(), formula, value, figure.estimate().value());
  steps.Add("SE", ErrorTitle(), "0, since M = 0", "0", 0);
  steps.Add("lower", LowerTitle(), formula, value, figure.estimate().lower());
  steps.Add("upper", UpperTitle(), formula, value, figure.estimate().upper());
}

void AddStudent(std::string_view symbol, double level, int32_t df, Steps& steps) {
  steps.Add(symbol,
            Text("t-kvantil, gitt konstant", "t-kvantil, gitt konstant", "quantile of t, as given"),
            "t such that P(|T| <= t) = level, T on df degrees of freedom",
            base::StrCat("df = ", df), domain::StudentQuantile(level, df));
}

LocalizedText PointTitle() {
  return Text("anslag for alle einingar", "anslag for alle enheter", "estimate for all units");
}
LocalizedText ErrorTitle() { return Text("standardfeil", "standardfeil", "standard error"); }
LocalizedText LowerTitle() {
  return Text("nedre ende av intervallet", "nedre ende av intervallet",
              "lower end of the interval");
}
LocalizedText UpperTitle() {
  return Text("øvre ende av intervallet", "øvre ende av intervallet", "upper end of the interval");
}
LocalizedText LeastTitle() {
  return Text("det minste som er logisk mogleg", "det minste som er logisk mulig",
              "the least that is logically possible");
}
LocalizedText MostTitle() {
  return Text("det meste som er logisk mogleg", "det meste som er logisk mulig",
              "the most that is logically possible");
}

}  // namespace imdi::figures
