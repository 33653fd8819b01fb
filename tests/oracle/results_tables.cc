#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/base/text.h"
#include "services/domain/multiplicity.h"
#include "services/domain/suppression_audit.h"
#include "tests/oracle/results_parts.h"

namespace imdi::oracle {

Value BhOf(const Request& request, const Value& done) {
  std::vector<std::string> ids;
  std::vector<std::optional<double>> p;
  const auto add = [&](std::string id, const Value* value) {
    const bool number = value != nullptr && value->kind == Value::Kind::kNumber;
    ids.push_back(std::move(id));
    p.push_back(number ? std::optional(value->number) : std::nullopt);
  };
  for (size_t i = 0; i < request.p.size(); ++i) {
    char* end = nullptr;
    const double number = std::strtod(request.p[i].c_str(), &end);
    const Value value = *end == 0 && !request.p[i].empty() ? Value::Number(number) : Value();
    add(base::StrCat("p", i + 1), &value);
  }
  if (request.p.empty()) {
    for (const std::string& id : request.requests) {
      const Value* result = done.Find(id);
      const Value* cells = result == nullptr ? nullptr : result->Find("cells");
      if (cells == nullptr) {
        add(id, result == nullptr ? nullptr : result->FindPath(request.field));
        continue;
      }
      for (const Value& cell : cells->list)
        add(base::StrCat(id, "#", cell.Find("level")->text), cell.FindPath(request.field));
    }
  }
  const std::vector<domain::AdjustedP> adjusted = domain::AdjustForMultiplicity(p);
  int rejected = 0;
  int tests = 0;
  std::vector<Value> list;
  for (size_t i = 0; i < p.size(); ++i) {
    const domain::AdjustedP& one = adjusted[i];
    if (one.holm.has_value()) ++tests;
    if (one.benjamini_hochberg.has_value() && *one.benjamini_hochberg <= request.q) ++rejected;
    list.push_back(Value::Object()
                       .Set("id", Value::Text(ids[i]))
                       .Set("p", Number(p[i]))
                       .Set("bh", Number(one.benjamini_hochberg))
                       .Set("by", Number(one.benjamini_yekutieli))
                       .Set("holm", Number(one.holm)));
  }
  return Value::Object()
      .Set("m", Value::Number(tests))
      .Set("tests", Value::List(std::move(list)))
      .Set("rejected_bh", Value::Number(rejected))
      .Set("q", Value::Number(request.q));
}

Value AuditOf(const Request& request, const Tally& tally) {
  const std::vector<int64_t> counts = tally.AuditCounts();
  const size_t rows = request.row_levels.size();
  const size_t columns = request.codes.size();
  std::vector<int64_t> of_row(rows, 0);
  std::vector<int64_t> of_column(columns, 0);
  int64_t total = 0;
  Value primary = Value::List();
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      const int64_t count = counts[i * columns + j];
      of_row[i] += count;
      of_column[j] += count;
      total += count;
      if (count > 0 && static_cast<double>(count) < request.threshold)
        primary.list.push_back(Texts({request.row_levels[i], request.codes[j]}));
    }
  }
  const auto place = [](const std::vector<std::string>& names, const std::string& name) {
    return static_cast<size_t>(std::ranges::find(names, name) - names.begin());
  };
  std::vector<domain::TableCell> suppressed;
  for (const auto& [row, code] : request.suppressed)
    suppressed.push_back({place(request.row_levels, row), place(request.codes, code)});
  const std::vector<domain::CellRange> ranges =
      domain::AuditSuppressedCells(counts, rows, columns, suppressed);
  bool safe = true;
  Value intervals = Value::List();
  for (size_t i = 0; i < ranges.size(); ++i) {
    const domain::CellRange& range = ranges[i];
    safe = safe && static_cast<double>(range.most - range.least) >= request.protect;
    const int64_t value = counts[suppressed[i].row * columns + suppressed[i].column];
    intervals.list.push_back(Value::Object()
                                 .Set("row", Value::Text(request.suppressed[i].first))
                                 .Set("code", Value::Text(request.suppressed[i].second))
                                 .Set("value", Value::Number(static_cast<double>(value)))
                                 .Set("min", Value::Number(static_cast<double>(range.least)))
                                 .Set("max", Value::Number(static_cast<double>(range.most))));
  }
  Value safely;
  safely.kind = Value::Kind::kBool;
  safely.flag = safe;
  return Value::Object()
      .Set("rows", Texts(request.row_levels))
      .Set("codes", Texts(request.codes))
      .Set("table", Matrix(std::vector<double>(counts.begin(), counts.end()), columns))
      .Set("row_totals", Numbers(of_row))
      .Set("col_totals", Numbers(of_column))
      .Set("total", Value::Number(static_cast<double>(total)))
      .Set("primary", std::move(primary))
      .Set("intervals", std::move(intervals))
      .Set("safe", std::move(safely));
}

}  // namespace imdi::oracle
