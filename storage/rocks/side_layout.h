#pragma once

// Every byte of the stores beside the log (SCHEMA.md).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/fold_store.h"

namespace imdi::storage::rocks {

inline constexpr int kKeyStoreFormatVersion = 1;
inline constexpr int kDraftStoreFormatVersion = 1;
inline constexpr int kFoldStoreFormatVersion = 1;

// All stores: a version byte, then the name.
std::string SideKey(std::string_view name);
std::string_view NameOfSideKey(std::string_view key);

// Key store: the wrapped key behind a version byte. Fold store: the value likewise.
std::string EncodeOpaque(std::string_view bytes);
std::optional<std::string_view> DecodeOpaque(std::string_view value);

// Draft store: version byte, version of the draft, its bytes.
struct DraftValue {
  int64_t version = 0;
  std::string_view bytes;
};
std::string EncodeDraft(int64_t version, std::string_view bytes);
std::optional<DraftValue> DecodeDraft(std::string_view value);
// Family `meta` of the draft store.
std::string LastVersionKey();

// Family `cursor` of the fold store.
std::string CursorKey();
std::string EncodeCursor(const FoldCursor& cursor);
std::optional<FoldCursor> DecodeCursor(std::string_view value);

}  // namespace imdi::storage::rocks
