#include "storage/rocks/response_log.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "rocksdb/db.h"
#include "rocksdb/iterator.h"
#include "rocksdb/write_batch.h"
#include "services/base/crypto.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "storage/append_plan.h"
#include "storage/rocks/backup.h"
#include "storage/rocks/database.h"
#include "storage/rocks/layout.h"
#include "storage/rocks/watermark.h"

namespace imdi::storage::rocks {

using base::Error;
using base::MutexLock;
using base::Reason;
using base::StrCat;

namespace {

enum Family : size_t { kLog = 0, kRequest = 1, kCurrent = 2, kRevision = 3, kMeta = 4 };

const Schema& LogSchema() {
  static const auto* schema =
      new Schema{.kind = "log",
                 .version = kLogFormatVersion,
                 .families = {"log", "request", "current", "revision", "meta"},
                 .ordered_batches = true};
  return *schema;
}

// About what a record's envelope and its entries of the indices take in a batch.
constexpr size_t kIndexBytesOfRecord = 512;
constexpr int64_t kRecordsBetweenProgress = 256;
constexpr std::string_view kWatermarkName = "WATERMARK";

absl::Status Corrupt(std::string_view what) {
  return Error(Reason::kStoreCorrupt,
               StrCat(what, "; the log is not served: restore it from a backup"));
}

using MaybeBytes = std::optional<std::string>;

rocksdb::Status GetBytes(const Handle& handle, Family family, const std::string& key,
                         MaybeBytes& value) {
  std::string bytes;
  const rocksdb::Status got =
      handle.db().Get(rocksdb::ReadOptions(), handle.family(family), key, &bytes);
  if (got.IsNotFound()) {
    value.reset();
    return rocksdb::Status::OK();
  }
  if (got.ok()) value = std::move(bytes);
  return got;
}

// What a log says of itself, every record since its last checkpoint verified.
struct VerifiedLog {
  Identity identity;
  std::optional<Checkpoint> checkpoint;
  LogHead head;
};

// `engine` is the status of RocksDB when the failure is the disk's rather than the log's.
// `expected`: where the log ends at least, as far as the caller knows. `proceed` may be empty.
absl::Status VerifyLog(const Handle& handle, bool from_the_start, int64_t expected,
                       base::Progress* progress, const Proceed& proceed, VerifiedLog& log,
                       rocksdb::Status& engine) {
  MaybeBytes bytes;
  if (engine = GetBytes(handle, kMeta, IdentityKey(), bytes); !engine.ok()) {
    return Corrupt("the identity of the log cannot be read");
  }
  const std::optional<Identity> identity = bytes ? DecodeIdentity(*bytes) : std::nullopt;
  if (!identity.has_value()) return Corrupt("the log has lost its identity");
  log.identity = *identity;
  log.head = {.log_id = identity->log_id,
              .epoch = identity->epoch,
              .position = 0,
              .chain = GenesisChain(identity->log_id),
              .time = absl::UnixEpoch()};
  if (engine = GetBytes(handle, kMeta, CheckpointKey(), bytes); !engine.ok()) {
    return Corrupt("the checkpoint of the log cannot be read");
  }
  if (bytes.has_value()) {
    log.checkpoint = DecodeCheckpoint(*bytes);
    if (!log.checkpoint.has_value()) return Corrupt("the checkpoint of the log cannot be read");
  }
  if (log.checkpoint.has_value() && log.checkpoint->position > 0 && !from_the_start) {
    const Checkpoint& checkpoint = *log.checkpoint;
    if (engine = GetBytes(handle, kLog, LogKey(checkpoint.position), bytes); !engine.ok()) {
      return Corrupt("the last sealed record cannot be read");
    }
    const std::optional<Envelope> envelope = bytes ? DecodeEnvelope(*bytes) : std::nullopt;
    if (!envelope.has_value() || envelope->chain != checkpoint.chain ||
        envelope->time != checkpoint.time) {
      return Corrupt(StrCat("the record at position ", checkpoint.position,
                            " is not the one that was sealed"));
    }
    log.head.position = checkpoint.position;
    log.head.chain = checkpoint.chain;
    log.head.time = checkpoint.time;
  }
  const int64_t verified_before = log.head.position;
  std::optional<base::Progress::Run> run;
  if (progress != nullptr)
    run.emplace(progress->Begin(std::max<int64_t>(0, expected - verified_before)));
  const std::unique_ptr<rocksdb::Iterator> it(
      handle.db().NewIterator(rocksdb::ReadOptions(), handle.family(kLog)));
  it->SeekToFirst();
  if (it->Valid() && ParseLogKey(ToView(it->key())) != 1) {
    return Corrupt("the first record of the log is missing");
  }
  for (it->Seek(LogKey(log.head.position + 1)); it->Valid(); it->Next()) {
    const int64_t position = log.head.position + 1;
    if (ParseLogKey(ToView(it->key())) != position) {
      return Corrupt(StrCat("the record at position ", position, " is missing"));
    }
    const std::optional<Envelope> envelope = DecodeEnvelope(ToView(it->value()));
    if (!envelope.has_value() || envelope->time < log.head.time ||
        envelope->chain != NextChain(log.head.chain, position, envelope->time, envelope->payload)) {
      return Corrupt(StrCat("the chain of the log breaks at position ", position));
    }
    log.head.position = position;
    log.head.chain = envelope->chain;
    log.head.time = envelope->time;
    const int64_t verified = position - verified_before;
    if (verified % kRecordsBetweenProgress != 0) continue;
    if (run.has_value()) run->To(verified);
    if (proceed) IMDI_RETURN_IF_ERROR(proceed(kRecordsBetweenProgress));
  }
  if (engine = it->status(); !engine.ok()) return Corrupt("records of the log cannot be read");
  if (run.has_value()) {
    run->To(log.head.position - verified_before);
    run->Succeed();
  }
  return absl::OkStatus();
}

// The chain at `position`, which lies at or before the verified head.
rocksdb::Status ChainAt(const Handle& handle, const std::string& log_id, int64_t position,
                        std::optional<Hash>& chain) {
  chain.reset();
  if (position == 0) {
    chain = GenesisChain(log_id);
    return rocksdb::Status::OK();
  }
  MaybeBytes bytes;
  const rocksdb::Status got = GetBytes(handle, kLog, LogKey(position), bytes);
  if (!got.ok() || !bytes.has_value()) return got;
  const std::optional<Envelope> envelope = DecodeEnvelope(*bytes);
  if (envelope.has_value()) chain = envelope->chain;
  return got;
}

}  // namespace

RocksResponseLog::RocksResponseLog(const RocksOptions& options, const base::Clock& clock)
    : clock_(clock), options_(options), revisions_(base::kRevisionsKeptMax) {}

RocksResponseLog::~RocksResponseLog() {
  if (database_ == nullptr) return;
  database_->StopKeeper();
  Seal();
}

absl::StatusOr<std::unique_ptr<RocksResponseLog>> RocksResponseLog::Open(
    const RocksOptions& options, const base::Clock& clock) {
  std::unique_ptr<RocksResponseLog> log(new RocksResponseLog(options, clock));
  IMDI_ASSIGN_OR_RETURN(log->database_, Database::Open(options, LogSchema()));
  IMDI_RETURN_IF_ERROR(log->Start());
  return log;
}

void RocksResponseLog::CrashPoint(std::string_view point) const {
  if (options_.crash_point) options_.crash_point(point);
}

void RocksResponseLog::Publish(const LogHead& head) {
  MutexLock lock(head_mutex_);
  head_ = head;
  revisions_.Clear();
}

void RocksResponseLog::Publish(const LogHead& head, std::span<const ResourceRevision> advanced) {
  MutexLock lock(head_mutex_);
  head_ = head;
  for (const ResourceRevision& one : advanced)
    revisions_.Advance(one.resource, {one.revision, one.position});
}

absl::Status RocksResponseLog::GiveBirth(Handle& handle) {
  // The stamp is written last, so a folder without one is either unfinished, and then empty, or
  // damaged.
  const std::unique_ptr<rocksdb::Iterator> it(
      handle.db().NewIterator(rocksdb::ReadOptions(), handle.family(kLog)));
  it->SeekToFirst();
  std::optional<WatermarkSlot> slot;
  const rocksdb::IOStatus watermark =
      Watermark::Read(database_->fs(), database_->PathOf(kWatermarkName), slot);
  if (it->Valid() || !it->status().ok() ||
      (watermark.ok() && slot.has_value() && slot->head.position > 0)) {
    return database_->FailCorrupt(
        "the data folder holds records but lost its format stamp; restore it from a backup");
  }
  MaybeBytes bytes;
  if (const rocksdb::Status got = GetBytes(handle, kMeta, IdentityKey(), bytes); !got.ok()) {
    return database_->FailRead(got);
  }
  std::optional<Identity> identity = bytes ? DecodeIdentity(*bytes) : std::nullopt;
  if (!identity.has_value()) {
    identity = Identity{base::RandomId(), 1};
    rocksdb::WriteBatch batch;
    batch.Put(handle.family(kMeta), IdentityKey(), EncodeIdentity(*identity));
    IMDI_RETURN_IF_ERROR(database_->Write(handle, batch));
  }
  LogHead head;
  head.log_id = identity->log_id;
  head.epoch = identity->epoch;
  head.chain = GenesisChain(head.log_id);
  const rocksdb::IOStatus made =
      Watermark::Create(database_->fs(), database_->PathOf(kWatermarkName), head);
  if (!made.ok()) return database_->FailWrite(made);
  return database_->FinishBirth();
}

absl::Status RocksResponseLog::VerifyAgainstWatermark(Handle& handle,
                                                      std::optional<WatermarkSlot>& newest,
                                                      LogHead& head) const {
  const rocksdb::IOStatus read =
      Watermark::Read(database_->fs(), database_->PathOf(kWatermarkName), newest);
  if (!read.ok() || !newest.has_value()) {
    return database_->FailCorrupt(
        "the watermark of the log is missing or cannot be read, so nothing shows that the log is "
        "whole; restore it from a backup");
  }
  VerifiedLog log;
  rocksdb::Status engine;
  if (const absl::Status verified = VerifyLog(handle, false, newest->head.position,
                                              options_.verification, nullptr, log, engine);
      !verified.ok()) {
    if (!engine.ok() && !engine.IsCorruption()) return database_->FailRead(engine);
    return database_->FailCorrupt(base::ToStd(verified.message()));
  }
  const LogHead& witness = newest->head;
  if (witness.log_id != log.identity.log_id || witness.epoch != log.identity.epoch) {
    return database_->FailCorrupt(
        "log and watermark do not belong together; restore the folder from a backup");
  }
  if (witness.position > log.head.position) {
    return database_->FailCorrupt(StrCat("the log ends at position ", log.head.position, " but ",
                                         witness.position,
                                         " records were acknowledged; restore it from a backup"));
  }
  std::optional<Hash> chain;
  if (const rocksdb::Status got = ChainAt(handle, log.identity.log_id, witness.position, chain);
      !got.ok()) {
    return database_->FailRead(got);
  }
  if (chain != witness.chain) {
    return database_->FailCorrupt(StrCat("the record at position ", witness.position,
                                         " is not the one that was acknowledged; restore the log "
                                         "from a backup"));
  }
  head = log.head;
  return absl::OkStatus();
}

absl::Status RocksResponseLog::CatchUpWatermark(const WatermarkSlot& newest, const LogHead& head) {
  const rocksdb::IOStatus opened =
      Watermark::Open(database_->fs(), database_->PathOf(kWatermarkName), newest, watermark_);
  if (!opened.ok()) return database_->FailWrite(opened);
  if (newest.head == head) return absl::OkStatus();
  // Records beyond it were synced, but the process ended before their callers were told. They are
  // kept.
  const rocksdb::IOStatus advanced = watermark_->Advance(head);
  if (!advanced.ok()) return database_->FailWrite(advanced);
  return absl::OkStatus();
}

absl::Status RocksResponseLog::Start() {
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  if (!database_->born()) IMDI_RETURN_IF_ERROR(GiveBirth(*handle));
  std::optional<WatermarkSlot> newest;
  LogHead head;
  IMDI_RETURN_IF_ERROR(VerifyAgainstWatermark(*handle, newest, head));
  CrashPoint("during_restart");
  if (!options_.read_only) {
    MutexLock lock(write_mutex_);
    IMDI_RETURN_IF_ERROR(CatchUpWatermark(*newest, head));
  }
  Publish(head);
  if (!options_.read_only) database_->StartKeeper([this] { return Recover(); });
  return absl::OkStatus();
}

absl::Status RocksResponseLog::Recover() {
  LogHead head;
  {
    MutexLock lock(write_mutex_);
    watermark_.reset();
    IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Reopen());
    std::optional<WatermarkSlot> newest;
    IMDI_RETURN_IF_ERROR(VerifyAgainstWatermark(*handle, newest, head));
    IMDI_RETURN_IF_ERROR(CatchUpWatermark(*newest, head));
    const bool grew = head.position > Head().position;
    Publish(head);
    if (!grew) return absl::OkStatus();
  }
  listeners_.Notify(head);
  return absl::OkStatus();
}

void RocksResponseLog::Seal() {
  MutexLock lock(write_mutex_);
  if (options_.read_only || watermark_ == nullptr || !database_->Admit().ok()) return;
  const LogHead head = Head();
  if (head.position == sealed_position_) return;
  const absl::StatusOr<std::shared_ptr<Handle>> handle = database_->Use();
  if (!handle.ok()) return;
  rocksdb::WriteBatch batch;
  batch.Put((*handle)->family(kMeta), CheckpointKey(),
            EncodeCheckpoint({head.position, head.time, head.chain}));
  if (database_->Write(**handle, batch).ok()) sealed_position_ = head.position;
}

absl::StatusOr<std::vector<AppendOutcome>> RocksResponseLog::Append(
    std::span<const Proposal> proposals) {
  LogHead head;
  std::vector<AppendOutcome> outcomes;
  {
    MutexLock lock(write_mutex_);
    IMDI_RETURN_IF_ERROR(database_->Admit());
    IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
    const AppendLookups lookups = {
        .request =
            [this, &handle](const std::string& key) -> absl::StatusOr<std::optional<RequestEntry>> {
          MaybeBytes bytes;
          const rocksdb::Status got = GetBytes(*handle, kRequest, RequestKey(key), bytes);
          if (!got.ok()) return database_->FailRead(got);
          if (!bytes.has_value()) return std::optional<RequestEntry>();
          std::optional<RequestEntry> entry = DecodeRequest(*bytes);
          if (!entry.has_value()) {
            return database_->FailCorrupt("an entry of the request index cannot be read");
          }
          return entry;
        },
        .revision = [this, &handle](const std::string& resource) -> absl::StatusOr<int64_t> {
          if (const auto known = revisions_.Find(resource); known.has_value())
            return known->revision;
          const uint64_t ticket = revisions_.Ticket(resource);
          MaybeBytes bytes;
          const rocksdb::Status got = GetBytes(*handle, kCurrent, CurrentKey(resource), bytes);
          if (!got.ok()) return database_->FailRead(got);
          std::optional<RevisionAt> current = RevisionAt{};
          if (bytes.has_value()) current = DecodeCurrent(*bytes);
          if (!current.has_value()) {
            return database_->FailCorrupt("an entry of the revision index cannot be read");
          }
          revisions_.Keep(resource, *current, ticket);
          return current->revision;
        }};
    const LogHead before = Head();
    IMDI_ASSIGN_OR_RETURN(AppendPlan plan, PlanAppend(proposals, before, clock_.Now(), lookups));
    outcomes = std::move(plan.outcomes);
    if (plan.records.empty()) return outcomes;

    size_t payload_bytes = 0;
    for (const PlannedRecord& record : plan.records)
      payload_bytes += proposals[record.proposal].bytes.size();
    rocksdb::WriteBatch batch(payload_bytes + plan.records.size() * kIndexBytesOfRecord);
    std::vector<ResourceRevision> moved;
    moved.reserve(plan.records.size());
    using Entries = std::vector<std::pair<std::string, std::string>>;
    Entries requests;
    Entries currents;
    Entries revisions;
    for (const PlannedRecord& record : plan.records) {
      const Proposal& proposal = proposals[record.proposal];
      batch.Put(handle->family(kLog), LogKey(record.position),
                EncodeEnvelope(record.time, record.chain, proposal.bytes));
      if (!proposal.request_key.empty()) {
        requests.emplace_back(RequestKey(proposal.request_key),
                              EncodeRequest({record.position, proposal.fingerprint}));
      }
      for (const Dependency& dependency : proposal.depends_on) {
        if (!dependency.advances) continue;
        const int64_t revision = dependency.revision + 1;
        currents.emplace_back(CurrentKey(dependency.resource),
                              EncodeCurrent({revision, record.position}));
        revisions.emplace_back(RevisionKey(dependency.resource, revision),
                               EncodePosition(record.position));
        moved.push_back({dependency.resource, revision, record.position});
      }
    }
    // In the order of their keys, as the schema says. Of a resource that moved twice the later
    // entry stays the later one, and holds.
    const auto put_ordered = [&](Family family, Entries& entries) {
      std::ranges::stable_sort(entries, {}, &Entries::value_type::first);
      for (const auto& [key, value] : entries) batch.Put(handle->family(family), key, value);
    };
    put_ordered(kRequest, requests);
    put_ordered(kCurrent, currents);
    put_ordered(kRevision, revisions);
    head = std::move(plan.head);
    const bool seal =
        head.position / kCheckpointEveryRecords > before.position / kCheckpointEveryRecords;
    if (seal) {
      batch.Put(handle->family(kMeta), CheckpointKey(),
                EncodeCheckpoint({head.position, head.time, head.chain}));
    }
    CrashPoint("before_sync");
    IMDI_RETURN_IF_ERROR(database_->Write(*handle, batch));
    CrashPoint("between_sync_and_watermark");
    const rocksdb::IOStatus advanced =
        database_->Timed("watermark", [&file = *watermark_, &head] { return file.Advance(head); });
    if (!advanced.ok()) return database_->FailWrite(advanced);
    if (seal) sealed_position_ = head.position;
    Publish(head, moved);
  }
  CrashPoint("before_answer");
  listeners_.Notify(head);
  return outcomes;
}

int64_t RocksResponseLog::HeadPosition() const {
  MutexLock lock(head_mutex_);
  return head_.position;
}

LogHead RocksResponseLog::Head() const {
  MutexLock lock(head_mutex_);
  return head_;
}

absl::StatusOr<std::vector<LogEntry>> RocksResponseLog::Read(int64_t from, int64_t max_entries,
                                                             size_t max_bytes) const {
  IMDI_RETURN_IF_ERROR(CheckReadLimits(from, max_entries, max_bytes));
  max_entries = std::min(max_entries, kReadEntriesMax);
  max_bytes = std::min(max_bytes, kReadBytesMax);
  const LogHead head = Head();
  std::vector<LogEntry> read;
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  if (from > head.position) return read;
  if (max_entries == 1) {  // The common case, and several times cheaper than an iterator.
    MaybeBytes bytes;
    const rocksdb::Status got = GetBytes(*handle, kLog, LogKey(from), bytes);
    if (!got.ok()) return database_->FailRead(got);
    const std::optional<Envelope> envelope =
        bytes.has_value() ? DecodeEnvelope(*bytes) : std::nullopt;
    if (!envelope.has_value()) {
      return database_->FailCorrupt(
          StrCat("the record at position ", from, " is missing or cannot be read"));
    }
    read.push_back({from, envelope->time, envelope->chain, std::string(envelope->payload)});
    return read;
  }
  const std::unique_ptr<rocksdb::Iterator> it(
      handle->db().NewIterator(rocksdb::ReadOptions(), handle->family(kLog)));
  size_t bytes = 0;
  int64_t position = from;
  for (it->Seek(LogKey(from)); it->Valid() && position <= head.position; it->Next()) {
    if (ParseLogKey(ToView(it->key())) != position) break;
    const std::optional<Envelope> envelope = DecodeEnvelope(ToView(it->value()));
    if (!envelope.has_value()) break;
    bytes += envelope->payload.size();
    if (!read.empty() && (static_cast<int64_t>(read.size()) >= max_entries || bytes > max_bytes)) {
      return read;
    }
    read.push_back({position, envelope->time, envelope->chain, std::string(envelope->payload)});
    ++position;
  }
  if (!it->status().ok()) return database_->FailRead(it->status());
  if (position <= head.position) {
    return database_->FailCorrupt(
        StrCat("the record at position ", position, " is missing or cannot be read"));
  }
  return read;
}

// An index entry may be of a record whose watermark is not written yet; then the revision before it
// is what was acknowledged.
absl::StatusOr<std::optional<ResourceRevision>> RocksResponseLog::CurrentAsOf(
    const Handle& handle, std::string_view resource, int64_t revision, int64_t position,
    int64_t head) const {
  while (position > head) {
    if (--revision < 1) return std::optional<ResourceRevision>();
    MaybeBytes bytes;
    const rocksdb::Status got = GetBytes(handle, kRevision, RevisionKey(resource, revision), bytes);
    if (!got.ok()) return database_->FailRead(got);
    const std::optional<int64_t> earlier = bytes ? DecodePosition(*bytes) : std::nullopt;
    if (!earlier.has_value()) {
      return database_->FailCorrupt("an entry of the revision index is missing or cannot be read");
    }
    position = *earlier;
  }
  return std::optional<ResourceRevision>({std::string(resource), revision, position});
}

absl::StatusOr<std::optional<ResourceRevision>> RocksResponseLog::Current(
    std::string_view resource) const {
  if (!IsResourceName(resource)) return std::optional<ResourceRevision>();
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  const std::optional<RevisionAt> known = revisions_.Find(resource);
  if (known.has_value()) {
    if (known->revision == 0) return std::optional<ResourceRevision>();
    return std::optional<ResourceRevision>(
        {std::string(resource), known->revision, known->position});
  }
  const uint64_t ticket = revisions_.Ticket(resource);
  const int64_t head = HeadPosition();
  MaybeBytes bytes;
  const rocksdb::Status got = GetBytes(*handle, kCurrent, CurrentKey(resource), bytes);
  if (!got.ok()) return database_->FailRead(got);
  std::optional<ResourceRevision> acknowledged;
  if (bytes.has_value()) {
    const std::optional<RevisionAt> current = DecodeCurrent(*bytes);
    if (!current.has_value()) {
      return database_->FailCorrupt("an entry of the revision index cannot be read");
    }
    IMDI_ASSIGN_OR_RETURN(
        acknowledged, CurrentAsOf(*handle, resource, current->revision, current->position, head));
  }
  revisions_.Keep(resource,
                  acknowledged.has_value()
                      ? RevisionAt{acknowledged->revision, acknowledged->position}
                      : RevisionAt{},
                  ticket);
  return acknowledged;
}

bool RocksResponseLog::IsAtHand(std::string_view resource) const {
  return revisions_.Find(resource).has_value();
}

absl::StatusOr<std::optional<ResourceRevision>> RocksResponseLog::AtRevision(
    std::string_view resource, int64_t revision) const {
  if (!IsResourceName(resource) || revision < 1) return std::optional<ResourceRevision>();
  const int64_t head = HeadPosition();
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  MaybeBytes bytes;
  const rocksdb::Status got = GetBytes(*handle, kRevision, RevisionKey(resource, revision), bytes);
  if (!got.ok()) return database_->FailRead(got);
  if (!bytes.has_value()) return std::optional<ResourceRevision>();
  const std::optional<int64_t> position = DecodePosition(*bytes);
  if (!position.has_value()) {
    return database_->FailCorrupt("an entry of the revision index cannot be read");
  }
  if (*position > head) return std::optional<ResourceRevision>();
  return std::optional<ResourceRevision>({std::string(resource), revision, *position});
}

absl::StatusOr<std::vector<ResourceRevision>> RocksResponseLog::ListCurrent(
    std::string_view prefix, std::string_view after_resource, int64_t limit) const {
  IMDI_RETURN_IF_ERROR(CheckListLimit(limit));
  const int64_t head = HeadPosition();
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  std::vector<ResourceRevision> list;
  const std::unique_ptr<rocksdb::Iterator> it(
      handle->db().NewIterator(rocksdb::ReadOptions(), handle->family(kCurrent)));
  const bool from_prefix = after_resource.empty() || after_resource < prefix;
  it->Seek(CurrentKey(from_prefix ? prefix : after_resource));
  for (; it->Valid() && static_cast<int64_t>(list.size()) < limit; it->Next()) {
    const std::string_view resource = ResourceOfCurrentKey(ToView(it->key()));
    if (!resource.starts_with(prefix)) break;
    if (!from_prefix && resource == after_resource) continue;
    const std::optional<RevisionAt> current = DecodeCurrent(ToView(it->value()));
    if (!current.has_value()) {
      return database_->FailCorrupt("an entry of the revision index cannot be read");
    }
    IMDI_ASSIGN_OR_RETURN(
        std::optional<ResourceRevision> found,
        CurrentAsOf(*handle, resource, current->revision, current->position, head));
    if (found.has_value()) list.push_back(*std::move(found));
  }
  if (!it->status().ok()) return database_->FailRead(it->status());
  return list;
}

absl::StatusOr<std::vector<ResourceRevision>> RocksResponseLog::ListRevisions(
    std::string_view resource, int64_t after_revision, int64_t limit) const {
  IMDI_RETURN_IF_ERROR(CheckListLimit(limit));
  std::vector<ResourceRevision> list;
  if (!IsResourceName(resource)) return list;
  const int64_t head = HeadPosition();
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  if (after_revision == std::numeric_limits<int64_t>::max()) return list;
  int64_t revision = std::max<int64_t>(after_revision, 0) + 1;
  const std::unique_ptr<rocksdb::Iterator> it(
      handle->db().NewIterator(rocksdb::ReadOptions(), handle->family(kRevision)));
  for (it->Seek(RevisionKey(resource, revision));
       it->Valid() && static_cast<int64_t>(list.size()) < limit; it->Next(), ++revision) {
    if (ToView(it->key()) != RevisionKey(resource, revision)) break;
    const std::optional<int64_t> position = DecodePosition(ToView(it->value()));
    if (!position.has_value()) {
      return database_->FailCorrupt("an entry of the revision index cannot be read");
    }
    if (*position > head) break;
    list.push_back({std::string(resource), revision, *position});
  }
  if (!it->status().ok()) return database_->FailRead(it->status());
  return list;
}

absl::StatusOr<std::optional<RequestEntry>> RocksResponseLog::FindRequest(
    std::string_view request_key) const {
  const int64_t head = HeadPosition();
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  MaybeBytes bytes;
  const rocksdb::Status got = GetBytes(*handle, kRequest, RequestKey(request_key), bytes);
  if (!got.ok()) return database_->FailRead(got);
  if (!bytes.has_value()) return std::optional<RequestEntry>();
  std::optional<RequestEntry> entry = DecodeRequest(*bytes);
  if (!entry.has_value()) {
    return database_->FailCorrupt("an entry of the request index cannot be read");
  }
  if (entry->position > head) return std::optional<RequestEntry>();
  return entry;
}

absl::Status RocksResponseLog::VerifyRange(const Handle& handle, int64_t from, int64_t to,
                                           bool past_cache, int64_t* bytes) const {
  std::optional<Hash> before;
  const rocksdb::Status got = ChainAt(handle, Head().log_id, from - 1, before);
  if (!got.ok()) return database_->FailRead(got);
  if (!before.has_value()) {
    return database_->FailCorrupt(
        StrCat("the record at position ", from - 1, " is missing or cannot be read"));
  }
  Hash chain = *before;
  rocksdb::ReadOptions read;
  read.fill_cache = !past_cache;
  const std::unique_ptr<rocksdb::Iterator> it(handle.db().NewIterator(read, handle.family(kLog)));
  int64_t position = from;
  for (it->Seek(LogKey(from)); it->Valid() && position <= to; it->Next()) {
    const std::optional<Envelope> envelope = DecodeEnvelope(ToView(it->value()));
    if (ParseLogKey(ToView(it->key())) != position || !envelope.has_value()) break;
    chain = NextChain(chain, position, envelope->time, envelope->payload);
    if (chain != envelope->chain) {
      return database_->FailCorrupt(StrCat("the chain of the log breaks at position ", position));
    }
    if (bytes != nullptr) *bytes += static_cast<int64_t>(envelope->payload.size());
    ++position;
  }
  if (!it->status().ok()) return database_->FailRead(it->status());
  if (position <= to) {
    return database_->FailCorrupt(
        StrCat("the record at position ", position, " is missing or cannot be read"));
  }
  return absl::OkStatus();
}

absl::Status RocksResponseLog::VerifyChain(int64_t from, int64_t to) const {
  IMDI_RETURN_IF_ERROR(CheckVerifyRange(from, to, Head().position));
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  return VerifyRange(*handle, from, to, false, nullptr);
}

absl::StatusOr<RocksResponseLog::Scrubbed> RocksResponseLog::Scrub(int64_t from,
                                                                   int64_t max_records) {
  if (from < 1 || max_records < 1) {
    return Error(Reason::kInvalidArgument,
                 "a scrub starts at position 1 or later and reads a record");
  }
  const int64_t head = HeadPosition();
  Scrubbed scrubbed;
  if (from > head) return scrubbed;
  const int64_t to = std::min(head, max_records > head ? head : from + max_records - 1);
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  IMDI_RETURN_IF_ERROR(VerifyRange(*handle, from, to, true, &scrubbed.bytes));
  scrubbed.records = to - from + 1;
  scrubbed.next = to == head ? 1 : to + 1;
  return scrubbed;
}

absl::Status RocksResponseLog::State() const { return database_->State(); }
StoreStats RocksResponseLog::Stats() const { return database_->Stats(); }

absl::StatusOr<LogHead> RocksResponseLog::Backup(const std::string& directory,
                                                 const Proceed& proceed) {
  IMDI_RETURN_IF_ERROR(database_->State());
  const LogHead acknowledged = Head();
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  IMDI_RETURN_IF_ERROR(CheckpointInto(*database_, *handle, directory));
  // The copy may hold records that were on their way; it must hold all that were acknowledged.
  IMDI_ASSIGN_OR_RETURN(
      const std::shared_ptr<Handle> copy,
      Database::OpenReadOnly(database_->file_system(), directory + "/db", LogSchema()));
  VerifiedLog log;
  rocksdb::Status engine;
  IMDI_RETURN_IF_ERROR(
      VerifyLog(*copy, true, acknowledged.position, nullptr, proceed, log, engine));
  std::optional<Hash> chain;
  engine = ChainAt(*copy, log.identity.log_id, acknowledged.position, chain);
  if (!engine.ok() || chain != acknowledged.chain || log.identity.log_id != acknowledged.log_id) {
    return Error(Reason::kStoreCorrupt,
                 "the copy does not hold what was acknowledged; make another backup");
  }
  BackupManifest manifest;
  manifest.kind = LogSchema().kind;
  manifest.facts = {{"log_id", log.head.log_id},
                    {"epoch", StrCat(log.head.epoch)},
                    {"position", StrCat(log.head.position)},
                    {"chain", base::Hex(log.head.chain)},
                    {"time_us", StrCat(absl::ToUnixMicros(log.head.time))}};
  IMDI_RETURN_IF_ERROR(SealBackup(database_->fs(), directory, std::move(manifest), proceed));
  return log.head;
}

absl::Status RocksResponseLog::RestoreBackup(const std::string& backup_directory,
                                             const std::string& target_directory,
                                             std::shared_ptr<rocksdb::FileSystem> file_system) {
  const FileSystemPtr fs = OrDefault(std::move(file_system));
  IMDI_ASSIGN_OR_RETURN(const BackupManifest manifest,
                        ReadBackup(*fs, backup_directory, LogSchema().kind));
  IMDI_RETURN_IF_ERROR(CopyBackup(*fs, manifest, backup_directory, target_directory));
  RocksOptions options;
  options.path = target_directory;
  options.file_system = fs;
  IMDI_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database,
                        Database::Open(options, LogSchema()));
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database->Use());
  VerifiedLog log;
  rocksdb::Status engine;
  const auto position = manifest.facts.find("position");
  const int64_t expected =
      position == manifest.facts.end() ? 0 : base::ParseInt64(position->second).value_or(0);
  base::Progress verification(kVerificationTask, kVerificationUnit);
  IMDI_RETURN_IF_ERROR(VerifyLog(*handle, true, expected, &verification, nullptr, log, engine));
  const auto fact = manifest.facts.find("chain");
  if (fact == manifest.facts.end() || fact->second != base::Hex(log.head.chain)) {
    return Error(Reason::kStoreCorrupt,
                 "the restored log does not end where the backup said; use another backup");
  }
  const Identity identity{log.identity.log_id, log.identity.epoch + 1};
  rocksdb::WriteBatch batch;
  batch.Put(handle->family(kMeta), IdentityKey(), EncodeIdentity(identity));
  batch.Put(handle->family(kMeta), CheckpointKey(),
            EncodeCheckpoint({log.head.position, log.head.time, log.head.chain}));
  IMDI_RETURN_IF_ERROR(database->Write(*handle, batch));
  LogHead head = log.head;
  head.epoch = identity.epoch;
  const rocksdb::IOStatus made = Watermark::Create(*fs, database->PathOf(kWatermarkName), head);
  if (!made.ok()) return database->FailWrite(made);
  return database->FinishBirth();
}

int64_t RocksResponseLog::AddHeadListener(HeadListener listener) {
  return listeners_.Add(std::move(listener));
}
void RocksResponseLog::RemoveHeadListener(int64_t id) { listeners_.Remove(id); }

}  // namespace imdi::storage::rocks
