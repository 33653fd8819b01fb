// Page tokens and resource names as callers may send them.

#include "services/ingestion/names.h"
#include "services/query/names.h"
#include "services/query/page_token.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace imdi;
  using fuzz::Require;
  const std::string_view text = fuzz::Text(data, size);
  const std::string_view list = "figures";

  if (const auto token = query::ReadPageToken(text, list); token.ok()) {
    Require(query::WritePageToken(*token, list) == text, "one token, one spelling");
    Require(!query::ReadPageToken(text, "claims").ok(), "a token belongs to its list");
  }
  // The bytes as the content of a token.
  const query::PageToken token = {.log_id = std::string(text.substr(0, size / 4)),
                                  .epoch = static_cast<int64_t>(size),
                                  .position = size == 0 ? 0 : data[0],
                                  .release = size < 2 ? 0 : data[1],
                                  .last_name = std::string(text.substr(size / 4, 200))};
  const std::string written = query::WritePageToken(token, list);
  if (token.log_id.size() < 200) {
    const auto read = query::ReadPageToken(written, list);
    Require(read.ok() && *read == token, "a token reads back");
    std::string bent = written;
    bent[size % bent.size()] = bent[size % bent.size()] == 'A' ? 'B' : 'A';
    const auto other = query::ReadPageToken(bent, list);
    Require(!other.ok(), "a bent token is refused");
  }

  if (const auto figure = query::FigureName::Parse(text); figure.ok()) {
    const auto again = query::FigureName::Parse(figure->Canonical());
    Require(again.ok() && again->Canonical() == figure->Canonical(),
            "the canonical name is a fixed point");
    const std::string canonical = figure->Canonical();
    const auto pieces = query::Split(canonical);
    Require(pieces.has_value() && pieces->cell == figure->cell.Canonical(),
            "a name falls into its pieces");
    (void)query::BreakdownOf(pieces->cell);
  }
  if (const auto cell = query::CellName::Parse(text); cell.ok()) {
    const auto again = query::CellName::Parse(cell->Canonical());
    Require(again.ok() && again->Canonical() == cell->Canonical(), "so is that of a cell");
  }
  if (const auto release = query::ReleaseName::Parse(text); release.ok()) {
    Require("editions/" + release->edition + "/releases/" + query::ToText(release->release) == text,
            "one release, one name");
  }
  for (const std::string_view collection : {"submissions", "drafts"}) {
    const auto name = ingestion::SubmissionName::Parse(text, collection);
    if (!name.ok() || collection != "submissions") continue;
    Require((name->revision == 0 ? name->WithoutRevision() : name->Full()) == text,
            "one submission, one name");
  }
  if (const auto edition = ingestion::ParseEditionName(text); edition.ok()) {
    Require("editions/" + *edition == text, "one edition, one name");
  }
  (void)query::ParseEditionName(text);
  (void)query::ParseSurveyName(text);
  (void)ingestion::CheckRequestId(text);
  return 0;
}
