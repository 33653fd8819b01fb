#pragma once

// What a figure says: a share, a number, or why there is none. There is no number that stands for
// "no value", and a number is never taken for a share.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "imdi/survey/model/v1/text.pb.h"
#include "imdi/survey/query/v1/figure.pb.h"

namespace imdi::survey::client {

using model::v1::Language;
using model::v1::LocalizedText;
using query::v1::Figure;
using query::v1::NoValueReason;

struct Interval {
  double lower = 0;
  double upper = 0;
  double level = 0;  // 0.95
  // Of a quantile: there is no end on that side; lower or upper is the smallest or largest answer.
  bool lower_open = false;
  bool upper_open = false;
};

// What can be said of all units, not only of those that answered. Fractions.
struct ForAll {
  double share = 0;
  // None where too few answered for one, where all strata answered and some left the question
  // open, and where the interval asked for is not made of equal answers. All known: both ends are
  // the share.
  std::optional<Interval> interval;
  // Whatever those would have answered that may belong to the base and have not said so.
  double possible_lower = 0;
  double possible_upper = 0;
};

struct Share {
  double fraction = 0;            // Of those that answered; zero means zero.
  int32_t numerator = 0;          // Units.
  int32_t base = 0;               // Units.
  std::optional<ForAll> for_all;  // None for response rates, and where no weights could be made.
};

// A mean, a sum, a ratio or a quantile.
struct Number {
  double number = 0;     // Of those that answered, in `unit`; zero means zero.
  int32_t base = 0;      // Units.
  int32_t decimals = 0;  // When shown.
  LocalizedText unit;    // What is counted: "persons"; empty for a pure number.
  // What holds of all units; none where it could not be made (Figure.estimate_problem).
  struct ForAll {
    double number = 0;
    std::optional<Interval> interval;  // As of a share.
  };
  std::optional<ForAll> for_all;
};

struct NoValue {
  // NO_VALUE_REASON_UNSPECIFIED where a newer server gave a state that this version does not know.
  NoValueReason reason = query::v1::NO_VALUE_REASON_UNSPECIFIED;
  std::string sign;         // For tables, as Statistics Norway writes it.
  std::string sdmx_status;  // For data exchange.
  LocalizedText text;
};

using Value = std::variant<Share, Number, NoValue>;
Value ValueOf(const Figure& figure);

// "IND_TARGET.WITH_PROGRAMME.size_group=3": the figure's name without edition and release.
std::string CellOf(const Figure& figure);
// "3" in size_group=3; empty where the figure is of another breakdown. Only for a single attribute.
std::string GroupOf(const Figure& figure, std::string_view attribute);

// The text in that language; English that is missing falls back to bokmål.
const std::string& TextIn(const LocalizedText& text, Language language);

// As people read it: "78,6 %", "3,4 personar", or the sign where there is no value. `decimals` are
// of the percent; a number has its own.
std::string Shown(const Value& value, int decimals, Language language);
// As percent, rounded half away from zero: "78,6" (English: "78.6"); the sign where there is no
// value; empty for a number, which is no percent.
std::string Percent(const Value& value, int decimals, Language language);
std::string Percent(double fraction, int decimals, Language language);

}  // namespace imdi::survey::client
