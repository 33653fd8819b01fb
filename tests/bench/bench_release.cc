#include <cstdio>
#include <ctime>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/aggregation/fold.h"
#include "services/aggregation/log_chain.h"
#include "services/aggregation/release_log_source.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/figures/claim_results.h"
#include "services/figures/release_content.h"
#include "services/figures/trends.h"
#include "services/transport/client.h"
#include "tests/bench/benches.h"

namespace imdi::bench {
namespace {

constexpr const char* kRelease = "KU2017";

[[noreturn]] void GiveUp(const absl::Status& status) {
  std::cerr << "imdi-bench: the log could not be folded: " << status << "\n";
  std::exit(1);
}

// The log of a server up to its head, folded here.
std::unique_ptr<aggregation::Fold> FoldedLog(const std::string& internal) {
  auto fold = std::make_unique<aggregation::Fold>();
  aggregation::ReleaseLogSource log(transport::MakeChannel(internal));
  std::optional<storage::FoldCursor> cursor;
  const base::CallContext call;
  const absl::Status read = log.Read(
      call, [&](const survey::ingestion::v1::FollowLogResponse& chunk) -> absl::StatusOr<bool> {
        if (!cursor.has_value()) cursor = aggregation::BeginOf(chunk.head());
        for (const auto& entry : chunk.records()) {
          IMDI_ASSIGN_OR_RETURN(auto followed, aggregation::Follow(*cursor, entry));
          IMDI_RETURN_IF_ERROR(fold->Apply(entry.position(), entry.time_us(), followed.record));
          cursor = std::move(followed.cursor);
        }
        return fold->position() < chunk.head().position();
      });
  if (!read.ok()) GiveUp(read);
  return fold;
}

std::shared_ptr<const figures::EditionFigures> FiguresOf(aggregation::Fold& fold,
                                                         const std::string& edition) {
  auto counts = fold.CountsOf(edition);
  if (!counts.ok()) GiveUp(counts.status());
  if (*counts == nullptr) return nullptr;
  return std::make_shared<figures::EditionFigures>(fold.shared_catalog(), edition,
                                                   *std::move(counts));
}

// Processor time of this thread since it was made.
class Lap {
 public:
  double Milliseconds() const { return (Now() - begun_) * 1000; }

 private:
  static double Now() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  }
  const double begun_ = Now();
};

}  // namespace

void BenchRelease(const Setting& setting, const Survey& survey, Report& report) {
  std::printf("\nA release of 2017 out of its counts, processor time of one thread\n");
  Side system(setting.program, {"--role", "system", setting.folder + "/release"});
  const std::string open = system.addresses().at(0);
  const std::string internal = system.addresses().at(1);
  Apply(internal, survey.documents.documents);
  Send(open, internal, survey.actions);
  const auto fold = FoldedLog(internal);
  system.Stop();

  figures::ReleaseContent content;
  Rounds rounds;
  for (int i = 0; i < setting.rounds; ++i) {
    // Weights are solved when they are first asked for, so each round begins without any.
    const auto edition = FiguresOf(*fold, kRelease);
    std::map<std::string, std::shared_ptr<const figures::EditionFigures>> earlier;
    for (const char* id : {"KU2014", "KU2015", "KU2016"}) earlier[id] = FiguresOf(*fold, id);
    // As a release reads editions of which none was published.
    const figures::FindOtherEdition others =
        [&earlier](const std::string& id) -> std::optional<figures::OtherEdition> {
      const auto found = earlier.find(id);
      if (found == earlier.end() || found->second == nullptr) return std::nullopt;
      return figures::OtherEdition{.release = "",
                                   .find = [live = found->second](std::string_view cell)
                                       -> std::optional<survey::query::v1::Figure> {
                                     auto figure = live->Find(cell);
                                     if (!figure.has_value()) return std::nullopt;
                                     return std::move(*figure->mutable_figure());
                                   }};
    };
    const Lap whole;
    const auto lap = [&rounds](const char* name, const Lap& since) {
      rounds.Add(name, since.Milliseconds());
    };
    const Lap figures_lap;
    content.figures = figures::AllFigures(*edition);
    lap("figures", figures_lap);
    const Lap changes_lap;
    figures::EditionChanges changes = figures::Changes(*edition, others);
    lap("changes", changes_lap);
    const Lap trends_lap;
    content.trends = figures::Trends(*edition, others);
    lap("trends", trends_lap);
    const Lap claims_lap;
    content.claims = figures::JudgeClaims(*edition, changes);
    lap("claims", claims_lap);
    lap("whole", whole);
    content.changes = std::move(changes.figures);
    content.evidence = std::move(changes.evidence);
  }
  const auto count = [](const auto& things) { return static_cast<double>(things.size()); };
  report.Value("figures", count(content.figures), "");
  report.AtMost("all figures, with intervals", rounds.Of("figures"), 100, "ms");
  report.Value("figures a second", count(content.figures) / rounds.Of("figures") * 1000, "");
  report.Value("changes", count(content.changes), "");
  report.Value("of them tested", count(content.evidence), "");
  report.Value("all changes, tested and adjusted", rounds.Of("changes"), "ms");
  report.Value("trends", count(content.trends), "");
  report.Value("all trends", rounds.Of("trends"), "ms");
  report.Value("sentences", count(content.claims), "");
  report.Value("all sentences judged", rounds.Of("claims"), "ms");
  report.AtMost("figures, changes, trends and sentences", rounds.Of("whole"), 100, "ms");
}

}  // namespace imdi::bench
