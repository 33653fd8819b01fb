// Releases as records: parts in order, a close that fits them, and what is refused. Over a log in
// memory.

#include "services/ingestion/releases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "imdi/survey/store/v1/release.pb.h"
#include "services/base/crypto.h"
#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/ingestion/names.h"
#include "storage/memory/response_log.h"
#include "storage/memory/side_stores.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::ingestion {
namespace {

namespace store_pb = survey::store::v1;
using base::Reason;
using base::ReasonOf;

const std::string kBuildA(32, 'a');
const std::string kBuildB(32, 'b');

class ReleasesTest : public testing::Test {
 protected:
  ReleasesTest() {
    call_.actor = "embedded";
    StartProcess();
    ingestion_pb::ApplyDefinitionRequest request;
    for (const char* edition : {"E1", "E2"}) {
      request.set_request_id(edition);
      *request.mutable_definition()->mutable_edition() = testing_support::SmallEdition(edition);
      EXPECT_TRUE(definitions_->Apply(call_, request).ok());
    }
  }
  ~ReleasesTest() override { EndProcess(); }
  void StartProcess() {
    vault_ = std::make_unique<TextVault>(std::string(32, 'm'), keys_);
    committer_ = std::make_unique<Committer>(log_, keys_);
    definitions_ = *Definitions::Open(log_, *committer_, *vault_);
    releases_ = std::make_unique<Releases>(log_, *committer_, *definitions_, *vault_);
  }
  void EndProcess() {
    releases_.reset();
    definitions_.reset();
    committer_.reset();
  }

  // The parts of a release number `number`: a header, then figures.
  std::vector<std::string> PartsOf(int32_t number, int count = 3,
                                   const std::string& edition = "E1") {
    std::vector<std::string> out;
    for (int index = 0; index < count; ++index) {
      store_pb::ReleasePart part;
      if (index == 0) {
        part.mutable_header()->set_edition(edition);
        part.mutable_header()->set_number(number);
        part.mutable_header()->set_audience(survey::query::v1::AUDIENCE_INTERNAL);
        part.mutable_header()->set_position(1);
        part.mutable_header()->set_rule_version(1);
        part.mutable_header()->set_log_id(log_.Head().log_id);
      } else {
        part.add_figures()->mutable_figure()->set_name(base::StrCat("IND.B.part=", index));
      }
      out.push_back(part.SerializeAsString());
    }
    return out;
  }
  ingestion_pb::RecordReleaseRequest Part(const std::string& build, int32_t index,
                                          const std::string& bytes,
                                          const std::string& edition = "E1") {
    ingestion_pb::RecordReleaseRequest request;
    request.set_request_id(base::StrCat("part-", edition, "-", build.substr(0, 1), "-", index));
    request.set_actor("builder");
    request.mutable_chunk()->set_edition(edition);
    request.mutable_chunk()->set_build_id(build);
    request.mutable_chunk()->set_index(index);
    request.mutable_chunk()->set_part(bytes);
    return request;
  }
  ingestion_pb::RecordReleaseRequest Close(const std::string& build, int32_t number,
                                           const std::vector<std::string>& parts,
                                           const std::string& edition = "E1") {
    ingestion_pb::RecordReleaseRequest request;
    request.set_request_id(base::StrCat("close-", edition, "-", build.substr(0, 1)));
    request.set_actor("approver");
    store_pb::ReleasePublished& published = *request.mutable_published();
    published.set_edition(edition);
    published.set_number(number);
    published.set_build_id(build);
    published.set_chunks(static_cast<int32_t>(parts.size()));
    base::Sha256Stream hash;
    for (const std::string& part : parts) {
      std::string size;
      base::PutU64(size, part.size());
      hash.Update(size);
      hash.Update(part);
    }
    published.set_content_hash(std::string(base::AsText(hash.Finish())));
    published.set_position(1);
    published.set_rule_version(1);
    published.set_audience(1);
    published.set_builder("builder");
    if (number > 1) published.set_reason("corrected");
    return request;
  }
  absl::StatusOr<ingestion_pb::RecordReleaseResponse> Record(
      const ingestion_pb::RecordReleaseRequest& request) {
    return releases_->Record(call_, request);
  }
  Reason ReasonFor(const ingestion_pb::RecordReleaseRequest& request) {
    return ReasonOf(Record(request).status());
  }
  void WriteParts(const std::string& build, const std::vector<std::string>& parts,
                  const std::string& edition = "E1") {
    for (size_t index = 0; index < parts.size(); ++index) {
      const auto done = Record(Part(build, static_cast<int32_t>(index), parts[index], edition));
      ASSERT_TRUE(done.ok()) << done.status();
    }
  }

  base::ManualClock clock_{absl::FromUnixSeconds(1'500'000'000)};
  storage::memory::MemoryResponseLog log_{clock_};
  storage::memory::MemoryKeyStore keys_;
  base::CallContext call_;
  std::unique_ptr<TextVault> vault_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Definitions> definitions_;
  std::unique_ptr<Releases> releases_;
};

TEST_F(ReleasesTest, PartsAndACloseBecomeRecordsWithTheActorNamed) {
  const auto parts = PartsOf(1);
  WriteParts(kBuildA, parts);
  const auto closed = Record(Close(kBuildA, 1, parts));
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(closed->position(), log_.Head().position);
  EXPECT_EQ(closed->time_us(), absl::ToUnixMicros(log_.Head().time));
  const auto record = ReadRecord(log_, closed->position());
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->actor(), "approver");
  EXPECT_EQ(record->release_published().number(), 1);
  const auto second = ReadRecord(log_, closed->position() - 2);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->release_chunk().part(), parts[1]);
  const auto current = log_.Current(ReleasesResource("E1"));
  ASSERT_TRUE(current.ok() && current->has_value());
  EXPECT_EQ((*current)->revision, 1);
}

TEST_F(ReleasesTest, ARepeatedRequestGetsTheFirstAnswerAndAppendsNothingAlsoFromAnotherPerson) {
  const auto parts = PartsOf(1);
  WriteParts(kBuildA, parts);
  const auto closed = Record(Close(kBuildA, 1, parts));
  ASSERT_TRUE(closed.ok());
  const int64_t head = log_.Head().position;
  EndProcess();
  StartProcess();
  for (size_t index = 0; index < parts.size(); ++index) {
    const auto again = Record(Part(kBuildA, static_cast<int32_t>(index), parts[index]));
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->position(), head - 3 + static_cast<int64_t>(index));
  }
  auto request = Close(kBuildA, 1, parts);
  request.set_actor("somebody-else");
  const auto again = Record(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->actor(), "approver") << "the one that is recorded";
  EXPECT_EQ(again->DebugString(), closed->DebugString());
  EXPECT_EQ(log_.Head().position, head);
  request.mutable_published()->set_reason("another");
  EXPECT_EQ(ReasonFor(request), Reason::kRequestIdReused);
}

TEST_F(ReleasesTest, AnotherProcessClosesWhatOneBegan) {
  const auto parts = PartsOf(1);
  ASSERT_TRUE(Record(Part(kBuildA, 0, parts[0])).ok());
  EndProcess();
  StartProcess();
  ASSERT_TRUE(Record(Part(kBuildA, 1, parts[1])).ok());
  ASSERT_TRUE(Record(Part(kBuildA, 2, parts[2])).ok());
  EXPECT_TRUE(Record(Close(kBuildA, 1, parts)).ok());
}

TEST_F(ReleasesTest, PartsComeInOrderAndOnce) {
  const auto parts = PartsOf(1);
  EXPECT_EQ(ReasonFor(Part(kBuildA, 1, parts[1])), Reason::kReleaseIncomplete);
  ASSERT_TRUE(Record(Part(kBuildA, 0, parts[0])).ok());
  EXPECT_EQ(ReasonFor(Part(kBuildA, 2, parts[2])), Reason::kReleaseIncomplete);
  auto twice = Part(kBuildA, 0, parts[0]);
  twice.set_request_id("another-id");
  EXPECT_EQ(ReasonFor(twice), Reason::kReleaseIncomplete);
}

TEST_F(ReleasesTest, ACloseThatDoesNotFitItsPartsIsRefusedAndLeavesNothing) {
  const auto parts = PartsOf(1);
  EXPECT_EQ(ReasonFor(Close(kBuildA, 1, parts)), Reason::kReleaseIncomplete) << "no parts at all";
  ASSERT_TRUE(Record(Part(kBuildA, 0, parts[0])).ok());
  ASSERT_TRUE(Record(Part(kBuildA, 1, parts[1])).ok());
  const int64_t head = log_.Head().position;
  EXPECT_EQ(ReasonFor(Close(kBuildA, 1, parts)), Reason::kReleaseIncomplete)
      << "the last is missing";
  auto changed = parts;
  changed[1] = parts[2];
  changed.pop_back();
  EXPECT_EQ(ReasonFor(Close(kBuildA, 1, changed)), Reason::kReleaseIncomplete) << "another hash";
  const std::vector<std::string> written = {parts[0], parts[1]};
  auto other_position = Close(kBuildA, 1, written);
  other_position.mutable_published()->set_position(2);
  EXPECT_EQ(ReasonFor(other_position), Reason::kFieldInvalid) << "the header says otherwise";
  EXPECT_EQ(log_.Head().position, head);
  EXPECT_TRUE(Record(Close(kBuildA, 1, written)).ok());
}

TEST_F(ReleasesTest, NumbersAreGaplessAndTheSecondOfTwoIsStale) {
  const auto parts = PartsOf(1);
  WriteParts(kBuildA, parts);
  WriteParts(kBuildB, PartsOf(2));
  EXPECT_EQ(ReasonFor(Close(kBuildB, 2, PartsOf(2))), Reason::kStaleRevision) << "there is no 1";
  EXPECT_EQ(ReasonFor(Close(kBuildA, 1, parts)), Reason::kReleaseIncomplete)
      << "the other building has begun since";
  const std::string third(32, 'c');
  WriteParts(third, parts);
  ASSERT_TRUE(Record(Close(third, 1, parts)).ok());
  auto again = Close(third, 1, parts);
  again.set_request_id("again");
  EXPECT_EQ(ReasonFor(again), Reason::kStaleRevision);
}

TEST_F(ReleasesTest, EditionsDoNotDisturbEachOther) {
  const auto one = PartsOf(1);
  const auto two = PartsOf(1, 2, "E2");
  ASSERT_TRUE(Record(Part(kBuildA, 0, one[0])).ok());
  WriteParts(kBuildB, two, "E2");
  ASSERT_TRUE(Record(Part(kBuildA, 1, one[1])).ok());
  ASSERT_TRUE(Record(Part(kBuildA, 2, one[2])).ok());
  EXPECT_TRUE(Record(Close(kBuildA, 1, one)).ok());
  EXPECT_TRUE(Record(Close(kBuildB, 1, two, "E2")).ok());
}

TEST_F(ReleasesTest, WhatIsNotARequestIsRefusedWithItsPlace) {
  const auto parts = PartsOf(1);
  auto part = Part(kBuildA, 0, parts[0]);
  part.set_request_id("");
  EXPECT_EQ(ReasonFor(part), Reason::kFieldInvalid);
  part = Part(kBuildA, 0, parts[0]);
  part.set_actor("");
  EXPECT_EQ(ReasonFor(part), Reason::kFieldInvalid);
  part = Part(kBuildA, 0, parts[0]);
  part.clear_chunk();
  EXPECT_EQ(ReasonFor(part), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonFor(Part("ABC", 0, parts[0])), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonFor(Part(kBuildA, -1, parts[0])), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonFor(Part(kBuildA, 0, "\xff")), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonFor(Part(kBuildA, 0, parts[1])), Reason::kFieldInvalid) << "no header";
  EXPECT_EQ(ReasonFor(Part(kBuildA, 0, parts[0], "E2")), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonFor(Part(kBuildA, base::kReleasePartsMax, parts[1])), Reason::kTooLarge);
  EXPECT_EQ(ReasonFor(Part(kBuildA, 1, std::string(base::kReleasePartBytesMax + 1, 'x'))),
            Reason::kTooLarge);
  EXPECT_EQ(ReasonFor(Part(kBuildA, 0, PartsOf(1, 1, "NOSUCH")[0], "NOSUCH")),
            Reason::kUnknownResource);
  auto close = Close(kBuildA, 1, parts);
  close.mutable_published()->set_number(0);
  close.mutable_published()->set_content_hash("short");
  close.mutable_published()->set_position(log_.Head().position + 1);
  close.mutable_published()->set_audience(3);
  const auto refused = Record(close);
  EXPECT_EQ(base::InfoOf(refused.status()).violations.size(), 4u) << refused.status();
  close = Close(kBuildA, 2, parts);
  close.mutable_published()->clear_reason();
  EXPECT_EQ(ReasonFor(close), Reason::kFieldInvalid) << "a second release says why";
}

}  // namespace
}  // namespace imdi::ingestion
