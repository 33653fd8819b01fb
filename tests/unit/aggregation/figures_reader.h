#pragma once

// What a reader of FollowFigures makes of its messages, and the figures that follow from it. It
// refuses what breaks the rules of the stream.

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "imdi/survey/aggregation/v1/figures_service.pb.h"
#include "services/aggregation/aggregator.h"
#include "services/aggregation/figures_chunks.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/domain/survey_catalog.h"
#include "services/figures/edition_figures.h"

namespace imdi::testing_support {

namespace aggregation_pb = survey::aggregation::v1;

// The definitions that steps make.
inline std::shared_ptr<const domain::Catalog> CatalogOf(
    const std::vector<aggregation_pb::DefinitionStep>& steps) {
  std::shared_ptr<const domain::Catalog> out = domain::Catalog::Empty();
  for (const aggregation_pb::DefinitionStep& step : steps) {
    absl::StatusOr<std::shared_ptr<const domain::Catalog>> next = out;
    if (step.has_definition_applied()) {
      std::vector<domain::ItemNumbers::Assigned> numbers;
      for (const auto& item : step.definition_applied().new_items())
        numbers.push_back({item.item(), item.number()});
      next = out->Apply(step.definition_applied().definition(),
                        step.definition_applied().revision(), numbers);
    } else {
      const auto& state = step.edition_state_changed();
      next = out->WithState(state.edition(), state.state(), state.unit(), state.revision());
    }
    if (!next.ok()) {
      ADD_FAILURE() << next.status();
      return out;
    }
    out = *std::move(next);
  }
  return out;
}

inline std::shared_ptr<const domain::Catalog> CatalogOf(const aggregation::Snapshot& snapshot) {
  std::vector<aggregation_pb::DefinitionStep> steps;
  for (const auto& step : *snapshot.definitions) steps.push_back(*step);
  return CatalogOf(steps);
}

// Figures of a snapshot's edition by cell; none while there is nothing to count.
inline std::map<std::string, figures::query_pb::Figure> FiguresOf(
    const aggregation::Snapshot& snapshot, const std::string& edition) {
  std::map<std::string, figures::query_pb::Figure> out;
  const auto found = snapshot.editions.find(edition);
  if (found == snapshot.editions.end()) return out;
  const figures::EditionFigures figures(CatalogOf(snapshot), edition, found->second);
  for (size_t cell = 0; cell < figures.size(); ++cell) {
    figures::query_pb::Figure figure = figures.Make(cell).figure();
    std::string name = figure.name();
    out.emplace(std::move(name), std::move(figure));
  }
  return out;
}

class FiguresReader {
 public:
  // One swap.
  void Take(const std::deque<std::string>& chunks) {
    ASSERT_FALSE(chunks.empty());
    last_swap_ = {};
    for (size_t i = 0; i < chunks.size(); ++i) {
      aggregation_pb::FollowFiguresResponse chunk;
      ASSERT_TRUE(chunk.ParseFromString(chunks[i]));
      EXPECT_LE(chunks[i].size(), base::kMessageBytesMax / 2 + base::kKiB);
      EXPECT_EQ(chunk.last_chunk(), i + 1 == chunks.size());
      if (chunk.reset()) {
        EXPECT_EQ(i, 0u) << "a reset stands on the first chunk";
        *this = {};
        last_swap_.reset = true;
      }
      if (i > 0) {
        EXPECT_EQ(chunk.position(), position);
      }
      log_id = chunk.log_id();
      epoch = chunk.epoch();
      position = chunk.position();
      stopped = chunk.stopped();
      for (const auto& step : chunk.definitions()) {
        EXPECT_GT(step.position(), steps.empty() ? 0 : steps.back().position());
        EXPECT_EQ(last_swap_.blocks, 0) << "definitions come before the counts that rest on them";
        steps.push_back(step);
        ++last_swap_.steps;
      }
      for (const auto& one : chunk.counts()) {
        Counts& held = counts[one.edition()];
        if (held.plan != one.plan()) {
          EXPECT_TRUE(one.whole()) << "another plan begins whole";
          held = {.plan = one.plan(), .parts = {}};
        }
        for (const auto& block : one.blocks()) {
          std::vector<int32_t>& values = held.parts[block.index()];
          if (block.first() == 0) {
            values.clear();
            ++last_swap_.blocks;
          }
          EXPECT_EQ(block.first(), values.size()) << "pieces come in order";
          values.insert(values.end(), block.values().begin(), block.values().end());
        }
      }
      for (const auto& one : chunk.releases()) {
        Release& held = releases[one.release().name()];
        held.facts = one.release();
        EXPECT_EQ(static_cast<int>(held.parts.size()), one.first_part());
        for (const std::string& part : one.parts()) held.parts.push_back(part);
        held.part_count = one.part_count();
        ++last_swap_.releases;
      }
    }
    for (const auto& [name, release] : releases)
      EXPECT_EQ(static_cast<int>(release.parts.size()), release.part_count) << name;
  }

  // What it asks for when it comes back.
  aggregation_pb::FollowFiguresRequest Resume() const {
    aggregation_pb::FollowFiguresRequest out;
    out.set_log_id(log_id);
    out.set_epoch(epoch);
    out.set_definitions_position(steps.empty() ? 0 : steps.back().position());
    for (const auto& [name, release] : releases) {
      aggregation_pb::KnownRelease& known = *out.add_releases();
      known.set_name(name);
      known.set_content_hash(release.facts.content_hash());
    }
    return out;
  }

  // Everything that it has, as text.
  std::string Say() const {
    std::string out = base::StrCat(log_id, "/", epoch, "/", position, "\n");
    for (const auto& step : steps) out += step.SerializeAsString() + "\n";
    for (const auto& [edition, held] : counts) {
      out += base::StrCat(edition, " ", base::Hex(held.plan), "\n");
      for (const auto& [index, values] : held.parts)
        out += base::StrCat(index, ":", base::StrJoin(values, ","), "\n");
    }
    for (const auto& [name, release] : releases) {
      out += release.facts.DebugString();
      for (const std::string& part : release.parts) out += part;
    }
    return out;
  }

  struct Swap {
    bool reset = false;
    int steps = 0;
    int blocks = 0;
    int releases = 0;  // Messages about them.
  };
  const Swap& last_swap() const { return last_swap_; }

  struct Counts {
    std::string plan;
    std::map<uint32_t, std::vector<int32_t>> parts;
  };
  struct Release {
    figures::query_pb::Release facts;
    std::vector<std::string> parts;
    int part_count = 0;
  };
  std::string log_id;
  int64_t epoch = 0;
  int64_t position = 0;
  std::string stopped;
  std::vector<aggregation_pb::DefinitionStep> steps;
  std::map<std::string, Counts> counts;
  std::map<std::string, Release> releases;

 private:
  Swap last_swap_;
};

// A reader that has nothing takes the whole snapshot. `aggregator` finds the parts of older
// releases.
inline FiguresReader ReadAll(const aggregation::Aggregator& aggregator) {
  FiguresReader out;
  const auto snapshot = aggregator.Current();
  auto chunks = aggregation::MakeChunks(
      *snapshot, nullptr, {},
      [&](const aggregation::ClosedRelease& release) { return aggregator.PartsOf(release); });
  EXPECT_TRUE(chunks.ok()) << chunks.status();
  if (chunks.ok()) out.Take(*chunks);
  return out;
}

}  // namespace imdi::testing_support
