#pragma once

// Chunks of a stream → one swap: what came with a position, put together.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/aggregation/v1/figures_service.pb.h"

namespace imdi::query {

namespace aggregation_pb = survey::aggregation::v1;
namespace query_pb = survey::query::v1;

struct Swap {
  bool reset = false;
  std::string log_id;
  int64_t epoch = 0;
  int64_t position = 0;
  int64_t time_us = 0;
  std::string stopped;  // What stops folding; empty = nothing.

  std::vector<aggregation_pb::DefinitionStep> definitions;  // In log order.
  struct Counts {
    std::string plan;    // Fingerprint.
    bool whole = false;  // All blocks are here.
    std::map<uint32_t, std::vector<int32_t>> blocks;
  };
  std::map<std::string, Counts> counts;  // By edition id.
  struct Release {
    query_pb::Release facts;
    std::vector<std::string> parts;
  };
  std::vector<Release> releases;  // Whole ones.
};

// Used by one thread at a time.
class SwapAssembler {
 public:
  // Takes the next chunk of one stream; the swap with its last chunk. INVALID_ARGUMENT for chunks
  // that do not fit together, TOO_LARGE for a release beyond kReleaseBytesMax and for counts beyond
  // kSwapCountBytesMax: open the stream again.
  absl::StatusOr<std::optional<Swap>> Add(const aggregation_pb::FollowFiguresResponse& chunk);
  // The stream has ended: what was begun is forgotten.
  void Forget();

 private:
  absl::Status AddCounts(const aggregation_pb::EditionCounts& counts);
  absl::Status AddParts(const aggregation_pb::ReleaseParts& parts);

  bool begun_ = false;
  Swap swap_;
  size_t count_bytes_ = 0;  // Of its counts.
  // The release of which parts are still to come.
  std::optional<Swap::Release> open_;
  int32_t open_parts_ = 0;
  size_t open_bytes_ = 0;
};

}  // namespace imdi::query
