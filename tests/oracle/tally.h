#pragma once

// Turns the units of a case into integer counts by stratum. Nothing is estimated here, and nothing
// behind it sees a unit.

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

class Tally {
 public:
  // Fails where the tables contradict each other.
  static absl::StatusOr<Tally> Of(const Case& data, const Request& request);
  // The same of one year, whatever the request says.
  static absl::StatusOr<Tally> Of(const Case& data, const Request& request,
                                  const std::string& year);

  // The groups of `by`, in byte order; those of the frame, answered or not.
  std::vector<Level> Levels() const;

  // Units of the frame in the domain; empty where answers decide who is in it.
  std::optional<int32_t> FrameUnits(const Level& level) const;
  // Respondents in the domain.
  int32_t Respondents(const Level& level) const;
  // By stratum in byte order, with the codes that count as yes.
  std::vector<domain::StratumCell> Cells(const Level& level,
                                         const std::vector<std::string>& yes) const;
  // Units of the base by stratum x code.
  std::vector<int32_t> CodeCounts(const Level& level, const std::vector<std::string>& codes) const;
  std::vector<domain::DifferenceCell> DifferenceCells() const;
  absl::StatusOr<Sums> SumsOf(const Level& level) const;

  // Where each unit of the frame stands in this year.
  std::vector<domain::AnswerState> States(const Level& level) const;
  // Strata in byte order, and for each unit of the frame the number of its own.
  size_t strata() const { return strata_; }
  size_t StratumOf(size_t unit) const { return units_[unit].stratum; }

  // For sums of weights: respondents by stratum, by value of a column in byte order, and by unit
  // in the order of the answers.
  std::vector<domain::StratumCell> AllCells() const;
  std::vector<std::pair<std::string, std::vector<int64_t>>> RespondentsBy(Column column) const;
  absl::StatusOr<std::pair<std::vector<int64_t>, double>> SumsBy(Column column) const;
  std::vector<std::pair<std::string, size_t>> UnitsAndStrata() const;

 private:
  struct Unit {
    const std::vector<std::string>* frame = nullptr;
    const std::vector<std::string>* answers = nullptr;  // Null = did not answer.
    size_t stratum = 0;
    bool responded = false;  // To the survey, or to this question if weighted by question.
  };
  static std::string_view Text(const Unit& unit, Column column);
  static bool Holds(const Unit& unit, const Conditions& conditions);
  static bool InBase(const Unit& unit, const Clause& clause, const std::vector<Column>& need,
                     const Level& level);
  bool Answered(const Unit& unit) const;
  bool FrameAlone(const Level& level) const;
  static absl::StatusOr<double> ScaleOf(const Expression& expression,
                                        const std::vector<Unit>& units);
  static int64_t Evaluate(const Unit& unit, const Expression& expression, double scale);

  const Request* request_ = nullptr;
  std::vector<Unit> units_;              // In the order of the frame.
  std::vector<size_t> in_answer_order_;  // Respondents.
  size_t strata_ = 0;
  size_t unit_column_ = 0;
};

}  // namespace imdi::oracle
