// The checks that every engine of the stores beside the log shares.

#include <string>

#include "services/base/error.h"
#include "services/base/text.h"
#include "storage/draft_store.h"
#include "storage/fold_store.h"
#include "storage/key_store.h"

namespace imdi::storage {

using base::Error;
using base::Reason;
using base::StrCat;

absl::Status CheckKeys(std::span<const WrappedKey> keys) {
  if (keys.size() > kKeyBatchMax) {
    return Error(Reason::kTooLarge, StrCat("at most ", kKeyBatchMax, " keys fit into a batch"));
  }
  for (const WrappedKey& key : keys) {
    if (key.id.empty() || key.id.size() > kKeyIdBytesMax) {
      return Error(Reason::kInvalidArgument,
                   StrCat("the id of a key has 1 to ", kKeyIdBytesMax, " bytes"));
    }
    if (key.bytes.empty() || key.bytes.size() > kWrappedKeyBytesMax) {
      return Error(Reason::kInvalidArgument,
                   StrCat("a wrapped key has 1 to ", kWrappedKeyBytesMax, " bytes"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDraft(std::string_view name, int64_t expected_version, std::string_view bytes) {
  if (name.empty() || name.size() > kDraftNameBytesMax) {
    return Error(Reason::kInvalidArgument,
                 StrCat("the name of a draft has 1 to ", kDraftNameBytesMax, " bytes"));
  }
  if (expected_version < 0) {
    return Error(Reason::kInvalidArgument, "the version of a draft is never negative");
  }
  if (bytes.size() > kDraftBytesMax) {
    return Error(Reason::kTooLarge, StrCat("a draft has ", bytes.size(), " bytes; at most ",
                                           kDraftBytesMax, " are kept"));
  }
  return absl::OkStatus();
}

absl::Status DraftChanged(std::string_view name, int64_t current_version) {
  return base::WithMetadata(
      Error(Reason::kDraftChanged, StrCat("the draft ", base::Quoted(name), " is at version ",
                                          current_version, "; read it again before writing")),
      "current_version", StrCat(current_version));
}

absl::Status TooManyDrafts(int64_t drafts_max) {
  return Error(Reason::kQuotaExhausted, StrCat("the store holds its maximum of ", drafts_max,
                                               " drafts; submit or delete one first"));
}

absl::Status CheckFoldItems(std::span<const FoldItem> puts, std::span<const std::string> deletes) {
  const auto bad_key = [](const std::string& key) {
    return key.empty() || key.size() > kFoldKeyBytesMax;
  };
  for (const FoldItem& item : puts) {
    if (bad_key(item.key)) {
      return Error(Reason::kInvalidArgument, StrCat("a key has 1 to ", kFoldKeyBytesMax, " bytes"));
    }
    if (item.value.size() > kFoldValueBytesMax) {
      return Error(Reason::kTooLarge, StrCat("a value has at most ", kFoldValueBytesMax, " bytes"));
    }
  }
  for (const std::string& key : deletes) {
    if (bad_key(key)) {
      return Error(Reason::kInvalidArgument, StrCat("a key has 1 to ", kFoldKeyBytesMax, " bytes"));
    }
  }
  return absl::OkStatus();
}

}  // namespace imdi::storage
