// What the services say of themselves and to one another.

#include "clients/cli/commands_common.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;
using FiguresStub = aggregation_api::FiguresService::StubInterface;

}  // namespace

int Commands::FoldState() {
  const auto state = Try(connection_.figures(), &FiguresStub::GetFoldState,
                         aggregation_api::GetFoldStateRequest());
  if (!state.ok()) return Fail(state.status());
  if (output_.Prints(*state)) return kExitOk;
  PrintOut(StrCat("folded up to position ", state->position(), " of ", state->log_head(),
                  state->stopped().empty() ? "\n" : StrCat("; stopped: ", state->stopped(), "\n")));
  return kExitOk;
}

int Commands::FollowFigures(int count) {
  aggregation_api::FollowFiguresRequest request;
  int printed = 0;
  // A reader that keeps nothing cannot go on where it was: the stream begins with everything again.
  const absl::Status status = Follow(
      connection_.figures(), &FiguresStub::FollowFigures, request,
      [&](const aggregation_api::FollowFiguresResponse& chunk) {
        if (!output_.PrintsNext(chunk)) {
          PrintOut(StrCat(
              "position ", chunk.position(), "  ", TimeOf(chunk.time_us()), "  ",
              chunk.definitions_size(), " definitions, counts of ", chunk.counts_size(),
              " editions, ", chunk.releases_size(), " releases",
              chunk.last_chunk() ? "" : ", more of it follows",
              chunk.stopped().empty() ? "\n" : StrCat("; stopped: ", chunk.stopped(), "\n")));
          std::fflush(stdout);
        }
        return ++printed != count;
      });
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace imdi::cli
