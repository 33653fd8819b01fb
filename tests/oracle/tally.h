#pragma once

// Turns the units of a case into integer counts by stratum and by weighting cell. Nothing is
// estimated here, and nothing behind it sees a unit but where a number of each is asked for.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/domain/change.h"
#include "services/domain/estimate.h"
#include "services/domain/linear_estimate.h"
#include "services/domain/quantile.h"
#include "services/domain/weighted_estimate.h"
#include "services/domain/weighting.h"
#include "tests/oracle/case.h"

namespace imdi::oracle {

// One group that a request is broken down by.
struct Level {
  std::string name;  // Values joined by "|"; the whole has none.
  Conditions conditions;
};

// Numbers as integers: every value times `scale`, a power of ten.
struct Sums {
  std::vector<domain::SumsCell> strata;
  double scale_a = 1;
  double scale_b = 1;
};

// Counts of a table, rows x columns by group.
struct CrossCounts {
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  std::vector<int32_t> base;    // By group.
  std::vector<int32_t> counts;  // Groups x rows x columns.
};

class Tally {
 public:
  // Fails where the tables contradict each other, or where weights cannot be calibrated. `year`:
  // empty = all rows of the answers.
  static absl::StatusOr<Tally> Of(const Case& data, const Request& request,
                                  const std::string& year);

  // The groups of `by`, in byte order; those of the frame, answered or not.
  std::vector<Level> Levels(const Case& data) const;

  // The weights are N_h / r_h alone, so that strata are all there is to know.
  bool plain() const { return plain_; }
  const domain::Weighting& weighting() const { return weighting_; }

  // Units of the frame in the domain; empty where answers decide who is in it.
  std::optional<int32_t> FrameUnits(const Level& level) const;
  // Respondents in the domain.
  int32_t Respondents(const Level& level) const;

  // A group is a stratum (byte order) where plain, else a cell of the weighting.
  // Units of the base and of its yes by group; where plain also what the frame gives.
  std::vector<domain::StratumCell> Cells(const Level& level,
                                         const std::vector<std::string>& yes) const;
  // Units of the base by group x code.
  std::vector<int32_t> CodeCounts(const Level& level, const std::vector<std::string>& codes) const;
  std::vector<domain::DifferenceCell> DifferenceCells() const;
  CrossCounts Cross() const;

  // Exact sums by stratum; empty where a number has no exact place in them.
  std::optional<Sums> SumsOf(const Level& level) const;
  // The same numbers unit by unit, in the order of the answers.
  std::vector<domain::ValueRow> ValueRows(const Level& level) const;
  std::vector<domain::QuantileRow> QuantileRows(const Level& level) const;

  // Where each unit of the frame stands in this year, and its stratum.
  std::vector<domain::AnswerState> States(const Level& level) const;
  size_t strata() const { return strata_; }
  size_t StratumOf(size_t unit) const { return units_[unit].stratum; }

  // Units of the base with these values of rows column and question.
  std::vector<int64_t> AuditCounts() const;

  // For sums of weights: respondents by value of a column in byte order x cell, the number of a
  // column by respondent, and their names; in the order of the answers.
  std::vector<std::pair<std::string, std::vector<int32_t>>> RespondentsBy(
      const Column& column) const;
  double WeightedSum(const Column& column) const;
  std::vector<std::pair<std::string, double>> UnitsAndWeights() const;

 private:
  struct Unit {
    const std::vector<std::string>* frame = nullptr;    // Null in a sample of its own.
    const std::vector<std::string>* answers = nullptr;  // Null = did not answer.
    size_t stratum = 0;
    uint32_t cell = 0;       // Of the weighting, if it responded.
    bool responded = false;  // To the survey, or to this question if weighted by question.
  };
  static std::string_view Text(const Unit& unit, const Column& column);
  static std::string Key(const Unit& unit, const std::vector<Column>& columns);
  static bool Holds(const Unit& unit, const Conditions& conditions);
  static bool HoldsInFrame(const Unit& unit, const Conditions& conditions);
  static bool InBase(const Unit& unit, const Clause& clause, const std::vector<Column>& need,
                     const Level& level);
  bool InBase(const Unit& unit, const Level& level) const;
  bool Answered(const Unit& unit) const;
  bool FrameAlone(const Level& level) const;
  size_t GroupOf(const Unit& unit) const { return plain_ ? unit.stratum : unit.cell; }
  size_t groups() const { return plain_ ? strata_ : weighting_.cells().size(); }
  // The number that scales all of an expression's values to integers, if there is one.
  std::optional<double> ScaleOf(const Expression& expression) const;
  static double Evaluate(const Unit& unit, const Expression& expression);

  absl::Status TakeFrame(const Case& data, const std::string& year);
  absl::Status TakeSample(const Case& data, const std::string& year);
  absl::Status Weigh(const Case& data);

  const Request* request_ = nullptr;
  std::vector<Unit> units_;              // In the order of the frame, or of the sample.
  std::vector<size_t> in_answer_order_;  // Respondents.
  size_t strata_ = 0;
  bool plain_ = true;
  domain::Weighting weighting_{{}, {}};
  size_t unit_column_ = 0;  // Of the answers.
};

}  // namespace imdi::oracle
