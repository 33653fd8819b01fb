// Records of the log as aggregation takes them: a chunk
// (imdi.survey.ingestion.v1.FollowLogResponse) of any records after the definitions of a small
// survey. Positions of the chunk are not looked at.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/stubs/logging.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "services/aggregation/fold.h"
#include "services/aggregation/fold_state.h"
#include "services/aggregation/live_figures.h"
#include "services/domain/survey_catalog.h"
#include "storage/memory/side_stores.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::fuzz {
namespace {

namespace model = survey::model::v1;
namespace store = survey::store::v1;

// Definitions of two editions, the later open.
std::vector<store::Record> Prologue() {
  std::vector<model::Definition> documents;
  for (const char* edition : {"S2016", "S2017"}) {
    *documents.emplace_back().mutable_edition() = testing_support::SmallEdition(edition);
    *documents.emplace_back().mutable_questionnaire() =
        testing_support::SmallQuestionnaire(edition);
    *documents.emplace_back().mutable_frame() = testing_support::SmallFrame(edition);
  }
  for (const model::Indicator& indicator : testing_support::SmallIndicators({"S2016", "S2017"})) {
    *documents.emplace_back().mutable_indicator() = indicator;
  }
  std::vector<store::Record> records;
  std::shared_ptr<const domain::Catalog> catalog = domain::Catalog::Empty();
  for (const model::Definition& document : documents) {
    const domain::DefinitionVerdict verdict = catalog->ValidateDefinition(document, {});
    Require(verdict.changed, "a document of the small survey is valid");
    catalog = catalog->Apply(document, verdict.revision, verdict.new_items).value();
    store::DefinitionApplied& applied = *records.emplace_back().mutable_definition_applied();
    *applied.mutable_definition() = document;
    applied.set_revision(verdict.revision);
    for (const auto& item : verdict.new_items) {
      store::ItemNumber& number = *applied.add_new_items();
      number.set_item(item.item);
      number.set_number(item.number);
    }
  }
  store::EditionStateChanged& opened = *records.emplace_back().mutable_edition_state_changed();
  opened.set_edition("S2017");
  opened.set_state(model::EDITION_STATE_OPEN);
  opened.set_revision(1);
  return records;
}

// All that a fold shows to others.
std::string Shown(aggregation::Fold& fold) {
  std::string out;
  for (const auto& [id, entry] : fold.catalog().editions()) {
    const auto counter = fold.Counter(id);
    Require(counter.ok(), "what was taken can be counted");
    out += domain::CanonicalBytes(aggregation::LiveFigures(fold.catalog(), *entry, *counter));
    if (entry->frame == nullptr) continue;
    for (domain::UnitIndex unit = 0; unit < entry->frame->size(); ++unit) {
      Require(fold.ResponseOf(id, entry->frame->unit(unit).code()).ok(),
              "what was taken can be derived");
    }
  }
  return out;
}

}  // namespace
}  // namespace imdi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace imdi;
  using fuzz::Require;
  static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true);
  (void)quiet;
  static const auto* prologue = new std::vector(fuzz::Prologue());
  survey::ingestion::v1::FollowLogResponse chunk;
  if (!chunk.ParseFromArray(data, static_cast<int>(size))) return 0;

  aggregation::Fold fold;
  storage::memory::MemoryFoldStore kept;
  const auto take = [&](const fuzz::store::Record& record) {
    const int64_t position = fold.position() + 1;
    if (!fold.Apply(position, position, record).ok()) {
      Require(fold.position() == position - 1, "a refused record moves nothing");
      return;
    }
    const storage::FoldCursor cursor{
        .log_id = "log", .epoch = 1, .position = position, .chain = {}};
    std::vector<storage::FoldItem> items;
    if (auto item = aggregation::ItemFor(position, position, record))
      items.push_back(*std::move(item));
    items.push_back(aggregation::TimeItem(position));
    Require(kept.Write(items, {}, cursor).ok(), "what was taken can be kept");
  };
  for (const fuzz::store::Record& record : *prologue) take(record);
  Require(fold.position() == static_cast<int64_t>(prologue->size()), "the prologue folds");
  fuzz::Shown(fold);  // So that later records are counted one by one.
  for (int i = 0; i < chunk.records_size() && i < 64; ++i) {
    fuzz::store::Record record;
    if (record.ParseFromString(chunk.records(i).record())) take(record);
  }
  const std::string shown = fuzz::Shown(fold);
  const auto loaded = aggregation::LoadFold(kept);
  Require(loaded.ok(), "what was kept folds again");
  Require(fuzz::Shown(**loaded) == shown, "and gives the same figures");
  return 0;
}
