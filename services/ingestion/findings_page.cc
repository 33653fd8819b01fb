#include "services/ingestion/findings_page.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/domain/answers.h"
#include "services/domain/survey_catalog.h"

namespace imdi::ingestion {
namespace {

namespace model = survey::model::v1;

constexpr uint8_t kTokenVersion = 1;

size_t BytesOf(const model::Finding& finding) {
  return finding.ByteSizeLong() + base::kEntryFramingBytes;
}

}  // namespace

Findings::Findings(std::vector<model::Finding> all, const ingestion_pb::SubmissionDraft& draft,
                   const TextVault& vault)
    : all_(std::move(all)), draft_(draft), vault_(vault) {
  std::stable_partition(all_.begin(), all_.end(), [](const model::Finding& finding) {
    return finding.grade() == model::GRADE_HARD;
  });
}

std::string Findings::ContentDigest() const {
  return vault_.Fingerprint(base::StrCat(
      "findings\n",
      domain::CanonicalContent({.edition = domain::EditionIdOf(draft_.edition()),
                                .unit = draft_.unit(),
                                .part = draft_.part(),
                                .expected_revision = 0,  // Findings do not depend on it.
                                .questionnaire = draft_.questionnaire(),
                                .language = draft_.language(),
                                .answers = &draft_.answers(),
                                .comments = &draft_.check_comments(),
                                .contact = &draft_.contact()})));
}

std::string Findings::ListDigest() const {
  std::string list = "finding list\n";
  for (const model::Finding& finding : all_) {
    base::PutBytes(list, finding.SerializeAsString());
  }
  return vault_.Fingerprint(list);
}

std::string Findings::TokenFor(size_t next) const {
  std::string bytes;
  base::PutU8(bytes, kTokenVersion);
  base::PutU32(bytes, static_cast<uint32_t>(next));
  base::PutBytes(bytes, ContentDigest());
  base::PutBytes(bytes, ListDigest());
  base::PutU32(bytes, base::Crc32c(bytes));
  return base::Base64Url(bytes);
}

void Findings::PutFirst(size_t bytes_max, ingestion_pb::SubmitResponse& response) const {
  response.set_finding_count(static_cast<int32_t>(all_.size()));
  size_t bytes = 0;
  for (const model::Finding& finding : all_) {
    const auto shown = static_cast<size_t>(response.findings_size());
    bytes += BytesOf(finding);
    if (shown == base::kFindingsPerResponseMax || bytes > bytes_max) {
      if (response.outcome() == ingestion_pb::SUBMIT_OUTCOME_REFUSED) {
        response.set_next_page_token(TokenFor(shown));
      }
      return;
    }
    *response.add_findings() = finding;
  }
}

absl::Status Findings::PutPage(const ingestion_pb::ValidateRequest& request,
                               ingestion_pb::ValidateResponse& response) const {
  if (request.page_size() < 0) {
    return base::InvalidField("page_size", "0 (the default) or a positive number");
  }
  const size_t page_size =
      request.page_size() == 0
          ? base::kFindingsPerResponseMax
          : std::min(static_cast<size_t>(request.page_size()), base::kFindingsPerResponseMax);
  size_t from = 0;
  if (!request.page_token().empty()) {
    const absl::Status invalid = base::Error(
        base::Reason::kPageTokenInvalid,
        "page_token is not one of this submission; start from the first page without a token");
    if (request.page_token().size() > base::kPageTokenBytesMax) return invalid;
    const std::optional<std::string> bytes = base::FromBase64Url(request.page_token());
    if (!bytes.has_value() || bytes->size() < sizeof(uint32_t)) return invalid;
    uint8_t version = 0;
    uint32_t next = 0;
    uint32_t sum = 0;
    std::string_view content;
    std::string_view list;
    base::ByteReader reader(*bytes);
    reader.ReadU8(version);
    reader.ReadU32(next);
    reader.ReadBytes(content);
    reader.ReadBytes(list);
    reader.ReadU32(sum);
    const std::string_view summed =
        std::string_view(*bytes).substr(0, bytes->size() - sizeof(uint32_t));
    if (!reader.AtEnd() || version != kTokenVersion || sum != base::Crc32c(summed) ||
        content != ContentDigest()) {
      return invalid;
    }
    if (list != ListDigest() || next >= all_.size()) {
      return base::Error(base::Reason::kSnapshotGone,
                         "the findings of this submission have changed with the definitions or the "
                         "unit's other answers; start from the first page without a token");
    }
    from = next;
  }
  response.set_finding_count(static_cast<int32_t>(all_.size()));
  size_t bytes = 0;
  for (size_t i = from; i < all_.size(); ++i) {
    const auto shown = static_cast<size_t>(response.findings_size());
    bytes += BytesOf(all_[i]);
    // One travels in any case, or the next page would never come.
    if (shown == page_size || (shown > 0 && bytes > base::kPageBytesMax)) {
      response.set_next_page_token(TokenFor(i));
      break;
    }
    *response.add_findings() = all_[i];
  }
  return absl::OkStatus();
}

}  // namespace imdi::ingestion
