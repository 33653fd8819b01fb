#pragma once

// Opaque to callers: which snapshot, which list, and the last name of the page before.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/query/snapshot.h"

namespace imdi::query {

struct PageToken {
  std::string log_id;
  int64_t epoch = 0;
  int64_t position = 0;
  std::string last_name;
};

// `list` says which list with which filters: a token of one list is refused by every other.
std::string WritePageToken(const Snapshot& snapshot, std::string_view list,
                           std::string_view last_name);
// PAGE_TOKEN_INVALID for anything that WritePageToken did not write for this list.
absl::StatusOr<PageToken> ReadPageToken(std::string_view token, std::string_view list);
// Entries on a page: 1–kPageSizeMax; FIELD_INVALID for a negative size.
absl::StatusOr<size_t> PageSize(int32_t asked);

}  // namespace imdi::query
