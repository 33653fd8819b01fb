#include "tests/oracle/tally.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <tuple>

#include "absl/status/status.h"
#include "services/base/text.h"

namespace imdi::oracle {
namespace {

bool Among(std::string_view value, const std::vector<std::string>& values) {
  return std::ranges::find(values, value) != values.end();
}

constexpr int kDecimalsMax = 9;
// Up to this size a scaled number is exact as a double, and its square sums are as integers.
constexpr double kScaledMax = 1e15;

// The number that a text is, or none.
std::optional<double> Parse(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double number = std::strtod(copy.c_str(), &end);
  if (copy.empty() || *end != 0 || !std::isfinite(number)) return std::nullopt;
  return number;
}

// A blank is 0, as everything that is no number.
double NumberOf(std::string_view text) { return Parse(text).value_or(0); }

// Digits behind the point that a number needs; more than kDecimalsMax = too many.
int DecimalsOf(double number) {
  int decimals = 0;
  for (; decimals <= kDecimalsMax; ++decimals) {
    const double scaled = number * std::pow(10, decimals);
    if (std::fabs(scaled - std::round(scaled)) <= 1e-9 * std::max(1.0, std::fabs(scaled))) break;
  }
  return decimals;
}

// Numbers the texts in byte order.
std::map<std::string, size_t> Numbered(const std::vector<std::string>& names) {
  std::map<std::string, size_t> out;
  for (const std::string& name : names) out.emplace(name, 0);
  size_t next = 0;
  for (auto& [name, number] : out) number = next++;
  return out;
}

}  // namespace

absl::StatusOr<Tally> Tally::Of(const Case& data, const Request& request, const std::string& year) {
  Tally out;
  out.request_ = &request;
  out.unit_column_ = data.answer_unit;
  if (absl::Status taken =
          request.design.sample ? out.TakeSample(data, year) : out.TakeFrame(data, year);
      !taken.ok())
    return taken;
  std::vector<std::string> names;
  for (Unit& unit : out.units_) {
    unit.responded = unit.answers != nullptr && (!request.reweight || out.Answered(unit));
    names.push_back(Key(unit, request.design.strata));
  }
  const std::map<std::string, size_t> strata = Numbered(names);
  out.strata_ = strata.size();
  for (size_t i = 0; i < out.units_.size(); ++i)
    out.units_[i].stratum = strata.find(names[i])->second;
  std::erase_if(out.in_answer_order_, [&out](size_t i) { return !out.units_[i].responded; });
  out.plain_ = !request.design.sample && request.design.calibrate.empty();
  if (absl::Status weighed = out.Weigh(data); !weighed.ok()) return weighed;
  return out;
}

absl::Status Tally::TakeFrame(const Case& data, const std::string& of_year) {
  std::map<std::string_view, size_t> by_name;
  for (const auto& row : data.frame.rows) {
    if (!by_name.emplace(row[data.frame_unit], units_.size()).second)
      return absl::InvalidArgumentError(
          base::StrCat("unit ", row[data.frame_unit], " stands twice in the frame"));
    units_.emplace_back().frame = &row;
  }
  const auto year = data.answers.Find("year");
  for (const auto& row : data.answers.rows) {
    if (!of_year.empty() && row[*year] != of_year) continue;
    const auto unit = by_name.find(row[data.answer_unit]);
    if (unit == by_name.end())
      return absl::InvalidArgumentError(
          base::StrCat("unit ", row[data.answer_unit], " answers and is not in the frame"));
    if (units_[unit->second].answers != nullptr)
      return absl::InvalidArgumentError(
          base::StrCat("unit ", row[data.answer_unit], " answers twice"));
    units_[unit->second].answers = &row;
    in_answer_order_.push_back(unit->second);
  }
  return absl::OkStatus();
}

absl::Status Tally::TakeSample(const Case& data, const std::string& of_year) {
  const auto year = data.answers.Find("year");
  for (const auto& row : data.answers.rows) {
    if (!of_year.empty() && row[*year] != of_year) continue;
    in_answer_order_.push_back(units_.size());
    units_.emplace_back().answers = &row;
  }
  return absl::OkStatus();
}

absl::Status Tally::Weigh(const Case& data) {
  const Design& design = request_->design;
  std::vector<domain::WeightStratum> strata(strata_);
  for (const Unit& unit : units_) {
    if (!design.sample) strata[unit.stratum].frame += 1;
    if (unit.responded) ++strata[unit.stratum].respondents;
  }
  if (design.sample) {
    for (const Unit& unit : units_) {
      double& frame = strata[unit.stratum].frame;
      if (!design.population.has_value()) {
        frame = std::numeric_limits<double>::infinity();
        continue;
      }
      const std::optional<double> number = Parse(Text(unit, *design.population));
      if (!number.has_value() || !(*number > 0) || (frame != 0 && frame != *number))
        return absl::InvalidArgumentError(base::StrCat("column ", design.population->name,
                                                       " gives no single population of a stratum"));
      frame = *number;
    }
  }
  // Respondents that share stratum, weight and auxiliaries are one cell, in byte order of these.
  // What a unit has of each step: its levels, then its totals.
  using CellKey = std::tuple<size_t, double, std::vector<std::string>, std::vector<double>>;
  std::vector<CellKey> keys;
  std::map<CellKey, uint32_t> cells;
  for (const size_t i : in_answer_order_) {
    const Unit& unit = units_[i];
    const domain::WeightStratum& stratum = strata[unit.stratum];
    double weight = stratum.frame / stratum.respondents;
    if (design.weights.has_value()) weight = NumberOf(Text(unit, *design.weights));
    if (!(weight > 0) || !std::isfinite(weight))
      return absl::InvalidArgumentError("a weight that is not above 0");
    std::vector<std::string> levels;
    std::vector<double> totals;
    for (const Calibration& step : design.calibrate) {
      for (const auto& margin : step.margins) levels.push_back(Key(unit, margin));
      for (const Column& total : step.totals) {
        const std::optional<double> number = Parse(Text(unit, total));
        if (!number.has_value())
          return absl::InvalidArgumentError(
              base::StrCat("column ", total.name, " is no number for every respondent"));
        totals.push_back(*number);
      }
    }
    keys.emplace_back(unit.stratum, weight, std::move(levels), std::move(totals));
    cells.emplace(keys.back(), 0);
  }
  std::vector<domain::WeightCell> list;
  for (auto& [key, number] : cells) {
    number = static_cast<uint32_t>(list.size());
    list.push_back({static_cast<uint32_t>(std::get<0>(key)), 0, std::get<1>(key)});
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    Unit& unit = units_[in_answer_order_[i]];
    unit.cell = cells.find(keys[i])->second;
    ++list[unit.cell].respondents;
  }
  weighting_ = domain::Weighting(std::move(strata), std::move(list));
  size_t level_at = 0;
  size_t total_at = 0;
  for (const Calibration& step : design.calibrate) {
    std::vector<domain::Margin> margins;
    for (const auto& columns : step.margins) {
      domain::Margin& margin = margins.emplace_back();
      for (const Column& column : columns)
        margin.name += (margin.name.empty() ? "" : " x ") + column.name;
      std::vector<std::string> names;
      std::map<std::string, int32_t> in_frame;
      for (const auto& row : data.frame.rows) {
        std::string name;
        for (const Column& column : columns) name += row[*column.of_frame] + "|";
        ++in_frame[name];
        names.push_back(std::move(name));
      }
      for (const auto& [key, cell] : cells) names.push_back(std::get<2>(key)[level_at]);
      const std::map<std::string, size_t> numbers = Numbered(names);
      margin.total.assign(numbers.size(), 0);
      for (const auto& [name, units] : in_frame) margin.total[numbers.find(name)->second] = units;
      margin.level.resize(cells.size());
      for (const auto& [key, cell] : cells)
        margin.level[cell] =
            static_cast<uint32_t>(numbers.find(std::get<2>(key)[level_at])->second);
      ++level_at;
    }
    std::vector<domain::KnownTotal> totals;
    for (const Column& column : step.totals) {
      domain::KnownTotal& total = totals.emplace_back();
      total.name = column.name;
      for (const auto& row : data.frame.rows) total.total += NumberOf(row[*column.of_frame]);
      for (const auto& [key, cell] : cells) total.value.push_back(std::get<3>(key)[total_at]);
      ++total_at;
    }
    const auto intercept = [&] {
      return domain::Margin{"all units",
                            std::vector<uint32_t>(cells.size(), 0),
                            {static_cast<double>(data.frame.rows.size())}};
    };
    if (margins.empty()) margins.push_back(intercept());
    absl::Status done;
    switch (step.method) {
      case Calibration::Method::kPoststratify:
        done = weighting_.Poststratify(margins[0]);
        break;
      case Calibration::Method::kRaking:
        done = weighting_.Rake(margins, totals);
        break;
      case Calibration::Method::kLinear:
        done = weighting_.CalibrateLinearly(margins, totals, domain::NegativeWeights::kKeep);
        break;
      case Calibration::Method::kRakeIpf:
        done = weighting_.RakeWithMarginMeans(margins);
        break;
    }
    if (!done.ok()) return done;
  }
  return absl::OkStatus();
}

std::string_view Tally::Text(const Unit& unit, const Column& column) {
  if (column.of_answers.has_value() && unit.answers != nullptr)
    return (*unit.answers)[*column.of_answers];
  if (column.of_frame.has_value() && unit.frame != nullptr) return (*unit.frame)[*column.of_frame];
  return {};
}

std::string Tally::Key(const Unit& unit, const std::vector<Column>& columns) {
  std::string key;
  for (const Column& column : columns) {
    // Strata are the frame's, also where answers have a column of that name.
    const bool of_frame = unit.frame != nullptr && column.of_frame.has_value();
    key += of_frame ? std::string_view((*unit.frame)[*column.of_frame]) : Text(unit, column);
    key += "|";
  }
  return key;
}

bool Tally::Holds(const Unit& unit, const Conditions& conditions) {
  return std::ranges::all_of(
      conditions, [&unit](const auto& one) { return Among(Text(unit, one.first), one.second); });
}

bool Tally::HoldsInFrame(const Unit& unit, const Conditions& conditions) {
  return std::ranges::all_of(conditions, [&unit](const auto& one) {
    return Among((*unit.frame)[*one.first.of_frame], one.second);
  });
}

// Did the unit answer the question? Known not to be asked counts as answered, an unknown filter
// does not.
bool Tally::Answered(const Unit& unit) const {
  const bool all = std::ranges::all_of(
      request_->need, [&unit](const Column& column) { return !Text(unit, column).empty(); });
  const Conditions& route = request_->clause.route;
  if (route.empty()) return all;
  const bool filters = std::ranges::all_of(
      route, [&unit](const auto& one) { return !Text(unit, one.first).empty(); });
  return filters && (all || !Holds(unit, route));
}

bool Tally::InBase(const Unit& unit, const Clause& clause, const std::vector<Column>& need,
                   const Level& level) {
  return unit.responded && Holds(unit, clause.where) && Holds(unit, level.conditions) &&
         Holds(unit, clause.route) && std::ranges::all_of(need, [&](const Column& column) {
           const std::string_view answer = Text(unit, column);
           return !answer.empty() && !Among(answer, clause.exclude);
         });
}

bool Tally::InBase(const Unit& unit, const Level& level) const {
  return InBase(unit, request_->clause, request_->need, level);
}

bool Tally::FrameAlone(const Level& level) const {
  const auto of_frame = [](const auto& one) { return one.first.of_frame.has_value(); };
  return !request_->design.sample && std::ranges::all_of(request_->clause.where, of_frame) &&
         std::ranges::all_of(level.conditions, of_frame);
}

std::vector<Level> Tally::Levels(const Case& data) const {
  if (request_->by.empty()) return {Level{}};
  const bool of_frame =
      !request_->design.sample &&
      std::ranges::all_of(request_->by, [](const Column& one) { return one.of_frame.has_value(); });
  std::map<std::string, Level> levels;
  const auto add = [&](const auto& text) {
    Level level;
    for (const Column& column : request_->by) {
      const std::string value(text(column));
      level.name += (level.conditions.empty() ? "" : "|") + value;
      level.conditions.push_back({column, {value}});
    }
    levels.emplace(level.name, level);
  };
  if (of_frame) {
    for (const auto& row : data.frame.rows)
      add([&row](const Column& column) { return row[*column.of_frame]; });
  } else {
    // Levels that some answer has, in whatever year.
    std::map<std::string_view, const std::vector<std::string>*> frame;
    for (const auto& row : data.frame.rows) frame.emplace(row[data.frame_unit], &row);
    for (const auto& row : data.answers.rows) {
      Unit unit;
      unit.answers = &row;
      const auto found = frame.find(row[data.answer_unit]);
      if (!request_->design.sample && found != frame.end()) unit.frame = found->second;
      add([&unit](const Column& column) { return Text(unit, column); });
    }
  }
  std::vector<Level> out;
  for (auto& [name, level] : levels) out.push_back(std::move(level));
  return out;
}

std::optional<int32_t> Tally::FrameUnits(const Level& level) const {
  if (!FrameAlone(level)) return std::nullopt;
  int32_t units = 0;
  for (const Unit& unit : units_) {
    if (HoldsInFrame(unit, request_->clause.where) && HoldsInFrame(unit, level.conditions)) ++units;
  }
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
  std::vector<domain::StratumCell> cells(groups());
  const bool frame_alone = FrameAlone(level);
  for (const Unit& unit : units_) {
    if (!plain_ && !unit.responded) continue;
    domain::StratumCell& cell = cells[GroupOf(unit)];
    if (plain_) {
      ++cell.frame;
      if (unit.responded) ++cell.responded;
      if (frame_alone && HoldsInFrame(unit, request_->clause.where) &&
          HoldsInFrame(unit, level.conditions))
        ++cell.domain_frame;
    }
    if (!InBase(unit, level)) continue;
    ++cell.base;
    if (Among(Text(unit, request_->clause.question), yes)) ++cell.yes;
  }
  return cells;
}

std::vector<int32_t> Tally::CodeCounts(const Level& level,
                                       const std::vector<std::string>& codes) const {
  std::vector<int32_t> counts(groups() * codes.size());
  for (const Unit& unit : units_) {
    if (!InBase(unit, level)) continue;
    const auto code = std::ranges::find(codes, Text(unit, request_->clause.question));
    if (code == codes.end()) continue;
    ++counts[GroupOf(unit) * codes.size() + static_cast<size_t>(code - codes.begin())];
  }
  return counts;
}

std::vector<domain::DifferenceCell> Tally::DifferenceCells() const {
  std::vector<domain::DifferenceCell> cells(groups());
  for (const Unit& unit : units_) {
    if (!plain_ && !unit.responded) continue;
    domain::DifferenceCell& cell = cells[GroupOf(unit)];
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

CrossCounts Tally::Cross() const {
  struct Place {
    size_t group;
    std::string row;
    std::string column;
  };
  std::vector<Place> places;
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  CrossCounts out;
  out.base.assign(groups(), 0);
  for (const Unit& unit : units_) {
    if (!InBase(unit, Level{})) continue;
    std::string row(Text(unit, request_->clause.question));
    for (const auto& [code, group] : request_->groups) {
      if (code == row) {
        row = group;
        break;
      }
    }
    std::string column;
    for (const Column& one : request_->by)
      column += (&one == request_->by.data() ? "" : "|") + std::string(Text(unit, one));
    ++out.base[GroupOf(unit)];
    rows.push_back(row);
    columns.push_back(column);
    places.push_back({GroupOf(unit), std::move(row), std::move(column)});
  }
  const std::map<std::string, size_t> row_numbers = Numbered(rows);
  const std::map<std::string, size_t> column_numbers = Numbered(columns);
  for (const auto& [name, number] : row_numbers) out.rows.push_back(name);
  for (const auto& [name, number] : column_numbers) out.columns.push_back(name);
  out.counts.assign(groups() * out.rows.size() * out.columns.size(), 0);
  for (const Place& place : places) {
    const size_t row = row_numbers.find(place.row)->second;
    const size_t column = column_numbers.find(place.column)->second;
    ++out.counts[(place.group * out.rows.size() + row) * out.columns.size() + column];
  }
  return out;
}

std::vector<domain::AnswerState> Tally::States(const Level& level) const {
  std::vector<domain::AnswerState> states;
  for (const Unit& unit : units_) {
    if (!unit.responded) {
      states.push_back(domain::AnswerState::kSilent);
    } else if (!InBase(unit, level)) {
      states.push_back(domain::AnswerState::kOutside);
    } else {
      states.push_back(Among(Text(unit, request_->clause.question), request_->clause.yes)
                           ? domain::AnswerState::kYes
                           : domain::AnswerState::kNo);
    }
  }
  return states;
}

std::vector<int64_t> Tally::AuditCounts() const {
  std::vector<int64_t> counts(request_->row_levels.size() * request_->codes.size(), 0);
  for (const Unit& unit : units_) {
    if (!InBase(unit, Level{})) continue;
    const auto row = std::ranges::find(request_->row_levels, Text(unit, request_->rows));
    const auto code = std::ranges::find(request_->codes, Text(unit, request_->clause.question));
    if (row == request_->row_levels.end() || code == request_->codes.end()) continue;
    ++counts[static_cast<size_t>(row - request_->row_levels.begin()) * request_->codes.size() +
             static_cast<size_t>(code - request_->codes.begin())];
  }
  return counts;
}

double Tally::Evaluate(const Unit& unit, const Expression& expression) {
  if (!Holds(unit, expression.when)) return 0;
  if (!expression.scores.empty()) {
    if (!expression.question.has_value()) return 0;
    const std::string_view answer = Text(unit, *expression.question);
    const auto score =
        std::ranges::find(expression.scores, answer, &std::pair<std::string, double>::first);
    return score == expression.scores.end() ? 0 : score->second;
  }
  if (!expression.sum_of.empty()) {
    double sum = 0;
    for (const Column& column : expression.sum_of) sum += NumberOf(Text(unit, column));
    return sum;
  }
  return expression.value.has_value() ? NumberOf(Text(unit, *expression.value)) : 1;
}

std::optional<double> Tally::ScaleOf(const Expression& expression) const {
  int decimals = 0;
  double largest = 0;
  for (const Unit& unit : units_) {
    const double number = Evaluate(unit, expression);
    // A sum needs no more than its parts, but may seem to for its rounding.
    if (expression.sum_of.empty()) {
      decimals = std::max(decimals, DecimalsOf(number));
    } else {
      for (const Column& column : expression.sum_of)
        decimals = std::max(decimals, DecimalsOf(NumberOf(Text(unit, column))));
    }
    largest = std::max(largest, std::fabs(number));
  }
  const double scale = std::pow(10, decimals);
  if (decimals > kDecimalsMax || largest * scale > kScaledMax) return std::nullopt;
  return scale;
}

std::optional<Sums> Tally::SumsOf(const Level& level) const {
  Sums out;
  const Expression one;
  const Expression& denominator = request_->denominator.has_value() ? *request_->denominator : one;
  const std::optional<double> scale_a = ScaleOf(request_->numerator);
  const std::optional<double> scale_b = ScaleOf(denominator);
  if (!plain_ || !scale_a.has_value() || !scale_b.has_value()) return std::nullopt;
  out.scale_a = *scale_a;
  out.scale_b = *scale_b;
  out.strata.resize(strata_);
  for (const Unit& unit : units_) {
    domain::SumsCell& cell = out.strata[unit.stratum];
    ++cell.frame;
    if (unit.responded) ++cell.responded;
    if (InBase(unit, level))
      cell.Add(std::llround(Evaluate(unit, request_->numerator) * out.scale_a),
               std::llround(Evaluate(unit, denominator) * out.scale_b));
  }
  return out;
}

std::vector<domain::ValueRow> Tally::ValueRows(const Level& level) const {
  const Expression one;
  const Expression& denominator = request_->denominator.has_value() ? *request_->denominator : one;
  std::vector<domain::ValueRow> rows;
  for (const size_t i : in_answer_order_) {
    const Unit& unit = units_[i];
    if (InBase(unit, level))
      rows.push_back({unit.cell, Evaluate(unit, request_->numerator), Evaluate(unit, denominator)});
  }
  return rows;
}

std::vector<domain::QuantileRow> Tally::QuantileRows(const Level& level) const {
  std::vector<domain::QuantileRow> rows;
  for (const size_t i : in_answer_order_) {
    const std::optional<double> number = Parse(Text(units_[i], request_->value));
    if (number.has_value() && InBase(units_[i], level)) rows.push_back({units_[i].cell, *number});
  }
  return rows;
}

std::vector<std::pair<std::string, std::vector<int32_t>>> Tally::RespondentsBy(
    const Column& column) const {
  std::map<std::string, std::vector<int32_t>> by_value;
  for (const size_t i : in_answer_order_) {
    std::vector<int32_t>& counts = by_value[std::string(Text(units_[i], column))];
    counts.resize(weighting_.cells().size());
    ++counts[units_[i].cell];
  }
  return {by_value.begin(), by_value.end()};
}

double Tally::WeightedSum(const Column& column) const {
  double sum = 0;
  for (const size_t i : in_answer_order_)
    sum += weighting_.cells()[units_[i].cell].weight * NumberOf(Text(units_[i], column));
  return sum;
}

std::vector<std::pair<std::string, double>> Tally::UnitsAndWeights() const {
  std::vector<std::pair<std::string, double>> out;
  for (const size_t i : in_answer_order_)
    out.emplace_back((*units_[i].answers)[unit_column_], weighting_.cells()[units_[i].cell].weight);
  return out;
}

}  // namespace imdi::oracle
