#pragma once

// Forms of ids and texts that documents of several kinds share, and the finding that is no column
// of an expression.

#include <cstddef>
#include <string>
#include <string_view>

#include "services/domain/types.h"

namespace imdi::domain {

// Upper case letters, digits, '_'; 1 to 40: indicators, bases, claims, phrases, weight sets.
bool IsUpperCaseId(std::string_view id);
// Letters, digits, '-', '_'; 1 to 40: surveys, editions and their parts.
bool IsMixedCaseId(std::string_view id);
// Lower case letters, digits, '_', a letter first; 1 to 30: variables of a frame.
bool IsVariableId(std::string_view id);

// Nynorsk and bokmål are both there.
bool Complete(const model::LocalizedText& text);

// About a whole field.
DefinitionFinding Finding(std::string path, std::string_view rule, std::string message,
                          std::string_view remedy);

// About a document: what rests on it would no longer hold, and the first reason why.
DefinitionFinding Broken(const std::string& document, std::string_view rule,
                         std::string_view dependent, const DefinitionFindings& why);

}  // namespace imdi::domain
