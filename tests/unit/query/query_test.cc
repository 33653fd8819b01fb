// What readers ask, answered from snapshots made by hand: names, pages, page tokens, swaps, the
// warm start.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/query/figure_name.h"
#include "services/query/figures.h"
#include "services/query/page_token.h"
#include "services/query/ready_message.h"
#include "services/query/snapshot_keeper.h"
#include "services/query/snapshots.h"
#include "services/query/swap.h"
#include "storage/memory/side_stores.h"

namespace imdi::query {
namespace {

using base::Reason;
using base::ReasonOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kLog = "0123456789abcdef0123456789abcdef";

query_pb::Figure Figure(const std::string& edition, const std::string& cell, int numerator) {
  query_pb::Figure out;
  out.set_name("editions/" + edition + "/releases/live/figures/" + cell);
  out.set_numerator(numerator);
  out.set_base(100);
  out.set_value(numerator / 100.0);
  out.set_etag("etag" + std::to_string(numerator));
  return out;
}

// An edition with these cells; each numerator is `numerator` and its place.
aggregation_pb::EditionFigures Edition(const std::string& id, const std::vector<std::string>& cells,
                                       int numerator = 1) {
  aggregation_pb::EditionFigures out;
  out.mutable_edition()->set_name("editions/" + id);
  out.mutable_edition()->set_reference_year(2017);
  for (const std::string& cell : cells) *out.add_figures() = Figure(id, cell, numerator++);
  return out;
}

const std::vector<std::string> kCells = {
    "IND_A.ALL",  "IND_A.ALL.region=1",  "IND_A.ALL.region=2",  "IND_A.ALL.size=s",
    "IND_B.SOME", "IND_B.SOME.region=1", "IND_B.SOME.region=2", "IND_RR.FRAME"};

std::shared_ptr<const Snapshot> MakeSnapshot(
    int64_t position, const std::vector<aggregation_pb::EditionFigures>& editions) {
  auto out = std::make_shared<Snapshot>();
  out->log_id = kLog;
  out->epoch = 1;
  out->position = position;
  out->time_us = position * 10;
  out->stale = false;
  for (const auto& edition : editions)
    out->editions[edition.edition().name().substr(9)] =
        std::make_shared<const EditionView>(edition);
  return out;
}

std::vector<std::string> CellsOf(
    const google::protobuf::RepeatedPtrField<query_pb::Figure>& figures) {
  std::vector<std::string> out;
  for (const query_pb::Figure& figure : figures)
    out.push_back(figure.name().substr(figure.name().rfind('/') + 1) + ":" +
                  std::to_string(figure.numerator()));
  return out;
}

// ---- Names

TEST(FigureNames, AttributesMayComeInAnyOrderAndHaveOneSpelling) {
  const auto name = FigureName::Parse(
      "editions/KU2017/releases/live/figures/IND_RR.FRAME.unit_type=district.size_group=3");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->edition, "KU2017");
  EXPECT_EQ(name->indicator, "IND_RR");
  EXPECT_EQ(name->basis, "FRAME");
  EXPECT_EQ(name->Canonical(),
            "editions/KU2017/releases/live/figures/IND_RR.FRAME.size_group=3.unit_type=district");
  EXPECT_EQ(FigureName::Parse(name->Canonical())->Canonical(), name->Canonical());
  EXPECT_TRUE(FigureName::Parse("editions/E/releases/2/figures/A.B").ok())
      << "a release by number has the same form";
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

TEST(FigureNames, ThereIsOnlyTheLiveRelease) {
  EXPECT_EQ(*ParseLiveReleaseName("editions/KU2017/releases/live"), "KU2017");
  EXPECT_EQ(ReasonOf(ParseLiveReleaseName("editions/KU2017/releases/2").status()),
            Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(ParseLiveReleaseName("editions/KU2017").status()), Reason::kNameInvalid);
  EXPECT_EQ(*ParseEditionName("editions/KU2017"), "KU2017");
  EXPECT_EQ(ReasonOf(ParseEditionName("editions/KU2017/").status()), Reason::kNameInvalid);
}

// ---- One figure, and several

query_pb::Figure Read(const std::string& bytes) {
  query_pb::Figure out;
  EXPECT_TRUE(out.ParseFromString(bytes));
  return out;
}

TEST(Figures, AreServedUnderEverySpellingWithThePositionOfTheSnapshot) {
  aggregation_pb::EditionFigures edition = Edition("E", {"IND_A.ALL", "IND_A.ALL.size=s.region=1"});
  const auto snapshot = MakeSnapshot(17, {edition});
  for (const char* cell : {"IND_A.ALL.region=1.size=s", "IND_A.ALL.size=s.region=1"}) {
    const auto bytes =
        FigureBytes(*snapshot, std::string("editions/E/releases/live/figures/") + cell);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const query_pb::Figure figure = Read(*bytes);
    EXPECT_EQ(figure.name(), "editions/E/releases/live/figures/IND_A.ALL.region=1.size=s");
    EXPECT_EQ(figure.position(), 17);
    EXPECT_EQ(figure.numerator(), 2);
    EXPECT_EQ(figure.etag(), "etag2");
    EXPECT_EQ(ReadyMessage(*bytes).SerializeAsString(), *bytes) << "ready bytes go out as they are";
  }
}

TEST(Figures, WhatIsNotThereSaysWhatIsMissing) {
  const auto snapshot = MakeSnapshot(1, {Edition("E", kCells)});
  const auto reason = [&](const std::string& name) {
    return ReasonOf(FigureBytes(*snapshot, name).status());
  };
  const std::string live = "editions/E/releases/live/figures/";
  EXPECT_EQ(reason(live + "IND_A.ALL.region=1"), Reason::kUnspecified);
  EXPECT_EQ(reason(live + "IND_A.ALL.region=3"), Reason::kCellNotInRelease);
  EXPECT_EQ(reason(live + "IND_A.ALL.county=1"), Reason::kCellNotInRelease);
  EXPECT_EQ(reason(live + "IND_A.ALL.region=1.size=s"), Reason::kCellNotInRelease);
  EXPECT_EQ(reason(live + "IND_A.SOME"), Reason::kUnknownResource)
      << "a basis of another indicator";
  EXPECT_EQ(reason(live + "IND_C.ALL"), Reason::kUnknownResource);
  EXPECT_EQ(reason("editions/F/releases/live/figures/IND_A.ALL"), Reason::kUnknownResource);
  EXPECT_EQ(reason("editions/E/releases/1/figures/IND_A.ALL"), Reason::kUnknownResource);
  EXPECT_EQ(reason(live + "IND_A"), Reason::kNameInvalid);
  EXPECT_EQ(FigureBytes(*snapshot, live + "IND_A.NO").status().code(), absl::StatusCode::kNotFound);
}

TEST(Figures, NothingHeardYetIsNotTheSameAsNotThere) {
  const Snapshot nothing;
  EXPECT_EQ(ReasonOf(FigureBytes(nothing, "editions/E/releases/live/figures/A.B").status()),
            Reason::kNotYetFolded);
  EXPECT_EQ(FigureBytes(nothing, "editions/E/releases/live/figures/A.B").status().code(),
            absl::StatusCode::kUnavailable);
  Snapshots snapshots;
  EXPECT_EQ(ReasonOf(ListEditions(snapshots, {}).status()), Reason::kNotYetFolded);
}

TEST(Figures, ABatchKeepsItsOrderAndNamesThePlaceOfTheFirstError) {
  const auto snapshot = MakeSnapshot(5, {Edition("E", kCells)});
  query_pb::BatchGetFiguresRequest request;
  EXPECT_EQ(ReasonOf(BatchGetFigures(*snapshot, request).status()), Reason::kFieldInvalid);
  for (const char* cell : {"IND_B.SOME", "IND_A.ALL", "IND_B.SOME"})
    request.add_names(std::string("editions/E/releases/live/figures/") + cell);
  const auto batch = BatchGetFigures(*snapshot, request);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_THAT(CellsOf(batch->figures()),
              ElementsAre("IND_B.SOME:5", "IND_A.ALL:1", "IND_B.SOME:5"));
  EXPECT_EQ(batch->position(), 5);
  EXPECT_EQ(batch->figures(1).position(), 5);
  request.add_names("editions/E/releases/live/figures/IND_A.ALL.region=9");
  request.add_names("nonsense");
  const absl::Status failed = BatchGetFigures(*snapshot, request).status();
  EXPECT_EQ(ReasonOf(failed), Reason::kCellNotInRelease);
  EXPECT_EQ(base::InfoOf(failed).metadata.at("field"), "names[3]");
  request.clear_names();
  for (size_t i = 0; i < base::kBatchFiguresMax; ++i)
    request.add_names("editions/E/releases/live/figures/IND_A.ALL");
  EXPECT_TRUE(BatchGetFigures(*snapshot, request).ok());
  request.add_names("editions/E/releases/live/figures/IND_A.ALL");
  EXPECT_EQ(ReasonOf(BatchGetFigures(*snapshot, request).status()), Reason::kFieldInvalid);
}

TEST(Figures, ABatchThatWouldNotFitIntoAMessageIsRefused) {
  aggregation_pb::EditionFigures edition = Edition("E", {"IND_A.ALL"});
  edition.mutable_figures(0)->mutable_title()->set_nn(
      std::string(base::kMessageBytesMax / 100, 'x'));
  const auto snapshot = MakeSnapshot(5, {edition});
  query_pb::BatchGetFiguresRequest request;
  for (int i = 0; i < 90; ++i) request.add_names("editions/E/releases/live/figures/IND_A.ALL");
  const auto fits = BatchGetFigures(*snapshot, request);
  ASSERT_TRUE(fits.ok()) << fits.status();
  EXPECT_LE(fits->ByteSizeLong(), base::kMessageBytesMax);
  for (int i = 0; i < 20; ++i) request.add_names("editions/E/releases/live/figures/IND_A.ALL");
  EXPECT_EQ(ReasonOf(BatchGetFigures(*snapshot, request).status()), Reason::kTooLarge);
}

// ---- Lists and their pages

query_pb::ListFiguresRequest ListOf(const std::string& edition, int page_size,
                                    const std::string& token = "") {
  query_pb::ListFiguresRequest out;
  out.set_parent("editions/" + edition + "/releases/live");
  out.set_page_size(page_size);
  out.set_page_token(token);
  return out;
}

TEST(Lists, PagesHoldEveryFigureOnceInTheOrderOfNames) {
  Snapshots snapshots;
  snapshots.Publish(MakeSnapshot(7, {Edition("E", kCells)}));
  for (int size = 1; size <= 9; ++size) {
    std::vector<std::string> names;
    std::string token;
    int pages = 0;
    do {
      const auto page = ListFigures(snapshots, *snapshots.Current(), ListOf("E", size, token));
      ASSERT_TRUE(page.ok()) << page.status();
      ASSERT_LT(names.size(), kCells.size()) << "paging does not end";
      EXPECT_LE(page->figures_size(), size);
      EXPECT_GT(page->figures_size(), 0);
      EXPECT_EQ(page->position(), 7);
      for (const query_pb::Figure& figure : page->figures()) names.push_back(figure.name());
      token = page->next_page_token();
      ++pages;
    } while (!token.empty());
    EXPECT_EQ(names.size(), kCells.size());
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
    EXPECT_EQ(pages, (8 + size - 1) / size) << "no empty page at the end";
  }
}

TEST(Lists, CanBeNarrowed) {
  Snapshots snapshots;
  snapshots.Publish(MakeSnapshot(7, {Edition("E", kCells)}));
  const auto cells = [&](const std::string& indicator, const std::string& attribute) {
    query_pb::ListFiguresRequest request = ListOf("E", 0);
    request.set_indicator(indicator);
    request.set_attribute(attribute);
    const auto page = ListFigures(snapshots, *snapshots.Current(), request);
    EXPECT_TRUE(page.ok()) << page.status();
    return CellsOf(page->figures());
  };
  EXPECT_THAT(cells("IND_B", ""),
              ElementsAre("IND_B.SOME:5", "IND_B.SOME.region=1:6", "IND_B.SOME.region=2:7"));
  EXPECT_THAT(cells("", "total"), ElementsAre("IND_A.ALL:1", "IND_B.SOME:5", "IND_RR.FRAME:8"));
  EXPECT_THAT(cells("IND_A", "region"),
              ElementsAre("IND_A.ALL.region=1:2", "IND_A.ALL.region=2:3"));
  query_pb::ListFiguresRequest request = ListOf("E", 0);
  request.set_indicator("IND_NO");
  EXPECT_EQ(ReasonOf(ListFigures(snapshots, *snapshots.Current(), request).status()),
            Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(ListFigures(snapshots, *snapshots.Current(), ListOf("F", 0)).status()),
            Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(ListFigures(snapshots, *snapshots.Current(), ListOf("E", -1)).status()),
            Reason::kFieldInvalid);
}

TEST(Lists, APageEndsEarlyWhenItsBytesWouldBeTooMany) {
  std::vector<std::string> cells;
  for (int i = 0; i < 300; ++i) cells.push_back("IND_A.ALL.region=" + std::to_string(1000 + i));
  aggregation_pb::EditionFigures edition = Edition("E", cells);
  for (auto& figure : *edition.mutable_figures())
    figure.mutable_title()->set_nn(std::string(4'000, 'x'));
  Snapshots snapshots;
  snapshots.Publish(MakeSnapshot(7, {edition}));
  size_t seen = 0;
  std::string token;
  do {
    const auto page = ListFigures(snapshots, *snapshots.Current(), ListOf("E", 1'000, token));
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_LT(seen, 300u) << "paging does not end";
    EXPECT_LE(page->ByteSizeLong(), base::kPageBytesMax + base::kPageTokenBytesMax);
    seen += static_cast<size_t>(page->figures_size());
    token = page->next_page_token();
  } while (!token.empty());
  EXPECT_EQ(seen, 300u);
}

TEST(Lists, PagingOverASwapAnswersFromTheNamedSnapshotUntilItIsGone) {
  Snapshots snapshots;
  snapshots.Publish(MakeSnapshot(10, {Edition("E", kCells, 1)}));
  const auto first = ListFigures(snapshots, *snapshots.Current(), ListOf("E", 3));
  ASSERT_TRUE(first.ok());
  for (size_t swap = 1; swap <= base::kSnapshotsKeptMax; ++swap) {
    snapshots.Publish(MakeSnapshot(10 + static_cast<int64_t>(swap), {Edition("E", kCells, 50)}));
    const auto second =
        ListFigures(snapshots, *snapshots.Current(), ListOf("E", 3, first->next_page_token()));
    ASSERT_TRUE(second.ok()) << "after swap " << swap << ": " << second.status();
    EXPECT_EQ(second->position(), 10);
    EXPECT_THAT(CellsOf(second->figures()),
                ElementsAre("IND_A.ALL.size=s:4", "IND_B.SOME:5", "IND_B.SOME.region=1:6"));
    EXPECT_EQ(second->figures(0).position(), 10);
  }
  snapshots.Publish(MakeSnapshot(99, {Edition("E", kCells, 50)}));
  const absl::Status gone =
      ListFigures(snapshots, *snapshots.Current(), ListOf("E", 3, first->next_page_token()))
          .status();
  EXPECT_EQ(ReasonOf(gone), Reason::kSnapshotGone);
  EXPECT_EQ(gone.code(), absl::StatusCode::kAborted);
}

TEST(Lists, APageGoesOnWhenAggregationFallsSilent) {
  Snapshots snapshots;
  snapshots.Publish(MakeSnapshot(10, {Edition("E", kCells)}));
  const auto first = ListFigures(snapshots, *snapshots.Current(), ListOf("E", 6));
  ASSERT_TRUE(first.ok());
  snapshots.MarkStale();
  EXPECT_TRUE(snapshots.Current()->stale);
  const auto second =
      ListFigures(snapshots, *snapshots.Current(), ListOf("E", 6, first->next_page_token()));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->figures_size(), 2);
  EXPECT_TRUE(ListEditions(snapshots, {})->editions(0).stale());
}

TEST(Lists, AnotherLogAtTheSamePositionIsAnotherSnapshot) {
  Snapshots snapshots;
  snapshots.Publish(MakeSnapshot(10, {Edition("E", kCells)}));
  const auto first = ListFigures(snapshots, *snapshots.Current(), ListOf("E", 3));
  Snapshots restored;
  auto other = std::make_shared<Snapshot>(*MakeSnapshot(10, {Edition("E", kCells)}));
  other->epoch = 2;
  restored.Publish(other);
  EXPECT_EQ(
      ReasonOf(ListFigures(restored, *restored.Current(), ListOf("E", 3, first->next_page_token()))
                   .status()),
      Reason::kSnapshotGone);
}

TEST(Lists, EditionsAndClaimsArePagedToo) {
  std::vector<aggregation_pb::EditionFigures> editions;
  for (const char* id : {"A", "B", "C", "D", "E"}) editions.push_back(Edition(id, kCells));
  for (const char* id : {"F02", "F01", "F03"}) {
    model::Claim& claim = *editions[4].add_claims();
    claim.set_name(std::string("editions/E/claims/") + id);
    claim.add_figures("IND_B.SOME");
    claim.add_figures("IND_NO.ALL");
    claim.add_figures("IND_A.ALL");
  }
  Snapshots snapshots;
  snapshots.Publish(MakeSnapshot(3, editions));
  std::vector<std::string> names;
  query_pb::ListEditionsRequest request;
  request.set_page_size(2);
  do {
    const auto page = ListEditions(snapshots, request);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_LT(names.size(), 5u) << "paging does not end";
    for (const auto& edition : page->editions()) {
      names.push_back(edition.name());
      EXPECT_EQ(edition.position(), 3);
      EXPECT_EQ(edition.time_us(), 30);
      EXPECT_FALSE(edition.stale());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names,
              ElementsAre("editions/A", "editions/B", "editions/C", "editions/D", "editions/E"));

  std::vector<std::string> claims;
  query_pb::ListClaimsRequest of;
  of.set_parent("editions/E");
  of.set_page_size(1);
  do {
    const auto page = ListClaims(snapshots, of);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_LT(claims.size(), 3u) << "paging does not end";
    ASSERT_EQ(page->claims_size(), 1);
    claims.push_back(page->claims(0).claim().name());
    EXPECT_THAT(CellsOf(page->claims(0).figures()), ElementsAre("IND_B.SOME:5", "IND_A.ALL:1"));
    of.set_page_token(page->next_page_token());
  } while (!of.page_token().empty());
  EXPECT_THAT(claims, ElementsAre("editions/E/claims/F01", "editions/E/claims/F02",
                                  "editions/E/claims/F03"));
  of.set_parent("editions/X");
  EXPECT_EQ(ReasonOf(ListClaims(snapshots, of).status()), Reason::kUnknownResource);
}

// ---- Page tokens

TEST(PageTokens, ComeBackAndBelongToOneList) {
  const auto snapshot = MakeSnapshot(123'456, {});
  const std::string token =
      WritePageToken(*snapshot, "figures|editions/E/releases/live||", "editions/E/x");
  const auto read = ReadPageToken(token, "figures|editions/E/releases/live||");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->log_id, kLog);
  EXPECT_EQ(read->epoch, 1);
  EXPECT_EQ(read->position, 123'456);
  EXPECT_EQ(read->last_name, "editions/E/x");
  for (const char* other : {"figures|editions/F/releases/live||",
                            "figures|editions/E/releases/live|IND_A|", "editions", ""})
    EXPECT_EQ(ReasonOf(ReadPageToken(token, other).status()), Reason::kPageTokenInvalid) << other;
}

TEST(PageTokens, ATokenOfOneListIsRefusedByTheOthers) {
  Snapshots snapshots;
  snapshots.Publish(MakeSnapshot(10, {Edition("E", kCells), Edition("F", kCells)}));
  const auto page = ListFigures(snapshots, *snapshots.Current(), ListOf("E", 3));
  ASSERT_TRUE(page.ok());
  const std::string token = page->next_page_token();
  EXPECT_EQ(ReasonOf(ListFigures(snapshots, *snapshots.Current(), ListOf("F", 3, token)).status()),
            Reason::kPageTokenInvalid);
  query_pb::ListFiguresRequest narrower = ListOf("E", 3, token);
  narrower.set_attribute("region");
  EXPECT_EQ(ReasonOf(ListFigures(snapshots, *snapshots.Current(), narrower).status()),
            Reason::kPageTokenInvalid);
  query_pb::ListEditionsRequest editions;
  editions.set_page_token(token);
  EXPECT_EQ(ReasonOf(ListEditions(snapshots, editions).status()), Reason::kPageTokenInvalid);
}

TEST(PageTokens, EveryChangedByteAndEveryCutIsNoticed) {
  const auto snapshot = MakeSnapshot(77, {});
  const std::string token = WritePageToken(*snapshot, "list", "last");
  for (size_t at = 0; at < token.size(); ++at) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(ReasonOf(ReadPageToken(changed, "list").status()), Reason::kPageTokenInvalid) << at;
    EXPECT_EQ(ReasonOf(ReadPageToken(token.substr(0, at), "list").status()),
              Reason::kPageTokenInvalid)
        << at;
  }
  EXPECT_EQ(ReasonOf(ReadPageToken(token + "A", "list").status()), Reason::kPageTokenInvalid);
  EXPECT_EQ(ReasonOf(ReadPageToken(token + "=", "list").status()), Reason::kPageTokenInvalid);
  EXPECT_EQ(
      ReasonOf(ReadPageToken(std::string(base::kPageTokenBytesMax + 4, 'A'), "list").status()),
      Reason::kPageTokenInvalid);
}

TEST(PageTokens, RandomBytesAreRefused) {
  const uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 80, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (!bytes.empty() && random() % 2 == 0) bytes[0] = 1;
    ASSERT_FALSE(ReadPageToken(base::Base64Url(bytes), "list").ok()) << "seed " << seed;
    ASSERT_FALSE(ReadPageToken(bytes, "list").ok()) << "seed " << seed;
  }
}

TEST(PageTokens, TheSizeOfAPageHasBounds) {
  EXPECT_EQ(*PageSize(0), static_cast<size_t>(base::kPageSizeDefault));
  EXPECT_EQ(*PageSize(1), 1u);
  EXPECT_EQ(*PageSize(1'000'000), static_cast<size_t>(base::kPageSizeMax));
  EXPECT_EQ(ReasonOf(PageSize(-1).status()), Reason::kFieldInvalid);
}

// ---- Swaps

aggregation_pb::FollowFiguresResponse Chunk(
    int64_t position, bool last, bool reset,
    const std::vector<aggregation_pb::EditionFigures>& editions, int64_t epoch = 1) {
  aggregation_pb::FollowFiguresResponse out;
  out.set_position(position);
  out.set_time_us(position * 10);
  out.set_last_chunk(last);
  out.set_reset(reset);
  out.set_log_id(kLog);
  out.set_epoch(epoch);
  for (const auto& edition : editions) *out.add_editions() = edition;
  return out;
}
aggregation_pb::EditionFigures Continued(aggregation_pb::EditionFigures edition) {
  edition.set_continued(true);
  return edition;
}
std::vector<std::string> EditionsOf(const Snapshot& snapshot) {
  std::vector<std::string> out;
  for (const auto& [id, edition] : snapshot.editions)
    out.push_back(id + ":" + std::to_string(edition->figures().size()));
  return out;
}

TEST(Swaps, ChunksAreJoinedAndWhatDidNotChangeIsShared) {
  SwapAssembler assembler;
  const auto before = MakeSnapshot(1, {Edition("A", {"X.Y"}), Edition("B", {"X.Y"})});
  auto part = assembler.Add(Chunk(2, false, false, {Edition("A", {"X.Y", "X.Y.r=1"})}), *before);
  ASSERT_TRUE(part.ok());
  EXPECT_EQ(part->snapshot, nullptr);
  part = assembler.Add(Chunk(2, false, false, {Continued(Edition("A", {"X.Y.r=2"}))}), *before);
  ASSERT_TRUE(part.ok());
  EXPECT_EQ(part->snapshot, nullptr);
  part = assembler.Add(
      Chunk(2, true, false, {Continued(Edition("A", {"X.Y.r=3"})), Edition("C", {"X.Y"})}),
      *before);
  ASSERT_TRUE(part.ok());
  ASSERT_NE(part->snapshot, nullptr);
  EXPECT_THAT(EditionsOf(*part->snapshot), ElementsAre("A:4", "B:1", "C:1"));
  EXPECT_EQ(part->snapshot->editions.at("B"), before->editions.at("B"));
  EXPECT_EQ(part->snapshot->position, 2);
  EXPECT_FALSE(part->snapshot->stale);
  EXPECT_FALSE(part->reset);
  EXPECT_EQ(part->changed.size(), 2u);
}

TEST(Swaps, AResetForgetsWhatWasThere) {
  SwapAssembler assembler;
  const auto before = MakeSnapshot(9, {Edition("A", {"X.Y"}), Edition("B", {"X.Y"})});
  ASSERT_TRUE(assembler.Add(Chunk(2, false, true, {Edition("C", {"X.Y"})}), *before).ok());
  const auto swap = assembler.Add(Chunk(2, true, false, {Edition("D", {"X.Y"})}), *before);
  ASSERT_TRUE(swap.ok());
  EXPECT_TRUE(swap->reset) << "the first chunk said so";
  EXPECT_THAT(EditionsOf(*swap->snapshot), ElementsAre("C:1", "D:1"));
}

TEST(Swaps, ASwapThatIsCutIsRefusedAndForgotten) {
  SwapAssembler assembler;
  const auto before = MakeSnapshot(1, {Edition("A", {"X.Y"})});
  ASSERT_TRUE(assembler.Add(Chunk(2, false, true, {Edition("B", {"X.Y"})}), *before).ok());
  EXPECT_EQ(
      ReasonOf(assembler.Add(Chunk(3, true, false, {Edition("C", {"X.Y"})}), *before).status()),
      Reason::kInvalidArgument);
  const auto next = assembler.Add(Chunk(3, true, false, {Edition("C", {"X.Y"})}), *before);
  ASSERT_TRUE(next.ok());
  EXPECT_FALSE(next->reset);
  EXPECT_THAT(EditionsOf(*next->snapshot), ElementsAre("A:1", "C:1"))
      << "B came with the swap that was cut";

  ASSERT_TRUE(assembler.Add(Chunk(4, false, true, {Edition("B", {"X.Y"})}), *before).ok());
  assembler.Forget();
  const auto after = assembler.Add(Chunk(4, true, false, {}), *before);
  ASSERT_TRUE(after.ok());
  EXPECT_THAT(EditionsOf(*after->snapshot), ElementsAre("A:1"));
}

TEST(Swaps, AnEditionIsNotContinuedBeforeItBegan) {
  SwapAssembler assembler;
  const auto before = MakeSnapshot(1, {Edition("A", {"X.Y", "X.Y.r=1"})});
  EXPECT_EQ(
      ReasonOf(assembler.Add(Chunk(2, true, false, {Continued(Edition("A", {"X.Y.r=2"}))}), *before)
                   .status()),
      Reason::kInvalidArgument);
  aggregation_pb::EditionFigures nameless;
  EXPECT_FALSE(assembler.Add(Chunk(2, true, false, {nameless}), *before).ok());
}

// ---- Warm start

// A store that outlives the keeper, and whose reads can be made to fail.
class SharedStore final : public storage::FoldStore {
 public:
  struct Disk {
    storage::memory::MemoryFoldStore items;
    bool failing_reads = false;
    int failing_writes = 0;
    int resets = 0;
  };
  explicit SharedStore(std::shared_ptr<Disk> disk) : disk_(std::move(disk)) {}
  absl::StatusOr<std::optional<storage::FoldCursor>> LoadCursor() const override {
    return disk_->items.LoadCursor();
  }
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    if (disk_->failing_reads) return base::Error(Reason::kStoreCorrupt, "a read failed");
    return disk_->items.Get(key);
  }
  absl::StatusOr<std::vector<storage::FoldItem>> List(std::string_view prefix,
                                                      std::string_view after,
                                                      int64_t limit) const override {
    return disk_->items.List(prefix, after, limit);
  }
  absl::Status Write(std::span<const storage::FoldItem> puts, std::span<const std::string> deletes,
                     const std::optional<storage::FoldCursor>& cursor) override {
    if (disk_->failing_writes > 0) {
      --disk_->failing_writes;
      return absl::UnavailableError("a write failed");
    }
    return disk_->items.Write(puts, deletes, cursor);
  }
  absl::Status Reset() override {
    ++disk_->resets;
    disk_->failing_reads = false;
    return disk_->items.Reset();
  }
  absl::Status State() const override { return disk_->items.State(); }

 private:
  const std::shared_ptr<Disk> disk_;
};

// One run of the process.
struct Process {
  explicit Process(const std::shared_ptr<SharedStore::Disk>& disk) {
    auto opened = SnapshotKeeper::Open(std::make_unique<SharedStore>(disk), snapshots);
    EXPECT_TRUE(opened.ok()) << opened.status();
    keeper = *std::move(opened);
  }
  Snapshots snapshots;
  std::unique_ptr<SnapshotKeeper> keeper;
};

std::string FigureNow(Process& run, const std::string& edition) {
  const auto bytes =
      FigureBytes(*run.snapshots.Current(), "editions/" + edition + "/releases/live/figures/X.Y");
  return bytes.ok() ? std::to_string(Read(*bytes).numerator())
                    : std::string(base::Name(ReasonOf(bytes.status())));
}

TEST(WarmStart, ServesWhatWasKeptAndSaysThatItIsStale) {
  const auto disk = std::make_shared<SharedStore::Disk>();
  {
    Process run(disk);
    EXPECT_EQ(FigureNow(run, "A"), "NOT_YET_FOLDED");
    ASSERT_TRUE(
        run.keeper
            ->Consume(Chunk(5, true, true, {Edition("A", {"X.Y"}, 11), Edition("B", {"X.Y"}, 12)}))
            .ok());
    ASSERT_TRUE(run.keeper->Consume(Chunk(6, true, false, {Edition("A", {"X.Y"}, 21)})).ok());
    ASSERT_TRUE(run.keeper->Keep().ok());
    ASSERT_TRUE(run.keeper->Consume(Chunk(7, true, false, {Edition("A", {"X.Y"}, 31)})).ok());
    EXPECT_EQ(FigureNow(run, "A"), "31");
    EXPECT_FALSE(run.snapshots.Current()->stale);
  }
  Process run(disk);
  EXPECT_EQ(run.snapshots.Current()->position, 6) << "what was not kept comes again";
  EXPECT_TRUE(run.snapshots.Current()->stale);
  EXPECT_EQ(run.snapshots.Current()->log_id, kLog);
  EXPECT_EQ(FigureNow(run, "A"), "21");
  EXPECT_EQ(FigureNow(run, "B"), "12");
  EXPECT_TRUE(ListEditions(run.snapshots, {})->editions(0).stale());
  ASSERT_TRUE(run.keeper->Consume(Chunk(8, true, true, {Edition("A", {"X.Y"}, 41)})).ok());
  EXPECT_FALSE(run.snapshots.Current()->stale);
  EXPECT_EQ(FigureNow(run, "A"), "41");
  EXPECT_EQ(FigureNow(run, "B"), "UNKNOWN_RESOURCE");
}

TEST(WarmStart, AResetTakesTheEditionsOfBeforeOutOfTheStore) {
  const auto disk = std::make_shared<SharedStore::Disk>();
  {
    Process run(disk);
    ASSERT_TRUE(
        run.keeper->Consume(Chunk(5, true, true, {Edition("A", {"X.Y"}), Edition("B", {"X.Y"})}))
            .ok());
    ASSERT_TRUE(run.keeper->Keep().ok());
    ASSERT_TRUE(run.keeper->Consume(Chunk(3, true, true, {Edition("C", {"X.Y"}, 7)}, 2)).ok());
    ASSERT_TRUE(run.keeper->Consume(Chunk(4, true, false, {Edition("D", {"X.Y"}, 8)}, 2)).ok());
    ASSERT_TRUE(run.keeper->Keep().ok());
    ASSERT_TRUE(run.keeper->Keep().ok()) << "nothing new: nothing to do";
  }
  Process run(disk);
  EXPECT_THAT(EditionsOf(*run.snapshots.Current()), ElementsAre("C:1", "D:1"));
  EXPECT_EQ(run.snapshots.Current()->epoch, 2);
  EXPECT_EQ(run.snapshots.Current()->position, 4);
}

TEST(WarmStart, AFailedWriteIsMadeUpForByTheNext) {
  const auto disk = std::make_shared<SharedStore::Disk>();
  {
    Process run(disk);
    ASSERT_TRUE(run.keeper->Consume(Chunk(5, true, true, {Edition("A", {"X.Y"}, 1)})).ok());
    ASSERT_TRUE(run.keeper->Keep().ok());
    ASSERT_TRUE(run.keeper->Consume(Chunk(6, true, false, {Edition("A", {"X.Y"}, 2)})).ok());
    disk->failing_writes = 1;
    EXPECT_FALSE(run.keeper->Keep().ok());
    ASSERT_TRUE(run.keeper->Consume(Chunk(7, true, false, {})).ok());
    ASSERT_TRUE(run.keeper->Keep().ok());
  }
  Process run(disk);
  EXPECT_EQ(run.snapshots.Current()->position, 7);
  EXPECT_EQ(FigureNow(run, "A"), "2");
}

TEST(WarmStart, ADamagedStoreIsEmptiedAndAllOfItComesAgain) {
  for (const char* damage : {"swap", "edition/A", "a failing read"}) {
    SCOPED_TRACE(damage);
    const auto disk = std::make_shared<SharedStore::Disk>();
    {
      Process run(disk);
      ASSERT_TRUE(run.keeper->Consume(Chunk(5, true, true, {Edition("A", {"X.Y"}, 1)})).ok());
      ASSERT_TRUE(run.keeper->Keep().ok());
    }
    const int resets = disk->resets;
    if (std::string_view(damage) == "a failing read") {
      disk->failing_reads = true;
    } else {
      ASSERT_TRUE(disk->items.Get(damage)->has_value());
      const std::vector<storage::FoldItem> bad = {{damage, "\xff\xff"}};
      ASSERT_TRUE(disk->items.Write(bad, {}, std::nullopt).ok());
    }
    Process run(disk);
    EXPECT_EQ(disk->resets, resets + 1);
    EXPECT_EQ(FigureNow(run, "A"), "NOT_YET_FOLDED") << "nothing wrong is served";
    EXPECT_TRUE(disk->items.List("", "", 10)->empty());
    ASSERT_TRUE(run.keeper->Consume(Chunk(6, true, true, {Edition("A", {"X.Y"}, 2)})).ok());
    EXPECT_EQ(FigureNow(run, "A"), "2");
  }
}

TEST(WarmStart, AStreamThatEndsInTheMiddleOfASwapLeavesNothingBehind) {
  Process run(std::make_shared<SharedStore::Disk>());
  ASSERT_TRUE(run.keeper->Consume(Chunk(5, true, true, {Edition("A", {"X.Y"}, 1)})).ok());
  ASSERT_TRUE(run.keeper->Consume(Chunk(6, false, true, {Edition("B", {"X.Y"}, 1)})).ok());
  EXPECT_EQ(run.snapshots.Current()->position, 5);
  run.keeper->StreamEnded();
  ASSERT_TRUE(run.keeper->Consume(Chunk(7, true, false, {Edition("C", {"X.Y"}, 1)})).ok());
  EXPECT_THAT(EditionsOf(*run.snapshots.Current()), ElementsAre("A:1", "C:1"));
}

}  // namespace
}  // namespace imdi::query
