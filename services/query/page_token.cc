#include "services/query/page_token.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::query {
namespace {

constexpr uint8_t kVersion = 2;

}  // namespace

std::string WritePageToken(const PageToken& token, std::string_view list) {
  std::string bytes;
  base::PutU8(bytes, kVersion);
  base::PutU32(bytes, base::Crc32c(list));
  base::PutBytes(bytes, token.log_id);
  base::PutU64(bytes, static_cast<uint64_t>(token.epoch));
  base::PutU64(bytes, static_cast<uint64_t>(token.position));
  base::PutU32(bytes, static_cast<uint32_t>(token.release));
  base::PutBytes(bytes, token.last_name);
  base::PutU32(bytes, base::Crc32c(bytes));
  return base::Base64Url(bytes);
}

absl::StatusOr<PageToken> ReadPageToken(std::string_view token, std::string_view list) {
  const absl::Status invalid =
      base::Error(base::Reason::kPageTokenInvalid,
                  "page_token is not one of this list; start from the first page without a token");
  if (token.size() > base::kPageTokenBytesMax) return invalid;
  const std::optional<std::string> bytes = base::FromBase64Url(token);
  if (!bytes.has_value() || bytes->size() < sizeof(uint32_t)) return invalid;
  base::ByteReader reader(*bytes);
  uint8_t version = 0;
  uint32_t list_sum = 0;
  uint32_t sum = 0;
  uint32_t release = 0;
  uint64_t epoch = 0;
  uint64_t position = 0;
  std::string_view log_id;
  std::string_view last_name;
  reader.ReadU8(version);
  reader.ReadU32(list_sum);
  reader.ReadBytes(log_id);
  reader.ReadU64(epoch);
  reader.ReadU64(position);
  reader.ReadU32(release);
  reader.ReadBytes(last_name);
  reader.ReadU32(sum);
  const std::string_view content =
      std::string_view(*bytes).substr(0, bytes->size() - sizeof(uint32_t));
  if (!reader.AtEnd() || version != kVersion || sum != base::Crc32c(content) ||
      list_sum != base::Crc32c(list) ||
      release > static_cast<uint32_t>(std::numeric_limits<int32_t>::max())) {
    return invalid;
  }
  return PageToken{.log_id = std::string(log_id),
                   .epoch = static_cast<int64_t>(epoch),
                   .position = static_cast<int64_t>(position),
                   .release = static_cast<int32_t>(release),
                   .last_name = std::string(last_name)};
}

absl::StatusOr<size_t> PageSize(int32_t asked, int32_t most, int32_t none_asked) {
  if (asked < 0) return base::InvalidField("page_size", "0 (the default) or a positive number");
  if (asked == 0) return static_cast<size_t>(none_asked);
  return static_cast<size_t>(std::min(asked, most));
}

absl::StatusOr<size_t> PageSize(int32_t asked) {
  return PageSize(asked, base::kPageSizeMax, base::kPageSizeDefault);
}

}  // namespace imdi::query
