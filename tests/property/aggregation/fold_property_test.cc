// The fold against a recount. The same random log is folded record by record, and in random chunks
// with restarts and failing writes in between; both must give the same state (definitions, every
// count, releases), a reader of the stream that comes and goes must have that state too, and the
// counts must be those that a plain recount of the final answers gives. The recount knows the small
// survey's routes and bases by hand and uses none of the house's rules.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/aggregation/aggregator.h"
#include "services/base/crypto.h"
#include "tests/support/campaign.h"
#include "tests/support/random.h"
#include "tests/unit/aggregation/figures_reader.h"
#include "tests/unit/aggregation/small_log.h"

namespace imdi::aggregation {
namespace {

namespace query_pb = survey::query::v1;

using testing_support::FiguresReader;
using testing_support::Random;
using testing_support::SharedFoldStore;
using testing_support::SmallAnswer;
using testing_support::SmallAnswers;
using testing_support::SmallLog;
using testing_support::SmallUnits;

const std::vector<std::string> kEditions = {"E1", "E2"};
const std::vector<std::string> kRegions = {"1", "2", "3", "4"};

// ---- The final state, kept by the test beside the log

struct Part {
  bool there = false;
  int version = 1;
  SmallAnswers answers;
};
struct UnitState {
  Part first, second;
  model::Disposition set_by_team = model::DISPOSITION_UNSPECIFIED;
  std::string region;  // "" = unknown.
  bool out_of_scope = false;
  bool district = false;
};
struct EditionState {
  std::map<std::string, UnitState> units;
  int version = 1;
  model::EditionState state = model::EDITION_STATE_OPEN;
};
struct World {
  std::map<std::string, EditionState> editions;
  bool ind_code_counts_two = false;  // IND_CODE's numerator is A1 in (1,2).
  std::map<std::string, int> indicator_revisions;
};

// ---- The recount: no, open, yes as 0, 1, 2; and = min.

constexpr int kNo = 0, kOpen = 1, kYes = 2;

enum class State {
  kAnswered,
  kBlank,
  kNotRouted,
  kFilterOpen,
  kNotInScope,
  kPartMissing,
  kNotFielded
};

struct Response {
  std::map<std::string, State> states;
  std::map<std::string, SmallAnswer> answers;  // Only what counts.
  model::Disposition disposition = model::DISPOSITION_NON_CONTACT;
  bool responded() const {
    return disposition == model::DISPOSITION_COMPLETE || disposition == model::DISPOSITION_PARTIAL;
  }
};

bool HasCode(const Response& response, const std::string& item, int code) {
  const auto found = response.answers.find(item);
  return found != response.answers.end() &&
         std::ranges::find(found->second.codes, code) != found->second.codes.end();
}

// Whether the answer to A1 is one of `codes`; 98 is as good as silence for a route.
int A1In(const Response& response, const std::set<int>& codes, bool dont_know_is_open) {
  if (response.states.at("A1") != State::kAnswered) return kOpen;
  const int code = response.answers.at("A1").codes.front();
  if (code == 98 && dont_know_is_open) return kOpen;
  return codes.contains(code) ? kYes : kNo;
}

Response Recount(const UnitState& unit, int current_version) {
  Response out;
  int answered[2] = {0, 0}, applicable[2] = {0, 0};
  const auto put = [&](const std::string& item, int part, bool in_scope, int route) {
    const Part& given = part == 0 ? unit.first : unit.second;
    State state = State::kBlank;
    const auto sent = given.answers.find(item);
    if (!in_scope)
      state = State::kNotInScope;
    else if (!given.there)
      state = State::kPartMissing;
    else if (item == "A9" && given.version < 2)
      state = State::kNotFielded;
    else if (route == kNo)
      state = State::kNotRouted;
    else if (route == kOpen)
      state = State::kFilterOpen;
    else if (sent != given.answers.end())
      state = State::kAnswered;
    if (state == State::kAnswered) {
      SmallAnswer answer = sent->second;
      // Version 2 swapped the codes of A8.
      if (item == "A8" && given.version < 2 && current_version >= 2)
        answer.codes = {3 - answer.codes.front()};
      out.answers[item] = answer;
    }
    out.states[item] = state;
    if (item == "G1") return;
    if (state == State::kAnswered) ++answered[part];
    if (state == State::kAnswered || state == State::kBlank) ++applicable[part];
  };
  put("A1", 0, true, kYes);
  put("A2", 0, true, A1In(out, {1, 2}, true));
  int ticked = 0;
  for (const int code : {1, 2, 3}) ticked += HasCode(out, "A2", code) ? 1 : 0;
  put("A3", 0, true,
      out.states["A2"] != State::kAnswered || HasCode(out, "A2", 98) ? kOpen
                                                                     : (ticked >= 2 ? kYes : kNo));
  put("A4", 0, true, A1In(out, {1}, true));
  put("A5.a", 0, true, kYes);
  put("A5.b", 0, true, kYes);
  put("A5.c", 0, true, A1In(out, {1}, true));
  put("A6", 0, true, kYes);
  put("A7", 0, !unit.district, kYes);
  put("A8", 0, unit.district, kYes);
  if (current_version >= 2) put("A9", 0, true, kYes);
  put("G1", 0, true, kYes);
  put("B1", 1, true, A1In(out, {1}, true));
  put("B2", 1, true, kYes);

  const bool there[2] = {unit.first.there, unit.second.there};
  bool complete = true, partial = false;
  for (const int part : {0, 1}) {
    complete = complete && there[part] && answered[part] * 100 >= applicable[part] * 80;
    partial = partial || (there[part] && answered[part] * 100 >= applicable[part] * 30);
  }
  if (unit.out_of_scope || unit.set_by_team == model::DISPOSITION_OUT_OF_SCOPE)
    out.disposition = model::DISPOSITION_OUT_OF_SCOPE;
  else if (there[0] || there[1])
    out.disposition = complete  ? model::DISPOSITION_COMPLETE
                      : partial ? model::DISPOSITION_PARTIAL
                                : model::DISPOSITION_BREAKOFF;
  else if (unit.set_by_team == model::DISPOSITION_REFUSAL)
    out.disposition = model::DISPOSITION_REFUSAL;
  return out;
}

struct Counts {
  int invited = 0, responded = 0, complete = 0, base = 0, numerator = 0, filter_open = 0, blank = 0,
      possible = 0, silent = 0;
};

enum class Stands { kIn, kFilterOpen, kBlank, kOut };

// `base_but_answered`: the base without answered(item), 98 as a code and 98 as silence.
Stands StandsOn(const Response& response, int plain, int open, const std::string& item) {
  const State state = response.states.at(item);
  const int routed = state == State::kAnswered || state == State::kBlank         ? kYes
                     : state == State::kNotRouted || state == State::kNotInScope ? kNo
                                                                                 : kOpen;
  if (plain == kYes && state == State::kAnswered) return Stands::kIn;
  if (std::min(plain, routed) == kYes) return Stands::kBlank;
  if (std::min(plain, routed) == kOpen || std::min(open, routed) == kOpen)
    return Stands::kFilterOpen;
  return Stands::kOut;
}

// Gives the standing and whether the unit is in the numerator.
std::pair<Stands, bool> Standing(const std::string& cell, const Response& response, bool two) {
  const auto is = [&](const std::string& item, int code) {
    return response.states.at(item) == State::kAnswered && HasCode(response, item, code);
  };
  const bool a1 = is("A1", 1) || (two && is("A1", 2));
  if (cell == "IND_CODE.ANSWERED") return {StandsOn(response, kYes, kYes, "A1"), a1};
  if (cell == "IND_CODE.ALL") return {Stands::kIn, a1};
  if (cell == "IND_DISTRICT.ANSWERED") return {StandsOn(response, kYes, kYes, "A8"), is("A8", 1)};
  if (cell == "IND_COUNT.ASKED") {
    int ticked = 0;
    for (const int code : {1, 2, 3}) ticked += is("A2", code) ? 1 : 0;
    return {StandsOn(response, A1In(response, {1, 2}, false), A1In(response, {1, 2}, true), "A2"),
            ticked >= 2};
  }
  if (cell == "IND_PARTS.ANSWERED")
    return {StandsOn(response, A1In(response, {1}, false), A1In(response, {1}, true), "B1"),
            is("B1", 1)};
  // IND_NUMBER.ASKED: A1 == 1 and A4 >= 0.
  const bool a4 =
      response.states.at("A4") == State::kAnswered && response.answers.at("A4").is_number;
  const int plain = std::min(A1In(response, {1}, false), a4 ? kYes : kOpen);
  const int open = std::min(A1In(response, {1}, true), a4 ? kYes : kOpen);
  const Stands stands = plain == kYes                     ? Stands::kIn
                        : plain == kOpen || open == kOpen ? Stands::kFilterOpen
                                                          : Stands::kOut;
  return {stands, a4 && response.answers.at("A4").number >= 105};
}

// The reason shown, by its SDMX-like name; "" = there is a value.
std::string Reason(const std::string& indicator, const Counts& counts, model::EditionState state) {
  if (indicator == "IND_X") return "NOT_ASKED";
  if (indicator == "IND_RR") {
    if (counts.invited == 0) return "NOT_APPLICABLE";
    return state == model::EDITION_STATE_DRAFT && counts.responded == 0 ? "NOT_YET" : "";
  }
  if (counts.base > 0) return "";
  if (counts.possible == 0) return "NOT_APPLICABLE";
  if (counts.blank > 0) return "NO_ANSWER";
  if (counts.filter_open > 0) return "FILTER_UNKNOWN";
  if (counts.silent == 0) return "NOT_APPLICABLE";
  return state == model::EDITION_STATE_CLOSED ? "NO_ANSWER" : "NOT_YET";
}

// Numerator and base of an automatic distribution's cell: Q_{item}.{basis}.answer={code}.
void ExpectAutomatic(const std::map<std::string, Response>& responses, const std::string& cell,
                     const query_pb::Figure& figure) {
  const size_t dot = cell.find('.');
  std::string item = cell.substr(2, dot - 2);
  if (item.starts_with("A5_")) item = std::string("A5.") + static_cast<char>(item[3] - 'A' + 'a');
  const size_t answer = cell.find(".answer=");
  ASSERT_NE(answer, std::string::npos) << cell;
  const int code = std::stoi(cell.substr(answer + 8));
  const bool substantive = cell.substr(dot + 1, answer - dot - 1) == "SUBSTANTIVE";
  int base = 0, numerator = 0;
  for (const auto& [unit, response] : responses) {
    if (!response.responded()) continue;
    if (response.states.at(item) != State::kAnswered) continue;
    if (substantive &&
        (HasCode(response, item, 96) || HasCode(response, item, 97) || HasCode(response, item, 98)))
      continue;
    ++base;
    if (HasCode(response, item, code)) ++numerator;
  }
  EXPECT_EQ(figure.base(), base) << cell;
  EXPECT_EQ(figure.numerator(), numerator) << cell;
}

// Mean and median of A4 of those who responded and gave a number, in tenths.
void ExpectNumbers(const std::map<std::string, Response>& responses, const EditionState& edition,
                   const std::string& cell, const query_pb::Figure& figure) {
  const size_t equals = cell.find('=');
  std::vector<int64_t> numbers;
  for (const auto& [code, unit] : edition.units) {
    if (equals != std::string::npos &&
        (unit.region.empty() ? "unknown" : unit.region) != cell.substr(equals + 1))
      continue;
    const Response& response = responses.at(code);
    if (response.responded() && response.states.at("A4") == State::kAnswered &&
        response.answers.at("A4").is_number)
      numbers.push_back(response.answers.at("A4").number);
  }
  EXPECT_EQ(figure.base(), static_cast<int>(numbers.size())) << cell;
  ASSERT_EQ(figure.has_value(), !numbers.empty()) << cell;
  if (numbers.empty()) return;
  std::ranges::sort(numbers);
  const int64_t sum = std::accumulate(numbers.begin(), numbers.end(), int64_t{0});
  if (cell.starts_with("NUM_MEAN")) {
    EXPECT_EQ(figure.sum(), sum) << cell;
    EXPECT_DOUBLE_EQ(figure.value(),
                     static_cast<double>(sum) / 10 / static_cast<double>(numbers.size()))
        << cell;
  } else {
    EXPECT_DOUBLE_EQ(figure.value(), static_cast<double>(numbers[(numbers.size() - 1) / 2]) / 10)
        << cell;
  }
}

void ExpectFigures(const World& world, const std::string& id, const Snapshot& snapshot) {
  const EditionState& edition = world.editions.at(id);
  EXPECT_EQ(testing_support::CatalogOf(snapshot)->FindEdition(id)->state, edition.state);
  bool unknown_region = false;
  std::map<std::string, Response> responses;
  for (const auto& [code, unit] : edition.units) {
    responses[code] = Recount(unit, edition.version);
    unknown_region = unknown_region || unit.region.empty();
  }
  std::set<std::string> wanted;
  for (const char* basis :
       {"IND_CODE.ANSWERED", "IND_CODE.ALL", "IND_COUNT.ASKED", "IND_DISTRICT.ANSWERED",
        "IND_NUMBER.ASKED", "IND_PARTS.ANSWERED", "IND_RR.FRAME", "IND_X.ANSWERED"}) {
    wanted.insert(basis);
    for (const std::string& region : kRegions)
      wanted.insert(std::string(basis) + ".region=" + region);
    if (unknown_region) wanted.insert(std::string(basis) + ".region=unknown");
  }
  std::set<std::string> got;
  int automatic = 0;
  int numeric = 0;
  for (const auto& [cell, figure] : testing_support::FiguresOf(snapshot, id)) {
    if (cell.starts_with("Q_")) {
      ExpectAutomatic(responses, cell, figure);
      ++automatic;
      continue;
    }
    if (cell.starts_with("NUM_")) {
      ExpectNumbers(responses, edition, cell, figure);
      ++numeric;
      continue;
    }
    got.insert(cell);
    const size_t dot = cell.find('.');
    const std::string indicator = cell.substr(0, dot);
    const std::string basis = cell.substr(0, cell.find('.', dot + 1));
    const size_t equals = cell.find('=');
    Counts counts;
    for (const auto& [code, unit] : edition.units) {
      if (equals != std::string::npos) {
        const std::string group = cell.substr(equals + 1);
        if ((unit.region.empty() ? "unknown" : unit.region) != group) continue;
      }
      const Response& response = responses.at(code);
      if (response.disposition == model::DISPOSITION_OUT_OF_SCOPE) continue;
      ++counts.invited;
      if (indicator != "IND_DISTRICT" || unit.district) {
        ++counts.possible;
        if (!response.responded()) ++counts.silent;
      }
      if (indicator == "IND_RR") ++counts.base;
      if (!response.responded()) continue;
      ++counts.responded;
      if (response.disposition == model::DISPOSITION_COMPLETE) ++counts.complete;
      if (indicator == "IND_RR") {
        ++counts.numerator;
      } else if (indicator != "IND_X") {
        const auto [stands, in_numerator] = Standing(basis, response, world.ind_code_counts_two);
        if (stands == Stands::kIn) {
          ++counts.base;
          if (in_numerator) ++counts.numerator;
        }
        if (stands == Stands::kFilterOpen) ++counts.filter_open;
        if (stands == Stands::kBlank) ++counts.blank;
      }
    }
    const std::string where = id + " " + cell;
    EXPECT_EQ(figure.invited(), counts.invited) << where;
    EXPECT_EQ(figure.responded(), counts.responded) << where;
    EXPECT_EQ(figure.base(), counts.base) << where;
    EXPECT_EQ(figure.numerator(), counts.numerator) << where;
    EXPECT_EQ(figure.filter_unknown(), counts.filter_open) << where;
    EXPECT_EQ(figure.item_nonresponse(), counts.blank) << where;
    const std::string reason = Reason(indicator, counts, edition.state);
    if (reason.empty()) {
      ASSERT_TRUE(figure.has_value()) << where;
      EXPECT_EQ(figure.value(), static_cast<double>(counts.numerator) / counts.base) << where;
    } else {
      ASSERT_TRUE(figure.has_no_value()) << where << ": " << reason;
      EXPECT_EQ(query_pb::NoValueReason_Name(figure.no_value().reason()),
                "NO_VALUE_REASON_" + reason)
          << where;
    }
    if (indicator == "IND_RR" && counts.invited > 0) {
      EXPECT_EQ(figure.rr1(), static_cast<double>(counts.complete) / counts.invited) << where;
    }
    EXPECT_EQ(figure.indicator_revision(), world.indicator_revisions.at(indicator)) << where;
    EXPECT_EQ(figure.etag().size(), 32u) << where;
  }
  EXPECT_EQ(got, wanted);
  EXPECT_GT(automatic, 40);
  EXPECT_EQ(numeric, unknown_region ? 12 : 10) << "two indicators, in all and by region";
}

// ---- A random history

// Version 2 adds A9 and swaps the codes of A8; version 3 is version 2 with another text and no
// recode of its own.
model::Questionnaire Version(const std::string& edition, int version) {
  model::Questionnaire out = testing_support::SmallQuestionnaire(edition, version);
  if (version >= 2)
    testing_support::AddQuestion(out, "A9", "A", model::QUESTION_TYPE_SINGLE, {1, 2});
  if (version == 2) {
    model::Recode& recode = *out.add_recodes();
    recode.set_item("A8");
    for (const auto& [from, to] : {std::pair{1, 2}, {2, 1}}) {
      model::CodePair& pair = *recode.add_pairs();
      pair.set_from(from);
      pair.set_to(to);
    }
  }
  if (version == 3) *out.mutable_questions(0)->mutable_text() = testing_support::Words("A1 again");
  return out;
}

SmallAnswers SomeAnswers(Random& random, int version, bool first, bool district) {
  SmallAnswers out;
  const int silence = 2 + random.Below(6);  // One in so many is left blank.
  const auto code = [&](const std::string& item, const std::vector<int>& codes) {
    if (!random.OneIn(silence)) out[item] = testing_support::Code(random.Of(codes));
  };
  if (!first) {
    code("B1", {1, 2, 98});
    if (!random.OneIn(silence)) out["B2"] = testing_support::Codes({1, 3});
    return out;
  }
  code("A1", {1, 1, 1, 2, 3, 98});
  if (!random.OneIn(silence))
    out["A2"] = testing_support::Codes(
        random.Of(std::vector<std::vector<int32_t>>{{1}, {1, 2}, {2, 3}, {90}, {98}}));
  code("A3", {1, 2, 3});
  if (!random.OneIn(silence))
    out["A4"] =
        random.OneIn(4) ? testing_support::Code(98) : testing_support::Number(random.Below(210));
  for (const char* row : {"A5.a", "A5.b", "A5.c"}) code(row, {1, 2, 97});
  if (!random.OneIn(silence)) out["A6"] = testing_support::Text();
  code(district ? "A8" : "A7", {1, 2});
  if (version >= 2) code("A9", {1, 2});
  code("G1", {1, 2});
  return out;
}

// Its method changes within a history; sums and medians of those who answered do not.
model::Definition Weights(bool linear) {
  model::Definition out;
  model::WeightSet& set = *out.mutable_weight_set();
  set.set_name("surveys/SMALL/weightSets/REGION");
  *set.mutable_title() = testing_support::Words("weights");
  set.set_method(linear ? model::WEIGHT_METHOD_LINEAR : model::WEIGHT_METHOD_POSTSTRATIFIED);
  set.add_margins()->add_attributes("region");
  return out;
}

model::Indicator Numeric(const std::string& id, model::IndicatorKind kind,
                         const std::string& weights) {
  model::Indicator out = testing_support::SmallIndicator(id, kEditions, "", {{"ALL", "responded"}});
  out.set_kind(kind);
  out.mutable_measure()->set_question("A4");
  out.set_weights(weights);
  return out;
}

class History {
 public:
  explicit History(Random& random) : random_(random) {
    // Compared with each other in half of the histories.
    if (random.OneIn(2))
      log.ApplySmallSurvey(kEditions, {2016, 2017});
    else
      log.ApplySmallSurvey(kEditions);
    log.Apply(Weights(false));
    log.Apply(Numeric("NUM_MEAN", model::INDICATOR_KIND_MEAN, ""));
    log.Apply(
        Numeric("NUM_MEDIAN", model::INDICATOR_KIND_QUANTILE, "surveys/SMALL/weightSets/REGION"));
    for (const std::string& id : kEditions) {
      EditionState& edition = world.editions[id];
      for (const auto& unit : SmallUnits()) {
        UnitState& state = edition.units[unit.code];
        state.region = unit.region;
        state.out_of_scope = unit.out_of_scope;
        state.district = std::string(unit.code).size() == 6;
      }
    }
    for (const model::Indicator& indicator : testing_support::SmallIndicators(kEditions))
      world.indicator_revisions[indicator.name().substr(11)] = 1;
  }

  void Step() {
    const std::string id = random_.OneIn(4) ? "E2" : "E1";
    EditionState& edition = world.editions[id];
    const std::string code = random_.Of(SmallUnits()).code;
    UnitState& unit = edition.units[code];
    const bool first = !random_.OneIn(3);
    const std::string part = first ? "first" : "second";
    Part& given = first ? unit.first : unit.second;
    switch (random_.Below(16)) {
      case 0:
        given = {};
        log.Withdraw(id, code, part);
        break;
      case 1: {
        unit.set_by_team = random_.Of(std::vector<model::Disposition>{
            model::DISPOSITION_REFUSAL, model::DISPOSITION_NON_CONTACT,
            model::DISPOSITION_OUT_OF_SCOPE});
        log.SetDisposition(id, code, unit.set_by_team);
        break;
      }
      case 2:
        if (edition.state == model::EDITION_STATE_CLOSED && random_.OneIn(2)) {
          // One unit may answer again, or no longer.
          const bool open = log.catalog().FindEdition(id)->reopened.contains(code);
          log.SetState(id, open ? model::EDITION_STATE_CLOSED : model::EDITION_STATE_OPEN, code);
        } else if (random_.OneIn(3)) {
          edition.state = edition.state == model::EDITION_STATE_OPEN ? model::EDITION_STATE_CLOSED
                                                                     : model::EDITION_STATE_OPEN;
          log.SetState(id, edition.state);
        }
        break;
      case 3:
        if (random_.OneIn(3)) ReviseIndicator();
        if (random_.OneIn(6)) log.Apply(Weights(linear_ = !linear_));
        break;
      case 4:
        if (random_.OneIn(2)) ReviseFrame(id);
        break;
      case 5:
        if (edition.version < 3 && random_.OneIn(4)) log.Apply(Version(id, ++edition.version));
        break;
      case 6: {
        store_pb::Record record;
        record.mutable_text_erased()->set_submission("editions/E1/submissions/0101.first@1");
        log.Append(record);
        break;
      }
      case 7:
        if (random_.OneIn(2)) WriteRelease(id);
        break;
      default:
        given.there = true;
        given.version = edition.version - (edition.version > 1 && random_.OneIn(3) ? 1 : 0);
        given.answers = SomeAnswers(random_, given.version, first, unit.district);
        log.Submit(id, code, part, given.answers, given.version);
    }
  }

  SmallLog log;
  World world;

 private:
  void ReviseIndicator() {
    world.ind_code_counts_two = !world.ind_code_counts_two;
    ++world.indicator_revisions["IND_CODE"];
    log.Apply(testing_support::SmallIndicator(
        "IND_CODE", kEditions, world.ind_code_counts_two ? "A1 in (1,2)" : "A1 == 1",
        {{"ANSWERED", "answered(A1)"}, {"ALL", "responded"}}));
  }
  // Some parts of a release, or what is left of one and its close. What was begun may be abandoned.
  void WriteRelease(const std::string& id) {
    Building& building = building_[id];
    if (building.id.empty() || random_.OneIn(6)) {
      building = {};
      building.id =
          base::Hex(base::AsText(base::Sha256(base::StrCat(id, log.head())))).substr(0, 32);
      const int parts = 1 + random_.Below(3);
      for (int part = 0; part < parts; ++part) {
        store_pb::ReleasePart content;
        if (part == 0) content.mutable_header()->set_edition(id);
        content.add_figures()->mutable_figure()->set_name(
            base::StrCat("IND.B.x=", log.head(), part));
        building.parts.push_back(content.SerializeAsString());
      }
    }
    while (building.written < building.parts.size()) {
      if (random_.OneIn(3)) return;
      log.AppendPart(id, building.id, static_cast<int32_t>(building.written),
                     building.parts[building.written]);
      ++building.written;
    }
    log.CloseRelease(id, building.id, building.parts);
    building = {};
  }
  void ReviseFrame(const std::string& id) {
    EditionState& edition = world.editions[id];
    model::Frame frame = testing_support::SmallFrame(id);
    frame.set_reason("revision " + std::to_string(log.head()));
    for (model::Unit& unit : *frame.mutable_units()) {
      UnitState& state = edition.units[unit.code()];
      if (random_.OneIn(5)) state.out_of_scope = !state.out_of_scope;
      if (random_.OneIn(3)) state.region = random_.OneIn(4) ? "" : random_.Of(kRegions);
      unit.set_out_of_scope(state.out_of_scope);
      unit.clear_attributes();
      if (!state.region.empty()) (*unit.mutable_attributes())["region"] = state.region;
    }
    log.Apply(frame);
  }
  struct Building {
    std::string id;
    std::vector<std::string> parts;
    size_t written = 0;
  };
  Random& random_;
  bool linear_ = false;
  std::map<std::string, Building> building_;
};

// ---- Two ways to fold the same log

// Everything that a reader who had nothing gets.
std::string HashOf(const Aggregator& aggregator) {
  return base::Hex(base::AsText(base::Sha256(testing_support::ReadAll(aggregator).Say())));
}

// What a reader lacks since `sent`; after a restart of either side it says itself what it has.
void Catch(FiguresReader& reader, const Aggregator& aggregator,
           std::shared_ptr<const Snapshot>& sent) {
  const std::shared_ptr<const Snapshot> next = aggregator.Current();
  if (next->log_id.empty()) return;
  const auto chunks =
      MakeChunks(*next, sent.get(), reader.Resume(),
                 [&](const ClosedRelease& release) { return aggregator.PartsOf(release); });
  ASSERT_TRUE(chunks.ok()) << chunks.status();
  reader.Take(*chunks);
  sent = next;
}

std::shared_ptr<Aggregator> OpenOn(const std::shared_ptr<SharedFoldStore::Disk>& disk) {
  auto out = Aggregator::Open(std::make_unique<SharedFoldStore>(disk));
  EXPECT_TRUE(out.ok()) << out.status();
  return *out;
}

// Followed from when the log had its first record: each chunk is published.
ingestion_pb::FollowLogResponse EarlyChunk(const SmallLog& log, int64_t from, int64_t to) {
  ingestion_pb::FollowLogResponse out = log.Chunk(from, to);
  out.mutable_head()->set_position(1);
  return out;
}

TEST(FoldProperty, CountsAndBytesFollowFromTheLogAloneHoweverItIsFolded) {
  const uint64_t seed = testing_support::CampaignSeed("fold");
  const auto rounds = static_cast<uint64_t>(testing_support::CampaignRounds(12));
  for (uint64_t round = 0; round < rounds; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + round * 1'000'003);
    History history(random);
    // Record by record.
    auto plain = OpenOn(std::make_shared<SharedFoldStore::Disk>());
    std::map<int64_t, std::string> hash_at;
    const auto fold_new = [&] {
      for (int64_t position = plain->cursor().position() + 1; position <= history.log.head();
           ++position) {
        ASSERT_TRUE(plain->Consume(EarlyChunk(history.log, position, position)).ok());
        hash_at[position] = HashOf(*plain);
      }
    };
    fold_new();
    const int steps = 60 + random.Below(120);
    for (int step = 0; step < steps; ++step) {
      history.Step();
      fold_new();
      if (!random.OneIn(20)) continue;
      for (const std::string& id : kEditions) ExpectFigures(history.world, id, *plain->Current());
      if (HasFailure()) return;
    }
    for (const std::string& id : kEditions) ExpectFigures(history.world, id, *plain->Current());

    // In chunks, with restarts, records that come twice, and writes that fail.
    const auto disk = std::make_shared<SharedFoldStore::Disk>();
    auto chunked = OpenOn(disk);
    FiguresReader reader;
    std::shared_ptr<const Snapshot> sent;
    while (chunked->cursor().position() < history.log.head()) {
      const int64_t reached = chunked->cursor().position();
      const int64_t from =
          std::max<int64_t>(1, reached + 1 - (random.OneIn(3) ? random.Below(5) : 0));
      const int64_t to = std::min<int64_t>(history.log.head(),
                                           reached + 1 + random.Below(random.OneIn(2) ? 4 : 60));
      if (random.OneIn(5)) disk->failing_writes = 1;
      const absl::Status consumed = chunked->Consume(EarlyChunk(history.log, from, to));
      if (consumed.ok()) {
        ASSERT_EQ(chunked->cursor().position(), to);
        ASSERT_EQ(HashOf(*chunked), hash_at.at(to)) << "at " << to;
      } else {
        ASSERT_EQ(consumed.code(), absl::StatusCode::kUnavailable) << consumed;
        ASSERT_EQ(chunked->cursor().position(), reached);
      }
      if (!random.OneIn(3)) {
        Catch(reader, *chunked, sent);
        ASSERT_EQ(reader.Say(), testing_support::ReadAll(*chunked).Say());
      }
      if (random.OneIn(8)) sent = nullptr;  // The stream ended.
      if (random.OneIn(4)) {
        sent = nullptr;
        chunked = OpenOn(disk);
        const int64_t after = chunked->cursor().position();
        if (after > 0) {
          ASSERT_EQ(HashOf(*chunked), hash_at.at(after)) << "after a restart at " << after;
        }
      }
    }
    EXPECT_EQ(HashOf(*chunked), hash_at.at(history.log.head()));
    Catch(reader, *chunked, sent);
    EXPECT_EQ(reader.Say(), testing_support::ReadAll(*plain).Say());
    // Aggregation's store thrown away.
    auto anew = OpenOn(std::make_shared<SharedFoldStore::Disk>());
    ASSERT_TRUE(anew->Consume(history.log.All()).ok());
    EXPECT_EQ(HashOf(*anew), hash_at.at(history.log.head()));
  }
}

}  // namespace
}  // namespace imdi::aggregation
