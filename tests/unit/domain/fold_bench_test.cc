// The measuring loops over counts measure what they say: every answer is read, and however often
// responses are folded, the counts are those of folding them once.

#include "tests/bench/fold_bench.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/domain/small_survey.h"

namespace imdi::bench {
namespace {

namespace model = survey::model::v1;

// With a share and a mean under weights of a set.
FoldInput SmallInput() {
  std::vector<model::Definition> definitions(3);
  *definitions[0].mutable_edition() = testing_support::SmallEdition("T");
  *definitions[1].mutable_frame() = testing_support::SmallFrame("T");
  *definitions[2].mutable_questionnaire() = testing_support::SmallQuestionnaire("T");
  for (const model::Indicator& indicator : testing_support::SmallIndicators({"T"}))
    *definitions.emplace_back().mutable_indicator() = indicator;
  model::WeightSet& set = *definitions.emplace_back().mutable_weight_set();
  set.set_name("surveys/SMALL/weightSets/POST");
  *set.mutable_title() = testing_support::Words("post");
  set.set_method(model::WEIGHT_METHOD_POSTSTRATIFIED);
  set.add_margins()->add_attributes("region");
  model::Indicator share =
      testing_support::SmallIndicator("IND_WEIGHTED", {"T"}, "A1 == 1", {{"ALL", "responded"}});
  share.set_weights("surveys/SMALL/weightSets/POST");
  model::Indicator mean =
      testing_support::SmallIndicator("IND_MEAN", {"T"}, "", {{"ALL", "responded"}});
  mean.set_kind(model::INDICATOR_KIND_MEAN);
  mean.mutable_measure()->set_options("B2");
  *definitions.emplace_back().mutable_indicator() = share;
  *definitions.emplace_back().mutable_indicator() = mean;
  FoldInput input = FoldInputOf(definitions, "T");
  if (input.catalog == nullptr) return input;
  for (const char* unit : {"0101", "0104", "0107"}) {
    domain::AnswerList answers;
    for (const char* item : {"A1", "A5.a", "A5.b", "A5.c", "A7", "B1"}) {
      answers.Add()->set_item(item);
      answers.Mutable(answers.size() - 1)->set_code(1);
    }
    answers.Add()->set_item("B2");
    answers.Mutable(answers.size() - 1)->mutable_codes()->add_codes(2);
    AddResponse(input, unit, answers);
  }
  return input;
}

int32_t Numerator(const domain::EditionCounts& counts, const std::string& cell) {
  const auto index = counts.plan().Find(cell);
  EXPECT_TRUE(index.has_value()) << cell;
  return counts.CountsOf(counts.plan().CellAt(*index), model::EDITION_STATE_OPEN).numerator;
}

TEST(FoldBench, FoldingAgainAndAgainCountsEveryUnitOnce) {
  const FoldInput input = SmallInput();
  ASSERT_NE(input.catalog, nullptr);
  const FoldResult often = FoldThroughput(input, 1'000);
  EXPECT_GE(often.answers, 1'000);
  EXPECT_EQ(often.answers, often.responses * 7) << "seven answers each";
  ASSERT_NE(often.counts, nullptr);
  EXPECT_EQ(Numerator(*often.counts, "Q_A1.ANSWERED.answer=1"), 3);
  EXPECT_EQ(Numerator(*often.counts, "Q_B2.ANSWERED.answer=2"), 3);
  EXPECT_EQ(Numerator(*often.counts, "IND_RR.FRAME"), 3);
  const FoldResult once = RebuildEditions(input, 2);
  EXPECT_EQ(once.responses, 6);
  EXPECT_EQ(once.answers, 42);
  ASSERT_NE(once.counts, nullptr);
  ASSERT_EQ(once.counts->parts().size(), often.counts->parts().size());
  for (size_t part = 0; part < once.counts->parts().size(); ++part)
    EXPECT_EQ(*once.counts->parts()[part], *often.counts->parts()[part]) << part;
}

TEST(FoldBench, MoreUnitsAreTheSameOnesMoreOften) {
  const FoldInput input = WithMoreUnits(SmallInput(), 50);
  ASSERT_NE(input.catalog, nullptr);
  EXPECT_EQ(input.catalog->FindEdition("T")->frame->size(), 500u);
  const FoldResult result = RebuildEditions(input, 1);
  EXPECT_EQ(result.responses, 150);
  ASSERT_NE(result.counts, nullptr);
  EXPECT_EQ(Numerator(*result.counts, "Q_A1.ANSWERED.answer=1"), 150);
  EXPECT_EQ(Numerator(*result.counts, "IND_WEIGHTED.ALL"), 150);
  ASSERT_EQ(result.counts->plan().layouts().size(), 2u) << "their weight set came with them";
}

TEST(FoldBench, AChangeTouchesWhatReadsTheUnitAndIsUndoneByTheNext) {
  const FoldInput input = SmallInput();
  ASSERT_NE(input.catalog, nullptr);
  const ChangeResult once = OneChange(input, 1);
  const ChangeResult back = OneChange(input, 2);
  EXPECT_GT(once.seconds, 0);
  EXPECT_GT(once.parts, 1u);
  EXPECT_GT(once.part_values, once.parts);
  EXPECT_EQ(back.parts, once.parts) << "the same parts, the other way";
}

TEST(FoldBench, WhatCannotBeReadGivesNoResult) {
  FoldInput input = SmallInput();
  ASSERT_NE(input.catalog, nullptr);
  input.responses[1].second = "\x08";
  EXPECT_EQ(FoldThroughput(input, 100).counts, nullptr);
}

}  // namespace
}  // namespace imdi::bench
