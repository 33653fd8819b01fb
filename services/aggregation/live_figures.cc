#include "services/aggregation/live_figures.h"

#include <algorithm>
#include <span>
#include <string>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "services/base/crypto.h"
#include "services/base/text.h"

namespace imdi::aggregation {
namespace {

constexpr size_t kEtagBytes = 16;

model::LocalizedText Text(const char* nn, const char* nb, const char* en) {
  model::LocalizedText text;
  text.set_nn(nn);
  text.set_nb(nb);
  text.set_en(en);
  return text;
}

query_pb::NoValue NoValueLike(query_pb::NoValueReason reason, const char* sdmx_status,
                              const char* sign, const char* nn, const char* nb, const char* en) {
  query_pb::NoValue out;
  out.set_reason(reason);
  out.set_sdmx_status(sdmx_status);
  out.set_sign(sign);
  *out.mutable_text() = Text(nn, nb, en);
  return out;
}

model::LocalizedText GroupTitle(const domain::CompiledFrame& frame,
                                const domain::CellAddress& cell) {
  if (cell.total) return {};
  if (cell.group == domain::kUnknownGroup) return Text("ukjend", "ukjent", "unknown");
  return frame.attributes()[cell.attribute].groups[cell.group].title;
}

query_pb::Figure FigureOf(std::string_view edition, const domain::Catalog& catalog,
                          const domain::EditionCounter& counter, const domain::CellAddress& cell,
                          model::EditionState state) {
  const domain::CompiledIndicator& indicator = *counter.indicators()[cell.indicator];
  const domain::CellCounts counts = counter.Count(cell, state);
  query_pb::Figure figure;
  figure.set_name(base::StrCat("editions/", edition, "/releases/live/figures/",
                               domain::CellName(indicator, counter.frame(), cell)));
  if (counts.state != domain::CellState::kValue) {
    *figure.mutable_no_value() = NoValueOf(counts.state);
  } else if (counts.in_base == 0) {
    *figure.mutable_no_value() = NoValueOf(domain::CellState::kNoAnswer);
  } else {
    figure.set_value(static_cast<double>(counts.numerator) / counts.in_base);
  }
  figure.set_numerator(counts.numerator);
  figure.set_base(counts.in_base);
  figure.set_invited(counts.invited);
  figure.set_responded(counts.responded);
  figure.set_filter_unknown(counts.filter_unknown);
  if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE && counts.invited > 0) {
    figure.set_rr1(static_cast<double>(counts.complete) / counts.invited);
  }
  if (const auto* entry = catalog.FindIndicator(indicator.id()); entry != nullptr) {
    figure.set_indicator_revision(entry->revision);
  }
  figure.set_unit("fraction");
  figure.set_decimals(indicator.definition().precision());
  *figure.mutable_title() = indicator.definition().title();
  *figure.mutable_basis_title() = indicator.bases()[cell.basis].title;
  if (!cell.total) *figure.mutable_group_title() = GroupTitle(counter.frame(), cell);
  figure.set_etag(EtagOf(figure));
  return figure;
}

}  // namespace

query_pb::NoValue NoValueOf(domain::CellState state) {
  switch (state) {
    case domain::CellState::kValue:
      break;
    case domain::CellState::kNotAsked:
      return NoValueLike(query_pb::NO_VALUE_REASON_NOT_ASKED, "L", ".", "ikkje spurt", "ikke spurt",
                         "not asked");
    case domain::CellState::kNotApplicable:
      return NoValueLike(query_pb::NO_VALUE_REASON_NOT_APPLICABLE, "M", ".", "ikkje aktuelt",
                         "ikke aktuelt", "not applicable");
    case domain::CellState::kNoAnswer:
      return NoValueLike(query_pb::NO_VALUE_REASON_NO_ANSWER, "O", "..", "ikkje svar", "ikke svar",
                         "no answer");
    case domain::CellState::kNotYet:
      return NoValueLike(query_pb::NO_VALUE_REASON_NOT_YET, "O", "..", "ikkje klart enno",
                         "ikke klart ennå", "not ready yet");
    case domain::CellState::kFilterUnknown:
      return NoValueLike(query_pb::NO_VALUE_REASON_FILTER_UNKNOWN, "O", "..",
                         "svaret på filterspørsmålet er ukjent",
                         "svaret på filterspørsmålet er ukjent",
                         "the answer to the filter question is unknown");
  }
  return {};
}

std::string EtagOf(const query_pb::Figure& figure) {
  query_pb::Figure content = figure;
  content.clear_etag();
  content.clear_position();
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    content.SerializeToCodedStream(&coded);
  }
  const base::Digest digest = base::Sha256(bytes);
  return base::Hex(std::span<const uint8_t>(digest).first(kEtagBytes));
}

aggregation_pb::EditionFigures LiveFigures(const domain::Catalog& catalog,
                                           const domain::Catalog::EditionEntry& edition,
                                           const domain::EditionCounter* counter) {
  aggregation_pb::EditionFigures out;
  query_pb::EditionSummary& summary = *out.mutable_edition();
  summary.set_name(base::StrCat("editions/", edition.id));
  if (edition.definition != nullptr) {
    *summary.mutable_title() = edition.definition->title();
    summary.set_reference_year(edition.definition->reference_year());
  }
  summary.set_state(edition.state);
  for (const auto& [id, claim] : edition.claims) *out.add_claims() = *claim.second;
  if (counter == nullptr) return out;
  for (const domain::CellAddress& cell : counter->Cells()) {
    *out.add_figures() = FigureOf(edition.id, catalog, *counter, cell, edition.state);
  }
  std::sort(
      out.mutable_figures()->pointer_begin(), out.mutable_figures()->pointer_end(),
      [](const query_pb::Figure* a, const query_pb::Figure* b) { return a->name() < b->name(); });
  return out;
}

}  // namespace imdi::aggregation
