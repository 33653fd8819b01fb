// Releases: build, preview, publish, verify, list, compare, follow.

#include <cstdio>
#include <map>

#include "absl/time/time.h"
#include "clients/cli/commands_common.h"
#include "google/protobuf/util/json_util.h"
#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;
using Log = ingestion_api::LogService::StubInterface;
using Query = query_api::QueryService::StubInterface;
using Releases = aggregation_api::ReleaseService::StubInterface;

constexpr size_t kHashShown = 16;  // Hexadecimal digits of a hash in tables.
constexpr int kDifferencesShown = 20;

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

// A share as percent; a number as it is.
std::string Amount(const query_api::ReleaseChange& change, bool has_value, double value) {
  if (!has_value) return "..";
  return change.unit().empty() ? FormatPercent(value, 1) : StrCat(value);
}

std::string CountsOf(const query_api::ReleaseChange& change, int32_t numerator, int32_t base) {
  return change.unit().empty() ? StrCat(numerator, " of ", base) : StrCat("of ", base);
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
          Amount(change, change.has_value_before(), change.value_before()),
          CountsOf(change, change.numerator_before(), change.base_before()),
          Amount(change, change.has_value_after(), change.value_after()),
          CountsOf(change, change.numerator_after(), change.base_after())};
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
  // Once: where the answer got lost the candidate may be there, and a second try makes another.
  return connection_.Call(connection_.releases(), &Releases::BuildRelease, request);
}

int Commands::BuildRelease(const std::string& edition, const std::string& audience,
                           int64_t position) {
  const auto candidate = Build(edition, audience, position);
  if (!candidate.ok()) return Fail(candidate.status());
  if (!output_.Prints(*candidate)) PrintOut(Describe(*candidate));
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
  return ShowFigures(all, all.figures());
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
      if (output_.Prints(*candidate)) return kExitOk;
      PrintOut(StrCat("unchanged    ", EditionName(what), "/releases/",
                      candidate->release().number() - 1, " says it already\n"));
      return kExitOk;
    }
    request.set_candidate(candidate->name());
  }
  const auto published = Try(connection_.releases(), &Releases::PublishRelease, request);
  if (!published.ok()) return Fail(published.status());
  if (output_.Prints(*published)) return kExitOk;
  const query_api::Release& release = published->release();
  PrintOut(StrCat("published    ", release.name(), "  ", release.figure_count(),
                  " figures up to position ", release.position(), "  hash ",
                  release.content_hash().substr(0, kHashShown), "\n"));
  return kExitOk;
}

int Commands::VerifyRelease(const std::string& name) {
  aggregation_api::VerifyReleaseRequest request;
  request.set_name(name);
  const auto response = Try(connection_.releases(), &Releases::VerifyRelease, request);
  if (!response.ok()) return Fail(response.status());
  if (!output_.Prints(*response)) {
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
  if (output_.Prints(all, "releases")) return kExitOk;
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
  if (output_.Prints(all, "changes")) return kExitOk;
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
  const absl::Status status = Follow(
      connection_.query(), &Query::FollowReleases, request,
      [&](const query_api::FollowReleasesResponse& message) {
        request.set_after_position(message.position());
        request.set_log_id(message.log_id());
        request.set_epoch(message.epoch());
        if (!message.has_release()) return true;
        if (!output_.PrintsNext(message)) {
          PrintOut(StrCat(message.release().name(), "  ", TimeOf(message.release().time_us()), "  ",
                          message.release().reason(), "\n"));
          std::fflush(stdout);
        }
        return ++printed != count;
      });
  return status.ok() ? kExitOk : Fail(status);
}

int Commands::GetRelease(const std::string& name) {
  query_api::GetReleaseRequest request;
  request.set_name(name);
  const auto release = Try(connection_.query(), &Query::GetRelease, request);
  if (!release.ok()) return Fail(release.status());
  if (!output_.Prints(*release)) PrintOut(FormatTable({kHead, RowOf(*release)}, true));
  return kExitOk;
}

int Commands::GetCandidate(const std::string& name) {
  aggregation_api::GetCandidateRequest request;
  request.set_name(name);
  const auto candidate = Try(connection_.releases(), &Releases::GetCandidate, request);
  if (!candidate.ok()) return Fail(candidate.status());
  if (!output_.Prints(*candidate)) PrintOut(Describe(*candidate));
  return kExitOk;
}

int Commands::RecordRelease(const std::string& request_file) {
  std::string text;
  config::Problem problem;
  if (!config::ReadTextFile(request_file, &text, &problem)) {
    PrintProblems({problem}, 1);
    return kExitInvalid;
  }
  ingestion_api::RecordReleaseRequest request;
  const auto parsed = google::protobuf::util::JsonStringToMessage(text, &request);
  if (!parsed.ok()) {
    PrintError(StrCat("imdictl: ", request_file, ": NOT_A_REQUEST: ", parsed.message().ToString(),
                      "\n  remedy: a RecordReleaseRequest as JSON\n"));
    return kExitInvalid;
  }
  const auto response = Try(connection_.log(), &Log::RecordRelease, request);
  if (!response.ok()) return Fail(response.status());
  if (!output_.Prints(*response))
    PrintOut(StrCat("recorded, position ", response->position(), "\n"));
  return kExitOk;
}

}  // namespace imdi::cli
