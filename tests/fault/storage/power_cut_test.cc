// The power fails at any write, sync, rename, creation or deletion, again and again, also while the
// log is being made or opened. Afterwards every acknowledged request is there, once, where it was
// said to be; every other one is there once or not at all, and asking again tells which.
//
// IMDI_CAMPAIGN_ROUNDS sets the number of rounds, IMDI_SEED the first seed.

#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "services/base/clock.h"
#include "services/base/log.h"
#include "storage/rocks/response_log.h"
#include "tests/fault/storage/fault_file_system.h"
#include "tests/fault/storage/log_model.h"
#include "tests/support/campaign.h"
#include "tests/support/temp_folder.h"

namespace imdi::storage::fault {
namespace {

using rocks::RocksOptions;
using rocks::RocksResponseLog;
using testing_support::TempFolder;

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

struct Tally {
  int64_t cuts = 0;
  int64_t openings = 0;
  size_t sent = 0;
  size_t acknowledged = 0;
  size_t learned_late = 0;
};

// One log through several lives. The violation that was found, if any.
std::optional<std::string> RunRound(uint64_t seed, bool syncs_are_honest, Tally& tally) {
  std::mt19937_64 random(seed);
  TempFolder folder;
  auto disk = std::make_shared<FaultFileSystem>(folder.path(), random());
  if (!syncs_are_honest) {
    disk->LieAboutSyncOf([](const std::string& path) {
      return EndsWith(path, ".log") || EndsWith(path, "WATERMARK");
    });
  }
  LogModel model(random());
  base::SystemClock clock;
  RocksOptions options;
  options.path = folder / "log";
  options.file_system = disk;
  options.free_bytes_min = 0;
  // So small that tables, compactions and new log files come by the dozen.
  options.write_buffer_bytes = 64 << 10;

  const uint64_t lives = 3 + random() % 4;
  for (uint64_t life = 0; life <= lives; ++life) {
    const bool last = life == lives;
    if (!last) disk->CutPowerAfter(static_cast<int64_t>(1 + random() % (life == 0 ? 200 : 500)));
    auto opened = RocksResponseLog::Open(options, clock);
    if (!opened.ok()) {
      if (!disk->power_is_off()) return "the log does not open: " + opened.status().ToString();
    } else {
      ++tally.openings;
      RocksResponseLog& log = **opened;
      if (!disk->power_is_off()) {
        const auto violation = model.Check(log);
        if (violation.has_value() && !disk->power_is_off()) return violation;
      }
      for (int batches = last ? 3 : 400; batches > 0; --batches) {
        const std::vector<Proposal> batch = model.NextBatch();
        const auto outcomes = log.Append(batch);
        if (!outcomes.ok()) {
          if (!disk->power_is_off()) return "append failed: " + outcomes.status().ToString();
          break;
        }
        if (const auto violation = model.Acknowledge(batch, *outcomes)) return violation;
      }
      if (last) {
        // Every caller asks again, and learns what became of its request.
        for (const Proposal& proposal : model.AllSent()) {
          const std::vector<Proposal> again = {proposal};
          const auto outcomes = log.Append(again);
          if (!outcomes.ok()) return "append failed: " + outcomes.status().ToString();
          if (const auto violation = model.Acknowledge(again, *outcomes)) return violation;
        }
        if (const auto violation = model.Check(log)) return violation;
      }
      opened->reset();
    }
    if (disk->power_is_off()) {
      ++tally.cuts;
      disk->Crash();
    }
  }
  tally.sent += model.sent();
  tally.acknowledged += model.acknowledged();
  tally.learned_late += model.learned_late();
  return std::nullopt;
}

class PowerCut : public testing::Test {
 protected:
  // The engine reports each failed write; a campaign has thousands.
  void SetUp() override {
    base::SetLogSink([](std::string_view) {});
  }
  void TearDown() override { base::SetLogSink({}); }
};

TEST_F(PowerCut, LosesNothingThatWasAcknowledged) {
  const int64_t rounds = testing_support::CampaignRounds(25);
  const uint64_t first_seed = testing_support::CampaignSeed("power cuts");
  Tally tally;
  for (uint64_t seed = first_seed; seed < first_seed + static_cast<uint64_t>(rounds); ++seed) {
    const auto violation = RunRound(seed, true, tally);
    ASSERT_EQ(violation, std::nullopt) << "IMDI_SEED=" << seed << " IMDI_CAMPAIGN_ROUNDS=1";
  }
  std::cout << "power cuts: " << tally.cuts << " cuts, " << tally.openings << " openings, "
            << tally.sent << " requests, " << tally.learned_late
            << " of them learned by asking again that they were there\n";
  EXPECT_GT(tally.cuts, rounds);
}

TEST_F(PowerCut, CampaignNoticesWhenSyncsAreNotReal) {
  const uint64_t first_seed = testing_support::CampaignSeed("power cuts without real syncs");
  Tally tally;
  int64_t noticed = 0;
  constexpr int64_t kRounds = 8;
  for (uint64_t seed = first_seed; seed < first_seed + kRounds; ++seed) {
    const auto violation = RunRound(seed, false, tally);
    if (!violation.has_value()) continue;
    ++noticed;
    if (noticed == 1) std::cout << "for example: " << *violation << "\n";
  }
  std::cout << "without real syncs, " << noticed << " of " << kRounds << " rounds failed\n";
  EXPECT_GE(noticed, kRounds / 2) << "a campaign that does not bite proves nothing";
}

}  // namespace
}  // namespace imdi::storage::fault
