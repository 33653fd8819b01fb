#include "services/query/association.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/linear_estimate.h"
#include "services/domain/rao_scott.h"
#include "services/figures/edition_figures.h"
#include "services/query/columns.h"
#include "services/query/figures.h"

namespace imdi::query {
namespace {

using Strata = google::protobuf::RepeatedPtrField<query_pb::StratumEvidence>;

constexpr std::string_view kAnswer = "answer";
constexpr std::string_view kYes = "yes";            // The two sides of a share.
constexpr std::string_view kOthers = "others";      // Of the base, who gave none of the answers.
constexpr std::string_view kOverlap = " has_any ";  // In the numerator of a MULTI question.
constexpr double kLevel = 0.95;                     // Of intervals, which nobody reads here.

// Which cells are one side of the table.
struct Answers {
  const query_pb::IndicatorInfo* indicator = nullptr;
  std::string block;                // {indicator}.{basis}
  std::vector<std::string> pieces;  // "answer=3"; one empty piece for a share.
  bool against_others = false;      // One answer, and a row for the rest of the base.
};

absl::StatusOr<Answers> AnswersOf(const FigureSet& set, const CellName& cells) {
  if (cells.groups.size() > 1 || (cells.groups.size() == 1 && cells.groups[0].first != kAnswer)) {
    return base::InvalidField(
        "cells", "{indicator}.{basis} or {indicator}.{basis}.answer={code}; groups are attributes");
  }
  Answers out{.indicator = set.labels().FindIndicator(cells.indicator),
              .block = base::StrCat(cells.indicator, ".", cells.basis),
              .pieces = {},
              .against_others = true};
  if (out.indicator == nullptr) return FindCell(set, cells).status();
  const bool distribution = out.indicator->kind() == model::INDICATOR_KIND_DISTRIBUTION;
  if (!distribution && out.indicator->kind() != model::INDICATOR_KIND_SHARE) {
    return base::InvalidField(
        "cells", base::StrCat(out.indicator->name(),
                              " has no answers to tabulate: name a share or a distribution"));
  }
  if (distribution && cells.groups.empty()) {
    for (const query_pb::LabelledCode& category : out.indicator->categories()) {
      std::string piece = base::StrCat(kAnswer, "=", category.code());
      if (set.Find(base::StrCat(out.block, ".", piece)).has_value())
        out.pieces.push_back(std::move(piece));
    }
    if (!out.pieces.empty()) {
      if (out.indicator->numerator().find(kOverlap) != std::string::npos) {
        return base::InvalidField(
            "cells", base::StrCat("the answers of ", out.indicator->name(),
                                  " may overlap; name one of them, for example ", out.block, ".",
                                  out.pieces.front()));
      }
      out.against_others = false;
      return out;
    }
  }
  IMDI_RETURN_IF_ERROR(FindCell(set, cells).status());
  out.pieces.push_back(cells.groups.empty() ? std::string()
                                            : base::StrCat(kAnswer, "=", cells.groups[0].second));
  return out;
}

// The strata that the indicator's figures are weighted by.
struct Weights {
  uint32_t number = 0;  // As ReleaseFigure.weight_set.
  const Strata* strata = nullptr;
};
absl::StatusOr<Weights> WeightsOf(const query_pb::IndicatorInfo& indicator,
                                  const store_pb::ReleaseHeader& header) {
  const auto set =
      std::ranges::find(header.weight_sets(), indicator.weights(), &query_pb::WeightSetInfo::name);
  if (set == header.weight_sets().end()) return Weights{.number = 0, .strata = &header.strata()};
  if (set->method() == model::WEIGHT_METHOD_STRATA) {
    return Weights{.number = static_cast<uint32_t>(set - header.weight_sets().begin()) + 1,
                   .strata = &set->cells()};
  }
  return base::InvalidField(
      "cells", base::StrCat(indicator.name(), " is weighted by ", indicator.weights(),
                            ", which calibrates; the test is of weights by stratum alone"));
}

// The table by stratum of the weights.
struct Table {
  size_t rows = 0;
  size_t columns = 0;
  Weights weights;                                  // What the places of strata mean.
  std::map<uint32_t, std::vector<int32_t>> counts;  // By place: rows x columns, by row.
  bool open = false;  // Units may belong to the base of some group and have not said so.
};

// Whether units may belong to a figure's base that have not said so.
bool IsOpen(const query_pb::Figure& figure) {
  if (!figure.has_no_value()) return figure.estimate().may_belong() > 0;
  const query_pb::NoValueReason why = figure.no_value().reason();
  return why != query_pb::NO_VALUE_REASON_NOT_APPLICABLE &&
         why != query_pb::NO_VALUE_REASON_NOT_ASKED;
}

// Adds one group.
absl::Status TakeGroup(const FigureSet& set, const Answers& answers, const Column& column,
                       size_t number, Table& table) {
  const auto contradiction = [&] {
    return base::Error(
        base::Reason::kStoreCorrupt,
        base::StrCat(set.name(), ": the cells of ", base::Quoted(answers.block), " by ",
                     base::Quoted(column.group), " do not fit together; verify the release"));
  };
  std::map<uint32_t, int32_t> rest;  // Of the base, by stratum: who gave none of the answers.
  for (size_t row = 0; row < answers.pieces.size(); ++row) {
    const std::string cell = CellOf(answers.block, answers.pieces[row], column);
    const std::optional<size_t> place = set.Find(cell);
    if (!place.has_value()) {
      return base::Error(base::Reason::kCellNotInRelease,
                         base::StrCat(base::Quoted(cell), " is not a cell of ", set.name()));
    }
    const store_pb::ReleaseFigure& stored = *set.At(*place).stored;
    if (stored.base_size() != stored.strata_size() || stored.yes_size() != stored.strata_size() ||
        stored.weight_set() != table.weights.number)
      return contradiction();
    table.open = table.open || IsOpen(stored.figure());
    for (int i = 0; i < stored.strata_size(); ++i) {
      const uint32_t stratum = stored.strata(i);
      if (stratum >= static_cast<uint32_t>(table.weights.strata->size())) return contradiction();
      if (row == 0) rest[stratum] = static_cast<int32_t>(stored.base(i));
      rest[stratum] -= static_cast<int32_t>(stored.yes(i));
      std::vector<int32_t>& counts = table.counts[stratum];
      counts.resize(table.rows * table.columns);
      counts[row * table.columns + number] = static_cast<int32_t>(stored.yes(i));
    }
  }
  for (const auto& [stratum, units] : rest) {
    if (units < 0 || (units > 0 && !answers.against_others)) return contradiction();
    if (answers.against_others)
      table.counts[stratum][(table.rows - 1) * table.columns + number] = units;
  }
  return absl::OkStatus();
}

// Rows or columns of the table that have a unit.
std::vector<size_t> Occupied(const Table& table, bool rows) {
  std::vector<size_t> out;
  for (size_t side = 0; side < (rows ? table.rows : table.columns); ++side) {
    const auto has_unit = [&](const auto& stratum) {
      for (size_t other = 0; other < (rows ? table.columns : table.rows); ++other) {
        const size_t row = rows ? side : other;
        const size_t column = rows ? other : side;
        if (stratum.second[row * table.columns + column] > 0) return true;
      }
      return false;
    };
    if (std::any_of(table.counts.begin(), table.counts.end(), has_unit)) out.push_back(side);
  }
  return out;
}

absl::Status TooLarge(size_t answers, size_t groups, std::string_view over) {
  return base::Error(base::Reason::kTooLarge,
                     base::StrCat(answers, " answers by ", groups, " groups are over ", over,
                                  "; name one answer, or a breakdown with fewer groups"));
}

// The table itself, for readers who want to follow the test.
absl::Status PutTable(const Table& table, const Answers& answers, std::span<const Column> columns,
                      query_pb::Association& out) {
  const std::vector<size_t> rows = Occupied(table, true);
  const std::vector<size_t> groups = Occupied(table, false);
  for (const size_t row : rows) {
    const bool others = answers.against_others && row == answers.pieces.size();
    out.add_table_answers(others                        ? std::string(kOthers)
                          : answers.pieces[row].empty() ? std::string(kYes)
                                                        : answers.pieces[row]);
  }
  for (const size_t group : groups) out.add_table_groups(columns[group].group);
  for (const auto& [place, units] : table.counts) {
    if (std::accumulate(units.begin(), units.end(), 0) == 0) continue;
    const query_pb::StratumEvidence& evidence = (*table.weights.strata)[static_cast<int>(place)];
    query_pb::AssociationStratum& stratum = *out.add_table();
    stratum.set_stratum(evidence.stratum());
    stratum.set_frame(evidence.frame());
    stratum.set_responded(evidence.responded());
    for (const size_t row : rows) {
      for (const size_t group : groups) stratum.add_counts(units[row * table.columns + group]);
    }
  }
  if (out.ByteSizeLong() <= base::kExplanationBytesMax) return absl::OkStatus();
  return TooLarge(rows.size(), groups.size(),
                  base::StrCat("what fits into an answer for ", out.table_size(), " strata"));
}

// Fills in what the table says.
absl::Status Test(const Table& table, const std::function<absl::Status()>& wanted,
                  query_pb::Association& out) {
  const auto ended = [&out](query_pb::AssociationStatus status) {
    out.set_status(status);
    return absl::OkStatus();
  };
  const std::vector<size_t> rows = Occupied(table, true);
  const std::vector<size_t> columns = Occupied(table, false);
  std::vector<domain::StratumCell> strata;
  std::vector<int32_t> counts;  // Strata x rows x columns, of those that have a unit.
  int32_t base = 0;
  bool census = true;
  for (const auto& [place, units] : table.counts) {
    const query_pb::StratumEvidence& evidence = (*table.weights.strata)[static_cast<int>(place)];
    domain::StratumCell stratum{.frame = evidence.frame(), .responded = evidence.responded()};
    stratum.base = std::accumulate(units.begin(), units.end(), 0);
    if (stratum.base == 0) continue;
    for (const size_t row : rows) {
      for (const size_t column : columns) counts.push_back(units[row * table.columns + column]);
    }
    base += stratum.base;
    census = census && stratum.responded >= stratum.frame;
    strata.push_back(stratum);
  }
  out.set_answers(static_cast<int32_t>(rows.size()));
  out.set_groups(static_cast<int32_t>(columns.size()));
  out.set_base(base);
  out.set_strata(static_cast<int32_t>(strata.size()));
  if (base == 0) return ended(query_pb::ASSOCIATION_STATUS_EMPTY);
  out.set_status(query_pb::ASSOCIATION_STATUS_ONE_LEVEL);
  if (rows.size() < 2 || columns.size() < 2) return absl::OkStatus();
  const size_t cell_count = rows.size() * columns.size();
  if (cell_count * cell_count * strata.size() > base::kAssociationStepsMax) {
    return TooLarge(rows.size(), columns.size(),
                    base::StrCat("what is tested in ", strata.size(), " strata"));
  }
  IMDI_RETURN_IF_ERROR(wanted());
  const domain::Distribution cells =
      domain::EstimateDistribution(strata, counts, cell_count, domain::Lonely::kAdjust, kLevel);
  IMDI_RETURN_IF_ERROR(wanted());
  std::vector<double> shares;
  for (const domain::Proportion& cell : cells.codes) shares.push_back(cell.estimate);
  const int32_t nu = base - out.strata();
  const domain::RaoScottTest test =
      domain::TestAssociation(shares, cells.covariance, rows.size(), columns.size(), base, nu);
  if (!test.tested) return absl::OkStatus();
  // Without spread shares that do not differ may still differ by rounding.
  out.set_x2(!test.f.has_value() && test.chi_squared_p == 1.0 ? 0 : test.x2);
  out.set_degrees(test.degrees);
  if (census) {
    return ended(table.open ? query_pb::ASSOCIATION_STATUS_OPEN
                            : query_pb::ASSOCIATION_STATUS_CENSUS);
  }
  if (nu < 1) return ended(query_pb::ASSOCIATION_STATUS_NO_DF);
  out.set_status(query_pb::ASSOCIATION_STATUS_TESTED);
  if (test.f.has_value()) out.set_f(*test.f);
  if (test.numerator_df.has_value()) out.set_numerator_df(*test.numerator_df);
  if (test.denominator_df.has_value()) out.set_denominator_df(*test.denominator_df);
  if (test.p.has_value()) out.set_p(*test.p);
  out.set_mean_design_effect(test.mean_design_effect);
  if (test.chi_squared_p.has_value()) out.set_chi_squared_p(*test.chi_squared_p);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<query_pb::Association> AssociationOf(const FigureSet& set,
                                                    const query_pb::TestAssociationRequest& request,
                                                    const std::function<absl::Status()>& wanted) {
  IMDI_ASSIGN_OR_RETURN(const CellName cells, CellName::Parse(request.cells()));
  IMDI_ASSIGN_OR_RETURN(const std::vector<std::string> attributes,
                        SortedAttributes(request.attributes()));
  const store_pb::ReleaseHeader& header = set.header();
  if (header.rule_version() != figures::kRuleVersion) {
    return base::InvalidField(
        "parent",
        base::StrCat(set.name(), " was computed under rule version ", header.rule_version(),
                     "; this build computes under ", figures::kRuleVersion, " alone"));
  }
  IMDI_ASSIGN_OR_RETURN(const Answers answers, AnswersOf(set, cells));
  IMDI_ASSIGN_OR_RETURN(const std::vector<Column> columns,
                        ColumnsOf(*answers.indicator, attributes, set));
  Table table{.rows = answers.pieces.size() + (answers.against_others ? 1 : 0),
              .columns = columns.size(),
              .weights = {},
              .counts = {},
              .open = false};
  if (table.rows * table.columns > base::kAssociationCellsMax) {
    return TooLarge(table.rows, table.columns, base::StrCat(base::kAssociationCellsMax, " cells"));
  }
  IMDI_ASSIGN_OR_RETURN(table.weights, WeightsOf(*answers.indicator, header));
  for (size_t number = 0; number < columns.size(); ++number) {
    IMDI_RETURN_IF_ERROR(wanted());
    IMDI_RETURN_IF_ERROR(TakeGroup(set, answers, columns[number], number, table));
  }
  query_pb::Association out;
  out.set_release(set.name());
  out.set_cells(cells.Canonical());
  out.mutable_attributes()->Assign(attributes.begin(), attributes.end());
  out.set_rule_version(header.rule_version());
  IMDI_RETURN_IF_ERROR(Test(table, wanted, out));
  if (request.with_table()) IMDI_RETURN_IF_ERROR(PutTable(table, answers, columns, out));
  return out;
}

absl::StatusOr<query_pb::Association> TestAssociation(
    Reading& reading, const query_pb::TestAssociationRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const ReleaseName parent, ReleaseName::Parse(request.parent()));
  IMDI_ASSIGN_OR_RETURN(const auto set, reading.Figures(parent.edition, parent.release));
  IMDI_ASSIGN_OR_RETURN(query_pb::Association out,
                        AssociationOf(*set, request, [&] { return reading.CheckWanted(); }));
  const Snapshot& snapshot = reading.snapshot();
  out.set_position(set->PositionIn(snapshot.position));
  out.set_stale(snapshot.stale);
  if (snapshot.stale) out.set_stale_since_us(snapshot.stale_since_us);
  return out;
}

}  // namespace imdi::query
