// The sentences of the report, and what the figures say of them, for a terminal of 100 columns.

#include <algorithm>

#include "clients/cli/commands_common.h"
#include "clients/cli/print.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;
using Query = query_api::QueryService::StubInterface;

constexpr size_t kColumns = 100;
constexpr size_t kIndent = 5;
constexpr size_t kNumbersColumns = 52;  // What stands right of a basis.

// The words of the table in one language.
struct Words {
  const char* of;
  const char* interval;
  const char* possible;
  const char* against;
  const char* points;
  const char* no_change;
  const char* invented;
};
Words WordsIn(const std::string& language) {
  if (language == "nn") {
    return {"av",           "95 %-intervall",        "mogleg", "mot",
            "prosentpoeng", "inga endring rekna ut", "Tal frå"};
  }
  if (language == "en") {
    return {"of",     "95 % interval",    "possible",  "against",
            "points", "no change figure", "Figures of"};
  }
  return {"av",           "95 %-intervall",          "mulig",   "mot",
          "prosentpoeng", "ingen endring regnet ut", "Tall fra"};
}

const char* MarkOf(query_api::Verdict verdict) {
  switch (verdict) {
    case query_api::VERDICT_HOLDS:
      return "✓";
    case query_api::VERDICT_HOLDS_AMONG_ANSWERS:
      return "~";
    case query_api::VERDICT_CONTRADICTED:
      return "✗";
    default:
      return "?";
  }
}

// `text` in exactly so many columns: filled up with spaces, or cut with an ellipsis.
std::string Fit(std::string text, size_t columns) {
  size_t width = DisplayWidth(text);
  if (width > columns) {
    while (width > columns - 1) {
      while ((static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.pop_back();
      text.pop_back();
      --width;
    }
    text += "…";
    ++width;
  }
  return text.append(columns - width, ' ');
}

std::string IdOf(const query_api::ClaimResult& claim) {
  return claim.claim().name().substr(claim.claim().name().rfind('/') + 1);
}

// The figures worth a line: all, but of a ranking's many categories only those that the sentence
// names, and the first of the others.
std::vector<query_api::Figure> Shown(const query_api::ClaimResult& claim) {
  if (!claim.claim().has_ranking()) return {claim.figures().begin(), claim.figures().end()};
  const auto& top = claim.claim().ranking().top();
  std::vector<query_api::Figure> shown;
  const query_api::Figure* next = nullptr;
  for (const query_api::Figure& figure : claim.figures()) {
    if (std::find(top.begin(), top.end(), CellOf(figure)) != top.end()) {
      shown.push_back(figure);
    } else if (next == nullptr || figure.numerator() > next->numerator()) {
      next = &figure;
    }
  }
  if (next != nullptr) shown.push_back(*next);
  return shown;
}

}  // namespace

int Commands::ListClaims(const std::string& edition, const std::string& release,
                         const std::vector<std::string>& claims) {
  const absl::StatusOr<int64_t> head = HeadPosition();
  if (!head.ok()) return Fail(head.status());
  query_api::ListClaimsRequest request;
  request.set_parent(release.empty() ? EditionName(edition) : ReleaseName(edition, release));
  request.set_page_size(1'000);
  request.set_at_least_position(*head);
  query_api::ListClaimsResponse chosen;
  do {
    const auto response = Try(connection_.query(), &Query::ListClaims, request);
    if (!response.ok()) return Fail(response.status());
    chosen.set_release(response->release());
    for (const query_api::ClaimResult& claim : response->claims()) {
      if (claims.empty() || std::find(claims.begin(), claims.end(), IdOf(claim)) != claims.end())
        *chosen.add_claims() = claim;
    }
    request.set_page_token(response->next_page_token());
  } while (!request.page_token().empty());
  if (options_.json) {
    PrintOut(FormatJson(chosen));
    return kExitOk;
  }

  const Words words = WordsIn(options_.language);
  const std::string indent(kIndent, ' ');
  std::string text =
      StrCat("\n", words.invented, " ", EditionName(edition), "/releases/", chosen.release(), "\n");
  for (const query_api::ClaimResult& claim : chosen.claims()) {
    base::StrAppend(text, "\n", Fit(IdOf(claim), kIndent),
                    Wrap(Label(claim.claim().text()), kIndent, kColumns), "\n");
    base::StrAppend(text, indent, MarkOf(claim.verdict()), " ", Label(claim.verdict_text()), "\n");
    for (const query_api::Figure& figure : Shown(claim)) {
      std::string label = Label(figure.category_title());
      if (label.empty()) label = Label(figure.basis_title());
      base::StrAppend(text, indent, Fit(std::move(label), kColumns - kIndent - kNumbersColumns));
      if (figure.state_case() == query_api::Figure::kNoValue) {
        base::StrAppend(text, "  ", figure.no_value().sign(), "  ", Label(figure.no_value().text()),
                        "\n");
        continue;
      }
      const std::string share = StrCat(ValueOf(figure, 1), " %");
      const std::string counts = StrCat(figure.numerator(), " ", words.of, " ", figure.base());
      std::string line = StrCat(std::string(8 - std::min<size_t>(8, DisplayWidth(share)), ' '),
                                share, "  ", Fit(counts, 11));
      if (!IntervalOf(figure).empty())
        base::StrAppend(line, "  ", words.interval, " ", IntervalOf(figure));
      base::StrAppend(text, line.substr(0, line.find_last_not_of(' ') + 1), "\n");
    }
    for (const query_api::ChangeFigure& change : claim.changes()) {
      if (change.state_case() == query_api::ChangeFigure::kNoValue) {
        base::StrAppend(text, indent, "  ", words.against, " ", change.earlier().year(), ": ",
                        words.no_change, " (", Label(change.no_value().text()), ")\n");
        continue;
      }
      const std::string points = FormatPercent(change.value(), 1);
      base::StrAppend(text, indent, "  ", words.against, " ", change.earlier().year(), ": ",
                      FormatPercent(change.later().value(), 1), " % (", change.later().numerator(),
                      " ", words.of, " ", change.later().base(), ") – ",
                      FormatPercent(change.earlier().value(), 1), " % (",
                      change.earlier().numerator(), " ", words.of, " ", change.earlier().base(),
                      ") = ", change.value() > 0 ? "+" : "", points, " ", words.points, "\n");
    }
    for (const query_api::ClaimRemark& remark : claim.remarks()) {
      base::StrAppend(text, indent, "! ", Wrap(Label(remark.text()), kIndent + 2, kColumns), "\n");
    }
  }
  PrintOut(text);
  return kExitOk;
}

}  // namespace imdi::cli
