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

// A column of the frame or of the answers. Answers go first where both have the name.
struct Column {
  bool of_answers = false;
  size_t index = 0;
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

struct Design {
  std::string name;
  std::vector<size_t> strata;  // Columns of the frame; none = one stratum.
  domain::Lonely lonely = domain::Lonely::kCertainty;
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
    kChange,
    kTrend,
    kMcNemar,
    kBh
  };
  std::string id;
  std::string type_name;
  // Why the runner cannot compute it; empty = it can, and only then the rest is filled.
  std::string unsupported;
  Type type = Type::kProportion;
  Design design;
  double level = 0.95;
  std::string year;  // Empty = all rows of the answers.
  bool reweight = false;
  Clause clause;  // question, yes, exclude, where, route.
  std::vector<std::pair<std::string, Column>> by;
  std::vector<std::string> codes;
  std::vector<Column> need;
  Expression numerator;
  std::optional<Expression> denominator;
  Clause a;
  Clause b;
  std::vector<std::pair<std::string, Column>> totals;
  bool list = false;
  std::vector<std::string> years;
  // Of kBh: the p-values, or the requests and the path to theirs.
  std::vector<std::string> p;
  std::vector<std::string> requests;
  std::string field;
  double q = 0;
};

struct Case {
  std::string id;
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
