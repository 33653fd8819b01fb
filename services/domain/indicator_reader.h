#pragma once

// What the fields of an indicator document are read with: a questionnaire, a frame, and the
// findings so far. A question that the edition states it did not field is no finding.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/domain/expression.h"
#include "services/domain/frame.h"
#include "services/domain/questionnaire.h"
#include "services/domain/types.h"

namespace imdi::domain {

class IndicatorReader {
 public:
  // All of them outlive the reader.
  IndicatorReader(const CompiledQuestionnaire& questionnaire, const CompiledFrame& frame,
                  const SymbolTable& symbols)
      : questionnaire_(questionnaire), frame_(frame), symbols_(symbols) {}

  const CompiledQuestionnaire& questionnaire() const { return questionnaire_; }
  const CompiledFrame& frame() const { return frame_; }

  void Add(std::string path, std::string_view rule, std::string message, std::string_view remedy);

  // Empty, with findings or as not asked, where the text cannot be read.
  Expression Parse(const std::string& path, std::string_view text, ExpressionUse use);
  // The same together with conditions, each a test of one item, left out where the text says it.
  Expression ParseWith(const std::string& path, const std::string& text,
                       const std::vector<std::string>& conditions, ExpressionUse use);
  // Null, with a finding or as not asked, where there is no such question.
  const Question* FindQuestion(const std::string& path, std::string_view id);
  // Number of a frame variable.
  std::optional<uint32_t> FindAttribute(const std::string& path, const std::string& id);

  // True once a question was named that the edition did not field.
  bool not_asked() const { return not_asked_; }
  const DefinitionFindings& findings() const { return findings_; }

 private:
  const CompiledQuestionnaire& questionnaire_;
  const CompiledFrame& frame_;
  const SymbolTable& symbols_;
  bool not_asked_ = false;
  DefinitionFindings findings_;
};

}  // namespace imdi::domain
