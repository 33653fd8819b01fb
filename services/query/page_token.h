#pragma once

// Opaque to callers: which snapshot or which release, which list, and the last name of the page
// before.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace imdi::query {

struct PageToken {
  // The snapshot that the first page was answered from; empty in lists that no snapshot changes:
  // over a numbered release, and over the numbers of releases.
  std::string log_id;
  int64_t epoch = 0;
  int64_t position = 0;
  int32_t release = 0;  // The release that "latest" was; 0 = none is meant.
  std::string last_name;
  friend bool operator==(const PageToken&, const PageToken&) = default;
};

// `list` says which list with which filters: a token of one list is refused by every other.
std::string WritePageToken(const PageToken& token, std::string_view list);
// PAGE_TOKEN_INVALID for anything that WritePageToken did not write for this list.
absl::StatusOr<PageToken> ReadPageToken(std::string_view token, std::string_view list);
// Entries on a page: 1–`most`, 0 = `none_asked`; FIELD_INVALID for a negative size.
absl::StatusOr<size_t> PageSize(int32_t asked, int32_t most, int32_t none_asked);
absl::StatusOr<size_t> PageSize(int32_t asked);

}  // namespace imdi::query
