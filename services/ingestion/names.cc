#include "services/ingestion/names.h"

#include <algorithm>
#include <optional>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::ingestion {
namespace {

absl::Status BadName(std::string_view name, std::string_view form) {
  return base::Error(base::Reason::kNameInvalid,
                     base::StrCat(base::Quoted(name), " is not of the form ", form));
}

// Takes what stands before `separator` off `rest`; empty when the separator is missing.
std::optional<std::string_view> TakeUntil(std::string_view& rest, char separator) {
  const size_t at = rest.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view head = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return head;
}

}  // namespace

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= base::kIdBytesMax && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_';
  });
}

absl::Status CheckRequestId(std::string_view request_id) {
  const bool printable = std::ranges::all_of(request_id, [](char c) { return c > ' ' && c < 127; });
  if (request_id.empty() || request_id.size() > base::kRequestIdBytesMax || !printable) {
    return base::InvalidField(
        "request_id", "1 to 64 printable ASCII characters are required, for example a UUID");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ParseEditionName(std::string_view name) {
  constexpr std::string_view kPrefix = "editions/";
  if (name.starts_with(kPrefix) && IsId(name.substr(kPrefix.size())))
    return std::string(name.substr(kPrefix.size()));
  return BadName(name, "editions/{edition}");
}

absl::StatusOr<SubmissionName> SubmissionName::Parse(std::string_view name,
                                                     std::string_view collection) {
  const std::string form =
      base::StrCat("editions/{edition}/", collection, "/{unit}.{part}[@{revision}]");
  std::string_view rest = name;
  SubmissionName out;
  const auto editions = TakeUntil(rest, '/');
  const auto edition = TakeUntil(rest, '/');
  const auto kind = TakeUntil(rest, '/');
  const auto unit = TakeUntil(rest, '.');
  if (!editions || !edition || !kind || !unit) return BadName(name, form);
  if (*editions != "editions" || *kind != collection || !IsId(*edition) || !IsId(*unit)) {
    return BadName(name, form);
  }
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    const std::optional<int64_t> revision = base::ParseInt64(rest.substr(at + 1));
    if (!revision.has_value() || *revision < 1 || rest.substr(at + 1) != base::StrCat(*revision))
      return BadName(name, form);
    out.revision = *revision;
    rest = rest.substr(0, at);
  }
  if (!IsId(rest)) return BadName(name, form);
  out.edition = *edition;
  out.unit = *unit;
  out.part = rest;
  return out;
}

std::string SubmissionName::WithoutRevision() const {
  return base::StrCat("editions/", edition, "/submissions/", unit, ".", part);
}

std::string SubmissionName::Full() const { return base::StrCat(WithoutRevision(), "@", revision); }

std::string DefinitionResource(std::string_view name) {
  return base::StrCat(kDefinitionPrefix, name);
}
std::string ItemsResource(std::string_view survey) { return base::StrCat("items/", survey); }
std::string StateResource(std::string_view edition) { return base::StrCat(kStatePrefix, edition); }
std::string DispositionPrefix(std::string_view edition) {
  return base::StrCat("disposition/", edition, "/");
}
std::string DispositionResource(std::string_view edition, std::string_view unit) {
  return base::StrCat(DispositionPrefix(edition), unit);
}
std::string SubmissionPrefix(std::string_view edition) {
  return base::StrCat("submission/", edition, "/");
}
std::string SubmissionResource(const SubmissionName& name) {
  return base::StrCat(SubmissionPrefix(name.edition), name.unit, ".", name.part);
}
std::string ErasureResource(const SubmissionName& name) {
  return base::StrCat(kErasurePrefix, name.Full());
}
std::string ReleasesResource(std::string_view edition) {
  return base::StrCat("editions/", edition, "/releases");
}
std::string ReleaseBuildsResource(std::string_view edition) {
  return base::StrCat("release_build/", edition);
}
std::string ReleasePartsResource(std::string_view edition, std::string_view build_id) {
  return base::StrCat("release_part/", edition, "/", build_id);
}

std::string RequestKey(std::string_view actor, std::string_view method,
                       std::string_view request_id) {
  return base::StrCat(actor, "/", method, "/", request_id);
}

}  // namespace imdi::ingestion
