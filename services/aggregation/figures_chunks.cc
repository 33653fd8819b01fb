#include "services/aggregation/figures_chunks.h"

#include <algorithm>
#include <map>
#include <utility>

#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::aggregation {
namespace {

using survey::aggregation::v1::DefinitionStep;
using survey::aggregation::v1::FollowFiguresRequest;
using survey::aggregation::v1::FollowFiguresResponse;

// What an element costs beside its own bytes, at most: tags and lengths of it and of what holds it.
constexpr size_t kFramingBytes = 32;
// Values that fit into a chunk whatever they are: one takes ten bytes at most.
constexpr size_t kPieceValues = base::kFollowChunkBytesMax / 10 - kFramingBytes;

// Fills chunks up to their bound.
class Chunker {
 public:
  Chunker(const Snapshot& snapshot, bool reset) {
    base_.set_position(snapshot.position);
    base_.set_time_us(snapshot.time_us);
    base_.set_log_id(snapshot.log_id);
    base_.set_epoch(snapshot.epoch);
    base_.set_stopped(snapshot.stopped.empty() ? snapshot.unheard : snapshot.stopped);
    chunk_ = base_;
    chunk_.set_reset(reset);
  }

  void Add(const DefinitionStep& step) {
    MakeRoomFor(step.ByteSizeLong());
    *chunk_.add_definitions() = step;
  }

  // The parts of `counts` whose pointers differ from those of `before`; all of them without it.
  void Add(const std::string& edition, const domain::EditionCounts& counts,
           const domain::EditionCounts* before) {
    survey::aggregation::v1::EditionCounts* target = nullptr;
    for (size_t part = 0; part < counts.parts().size(); ++part) {
      const domain::EditionCounts::Part& values = counts.parts()[part];
      if (before != nullptr && before->parts()[part] == values) continue;
      for (size_t first = 0; first == 0 || first < values->size(); first += kPieceValues) {
        const size_t count = std::min(kPieceValues, values->size() - first);
        survey::aggregation::v1::CountBlock piece;
        piece.set_index(static_cast<uint32_t>(part));
        piece.set_first(static_cast<uint32_t>(first));
        const auto from = values->begin() + static_cast<ptrdiff_t>(first);
        piece.mutable_values()->Add(from, from + static_cast<ptrdiff_t>(count));
        if (MakeRoomFor(piece.ByteSizeLong() + edition.size()) || target == nullptr) {
          target = chunk_.add_counts();
          target->set_edition(edition);
          target->set_plan(counts.plan().fingerprint());
          target->set_whole(before == nullptr);
        }
        *target->add_blocks() = std::move(piece);
      }
    }
  }

  void Add(const ClosedRelease& release, const std::vector<std::string>& parts) {
    survey::aggregation::v1::ReleaseParts* target = nullptr;
    for (size_t index = 0; index < parts.size(); ++index) {
      if (MakeRoomFor(parts[index].size() + release.facts.ByteSizeLong()) || target == nullptr) {
        target = chunk_.add_releases();
        *target->mutable_release() = release.facts;
        target->set_first_part(static_cast<int32_t>(index));
        target->set_part_count(release.part_count);
      }
      target->add_parts(parts[index]);
    }
  }

  std::deque<std::string> Finish() && {
    chunk_.set_last_chunk(true);
    out_.push_back(chunk_.SerializeAsString());
    return std::move(out_);
  }

 private:
  // True where a new chunk began.
  bool MakeRoomFor(size_t bytes) {
    const bool full = bytes_ > 0 && bytes_ + bytes + kFramingBytes > base::kFollowChunkBytesMax;
    if (full) {
      out_.push_back(chunk_.SerializeAsString());
      chunk_ = base_;
      bytes_ = 0;
    }
    bytes_ += bytes + kFramingBytes;
    return full;
  }

  FollowFiguresResponse base_;
  FollowFiguresResponse chunk_;
  size_t bytes_ = 0;
  std::deque<std::string> out_;
};

// Also for 0: a reader without any definition.
bool HasStepAt(const Snapshot::Steps& steps, int64_t position) {
  const auto found =
      std::lower_bound(steps.begin(), steps.end(), position,
                       [](const auto& step, int64_t wanted) { return step->position() < wanted; });
  return position == 0 || (found != steps.end() && (*found)->position() == position);
}

}  // namespace

absl::StatusOr<std::deque<std::string>> MakeChunks(const Snapshot& next, const Snapshot* sent,
                                                   const FollowFiguresRequest& request,
                                                   const FindParts& parts) {
  // Another log, epoch or folding of it than the reader's: nothing that it has can be gone on from.
  // A reader that comes back has a definition at the position that it names.
  const bool reset = sent == nullptr
                         ? request.log_id() != next.log_id || request.epoch() != next.epoch ||
                               !HasStepAt(*next.definitions, request.definitions_position())
                         : sent->generation != next.generation || sent->log_id != next.log_id;
  if (reset) sent = nullptr;
  Chunker chunker(next, reset);

  if (sent == nullptr) {
    const int64_t has = reset ? 0 : request.definitions_position();
    for (const auto& step : *next.definitions)
      if (step->position() > has) chunker.Add(*step);
  } else if (sent->definitions != next.definitions) {
    for (size_t i = sent->definitions->size(); i < next.definitions->size(); ++i)
      chunker.Add(*(*next.definitions)[i]);
  }

  for (const auto& [id, counts] : next.editions) {
    const domain::EditionCounts* before = nullptr;
    if (sent != nullptr) {
      const auto found = sent->editions.find(id);
      if (found != sent->editions.end() &&
          found->second->plan().fingerprint() == counts->plan().fingerprint())
        before = found->second.get();
    }
    if (before != counts.get()) chunker.Add(id, *counts, before);
  }

  if (sent == nullptr || sent->releases != next.releases) {
    std::map<std::string_view, std::string_view> has;  // Hashes by name.
    if (sent == nullptr && !reset) {
      for (const auto& known : request.releases()) has[known.name()] = known.content_hash();
    }
    for (const auto& [edition, releases] : *next.releases) {
      size_t first = 0;
      if (sent != nullptr) {
        const auto found = sent->releases->find(edition);
        if (found != sent->releases->end()) first = found->second.size();
      }
      for (size_t i = first; i < releases.size(); ++i) {
        const query_pb::Release& facts = releases[i]->facts;
        const auto known = has.find(facts.name());
        if (known != has.end() && known->second == facts.content_hash()) continue;
        IMDI_ASSIGN_OR_RETURN(const auto content, parts(*releases[i]));
        chunker.Add(*releases[i], *content);
      }
    }
  }
  return std::move(chunker).Finish();
}

}  // namespace imdi::aggregation
