// What the services say of themselves and to one another.

#include "clients/cli/commands_common.h"
#include "clients/cli/system_status.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;
using FiguresStub = aggregation_api::FiguresService::StubInterface;

}  // namespace

int Commands::Status() {
  status_api::SystemStatus system;
  for (const Connection::StatusPeer& peer : connection_.statuses()) {
    status_api::ProcessReport& report = *system.add_processes();
    report.set_address(peer.address);
    for (const std::string& service : peer.services) report.add_services(service);
    // Asked once: that a service is away is an answer.
    const auto status =
        connection_.Call(peer.peer, &status_api::StatusService::StubInterface::GetStatus,
                         status_api::GetStatusRequest());
    if (status.ok()) {
      *report.mutable_status() = *status;
    } else {
      report.set_error(ErrorText(status.status()));
    }
  }
  Judge(system);
  const std::vector<ServiceLine> lines = LinesOf(system);
  if (!output_.Prints(system, [&] { return ToSheet(lines); })) PrintOut(ToText(system, lines));
  return system.healthy() ? kExitOk : kExitUnhealthy;
}

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
