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
#include <vector>

#include "services/figures/claim_results.h"
#include "services/figures/trends.h"
#include "tests/unit/demo/claim_flips.h"
#include "tests/unit/demo/demo_answers.h"
#include "tests/unit/demo/demo_figures.h"

namespace imdi::figures {
namespace {

using demo_test::Count;
using demo_test::Demo;
using testing::Contains;
using testing::Not;

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
  const std::shared_ptr<const EditionFigures> figures = Count("KU2017", sent);
  for (const query_pb::ClaimResult& result : JudgeClaims(*figures, Changes(*figures, FindEarlier)))
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
      {"F05", query_pb::VERDICT_HOLDS},
      {"F06", query_pb::VERDICT_HOLDS},
      {"F07", query_pb::VERDICT_HOLDS},
      {"F08", query_pb::VERDICT_HOLDS},
      {"F09", query_pb::VERDICT_HOLDS},
      {"F10", query_pb::VERDICT_HOLDS},
      {"F11", query_pb::VERDICT_UNDECIDABLE},
      {"F12", query_pb::VERDICT_UNDECIDABLE},
      {"F13", query_pb::VERDICT_UNDECIDABLE},
  };
  ASSERT_EQ(Unchanged().size(), expected.size());
  for (const auto& [id, verdict] : expected) {
    EXPECT_EQ(Unchanged().at(id).verdict(), verdict)
        << id << " " << Unchanged().at(id).DebugString();
  }
  EXPECT_THAT(KindsOf(Unchanged().at("F04")),
              Contains(query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_SHOWN));
  for (const char* id : {"F05", "F06", "F08", "F10"})
    EXPECT_THAT(KindsOf(Unchanged().at(id)),
                Not(Contains(query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_SHOWN)))
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

// From the answers themselves, unit by unit.
struct Panel {
  int yes_yes = 0, yes_no = 0, no_yes = 0, no_no = 0;
};
Panel PanelOf(const std::string& item, const std::vector<int>& codes, const std::string& filter,
              const std::vector<int>& filter_codes, bool municipalities) {
  Panel out;
  for (const auto& [unit, answers] : Demo().editions.at("KU2017").counted) {
    const auto before = Demo().editions.at("KU2016").counted.find(unit);
    if (before == Demo().editions.at("KU2016").counted.end()) continue;
    if (municipalities && demo_test::IsDistrict(unit)) continue;
    // 0704 and 0710 continue several units, so nobody alone speaks for them.
    if (unit == "0704" || unit == "0710") continue;
    const auto in = [&](const auto& one) {
      return demo_test::Has(one, "BAK05", {1, 2}) && demo_test::IsAnswered(one, filter);
    };
    if (!in(answers) || !in(before->second)) continue;
    const auto yes = [&](const auto& one) {
      return demo_test::Has(one, item, codes) &&
             (filter_codes.empty() || demo_test::Has(one, filter, filter_codes));
    };
    const bool then = yes(before->second);
    const bool now = yes(answers);
    (then ? (now ? out.yes_yes : out.yes_no) : (now ? out.no_yes : out.no_no)) += 1;
  }
  return out;
}

TEST(ClaimsOfAnswers, PanelsAreRecountedFromTheAnswersAndAreThoseOfTheFixture) {
  struct Case {
    const char* claim;
    int place;
    Panel fixture;
    Panel counted;
  };
  const std::vector<Case> cases = {
      {"F04", 2, {130, 14, 20, 76}, PanelOf("INT01", {1}, "INT01", {}, false)},
      {"F05", 0, {160, 15, 28, 37}, PanelOf("INT05", {1, 2, 3, 4}, "INT05", {}, false)},
      {"F06", 0, {180, 5, 22, 23}, PanelOf("NOR01", {1, 2, 3, 4, 5, 6, 7, 8}, "NOR01", {}, true)},
      {"F08", 0, {195, 7, 14, 24}, PanelOf("ARB01", {1, 2}, "ARB01", {}, false)},
      {"F10", 0, {52, 10, 24, 154}, PanelOf("ARB02", {2}, "ARB01", {}, false)},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.claim);
    const query_pb::PanelCounts& panel = Unchanged().at(one.claim).changes(one.place).panel();
    EXPECT_EQ(panel.yes_yes(), one.counted.yes_yes);
    EXPECT_EQ(panel.yes_no(), one.counted.yes_no);
    EXPECT_EQ(panel.no_yes(), one.counted.no_yes);
    EXPECT_EQ(panel.no_no(), one.counted.no_no);
    EXPECT_EQ(panel.units(), panel.yes_yes() + panel.yes_no() + panel.no_yes() + panel.no_no());
    EXPECT_LE(std::abs(panel.yes_yes() - one.fixture.yes_yes), 2);
    EXPECT_LE(std::abs(panel.yes_no() - one.fixture.yes_no), 2);
    EXPECT_LE(std::abs(panel.no_yes() - one.fixture.no_yes), 2);
    EXPECT_LE(std::abs(panel.no_no() - one.fixture.no_no), 2);
  }
}

TEST(ClaimsOfAnswers, ChangesAreTestedAmongAllUnitsAndAdjustedInTheirFamily) {
  std::set<std::string> families;
  for (const char* id : {"F04", "F05", "F06", "F08", "F10"}) {
    SCOPED_TRACE(id);
    const query_pb::ClaimResult& result = Unchanged().at(id);
    ASSERT_TRUE(result.has_test());
    EXPECT_EQ(result.test().family().id(), "increases");
    EXPECT_EQ(result.test().family().size(), 5);
    EXPECT_EQ(result.test().family().rule(), "benjamini-hochberg");
    EXPECT_GE(result.test().q(), result.test().p());
    double largest = 0;
    for (const query_pb::ChangeFigure& change : result.changes()) {
      EXPECT_EQ(change.test_status(), query_pb::CHANGE_TEST_STATUS_TESTED);
      EXPECT_TRUE(change.tested());
      const query_pb::ChangeEstimate& estimate = change.estimate();
      largest = std::max(largest, estimate.p());
      EXPECT_NEAR(estimate.value(), change.value(), 0.02) << "weights differ little";
      EXPECT_NEAR(estimate.value(), estimate.later() - estimate.earlier(), 1e-15);
      EXPECT_EQ(estimate.lower() > 0, estimate.p() < 0.05 && estimate.value() > 0);
      EXPECT_NEAR(std::pow(estimate.standard_error(), 2),
                  std::pow(estimate.earlier_error(), 2) + std::pow(estimate.later_error(), 2) -
                      2 * estimate.covariance(),
                  1e-12);
      EXPECT_LE(change.bound_lower(), change.value());
      EXPECT_GE(change.bound_upper(), change.value());
      EXPECT_GT(change.panel().units(), 100);
      EXPECT_GE(change.q(), estimate.p());
      families.insert(change.family().id());
    }
    EXPECT_EQ(result.test().p(), largest) << "every year must reject";
  }
  EXPECT_EQ(families, (std::set<std::string>{"changes@2014.unit_type=municipality", "changes@2015",
                                             "changes@2016"}));
  EXPECT_GT(Unchanged().at("F04").test().q(), 0.05);
  for (const char* id : {"F05", "F06", "F08", "F10"})
    EXPECT_LT(Unchanged().at(id).test().q(), 0.05);
}

TEST(ClaimsOfAnswers, TippingNumbersAreThoseOfTheFindings) {
  const auto tipping = [](const char* id) { return Unchanged().at(id).tipping(); };
  EXPECT_FALSE(tipping("F00").has_units()) << "of a response rate all is known";
  EXPECT_EQ(tipping("F00").may_belong(), 0);
  EXPECT_EQ(tipping("F00").text().nn(), "Svarprosenten er kjend: han er talt, ikkje anslått.");
  EXPECT_EQ(tipping("F01").units(), 21);
  EXPECT_EQ(tipping("F01").may_belong(), 119);
  EXPECT_FALSE(tipping("F01").upwards());
  EXPECT_EQ(tipping("F03").units(), 14);
  EXPECT_EQ(tipping("F03").may_belong(), 119);
  EXPECT_EQ(tipping("F03").settled(), 322);
  for (const char* id : {"F02", "F04", "F05", "F06", "F07", "F08", "F09", "F10"}) {
    SCOPED_TRACE(id);
    EXPECT_TRUE(tipping(id).has_units());
    EXPECT_FALSE(tipping(id).makes_true());
    EXPECT_FALSE(tipping(id).turns().empty());
    EXPECT_FALSE(tipping(id).text().nn().empty());
    EXPECT_FALSE(tipping(id).text().nb().empty());
    EXPECT_FALSE(tipping(id).text().en().empty());
  }
  for (const char* id : {"F11", "F12", "F13"}) EXPECT_FALSE(Unchanged().at(id).has_tipping()) << id;
}

TEST(ClaimsOfAnswers, AChangeIsNotTestedOnceTheEarlierAnswersAreNoLongerThoseOfItsRelease) {
  const std::shared_ptr<const EditionFigures> figures =
      Count("KU2017", Demo().editions.at("KU2017").sent);
  const FindOtherEdition moved = [](const std::string& edition) {
    std::optional<OtherEdition> out = FindEarlier(edition);
    if (edition != "KU2016") return out;
    out->find = [find = out->find](std::string_view cell) {
      std::optional<query_pb::Figure> figure = find(cell);
      if (figure.has_value() && cell == "IND_MGMT_ASKS.WITH_PROGRAMME")
        figure->set_numerator(figure->numerator() - 1);
      return figure;
    };
    return out;
  };
  const EditionChanges changes = Changes(*figures, moved);
  const query_pb::ChangeFigure* change = changes.Find("IND_MGMT_ASKS.WITH_PROGRAMME@2016");
  ASSERT_NE(change, nullptr);
  EXPECT_EQ(change->test_status(), query_pb::CHANGE_TEST_STATUS_MOVED);
  EXPECT_FALSE(change->tested());
  EXPECT_FALSE(change->has_estimate());
  for (const query_pb::ClaimResult& result : JudgeClaims(*figures, changes)) {
    if (!result.claim().name().ends_with("/F05")) continue;
    EXPECT_EQ(result.verdict(), query_pb::VERDICT_HOLDS_AMONG_ANSWERS);
    EXPECT_FALSE(result.has_test());
    EXPECT_THAT(KindsOf(result), Contains(query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_SHOWN));
  }
}

TEST(ClaimsOfAnswers, TrendsRunOverTheEditionsThatAreCountedTogether) {
  const std::shared_ptr<const EditionFigures> figures =
      Count("KU2017", Demo().editions.at("KU2017").sent);
  const std::vector<query_pb::Trend> trends = Trends(*figures, FindEarlier);
  std::map<std::string, query_pb::Trend> by_cell;
  for (const query_pb::Trend& trend : trends) by_cell[trend.cell()] = trend;
  EXPECT_EQ(by_cell.size(), 4u) << "both bases of IND_TARGET, in all and in municipalities";
  const query_pb::Trend& all = by_cell.at("IND_TARGET.WITH_PROGRAMME");
  EXPECT_THAT(all.years(), testing::ElementsAre(2015, 2016, 2017));
  const query_pb::Trend& municipal = by_cell.at("IND_TARGET.WITH_PROGRAMME.unit_type=municipality");
  EXPECT_THAT(municipal.years(), testing::ElementsAre(2014, 2015, 2016, 2017));
  // Three equally spaced years: half the difference of the ends, and its variance.
  EXPECT_NEAR(all.slope(), (all.shares(2) - all.shares(0)) / 2, 1e-12);
  EXPECT_NEAR(std::pow(all.standard_error(), 2),
              (all.covariance(0) + all.covariance(8) - 2 * all.covariance(2)) / 4, 1e-12);
  EXPECT_TRUE(all.has_p());
  EXPECT_LT(all.lower(), all.slope());
  EXPECT_GT(all.upper(), all.slope());
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
       Changes(*Count("KU2017", Demo().editions.at("KU2017").sent), FindEarlier).figures) {
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
  for (const query_pb::ChangeFigure& change : Changes(*Earlier("KU2015"), FindEarlier).figures)
    EXPECT_EQ(change.earlier().year(), 2014);
  EXPECT_TRUE(Changes(*Earlier("KU2014"), FindEarlier).figures.empty());
}

TEST(ClaimsOfAnswers, AreTheSameWhenMadeAgain) {
  const std::map<std::string, query_pb::ClaimResult> again =
      Judge(Demo().editions.at("KU2017").sent);
  for (const auto& [id, result] : Unchanged())
    EXPECT_EQ(result.SerializeAsString(), again.at(id).SerializeAsString()) << id;
}

}  // namespace
}  // namespace imdi::figures
