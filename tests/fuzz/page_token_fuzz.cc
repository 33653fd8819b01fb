// Page tokens and resource names as callers may send them.

#include "services/ingestion/names.h"
#include "services/query/figure_name.h"
#include "services/query/page_token.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace imdi;
  using fuzz::Require;
  const std::string_view text = fuzz::Text(data, size);
  const std::string_view list = "figures";

  if (const auto token = query::ReadPageToken(text, list); token.ok()) {
    query::Snapshot snapshot;
    snapshot.log_id = token->log_id;
    snapshot.epoch = token->epoch;
    snapshot.position = token->position;
    Require(query::WritePageToken(snapshot, list, token->last_name) == text,
            "one token, one spelling");
    Require(!query::ReadPageToken(text, "claims").ok(), "a token belongs to its list");
  }
  // The bytes as the content of a token.
  query::Snapshot snapshot;
  snapshot.log_id = std::string(text.substr(0, size / 4));
  snapshot.epoch = static_cast<int64_t>(size);
  snapshot.position = size == 0 ? 0 : data[0];
  const std::string_view last = text.substr(size / 4, 200);
  const std::string written = query::WritePageToken(snapshot, list, last);
  if (snapshot.log_id.size() < 200) {
    const auto read = query::ReadPageToken(written, list);
    Require(read.ok() && read->last_name == last && read->log_id == snapshot.log_id,
            "a token reads back");
    std::string bent = written;
    bent[size % bent.size()] = bent[size % bent.size()] == 'A' ? 'B' : 'A';
    const auto other = query::ReadPageToken(bent, list);
    Require(!other.ok(), "a bent token is refused");
  }

  if (const auto figure = query::FigureName::Parse(text); figure.ok()) {
    const auto again = query::FigureName::Parse(figure->Canonical());
    Require(again.ok() && again->Canonical() == figure->Canonical(),
            "the canonical name is a fixed point");
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
  (void)query::ParseLiveReleaseName(text);
  (void)query::ParseEditionName(text);
  (void)ingestion::CheckRequestId(text);
  return 0;
}
