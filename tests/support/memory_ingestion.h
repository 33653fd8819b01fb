#pragma once

// A log in memory with ingestion's own RecordRelease behind it, as the use cases of releases see
// it; and where it can be cut.

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "services/aggregation/aggregator.h"
#include "services/aggregation/release_log.h"
#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/ingestion/committer.h"
#include "services/ingestion/definitions.h"
#include "services/ingestion/names.h"
#include "services/ingestion/releases.h"
#include "services/ingestion/submissions.h"
#include "services/ingestion/text_vault.h"
#include "storage/memory/response_log.h"
#include "storage/memory/side_stores.h"
#include "tests/unit/aggregation/small_log.h"

namespace imdi::testing_support {

class MemoryIngestion final : public aggregation::ReleaseLog {
 public:
  MemoryIngestion() {
    call_.actor = "embedded";
    Start();
  }
  ~MemoryIngestion() override { End(); }
  // The end of the process and its next start on the same log.
  void Restart() {
    End();
    Start();
  }

  // ---- What callers of ingestion ask. An error or a finding fails the test.
  void Apply(const model::Definition& definition) {
    ingestion_pb::ApplyDefinitionRequest request;
    request.set_request_id(base::StrCat("apply-", ++ids_));
    *request.mutable_definition() = definition;
    const auto response = definitions_->Apply(call_, request);
    ASSERT_TRUE(response.ok()) << response.status();
    ASSERT_EQ(response->findings_size(), 0) << response->DebugString();
  }
  void Do(const ingestion_pb::SubmitRequest& request) {
    base::Mutex mutex;
    base::CondVar changed;
    std::unique_ptr<absl::StatusOr<ingestion_pb::SubmitResponse>> answer;
    submissions_->Submit(call_, request, [&](absl::StatusOr<ingestion_pb::SubmitResponse> done) {
      base::MutexLock lock(mutex);
      answer = std::make_unique<absl::StatusOr<ingestion_pb::SubmitResponse>>(std::move(done));
      changed.NotifyAll();
    });
    base::MutexLock lock(mutex);
    while (answer == nullptr) changed.Wait(mutex);
    ASSERT_TRUE(answer->ok()) << answer->status();
    ASSERT_EQ((*answer)->outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED)
        << (*answer)->DebugString();
  }
  // With a caller of the test's own. Gives every result.
  ingestion_pb::BatchSubmitResponse Batch(const base::CallContext& call,
                                          const ingestion_pb::BatchSubmitRequest& request) {
    std::promise<absl::StatusOr<ingestion_pb::BatchSubmitResponse>> answer;
    submissions_->BatchSubmit(call, request,
                              [&](absl::StatusOr<ingestion_pb::BatchSubmitResponse> done) {
                                answer.set_value(std::move(done));
                              });
    auto got = answer.get_future().get();
    EXPECT_TRUE(got.ok()) << got.status();
    return got.ok() ? *std::move(got) : ingestion_pb::BatchSubmitResponse();
  }
  void Do(const ingestion_pb::WithdrawRequest& request) {
    const auto response = submissions_->Withdraw(call_, request);
    ASSERT_TRUE(response.ok()) << response.status();
  }
  void Do(const ingestion_pb::SetDispositionRequest& request) {
    const auto response = definitions_->SetDisposition(call_, request);
    ASSERT_TRUE(response.ok()) << response.status();
  }
  void Do(const ingestion_pb::SetEditionStateRequest& request) {
    const auto response = definitions_->SetState(call_, request);
    ASSERT_TRUE(response.ok()) << response.status();
  }

  // Appends what `log` has beyond what was taken from it before, as it stands there.
  void Add(const SmallLog& log) {
    for (; taken_ < log.head(); ++taken_) {
      const ingestion_pb::FollowLogResponse chunk = log.Chunk(taken_ + 1, taken_ + 1);
      storage::Proposal proposal;
      proposal.bytes = chunk.records(0).record();
      store_pb::Record record;
      ASSERT_TRUE(record.ParseFromString(proposal.bytes));
      if (record.has_definition_applied()) {
        const auto& applied = record.definition_applied();
        proposal.depends_on = {{ingestion::DefinitionResource(domain::NameOf(applied.definition())),
                                applied.revision() - 1, true}};
      } else if (record.has_edition_state_changed()) {
        const auto& changed = record.edition_state_changed();
        proposal.depends_on = {
            {ingestion::StateResource(changed.edition()), changed.revision() - 1, true}};
      }
      const auto outcome = committer_->Commit({std::move(proposal), {}});
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      ASSERT_TRUE(std::holds_alternative<storage::Appended>(*outcome));
    }
    Restart();
  }

  // ---- What followers see
  int64_t head() const { return log_.Head().position; }

  // Records from..to as a follower hears them.
  ingestion_pb::FollowLogResponse Chunk(int64_t from, int64_t to) const {
    ingestion_pb::FollowLogResponse out;
    const storage::LogHead head = log_.Head();
    out.mutable_head()->set_log_id(head.log_id);
    out.mutable_head()->set_epoch(head.epoch);
    out.mutable_head()->set_position(head.position);
    out.mutable_head()->set_chain_hash(std::string(base::AsText(head.chain)));
    if (from > to) return out;
    const auto entries = log_.Read(from, to - from + 1, storage::kReadBytesMax);
    EXPECT_TRUE(entries.ok());
    for (const storage::LogEntry& entry : *entries) {
      ingestion_pb::LogRecord& record = *out.add_records();
      record.set_position(entry.position);
      record.set_time_us(absl::ToUnixMicros(entry.time));
      record.set_chain_hash(std::string(base::AsText(entry.chain)));
      record.set_record(entry.bytes);
    }
    return out;
  }
  // Brings a follower to the head.
  void Feed(aggregation::Aggregator& aggregator, int64_t at_once = 1'000) const {
    while (aggregator.cursor().position() < head()) {
      const int64_t from = aggregator.cursor().position() + 1;
      const absl::Status taken =
          aggregator.Consume(Chunk(from, std::min(head(), from + at_once - 1)));
      ASSERT_TRUE(taken.ok()) << taken;
    }
  }

  absl::Status Read(const base::CallContext&, const Take& take) override {
    int64_t next = 1;
    while (true) {
      const auto more = take(Chunk(next, std::min(head(), next + read_at_once - 1)));
      if (!more.ok() || !*more) return more.status();
      next += read_at_once;
      if (next > head()) return absl::DeadlineExceededError("it waits for more than there is");
    }
  }
  absl::StatusOr<ingestion_pb::RecordReleaseResponse> Record(
      const base::CallContext&, const ingestion_pb::RecordReleaseRequest& request) override {
    if (cut_before > 0 && --cut_before == 0) return absl::UnavailableError("cut before");
    auto out = releases_->Record(call_, request);
    if (cut_after > 0 && --cut_after == 0) return absl::UnavailableError("cut after");
    return out;
  }

  int64_t read_at_once = 7;
  int cut_before = 0;  // The n-th call from now on fails without effect; 0 = none.
  int cut_after = 0;   // It takes effect and its answer is lost.

 private:
  void Start() {
    vault_ = std::make_unique<ingestion::TextVault>(std::string(32, 'm'), keys_);
    committer_ = std::make_unique<ingestion::Committer>(log_, keys_);
    auto definitions = ingestion::Definitions::Open(log_, *committer_, *vault_);
    ASSERT_TRUE(definitions.ok()) << definitions.status();
    definitions_ = *std::move(definitions);
    submissions_ = std::make_unique<ingestion::Submissions>(log_, *committer_, *definitions_,
                                                            *vault_, drafts_);
    releases_ = std::make_unique<ingestion::Releases>(log_, *committer_, *definitions_, *vault_);
  }
  void End() {
    releases_.reset();
    submissions_.reset();
    definitions_.reset();
    committer_.reset();
  }

  base::ManualClock clock_{absl::FromUnixSeconds(1'500'000'000)};
  storage::memory::MemoryResponseLog log_{clock_};
  storage::memory::MemoryKeyStore keys_;
  storage::memory::MemoryDraftStore drafts_;
  base::CallContext call_;
  std::unique_ptr<ingestion::TextVault> vault_;
  std::unique_ptr<ingestion::Committer> committer_;
  std::unique_ptr<ingestion::Definitions> definitions_;
  std::unique_ptr<ingestion::Submissions> submissions_;
  std::unique_ptr<ingestion::Releases> releases_;
  int64_t taken_ = 0;
  int64_t ids_ = 0;
};

}  // namespace imdi::testing_support
