// Every sentence of the 2017 report over hand-made figures of the fixture: the verdict expected,
// and for each of them a change of answers that turns it. The documents are the survey's own; the
// figures are written here.

#include "services/figures/claim_results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/definition_documents.h"
#include "services/domain/automatic_indicators.h"
#include "services/domain/figure_plan.h"
#include "services/figures/change_tests.h"
#include "services/figures/claim_texts.h"
#include "services/figures/joined_strata.h"

namespace imdi::figures {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

constexpr query_pb::Verdict kHolds = query_pb::VERDICT_HOLDS;
constexpr query_pb::Verdict kAmong = query_pb::VERDICT_HOLDS_AMONG_ANSWERS;
constexpr query_pb::Verdict kContradicted = query_pb::VERDICT_CONTRADICTED;
constexpr query_pb::Verdict kUndecidable = query_pb::VERDICT_UNDECIDABLE;

const domain::Catalog& Documents() {
  static const std::shared_ptr<const domain::Catalog> catalog = [] {
    const char* root = std::getenv("IMDI_ROOT");
    const cli::DefinitionDocuments documents =
        cli::LoadDefinitions({std::string(root == nullptr ? "." : root) + "/deploy/surveys/ku"});
    for (const config::Problem& problem : documents.problems)
      ADD_FAILURE() << config::ToText(problem);
    std::shared_ptr<const domain::Catalog> out = domain::Catalog::Empty();
    for (const cli::DefinitionDocument& document : documents.documents) {
      const domain::DefinitionVerdict verdict = out->ValidateDefinition(document.definition, {});
      for (const domain::DefinitionFinding& finding : verdict.findings)
        ADD_FAILURE() << document.name << ": " << ToText(finding);
      auto applied = out->Apply(document.definition, verdict.revision, verdict.new_items);
      if (!applied.ok()) {
        ADD_FAILURE() << document.name << ": " << applied.status();
        continue;
      }
      out = *std::move(applied);
    }
    return out;
  }();
  return *catalog;
}

// One cell as it could have been counted.
struct Cell {
  int32_t x = 0;
  int32_t n = 0;
  double lower = -1;  // Interval; −1 = the figure has no estimate.
  double upper = -1;
};

// The figures of four editions, by edition and cell.
class World {
 public:
  World() {
    Set("IND_RR.FRAME", {322, 441});
    Set("IND_FLUCT.ANSWERED", {253, 322, 0.762, 0.808});
    Set("IND_TARGET.WITH_PROGRAMME", {186, 300, 0.591, 0.649});
    Set("IND_TARGET.ALL", {186, 322, 0.549, 0.607});
    Set("IND_TARGET.WITH_PROGRAMME.unit_type=municipality", {180, 290, 0.59, 0.65});
    Set("IND_TARGET.ALL.unit_type=municipality", {180, 311, 0.55, 0.61});
    Set("IND_MGMT_ASKS.WITH_PROGRAMME", {234, 300, 0.755, 0.805});
    Set("IND_COMBINE.MUNICIPALITIES_WITH_PROGRAMME", {255, 290, 0.86, 0.9});
    Set("IND_COMBINE_NO.MUNICIPALITIES_WITH_PROGRAMME", {29, 290, 0.08, 0.12});
    Set("IND_BUSINESS.WITH_PROGRAMME", {261, 300, 0.85, 0.89});
    Set("IND_BUSINESS_NAV.COOPERATING", {226, 261, 0.84, 0.89});
    Set("IND_OWN_AGREEMENTS.WITH_PROGRAMME", {96, 300, 0.29, 0.35});
    Set("IND_OWN_AGREEMENTS.COOPERATING", {96, 261, 0.34, 0.4});
    Set("IND_SYS_IMPROVE.USERS", {151, 290, 0.49, 0.55});
    Set("IND_GUIDE_SYS.ANSWERED_BOTH", {200, 300, 0.6, 0.7});
    Set("IND_GUIDE_NIR.ANSWERED_BOTH", {190, 300, 0.6, 0.7});
    SetAreas(167, 152, 109);
    SetForms(226, 150);
    Set("IND_TARGET.WITH_PROGRAMME.unit_type=municipality", {113, 190}, "KU2014");
    Set("IND_TARGET.ALL.unit_type=municipality", {113, 203}, "KU2014");
    Set("IND_TARGET.WITH_PROGRAMME", {186, 310}, "KU2015");
    Set("IND_TARGET.ALL", {186, 337}, "KU2015");
    Set("IND_TARGET.WITH_PROGRAMME", {187, 312}, "KU2016");
    Set("IND_TARGET.ALL", {187, 335}, "KU2016");
    Set("IND_MGMT_ASKS.WITH_PROGRAMME", {228, 312}, "KU2016");
    Set("IND_COMBINE.MUNICIPALITIES_WITH_PROGRAMME", {240, 299}, "KU2016");
    Set("IND_BUSINESS.WITH_PROGRAMME", {262, 312}, "KU2016");
    Set("IND_OWN_AGREEMENTS.WITH_PROGRAMME", {81, 312}, "KU2016");
    Set("IND_OWN_AGREEMENTS.COOPERATING", {81, 262}, "KU2016");
  }

  void Set(const std::string& cell, Cell counts, const std::string& edition = "KU2017") {
    query_pb::Figure figure;
    figure.set_name(cell);
    figure.set_value(static_cast<double>(counts.x) / counts.n);
    figure.set_numerator(counts.x);
    figure.set_base(counts.n);
    if (counts.lower >= 0) {
      figure.mutable_estimate()->set_lower(counts.lower);
      figure.mutable_estimate()->set_upper(counts.upper);
    }
    figure.set_etag(cell + std::to_string(counts.x) + "/" + std::to_string(counts.n) + "[" +
                    std::to_string(counts.lower) + "," + std::to_string(counts.upper) + "]");
    figures_[edition][cell] = figure;
  }
  void SetNoValue(const std::string& cell, domain::CellState state,
                  const std::string& edition = "KU2017") {
    query_pb::Figure figure;
    figure.set_name(cell);
    *figure.mutable_no_value() = NoValueOf(state);
    figures_[edition][cell] = figure;
  }
  void Remove(const std::string& edition, const std::string& cell) {
    figures_[edition].erase(cell);
  }
  void RemoveEdition(const std::string& edition) { figures_.erase(edition); }
  void SetAreas(int32_t staffing, int32_t planning, int32_t finances, double p = 0.0001) {
    const std::string cell = "IND_FLUCT_AREA.CHALLENGED.answer=";
    for (int code = 1; code <= 11; ++code) Set(cell + std::to_string(code), {90, 253, 0.3, 0.4});
    Set(cell + "98", {200, 253, 0.3, 0.4});
    Set(cell + "1", {staffing, 253, 0.62, 0.7});
    Set(cell + "2", {planning, 253, 0.56, 0.64});
    Set(cell + "4", {finances, 253, 0.39, 0.47});
    pair_p_ = p;
  }
  void SetForms(int32_t nav, int32_t other, double p = 0.0001) {
    const std::string cell = "IND_BUSINESS_FORM.COOPERATING.answer=";
    for (int code = 1; code <= 10; ++code) Set(cell + std::to_string(code), {100, 261, 0.3, 0.4});
    Set(cell + "98", {0, 261, 0, 0.01});
    Set(cell + "1", {nav, 261, 0.84, 0.89});
    Set(cell + "8", {other, 261, 0.5, 0.6});
    pair_p_ = p;
  }

  void SetChangeP(const std::string& change, double p) { change_p_[change] = p; }

  query_pb::ClaimResult Judge(const std::string& id) const {
    return Judge(*Documents().FindEdition("KU2017")->claims.at(id).second);
  }
  query_pb::ClaimResult Judge(const model::Claim& claim) const {
    const auto find = [this](const std::string& in,
                             std::string_view cell) -> std::optional<query_pb::Figure> {
      const auto figures = figures_.find(in);
      if (figures == figures_.end()) return std::nullopt;
      const auto found = figures->second.find(std::string(cell));
      if (found == figures->second.end()) return std::nullopt;
      return found->second;
    };
    const std::function<std::shared_ptr<const domain::CompiledIndicator>(std::string_view)>
        find_indicator = [](std::string_view id) {
          const auto* entry = Documents().FindIndicator(id);
          return entry == nullptr ? nullptr : entry->compiled.at("KU2017");
        };
    const std::function<std::optional<query_pb::Figure>(std::string_view)> find_here =
        [&](std::string_view cell) { return find("KU2017", cell); };
    const std::function<std::optional<CountedChange>(std::string_view, int32_t)> count =
        [](std::string_view, int32_t) { return std::nullopt; };
    const FindOtherEdition others = [&](const std::string& other) -> std::optional<OtherEdition> {
      if (!figures_.contains(other)) return std::nullopt;
      return OtherEdition{
          .release = other == "KU2015" ? "editions/KU2015/releases/1" : "",
          .find = [find, other](std::string_view cell) { return find(other, cell); }};
    };
    const ClaimSources sources{
        .catalog = Documents(),
        .edition = *Documents().FindEdition("KU2017"),
        .find_indicator = find_indicator,
        .find = find_here,
        .find_pair = [&](std::string_view a, std::string_view b) -> std::optional<PairEvidence> {
          const auto one = find("KU2017", a);
          const auto two = find("KU2017", b);
          if (!one.has_value() || !two.has_value()) return std::nullopt;
          PairEvidence out;
          out.tested = true;
          out.pair.set_a(std::string(a));
          out.pair.set_b(std::string(b));
          out.pair.set_base(one->base());
          out.pair.set_a_yes(one->numerator());
          out.pair.set_b_yes(two->numerator());
          out.pair.set_difference(one->value() - two->value());
          out.pair.set_p(pair_p_);
          return out;
        },
        .find_change = [&](std::string_view name) -> std::optional<query_pb::ChangeFigure> {
          std::string cell(name.substr(0, name.find('@')));
          const auto indicator = find_indicator(cell.substr(0, cell.find('.')));
          for (const model::Comparison& comparison : indicator->definition().compare()) {
            const std::string group = "." + comparison.group();
            if (std::to_string(comparison.year()) != name.substr(name.find('@') + 1)) continue;
            if (group.size() > 1) cell.erase(cell.find(group), group.size());
            query_pb::ChangeFigure change =
                ChangeSince({Documents(), *Documents().FindEdition("KU2017"), *indicator, find_here,
                             count, others},
                            comparison, cell)
                    .figure;
            if (!change.has_value()) return change;
            // As it could have been tested.
            const auto p = change_p_.find(change.name());
            if (p != change_p_.end() && p->second < 0) return change;
            change.mutable_estimate()->set_value(change.value());
            change.mutable_estimate()->set_lower(change.value() - 0.03);
            change.mutable_estimate()->set_upper(change.value() + 0.03);
            change.mutable_estimate()->set_p(p == change_p_.end() ? 0.001 : p->second);
            change.set_tested(true);
            change.set_test_status(query_pb::CHANGE_TEST_STATUS_TESTED);
            return change;
          }
          return std::nullopt;
        },
        .find_ground = [&](std::string_view cell) -> std::optional<domain::TippingGround> {
          const auto figure = find("KU2017", cell);
          if (!figure.has_value() || figure->has_no_value()) return std::nullopt;
          return domain::TippingGround{figure->numerator(), figure->base(), 322, 119};
        }};
    std::vector<const model::Claim*> all;
    for (const auto& [id, one] : Documents().FindEdition("KU2017")->claims)
      all.push_back(one.second->name() == claim.name() ? &claim : one.second.get());
    return JudgeClaim(claim, 7, sources, TestIncreases(all, sources));
  }

 private:
  std::map<std::string, std::map<std::string, query_pb::Figure>> figures_;
  double pair_p_ = 0.0001;
  // By name of the change; 0.001 where nothing is said, and no test where it is below 0.
  std::map<std::string, double> change_p_ = {{"IND_TARGET.WITH_PROGRAMME@2015", 0.3},
                                             {"IND_TARGET.WITH_PROGRAMME@2016", 0.2}};
};

std::vector<query_pb::ClaimRemarkKind> KindsOf(const query_pb::ClaimResult& result) {
  std::vector<query_pb::ClaimRemarkKind> out;
  for (const query_pb::ClaimRemark& remark : result.remarks()) {
    EXPECT_FALSE(remark.text().nn().empty());
    EXPECT_FALSE(remark.text().nb().empty());
    EXPECT_FALSE(remark.text().en().empty());
    out.push_back(remark.kind());
  }
  return out;
}

// The bokmål text of the first remark of a kind.
std::string TextOf(const query_pb::ClaimResult& result, query_pb::ClaimRemarkKind kind) {
  for (const query_pb::ClaimRemark& remark : result.remarks())
    if (remark.kind() == kind) return remark.text().nb();
  return "no such remark";
}

TEST(Verdicts, AreThoseExpectedOnTheFixture) {
  const World world;
  const std::map<std::string, query_pb::Verdict> expected = {
      {"F00", kHolds},       {"F01", kAmong},       {"F02", kHolds}, {"F03", kAmong},
      {"F04", kAmong},       {"F05", kHolds},       {"F06", kHolds}, {"F07", kHolds},
      {"F08", kHolds},       {"F09", kHolds},       {"F10", kHolds}, {"F11", kUndecidable},
      {"F12", kUndecidable}, {"F13", kUndecidable},
  };
  EXPECT_EQ(Documents().FindEdition("KU2017")->claims.size(), expected.size());
  for (const auto& [id, verdict] : expected)
    EXPECT_EQ(world.Judge(id).verdict(), verdict) << id << world.Judge(id).DebugString();
}

TEST(Verdicts, SayWhatToBeCarefulOf) {
  const World world;
  EXPECT_THAT(KindsOf(world.Judge("F00")), IsEmpty());
  EXPECT_THAT(KindsOf(world.Judge("F01")),
              ElementsAre(query_pb::CLAIM_REMARK_KIND_INTERVAL_REACHES_OUT));
  EXPECT_THAT(KindsOf(world.Judge("F02")), IsEmpty());
  EXPECT_THAT(KindsOf(world.Judge("F03")),
              ElementsAre(query_pb::CLAIM_REMARK_KIND_INTERVAL_REACHES_OUT,
                          query_pb::CLAIM_REMARK_KIND_BASES_DISAGREE));
  EXPECT_THAT(KindsOf(world.Judge("F04")), Contains(query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_SHOWN));
  for (const char* id : {"F05", "F06", "F08", "F10"})
    EXPECT_THAT(KindsOf(world.Judge(id)),
                Not(Contains(query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_SHOWN)))
        << id;
  EXPECT_THAT(KindsOf(world.Judge("F08")), Contains(query_pb::CLAIM_REMARK_KIND_AMBIGUOUS_WORD));
  EXPECT_THAT(KindsOf(world.Judge("F11")), ElementsAre(query_pb::CLAIM_REMARK_KIND_FACT));
  EXPECT_THAT(KindsOf(world.Judge("F12")), ElementsAre(query_pb::CLAIM_REMARK_KIND_NO_NUMBER_STATED,
                                                       query_pb::CLAIM_REMARK_KIND_AMBIGUOUS_WORD));
  EXPECT_THAT(KindsOf(world.Judge("F13")),
              ElementsAre(query_pb::CLAIM_REMARK_KIND_NO_NUMBER_STATED));
}

TEST(Verdicts, AreWordedAsTheFindingsWordThem) {
  World world;
  const auto words = [&](const char* id) {
    const query_pb::ClaimResult result = world.Judge(id);
    return std::vector<std::string>{result.verdict_text().nn(), result.verdict_text().nb()};
  };
  EXPECT_THAT(words("F00"), ElementsAre("held", "holder"));
  EXPECT_THAT(words("F01"), ElementsAre("held blant dei som svarte, ikkje vist for alle",
                                        "holder blant dem som svarte, ikke vist for alle"));
  EXPECT_THAT(words("F12"), ElementsAre("kan ikkje avgjerast", "kan ikke avgjøres"));
  world.Set("IND_RR.FRAME", {300, 441});
  EXPECT_THAT(words("F00"), ElementsAre("motsagd av tala", "motsagt av tallene"));
}

// One change of answers, and what it makes of a sentence.
struct Flip {
  const char* what;
  const char* claim;
  void (*change)(World& world);
  query_pb::Verdict verdict;
  query_pb::ClaimRemarkKind remark;  // One that it brings; unspecified = none.
};
const Flip kFlips[] = {
    {"four units fewer answered", "F00",
     [](World& w) {
       w.Set("IND_RR.FRAME", {318, 441});
     },
     kContradicted, query_pb::CLAIM_REMARK_KIND_ROUNDS_OTHERWISE},
    {"five more are challenged: eight of ten", "F01",
     [](World& w) {
       w.Set("IND_FLUCT.ANSWERED", {258, 322, 0.78, 0.82});
     },
     kContradicted, query_pb::CLAIM_REMARK_KIND_NEAR_EDGE},
    {"the interval narrows into the words", "F01",
     [](World& w) {
       w.Set("IND_FLUCT.ANSWERED", {253, 322, 0.765, 0.7999});
     },
     kHolds, query_pb::CLAIM_REMARK_KIND_UNSPECIFIED},
    {"as many name finances as planning", "F02", [](World& w) { w.SetAreas(167, 152, 152); },
     kContradicted, query_pb::CLAIM_REMARK_KIND_NOT_HIGHER},
    {"planning is hardly above finances", "F02", [](World& w) { w.SetAreas(167, 152, 150, 0.4); },
     kAmong, query_pb::CLAIM_REMARK_KIND_PAIR_NOT_SHOWN},
    {"seven answers flipped: 59.7", "F03",
     [](World& w) {
       w.Set("IND_TARGET.WITH_PROGRAMME", {179, 300, 0.568, 0.625});
     },
     kContradicted, query_pb::CLAIM_REMARK_KIND_NEAR_EDGE},
    {"half of them", "F03",
     [](World& w) {
       w.Set("IND_TARGET.WITH_PROGRAMME", {150, 300, 0.47, 0.53});
     },
     kContradicted, query_pb::CLAIM_REMARK_KIND_INTERVAL_EXCLUDES},
    {"as high in 2015 already", "F04",
     [](World& w) {
       w.Set("IND_TARGET.WITH_PROGRAMME", {62, 100}, "KU2015");
     },
     kContradicted, query_pb::CLAIM_REMARK_KIND_NOT_HIGHER},
    {"higher among the municipalities of 2014", "F04",
     [](World& w) {
       w.Set("IND_TARGET.WITH_PROGRAMME.unit_type=municipality", {119, 190}, "KU2014");
     },
     kContradicted, query_pb::CLAIM_REMARK_KIND_NOT_HIGHER},
    {"fewer managements ask", "F05",
     [](World& w) {
       w.Set("IND_MGMT_ASKS.WITH_PROGRAMME", {219, 300});
     },
     kContradicted, query_pb::CLAIM_REMARK_KIND_NOT_HIGHER},
    {"fewer combine", "F06",
     [](World& w) {
       w.Set("IND_COMBINE.MUNICIPALITIES_WITH_PROGRAMME", {232, 290});
     },
     kContradicted, query_pb::CLAIM_REMARK_KIND_NOT_HIGHER},
    {"two more do not", "F07",
     [](World& w) {
       w.Set("IND_COMBINE_NO.MUNICIPALITIES_WITH_PROGRAMME", {31, 290});
     },
     kContradicted, query_pb::CLAIM_REMARK_KIND_ROUNDS_OTHERWISE},
    {"exactly as many cooperate as the year before", "F08",
     [](World& w) {
       w.Set("IND_BUSINESS.WITH_PROGRAMME", {262, 312});
     },
     kContradicted, query_pb::CLAIM_REMARK_KIND_ROUNDED_EQUAL},
    {"another form is used by more", "F09", [](World& w) { w.SetForms(149, 150); }, kContradicted,
     query_pb::CLAIM_REMARK_KIND_NOT_HIGHER},
    {"fewer have agreements", "F10",
     [](World& w) {
       w.Set("IND_OWN_AGREEMENTS.WITH_PROGRAMME", {77, 300});
     },
     kContradicted, query_pb::CLAIM_REMARK_KIND_NOT_HIGHER},
};

TEST(Verdicts, TurnWhenTheAnswersDo) {
  std::set<std::string> turned;
  for (const Flip& flip : kFlips) {
    SCOPED_TRACE(std::string(flip.claim) + ": " + flip.what);
    World world;
    const query_pb::ClaimResult before = world.Judge(flip.claim);
    flip.change(world);
    const query_pb::ClaimResult after = world.Judge(flip.claim);
    EXPECT_NE(before.verdict(), after.verdict());
    EXPECT_EQ(after.verdict(), flip.verdict) << after.DebugString();
    EXPECT_NE(before.etag(), after.etag());
    if (flip.remark != query_pb::CLAIM_REMARK_KIND_UNSPECIFIED) {
      EXPECT_THAT(KindsOf(after), Contains(flip.remark));
    }
    turned.insert(flip.claim);
  }
  EXPECT_EQ(turned.size(), 11u) << "every sentence that states something";
}

TEST(Verdicts, OfSentencesWithoutANumberNeverTurn) {
  World world;
  world.Set("IND_SYS_IMPROVE.USERS", {1, 290, 0, 0.02});
  world.Set("IND_GUIDE_SYS.ANSWERED_BOTH", {0, 300, 0, 0.01});
  for (const char* id : {"F11", "F12", "F13"})
    EXPECT_EQ(world.Judge(id).verdict(), kUndecidable) << id;
  EXPECT_EQ(world.Judge("F13").figures_size(), 2) << "the figures are shown all the same";
  EXPECT_EQ(world.Judge("F11").figures_size(), 0);
}

TEST(Remarks, CarryTheNumbers) {
  World world;
  EXPECT_EQ(TextOf(world.Judge("F03"), query_pb::CLAIM_REMARK_KIND_BASES_DISAGREE),
            "Et annet grunnlag sier noe annet: 57,8 prosent (186 av 322) på grunnlaget «Alle som "
            "svarte på undersøkelsen», 62,0 prosent (186 av 300) på grunnlaget «De som hadde "
            "deltakere i introduksjonsprogram og svarte».");
  EXPECT_EQ(TextOf(world.Judge("F03"), query_pb::CLAIM_REMARK_KIND_INTERVAL_REACHES_OUT),
            "For alle enheter går intervallet, 59,1 til 64,9 prosent, utenfor det ordene dekker: "
            "over 60 til under 70 prosent.");
  EXPECT_EQ(
      TextOf(world.Judge("F04"), query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_SHOWN),
      "Økningen siden 2015 er ikke vist for alle: +2,0 prosentpoeng, intervall −1,0 til +5,0, "
      "p = 0,300.");
  EXPECT_EQ(TextOf(world.Judge("F04"), query_pb::CLAIM_REMARK_KIND_ASSUMED_SAME),
            "At det er spurt om det samme i 2014, 2015 og 2016, er forutsatt, ikke dokumentert.");
  EXPECT_EQ(TextOf(world.Judge("F05"), query_pb::CLAIM_REMARK_KIND_ASSUMED_SAME),
            "At det er spurt om det samme i 2016, er forutsatt, ikke dokumentert.");
  world.Set("IND_TARGET.WITH_PROGRAMME", {179, 300, 0.568, 0.625});
  EXPECT_EQ(TextOf(world.Judge("F03"), query_pb::CLAIM_REMARK_KIND_NEAR_EDGE),
            "Andelen, 59,7 prosent (179 av 300), ligger nær en grense for ordene i setningen: 60 "
            "prosent.");
  EXPECT_EQ(TextOf(world.Judge("F03"), query_pb::CLAIM_REMARK_KIND_INTERVAL_REACHES_OUT),
            "For alle enheter er setningen ikke utelukket: intervallet, 56,8 til 62,5 prosent, går "
            "inn i det ordene dekker: over 60 til under 70 prosent.");
  EXPECT_THAT(KindsOf(world.Judge("F03")),
              Not(Contains(query_pb::CLAIM_REMARK_KIND_BASES_DISAGREE)))
      << "now both bases say no";
  world.Set("IND_RR.FRAME", {318, 441});
  EXPECT_EQ(TextOf(world.Judge("F00"), query_pb::CLAIM_REMARK_KIND_ROUNDS_OTHERWISE),
            "72,1 prosent (318 av 441) avrundes til 72, ikke 73.");
  world.SetAreas(167, 152, 152);
  EXPECT_EQ(TextOf(world.Judge("F02"), query_pb::CLAIM_REMARK_KIND_NOT_HIGHER),
            "«Planlegging av tjenestene» ligger ikke over «Økonomi og budsjett»: «Planlegging av "
            "tjenestene» 60,1 prosent (152 av 253), «Økonomi og budsjett» 60,1 prosent (152 av "
            "253).");
}

TEST(Ranking, IsPairwiseAgainstEveryOtherCategoryButThoseLeftOut) {
  const query_pb::ClaimResult areas = World().Judge("F02");
  EXPECT_EQ(areas.pairs_size(), 2 * 8) << "2 named, 8 others; other and don't know are left out";
  for (const query_pb::PairDifference& pair : areas.pairs()) {
    EXPECT_THAT(pair.a(), testing::AnyOf("IND_FLUCT_AREA.CHALLENGED.answer=1",
                                         "IND_FLUCT_AREA.CHALLENGED.answer=2"));
    EXPECT_THAT(pair.b(), Not(testing::EndsWith("=98")));
    EXPECT_THAT(pair.b(), Not(testing::EndsWith("=11")));
  }
  EXPECT_EQ(World().Judge("F09").pairs_size(), 8);
}

TEST(Increase, HoldsForAllOnlyWhereTheTestRejectsAmongThoseMadeTogether) {
  World world;
  EXPECT_EQ(world.Judge("F05").verdict(), kHolds);
  EXPECT_EQ(world.Judge("F05").test().family().size(), 5);
  // By itself it would reject, but not as one of five of which the others say nothing.
  world.SetChangeP("IND_MGMT_ASKS.WITH_PROGRAMME@2016", 0.04);
  for (const char* change :
       {"IND_COMBINE.MUNICIPALITIES_WITH_PROGRAMME@2016", "IND_BUSINESS.WITH_PROGRAMME@2016",
        "IND_OWN_AGREEMENTS.WITH_PROGRAMME@2016"})
    world.SetChangeP(change, 0.9);
  query_pb::ClaimResult result = world.Judge("F05");
  EXPECT_EQ(result.verdict(), kAmong);
  EXPECT_DOUBLE_EQ(result.test().p(), 0.04);
  EXPECT_DOUBLE_EQ(result.test().q(), 0.2);
  EXPECT_EQ(TextOf(result, query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_SHOWN),
            "Økningen er ikke vist for alle når det tas hensyn til at 5 slike setninger er prøvd: "
            "p = 0,040, justert 0,200.");
  // Without a test of one of its years a sentence is shown of nobody but those who answered.
  world.SetChangeP("IND_MGMT_ASKS.WITH_PROGRAMME@2016", -1);
  result = world.Judge("F05");
  EXPECT_EQ(result.verdict(), kAmong);
  EXPECT_FALSE(result.has_test());
  EXPECT_EQ(TextOf(result, query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_SHOWN),
            "Økningen siden 2016 kan ikke prøves: de to årene er ikke talt sammen.");
}

TEST(Increase, OverSeveralYearsNeedsEveryOneOfThemToReject) {
  World world;
  EXPECT_EQ(world.Judge("F04").verdict(), kAmong);
  EXPECT_DOUBLE_EQ(world.Judge("F04").test().p(), 0.3) << "the largest of the three";
  world.SetChangeP("IND_TARGET.WITH_PROGRAMME@2015", 0.001);
  EXPECT_EQ(world.Judge("F04").verdict(), kAmong) << "2016 does not reject";
  world.SetChangeP("IND_TARGET.WITH_PROGRAMME@2016", 0.001);
  EXPECT_EQ(world.Judge("F04").verdict(), kHolds);
  EXPECT_THAT(KindsOf(world.Judge("F04")),
              Not(Contains(query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_SHOWN)));
}

TEST(TippingNumbers, AreCountedForEveryKindOfSentence) {
  World world;
  EXPECT_EQ(world.Judge("F01").tipping().units(), 21);
  EXPECT_EQ(world.Judge("F03").tipping().units(), 14);
  EXPECT_EQ(
      world.Judge("F03").tipping().text().nb(),
      "14 av de 119 som ikke har sagt det, kunne snu setningen dersom resten svarer som de som "
      "svarte.");
  EXPECT_EQ(world.Judge("F04").tipping().turns(), "IND_TARGET.WITH_PROGRAMME@2015");
  EXPECT_EQ(world.Judge("F02").tipping().turns(), "IND_FLUCT_AREA.CHALLENGED.answer=4");
  const query_pb::ClaimResult before = world.Judge("F01");
  world.Set("IND_FLUCT.ANSWERED", {240, 322, 0.72, 0.77});
  const query_pb::Tipping against = world.Judge("F01").tipping();
  EXPECT_TRUE(against.makes_true()) << "240 of 322 is not nearly eight of ten";
  EXPECT_TRUE(against.upwards());
  EXPECT_EQ(against.text().en(), std::to_string(against.units()) +
                                     " of the 119 that did not say so would make the sentence "
                                     "true if the rest answer as those who answered.");
  EXPECT_FALSE(world.Judge("F11").has_tipping());
  EXPECT_FALSE(world.Judge("F12").has_tipping());
}

TEST(TippingNumbers, AreWordedByWhatHindersThem) {
  const domain::TippingPoint never{.units = std::nullopt, .upwards = true, .makes_true = true};
  domain::TippingPoint leaps = never;
  leaps.leaps = true;
  EXPECT_EQ(claim_texts::TippingWords(never, 3).nn(),
            "Ikkje eingong alle dei 3 som ikkje har sagt det, kan snu setninga.");
  EXPECT_EQ(
      claim_texts::TippingWords(leaps, 3).nn(),
      "Ikkje noko tal av dei 3 som ikkje har sagt det, får prosentdelen akkurat inn i det orda "
      "dekkjer, dersom resten svarer som dei som svarte.");
  EXPECT_EQ(claim_texts::TippingWords(never, 0).en(),
            "Everybody is in: nobody is left who could turn the sentence.");
  EXPECT_EQ(World().Judge("F00").tipping().text().nb(),
            "Svarprosenten er kjent: den er talt, ikke anslått.");
}

TEST(ChangeNotTestable, SaysWhyByWhatIsMissing) {
  query_pb::ChangeFigure change;
  change.mutable_earlier()->set_year(2016);
  const auto text = [&change] { return claim_texts::ChangeNotTestable(change).nb(); };
  EXPECT_EQ(text(), "Økningen siden 2016 kan ikke prøves: hvorfor er ikke oppgitt.");
  change.set_test_status(query_pb::CHANGE_TEST_STATUS_NO_DF);
  EXPECT_EQ(text(), "Økningen siden 2016 kan ikke prøves: for få svar i lagene.");
  change.mutable_estimate()->set_df(7);
  EXPECT_EQ(text(),
            "Økningen siden 2016 kan ikke prøves: svarene har ingen spredning å prøve mot.");
}

// Five of ten answered in one stratum and all ten in another: weights would say otherwise.
TEST(KnownChange, IsThatOfTheSharesCounted) {
  using State = domain::AnswerState;
  domain::PairCell thin;
  thin.At(State::kYes, State::kYes) = 5;
  thin.At(State::kSilent, State::kSilent) = 5;
  domain::PairCell full;
  full.At(State::kNo, State::kYes) = 4;
  full.At(State::kNo, State::kNo) = 6;
  std::vector<query_pb::ChangeStratum> strata;
  for (const domain::PairCell& cell : {thin, full}) {
    query_pb::ChangeStratum& stratum = strata.emplace_back();
    stratum.set_frame_earlier(10);
    stratum.set_frame_later(10);
    stratum.set_frame_both(10);
    stratum.mutable_states()->Add(cell.count.begin(), cell.count.end());
  }
  const query_pb::ChangeEstimate known = ChangeEstimateOf(strata, true);
  EXPECT_DOUBLE_EQ(known.earlier(), 5.0 / 15);
  EXPECT_DOUBLE_EQ(known.later(), 9.0 / 15);
  EXPECT_DOUBLE_EQ(known.value(), 9.0 / 15 - 5.0 / 15);
  EXPECT_EQ(known.lower(), known.value());
  EXPECT_EQ(known.upper(), known.value());
  EXPECT_FALSE(known.has_p());
  const query_pb::ChangeEstimate estimated = ChangeEstimateOf(strata, false);
  EXPECT_DOUBLE_EQ(estimated.earlier(), 10.0 / 20);
  EXPECT_DOUBLE_EQ(estimated.later(), 14.0 / 20);
}

TEST(JoinedStrata, AreNotJoinedForAnEditionThatHasNoneOfThem) {
  using State = domain::AnswerState;
  const auto plan = domain::PlanOf(Documents(), "KU2017");
  ASSERT_NE(plan, nullptr);
  const domain::Strata& strata = plan->strata();
  ASSERT_GT(strata.size(), 2u);
  ASSERT_EQ(strata[0].within_group, strata[1].within_group);
  std::vector<std::vector<domain::PairCell>> pairs(
      1, std::vector<domain::PairCell>(strata.size() + 1));
  for (domain::PairCell& cell : pairs[0]) {
    cell.frame_a = cell.frame_b = cell.frame_both = 10;
    cell.At(State::kYes, State::kNo) = 6;
    cell.At(State::kSilent, State::kSilent) = 4;
  }
  EXPECT_EQ(JoinStrata(strata, pairs).count, strata.size() + 1);
  domain::PairCell& late = pairs[0][0];
  late = {.frame_a = 0, .frame_b = 10, .frame_both = 0, .count = {}};
  late.At(State::kSilent, State::kYes) = 6;
  late.At(State::kSilent, State::kSilent) = 4;
  EXPECT_EQ(JoinStrata(strata, pairs).count, strata.size() + 1);
  late.At(State::kSilent, State::kYes) = 3;
  late.At(State::kSilent, State::kSilent) = 7;
  const JoinedStrata thin = JoinStrata(strata, pairs);
  EXPECT_EQ(thin.count, strata.size());
  EXPECT_EQ(thin.to[0], thin.to[1]);
}

TEST(Increase, ComparesWith2014OnMunicipalitiesOnly) {
  const query_pb::ClaimResult result = World().Judge("F04");
  ASSERT_EQ(result.changes_size(), 3);
  const query_pb::ChangeFigure& first = result.changes(0);
  EXPECT_EQ(first.name(), "IND_TARGET.WITH_PROGRAMME.unit_type=municipality@2014");
  EXPECT_EQ(first.later().figure(), "IND_TARGET.WITH_PROGRAMME.unit_type=municipality");
  EXPECT_EQ(first.later().numerator(), 180);
  EXPECT_EQ(
      first.earlier().figure(),
      "editions/KU2014/releases/live/figures/IND_TARGET.WITH_PROGRAMME.unit_type=municipality");
  EXPECT_EQ(first.earlier().numerator(), 113);
  EXPECT_EQ(first.earlier().year(), 2014);
  EXPECT_DOUBLE_EQ(first.value(), 180.0 / 290 - 113.0 / 190);
  EXPECT_THAT(first.relations(), ElementsAre(model::SERIES_RELATION_KIND_ASSUMED_SAME))
      << "INT01 is the same; that BAK05 is, is assumed";
  const query_pb::ChangeFigure& second = result.changes(1);
  EXPECT_EQ(second.name(), "IND_TARGET.WITH_PROGRAMME@2015");
  EXPECT_EQ(second.earlier_release(), "editions/KU2015/releases/1");
  EXPECT_EQ(second.earlier().figure(),
            "editions/KU2015/releases/1/figures/IND_TARGET.WITH_PROGRAMME");
}

TEST(Increase, CannotBeDecidedWhereAYearIsMissing) {
  World world;
  world.RemoveEdition("KU2016");
  query_pb::ClaimResult result = world.Judge("F05");
  EXPECT_EQ(result.verdict(), kUndecidable);
  EXPECT_THAT(KindsOf(result), ElementsAre(query_pb::CLAIM_REMARK_KIND_NO_VALUE));
  EXPECT_EQ(result.changes(0).no_value().reason(), query_pb::NO_VALUE_REASON_NOT_YET);
  EXPECT_EQ(TextOf(result, query_pb::CLAIM_REMARK_KIND_NO_VALUE),
            "Det finnes ikke noe endringstall fra 2016 til 2017: ikke klart ennå.");
  EXPECT_EQ(world.Judge("F04").verdict(), kUndecidable);
  world.Set("IND_TARGET.WITH_PROGRAMME", {1, 1}, "KU2015");
  EXPECT_EQ(world.Judge("F04").verdict(), kContradicted) << "one year speaks against it";

  World silent;
  silent.SetNoValue("IND_MGMT_ASKS.WITH_PROGRAMME", domain::CellState::kNoAnswer, "KU2016");
  result = silent.Judge("F05");
  EXPECT_EQ(result.verdict(), kUndecidable);
  EXPECT_EQ(result.changes(0).no_value().reason(), query_pb::NO_VALUE_REASON_NO_ANSWER);
  World unasked;
  unasked.Remove("KU2016", "IND_MGMT_ASKS.WITH_PROGRAMME");
  EXPECT_EQ(unasked.Judge("F05").changes(0).no_value().reason(),
            query_pb::NO_VALUE_REASON_NOT_ASKED);
}

TEST(Increase, CannotBeDecidedOverABreak) {
  model::Claim claim = *Documents().FindEdition("KU2017")->claims.at("F05").second;
  claim.mutable_increase()->add_years(2015);
  World world;
  world.Set("IND_MGMT_ASKS.WITH_PROGRAMME", {1, 300}, "KU2015");
  const query_pb::ClaimResult result = world.Judge(claim);
  EXPECT_EQ(result.verdict(), kUndecidable) << "however much lower the other year is";
  ASSERT_EQ(result.changes_size(), 2);
  EXPECT_TRUE(result.changes(0).has_value());
  EXPECT_EQ(result.changes(1).no_value().reason(), query_pb::NO_VALUE_REASON_SERIES_BREAK);
  EXPECT_THAT(result.changes(1).relations(),
              ElementsAre(model::SERIES_RELATION_KIND_BREAK_WORDING));
  EXPECT_EQ(TextOf(result, query_pb::CLAIM_REMARK_KIND_SERIES_BREAK),
            "Brudd i serien mellom 2015 og 2017 (annen ordlyd): det finnes ikke noe endringstall.");
}

TEST(Increase, OnAnotherBasisThatSaysOtherwiseIsShown) {
  World world;
  world.Set("IND_OWN_AGREEMENTS.COOPERATING", {120, 262}, "KU2016");
  const query_pb::ClaimResult result = world.Judge("F10");
  EXPECT_EQ(result.verdict(), kHolds);
  EXPECT_EQ(TextOf(result, query_pb::CLAIM_REMARK_KIND_BASES_DISAGREE),
            "Et annet grunnlag sier noe annet. På grunnlaget «De som samarbeider med lokalt "
            "næringsliv og svarte»: 45,8 prosent (120 av 262) i 2016, 36,8 prosent (96 av 261) i "
            "2017.");
}

TEST(Claims, WithoutAValueOrATestCannotBeDecided) {
  World world;
  world.SetNoValue("IND_FLUCT.ANSWERED", domain::CellState::kNotYet);
  const query_pb::ClaimResult result = world.Judge("F01");
  EXPECT_EQ(result.verdict(), kUndecidable);
  EXPECT_EQ(TextOf(result, query_pb::CLAIM_REMARK_KIND_NO_VALUE),
            "IND_FLUCT.ANSWERED har ingen verdi: ikke klart ennå.");
  EXPECT_EQ(result.figures_size(), 1) << "the figure is there, and says why it has no value";
  EXPECT_DOUBLE_EQ(result.range_lower(), 0.75);
  EXPECT_DOUBLE_EQ(result.range_upper(), 0.80);
  world.Remove("KU2017", "IND_RR.FRAME");
  EXPECT_EQ(world.Judge("F00").verdict(), kUndecidable);
  EXPECT_EQ(world.Judge("F00").figures_size(), 0);
  world.SetNoValue("IND_FLUCT_AREA.CHALLENGED.answer=1", domain::CellState::kNoAnswer);
  EXPECT_EQ(world.Judge("F02").verdict(), kUndecidable);
  model::Claim untested = *Documents().FindEdition("KU2017")->claims.at("F07").second;
  untested.clear_test();
  EXPECT_EQ(world.Judge(untested).verdict(), kUndecidable);
  EXPECT_THAT(KindsOf(world.Judge(untested)),
              ElementsAre(query_pb::CLAIM_REMARK_KIND_NO_TEST_STATED));
}

TEST(Claims, CarryRevisionAndATagOverWhatIsSaid) {
  const World world;
  const query_pb::ClaimResult result = world.Judge("F03");
  EXPECT_EQ(result.claim_revision(), 7);
  EXPECT_EQ(result.etag().size(), 32u);
  EXPECT_EQ(result.etag(), world.Judge("F03").etag());
  World earlier;
  earlier.Set("IND_TARGET.WITH_PROGRAMME", {185, 312}, "KU2016");
  EXPECT_NE(earlier.Judge("F04").etag(), world.Judge("F04").etag())
      << "a figure of another year counts where the sentence reads it";
  EXPECT_EQ(earlier.Judge("F03").etag(), result.etag());
  query_pb::ClaimResult changed = result;
  changed.add_remarks()->set_kind(query_pb::CLAIM_REMARK_KIND_SUPERSEDED);
  EXPECT_NE(EtagOf(changed), result.etag());
  changed = result;
  changed.mutable_claim()->mutable_text()->set_nn("anna");
  EXPECT_NE(EtagOf(changed), result.etag());
}

TEST(Claims, HaveAnotherTagForEveryNumberThatIsShown) {
  const World world;
  const query_pb::ClaimResult words = world.Judge("F03");
  const query_pb::ClaimResult increase = world.Judge("F04");
  const query_pb::ClaimResult ranking = world.Judge("F02");
  ASSERT_TRUE(words.has_range_lower());
  ASSERT_GT(increase.changes_size(), 0);
  ASSERT_GT(ranking.pairs_size(), 0);
  struct Edit {
    const char* what;
    const query_pb::ClaimResult& of;
    void (*edit)(query_pb::ClaimResult& result);
  };
  using Result = query_pb::ClaimResult;
  const Edit edits[] = {
      {"revision", words, [](Result& r) { r.set_claim_revision(8); }},
      {"range_lower", words, [](Result& r) { r.set_range_lower(0.5); }},
      {"range_upper", words, [](Result& r) { r.set_range_upper(0.99); }},
      {"no range", words, [](Result& r) { r.clear_range_upper(); }},
      {"earlier_release", increase,
       [](Result& r) { r.mutable_changes(0)->set_earlier_release("editions/KU2014/releases/9"); }},
      {"difference", ranking, [](Result& r) { r.mutable_pairs(0)->set_difference(0.5); }},
      {"standard_error", ranking, [](Result& r) { r.mutable_pairs(0)->set_standard_error(0.5); }},
      {"lower", ranking, [](Result& r) { r.mutable_pairs(0)->set_lower(-0.5); }},
      {"upper", ranking, [](Result& r) { r.mutable_pairs(0)->set_upper(0.5); }},
      {"df", ranking, [](Result& r) { r.mutable_pairs(0)->set_df(5); }},
      {"p", ranking, [](Result& r) { r.mutable_pairs(0)->set_p(0.5); }},
  };
  std::set<std::string> tags = {words.etag(), increase.etag(), ranking.etag()};
  for (const Edit& one : edits) {
    query_pb::ClaimResult changed = one.of;
    EXPECT_EQ(EtagOf(changed), one.of.etag());
    one.edit(changed);
    EXPECT_TRUE(tags.insert(EtagOf(changed)).second) << one.what;
  }
}

TEST(CellInGroup, SortsWhatStandsBehindTheBasis) {
  EXPECT_EQ(CellInGroup("IND_A.ALL", ""), "IND_A.ALL");
  EXPECT_EQ(CellInGroup("IND_A.ALL", "unit_type=municipality"), "IND_A.ALL.unit_type=municipality");
  EXPECT_EQ(CellInGroup("IND_A.ALL.answer=3", "unit_type=municipality"),
            "IND_A.ALL.answer=3.unit_type=municipality");
  EXPECT_EQ(CellInGroup("IND_A.ALL.answer=3", "also=1"), "IND_A.ALL.also=1.answer=3");
}

Comparability Of(const std::string& indicator, const std::string& earlier,
                 const std::string& cell = "") {
  const domain::Catalog& catalog = Documents();
  const auto& compiled = *catalog.FindIndicator(indicator)->compiled.at("KU2017");
  const auto& later = *catalog.FindEdition("KU2017");
  return cell.empty() ? Compare(catalog, later, *catalog.FindEdition(earlier), compiled)
                      : CompareCell(catalog, later, *catalog.FindEdition(earlier), compiled, cell);
}

TEST(Comparability, IsTheWeakestOverAllQuestionsThatAnIndicatorReads) {
  const Comparability target = Of("IND_TARGET", "KU2016");
  EXPECT_THAT(target.relations, ElementsAre(model::SERIES_RELATION_KIND_ASSUMED_SAME));
  EXPECT_TRUE(target.comparable);
  EXPECT_TRUE(target.assumed);
  const Comparability asks = Of("IND_MGMT_ASKS", "KU2014");
  EXPECT_THAT(asks.relations, ElementsAre(model::SERIES_RELATION_KIND_BREAK_WORDING));
  EXPECT_FALSE(asks.comparable);
  EXPECT_FALSE(asks.assumed);
  // The distribution's own question counts, beside those of its base.
  EXPECT_THAT(Of("IND_FLUCT_AREA", "KU2016").relations,
              ElementsAre(model::SERIES_RELATION_KIND_UNKNOWN));
  EXPECT_FALSE(Of("IND_FLUCT_AREA", "KU2016").comparable);
  EXPECT_THAT(
      Of("IND_GUIDE_SYS", "KU2016").relations,
      ElementsAre(model::SERIES_RELATION_KIND_NOT_ASKED, model::SERIES_RELATION_KIND_UNKNOWN));
  EXPECT_THAT(Of("IND_BUSINESS", "KU2014").relations,
              ElementsAre(model::SERIES_RELATION_KIND_TOPIC_ONLY));
  // SYS03 says nothing of 2014, and the edition of 2014 does not ask it.
  EXPECT_THAT(Of("IND_SYS_IMPROVE", "KU2014").relations,
              ElementsAre(model::SERIES_RELATION_KIND_NOT_ASKED));
  const Comparability rate = Of("IND_RR", "KU2015");
  EXPECT_THAT(rate.relations, ElementsAre(model::SERIES_RELATION_KIND_SAME));
  EXPECT_TRUE(rate.comparable);
  EXPECT_FALSE(rate.assumed);
  EXPECT_TRUE(Of("IND_TARGET", "KU2017").comparable);
  EXPECT_THAT(Of("IND_TARGET", "KU2017").relations, IsEmpty());
}

TEST(Comparability, OfACellKnowsInWhichGroupTheEditionsCoverTheSameUnits) {
  const auto is_break = ElementsAre(model::SERIES_RELATION_KIND_BREAK_BASE);
  EXPECT_THAT(Of("IND_RR", "KU2014", "IND_RR.FRAME").relations, is_break);
  EXPECT_FALSE(Of("IND_TARGET", "KU2014", "IND_TARGET.ALL").comparable);
  EXPECT_TRUE(Of("IND_TARGET", "KU2014", "IND_TARGET.ALL.unit_type=municipality").comparable);
  EXPECT_TRUE(Of("IND_TARGET", "KU2015", "IND_TARGET.ALL").comparable);
  EXPECT_THAT(Of("IND_TARGET", "KU2014", "IND_TARGET.ALL.unit_type=district").relations, is_break);
  EXPECT_THAT(Of("IND_MGMT_ASKS", "KU2014", "IND_MGMT_ASKS.WITH_PROGRAMME").relations,
              ElementsAre(model::SERIES_RELATION_KIND_BREAK_WORDING,
                          model::SERIES_RELATION_KIND_BREAK_BASE));
}

TEST(Comparability, ACellBreaksWhereOneEditionSurveysATypeOfUnitThatTheOtherDoesNot) {
  // Districts came in 2015; an automatic indicator declares no group.
  const domain::Catalog& catalog = Documents();
  const auto& edition = *catalog.FindEdition("KU2015");
  const auto automatic = domain::AutomaticIndicators(*edition.Current()->compiled, *edition.frame);
  const auto found = std::ranges::find(automatic, "Q_INT01", &domain::CompiledIndicator::id);
  ASSERT_NE(found, automatic.end());
  const auto breaks = [&](const std::string& earlier, const std::string& cell) {
    const Comparability relation =
        CompareCell(catalog, edition, *catalog.FindEdition(earlier), **found, cell);
    const bool is_break =
        std::ranges::find(relation.relations, model::SERIES_RELATION_KIND_BREAK_BASE) !=
        relation.relations.end();
    EXPECT_FALSE(is_break && relation.comparable);
    return is_break;
  };
  EXPECT_TRUE(breaks("KU2014", "Q_INT01.ANSWERED.answer=1"));
  EXPECT_FALSE(breaks("KU2014", "Q_INT01.ANSWERED.answer=1.unit_type=municipality"));
  EXPECT_FALSE(breaks("KU2016", "Q_INT01.ANSWERED.answer=1"));
  // Oslo's districts have a county, and no region.
  EXPECT_TRUE(breaks("KU2014", "Q_INT01.ANSWERED.answer=1.county=03"));
  EXPECT_FALSE(breaks("KU2014", "Q_INT01.ANSWERED.answer=1.county=02"));
  EXPECT_FALSE(breaks("KU2014", "Q_INT01.ANSWERED.answer=1.imdi_region=1"));
}

TEST(Comparability, OfAQuestionThatStatesNothingIsAssumedByItsConceptAtMost) {
  const domain::Catalog& catalog = Documents();
  const auto relation_with = [&](const std::string& concept_now, const std::string& concept_then) {
    std::shared_ptr<const domain::Catalog> changed = std::make_shared<domain::Catalog>(catalog);
    int64_t revision = 1'000;
    for (const auto& [name, concept_id] :
         {std::pair(std::string("editions/KU2016/questionnaires/1"), concept_then),
          {"editions/KU2017/questionnaires/1", concept_now}}) {
      model::Definition document = *catalog.Get(name);
      for (model::Question& question : *document.mutable_questionnaire()->mutable_questions()) {
        question.clear_series();
        question.set_concept_id(concept_id);
      }
      auto applied = changed->Apply(document, ++revision, {});
      EXPECT_TRUE(applied.ok()) << applied.status();
      if (applied.ok()) changed = *applied;
    }
    const auto& later = *changed->FindEdition("KU2017");
    return Compare(*changed, later, *changed->FindEdition("KU2016"),
                   *changed->FindIndicator("IND_TARGET")->compiled.at("KU2017"));
  };
  const Comparability assumed = relation_with("GOALS", "GOALS");
  EXPECT_THAT(assumed.relations, ElementsAre(model::SERIES_RELATION_KIND_ASSUMED_SAME));
  EXPECT_TRUE(assumed.comparable);
  EXPECT_TRUE(assumed.assumed);
  EXPECT_THAT(relation_with("GOALS", "PLANS").relations,
              ElementsAre(model::SERIES_RELATION_KIND_UNKNOWN));
  EXPECT_THAT(relation_with("", "").relations, ElementsAre(model::SERIES_RELATION_KIND_UNKNOWN));
}

}  // namespace
}  // namespace imdi::figures
