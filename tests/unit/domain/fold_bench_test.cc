// The measuring loops over counts measure what they say: every answer is read, and however often
// responses are folded, the counts are those of folding them once.

#include "tests/bench/fold_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/definition_documents.h"
#include "tests/support/project_root.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::bench {
namespace {

namespace model = survey::model::v1;

FoldInput Made(absl::StatusOr<FoldInput> input) {
  EXPECT_TRUE(input.ok()) << input.status();
  return input.ok() ? *std::move(input) : FoldInput();
}

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
  FoldInput input = Made(FoldInputOf(definitions, "T"));
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
  const FoldInput input = Made(WithMoreUnits(SmallInput(), 50));
  ASSERT_NE(input.catalog, nullptr);
  EXPECT_EQ(input.catalog->FindEdition("T")->frame->size(), 500u);
  const FoldResult result = RebuildEditions(input, 1);
  EXPECT_EQ(result.responses, 150);
  ASSERT_NE(result.counts, nullptr);
  EXPECT_EQ(Numerator(*result.counts, "Q_A1.ANSWERED.answer=1"), 150);
  EXPECT_EQ(Numerator(*result.counts, "IND_WEIGHTED.ALL"), 150);
  ASSERT_EQ(result.counts->plan().layouts().size(), 2u) << "their weight set came with them";
}

// The survey's own documents, of which some count people once: by municipalities or by districts.
TEST(FoldBench, TheRealEditionTakesMoreUnitsAndNobodyIsTwoUnits) {
  const cli::DefinitionDocuments documents =
      cli::LoadDefinitions({testing_support::ProjectFile("deploy/surveys/ku").string()});
  ASSERT_EQ(documents.problem_count, 0u);
  std::vector<model::Definition> definitions;
  for (const cli::DefinitionDocument& document : documents.documents)
    definitions.push_back(document.definition);
  const FoldInput once = Made(FoldInputOf(definitions, "KU2017"));
  ASSERT_NE(once.catalog, nullptr);
  const size_t units = once.catalog->FindEdition("KU2017")->frame->size();
  // At a hundred times some municipalities become districts, for want of codes.
  for (const int times : {3, 100}) {
    SCOPED_TRACE(times);
    const FoldInput more = Made(WithMoreUnits(once, times));
    ASSERT_NE(more.catalog, nullptr);
    const domain::CompiledFrame& frame = *more.catalog->FindEdition("KU2017")->frame;
    EXPECT_EQ(frame.size(), units * static_cast<size_t>(times));
    EXPECT_EQ(more.catalog->IndicatorsOf("KU2017").size(),
              once.catalog->IndicatorsOf("KU2017").size());
    std::set<std::string> municipalities;
    std::set<std::string> with_districts;
    for (const model::Unit& unit : frame.definition().units()) {
      const bool district = unit.type() == model::UNIT_TYPE_DISTRICT;
      (district ? with_districts : municipalities).insert(unit.code().substr(0, 4));
    }
    EXPECT_GT(municipalities.size(), 1'000u);
    for (const std::string& digits : with_districts) EXPECT_FALSE(municipalities.contains(digits));
  }
  EXPECT_THAT(WithMoreUnits(once, 2'268).status().message(), testing::HasSubstr("codes allow"));
}

TEST(FoldBench, WhatDoesNotApplyIsNamed) {
  std::vector<model::Definition> definitions(2);
  *definitions[0].mutable_edition() = testing_support::SmallEdition("T");
  *definitions[1].mutable_frame() = testing_support::SmallFrame("T");
  definitions[1].mutable_frame()->mutable_units(0)->set_code("12345");
  const auto input = FoldInputOf(definitions, "T");
  ASSERT_FALSE(input.ok());
  EXPECT_THAT(input.status().message(), testing::HasSubstr("editions/T/frame"));
  EXPECT_THAT(input.status().message(), testing::HasSubstr("12345"));
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
