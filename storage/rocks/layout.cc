#include "storage/rocks/layout.h"

#include <algorithm>

#include "services/base/encoding.h"
#include "services/base/text.h"

namespace imdi::storage::rocks {
namespace {

// Ends in the version, 16 bits. With its length, because it holds a NUL.
constexpr std::string_view kMagic{"IMDIWM\0\1", 8};

void PutI64(std::string& out, int64_t value) { base::PutU64(out, static_cast<uint64_t>(value)); }
void PutTime(std::string& out, absl::Time time) { PutI64(out, absl::ToUnixMicros(time)); }
void PutHash(std::string& out, const Hash& hash) { out.append(base::AsText(hash)); }

// Reads the pieces of a value; every method is a no-op once one failed.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : reader_(bytes) {}

  void Version() {
    uint8_t version = 0;
    if (!reader_.ReadU8(version) || version != kValueVersion) good_ = false;
  }
  int64_t I64() {
    uint64_t value = 0;
    if (!reader_.ReadU64(value) || value > static_cast<uint64_t>(INT64_MAX)) good_ = false;
    return static_cast<int64_t>(value);
  }
  absl::Time Time() { return absl::FromUnixMicros(I64()); }
  Hash Digest() {
    Hash hash{};
    std::string_view bytes;
    if (!reader_.ReadFixed(hash.size(), bytes)) {
      good_ = false;
      return hash;
    }
    std::copy(bytes.begin(), bytes.end(), hash.begin());
    return hash;
  }
  std::string_view Fixed(size_t count) {
    std::string_view bytes;
    if (!reader_.ReadFixed(count, bytes)) good_ = false;
    return bytes;
  }
  std::string_view Rest() const { return reader_.rest(); }
  bool good() const { return good_; }
  bool AtEnd() const { return good_ && reader_.AtEnd(); }

 private:
  base::ByteReader reader_;
  bool good_ = true;
};

}  // namespace

std::string Versioned(uint8_t version, std::string_view rest) {
  std::string out;
  out.reserve(1 + rest.size() + 16);
  base::PutU8(out, version);
  out.append(rest);
  return out;
}

std::string LogKey(int64_t position) {
  std::string key = Versioned(kKeyVersion);
  PutI64(key, position);
  return key;
}

std::optional<int64_t> ParseLogKey(std::string_view key) {
  if (key.size() != 9 || static_cast<uint8_t>(key[0]) != kKeyVersion) return std::nullopt;
  return static_cast<int64_t>(base::GetU64(key.data() + 1));
}

std::string EncodeEnvelope(absl::Time time, const Hash& chain, std::string_view payload) {
  std::string value;
  value.reserve(1 + 8 + chain.size() + payload.size());
  base::PutU8(value, kValueVersion);
  PutTime(value, time);
  PutHash(value, chain);
  value.append(payload);
  return value;
}

std::optional<Envelope> DecodeEnvelope(std::string_view value) {
  Reader reader(value);
  reader.Version();
  Envelope envelope;
  envelope.time = reader.Time();
  envelope.chain = reader.Digest();
  envelope.payload = reader.Rest();
  if (!reader.good()) return std::nullopt;
  return envelope;
}

std::string RequestKey(std::string_view request_key) { return Versioned(kKeyVersion, request_key); }

std::string EncodeRequest(const RequestEntry& entry) {
  std::string value = Versioned(kValueVersion);
  PutI64(value, entry.position);
  value.append(entry.fingerprint);
  return value;
}

std::optional<RequestEntry> DecodeRequest(std::string_view value) {
  Reader reader(value);
  reader.Version();
  RequestEntry entry;
  entry.position = reader.I64();
  entry.fingerprint = std::string(reader.Rest());
  if (!reader.good()) return std::nullopt;
  return entry;
}

std::string CurrentKey(std::string_view resource) { return Versioned(kKeyVersion, resource); }

std::string_view ResourceOfCurrentKey(std::string_view key) {
  return key.empty() ? key : key.substr(1);
}

std::string EncodeCurrent(const RevisionAt& current) {
  std::string value = Versioned(kValueVersion);
  PutI64(value, current.revision);
  PutI64(value, current.position);
  return value;
}

std::optional<RevisionAt> DecodeCurrent(std::string_view value) {
  Reader reader(value);
  reader.Version();
  RevisionAt current;
  current.revision = reader.I64();
  current.position = reader.I64();
  if (!reader.AtEnd()) return std::nullopt;
  return current;
}

std::string RevisionKey(std::string_view resource, int64_t revision) {
  std::string key = Versioned(kKeyVersion, resource);
  base::PutU8(key, 0);
  PutI64(key, revision);
  return key;
}

std::optional<int64_t> RevisionOfKey(std::string_view key) {
  if (key.size() < 10) return std::nullopt;
  return static_cast<int64_t>(base::GetU64(key.data() + key.size() - 8));
}

std::string EncodePosition(int64_t position) {
  std::string value = Versioned(kValueVersion);
  PutI64(value, position);
  return value;
}

std::optional<int64_t> DecodePosition(std::string_view value) {
  Reader reader(value);
  reader.Version();
  const int64_t position = reader.I64();
  if (!reader.AtEnd()) return std::nullopt;
  return position;
}

std::string IdentityKey() { return Versioned(kKeyVersion, "identity"); }

std::string EncodeIdentity(const Identity& identity) {
  std::string value = Versioned(kValueVersion);
  PutI64(value, identity.epoch);
  value.append(identity.log_id);
  return value;
}

std::optional<Identity> DecodeIdentity(std::string_view value) {
  Reader reader(value);
  reader.Version();
  Identity identity;
  identity.epoch = reader.I64();
  identity.log_id = std::string(reader.Fixed(kLogIdBytes));
  if (!reader.AtEnd()) return std::nullopt;
  return identity;
}

std::string CheckpointKey() { return Versioned(kKeyVersion, "checkpoint"); }

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  std::string value = Versioned(kValueVersion);
  PutI64(value, checkpoint.position);
  PutTime(value, checkpoint.time);
  PutHash(value, checkpoint.chain);
  return value;
}

std::optional<Checkpoint> DecodeCheckpoint(std::string_view value) {
  Reader reader(value);
  reader.Version();
  Checkpoint checkpoint;
  checkpoint.position = reader.I64();
  checkpoint.time = reader.Time();
  checkpoint.chain = reader.Digest();
  if (!reader.AtEnd()) return std::nullopt;
  return checkpoint;
}

std::string EncodeWatermarkSlot(const WatermarkSlot& slot) {
  std::string bytes(kMagic);
  base::PutU64(bytes, slot.sequence);
  PutI64(bytes, slot.head.epoch);
  PutI64(bytes, slot.head.position);
  PutTime(bytes, slot.head.time);
  PutHash(bytes, slot.head.chain);
  std::string log_id = slot.head.log_id;
  log_id.resize(kLogIdBytes);
  bytes.append(log_id);
  base::PutU32(bytes, base::Crc32c(bytes));
  return bytes;
}

std::optional<WatermarkSlot> DecodeWatermarkSlot(std::string_view bytes) {
  if (bytes.size() < kWatermarkSlotBytes) return std::nullopt;
  bytes = bytes.substr(0, kWatermarkSlotBytes);
  const std::string_view checked = bytes.substr(0, kWatermarkSlotBytes - 4);
  if (!bytes.starts_with(kMagic)) return std::nullopt;
  if (base::Crc32c(checked) != base::GetU32(bytes.data() + checked.size())) return std::nullopt;
  Reader reader(checked.substr(kMagic.size()));
  WatermarkSlot slot;
  slot.sequence = static_cast<uint64_t>(reader.I64());
  slot.head.epoch = reader.I64();
  slot.head.position = reader.I64();
  slot.head.time = reader.Time();
  slot.head.chain = reader.Digest();
  slot.head.log_id = std::string(reader.Fixed(kLogIdBytes));
  if (!reader.AtEnd()) return std::nullopt;
  return slot;
}

std::string EncodeFormat(std::string_view kind, int version) {
  return base::StrCat("imdi store ", kind, " ", version, "\n");
}

std::optional<Format> DecodeFormat(std::string_view text) {
  constexpr std::string_view kStart = "imdi store ";
  if (!text.starts_with(kStart) || !text.ends_with('\n') || text.size() > 128) return std::nullopt;
  text = text.substr(kStart.size(), text.size() - kStart.size() - 1);
  const size_t space = text.find(' ');
  if (space == std::string_view::npos || space == 0) return std::nullopt;
  const std::optional<int64_t> version = base::ParseInt64(text.substr(space + 1));
  if (!version.has_value() || *version < 1) return std::nullopt;
  return Format{std::string(text.substr(0, space)), *version};
}

}  // namespace imdi::storage::rocks
