#include "tests/fault/process/submitters.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/time/clock.h"
#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "services/base/error.h"
#include "services/base/text.h"
#include "services/transport/client.h"
#include "services/transport/status_bridge.h"
#include "storage/response_log.h"

namespace imdi::process_fault {
namespace {

using base::MutexLock;
using base::StrCat;
using Submissions = ingestion_pb::SubmissionService::StubInterface;

constexpr absl::Duration kCallTimeout = absl::Seconds(20);

std::string NameOf(const ingestion_pb::SubmissionDraft& draft, int64_t revision) {
  return StrCat(draft.edition(), "/submissions/", draft.unit(), ".", draft.part(), "@", revision);
}

int64_t CurrentRevision(const absl::Status& stale) {
  const auto info = base::InfoOf(stale);
  const auto it = info.metadata.find("current_revision");
  return it == info.metadata.end() ? -1 : base::ParseInt64(it->second).value_or(-1);
}

}  // namespace

void Line::Connect(const std::string& public_address, const std::string& internal_address) {
  auto fresh =
      std::make_shared<const cli::Connection>(public_address, internal_address, kCallTimeout);
  MutexLock lock(mutex_);
  current_ = std::move(fresh);
  changed_.NotifyAll();
}

void Line::HangUp() {
  MutexLock lock(mutex_);
  current_.reset();
  changed_.NotifyAll();
}

std::shared_ptr<const cli::Connection> Line::Current() const {
  MutexLock lock(mutex_);
  return current_;
}

void Line::WaitForChange(const std::shared_ptr<const cli::Connection>& from,
                         absl::Duration patience) {
  MutexLock lock(mutex_);
  const absl::Time until = absl::Now() + patience;
  while (current_ == from && absl::Now() < until) changed_.WaitFor(mutex_, until - absl::Now());
}

Submitters::Submitters(Line& line, std::vector<ingestion_pb::SubmitRequest> requests, int threads,
                       uint64_t seed)
    : line_(line),
      units_(static_cast<size_t>(threads)),
      contested_(std::move(requests.back())),
      seed_(seed) {
  requests.pop_back();
  size_t next = 0;
  for (ingestion_pb::SubmitRequest& request : requests) {
    units_[next++ % units_.size()].push_back({.request = std::move(request)});
  }
}

Submitters::~Submitters() { Stop(); }

void Submitters::Start() {
  for (size_t i = 0; i < units_.size(); ++i) {
    threads_.emplace_back(
        [this, i] { Work(static_cast<int>(i), std::move(units_[i]), seed_ + i); });
  }
}

void Submitters::Stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

absl::StatusOr<ingestion_pb::SubmitResponse> Submitters::Ask(
    const ingestion_pb::SubmitRequest& request, bool may_give_up, bool& gave_up) {
  bool sent_before = false;
  while (true) {
    const std::shared_ptr<const cli::Connection> connection = line_.Current();
    if (connection == nullptr) {
      if (stopping_) {
        gave_up = true;
        return absl::UnavailableError("stopped while nobody could be asked");
      }
      line_.WaitForChange(connection, absl::Seconds(1));
      continue;
    }
    auto response = connection->Call(connection->submissions(), &Submissions::Submit, request);
    if (response.ok() || !cli::WorthRetrying(response.status())) {
      if (response.ok() && sent_before) ++learned_late_;
      return response;
    }
    sent_before = true;
    if (may_give_up || stopping_) {
      gave_up = true;
      return response;
    }
    line_.WaitForChange(connection, absl::Milliseconds(10));
  }
}

void Submitters::Work(int number, std::vector<Own> units, uint64_t seed) {
  std::mt19937_64 random(seed);
  for (int64_t count = 0; !stopping_; ++count) {
    const bool quarrel = random() % 10 == 0;
    Own& own = units[random() % units.size()];
    const int64_t contested_before = contested_revision_;
    ingestion_pb::SubmitRequest request = quarrel ? contested_ : own.request;
    request.set_request_id(StrCat("kill-", seed_, "-", number, "-", count));
    request.set_expected_revision(quarrel ? contested_before : own.revision);
    bool gave_up = false;
    const auto response = Ask(request, random() % 8 == 0, gave_up);
    const std::string& id = request.request_id();
    if (gave_up) {
      Keep(id, {.fate = Note::Fate::kAbandoned, .receipt = {}, .request = request});
      if (!quarrel) ++own.abandoned;
      continue;
    }
    if (base::ReasonOf(response.status()) == base::Reason::kStaleRevision) {
      Keep(id, {.fate = Note::Fate::kStale, .receipt = {}, .request = {}});
      const int64_t current = CurrentRevision(response.status());
      if (quarrel) {
        int64_t known = contested_before;
        contested_revision_.compare_exchange_strong(known, current);
        continue;
      }
      // Nobody else writes this unit, so only requests given up can have advanced it.
      if (current <= own.revision || current > own.revision + own.abandoned) {
        Problem(StrCat(id, ": revision ", current, " of ", own.request.submission().unit(),
                       " was never sent; ", own.revision, " was acknowledged and ", own.abandoned,
                       " requests given up since"));
      }
      own.revision = current;
      own.abandoned = 0;
      continue;
    }
    if (!response.ok() || response->outcome() != ingestion_pb::SUBMIT_OUTCOME_ACCEPTED) {
      Problem(
          StrCat(id, ": ", response.ok() ? response->DebugString() : response.status().ToString()));
      return;
    }
    const ingestion_pb::Receipt& receipt = response->receipt();
    if (receipt.revision() != request.expected_revision() + 1 ||
        receipt.submission() != NameOf(request.submission(), receipt.revision())) {
      Problem(StrCat(id, ": expected revision ", request.expected_revision(), ", got ",
                     receipt.ShortDebugString()));
    }
    if (quarrel) {
      int64_t known = contested_before;
      contested_revision_.compare_exchange_strong(known, receipt.revision());
    } else {
      own.revision = receipt.revision();
      own.abandoned = 0;
    }
    Accepted(id, receipt);
  }
}

void Submitters::Accepted(const std::string& request_id, const ingestion_pb::Receipt& receipt) {
  Keep(request_id, {.fate = Note::Fate::kAccepted, .receipt = receipt, .request = {}});
  MutexLock lock(mutex_);
  ++accepted_;
  highest_ = std::max(highest_, receipt.position());
  counted_.NotifyAll();
}

void Submitters::Keep(const std::string& request_id, Note note) {
  MutexLock lock(mutex_);
  notes_.emplace(request_id, std::move(note));
}

void Submitters::Problem(std::string text) {
  MutexLock lock(mutex_);
  problems_.push_back(std::move(text));
  counted_.NotifyAll();
}

bool Submitters::WaitForAccepted(int64_t count, absl::Duration patience) {
  MutexLock lock(mutex_);
  const absl::Time until = absl::Now() + patience;
  while (accepted_ < count && problems_.empty() && absl::Now() < until) {
    counted_.WaitFor(mutex_, until - absl::Now());
  }
  return accepted_ >= count;
}

int64_t Submitters::accepted() const {
  MutexLock lock(mutex_);
  return accepted_;
}

int64_t Submitters::highest_position() const {
  MutexLock lock(mutex_);
  return highest_;
}

std::map<std::string, Note> Submitters::TakeNotes() {
  MutexLock lock(mutex_);
  return std::move(notes_);
}

std::vector<std::string> Submitters::problems() const {
  MutexLock lock(mutex_);
  return problems_;
}

// ---- The comparison

namespace {

// A submission in the log.
struct Found {
  int64_t position = 0;
  int64_t time_us = 0;
  std::string chain_hash;
  std::string submission;  // Resource name with revision.
};

// Reads the whole log, recomputing its chain, and gives the submissions by request id.
std::string ReadLog(const std::string& internal_address, int64_t head,
                    std::map<std::string, Found>& found, int64_t& others, int64_t& of_releases) {
  namespace store_pb = survey::store::v1;
  const auto stub = ingestion_pb::LogService::NewStub(transport::MakeChannel(internal_address));
  grpc::ClientContext context;
  transport::SetTimeout(context, absl::Minutes(2));
  const auto stream = stub->FollowLog(&context, ingestion_pb::FollowLogRequest());
  ingestion_pb::FollowLogResponse chunk;
  std::optional<storage::Hash> chain;
  int64_t position = 0;
  int64_t time_us = 0;
  std::map<std::string, int64_t> revisions;  // By edition, unit and part.
  while (position < head && stream->Read(&chunk)) {
    if (!chain.has_value()) chain = storage::GenesisChain(chunk.head().log_id());
    for (const ingestion_pb::LogRecord& entry : chunk.records()) {
      if (entry.position() != ++position)
        return StrCat("position ", entry.position(), " follows ", position - 1);
      if (entry.time_us() < time_us) return StrCat("time goes back at position ", position);
      time_us = entry.time_us();
      chain = storage::NextChain(*chain, position, absl::FromUnixMicros(time_us), entry.record());
      if (base::AsText(*chain) != entry.chain_hash())
        return StrCat("the chain breaks at position ", position);
      store_pb::Record record;
      if (!record.ParseFromString(entry.record()))
        return StrCat("no record at position ", position);
      if (record.has_release_chunk() || record.has_release_published()) {
        ++of_releases;
        continue;
      }
      if (!record.has_submission_accepted()) {
        ++others;
        continue;
      }
      const store_pb::SubmissionAccepted& accepted = record.submission_accepted();
      const std::string part = StrCat("editions/", accepted.edition(), "/submissions/",
                                      accepted.unit(), ".", accepted.part());
      if (accepted.revision() != ++revisions[part]) {
        return StrCat("revision ", accepted.revision(), " of ", part, " stands where ",
                      revisions[part], " belongs");
      }
      const bool fresh =
          found
              .emplace(record.request_id(), Found{position, time_us, entry.chain_hash(),
                                                  StrCat(part, "@", accepted.revision())})
              .second;
      if (!fresh) return StrCat("request ", record.request_id(), " is in the log twice");
    }
  }
  context.TryCancel();
  if (position != head) return StrCat("only ", position, " of ", head, " records could be read");
  return "";
}

}  // namespace

std::string CompareWithLog(const cli::Connection& connection, const std::string& internal_address,
                           const std::map<std::string, Note>& notes, int64_t records_before) {
  using Log = ingestion_pb::LogService::StubInterface;
  const auto head =
      connection.Call(connection.log(), &Log::GetHead, ingestion_pb::GetHeadRequest());
  if (!head.ok()) return head.status().ToString();
  const auto verified =
      connection.Call(connection.log(), &Log::VerifyChain, ingestion_pb::VerifyChainRequest());
  if (!verified.ok()) return verified.status().ToString();
  const int64_t count = head->head().position();
  if (verified->verified() != count)
    return StrCat("verified ", verified->verified(), " of ", count);
  std::map<std::string, Found> found;
  int64_t others = 0;
  int64_t of_releases = 0;
  if (std::string wrong = ReadLog(internal_address, count, found, others, of_releases);
      !wrong.empty())
    return wrong;
  if (others != records_before)
    return StrCat(others, " other records, ", records_before, " were there before");
  if (count != others + of_releases + static_cast<int64_t>(found.size()))
    return StrCat("the head says ", count);

  for (const auto& [id, at] : found) {
    if (!notes.contains(id))
      return StrCat("nobody sent request ", id, " at position ", at.position);
  }
  for (const auto& [id, note] : notes) {
    const auto it = found.find(id);
    if (note.fate == Note::Fate::kStale && it != found.end()) {
      return StrCat("request ", id, " was refused and stands at position ", it->second.position);
    }
    if (note.fate != Note::Fate::kAccepted) continue;
    if (it == found.end())
      return StrCat("acknowledged request ", id, " is lost: ", note.receipt.ShortDebugString());
    const Found& at = it->second;
    if (at.position != note.receipt.position() || at.time_us != note.receipt.commit_time_us() ||
        at.submission != note.receipt.submission() ||
        base::Hex(at.chain_hash) != note.receipt.chain_hash()) {
      return StrCat("request ", id, " stands at position ", at.position, " as ", at.submission,
                    " and not as ", note.receipt.ShortDebugString());
    }
  }
  // Those who gave up ask again, and learn.
  for (const auto& [id, note] : notes) {
    if (note.fate != Note::Fate::kAbandoned) continue;
    const auto answer =
        connection.Call(connection.submissions(), &Submissions::Submit, note.request);
    const auto it = found.find(id);
    if (it != found.end()) {
      if (!answer.ok() || answer->receipt().position() != it->second.position) {
        return StrCat("request ", id, " stands at position ", it->second.position,
                      ", but asking again gives ",
                      answer.ok() ? answer->ShortDebugString() : answer.status().ToString());
      }
    } else if (answer.ok() ? answer->receipt().position() <= count
                           : base::ReasonOf(answer.status()) != base::Reason::kStaleRevision) {
      return StrCat("request ", id, " is not in the log, but asking again gives ",
                    answer.ok() ? answer->ShortDebugString() : answer.status().ToString());
    }
  }
  return "";
}

}  // namespace imdi::process_fault
