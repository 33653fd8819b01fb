#include "tests/oracle/tally.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "absl/status/status.h"
#include "services/base/text.h"

namespace imdi::oracle {
namespace {

bool Among(std::string_view value, const std::vector<std::string>& values) {
  return std::ranges::find(values, value) != values.end();
}

constexpr int kDecimalsMax = 9;

// A number in decimal notation; a blank is 0, as everything that is none.
double NumberOf(std::string_view text) { return std::strtod(std::string(text).c_str(), nullptr); }

int DecimalsOf(std::string_view text) {
  const size_t dot = text.find('.');
  return dot == std::string_view::npos ? 0 : static_cast<int>(text.size() - dot - 1);
}

}  // namespace

absl::StatusOr<Tally> Tally::Of(const Case& data, const Request& request) {
  return Of(data, request, request.year);
}

absl::StatusOr<Tally> Tally::Of(const Case& data, const Request& request,
                                const std::string& of_year) {
  Tally out;
  out.request_ = &request;
  out.unit_column_ = data.frame_unit;
  std::map<std::string_view, size_t> by_name;
  for (const auto& row : data.frame.rows) {
    if (!by_name.emplace(row[data.frame_unit], out.units_.size()).second)
      return absl::InvalidArgumentError(
          base::StrCat("unit ", row[data.frame_unit], " stands twice in the frame"));
    out.units_.push_back({&row, nullptr, 0, false});
  }
  const auto year = data.answers.Find("year");
  for (const auto& row : data.answers.rows) {
    if (!of_year.empty() && year.has_value() && row[*year] != of_year) continue;
    const auto unit = by_name.find(row[data.answer_unit]);
    if (unit == by_name.end())
      return absl::InvalidArgumentError(
          base::StrCat("unit ", row[data.answer_unit], " answers and is not in the frame"));
    if (out.units_[unit->second].answers != nullptr)
      return absl::InvalidArgumentError(
          base::StrCat("unit ", row[data.answer_unit], " answers twice"));
    out.units_[unit->second].answers = &row;
    out.in_answer_order_.push_back(unit->second);
  }
  std::map<std::string, size_t> strata;
  std::vector<std::string> names;
  for (Unit& unit : out.units_) {
    unit.responded = unit.answers != nullptr && (!request.reweight || out.Answered(unit));
    std::string& name = names.emplace_back();
    for (const size_t column : request.design.strata) name += (*unit.frame)[column] + "|";
    strata.emplace(name, 0);
  }
  for (auto& [name, number] : strata) number = out.strata_++;
  for (size_t i = 0; i < out.units_.size(); ++i) out.units_[i].stratum = strata[names[i]];
  std::erase_if(out.in_answer_order_, [&out](size_t i) { return !out.units_[i].responded; });
  return out;
}

std::string_view Tally::Text(const Unit& unit, Column column) {
  if (!column.of_answers) return (*unit.frame)[column.index];
  return unit.answers == nullptr ? std::string_view() : (*unit.answers)[column.index];
}

bool Tally::Holds(const Unit& unit, const Conditions& conditions) {
  return std::ranges::all_of(
      conditions, [&unit](const auto& one) { return Among(Text(unit, one.first), one.second); });
}

// Did the unit answer the question? Known not to be asked counts as answered, an unknown filter
// does not.
bool Tally::Answered(const Unit& unit) const {
  const bool all = std::ranges::all_of(
      request_->need, [&unit](Column column) { return !Text(unit, column).empty(); });
  const Conditions& route = request_->clause.route;
  if (route.empty()) return all;
  const bool filters = std::ranges::all_of(
      route, [&unit](const auto& one) { return !Text(unit, one.first).empty(); });
  return filters && (all || !Holds(unit, route));
}

bool Tally::InBase(const Unit& unit, const Clause& clause, const std::vector<Column>& need,
                   const Level& level) {
  return unit.responded && Holds(unit, clause.where) && Holds(unit, level.conditions) &&
         Holds(unit, clause.route) && std::ranges::all_of(need, [&](Column column) {
           const std::string_view answer = Text(unit, column);
           return !answer.empty() && !Among(answer, clause.exclude);
         });
}

bool Tally::FrameAlone(const Level& level) const {
  const auto of_frame = [](const auto& one) { return !one.first.of_answers; };
  return std::ranges::all_of(request_->clause.where, of_frame) &&
         std::ranges::all_of(level.conditions, of_frame);
}

std::vector<Level> Tally::Levels() const {
  if (request_->by.empty()) return {Level{}};
  const bool of_frame = std::ranges::none_of(
      request_->by, [](const auto& column) { return column.second.of_answers; });
  std::map<std::string, Level> levels;
  for (const Unit& unit : units_) {
    if (!of_frame && unit.answers == nullptr) continue;
    Level level;
    for (const auto& [name, column] : request_->by) {
      const std::string value(Text(unit, column));
      level.name += (level.conditions.empty() ? "" : "|") + value;
      level.conditions.push_back({column, {value}});
    }
    levels.emplace(level.name, level);
  }
  std::vector<Level> out;
  for (auto& [name, level] : levels) out.push_back(std::move(level));
  return out;
}

std::optional<int32_t> Tally::FrameUnits(const Level& level) const {
  if (!FrameAlone(level)) return std::nullopt;
  int32_t units = 0;
  for (const Unit& unit : units_)
    units += Holds(unit, request_->clause.where) && Holds(unit, level.conditions) ? 1 : 0;
  return units;
}

int32_t Tally::Respondents(const Level& level) const {
  int32_t units = 0;
  for (const Unit& unit : units_) {
    if (unit.responded && Holds(unit, request_->clause.where) && Holds(unit, level.conditions))
      ++units;
  }
  return units;
}

std::vector<domain::StratumCell> Tally::Cells(const Level& level,
                                              const std::vector<std::string>& yes) const {
  std::vector<domain::StratumCell> cells(strata_);
  const bool frame_alone = FrameAlone(level);
  for (const Unit& unit : units_) {
    domain::StratumCell& cell = cells[unit.stratum];
    ++cell.frame;
    if (unit.responded) ++cell.responded;
    if (frame_alone && Holds(unit, request_->clause.where) && Holds(unit, level.conditions))
      ++cell.domain_frame;
    if (!InBase(unit, request_->clause, request_->need, level)) continue;
    ++cell.base;
    if (Among(Text(unit, request_->clause.question), yes)) ++cell.yes;
  }
  return cells;
}

std::vector<int32_t> Tally::CodeCounts(const Level& level,
                                       const std::vector<std::string>& codes) const {
  std::vector<int32_t> counts(strata_ * codes.size());
  for (const Unit& unit : units_) {
    if (!InBase(unit, request_->clause, request_->need, level)) continue;
    const auto code = std::ranges::find(codes, Text(unit, request_->clause.question));
    if (code == codes.end()) continue;
    ++counts[unit.stratum * codes.size() + static_cast<size_t>(code - codes.begin())];
  }
  return counts;
}

std::vector<domain::DifferenceCell> Tally::DifferenceCells() const {
  std::vector<domain::DifferenceCell> cells(strata_);
  for (const Unit& unit : units_) {
    domain::DifferenceCell& cell = cells[unit.stratum];
    ++cell.frame;
    if (!unit.responded) continue;
    ++cell.responded;
    const auto base = [&unit](const Clause& clause) {
      return InBase(unit, clause, {clause.question}, Level{});
    };
    const auto yes = [&unit](const Clause& clause) {
      return Among(Text(unit, clause.question), clause.yes);
    };
    const bool base_a = base(request_->a);
    const bool base_b = base(request_->b);
    const bool yes_a = base_a && yes(request_->a);
    const bool yes_b = base_b && yes(request_->b);
    cell.base_a += base_a;
    cell.yes_a += yes_a;
    cell.base_b += base_b;
    cell.yes_b += yes_b;
    cell.base_both += base_a && base_b;
    cell.yes_a_of_both += yes_a && base_b;
    cell.yes_b_of_both += base_a && yes_b;
    cell.yes_both += yes_a && yes_b;
  }
  return cells;
}

std::vector<domain::AnswerState> Tally::States(const Level& level) const {
  std::vector<domain::AnswerState> states;
  for (const Unit& unit : units_) {
    if (!unit.responded) {
      states.push_back(domain::AnswerState::kSilent);
    } else if (!InBase(unit, request_->clause, request_->need, level)) {
      states.push_back(domain::AnswerState::kOutside);
    } else {
      states.push_back(Among(Text(unit, request_->clause.question), request_->clause.yes)
                           ? domain::AnswerState::kYes
                           : domain::AnswerState::kNo);
    }
  }
  return states;
}

absl::StatusOr<double> Tally::ScaleOf(const Expression& expression,
                                      const std::vector<Unit>& units) {
  int decimals = 0;
  const auto look = [&](Column column) {
    for (const Unit& unit : units) decimals = std::max(decimals, DecimalsOf(Text(unit, column)));
  };
  if (expression.value.has_value()) look(*expression.value);
  for (const Column column : expression.sum_of) look(column);
  for (const auto& [code, score] : expression.scores) {
    while (decimals < kDecimalsMax + 1 && std::fabs(std::round(score * std::pow(10, decimals)) -
                                                    score * std::pow(10, decimals)) > 1e-6) {
      ++decimals;
    }
  }
  if (decimals > kDecimalsMax)
    return absl::InvalidArgumentError("a number has more than nine decimals");
  return std::pow(10, decimals);
}

int64_t Tally::Evaluate(const Unit& unit, const Expression& expression, double scale) {
  if (!Holds(unit, expression.when)) return 0;
  const auto scaled = [scale](double number) { return std::llround(number * scale); };
  if (!expression.scores.empty()) {
    if (!expression.question.has_value()) return 0;
    const std::string_view answer = Text(unit, *expression.question);
    const auto score =
        std::ranges::find(expression.scores, answer, &std::pair<std::string, double>::first);
    return score == expression.scores.end() ? 0 : scaled(score->second);
  }
  if (!expression.sum_of.empty()) {
    int64_t sum = 0;
    for (const Column column : expression.sum_of) sum += scaled(NumberOf(Text(unit, column)));
    return sum;
  }
  return expression.value.has_value() ? scaled(NumberOf(Text(unit, *expression.value))) : scaled(1);
}

absl::StatusOr<Sums> Tally::SumsOf(const Level& level) const {
  Sums out;
  const Expression one;
  const Expression& denominator = request_->denominator.has_value() ? *request_->denominator : one;
  const absl::StatusOr<double> scale_a = ScaleOf(request_->numerator, units_);
  if (!scale_a.ok()) return scale_a.status();
  const absl::StatusOr<double> scale_b = ScaleOf(denominator, units_);
  if (!scale_b.ok()) return scale_b.status();
  out.scale_a = *scale_a;
  out.scale_b = *scale_b;
  out.strata.resize(strata_);
  for (const Unit& unit : units_) {
    domain::SumsCell& cell = out.strata[unit.stratum];
    ++cell.frame;
    if (unit.responded) ++cell.responded;
    if (InBase(unit, request_->clause, request_->need, level))
      cell.Add(Evaluate(unit, request_->numerator, out.scale_a),
               Evaluate(unit, denominator, out.scale_b));
  }
  return out;
}

std::vector<domain::StratumCell> Tally::AllCells() const {
  std::vector<domain::StratumCell> cells(strata_);
  for (const Unit& unit : units_) {
    ++cells[unit.stratum].frame;
    if (unit.responded) ++cells[unit.stratum].responded;
  }
  return cells;
}

std::vector<std::pair<std::string, std::vector<int64_t>>> Tally::RespondentsBy(
    Column column) const {
  std::map<std::string, std::vector<int64_t>> by_value;
  for (const Unit& unit : units_) {
    if (!unit.responded) continue;
    std::vector<int64_t>& counts = by_value[std::string(Text(unit, column))];
    counts.resize(strata_);
    ++counts[unit.stratum];
  }
  return {by_value.begin(), by_value.end()};
}

absl::StatusOr<std::pair<std::vector<int64_t>, double>> Tally::SumsBy(Column column) const {
  Expression value;
  value.value = column;
  const absl::StatusOr<double> scale = ScaleOf(value, units_);
  if (!scale.ok()) return scale.status();
  std::vector<int64_t> sums(strata_);
  for (const Unit& unit : units_) {
    if (unit.responded) sums[unit.stratum] += Evaluate(unit, value, *scale);
  }
  return std::pair(std::move(sums), *scale);
}

std::vector<std::pair<std::string, size_t>> Tally::UnitsAndStrata() const {
  std::vector<std::pair<std::string, size_t>> out;
  for (const size_t i : in_answer_order_)
    out.emplace_back((*units_[i].frame)[unit_column_], units_[i].stratum);
  return out;
}

}  // namespace imdi::oracle
