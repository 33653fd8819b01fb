#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imdi/survey/model/v1/indicator.pb.h"
#include "services/domain/estimate.h"
#include "services/domain/expression.h"
#include "services/domain/frame.h"
#include "services/domain/questionnaire.h"
#include "services/domain/weight_set.h"

namespace imdi::domain {

// The basis of an OUTCOME_RATE that names none.
inline constexpr std::string_view kFrameBasis = "FRAME";
// What ids of automatic indicators begin with; documents may not use it.
inline constexpr std::string_view kAutomaticPrefix = "Q_";

inline constexpr int kCrossingsMax = 4;  // Of an indicator; refuse DEFINITION_INVALID.

// An indicator as it is counted in one edition: expressions over that edition's questionnaire and
// frame. Immutable.
class CompiledIndicator {
 public:
  // One answer of a distribution.
  struct Category {
    int32_t code = 0;
    model::LocalizedText title;
  };
  struct Basis {
    std::string id;
    model::LocalizedText title;
    Expression base;  // Empty for OUTCOME_RATE, and where it is not asked.
    BaseKind kind = BaseKind::kFrame;
    // Codes of a distribution's categories, in the order shown; one entry 0 for shares, rates and
    // numeric kinds, and for a distribution that is not asked. An automatic basis that leaves
    // answers out of its base has no categories for them.
    std::vector<int32_t> codes;
  };
  // Two attribute numbers of the frame, by attribute id.
  struct Crossing {
    uint32_t first = 0;
    uint32_t second = 0;
    friend bool operator==(const Crossing&, const Crossing&) = default;
  };
  struct Comparison {
    int32_t year = 0;
    // The group in which the editions are compared; empty = the totals.
    std::optional<uint32_t> attribute;  // Number in this edition's frame.
    std::string group;                  // Code, which another edition's frame may know alone.
  };
  // The number that a unit brings, of a MEAN, TOTAL, RATIO or QUANTILE.
  struct Measure {
    enum class Source : uint8_t {
      kNumber,   // The answer to `item`, scaled by 10^decimals.
      kScores,   // Of the code that `item` was answered with.
      kFrame,    // `number` of the frame.
      kOptions,  // How many substantive codes (1–89) of the MULTI `item` were chosen.
      kOne,      // 1: the denominator of a mean.
    };
    Source source = Source::kOne;
    ItemIndex item = kNoItem;
    int32_t decimals = 0;
    std::vector<std::pair<int32_t, int32_t>> scores;  // Code and score, by code.
    model::FrameNumber number = model::FRAME_NUMBER_UNSPECIFIED;
    Expression when;   // Empty = always. Where it is not true the number is 0.
    std::string text;  // As readers see it: "score(INT01: 1=1, 2=2)".
  };
  enum class Origin : uint8_t { kDocument, kAutomatic };
  struct Result {
    std::shared_ptr<const CompiledIndicator> indicator;  // Null exactly when there are findings.
    DefinitionFindings findings;
  };
  // `weights` is the set that the indicator names, over this frame; null where it names none or the
  // built-in one. UNKNOWN_WEIGHT_SET where it names another than is given.
  static Result Compile(const model::Indicator& indicator,
                        const CompiledQuestionnaire& questionnaire, const CompiledFrame& frame,
                        std::shared_ptr<const CompiledWeightSet> weights = nullptr);
  // The same for the automatic indicators of one edition: `symbols` are those of questionnaire and
  // frame.
  static Result CompileAutomatic(const model::Indicator& indicator,
                                 const CompiledQuestionnaire& questionnaire,
                                 const CompiledFrame& frame, const SymbolTable& symbols);

  const std::string& id() const { return id_; }
  model::IndicatorKind kind() const { return definition_.kind(); }
  const model::Indicator& definition() const { return definition_; }
  // Not from a document: follows from the questionnaire (automatic_indicators.h).
  bool automatic() const { return automatic_; }
  // Of a SHARE, a selection compiled likewise; empty for the other kinds.
  const Expression& numerator() const { return numerator_; }
  // Of a DISTRIBUTION that is asked: the item, and all its codes in the order shown.
  ItemIndex item() const { return item_; }
  const std::vector<Category>& categories() const { return categories_; }
  const std::vector<Basis>& bases() const { return bases_; }
  // Attribute numbers of the frame.
  const std::vector<uint32_t>& breakdowns() const { return breakdowns_; }
  const std::vector<Crossing>& crossings() const { return crossings_; }
  const std::vector<Comparison>& comparisons() const { return comparisons_; }
  // MEAN, TOTAL, RATIO, QUANTILE.
  bool numeric() const { return numeric_; }
  // Of a numeric kind that is asked. Its bases are compiled together with what the measures need of
  // answers, (base) and answered(item); of them only units whose answers have both numbers count.
  const Measure& measure() const { return measure_; }
  const Measure& denominator() const { return denominator_; }  // kOne but for a RATIO.
  // Of a QUANTILE: 1–999.
  int32_t quantile_thousandths() const { return quantile_thousandths_; }
  // Its weight set over this edition's frame; null = the built-in one.
  const std::shared_ptr<const CompiledWeightSet>& weights() const { return weights_; }
  // Items that numerator, categories, measures and bases read, ascending, each once.
  const std::vector<ItemIndex>& items_read() const { return items_read_; }
  // True where the edition did not field a question that it reads: every figure is NOT_ASKED.
  bool not_asked() const { return not_asked_; }

 private:
  friend class IndicatorCompiler;
  CompiledIndicator() = default;
  std::string id_;
  model::Indicator definition_;
  bool automatic_ = false;
  Expression numerator_;
  ItemIndex item_ = kNoItem;
  std::vector<Category> categories_;
  std::vector<Basis> bases_;
  std::vector<uint32_t> breakdowns_;
  std::vector<Crossing> crossings_;
  std::vector<Comparison> comparisons_;
  bool numeric_ = false;
  Measure measure_;
  Measure denominator_;
  int32_t quantile_thousandths_ = 500;
  std::shared_ptr<const CompiledWeightSet> weights_;
  std::vector<ItemIndex> items_read_;
  bool not_asked_ = false;
};

// Whether the frame alone says who is in a base: a conjunction of `responded`, `answered(X)` for an
// X that has no route (neither its question nor its row), and conditions that read nothing but
// attributes of the unit. Then only silence keeps a unit of the frame out of it, and its size N is
// known. Everything else (a filter, an answer that is left out, routed(X)) is given by answers.
BaseKind KindOfBase(const Expression& base, const CompiledQuestionnaire& questionnaire);

// What can be said of an indicator without knowing an edition: names, kind, texts, bounds.
DefinitionFindings CheckIndicator(
    const model::Indicator& indicator,
    CompiledIndicator::Origin origin = CompiledIndicator::Origin::kDocument);

// Whether its policy allows the estimator: under AGGREGATE_ONLY a quantile, which is one unit's own
// number, and a mean, total or ratio of numbers without ends, of which one unit can be most, need a
// larger base. Asked at apply alone: a log that has another is read.
DefinitionFindings CheckEstimatorForPolicy(const model::Indicator& indicator);

// MEAN, TOTAL, RATIO, QUANTILE: of numbers of units, not of units that are counted.
constexpr bool IsNumeric(model::IndicatorKind kind) {
  return kind == model::INDICATOR_KIND_MEAN || kind == model::INDICATOR_KIND_TOTAL ||
         kind == model::INDICATOR_KIND_RATIO || kind == model::INDICATOR_KIND_QUANTILE;
}

}  // namespace imdi::domain
