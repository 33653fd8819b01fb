#include "storage/rocks/side_layout.h"

#include <algorithm>

#include "services/base/encoding.h"
#include "services/base/text.h"
#include "storage/rocks/layout.h"

namespace imdi::storage::rocks {
namespace {

bool HasVersion(std::string_view value) {
  return !value.empty() && static_cast<uint8_t>(value[0]) == kValueVersion;
}

}  // namespace

std::string SideKey(std::string_view name) { return Versioned(kKeyVersion, name); }

std::string_view NameOfSideKey(std::string_view key) { return key.empty() ? key : key.substr(1); }

std::string EncodeOpaque(std::string_view bytes) { return Versioned(kValueVersion, bytes); }

std::optional<std::string_view> DecodeOpaque(std::string_view value) {
  if (!HasVersion(value)) return std::nullopt;
  return value.substr(1);
}

std::string EncodeDraft(int64_t version, std::string_view bytes) {
  std::string value = Versioned(kValueVersion);
  base::PutU64(value, static_cast<uint64_t>(version));
  value.append(bytes);
  return value;
}

std::optional<DraftValue> DecodeDraft(std::string_view value) {
  if (!HasVersion(value) || value.size() < 9) return std::nullopt;
  return DraftValue{static_cast<int64_t>(base::GetU64(value.data() + 1)), value.substr(9)};
}

std::string LastVersionKey() { return Versioned(kKeyVersion, "last_version"); }

std::string CursorKey() { return Versioned(kKeyVersion, "cursor"); }

std::string EncodeCursor(const FoldCursor& cursor) {
  std::string value = Versioned(kValueVersion);
  base::PutU64(value, static_cast<uint64_t>(cursor.epoch));
  base::PutU64(value, static_cast<uint64_t>(cursor.position));
  value.append(base::AsText(cursor.chain));
  value.append(cursor.log_id);
  return value;
}

std::optional<FoldCursor> DecodeCursor(std::string_view value) {
  if (!HasVersion(value)) return std::nullopt;
  base::ByteReader reader(value.substr(1));
  uint64_t epoch = 0;
  uint64_t position = 0;
  std::string_view chain;
  FoldCursor cursor;
  if (!reader.ReadU64(epoch) || !reader.ReadU64(position) ||
      !reader.ReadFixed(cursor.chain.size(), chain)) {
    return std::nullopt;
  }
  cursor.epoch = static_cast<int64_t>(epoch);
  cursor.position = static_cast<int64_t>(position);
  std::copy(chain.begin(), chain.end(), cursor.chain.begin());
  cursor.log_id = std::string(reader.rest());
  return cursor;
}

}  // namespace imdi::storage::rocks
