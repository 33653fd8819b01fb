#include "services/domain/document_form.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "services/base/text.h"

namespace imdi::domain {
namespace {

constexpr size_t kIdMax = 40;
constexpr size_t kVariableIdMax = 30;

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

bool IsUpperCaseId(std::string_view id) {
  return !id.empty() && id.size() <= kIdMax && std::ranges::all_of(id, [](char c) {
    return IsUpper(c) || absl::ascii_isdigit(c) || c == '_';
  });
}

bool IsMixedCaseId(std::string_view id) {
  return !id.empty() && id.size() <= kIdMax && std::ranges::all_of(id, [](char c) {
    return IsUpper(c) || IsLower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_';
  });
}

bool IsVariableId(std::string_view id) {
  return !id.empty() && id.size() <= kVariableIdMax && IsLower(id.front()) &&
         std::ranges::all_of(
             id, [](char c) { return IsLower(c) || absl::ascii_isdigit(c) || c == '_'; });
}

bool Complete(const model::LocalizedText& text) { return !text.nn().empty() && !text.nb().empty(); }

DefinitionFinding Finding(std::string path, std::string_view rule, std::string message,
                          std::string_view remedy) {
  return {std::move(path), 0, std::string(rule), std::move(message), std::string(remedy)};
}

DefinitionFinding Broken(const std::string& document, std::string_view rule,
                         std::string_view dependent, const DefinitionFindings& why) {
  return Finding(document, rule,
                 base::StrCat(dependent, " rests on it and would not hold: ",
                              why.empty() ? std::string() : ToText(why.front())),
                 "keep what it reads, or change that first");
}

}  // namespace imdi::domain
