#include "services/query/names.h"

#include <algorithm>
#include <limits>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::query {
namespace {

constexpr std::string_view kEditions = "editions/";
constexpr std::string_view kReleases = "/releases/";
constexpr std::string_view kFigures = "/figures/";
constexpr std::string_view kSurveys = "surveys/";
constexpr std::string_view kAnswer = "answer";
constexpr std::string_view kReleaseForm = "editions/{edition}/releases/{number, latest or live}";
constexpr std::string_view kCellForm = "{indicator}.{basis}[.answer={code}][.{attribute}={group}]…";
constexpr std::string_view kFigureForm =
    "editions/{edition}/releases/{number, latest or live}/figures/"
    "{indicator}.{basis}[.answer={code}][.{attribute}={group}]";

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= base::kIdBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

absl::Status Invalid(std::string_view name, std::string_view form) {
  return base::Error(base::Reason::kNameInvalid,
                     base::StrCat(base::Quoted(name), " is not of the form ", form));
}

absl::StatusOr<std::string> ParseIn(std::string_view collection, std::string_view name,
                                    std::string_view form) {
  if (name.size() > base::kNameBytesMax || !name.starts_with(collection) ||
      !IsId(name.substr(collection.size()))) {
    return Invalid(name, form);
  }
  return std::string(name.substr(collection.size()));
}

}  // namespace

std::optional<ReleaseRef> ReleaseRef::Parse(std::string_view text) {
  if (text == "live") return ReleaseRef{.kind = Kind::kLive, .number = 0};
  if (text == "latest") return ReleaseRef{.kind = Kind::kLatest, .number = 0};
  if (text.empty() || text.front() == '0' || text.front() == '-') return std::nullopt;
  const std::optional<int64_t> number = base::ParseInt64(text);
  if (!number.has_value() || *number > std::numeric_limits<int32_t>::max()) return std::nullopt;
  return ReleaseRef{.kind = Kind::kNumber, .number = static_cast<int32_t>(*number)};
}

std::string ToText(const ReleaseRef& release) {
  switch (release.kind) {
    case ReleaseRef::Kind::kLive:
      return "live";
    case ReleaseRef::Kind::kLatest:
      return "latest";
    case ReleaseRef::Kind::kNumber:
      break;
  }
  return std::to_string(release.number);
}

absl::StatusOr<ReleaseName> ReleaseName::Parse(std::string_view name) {
  const std::vector<std::string_view> parts = SplitAt(name, '/');
  if (name.size() > base::kNameBytesMax || parts.size() != 4 || parts[0] != "editions" ||
      parts[2] != "releases" || !IsId(parts[1])) {
    return Invalid(name, kReleaseForm);
  }
  const std::optional<ReleaseRef> release = ReleaseRef::Parse(parts[3]);
  if (!release.has_value()) return Invalid(name, kReleaseForm);
  return ReleaseName{.edition = std::string(parts[1]), .release = *release};
}

absl::StatusOr<CellName> CellName::Parse(std::string_view cell) {
  const std::vector<std::string_view> parts = SplitAt(cell, '.');
  if (cell.size() > base::kNameBytesMax || parts.size() < 2 || !IsId(parts[0]) || !IsId(parts[1]))
    return Invalid(cell, kCellForm);
  CellName out{.indicator = std::string(parts[0]), .basis = std::string(parts[1]), .groups = {}};
  for (size_t i = 2; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    if (equals == std::string_view::npos) return Invalid(cell, kCellForm);
    const std::string_view attribute = parts[i].substr(0, equals);
    const std::string_view group = parts[i].substr(equals + 1);
    if (!IsId(attribute) || !IsId(group)) return Invalid(cell, kCellForm);
    out.groups.emplace_back(attribute, group);
  }
  std::sort(out.groups.begin(), out.groups.end());
  for (size_t i = 1; i < out.groups.size(); ++i) {
    if (out.groups[i].first == out.groups[i - 1].first) return Invalid(cell, kCellForm);
  }
  return out;
}

std::string CellName::Canonical() const {
  std::string out = base::StrCat(indicator, ".", basis);
  for (const auto& [attribute, group] : groups) base::StrAppend(out, ".", attribute, "=", group);
  return out;
}

std::string BreakdownOf(std::string_view canonical_cell) {
  std::string out;
  for (size_t at = canonical_cell.find('.'); at != std::string_view::npos;
       at = canonical_cell.find('.', at + 1)) {
    const std::string_view rest = canonical_cell.substr(at + 1);
    const std::string_view piece = rest.substr(0, rest.find('.'));
    const size_t equals = piece.find('=');
    if (equals == std::string_view::npos || piece.substr(0, equals) == kAnswer) continue;
    base::StrAppend(out, out.empty() ? "" : ",", piece.substr(0, equals));
  }
  return out;
}

absl::StatusOr<FigureName> FigureName::Parse(std::string_view name) {
  const std::optional<FigureNamePieces> pieces = Split(name);
  if (name.size() > base::kNameBytesMax || !pieces.has_value() || !IsId(pieces->edition))
    return Invalid(name, kFigureForm);
  const std::optional<ReleaseRef> release = ReleaseRef::Parse(pieces->release);
  absl::StatusOr<CellName> cell = CellName::Parse(pieces->cell);
  if (!release.has_value() || !cell.ok()) return Invalid(name, kFigureForm);
  return FigureName{
      .edition = std::string(pieces->edition), .release = *release, .cell = *std::move(cell)};
}

std::string FigureName::Canonical() const {
  return base::StrCat(kEditions, edition, kReleases, ToText(release), kFigures, cell.Canonical());
}

std::optional<FigureNamePieces> Split(std::string_view name) {
  FigureNamePieces out;
  const auto take = [&name](std::string_view before, std::string_view after,
                            std::string_view& piece) {
    if (!name.starts_with(before)) return false;
    name.remove_prefix(before.size());
    const size_t end = after.empty() ? name.size() : name.find('/');
    if (end == std::string_view::npos) return false;
    piece = name.substr(0, end);
    name.remove_prefix(end);
    return true;
  };
  if (!take(kEditions, "/", out.edition) || !take(kReleases, "/", out.release) ||
      !take(kFigures, "", out.cell)) {
    return std::nullopt;
  }
  return out;
}

absl::StatusOr<std::string> ParseEditionName(std::string_view name) {
  return ParseIn(kEditions, name, "editions/{edition}");
}
absl::StatusOr<std::string> ParseSurveyName(std::string_view name) {
  return ParseIn(kSurveys, name, "surveys/{survey}");
}

}  // namespace imdi::query
