#pragma once

// Everything that a call is answered from. Immutable.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "imdi/survey/aggregation/v1/figures_service.pb.h"
#include "imdi/survey/query/v1/figure.pb.h"
#include "imdi/survey/query/v1/query_service.pb.h"

namespace imdi::query {

namespace aggregation_pb = survey::aggregation::v1;
namespace model = survey::model::v1;
namespace query_pb = survey::query::v1;

// One figure, its bytes made ready when it came; only the snapshot's position is still to be added.
struct ReadyFigure {
  std::string name;
  std::string indicator;
  std::string basis;
  std::string attribute;  // Empty = the total.
  std::string bytes;
};

// One edition's figures. Shared by all snapshots between two changes of it.
class EditionView {
 public:
  explicit EditionView(const aggregation_pb::EditionFigures& edition);
  EditionView(const EditionView&) = delete;
  EditionView& operator=(const EditionView&) = delete;

  const query_pb::EditionSummary& summary() const { return summary_; }
  const std::vector<ReadyFigure>& figures() const { return figures_; }  // By name.
  const ReadyFigure* Find(std::string_view name) const;
  bool HasIndicator(std::string_view id) const;
  bool HasBasis(std::string_view indicator, std::string_view basis) const;
  const std::vector<model::Claim>& claims() const { return claims_; }  // By name.

 private:
  query_pb::EditionSummary summary_;
  std::vector<ReadyFigure> figures_;
  absl::flat_hash_map<std::string, size_t> by_name_;
  std::vector<model::Claim> claims_;
};

struct Snapshot {
  std::string log_id;
  int64_t epoch = 0;
  int64_t position = 0;
  int64_t time_us = 0;
  bool stale = true;  // Aggregation is not heard.
  std::map<std::string, std::shared_ptr<const EditionView>, std::less<>> editions;  // By id.
};

// The figure as a message of that snapshot.
std::string BytesOf(const ReadyFigure& figure, const Snapshot& snapshot);
query_pb::Figure MessageOf(const ReadyFigure& figure, const Snapshot& snapshot);
query_pb::EditionSummary SummaryOf(const EditionView& edition, const Snapshot& snapshot);

}  // namespace imdi::query
