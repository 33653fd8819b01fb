#pragma once

// Every byte the log writes, in one place. SCHEMA.md describes it, golden-byte tests hold it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "storage/response_log.h"

namespace imdi::storage::rocks {

inline constexpr int kLogFormatVersion = 1;
inline constexpr uint8_t kKeyVersion = 0x01;    // First byte of every key.
inline constexpr uint8_t kValueVersion = 0x01;  // First byte of every value.
inline constexpr size_t kLogIdBytes = 32;

// Begins every key and value: the version, then `rest`.
std::string Versioned(uint8_t version, std::string_view rest = {});

// Column family `log`: position -> time, chain, payload as it came.
struct Envelope {
  absl::Time time;
  Hash chain{};
  std::string_view payload;  // Into the bytes that were decoded.
};
std::string LogKey(int64_t position);
std::optional<int64_t> ParseLogKey(std::string_view key);
std::string EncodeEnvelope(absl::Time time, const Hash& chain, std::string_view payload);
std::optional<Envelope> DecodeEnvelope(std::string_view value);

// Column family `request`: request key -> position, fingerprint.
std::string RequestKey(std::string_view request_key);
std::string EncodeRequest(const RequestEntry& entry);
std::optional<RequestEntry> DecodeRequest(std::string_view value);

// Column family `current`: resource -> revision, position.
struct RevisionAt {
  int64_t revision = 0;
  int64_t position = 0;
  friend bool operator==(const RevisionAt&, const RevisionAt&) = default;
};
std::string CurrentKey(std::string_view resource);
std::string_view ResourceOfCurrentKey(std::string_view key);
std::string EncodeCurrent(const RevisionAt& current);
std::optional<RevisionAt> DecodeCurrent(std::string_view value);

// Column family `revision`: resource, NUL, revision -> position.
std::string RevisionKey(std::string_view resource, int64_t revision);
std::optional<int64_t> RevisionOfKey(std::string_view key);
std::string EncodePosition(int64_t position);
std::optional<int64_t> DecodePosition(std::string_view value);

// Column family `meta`.
struct Identity {
  std::string log_id;
  int64_t epoch = 1;
  friend bool operator==(const Identity&, const Identity&) = default;
};
std::string IdentityKey();
std::string EncodeIdentity(const Identity& identity);
std::optional<Identity> DecodeIdentity(std::string_view value);

// Up to here the chain was verified; start-up goes on from it.
struct Checkpoint {
  int64_t position = 0;
  absl::Time time = absl::UnixEpoch();
  Hash chain{};
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};
std::string CheckpointKey();
std::string EncodeCheckpoint(const Checkpoint& checkpoint);
std::optional<Checkpoint> DecodeCheckpoint(std::string_view value);

// File WATERMARK: two slots, written in turn.
inline constexpr size_t kWatermarkSlotStride = 4096;
inline constexpr size_t kWatermarkSlotBytes = 108;
inline constexpr size_t kWatermarkFileBytes = 2 * kWatermarkSlotStride;
struct WatermarkSlot {
  uint64_t sequence = 0;
  LogHead head;
  friend bool operator==(const WatermarkSlot&, const WatermarkSlot&) = default;
};
std::string EncodeWatermarkSlot(const WatermarkSlot& slot);
std::optional<WatermarkSlot> DecodeWatermarkSlot(std::string_view bytes);

// File FORMAT, the stamp of a data folder: "imdi store <kind> <version>\n".
std::string EncodeFormat(std::string_view kind, int version);
struct Format {
  std::string kind;
  int64_t version = 0;
  friend bool operator==(const Format&, const Format&) = default;
};
std::optional<Format> DecodeFormat(std::string_view text);

}  // namespace imdi::storage::rocks
