#include "imdi/survey/client/held_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "clients/cpp/kept_file.h"
#include "imdi/survey/client/error.h"
#include "imdi/survey/client/testing/fake_survey.h"
#include "imdi/survey/client/v1/kept_set.pb.h"
#include "imdi/survey/client/value.h"
#include "services/base/limits.h"
#include "services/base/mutex.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"

namespace imdi::survey::client {
namespace {

using ::testing::ElementsAre;
using testing::FakeRelease;
using testing::FakeSurvey;
using testing::FigureOf;
using testing::FigureWithout;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::SentenceOf;
using testing_support::TempFolder;

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr const char* kCell = "IND_A.ALL";

FakeRelease Content(int numerator, std::string reason = "") {
  return {.figures = {FigureOf(kCell, numerator, 100), FigureOf("IND_A.ALL.size=1", 3, 10),
                      FigureWithout("IND_A.ALL.size=2", query::v1::NO_VALUE_REASON_NO_ANSWER, ".."),
                      FigureOf("IND_A.ALL.region=1", 4, 10), FigureOf("IND_B.ALL", 5, 10)},
          .claims = {SentenceOf("F1", "éin", "én", {}), SentenceOf("F2", "to", "to", {})},
          .reason = std::move(reason)};
}

// What a set told of.
class Changes {
 public:
  std::function<void(const HeldChange&)> Listener() {
    return [this](const HeldChange& change) {
      base::MutexLock lock(mutex_);
      changes_.push_back(change);
      came_.NotifyAll();
    };
  }
  // The next one; `after` is null when none came.
  HeldChange Next() {
    const auto until = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(kPatience);
    base::MutexLock lock(mutex_);
    while (changes_.empty() && std::chrono::steady_clock::now() < until)
      came_.WaitUntil(mutex_, until);
    if (changes_.empty()) return {};
    HeldChange out = std::move(changes_.front());
    changes_.pop_front();
    return out;
  }
  size_t waiting() const {
    base::MutexLock lock(mutex_);
    return changes_.size();
  }

 private:
  mutable base::Mutex mutex_;
  base::CondVar came_;
  std::deque<HeldChange> changes_ ABSL_GUARDED_BY(mutex_);
};

class HeldSetTest : public ::testing::Test {
 protected:
  HeldSetOptions Options() {
    return {.edition = "editions/KU2017",
            .figures = {{.indicator = "IND_A", .attribute = "total"},
                        {.indicator = "IND_A", .attribute = "size"}},
            .claims = {"F1"},
            .file = folder_ / "set",
            .on_change = changes_.Listener()};
  }
  std::unique_ptr<HeldSet> Open(HeldSetOptions options) {
    auto client = SurveyClient::Connect(survey_.address());
    EXPECT_TRUE(client.ok());
    auto set = HeldSet::Open(*std::move(client), std::move(options));
    EXPECT_TRUE(set.ok()) << set.status();
    return *std::move(set);
  }
  std::unique_ptr<HeldSet> Open() { return Open(Options()); }

  static int NumeratorOf(const HeldRelease& held) { return held.FindFigure(kCell)->numerator(); }
  std::string FileBytes() const {
    std::ifstream file(folder_ / "set", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void PutFile(const std::string& bytes) const {
    std::ofstream(folder_ / "set", std::ios::binary) << bytes;
  }

  TempFolder folder_;
  FakeSurvey survey_;
  Changes changes_;
};

TEST_F(HeldSetTest, HoldsWhatWasDeclaredOfTheLatestReleaseAndNothingElse) {
  survey_.Publish("KU2017", Content(40));
  survey_.Publish("KU2017", Content(41));
  survey_.Publish("KU2016", Content(1));
  const auto set = Open();
  const auto held = set->WaitHeld(kPatience);
  ASSERT_NE(held, nullptr) << set->Age().trouble;
  EXPECT_EQ(held->release.number(), 2);
  EXPECT_EQ(NumeratorOf(*held), 41);
  EXPECT_EQ(held->figures.size(), 3u);
  EXPECT_EQ(held->FindFigure("IND_A.ALL.region=1"), nullptr) << "not declared";
  EXPECT_EQ(held->FindFigure("IND_B.ALL"), nullptr);
  EXPECT_NE(held->FindClaim("F1"), nullptr);
  EXPECT_EQ(held->FindClaim("F2"), nullptr);
  const auto groups = held->ByGroup(kCell, "size");
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<NoValue>(ValueOf(*groups.at("2"))));
  const HeldChange first = changes_.Next();
  EXPECT_EQ(first.before, nullptr);
  EXPECT_EQ(first.after, held);
  EXPECT_EQ(first.cells.size(), 3u);
}

TEST_F(HeldSetTest, FollowsANewReleaseAndSaysWhatItChanged) {
  survey_.Publish("KU2017", Content(40));
  const auto set = Open();
  ASSERT_NE(changes_.Next().after, nullptr);
  survey_.Publish("KU2017", Content(42, "two corrected"));
  const HeldChange change = changes_.Next();
  ASSERT_NE(change.after, nullptr) << set->Age().trouble;
  EXPECT_EQ(NumeratorOf(*change.before), 40);
  EXPECT_EQ(NumeratorOf(*change.after), 42);
  EXPECT_EQ(change.after->release.reason(), "two corrected");
  EXPECT_THAT(change.cells, ElementsAre(kCell)) << "what is equal has not changed";
  EXPECT_THAT(change.claims, IsEmpty());
  EXPECT_EQ(set->Current(), change.after);
}

TEST_F(HeldSetTest, WaitsForTheFirstReleaseOfAnEdition) {
  const auto set = Open();
  EXPECT_TRUE(testing_support::Eventually([&] { return survey_.CallsOf("GetRelease") > 0; }));
  EXPECT_EQ(set->Current(), nullptr);
  EXPECT_TRUE(set->Age().stale);
  EXPECT_EQ(set->Age().release, "");
  survey_.Publish("KU2017", Content(40));
  ASSERT_NE(set->WaitHeld(kPatience), nullptr);
  EXPECT_FALSE(set->Age().stale);
}

TEST_F(HeldSetTest, AnswersFromItsFileWhileTheServerIsAwayAndSaysHowOldThatIs) {
  const auto release = survey_.Publish("KU2017", Content(40));
  { ASSERT_NE(Open()->WaitHeld(kPatience), nullptr); }
  const absl::Time before = absl::Now();
  survey_.Stop();
  const auto set = Open();
  const auto held = set->Current();
  ASSERT_NE(held, nullptr) << "at once, without the server";
  EXPECT_EQ(NumeratorOf(*held), 40);
  EXPECT_NE(held->FindClaim("F1"), nullptr);
  ASSERT_TRUE(testing_support::Eventually([&] { return !set->Age().trouble.ok(); }));
  const HeldAge age = set->Age();
  EXPECT_EQ(age.release, release.name());
  EXPECT_EQ(age.release_position, release.position());
  EXPECT_EQ(age.heard_position, release.published_position());
  EXPECT_LE(age.confirmed, before);
  EXPECT_GT(age.confirmed, before - absl::Minutes(5));
  EXPECT_GE(age.age, absl::ZeroDuration());
  EXPECT_EQ(age.trouble.code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(set->WaitConfirmed(absl::ZeroDuration()));
  survey_.Start();
  EXPECT_TRUE(set->WaitConfirmed(kPatience));
  EXPECT_TRUE(set->Age().trouble.ok()) << set->Age().trouble;
  EXPECT_EQ(set->Current(), held) << "nothing was fetched anew";
}

TEST_F(HeldSetTest, DoesNotKnowHowOldItsFileIsWhereThatIsOfALaterTimeThanNow) {
  survey_.Publish("KU2017", Content(40));
  { ASSERT_NE(Open()->WaitHeld(kPatience), nullptr); }
  const auto bytes = ReadKeptFile(folder_ / "set");
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  v1::KeptSet file;
  ASSERT_TRUE(file.ParseFromString(*bytes));
  file.set_confirmed_us(absl::ToUnixMicros(absl::Now() + absl::Hours(24)));
  ASSERT_TRUE(WriteKeptFile(folder_ / "set", file.SerializeAsString()).ok());
  survey_.Stop();
  const auto set = Open();
  ASSERT_NE(set->Current(), nullptr);
  EXPECT_EQ(set->Age().age, absl::InfiniteDuration());
  EXPECT_TRUE(set->Age().stale);
  survey_.Start();
  EXPECT_TRUE(set->WaitConfirmed(absl::InfiniteDuration()));
  EXPECT_FALSE(set->Age().stale);
}

TEST_F(HeldSetTest, TellsOfAReleaseThatCameWhileItWasNotRunning) {
  survey_.Publish("KU2017", Content(40));
  { ASSERT_NE(Open()->WaitHeld(kPatience), nullptr); }
  ASSERT_NE(changes_.Next().after, nullptr);
  survey_.Publish("KU2017", Content(43));
  const auto set = Open();
  const HeldChange change = changes_.Next();
  ASSERT_NE(change.after, nullptr);
  EXPECT_EQ(NumeratorOf(*change.before), 40);
  EXPECT_EQ(NumeratorOf(*change.after), 43);
}

TEST_F(HeldSetTest, GoesOnFollowingWhereTheServerWasRestarted) {
  survey_.Publish("KU2017", Content(40));
  const auto set = Open();
  ASSERT_NE(changes_.Next().after, nullptr);
  survey_.Stop();
  ASSERT_TRUE(testing_support::Eventually([&] { return !set->Age().trouble.ok(); }));
  EXPECT_EQ(NumeratorOf(*set->Current()), 40);
  survey_.Start();
  survey_.Publish("KU2017", Content(44));
  EXPECT_EQ(NumeratorOf(*changes_.Next().after), 44);
}

TEST_F(HeldSetTest, IsFilledAnewFromAFileThatIsDamagedAnywhere) {
  survey_.Publish("KU2017", Content(40));
  { ASSERT_NE(Open()->WaitHeld(kPatience), nullptr); }
  const std::string whole = FileBytes();
  ASSERT_GT(whole.size(), 100u);
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::vector<std::string> damaged = {"", "x", whole.substr(0, 11), whole + "x",
                                      whole.substr(0, whole.size() - 1)};
  for (int i = 0; i < 20; ++i) {
    std::string one = whole;
    one[random() % one.size()] ^= static_cast<char>(1 << (random() % 8));
    damaged.push_back(one);
  }
  survey_.Stop();
  for (const std::string& bytes : damaged) {
    PutFile(bytes);
    const auto set = Open();
    EXPECT_EQ(set->Current(), nullptr);
    EXPECT_EQ(set->Age().file_trouble.code(), absl::StatusCode::kDataLoss)
        << set->Age().file_trouble;
  }
  survey_.Start();
  PutFile(damaged.back());
  const auto set = Open();
  ASSERT_NE(set->WaitHeld(kPatience), nullptr);
  EXPECT_TRUE(testing_support::Eventually(
      [&] { return set->Age().file_trouble.ok() && FileBytes() != damaged.back(); }));
}

TEST_F(HeldSetTest, IsFilledAnewWhereTheFileIsOfAnotherSet) {
  survey_.Publish("KU2017", Content(40));
  { ASSERT_NE(Open()->WaitHeld(kPatience), nullptr); }
  survey_.Stop();
  HeldSetOptions other = Options();
  other.figures.push_back({.indicator = "IND_B", .attribute = "total"});
  EXPECT_EQ(Open(other)->Current(), nullptr);
  survey_.Start();
  const auto set = Open(other);
  ASSERT_NE(set->WaitHeld(kPatience), nullptr);
  EXPECT_NE(set->Current()->FindFigure("IND_B.ALL"), nullptr);
}

TEST_F(HeldSetTest, GoesOnWhereItsFileCannotBeWritten) {
  survey_.Publish("KU2017", Content(40));
  HeldSetOptions options = Options();
  options.file = folder_ / "no/such/folder/set";
  const auto set = Open(options);
  ASSERT_NE(set->WaitHeld(kPatience), nullptr);
  ASSERT_TRUE(testing_support::Eventually([&] { return !set->Age().file_trouble.ok(); }));
  EXPECT_THAT(std::string(set->Age().file_trouble.message()), HasSubstr("no/such/folder"));
  survey_.Publish("KU2017", Content(41));
  ASSERT_NE(changes_.Next().after, nullptr);
  EXPECT_EQ(NumeratorOf(*changes_.Next().after), 41);
}

TEST_F(HeldSetTest, SaysThatItsFileCannotBeReadUnlessThereIsNone) {
  survey_.Stop();
  EXPECT_TRUE(Open()->Age().file_trouble.ok()) << "there is none yet";
  PutFile("no folder");
  HeldSetOptions options = Options();
  options.file = folder_ / "set/within";
  const absl::Status trouble = Open(options)->Age().file_trouble;
  EXPECT_THAT(std::string(trouble.message()), HasSubstr("cannot read"));
}

TEST_F(HeldSetTest, NamesWhatADeclarationGotWrongAndKeepsWhatItHas) {
  survey_.Publish("KU2017", Content(40));
  HeldSetOptions options = Options();
  options.figures.push_back({.indicator = "IND_NOPE", .attribute = "total"});
  const auto set = Open(options);
  ASSERT_TRUE(testing_support::Eventually([&] { return !set->Age().trouble.ok(); }));
  EXPECT_EQ(ReasonOf(set->Age().trouble), error::v1::REASON_UNKNOWN_RESOURCE);
  EXPECT_THAT(std::string(set->Age().trouble.message()), HasSubstr("IND_NOPE"));
  EXPECT_EQ(set->Current(), nullptr);

  HeldSetOptions sentence = Options();
  sentence.claims.push_back("F9");
  const auto other = Open(sentence);
  ASSERT_TRUE(testing_support::Eventually([&] { return !other->Age().trouble.ok(); }));
  EXPECT_THAT(std::string(other->Age().trouble.message()), HasSubstr("F9"));

  options.figures.back().required = false;
  EXPECT_NE(Open(options)->WaitHeld(kPatience), nullptr);
}

TEST_F(HeldSetTest, AsksMoreAndMoreSeldomForWhatItCannotTake) {
  survey_.Publish("KU2017", Content(40));
  HeldSetOptions options = Options();
  options.figures.push_back({.indicator = "IND_NOPE", .attribute = "total"});
  const auto begun = absl::Now();
  const auto set = Open(options);
  ASSERT_TRUE(testing_support::Eventually([&] { return survey_.CallsOf("GetRelease") >= 6; }));
  EXPECT_GT(absl::Now() - begun, absl::Seconds(3)) << "0.1 + 0.2 + 0.4 + 0.8 + 1.6 s";
}

TEST_F(HeldSetTest, ComesBackWhenTheServerAsksItTo) {
  survey_.Publish("KU2017", Content(40));
  survey_.FailNext(1, {.code = absl::StatusCode::kResourceExhausted,
                       .reason = error::v1::REASON_QUOTA_EXHAUSTED,
                       .message = "too much",
                       .retry_delay = absl::Seconds(1)});
  const auto begun = absl::Now();
  const auto set = Open();
  ASSERT_NE(set->WaitHeld(kPatience), nullptr);
  EXPECT_GE(absl::Now() - begun, absl::Seconds(1));
}

TEST_F(HeldSetTest, RefusesADeclarationOfNothing) {
  const auto client = SurveyClient::Connect(survey_.address());
  ASSERT_TRUE(client.ok());
  for (HeldSetOptions wrong :
       {HeldSetOptions{.edition = "KU2017", .figures = {{.indicator = "IND_A", .attribute = ""}}},
        HeldSetOptions{.edition = "editions/KU2017"},
        HeldSetOptions{.edition = "editions/KU2017",
        .figures = {{.indicator = "", .attribute = "total"}}}}) {
    EXPECT_EQ(ReasonOf(HeldSet::Open(*client, wrong).status()), error::v1::REASON_FIELD_INVALID);
  }
}

TEST_F(HeldSetTest, TakesWhatABackupHasWhereTheLogWasRestored) {
  survey_.Publish("KU2017", Content(40));
  survey_.Publish("KU2017", Content(41));
  const auto set = Open();
  EXPECT_EQ(NumeratorOf(*changes_.Next().after), 41);
  survey_.Restore(1);
  const HeldChange back = changes_.Next();
  ASSERT_NE(back.after, nullptr) << set->Age().trouble;
  EXPECT_EQ(NumeratorOf(*back.after), 40);
  survey_.Publish("KU2017", Content(45));
  EXPECT_EQ(NumeratorOf(*changes_.Next().after), 45);
}

TEST_F(HeldSetTest, SaysNothingWhereABackupHasTheSameRelease) {
  survey_.Publish("KU2017", Content(40));
  const auto set = Open();
  ASSERT_NE(changes_.Next().after, nullptr);
  survey_.Restore(1);
  survey_.Publish("KU2017", Content(46));
  const HeldChange change = changes_.Next();
  ASSERT_NE(change.after, nullptr);
  EXPECT_EQ(NumeratorOf(*change.after), 46);
  EXPECT_EQ(NumeratorOf(*change.before), 40);
}

TEST_F(HeldSetTest, NeverLosesWhatItHoldsToABackupWithoutReleases) {
  survey_.Publish("KU2017", Content(40));
  const auto set = Open();
  ASSERT_NE(changes_.Next().after, nullptr);
  survey_.Restore(0);
  ASSERT_TRUE(testing_support::Eventually([&] { return !set->Age().trouble.ok(); }));
  EXPECT_EQ(ReasonOf(set->Age().trouble), error::v1::REASON_UNKNOWN_RESOURCE);
  EXPECT_EQ(NumeratorOf(*set->Current()), 40);
}

TEST_F(HeldSetTest, CallsItselfStaleWhileTheServerDoes) {
  survey_.Publish("KU2017", Content(40));
  const auto set = Open();
  ASSERT_TRUE(set->WaitConfirmed(kPatience));
  EXPECT_FALSE(set->Age().stale);
  survey_.SetStale(true);
  EXPECT_TRUE(
      testing_support::Eventually([&] { return set->Age().stale && set->Age().server_stale; }));
  survey_.SetStale(false);
  EXPECT_TRUE(testing_support::Eventually([&] { return !set->Age().stale; }));
}

TEST_F(HeldSetTest, RefusesMoreFiguresThanASetMayHold) {
  FakeRelease many = Content(40);
  for (size_t i = 0; i <= base::kHeldFiguresMax; ++i)
    many.figures.push_back(FigureOf("IND_MANY.ALL.unit=" + std::to_string(i), 1, 2));
  survey_.SetPageSize(base::kPageSizeMax);
  survey_.Publish("KU2017", many);
  HeldSetOptions options = Options();
  options.figures = {{.indicator = "IND_MANY", .attribute = "unit"}};
  options.claims.clear();
  const auto set = Open(options);
  ASSERT_TRUE(testing_support::Eventually([&] { return !set->Age().trouble.ok(); }));
  EXPECT_EQ(ReasonOf(set->Age().trouble), error::v1::REASON_TOO_LARGE);
  EXPECT_EQ(set->Current(), nullptr);
}

TEST_F(HeldSetTest, EndsAtOnceThoughTheServerIsAway) {
  survey_.Stop();
  const auto begun = absl::Now();
  { const auto set = Open(); }
  EXPECT_LT(absl::Now() - begun, absl::Seconds(5));
}

}  // namespace
}  // namespace imdi::survey::client
