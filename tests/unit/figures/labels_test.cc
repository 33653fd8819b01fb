#include "services/figures/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "imdi/survey/store/v1/release.pb.h"
#include "services/figures/texts.h"

namespace imdi::figures {
namespace {

void Label(query_pb::LabelledCode& code, const std::string& id, const std::string& text) {
  code.set_code(id);
  *code.mutable_title() = Text(text + " nn", text + " nb", "");
}

Labels Made() {
  survey::store::v1::ReleaseHeader header;
  query_pb::IndicatorInfo& share = *header.add_indicators();
  share.set_name("indicators/IND_A");
  *share.mutable_title() = Text("A nn", "A nb", "A en");
  query_pb::BasisInfo& all = *share.add_bases();
  all.set_id("ALL");
  *all.mutable_title() = Text("alle", "alle", "all");
  query_pb::BreakdownInfo& region = *share.add_breakdowns();
  region.add_attributes("region");
  Label(*region.add_groups(), "region=1", "west");
  Label(*region.add_groups(), "region=unknown", "unknown");
  query_pb::BreakdownInfo& crossing = *share.add_breakdowns();
  crossing.add_attributes("region");
  crossing.add_attributes("size");
  Label(*crossing.add_groups(), "region=1.size=2", "west, large");
  query_pb::IndicatorInfo& distribution = *header.add_indicators();
  distribution.set_name("indicators/Q_B");
  *distribution.mutable_title() = Text("B nn", "B nb", "");
  query_pb::BasisInfo& answered = *distribution.add_bases();
  answered.set_id("ANSWERED");
  *answered.mutable_title() = Text("svarte", "svarte", "");
  Label(*distribution.add_categories(), "98", "don't know");
  query_pb::BreakdownInfo& by_area = *distribution.add_breakdowns();
  by_area.add_attributes("a_area");
  Label(*by_area.add_groups(), "a_area=7", "north");
  return Labels(header.indicators());
}

query_pb::Figure Filled(const std::string& cell) {
  query_pb::Figure figure;
  *figure.mutable_group_title() = Text("before", "before", "before");
  Made().Fill(figure, cell);
  return figure;
}

TEST(Labels, OfATotalAreTitleAndBasis) {
  const query_pb::Figure figure = Filled("IND_A.ALL");
  EXPECT_EQ(figure.title().en(), "A en");
  EXPECT_EQ(figure.basis_title().nn(), "alle");
  EXPECT_FALSE(figure.has_group_title());
  EXPECT_FALSE(figure.has_category_title());
}

TEST(Labels, OfAGroupAndOfACrossingAreFoundByTheirPlaceInTheName) {
  EXPECT_EQ(Filled("IND_A.ALL.region=1").group_title().nb(), "west nb");
  EXPECT_EQ(Filled("IND_A.ALL.region=unknown").group_title().nn(), "unknown nn");
  EXPECT_EQ(Filled("IND_A.ALL.region=1.size=2").group_title().nb(), "west, large nb");
}

TEST(Labels, OfACategoryStandBesideTheGroupWhicheverComesFirstInTheName) {
  for (const char* cell : {"Q_B.ANSWERED.a_area=7.answer=98", "Q_B.ANSWERED.answer=98.a_area=7"}) {
    const query_pb::Figure figure = Filled(cell);
    EXPECT_EQ(figure.category_title().nn(), "don't know nn");
    EXPECT_EQ(figure.group_title().nn(), "north nn");
    EXPECT_EQ(figure.title().en(), "") << "English falls back at the reader, not here";
  }
}

TEST(Labels, OfAnUnknownIndicatorAreNone) {
  const query_pb::Figure figure = Filled("IND_NOPE.ALL.region=1");
  EXPECT_FALSE(figure.has_title());
  EXPECT_FALSE(figure.has_group_title());
  EXPECT_EQ(Made().FindIndicator("IND_NOPE"), nullptr);
}

TEST(Labels, KeepTheirIndicatorsWhenMoved) {
  Labels labels = Made();
  const Labels moved = std::move(labels);
  ASSERT_NE(moved.FindIndicator("Q_B"), nullptr);
  EXPECT_EQ(moved.FindIndicator("Q_B")->title().nb(), "B nb");
}

}  // namespace
}  // namespace imdi::figures
