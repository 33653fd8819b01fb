#include "findings.h"

#include <cstdint>
#include <sstream>

namespace settlement {

namespace model = imdi::survey::model::v1;
namespace query = imdi::survey::query::v1;
using client::Language;
using client::Percent;
using client::TextIn;

namespace {

// The words of this program; everything else comes from the survey in the language asked for.
struct Words {
  const char* of;         // 151 of 290
  const char* for_all;    // an estimate for all units
  const char* nothing;    // no release yet
  const char* confirmed;  // the latest, confirmed so many seconds ago
  const char* stale;      // the same, when nobody has confirmed it for long
  const char* never;      // never confirmed
  const char* seconds;
  const char* new_release;
  const char* unchanged;
  const char* gone;
};

const Words& WordsIn(Language language) {
  static const Words kNn = {"av",
                            "for alle",
                            "Det finst inga utgjeving enno.",
                            "sist stadfesta for",
                            "KAN VERE GAMMAL: sist stadfesta for",
                            "KAN VERE GAMMAL: aldri stadfesta",
                            "s sidan",
                            "Ny utgjeving",
                            "Ingenting her er endra.",
                            "finst ikkje"};
  static const Words kNb = {"av",
                            "for alle",
                            "Det finnes ingen utgivelse ennå.",
                            "sist bekreftet for",
                            "KAN VÆRE GAMMEL: sist bekreftet for",
                            "KAN VÆRE GAMMEL: aldri bekreftet",
                            "s siden",
                            "Ny utgivelse",
                            "Ingenting her er endret.",
                            "finnes ikke"};
  static const Words kEn = {"of",
                            "for all",
                            "There is no release yet.",
                            "last confirmed",
                            "MAY BE OLD: last confirmed",
                            "MAY BE OLD: never confirmed",
                            "s ago",
                            "New release",
                            "Nothing shown here has changed.",
                            "does not exist"};
  if (language == model::LANGUAGE_NN) return kNn;
  return language == model::LANGUAGE_EN ? kEn : kNb;
}

std::string Show(const query::Figure& figure, Language language) {
  const Words& words = WordsIn(language);
  const client::Value value = client::ValueOf(figure);
  std::ostringstream out;
  if (const auto* none = std::get_if<client::NoValue>(&value)) {
    out << none->sign << " (" << TextIn(none->text, language) << ")";
    return out.str();
  }
  // Sentences rest on shares; a number would say its unit.
  if (std::holds_alternative<client::Number>(value)) return client::Shown(value, 1, language);
  const auto& share = std::get<client::Share>(value);
  out << Percent(share.fraction, 1, language) << " %  " << share.numerator << " " << words.of << " "
      << share.base;
  if (share.for_all.has_value()) {
    out << "  " << words.for_all << " " << Percent(share.for_all->share, 1, language);
    if (const auto& interval = share.for_all->interval; interval.has_value())
      out << " (" << Percent(interval->lower, 1, language) << "–"
          << Percent(interval->upper, 1, language) << ")";
  }
  return out.str();
}

}  // namespace

client::HeldSetOptions SetOf(const std::string& edition, const std::string& file) {
  client::HeldSetOptions out;
  out.edition = "editions/" + edition;
  for (const char* indicator : {"IND_SYS_IMPROVE", "IND_GUIDE_SYS", "IND_GUIDE_NIR"})
    out.figures.push_back({.indicator = indicator, .attribute = "total"});
  out.claims = {"F12", "F13"};
  out.file = file;
  return out;
}

std::string AgeLine(const client::HeldAge& age, Language language) {
  const Words& words = WordsIn(language);
  if (age.release.empty()) return std::string(words.nothing) + "\n";
  std::ostringstream out;
  out << age.release << " (" << age.release_position << ") · ";
  if (age.age == absl::InfiniteDuration())
    out << words.never;
  else
    out << (age.stale ? words.stale : words.confirmed) << " " << absl::ToInt64Seconds(age.age)
        << " " << words.seconds;
  if (!age.trouble.ok()) out << " · " << absl::StatusCodeToString(age.trouble.code());
  out << "\n";
  return out.str();
}

std::string Findings(const client::HeldRelease& held, Language language) {
  std::ostringstream out;
  for (const auto& [id, result] : held.claims) {
    out << id << "  " << TextIn(result.claim().text(), language) << "\n     "
        << TextIn(result.verdict_text(), language) << "\n";
    for (const query::Figure& figure : result.figures())
      out << "     " << TextIn(figure.title(), language) << "; "
          << TextIn(figure.basis_title(), language) << ":\n       " << Show(figure, language)
          << "\n";
    for (const query::ClaimRemark& remark : result.remarks())
      out << "     ! " << TextIn(remark.text(), language) << "\n";
  }
  return out.str();
}

std::string Change(const client::HeldChange& change, Language language) {
  const Words& words = WordsIn(language);
  std::ostringstream out;
  out << words.new_release << ": " << change.after->release.name();
  if (!change.after->release.reason().empty()) out << ": " << change.after->release.reason();
  out << "\n";
  if (change.cells.empty() && change.claims.empty()) out << "  " << words.unchanged << "\n";
  for (const std::string& cell : change.cells) {
    const query::Figure* before = change.before->FindFigure(cell);
    const query::Figure* after = change.after->FindFigure(cell);
    const query::Figure* either = after != nullptr ? after : before;
    out << "  " << TextIn(either->title(), language) << ":\n    "
        << (before == nullptr ? words.gone : Show(*before, language)) << "\n    → "
        << (after == nullptr ? words.gone : Show(*after, language)) << "\n";
  }
  for (const std::string& id : change.claims) {
    const query::ClaimResult* after = change.after->FindClaim(id);
    out << "  " << id << ": "
        << (after == nullptr ? words.gone : TextIn(after->verdict_text(), language)) << "\n";
  }
  return out.str();
}

}  // namespace settlement
