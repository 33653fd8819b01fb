#include "clients/cli/explain_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace imdi::cli {
namespace {

namespace model = survey::model::v1;
namespace query = survey::query::v1;
using testing::HasSubstr;
using testing::Not;

std::string TextOf(const query::Explanation& answer) {
  return ExplanationText(answer, [](const auto& text) { return text.nb(); });
}

query::StratumEvidence& AddLine(query::Explanation& answer, const std::string& id, int32_t frame,
                                int32_t responded, int32_t base) {
  query::StratumEvidence& line = *answer.add_strata();
  line.set_stratum(id);
  line.set_frame(frame);
  line.set_responded(responded);
  line.set_weight(static_cast<double>(frame) / responded);
  line.set_domain_frame(frame);
  line.set_base(base);
  return line;
}

TEST(ExplanationText, OfAShareHasItsStrataAndTheBuiltInWeights) {
  query::Explanation answer;
  answer.mutable_figure()->set_unit("fraction");
  answer.set_numerator_expression("INT01 == 1");
  answer.mutable_weights()->set_name("surveys/KU/weightSets/NONRESPONSE");
  AddLine(answer, "1.2", 10, 4, 3).set_yes(2);
  const std::string text = TextOf(answer);
  EXPECT_THAT(text, HasSubstr("counts where  INT01 == 1\n"));
  EXPECT_THAT(text, HasSubstr("surveys/KU/weightSets/NONRESPONSE (built in)"));
  EXPECT_THAT(text, HasSubstr("weight N/r"));
  EXPECT_THAT(text, HasSubstr("yes y"));
  EXPECT_THAT(text, HasSubstr("2.5000"));
  EXPECT_THAT(text, Not(HasSubstr("sum a")));
}

TEST(ExplanationText, OfCalibratedWeightsSaysWhatTheyWereBroughtTo) {
  query::Explanation answer;
  query::WeightSetInfo& weights = *answer.mutable_weights();
  weights.set_name("surveys/KU/weightSets/RAKED");
  weights.set_revision(3);
  weights.mutable_title()->set_nb("Fylke og storleik");
  weights.set_method(model::WEIGHT_METHOD_RAKED);
  query::WeightTarget& target = *weights.add_targets();
  target.set_level("county=03");
  target.set_frame(12);
  target.set_before(10.5);
  target.set_after(12);
  weights.set_smallest(1);
  weights.set_largest(2.5);
  weights.set_kish_design_effect(1.0625);
  query::StratumEvidence& cell = AddLine(answer, "1.2", 10, 4, 3);
  cell.add_levels("county=03");
  cell.add_levels("size_group=1");
  cell.set_cell_frame(5);
  cell.set_cell_responded(3);
  query::StratumEvidence& silent = AddLine(answer, "1.2", 10, 4, 0);
  silent.set_cell_frame(2);
  const std::string text = TextOf(answer);
  EXPECT_THAT(text, HasSubstr("surveys/KU/weightSets/RAKED@3; Fylke og storleik; raked\n"));
  EXPECT_THAT(text, testing::ContainsRegex("county=03 +12 +10.5000 +12.0000"));
  EXPECT_THAT(text, HasSubstr("weights from 1.0000 to 2.5000, Kish's design effect 1.0625\n"));
  EXPECT_THAT(text, HasSubstr("county=03 size_group=1"));
  EXPECT_THAT(text, HasSubstr("1 more cells, in which nobody answered\n"));
  EXPECT_THAT(text, Not(HasSubstr("weight N/r"))) << "it is not N/r";
}

TEST(ExplanationText, OfNumbersHasTheSumsThatTheirKindNeeds) {
  query::Explanation answer;
  answer.set_measure("KOST");
  answer.mutable_figure()->set_unit("number");
  answer.mutable_figure()->set_sum_decimals(1);
  query::Sums& sums = *AddLine(answer, "1.2", 10, 4, 3).mutable_sums();
  sums.set_a(-105);
  sums.set_b(3);
  sums.set_aa("36893488147419103232");
  sums.set_bb("3");
  sums.set_ab("-105");
  std::string text = TextOf(answer);
  EXPECT_THAT(text, HasSubstr("number        KOST\n"));
  EXPECT_THAT(text, HasSubstr("-105"));
  EXPECT_THAT(text, HasSubstr("36893488147419103232"));
  EXPECT_THAT(text, HasSubstr("a in units of 10^-1\n"));
  EXPECT_THAT(text, Not(HasSubstr("sum ab"))) << "of a mean every b is 1";
  EXPECT_THAT(text, Not(HasSubstr("yes y")));
  sums.set_b(70);
  answer.set_denominator("population");
  text = TextOf(answer);
  EXPECT_THAT(text, HasSubstr("divided by    population\n"));
  EXPECT_THAT(text, HasSubstr("sum ab"));
}

TEST(ExplanationText, OfAQuantileHasTheCountsThatSingleItOut) {
  query::Explanation answer;
  query::StratumEvidence& line = AddLine(answer, "1.2", 10, 4, 3);
  line.set_yes(2);
  line.mutable_quantile()->set_below(1);
  line.mutable_quantile()->set_to_upper(3);
  const std::string text = TextOf(answer);
  EXPECT_THAT(text, HasSubstr("up to it"));
  EXPECT_THAT(text, HasSubstr("below it"));
  EXPECT_THAT(text, Not(HasSubstr("yes y")));
}

TEST(ExplanationText, SaysWhyThereIsNoEstimate) {
  query::Explanation answer;
  for (query::EstimateProblem* problem : {answer.mutable_figure()->mutable_estimate_problem(),
                                          answer.mutable_weights()->mutable_problem()}) {
    problem->set_reason("MARGIN_UNREACHABLE");
    problem->set_message("county: a level has units and none of them responded");
  }
  const std::string text = TextOf(answer);
  EXPECT_THAT(text, HasSubstr("no weights: MARGIN_UNREACHABLE: county"));
  EXPECT_THAT(text, HasSubstr("no estimate: MARGIN_UNREACHABLE: county"));
}

}  // namespace
}  // namespace imdi::cli
