// Joint counts of several editions: every one of the sixteen, in every stratum, equals a plain loop
// over the units of all editions, whatever was counted before; each edition's own counts are their
// margins.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/domain/answer_matrix.h"
#include "services/domain/panel_frame.h"
#include "tests/support/campaign.h"
#include "tests/support/naive_counts.h"
#include "tests/support/random.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing_support::SmallEdition;
using testing_support::SmallIndicator;
using testing_support::SmallQuestionnaire;
using testing_support::Words;

using testing_support::Random;

constexpr int kFirstYear = 2014;

std::string IdOf(int edition) { return "E" + std::to_string(edition); }
std::string CodeOf(int number) { return std::to_string(1'000 + number); }

void AddVariable(model::Frame& to, const std::string& id, const std::vector<std::string>& codes) {
  model::FrameVariable& variable = *to.add_variables();
  variable.set_id(id);
  *variable.mutable_title() = Words(id);
  for (const std::string& code : codes) {
    model::Group& group = *variable.add_groups();
    group.set_code(code);
    *group.mutable_text() = Words(code);
  }
}

// Most units are those of every edition; some come, go, merge, split, or are out of scope, and any
// may be in another group than the year before.
model::Frame SomeFrame(Random& random, int edition, int numbers) {
  model::Frame out = testing_support::SmallFrame(IdOf(edition));
  out.clear_units();
  AddVariable(out, "imdi_region", {"e", "w", "n"});
  AddVariable(out, "size_group",
              random.OneIn(3) ? std::vector<std::string>{"1", "2"}
                              : std::vector<std::string>{"1", "2", "3"});
  for (int i = 0; i < numbers; ++i) {
    if (random.OneIn(12)) continue;
    model::Unit& unit = *out.add_units();
    unit.set_type(model::UNIT_TYPE_MUNICIPALITY);
    unit.set_code(CodeOf(i));
    unit.set_name("unit");
    unit.set_out_of_scope(random.OneIn(20));
    for (const model::FrameVariable& variable : out.variables()) {
      if (random.OneIn(8)) continue;
      (*unit.mutable_attributes())[variable.id()] =
          variable
              .groups(random.OneIn(3) ? random.Below(variable.groups_size())
                                      : i % variable.groups_size())
              .code();
    }
    if (random.OneIn(12)) unit.add_predecessors(CodeOf(random.Below(numbers)));
    if (random.OneIn(30)) unit.add_predecessors(CodeOf(numbers + i));
  }
  return out;
}

std::vector<model::Indicator> SomeIndicators(Random& random, int editions) {
  std::vector<std::string> ids;
  for (int e = 0; e < editions; ++e) ids.push_back(IdOf(e));
  std::vector<model::Indicator> out = testing_support::SmallIndicators(ids);
  model::Indicator one = SmallIndicator("IND_DIST", ids, "", {{"ALL", "answered(A2)"}});
  one.set_kind(model::INDICATOR_KIND_DISTRIBUTION);
  one.set_question("A2");
  out.push_back(one);
  for (model::Indicator& indicator : out) {
    for (int e = 0; e < editions; ++e) {
      if (random.OneIn(4)) continue;
      model::Comparison& comparison = *indicator.add_compare();
      comparison.set_year(kFirstYear + e);
      if (random.OneIn(3)) comparison.set_group("region=" + std::to_string(1 + random.Below(3)));
    }
  }
  return out;
}

// One edition and what is known of every unit of it.
struct Edition {
  std::shared_ptr<const CompiledFrame> frame;
  std::shared_ptr<const FigurePlan> plan;
  std::vector<std::optional<DerivedResponse>> responses;
  std::optional<AnswerMatrix> matrix;
};

void AnswerAnew(Random& random, Edition& edition, UnitIndex unit) {
  const CompiledQuestionnaire& form = edition.plan->questionnaire();
  edition.responses[unit].reset();
  if (!random.OneIn(3)) {
    AnswerSet answers(form.item_count());
    for (ItemIndex item = 0; item < form.item_count(); ++item) {
      const std::vector<int32_t> codes = form.QuestionOf(item).code_bits.Codes();
      if (random.OneIn(4) || codes.empty()) continue;
      const auto code = [&] {
        return codes[static_cast<size_t>(random.Below(static_cast<int>(codes.size())))];
      };
      if (form.items()[item].type == ValueType::kCode)
        answers.Set(item, AnswerValue::OfCode(code()));
      if (form.items()[item].type == ValueType::kCodeSet)
        answers.Set(item, AnswerValue::OfCodes(CodeBits::Of(code()) | CodeBits::Of(code())));
    }
    edition.responses[unit] = Derive(form, {.unit = edition.frame->FactsOf(unit),
                                            .answers = &answers,
                                            .submitted = static_cast<PartMask>(random.Below(4)),
                                            .fielded = nullptr});
  }
  edition.matrix->SetUnit(unit,
                          edition.responses[unit].has_value() ? &*edition.responses[unit] : nullptr,
                          model::DISPOSITION_UNSPECIFIED);
}

struct Series {
  std::vector<Edition> editions;

  explicit Series(Random& random) {
    const int count = 2 + random.Below(3);
    const int numbers = 5 + random.Below(random.OneIn(3) ? 300 : 60);
    const std::vector<model::Indicator> documents = SomeIndicators(random, count);
    const bool chained = !random.OneIn(4);
    EarlierEditions past;
    for (int e = 0; e < count; ++e) {
      Edition& edition = editions.emplace_back();
      const model::Frame document = SomeFrame(random, e, numbers);
      auto compiled = CompiledFrame::Compile(document);
      for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
      edition.frame = compiled.frame;
      const auto form = CompiledQuestionnaire::Compile(SmallQuestionnaire(IdOf(e)),
                                                       SmallEdition(IdOf(e)), edition.frame.get())
                            .questionnaire;
      std::vector<std::shared_ptr<const CompiledIndicator>> indicators;
      for (const model::Indicator& one : documents) {
        auto indicator = CompiledIndicator::Compile(one, *form, *edition.frame);
        for (const DefinitionFinding& finding : indicator.findings)
          ADD_FAILURE() << ToText(finding);
        indicators.push_back(indicator.indicator);
      }
      past.year = kFirstYear + e;
      past.previous = chained && e > 0 ? IdOf(e - 1) : "";
      edition.plan = FigurePlan::Make(edition.frame, form, indicators, {}, past);
      past.earlier.push_back({IdOf(e), past.year, past.previous, edition.frame, indicators});
      edition.responses.resize(edition.frame->size());
      edition.matrix.emplace(edition.plan);
      for (UnitIndex unit = 0; unit < edition.frame->size(); ++unit)
        AnswerAnew(random, edition, unit);
    }
  }

  // The edition that the last one calls its `number`-th earlier one.
  Edition& Before(size_t number) {
    const std::string& id = editions.back().plan->panel_frame().earlier[number].edition.id;
    return editions[static_cast<size_t>(std::stoi(id.substr(1)))];
  }
  std::vector<std::shared_ptr<const UnitStates>> States() {
    std::vector<std::shared_ptr<const UnitStates>> out;
    for (size_t number = 0; number < editions.back().plan->panel_frame().earlier.size(); ++number)
      out.push_back(Before(number).matrix->States());
    return out;
  }
};

struct Standing {
  bool in_frame = false;
  AnswerState state = AnswerState::kSilent;
};

// Without bits: the unit's own answers, in its own edition.
Standing StandingIn(const Edition& edition, const std::string& cell_of_total,
                    const std::string& group, UnitIndex unit) {
  Standing out;
  if (unit == kNoUnit) return out;
  const FigurePlan& plan = *edition.plan;
  const FigurePlan::Cell cell = plan.CellAt(*plan.Find(cell_of_total));
  const testing_support::NaiveUnit one = testing_support::StandingOf(
      plan, cell, unit, edition.responses[unit].has_value() ? &*edition.responses[unit] : nullptr,
      model::DISPOSITION_UNSPECIFIED);
  out.in_frame = one.invited;
  if (!one.responded()) return out;
  bool in_group = group.empty();
  if (!in_group) {
    const auto& attributes = edition.frame->unit(unit).attributes();
    const auto found = attributes.find(group.substr(0, group.find('=')));
    in_group = found != attributes.end() && found->second == group.substr(group.find('=') + 1);
  }
  out.state = !one.in_base || !in_group ? AnswerState::kOutside
              : one.numerator           ? AnswerState::kYes
                                        : AnswerState::kNo;
  return out;
}

void ExpectNaive(Series& world, const EditionCounts& counts) {
  const FigurePlan& plan = *world.editions.back().plan;
  const PanelFrame& frame = plan.panel_frame();
  const size_t own = plan.frame().size();
  for (size_t p = 0; p < plan.panels().size(); ++p) {
    const FigurePlan::Panel& panel = plan.panels()[p];
    FigurePlan::Cell total = panel.cell;
    total.breakdown = total.group = 0;
    const std::string cell = plan.NameOf(total);
    const std::string name = plan.NameOf(panel.cell);
    const size_t mark = name.find("region=");
    const std::string group = mark == std::string::npos ? "" : name.substr(mark);
    ASSERT_EQ(plan.FindPanel(panel.cell), p);
    const auto standing = [&](size_t edition, size_t column) {
      if (edition + 1 == panel.editions())
        return StandingIn(world.editions.back(), cell, group,
                          column < own ? static_cast<UnitIndex>(column) : kNoUnit);
      const size_t number = panel.earlier[edition];
      return StandingIn(world.Before(number), cell, group, frame.earlier[number].unit_at[column]);
    };
    const size_t strata = EditionCounts::PanelStrata(plan);
    const auto stratum_of = [&](size_t column) -> size_t {
      return column < own ? plan.strata().StratumOf(static_cast<UnitIndex>(column))
                          : frame.strata_of_gone[column - own];
    };
    std::vector<int32_t> any(strata);
    for (size_t column = 0; column < frame.columns; ++column) {
      bool in_base = false;
      for (size_t e = 0; e < panel.editions(); ++e)
        in_base = in_base || standing(e, column).state >= AnswerState::kNo;
      any[stratum_of(column)] += in_base;
    }
    ASSERT_EQ(counts.InAnyBase(p), any) << name;
    for (size_t a = 0; a < panel.editions(); ++a) {
      for (size_t b = a + 1; b < panel.editions(); ++b) {
        std::vector<PairCell> expected(strata);
        for (size_t column = 0; column < frame.columns; ++column) {
          const Standing one = standing(a, column);
          const Standing two = standing(b, column);
          PairCell& at = expected[stratum_of(column)];
          at.frame_a += one.in_frame;
          at.frame_b += two.in_frame;
          at.frame_both += one.in_frame && two.in_frame;
          if (one.in_frame || two.in_frame) ++at.At(one.state, two.state);
        }
        const std::vector<PairCell> found = counts.CountsOfPanel(p, a, b);
        ASSERT_EQ(found.size(), expected.size());
        for (size_t s = 0; s < strata; ++s) {
          ASSERT_EQ(found[s].frame_a, expected[s].frame_a) << name << " stratum " << s;
          ASSERT_EQ(found[s].frame_b, expected[s].frame_b) << name << " stratum " << s;
          ASSERT_EQ(found[s].frame_both, expected[s].frame_both) << name << " stratum " << s;
          ASSERT_EQ(found[s].count, expected[s].count) << name << " stratum " << s;
        }
      }
    }
    // Every unit of every edition stands in one place: the margins are the editions' own counts.
    for (size_t e = 0; e + 1 < panel.editions(); ++e) {
      Edition& before = world.Before(panel.earlier[e]);
      const auto there = before.plan->Find(name);
      ASSERT_TRUE(there.has_value()) << name;
      const auto own_counts = before.matrix->Count();
      const CellCounts margin =
          own_counts->CountsOf(before.plan->CellAt(*there), model::EDITION_STATE_OPEN);
      int32_t frame_a = 0, base = 0, yes = 0;
      for (const PairCell& at : counts.CountsOfPanel(p, e, panel.editions() - 1)) {
        frame_a += at.frame_a;
        for (size_t state = 0; state < kAnswerStates; ++state) {
          yes += at.At(AnswerState::kYes, static_cast<AnswerState>(state));
          base += at.At(AnswerState::kNo, static_cast<AnswerState>(state)) +
                  at.At(AnswerState::kYes, static_cast<AnswerState>(state));
        }
      }
      ASSERT_EQ(yes, margin.numerator) << name;
      ASSERT_EQ(base, margin.in_base) << name;
      ASSERT_EQ(frame_a, own_counts->Dispositions(0, 0).invited()) << name;
    }
  }
}

TEST(PanelProperty, EveryJointCountEqualsAPlainLoopAndARebuild) {
  const uint64_t seed = testing_support::CampaignSeed("panels");
  size_t panels = 0, gone = 0;
  for (uint64_t round = 0; round < 40; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + round * 7'919);
    Series world(random);
    if (testing::Test::HasFailure()) return;
    Edition& last = world.editions.back();
    panels += last.plan->panels().size();
    gone += last.plan->panel_frame().strata_of_gone.size();
    std::vector<std::shared_ptr<const UnitStates>> states = world.States();
    std::shared_ptr<const EditionCounts> counts = last.matrix->Count(states);
    ExpectNaive(world, *counts);
    if (testing::Test::HasFatalFailure()) return;
    EXPECT_EQ(last.matrix->Count(states)->parts(), counts->parts()) << "nothing moved";
    for (int step = 0; step < 3; ++step) {
      Edition& moved =
          world
              .editions[static_cast<size_t>(random.Below(static_cast<int>(world.editions.size())))];
      for (int i = 0; i < 1 + random.Below(5); ++i)
        AnswerAnew(random, moved,
                   static_cast<UnitIndex>(random.Below(static_cast<int>(moved.frame->size()))));
      states = world.States();
      counts = last.matrix->Count(states);
      ExpectNaive(world, *counts);
      if (testing::Test::HasFatalFailure()) return;
    }
    AnswerMatrix rebuilt(last.plan);
    for (UnitIndex unit = static_cast<UnitIndex>(last.frame->size()); unit-- > 0;)
      rebuilt.SetUnit(unit, last.responses[unit].has_value() ? &*last.responses[unit] : nullptr,
                      model::DISPOSITION_UNSPECIFIED);
    const auto again = rebuilt.Count(states);
    for (size_t part = 0; part < again->parts().size(); ++part) {
      ASSERT_EQ(again->parts()[part]->size(), EditionCounts::PartSize(*last.plan, part));
      ASSERT_EQ(*again->parts()[part], *counts->parts()[part]) << part;
    }
    EXPECT_GE(AnswerMatrix::PredictBytes(*last.plan), rebuilt.bytes());
    EXPECT_LE(AnswerMatrix::PredictBytes(*last.plan), 2 * rebuilt.bytes());
  }
  EXPECT_GT(panels, 100u);
  EXPECT_GT(gone, 20u);
}

// ---- Who continues whom

std::shared_ptr<const CompiledFrame> FrameOf(
    const std::string& edition,
    const std::vector<std::pair<std::string, std::vector<std::string>>>& units) {
  model::Frame document = testing_support::SmallFrame(edition);
  document.clear_units();
  for (const auto& [code, predecessors] : units) {
    model::Unit& unit = *document.add_units();
    unit.set_code(code);
    unit.set_name(code);
    unit.set_type(model::UNIT_TYPE_MUNICIPALITY);
    for (const std::string& one : predecessors) unit.add_predecessors(one);
  }
  auto compiled = CompiledFrame::Compile(document);
  for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
  return compiled.frame;
}

// Codes by column in an earlier edition; "" = none.
std::vector<std::string> CodesIn(const PanelFrame& frame, size_t number) {
  std::vector<std::string> out;
  const auto& one = frame.earlier[number];
  for (const UnitIndex unit : one.unit_at)
    out.push_back(unit == kNoUnit ? "" : one.edition.frame->unit(unit).code());
  return out;
}

TEST(PanelFrame, FollowsOnePredecessorAfterTheOtherAndNobodyThroughAMergerOrASplit) {
  // 0001 stays; 0020 was 0002; 0003 took in 0004; 0005 was split into 0006 and 0007; 0008 is new;
  // 0009 was left out of the frame of the middle year.
  const auto first = FrameOf(
      "E0", {{"0001", {}}, {"0002", {}}, {"0003", {}}, {"0004", {}}, {"0005", {}}, {"0009", {}}});
  const auto middle =
      FrameOf("E1", {{"0001", {}}, {"0012", {"0002"}}, {"0003", {}}, {"0004", {}}, {"0005", {}}});
  const auto last = FrameOf("E2", {{"0001", {}},
                                   {"0003", {"0003", "0004"}},
                                   {"0006", {"0005"}},
                                   {"0007", {"0005"}},
                                   {"0008", {}},
                                   {"0009", {}},
                                   {"0020", {"0012"}}});
  const PanelFrame frame =
      MakePanelFrame(*last, Strata::Of(*last), "E1",
                     {{"E0", 2015, "", first, {}}, {"E1", 2016, "E0", middle, {}}});
  using testing::ElementsAre;
  EXPECT_THAT(CodesIn(frame, 1), ElementsAre("0001", "", "", "", "", "", "0012",  // Own units.
                                             "0003", "0004", "0005"));
  EXPECT_THAT(CodesIn(frame, 0),
              ElementsAre("0001", "", "", "", "", "0009", "0002", "0003", "0004", "0005"));
  EXPECT_EQ(frame.columns, 10u);
  EXPECT_EQ(frame.strata_of_gone.size(), 3u);
}

TEST(PanelFrame, FollowsTheCodeWhereNoEditionIsNamedAsTheOneBefore) {
  const auto first = FrameOf("E0", {{"0001", {}}, {"0002", {}}});
  const auto last = FrameOf("E1", {{"0001", {"0002"}}, {"0002", {}}});
  const PanelFrame unnamed =
      MakePanelFrame(*last, Strata::Of(*last), "", {{"E0", 2015, "", first, {}}});
  EXPECT_THAT(CodesIn(unnamed, 0), testing::ElementsAre("0001", "0002"));
  // Named, 0002 is what both continue: nobody alone.
  const PanelFrame named =
      MakePanelFrame(*last, Strata::Of(*last), "E0", {{"E0", 2015, "", first, {}}});
  EXPECT_THAT(CodesIn(named, 0), testing::ElementsAre("", "", "0001", "0002"));
}

}  // namespace
}  // namespace imdi::domain
