// The sentences of the report, and what the figures say of them, for a terminal of 100 columns.

#include <algorithm>
#include <cstdio>

#include "clients/cli/commands_common.h"
#include "clients/cli/print.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;
using Query = query_api::QueryService::StubInterface;

constexpr size_t kIndent = 5;
constexpr size_t kNumbersColumns = 52;  // What stands right of a basis.

// The words of the table in one language.
struct Words {
  const char* of;
  const char* for_all;
  const char* legend;  // What the column of estimates holds.
  const char* against;
  const char* points;
  const char* no_change;
  const char* nearest;
  const char* invented;
  const char* panel;   // Units that are in the base both times.
  const char* out_of;  // Left the numerator.
  const char* into;
  const char* tested;  // What the test of a whole sentence is adjusted among.
  const char* adjusted;
  const char* sentences;
  const char* possible;  // Whatever they say.
};
Words WordsIn(const std::string& language) {
  if (language == "nn") {
    return {"av",      "for alle",     "for alle = anslag for alle einingar, med 95 %-intervall",
            "mot",     "prosentpoeng", "inga endring rekna ut",
            "nærmast", "Tal frå",      "panel",
            "ut",      "inn",          "prøvd for alle: p",
            "justert", "setningar",    "Mogleg:"};
  }
  if (language == "en") {
    return {"of",       "for all",    "for all = estimate for all units, with 95 % interval",
            "against",  "points",     "no change figure",
            "nearest",  "Figures of", "panel",
            "out",      "in",         "tested for all: p",
            "adjusted", "sentences",  "Possible:"};
  }
  return {"av",      "for alle",     "for alle = anslag for alle enheter, med 95 %-intervall",
          "mot",     "prosentpoeng", "ingen endring regnet ut",
          "nærmest", "Tall fra",     "panel",
          "ut",      "inn",          "prøvd for alle: p",
          "justert", "setninger",    "Mulig:"};
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

std::string IdOf(const query_api::ClaimResult& claim) {
  return claim.claim().name().substr(claim.claim().name().rfind('/') + 1);
}

// Numbers as the language writes them: 62.0 is 62,0 in Norwegian.
std::string Localised(std::string text, const std::string& language) {
  if (language == "en") return text;
  std::replace(text.begin(), text.end(), '.', ',');
  return text;
}

// What tells the figures of one claim apart: indicators where they have several, else categories,
// else bases.
const survey::model::v1::LocalizedText& FigureLabel(const query_api::ClaimResult& claim,
                                                    const query_api::Figure& figure) {
  const auto indicator = [](const query_api::Figure& one) {
    const std::string cell = CellOf(one);
    return cell.substr(0, cell.find('.'));
  };
  if (!figure.category_title().nb().empty()) return figure.category_title();
  const bool several = std::any_of(
      claim.figures().begin(), claim.figures().end(),
      [&](const query_api::Figure& one) { return indicator(one) != indicator(figure); });
  return several ? figure.title() : figure.basis_title();
}

// "0.031", and "<0.001" below that.
std::string Probability(double p) {
  char text[16];
  std::snprintf(text, sizeof(text), "%.3f", p);
  return p < 0.001 ? "<0.001" : text;
}

std::string Signed(double fraction) {
  return StrCat(fraction > 0 ? "+" : "", FormatPercent(fraction, 1));
}

// What a change is among all units, and what the panel says of it: "for all +4.9 (+1.5 – +8.2),
// p 0.004; panel 240: 15 out, 28 in, p 0.069".
std::string TestOf(const query_api::ChangeFigure& change, const Words& words) {
  if (!change.has_estimate()) return "";
  const query_api::ChangeEstimate& estimate = change.estimate();
  const query_api::PanelCounts& panel = change.panel();
  std::string out = StrCat(words.for_all, " ", Signed(estimate.value()));
  if (estimate.has_p())
    base::StrAppend(out, " (", Signed(estimate.lower()), " – ", Signed(estimate.upper()), "), p ",
                    Probability(estimate.p()));
  base::StrAppend(out, "; ", words.panel, " ", panel.units(), ": ", panel.yes_no(), " ",
                  words.out_of, ", ", panel.no_yes(), " ", words.into);
  if (panel.has_p_mid()) base::StrAppend(out, ", p ", Probability(panel.p_mid()));
  return out;
}

// "answer=4" out of IND_FLUCT_AREA.CHALLENGED.answer=4.
std::string Category(const std::string& cell) { return cell.substr(cell.rfind('.') + 1); }

// The pair of a ranking that is nearest to a tie; null where there is none.
const query_api::PairDifference* NearestPair(const query_api::ClaimResult& claim) {
  const auto nearest = std::min_element(
      claim.pairs().begin(), claim.pairs().end(),
      [](const auto& a, const auto& b) { return a.difference() < b.difference(); });
  return nearest == claim.pairs().end() ? nullptr : &*nearest;
}

}  // namespace

int Commands::ListClaims(const std::string& edition, const std::string& release,
                         const std::vector<std::string>& claims) {
  query_api::ListClaimsRequest request;
  request.set_parent(release.empty() ? EditionName(edition) : ReleaseName(edition, release));
  request.set_page_size(1'000);
  request.set_at_least_position(NewestPosition());
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
  if (output_.Prints(chosen, "claims")) return kExitOk;

  const Words words = WordsIn(options_.language);
  const std::string indent(kIndent, ' ');
  std::string text = StrCat("\n", words.invented, " ", EditionName(edition), "/releases/",
                            chosen.release(), "; ", words.legend, "\n");
  for (const query_api::ClaimResult& claim : chosen.claims()) {
    base::StrAppend(text, "\n", Fit(IdOf(claim), kIndent),
                    Wrap(Label(claim.claim().text()), kIndent, kTextColumns), "\n");
    // A fact about the world has no verdict; its remark says so.
    if (claim.claim().not_testable().reason() != survey::model::v1::NOT_TESTABLE_REASON_FACT) {
      base::StrAppend(text, indent, MarkOf(claim.verdict()), " ", Label(claim.verdict_text()),
                      "\n");
    }
    for (const query_api::Figure& figure : claim.figures()) {
      base::StrAppend(
          text, indent,
          Fit(Label(FigureLabel(claim, figure)), kTextColumns - kIndent - kNumbersColumns));
      if (figure.state_case() == query_api::Figure::kNoValue) {
        base::StrAppend(text, "  ", figure.no_value().sign(), "  ", Label(figure.no_value().text()),
                        "\n");
        continue;
      }
      const std::string share = StrCat(ValueOf(figure, 1), " %");
      const std::string counts = StrCat(figure.numerator(), " ", words.of, " ", figure.base());
      std::string line = StrCat(std::string(8 - std::min<size_t>(8, DisplayWidth(share)), ' '),
                                share, "  ", Fit(counts, 11));
      // The share is of those who answered; what is said of all units stands apart.
      if (!IntervalOf(figure).empty())
        base::StrAppend(line, "  ", words.for_all, " ", EstimateOf(figure), " (",
                        IntervalOf(figure), ")");
      line.erase(line.find_last_not_of(' ') + 1);
      base::StrAppend(text, Localised(std::move(line), options_.language), "\n");
    }
    if (const query_api::PairDifference* pair = NearestPair(claim); pair != nullptr) {
      const std::string line =
          StrCat(FormatPercent(pair->difference(), 1), " ", words.points, " (",
                 FormatPercent(pair->lower(), 1), "–", FormatPercent(pair->upper(), 1), ")");
      base::StrAppend(text, indent, "  ", words.nearest, ": ", pair->a_yes(), " ", words.against,
                      " ", pair->b_yes(), " ", words.of, " ", pair->base(), " (",
                      Category(pair->b()), "): ", Localised(line, options_.language), "\n");
    }
    for (const query_api::ChangeFigure& change : claim.changes()) {
      if (change.state_case() == query_api::ChangeFigure::kNoValue) {
        base::StrAppend(text, indent, "  ", words.against, " ", change.earlier().year(), ": ",
                        words.no_change, " (", Label(change.no_value().text()), ")\n");
        continue;
      }
      const auto share = [&](const query_api::SharePoint& point) {
        return StrCat(FormatPercent(point.value(), 1), " % (", point.numerator(), " ", words.of,
                      " ", point.base(), ")");
      };
      base::StrAppend(text, indent, "  ", words.against, " ", change.earlier().year(), ": ",
                      Localised(StrCat(share(change.later()), " – ", share(change.earlier()), " = ",
                                       Signed(change.value())),
                                options_.language),
                      " ", words.points, "\n");
      if (const std::string test = TestOf(change, words); !test.empty())
        base::StrAppend(text, indent, "    ", Localised(test, options_.language), "\n");
    }
    if (claim.has_test()) {
      const std::string test = StrCat(words.tested, " ", Probability(claim.test().p()), ", ",
                                      words.adjusted, " ", Probability(claim.test().q()), " (",
                                      claim.test().family().size(), " ", words.sentences, ")");
      base::StrAppend(text, indent, "  ", Localised(test, options_.language), "\n");
    }
    if (const query_api::Tipping& tipping = claim.tipping(); tipping.may_belong() > 0) {
      const bool difference = claim.claim().has_increase() || claim.claim().has_ranking();
      const auto end = [&](double bound) {
        return Localised(difference ? Signed(bound) : FormatPercent(bound, 1), options_.language);
      };
      const std::string words_of_it =
          StrCat(Label(tipping.text()), " ", words.possible, " ", end(tipping.bound_lower()), " – ",
                 end(tipping.bound_upper()), difference ? StrCat(" ", words.points) : " %");
      base::StrAppend(text, indent, "↔ ", Wrap(words_of_it, kIndent + 2, kTextColumns), "\n");
    }
    for (const query_api::ClaimRemark& remark : claim.remarks()) {
      base::StrAppend(text, indent, "! ", Wrap(Label(remark.text()), kIndent + 2, kTextColumns),
                      "\n");
    }
  }
  PrintOut(text);
  return kExitOk;
}

}  // namespace imdi::cli
