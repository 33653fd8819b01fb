#include "services/aggregation/releases.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "services/base/crypto.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/figures/labels.h"

namespace imdi::aggregation {
namespace {

using base::Reason;

constexpr std::string_view kEditionsPrefix = "editions/";

absl::Status BadName(std::string_view name, std::string_view form) {
  return base::Error(Reason::kNameInvalid,
                     base::StrCat(base::Quoted(name), " is not of the form ", form));
}

// The edition's id out of "editions/{edition}".
absl::StatusOr<std::string> ParseParent(std::string_view name) {
  const std::string_view edition = domain::EditionIdOf(name);
  if (edition.empty() || name != base::StrCat(kEditionsPrefix, edition))
    return BadName(name, "editions/{edition}");
  return std::string(edition);
}

struct ReleaseName {
  std::string edition;
  int32_t number = 0;
};
absl::StatusOr<ReleaseName> ParseReleaseName(std::string_view name) {
  const std::string_view edition = domain::EditionIdOf(name);
  const std::string prefix = base::StrCat(kEditionsPrefix, edition, "/releases/");
  if (!edition.empty() && name.starts_with(prefix)) {
    const std::optional<int64_t> number = base::ParseInt64(name.substr(prefix.size()));
    if (number.has_value() && *number >= 1 && *number <= INT32_MAX &&
        name.substr(prefix.size()) == base::StrCat(*number))
      return ReleaseName{std::string(edition), static_cast<int32_t>(*number)};
  }
  return BadName(name, "editions/{edition}/releases/{number}");
}

// A page token: the candidate it belongs to and the place of the next figure.
std::string TokenFor(std::string_view id, size_t next) {
  return base::Base64Url(base::StrCat(id, "/", next));
}
absl::StatusOr<size_t> ReadToken(std::string_view token, std::string_view id, size_t figures) {
  if (token.empty()) return size_t{0};
  if (token.size() <= base::kPageTokenBytesMax) {
    const std::optional<std::string> text = base::FromBase64Url(token);
    const std::string prefix = base::StrCat(id, "/");
    if (text.has_value() && text->starts_with(prefix)) {
      const std::optional<uint64_t> next = base::ParseUint64(text->substr(prefix.size()));
      if (next.has_value() && *next > 0 && *next < figures) return static_cast<size_t>(*next);
    }
  }
  return base::Error(Reason::kPageTokenInvalid,
                     "the page token is not one of this candidate; begin with the first page");
}

// Tells how far the log has been read.
class WatchedLog final : public ReleaseLog {
 public:
  WatchedLog(ReleaseLog& log, base::Progress::Run& run) : log_(log), run_(run) {}
  absl::Status Read(const base::CallContext& call, const Take& take) override {
    return log_.Read(call, [&](const ingestion_pb::FollowLogResponse& chunk) {
      run_.Plan(chunk.head().position());
      if (!chunk.records().empty()) run_.To(chunk.records().rbegin()->position());
      return take(chunk);
    });
  }
  absl::StatusOr<ingestion_pb::RecordReleaseResponse> Record(
      const base::CallContext& call, const ingestion_pb::RecordReleaseRequest& request) override {
    return log_.Record(call, request);
  }

 private:
  ReleaseLog& log_;
  base::Progress::Run& run_;
};

}  // namespace

// A candidate and what became of it.
struct Releases::Held {
  std::string id;
  aggregation_pb::Candidate shown;
  std::vector<std::string> parts;
  // Used by the one call that publishes, and by those that come after it has ended.
  std::string build_id;
  std::optional<std::string>
      reason;  // Of an attempt to close whose answer may be lost: the record is what it was then.
  std::optional<query_pb::Release> published;  // Guarded by Releases::mutex_.
};

// One of Build, Publish and Verify.
class Releases::Turn {
 public:
  explicit Turn(Releases& releases) : releases_(releases), mine_(!releases.busy_.exchange(true)) {}
  ~Turn() {
    if (mine_) releases_.busy_ = false;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  absl::Status status() const {
    if (mine_) return absl::OkStatus();
    return base::WithRetryDelay(
        base::Error(Reason::kOverloaded,
                    "another release is being built, published or verified; try again shortly"),
        absl::Milliseconds(base::kShedRetryDelayMs));
  }

 private:
  Releases& releases_;
  const bool mine_;
};

Releases::Releases(ReleaseLog& log, std::shared_ptr<const Aggregator> aggregator,
                   base::Metrics& metrics)
    : log_(log),
      aggregator_(std::move(aggregator)),
      differing_gauge_(
          metrics.GaugeOf("imdi_aggregation_releases_differing",
                          "Published releases whose last verification found a difference.")),
      building_(metrics.ProgressOf("build_release", "records")),
      publishing_(metrics.ProgressOf("publish_release", "records")),
      verifying_(metrics.ProgressOf("verify_release", "records")) {}

absl::Status Releases::CheckNoneDiffers() {
  const std::shared_ptr<const Snapshot> snapshot = aggregator_->Current();
  base::MutexLock lock(mutex_);
  std::erase_if(differing_, [&](const auto& entry) {
    const auto found = snapshot->releases->find(domain::EditionIdOf(entry.first));
    return found == snapshot->releases->end() ||
           std::ranges::none_of(found->second, [&](const auto& release) {
             return release->facts.name() == entry.first &&
                    release->facts.content_hash() == entry.second;
           });
  });
  differing_gauge_.Set(static_cast<double>(differing_.size()));
  if (differing_.empty()) return absl::OkStatus();
  return base::Error(
      Reason::kReleaseDiffers,
      base::StrCat(differing_.begin()->first,
                   " did not verify: computed again it differs; nothing is published "
                   "until its verification passes"));
}

absl::StatusOr<std::shared_ptr<Releases::Held>> Releases::FindCandidate(
    const std::string& name) const {
  base::MutexLock lock(mutex_);
  const auto found = std::ranges::find_if(
      candidates_, [&](const std::shared_ptr<Held>& held) { return held->shown.name() == name; });
  if (found == candidates_.end()) {
    return base::Error(
        Reason::kUnknownResource,
        base::StrCat("there is no candidate ", base::Quoted(name, base::kNameBytesMax),
                     ": after a restart or ", base::kCandidatesMax, " newer ones, build it again"));
  }
  return *found;
}

absl::StatusOr<aggregation_pb::Candidate> Releases::Build(
    const base::CallContext& call, const aggregation_pb::BuildReleaseRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const std::string edition, ParseParent(request.parent()));
  if (request.audience() == query_pb::AUDIENCE_PUBLIC) {
    return base::Error(
        Reason::kDisclosureControlMissing,
        "public figures need disclosure control, which does not exist yet; build for "
        "AUDIENCE_INTERNAL");
  }
  if (request.audience() != query_pb::AUDIENCE_INTERNAL)
    return base::InvalidField("audience", "AUDIENCE_INTERNAL is required");
  if (request.at_position() < 0) return base::InvalidField("at_position", "must not be negative");
  IMDI_RETURN_IF_ERROR(CheckNoneDiffers());
  const Turn turn(*this);
  IMDI_RETURN_IF_ERROR(turn.status());
  base::Progress::Run run = building_.Begin();
  WatchedLog log(log_, run);
  IMDI_ASSIGN_OR_RETURN(BuiltRelease built, BuildRelease(log, call, edition, request.audience(),
                                                         request.at_position()));
  run.Succeed();
  auto held = std::make_shared<Held>();
  held->id = base::RandomId();
  held->build_id = held->id;
  held->parts = std::move(built.parts);
  aggregation_pb::Candidate& shown = held->shown;
  shown.set_name(base::StrCat(kEditionsPrefix, edition, "/candidates/", held->id));
  *shown.mutable_release() = std::move(built.facts);
  shown.mutable_release()->set_builder(call.actor);
  shown.mutable_release()->set_identities_authenticated(call.authenticated);
  shown.set_unchanged(built.unchanged);
  shown.set_difference_count(static_cast<int32_t>(built.differences.size()));
  for (query_pb::ReleaseChange& change : built.differences) {
    if (static_cast<size_t>(shown.differences_size()) == base::kCandidateDifferencesMax) break;
    *shown.add_differences() = std::move(change);
  }
  shown.set_claim_count(static_cast<int32_t>(built.claims.size()));
  size_t claim_bytes = 0;
  for (query_pb::ClaimResult& claim : built.claims) {
    claim_bytes += claim.ByteSizeLong() + base::kEntryFramingBytes;
    if (claim_bytes > base::kCandidateClaimsBytesMax) break;
    *shown.add_claims() = std::move(claim);
  }
  base::LogEvent(base::Level::kInfo, "release_built",
                 {{"candidate", shown.name()},
                  {"number", shown.release().number()},
                  {"position", shown.release().position()},
                  {"content_hash", shown.release().content_hash()},
                  {"figures", shown.release().figure_count()}});
  base::MutexLock lock(mutex_);
  candidates_.push_back(held);
  if (candidates_.size() > base::kCandidatesMax) candidates_.pop_front();
  return shown;
}

std::vector<std::string> Releases::CandidateNames() const {
  base::MutexLock lock(mutex_);
  std::vector<std::string> names;
  for (const std::shared_ptr<Held>& held : candidates_) names.push_back(held->shown.name());
  return names;
}

absl::StatusOr<aggregation_pb::Candidate> Releases::GetCandidate(
    const aggregation_pb::GetCandidateRequest& request) const {
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Held> held, FindCandidate(request.name()));
  return held->shown;
}

absl::StatusOr<aggregation_pb::PreviewCandidateResponse> Releases::Preview(
    const aggregation_pb::PreviewCandidateRequest& request) const {
  if (request.page_size() < 0) return base::InvalidField("page_size", "must not be negative");
  const int page_size = request.page_size() == 0
                            ? base::kPageSizeDefault
                            : std::min(request.page_size(), base::kPageSizeMax);
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Held> held, FindCandidate(request.name()));
  IMDI_ASSIGN_OR_RETURN(figures::ReleaseContent content, figures::ReadParts(held->parts));
  IMDI_ASSIGN_OR_RETURN(const size_t first,
                        ReadToken(request.page_token(), held->id, content.figures.size()));
  const figures::Labels labels(content.header.indicators());
  aggregation_pb::PreviewCandidateResponse response;
  size_t bytes = 0;
  for (size_t i = first; i < content.figures.size(); ++i) {
    query_pb::Figure& figure = *content.figures[i].mutable_figure();
    const std::string cell = figure.name();
    labels.Fill(figure, cell);
    figure.set_name(base::StrCat(held->shown.release().name(), "/figures/", cell));
    figure.set_position(content.header.position());
    bytes += figure.ByteSizeLong() + base::kEntryFramingBytes;
    if (response.figures_size() == page_size ||
        (response.figures_size() > 0 && bytes > base::kPageBytesMax)) {
      response.set_next_page_token(TokenFor(held->id, i));
      break;
    }
    *response.add_figures() = std::move(figure);
  }
  return response;
}

absl::StatusOr<ingestion_pb::RecordReleaseResponse> Releases::Write(const base::CallContext& call,
                                                                    const std::string& reason,
                                                                    Held& held) {
  const query_pb::Release& facts = held.shown.release();
  const std::string edition(domain::EditionIdOf(facts.name()));
  base::Progress::Run run = publishing_.Begin(static_cast<int64_t>(held.parts.size()) + 1);
  for (size_t index = 0; index < held.parts.size(); ++index) {
    IMDI_RETURN_IF_ERROR(call.CheckWanted());
    ingestion_pb::RecordReleaseRequest part;
    part.set_request_id(base::StrCat("part-", held.build_id, "-", index));
    part.set_actor(call.actor);
    part.mutable_chunk()->set_edition(edition);
    part.mutable_chunk()->set_build_id(held.build_id);
    part.mutable_chunk()->set_index(static_cast<int32_t>(index));
    part.mutable_chunk()->set_part(held.parts[index]);
    IMDI_RETURN_IF_ERROR(log_.Record(call, part).status());
    run.Add(1);
  }
  ingestion_pb::RecordReleaseRequest close;
  close.set_request_id(base::StrCat("close-", held.build_id));
  close.set_actor(call.actor);
  store_pb::ReleasePublished& published = *close.mutable_published();
  published.set_edition(edition);
  published.set_number(facts.number());
  published.set_build_id(held.build_id);
  published.set_chunks(static_cast<int32_t>(held.parts.size()));
  published.set_content_hash(base::FromHex(facts.content_hash()).value_or(""));
  published.set_position(facts.position());
  published.set_rule_version(facts.rule_version());
  published.set_audience(static_cast<int32_t>(facts.audience()));
  published.set_builder(facts.builder());
  published.set_reason(reason);
  held.reason = reason;  // From here on it may be recorded.
  absl::StatusOr<ingestion_pb::RecordReleaseResponse> closed = log_.Record(call, close);
  if (closed.ok()) run.Succeed();
  return closed;
}

absl::StatusOr<aggregation_pb::PublishReleaseResponse> Releases::Publish(
    const base::CallContext& call, const aggregation_pb::PublishReleaseRequest& request) {
  if (request.reason().size() > base::kReasonTextBytesMax) {
    return base::InvalidField("reason",
                              base::StrCat("at most ", base::kReasonTextBytesMax, " bytes"));
  }
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Held> held, FindCandidate(request.candidate()));
  const Turn turn(*this);
  IMDI_RETURN_IF_ERROR(turn.status());
  aggregation_pb::PublishReleaseResponse response;
  {
    base::MutexLock lock(mutex_);
    if (held->published.has_value()) {
      *response.mutable_release() = *held->published;
      return response;
    }
  }
  IMDI_RETURN_IF_ERROR(CheckNoneDiffers());
  query_pb::Release facts = held->shown.release();
  if (held->shown.unchanged()) {
    return base::Error(Reason::kReleaseUnchanged,
                       base::StrCat("the latest release of the edition says the same as ",
                                    request.candidate(), "; nothing was published"));
  }
  if (facts.number() > 1 && request.reason().empty()) {
    return base::InvalidField("reason", "a correction says why: required from number 2 on");
  }
  if (held->reason.has_value() && *held->reason != request.reason()) {
    return base::InvalidField(
        "reason", base::StrCat("an attempt before may have recorded the release, for the reason ",
                               base::Quoted(*held->reason), "; repeat it with that one"));
  }
  absl::StatusOr<ingestion_pb::RecordReleaseResponse> closed = Write(call, request.reason(), *held);
  if (base::ReasonOf(closed.status()) == Reason::kReleaseIncomplete) {
    // Another building has begun since this one was cut: begin anew, once.
    held->build_id = base::RandomId();
    held->reason.reset();  // That close was refused.
    closed = Write(call, request.reason(), *held);
  }
  IMDI_RETURN_IF_ERROR(closed.status());
  facts.set_approver(closed->actor());  // Where a first answer was lost: who asked then.
  facts.set_identities_authenticated(facts.identities_authenticated() && call.authenticated);
  facts.set_reason(request.reason());
  facts.set_time_us(closed->time_us());
  facts.set_published_position(closed->position());
  base::LogEvent(base::Level::kInfo, "release_published",
                 {{"release", facts.name()},
                  {"position", facts.position()},
                  {"published_position", facts.published_position()},
                  {"content_hash", facts.content_hash()}});
  base::MutexLock lock(mutex_);
  held->published = facts;
  *response.mutable_release() = std::move(facts);
  return response;
}

absl::StatusOr<aggregation_pb::VerifyReleaseResponse> Releases::Verify(
    const base::CallContext& call, const aggregation_pb::VerifyReleaseRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const ReleaseName name, ParseReleaseName(request.name()));
  const std::shared_ptr<const Snapshot> snapshot = aggregator_->Current();
  const auto releases = snapshot->releases->find(name.edition);
  if (releases == snapshot->releases->end() ||
      static_cast<size_t>(name.number) > releases->second.size()) {
    return base::Error(Reason::kUnknownResource,
                       base::StrCat("there is no release ", base::Quoted(request.name())));
  }
  const query_pb::Release& facts = releases->second[static_cast<size_t>(name.number) - 1]->facts;
  const Turn turn(*this);
  IMDI_RETURN_IF_ERROR(turn.status());
  base::Progress::Run run = verifying_.Begin();
  WatchedLog log(log_, run);
  IMDI_ASSIGN_OR_RETURN(VerifiedRelease verified, VerifyRelease(log, call, facts));
  run.Succeed();
  aggregation_pb::VerifyReleaseResponse response;
  *response.mutable_release() = facts;
  response.set_identical(verified.identical);
  response.set_equal(verified.differences.count == 0);
  response.set_compared(verified.differences.compared);
  response.set_difference_count(verified.differences.count);
  for (std::string& words : verified.differences.words) response.add_differences(std::move(words));
  {
    base::MutexLock lock(mutex_);
    if (response.equal()) {
      differing_.erase(facts.name());
    } else {
      differing_[facts.name()] = facts.content_hash();
    }
    differing_gauge_.Set(static_cast<double>(differing_.size()));
  }
  base::LogEvent(response.equal() ? base::Level::kInfo : base::Level::kError,
                 response.equal() ? "release_verified" : "release_differs",
                 {{"release", facts.name()},
                  {"identical", response.identical()},
                  {"compared", response.compared()},
                  {"differences", response.difference_count()}});
  return response;
}

}  // namespace imdi::aggregation
