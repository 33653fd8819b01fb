#pragma once

// A published release as it is served: what its parts say, with labels filled in once.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/figures/release_content.h"
#include "services/query/figure_set.h"

namespace imdi::query {

class ReleaseSet final : public FigureSet {
 public:
  // STORE_CORRUPT where the parts are not what the facts say: another hash, another release, no
  // parts of ours.
  static absl::StatusOr<std::shared_ptr<const ReleaseSet>> Read(const query_pb::Release& facts,
                                                                std::span<const std::string> parts);

  const query_pb::Release& facts() const { return facts_; }
  const figures::ReleaseContent& content() const { return content_; }

  int64_t PositionIn(int64_t) const override { return content_.header.position(); }
  std::optional<size_t> Find(std::string_view cell) const override;
  MadeFigure At(size_t place) const override {
    return {.stored = &content_.figures[place], .bytes = &bytes_[place]};
  }
  size_t size() const override { return content_.figures.size(); }
  std::string_view CellOf(size_t rank) const override {
    return content_.figures[rank].figure().name();
  }
  size_t PlaceOf(size_t rank) const override { return rank; }
  const google::protobuf::RepeatedPtrField<query_pb::IndicatorInfo>& indicators() const override {
    return content_.header.indicators();
  }
  const figures::Labels& labels() const override { return labels_; }
  const store_pb::ReleaseHeader& header() const override { return content_.header; }

  // For Read alone.
  ReleaseSet(query_pb::Release facts, figures::ReleaseContent content);

 private:
  const query_pb::Release facts_;
  const figures::ReleaseContent content_;
  const figures::Labels labels_;
  std::vector<std::string> bytes_;
  absl::flat_hash_map<absl::string_view, size_t> by_cell_;
};

}  // namespace imdi::query
