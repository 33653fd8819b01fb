#pragma once

// A log of the small survey as a follower hears it: records under chain hashes, in chunks of any
// size.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "services/base/text.h"
#include "services/domain/packed_answers.h"
#include "services/domain/survey_catalog.h"
#include "services/figures/release_content.h"
#include "storage/fold_store.h"
#include "storage/memory/side_stores.h"
#include "storage/response_log.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::testing_support {

namespace ingestion_pb = survey::ingestion::v1;
namespace store_pb = survey::store::v1;

// Answers by item: codes (one for a single choice), a scaled number, or "answered with text".
struct SmallAnswer {
  std::vector<int32_t> codes;
  bool is_number = false;
  int64_t number = 0;
  bool is_text = false;
};
using SmallAnswers = std::map<std::string, SmallAnswer>;

inline SmallAnswer Code(int32_t code) { return {.codes = {code}}; }
inline SmallAnswer Codes(std::vector<int32_t> codes) { return {.codes = std::move(codes)}; }
inline SmallAnswer Number(int64_t number) {
  return {.codes = {}, .is_number = true, .number = number};
}
inline SmallAnswer Text() {
  return {.codes = {}, .is_number = false, .number = 0, .is_text = true};
}

class SmallLog {
 public:
  explicit SmallLog(std::string log_id = "0123456789abcdef0123456789abcdef", int64_t epoch = 1)
      : log_id_(std::move(log_id)), epoch_(epoch), chain_(storage::GenesisChain(log_id_)) {}

  // ---- Records. Each gives its position.
  int64_t Append(store_pb::Record record) {
    record.set_actor("test");
    record.set_request_id("r" + std::to_string(records_.size() + 1));
    return AppendBytes(record.SerializeAsString());
  }
  int64_t AppendBytes(const std::string& bytes) {
    ingestion_pb::LogRecord entry;
    entry.set_position(head() + 1);
    entry.set_time_us(1'500'000'000'000'000 + entry.position() * 1'000);
    entry.set_record(bytes);
    chain_ =
        storage::NextChain(chain_, entry.position(), absl::FromUnixMicros(entry.time_us()), bytes);
    entry.set_chain_hash(std::string(base::AsText(chain_)));
    records_.push_back(std::move(entry));
    return head();
  }
  int64_t Apply(const model::Definition& definition) {
    const std::string& name = domain::NameOf(definition);
    store_pb::Record record;
    store_pb::DefinitionApplied& applied = *record.mutable_definition_applied();
    *applied.mutable_definition() = definition;
    const domain::DefinitionVerdict verdict = catalog_->ValidateDefinition(definition, {});
    for (const domain::DefinitionFinding& finding : verdict.findings)
      ADD_FAILURE() << name << ": " << domain::ToText(finding);
    applied.set_revision(catalog_->RevisionOf(name) + 1);
    for (const auto& item : verdict.new_items) {
      store_pb::ItemNumber& number = *applied.add_new_items();
      number.set_item(item.item);
      number.set_number(item.number);
    }
    auto next = catalog_->Apply(definition, applied.revision(), verdict.new_items);
    EXPECT_TRUE(next.ok()) << next.status();
    if (next.ok()) catalog_ = *std::move(next);
    return Append(record);
  }
  int64_t Apply(const model::Edition& edition) {
    model::Definition definition;
    *definition.mutable_edition() = edition;
    return Apply(definition);
  }
  int64_t Apply(const model::Questionnaire& questionnaire) {
    model::Definition definition;
    *definition.mutable_questionnaire() = questionnaire;
    return Apply(definition);
  }
  int64_t Apply(const model::Frame& frame) {
    model::Definition definition;
    *definition.mutable_frame() = frame;
    return Apply(definition);
  }
  int64_t Apply(const model::Indicator& indicator) {
    model::Definition definition;
    *definition.mutable_indicator() = indicator;
    return Apply(definition);
  }
  // The small survey with these editions, all of them open. Where years are given, one for each and
  // rising, an edition names the one ahead of it as the edition before, and every indicator is
  // compared with all of those years.
  void ApplySmallSurvey(const std::vector<std::string>& editions,
                        const std::vector<int32_t>& years = {}) {
    for (size_t i = 0; i < editions.size(); ++i) {
      model::Edition edition = SmallEdition(editions[i]);
      if (!years.empty()) edition.set_reference_year(years[i]);
      if (!years.empty() && i > 0) edition.set_previous_edition("editions/" + editions[i - 1]);
      Apply(edition);
      Apply(SmallQuestionnaire(editions[i]));
      Apply(SmallFrame(editions[i]));
    }
    for (model::Indicator indicator : SmallIndicators(editions)) {
      for (const int32_t year : years) indicator.add_compare()->set_year(year);
      Apply(indicator);
    }
    for (const std::string& edition : editions) SetState(edition, model::EDITION_STATE_OPEN);
  }
  // Of the edition, or of one unit of it.
  int64_t SetState(const std::string& edition, model::EditionState state,
                   const std::string& unit = "") {
    store_pb::Record record;
    store_pb::EditionStateChanged& changed = *record.mutable_edition_state_changed();
    changed.set_edition(edition);
    changed.set_state(state);
    changed.set_unit(unit);
    changed.set_reason("because");
    changed.set_revision(catalog_->FindEdition(edition)->state_revision + 1);
    auto next = catalog_->WithState(edition, state, unit, changed.revision());
    EXPECT_TRUE(next.ok()) << next.status();
    if (next.ok()) catalog_ = *std::move(next);
    return Append(record);
  }
  int64_t Submit(const std::string& edition, const std::string& unit, const std::string& part,
                 const SmallAnswers& answers, int32_t version = 1) {
    const auto* form = catalog_->FindEdition(edition)->Version(version);
    domain::AnswerSet set(form->compiled->item_count());
    for (const auto& [id, answer] : answers) {
      const auto item = form->compiled->FindItem(id);
      if (!item.has_value()) {
        ADD_FAILURE() << id;
        continue;
      }
      domain::CodeBits bits;
      for (const int32_t code : answer.codes) bits.Add(code);
      if (answer.is_text)
        set.Set(*item, domain::AnswerValue::Text());
      else if (answer.is_number)
        set.Set(*item, domain::AnswerValue::OfNumber(answer.number));
      else if (form->compiled->items()[*item].type == domain::ValueType::kCodeSet)
        set.Set(*item, domain::AnswerValue::OfCodes(bits));
      else if (form->compiled->items()[*item].type == domain::ValueType::kNumber)
        set.Set(*item, domain::AnswerValue::DontKnow());
      else
        set.Set(*item, domain::AnswerValue::OfCode(answer.codes.front()));
    }
    store_pb::Record record;
    store_pb::SubmissionAccepted& accepted = *record.mutable_submission_accepted();
    accepted.set_edition(edition);
    accepted.set_unit(unit);
    accepted.set_part(part);
    accepted.set_revision(++revisions_[edition + "/" + unit + "/" + part]);
    accepted.set_questionnaire(version);
    accepted.set_language(model::LANGUAGE_NN);
    *accepted.mutable_answers() = domain::PackAnswers(set, *form->items);
    accepted.mutable_text()->set_key_id("k");
    accepted.mutable_text()->set_sealed("sealed");
    return Append(record);
  }
  int64_t Withdraw(const std::string& edition, const std::string& unit, const std::string& part) {
    store_pb::Record record;
    store_pb::SubmissionWithdrawn& withdrawn = *record.mutable_submission_withdrawn();
    withdrawn.set_edition(edition);
    withdrawn.set_unit(unit);
    withdrawn.set_part(part);
    withdrawn.set_revision(++revisions_[edition + "/" + unit + "/" + part]);
    return Append(record);
  }
  int64_t SetDisposition(const std::string& edition, const std::string& unit,
                         model::Disposition disposition) {
    store_pb::Record record;
    store_pb::DispositionSet& set = *record.mutable_disposition_set();
    set.set_edition(edition);
    set.set_unit(unit);
    set.set_disposition(disposition);
    set.set_revision(++revisions_[edition + "/" + unit]);
    return Append(record);
  }

  int64_t AppendPart(const std::string& edition, const std::string& build_id, int32_t index,
                     const std::string& part) {
    store_pb::Record record;
    store_pb::ReleaseChunk& chunk = *record.mutable_release_chunk();
    chunk.set_edition(edition);
    chunk.set_build_id(build_id);
    chunk.set_index(index);
    chunk.set_part(part);
    return Append(record);
  }
  // Closes a building with these parts as the edition's next release.
  int64_t CloseRelease(const std::string& edition, const std::string& build_id,
                       const std::vector<std::string>& parts) {
    store_pb::Record record;
    store_pb::ReleasePublished& published = *record.mutable_release_published();
    published.set_edition(edition);
    published.set_number(++releases_[edition]);
    published.set_build_id(build_id);
    published.set_chunks(static_cast<int32_t>(parts.size()));
    published.set_content_hash(figures::ContentHash(parts));
    published.set_position(1);
    published.set_rule_version(1);
    published.set_audience(1);
    published.set_builder("builder");
    published.set_reason("because");
    return Append(record);
  }

  // ---- What a follower hears
  int64_t head() const { return static_cast<int64_t>(records_.size()); }
  const std::string& log_id() const { return log_id_; }
  const domain::Catalog& catalog() const { return *catalog_; }
  // Records from..to (from 1); none for a sign of life.
  ingestion_pb::FollowLogResponse Chunk(int64_t from, int64_t to) const {
    ingestion_pb::FollowLogResponse out;
    for (int64_t position = from; position <= to; ++position)
      *out.add_records() = records_[static_cast<size_t>(position - 1)];
    out.mutable_head()->set_log_id(log_id_);
    out.mutable_head()->set_epoch(epoch_);
    out.mutable_head()->set_position(head());
    out.mutable_head()->set_chain_hash(std::string(base::AsText(chain_)));
    return out;
  }
  ingestion_pb::FollowLogResponse All() const { return Chunk(1, head()); }

 private:
  const std::string log_id_;
  const int64_t epoch_;
  storage::Hash chain_;
  std::shared_ptr<const domain::Catalog> catalog_ = domain::Catalog::Empty();
  std::vector<ingestion_pb::LogRecord> records_;
  std::map<std::string, int64_t> revisions_;
  std::map<std::string, int32_t> releases_;
};

// A store that outlives the process using it, and whose writes can be made to fail.
class SharedFoldStore final : public storage::FoldStore {
 public:
  struct Disk {
    storage::memory::MemoryFoldStore items;
    int failing_writes = 0;  // So many writes fail from now on.
    bool failing_reads = false;
  };
  explicit SharedFoldStore(std::shared_ptr<Disk> disk) : disk_(std::move(disk)) {}

  absl::StatusOr<std::optional<storage::FoldCursor>> LoadCursor() const override {
    if (disk_->failing_reads) return absl::DataLossError("a read failed");
    return disk_->items.LoadCursor();
  }
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    if (disk_->failing_reads) return absl::DataLossError("a read failed");
    return disk_->items.Get(key);
  }
  absl::StatusOr<std::vector<storage::FoldItem>> List(std::string_view prefix,
                                                      std::string_view after_key,
                                                      int64_t limit) const override {
    if (disk_->failing_reads) return absl::DataLossError("a read failed");
    return disk_->items.List(prefix, after_key, limit);
  }
  absl::Status Write(std::span<const storage::FoldItem> puts, std::span<const std::string> deletes,
                     const std::optional<storage::FoldCursor>& cursor) override {
    if (disk_->failing_writes > 0) {
      --disk_->failing_writes;
      return absl::UnavailableError("a write failed");
    }
    return disk_->items.Write(puts, deletes, cursor);
  }
  absl::Status Reset() override {
    disk_->failing_reads = false;
    return disk_->items.Reset();
  }
  absl::Status State() const override { return disk_->items.State(); }

 private:
  const std::shared_ptr<Disk> disk_;
};

}  // namespace imdi::testing_support
