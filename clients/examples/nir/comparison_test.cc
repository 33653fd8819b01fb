// The example against a survey of the test's own, from the mocks of the installed package.

#include "comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "imdi/survey/client/testing/fake_survey.h"

namespace nir {
namespace {

namespace fake = imdi::survey::client::testing;
namespace model = imdi::survey::model::v1;
namespace query = imdi::survey::query::v1;
using testing::ContainsRegex;
using testing::HasSubstr;

RegisterShares Shares(const std::string& lines) {
  std::istringstream file("attribute,group,directly_after,one_year_after\n" + lines);
  return ReadRegisterShares(file).value();
}

TEST(Comparison, JoinsSurveyAndRegisterByGroupCodeAndNeverShowsANumberForNoValue) {
  fake::FakeSurvey survey;
  survey.Publish("KU2017",
                 {.figures = {fake::FigureOf("IND_TARGET.WITH_PROGRAMME", 186, 300),
                              fake::FigureOf("IND_TARGET.WITH_PROGRAMME.imdi_region=1", 0, 40),
                              fake::FigureWithout("IND_TARGET.WITH_PROGRAMME.imdi_region=2",
                                                  query::NO_VALUE_REASON_NO_ANSWER, ".."),
                              fake::FigureOf("IND_MGMT_ASKS.WITH_PROGRAMME.imdi_region=1", 30, 40)},
                  .claims = {},
                  .reason = ""});
  const auto set = client::HeldSet::Open(*client::SurveyClient::Connect(survey.address()),
                                         SetOf("KU2017", "imdi_region", ""));
  const auto held = (*set)->WaitHeld(absl::Seconds(30));
  ASSERT_NE(held, nullptr) << (*set)->Age().trouble;
  const std::string text =
      Comparison(*held, Shares("imdi_region,1,47.5,63\nimdi_region,9,,50\nsize_group,1,1,1\n"),
                 "imdi_region", model::LANGUAGE_NN);
  EXPECT_THAT(text, ContainsRegex("Alle +62,0 +x +x +x\n"));
  // Zero is a number; what is missing is a sign, explained below.
  EXPECT_THAT(text, ContainsRegex("1 +0,0 +x +x +75,0 +47,5 +63,0\n"));
  EXPECT_THAT(text, ContainsRegex("2 +[.][.] +x +x +x +n +n\n"));
  EXPECT_THAT(text, ContainsRegex("9 +x +x +x +x +n +50,0\n"));
  EXPECT_THAT(text, HasSubstr("n  registeret har ikkje noko tal\n"));
  EXPECT_THAT(text, HasSubstr("x  finst ikkje i utgjevinga\n"));
}

TEST(RegisterShares, OfTheExampleAreReadAndALineThatIsWrongIsNamed) {
  std::ifstream file(NIR_SHARES);
  const auto shares = ReadRegisterShares(file);
  ASSERT_TRUE(shares.ok()) << shares.status();
  EXPECT_FALSE(shares->at({"imdi_region", "5"}).one_year_after.has_value());
  for (const char* wrong :
       {"a,1,101,\n", "a,1,x,\n", "a,1\n", "a,1,1,1\na,1,1,1\n", "a,1,nan,\n"}) {
    std::istringstream bad(std::string("attribute,group,directly_after,one_year_after\n") + wrong);
    EXPECT_THAT(std::string(ReadRegisterShares(bad).status().message()), HasSubstr("line "))
        << wrong;
  }
}

}  // namespace
}  // namespace nir
