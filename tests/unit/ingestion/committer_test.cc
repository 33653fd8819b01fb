// The committer alone, over stores in memory: who waits, who is refused, and what everybody is
// told.

#include "services/ingestion/committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/text.h"
#include "storage/memory/response_log.h"
#include "storage/memory/side_stores.h"

namespace imdi::ingestion {
namespace {

using base::Reason;

// A gate in front of Append: while it is closed, the committer stands inside Append.
class GatedLog final : public storage::ResponseLog {
 public:
  explicit GatedLog(const base::Clock& clock) : log_(clock) {}

  void Close() {
    base::MutexLock lock(mutex_);
    closed_ = true;
  }
  void Open() {
    base::MutexLock lock(mutex_);
    closed_ = false;
    changed_.NotifyAll();
  }
  // Until that many batches have come to the gate.
  void AwaitBatches(size_t count) {
    base::MutexLock lock(mutex_);
    while (batches_.size() < count) changed_.Wait(mutex_);
  }
  // Number of proposals in each batch, in order.
  std::vector<size_t> batches() const {
    base::MutexLock lock(mutex_);
    return batches_;
  }
  storage::memory::MemoryResponseLog& inner() { return log_; }
  // Called on the committer's thread before each append.
  std::function<void(std::span<const storage::Proposal>)> before_append;

  absl::StatusOr<std::vector<storage::AppendOutcome>> Append(
      std::span<const storage::Proposal> proposals) override {
    {
      base::MutexLock lock(mutex_);
      batches_.push_back(proposals.size());
      changed_.NotifyAll();
      while (closed_) changed_.Wait(mutex_);
    }
    if (before_append) before_append(proposals);
    return log_.Append(proposals);
  }
  storage::LogHead Head() const override { return log_.Head(); }
  absl::StatusOr<std::vector<storage::LogEntry>> Read(int64_t from, int64_t entries,
                                                      size_t bytes) const override {
    return log_.Read(from, entries, bytes);
  }
  absl::StatusOr<std::optional<storage::ResourceRevision>> Current(
      std::string_view resource) const override {
    return log_.Current(resource);
  }
  absl::StatusOr<std::optional<storage::ResourceRevision>> AtRevision(
      std::string_view resource, int64_t revision) const override {
    return log_.AtRevision(resource, revision);
  }
  absl::StatusOr<std::vector<storage::ResourceRevision>> ListCurrent(std::string_view prefix,
                                                                     std::string_view after,
                                                                     int64_t limit) const override {
    return log_.ListCurrent(prefix, after, limit);
  }
  absl::StatusOr<std::vector<storage::ResourceRevision>> ListRevisions(
      std::string_view resource, int64_t after, int64_t limit) const override {
    return log_.ListRevisions(resource, after, limit);
  }
  absl::StatusOr<std::optional<storage::RequestEntry>> FindRequest(
      std::string_view key) const override {
    return log_.FindRequest(key);
  }
  absl::Status VerifyChain(int64_t from, int64_t to) const override {
    return log_.VerifyChain(from, to);
  }
  absl::Status State() const override { return log_.State(); }
  absl::StatusOr<storage::LogHead> Backup(const std::string& directory,
                                          const storage::Proceed& proceed) override {
    return log_.Backup(directory, proceed);
  }
  int64_t AddHeadListener(HeadListener listener) override {
    return log_.AddHeadListener(std::move(listener));
  }
  void RemoveHeadListener(int64_t id) override { log_.RemoveHeadListener(id); }

 private:
  storage::memory::MemoryResponseLog log_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<size_t> batches_ ABSL_GUARDED_BY(mutex_);
};

// Keys in memory that can be told to fail.
class FailingKeys final : public storage::KeyStore {
 public:
  absl::Status Put(std::span<const storage::WrappedKey> keys) override {
    base::MutexLock lock(mutex_);
    if (!state_.ok()) return state_;
    return keys_.Put(keys);
  }
  absl::StatusOr<std::optional<std::string>> Get(std::string_view id) const override {
    return keys_.Get(id);
  }
  absl::StatusOr<bool> Exists(std::string_view id) const override { return keys_.Exists(id); }
  absl::Status Delete(std::span<const std::string> ids) override { return keys_.Delete(ids); }
  absl::Status State() const override { return absl::OkStatus(); }
  absl::Status Backup(const std::string& directory, const storage::Proceed& proceed) override {
    return keys_.Backup(directory, proceed);
  }
  void FailWith(absl::Status state) {
    base::MutexLock lock(mutex_);
    state_ = std::move(state);
  }

 private:
  storage::memory::MemoryKeyStore keys_;
  base::Mutex mutex_;
  absl::Status state_ ABSL_GUARDED_BY(mutex_);
};

CommitRequest Request(const std::string& id, size_t bytes = 10) {
  CommitRequest out;
  out.proposal.request_key = id;
  out.proposal.fingerprint = "fingerprint of " + id;
  out.proposal.bytes = std::string(bytes, 'x');
  out.proposal.depends_on.push_back({"resource/" + id, 0, true});
  return out;
}

int64_t PositionOf(const CommitResult& result) {
  EXPECT_TRUE(result.ok()) << result.status();
  if (!result.ok()) return 0;
  if (const auto* appended = std::get_if<storage::Appended>(&*result)) return appended->position;
  if (const auto* duplicate = std::get_if<storage::Duplicate>(&*result)) return duplicate->position;
  return 0;
}

// Collects what `done` was called with; one slot for each proposal.
class Answers {
 public:
  CommitDone Slot() {
    base::MutexLock lock(mutex_);
    const size_t slot = results_.size();
    results_.emplace_back();
    return [this, slot](CommitResult result) { Put(slot, std::move(result)); };
  }
  void Put(size_t slot, CommitResult result) {
    base::MutexLock lock(mutex_);
    if (results_.size() <= slot) results_.resize(slot + 1);
    EXPECT_EQ(results_[slot], nullptr) << "answered twice";
    results_[slot] = std::make_unique<CommitResult>(std::move(result));
    order_.push_back(slot);
    changed_.NotifyAll();
  }
  // Waits until `count` have been answered.
  void Await(size_t count) {
    base::MutexLock lock(mutex_);
    while (order_.size() < count) changed_.Wait(mutex_);
  }
  const CommitResult& operator[](size_t slot) {
    base::MutexLock lock(mutex_);
    return *results_[slot];
  }
  std::vector<size_t> order() {
    base::MutexLock lock(mutex_);
    return order_;
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<std::unique_ptr<CommitResult>> results_ ABSL_GUARDED_BY(mutex_);
  std::vector<size_t> order_ ABSL_GUARDED_BY(mutex_);
};

class CommitterTest : public testing::Test {
 protected:
  void Make(Committer::Limits limits = Committer::DefaultLimits()) {
    committer_ = std::make_unique<Committer>(log_, keys_, limits);
  }
  // Leaves the committer standing in Append with one proposal; the next ones wait in the queue.
  void Block() {
    log_.Close();
    ASSERT_TRUE(committer_->Enqueue(Request("first"), answers_.Slot()).ok());
    log_.AwaitBatches(1);
  }
  base::ManualClock clock_{absl::FromUnixSeconds(1'500'000'000)};
  GatedLog log_{clock_};
  FailingKeys keys_;
  Answers answers_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(CommitterTest, TakesWhatWaitsAsOneBatchAndAnswersInOrder) {
  Make();
  Block();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(committer_->Enqueue(Request(base::StrCat("r", i)), answers_.Slot()).ok());
  }
  log_.Open();
  answers_.Await(51);
  EXPECT_THAT(log_.batches(), testing::ElementsAre(1, 50));
  for (size_t i = 0; i <= 50; ++i) {
    EXPECT_EQ(PositionOf(answers_[i]), static_cast<int64_t>(i) + 1);
    EXPECT_EQ(answers_.order()[i], i);
  }
  EXPECT_EQ(committer_->counters().batches, 2u);
  EXPECT_EQ(committer_->counters().records, 51u);
}

TEST_F(CommitterTest, WhatIsEnqueuedTogetherIsOneBatchThoughTheCommitterWasIdle) {
  Make();
  for (int round = 0; round < 20; ++round) {
    std::vector<CommitRequest> requests;
    for (int i = 0; i < 100; ++i) requests.push_back(Request(base::StrCat("r", round, "-", i)));
    Answers answers;
    committer_->EnqueueAll(std::move(requests), [&answers](size_t i, CommitResult result) {
      answers.Put(i, std::move(result));
    });
    answers.Await(100);
    for (size_t i = 0; i < 100; ++i) {
      EXPECT_EQ(PositionOf(answers[i]), 100 * round + static_cast<int64_t>(i) + 1);
      EXPECT_EQ(answers.order()[i], i);
    }
  }
  EXPECT_THAT(log_.batches(), testing::Each(100));
  committer_->EnqueueAll({}, [](size_t, CommitResult) { ADD_FAILURE() << "of nothing"; });
}

TEST_F(CommitterTest, OfWhatIsEnqueuedTogetherEachHasItsOwnRefusal) {
  Make({.queue_items_max = 3,
        .queue_bytes_max = 1 << 20,
        .batch_items_max = 10,
        .batch_bytes_max = 1 << 20});
  Block();
  std::vector<CommitRequest> requests;
  for (int i = 0; i < 5; ++i) requests.push_back(Request(base::StrCat("r", i)));
  requests[1].proposal.depends_on[0].revision = -1;
  Answers answers;
  committer_->EnqueueAll(std::move(requests), [&answers](size_t i, CommitResult result) {
    answers.Put(i, std::move(result));
  });
  EXPECT_EQ(base::ReasonOf(answers[1].status()), Reason::kInvalidArgument);
  EXPECT_EQ(base::ReasonOf(answers[4].status()), Reason::kQueueFull);
  EXPECT_EQ(answers.order().size(), 2u) << "the others wait";
  log_.Open();
  answers.Await(5);
  EXPECT_EQ(PositionOf(answers[0]), 2);
  EXPECT_EQ(PositionOf(answers[2]), 3);
  EXPECT_EQ(PositionOf(answers[3]), 4);
  committer_->Stop();
  Answers late;
  std::vector<CommitRequest> too_late;
  too_late.push_back(Request("late"));
  committer_->EnqueueAll(std::move(too_late), [&late](size_t i, CommitResult result) {
    late.Put(i, std::move(result));
  });
  EXPECT_EQ(base::ReasonOf(late[0].status()), Reason::kShuttingDown);
}

TEST_F(CommitterTest, ABatchIsBoundedInCountAndInBytesAndTheRestTakesTheNext) {
  Make({.queue_items_max = 100,
        .queue_bytes_max = 1 << 20,
        .batch_items_max = 4,
        .batch_bytes_max = 3'000});
  Block();
  for (int i = 0; i < 9; ++i) {
    ASSERT_TRUE(committer_->Enqueue(Request(base::StrCat("small", i)), answers_.Slot()).ok());
  }
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(committer_->Enqueue(Request(base::StrCat("big", i), 1'300), answers_.Slot()).ok());
  }
  // Larger than a batch may be: goes alone, it is never left behind.
  ASSERT_TRUE(committer_->Enqueue(Request("huge", 5'000), answers_.Slot()).ok());
  log_.Open();
  answers_.Await(14);
  // 4 + 4 small; a small one with two big ones (the third would pass the bytes); a big one; the
  // huge one.
  EXPECT_THAT(log_.batches(), testing::ElementsAre(1, 4, 4, 3, 1, 1));
}

TEST_F(CommitterTest, AFullQueueRefusesAtOnceWithARetryDelayAndGoesOnAfterwards) {
  Make({.queue_items_max = 3,
        .queue_bytes_max = 1 << 20,
        .batch_items_max = 10,
        .batch_bytes_max = 1 << 20});
  Block();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(committer_->Enqueue(Request(base::StrCat("r", i)), answers_.Slot()).ok());
  }
  const absl::Status full = committer_->Enqueue(
      Request("one too many"), [](CommitResult) { ADD_FAILURE() << "refused and answered"; });
  EXPECT_EQ(base::ReasonOf(full), Reason::kQueueFull);
  EXPECT_EQ(full.code(), absl::StatusCode::kUnavailable);
  EXPECT_GT(base::InfoOf(full).retry_delay, absl::ZeroDuration());
  EXPECT_EQ(committer_->counters().refused, 1u);
  log_.Open();
  answers_.Await(4);
  EXPECT_EQ(PositionOf(committer_->Commit(Request("one too many"))), 5);
}

TEST_F(CommitterTest, TheQueueIsBoundedInBytesKeysIncluded) {
  Make({.queue_items_max = 100,
        .queue_bytes_max = 4'000,
        .batch_items_max = 10,
        .batch_bytes_max = 1 << 20});
  Block();
  ASSERT_TRUE(committer_->Enqueue(Request("a", 2'000), answers_.Slot()).ok());
  CommitRequest with_key = Request("b", 1'000);
  with_key.keys.push_back({"key", std::string(1'000, 'k')});
  EXPECT_EQ(base::ReasonOf(committer_->Enqueue(with_key, nullptr)), Reason::kQueueFull);
  with_key.keys.clear();
  EXPECT_TRUE(committer_->Enqueue(with_key, answers_.Slot()).ok());
  log_.Open();
  answers_.Await(3);
}

TEST_F(CommitterTest, ADuplicateWithinABatchGetsTheFirstOnesPositionAndOtherContentIsToldSo) {
  Make();
  Block();
  ASSERT_TRUE(committer_->Enqueue(Request("same"), answers_.Slot()).ok());
  CommitRequest again = Request("same");
  ASSERT_TRUE(committer_->Enqueue(again, answers_.Slot()).ok());
  again.proposal.fingerprint = "other content";
  ASSERT_TRUE(committer_->Enqueue(again, answers_.Slot()).ok());
  CommitRequest stale = Request("stale");
  stale.proposal.depends_on[0] = {"resource/same", 0, true};
  ASSERT_TRUE(committer_->Enqueue(stale, answers_.Slot()).ok());
  log_.Open();
  answers_.Await(5);
  EXPECT_EQ(PositionOf(answers_[1]), 2);
  EXPECT_TRUE(std::holds_alternative<storage::Duplicate>(*answers_[2]));
  EXPECT_EQ(PositionOf(answers_[2]), 2);
  EXPECT_TRUE(std::holds_alternative<storage::KeyReused>(*answers_[3]));
  ASSERT_TRUE(std::holds_alternative<storage::Stale>(*answers_[4]));
  EXPECT_EQ(std::get<storage::Stale>(*answers_[4]).current_revision, 1);
  EXPECT_EQ(log_.Head().position, 2);
}

TEST_F(CommitterTest, AFailedAppendAnswersEverybodyAndAPoisonedStoreLetsNobodyHang) {
  Make();
  Block();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(committer_->Enqueue(Request(base::StrCat("r", i)), answers_.Slot()).ok());
  }
  log_.inner().FailAppendsWith(base::Error(Reason::kStorePoisoned, "a sync failed"));
  log_.Open();
  answers_.Await(11);
  for (size_t i = 0; i < 11; ++i) {
    EXPECT_EQ(base::ReasonOf(answers_[i].status()), Reason::kStorePoisoned) << i;
  }
  EXPECT_EQ(base::ReasonOf(committer_->Commit(Request("later")).status()), Reason::kStorePoisoned);
  EXPECT_EQ(log_.Head().position, 0);
  EXPECT_EQ(committer_->counters().records, 0u);
  committer_->Stop();
}

TEST_F(CommitterTest, OnlyTheBatchOfAFailedAppendFails) {
  Make();
  log_.inner().FailAppendsWith(base::Error(Reason::kDiskFull, "no space"));
  EXPECT_EQ(base::ReasonOf(committer_->Commit(Request("a")).status()), Reason::kDiskFull);
  log_.inner().FailAppendsWith(absl::OkStatus());
  EXPECT_EQ(PositionOf(committer_->Commit(Request("a"))), 1);
}

TEST_F(CommitterTest, AProposalThatTheStoreWouldRefuseDoesNotTakeTheOthersWithIt) {
  Make();
  Block();
  ASSERT_TRUE(committer_->Enqueue(Request("fine"), answers_.Slot()).ok());
  CommitRequest bad = Request("bad");
  bad.proposal.depends_on.push_back({"", 0, true});
  EXPECT_EQ(committer_->Enqueue(bad, nullptr).code(), absl::StatusCode::kInvalidArgument);
  CommitRequest bad_key = Request("bad key");
  bad_key.keys.push_back({"", "wrapped"});
  EXPECT_EQ(committer_->Enqueue(bad_key, nullptr).code(), absl::StatusCode::kInvalidArgument);
  log_.Open();
  answers_.Await(2);
  EXPECT_EQ(PositionOf(answers_[1]), 2);
}

TEST_F(CommitterTest, KeysAreStoredBeforeTheRecordThatNeedsThem) {
  Make();
  int appended = 0;
  log_.before_append = [&](std::span<const storage::Proposal> proposals) {
    for (const storage::Proposal& proposal : proposals) {
      EXPECT_TRUE(keys_.Get("key of " + proposal.request_key)->has_value()) << proposal.request_key;
      ++appended;
    }
  };
  for (int i = 0; i < 5; ++i) {
    CommitRequest request = Request(base::StrCat("r", i));
    request.keys.push_back({"key of " + request.proposal.request_key, "wrapped"});
    EXPECT_GT(PositionOf(committer_->Commit(request)), 0);
  }
  EXPECT_EQ(appended, 5);
}

TEST_F(CommitterTest, WhenKeysCannotBeStoredNothingIsAppendedAndEverybodyIsTold) {
  Make();
  keys_.FailWith(base::Error(Reason::kDiskFull, "no space for keys"));
  CommitRequest request = Request("with text");
  request.keys.push_back({"key", "wrapped"});
  EXPECT_EQ(base::ReasonOf(committer_->Commit(request).status()), Reason::kDiskFull);
  EXPECT_EQ(log_.Head().position, 0);
  keys_.FailWith(absl::OkStatus());
  EXPECT_EQ(PositionOf(committer_->Commit(request)), 1);
}

TEST_F(CommitterTest, StopCommitsWhatWaitsAndRefusesWhatComesLater) {
  Make();
  Block();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(committer_->Enqueue(Request(base::StrCat("r", i)), answers_.Slot()).ok());
  }
  std::thread stopper([this] { committer_->Stop(); });
  // The stopper has come in once new proposals are refused; those taken until then are committed.
  size_t taken = 21;
  while (true) {
    const absl::Status status =
        committer_->Enqueue(Request(base::StrCat("late", taken)), answers_.Slot());
    if (!status.ok()) {
      EXPECT_EQ(base::ReasonOf(status), Reason::kShuttingDown);
      break;
    }
    ++taken;
    std::this_thread::yield();
  }
  log_.Open();
  stopper.join();
  EXPECT_EQ(answers_.order().size(), taken);
  EXPECT_EQ(log_.Head().position, static_cast<int64_t>(taken));
  EXPECT_EQ(base::ReasonOf(committer_->Commit(Request("after")).status()), Reason::kShuttingDown);
  committer_->Stop();  // Again, and once more at destruction: no harm.
}

TEST_F(CommitterTest, ManyThreadsGetEachTheirOwnGaplessPosition) {
  Make({.queue_items_max = 64,
        .queue_bytes_max = 1 << 20,
        .batch_items_max = 16,
        .batch_bytes_max = 1 << 20});
  constexpr int kThreads = 8;
  constexpr int kEach = 200;
  std::vector<std::vector<int64_t>> positions(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        CommitRequest request = Request(base::StrCat("t", t, "-", i));
        if (i % 3 == 0) request.keys.push_back({base::StrCat("key", t, "-", i), "wrapped"});
        positions[t].push_back(PositionOf(committer_->Commit(request)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<int64_t> all;
  for (const auto& own : positions) {
    EXPECT_TRUE(std::is_sorted(own.begin(), own.end()));
    all.insert(own.begin(), own.end());
  }
  EXPECT_EQ(all.size(), static_cast<size_t>(kThreads * kEach));
  EXPECT_EQ(*all.begin(), 1);
  EXPECT_EQ(*all.rbegin(), kThreads * kEach);
  EXPECT_EQ(committer_->counters().records, static_cast<uint64_t>(kThreads * kEach));
  EXPECT_TRUE(log_.VerifyChain(1, kThreads * kEach).ok());
}

}  // namespace
}  // namespace imdi::ingestion
