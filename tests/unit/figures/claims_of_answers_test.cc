// The sentences of 2017 over the demonstration answers: counted, estimated and judged, without any
// service between. Every sentence has the verdict that the findings expect, and changed answers
// turn it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "services/figures/claim_results.h"
#include "tests/unit/demo/claim_flips.h"
#include "tests/unit/demo/demo_answers.h"
#include "tests/unit/demo/demo_figures.h"

namespace imdi::figures {
namespace {

using demo_test::Count;
using demo_test::Demo;
using testing::Contains;

const std::shared_ptr<const EditionFigures>& Earlier(const std::string& edition) {
  static std::map<std::string, std::shared_ptr<const EditionFigures>> counted;
  std::shared_ptr<const EditionFigures>& out = counted[edition];
  if (out == nullptr) out = Count(edition, Demo().editions.at(edition).sent);
  return out;
}

std::optional<OtherEdition> FindEarlier(const std::string& edition) {
  const std::shared_ptr<const EditionFigures> figures = Earlier(edition);
  return OtherEdition{.release = "",
                      .find = [figures](std::string_view cell) -> std::optional<query_pb::Figure> {
                        const auto found = figures->Find(cell);
                        if (!found.has_value()) return std::nullopt;
                        return found->figure();
                      }};
}

std::map<std::string, query_pb::ClaimResult> Judge(const demo_test::Responses& sent) {
  std::map<std::string, query_pb::ClaimResult> out;
  for (const query_pb::ClaimResult& result : JudgeClaims(*Count("KU2017", sent), FindEarlier))
    out[result.claim().name().substr(23)] = result;
  return out;
}

const std::map<std::string, query_pb::ClaimResult>& Unchanged() {
  static const auto* const results =
      new std::map<std::string, query_pb::ClaimResult>(Judge(Demo().editions.at("KU2017").sent));
  return *results;
}

std::set<int> KindsOf(const query_pb::ClaimResult& result) {
  std::set<int> out;
  for (const query_pb::ClaimRemark& remark : result.remarks()) out.insert(remark.kind());
  return out;
}

TEST(ClaimsOfAnswers, HaveTheVerdictsThatTheFindingsExpect) {
  const std::map<std::string, query_pb::Verdict> expected = {
      {"F00", query_pb::VERDICT_HOLDS},
      {"F01", query_pb::VERDICT_HOLDS_AMONG_ANSWERS},
      {"F02", query_pb::VERDICT_HOLDS},
      {"F03", query_pb::VERDICT_HOLDS_AMONG_ANSWERS},
      {"F04", query_pb::VERDICT_HOLDS_AMONG_ANSWERS},
      {"F05", query_pb::VERDICT_HOLDS_AMONG_ANSWERS},
      {"F06", query_pb::VERDICT_HOLDS_AMONG_ANSWERS},
      {"F07", query_pb::VERDICT_HOLDS},
      {"F08", query_pb::VERDICT_HOLDS_AMONG_ANSWERS},
      {"F09", query_pb::VERDICT_HOLDS},
      {"F10", query_pb::VERDICT_HOLDS_AMONG_ANSWERS},
      {"F11", query_pb::VERDICT_UNDECIDABLE},
      {"F12", query_pb::VERDICT_UNDECIDABLE},
      {"F13", query_pb::VERDICT_UNDECIDABLE},
  };
  ASSERT_EQ(Unchanged().size(), expected.size());
  for (const auto& [id, verdict] : expected) {
    EXPECT_EQ(Unchanged().at(id).verdict(), verdict)
        << id << " " << Unchanged().at(id).DebugString();
  }
  for (const char* id : {"F04", "F05", "F06", "F08", "F10"})
    EXPECT_THAT(KindsOf(Unchanged().at(id)),
                Contains(query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_TESTED))
        << id;
  EXPECT_THAT(KindsOf(Unchanged().at("F03")), Contains(query_pb::CLAIM_REMARK_KIND_BASES_DISAGREE));
}

TEST(ClaimsOfAnswers, TurnWhenAnswersChange) {
  std::set<std::string> turned;
  for (const demo_test::ClaimFlip& flip : demo_test::ClaimFlips()) {
    SCOPED_TRACE(flip.claim + ": " + flip.what);
    demo_test::Responses sent = Demo().editions.at("KU2017").sent;
    for (const auto& [unit, answers] : flip.changed) sent[unit] = answers;
    for (const std::string& unit : flip.withdrawn) sent.erase(unit);
    const std::map<std::string, query_pb::ClaimResult> results = Judge(sent);
    const query_pb::ClaimResult& after = results.at(flip.claim);
    EXPECT_EQ(after.verdict(), query_pb::VERDICT_CONTRADICTED) << after.DebugString();
    EXPECT_EQ(after.figures(0).numerator(), flip.numerator);
    EXPECT_EQ(after.figures(0).base(), flip.base);
    EXPECT_NE(after.etag(), Unchanged().at(flip.claim).etag());
    turned.insert(flip.claim);
  }
  EXPECT_EQ(turned.size(), 11u) << "every sentence that states something";
}

TEST(ClaimsOfAnswers, OneUnitLessIsStillSeventyThreePercent) {
  demo_test::Responses sent = Demo().editions.at("KU2017").sent;
  sent.erase(Demo().editions.at("KU2017").counted.begin()->first);
  const query_pb::ClaimResult result = Judge(sent).at("F00");
  EXPECT_EQ(result.figures(0).numerator(), 321);
  EXPECT_EQ(result.figures(0).base(), 441);
  EXPECT_EQ(result.verdict(), query_pb::VERDICT_HOLDS);
}

TEST(ClaimsOfAnswers, IncreasesAreThoseOfTheFixture) {
  struct Change {
    const char* claim;
    int year, x, n, x_before, n_before;
  };
  const Change changes[] = {
      {"F04", 2014, 180, 290, 113, 190}, {"F04", 2015, 186, 300, 186, 310},
      {"F04", 2016, 186, 300, 187, 312}, {"F05", 2016, 234, 300, 228, 312},
      {"F06", 2016, 255, 290, 240, 299}, {"F08", 2016, 261, 300, 262, 312},
      {"F10", 2016, 96, 300, 81, 312},
  };
  std::map<std::string, int> place;
  for (const Change& one : changes) {
    SCOPED_TRACE(std::string(one.claim) + " " + std::to_string(one.year));
    const query_pb::ClaimResult& result = Unchanged().at(one.claim);
    ASSERT_LT(place[one.claim], result.changes_size());
    const query_pb::ChangeFigure& change = result.changes(place[one.claim]++);
    EXPECT_EQ(change.earlier().year(), one.year);
    EXPECT_EQ(change.later().numerator(), one.x);
    EXPECT_EQ(change.later().base(), one.n);
    EXPECT_EQ(change.earlier().numerator(), one.x_before);
    EXPECT_EQ(change.earlier().base(), one.n_before);
  }
}

TEST(ClaimsOfAnswers, ADifferenceIsKnownOnlyWhereNobodyLeftTheQuestionBlank) {
  // Whoever was silent answers as another unit of its type did.
  const demo_test::Edition& edition = Demo().editions.at("KU2017");
  demo_test::Responses all = edition.counted;
  std::map<bool, demo_test::Responses::const_iterator> next;  // By type, in turn.
  for (const auto& [unit, facts] : edition.frame) {
    if (all.contains(unit)) continue;
    const bool district = demo_test::IsDistrict(unit);
    auto& other = next.emplace(district, edition.counted.begin()).first->second;
    while (demo_test::IsDistrict(other->first) != district) ++other;
    all.emplace(unit, other++->second);
  }
  query_pb::ClaimResult areas = Judge(all).at("F02");
  ASSERT_EQ(areas.figures(0).responded(), areas.figures(0).invited());
  ASSERT_EQ(areas.figures(0).item_nonresponse(), 0);
  EXPECT_EQ(areas.verdict(), query_pb::VERDICT_HOLDS);
  for (const query_pb::PairDifference& pair : areas.pairs()) EXPECT_EQ(pair.p(), 0) << pair.b();
  const auto asked = std::ranges::find_if(all, [](const auto& one) {
    return demo_test::Has(one.second, "BOS01", {1, 2}) &&
           demo_test::IsAnswered(one.second, "BOS02");
  });
  ASSERT_NE(asked, all.end());
  asked->second.erase("BOS02");
  areas = Judge(all).at("F02");
  ASSERT_EQ(areas.figures(0).responded(), areas.figures(0).invited());
  ASSERT_EQ(areas.figures(0).item_nonresponse(), 1);
  EXPECT_EQ(areas.verdict(), query_pb::VERDICT_HOLDS_AMONG_ANSWERS);
  for (const query_pb::PairDifference& pair : areas.pairs()) EXPECT_EQ(pair.p(), 1) << pair.b();
}

TEST(ClaimsOfAnswers, PairsAreRecountedFromTheAnswers) {
  const query_pb::ClaimResult& areas = Unchanged().at("F02");
  ASSERT_EQ(areas.pairs_size(), 16);
  for (const query_pb::PairDifference& pair : areas.pairs()) {
    const auto code = [](const std::string& cell) {
      return std::stoi(cell.substr(cell.rfind('=') + 1));
    };
    int base = 0;
    int a = 0;
    int b = 0;
    int both = 0;
    for (const auto& [unit, answers] : Demo().editions.at("KU2017").counted) {
      if (!demo_test::Has(answers, "BOS01", {1, 2}) || !demo_test::IsAnswered(answers, "BOS02"))
        continue;
      const bool yes_a = demo_test::Has(answers, "BOS02", {code(pair.a())});
      const bool yes_b = demo_test::Has(answers, "BOS02", {code(pair.b())});
      ++base;
      a += yes_a ? 1 : 0;
      b += yes_b ? 1 : 0;
      both += yes_a && yes_b ? 1 : 0;
    }
    EXPECT_EQ(pair.base(), base);
    EXPECT_EQ(pair.a_yes(), a);
    EXPECT_EQ(pair.b_yes(), b);
    EXPECT_EQ(pair.both_yes(), both);
    // Weights differ little between strata, so the weighted difference lies near the plain one.
    EXPECT_NEAR(pair.difference(), static_cast<double>(a - b) / base, 0.02);
    EXPECT_GT(pair.standard_error(), 0);
    EXPECT_LT(pair.lower(), pair.difference());
    EXPECT_GT(pair.upper(), pair.difference());
    EXPECT_NEAR(pair.upper() - pair.difference(), pair.difference() - pair.lower(), 1e-12);
    EXPECT_GT(pair.lower(), 0) << "the test rejects exactly where the interval excludes 0";
    EXPECT_LT(pair.p(), 0.05);
    EXPECT_GT(pair.df(), 0);
  }
}

TEST(ClaimsOfAnswers, ChangesAreMadeForEveryComparisonDeclared) {
  std::map<std::string, query_pb::ChangeFigure> changes;
  std::string before;
  for (const query_pb::ChangeFigure& change :
       Changes(*Count("KU2017", Demo().editions.at("KU2017").sent), FindEarlier)) {
    EXPECT_LT(before, change.name()) << "by name, each once";
    before = change.name();
    changes[change.name()] = change;
  }
  // Three years: IND_RR, both bases of IND_TARGET, IND_MGMT_ASKS; one year: IND_COMBINE,
  // IND_COMBINE_NO, IND_BUSINESS and both bases of IND_OWN_AGREEMENTS.
  EXPECT_EQ(changes.size(), 3u * 4 + 5);
  EXPECT_EQ(changes.at("IND_MGMT_ASKS.WITH_PROGRAMME@2015").no_value().reason(),
            query_pb::NO_VALUE_REASON_SERIES_BREAK);
  EXPECT_EQ(
      changes.at("IND_MGMT_ASKS.WITH_PROGRAMME.unit_type=municipality@2014").no_value().reason(),
      query_pb::NO_VALUE_REASON_SERIES_BREAK);
  EXPECT_DOUBLE_EQ(changes.at("IND_RR.FRAME@2016").value(), 322.0 / 441 - 335.0 / 443);
  EXPECT_DOUBLE_EQ(changes.at("IND_RR.FRAME.unit_type=municipality@2014").value(),
                   311.0 / 426 - 203.0 / 428);
  EXPECT_DOUBLE_EQ(changes.at("IND_TARGET.ALL@2016").value(), 186.0 / 322 - 187.0 / 335);
  // An edition's own past only.
  for (const query_pb::ChangeFigure& change : Changes(*Earlier("KU2015"), FindEarlier))
    EXPECT_EQ(change.earlier().year(), 2014);
  EXPECT_TRUE(Changes(*Earlier("KU2014"), FindEarlier).empty());
}

TEST(ClaimsOfAnswers, AreTheSameWhenMadeAgain) {
  const std::map<std::string, query_pb::ClaimResult> again =
      Judge(Demo().editions.at("KU2017").sent);
  for (const auto& [id, result] : Unchanged())
    EXPECT_EQ(result.SerializeAsString(), again.at(id).SerializeAsString()) << id;
}

}  // namespace
}  // namespace imdi::figures
