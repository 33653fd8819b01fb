#include "services/figures/edition_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "services/figures/labels.h"
#include "services/figures/release_content.h"
#include "services/figures/weight_set_info.h"
#include "tests/support/ku_survey.h"

namespace imdi::figures {
namespace {

query_pb::Figure Whole() {
  query_pb::Figure figure;
  figure.set_value(0.5);
  figure.set_numerator(1);
  figure.set_base(2);
  figure.mutable_estimate()->set_value(0.25);
  return figure;
}

TEST(Etag, IsTheSameInEveryProcess) {
  EXPECT_EQ(EtagOf(Whole()).size(), 32u);
  EXPECT_EQ(EtagOf(Whole()), "7e114a5bbc2dbc2b7dd40519012bc66d");
}

TEST(Etag, CoversValueStateCountsEstimateAndRevisions) {
  using Change = std::function<void(query_pb::Figure&)>;
  const std::vector<Change> changes = {
      [](auto& f) { f.set_value(0.25); },
      [](auto& f) { f.clear_state(); },
      [](auto& f) { *f.mutable_no_value() = NotYet(); },
      [](auto& f) { *f.mutable_no_value() = SeriesBreak(); },
      [](auto& f) { f.set_numerator(2); },
      [](auto& f) { f.set_base(3); },
      [](auto& f) { f.set_invited(1); },
      [](auto& f) { f.set_responded(1); },
      [](auto& f) { f.set_complete(1); },
      [](auto& f) { f.set_rr1(0.5); },
      [](auto& f) { f.set_filter_unknown(1); },
      [](auto& f) { f.set_item_nonresponse(1); },
      [](auto& f) { f.clear_estimate(); },
      [](auto& f) { f.mutable_estimate()->set_value(0.5); },
      [](auto& f) { f.mutable_estimate()->set_lower(0.1); },
      [](auto& f) { f.mutable_estimate()->set_upper(0.1); },
      [](auto& f) { f.mutable_estimate()->set_level(0.1); },
      [](auto& f) { f.mutable_estimate()->set_method(query_pb::INTERVAL_METHOD_WILSON); },
      [](auto& f) { f.mutable_estimate()->set_status(query_pb::ESTIMATE_STATUS_OK); },
      [](auto& f) { f.mutable_estimate()->set_standard_error(0.1); },
      [](auto& f) { f.mutable_estimate()->set_df(1); },
      [](auto& f) { f.mutable_estimate()->set_effective_n(1); },
      [](auto& f) { f.mutable_estimate()->set_base_units(0); },
      [](auto& f) { f.mutable_estimate()->set_base_units(1); },
      [](auto& f) { f.mutable_estimate()->set_may_belong(1); },
      [](auto& f) { f.mutable_estimate()->set_bound_lower(0.1); },
      [](auto& f) { f.mutable_estimate()->set_bound_upper(0.1); },
      [](auto& f) { f.mutable_estimate()->set_unrepresented(1); },
      [](auto& f) { f.set_indicator_revision(1); },
      [](auto& f) { f.set_rule_version(1); },
      [](auto& f) { f.set_questionnaire_version(1); },
      [](auto& f) { f.set_frame_revision(1); },
  };
  std::set<std::string> tags = {EtagOf(Whole())};
  for (size_t i = 0; i < changes.size(); ++i) {
    query_pb::Figure figure = Whole();
    changes[i](figure);
    // Cleared state and value 0 read the same in proto3; neither is the figure above.
    EXPECT_TRUE(tags.insert(EtagOf(figure)).second) << "change " << i;
  }
}

TEST(Etag, CoversSumsWeightSetAndProblemWhereThereAreAny) {
  using Change = std::function<void(query_pb::Figure&)>;
  const std::vector<Change> changes = {
      [](auto&) {},
      [](auto& f) { f.set_unit("number"); },
      [](auto& f) { f.set_sum(1); },
      [](auto& f) { f.set_denominator_sum(1); },
      [](auto& f) { f.set_silent_denominator(1); },
      [](auto& f) { f.set_sum_decimals(1); },
      [](auto& f) { f.set_denominator_decimals(1); },
      [](auto& f) { f.mutable_estimate()->set_unbounded(true); },
      [](auto& f) { f.mutable_estimate()->set_lower_open(true); },
      [](auto& f) { f.mutable_estimate()->set_upper_open(true); },
      [](auto& f) { f.set_weight_set("surveys/KU/weightSets/A"), f.set_weight_set_revision(1); },
      [](auto& f) { f.set_weight_set("surveys/KU/weightSets/A"), f.set_weight_set_revision(2); },
      [](auto& f) { f.set_weight_set("surveys/KU/weightSets/B"), f.set_weight_set_revision(1); },
      [](auto& f) { f.mutable_estimate_problem()->set_reason("NEGATIVE_WEIGHT"); },
  };
  std::set<std::string> tags;
  for (size_t i = 0; i < changes.size(); ++i) {
    query_pb::Figure figure = Whole();
    if (i > 0) figure.set_unit("number");
    changes[i](figure);
    EXPECT_TRUE(tags.insert(EtagOf(figure)).second) << "change " << i;
  }
  // The built-in weights are as old as figures are.
  query_pb::Figure figure = Whole();
  figure.set_unit("fraction");
  figure.set_weight_set("surveys/KU/weightSets/NONRESPONSE");
  EXPECT_EQ(EtagOf(figure), EtagOf(Whole()));
}

TEST(Etag, LeavesOutNameLabelsPositionAndHowItIsShown) {
  query_pb::Figure figure = Whole();
  figure.set_name("editions/KU2017/releases/2/figures/A.B");
  figure.set_position(7);
  figure.set_etag("x");
  figure.mutable_title()->set_nn("x");
  figure.mutable_basis_title()->set_nn("x");
  figure.mutable_group_title()->set_nn("x");
  figure.mutable_category_title()->set_nn("x");
  figure.set_unit("fraction");
  figure.set_decimals(1);
  EXPECT_EQ(EtagOf(figure), EtagOf(Whole()));
}

// Linear weights of six kinds, with a margin of that variable and the sum of inhabitants; what they
// make of the variance of one number, from what a release holds of them.
double RestoredVariance(const std::string& variable) {
  query_pb::WeightSetInfo set;
  set.set_method(model::WEIGHT_METHOD_LINEAR);
  const std::vector<std::string> codes = {"0", "1", "5"};
  for (const std::string& code : codes) set.add_targets()->set_level(variable + "=" + code);
  set.add_targets()->set_level("population");
  for (int i = 0; i < 6; ++i) {
    query_pb::StratumEvidence& cell = *set.add_cells();
    cell.set_stratum("all");
    cell.set_frame(30);
    cell.set_responded(12);
    cell.set_cell_frame(5);
    cell.set_cell_responded(2);
    cell.set_weight(2 + i % 3);
    cell.add_levels(variable + "=" + codes[static_cast<size_t>(i) % 3]);
    cell.add_levels("population=" + std::to_string(10 + i * i));
  }
  const auto restored = RestoreWeights(
      set, std::vector<query_pb::StratumEvidence>(set.cells().begin(), set.cells().end()));
  EXPECT_TRUE(restored.has_value()) << variable;
  if (!restored.has_value()) return 0;
  std::vector<domain::LinearRow> rows;
  for (const uint32_t cell : restored->cell_of) rows.push_back({cell, 1});
  const std::vector<double> values = {1, 4, 2, 8, 5, 7};
  return restored->weighting.Covariance(rows, values, 1, domain::Lonely::kAdjust)[0];
}

TEST(WeightSetInfo, TellsAMarginFromASumOfTheSameName) {
  EXPECT_GT(RestoredVariance("size"), 0);
  EXPECT_EQ(RestoredVariance("population"), RestoredVariance("size"));
}

TEST(NoValue, HasStateSignAndWordsInBothLanguages) {
  std::set<int> reasons;
  for (const auto state : {domain::CellState::kNotAsked, domain::CellState::kNotApplicable,
                           domain::CellState::kNoAnswer, domain::CellState::kNotYet,
                           domain::CellState::kFilterUnknown}) {
    const query_pb::NoValue value = NoValueOf(state);
    EXPECT_TRUE(reasons.insert(value.reason()).second);
    EXPECT_FALSE(value.sdmx_status().empty());
    EXPECT_FALSE(value.sign().empty());
    EXPECT_FALSE(value.text().nn().empty());
    EXPECT_FALSE(value.text().nb().empty());
  }
  EXPECT_EQ(NoValueOf(domain::CellState::kValue).reason(), query_pb::NO_VALUE_REASON_UNSPECIFIED);
  EXPECT_EQ(SeriesBreak().sdmx_status(), "M");
  EXPECT_EQ(NotYet().reason(), query_pb::NO_VALUE_REASON_NOT_YET);
}

class EditionFiguresTest : public testing::Test {
 protected:
  static EditionFigures Of(const std::string& edition, bool with_answers = true) {
    const auto catalog =
        with_answers ? testing_support::KuCatalogWithOpen(edition) : testing_support::KuCatalog();
    const auto plan = domain::PlanOf(*catalog, edition);
    auto counts = with_answers ? testing_support::RandomCounts(plan, 2017, {})
                               : domain::AnswerMatrix(plan).Count();
    return EditionFigures(catalog, edition, std::move(counts));
  }
};

TEST_F(EditionFiguresTest, AreSortedNamedOnceAndFoundByName) {
  const EditionFigures edition = Of("KU2017");
  const std::vector<store_pb::ReleaseFigure> all = AllFigures(edition);
  ASSERT_EQ(all.size(), edition.size());
  EXPECT_GT(all.size(), 3'000u);
  for (size_t i = 0; i < all.size(); ++i) {
    const query_pb::Figure& figure = all[i].figure();
    if (i > 0) {
      ASSERT_LT(all[i - 1].figure().name(), figure.name());
    }
    ASSERT_EQ(figure.etag(), EtagOf(figure));
    ASSERT_FALSE(figure.has_title());
    ASSERT_EQ(figure.position(), 0);
    const domain::CompiledIndicator& indicator = edition.plan().IndicatorOf(
        edition.plan().blocks()[edition.plan().CellAt(*edition.plan().Find(figure.name())).block]);
    ASSERT_EQ(figure.unit(), indicator.numeric() ? "number" : "fraction");
    ASSERT_EQ(figure.rule_version(), kRuleVersion);
    ASSERT_EQ(figure.questionnaire_version(), 1);
    ASSERT_EQ(figure.frame_revision(), 1);
    const auto& weights = indicator.weights();
    ASSERT_EQ(figure.weight_set_revision(), weights == nullptr ? 0 : 1);
    ASSERT_EQ(figure.weight_set(), figure.name().starts_with("IND_RR.") ? ""
                                   : weights != nullptr                 ? weights->name()
                                                        : "surveys/KU/weightSets/NONRESPONSE");
  }
  const auto found = edition.Find("IND_TARGET.WITH_PROGRAMME.size_group=3");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->figure().indicator_revision(), 1);
  EXPECT_FALSE(edition.Find("IND_TARGET.NOPE").has_value());
  EXPECT_EQ(edition.Find("Q_INT01.ANSWERED.answer=1")->figure().indicator_revision(), 0);
}

TEST_F(EditionFiguresTest, SayTheSameTwiceAndFromTheSameAnswersAgain) {
  const auto first = AllFigures(Of("KU2017"));
  const auto second = AllFigures(Of("KU2017"));
  ASSERT_EQ(first.size(), second.size());
  for (size_t i = 0; i < first.size(); ++i) {
    ASSERT_EQ(first[i].SerializeAsString(), second[i].SerializeAsString());
  }
}

TEST_F(EditionFiguresTest, OfARateHaveRr1AndNoEstimate) {
  const EditionFigures edition = Of("KU2017");
  const auto rate = edition.Find("IND_RR.FRAME");
  ASSERT_TRUE(rate.has_value());
  const query_pb::Figure& figure = rate->figure();
  const domain::DispositionCounts units = edition.counts().Dispositions(0, 0);
  EXPECT_EQ(figure.base(), units.invited());
  EXPECT_EQ(figure.numerator(), units.responded());
  EXPECT_EQ(figure.complete(), units.complete);
  EXPECT_EQ(figure.value(), static_cast<double>(units.responded()) / units.invited());
  EXPECT_EQ(figure.rr1(), static_cast<double>(units.complete) / units.invited());
  EXPECT_FALSE(figure.has_estimate());
  EXPECT_LT(figure.rr1(), figure.value());
}

TEST_F(EditionFiguresTest, OfAnEditionWithoutAnswersHaveNoNumber) {
  const EditionFigures edition = Of("KU2017", false);
  std::set<int> reasons;
  for (const store_pb::ReleaseFigure& one : AllFigures(edition)) {
    EXPECT_TRUE(one.figure().has_no_value()) << one.figure().name();
    EXPECT_FALSE(one.figure().estimate().has_value()) << one.figure().name();
    const query_pb::NoValueReason reason = one.figure().no_value().reason();
    reasons.insert(reason);
    // Who may still answer is told where somebody may, and of nothing else.
    const bool rate = one.figure().weight_set().empty();
    EXPECT_EQ(one.figure().has_estimate(), reason == query_pb::NO_VALUE_REASON_NOT_YET && !rate)
        << one.figure().name();
    if (!one.figure().has_estimate()) continue;
    const query_pb::Estimate& estimate = one.figure().estimate();
    EXPECT_EQ(estimate.status(), query_pb::ESTIMATE_STATUS_EMPTY) << one.figure().name();
    EXPECT_GT(estimate.may_belong(), 0) << one.figure().name();
    EXPECT_LE(estimate.may_belong(), one.figure().invited()) << one.figure().name();
  }
  EXPECT_TRUE(reasons.contains(query_pb::NO_VALUE_REASON_NOT_YET));
}

TEST_F(EditionFiguresTest, OfAGroupAddUpToTheirTotal) {
  const EditionFigures edition = Of("KU2017");
  for (const char* basis : {"IND_TARGET.WITH_PROGRAMME", "IND_RR.FRAME"}) {
    int base = 0, numerator = 0;
    const auto info = edition.Header();
    for (const query_pb::IndicatorInfo& indicator : info.indicators()) {
      if (!std::string(basis).starts_with(indicator.name().substr(11) + ".")) continue;
      for (const query_pb::LabelledCode& group : indicator.breakdowns(0).groups()) {
        const auto figure = edition.Find(std::string(basis) + "." + group.code());
        ASSERT_TRUE(figure.has_value()) << group.code();
        base += figure->figure().base();
        numerator += figure->figure().numerator();
      }
    }
    const auto total = edition.Find(basis);
    EXPECT_EQ(base, total->figure().base());
    EXPECT_EQ(numerator, total->figure().numerator());
  }
}

TEST_F(EditionFiguresTest, AreLabelledInBothLanguagesByTheHeaderAlone) {
  const EditionFigures edition = Of("KU2017");
  const store_pb::ReleaseHeader header = edition.Header();
  const Labels labels(header.indicators());
  for (const store_pb::ReleaseFigure& one : AllFigures(edition)) {
    const std::string& name = one.figure().name();
    query_pb::Figure figure = one.figure();
    labels.Fill(figure, name);
    const auto there = [&](const model::LocalizedText& text) {
      ASSERT_FALSE(text.nn().empty()) << name;
      ASSERT_FALSE(text.nb().empty()) << name;
    };
    there(figure.title());
    there(figure.basis_title());
    const size_t pieces = static_cast<size_t>(std::count(name.begin(), name.end(), '.')) - 1;
    const bool answer = name.find(".answer=") != std::string::npos;
    if (answer) there(figure.category_title());
    if (pieces > (answer ? 1u : 0u)) there(figure.group_title());
    ASSERT_EQ(figure.has_group_title(), pieces > (answer ? 1u : 0u)) << name;
  }
  query_pb::Figure unknown;
  labels.Fill(unknown, "IND_RR.FRAME.imdi_region=unknown");
  EXPECT_EQ(unknown.group_title().nn(), "ukjend");
  EXPECT_EQ(unknown.group_title().nb(), "ukjent");
  EXPECT_EQ(unknown.group_title().en(), "unknown");
}

TEST_F(EditionFiguresTest, HaveAHeaderWithStrataThatAddUpToTheFrame) {
  const EditionFigures edition = Of("KU2017");
  const store_pb::ReleaseHeader header = edition.Header();
  EXPECT_EQ(header.edition(), "KU2017");
  EXPECT_EQ(header.figure_count(), static_cast<int32_t>(edition.size()));
  EXPECT_EQ(header.edition_facts().name(), "editions/KU2017");
  EXPECT_EQ(header.edition_facts().survey(), "KU");
  EXPECT_EQ(header.edition_facts().state(), model::EDITION_STATE_OPEN);
  const domain::DispositionCounts units = edition.counts().Dispositions(0, 0);
  int frame = 0, responded = 0;
  std::set<std::string> ids;
  for (const query_pb::StratumEvidence& stratum : header.strata()) {
    frame += stratum.frame();
    responded += stratum.responded();
    EXPECT_TRUE(ids.insert(stratum.stratum()).second) << stratum.stratum();
    EXPECT_FALSE(stratum.title().nn().empty());
    if (stratum.responded() > 0) {
      EXPECT_EQ(stratum.weight(), static_cast<double>(stratum.frame()) / stratum.responded());
    }
  }
  EXPECT_EQ(frame, units.invited());
  EXPECT_EQ(responded, units.responded());
  EXPECT_TRUE(ids.contains("district"));
  std::vector<std::string> names;
  for (const auto& definition : header.definitions()) names.push_back(definition.name());
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_THAT(names, testing::IsSupersetOf({"editions/KU2017", "editions/KU2017/frame",
                                            "editions/KU2017/questionnaires/1",
                                            "editions/KU2017/claims/F03", "indicators/IND_RR"}));
  EXPECT_THAT(names, testing::Not(testing::Contains("editions/KU2016")));
}

TEST_F(EditionFiguresTest, HaveAMethodNoteWithDatesRatesByGroupAndChanges) {
  const EditionFigures edition = Of("KU2017");
  const query_pb::MethodNote note = edition.Header().method_note();
  EXPECT_EQ(note.release(), "");
  EXPECT_EQ(note.reference_year(), 2017);
  EXPECT_EQ(note.design(), "census");
  EXPECT_EQ(note.mode(), "web");
  EXPECT_EQ(note.fieldwork_from(), "2017-11-20");
  EXPECT_FALSE(note.frame_date().empty());
  std::map<std::string, int> invited;  // By variable.
  std::map<std::string, double> share_of_invited, share_of_answers;
  for (const query_pb::DispositionTable& row : note.groups()) {
    invited[row.group().substr(0, row.group().find('='))] += row.invited();
    EXPECT_FALSE(row.title().nn().empty()) << row.group();
    EXPECT_EQ(row.invited(),
              row.complete() + row.partial() + row.breakoff() + row.refusal() + row.non_contact());
  }
  EXPECT_THAT(invited, testing::SizeIs(5)) << "every variable that figures are made by";
  EXPECT_DOUBLE_EQ(note.dispositions().share_of_invited(), 1);
  for (const query_pb::DispositionTable& row : note.groups()) {
    const std::string variable = row.group().substr(0, row.group().find('='));
    share_of_invited[variable] += row.share_of_invited();
    share_of_answers[variable] += row.share_of_answers();
    EXPECT_DOUBLE_EQ(row.share_of_invited(), row.invited() / 441.0);
  }
  const int answered = note.dispositions().complete() + note.dispositions().partial();
  for (const auto& [variable, units] : invited) {
    EXPECT_EQ(units, note.dispositions().invited()) << variable;
    EXPECT_NEAR(share_of_invited[variable], 1, 1e-12) << variable;
    EXPECT_NEAR(share_of_answers[variable], answered > 0 ? 1 : 0, 1e-12) << variable;
  }
  EXPECT_FALSE(note.weighting().nn().empty());
  EXPECT_FALSE(note.weighting().en().empty());
  ASSERT_GT(note.changes_size(), 0);
  EXPECT_EQ(note.changes(0).nn(), "Ramma har 441 einingar; i 2016 hadde ho 443.");
}

}  // namespace
}  // namespace imdi::figures
