#include "services/query/swap.h"

#include <utility>

#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/query/figure_name.h"

namespace imdi::query {

void SwapAssembler::Forget() {
  begun_ = false;
  reset_ = false;
  editions_.clear();
}

absl::StatusOr<SwapAssembler::Swap> SwapAssembler::Add(
    const aggregation_pb::FollowFiguresResponse& chunk, const Snapshot& before) {
  if (begun_ && chunk.position() != position_) {
    const std::string what =
        base::StrCat("a swap to position ", position_, " was cut by one to ", chunk.position());
    Forget();
    return base::Error(base::Reason::kInvalidArgument, what);
  }
  begun_ = true;
  position_ = chunk.position();
  reset_ = reset_ || chunk.reset();
  for (const aggregation_pb::EditionFigures& part : chunk.editions()) {
    IMDI_ASSIGN_OR_RETURN(const std::string id, ParseEditionName(part.edition().name()));
    auto& whole = editions_[id];
    if (part.continued() && whole == nullptr) {
      Forget();
      return base::Error(
          base::Reason::kInvalidArgument,
          base::StrCat("a chunk goes on with edition ", id, ", which none before it began"));
    }
    if (!part.continued()) whole = std::make_shared<aggregation_pb::EditionFigures>();
    whole->MergeFrom(part);
    whole->set_continued(false);
  }
  Swap out;
  if (!chunk.last_chunk()) return out;
  auto next = std::make_shared<Snapshot>();
  if (!reset_) next->editions = before.editions;
  next->log_id = chunk.log_id();
  next->epoch = chunk.epoch();
  next->position = chunk.position();
  next->time_us = chunk.time_us();
  next->stale = false;
  for (auto& [id, edition] : editions_) {
    next->editions[id] = std::make_shared<const EditionView>(*edition);
    out.changed.push_back(std::move(edition));
  }
  out.snapshot = std::move(next);
  out.reset = reset_;
  Forget();
  return out;
}

}  // namespace imdi::query
