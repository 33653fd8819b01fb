// Names of what query serves, and page tokens.

#include "services/query/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/query/page_token.h"

namespace imdi::query {
namespace {

using base::Reason;
using base::ReasonOf;

TEST(FigureNames, AttributesMayComeInAnyOrderAndHaveOneSpelling) {
  const auto name = FigureName::Parse(
      "editions/KU2017/releases/live/figures/IND.ALL.unit_type=district.size_group=3.answer=2");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->edition, "KU2017");
  EXPECT_EQ(name->cell.indicator, "IND");
  EXPECT_EQ(name->cell.basis, "ALL");
  EXPECT_EQ(
      name->Canonical(),
      "editions/KU2017/releases/live/figures/IND.ALL.answer=2.size_group=3.unit_type=district");
  EXPECT_EQ(FigureName::Parse(name->Canonical())->Canonical(), name->Canonical());
}

TEST(FigureNames, AReleaseIsANumberOrLatestOrLive) {
  EXPECT_EQ(ReleaseName::Parse("editions/E/releases/12")->release.number, 12);
  EXPECT_EQ(ReleaseName::Parse("editions/E/releases/latest")->release.kind,
            ReleaseRef::Kind::kLatest);
  EXPECT_EQ(ReleaseName::Parse("editions/E/releases/live")->release.kind, ReleaseRef::Kind::kLive);
  for (const char* text :
       {"0", "01", "-1", "+1", "1.0", "2147483648", "Latest", "LIVE", "", "1 "}) {
    EXPECT_EQ(ReasonOf(ReleaseName::Parse(std::string("editions/E/releases/") + text).status()),
              Reason::kNameInvalid)
        << text;
  }
  for (const char* text : {"7", "latest", "live"})
    EXPECT_EQ(ToText(*ReleaseRef::Parse(text)), text);
}

TEST(FigureNames, OddNamesAreRefused) {
  for (const std::string name : {"",
                                 "/",
                                 "editions",
                                 "editions/E",
                                 "editions/E/releases/live",
                                 "editions/E/releases/live/figures/",
                                 "editions/E/releases/live/figures/A",
                                 "editions/E/releases/live/figures/A.",
                                 "editions/E/releases/live/figures/.B",
                                 "editions//releases/live/figures/A.B",
                                 "editions/E/releases//figures/A.B",
                                 "editions/E/releases/two/figures/A.B",
                                 "editions/E/releases/live/figures/A.B.",
                                 "editions/E/releases/live/figures/A.B.region",
                                 "editions/E/releases/live/figures/A.B.=1",
                                 "editions/E/releases/live/figures/A.B.region=",
                                 "editions/E/releases/live/figures/A.B.region=1=2",
                                 "editions/E/releases/live/figures/A.B.region=1.region=2",
                                 "editions/E/releases/live/figures/A.B/more",
                                 "editions/E/releases/live/figures/A.B ",
                                 "editions/../releases/live/figures/A.B",
                                 "editions/E/releases/live/figures/Å.B",
                                 "Editions/E/releases/live/figures/A.B",
                                 "editions/E/releases/live/claims/A.B"}) {
    EXPECT_EQ(ReasonOf(FigureName::Parse(name).status()), Reason::kNameInvalid) << name;
  }
  EXPECT_EQ(
      ReasonOf(
          FigureName::Parse(std::string("editions/E\0/releases/live/figures/A.B", 38)).status()),
      Reason::kNameInvalid);
  const std::string id(base::kIdBytesMax, 'A');
  EXPECT_TRUE(FigureName::Parse("editions/E/releases/live/figures/" + id + ".B").ok());
  EXPECT_EQ(ReasonOf(FigureName::Parse("editions/E/releases/live/figures/" + id + "A.B").status()),
            Reason::kNameInvalid);
  std::string longest = "editions/E/releases/live/figures/A.B";
  for (int i = 0; longest.size() <= base::kNameBytesMax; ++i)
    longest += ".a" + std::to_string(i) + "=1";
  EXPECT_EQ(ReasonOf(FigureName::Parse(longest).status()), Reason::kNameInvalid);
}

TEST(FigureNames, TheBreakdownOfACellLeavesItsCategoryOut) {
  EXPECT_EQ(BreakdownOf("IND.ALL"), "");
  EXPECT_EQ(BreakdownOf("IND.ALL.answer=3"), "");
  EXPECT_EQ(BreakdownOf("IND.ALL.answer=3.region=1"), "region");
  EXPECT_EQ(BreakdownOf("IND.ALL.age=1.answer=3.region=1"), "age,region");
}

TEST(FigureNames, EditionsAndSurveys) {
  EXPECT_EQ(*ParseEditionName("editions/KU2017"), "KU2017");
  EXPECT_EQ(*ParseSurveyName("surveys/KU"), "KU");
  for (const char* name : {"editions/KU2017/", "editions/", "KU2017", "surveys/KU", ""})
    EXPECT_EQ(ReasonOf(ParseEditionName(name).status()), Reason::kNameInvalid) << name;
  for (const char* name : {"surveys/", "surveys/K U", "editions/KU2017", ""})
    EXPECT_EQ(ReasonOf(ParseSurveyName(name).status()), Reason::kNameInvalid) << name;
}

TEST(PageTokens, ReadBackAndBelongToTheirList) {
  const PageToken token = {.log_id = "0123456789abcdef0123456789abcdef",
                           .epoch = 3,
                           .position = 1'234'567'890'123,
                           .release = 7,
                           .last_name = "Ærfugl"};
  const std::string text = WritePageToken(token, "figures|E");
  const auto read = ReadPageToken(text, "figures|E");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, token);
  EXPECT_EQ(ReasonOf(ReadPageToken(text, "figures|F").status()), Reason::kPageTokenInvalid);
}

TEST(PageTokens, WhateverWasNotWrittenIsRefused) {
  const std::string text = WritePageToken({.log_id = "log", .last_name = "name"}, "list");
  for (size_t i = 0; i < text.size(); ++i) {
    std::string bent = text;
    bent[i] = bent[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(ReasonOf(ReadPageToken(bent, "list").status()), Reason::kPageTokenInvalid) << i;
    EXPECT_EQ(ReasonOf(ReadPageToken(text.substr(0, i), "list").status()),
              Reason::kPageTokenInvalid);
  }
  EXPECT_EQ(ReasonOf(ReadPageToken(text + "AA", "list").status()), Reason::kPageTokenInvalid);
  EXPECT_EQ(
      ReasonOf(ReadPageToken(std::string(base::kPageTokenBytesMax + 1, 'A'), "list").status()),
      Reason::kPageTokenInvalid);
}

TEST(PageTokens, SizesOfPages) {
  EXPECT_EQ(*PageSize(0), static_cast<size_t>(base::kPageSizeDefault));
  EXPECT_EQ(*PageSize(1), 1u);
  EXPECT_EQ(*PageSize(1 << 30), static_cast<size_t>(base::kPageSizeMax));
  EXPECT_EQ(*PageSize(0, 2'000, 2'000), 2'000u);
  EXPECT_EQ(ReasonOf(PageSize(-1).status()), Reason::kFieldInvalid);
}

}  // namespace
}  // namespace imdi::query
