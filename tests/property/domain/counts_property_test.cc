// The counts of random frames: bit rows against a plain loop over the units, after any order of
// changes, and the sums that must hold between cells.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "services/domain/counts.h"
#include "tests/support/campaign.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing_support::SmallEdition;
using testing_support::SmallIndicator;
using testing_support::SmallQuestionnaire;

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int Below(int bound) { return static_cast<int>(engine_() % static_cast<uint64_t>(bound)); }
  bool OneIn(int n) { return Below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

model::Frame SomeFrame(Random& random) {
  model::Frame out = testing_support::SmallFrame("T");
  out.clear_units();
  model::FrameVariable& size = *out.add_variables();
  size.set_id("size");
  *size.mutable_title() = testing_support::Words("size");
  for (const char* code : {"s", "l"}) {
    model::Group& group = *size.add_groups();
    group.set_code(code);
    *group.mutable_text() = testing_support::Words(code);
  }
  const int units = 1 + random.Below(200);
  for (int i = 0; i < units; ++i) {
    model::Unit& unit = *out.add_units();
    const bool district = random.OneIn(4);
    unit.set_type(district ? model::UNIT_TYPE_DISTRICT : model::UNIT_TYPE_MUNICIPALITY);
    unit.set_code(std::to_string(district ? 100'000 + i : 1'000 + i));
    unit.set_name("unit");
    unit.set_out_of_scope(random.OneIn(10));
    if (!random.OneIn(4))
      (*unit.mutable_attributes())["region"] = std::to_string(1 + random.Below(4));
    if (!random.OneIn(4)) (*unit.mutable_attributes())["size"] = random.OneIn(2) ? "s" : "l";
  }
  return out;
}

DerivedResponse SomeResponse(Random& random, const CompiledQuestionnaire& form,
                             const UnitFacts& unit) {
  AnswerSet answers(form.item_count());
  const int silence = 1 + random.Below(6);
  for (ItemIndex item = 0; item < form.item_count(); ++item) {
    if (random.OneIn(silence + 1)) continue;
    const std::vector<int32_t> codes = form.QuestionOf(item).code_bits.Codes();
    const auto code = [&] {
      return codes[static_cast<size_t>(random.Below(static_cast<int>(codes.size())))];
    };
    switch (form.items()[item].type) {
      case ValueType::kCode:
        answers.Set(item, AnswerValue::OfCode(code()));
        break;
      case ValueType::kCodeSet: {
        CodeBits bits = CodeBits::Of(code());
        bits.Add(code());
        answers.Set(item, AnswerValue::OfCodes(bits));
        break;
      }
      case ValueType::kNumber:
        answers.Set(item, random.OneIn(4) ? AnswerValue::DontKnow()
                                          : AnswerValue::OfNumber(random.Below(300)));
        break;
      case ValueType::kText:
        answers.Set(item, AnswerValue::Text());
        break;
    }
  }
  return Derive(form, {.unit = unit,
                       .answers = &answers,
                       .submitted = static_cast<PartMask>(random.Below(4)),
                       .fielded = nullptr});
}

TEST(CountsProperty, BitRowsEqualAPlainLoopAndTheSumsHold) {
  const uint64_t seed = testing_support::CampaignSeed("counts");
  int values = 0;
  for (uint64_t round = 0; round < 40; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + round * 7'919);
    const auto frame = CompiledFrame::Compile(SomeFrame(random)).frame;
    ASSERT_NE(frame, nullptr);
    const auto form =
        CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), SmallEdition("T"), frame.get())
            .questionnaire;
    ASSERT_NE(form, nullptr);
    std::vector<std::shared_ptr<const CompiledIndicator>> indicators;
    std::vector<model::Indicator> definitions = testing_support::SmallIndicators({"T"});
    definitions.push_back(
        SmallIndicator("IND_ATTR", {"T"}, "A1 == 1 or unit.region == 2",
                       {{"PLACE", "unit.region in (1,2) and unit.size != l and answered(A1)"},
                        {"ROUTED", "routed(A4)"},
                        {"SILENT", "not responded"}}));
    for (model::Indicator& definition : definitions) {
      definition.add_breakdowns("size");
      const auto compiled = CompiledIndicator::Compile(definition, *form, *frame);
      ASSERT_NE(compiled.indicator, nullptr);
      indicators.push_back(compiled.indicator);
    }
    EditionCounter counter(frame, form, indicators);
    std::vector<std::optional<DerivedResponse>> responses(frame->size());
    std::vector<model::Disposition> words(frame->size(), model::DISPOSITION_UNSPECIFIED);
    const int changes = random.Below(static_cast<int>(frame->size()) * 3);
    for (int change = 0; change < changes; ++change) {
      const auto unit = static_cast<UnitIndex>(random.Below(static_cast<int>(frame->size())));
      responses[unit].reset();
      if (!random.OneIn(5)) responses[unit] = SomeResponse(random, *form, frame->FactsOf(unit));
      words[unit] = random.OneIn(4) ? static_cast<model::Disposition>(4 + random.Below(3))
                                    : model::DISPOSITION_UNSPECIFIED;
      counter.SetUnit(unit, responses[unit].has_value() ? &*responses[unit] : nullptr, words[unit]);
    }
    std::vector<const DerivedResponse*> borrowed;
    for (const auto& response : responses)
      borrowed.push_back(response.has_value() ? &*response : nullptr);
    const auto state = static_cast<model::EditionState>(1 + random.Below(3));
    CellCounts total;
    CellCounts sum;
    for (const CellAddress& cell : counter.Cells()) {
      const CompiledIndicator& indicator = *indicators[cell.indicator];
      const CellCounts counts = counter.Count(cell, state);
      ASSERT_EQ(counts, CountNaively(*frame, *form, indicator, cell, borrowed, words, state))
          << CellName(indicator, *frame, cell);
      ASSERT_LE(counts.numerator, counts.in_base);
      ASSERT_LE(counts.responded, counts.invited);
      ASSERT_EQ(counts.complete + counts.partial, counts.responded);
      if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
        ASSERT_EQ(counts.in_base, counts.invited);
      } else {
        ASSERT_EQ(
            counts.in_base + counts.filter_unknown + counts.item_nonresponse + counts.not_in_base,
            counts.responded);
        ASSERT_LE(counts.in_base, counts.possible) << CellName(indicator, *frame, cell);
      }
      if (counts.state == CellState::kValue) ++values;
      // Total, then every group of one attribute, unknown among them.
      if (cell.total) {
        total = counts;
        continue;
      }
      if (cell.group == 0) sum = {};
      sum.invited += counts.invited;
      sum.in_base += counts.in_base;
      sum.numerator += counts.numerator;
      sum.filter_unknown += counts.filter_unknown;
      sum.possible += counts.possible;
      const CompiledFrame::Attribute& attribute = frame->attributes()[cell.attribute];
      const bool last = attribute.has_unknown ? cell.group == kUnknownGroup
                                              : cell.group + 1u == attribute.groups.size();
      if (!last) continue;
      ASSERT_EQ(sum.invited, total.invited);
      ASSERT_EQ(sum.in_base, total.in_base);
      ASSERT_EQ(sum.numerator, total.numerator);
      ASSERT_EQ(sum.filter_unknown, total.filter_unknown);
      ASSERT_EQ(sum.possible, total.possible);
    }
    const DispositionCounts all = counter.Dispositions();
    ASSERT_EQ(all.frame, static_cast<int32_t>(frame->size()));
    int32_t in_groups = 0;
    for (uint16_t group = 0; group < 2; ++group) in_groups += counter.Dispositions(1, group).frame;
    ASSERT_EQ(in_groups + counter.Dispositions(1, kUnknownGroup).frame, all.frame);
  }
  EXPECT_GT(values, 500);
}

}  // namespace
}  // namespace imdi::domain
