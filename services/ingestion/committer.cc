#include "services/ingestion/committer.h"

#include <chrono>
#include <memory>
#include <utility>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"

namespace imdi::ingestion {
namespace {

size_t BytesOf(const CommitRequest& request) {
  size_t bytes = request.proposal.bytes.size() + request.proposal.request_key.size() + 64;
  for (const storage::WrappedKey& key : request.keys) bytes += key.id.size() + key.bytes.size();
  return bytes;
}

absl::Status QueueFull() {
  return base::WithRetryDelay(
      base::Error(base::Reason::kQueueFull,
                  "too many submissions are waiting to be stored; try again shortly"),
      absl::Milliseconds(base::kShedRetryDelayMs));
}

absl::Status ShuttingDown() {
  return base::WithRetryDelay(
      base::Error(base::Reason::kShuttingDown,
                  "the service is stopping; try again, the request id stays valid"),
      absl::Milliseconds(base::kShedRetryDelayMs));
}

}  // namespace

Committer::Limits Committer::DefaultLimits() {
  return {.queue_items_max = base::kCommitQueueMax,
          .queue_bytes_max = base::kCommitQueueBytesMax,
          .batch_items_max = base::kCommitRecordsMax,
          .batch_bytes_max = base::kCommitBytesMax};
}

Committer::Committer(storage::ResponseLog& log, storage::KeyStore& keys, Limits limits,
                     Observer committed)
    : log_(log), keys_(keys), limits_(limits), committed_(std::move(committed)) {
  base::MutexLock lock(join_mutex_);
  thread_ = std::thread([this] { Run(); });
}

Committer::~Committer() { Stop(); }

void Committer::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  base::MutexLock lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

absl::Status Committer::Check(const CommitRequest& request) {
  // Asked here: the log refuses a whole batch for one proposal that is out of bounds.
  IMDI_RETURN_IF_ERROR(storage::CheckProposal(request.proposal));
  if (!request.keys.empty()) IMDI_RETURN_IF_ERROR(storage::CheckKeys(request.keys));
  return absl::OkStatus();
}

absl::Status Committer::Take(Waiting waiting) {
  if (stopping_) return ShuttingDown();
  if (queue_.size() + 1 > limits_.queue_items_max ||
      queue_bytes_ + waiting.bytes > limits_.queue_bytes_max) {
    ++counters_.refused;
    return QueueFull();
  }
  queue_bytes_ += waiting.bytes;
  queue_.push_back(std::move(waiting));
  if (queue_.size() == 1) changed_.NotifyOne();
  return absl::OkStatus();
}

absl::Status Committer::Enqueue(CommitRequest request, CommitDone done) {
  IMDI_RETURN_IF_ERROR(Check(request));
  const size_t bytes = BytesOf(request);
  base::MutexLock lock(mutex_);
  return Take({std::move(request), std::move(done), bytes});
}

void Committer::EnqueueAll(std::vector<CommitRequest> requests,
                           std::function<void(size_t, CommitResult)> done) {
  const auto shared = std::make_shared<std::function<void(size_t, CommitResult)>>(std::move(done));
  std::vector<std::pair<size_t, absl::Status>> refused;
  std::vector<Waiting> waiting;
  std::vector<size_t> indices;
  for (size_t i = 0; i < requests.size(); ++i) {
    if (absl::Status checked = Check(requests[i]); !checked.ok()) {
      refused.emplace_back(i, std::move(checked));
      continue;
    }
    const size_t bytes = BytesOf(requests[i]);
    indices.push_back(i);
    waiting.push_back({std::move(requests[i]),
                       [shared, i](CommitResult result) { (*shared)(i, std::move(result)); },
                       bytes});
  }
  {
    base::MutexLock lock(mutex_);
    for (size_t k = 0; k < waiting.size(); ++k) {
      if (absl::Status taken = Take(std::move(waiting[k])); !taken.ok())
        refused.emplace_back(indices[k], std::move(taken));
    }
  }
  for (auto& [index, why] : refused) (*shared)(index, std::move(why));
}

CommitResult Committer::Commit(CommitRequest request) {
  base::Mutex mutex;
  base::CondVar ready;
  std::unique_ptr<CommitResult> result;
  const absl::Status taken = Enqueue(std::move(request), [&](CommitResult done) {
    // Notified under the lock: the waiter owns all three and leaves as soon as it sees the result.
    base::MutexLock lock(mutex);
    result = std::make_unique<CommitResult>(std::move(done));
    ready.NotifyOne();
  });
  if (!taken.ok()) return taken;
  base::MutexLock lock(mutex);
  while (result == nullptr) ready.Wait(mutex);
  return std::move(*result);
}

Committer::Counters Committer::counters() const {
  base::MutexLock lock(mutex_);
  Counters now = counters_;
  now.waiting = queue_.size();
  now.waiting_bytes = queue_bytes_;
  return now;
}

void Committer::Run() {
  while (true) {
    std::vector<Waiting> batch;
    size_t bytes = 0;
    {
      base::MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) changed_.Wait(mutex_);
      if (queue_.empty()) return;
      while (!queue_.empty() && batch.size() < limits_.batch_items_max &&
             (batch.empty() || bytes + queue_.front().bytes <= limits_.batch_bytes_max)) {
        bytes += queue_.front().bytes;
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
      queue_bytes_ -= bytes;
    }
    CommitBatch(std::move(batch), bytes);
  }
}

void Committer::CommitBatch(std::vector<Waiting> batch, size_t bytes) {
  const auto began = std::chrono::steady_clock::now();
  std::vector<storage::WrappedKey> keys;
  for (Waiting& waiting : batch) {
    for (storage::WrappedKey& key : waiting.request.keys) keys.push_back(std::move(key));
  }
  if (!keys.empty()) {
    const absl::Status stored = keys_.Put(keys);
    if (!stored.ok()) {
      for (Waiting& waiting : batch) waiting.done(stored);
      return;
    }
  }
  std::vector<storage::Proposal> proposals;
  proposals.reserve(batch.size());
  for (Waiting& waiting : batch) proposals.push_back(std::move(waiting.request.proposal));
  absl::StatusOr<std::vector<storage::AppendOutcome>> outcomes = log_.Append(proposals);
  {
    base::MutexLock lock(mutex_);
    ++counters_.batches;
    if (outcomes.ok()) counters_.records += outcomes->size();
  }
  if (committed_ && outcomes.ok()) {
    committed_({.records = batch.size(),
                .bytes = bytes,
                .took = absl::FromChrono(std::chrono::steady_clock::now() - began)});
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    if (outcomes.ok()) {
      batch[i].done(std::move((*outcomes)[i]));
    } else {
      batch[i].done(outcomes.status());
    }
  }
}

}  // namespace imdi::ingestion
