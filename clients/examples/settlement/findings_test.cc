// The example against a survey of the test's own, from the mocks of the installed package.

#include "findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "imdi/survey/client/testing/fake_survey.h"

namespace settlement {
namespace {

namespace fake = imdi::survey::client::testing;
namespace model = imdi::survey::model::v1;
namespace query = imdi::survey::query::v1;
using testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(30);

fake::FakeRelease Content(int wanting) {
  const query::Figure improve = fake::FigureOf("IND_SYS_IMPROVE.USERS", wanting, 290);
  const query::Figure nir =
      fake::FigureWithout("IND_GUIDE_NIR.ANSWERED_BOTH", query::NO_VALUE_REASON_NOT_YET, "..");
  const query::Figure system = fake::FigureOf("IND_GUIDE_SYS.ANSWERED_BOTH", 245, 305);
  return {.figures = {improve, nir, system},
          .claims = {fake::SentenceOf("F12", "Fleire ønskjer betring.", "Flere ønsker bedring.",
                                      {improve}),
                     fake::SentenceOf("F13", "Betre kontakt.", "Bedre kontakt.", {system, nir})},
          .reason = "two municipalities corrected"};
}

TEST(Findings, ShowsSentencesInNynorskWithFiguresAndSaysWhereThereIsNoValue) {
  fake::FakeSurvey survey;
  survey.Publish("KU2017", Content(151));
  const auto set =
      client::HeldSet::Open(*client::SurveyClient::Connect(survey.address()), SetOf("KU2017", ""));
  const auto held = (*set)->WaitHeld(kPatience);
  ASSERT_NE(held, nullptr) << (*set)->Age().trouble;
  const std::string text = Findings(*held, model::LANGUAGE_NN);
  EXPECT_THAT(text, HasSubstr("F12  Fleire ønskjer betring."));
  EXPECT_THAT(text, HasSubstr("52,1 %  151 av 290"));
  EXPECT_THAT(text, HasSubstr(".. ("));
  EXPECT_THAT(Findings(*held, model::LANGUAGE_NB), HasSubstr("Flere ønsker bedring."));
}

TEST(Findings, SayWhatANewReleaseChanged) {
  fake::FakeSurvey survey;
  survey.Publish("KU2017", Content(151));
  std::mutex mutex;
  std::condition_variable came;
  std::optional<client::HeldChange> last;
  client::HeldSetOptions options = SetOf("KU2017", "");
  options.on_change = [&](const client::HeldChange& change) {
    const std::lock_guard<std::mutex> lock(mutex);
    last = change;
    came.notify_all();
  };
  const auto set =
      client::HeldSet::Open(*client::SurveyClient::Connect(survey.address()), std::move(options));
  ASSERT_NE((*set)->WaitHeld(kPatience), nullptr);
  survey.Publish("KU2017", Content(153));
  std::unique_lock<std::mutex> lock(mutex);
  ASSERT_TRUE(came.wait_for(lock, absl::ToChronoSeconds(kPatience), [&] {
    return last.has_value() && last->after->release.number() == 2;
  }));
  const std::string text = Change(*last, model::LANGUAGE_NN);
  EXPECT_THAT(text, HasSubstr("Ny utgjeving: editions/KU2017/releases/2: two municipalities"));
  EXPECT_THAT(text, HasSubstr("52,1 %  151 av 290"));
  EXPECT_THAT(text, HasSubstr("→ 52,8 %  153 av 290"));
  EXPECT_THAT(text, HasSubstr("  F12: ")) << "it shows the figure";
  EXPECT_THAT(text, testing::Not(HasSubstr("  F13: ")));
  EXPECT_THAT(text, testing::Not(HasSubstr("245 av 305"))) << "what did not change";
}

TEST(Findings, CallASentenceThatSaysSomethingElseAChange) {
  const auto held = [](const char* verdict) {
    auto out = std::make_shared<client::HeldRelease>();
    query::ClaimResult claim = fake::SentenceOf("F13", "Betre kontakt.", "Bedre kontakt.", {});
    claim.mutable_verdict_text()->set_nn(verdict);
    out->claims.emplace("F13", std::move(claim));
    return out;
  };
  client::HeldChange change{
      .before = held("held"), .after = held("held ikkje"), .cells = {}, .claims = {"F13"}};
  const std::string text = Change(change, model::LANGUAGE_NN);
  EXPECT_THAT(text, HasSubstr("  F13: held ikkje\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("Ingenting her er endra.")));
  change.claims.clear();
  EXPECT_THAT(Change(change, model::LANGUAGE_NN), HasSubstr("Ingenting her er endra."));
}

}  // namespace
}  // namespace settlement
