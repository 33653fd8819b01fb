#include "services/config/yaml_message.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "imdi/survey/config/v1/config.pb.h"
#include "imdi/survey/model/v1/definition.pb.h"

namespace imdi::config {
namespace {

namespace model = ::imdi::survey::model::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

LoadedText Load(std::string_view text) {
  return LoadYaml("f.yaml", text, model::Definition::default_instance());
}

const model::Definition& At(const LoadedText& loaded, size_t index) {
  return static_cast<const model::Definition&>(*loaded.documents.at(index).message);
}

std::vector<std::string> Texts(const LoadedText& loaded) {
  std::vector<std::string> texts;
  for (const Problem& problem : loaded.problems) texts.push_back(ToText(problem));
  return texts;
}

constexpr std::string_view kGood = R"yaml(# A comment.
questionnaire:
  name: editions/KU2017/questionnaires/1
  questions:
    - id: INT01
      type: single
      scope: municipality
      required: true
      route: "BAK05 in (1,2)"
      options:
        - {code: 1, text: {nn: "Ja", nb: "Ja"}}
        - {code: 98, text: {nn: "Veit ikkje", nb: "Vet ikke"}}
      exclusive: [98]
      series:
        - {year: 2016, kinds: [same, break_wording], note: "x"}
    - id: BAK04
      type: numeric
      position: last
      numeric: {min: -5, max: 9223372036854775807, unit: persons}
)yaml";

TEST(YamlMessageTest, ReadsEveryKindOfField) {
  const LoadedText loaded = Load(kGood);
  ASSERT_THAT(Texts(loaded), IsEmpty());
  ASSERT_THAT(loaded.documents, SizeIs(1));
  const model::Questionnaire& questionnaire = At(loaded, 0).questionnaire();
  EXPECT_EQ(questionnaire.name(), "editions/KU2017/questionnaires/1");
  ASSERT_EQ(questionnaire.questions_size(), 2);
  const model::Question& target = questionnaire.questions(0);
  EXPECT_EQ(target.type(), model::QUESTION_TYPE_SINGLE);
  EXPECT_EQ(target.scope(), model::SCOPE_MUNICIPALITY);
  EXPECT_TRUE(target.required());
  EXPECT_EQ(target.options(1).code(), 98);
  EXPECT_EQ(target.options(1).text().nn(), "Veit ikkje");
  EXPECT_THAT(target.exclusive(), ElementsAre(98));
  EXPECT_THAT(target.series(0).kinds(), ElementsAre(model::SERIES_RELATION_KIND_SAME,
                                                    model::SERIES_RELATION_KIND_BREAK_WORDING));
  EXPECT_EQ(questionnaire.questions(1).position(), model::QUESTION_POSITION_LAST);
  EXPECT_EQ(questionnaire.questions(1).numeric().min(), -5);
  EXPECT_EQ(questionnaire.questions(1).numeric().max(), INT64_MAX);
}

TEST(YamlMessageTest, KnowsWhereFieldsStand) {
  const LoadedText loaded = Load(kGood);
  const PlaceIndex& places = loaded.documents.at(0).places;
  EXPECT_EQ(places.Find("questionnaire.questions[0].route"), (Place{"f.yaml", 9, 14}));
  // Within a quoted text: B is the first character, right behind the quote.
  EXPECT_EQ(places.Find("questionnaire.questions[0].route", 1), (Place{"f.yaml", 9, 15}));
  EXPECT_EQ(places.Find("questionnaire.questions[0].route", 7), (Place{"f.yaml", 9, 21}));
  EXPECT_EQ(places.Find("questionnaire.questions[0].options[1].code"), (Place{"f.yaml", 12, 18}));
  // A field that is not written stands where its message stands.
  EXPECT_EQ(places.Find("questionnaire.questions[1].text.nn", 3).line, 16);
}

TEST(YamlMessageTest, ReadsMapsAndSeveralDocuments) {
  const LoadedText loaded = Load(
      "---\nframe:\n  units:\n    - {code: \"0101\", attributes: {county: \"01\", centrality: 3}}\n"
      "---\nclaim:\n  name: c\n");
  ASSERT_THAT(Texts(loaded), IsEmpty());
  ASSERT_THAT(loaded.documents, SizeIs(2));
  const model::Unit& unit = At(loaded, 0).frame().units(0);
  EXPECT_EQ(unit.code(), "0101");
  EXPECT_EQ(unit.attributes().at("county"), "01");
  EXPECT_EQ(unit.attributes().at("centrality"), "3");
  EXPECT_EQ(At(loaded, 1).claim().name(), "c");
  const PlaceIndex& places = loaded.documents.at(0).places;
  EXPECT_EQ(places.Find("frame.units[0].attributes.centrality").line, 4);
  EXPECT_EQ(places.Find("frame.units[0].attributes[centrality]"),
            places.Find("frame.units[0].attributes.centrality"));
}

TEST(YamlMessageTest, AllProblemsAtOnceWithPlaceRuleAndRemedy) {
  const LoadedText loaded = Load(R"(questionnaire:
  name: a
  name: b
  sektions: []
  questions:
    - id: [INT01]
      type: sinlge
      required: "true"
      other_text: [6, "7", 99999999999]
      numeric: 5
      route:
)");
  EXPECT_THAT(
      Texts(loaded),
      ElementsAre(HasSubstr("f.yaml:3:3: DUPLICATE_KEY: "),
                  "f.yaml:4:3: UNKNOWN_FIELD: Questionnaire has no field \"sektions\" (did you "
                  "mean sections?)",
                  HasSubstr("f.yaml:6:11: WRONG_KIND: questionnaire.questions[0].id is a list"),
                  "f.yaml:7:13: UNKNOWN_VALUE: questionnaire.questions[0].type cannot be "
                  "\"sinlge\" (did you mean single?)",
                  HasSubstr("f.yaml:8:17: NOT_A_BOOL: "),
                  HasSubstr("f.yaml:9:23: NOT_A_NUMBER: \"7\""),
                  HasSubstr("f.yaml:9:28: OUT_OF_RANGE: \"99999999999\""),
                  HasSubstr("f.yaml:10:16: WRONG_KIND: questionnaire.questions[0].numeric is a "
                            "single value, not a map"),
                  HasSubstr("f.yaml:11:7: EMPTY_VALUE: ")));
  EXPECT_EQ(loaded.problem_count, 9U);
}

TEST(YamlMessageTest, ListsTheChoicesWhereNothingIsNear) {
  const LoadedText loaded = Load("questionnaire:\n  checks: [{grade: severe}]\n");
  EXPECT_THAT(Texts(loaded), ElementsAre(HasSubstr("(it takes: hard, soft)")));
}

TEST(YamlMessageTest, UnspecifiedCannotBeWritten) {
  EXPECT_THAT(Texts(Load("questionnaire:\n  checks: [{grade: unspecified}]\n")), SizeIs(1));
  EXPECT_THAT(Texts(Load("questionnaire:\n  checks: [{grade: GRADE_SOFT}]\n")), SizeIs(1));
}

TEST(YamlMessageTest, OneOfAGroupOnly) {
  const LoadedText loaded = Load("edition: {name: a}\nclaim: {name: b}\n");
  EXPECT_THAT(Texts(loaded), ElementsAre(HasSubstr("f.yaml:2:1: ONE_OF: ")));
}

TEST(YamlMessageTest, RefusesAliasesAndTags) {
  EXPECT_THAT(Texts(Load("edition: &e {name: x}\n---\nclaim: {name: !!int 5}\n")),
              ElementsAre(HasSubstr("TAG_REFUSED")));
  EXPECT_THAT(Texts(Load("edition: {name: &n x, survey: *n}\n")),
              ElementsAre(HasSubstr("EMPTY_VALUE"), HasSubstr("f.yaml:1:31: ALIAS_REFUSED")));
}

TEST(YamlMessageTest, RefusesWhatCannotBeText) {
  EXPECT_THAT(Texts(Load("edition:\n  name: \xff\n")),
              ElementsAre(HasSubstr("f.yaml:2:9: INVALID_UTF8")));
  EXPECT_THAT(Texts(Load(std::string_view("edition:\0", 9))),
              ElementsAre(HasSubstr("YAML_SYNTAX")));
  EXPECT_THAT(Texts(Load("edition: [")), ElementsAre(HasSubstr("YAML_SYNTAX")));
  EXPECT_THAT(Texts(Load("- a\n")),
              ElementsAre(HasSubstr("WRONG_KIND: the document is a list, not a map")));
  EXPECT_THAT(Texts(Load("claim: {name: a}\n---\n---\nclaim: {name: b}\n")),
              ElementsAre(HasSubstr("EMPTY_DOCUMENT")));
  EXPECT_THAT(Load("").documents, IsEmpty());
}

TEST(YamlMessageTest, AClosingBracketThatBelongsToNothingEndsTheReading) {
  for (const char* text : {"}", "]", "edition: {name: x}\n}", "a: [b\n---\n}\n", "---\n---\n}"}) {
    EXPECT_THAT(Texts(Load(text)), ::testing::Contains(HasSubstr("YAML_SYNTAX"))) << text;
  }
  EXPECT_THAT(Texts(Load("---\n---\n---\n")), ::testing::Each(HasSubstr("EMPTY_DOCUMENT")));
}

TEST(YamlMessageTest, DepthAndSizeAreBounded) {
  for (const size_t depth : {kYamlDepthMax + 1, size_t{400}, size_t{100'000}}) {
    const LoadedText loaded =
        Load("edition: {name: " + std::string(depth, '[') + std::string(depth, ']') + "}\n");
    EXPECT_GE(loaded.problem_count, 1U) << depth;
  }
  EXPECT_THAT(Texts(Load(std::string(kYamlBytesMax + 1, ' '))),
              ElementsAre(HasSubstr("TOO_LARGE")));
}

TEST(YamlMessageTest, ManyProblemsAreCutAndCounted) {
  std::string text = "edition:\n";
  for (size_t i = 0; i < kYamlProblemsMax + 50; ++i)
    text += "  unknown" + std::to_string(i) + ": 1\n";
  const LoadedText loaded = Load(text);
  EXPECT_EQ(loaded.problems.size(), kYamlProblemsMax);
  EXPECT_EQ(loaded.problem_count, kYamlProblemsMax + 50);
}

TEST(YamlMessageTest, ReadsAnyMessage) {
  survey::config::v1::ServerConfig config;
  const LoadedText loaded = LoadYaml(
      "server.yaml",
      "listen: 127.0.0.1:0\ninsecure_loopback: true\ningestion: {data_dir: d, memory_mib: 64}\n",
      config);
  ASSERT_THAT(loaded.problems, IsEmpty());
  config.CopyFrom(*loaded.documents.at(0).message);
  EXPECT_EQ(config.listen(), "127.0.0.1:0");
  EXPECT_TRUE(config.insecure_loopback());
  EXPECT_EQ(config.ingestion().memory_mib(), 64);
}

}  // namespace
}  // namespace imdi::config
