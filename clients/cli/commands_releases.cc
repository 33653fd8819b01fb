// Releases: build, preview, publish, verify, list, compare, follow.

#include <cstdio>
#include <map>

#include "absl/time/time.h"
#include "clients/cli/commands_common.h"
#include "clients/cli/print.h"
#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;
using Query = query_api::QueryService::StubInterface;
using Releases = aggregation_api::ReleaseService::StubInterface;

constexpr size_t kHashShown = 16;  // Hexadecimal digits of a hash in tables.
constexpr int kDifferencesShown = 20;

std::string TimeOf(int64_t time_us) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

std::vector<std::string> RowOf(const query_api::Release& release) {
  return {release.name(),
          release.audience() == query_api::AUDIENCE_PUBLIC ? "public" : "internal",
          StrCat(release.position()),
          StrCat(release.figure_count()),
          release.content_hash().substr(0, kHashShown),
          StrCat(release.builder(), "/", release.approver()),
          TimeOf(release.time_us()),
          release.reason()};
}
const std::vector<std::string> kHead = {"release", "audience",       "position",        "figures",
                                        "hash",    "built/approved", "published (UTC)", "reason"};

std::string Share(bool has_value, double value) {
  return has_value ? FormatPercent(value, 1) : "..";
}

std::string KindOf(query_api::ReleaseChangeKind kind) {
  switch (kind) {
    case query_api::RELEASE_CHANGE_KIND_ADDED:
      return "added";
    case query_api::RELEASE_CHANGE_KIND_REMOVED:
      return "removed";
    case query_api::RELEASE_CHANGE_KIND_METHOD:
      return "method";
    default:
      return "revised";
  }
}

std::vector<std::string> RowOf(const query_api::ReleaseChange& change) {
  return {change.cell(),
          KindOf(change.kind()),
          Share(change.has_value_before(), change.value_before()),
          StrCat(change.numerator_before(), " of ", change.base_before()),
          Share(change.has_value_after(), change.value_after()),
          StrCat(change.numerator_after(), " of ", change.base_after())};
}
const std::vector<std::string> kChangeHead = {"cell", "what", "before", "", "after", ""};

std::string Describe(const aggregation_api::Candidate& candidate) {
  const query_api::Release& release = candidate.release();
  std::string text = StrCat(candidate.name(), "\n", "would be ", release.name(), ": ",
                            release.figure_count(), " figures up to position ", release.position(),
                            ", hash ", release.content_hash().substr(0, kHashShown), "\n");
  for (const std::string& read : release.read_releases())
    base::StrAppend(text, "compared with ", read, "\n");
  if (candidate.unchanged()) {
    text += "It says what the latest release says.\n";
  } else if (release.number() > 1) {
    base::StrAppend(text, candidate.difference_count(),
                    " cells, sentences or changes differ from the release before:\n");
    std::vector<std::vector<std::string>> rows = {kChangeHead};
    for (const query_api::ReleaseChange& change : candidate.differences()) {
      if (static_cast<int>(rows.size()) > kDifferencesShown) break;
      rows.push_back(RowOf(change));
    }
    text += FormatTable(rows);
  }
  return text;
}

}  // namespace

absl::StatusOr<aggregation_api::Candidate> Commands::Build(const std::string& edition,
                                                           const std::string& audience,
                                                           int64_t position) const {
  aggregation_api::BuildReleaseRequest request;
  request.set_parent(EditionName(edition));
  request.set_audience(audience == "public" ? query_api::AUDIENCE_PUBLIC
                                            : query_api::AUDIENCE_INTERNAL);
  request.set_at_position(position);
  return Try(connection_.releases(), &Releases::BuildRelease, request);
}

int Commands::BuildRelease(const std::string& edition, const std::string& audience,
                           int64_t position) {
  const auto candidate = Build(edition, audience, position);
  if (!candidate.ok()) return Fail(candidate.status());
  PrintOut(options_.json ? FormatJson(*candidate) : Describe(*candidate));
  return kExitOk;
}

int Commands::PreviewCandidate(const std::string& candidate) {
  aggregation_api::PreviewCandidateRequest request;
  request.set_name(candidate);
  request.set_page_size(1'000);
  aggregation_api::PreviewCandidateResponse all;
  do {
    const auto page = Try(connection_.releases(), &Releases::PreviewCandidate, request);
    if (!page.ok()) return Fail(page.status());
    all.mutable_figures()->MergeFrom(page->figures());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (options_.json) {
    PrintOut(FormatJson(all));
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"figure", "percent", "numerator", "base", "estimate", "interval", "possible"}};
  for (const query_api::Figure& figure : all.figures()) {
    rows.push_back({CellOf(figure), ValueOf(figure, 1), StrCat(figure.numerator()),
                    StrCat(figure.base()), EstimateOf(figure), IntervalOf(figure),
                    BoundsOf(figure)});
  }
  PrintOut(FormatTable(rows));
  return kExitOk;
}

int Commands::PublishRelease(const std::string& what, const std::string& audience,
                             const std::string& reason) {
  aggregation_api::PublishReleaseRequest request;
  request.set_candidate(what);
  request.set_reason(reason);
  if (what.find("/candidates/") == std::string::npos) {
    const auto candidate = Build(what, audience, 0);
    if (!candidate.ok()) return Fail(candidate.status());
    if (candidate->unchanged()) {
      PrintOut(StrCat("unchanged    ", EditionName(what), "/releases/",
                      candidate->release().number() - 1, " says it already\n"));
      return kExitOk;
    }
    request.set_candidate(candidate->name());
  }
  const auto published = Try(connection_.releases(), &Releases::PublishRelease, request);
  if (!published.ok()) return Fail(published.status());
  const query_api::Release& release = published->release();
  PrintOut(options_.json ? FormatJson(*published)
                         : StrCat("published    ", release.name(), "  ", release.figure_count(),
                                  " figures up to position ", release.position(), "  hash ",
                                  release.content_hash().substr(0, kHashShown), "\n"));
  return kExitOk;
}

int Commands::VerifyRelease(const std::string& name) {
  aggregation_api::VerifyReleaseRequest request;
  request.set_name(name);
  const auto response = Try(connection_.releases(), &Releases::VerifyRelease, request);
  if (!response.ok()) return Fail(response.status());
  if (options_.json) {
    PrintOut(FormatJson(*response));
  } else {
    std::string text =
        StrCat(name, ": ", response->compared(), " figures and sentences compared, ");
    if (response->identical()) {
      text += "the same bytes\n";
    } else if (response->equal()) {
      text += "equal in all that is counted, within 1e-12 in what is computed\n";
    } else {
      base::StrAppend(text, response->difference_count(), " differ\n");
      for (const std::string& difference : response->differences())
        base::StrAppend(text, "  ", difference, "\n");
    }
    PrintOut(text);
  }
  return response->equal() ? kExitOk : kExitDifferent;
}

int Commands::ListReleases(const std::string& edition) {
  const absl::StatusOr<int64_t> head = HeadPosition();
  if (!head.ok()) return Fail(head.status());
  query_api::ListReleasesRequest request;
  request.set_parent(EditionName(edition));
  request.set_page_size(1'000);
  query_api::ListReleasesResponse all;
  do {
    const auto page = Try(connection_.query(), &Query::ListReleases, request);
    if (!page.ok()) return Fail(page.status());
    all.mutable_releases()->MergeFrom(page->releases());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (options_.json) {
    PrintOut(FormatJson(all));
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {kHead};
  for (const query_api::Release& release : all.releases()) rows.push_back(RowOf(release));
  PrintOut(FormatTable(rows, true));
  return kExitOk;
}

int Commands::ListChanges(const std::string& name, int since) {
  query_api::ListChangesRequest request;
  request.set_parent(name);
  request.set_since(since);
  request.set_page_size(1'000);
  query_api::ListChangesResponse all;
  do {
    const auto page = Try(connection_.query(), &Query::ListChanges, request);
    if (!page.ok()) return Fail(page.status());
    all.mutable_changes()->MergeFrom(page->changes());
    *all.mutable_reasons() = page->reasons();
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (options_.json) {
    PrintOut(FormatJson(all));
    return kExitOk;
  }
  std::string text;
  for (const std::string& reason : all.reasons())
    base::StrAppend(text, "reason: ", reason.empty() ? "(none given)" : reason, "\n");
  std::vector<std::vector<std::string>> rows = {kChangeHead};
  for (const query_api::ReleaseChange& change : all.changes()) rows.push_back(RowOf(change));
  PrintOut(StrCat(text, FormatTable(rows)));
  return kExitOk;
}

int Commands::FollowReleases(const std::string& edition, int64_t after, int count) {
  query_api::FollowReleasesRequest request;
  if (!edition.empty()) request.set_parent(EditionName(edition));
  request.set_after_position(after);
  int printed = 0;
  // A stream ends at the age of its connection, or with the server: going on behind the last
  // message loses nothing.
  const absl::Status status = WithRetries(absl::InfiniteDuration(), [&] {
    grpc::ClientContext context;
    const auto reader = connection_.query().FollowReleases(&context, request);
    query_api::FollowReleasesResponse message;
    while (reader->Read(&message)) {
      request.set_after_position(message.position());
      request.set_log_id(message.log_id());
      request.set_epoch(message.epoch());
      if (!message.has_release()) continue;
      PrintOut(options_.json
                   ? FormatJson(message)
                   : StrCat(message.release().name(), "  ", TimeOf(message.release().time_us()),
                            "  ", message.release().reason(), "\n"));
      std::fflush(stdout);
      if (++printed == count) {
        context.TryCancel();
        while (reader->Read(&message)) continue;
        (void)reader->Finish();
        return absl::OkStatus();
      }
    }
    const absl::Status ended = transport::FromRpc(reader->Finish());
    return ended.ok() ? absl::UnavailableError("the stream ended") : ended;
  });
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace imdi::cli
