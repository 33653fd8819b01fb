#pragma once

// A case of the oracle: the frame, the answers, the designs and the requests, as its folder states
// them (case.json, population.csv, responses.csv).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/domain/estimate.h"

namespace imdi::oracle {

// A column by name; it stands in the answers, in the frame, or in both. Of a unit that answered,
// the answers go first; the frame decides what is known of those that did not.
struct Column {
  std::string name;
  std::optional<size_t> of_answers;
  std::optional<size_t> of_frame;
};

// Comma-separated, first line names the columns, no quotes.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::optional<size_t> Find(std::string_view column) const;
};

// All of them must hold: the column has one of the values.
using Conditions = std::vector<std::pair<Column, std::vector<std::string>>>;

// A number of one unit: a column, or a score of an answer, or a sum of columns, or 1; and 0 unless
// `when` holds.
struct Expression {
  std::optional<Column> value;
  std::optional<Column> question;
  std::vector<std::pair<std::string, double>> scores;
  std::vector<Column> sum_of;
  Conditions when;
};

struct Clause {
  Column question;
  std::vector<std::string> yes;
  std::vector<std::string> exclude;
  Conditions where;
  Conditions route;
};

// One step of calibration.
struct Calibration {
  enum class Method { kPoststratify, kRaking, kLinear, kRakeIpf };
  Method method = Method::kPoststratify;
  std::vector<std::vector<Column>> margins;  // The crossed columns of each; one for kPoststratify.
  std::vector<Column> totals;
};

struct Design {
  std::string name;
  // Every row of the answers is drawn from a sample of its own, with weights and population counts
  // in its columns; else every respondent is one, and silent are the others of the frame.
  bool sample = false;
  std::vector<Column> strata;  // None = one stratum.
  std::optional<Column> weights;
  std::optional<Column> population;
  std::string year;
  domain::Lonely lonely = domain::Lonely::kCertainty;
  std::vector<Calibration> calibrate;
};

struct Request {
  enum class Type {
    kProportion,
    kDistribution,
    kMean,
    kTotal,
    kRatio,
    kDifference,
    kWeights,
    kQuantile,
    kChisq,
    kChange,
    kTrend,
    kMcNemar,
    kBh,
    kAudit
  };
  std::string id;
  std::string type_name;
  // Why the runner cannot compute it; empty = it can, and only then the rest is filled.
  std::string unsupported;
  std::string feature;  // What a case may say that it `requires`, if that is why.
  Type type = Type::kProportion;
  Design design;
  double level = 0.95;
  std::string year;  // Empty = all rows of the answers.
  bool reweight = false;
  Clause clause;  // question, yes, exclude, where, route.
  std::vector<Column> by;
  std::vector<std::string> codes;
  std::vector<Column> need;
  Expression numerator;
  std::optional<Expression> denominator;
  Clause a;
  Clause b;
  std::vector<Column> totals;
  bool list = false;
  // Of kQuantile.
  Column value;
  std::vector<double> probabilities;
  std::vector<std::string> rules;
  std::vector<std::string> intervals;
  // Of kChisq: codes of the question under other names.
  std::vector<std::pair<std::string, std::string>> groups;
  // Of kChange, kTrend, kMcNemar.
  std::vector<std::string> years;
  // Of kBh: the p-values, or the requests and the path to theirs.
  std::vector<std::string> p;
  std::vector<std::string> requests;
  std::string field;
  double q = 0;
  // Of kAudit.
  Column rows;
  std::vector<std::string> row_levels;
  std::vector<std::pair<std::string, std::string>> suppressed;  // Row, code.
  double threshold = 0;
  double protect = 0;
};

struct Case {
  std::string id;
  std::vector<std::string> requirements;  // What it needs beyond what every engine must have.
  Table frame;
  Table answers;
  size_t frame_unit = 0;   // Column that names the unit.
  size_t answer_unit = 0;  // The same, of the answers.
  std::vector<Request> requests;
};

// What is malformed is an error; what is well formed and not known here makes its request
// unsupported.
absl::StatusOr<Case> LoadCase(const std::filesystem::path& folder);
absl::StatusOr<std::string> ReadText(const std::filesystem::path& file);

}  // namespace imdi::oracle
