#pragma once

// All definitions that hold at one position of the log, folded from its records. Immutable:
// applying makes a new catalog that shares what did not change, so a snapshot can be read by any
// thread without locks. Ingestion and aggregation use it alike; it is a pure function of the
// records.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "imdi/survey/model/v1/definition.pb.h"
#include "services/domain/answers.h"
#include "services/domain/claim_document.h"
#include "services/domain/edition_document.h"
#include "services/domain/frame.h"
#include "services/domain/indicator.h"
#include "services/domain/questionnaire.h"
#include "services/domain/types.h"
#include "services/domain/weight_set.h"

namespace imdi::domain {

// Ids out of resource names; empty when the name is not of that form.
std::string_view EditionIdOf(std::string_view name);    // editions/{edition}[/…]
std::string_view IndicatorIdOf(std::string_view name);  // indicators/{indicator}
int32_t QuestionnaireVersionOf(
    std::string_view name);  // editions/{e}/questionnaires/{version}; 0 = none
std::string_view ClaimIdOf(std::string_view name);  // editions/{e}/claims/{claim}
// The resource name inside a document; empty when it has none.
const std::string& NameOf(const model::Definition& definition);

// The bytes of a message with its maps in a fixed order: equal messages have equal bytes in every
// process.
std::string CanonicalBytes(const google::protobuf::MessageLite& message);

// What an expected change needs to know of the answers that exist.
struct AnswerFacts {
  bool edition_has_answers = false;  // Any submission in the document's edition.
  std::function<bool(std::string_view unit)> unit_has_answers;  // Null = none has.
};

// What would happen to a document.
struct DefinitionVerdict {
  std::string name;
  int64_t revision = 0;         // The one it gets, or has already when unchanged.
  bool changed = false;         // New or different, and without findings: to be appended.
  bool change_refused = false;  // The findings are about change while answers exist.
  DefinitionFindings findings;  // All at once; with findings nothing may be appended.
  std::vector<ItemNumbers::Assigned> new_items;  // Numbers to be recorded with a questionnaire.
};

class Catalog {
 public:
  struct QuestionnaireVersion {
    int64_t revision = 0;
    std::shared_ptr<const CompiledQuestionnaire> compiled;
    std::shared_ptr<const ItemBinding> items;
  };
  struct EditionEntry {
    std::string id;
    int64_t revision = 0;
    std::shared_ptr<const model::Edition> definition;
    model::EditionState state = model::EDITION_STATE_DRAFT;
    int64_t state_revision = 0;      // 0 = never set.
    std::set<std::string> reopened;  // Units that may submit though the edition is closed.
    std::map<int32_t, QuestionnaireVersion> questionnaires;  // By version.
    int64_t frame_revision = 0;                              // 0 = no frame yet.
    std::shared_ptr<const CompiledFrame> frame;
    std::map<std::string, std::pair<int64_t, std::shared_ptr<const model::Claim>>>
        claims;  // By id.

    // The version that holds now; null before the first.
    const QuestionnaireVersion* Current() const;
    const QuestionnaireVersion* Version(int32_t version) const;
    // Submit takes the current version, and the one before while the current one says so.
    bool Accepts(int32_t version) const;
    bool TakesSubmissions(std::string_view unit) const;
    // Answers given under one version as another version of this edition reads them, through the
    // recodes of every version between. `fielded`, unless null, becomes by item index of `read`:
    // `given` had the item.
    AnswerSet ReadUnder(AnswerSet answers, const QuestionnaireVersion& given,
                        const QuestionnaireVersion& read, std::vector<bool>* fielded) const;
  };
  struct IndicatorEntry {
    int64_t revision = 0;
    std::shared_ptr<const model::Indicator> definition;
    std::map<std::string, std::shared_ptr<const CompiledIndicator>> compiled;  // By edition.
  };
  struct PhrasesEntry {
    int64_t revision = 0;
    std::shared_ptr<const model::PhraseList> definition;
  };
  struct WeightSetEntry {
    int64_t revision = 0;
    std::shared_ptr<const model::WeightSet> definition;
  };

  Catalog() = default;

  // Nothing applied yet.
  static std::shared_ptr<const Catalog> Empty();

  const EditionEntry* FindEdition(std::string_view id) const;
  const IndicatorEntry* FindIndicator(std::string_view id) const;
  // The quantity words of a survey; null when it has none.
  const PhrasesEntry* FindPhrases(std::string_view survey) const;
  // By resource name; null for the built-in set too, which is no document.
  const WeightSetEntry* FindWeightSet(std::string_view name) const;
  // Item numbers of a survey; empty ones for a survey that has none.
  const ItemNumbers& NumbersOf(std::string_view survey) const;
  const std::map<std::string, std::shared_ptr<const EditionEntry>, std::less<>>& editions() const {
    return editions_;
  }
  const std::map<std::string, std::shared_ptr<const IndicatorEntry>, std::less<>>& indicators()
      const {
    return indicators_;
  }
  // Indicators that have an edition in their list, by id.
  std::vector<std::shared_ptr<const CompiledIndicator>> IndicatorsOf(
      std::string_view edition) const;
  // The edition of a survey with that reference year; null when there is none, the first by id when
  // there are several.
  const EditionEntry* EditionOfYear(std::string_view survey, int32_t year) const;
  // Editions of the same survey with an earlier reference year that can be counted (they have a
  // frame and a questionnaire), by year; of several in a year the first by id.
  std::vector<const EditionEntry*> Before(const EditionEntry& edition) const;
  // Current revision of a document by resource name; 0 = there is none.
  int64_t RevisionOf(std::string_view name) const;
  // The document that holds now; empty optional when there is none.
  std::optional<model::Definition> Get(std::string_view name) const;
  // Resource names of all documents, sorted.
  std::vector<std::string> Names() const;

  // Judges a document against everything that holds.
  DefinitionVerdict ValidateDefinition(const model::Definition& definition,
                                       const AnswerFacts& facts) const;
  // The catalog with a recorded document: revision and numbers are those of the record. A document
  // that cannot be compiled is DATA_LOSS (it could not have been recorded).
  absl::StatusOr<std::shared_ptr<const Catalog>> Apply(
      const model::Definition& definition, int64_t revision,
      std::span<const ItemNumbers::Assigned> new_items) const;

  // Whether the edition (unit empty) or one unit of it may go to `to`: OK, or FAILED_PRECONDITION /
  // NOT_FOUND / INVALID_ARGUMENT. `holds` becomes true when it stands there already.
  absl::Status CheckTransition(std::string_view edition, model::EditionState to,
                               std::string_view unit, bool* holds) const;
  // The catalog after a recorded change of state.
  absl::StatusOr<std::shared_ptr<const Catalog>> WithState(std::string_view edition,
                                                           model::EditionState state,
                                                           std::string_view unit,
                                                           int64_t revision) const;

 private:
  // An indicator in an edition that has a questionnaire and a frame, with the weight set that it
  // names: UNKNOWN_WEIGHT_SET, OTHER_SURVEY, or what keeps the set from this frame.
  CompiledIndicator::Result CompileIn(const EditionEntry& edition,
                                      const model::Indicator& indicator) const;
  // Compiles the indicators anew that `rests` on the document picks, in one edition. What no longer
  // holds is a finding about `document`.
  void Recompile(const EditionEntry& edition,
                 const std::function<bool(const model::Indicator&)>& rests,
                 const std::string& document, DefinitionFindings* findings);
  // A weight set that fits no frame of its survey, where there are frames.
  DefinitionFindings CheckWeightSetHere(const model::WeightSet& set) const;
  // Groups of an indicator's comparisons in the frames of the editions that they join.
  DefinitionFindings CheckComparisons(const model::Indicator& indicator) const;
  // The bounds on figures and on the matrix of every edition that the document reaches, as this
  // catalog has them.
  DefinitionFindings CheckSizes(const model::Definition& definition) const;
  // Null when the document, or something that rests on it, does not compile; `findings` then say
  // why, all at once.
  std::shared_ptr<const Catalog> Applied(const model::Definition& definition, int64_t revision,
                                         std::span<const ItemNumbers::Assigned> new_items,
                                         DefinitionFindings* findings) const;
  // Whether a claim's phrase, figures and years exist in this catalog.
  DefinitionFindings CheckClaimHere(const model::Claim& claim, const EditionEntry& edition) const;
  // Claims that held in `before` and do not hold here, named as findings about `document`.
  DefinitionFindings BrokenClaims(const Catalog& before, const model::Definition& document) const;

  std::map<std::string, std::shared_ptr<const EditionEntry>, std::less<>> editions_;
  std::map<std::string, std::shared_ptr<const IndicatorEntry>, std::less<>> indicators_;
  std::map<std::string, std::shared_ptr<const ItemNumbers>, std::less<>> numbers_;   // By survey.
  std::map<std::string, std::shared_ptr<const PhrasesEntry>, std::less<>> phrases_;  // By survey.
  std::map<std::string, std::shared_ptr<const WeightSetEntry>, std::less<>>
      weight_sets_;  // By resource name.
};

}  // namespace imdi::domain
