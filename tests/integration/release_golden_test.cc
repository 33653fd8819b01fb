// Every number of one whole release, the demonstration answers' KU2017, against a stored file:
// counts and states exactly, computed numbers within 1e-12. Where equal counts give another number
// the rules have moved, and kRuleVersion must be raised; the file is written anew only by
// IMDI_REGENERATE_GOLDEN=1, which then refuses to do so without that.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "clients/cli/definition_documents.h"
#include "services/aggregation/release_builder.h"
#include "services/base/crypto.h"
#include "services/base/log.h"
#include "services/base/text.h"
#include "services/figures/edition_figures.h"
#include "services/figures/release_content.h"
#include "tests/support/memory_ingestion.h"
#include "tests/unit/demo/demo_answers.h"

namespace imdi {
namespace {

namespace query_pb = survey::query::v1;
namespace store_pb = survey::store::v1;

constexpr double kTolerance = 1e-12;
constexpr double kNothing = 1e-15;  // Numbers below it are equal.
constexpr size_t kHashDigits = 12;

std::string Root() {
  const char* root = std::getenv("IMDI_ROOT");
  return root == nullptr ? "." : root;
}
std::string GoldenFile() { return Root() + "/tests/golden/release_KU2017.txt"; }

// One thing of the release: what must be equal to the bit, and what within the tolerance.
struct Entry {
  std::string exact;
  std::vector<double> numbers;
};
using Entries = std::map<std::string, Entry>;

std::string HashOf(std::string_view text) {
  return base::Hex(base::AsText(base::Sha256(text))).substr(0, kHashDigits);
}

Entry EntryOf(const store_pb::ReleaseFigure& stored) {
  const query_pb::Figure& figure = stored.figure();
  Entry out;
  out.exact = base::StrCat(
      figure.has_value() ? "VALUE" : query_pb::NoValueReason_Name(figure.no_value().reason()), " ",
      figure.numerator(), "/", figure.base(), " invited ", figure.invited(), " responded ",
      figure.responded(), " filter_unknown ", figure.filter_unknown(), " item_nonresponse ",
      figure.item_nonresponse());
  for (const auto* side : {&stored.strata(), &stored.domain_frame(), &stored.base(), &stored.yes()})
    base::StrAppend(out.exact, " [", base::StrJoin(*side, ","), "]");
  // What only figures of numbers have, and those under weights that a document gives.
  if (figure.unit() == "number")
    base::StrAppend(out.exact, " sum ", figure.sum(), "/", figure.denominator_sum(), " decimals ",
                    figure.sum_decimals(), "/", figure.denominator_decimals());
  for (const query_pb::Sums& sums : stored.sums())
    base::StrAppend(out.exact, " ", sums.a(), ",", sums.b(), ",", sums.aa(), ",", sums.bb(), ",",
                    sums.ab());
  if (figure.weight_set_revision() != 0)
    base::StrAppend(out.exact, " ", figure.weight_set(), "@", figure.weight_set_revision());
  if (figure.has_value()) out.numbers.push_back(figure.value());
  if (figure.rr1() != 0) out.numbers.push_back(figure.rr1());
  if (!figure.has_estimate()) return out;
  const query_pb::Estimate& estimate = figure.estimate();
  base::StrAppend(out.exact, " ", query_pb::IntervalMethod_Name(estimate.method()), " ",
                  query_pb::EstimateStatus_Name(estimate.status()), " df ", estimate.df(), " N ",
                  estimate.has_base_units() ? estimate.base_units() : -1, " M ",
                  estimate.may_belong(), " unrepresented ", estimate.unrepresented());
  if (estimate.unbounded() || estimate.lower_open() || estimate.upper_open())
    base::StrAppend(out.exact, estimate.unbounded() ? " unbounded" : "",
                    estimate.lower_open() ? " lower open" : "",
                    estimate.upper_open() ? " upper open" : "");
  for (const double number : {estimate.value(), estimate.lower(), estimate.upper(),
                              estimate.level(), estimate.standard_error(), estimate.effective_n(),
                              estimate.bound_lower(), estimate.bound_upper()})
    out.numbers.push_back(number);
  return out;
}

Entry EntryOf(const query_pb::ChangeFigure& change) {
  Entry out;
  out.exact = base::StrCat(
      change.has_value() ? "VALUE" : query_pb::NoValueReason_Name(change.no_value().reason()));
  for (const query_pb::SharePoint* point : {&change.later(), &change.earlier()}) {
    base::StrAppend(out.exact, " ", point->figure(), " ", point->year(), " ", point->numerator(),
                    "/", point->base());
    out.numbers.push_back(point->value());
  }
  base::StrAppend(out.exact, " [", base::StrJoin(change.relations(), ","), "] ",
                  change.earlier_release());
  if (change.has_value()) out.numbers.push_back(change.value());
  base::StrAppend(out.exact, " ", query_pb::ChangeTestStatus_Name(change.test_status()));
  if (change.has_estimate()) {
    const query_pb::ChangeEstimate& estimate = change.estimate();
    const query_pb::PanelCounts& panel = change.panel();
    base::StrAppend(out.exact, " df ", estimate.df(), " panel ", panel.yes_yes(), " ",
                    panel.yes_no(), " ", panel.no_yes(), " ", panel.no_no(), " ",
                    change.family().id(), " ", change.family().size());
    for (const double number :
         {estimate.value(), estimate.lower(), estimate.upper(), estimate.standard_error(),
          estimate.t(), estimate.p(), estimate.earlier(), estimate.later(),
          estimate.earlier_error(), estimate.later_error(), estimate.covariance(), panel.p_mid(),
          change.q(), change.bound_lower(), change.bound_upper()})
      out.numbers.push_back(number);
  }
  return out;
}

Entry EntryOf(const query_pb::Trend& trend) {
  Entry out;
  out.exact = base::StrCat("[", base::StrJoin(trend.years(), ","), "] df ", trend.df());
  out.numbers = {trend.slope(), trend.lower(),          trend.upper(),
                 trend.p(),     trend.standard_error(), trend.t()};
  for (const auto* side : {&trend.shares(), &trend.covariance()})
    out.numbers.insert(out.numbers.end(), side->begin(), side->end());
  return out;
}

Entry EntryOf(const store_pb::ChangeEvidence& evidence) {
  Entry out;
  for (const query_pb::ChangeStratum& stratum : evidence.strata()) {
    base::StrAppend(out.exact, " ", stratum.stratum(), " ", stratum.frame_earlier(), " ",
                    stratum.frame_later(), " ", stratum.frame_both(), " [",
                    base::StrJoin(stratum.states(), ","), "]");
  }
  return out;
}

Entry EntryOf(const query_pb::ClaimResult& claim) {
  Entry out;
  out.exact = query_pb::Verdict_Name(claim.verdict());
  for (const query_pb::ClaimRemark& remark : claim.remarks())
    base::StrAppend(out.exact, " ", query_pb::ClaimRemarkKind_Name(remark.kind()));
  for (const query_pb::Figure& figure : claim.figures())
    base::StrAppend(out.exact, " ", figure.name(), " ", figure.numerator(), "/", figure.base());
  if (claim.has_range_lower()) out.numbers.push_back(claim.range_lower());
  if (claim.has_range_upper()) out.numbers.push_back(claim.range_upper());
  for (const query_pb::ChangeFigure& change : claim.changes()) {
    const Entry one = EntryOf(change);
    base::StrAppend(out.exact, " {", one.exact, "}");
    out.numbers.insert(out.numbers.end(), one.numbers.begin(), one.numbers.end());
  }
  for (const query_pb::PairDifference& pair : claim.pairs()) {
    base::StrAppend(out.exact, " ", pair.a(), "-", pair.b(), " ", pair.a_yes(), " ", pair.b_yes(),
                    " ", pair.both_yes(), "/", pair.base(), " df ", pair.df());
    for (const double number : {pair.difference(), pair.standard_error(), pair.lower(),
                                pair.upper(), pair.p(), pair.bound_lower(), pair.bound_upper()})
      out.numbers.push_back(number);
  }
  const query_pb::Tipping& tipping = claim.tipping();
  base::StrAppend(out.exact, " tipping ", tipping.has_units() ? tipping.units() : -1, " of ",
                  tipping.may_belong(), " R ", tipping.settled(), " ", tipping.turns());
  if (claim.has_test()) {
    base::StrAppend(out.exact, " ", claim.test().family().id(), " ", claim.test().family().size());
    out.numbers.push_back(claim.test().p());
    out.numbers.push_back(claim.test().q());
  }
  return out;
}

Entries EntriesOf(const figures::ReleaseContent& content) {
  Entries out;
  const auto add = [&out](const std::string& key, Entry entry) {
    EXPECT_TRUE(out.emplace(key, std::move(entry)).second) << key << " stands twice";
  };
  for (const store_pb::ReleaseFigure& figure : content.figures)
    add("figure/" + figure.figure().name(), EntryOf(figure));
  for (const query_pb::ClaimResult& claim : content.claims)
    add("claim/" + claim.claim().name(), EntryOf(claim));
  for (const query_pb::ChangeFigure& change : content.changes)
    add("change/" + change.name(), EntryOf(change));
  for (const store_pb::ChangeEvidence& evidence : content.evidence)
    add("evidence/" + evidence.name(), EntryOf(evidence));
  for (const query_pb::Trend& trend : content.trends) add("trend/" + trend.cell(), EntryOf(trend));
  for (const query_pb::StratumEvidence& stratum : content.header.strata()) {
    add("stratum/" + stratum.stratum(),
        {.exact = base::StrCat(stratum.frame(), " ", stratum.responded()),
         .numbers = {stratum.weight()}});
  }
  for (const query_pb::WeightSetInfo& set : content.header.weight_sets()) {
    const std::string name = base::StrCat("weights/", set.name(), "@", set.revision());
    add(name, {.exact = base::StrCat(set.cells_size(), " cells, ", set.targets_size(), " targets"),
               .numbers = {set.smallest(), set.largest(), set.kish_design_effect()}});
    for (int i = 0; i < set.cells_size(); ++i) {
      const query_pb::StratumEvidence& cell = set.cells(i);
      add(base::StrCat(name, "/cell/", i),
          {.exact = base::StrCat(cell.stratum(), " ", base::StrJoin(cell.levels(), " "), " ",
                                 cell.frame(), " ", cell.responded(), " ", cell.cell_frame(), " ",
                                 cell.cell_responded()),
           .numbers = {cell.weight()}});
    }
    for (const query_pb::WeightTarget& target : set.targets())
      add(base::StrCat(name, "/target/", target.level()),
          {.exact = "", .numbers = {target.frame(), target.before(), target.after()}});
  }
  return out;
}

// The release's entries as the file has them: only the hash of what must be exact.
struct Golden {
  int rule_version = 0;
  std::string exact;  // Over everything exact.
  std::map<std::string, std::pair<std::string, std::vector<double>>> entries;
};

std::string ExactOf(const Entries& entries) {
  base::Sha256Stream hash;
  for (const auto& [key, entry] : entries) hash.Update(base::StrCat(key, "\n", entry.exact, "\n"));
  return base::Hex(base::AsText(hash.Finish()));
}

void Write(const Entries& entries) {
  std::ofstream out(GoldenFile());
  out << "rule_version " << figures::kRuleVersion << "\n";
  out << "exact " << ExactOf(entries) << "\n";
  for (const auto& [key, entry] : entries) {
    out << key << "\t" << HashOf(entry.exact) << "\t";
    for (size_t i = 0; i < entry.numbers.size(); ++i) {
      char text[32];
      std::snprintf(text, sizeof(text), "%.13g", entry.numbers[i]);
      out << (i == 0 ? "" : " ") << text;
    }
    out << "\n";
  }
}

Golden Read() {
  Golden out;
  std::ifstream in(GoldenFile());
  std::string word;
  in >> word >> out.rule_version >> word >> out.exact;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const size_t one = line.find('\t');
    const size_t two = line.find('\t', one + 1);
    if (two == std::string::npos) {
      ADD_FAILURE() << "not an entry: " << line;
      continue;
    }
    auto& [hash, numbers] = out.entries[line.substr(0, one)];
    hash = line.substr(one + 1, two - one - 1);
    std::istringstream rest(line.substr(two + 1));
    for (double number = 0; rest >> number;) numbers.push_back(number);
  }
  return out;
}

bool Near(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const double most = std::max(std::abs(a[i]), std::abs(b[i]));
    if (!(std::abs(a[i] - b[i]) <= std::max(kTolerance * most, kNothing))) return false;
  }
  return true;
}

std::string Say(const std::vector<double>& numbers) { return base::StrJoin(numbers, " "); }

class ReleaseGolden : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ingestion_ = new testing_support::MemoryIngestion;
    const cli::DefinitionDocuments documents =
        cli::LoadDefinitions({Root() + "/deploy/surveys/ku"});
    ASSERT_EQ(documents.problem_count, 0u);
    for (const cli::DefinitionDocument& document : documents.documents)
      ingestion_->Apply(document.definition);
    for (const cli::AnswersAction& action : demo_test::Demo().actions)
      std::visit([](const auto& request) { ingestion_->Do(request); }, action.request);
  }
  static void TearDownTestSuite() {
    delete ingestion_;
    ingestion_ = nullptr;
  }
  static figures::ReleaseContent Build() {
    auto built =
        aggregation::BuildRelease(*ingestion_, {}, "KU2017", query_pb::AUDIENCE_INTERNAL, 0);
    EXPECT_TRUE(built.ok()) << built.status();
    if (!built.ok()) return {};
    auto content = figures::ReadParts(built->parts);
    EXPECT_TRUE(content.ok()) << content.status();
    return content.ok() ? *std::move(content) : figures::ReleaseContent();
  }
  static inline testing_support::MemoryIngestion* ingestion_ = nullptr;
};

#if defined(__x86_64__)
// Where the processor fuses multiplications and additions, glibc's libm does too, and rounds exp of
// this number otherwise; release_golden_without_fma_test asks it not to.
TEST(Libm, IsTheVariantThatTheEnvironmentAsksFor) {
  const char* tunables = std::getenv("GLIBC_TUNABLES");
  const bool unfused =
      tunables != nullptr && std::string_view(tunables).find("-FMA,-FMA4") != std::string::npos;
  const bool can_fuse = (__builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2")) ||
                        __builtin_cpu_supports("fma4");
  const volatile double x = 3.625;
  EXPECT_EQ(std::bit_cast<uint64_t>(std::exp(x)),
            can_fuse && !unfused ? 0x4042c32a20e4f855U : 0x4042c32a20e4f854U);
}
#endif

TEST_F(ReleaseGolden, EveryNumberIsTheStoredOne) {
  const Entries now = EntriesOf(Build());
  ASSERT_GT(now.size(), 1'000u);
  const Golden golden = Read();
  const bool regenerate = std::getenv("IMDI_REGENERATE_GOLDEN") != nullptr;
  int moved = 0, counted = 0;
  for (const auto& [key, entry] : now) {
    const auto held = golden.entries.find(key);
    const bool same_counts =
        held != golden.entries.end() && held->second.first == HashOf(entry.exact);
    if (!same_counts) {
      ++counted;
      if (!regenerate && counted <= 10)
        ADD_FAILURE() << key
                      << (held == golden.entries.end() ? " is new: "
                                                       : " has other counts or states: ")
                      << entry.exact;
    } else if (!Near(held->second.second, entry.numbers)) {
      ++moved;
      if (moved <= 10 && (!regenerate || golden.rule_version == figures::kRuleVersion))
        ADD_FAILURE() << key << " of equal counts moved from " << Say(held->second.second) << " to "
                      << Say(entry.numbers) << ": raise kRuleVersion";
    }
  }
  int gone = 0;
  for (const auto& [key, held] : golden.entries) {
    if (now.contains(key)) continue;
    if (!regenerate && ++gone <= 10) ADD_FAILURE() << key << " is gone";
  }
  if (regenerate) {
    ASSERT_TRUE(moved == 0 || golden.rule_version != figures::kRuleVersion)
        << moved << " numbers moved under rule version " << figures::kRuleVersion
        << "; nothing was written";
    Write(now);
    GTEST_SKIP() << "written: " << now.size() << " entries, " << counted << " with other counts, "
                 << moved << " with other numbers";
  }
  EXPECT_EQ(moved + counted + gone, 0);
  EXPECT_EQ(golden.rule_version, figures::kRuleVersion)
      << "the file is of another rule version: look at what moved, then IMDI_REGENERATE_GOLDEN=1";
  EXPECT_EQ(golden.exact, ExactOf(now));
}

TEST_F(ReleaseGolden, EachStratumThatWasJoinedIsALineOfTheLogWithItsReason) {
  std::vector<std::string> lines;
  base::SetLogSink([&](std::string_view line) {
    if (line.find("\"stratum_collapsed\"") != std::string_view::npos) lines.emplace_back(line);
  });
  const figures::ReleaseContent content = Build();
  base::SetLogSink({});
  std::set<std::string> expected;
  const auto expect = [&](const std::string& joined_for, const auto& collapsed) {
    for (const query_pb::CollapsedStratum& one : collapsed) {
      expected.insert(base::StrCat(joined_for, "\",\"from\":\"", one.from(), "\",\"into\":\"",
                                   one.into(), "\",\"responded\":", one.responded(),
                                   ",\"reason\":\"", one.reason().en(), "\"}"));
    }
  };
  EXPECT_FALSE(content.header.collapsed().empty());
  expect("\"weight_set\":\"NONRESPONSE", content.header.collapsed());
  for (const query_pb::WeightSetInfo& set : content.header.weight_sets())
    expect(base::StrCat("\"weight_set\":\"", set.name()), set.collapsed());
  const size_t of_weights = expected.size();
  for (const store_pb::ChangeEvidence& change : content.evidence) {
    if (change.collapsed().empty()) continue;
    EXPECT_EQ(change.collapsed(0).years_size(), 2) << change.name();
    expect(base::StrCat("\"years\":\"", base::StrJoin(change.collapsed(0).years(), ",")),
           change.collapsed());
  }
  EXPECT_GT(expected.size(), of_weights) << "strata are joined for changes too";
  for (const query_pb::Trend& trend : content.trends)
    expect(base::StrCat("\"years\":\"", base::StrJoin(trend.years(), ",")), trend.collapsed());
  for (const std::string& part : expected) {
    const auto holds = [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    };
    EXPECT_TRUE(std::ranges::any_of(lines, holds)) << part;
  }
  for (const std::string& line : lines) {
    const auto is_of = [&](const std::string& part) {
      return line.find(part) != std::string::npos;
    };
    EXPECT_TRUE(std::ranges::any_of(expected, is_of)) << line;
  }
}

TEST_F(ReleaseGolden, TheHashIsTheSameWhateverTheChunksOfTheLog) {
  std::string first;
  for (const int64_t at_once : {7, 1, 500}) {
    ingestion_->read_at_once = at_once;
    auto built =
        aggregation::BuildRelease(*ingestion_, {}, "KU2017", query_pb::AUDIENCE_INTERNAL, 0);
    ASSERT_TRUE(built.ok()) << built.status();
    if (first.empty()) first = built->facts.content_hash();
    EXPECT_EQ(built->facts.content_hash(), first) << at_once;
  }
}

// The point, its interval and its logical bounds, in every pair that is served.
TEST_F(ReleaseGolden, EveryPointLiesInItsIntervalAndItsBounds) {
  int estimates = 0, unbounded = 0;
  for (const store_pb::ReleaseFigure& stored : Build().figures) {
    const query_pb::Figure& figure = stored.figure();
    if (!figure.estimate().has_value()) continue;
    ++estimates;
    const query_pb::Estimate& estimate = figure.estimate();
    EXPECT_LE(estimate.lower(), estimate.value()) << figure.name();
    EXPECT_LE(estimate.value(), estimate.upper()) << figure.name();
    if (estimate.unbounded()) {
      EXPECT_EQ(figure.unit(), "number") << figure.name();
      ++unbounded;
      continue;
    }
    EXPECT_LE(estimate.bound_lower(), estimate.lower()) << figure.name();
    EXPECT_LE(estimate.upper(), estimate.bound_upper()) << figure.name();
    if (figure.unit() != "fraction") continue;
    EXPECT_GE(estimate.bound_lower(), 0) << figure.name();
    EXPECT_LE(estimate.bound_upper(), 1) << figure.name();
  }
  EXPECT_GT(estimates, 500);
  EXPECT_GT(unbounded, 0);
}

}  // namespace
}  // namespace imdi
