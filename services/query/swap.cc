#include "services/query/swap.h"

#include <utility>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::query {
namespace {

absl::Status DoesNotFit(std::string_view what) {
  return base::Error(base::Reason::kInvalidArgument, what);
}

}  // namespace

void SwapAssembler::Forget() {
  begun_ = false;
  swap_ = {};
  count_bytes_ = 0;
  open_.reset();
}

absl::StatusOr<std::optional<Swap>> SwapAssembler::Add(
    const aggregation_pb::FollowFiguresResponse& chunk) {
  const auto add = [&]() -> absl::Status {
    if (begun_ && chunk.position() != swap_.position) {
      return DoesNotFit(base::StrCat("a swap to position ", swap_.position, " was cut by one to ",
                                     chunk.position()));
    }
    begun_ = true;
    swap_.reset = swap_.reset || chunk.reset();
    swap_.log_id = chunk.log_id();
    swap_.epoch = chunk.epoch();
    swap_.position = chunk.position();
    swap_.time_us = chunk.time_us();
    swap_.stopped = chunk.stopped();
    swap_.definitions.insert(swap_.definitions.end(), chunk.definitions().begin(),
                             chunk.definitions().end());
    for (const aggregation_pb::EditionCounts& counts : chunk.counts())
      IMDI_RETURN_IF_ERROR(AddCounts(counts));
    for (const aggregation_pb::ReleaseParts& parts : chunk.releases())
      IMDI_RETURN_IF_ERROR(AddParts(parts));
    if (chunk.last_chunk() && open_.has_value()) {
      return DoesNotFit(
          base::StrCat("a swap ended within release ", base::Quoted(open_->facts.name())));
    }
    return absl::OkStatus();
  };
  if (absl::Status added = add(); !added.ok()) {
    Forget();
    return added;
  }
  if (!chunk.last_chunk()) return std::optional<Swap>();
  std::optional<Swap> whole = std::move(swap_);
  Forget();
  return whole;
}

absl::Status SwapAssembler::AddCounts(const aggregation_pb::EditionCounts& counts) {
  const auto [place, fresh] = swap_.counts.try_emplace(counts.edition());
  Swap::Counts& into = place->second;
  if (fresh) {
    into.plan = counts.plan();
    into.whole = counts.whole();
  } else if (into.plan != counts.plan() || into.whole != counts.whole()) {
    return DoesNotFit(base::StrCat("the counts of edition ", base::Quoted(counts.edition()),
                                   " changed plan within a swap"));
  }
  for (const aggregation_pb::CountBlock& piece : counts.blocks()) {
    const auto [at, added] = into.blocks.try_emplace(piece.index());
    std::vector<int32_t>& values = at->second;
    if (piece.first() != values.size() || (!added && piece.values().empty())) {
      return DoesNotFit(base::StrCat("block ", piece.index(), " of edition ",
                                     base::Quoted(counts.edition()),
                                     " came twice in a swap, or with gaps"));
    }
    count_bytes_ += static_cast<size_t>(piece.values_size()) * sizeof(int32_t);
    if (count_bytes_ > base::kSwapCountBytesMax) {
      return base::Error(base::Reason::kTooLarge,
                         base::StrCat("the counts of a swap are larger than ",
                                      base::kSwapCountBytesMax, " bytes"));
    }
    values.insert(values.end(), piece.values().begin(), piece.values().end());
  }
  return absl::OkStatus();
}

absl::Status SwapAssembler::AddParts(const aggregation_pb::ReleaseParts& parts) {
  const std::string& name = parts.release().name();
  if (open_.has_value() && open_->facts.name() != name) {
    return DoesNotFit(base::StrCat("release ", base::Quoted(name), " began within release ",
                                   base::Quoted(open_->facts.name())));
  }
  if (!open_.has_value()) {
    open_ = Swap::Release{.facts = parts.release(), .parts = {}};
    open_parts_ = parts.part_count();
    open_bytes_ = 0;
  }
  if (parts.part_count() != open_parts_ || parts.parts().empty() ||
      parts.first_part() != static_cast<int32_t>(open_->parts.size()) ||
      parts.parts_size() > open_parts_ - parts.first_part()) {
    return DoesNotFit(base::StrCat("the parts of release ", base::Quoted(name), " have gaps"));
  }
  for (const std::string& part : parts.parts()) {
    open_bytes_ += part.size();
    if (open_bytes_ > base::kReleaseBytesMax) {
      return base::Error(base::Reason::kTooLarge,
                         base::StrCat("release ", base::Quoted(name), " is larger than ",
                                      base::kReleaseBytesMax, " bytes"));
    }
    open_->parts.push_back(part);
  }
  if (static_cast<int32_t>(open_->parts.size()) == open_parts_) {
    swap_.releases.push_back(*std::move(open_));
    open_.reset();
  }
  return absl::OkStatus();
}

}  // namespace imdi::query
