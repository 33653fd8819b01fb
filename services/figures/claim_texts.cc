#include "services/figures/claim_texts.h"

#include <cmath>
#include <cstdlib>
#include <set>
#include <utility>

#include "services/base/text.h"
#include "services/figures/texts.h"

namespace imdi::figures::claim_texts {
namespace {

using base::StrCat;
using domain::CountedShare;
using domain::PhraseRange;
using domain::ShareInterval;
using model::LocalizedText;

enum class Tongue : uint8_t { kNn, kNb, kEn };

// An integer in units of 10^-decimals: 625 with one decimal is "62,5", in English "62.5".
std::string Decimal(int64_t number, int32_t decimals, Tongue tongue) {
  int64_t scale = 1;
  for (int32_t i = 0; i < decimals; ++i) scale *= 10;
  const int64_t size = std::llabs(number);
  std::string out = StrCat(number < 0 ? "\u2212" : "", size / scale);
  if (decimals == 0) return out;
  std::string fraction = StrCat(size % scale);
  fraction.insert(0, static_cast<size_t>(decimals) - fraction.size(), '0');
  return StrCat(out, tongue == Tongue::kEn ? "." : ",", fraction);
}

// Hundredths of a point, without a fraction that is nothing: 6000 is "60", 7750 "77,5".
std::string Bound(int64_t hundredths, Tongue tongue) {
  if (hundredths % 100 == 0) return Decimal(hundredths / 100, 0, tongue);
  if (hundredths % 10 == 0) return Decimal(hundredths / 10, 1, tongue);
  return Decimal(hundredths, 2, tongue);
}

std::string Percent(CountedShare share, Tongue tongue) {
  return Decimal(domain::RoundedPercent(share, 1), 1, tongue);
}
std::string Percent(double fraction, Tongue tongue) {
  return Decimal(std::llround(fraction * 1000), 1, tongue);
}

// A fraction in percentage points, with its sign: "+2,1".
std::string SignedPoints(double fraction, Tongue tongue) {
  const std::string points = Percent(fraction, tongue);
  return fraction > 0 ? StrCat("+", points) : points;
}
// "0,03", and "< 0,001" below that.
std::string Probability(double p, Tongue tongue) {
  if (p < 0.001) return StrCat("< ", Decimal(1, 3, tongue));
  return Decimal(std::llround(p * 1000), 3, tongue);
}

std::string_view Pick(const LocalizedText& text, Tongue tongue) {
  switch (tongue) {
    case Tongue::kNn:
      return text.nn();
    case Tongue::kNb:
      return text.nb();
    case Tongue::kEn:
      break;
  }
  return text.en().empty() ? std::string_view(text.nb()) : std::string_view(text.en());
}

// One of three words.
std::string_view Word(Tongue tongue, std::string_view nn, std::string_view nb,
                      std::string_view en) {
  return tongue == Tongue::kNn ? nn : tongue == Tongue::kNb ? nb : en;
}

// The same sentence in each language: `make` is called with each tongue.
template <typename Make>
LocalizedText InAll(const Make& make) {
  return Text(make(Tongue::kNn), make(Tongue::kNb), make(Tongue::kEn));
}

// "62,0 prosent (186 av 300)"
std::string Counted(CountedShare share, Tongue t) {
  return StrCat(Percent(share, t), Word(t, " prosent (", " prosent (", " percent ("), share.x,
                Word(t, " av ", " av ", " of "), share.n, ")");
}

CountedShare Of(const query_pb::SharePoint& point) { return {point.numerator(), point.base()}; }

// "frå og med 75 til under 80 prosent"
std::string RangeWords(const PhraseRange& range, Tongue t) {
  return StrCat(range.lower_included ? Word(t, "frå og med ", "fra og med ", "from ")
                                     : Word(t, "over ", "over ", "above "),
                Bound(range.lower, t),
                range.upper_included
                    ? Word(t, " til og med ", " til og med ", " up to and including ")
                    : Word(t, " til under ", " til under ", " to below "),
                Bound(range.upper, t), Word(t, " prosent", " prosent", " percent"));
}

// "59,2 til 64,8 prosent"
std::string IntervalWords(const ShareInterval& interval, Tongue t) {
  return StrCat(Percent(interval.lower, t), Word(t, " til ", " til ", " to "),
                Percent(interval.upper, t), Word(t, " prosent", " prosent", " percent"));
}

// "73,1 prosent (228 av 312) i 2016, 78,0 prosent (234 av 300) i 2017"
std::string ChangeWords(const query_pb::ChangeFigure& change, Tongue t) {
  const std::string_view in = Word(t, " i ", " i ", " in ");
  return StrCat(Counted(Of(change.earlier()), t), in, change.earlier().year(), ", ",
                Counted(Of(change.later()), t), in, change.later().year());
}

// All of them, those without a value left out, parted by semicolons.
std::string AllChangeWords(std::span<const query_pb::ChangeFigure> changes, Tongue t) {
  std::string out;
  for (const query_pb::ChangeFigure& change : changes) {
    if (!change.has_value()) continue;
    base::StrAppend(out, out.empty() ? "" : "; ", ChangeWords(change, t));
  }
  return out;
}

std::string_view RelationWord(int kind, Tongue t) {
  switch (kind) {
    case model::SERIES_RELATION_KIND_SAME:
      return Word(t, "same spørsmål", "samme spørsmål", "the same question");
    case model::SERIES_RELATION_KIND_COMPATIBLE_AFTER_RECODE:
      return Word(t, "andre kategoriar, omkoding manglar", "andre kategorier, omkoding mangler",
                  "other categories, no recode given");
    case model::SERIES_RELATION_KIND_ASSUMED_SAME:
      return Word(t, "føresett same spørsmål", "forutsatt samme spørsmål",
                  "assumed to be the same question");
    case model::SERIES_RELATION_KIND_BREAK_WORDING:
      return Word(t, "anna ordlyd", "annen ordlyd", "other wording");
    case model::SERIES_RELATION_KIND_BREAK_OPTIONS:
      return Word(t, "andre svaralternativ", "andre svaralternativer", "other options");
    case model::SERIES_RELATION_KIND_BREAK_BASE:
      return Word(t, "anna grunnlag", "annet grunnlag", "other base");
    case model::SERIES_RELATION_KIND_BREAK_RESPONDENT:
      return Word(t, "andre svarte", "andre svarte", "other respondent");
    case model::SERIES_RELATION_KIND_TOPIC_ONLY:
      return Word(t, "berre temaet er dokumentert", "bare temaet er dokumentert",
                  "only the topic is documented");
    case model::SERIES_RELATION_KIND_NOT_ASKED:
      return Word(t, "ikkje spurt", "ikke spurt", "not asked");
    default:
      return Word(t, "samanhengen er ukjend", "sammenhengen er ukjent", "the relation is unknown");
  }
}

std::string RelationWords(const query_pb::ChangeFigure& change, Tongue t) {
  std::string out;
  for (const int kind : change.relations())
    base::StrAppend(out, out.empty() ? "" : ", ", RelationWord(kind, t));
  return out;
}

// "«Bemanning» 66,0 prosent (167 av 253), «Økonomi» 43,1 prosent (109 av 253)"
std::string PairWords(const query_pb::PairDifference& pair, const LocalizedText& a,
                      const LocalizedText& b, Tongue t) {
  return StrCat("«", Pick(a, t), "» ", Counted({pair.a_yes(), pair.base()}, t), ", «", Pick(b, t),
                "» ", Counted({pair.b_yes(), pair.base()}, t));
}

}  // namespace

LocalizedText Of(domain::ClaimVerdict verdict) {
  switch (verdict) {
    case domain::ClaimVerdict::kHolds:
      return Text("held", "holder", "holds");
    case domain::ClaimVerdict::kHoldsAmongAnswers:
      return Text("held blant dei som svarte, ikkje vist for alle",
                  "holder blant dem som svarte, ikke vist for alle",
                  "holds among those who answered, not shown for all");
    case domain::ClaimVerdict::kContradicted:
      return Text("motsagd av tala", "motsagt av tallene", "contradicted by the figures");
    case domain::ClaimVerdict::kUndecidable:
      break;
  }
  return Text("kan ikkje avgjerast", "kan ikke avgjøres", "cannot be decided");
}

LocalizedText BasesDisagree(CountedShare share, const LocalizedText& basis, CountedShare other,
                            const LocalizedText& other_basis) {
  return InAll([&](Tongue t) {
    return StrCat(
        Word(t, "Eit anna grunnlag seier noko anna: ", "Et annet grunnlag sier noe annet: ",
             "Another base says otherwise: "),
        Counted(other, t), Word(t, " på grunnlaget «", " på grunnlaget «", " on the base «"),
        Pick(other_basis, t), "», ", Counted(share, t),
        Word(t, " på grunnlaget «", " på grunnlaget «", " on the base «"), Pick(basis, t), "».");
  });
}

LocalizedText BasesDisagreeOnChange(const LocalizedText& other_basis,
                                    std::span<const query_pb::ChangeFigure> changes) {
  return InAll([&](Tongue t) {
    return StrCat(Word(t, "Eit anna grunnlag seier noko anna. På grunnlaget «",
                       "Et annet grunnlag sier noe annet. På grunnlaget «",
                       "Another base says otherwise. On the base «"),
                  Pick(other_basis, t), "»: ", AllChangeWords(changes, t), ".");
  });
}

LocalizedText NearEdge(const PhraseRange& range, CountedShare share) {
  // The nearer end, in integers.
  const auto distance = [&](int64_t bound) {
    return std::llabs(share.x * domain::kHundredthsOfWhole - bound * share.n);
  };
  const int64_t bound = distance(range.lower) <= distance(range.upper) ? range.lower : range.upper;
  return InAll([&](Tongue t) {
    return StrCat(Word(t, "Prosentdelen, ", "Andelen, ", "The share, "), Counted(share, t),
                  Word(t, ", ligg nær ei grense for orda i setninga: ",
                       ", ligger nær en grense for ordene i setningen: ",
                       ", lies near a limit of the words in the sentence: "),
                  Bound(bound, t), Word(t, " prosent.", " prosent.", " percent."));
  });
}

LocalizedText IntervalReachesOut(const PhraseRange& range, const ShareInterval& interval) {
  return InAll([&](Tongue t) {
    return StrCat(Word(t, "For alle einingar går intervallet, ",
                       "For alle enheter går intervallet, ", "For all units the interval, "),
                  IntervalWords(interval, t),
                  Word(t, ", utanfor det orda dekkjer: ", ", utenfor det ordene dekker: ",
                       ", reaches beyond what the words cover: "),
                  RangeWords(range, t), ".");
  });
}

LocalizedText IntervalReachesIn(const PhraseRange& range, const ShareInterval& interval) {
  return InAll([&](Tongue t) {
    return StrCat(Word(t, "For alle einingar er setninga ikkje utelukka: intervallet, ",
                       "For alle enheter er setningen ikke utelukket: intervallet, ",
                       "For all units the sentence is not excluded: the interval, "),
                  IntervalWords(interval, t),
                  Word(t, ", går inn i det orda dekkjer: ", ", går inn i det ordene dekker: ",
                       ", reaches into what the words cover: "),
                  RangeWords(range, t), ".");
  });
}

LocalizedText IntervalExcludes(const PhraseRange& range, const ShareInterval& interval) {
  return InAll([&](Tongue t) {
    return StrCat(
        Word(t, "For alle einingar ligg heile intervallet, ",
             "For alle enheter ligger hele intervallet, ", "For all units the whole interval, "),
        IntervalWords(interval, t),
        Word(t, ", utanfor det orda dekkjer: ", ", utenfor det ordene dekker: ",
             ", lies outside what the words cover: "),
        RangeWords(range, t), ".");
  });
}

LocalizedText RoundsOtherwise(int32_t stated, CountedShare share) {
  return InAll([&](Tongue t) {
    return StrCat(Counted(share, t), Word(t, " blir avrunda til ", " avrundes til ", " rounds to "),
                  domain::RoundedPercent(share, 0), Word(t, ", ikkje ", ", ikke ", ", not to "),
                  stated, ".");
  });
}

LocalizedText ChangeNotShown(const query_pb::ChangeFigure& change) {
  const query_pb::ChangeEstimate& estimate = change.estimate();
  return InAll([&](Tongue t) {
    return StrCat(
        Word(t, "Auken sidan ", "Økningen siden ", "The increase since "), change.earlier().year(),
        Word(t, " er ikkje vist for alle: ", " er ikke vist for alle: ", " is not shown for all: "),
        SignedPoints(estimate.value(), t),
        Word(t, " prosentpoeng, intervall ", " prosentpoeng, intervall ",
             " percentage points, interval "),
        SignedPoints(estimate.lower(), t), Word(t, " til ", " til ", " to "),
        SignedPoints(estimate.upper(), t), ", p = ", Probability(estimate.p(), t), ".");
  });
}

LocalizedText ChangeNotTestable(const query_pb::ChangeFigure& change) {
  return InAll([&](Tongue t) {
    std::string_view why;
    switch (change.test_status()) {
      case query_pb::CHANGE_TEST_STATUS_MOVED:
        why = Word(t, "svara er endra sidan utgåva som tala er henta frå",
                   "svarene er endret siden utgaven som tallene er hentet fra",
                   "the answers have changed since the release that the figures are read from");
        break;
      case query_pb::CHANGE_TEST_STATUS_NO_DF:
        why = change.estimate().df() < 1 ? Word(t, "for få svar i laga", "for få svar i lagene",
                                                "too few answers in the strata")
                                         : Word(t, "svara har inga spreiing å prøve mot",
                                                "svarene har ingen spredning å prøve mot",
                                                "the answers have no spread to test against");
        break;
      case query_pb::CHANGE_TEST_STATUS_NOT_COUNTED:
        why = Word(t, "dei to åra er ikkje talde saman", "de to årene er ikke talt sammen",
                   "the two years are not counted together");
        break;
      case query_pb::CHANGE_TEST_STATUS_UNSPECIFIED:
      default:
        why = Word(t, "kvifor er ikkje oppgitt", "hvorfor er ikke oppgitt", "why is not stated");
    }
    return StrCat(
        Word(t, "Auken sidan ", "Økningen siden ", "The increase since "), change.earlier().year(),
        Word(t, " kan ikkje prøvast: ", " kan ikke prøves: ", " cannot be tested: "), why, ".");
  });
}

LocalizedText ChangeNotShownAmongAll(const query_pb::ClaimTest& test) {
  return InAll([&](Tongue t) {
    return StrCat(Word(t, "Auken er ikkje vist for alle når det blir teke omsyn til at ",
                       "Økningen er ikke vist for alle når det tas hensyn til at ",
                       "The increase is not shown for all once it is taken into account that "),
                  test.family().size(),
                  Word(t, " slike setningar er prøvde: p = ", " slike setninger er prøvd: p = ",
                       " such sentences are tested: p = "),
                  Probability(test.p(), t), Word(t, ", justert ", ", justert ", ", adjusted "),
                  Probability(test.q(), t), ".");
  });
}

LocalizedText TippingWords(const domain::TippingPoint& point, int64_t may_belong) {
  if (may_belong == 0)
    return Text("Alle er med: ingen er att som kunne snu setninga.",
                "Alle er med: ingen er igjen som kunne snu setningen.",
                "Everybody is in: nobody is left who could turn the sentence.");
  return InAll([&](Tongue t) {
    const std::string silent = StrCat(
        may_belong,
        Word(t, " som ikkje har sagt det, ", " som ikke har sagt det, ", " that did not say so "));
    const std::string_view rest = Word(t, "dersom resten svarer som dei som svarte.",
                                       "dersom resten svarer som de som svarte.",
                                       "if the rest answer as those who answered.");
    if (point.leaps)
      return StrCat(
          Word(t, "Ikkje noko tal av dei ", "Ikke noe antall av de ", "No number of the "), silent,
          Word(t, "får prosentdelen akkurat inn i det orda dekkjer, ",
               "får andelen akkurat inn i det ordene dekker, ",
               "brings the share exactly into what the words cover "),
          rest);
    if (!point.units.has_value())
      return StrCat(Word(t, "Ikkje eingong alle dei ", "Ikke engang alle de ", "Not even all the "),
                    silent,
                    Word(t, "kan snu setninga.", "kan snu setningen.", "could turn the sentence."));
    return StrCat(
        *point.units, Word(t, " av dei ", " av de ", " of the "), silent,
        point.makes_true
            ? Word(t, "ville gjere setninga sann ", "ville gjøre setningen sann ",
                   "would make the sentence true ")
            : Word(t, "kunne snu setninga ", "kunne snu setningen ", "could turn the sentence "),
        rest);
  });
}

LocalizedText RateIsKnown() {
  return Text("Svarprosenten er kjend: han er talt, ikkje anslått.",
              "Svarprosenten er kjent: den er talt, ikke anslått.",
              "The response rate is known: it is counted, not estimated.");
}

LocalizedText YearNotLower(const query_pb::ChangeFigure& change) {
  return InAll([&](Tongue t) {
    return StrCat(Word(t, "Prosentdelen er ikkje høgare enn i ", "Andelen er ikke høyere enn i ",
                       "The share is not higher than in "),
                  change.earlier().year(), ": ", ChangeWords(change, t), ".");
  });
}

LocalizedText RoundedEqual(const query_pb::ChangeFigure& change, int64_t rounded,
                           int32_t decimals) {
  return InAll([&](Tongue t) {
    return StrCat(
        Word(t, "Avrunda er tala for ", "Avrundet er tallene for ", "Rounded, the figures of "),
        change.earlier().year(), Word(t, " og ", " og ", " and "), change.later().year(),
        Word(t, " like: ", " like: ", " are equal: "), Decimal(rounded, decimals, t),
        Word(t, " prosent.", " prosent.", " percent."));
  });
}

LocalizedText SeriesBreak(const query_pb::ChangeFigure& change) {
  return InAll([&](Tongue t) {
    return StrCat(
        Word(t, "Brot i serien mellom ", "Brudd i serien mellom ", "Break in the series between "),
        change.earlier().year(), Word(t, " og ", " og ", " and "), change.later().year(), " (",
        RelationWords(change, t),
        Word(t, "): det finst ikkje noko endringstal.", "): det finnes ikke noe endringstall.",
             "): there is no change figure."));
  });
}

LocalizedText AssumedSame(std::span<const int32_t> years) {
  return InAll([&](Tongue t) {
    std::string list;
    for (size_t i = 0; i < years.size(); ++i) {
      const bool last = i + 1 == years.size();
      base::StrAppend(list, i == 0 ? "" : last ? Word(t, " og ", " og ", " and ") : ", ", years[i]);
    }
    return StrCat(Word(t, "At det er spurt om det same i ", "At det er spurt om det samme i ",
                       "That the same was asked in "),
                  list,
                  Word(t, ", er føresett, ikkje dokumentert.", ", er forutsatt, ikke dokumentert.",
                       " is assumed, not documented."));
  });
}

LocalizedText PairNotShown(const query_pb::PairDifference& pair, bool tested,
                           const LocalizedText& a, const LocalizedText& b) {
  return InAll([&](Tongue t) {
    std::string out =
        StrCat(Word(t, "Skilnaden er ikkje vist for alle: ", "Forskjellen er ikke vist for alle: ",
                    "The difference is not shown for all: "),
               PairWords(pair, a, b, t));
    if (tested) {
      base::StrAppend(out,
                      Word(t, "; intervall for skilnaden ", "; intervall for forskjellen ",
                           "; interval of the difference "),
                      Percent(pair.lower(), t), Word(t, " til ", " til ", " to "),
                      Percent(pair.upper(), t),
                      Word(t, " prosentpoeng", " prosentpoeng", " percentage points"));
    }
    out.push_back('.');
    return out;
  });
}

LocalizedText CategoryNotLower(const query_pb::PairDifference& pair, const LocalizedText& a,
                               const LocalizedText& b) {
  return InAll([&](Tongue t) {
    return StrCat("«", Pick(a, t),
                  Word(t, "» ligg ikkje over «", "» ligger ikke over «", "» is not above «"),
                  Pick(b, t), "»: ", PairWords(pair, a, b, t), ".");
  });
}

LocalizedText NoValue(std::string_view cell, const LocalizedText& why) {
  return InAll([&](Tongue t) {
    return StrCat(cell, Word(t, " har ingen verdi: ", " har ingen verdi: ", " has no value: "),
                  Pick(why, t), ".");
  });
}

LocalizedText NoFigure(std::string_view cell) {
  return InAll([&](Tongue t) {
    return StrCat(Word(t, "Undersøkinga har ikkje talet ", "Undersøkelsen har ikke tallet ",
                       "The edition has no figure "),
                  cell, ".");
  });
}

LocalizedText NoChange(const query_pb::ChangeFigure& change) {
  return InAll([&](Tongue t) {
    return StrCat(Word(t, "Det finst ikkje noko endringstal frå ",
                       "Det finnes ikke noe endringstall fra ", "There is no change figure from "),
                  change.earlier().year(), Word(t, " til ", " til ", " to "), change.later().year(),
                  ": ", Pick(change.no_value().text(), t), ".");
  });
}

LocalizedText NoPhrase(std::string_view phrase) {
  return InAll([&](Tongue t) {
    return StrCat(
        Word(t, "Frasen ", "Frasen ", "The phrase "), phrase,
        Word(t, " finst ikkje i lista over mengdord.", " finnes ikke i listen over mengdeord.",
             " is not in the list of quantity words."));
  });
}

LocalizedText NoComparison(int32_t year) {
  return InAll([&](Tongue t) {
    return StrCat(Word(t, "Indikatoren blir ikkje samanlikna med ",
                       "Indikatoren sammenlignes ikke med ", "The indicator is not compared with "),
                  year, ".");
  });
}

LocalizedText NoNumberStated() {
  return Text(
      "Setninga nemner korkje eit tal eller ei samanlikning; tala er viste ved sida av.",
      "Setningen nevner verken et tall eller en sammenligning; tallene er vist ved siden av.",
      "The sentence names neither a number nor a comparison; the figures are shown beside it.");
}
LocalizedText Fact() {
  return Text("Setninga er eit faktum om verda, ikkje om svar: ingen dom.",
              "Setningen er et faktum om verden, ikke om svar: ingen dom.",
              "The sentence is a fact about the world, not about answers: no verdict.");
}
LocalizedText NoTestStated() {
  return Text("Det er ikkje sagt korleis setninga skal prøvast.",
              "Det er ikke sagt hvordan setningen skal prøves.",
              "It is not stated how the sentence is to be tested.");
}
LocalizedText AmbiguousWord(const model::AmbiguousWord& word) {
  return InAll(
      [&](Tongue t) { return StrCat("«", word.word(), "»: ", Pick(word.explanation(), t)); });
}

}  // namespace imdi::figures::claim_texts
