#pragma once

// A set of figures that holds one table, answers x groups by stratum, as a release stores it: for a
// test that states its counts.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/figures/edition_figures.h"
#include "services/query/figure_set.h"

namespace imdi::testing_support {

namespace model = survey::model::v1;
namespace query_pb = survey::query::v1;
namespace store_pb = survey::store::v1;

struct TabulatedCounts {
  struct Stratum {
    int32_t frame = 0;
    int32_t responded = 0;
    std::vector<int32_t> counts;  // Answers x groups, by row.
  };
  size_t answers = 0;
  size_t groups = 0;
  std::vector<Stratum> strata;
};

// Indicators: Q, a distribution with codes 0, 1, …; MULTI, the same as one whose answers may
// overlap; YES, the share of code 0; RATE, a response rate without cells. On the basis B, by the
// attribute `by` with groups 0, 1, ….
class TabulatedSet final : public query::FigureSet {
 public:
  explicit TabulatedSet(const TabulatedCounts& table)
      : FigureSet("E17", 1), header_(HeaderOf(table)), labels_(header_.indicators()) {
    for (size_t group = 0; group < table.groups; ++group) {
      for (size_t answer = 0; answer < table.answers; ++answer) {
        const std::string pieces =
            ".B.answer=" + std::to_string(answer) + ".by=" + std::to_string(group);
        Put("Q" + pieces, table, answer, group);
        Put("MULTI" + pieces, table, answer, group);
      }
      Put("YES.B.by=" + std::to_string(group), table, 0, group);
    }
    // The totals are asked for by name alone.
    for (size_t answer = 0; answer < table.answers; ++answer) {
      figures_["Q.B.answer=" + std::to_string(answer)];
      figures_["MULTI.B.answer=" + std::to_string(answer)];
    }
    figures_["YES.B"];
    for (const auto& [cell, figure] : figures_) order_.push_back(cell);
  }

  // As what was stored may be wrong or under other rules.
  void ChangeHeader(const std::function<void(store_pb::ReleaseHeader&)>& change) {
    change(header_);
    labels_ = figures::Labels(header_.indicators());
  }
  store_pb::ReleaseFigure& figure(const std::string& cell) { return figures_.at(cell); }

  int64_t PositionIn(int64_t) const override { return 7; }
  std::optional<size_t> Find(std::string_view cell) const override {
    const auto found = std::lower_bound(order_.begin(), order_.end(), cell);
    if (found == order_.end() || *found != cell) return std::nullopt;
    return static_cast<size_t>(found - order_.begin());
  }
  query::MadeFigure At(size_t place) const override {
    return {.stored = &figures_.at(order_[place]), .bytes = nullptr};
  }
  size_t size() const override { return order_.size(); }
  std::string_view CellOf(size_t rank) const override { return order_[rank]; }
  size_t PlaceOf(size_t rank) const override { return rank; }
  const google::protobuf::RepeatedPtrField<query_pb::IndicatorInfo>& indicators() const override {
    return header_.indicators();
  }
  const figures::Labels& labels() const override { return labels_; }
  const store_pb::ReleaseHeader& header() const override { return header_; }

 private:
  static store_pb::ReleaseHeader HeaderOf(const TabulatedCounts& table) {
    store_pb::ReleaseHeader out;
    out.set_rule_version(figures::kRuleVersion);
    for (const TabulatedCounts::Stratum& stratum : table.strata) {
      query_pb::StratumEvidence& one = *out.add_strata();
      one.set_frame(stratum.frame);
      one.set_responded(stratum.responded);
    }
    for (const char* id : {"MULTI", "Q", "RATE", "YES"}) {
      query_pb::IndicatorInfo& info = *out.add_indicators();
      info.set_name(std::string("indicators/") + id);
      info.add_bases()->set_id("B");
      query_pb::BreakdownInfo& by = *info.add_breakdowns();
      by.add_attributes("by");
      for (size_t group = 0; group < table.groups; ++group)
        by.add_groups()->set_code("by=" + std::to_string(group));
      const std::string_view kind = id;
      info.set_kind(kind == "RATE"  ? model::INDICATOR_KIND_OUTCOME_RATE
                    : kind == "YES" ? model::INDICATOR_KIND_SHARE
                                    : model::INDICATOR_KIND_DISTRIBUTION);
      if (info.kind() != model::INDICATOR_KIND_DISTRIBUTION) continue;
      info.set_numerator(kind == "MULTI" ? "M has_any ({answer})" : "Q == {answer}");
      for (size_t answer = 0; answer < table.answers; ++answer)
        info.add_categories()->set_code(std::to_string(answer));
    }
    return out;
  }

  void Put(const std::string& cell, const TabulatedCounts& table, size_t answer, size_t group) {
    store_pb::ReleaseFigure& figure = figures_[cell];
    figure.mutable_figure()->set_name(cell);
    for (size_t stratum = 0; stratum < table.strata.size(); ++stratum) {
      const std::vector<int32_t>& counts = table.strata[stratum].counts;
      uint32_t base = 0;
      for (size_t other = 0; other < table.answers; ++other)
        base += static_cast<uint32_t>(counts[other * table.groups + group]);
      // A stratum without units of the group stands in none of its cells.
      if (base == 0) continue;
      figure.add_strata(static_cast<uint32_t>(stratum));
      figure.add_domain_frame(base);
      figure.add_base(base);
      figure.add_yes(static_cast<uint32_t>(counts[answer * table.groups + group]));
    }
  }

  store_pb::ReleaseHeader header_;
  figures::Labels labels_;
  std::map<std::string, store_pb::ReleaseFigure, std::less<>> figures_;
  std::vector<std::string> order_;
};

}  // namespace imdi::testing_support
