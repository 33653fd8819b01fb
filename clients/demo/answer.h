#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imdi::demo {

// What a unit says to one item; all empty = left blank.
struct Answer {
  std::vector<int> codes;  // One, except in a multiple choice. For a number only 98 (don't know).
  std::optional<int64_t> number;
  std::string text;
  std::map<int, std::string> other_texts;

  bool Blank() const { return codes.empty() && !number.has_value() && text.empty(); }
  bool Has(int code) const {
    for (const int ticked : codes) {
      if (ticked == code) return true;
    }
    return false;
  }
};

// Item id → what was answered; blank items are not in it.
using Answers = std::map<std::string, Answer, std::less<>>;

inline bool Answered(const Answers& answers, std::string_view item, int code) {
  const auto found = answers.find(item);
  return found != answers.end() && found->second.Has(code);
}

}  // namespace imdi::demo
