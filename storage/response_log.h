#pragma once

// The log of everything that was accepted: the truth from which all else is derived.
//
// An engine keeps records at positions 1, 2, 3 ... without a gap, each bound to the one before it
// by a chain hash, and compares what a proposal depends on before it appends. It knows no survey:
// resources are names with a revision number, payloads are bytes it never looks into.
//
// Durability: Append returns only when its records are on stable storage and the watermark (an
// independent witness of how long the log is) says so too. Nothing is visible to any reader before.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/proceed.h"

namespace imdi::storage {

using Hash = std::array<uint8_t, 32>;

// Bounds of one proposal and one batch; CheckProposal answers which one was passed.
inline constexpr size_t kPayloadBytesMax = 1 << 20;
inline constexpr size_t kRequestKeyBytesMax = 512;
inline constexpr size_t kFingerprintBytesMax = 128;
inline constexpr size_t kResourceBytesMax = 512;
inline constexpr size_t kDependenciesMax = 64;
inline constexpr size_t kBatchProposalsMax = 4096;
inline constexpr size_t kBatchBytesMax = 64 << 20;

// Bounds of one answer.
inline constexpr int64_t kReadEntriesMax = 10'000;
inline constexpr size_t kReadBytesMax = 16 << 20;
inline constexpr int64_t kListMax = 10'000;

// A revision of a resource that a proposal was validated against. Revisions start at 1 and are
// gapless; 0 means that the resource does not exist yet.
struct Dependency {
  std::string resource;  // Not empty, no NUL byte, at most kResourceBytesMax.
  int64_t revision = 0;
  bool advances = false;  // Appending makes revision + 1 current, at the record's position.
};

struct Proposal {
  std::string request_key = {};  // "" = none. Ids live as long as the log.
  std::string fingerprint = {};  // Of the content; compared when the request key is known already.
  std::string bytes = {};        // The payload, stored as it is and never re-serialised.
  std::vector<Dependency> depends_on = {};  // At most one per resource.
};

// The proposal is in the log.
struct Appended {
  int64_t position = 0;
  absl::Time time;  // Microseconds, never before that of the record before it.
  Hash chain{};
  friend bool operator==(const Appended&, const Appended&) = default;
};
// The same request key with the same fingerprint was appended before, at that position.
struct Duplicate {
  int64_t position = 0;
  friend bool operator==(const Duplicate&, const Duplicate&) = default;
};
// The same request key with another fingerprint was appended before, at that position.
struct KeyReused {
  int64_t position = 0;
  friend bool operator==(const KeyReused&, const KeyReused&) = default;
};
// A dependency is not at the revision named (the first such one); nothing was appended.
struct Stale {
  std::string resource;
  int64_t current_revision = 0;
  friend bool operator==(const Stale&, const Stale&) = default;
};
using AppendOutcome = std::variant<Appended, Duplicate, KeyReused, Stale>;

// Where the acknowledged log ends. Position 0: nothing yet; `chain` is then GenesisChain(log_id).
struct LogHead {
  std::string log_id;  // Random, 32 hexadecimal digits; stays through restores.
  int64_t epoch = 1;   // Raised by every restore.
  int64_t position = 0;
  Hash chain{};
  absl::Time time = absl::UnixEpoch();
  friend bool operator==(const LogHead&, const LogHead&) = default;
};

struct LogEntry {
  int64_t position = 0;
  absl::Time time;
  Hash chain{};
  std::string bytes;
  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

struct ResourceRevision {
  std::string resource;
  int64_t revision = 0;
  int64_t position = 0;
  friend bool operator==(const ResourceRevision&, const ResourceRevision&) = default;
};

struct RequestEntry {
  int64_t position = 0;
  std::string fingerprint;
  friend bool operator==(const RequestEntry&, const RequestEntry&) = default;
};

// Thread-safe, except that Append has one caller at a time (the committer).
class ResponseLog {
 public:
  using HeadListener = std::function<void(const LogHead&)>;

  virtual ~ResponseLog() = default;

  // One outcome per proposal, in order; all appended ones in one synced batch. For each proposal: a
  // known request key first (the request id wins over everything else), then revisions, then
  // append. The k-th proposal sees the effect of those before it, so a duplicate within the span
  // gets the first one's position. An error means that nothing of this call was acknowledged:
  // INVALID_ARGUMENT for a proposal that CheckProposal refuses, STORE_POISONED or DISK_FULL
  // (UNAVAILABLE), STORE_CORRUPT. After an UNAVAILABLE the record is in the log once or not at all;
  // FindRequest tells which as soon as the store serves again, and a retry under the same request
  // key is always safe.
  virtual absl::StatusOr<std::vector<AppendOutcome>> Append(
      std::span<const Proposal> proposals) = 0;

  // The acknowledged head.
  virtual LogHead Head() const = 0;

  // Entries from position `from` (>= 1) on, at most that many and so many payload bytes, but at
  // least one when it exists; empty beyond the head. Only acknowledged entries. Limits are capped
  // at kReadEntriesMax and kReadBytesMax; a limit below 1 is INVALID_ARGUMENT.
  virtual absl::StatusOr<std::vector<LogEntry>> Read(int64_t from, int64_t max_entries,
                                                     size_t max_bytes) const = 0;

  // The current revision of a resource; none when nothing ever advanced it.
  virtual absl::StatusOr<std::optional<ResourceRevision>> Current(
      std::string_view resource) const = 0;
  // Whether Current would answer for it from memory. It may say false of what it holds.
  virtual bool IsAtHand(std::string_view) const { return false; }
  // Where that revision of the resource was made; none when it does not exist.
  virtual absl::StatusOr<std::optional<ResourceRevision>> AtRevision(std::string_view resource,
                                                                     int64_t revision) const = 0;
  // Current revisions of the resources that begin with `prefix`, in byte order of their names,
  // after `after_resource` ("" = from the first), at most `limit` (1..kListMax).
  virtual absl::StatusOr<std::vector<ResourceRevision>> ListCurrent(std::string_view prefix,
                                                                    std::string_view after_resource,
                                                                    int64_t limit) const = 0;
  // The revisions of one resource in rising order, after `after_revision` (0 = from the first).
  virtual absl::StatusOr<std::vector<ResourceRevision>> ListRevisions(std::string_view resource,
                                                                      int64_t after_revision,
                                                                      int64_t limit) const = 0;
  // Which record used that request key, acknowledged ones only.
  virtual absl::StatusOr<std::optional<RequestEntry>> FindRequest(
      std::string_view request_key) const = 0;

  // Recomputes the chain hashes of positions from..to (1 <= from <= to <= head). STORE_CORRUPT
  // names the first position that does not fit.
  virtual absl::Status VerifyChain(int64_t from, int64_t to) const = 0;

  // OK while the store accepts appends. STORE_POISONED: a write or sync failed, restart to verify;
  // reads go on. DISK_FULL: waits for space and recovers by itself. STORE_CORRUPT: damage was met.
  virtual absl::Status State() const = 0;

  // A verified copy of the store as it stands, into `directory` (which must not exist yet), while
  // appends go on; where the copy ends. What an end by `proceed` leaves is no backup.
  // METHOD_NOT_OFFERED for an engine that keeps nothing.
  virtual absl::StatusOr<LogHead> Backup(const std::string& directory, const Proceed& proceed) = 0;

  // `listener` is called after each acknowledged append, from the appending thread, with the new
  // head; it must be quick. It may remove itself, or another, and may be called once more while it
  // is removed.
  virtual int64_t AddHeadListener(HeadListener listener) = 0;
  virtual void RemoveHeadListener(int64_t id) = 0;
};

// INVALID_ARGUMENT naming the bound or rule that the proposal does not meet. Append refuses the
// whole span for one such proposal, so a committer asks before it takes a proposal in.
absl::Status CheckProposal(const Proposal& proposal);

// SHA-256("imdi.log.v1" | log_id): the chain before the first record.
Hash GenesisChain(std::string_view log_id);
// SHA-256(previous chain | position, 8 bytes | time in microseconds, 8 bytes | payload).
Hash NextChain(const Hash& previous, int64_t position, absl::Time time, std::string_view payload);

}  // namespace imdi::storage
