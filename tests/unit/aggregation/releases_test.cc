// Releases from the log and back to it: built, shown, published, kept, verified. The log is in
// memory, with ingestion's own RecordRelease behind it.

#include "services/aggregation/releases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/metrics.h"
#include "tests/support/memory_ingestion.h"
#include "tests/unit/aggregation/figures_reader.h"
#include "tests/unit/aggregation/small_log.h"

namespace imdi::aggregation {
namespace {

using base::Reason;
using base::ReasonOf;
using testing_support::Code;
using testing_support::Codes;
using testing_support::FiguresReader;
using testing_support::MemoryIngestion;
using testing_support::ReadAll;
using testing_support::SharedFoldStore;
using testing_support::SmallLog;

class ReleasesTest : public testing::Test {
 protected:
  ReleasesTest() {
    call_.actor = "builder";
    small_.ApplySmallSurvey({"T", "U"});
    for (const char* unit : {"0101", "0102", "0103", "0104"}) Answer("T", unit, 1);
    log_.Add(small_);
    StartProcess();
  }
  void StartProcess() {
    releases_.reset();
    auto opened = Aggregator::Open(std::make_unique<SharedFoldStore>(disk_));
    ASSERT_TRUE(opened.ok()) << opened.status();
    aggregator_ = *opened;
    releases_ = std::make_unique<Releases>(log_, aggregator_, metrics_);
    log_.Feed(*aggregator_);
  }
  // Aggregation's fold begins again from its store; candidates stay.
  void RestartFold() {
    auto opened = Aggregator::Open(std::make_unique<SharedFoldStore>(disk_));
    ASSERT_TRUE(opened.ok()) << opened.status();
    aggregator_ = *opened;
    log_.Feed(*aggregator_);
  }
  void Answer(const std::string& edition, const std::string& unit, int code) {
    small_.Submit(edition, unit, "first",
                  {{"A1", Code(code)}, {"A2", Codes({1})}, {"A5.a", Code(1)}, {"A7", Code(1)}});
  }
  // Answers and whatever else was added to the small log go to the real one, and from there to the
  // fold.
  void Deliver() {
    log_.Add(small_);
    log_.Feed(*aggregator_);
  }

  absl::StatusOr<aggregation_pb::Candidate> Build(const std::string& edition = "T",
                                                  int64_t at_position = 0) {
    aggregation_pb::BuildReleaseRequest request;
    request.set_parent("editions/" + edition);
    request.set_audience(query_pb::AUDIENCE_INTERNAL);
    request.set_at_position(at_position);
    return releases_->Build(call_, request);
  }
  // `work` with a caller who goes at each look in turn: it always ends with CANCELLED, and looks
  // no more.
  void StopsAtEveryLook(const std::function<absl::Status()>& work, int looks_min) {
    int looks = 0, goes_at = 1'000'000'000;
    call_.cancelled = [&] { return ++looks >= goes_at; };
    ASSERT_TRUE(work().ok());
    const int all = looks;
    EXPECT_GE(all, looks_min);
    for (goes_at = 1; goes_at <= all; goes_at += 1 + all / 50) {
      looks = 0;
      const absl::Status status = work();
      EXPECT_EQ(ReasonOf(status), Reason::kCancelled) << goes_at << ": " << status;
      EXPECT_EQ(looks, goes_at) << "nothing more was done";
    }
    call_.cancelled = nullptr;
  }
  absl::StatusOr<aggregation_pb::PublishReleaseResponse> Publish(
      const aggregation_pb::Candidate& candidate, const std::string& reason = "",
      const std::string& actor = "approver") {
    aggregation_pb::PublishReleaseRequest request;
    request.set_candidate(candidate.name());
    request.set_reason(reason);
    base::CallContext call = call_;
    call.actor = actor;
    auto out = releases_->Publish(call, request);
    log_.Feed(*aggregator_);
    return out;
  }
  query_pb::Release BuildAndPublish(const std::string& edition = "T",
                                    const std::string& reason = "") {
    const auto candidate = Build(edition);
    EXPECT_TRUE(candidate.ok()) << candidate.status();
    if (!candidate.ok()) return {};
    const auto published = Publish(*candidate, reason);
    EXPECT_TRUE(published.ok()) << published.status();
    return published.ok() ? published->release() : query_pb::Release();
  }
  absl::StatusOr<aggregation_pb::VerifyReleaseResponse> Verify(const std::string& name) {
    aggregation_pb::VerifyReleaseRequest request;
    request.set_name(name);
    return releases_->Verify(call_, request);
  }
  std::vector<std::string> NamesOf() {
    std::vector<std::string> out;
    for (const auto& [edition, releases] : *aggregator_->Current()->releases)
      for (const auto& release : releases) out.push_back(release->facts.name());
    return out;
  }
  figures::ReleaseContent ContentOf(const std::string& edition, size_t number) {
    const auto& release = *aggregator_->Current()->releases->at(edition).at(number - 1);
    const auto parts = aggregator_->PartsOf(release);
    EXPECT_TRUE(parts.ok()) << parts.status();
    auto content = figures::ReadParts(**parts);
    EXPECT_TRUE(content.ok()) << content.status();
    return *std::move(content);
  }

  SmallLog small_;
  MemoryIngestion log_;
  base::Metrics metrics_;
  const std::shared_ptr<SharedFoldStore::Disk> disk_ = std::make_shared<SharedFoldStore::Disk>();
  std::shared_ptr<Aggregator> aggregator_;
  std::unique_ptr<Releases> releases_;
  base::CallContext call_;
};

TEST_F(ReleasesTest, BuildingAndVerifyingStopSoonAfterTheCallerHasGone) {
  const query_pb::Release release = BuildAndPublish();
  StopsAtEveryLook([&] { return Build().status(); }, 100);
  StopsAtEveryLook([&] { return Verify(release.name()).status(); }, 100);
  EXPECT_TRUE(Build().ok()) << "nothing is held afterwards";
}

TEST_F(ReleasesTest, APublicationWhoseCallerHasGoneWritesNoMoreAndIsRepeated) {
  const auto candidate = Build();
  ASSERT_TRUE(candidate.ok());
  const int64_t before = log_.head();
  call_.cancelled = [] { return true; };
  EXPECT_EQ(ReasonOf(Publish(*candidate).status()), Reason::kCancelled);
  EXPECT_EQ(log_.head(), before);
  call_.cancelled = nullptr;
  EXPECT_TRUE(Publish(*candidate).ok());
}

TEST_F(ReleasesTest, ACandidateSaysWhatItWouldBeAndIsNotInTheLog) {
  const int64_t head = log_.head();
  const auto candidate = Build();
  ASSERT_TRUE(candidate.ok()) << candidate.status();
  EXPECT_THAT(candidate->name(), testing::StartsWith("editions/T/candidates/"));
  const query_pb::Release& release = candidate->release();
  EXPECT_EQ(release.name(), "editions/T/releases/1");
  EXPECT_EQ(release.number(), 1);
  EXPECT_EQ(release.position(), head);
  EXPECT_EQ(release.builder(), "builder");
  EXPECT_EQ(release.approver(), "");
  EXPECT_FALSE(release.identities_authenticated());
  EXPECT_EQ(release.rule_version(), figures::kRuleVersion);
  EXPECT_EQ(release.content_hash().size(), 64u);
  EXPECT_EQ(release.edition_state(), model::EDITION_STATE_OPEN);
  EXPECT_GT(release.figure_count(), 48);
  EXPECT_FALSE(candidate->unchanged());
  EXPECT_EQ(log_.head(), head);
  aggregation_pb::GetCandidateRequest get;
  get.set_name(candidate->name());
  const auto again = releases_->GetCandidate(get);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->DebugString(), candidate->DebugString());
  EXPECT_EQ(Build()->release().content_hash(), release.content_hash()) << "built twice, the same";
}

TEST_F(ReleasesTest, ThePreviewShowsEveryFigureOnceUnderTheNameItWouldGet) {
  const auto candidate = Build();
  ASSERT_TRUE(candidate.ok());
  aggregation_pb::PreviewCandidateRequest request;
  request.set_name(candidate->name());
  request.set_page_size(7);
  std::vector<std::string> names;
  do {
    const auto page = releases_->Preview(request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LE(page->figures_size(), 7);
    for (const query_pb::Figure& figure : page->figures()) {
      names.push_back(figure.name());
      EXPECT_FALSE(figure.title().nn().empty()) << figure.name();
      EXPECT_EQ(figure.position(), candidate->release().position());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(static_cast<int>(names.size()), candidate->release().figure_count());
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_THAT(names, testing::Contains("editions/T/releases/1/figures/IND_RR.FRAME"));
  for (const char* token : {"x", "bm9uZS83", "!"}) {
    request.set_page_token(token);
    EXPECT_EQ(ReasonOf(releases_->Preview(request).status()), Reason::kPageTokenInvalid) << token;
  }
}

TEST_F(ReleasesTest, PublishedItIsInTheLogAndInEveryFollower) {
  const auto candidate = Build();
  ASSERT_TRUE(candidate.ok());
  const auto published = Publish(*candidate);
  ASSERT_TRUE(published.ok()) << published.status();
  const query_pb::Release& release = published->release();
  EXPECT_EQ(release.approver(), "approver");
  EXPECT_EQ(release.builder(), "builder");
  EXPECT_EQ(release.published_position(), log_.head());
  const auto held = aggregator_->Current()->releases->at("T").front();
  EXPECT_EQ(held->facts.DebugString(), release.DebugString())
      << "what was answered is what follows from the log";
  const FiguresReader reader = ReadAll(*aggregator_);
  EXPECT_EQ(reader.releases.at(release.name()).parts, *held->parts);
  EXPECT_EQ(base::Hex(figures::ContentHash(*held->parts)), release.content_hash());
  const figures::ReleaseContent content = ContentOf("T", 1);
  const auto live = testing_support::FiguresOf(*aggregator_->Current(), "T");
  ASSERT_EQ(content.figures.size(), live.size());
  for (const store_pb::ReleaseFigure& figure : content.figures)
    EXPECT_EQ(figure.figure().DebugString(), live.at(figure.figure().name()).DebugString());
}

TEST_F(ReleasesTest, ARestartKeepsReleasesAndAFoldFromTheFirstRecordFindsTheSame) {
  BuildAndPublish();
  Answer("T", "0106", 2);
  Deliver();
  BuildAndPublish("T", "one more answered");
  BuildAndPublish("U");
  const std::string all = ReadAll(*aggregator_).Say();
  StartProcess();
  EXPECT_EQ(ReadAll(*aggregator_).Say(), all);
  EXPECT_EQ(aggregator_->Current()->releases->at("T").front()->parts, nullptr)
      << "parts of an older release lie in the store alone";
  ASSERT_TRUE(disk_->items.Reset().ok());
  StartProcess();
  EXPECT_EQ(ReadAll(*aggregator_).Say(), all);
  auto other = Aggregator::Open(
      std::make_unique<SharedFoldStore>(std::make_shared<SharedFoldStore::Disk>()));
  ASSERT_TRUE(other.ok());
  log_.Feed(**other, 1);
  EXPECT_EQ(ReadAll(**other).Say(), all) << "record by record";
}

TEST_F(ReleasesTest, AReaderIsNotSentAReleaseThatItHas) {
  BuildAndPublish();
  FiguresReader reader = ReadAll(*aggregator_);
  BuildAndPublish("U");
  const auto snapshot = aggregator_->Current();
  const auto chunks =
      MakeChunks(*snapshot, nullptr, reader.Resume(),
                 [&](const ClosedRelease& release) { return aggregator_->PartsOf(release); });
  ASSERT_TRUE(chunks.ok());
  const int held = static_cast<int>(reader.releases.size());
  reader.Take(*chunks);
  EXPECT_FALSE(reader.last_swap().reset);
  EXPECT_EQ(static_cast<int>(reader.releases.size()), held + 1);
  EXPECT_EQ(reader.last_swap().releases, 1);
  EXPECT_EQ(reader.Say(), ReadAll(*aggregator_).Say());
}

TEST_F(ReleasesTest, ACorrectionIsASecondReleaseThatSaysWhyAndWhatDiffers) {
  const query_pb::Release first = BuildAndPublish();
  const std::string before = ReadAll(*aggregator_).releases.at(first.name()).parts.front();
  const auto unchanged = Build();
  ASSERT_TRUE(unchanged.ok());
  EXPECT_TRUE(unchanged->unchanged());
  EXPECT_EQ(ReasonOf(Publish(*unchanged, "again").status()), Reason::kReleaseUnchanged);
  Answer("T", "0101", 3);
  Deliver();
  const auto corrected = Build();
  ASSERT_TRUE(corrected.ok());
  EXPECT_FALSE(corrected->unchanged());
  EXPECT_EQ(corrected->release().number(), 2);
  EXPECT_GT(corrected->difference_count(), 0);
  EXPECT_EQ(corrected->differences_size(), corrected->difference_count());
  const auto change = std::ranges::find_if(
      corrected->differences(), [](const auto& one) { return one.cell() == "IND_CODE.ALL"; });
  ASSERT_NE(change, corrected->differences().end());
  EXPECT_EQ(change->kind(), query_pb::RELEASE_CHANGE_KIND_REVISED);
  EXPECT_EQ(change->numerator_before(), 4);
  EXPECT_EQ(change->numerator_after(), 3);
  EXPECT_EQ(ReasonOf(Publish(*corrected).status()), Reason::kFieldInvalid) << "no reason";
  const auto published = Publish(*corrected, "0101 corrected its answer");
  ASSERT_TRUE(published.ok()) << published.status();
  EXPECT_EQ(published->release().reason(), "0101 corrected its answer");
  EXPECT_THAT(NamesOf(), testing::ElementsAre("editions/T/releases/1", "editions/T/releases/2"));
  EXPECT_EQ(ReadAll(*aggregator_).releases.at(first.name()).parts.front(), before)
      << "the first one stands as it was";
  EXPECT_EQ(static_cast<int>(ContentOf("T", 2).differences.size()), corrected->difference_count());
}

TEST_F(ReleasesTest, ACorrectionOfASentenceAloneSaysWhichOne) {
  const auto say = [&](int32_t percent) {
    model::Definition definition;
    model::Claim& claim = *definition.mutable_claim();
    claim.set_name("editions/T/claims/C1");
    *claim.mutable_text() = testing_support::Words("so many of those who answered");
    claim.add_figures("IND_CODE.ANSWERED");
    claim.mutable_stated_percent()->set_percent(percent);
    small_.Apply(definition);
    Deliver();
  };
  say(90);
  BuildAndPublish();
  say(100);
  const auto corrected = Build();
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  EXPECT_FALSE(corrected->unchanged());
  ASSERT_EQ(corrected->differences_size(), 1) << corrected->DebugString();
  EXPECT_EQ(corrected->differences(0).cell(), "claims/C1");
  EXPECT_EQ(corrected->differences(0).kind(), query_pb::RELEASE_CHANGE_KIND_REVISED);
  ASSERT_TRUE(Publish(*corrected, "the sentence was corrected").ok());
  EXPECT_EQ(ContentOf("T", 2).differences.size(), 1u);
}

TEST_F(ReleasesTest, OfTwoCandidatesForOneNumberTheSecondIsStale) {
  const auto one = Build();
  const auto two = Build();
  ASSERT_TRUE(one.ok() && two.ok());
  ASSERT_TRUE(Publish(*one).ok());
  EXPECT_EQ(ReasonOf(Publish(*two).status()), Reason::kStaleRevision);
  EXPECT_THAT(NamesOf(), testing::ElementsAre("editions/T/releases/1"));
  const auto again = Publish(*one);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->release().published_position(),
            aggregator_->Current()->releases->at("T").front()->facts.published_position())
      << "publishing the same candidate again returns the release";
}

TEST_F(ReleasesTest, APositionInThePastGivesTheFiguresOfThen) {
  const int64_t then = log_.head();
  const auto now = Build();
  ASSERT_TRUE(now.ok());
  Answer("T", "0101", 3);
  Deliver();
  EXPECT_NE(Build()->release().content_hash(), now->release().content_hash());
  const auto past = Build("T", then);
  ASSERT_TRUE(past.ok());
  EXPECT_EQ(past->release().content_hash(), now->release().content_hash());
  EXPECT_EQ(ReasonOf(Build("T", log_.head() + 1).status()), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonOf(Build("T", -1).status()), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonOf(Build("T", 1).status()), Reason::kUnknownResource) << "no frame yet";
}

TEST_F(ReleasesTest, TheHashDoesNotDependOnHowTheLogIsRead) {
  const std::string hash = Build()->release().content_hash();
  for (const int64_t at_once : {1, 2, 1'000}) {
    log_.read_at_once = at_once;
    EXPECT_EQ(Build()->release().content_hash(), hash) << at_once;
  }
  StartProcess();
  EXPECT_EQ(Build()->release().content_hash(), hash);
}

TEST_F(ReleasesTest, APublicReleaseAndAnUnknownEditionAreRefused) {
  aggregation_pb::BuildReleaseRequest request;
  request.set_parent("editions/T");
  request.set_audience(query_pb::AUDIENCE_PUBLIC);
  EXPECT_EQ(ReasonOf(releases_->Build(call_, request).status()), Reason::kDisclosureControlMissing);
  request.clear_audience();
  EXPECT_EQ(ReasonOf(releases_->Build(call_, request).status()), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonOf(Build("NOSUCH").status()), Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(Build("T/x").status()), Reason::kNameInvalid);
  EXPECT_EQ(ReasonOf(Verify("editions/T/releases/1").status()), Reason::kUnknownResource);
  for (const char* name : {"", "editions/T/releases/0", "editions/T/releases/01", "editions/T"})
    EXPECT_EQ(ReasonOf(Verify(name).status()), Reason::kNameInvalid) << name;
  aggregation_pb::PublishReleaseRequest publish;
  publish.set_candidate("editions/T/candidates/none");
  EXPECT_EQ(ReasonOf(releases_->Publish(call_, publish).status()), Reason::kUnknownResource);
}

TEST_F(ReleasesTest, OnlyTheNewestCandidatesAreKept) {
  const auto first = Build();
  ASSERT_TRUE(first.ok());
  for (size_t i = 0; i < base::kCandidatesMax; ++i) ASSERT_TRUE(Build().ok());
  aggregation_pb::GetCandidateRequest get;
  get.set_name(first->name());
  EXPECT_EQ(ReasonOf(releases_->GetCandidate(get).status()), Reason::kUnknownResource);
}

TEST_F(ReleasesTest, CutAnywhereThereIsNoHalfReleaseAndTheRetryPublishesItOnce) {
  const auto candidate = Build();
  ASSERT_TRUE(candidate.ok());
  // So many records that one publication writes.
  const int64_t start = log_.head();
  ASSERT_TRUE(Publish(*candidate).ok());
  const int records = static_cast<int>(log_.head() - start);
  ASSERT_GE(records, 2);
  for (int round = 0; round < 2; ++round) {
    for (int cut = 1; cut <= records; ++cut) {
      SCOPED_TRACE(testing::Message() << "record " << cut << (round == 0 ? " before" : " after"));
      Answer("T", "0101", 1 + (cut + round * 7) % 3);
      Answer("T", "0102", 1 + (cut / 3 + round) % 3);
      Deliver();
      const auto next = Build();
      ASSERT_TRUE(next.ok());
      if (next->unchanged()) continue;
      const size_t held = NamesOf().size();
      const int64_t head = log_.head();
      const bool at_close = cut == records;
      (round == 0 ? log_.cut_before : log_.cut_after) = cut;
      const auto failed = Publish(*next, "retried");
      EXPECT_EQ(failed.status().code(), absl::StatusCode::kUnavailable) << failed.status();
      const bool closed = round == 1 && cut == records;
      EXPECT_EQ(NamesOf().size(), held + (closed ? 1 : 0)) << "no close, no release";
      if (cut % 2 == 0) RestartFold();
      if (cut % 3 == 0) log_.Restart();  // Ingestion, too, may have ended in between.
      // Once the close may be in the log, its reason is.
      const std::string other = "said otherwise the second time";
      if (at_close) {
        EXPECT_EQ(ReasonOf(Publish(*next, other, "somebody-else").status()), Reason::kFieldInvalid);
      }
      const auto retried = Publish(*next, at_close ? "retried" : other, "somebody-else");
      ASSERT_TRUE(retried.ok()) << retried.status();
      EXPECT_EQ(retried->release().approver(), closed ? "approver" : "somebody-else");
      EXPECT_EQ(NamesOf().size(), held + 1);
      EXPECT_EQ(log_.head() - head, records) << "nothing was written twice";
      EXPECT_EQ(retried->release().DebugString(),
                aggregator_->Current()->releases->at("T").back()->facts.DebugString());
    }
  }
}

TEST_F(ReleasesTest, ABuildingThatAnotherOneAbandonedBeginsAnew) {
  const auto one = Build();
  const auto two = Build();
  ASSERT_TRUE(one.ok() && two.ok());
  log_.cut_after = 1;
  EXPECT_FALSE(Publish(*one).ok());
  log_.cut_after = 1;
  EXPECT_FALSE(Publish(*two).ok());
  EXPECT_THAT(NamesOf(), testing::IsEmpty());
  const auto published = Publish(*one);
  ASSERT_TRUE(published.ok()) << published.status();
  EXPECT_THAT(NamesOf(), testing::ElementsAre("editions/T/releases/1"));
  StartProcess();
  EXPECT_THAT(NamesOf(), testing::ElementsAre("editions/T/releases/1"));
}

TEST_F(ReleasesTest, VerificationFindsWhatWasPublishedEqual) {
  const query_pb::Release first = BuildAndPublish();
  Answer("T", "0101", 3);
  Deliver();
  const query_pb::Release second = BuildAndPublish("T", "corrected");
  for (const query_pb::Release& release : {first, second}) {
    const auto verified = Verify(release.name());
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_TRUE(verified->identical());
    EXPECT_TRUE(verified->equal());
    EXPECT_GE(verified->compared(), release.figure_count());
    EXPECT_EQ(verified->difference_count(), 0);
    EXPECT_EQ(verified->release().DebugString(), release.DebugString());
  }
}

TEST_F(ReleasesTest, AReleaseThatDiffersBlocksPublishingUntilItVerifies) {
  // Published with a number changed, as a build with another rule would have.
  const auto candidate = Build();
  ASSERT_TRUE(candidate.ok());
  base::CallContext call;
  auto built = BuildRelease(log_, call, "T", query_pb::AUDIENCE_INTERNAL, 0);
  ASSERT_TRUE(built.ok());
  auto content = figures::ReadParts(built->parts);
  ASSERT_TRUE(content.ok());
  for (store_pb::ReleaseFigure& figure : content->figures) {
    if (figure.figure().name() == "IND_CODE.ALL") figure.mutable_figure()->set_value(0.25);
  }
  const std::vector<std::string> parts = figures::WriteParts(*content);
  ingestion_pb::RecordReleaseRequest request;
  request.set_actor("other-build");
  for (size_t index = 0; index < parts.size(); ++index) {
    request.set_request_id(base::StrCat("wrong-", index));
    request.mutable_chunk()->set_edition("T");
    request.mutable_chunk()->set_build_id(std::string(32, 'e'));
    request.mutable_chunk()->set_index(static_cast<int32_t>(index));
    request.mutable_chunk()->set_part(parts[index]);
    ASSERT_TRUE(log_.Record(call, request).ok());
  }
  request.set_request_id("wrong-close");
  store_pb::ReleasePublished& published = *request.mutable_published();
  published.set_edition("T");
  published.set_number(1);
  published.set_build_id(std::string(32, 'e'));
  published.set_chunks(static_cast<int32_t>(parts.size()));
  published.set_content_hash(figures::ContentHash(parts));
  published.set_position(built->facts.position());
  published.set_rule_version(figures::kRuleVersion);
  published.set_audience(1);
  published.set_builder("other-build");
  const auto closed = log_.Record(call, request);
  ASSERT_TRUE(closed.ok()) << closed.status();
  log_.Feed(*aggregator_);

  const auto verified = Verify("editions/T/releases/1");
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_FALSE(verified->identical());
  EXPECT_FALSE(verified->equal());
  EXPECT_GE(verified->difference_count(), 1);
  EXPECT_THAT(verified->differences(), testing::Contains(testing::HasSubstr("IND_CODE.ALL")));
  base::Gauge& differing = metrics_.GaugeOf("imdi_aggregation_releases_differing", "");
  EXPECT_EQ(differing.Value(), 1);
  EXPECT_EQ(ReasonOf(Build().status()), Reason::kReleaseDiffers);
  EXPECT_EQ(ReasonOf(Publish(*candidate).status()), Reason::kReleaseDiffers);
  for (const store_pb::ReleaseFigure& figure : ContentOf("T", 1).figures) {
    if (figure.figure().name() == "IND_CODE.ALL") {
      EXPECT_EQ(figure.figure().value(), 0.25);
    }
  }
  // A log restored from before it holds no such release.
  SmallLog restored(std::string(32, 'f'), 2);
  restored.ApplySmallSurvey({"T"});
  ASSERT_TRUE(aggregator_->StartOver().ok());
  ASSERT_TRUE(aggregator_->Consume(restored.All()).ok());
  EXPECT_TRUE(Build().ok());
  EXPECT_EQ(differing.Value(), 0);
}

TEST_F(ReleasesTest, ACandidateShowsAsManySentencesAsFitAndSaysHowManyThereAre) {
  constexpr int kClaims = 300;
  for (int i = 0; i < kClaims; ++i) {
    model::Definition definition;
    model::Claim& claim = *definition.mutable_claim();
    claim.set_name(base::StrCat("editions/T/claims/C", i));
    *claim.mutable_text() = testing_support::Words(std::string(1'200, 'w'));
    claim.add_figures("IND_CODE.ALL");
    claim.mutable_stated_percent()->set_percent(100);
    small_.Apply(definition);
  }
  Deliver();
  const auto candidate = Build();
  ASSERT_TRUE(candidate.ok()) << candidate.status();
  EXPECT_EQ(candidate->claim_count(), kClaims);
  EXPECT_GT(candidate->claims_size(), 0);
  EXPECT_LT(candidate->claims_size(), kClaims);
  EXPECT_LT(candidate->ByteSizeLong(), base::kMessageBytesMax);
}

}  // namespace
}  // namespace imdi::aggregation
