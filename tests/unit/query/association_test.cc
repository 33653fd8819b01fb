// Tests of association: what comes out of counts, what is refused, and that live figures and the
// release of their position say the same. Its numbers are held against the oracle's in
// tests/oracle/served_association_test.cc.

#include "services/query/association.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "services/base/limits.h"
#include "services/base/text.h"
#include "tests/support/campaign.h"
#include "tests/support/finite.h"
#include "tests/support/random.h"
#include "tests/unit/query/small_service.h"
#include "tests/unit/query/tabulated_set.h"

namespace imdi::query {
namespace {

using base::Reason;
using base::ReasonOf;
using testing_support::SmallAggregation;
using testing_support::SmallQuery;
using testing_support::TabulatedCounts;
using testing_support::TabulatedSet;

query_pb::TestAssociationRequest Asked(const std::string& cells) {
  query_pb::TestAssociationRequest request;
  request.set_cells(cells);
  request.add_attributes("by");
  return request;
}

absl::StatusOr<query_pb::Association> Tested(const FigureSet& set, const std::string& cells) {
  return AssociationOf(set, Asked(cells), [] { return absl::OkStatus(); });
}

// Two answers by two groups, in two strata of 20 units, 10 of which answered.
TabulatedCounts TwoByTwo() {
  return {.answers = 2,
          .groups = 2,
          .strata = {{.frame = 20, .responded = 10, .counts = {4, 1, 1, 4}},
                     {.frame = 20, .responded = 10, .counts = {3, 2, 2, 3}}}};
}

TEST(Association, OfOneStratumIsWhatHandsMakeOfIt) {
  // A simple random sample of n from N: the design effect of a table is (1 - f) n / (n - 1), and
  // X2 is Pearson's of the counts: 20 (7 * 7 - 3 * 3)^2 / 10^4 = 3.2.
  const TabulatedSet set({.answers = 2,
                          .groups = 2,
                          .strata = {{.frame = 40, .responded = 20, .counts = {7, 3, 3, 7}}}});
  const auto test = Tested(set, "Q.B");
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->status(), query_pb::ASSOCIATION_STATUS_TESTED);
  EXPECT_EQ(test->release(), "editions/E17/releases/1");
  EXPECT_EQ(test->cells(), "Q.B");
  EXPECT_EQ(test->answers(), 2);
  EXPECT_EQ(test->groups(), 2);
  EXPECT_EQ(test->base(), 20);
  EXPECT_EQ(test->strata(), 1);
  EXPECT_EQ(test->degrees(), 1);
  const double effect = 0.5 * 20 / 19;
  EXPECT_NEAR(test->x2(), 3.2, 1e-12);
  EXPECT_NEAR(test->mean_design_effect(), effect, 1e-12);
  EXPECT_NEAR(test->f(), 3.2 / effect, 1e-12);
  EXPECT_NEAR(test->numerator_df(), 1, 1e-12);
  EXPECT_NEAR(test->denominator_df(), 19, 1e-10);
  EXPECT_GT(test->p(), 0.02);  // 6.08 on 1 and 19.
  EXPECT_LT(test->p(), 0.03);
  EXPECT_LT(test->chi_squared_p(), test->p());
  EXPECT_EQ(test->rule_version(), figures::kRuleVersion);
}

TEST(Association, OfAShareAndOfTheAnswersBehindItIsTheSame) {
  const TabulatedSet set(TwoByTwo());
  const auto distribution = Tested(set, "Q.B");
  ASSERT_TRUE(distribution.ok()) << distribution.status();
  for (const std::string cells : {"YES.B", "Q.B.answer=0", "Q.B.answer=1", "MULTI.B.answer=1"}) {
    auto one = Tested(set, cells);
    ASSERT_TRUE(one.ok()) << cells << ": " << one.status();
    EXPECT_EQ(one->cells(), cells);
    EXPECT_NEAR(one->f(), distribution->f(), 1e-12 * distribution->f()) << cells;
    EXPECT_NEAR(one->p(), distribution->p(), 1e-12) << cells;
    EXPECT_EQ(one->base(), 20) << cells;
  }
}

TEST(Association, LeavesSidesWithoutUnitsOut) {
  TabulatedCounts table{.answers = 3, .groups = 3, .strata = {}};
  const TabulatedCounts small = TwoByTwo();
  for (const auto& stratum : small.strata) {
    const std::vector<int32_t>& c = stratum.counts;
    table.strata.push_back({.frame = stratum.frame,
                            .responded = stratum.responded,
                            .counts = {c[0], 0, c[1], 0, 0, 0, c[2], 0, c[3]}});
  }
  const auto wide = Tested(TabulatedSet(table), "Q.B");
  const auto narrow = Tested(TabulatedSet(small), "Q.B");
  ASSERT_TRUE(wide.ok()) << wide.status();
  ASSERT_TRUE(narrow.ok()) << narrow.status();
  EXPECT_EQ(wide->SerializeAsString(), narrow->SerializeAsString());
}

TEST(Association, SaysWhyNothingWasTested) {
  const auto of = [](std::vector<TabulatedCounts::Stratum> strata) {
    const auto test =
        Tested(TabulatedSet({.answers = 2, .groups = 2, .strata = std::move(strata)}), "Q.B");
    EXPECT_TRUE(test.ok()) << test.status();
    return test.ok() ? *test : query_pb::Association();
  };
  const query_pb::Association nobody = of({{.frame = 20, .responded = 10, .counts = {0, 0, 0, 0}}});
  EXPECT_EQ(nobody.status(), query_pb::ASSOCIATION_STATUS_EMPTY);
  EXPECT_EQ(nobody.base(), 0);
  const query_pb::Association alike = of({{.frame = 20, .responded = 10, .counts = {6, 4, 0, 0}}});
  EXPECT_EQ(alike.status(), query_pb::ASSOCIATION_STATUS_ONE_LEVEL);
  EXPECT_EQ(alike.answers(), 1);
  EXPECT_EQ(alike.groups(), 2);
  EXPECT_EQ(alike.base(), 10);
  EXPECT_FALSE(alike.has_f());
  EXPECT_EQ(of({{.frame = 20, .responded = 10, .counts = {6, 0, 4, 0}}}).status(),
            query_pb::ASSOCIATION_STATUS_ONE_LEVEL);
  // As many strata as units.
  const query_pb::Association thin = of({{.frame = 5, .responded = 2, .counts = {1, 0, 0, 0}},
                                         {.frame = 5, .responded = 2, .counts = {0, 0, 0, 1}}});
  EXPECT_EQ(thin.status(), query_pb::ASSOCIATION_STATUS_NO_DF);
  EXPECT_NEAR(thin.x2(), 2, 1e-12);
  EXPECT_FALSE(thin.has_p());
  EXPECT_FALSE(thin.has_chi_squared_p());
  // Everybody: what differs differs.
  const query_pb::Association census = of({{.frame = 10, .responded = 10, .counts = {4, 1, 1, 4}}});
  EXPECT_EQ(census.status(), query_pb::ASSOCIATION_STATUS_CENSUS);
  EXPECT_NEAR(census.x2(), 3.6, 1e-12);
  EXPECT_FALSE(census.has_f());
  const query_pb::Association even = of({{.frame = 8, .responded = 8, .counts = {2, 2, 2, 2}}});
  EXPECT_EQ(even.status(), query_pb::ASSOCIATION_STATUS_CENSUS);
  EXPECT_EQ(even.x2(), 0);
  // Not all, and no spread in any stratum: they differ for certain, and there is no F.
  const query_pb::Association sharp = of({{.frame = 20, .responded = 10, .counts = {10, 0, 0, 0}},
                                          {.frame = 20, .responded = 10, .counts = {0, 0, 0, 10}}});
  EXPECT_EQ(sharp.status(), query_pb::ASSOCIATION_STATUS_TESTED);
  EXPECT_FALSE(sharp.has_f());
  EXPECT_FALSE(sharp.has_p());
  EXPECT_EQ(sharp.chi_squared_p(), 0);
}

TEST(Association, OfStrataThatAllAnsweredIsKnownOnlyWhereNobodyElseMayBelong) {
  const auto status = [](const std::function<void(query_pb::Figure&)>& change) {
    TabulatedSet set({.answers = 2,
                      .groups = 2,
                      .strata = {{.frame = 10, .responded = 10, .counts = {4, 1, 1, 4}}}});
    for (const char* cell : {"Q.B.answer=0.by=0", "Q.B.answer=1.by=0"})
      change(*set.figure(cell).mutable_figure());
    const auto test = Tested(set, "Q.B");
    EXPECT_TRUE(test.ok()) << test.status();
    EXPECT_FALSE(test->has_p());
    EXPECT_NEAR(test->x2(), 3.6, 1e-12);
    return test->status();
  };
  const auto none = [](query_pb::NoValueReason why) {
    return [why](query_pb::Figure& figure) { figure.mutable_no_value()->set_reason(why); };
  };
  EXPECT_EQ(status([](auto& f) { f.mutable_estimate()->set_may_belong(0); }),
            query_pb::ASSOCIATION_STATUS_CENSUS);
  EXPECT_EQ(status([](auto& f) { f.mutable_estimate()->set_may_belong(1); }),
            query_pb::ASSOCIATION_STATUS_OPEN);
  // A group that nobody of has answered yet may be all of a base.
  EXPECT_EQ(status(none(query_pb::NO_VALUE_REASON_NOT_YET)), query_pb::ASSOCIATION_STATUS_OPEN);
  EXPECT_EQ(status(none(query_pb::NO_VALUE_REASON_NO_ANSWER)), query_pb::ASSOCIATION_STATUS_OPEN);
  EXPECT_EQ(status(none(query_pb::NO_VALUE_REASON_FILTER_UNKNOWN)),
            query_pb::ASSOCIATION_STATUS_OPEN);
  EXPECT_EQ(status(none(query_pb::NO_VALUE_REASON_NOT_APPLICABLE)),
            query_pb::ASSOCIATION_STATUS_CENSUS);
}

TEST(Association, RefusesWhatIsNoTableOfAnswers) {
  TabulatedSet set(TwoByTwo());
  EXPECT_EQ(ReasonOf(Tested(set, "MULTI.B").status()), Reason::kFieldInvalid);
  EXPECT_THAT(std::string(Tested(set, "MULTI.B").status().message()),
              testing::HasSubstr("MULTI.B.answer=0"));
  EXPECT_EQ(ReasonOf(Tested(set, "RATE.B").status()), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonOf(Tested(set, "Q.B.by=1").status()), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonOf(Tested(set, "Q.B.answer=2").status()), Reason::kCellNotInRelease);
  EXPECT_EQ(ReasonOf(Tested(set, "YES.B.answer=0").status()), Reason::kCellNotInRelease);
  EXPECT_EQ(ReasonOf(Tested(set, "Q.C").status()), Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(Tested(set, "P.B").status()), Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(Tested(set, "Q").status()), Reason::kNameInvalid);
  query_pb::TestAssociationRequest request = Asked("Q.B");
  const auto why = [&] {
    return ReasonOf(AssociationOf(set, request, [] { return absl::OkStatus(); }).status());
  };
  request.set_attributes(0, "county");
  EXPECT_EQ(why(), Reason::kCellNotInRelease);
  request.set_attributes(0, "by");
  request.add_attributes("by");
  EXPECT_EQ(why(), Reason::kFieldInvalid);
  request.clear_attributes();
  EXPECT_EQ(why(), Reason::kFieldInvalid);
  // Weights of a set of strata are as good as the built-in ones; calibrated ones are not.
  const auto weigh = [&](model::WeightMethod method) {
    set.ChangeHeader([&](store_pb::ReleaseHeader& header) {
      for (query_pb::IndicatorInfo& info : *header.mutable_indicators())
        info.set_weights("surveys/KU/weightSets/W");
      header.clear_weight_sets();
      query_pb::WeightSetInfo& weights = *header.add_weight_sets();
      weights.set_name("surveys/KU/weightSets/W");
      weights.set_method(method);
      *weights.mutable_cells() = header.strata();
    });
  };
  weigh(model::WEIGHT_METHOD_RAKED);
  EXPECT_EQ(ReasonOf(Tested(set, "Q.B").status()), Reason::kFieldInvalid);
  weigh(model::WEIGHT_METHOD_STRATA);
  EXPECT_EQ(ReasonOf(Tested(set, "YES.B").status()), Reason::kStoreCorrupt)
      << "its cells say that they have the built-in weights";
  for (const char* cell : {"YES.B.by=0", "YES.B.by=1"}) set.figure(cell).set_weight_set(1);
  EXPECT_TRUE(Tested(set, "YES.B").ok());
  // Other rules.
  set.ChangeHeader(
      [](store_pb::ReleaseHeader& header) { header.set_rule_version(figures::kRuleVersion - 1); });
  EXPECT_EQ(ReasonOf(Tested(set, "Q.B").status()), Reason::kFieldInvalid);
}

TEST(Association, GivesTheTableByStratumThatItTestsToWhoAsks) {
  TabulatedSet set({.answers = 3,
                    .groups = 2,
                    .strata = {{.frame = 20, .responded = 10, .counts = {4, 1, 0, 0, 1, 4}},
                               {.frame = 9, .responded = 2, .counts = {0, 0, 0, 0, 0, 0}},
                               {.frame = 30, .responded = 15, .counts = {3, 2, 0, 0, 2, 3}}}});
  set.ChangeHeader([](store_pb::ReleaseHeader& header) {
    for (int h = 0; h < header.strata_size(); ++h)
      header.mutable_strata(h)->set_stratum(base::StrCat("1.", h));
  });
  EXPECT_EQ(Tested(set, "Q.B")->table_size(), 0) << "nobody asked";
  const auto of = [&](const std::string& cells) {
    query_pb::TestAssociationRequest request = Asked(cells);
    request.set_with_table(true);
    const auto test = AssociationOf(set, request, [] { return absl::OkStatus(); });
    EXPECT_TRUE(test.ok()) << test.status();
    return test.value_or(query_pb::Association());
  };
  const query_pb::Association all = of("Q.B");
  EXPECT_THAT(all.table_answers(), testing::ElementsAre("answer=0", "answer=2"));
  EXPECT_THAT(all.table_groups(), testing::ElementsAre("by=0", "by=1"));
  ASSERT_EQ(all.table_size(), 2) << "a stratum without a unit in the base says nothing";
  EXPECT_EQ(all.table(1).frame(), 30);
  EXPECT_EQ(all.table(1).responded(), 15);
  EXPECT_EQ(all.table(0).stratum(), "1.0");
  EXPECT_EQ(all.table(1).stratum(), "1.2");
  EXPECT_THAT(all.table(0).counts(), testing::ElementsAre(4, 1, 1, 4));
  EXPECT_THAT(all.table(1).counts(), testing::ElementsAre(3, 2, 2, 3));
  EXPECT_THAT(of("YES.B").table_answers(), testing::ElementsAre("yes", "others"));
  EXPECT_THAT(of("YES.B").table(0).counts(), testing::ElementsAre(4, 1, 1, 4));
  EXPECT_THAT(of("Q.B.answer=2").table_answers(), testing::ElementsAre("answer=2", "others"));
  // X2 follows from it: shares weighted by N_h / r_h.
  double weighted[2][2] = {}, sum = 0;
  int n = 0;
  for (const query_pb::AssociationStratum& stratum : all.table()) {
    const double weight = static_cast<double>(stratum.frame()) / stratum.responded();
    for (int i = 0; i < 4; ++i) {
      weighted[i / 2][i % 2] += weight * stratum.counts(i);
      sum += weight * stratum.counts(i);
      n += stratum.counts(i);
    }
  }
  double x2 = 0;
  for (int i = 0; i < 4; ++i) {
    const double row = (weighted[i / 2][0] + weighted[i / 2][1]) / sum;
    const double column = (weighted[0][i % 2] + weighted[1][i % 2]) / sum;
    const double off = weighted[i / 2][i % 2] / sum - row * column;
    x2 += n * off * off / (row * column);
  }
  EXPECT_EQ(n, all.base());
  EXPECT_NEAR(x2, all.x2(), 1e-12);
}

TEST(Association, HoldsNoNumberThatIsNoneWhateverTheTable) {
  const uint64_t seed = testing_support::CampaignSeed("associations");
  std::map<query_pb::AssociationStatus, int> seen;
  for (int round = 0; round < 400; ++round) {
    testing_support::Random random(seed + static_cast<uint64_t>(round));
    TabulatedCounts table{.answers = static_cast<size_t>(2 + random.Below(4)),
                          .groups = static_cast<size_t>(2 + random.Below(4)),
                          .strata = {}};
    const int most = random.Below(4);
    for (int h = 1 + random.Below(4); h > 0; --h) {
      TabulatedCounts::Stratum& stratum = table.strata.emplace_back();
      for (size_t i = 0; i < table.answers * table.groups; ++i)
        stratum.counts.push_back(random.OneIn(2) ? 0 : random.UpTo(most));
      const int base = std::accumulate(stratum.counts.begin(), stratum.counts.end(), 0);
      stratum.responded = base + (random.OneIn(2) ? 0 : random.Below(9));
      stratum.frame = stratum.responded + (random.OneIn(2) ? 0 : random.Below(9));
    }
    const TabulatedSet set(table);
    for (const char* cells : {"Q.B", "YES.B", "Q.B.answer=1"}) {
      const auto test = Tested(set, cells);
      ASSERT_TRUE(test.ok()) << test.status() << " round " << round;
      EXPECT_THAT(testing_support::NotFinite(*test), testing::IsEmpty())
          << "IMDI_SEED=" << seed << " round " << round << ' ' << test->DebugString();
      ++seen[test->status()];
    }
  }
  EXPECT_GT(seen[query_pb::ASSOCIATION_STATUS_TESTED], 100);
  EXPECT_GT(seen[query_pb::ASSOCIATION_STATUS_ONE_LEVEL], 10);
}

TEST(Association, RefusesATableThatIsTooLarge) {
  const auto of = [](size_t answers, size_t groups) {
    TabulatedCounts table{.answers = answers, .groups = groups, .strata = {}};
    table.strata.push_back(
        {.frame = 2'000, .responded = 1'000, .counts = std::vector<int32_t>(answers * groups, 1)});
    table.strata[0].counts[0] = 5;
    return Tested(TabulatedSet(table), "Q.B").status();
  };
  EXPECT_TRUE(of(20, base::kAssociationCellsMax / 20).ok());
  EXPECT_EQ(ReasonOf(of(20, base::kAssociationCellsMax / 20 + 1)), Reason::kTooLarge);
  // As many cells in too many strata.
  TabulatedCounts wide{.answers = 20, .groups = 20, .strata = {}};
  for (size_t h = 0; h <= base::kAssociationStepsMax / (400 * 400); ++h)
    wide.strata.push_back({.frame = 900, .responded = 450, .counts = std::vector<int32_t>(400, 1)});
  EXPECT_EQ(ReasonOf(Tested(TabulatedSet(wide), "Q.B").status()), Reason::kTooLarge);
}

TEST(Association, RefusesCellsThatContradictEachOther) {
  for (const int what : {0, 1, 2}) {
    TabulatedSet set(TwoByTwo());
    store_pb::ReleaseFigure& figure = set.figure("Q.B.answer=1.by=0");
    if (what == 0) figure.set_yes(0, figure.yes(0) + 1);
    if (what == 1) figure.set_strata(1, 9);
    if (what == 2) figure.mutable_yes()->RemoveLast();
    EXPECT_EQ(ReasonOf(Tested(set, "Q.B").status()), Reason::kStoreCorrupt) << what;
  }
}

TEST(Association, EndsWhenNobodyWaitsForIt) {
  const TabulatedSet set(TwoByTwo());
  // Before either of two groups, and before and after the estimate.
  for (int at = 1; at <= 5; ++at) {
    int asked = 0;
    const auto test = AssociationOf(
        set, Asked("Q.B"), [&] { return ++asked == at ? base::CallerGone() : absl::OkStatus(); });
    EXPECT_EQ(ReasonOf(test.status()), at == 5 ? Reason::kUnspecified : Reason::kCancelled) << at;
  }
}

TEST(Association, OfLiveFiguresIsThatOfTheReleaseOfTheirPosition) {
  SmallAggregation aggregation;
  aggregation.ApplyTwoEditions();
  aggregation.AnswerBoth();
  aggregation.Publish("E17");
  SmallQuery query;
  ASSERT_TRUE(query.Follow(aggregation).ok());
  query_pb::TestAssociationRequest request;
  request.set_cells("IND_CODE.ANSWERED");
  request.add_attributes("region");
  request.set_parent("editions/E17/releases/live");
  auto live = query.Call(&TestAssociation, request);
  ASSERT_TRUE(live.ok()) << live.status();
  EXPECT_EQ(live->release(), "editions/E17/releases/live");
  EXPECT_EQ(live->base(), 4);
  EXPECT_EQ(live->answers(), 2);
  EXPECT_NE(live->status(), query_pb::ASSOCIATION_STATUS_UNSPECIFIED);
  EXPECT_EQ(live->position(), aggregation.log.head());
  request.set_parent("editions/E17/releases/latest");
  auto published = query.Call(&TestAssociation, request);
  ASSERT_TRUE(published.ok()) << published.status();
  EXPECT_EQ(published->release(), "editions/E17/releases/1");
  EXPECT_LT(published->position(), live->position());
  for (auto* one : {&*live, &*published}) {
    one->clear_release();
    one->clear_position();
  }
  EXPECT_EQ(live->SerializeAsString(), published->SerializeAsString());
  request.set_parent("editions/E18/releases/live");
  EXPECT_EQ(ReasonOf(query.Call(&TestAssociation, request).status()), Reason::kUnknownResource);
}

}  // namespace
}  // namespace imdi::query
