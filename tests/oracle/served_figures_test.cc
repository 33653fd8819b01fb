// The cases of the oracle as figures: their frames, answers, designs and requests go through
// definitions, counting and EditionFigures, and what comes out is held against the numbers
// expected.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/figures/explain.h"
#include "services/figures/release_content.h"
#include "tests/oracle/case_edition.h"
#include "tests/oracle/runner.h"
#include "tests/support/finite.h"
#include "tests/support/project_root.h"

namespace imdi::oracle {
namespace {

namespace fs = std::filesystem;
namespace model = survey::model::v1;
namespace query_pb = survey::query::v1;
using testing_support::NotFinite;

struct Read {
  Case data;
  Value expected;  // Results by request.
  CaseEdition edition;
};

// Each is made once.
const Read& Of(const std::string& id) {
  static std::map<std::string, std::unique_ptr<Read>> made;
  std::unique_ptr<Read>& out = made[id];
  if (out != nullptr) return *out;
  out = std::make_unique<Read>();
  const fs::path folder = testing_support::ProjectFile("tests/oracle/cases") / id;
  auto data = LoadCase(folder);
  auto expected = ReadExpected(folder);
  if (!data.ok() || !expected.ok()) {
    ADD_FAILURE() << id << ": " << data.status() << ' ' << expected.status();
    return *out;
  }
  out->data = *std::move(data);
  const Value* results = expected->Find("results");
  out->expected = results == nullptr ? *expected : *results;
  out->edition = EditionOf(out->data);
  return *out;
}

bool Near(double got, double want) {
  return std::fabs(got - want) <= 1e-9 * std::fabs(want) + 1e-11;
}

// Holds one figure against one cell of the results.
class Held {
 public:
  Held(const query_pb::Figure& figure, const Value& want, const ServedRequest& served,
       std::map<std::string, int>* seen)
      : figure_(figure), estimate_(figure.estimate()), want_(want), served_(served), seen_(*seen) {}

  void Check() {
    if (Text("status") == "empty") {
      EXPECT_TRUE(figure_.has_no_value()) << figure_.name();
      return;
    }
    EXPECT_EQ(figure_.base(), Number("n"));
    if (LeftOpen() && !served_.request->design.calibrate.empty()) {
      EXPECT_FALSE(figure_.has_estimate()) << figure_.name();
      EXPECT_EQ(figure_.estimate_problem().reason(), "TOTAL_LEFT_OPEN") << figure_.name();
      ++seen_["left open"];
      return;
    }
    ASSERT_TRUE(figure_.has_estimate()) << figure_.name();
    if (estimate_.method() == query_pb::INTERVAL_METHOD_KNOWN) {
      ++seen_["known"];
      EXPECT_EQ(estimate_.value(), figure_.value());
      return;
    }
    if (want_.Find("df") != nullptr) {
      EXPECT_EQ(estimate_.df(), Number("df")) << figure_.name();
    }
    if (served_.request->type == Request::Type::kQuantile) {
      Quantile();
    } else if (served_.request->type == Request::Type::kProportion ||
               served_.request->type == Request::Type::kDistribution) {
      Share();
    } else {
      Number();
    }
  }

 private:
  std::string Text(const char* key) const {
    const Value* value = want_.Find(key);
    return value == nullptr ? std::string() : value->text;
  }
  double Number(const char* key) const {
    const Value* value = want_.Find(key);
    return value == nullptr || value->IsNull() ? std::nan("") : value->number;
  }
  std::optional<std::pair<double, double>> Ends(const Value* pair) const {
    if (pair == nullptr || pair->list.size() != 2 || pair->list[0].IsNull()) return std::nullopt;
    return std::pair{pair->list[0].number, pair->list[1].number};
  }
  void Same(const char* what, double got, double want) {
    EXPECT_TRUE(Near(got, want)) << figure_.name() << ' ' << served_.request->id << ' ' << what
                                 << ": " << got << ", expected " << want;
    ++seen_["numbers"];
  }
  double Bounded(double number) const {
    if (estimate_.unbounded()) return number;
    return std::clamp(number, estimate_.bound_lower(), estimate_.bound_upper());
  }

  void Share() {
    EXPECT_EQ(figure_.numerator(), Number("x"));
    Same("estimate", estimate_.value(), Bounded(Number("estimate")));
    Same("se", estimate_.standard_error(), Number("se"));
    const bool frame = estimate_.has_base_units();
    if (frame && want_.Find("bounds") != nullptr) {
      Same("bounds", estimate_.bound_lower(), want_.Find("bounds")->list[0].number);
      Same("bounds", estimate_.bound_upper(), want_.Find("bounds")->list[1].number);
    }
    const double e = Number("n_eff_adj");
    // Of codes of a distribution it is not given; there it may have been cut.
    const bool given = !std::isnan(e);
    const bool capped = given ? !Near(estimate_.effective_n(), e) : !frame;
    if (given && capped) {
      const double most = figure_.base() * (1.0 + figure_.base() / 1.0 / estimate_.may_belong());
      EXPECT_FALSE(frame) << figure_.name();
      Same("e", estimate_.effective_n(), std::min(e, most));
    }
    const char* method = nullptr;
    switch (estimate_.method()) {
      case query_pb::INTERVAL_METHOD_WILSON:
        method = "ci.wilson";
        break;
      case query_pb::INTERVAL_METHOD_WALD:
        method = "ci.wald";
        break;
      case query_pb::INTERVAL_METHOD_LOGIT:
        method = "ci.logit";
        break;
      case query_pb::INTERVAL_METHOD_BETA:
        method = "ci.beta";
        break;
      case query_pb::INTERVAL_METHOD_HYPERGEOMETRIC:
        method = "ci.hypergeom";
        break;
      case query_pb::INTERVAL_METHOD_PREDICTIVE:
        method = "ci.predictive";
        break;
      case query_pb::INTERVAL_METHOD_NONE:
        EXPECT_TRUE(Text("status") != "ok") << figure_.name();
        ++seen_["none"];
        return;
      default:
        ADD_FAILURE() << figure_.name() << " method " << estimate_.method();
        return;
    }
    const auto ends = Ends(want_.FindPath(method));
    // An effective number that was cut to what a random sample could say is another one.
    if (capped && (estimate_.method() == query_pb::INTERVAL_METHOD_WILSON ||
                   estimate_.method() == query_pb::INTERVAL_METHOD_BETA))
      return;
    if (Text("status") == "census" || !ends.has_value()) return;
    auto [lower, upper] = *ends;
    if (estimate_.method() == query_pb::INTERVAL_METHOD_WILSON) {
      lower = Bounded(lower);
      upper = Bounded(upper);
    }
    Same(method, estimate_.lower(), std::min(lower, estimate_.value()));
    Same(method, estimate_.upper(), std::max(upper, estimate_.value()));
    ++seen_[method];
  }

  // Of a total: some left the question open. The house weights for them, where the request may take
  // them for 0.
  bool LeftOpen() const {
    return served_.request->type == Request::Type::kTotal &&
           figure_.item_nonresponse() + figure_.filter_unknown() > 0;
  }

  void Number() {
    const Request& request = *served_.request;
    // Those left open in other groups of a stratum are weighted for as well.
    const bool taken_for_zero = request.type == Request::Type::kTotal && !request.reweight &&
                                !request.design.strata.empty();
    if (taken_for_zero || (LeftOpen() && !request.reweight)) return;
    Same("estimate", estimate_.value(), Bounded(Number("estimate")));
    Same("se", estimate_.standard_error(), Number("se"));
    const auto ends = Ends(want_.Find("ci_wald"));
    if (estimate_.method() != query_pb::INTERVAL_METHOD_WALD) {
      EXPECT_EQ(estimate_.method(), query_pb::INTERVAL_METHOD_NONE) << figure_.name();
      ++seen_["none"];
      return;
    }
    ASSERT_TRUE(ends.has_value()) << figure_.name();
    Same("lower", estimate_.lower(), std::min(Bounded(ends->first), estimate_.value()));
    Same("upper", estimate_.upper(), std::max(Bounded(ends->second), estimate_.value()));
    ++seen_[served_.request->type_name];
  }

  void Quantile() {
    const double probability = served_.request->probabilities[served_.probability];
    for (const Value& one : want_.Find("quantiles")->list) {
      if (one.Find("qrule")->text != "math" || one.Find("interval")->text != "mean" ||
          one.Find("prob")->number != probability)
        continue;
      Same("quantile", estimate_.value(), one.Find("quantile")->number);
      const Value& lower = one.Find("ci")->list[0];
      const Value& upper = one.Find("ci")->list[1];
      EXPECT_EQ(estimate_.lower_open(), lower.IsNull()) << figure_.name();
      EXPECT_EQ(estimate_.upper_open(), upper.IsNull()) << figure_.name();
      if (!lower.IsNull()) Same("lower", estimate_.lower(), lower.number);
      if (!upper.IsNull()) Same("upper", estimate_.upper(), upper.number);
      if (!lower.IsNull() && !upper.IsNull())
        Same("se", estimate_.standard_error(), one.Find("se")->number);
      ++seen_["quantile"];
      return;
    }
    ADD_FAILURE() << figure_.name() << ": nothing is expected of it";
  }

  const query_pb::Figure& figure_;
  const query_pb::Estimate& estimate_;
  const Value& want_;
  const ServedRequest& served_;
  std::map<std::string, int>& seen_;
};

std::map<std::string, int> CheckCase(const std::string& id) {
  const Read& read = Of(id);
  std::map<std::string, int> seen;
  for (const ServedRequest& served : read.edition.served) {
    const Value* result = read.expected.Find(served.request->id);
    if (result == nullptr) {
      ADD_FAILURE() << served.request->id << " has no result";
      continue;
    }
    const Value* cells = result->Find("cells");
    const auto check_one = [&](const std::string& cell, const Value& want) {
      const auto figure = read.edition.figures->Find(cell);
      if (!figure.has_value()) {
        ADD_FAILURE() << served.request->id << ": there is no figure " << cell;
        return;
      }
      Held(figure->figure(), want, served, &seen).Check();
      ++seen["figures"];
    };
    const auto check = [&](const std::string& level, const Value& want) {
      const Value* codes = want.Find("codes");
      if (codes == nullptr) {
        if (served.request->type != Request::Type::kDistribution)
          check_one(served.cell + GroupOf(*served.request, level), want);
        return;
      }
      for (Value one : codes->list) {
        one.Set("n", *want.Find("n"));
        check_one(served.cell + GroupOf(*served.request, level, one.Find("code")->text), one);
      }
    };
    if (cells == nullptr) {
      check("", *result);
      continue;
    }
    for (const Value& one : cells->list) check(one.Find("level")->text, one);
  }
  std::cout << id << ':';
  for (const auto& [what, count] : seen) std::cout << ' ' << what << ' ' << count << ';';
  std::cout << " left out:";
  for (const std::string& one : read.edition.left_out) std::cout << ' ' << one;
  std::cout << std::endl;
  return seen;
}

TEST(ServedFigures, OfStratifiedSharesAreTheNumbersExpectedInEveryInterval) {
  const auto seen = CheckCase("s05-strat-441");
  for (const char* method : {"ci.wilson", "ci.wald", "ci.logit", "ci.beta", "ci.predictive"})
    EXPECT_GT(seen.at(method), 10) << method;
}

TEST(ServedFigures, OfMeansTotalsRatiosAndQuantilesAreTheNumbersExpected) {
  const auto seen = CheckCase("s11-numeric-441");
  EXPECT_GE(seen.at("mean"), 20);
  EXPECT_GE(seen.at("total"), 10);
  EXPECT_GE(seen.at("ratio"), 20);
  EXPECT_GE(seen.at("quantile"), 18);
}

TEST(ServedFigures, OfScalesChoicesAndFiltersAreTheNumbersExpected) {
  const auto seen = CheckCase("s12-question-types-441");
  EXPECT_GE(seen.at("mean"), 9);
  EXPECT_GT(seen.at("figures"), 150);
}

TEST(ServedFigures, UnderPoststratifiedRakedAndLinearWeightsAreTheNumbersExpected) {
  const auto seen = CheckCase("s09-calibration-441");
  EXPECT_GE(seen.at("mean"), 6);
  EXPECT_GE(seen.at("ratio"), 6);
  EXPECT_EQ(seen.at("left open"), 6);
  EXPECT_GT(seen.at("ci.wilson"), 10);
}

TEST(ServedFigures, OfATotalUnderCalibratedWeightsAreTheNumbersExpectedOnceNobodyLeavesItOpen) {
  // The requests take for 0 what is left open: here it is written out.
  Case data = Of("s09-calibration-441").data;
  for (const char* column : {"n1", "n2"}) {
    const std::optional<size_t> place = data.answers.Find(column);
    for (auto& row : data.answers.rows) {
      if (place.has_value() && row[*place].empty()) row[*place] = "0";
    }
  }
  const CaseEdition edition = EditionOf(data);
  int totals = 0;
  for (const ServedRequest& served : edition.served) {
    if (served.request->type != Request::Type::kTotal || served.request->design.calibrate.empty())
      continue;
    const Value* want = Of("s09-calibration-441").expected.Find(served.request->id);
    ASSERT_NE(want, nullptr) << served.request->id;
    const auto figure = edition.figures->Find(served.cell);
    ASSERT_TRUE(figure.has_value());
    const query_pb::Estimate& estimate = figure->figure().estimate();
    EXPECT_EQ(estimate.method(), query_pb::INTERVAL_METHOD_WALD) << served.request->id;
    EXPECT_TRUE(Near(estimate.value(), want->Find("estimate")->number)) << served.request->id;
    EXPECT_TRUE(Near(estimate.standard_error(), want->Find("se")->number)) << served.request->id;
    ++totals;
  }
  EXPECT_EQ(totals, 6);
}

TEST(ServedFigures, HaveAHeaderThatSaysHowTheyAreMade) {
  const Read& read = Of("s11-numeric-441");
  const auto header = read.edition.figures->Header();
  std::map<int, const query_pb::IndicatorInfo*> by_kind;
  for (const query_pb::IndicatorInfo& info : header.indicators()) {
    if (!info.automatic()) by_kind[info.kind()] = &info;
  }
  for (const auto& [kind, info] : by_kind) {
    EXPECT_NE(info->measure(), "") << kind;
    EXPECT_THAT(info->weights(), testing::StartsWith("surveys/SMALL/weightSets/D_S")) << kind;
    EXPECT_EQ(info->denominator().empty(), kind != model::INDICATOR_KIND_RATIO);
    EXPECT_EQ(info->quantile_thousandths() > 0, kind == model::INDICATOR_KIND_QUANTILE);
  }
  EXPECT_EQ(by_kind.size(), 4u);
  for (const char* set : {"surveys/SMALL/weightSets/D_SRS", "surveys/SMALL/weightSets/D_ST"}) {
    EXPECT_THAT(header.method_note().weighting().nn(), testing::HasSubstr(set));
    EXPECT_THAT(header.method_note().weighting().en(), testing::HasSubstr(set));
    const auto is = [&](const query_pb::DefinitionRevision& one) {
      return one.name() == set && one.revision() == 1;
    };
    EXPECT_TRUE(std::ranges::any_of(header.definitions(), is)) << set;
  }
  // Groups of further layouts are those of the first: each variable stands in the note once.
  std::set<std::string> groups;
  for (const query_pb::DispositionTable& row : header.method_note().groups())
    EXPECT_TRUE(groups.insert(row.group()).second) << row.group();
}

TEST(ServedFigures, NameTheirWeightsWhoseSpreadIsTheOneExpected) {
  const Read& read = Of("s09-calibration-441");
  const auto header = read.edition.figures->Header();
  EXPECT_EQ(header.weight_sets_size(), 6);
  for (const query_pb::WeightSetInfo& set : header.weight_sets()) {
    std::string design = set.name().substr(set.name().find("/D_") + 3);
    for (char& c : design) c = static_cast<char>(std::tolower(c));
    const Value* want = read.expected.Find("w_" + design);
    ASSERT_NE(want, nullptr) << design;
    EXPECT_FALSE(set.has_problem()) << set.problem().message();
    EXPECT_TRUE(Near(set.smallest(), want->Find("min_w")->number)) << design;
    EXPECT_TRUE(Near(set.largest(), want->Find("max_w")->number)) << design;
    EXPECT_TRUE(Near(set.kish_design_effect(), want->Find("kish_deff")->number)) << design;
    for (const query_pb::WeightTarget& target : set.targets())
      EXPECT_NEAR(target.after(), target.frame(), 1e-8 * target.frame()) << target.level();
    double sum = 0;
    int answered = 0;
    for (const query_pb::StratumEvidence& cell : set.cells()) {
      sum += cell.weight() * cell.cell_responded();
      answered += cell.cell_responded();
    }
    EXPECT_EQ(answered, want->Find("n")->number);
    EXPECT_TRUE(Near(sum, want->Find("sum_w")->number)) << design;
  }
}

TEST(ServedFigures, AndTheirExplanationsHoldNoNumberThatIsNone) {
  for (const char* id :
       {"s05-strat-441", "s09-calibration-441", "s11-numeric-441", "s12-question-types-441"}) {
    const figures::EditionFigures& figures = *Of(id).edition.figures;
    const auto header = figures.Header();
    EXPECT_THAT(NotFinite(header), testing::IsEmpty()) << id;
    for (const figures::store_pb::ReleaseFigure& one : AllFigures(figures)) {
      EXPECT_THAT(NotFinite(one), testing::IsEmpty()) << one.figure().name();
      EXPECT_THAT(NotFinite(figures::Explain(one, header)), testing::IsEmpty())
          << one.figure().name();
      const query_pb::Estimate& estimate = one.figure().estimate();
      if (!estimate.has_value()) continue;
      EXPECT_LE(estimate.lower(), estimate.value()) << one.figure().name();
      EXPECT_LE(estimate.value(), estimate.upper()) << one.figure().name();
    }
  }
}

TEST(ServedFigures, OfAReleaseComeBackFromItsParts) {
  const figures::EditionFigures& figures = *Of("s09-calibration-441").edition.figures;
  figures::ReleaseContent content;
  content.header = figures.Header();
  content.figures = AllFigures(figures);
  const std::vector<std::string> parts = WriteParts(content);
  for (const std::string& part : parts) EXPECT_LE(part.size(), 512u * 1024u);
  const auto again = figures::ReadParts(parts);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->header.SerializeAsString(), content.header.SerializeAsString());
  EXPECT_EQ(CompareForVerify(content, *again, 5).count, 0);
}

}  // namespace
}  // namespace imdi::oracle
