// Every number that the demonstration answers promise, counted one by one.

#include "tests/unit/demo/demo_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace imdi::demo_test {
namespace {

using ::testing::HasSubstr;

const std::vector<int> kTarget = {1};
const std::vector<int> kAsks = {1, 2, 3, 4};
const std::vector<int> kCombines = {1, 2, 3, 4, 5, 6, 7, 8};
const std::vector<int> kYes = {1, 2};

const Edition& In(const std::string& id) {
  const auto found = Demo().editions.find(id);
  if (found == Demo().editions.end()) throw std::out_of_range("no edition " + id);
  return found->second;
}
const Responses& Of(const std::string& id) { return In(id).counted; }

Is Ticks(const std::string& item, const std::vector<int>& codes) {
  return [=](const Response& response) { return Has(response.second, item, codes); };
}
Is Answers_(const std::string& item) {
  return [=](const Response& response) { return IsAnswered(response.second, item); };
}
Is HasProgramme() { return Ticks("BAK05", {1, 2}); }
Is Both(const Is& left, const Is& right) {
  return [=](const Response& response) { return left(response) && right(response); };
}
Is Municipality() {
  return [](const Response& response) { return !IsDistrict(response.first); };
}
Is District() {
  return [](const Response& response) { return IsDistrict(response.first); };
}

// Percent with one decimal, half away from zero, as an integer of tenths.
int Tenths(size_t numerator, size_t base) {
  return static_cast<int>(
      std::lround(1000.0 * static_cast<double>(numerator) / static_cast<double>(base)));
}

size_t Units(const std::string& edition, bool districts) {
  size_t units = 0;
  for (const auto& [code, unit] : In(edition).frame) units += IsDistrict(code) == districts ? 1 : 0;
  return units;
}

// Of the units in the base in both editions: yes–yes, yes–no, no–yes, no–no.
using Joint = std::array<size_t, 4>;
Joint JointCounts(const Is& base_before, const Is& base_now, const Is& yes) {
  Joint joint = {};
  for (const Response& now : Of("KU2017")) {
    const auto before = Of("KU2016").find(now.first);
    if (before == Of("KU2016").end() || !base_before(*before) || !base_now(now)) continue;
    ++joint[(yes(*before) ? 0u : 2u) + (yes(now) ? 0u : 1u)];
  }
  return joint;
}
Joint JointOfThoseWithProgramme(const Is& yes) {
  return JointCounts(HasProgramme(), HasProgramme(), yes);
}

TEST(DemoAnswers, SayInTheFileAndInPrintThatTheyAreInvented) {
  EXPECT_THAT(Demo().note, HasSubstr("Invented answers"));
  EXPECT_THAT(Demo().note, HasSubstr("No municipality or district gave them"));
  EXPECT_THAT(Demo().printed, HasSubstr("Invented answers"));
  EXPECT_THAT(Demo().bytes.substr(0, Demo().bytes.find('\n')), HasSubstr("Invented answers"));
}

TEST(DemoAnswers, StandBetweenTheOpeningAndTheClosingOfTheirEdition) {
  std::string open;
  std::vector<std::string> closed;
  for (const cli::AnswersAction& action : Demo().actions) {
    const auto* state = std::get_if<cli::ingestion_api::SetEditionStateRequest>(&action.request);
    if (state == nullptr) {
      EXPECT_EQ(action.edition, open) << "line " << action.line;
    } else if (state->state() == model::EDITION_STATE_OPEN) {
      EXPECT_EQ(open, "");
      open = action.edition;
    } else {
      closed.push_back(open);
      open.clear();
    }
  }
  EXPECT_THAT(closed, ::testing::ElementsAre("KU2014", "KU2015", "KU2016", "KU2017"));
}

TEST(DemoAnswers, CarryARequestIdOfTheirOwnInEveryLine) {
  std::set<std::string> ids;
  for (const cli::AnswersAction& action : Demo().actions) {
    const std::string id =
        std::visit([](const auto& request) { return request.request_id(); }, action.request);
    EXPECT_TRUE(ids.insert(id).second) << id;
  }
  EXPECT_EQ(ids.size(), Demo().actions.size());
}

TEST(DemoAnswers, ComeFromUnitsOfTheFrameOnly) {
  for (const auto& [id, edition] : Demo().editions) {
    for (const Response& response : edition.sent) {
      EXPECT_EQ(edition.frame.count(response.first), 1u) << id << " " << response.first;
    }
  }
}

struct EditionRow {
  const char* edition;
  size_t municipalities, districts, answered_municipalities, answered_districts, with_programme,
      own_target;
  int response_rate, of_programme, of_all;  // Tenths of a percent.
};
class FourEditions : public ::testing::TestWithParam<EditionRow> {};

TEST_P(FourEditions, GiveTheResponseAndTheOwnTarget) {
  const EditionRow& row = GetParam();
  const Responses& counted = Of(row.edition);
  EXPECT_EQ(Units(row.edition, /*districts=*/false), row.municipalities);
  EXPECT_EQ(Units(row.edition, /*districts=*/true), row.districts);
  EXPECT_EQ(Count(counted, Municipality()), row.answered_municipalities);
  EXPECT_EQ(Count(counted, District()), row.answered_districts);
  EXPECT_EQ(Tenths(counted.size(), row.municipalities + row.districts), row.response_rate);
  EXPECT_EQ(Count(counted, HasProgramme()), row.with_programme);
  EXPECT_EQ(Count(counted, Answers_("INT01")), row.with_programme);
  const size_t own_target = Count(counted, Ticks("INT01", kTarget));
  EXPECT_EQ(own_target, row.own_target);
  EXPECT_EQ(Tenths(own_target, row.with_programme), row.of_programme);
  EXPECT_EQ(Tenths(own_target, counted.size()), row.of_all);
}

INSTANTIATE_TEST_SUITE_P(
    DemoAnswers, FourEditions,
    ::testing::Values(EditionRow{"KU2014", 428, 0, 203, 0, 190, 113, 474, 595, 557},
                      EditionRow{"KU2015", 428, 15, 324, 13, 310, 186, 761, 600, 552},
                      EditionRow{"KU2016", 428, 15, 321, 14, 312, 187, 756, 599, 558},
                      EditionRow{"KU2017", 426, 15, 311, 11, 300, 186, 730, 620, 578}),
    [](const auto& test) { return std::string(test.param.edition); });

struct ShareRow {
  const char* what;
  const char* edition;
  Is base;
  Is yes;
  size_t count, of;
  int tenths;
};
class Shares : public ::testing::TestWithParam<ShareRow> {};

TEST_P(Shares, AreExact) {
  const ShareRow& row = GetParam();
  const size_t of = Count(Of(row.edition), row.base);
  const size_t count = Count(Of(row.edition), Both(row.base, row.yes));
  EXPECT_EQ(of, row.of);
  EXPECT_EQ(count, row.count);
  EXPECT_EQ(Tenths(count, of), row.tenths);
}

const Is kAll = [](const Response&) { return true; };
INSTANTIATE_TEST_SUITE_P(
    DemoAnswers, Shares,
    ::testing::Values(
        ShareRow{"INT05", "KU2016", Answers_("INT05"), Ticks("INT05", kAsks), 228, 312, 731},
        ShareRow{"INT05", "KU2017", Answers_("INT05"), Ticks("INT05", kAsks), 234, 300, 780},
        ShareRow{"NOR01any", "KU2016", Answers_("NOR01"), Ticks("NOR01", kCombines), 240, 299, 803},
        ShareRow{"NOR01any", "KU2017", Answers_("NOR01"), Ticks("NOR01", kCombines), 255, 290, 879},
        ShareRow{"NOR01no", "KU2016", Answers_("NOR01"), Ticks("NOR01", {90}), 47, 299, 157},
        ShareRow{"NOR01no", "KU2017", Answers_("NOR01"), Ticks("NOR01", {90}), 29, 290, 100},
        ShareRow{"NOR01unknown", "KU2016", Answers_("NOR01"), Ticks("NOR01", {98}), 12, 299, 40},
        ShareRow{"NOR01unknown", "KU2017", Answers_("NOR01"), Ticks("NOR01", {98}), 6, 290, 21},
        ShareRow{"NOR01code1", "KU2016", Answers_("NOR01"), Ticks("NOR01", {1}), 121, 299, 405},
        ShareRow{"NOR01code3", "KU2016", Answers_("NOR01"), Ticks("NOR01", {3}), 36, 299, 120},
        ShareRow{"ARB01", "KU2016", Answers_("ARB01"), Ticks("ARB01", kYes), 262, 312, 840},
        ShareRow{"ARB01", "KU2017", Answers_("ARB01"), Ticks("ARB01", kYes), 261, 300, 870},
        ShareRow{"ARB02code1", "KU2017", Answers_("ARB02"), Ticks("ARB02", {1}), 226, 261, 866},
        ShareRow{"ARB02code2ofcooperating", "KU2016", Answers_("ARB02"), Ticks("ARB02", {2}), 81,
                 262, 309},
        ShareRow{"ARB02code2ofcooperating", "KU2017", Answers_("ARB02"), Ticks("ARB02", {2}), 96,
                 261, 368},
        ShareRow{"ARB02code2ofall", "KU2016", Answers_("ARB01"), Ticks("ARB02", {2}), 81, 312, 260},
        ShareRow{"ARB02code2ofall", "KU2017", Answers_("ARB01"), Ticks("ARB02", {2}), 96, 300, 320},
        ShareRow{"BOS01", "KU2017", Answers_("BOS01"), Ticks("BOS01", kYes), 253, 322, 786},
        ShareRow{"BOS02code1", "KU2017", Answers_("BOS02"), Ticks("BOS02", {1}), 167, 253, 660},
        ShareRow{"BOS02code2", "KU2017", Answers_("BOS02"), Ticks("BOS02", {2}), 152, 253, 601},
        ShareRow{"BOS02code4", "KU2017", Answers_("BOS02"), Ticks("BOS02", {4}), 109, 253, 431},
        ShareRow{"SYS01", "KU2017", kAll, Ticks("SYS01", kYes), 290, 322, 901},
        ShareRow{"SYS03", "KU2017", Answers_("SYS03"), Ticks("SYS03", kYes), 151, 290, 521}),
    [](const auto& test) { return std::string(test.param.what) + "_" + test.param.edition; });

TEST(DemoAnswers, WantGuidanceInTheRowsAsStated) {
  const auto wanted = [](const char* row) {
    const size_t not_applicable = Count(Of("KU2017"), Ticks(row, {97}));
    return std::pair(Count(Of("KU2017"), Ticks(row, {3, 4})),
                     Count(Of("KU2017"), Answers_(row)) - not_applicable);
  };
  EXPECT_EQ(wanted("SYS06.a"), std::pair(size_t{171}, size_t{305}));
  EXPECT_EQ(wanted("SYS06.b"), std::pair(size_t{165}, size_t{305}));
  EXPECT_EQ(wanted("SYS06.c"), std::pair(size_t{150}, size_t{300}));
  EXPECT_EQ(wanted("SYS06.d"), std::pair(size_t{147}, size_t{300}));
}

TEST(DemoAnswers, RankStaffingPlanningAndNavsNetworkFirst) {
  for (int code = 3; code <= 11; ++code) {
    if (code != 4) {
      EXPECT_LT(Count(Of("KU2017"), Ticks("BOS02", {code})), 109u) << "BOS02 code " << code;
    }
  }
  for (const char* edition : {"KU2016", "KU2017"}) {
    const size_t cooperate = Count(Of(edition), Answers_("ARB02"));
    const size_t nav = Count(Of(edition), Ticks("ARB02", {1}));
    for (const int code : {2, 3, 4, 5, 6, 7, 8, 9, 10, 98}) {
      const size_t count = Count(Of(edition), Ticks("ARB02", {code}));
      EXPECT_LE(count * 100, cooperate * 60) << edition << " ARB02 code " << code;
      EXPECT_LT(count, nav) << edition << " ARB02 code " << code;
    }
  }
}

TEST(DemoAnswers, EndIn2017AsTheOutcomeSays) {
  const Edition& edition = In("KU2017");
  EXPECT_EQ(edition.complete, 303u);
  EXPECT_EQ(edition.partial, 19u);
  EXPECT_EQ(edition.breakoff, 6u);
  EXPECT_EQ(edition.disposed.at("refusal").size(), 4u);
  EXPECT_EQ(edition.disposed.at("non_contact").size(), 109u);
  std::set<std::string> units = edition.disposed.at("refusal");
  units.insert(edition.disposed.at("non_contact").begin(),
               edition.disposed.at("non_contact").end());
  for (const Response& response : edition.sent) units.insert(response.first);
  EXPECT_EQ(units.size(), 441u) << "each unit ends in one way only";
  EXPECT_EQ(units.size(), edition.frame.size());
  EXPECT_EQ(Tenths(edition.complete, 441), 687) << "RR1";
  EXPECT_EQ(Tenths(edition.complete + edition.partial, 441), 730) << "RR2";
}

TEST(DemoAnswers, HaveNoBreakoffsInTheEarlierEditions) {
  for (const char* id : {"KU2014", "KU2015", "KU2016"}) {
    EXPECT_EQ(In(id).breakoff, 0u) << id;
    EXPECT_EQ(In(id).sent.size(), In(id).complete) << id;
  }
}

TEST(DemoAnswers, AnswerInBothEditionsAsTheJointCountsSay) {
  EXPECT_EQ(
      Count(Of("KU2017"), [](const Response& now) { return Of("KU2016").count(now.first) > 0; }),
      260u);
  EXPECT_EQ(JointOfThoseWithProgramme(Ticks("INT01", kTarget)), (Joint{130, 14, 20, 76}));
  EXPECT_EQ(JointOfThoseWithProgramme(Ticks("INT05", kAsks)), (Joint{160, 15, 28, 37}));
  EXPECT_EQ(JointOfThoseWithProgramme(Ticks("ARB01", kYes)), (Joint{195, 7, 14, 24}));
  EXPECT_EQ(JointOfThoseWithProgramme(Ticks("ARB02", {2})), (Joint{52, 10, 24, 154}));
  EXPECT_EQ(JointCounts(Answers_("NOR01"), Answers_("NOR01"), Ticks("NOR01", kCombines)),
            (Joint{180, 5, 22, 23}));
}

TEST(DemoAnswers, GiveNoPanelUnitAPredecessorThatAlsoAnswered) {
  for (const Response& now : Of("KU2017")) {
    for (const std::string& before : In("KU2017").frame.at(now.first).predecessors()) {
      if (before != now.first) {
        EXPECT_EQ(Of("KU2016").count(before), 0u) << before << " became " << now.first;
      }
    }
  }
}

TEST(DemoAnswers, CompareWith2014OnMunicipalitiesOnly) {
  const Is programme = HasProgramme();
  const Is target = Ticks("INT01", kTarget);
  EXPECT_EQ(Count(Of("KU2017"), Both(Municipality(), programme)), 290u);
  EXPECT_EQ(Count(Of("KU2017"), Both(Municipality(), target)), 180u);
  EXPECT_EQ(Count(Of("KU2017"), Both(District(), programme)), 10u);
  EXPECT_EQ(Count(Of("KU2017"), Both(District(), target)), 6u);
  EXPECT_EQ(Count(Of("KU2014"), District()), 0u);
}

TEST(DemoAnswers, LeaveTheBoundsAndTippingNumbersThatAreStated) {
  const double silent = 441.0 - static_cast<double>(Of("KU2017").size());
  EXPECT_EQ(silent, 119.0);
  const double target = static_cast<double>(Count(Of("KU2017"), Ticks("INT01", kTarget)));
  EXPECT_NEAR(100 * target / (300 + silent), 44.4, 0.05);
  EXPECT_NEAR(100 * (target + silent) / (300 + silent), 72.8, 0.05);
  // The smallest number of the silent that must answer against, so that the sentence no longer
  // holds.
  const auto tipping = [&](double yes, double base, const std::function<bool(double)>& holds) {
    int against = 0;
    while (holds(100 * (yes + (silent - against) * yes / base) / (base + silent))) ++against;
    return against;
  };
  const double fluctuations = static_cast<double>(Count(Of("KU2017"), Ticks("BOS01", kYes)));
  EXPECT_EQ(tipping(fluctuations, 322, [](double percent) { return percent >= 75; }), 21);
  EXPECT_EQ(tipping(target, 300, [](double percent) { return percent > 60; }), 14);
}

TEST(DemoAnswers, StandOnAFrameWithTheNationalPopulation) {
  int64_t municipalities = 0;
  int64_t districts = 0;
  for (const auto& [code, unit] : In("KU2017").frame) {
    (IsDistrict(code) ? districts : municipalities) += unit.population();
  }
  const int64_t oslo = In("KU2017").frame.at("0301").population() - districts;
  EXPECT_GE(oslo, 0) << "the districts cannot hold more than Oslo";
  EXPECT_EQ(municipalities, 5'258'317);
}

TEST(DemoAnswers, HoldTwoCorrectionsAndOneWithdrawal) {
  std::vector<std::pair<std::string, std::string>> corrections;
  std::vector<std::string> withdrawn;
  std::map<std::pair<std::string, std::string>, const cli::ingestion_api::SubmissionDraft*> first;
  for (const cli::AnswersAction& action : Demo().actions) {
    const std::pair key(action.edition, action.unit);
    if (const auto* submit = std::get_if<cli::ingestion_api::SubmitRequest>(&action.request)) {
      const auto [earlier, is_first] = first.emplace(key, &submit->submission());
      if (is_first) continue;
      EXPECT_EQ(submit->expected_revision(), 1);
      EXPECT_NE(earlier->second->SerializeAsString(), submit->submission().SerializeAsString());
      corrections.push_back(key);
    } else if (std::holds_alternative<cli::ingestion_api::WithdrawRequest>(action.request)) {
      EXPECT_EQ(first.count(key), 1u);
      withdrawn.push_back(action.unit);
    }
  }
  ASSERT_EQ(corrections.size(), 2u);
  EXPECT_NE(corrections[0], corrections[1]);
  for (const auto& [edition, unit] : corrections) {
    EXPECT_EQ(edition, "KU2017");
    EXPECT_EQ(Of("KU2017").count(unit), 1u);
  }
  ASSERT_EQ(withdrawn.size(), 1u);
  EXPECT_EQ(In("KU2017").disposed.at("refusal").count(withdrawn[0]), 1u)
      << "who withdraws counts as a refusal";
}

TEST(DemoAnswers, TickEveryCodeOfEveryQuestion) {
  for (const auto& [id, edition] : Demo().editions) {
    std::map<std::string, std::set<int>> missing;
    for (const Item& item : edition.items) {
      for (const int code : item.codes) {
        if (Count(edition.counted, Ticks(item.id, {code})) == 0) missing[item.id].insert(code);
      }
    }
    EXPECT_EQ(missing, (std::map<std::string, std::set<int>>{})) << id;
  }
}

TEST(DemoAnswers, AnswerEveryItemInTheFormOfItsType) {
  for (const auto& [id, edition] : Demo().editions) {
    std::map<std::string, const Item*> items;
    for (const Item& item : edition.items) items[item.id] = &item;
    for (const auto& [unit, answers] : edition.sent) {
      for (const auto& [name, answer] : answers) {
        ASSERT_EQ(items.count(name), 1u) << id << " " << unit << " " << name;
        const model::Question& question = *items[name]->question;
        const std::string where = id + " " + unit + " " + name;
        switch (question.type()) {
          case model::QUESTION_TYPE_MULTI: {
            const auto& codes = answer.codes().codes();
            ASSERT_TRUE(answer.has_codes() && !codes.empty()) << where;
            EXPECT_EQ(std::set<int>(codes.begin(), codes.end()).size(),
                      static_cast<size_t>(codes.size()))
                << where;
            for (const int alone : question.exclusive()) {
              if (Has(answers, name, {alone})) {
                EXPECT_EQ(codes.size(), 1) << where;
              }
            }
            break;
          }
          case model::QUESTION_TYPE_NUMERIC:
            if (answer.has_code()) {
              EXPECT_EQ(answer.code(), 98) << where;
            } else {
              ASSERT_TRUE(answer.has_number()) << where;
              EXPECT_GE(answer.number(), question.numeric().min()) << where;
              EXPECT_LE(answer.number(), question.numeric().max()) << where;
            }
            break;
          case model::QUESTION_TYPE_TEXT:
            EXPECT_FALSE(answer.text().empty()) << where;
            break;
          default:
            ASSERT_TRUE(answer.has_code()) << where;
        }
        for (const model::OtherText& other : answer.other_texts()) {
          EXPECT_TRUE(Has(answers, name, {other.code()})) << where;
        }
        if (!question.options_from().empty()) {
          EXPECT_TRUE(Has(answers, question.options_from(), {answer.code()})) << where;
        }
      }
    }
  }
}

TEST(DemoAnswers, TakeEveryRouteAndLeaveItToo) {
  for (const auto& [id, edition] : Demo().editions) {
    for (const Item& item : edition.items) {
      // The document and the copy by hand agree on which items are asked of some only.
      bool routed = !item.question->route().empty();
      for (const model::Row& row : item.question->rows()) {
        routed =
            routed || (item.question->id() + "." + row.row() == item.id && !row.route().empty());
      }
      ASSERT_EQ(routed, IsRouted(item.id)) << id << " " << item.id;
      size_t taken = 0;
      size_t left = 0;
      size_t out_of_scope = 0;
      for (const auto& [unit, answers] : edition.sent) {
        const Asked asked = IsAsked(item.id, unit, answers);
        const bool answered = IsAnswered(answers, item.id);
        EXPECT_TRUE(asked == Asked::kYes || !answered)
            << id << " " << item.id << " " << unit << ": not asked";
        if (edition.counted.count(unit) == 0) continue;
        taken += asked == Asked::kYes && answered ? 1 : 0;
        left += asked == Asked::kNo ? 1 : 0;
        out_of_scope += asked == Asked::kOutOfScope ? 1 : 0;
      }
      EXPECT_GT(taken, 0u) << id << " " << item.id;
      if (routed) {
        EXPECT_GT(left, 0u) << id << " " << item.id;
      }
      if (item.question->scope() == model::SCOPE_MUNICIPALITY) {
        EXPECT_EQ(out_of_scope, Count(edition.counted, District())) << id << " " << item.id;
      } else {
        EXPECT_EQ(out_of_scope, 0u) << id << " " << item.id;
      }
    }
  }
}

TEST(DemoAnswers, LeaveAFilterBlankSomewhere) {
  size_t unknown = 0;
  for (const Item& item : In("KU2017").items) {
    unknown += Count(Of("KU2017"), [&](const Response& response) {
      return IsAsked(item.id, response.first, response.second) == Asked::kFilterUnknown &&
             IsAsked(std::string("BAK03"), response.first, response.second) == Asked::kYes;
    });
  }
  EXPECT_GT(unknown, 0u);
}

// Items whose counts are stated above, blanks included; and those that nobody may leave blank.
TEST(DemoAnswers, LeaveOneToSixPercentOfTheOtherItemsBlank) {
  const std::set<std::string> stated = {"BAK05",   "INT01",   "INT05",   "NOR01",  "ARB01",
                                        "ARB02",   "BOS01",   "BOS02",   "SYS01",  "SYS03",
                                        "SYS06.a", "SYS06.b", "SYS06.c", "SYS06.d"};
  size_t seen = 0;
  for (const Item& item : In("KU2017").items) {
    size_t asked = 0;
    size_t blank = 0;
    for (const auto& [unit, answers] : Of("KU2017")) {
      if (IsAsked(item.id, unit, answers) != Asked::kYes) continue;
      ++asked;
      blank += IsAnswered(answers, item.id) ? 0 : 1;
    }
    if (item.question->required()) {
      EXPECT_EQ(blank, 0u) << item.id;
    }
    if (stated.count(item.id) > 0 || item.question->required()) continue;
    ++seen;
    EXPECT_GE(blank * 100, asked) << item.id << ": " << blank << " of " << asked;
    EXPECT_LE(blank * 100, asked * 6) << item.id << ": " << blank << " of " << asked;
  }
  EXPECT_GT(seen, 100u);
}

TEST(DemoAnswers, SpeakFreelyInNynorskAndInBokmal) {
  const auto has_word = [](const std::string& text, const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      if ((" " + text + " ").find(" " + word + " ") != std::string::npos) return true;
    }
    return false;
  };
  const std::vector<std::string> nynorsk = {"ikkje",   "ein",  "eit",   "frå",
                                            "ønskjer", "meir", "betre", "fleire"};
  const std::vector<std::string> bokmal = {"ikke",   "en",  "et",    "fra",
                                           "ønsker", "mer", "bedre", "flere"};
  std::map<std::string, std::map<int, size_t>> texts;  // Item → language → texts.
  std::map<int, size_t> marked;
  const auto look = [&](int language, const std::string& text, const std::string& where) {
    const bool nn = language == model::LANGUAGE_NN;
    EXPECT_FALSE(has_word(text, nn ? bokmal : nynorsk)) << where << ": " << text;
    marked[language] += has_word(text, nn ? nynorsk : bokmal) ? 1 : 0;
  };
  for (const cli::AnswersAction& action : Demo().actions) {
    const auto* submit = std::get_if<cli::ingestion_api::SubmitRequest>(&action.request);
    if (submit == nullptr) continue;
    const int language = submit->submission().language();
    const std::string where = action.edition + " " + action.unit;
    for (const model::Answer& answer : submit->submission().answers()) {
      if (answer.has_text()) {
        ++texts[answer.item()][language];
        look(language, answer.text(), where + " " + answer.item());
      }
      for (const model::OtherText& other : answer.other_texts()) {
        ++texts["other"][language];
        look(language, other.text(), where + " " + answer.item());
      }
    }
    for (const model::CheckComment& comment : submit->submission().check_comments()) {
      look(language, comment.text(), where + " " + comment.check());
    }
  }
  for (const char* item : {"SYS05", "SYS11", "ARB10", "IMD06", "other"}) {
    EXPECT_GT(texts[item][model::LANGUAGE_NN], 0u) << item;
    EXPECT_GT(texts[item][model::LANGUAGE_NB], 0u) << item;
  }
  EXPECT_GT(marked[model::LANGUAGE_NN], 50u);
  EXPECT_GT(marked[model::LANGUAGE_NB], 50u);
}

TEST(DemoAnswers, ExplainEverySoftCheckAndViolateNoHardOne) {
  std::set<std::string> explained;
  for (const cli::AnswersAction& action : Demo().actions) {
    const auto* submit = std::get_if<cli::ingestion_api::SubmitRequest>(&action.request);
    if (submit == nullptr || action.edition != "KU2017") continue;
    Answers answers;
    for (const model::Answer& answer : submit->submission().answers())
      answers[answer.item()] = answer;
    std::set<std::string> violated;
    const auto number = [&](const char* item) {
      return answers.count(item) > 0 && answers[item].has_number();
    };
    if (Has(answers, "BAK03", {1}) && number("BAK04") && answers["BAK04"].number() == 0)
      violated.insert("CHK01");
    if (number("BAK04") && answers["BAK04"].number() > 500) violated.insert("CHK03");
    const auto before = Of("KU2016").find(action.unit);
    if (before != Of("KU2016").end() && Has(before->second, "INT01", {1}) &&
        Has(answers, "INT01", {2})) {
      violated.insert("CHK05");
    }
    std::set<std::string> commented;
    for (const model::CheckComment& comment : submit->submission().check_comments())
      commented.insert(comment.check());
    EXPECT_EQ(commented, violated) << action.unit;
    explained.insert(commented.begin(), commented.end());
    if (number("INT03")) {
      EXPECT_GE(answers["INT03"].number(), 0) << action.unit;
      EXPECT_LE(answers["INT03"].number(), 100) << action.unit;
    }
  }
  EXPECT_THAT(explained, ::testing::ElementsAre("CHK01", "CHK03", "CHK05"));
}

// Response and answers do not lean on the region, as far as whole units allow.
TEST(DemoAnswers, SpreadEvenlyOverTheRegions) {
  std::map<std::string, std::array<double, 4>>
      regions;  // Invited, answered, with programme, own target.
  for (const auto& [code, unit] : In("KU2017").frame) {
    const auto region = unit.attributes().find("imdi_region");
    if (IsDistrict(code) || region == unit.attributes().end()) continue;
    auto& sums = regions[region->second];
    sums[0] += 1;
    const auto response = Of("KU2017").find(code);
    if (response == Of("KU2017").end()) continue;
    sums[1] += 1;
    sums[2] += HasProgramme()(*response) ? 1 : 0;
    sums[3] += Has(response->second, "INT01", {1}) ? 1 : 0;
  }
  EXPECT_EQ(regions.size(), 6u);
  for (const auto& [region, sums] : regions) {
    EXPECT_NEAR(sums[1], sums[0] * 311 / 426, 3) << "region " << region;
    EXPECT_NEAR(sums[2], sums[1] * 290 / 311, 3) << "region " << region;
    EXPECT_NEAR(sums[3], sums[2] * 180 / 290, 4) << "region " << region;
  }
}

}  // namespace
}  // namespace imdi::demo_test
