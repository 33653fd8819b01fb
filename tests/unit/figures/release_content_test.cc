#include "services/figures/release_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/figures/message_difference.h"
#include "tests/support/campaign.h"

namespace imdi::figures {
namespace {

class RandomContent {
 public:
  explicit RandomContent(uint64_t seed) : random_(seed) {}

  // `size` scales how much there is.
  ReleaseContent Make(int size) {
    ReleaseContent out;
    store_pb::ReleaseHeader& header = out.header;
    header.set_edition("KU2017");
    header.set_number(Below(100));
    header.set_position(Below(100'000));
    header.set_log_id(Word());
    const int strata = 1 + Below(30);
    for (int h = 0; h < strata; ++h) {
      query_pb::StratumEvidence& stratum = *header.add_strata();
      stratum.set_stratum(std::to_string(h));
      stratum.set_weight(Number());
    }
    // Lines of a set may take several parts.
    std::vector<int> lines = {strata};
    for (int k = Below(3); k > 0; --k) {
      query_pb::WeightSetInfo& set = *header.add_weight_sets();
      set.set_name("surveys/KU/weightSets/W" + std::to_string(lines.size()));
      set.add_targets()->set_frame(Number());
      lines.push_back(1 + Below(1 + 2 * size));
      for (int c = 0; c < lines.back(); ++c) {
        set.add_cells()->set_weight(Number());
        set.mutable_cells(c)->mutable_title()->set_nn(Long());
      }
    }
    for (const std::string& name : Names(Below(1 + size / 4))) {
      query_pb::IndicatorInfo& info = *header.add_indicators();
      info.set_name("indicators/" + name);
      info.mutable_title()->set_nn(Long());
      info.mutable_title()->set_nb(Long());
    }
    for (const std::string& name : Names(Below(1 + size))) {
      store_pb::ReleaseFigure& entry = out.figures.emplace_back();
      query_pb::Figure& figure = *entry.mutable_figure();
      figure.set_name(name);
      if (Below(4) == 0) {
        *figure.mutable_no_value() = NoValueOf(static_cast<domain::CellState>(1 + Below(5)));
      } else {
        figure.set_value(Number());
        figure.mutable_estimate()->set_lower(Number());
        if (Below(2) == 0) figure.mutable_estimate()->set_base_units(Below(3));
      }
      figure.set_numerator(Below(500));
      figure.set_base(Below(500));
      figure.set_etag(EtagOf(figure));
      entry.set_weight_set(static_cast<uint32_t>(Below(static_cast<int>(lines.size()))));
      const bool sums = Below(3) == 0;
      const int most = std::min(40, lines[entry.weight_set()]);
      for (int h = 0; h < most; ++h) {
        if (Below(3) == 0) continue;
        if (sums) entry.add_sums()->set_aa(std::to_string(Below(1'000'000)));
        entry.add_strata(static_cast<uint32_t>(h));
        entry.add_domain_frame(static_cast<uint32_t>(Below(1'000'000)));
        entry.add_base(static_cast<uint32_t>(Below(200)));
        entry.add_yes(static_cast<uint32_t>(Below(200)));
      }
    }
    for (const std::string& name : Names(Below(1 + size / 4))) {
      query_pb::ClaimResult& claim = out.claims.emplace_back();
      claim.mutable_claim()->set_name("editions/KU2017/claims/" + name);
      claim.mutable_verdict_text()->set_nn(Long());
      if (Below(2) == 0) claim.set_range_lower(0);
    }
    for (const std::string& name : Names(Below(1 + size / 4))) {
      query_pb::ChangeFigure& change = out.changes.emplace_back();
      change.set_name(name);
      change.set_value(Number());
    }
    for (const std::string& name : Names(Below(1 + size / 4))) {
      query_pb::ReleaseChange& change = out.differences.emplace_back();
      change.set_cell(name);
      if (Below(2) == 0) change.set_value_before(Number());
    }
    header.set_figure_count(static_cast<int32_t>(out.figures.size()));
    return out;
  }

  int Below(int bound) { return static_cast<int>(random_() % static_cast<uint64_t>(bound)); }

 private:
  double Number() { return Below(7) == 0 ? 0 : Below(1'000'003) / 1'000'003.0; }
  std::string Word() {
    std::string out;
    for (int i = 1 + Below(12); i > 0; --i) out.push_back(static_cast<char>('A' + Below(26)));
    return out;
  }
  std::string Long() { return std::string(static_cast<size_t>(Below(4'000)), 'x'); }
  std::set<std::string> Names(int count) {
    std::set<std::string> out;
    while (static_cast<int>(out.size()) < count) out.insert(Word());
    return out;
  }
  std::mt19937_64 random_;
};

template <typename Message>
std::string Bytes(const std::vector<Message>& messages) {
  std::string out;
  for (const Message& message : messages) {
    const std::string bytes = message.SerializeAsString();
    out += std::to_string(bytes.size()) + ":" + bytes;
  }
  return out;
}
bool Same(const ReleaseContent& a, const ReleaseContent& b) {
  return a.header.SerializeAsString() == b.header.SerializeAsString() &&
         Bytes(a.figures) == Bytes(b.figures) && Bytes(a.claims) == Bytes(b.claims) &&
         Bytes(a.changes) == Bytes(b.changes) && Bytes(a.differences) == Bytes(b.differences);
}

TEST(ReleaseContent, IsReadBackAsItWasWrittenWhateverItHolds) {
  RandomContent random(testing_support::CampaignSeed("release content"));
  size_t most_parts = 0;
  for (int64_t round = testing_support::CampaignRounds(60); round > 0; --round) {
    const ReleaseContent content = random.Make(round % 10 == 0 ? 1'500 : 60);
    const std::vector<std::string> parts = WriteParts(content);
    most_parts = std::max(most_parts, parts.size());
    for (const std::string& part : parts) {
      ASSERT_LE(part.size(), base::kReleasePartBytesMax);
      ASSERT_GT(part.size(), 0u);
    }
    const absl::StatusOr<ReleaseContent> back = ReadParts(parts);
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_TRUE(Same(content, *back));
    ASSERT_EQ(WriteParts(*back), parts);
    ASSERT_EQ(ContentHash(WriteParts(*back)), ContentHash(parts));
  }
  EXPECT_GT(most_parts, 2u);
}

TEST(ReleaseContent, PutsTheRestOfALongHeaderIntoFurtherParts) {
  ReleaseContent content;
  for (int i = 100; i < 400; ++i) {
    query_pb::IndicatorInfo& info = *content.header.add_indicators();
    info.set_name("indicators/I" + std::to_string(i));
    info.mutable_title()->set_nn(std::string(4'000, 'x'));
  }
  const std::vector<std::string> parts = WriteParts(content);
  ASSERT_EQ(parts.size(), 3u);
  for (const std::string& part : parts) EXPECT_LE(part.size(), base::kReleasePartBytesMax);
  const auto back = ReadParts(parts);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(Same(content, *back));
}

TEST(ReleaseContent, GivesOneLargerEntryAPartOfItsOwn) {
  ReleaseContent content;
  for (const char* name : {"A", "B", "C"}) {
    query_pb::ClaimResult& claim = content.claims.emplace_back();
    claim.mutable_claim()->set_name(name);
    if (*name == 'B') {
      claim.mutable_verdict_text()->set_nn(std::string(base::kReleasePartBytesMax, 'x'));
    }
  }
  const std::vector<std::string> parts = WriteParts(content);
  ASSERT_EQ(parts.size(), 3u);
  const auto back = ReadParts(parts);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(Same(content, *back));
}

TEST(ReleaseContent, HashCoversWhereThePartsAreCut) {
  const std::vector<std::string> one = {"ab", "c"};
  const std::vector<std::string> other = {"a", "bc"};
  EXPECT_NE(ContentHash(one), ContentHash(other));
  EXPECT_EQ(ContentHash(one).size(), 32u);
  // SHA-256 over a length of eight bytes, big-endian, and nothing else.
  const std::vector<std::string> empty = {""};
  EXPECT_EQ(base::Hex(ContentHash(empty)),
            "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc");
}

ReleaseContent Small() {
  ReleaseContent content;
  content.header.add_strata();
  for (const char* name : {"A.ALL", "B.ALL", "C.ALL"}) {
    store_pb::ReleaseFigure& entry = content.figures.emplace_back();
    entry.mutable_figure()->set_name(name);
    entry.mutable_figure()->set_numerator(1);
    entry.mutable_figure()->set_base(2);
    entry.mutable_figure()->set_value(0.5);
    entry.mutable_figure()->mutable_estimate()->set_value(0.25);
    entry.mutable_figure()->set_etag(EtagOf(entry.figure()));
    entry.add_strata(0);
    entry.add_domain_frame(3);
    entry.add_base(2);
    entry.add_yes(1);
  }
  content.header.set_figure_count(3);
  return content;
}

void ExpectCorrupt(const ReleaseContent& content) {
  EXPECT_EQ(base::ReasonOf(ReadParts(WriteParts(content)).status()), base::Reason::kStoreCorrupt);
}

TEST(ReleaseContent, WhoseEvidencePointsNowhereIsRefused) {
  const auto refused = [](const std::function<void(store_pb::ReleaseFigure&)>& change) {
    ReleaseContent content = Small();
    query_pb::WeightSetInfo& set = *content.header.add_weight_sets();
    set.set_name("surveys/KU/weightSets/A");
    set.add_cells();
    set.add_cells();
    change(content.figures[1]);
    return !ReadParts(WriteParts(content)).ok();
  };
  EXPECT_FALSE(refused([](auto&) {}));
  EXPECT_TRUE(refused([](auto& f) { f.set_strata(0, 1); }));
  EXPECT_FALSE(refused([](auto& f) { f.set_weight_set(1), f.set_strata(0, 1); }));
  EXPECT_TRUE(refused([](auto& f) { f.set_weight_set(1), f.set_strata(0, 2); }));
  EXPECT_TRUE(refused([](auto& f) { f.set_weight_set(2); }));
  EXPECT_TRUE(refused([](auto& f) { f.set_weight_set(4'000'000'000); }));
  EXPECT_FALSE(refused([](auto& f) { f.add_sums(), f.add_quantile(); }));
  EXPECT_TRUE(refused([](auto& f) { f.add_sums(), f.add_sums(); }));
  EXPECT_TRUE(refused([](auto& f) { f.add_quantile(), f.add_quantile(); }));
}

TEST(ReleaseContent, ThatDoesNotHoldTogetherIsRefused) {
  ASSERT_TRUE(ReadParts(WriteParts(Small())).ok());
  ReleaseContent content = Small();
  content.header.set_figure_count(2);
  ExpectCorrupt(content);
  content = Small();
  std::swap(content.figures[0], content.figures[1]);
  ExpectCorrupt(content);
  content = Small();
  content.figures[1].mutable_figure()->set_name("A.ALL");
  ExpectCorrupt(content);
  content = Small();
  content.figures[1].set_strata(0, 1);
  ExpectCorrupt(content);
  content = Small();
  content.figures[1].add_yes(1);
  ExpectCorrupt(content);

  std::vector<std::string> parts = WriteParts(Small());
  parts.push_back(parts[0]);
  EXPECT_EQ(base::ReasonOf(ReadParts(parts).status()), base::Reason::kStoreCorrupt);
  parts = {"\xff"};
  EXPECT_EQ(base::ReasonOf(ReadParts(parts).status()), base::Reason::kStoreCorrupt);
  EXPECT_EQ(base::ReasonOf(ReadParts({}).status()), base::Reason::kStoreCorrupt);
}

TEST(ReleaseContent, DifferencesNameWhatIsNewGoneRevisedOrOfAnotherMethod) {
  std::vector<store_pb::ReleaseFigure> before = Small().figures;
  std::vector<store_pb::ReleaseFigure> after = before;
  EXPECT_THAT(Differences(before, after), testing::IsEmpty());
  after[0].mutable_figure()->mutable_estimate()->set_value(0.26);
  after[1].mutable_figure()->set_numerator(2);
  after[1].mutable_figure()->set_value(1);
  after[2].mutable_figure()->set_name("D.ALL");
  for (store_pb::ReleaseFigure& figure : after) {
    figure.mutable_figure()->set_etag(EtagOf(figure.figure()));
  }
  const std::vector<query_pb::ReleaseChange> changes = Differences(before, after);
  ASSERT_EQ(changes.size(), 4u);
  EXPECT_EQ(changes[0].cell(), "A.ALL");
  EXPECT_EQ(changes[0].kind(), query_pb::RELEASE_CHANGE_KIND_METHOD);
  EXPECT_EQ(changes[1].cell(), "B.ALL");
  EXPECT_EQ(changes[1].kind(), query_pb::RELEASE_CHANGE_KIND_REVISED);
  EXPECT_EQ(changes[1].value_before(), 0.5);
  EXPECT_EQ(changes[1].value_after(), 1);
  EXPECT_EQ(changes[1].numerator_before(), 1);
  EXPECT_EQ(changes[1].numerator_after(), 2);
  EXPECT_EQ(changes[2].cell(), "C.ALL");
  EXPECT_EQ(changes[2].kind(), query_pb::RELEASE_CHANGE_KIND_REMOVED);
  EXPECT_FALSE(changes[2].has_value_after());
  EXPECT_EQ(changes[3].cell(), "D.ALL");
  EXPECT_EQ(changes[3].kind(), query_pb::RELEASE_CHANGE_KIND_ADDED);
  EXPECT_FALSE(changes[3].has_value_before());

  // A state is a value of its own, whatever the counts say.
  after = before;
  *after[0].mutable_figure()->mutable_no_value() = NotYet();
  after[0].mutable_figure()->set_etag(EtagOf(after[0].figure()));
  const auto states = Differences(before, after);
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].kind(), query_pb::RELEASE_CHANGE_KIND_REVISED);
  EXPECT_FALSE(states[0].has_value_after());
}

TEST(ReleaseContent, DifferencesNameSentencesAndChangesThatSaySomethingElse) {
  ReleaseContent before = Small();
  before.claims.clear();
  before.changes.clear();
  for (const char* id : {"F01", "F02", "F03"})
    before.claims.emplace_back().mutable_claim()->set_name(std::string("editions/KU2017/claims/") +
                                                           id);
  for (const char* name : {"A.ALL@2015", "A.ALL@2016"})
    before.changes.emplace_back().set_name(name);
  ReleaseContent after = before;
  EXPECT_THAT(Differences(before, after), testing::IsEmpty());
  after.claims[1].set_verdict(query_pb::VERDICT_HOLDS);
  after.claims[2].mutable_claim()->set_name("editions/KU2017/claims/F04");
  after.changes[1].set_earlier_release("editions/KU2016/releases/2");
  after.figures[0].mutable_figure()->set_etag("other");
  std::vector<std::string> said;
  for (const query_pb::ReleaseChange& change : Differences(before, after))
    said.push_back(change.cell() + " " +
                   query_pb::ReleaseChangeKind_Name(change.kind()).substr(20));
  EXPECT_THAT(
      said, testing::ElementsAre("A.ALL METHOD", "changes/A.ALL@2016 REVISED", "claims/F02 REVISED",
                                 "claims/F03 REMOVED", "claims/F04 ADDED"));
  // A release has them in the order in which its parts are read back.
  after.differences = Differences(before, after);
  EXPECT_TRUE(ReadParts(WriteParts(after)).ok());
}

TEST(ReleaseContent, VerifyTakesTheLastBitsOfANumberForEqualAndNothingElse) {
  const ReleaseContent stored = Small();
  ReleaseContent again = stored;
  EXPECT_EQ(CompareForVerify(stored, again, 10).count, 0);
  EXPECT_EQ(CompareForVerify(stored, again, 10).compared, 3);

  query_pb::Figure& figure = *again.figures[1].mutable_figure();
  figure.mutable_estimate()->set_value(0.25 * (1 + 5e-13));
  figure.set_etag(EtagOf(figure));
  EXPECT_EQ(CompareForVerify(stored, again, 10).count, 0);
  figure.mutable_estimate()->set_value(0.25 * (1 + 5e-12));
  VerifyDifferences differences = CompareForVerify(stored, again, 10);
  EXPECT_EQ(differences.count, 1);
  EXPECT_THAT(differences.words,
              testing::ElementsAre(testing::AllOf(testing::HasSubstr("figure B.ALL"),
                                                  testing::HasSubstr("figure.estimate.value"))));

  again = stored;
  again.figures[0].mutable_figure()->set_base(3);
  again.figures.pop_back();
  again.header.mutable_edition_facts()->set_reference_year(2016);
  query_pb::ClaimResult& claim = again.claims.emplace_back();
  claim.mutable_claim()->set_name("editions/KU2017/claims/F01");
  differences = CompareForVerify(stored, again, 2);
  EXPECT_EQ(differences.count, 4);
  EXPECT_EQ(differences.words.size(), 2u);
  EXPECT_THAT(differences.words[1], testing::HasSubstr("figure.base: 2, and 3 now"));
}

TEST(MessageDifference, SeesPresenceEntriesTextsAndNumbers) {
  query_pb::Figure a;
  a.set_value(0);
  query_pb::Figure b = a;
  EXPECT_FALSE(FirstDifference(a, b).has_value());
  b.mutable_no_value();
  EXPECT_TRUE(FirstDifference(a, b).has_value());
  b = a;
  b.mutable_estimate()->set_base_units(0);
  a.mutable_estimate();
  EXPECT_EQ(FirstDifference(a, b), "estimate.base_units: absent, and there now");
  a.mutable_estimate()->set_base_units(0);
  b.mutable_title()->set_nn("x");
  EXPECT_EQ(FirstDifference(a, b), "title: absent, and there now");
  a.mutable_title()->set_nn("y");
  EXPECT_EQ(FirstDifference(a, b), "title.nn: \"y\", and \"x\" now");
  b = a;
  b.set_etag("other");
  EXPECT_FALSE(FirstDifference(a, b).has_value());
  a.set_value(std::numeric_limits<double>::quiet_NaN());
  b.set_value(std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(FirstDifference(a, b).has_value());
  b.set_value(0);
  EXPECT_TRUE(FirstDifference(a, b).has_value());
  store_pb::ReleaseFigure c, d;
  c.add_yes(1);
  EXPECT_EQ(FirstDifference(c, d), "yes: 1 entries, and 0 now");
  d.add_yes(2);
  EXPECT_EQ(FirstDifference(c, d), "yes[0]: 1, and 2 now");
}

}  // namespace
}  // namespace imdi::figures
