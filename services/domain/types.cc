#include "services/domain/types.h"

#include "services/base/text.h"

namespace imdi::domain {

std::string_view Name(Kleene value) {
  switch (value) {
    case Kleene::kFalse:
      return "false";
    case Kleene::kTrue:
      return "true";
    case Kleene::kUnknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view Name(ItemState state) {
  switch (state) {
    case ItemState::kAnswered:
      return "ANSWERED";
    case ItemState::kNotInScope:
      return "NOT_IN_SCOPE";
    case ItemState::kNotRouted:
      return "NOT_ROUTED";
    case ItemState::kFilterUnknown:
      return "FILTER_UNKNOWN";
    case ItemState::kItemNonresponse:
      return "ITEM_NONRESPONSE";
    case ItemState::kBreakoff:
      return "BREAKOFF";
    case ItemState::kPartMissing:
      return "PART_MISSING";
    case ItemState::kNotFielded:
      return "NOT_FIELDED";
  }
  return "NOT_FIELDED";
}

std::vector<int32_t> CodeBits::Codes() const {
  std::vector<int32_t> codes;
  for (size_t word = 0; word < words.size(); ++word) {
    for (uint64_t rest = words[word]; rest != 0; rest &= rest - 1) {
      codes.push_back(static_cast<int32_t>(word * 64) + std::countr_zero(rest));
    }
  }
  return codes;
}

std::string ToText(const DefinitionFinding& finding) {
  return base::StrCat(finding.path, ":", finding.column, ": ", finding.rule, ": ", finding.message,
                      "; ", finding.remedy);
}

const std::string& TextIn(const model::LocalizedText& text, model::Language language) {
  if (language == model::LANGUAGE_NN) return text.nn();
  if (language == model::LANGUAGE_EN && !text.en().empty()) return text.en();
  return text.nb();
}

}  // namespace imdi::domain
