#pragma once

// What the command files share: the retrying call, and how errors are printed.

#include <cstdio>
#include <string>

#include "clients/cli/commands.h"
#include "clients/cli/figure_text.h"
#include "clients/cli/print.h"

namespace imdi::cli {

// Prints the error with its reason, its places, whom it came from, and what to do; returns its exit
// code.
int Fail(const absl::Status& status);
void PrintProblems(const std::vector<config::Problem>& problems, size_t count);

// "STALE_REVISION: …"
std::string ErrorText(const absl::Status& status);

// Answers as a table.
std::string AnswerTable(
    const google::protobuf::RepeatedPtrField<survey::model::v1::Answer>& answers);

// "2026-01-31 10:00:00", UTC.
std::string TimeOf(int64_t microseconds);

// Figures as rows: where one has no value, no number stands in its place.
Sheet FigureSheet(const google::protobuf::RepeatedPtrField<query_api::Figure>& figures);

// The cell out of a figure's name: IND_RR.FRAME.imdi_region=3.
std::string CellOf(const query_api::Figure& figure);
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Commands::Try(const Peer<Stub>& peer,
                                       grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                                       const Request& request) const {
  absl::StatusOr<Response> response = absl::UnknownError("not called");
  const absl::Status status =
      WithRetries(absl::Seconds(options_.timeout_seconds), [&](absl::Duration left) {
        response = connection_.Call(peer, method, request, left);
        return response.status();
      });
  if (!status.ok()) return status;
  return response;
}

// A stream that is opened again where it ended: a server ends one with its connection's age, which
// loses nothing.
template <typename Stub, typename Request, typename Response>
absl::Status Commands::Follow(
    const Peer<Stub>& peer,
    std::unique_ptr<grpc::ClientReaderInterface<Response>> (Stub::*method)(grpc::ClientContext*,
                                                                           const Request&),
    const Request& request, const std::type_identity_t<std::function<bool(const Response&)>>& take,
    absl::Duration patience) const {
  return WithRetries(patience, [&] {
    bool enough = false;
    const absl::Status status =
        connection_.Read(peer, method, request, [&](const Response& message) {
          enough = !take(message);
          return !enough;
        });
    return enough || !status.ok() ? status : absl::UnavailableError("the stream ended");
  });
}

// All pages of a list, as one response: `merge` adds a page to what came before.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Commands::TryPages(
    const Peer<Stub>& peer,
    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), Request request,
    const std::type_identity_t<std::function<void(Response& all, const Response& page)>>& merge)
    const {
  Response all;
  do {
    const absl::StatusOr<Response> page = Try(peer, method, request);
    if (!page.ok()) return page.status();
    merge(all, *page);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return all;
}

}  // namespace imdi::cli
