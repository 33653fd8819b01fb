// Strata of a frame and how thin ones are joined.

#include "services/domain/strata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Place {
  const char* region;  // Empty = unknown.
  const char* size;
  bool district = false;
};

std::shared_ptr<const CompiledFrame> FrameOf(const std::vector<Place>& places,
                                             const std::vector<const char*>& variables = {
                                                 "size_group", "imdi_region"}) {
  model::Frame frame;
  frame.set_name("editions/T/frame");
  for (const char* id : variables) {
    model::FrameVariable& variable = *frame.add_variables();
    variable.set_id(id);
    *variable.mutable_title() = testing_support::Words(id);
    for (const char* code : {"1", "2", "3", "4"}) {
      model::Group& group = *variable.add_groups();
      group.set_code(code);
      *group.mutable_text() = testing_support::Words(std::string(id) + code);
    }
  }
  int number = 0;
  for (const Place& place : places) {
    model::Unit& unit = *frame.add_units();
    unit.set_type(place.district ? model::UNIT_TYPE_DISTRICT : model::UNIT_TYPE_MUNICIPALITY);
    unit.set_code(std::to_string((place.district ? 100'000 : 1'000) + number++));
    unit.set_name("unit");
    for (const auto& [id, code] :
         {std::pair("imdi_region", place.region), std::pair("size_group", place.size)}) {
      if (code[0] != '\0' && std::ranges::find(variables, std::string_view(id)) != variables.end())
        (*unit.mutable_attributes())[id] = code;
    }
  }
  const CompiledFrame::Result compiled = CompiledFrame::Compile(frame);
  for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
  return compiled.frame;
}

std::vector<std::string> Ids(const Strata& strata) {
  std::vector<std::string> out;
  for (size_t i = 0; i < strata.size(); ++i) out.push_back(strata[i].id);
  return out;
}

TEST(Strata, FollowTheGroupsOfTheFrameUnknownLastAndDistrictsAfterAll) {
  const auto frame = FrameOf({{"2", "1"},
                              {"", "1"},
                              {"1", ""},
                              {"1", "3"},
                              {"3", "2", true},
                              {"1", "2"},
                              {"", ""},
                              {"", "", true},
                              {"1", "3"}});
  const Strata strata = Strata::Of(*frame);
  EXPECT_THAT(Ids(strata), ElementsAre("1.2", "1.3", "1.unknown", "2.1", "unknown.1",
                                       "unknown.unknown", "district"));
  std::vector<uint16_t> of_unit;
  for (UnitIndex unit = 0; unit < frame->size(); ++unit) of_unit.push_back(strata.StratumOf(unit));
  EXPECT_THAT(of_unit, ElementsAre(3, 4, 2, 1, 6, 0, 5, 6, 1));
  EXPECT_TRUE(strata[6].district);
  EXPECT_FALSE(strata[5].district);
  EXPECT_EQ(strata[5].within_group, kUnknownGroup);
  EXPECT_EQ(strata[0].within_group, 0u);
  EXPECT_EQ(strata[0].along_group, 1u);
  EXPECT_EQ(strata[0].title.nn(), "imdi_region1 nn, size_group2 nn");
  EXPECT_EQ(strata[2].title.nn(), "imdi_region1 nn, size_group nn ukjend");
  EXPECT_EQ(strata[2].title.nb(), "imdi_region1 nb, size_group nb ukjent");
  for (size_t i = 0; i < strata.size(); ++i) {
    EXPECT_FALSE(strata[i].title.nn().empty());
    EXPECT_FALSE(strata[i].title.nb().empty());
    EXPECT_FALSE(strata[i].title.en().empty());
  }
}

TEST(Strata, LeaveOutAVariableThatTheFrameLacks) {
  const std::vector<Place> places = {{"2", "1"}, {"1", "3"}, {"1", "2"}, {"", "", true}};
  EXPECT_THAT(Ids(Strata::Of(*FrameOf(places, {"imdi_region"}))),
              ElementsAre("1", "2", "district"));
  EXPECT_THAT(Ids(Strata::Of(*FrameOf(places, {"size_group"}))),
              ElementsAre("1", "2", "3", "district"));
  EXPECT_THAT(Ids(Strata::Of(*FrameOf(places, {}))), ElementsAre("all", "district"));
  EXPECT_THAT(Ids(Strata::Of(*FrameOf(places), "size_group", "imdi_region")),
              ElementsAre("1.2", "2.1", "3.1", "district"));
}

// Regions 1 (sizes 1 to 4), 2 (sizes 1 to 3) and unknown (size 1), and districts.
class CollapseTest : public testing::Test {
 protected:
  CollapseTest()
      : strata_(Strata::Of(*FrameOf({{"1", "1"},
                                     {"1", "2"},
                                     {"1", "3"},
                                     {"1", "4"},
                                     {"2", "1"},
                                     {"2", "2"},
                                     {"2", "3"},
                                     {"", "1"},
                                     {"", "", true}}))) {}
  Collapse Of(const std::vector<int32_t>& responded,
              std::vector<int32_t> frame = std::vector<int32_t>(9, 20)) {
    return CollapseStrata(strata_, frame, responded);
  }
  static std::vector<std::pair<int, int>> Steps(const Collapse& collapse) {
    std::vector<std::pair<int, int>> out;
    for (const Collapse::Step& step : collapse.steps) out.emplace_back(step.from, step.into);
    return out;
  }
  Strata strata_;
};

TEST_F(CollapseTest, LeavesStrataWithFiveRespondentsAlone) {
  const Collapse all = Of({5, 5, 5, 5, 5, 5, 5, 5, 5});
  EXPECT_EQ(all.count, 9);
  EXPECT_THAT(all.to, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(all.steps, IsEmpty());
}

TEST_F(CollapseTest, JoinsTheThinnestWithTheThinnerNeighbour) {
  const Collapse one = Of({9, 4, 8, 9, 9, 9, 9, 9, 9});
  EXPECT_THAT(Steps(one), ElementsAre(std::pair(1, 2)));
  EXPECT_THAT(one.to, ElementsAre(0, 1, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(one.count, 8);
  EXPECT_EQ(one.steps[0].responded, 4);
  EXPECT_EQ(one.steps[0].frame, 20);
  EXPECT_EQ(one.steps[0].reason, "stratum 1.2: 4 of 20 answered, fewer than 5; joined with 1.3");
  // Of equal neighbours the earlier; of equally thin strata the first.
  EXPECT_THAT(Steps(Of({9, 4, 9, 9, 9, 9, 9, 9, 9})), ElementsAre(std::pair(1, 0)));
  EXPECT_THAT(Steps(Of({9, 3, 9, 3, 9, 9, 9, 9, 9})),
              ElementsAre(std::pair(1, 0), std::pair(3, 2)));
}

TEST_F(CollapseTest, GoesOnUntilNoneIsThin) {
  const Collapse all = Of({1, 1, 1, 1, 0, 0, 30, 9, 9});
  EXPECT_THAT(Steps(all), ElementsAre(std::pair(0, 1), std::pair(2, 3), std::pair(0, 2),
                                      std::pair(4, 5), std::pair(4, 6)));
  EXPECT_THAT(all.to, ElementsAre(0, 0, 0, 0, 1, 1, 1, 2, 3));
  EXPECT_EQ(all.steps[2].responded, 2);
  EXPECT_EQ(all.steps[2].frame, 40);
}

TEST_F(CollapseTest, NeverCrossesARegionNorTouchesDistricts) {
  const Collapse thin = Of({0, 0, 0, 0, 9, 9, 9, 1, 1});
  EXPECT_THAT(thin.to, ElementsAre(0, 0, 0, 0, 1, 2, 3, 4, 5));
  EXPECT_EQ(thin.count, 6);
}

TEST_F(CollapseTest, LeavesACompletelyAnsweredStratumAloneThoughItIsSmall) {
  EXPECT_THAT(Of({2, 9, 9, 9, 9, 9, 9, 9, 9}, {2, 20, 20, 20, 20, 20, 20, 20, 20}).steps,
              IsEmpty());
  // It takes in a thin neighbour all the same.
  const Collapse taken = Of({2, 3, 9, 9, 9, 9, 9, 9, 9}, {2, 20, 20, 20, 20, 20, 20, 20, 20});
  EXPECT_THAT(Steps(taken), ElementsAre(std::pair(1, 0)));
}

TEST_F(CollapseTest, IgnoresStrataWithoutInvitedUnits) {
  const Collapse some = Of({0, 9, 0, 9, 0, 0, 0, 9, 9}, {0, 20, 0, 20, 0, 0, 0, 20, 20});
  EXPECT_THAT(some.steps, IsEmpty());
  EXPECT_THAT(some.to, ElementsAre(0, 0, 0, 1, 2, 2, 2, 3, 4));
  EXPECT_EQ(some.count, 5);
  // A thin stratum reaches over an empty one to its neighbour.
  EXPECT_THAT(Steps(Of({9, 2, 0, 4, 9, 9, 9, 9, 9}, {20, 20, 0, 20, 20, 20, 20, 20, 20})),
              ElementsAre(std::pair(1, 3)));
}

}  // namespace
}  // namespace imdi::domain
