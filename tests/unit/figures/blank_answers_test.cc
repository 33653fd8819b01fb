// Numbers of units of which some left the measured question blank and some answered that they do
// not know: who is in the base, who may belong to it, and whom a total is weighted up for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/domain/answer_matrix.h"
#include "services/domain/derivation.h"
#include "services/domain/survey_catalog.h"
#include "services/figures/edition_figures.h"
#include "services/figures/explain.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::figures {
namespace {

using testing_support::AddQuestion;
using testing_support::SmallIndicator;
using testing_support::Words;

constexpr int32_t kDontKnow = 98;
constexpr const char* kByRegion = "surveys/SMALL/weightSets/BY_REGION";

// What one unit says of N1 and of S1; everybody says 1 of Q1, which asks for nothing more.
struct Says {
  std::optional<int64_t> number = std::nullopt;
  std::optional<int32_t> code = std::nullopt;
  bool dont_know = false;
  bool responds = true;
};

// Ten of ten respond: six with a number, two leave it blank, two do not know.
std::vector<Says> SixOfTen() {
  std::vector<Says> out;
  for (int i = 1; i <= 6; ++i) out.push_back({.number = 10 * i, .code = i <= 3 ? 1 : 2});
  for (int i = 0; i < 2; ++i) out.push_back({});
  for (int i = 0; i < 2; ++i) out.push_back({.code = kDontKnow, .dont_know = true});
  return out;
}

class Edition {
 public:
  // Units alternate between regions 1 and 2.
  explicit Edition(const std::vector<Says>& units) {
    Apply([](model::Definition& to) {
      *to.mutable_edition() = testing_support::SmallEdition("T");
      to.mutable_edition()->clear_parts();
      model::Part& part = *to.mutable_edition()->add_parts();
      part.set_id("all");
      *part.mutable_role() = Words("role");
      part.add_sections("A");
    });
    Apply([](model::Definition& to) {
      model::Questionnaire& form = *to.mutable_questionnaire();
      form.set_name("editions/T/questionnaires/1");
      model::Section& section = *form.add_sections();
      section.set_id("A");
      *section.mutable_title() = Words("A");
      AddQuestion(form, "Q1", "A", model::QUESTION_TYPE_SINGLE, {1, 2});
      model::NumericRule& rule =
          *AddQuestion(form, "N1", "A", model::QUESTION_TYPE_NUMERIC).mutable_numeric();
      rule.set_max(1'000);
      rule.set_allow_dont_know(true);
      AddQuestion(form, "S1", "A", model::QUESTION_TYPE_SINGLE, {1, 2, kDontKnow});
      form.mutable_outcome()->set_complete_percent(80);
      form.mutable_outcome()->set_partial_percent(30);
    });
    Apply([&](model::Definition& to) {
      *to.mutable_frame() = testing_support::SmallFrame("T");
      to.mutable_frame()->clear_units();
      for (size_t u = 0; u < units.size(); ++u) {
        model::Unit& unit = *to.mutable_frame()->add_units();
        unit.set_code(std::to_string(1'000 + u));
        unit.set_name("unit");
        unit.set_type(model::UNIT_TYPE_MUNICIPALITY);
        (*unit.mutable_attributes())["region"] = u % 2 == 0 ? "1" : "2";
      }
    });
    Apply([](model::Definition& to) {
      model::WeightSet& set = *to.mutable_weight_set();
      set.set_name(kByRegion);
      *set.mutable_title() = Words("by region");
      set.set_method(model::WEIGHT_METHOD_POSTSTRATIFIED);
      set.add_margins()->add_attributes("region");
    });
    Add("MEAN", model::INDICATOR_KIND_MEAN, false, "");
    Add("TOTAL", model::INDICATOR_KIND_TOTAL, false, "");
    Add("MEDIAN", model::INDICATOR_KIND_QUANTILE, false, "");
    Add("SCORES", model::INDICATOR_KIND_MEAN, true, "");
    Add("TOTAL_BY_REGION", model::INDICATOR_KIND_TOTAL, false, kByRegion);
    catalog_ = *catalog_->WithState("T", model::EDITION_STATE_OPEN, "", 1);
    const auto plan = domain::PlanOf(*catalog_, "T");
    figures_ = std::make_shared<const EditionFigures>(catalog_, "T", CountsOf(plan, units));
  }

  query_pb::Figure Find(const std::string& indicator) const {
    const auto found = figures_->Find(indicator + ".ALL");
    EXPECT_TRUE(found.has_value()) << indicator;
    if (!found.has_value()) return {};
    EXPECT_GT(Explain(*found, figures_->Header()).steps_size(), 0);
    return found->figure();
  }

 private:
  template <typename Fill>
  void Apply(const Fill& fill) {
    model::Definition definition;
    fill(definition);
    const domain::DefinitionVerdict verdict = catalog_->ValidateDefinition(definition, {});
    for (const domain::DefinitionFinding& finding : verdict.findings)
      ADD_FAILURE() << verdict.name << ": " << domain::ToText(finding);
    auto applied = catalog_->Apply(definition, 1, verdict.new_items);
    ASSERT_TRUE(applied.ok()) << applied.status();
    catalog_ = *std::move(applied);
  }

  void Add(const std::string& id, model::IndicatorKind kind, bool scores, const char* weights) {
    model::Indicator indicator = SmallIndicator(id, {"T"}, "", {{"ALL", "responded"}});
    indicator.set_kind(kind);
    indicator.set_weights(weights);
    if (!scores) {
      indicator.mutable_measure()->set_question("N1");
    } else {
      indicator.mutable_measure()->mutable_scores()->set_question("S1");
      for (const auto& [code, score] : {std::pair{1, 1}, {2, 5}}) {
        model::CodeScore& one = *indicator.mutable_measure()->mutable_scores()->add_scores();
        one.set_code(code);
        one.set_score(score);
      }
    }
    Apply([&](model::Definition& to) { *to.mutable_indicator() = indicator; });
  }

  static std::shared_ptr<const domain::EditionCounts> CountsOf(
      const std::shared_ptr<const domain::FigurePlan>& plan, const std::vector<Says>& units) {
    const domain::CompiledQuestionnaire& form = plan->questionnaire();
    domain::AnswerMatrix matrix(plan);
    for (domain::UnitIndex unit = 0; unit < units.size(); ++unit) {
      const Says& says = units[unit];
      if (!says.responds) continue;
      domain::AnswerSet answers(form.item_count());
      answers.Set(*form.FindItem("Q1"), domain::AnswerValue::OfCode(1));
      if (says.number.has_value())
        answers.Set(*form.FindItem("N1"), domain::AnswerValue::OfNumber(*says.number));
      if (says.dont_know) answers.Set(*form.FindItem("N1"), domain::AnswerValue::DontKnow());
      if (says.code.has_value())
        answers.Set(*form.FindItem("S1"), domain::AnswerValue::OfCode(*says.code));
      domain::DerivedResponse response = domain::Derive(form, {.unit = plan->frame().FactsOf(unit),
                                                               .answers = &answers,
                                                               .submitted = 1,
                                                               .fielded = nullptr});
      response.outcome = model::DISPOSITION_COMPLETE;
      matrix.SetUnit(unit, &response, model::DISPOSITION_UNSPECIFIED);
    }
    return matrix.Count();
  }

  std::shared_ptr<const domain::Catalog> catalog_ = domain::Catalog::Empty();
  std::shared_ptr<const EditionFigures> figures_;
};

TEST(BlankAnswers, ToTheMeasuredQuestionMayBelongAndDontKnowIsInNoBase) {
  const Edition edition(SixOfTen());
  for (const char* indicator : {"MEAN", "TOTAL", "MEDIAN", "SCORES"}) {
    const query_pb::Figure figure = edition.Find(indicator);
    EXPECT_EQ(figure.responded(), 10) << indicator;
    EXPECT_EQ(figure.base(), 6) << indicator;
    EXPECT_EQ(figure.item_nonresponse(), 2) << indicator;
    EXPECT_EQ(figure.filter_unknown(), 0) << indicator << ": who does not know has answered";
    EXPECT_EQ(figure.estimate().may_belong(), 2) << indicator;
    EXPECT_FALSE(figure.estimate().has_base_units()) << indicator;
    EXPECT_NE(figure.estimate().method(), query_pb::INTERVAL_METHOD_KNOWN) << indicator;
  }
  EXPECT_EQ(edition.Find("MEAN").value(), 35);
  EXPECT_EQ(edition.Find("MEDIAN").value(), 30);
  const query_pb::Figure scores = edition.Find("SCORES");
  EXPECT_EQ(scores.value(), 3);
  EXPECT_EQ(scores.estimate().bound_lower(), (18 + 2 * 1) / 8.0);
  EXPECT_EQ(scores.estimate().bound_upper(), (18 + 2 * 5) / 8.0);
}

TEST(BlankAnswers, OfATotalAreWeightedForByAllWhoAnsweredTheQuestion) {
  const query_pb::Figure total = Edition(SixOfTen()).Find("TOTAL");
  EXPECT_EQ(total.value(), 210);
  EXPECT_EQ(total.estimate().method(), query_pb::INTERVAL_METHOD_WALD);
  // Eight of ten answered the question; two of them have no number.
  EXPECT_DOUBLE_EQ(total.estimate().value(), 210 * 10 / 8.0);
  const double spread = (9'100 - 210 * 210 / 8.0) / 7;
  EXPECT_DOUBLE_EQ(total.estimate().standard_error(),
                   std::sqrt((1 - 8 / 10.0) * 10 * 10 / 8.0 * spread));
  EXPECT_EQ(total.estimate().df(), 5);
  EXPECT_LT(total.estimate().lower(), total.estimate().value());
  EXPECT_GT(total.estimate().upper(), total.estimate().value());
}

TEST(BlankAnswers, OfAllLeaveAnEmptyEstimateThatSaysWhatIsPossible) {
  const Edition edition(std::vector<Says>(10));
  for (const char* indicator : {"MEAN", "TOTAL", "MEDIAN", "SCORES", "TOTAL_BY_REGION"}) {
    const query_pb::Figure figure = edition.Find(indicator);
    EXPECT_EQ(figure.no_value().reason(), query_pb::NO_VALUE_REASON_NO_ANSWER) << indicator;
    ASSERT_TRUE(figure.has_estimate()) << indicator;
    EXPECT_FALSE(figure.has_estimate_problem()) << indicator;
    const query_pb::Estimate& estimate = figure.estimate();
    EXPECT_EQ(estimate.status(), query_pb::ESTIMATE_STATUS_EMPTY) << indicator;
    EXPECT_EQ(estimate.method(), query_pb::INTERVAL_METHOD_NONE) << indicator;
    EXPECT_FALSE(estimate.has_value()) << indicator;
    EXPECT_EQ(estimate.may_belong(), 10) << indicator;
    EXPECT_FALSE(estimate.has_base_units()) << indicator << ": who does not know is in no base";
    EXPECT_EQ(estimate.unbounded(), std::string(indicator) != "SCORES") << indicator;
    query_pb::Figure other = figure;
    other.clear_estimate();
    EXPECT_NE(EtagOf(other), figure.etag()) << indicator;
  }
  const query_pb::Estimate scores = edition.Find("SCORES").estimate();
  EXPECT_EQ(scores.bound_lower(), 1);
  EXPECT_EQ(scores.bound_upper(), 5);
  // Who does not know has answered: nobody is left who may belong, and nothing is to be said.
  const Edition none(std::vector<Says>(10, {.code = kDontKnow, .dont_know = true}));
  EXPECT_EQ(none.Find("MEAN").no_value().reason(), query_pb::NO_VALUE_REASON_NOT_APPLICABLE);
  EXPECT_FALSE(none.Find("MEAN").has_estimate());
}

TEST(BlankAnswers, BesideAnswersThatAreAllTheSameGoWithAVarianceOfZero) {
  std::vector<Says> units(10, {.number = 40, .code = 1});
  units[0] = {};
  units[9] = {.responds = false};
  const Edition edition(units);
  for (const char* indicator : {"MEAN", "SCORES"}) {
    const query_pb::Estimate estimate = edition.Find(indicator).estimate();
    EXPECT_EQ(estimate.status(), query_pb::ESTIMATE_STATUS_ZERO_VARIANCE) << indicator;
    EXPECT_EQ(estimate.method(), query_pb::INTERVAL_METHOD_WALD) << indicator;
    EXPECT_EQ(estimate.standard_error(), 0) << indicator;
    EXPECT_EQ(estimate.may_belong(), 2) << indicator;
    EXPECT_GT(estimate.df(), 0) << indicator;
  }
}

TEST(BlankAnswers, AreKnownWhereNobodyLeftTheQuestionBlank) {
  std::vector<Says> units = SixOfTen();
  for (size_t unit : {6, 7}) units[unit] = {.code = kDontKnow, .dont_know = true};
  const Edition edition(units);
  for (const char* indicator : {"MEAN", "TOTAL", "MEDIAN", "SCORES"}) {
    const query_pb::Figure figure = edition.Find(indicator);
    EXPECT_EQ(figure.base(), 6) << indicator;
    EXPECT_EQ(figure.item_nonresponse() + figure.filter_unknown(), 0) << indicator;
    EXPECT_EQ(figure.estimate().may_belong(), 0) << indicator;
    EXPECT_EQ(figure.estimate().base_units(), 6) << indicator;
    EXPECT_EQ(figure.estimate().method(), query_pb::INTERVAL_METHOD_KNOWN) << indicator;
    EXPECT_EQ(figure.estimate().value(), figure.value()) << indicator;
  }
}

TEST(BlankAnswers, OfATotalUnderCalibratedWeightsLeaveNoEstimate) {
  std::vector<Says> units = SixOfTen();
  for (int i = 0; i < 2; ++i) units.push_back({.responds = false});
  const query_pb::Figure open = Edition(units).Find("TOTAL_BY_REGION");
  EXPECT_EQ(open.value(), 210);
  EXPECT_FALSE(open.has_estimate());
  EXPECT_EQ(open.estimate_problem().reason(), "TOTAL_LEFT_OPEN");
  EXPECT_NE(open.estimate_problem().message(), "");
  // Answered by all who responded it is a total like others.
  for (size_t unit : {6, 7}) units[unit] = {.code = kDontKnow, .dont_know = true};
  const query_pb::Figure answered = Edition(units).Find("TOTAL_BY_REGION");
  EXPECT_FALSE(answered.has_estimate_problem());
  ASSERT_TRUE(answered.has_estimate());
  // Five of six answered in either region.
  EXPECT_DOUBLE_EQ(answered.estimate().value(), 210 * 6 / 5.0);
  EXPECT_EQ(answered.estimate().method(), query_pb::INTERVAL_METHOD_WALD);
}

}  // namespace
}  // namespace imdi::figures
