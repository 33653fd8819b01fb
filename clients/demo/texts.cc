#include "clients/demo/texts.h"

#include <array>
#include <vector>

namespace imdi::demo {
namespace {

// One sentence in both standards, for the question, code or check it is about.
struct Sentence {
  std::string_view about;
  std::string_view nn;
  std::string_view nb;
};

constexpr std::array<Sentence, 32> kOpen = {{
    {"SYS05", "Vi ønskjer varsel når det kjem ei ny fordelingsliste.",
     "Vi ønsker varsel når det kommer en ny fordelingsliste."},
    {"SYS05", "Opplysningane om helse og utdanning bør vere meir fullstendige.",
     "Opplysningene om helse og utdanning bør være mer fullstendige."},
    {"SYS05", "Overføring til fagsystemet vårt ville spare mykje arbeid.",
     "Overføring til fagsystemet vårt ville spare mye arbeid."},
    {"SYS05", "Systemet bør ha støtte for arkiv og journalføring.",
     "Systemet bør ha støtte for arkiv og journalføring."},
    {"SYS05", "Rapportane bør kunne brukast i planlegginga vår.",
     "Rapportene bør kunne brukes i planleggingen vår."},
    {"SYS05", "Innlogging og roller er tungvint å administrere.",
     "Innlogging og roller er tungvint å administrere."},
    {"SYS05", "Det er avvik mellom systemet og registeret som tek tid å rette.",
     "Det er avvik mellom systemet og registeret som tar tid å rette."},
    {"SYS05", "Vi treng ei enkel brukarrettleiing og ein stad å ringje.",
     "Vi trenger en enkel brukerveiledning og et sted å ringe."},
    {"SYS11", "Feil i registeret blir ståande for lenge.",
     "Feil i registeret blir stående for lenge."},
    {"SYS11", "Overføringa frå fagsystemet stoppar av og til.",
     "Overføringen fra fagsystemet stopper av og til."},
    {"SYS11", "Vi ønskjer klarare fristar for registrering.",
     "Vi ønsker klarere frister for registrering."},
    {"SYS11", "Kategoriane passar ikkje alltid med regelverket.",
     "Kategoriene passer ikke alltid med regelverket."},
    {"SYS11", "Vi ønskjer betre rapportar om eige program.",
     "Vi ønsker bedre rapporter om eget program."},
    {"SYS11", "Brukarstøtta svarar raskt og godt.", "Brukerstøtten svarer raskt og godt."},
    {"SYS11", "Vi registrerer det same to gonger, og det er tungvint.",
     "Vi registrerer det samme to ganger, og det er tungvint."},
    {"SYS11", "Vi treng meir rettleiing for nye medarbeidarar.",
     "Vi trenger mer veiledning for nye medarbeidere."},
    {"ARB10", "Raskare godkjenning av utdanning frå utlandet.",
     "Raskere godkjenning av utdanning fra utlandet."},
    {"ARB10", "Tilpassa grunnskule og vidaregåande opplæring for vaksne.",
     "Tilpasset grunnskole og videregående opplæring for voksne."},
    {"ARB10", "Tettare samarbeid med arbeidslivet i regionen.",
     "Tettere samarbeid med arbeidslivet i regionen."},
    {"ARB10", "Fleire praksisplassar i private verksemder.",
     "Flere praksisplasser i private virksomheter."},
    {"ARB10", "Fleire arbeidsretta løp som kan kombinerast med norskopplæring.",
     "Flere arbeidsrettede løp som kan kombineres med norskopplæring."},
    {"ARB10", "Norskopplæring på arbeidsplassen.", "Norskopplæring på arbeidsplassen."},
    {"ARB10", "Betre tilgang til helsetenester tidleg i programmet.",
     "Bedre tilgang til helsetjenester tidlig i programmet."},
    {"ARB10", "Meir føreseieleg økonomi når talet på flyktningar går ned.",
     "Mer forutsigbar økonomi når antallet flyktninger går ned."},
    {"IMD06", "Samarbeidet er godt, og vi ønskjer fleire fagverkstader.",
     "Samarbeidet er godt, og vi ønsker flere fagverksteder."},
    {"IMD06", "Det er krevjande at talet vi blir bedne om å busette, endrar seg så mykje.",
     "Det er krevende at antallet vi blir bedt om å bosette, endrer seg så mye."},
    {"IMD06", "Vi saknar ein fast kontakt i det daglege.",
     "Vi savner en fast kontakt i det daglige."},
    {"IMD06", "Tala på nettsidene er nyttige i arbeidet vårt.",
     "Tallene på nettsidene er nyttige i arbeidet vårt."},
    {"IMD06", "Skjemaet er langt, men det meste er relevant.",
     "Skjemaet er langt, men det meste er relevant."},
    {"IMD06", "Vi ønskjer å lære meir av andre kommunar.",
     "Vi ønsker å lære mer av andre kommuner."},
    {"IMD06", "Informasjonen om tilskot kunne vore enklare å finne.",
     "Informasjonen om tilskudd kunne vært enklere å finne."},
    {"IMD06", "Statlege etatar bør samordne krava sine betre.",
     "Statlige etater bør samordne kravene sine bedre."},
}};

constexpr std::array<Sentence, 4> kAdditions = {{
    {"", "Dette gjeld særleg i travle periodar.", "Dette gjelder særlig i travle perioder."},
    {"", "Det ville gjere tenesta betre.", "Det ville gjøre tjenesten bedre."},
    {"", "Vi tek det gjerne opp i eit møte.", "Vi tar det gjerne opp i et møte."},
    {"", "Små tenester merkar dette mest.", "Små tjenester merker dette mest."},
}};

constexpr std::array<Sentence, 29> kOther = {{
    {"BAK01", "Rådgivar i stab", "Rådgiver i stab"},
    {"BAK01", "Koordinator for busetting", "Koordinator for bosetting"},
    {"BAK02", "Kultur og fritid", "Kultur og fritid"},
    {"BAK02", "Frivilligsentralen", "Frivilligsentralen"},
    {"BOS02", "Tolketenester", "Tolketjenester"},
    {"BOS02", "Transport og lange avstandar", "Transport og lange avstander"},
    {"BOS04", "Bruker vikarordningar", "Bruker vikarordninger"},
    {"BOS04", "Har ein eigen beredskapsplan", "Har en egen beredskapsplan"},
    {"SYS04", "Tekst på nynorsk i heile systemet", "Klarere tekst i hele systemet"},
    {"SYS04", "Betre utskrifter", "Bedre utskrifter"},
    {"SYS08", "Erfaringsdeling med nabokommunar", "Erfaringsdeling med nabokommuner"},
    {"SYS08", "Korte nyheitsbrev om endringar", "Korte nyhetsbrev om endringer"},
    {"INT02", "Mål for overgang til vidaregåande opplæring",
     "Mål for overgang til videregående opplæring"},
    {"INT02", "Mål for gjennomføring av programmet", "Mål for gjennomføring av programmet"},
    {"INT04", "Eigen handlingsplan for arbeid", "Egen handlingsplan for arbeid"},
    {"INT04", "Avtale med andre kommunar", "Avtale med andre kommuner"},
    {"INT06", "Ei tverrfagleg styringsgruppe", "En tverrfaglig styringsgruppe"},
    {"INT06", "Internkontrollen", "Internkontrollen"},
    {"NOR01", "Felles rådgiving for begge tilboda", "Felles rådgivning for begge tilbudene"},
    {"NOR01", "Sommarskule", "Sommerskole"},
    {"NOR03", "Lange reiseavstandar", "Lange reiseavstander"},
    {"NOR03", "Mangel på lærarar", "Mangel på lærere"},
    {"ARB02", "Gjennom kommunale innkjøpsavtalar", "Gjennom kommunale innkjøpsavtaler"},
    {"ARB02", "Besøk hos verksemder", "Besøk hos virksomheter"},
    {"ARB07", "Lange avstandar til kontoret", "Lange avstander til kontoret"},
    {"ARB07", "Ulike fristar", "Ulike frister"},
    {"IMD04", "Samlingar nærare oss", "Samlinger nærmere oss"},
    {"IMD04", "Rettleiing for små kommunar", "Veiledning for små kommuner"},
    {"", "Anna ordning", "Annen ordning"},
}};

constexpr std::array<Sentence, 6> kComments = {{
    {"CHK01", "Vedtaket er gjort, men busettinga kom først året etter.",
     "Vedtaket er gjort, men bosettingen kom først året etter."},
    {"CHK01", "Avtalen gjaldt 2017, busettinga blei utsett.",
     "Avtalen gjaldt 2017, bosettingen ble utsatt."},
    {"CHK03", "Talet er kontrollert og stemmer.", "Tallet er kontrollert og stemmer."},
    {"CHK05", "Målet gjekk ut med den førre planen, og eit nytt er ikkje vedteke.",
     "Målet gikk ut med forrige plan, og et nytt er ikke vedtatt."},
    {"CHK05", "Svaret er rett: vi følgjer no dei nasjonale måla.",
     "Svaret er riktig: vi følger nå de nasjonale målene."},
    {"", "Svaret er kontrollert.", "Svaret er kontrollert."},
}};

template <size_t size>
std::string Pick(const std::array<Sentence, size>& sentences, std::string_view about, bool nynorsk,
                 Random& random) {
  std::vector<const Sentence*> fitting;
  for (const Sentence& sentence : sentences) {
    if (sentence.about == about) fitting.push_back(&sentence);
  }
  if (fitting.empty()) {
    for (const Sentence& sentence : sentences) {
      if (sentence.about.empty()) fitting.push_back(&sentence);
    }
  }
  if (fitting.empty()) return "–";
  const Sentence& sentence = *fitting[random.Below(fitting.size())];
  return std::string(nynorsk ? sentence.nn : sentence.nb);
}

}  // namespace

std::string OpenText(std::string_view item, bool nynorsk, Random& random) {
  std::string text = Pick(kOpen, item, nynorsk, random);
  if (random.Below(3) == 0) text += " " + Pick(kAdditions, "", nynorsk, random);
  return text;
}

std::string OtherText(std::string_view item, bool nynorsk, Random& random) {
  return Pick(kOther, item, nynorsk, random);
}

std::string CommentText(std::string_view check, bool nynorsk, Random& random) {
  return Pick(kComments, check, nynorsk, random);
}

}  // namespace imdi::demo
