#include "imdi/survey/client/held_set.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "clients/cpp/kept_file.h"
#include "imdi/survey/client/error.h"
#include "imdi/survey/client/v1/kept_set.pb.h"
#include "imdi/survey/client/value.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/mutex.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::survey::client {

namespace query_pb = query::v1;
using base::StrCat;
using Steady = std::chrono::steady_clock;

namespace {

std::string ClaimId(const query_pb::ClaimResult& result) {
  return result.claim().name().substr(result.claim().name().rfind('/') + 1);
}

// Names of what is new, gone, or has another etag.
template <typename Map>
std::vector<std::string> Differing(const Map* before, const Map& after) {
  std::set<std::string> out;
  for (const auto& [name, one] : after) {
    const auto was = before == nullptr ? after.end() : before->find(name);
    if (before == nullptr || was == before->end() || was->second.etag() != one.etag())
      out.insert(name);
  }
  if (before != nullptr) {
    for (const auto& [name, one] : *before) {
      if (!after.contains(name)) out.insert(name);
    }
  }
  return {out.begin(), out.end()};
}

// Counts what a set takes while it is filled.
class Room {
 public:
  absl::Status Take(const google::protobuf::Message& message) {
    entries_ += 1;
    bytes_ += message.ByteSizeLong() + base::kEntryFramingBytes;
    if (entries_ <= base::kHeldFiguresMax && bytes_ <= base::kHeldBytesMax) return absl::OkStatus();
    return base::Error(
        base::Reason::kTooLarge,
        StrCat("a set holds at most ", base::kHeldFiguresMax, " figures and ", base::kHeldBytesMax,
               " bytes; declare fewer indicators, or fewer "
               "of their breakdowns"));
  }

 private:
  size_t entries_ = 0;
  size_t bytes_ = 0;
};

// When `patience` is over; a year at most, so that also an infinite one has an end.
Steady::time_point EndOf(absl::Duration patience) {
  return Steady::now() + absl::ToChronoNanoseconds(std::min(patience, absl::Hours(24 * 365)));
}

constexpr absl::Duration kAskAgainMax = absl::Milliseconds(base::kAskAgainMaxMs);

// Where the set stands in the log.
struct Cursor {
  std::string log_id;
  int64_t epoch = 0;
  int64_t position = 0;
};

}  // namespace

const query_pb::Figure* HeldRelease::FindFigure(std::string_view cell) const {
  const auto found = figures.find(cell);
  return found == figures.end() ? nullptr : &found->second;
}

const query_pb::ClaimResult* HeldRelease::FindClaim(std::string_view id) const {
  const auto found = claims.find(id);
  return found == claims.end() ? nullptr : &found->second;
}

std::map<std::string, const query_pb::Figure*> HeldRelease::ByGroup(
    std::string_view cell, std::string_view attribute) const {
  std::map<std::string, const query_pb::Figure*> out;
  const std::string prefix = StrCat(cell, ".", attribute, "=");
  for (auto at = figures.lower_bound(prefix); at != figures.end() && at->first.starts_with(prefix);
       ++at) {
    const std::string group = at->first.substr(prefix.size());
    if (group.find('.') == std::string::npos) out.emplace(group, &at->second);
  }
  return out;
}

struct HeldSet::Impl {
  Impl(SurveyClient to, HeldSetOptions what) : client(std::move(to)), options(std::move(what)) {}

  const SurveyClient client;
  const HeldSetOptions options;

  mutable base::Mutex mutex;
  mutable base::CondVar changed;
  std::shared_ptr<const HeldRelease> held ABSL_GUARDED_BY(mutex);
  Cursor held_log ABSL_GUARDED_BY(mutex);  // Log and epoch that `held` was taken from.
  Cursor heard ABSL_GUARDED_BY(mutex);     // What was heard of last.
  absl::Time confirmed ABSL_GUARDED_BY(mutex) = absl::InfinitePast();
  std::optional<Steady::time_point> confirmed_here ABSL_GUARDED_BY(mutex);  // By this object.
  bool server_stale ABSL_GUARDED_BY(mutex) = false;
  absl::Status trouble ABSL_GUARDED_BY(mutex) = absl::OkStatus();
  absl::Status file_trouble ABSL_GUARDED_BY(mutex) = absl::OkStatus();
  bool stopping ABSL_GUARDED_BY(mutex) = false;

  // Of the follower's thread alone.
  std::optional<Steady::time_point> kept;  // When the file was written.
  bool unkept = false;                     // The file lacks something.
  absl::Status refused;                    // Why the last stream's message could not be taken.
  absl::Duration come_back;                // After which the last stream's end asked to come back.

  std::stop_source stop;
  std::thread follower;

  // ---- The file

  // Equal for sets that hold the same.
  std::string Declaration() const {
    std::string out = options.edition;
    for (const HeldSetOptions::Part& part : options.figures)
      base::StrAppend(out, "|", part.indicator, " by ", part.attribute);
    for (const std::string& claim : options.claims) base::StrAppend(out, "|claim ", claim);
    return out;
  }

  void ReadFile() {
    if (options.file.empty()) return;
    const absl::StatusOr<std::string> bytes = ReadKeptFile(options.file);
    base::MutexLock lock(mutex);
    if (!bytes.ok()) {
      if (bytes.status().code() != absl::StatusCode::kNotFound) file_trouble = bytes.status();
      return;
    }
    v1::KeptSet file;
    if (!file.ParseFromString(*bytes)) {
      file_trouble = base::Error(base::Reason::kStoreCorrupt,
                                 StrCat(base::Quoted(options.file), " holds no set"));
      return;
    }
    if (file.declaration() != Declaration()) return;  // Another set: this one is filled anew.
    auto release = std::make_shared<HeldRelease>();
    release->release = file.release();
    for (query_pb::Figure& figure : *file.mutable_figures())
      release->figures.emplace(CellOf(figure), std::move(figure));
    for (query_pb::ClaimResult& claim : *file.mutable_claims())
      release->claims.emplace(ClaimId(claim), std::move(claim));
    held = std::move(release);
    held_log = {.log_id = file.release_log_id(), .epoch = file.release_epoch(), .position = 0};
    heard = {.log_id = file.log_id(), .epoch = file.epoch(), .position = file.position()};
    confirmed = absl::FromUnixMicros(file.confirmed_us());
  }

  // Writes what is held if the file lacks a release, or a sign of life that is due.
  void WriteFile(bool at_once) {
    if (options.file.empty() || !unkept) return;
    const Steady::time_point now = Steady::now();
    if (!at_once && kept.has_value() &&
        now - *kept < std::chrono::milliseconds(base::kHeldKeepMs)) {
      return;
    }
    v1::KeptSet file;
    {
      base::MutexLock lock(mutex);
      if (held == nullptr) return;
      file.set_declaration(Declaration());
      *file.mutable_release() = held->release;
      for (const auto& [cell, figure] : held->figures) *file.add_figures() = figure;
      for (const auto& [id, claim] : held->claims) *file.add_claims() = claim;
      file.set_log_id(heard.log_id);
      file.set_epoch(heard.epoch);
      file.set_position(heard.position);
      file.set_confirmed_us(absl::ToUnixMicros(confirmed));
      file.set_release_log_id(held_log.log_id);
      file.set_release_epoch(held_log.epoch);
    }
    const absl::Status written = WriteKeptFile(options.file, file.SerializeAsString());
    kept = now;
    if (written.ok()) unkept = false;
    base::MutexLock lock(mutex);
    file_trouble = written;
  }

  // ---- Filling

  absl::StatusOr<std::shared_ptr<const HeldRelease>> Fill(const query_pb::Release& release) const {
    auto out = std::make_shared<HeldRelease>();
    out->release = release;
    Room room;
    for (const HeldSetOptions::Part& part : options.figures) {
      query_pb::ListFiguresRequest request;
      request.set_parent(release.name());
      request.set_indicator(part.indicator);
      request.set_attribute(part.attribute);
      request.set_page_size(base::kPageSizeMax);
      auto listing = client.ListFigures(request, {.stop = stop.get_token()});
      bool any = false;
      while (const query_pb::Figure* figure = listing.Next()) {
        any = true;
        IMDI_RETURN_IF_ERROR(room.Take(*figure));
        out->figures.insert_or_assign(CellOf(*figure), *figure);
      }
      const bool none =
          listing.status().code() == absl::StatusCode::kNotFound || (listing.status().ok() && !any);
      if (none && !part.required) continue;
      IMDI_RETURN_IF_ERROR(listing.status());
      if (none) {
        return base::Error(
            base::Reason::kUnknownResource,
            StrCat(release.name(), " has no figures of ", base::Quoted(part.indicator), " by ",
                   base::Quoted(part.attribute.empty() ? "anything" : part.attribute),
                   "; imdictl indicators lists what there is"));
      }
    }
    if (!options.claims.empty()) IMDI_RETURN_IF_ERROR(FillClaims(release, room, *out));
    return std::shared_ptr<const HeldRelease>(std::move(out));
  }

  absl::Status FillClaims(const query_pb::Release& release, Room& room, HeldRelease& out) const {
    query_pb::ListClaimsRequest request;
    request.set_parent(release.name());
    auto listing = client.ListClaims(request, {.stop = stop.get_token()});
    while (const query_pb::ClaimResult* claim = listing.Next()) {
      const std::string id = ClaimId(*claim);
      if (std::ranges::find(options.claims, id) == options.claims.end()) continue;
      IMDI_RETURN_IF_ERROR(room.Take(*claim));
      out.claims.insert_or_assign(id, *claim);
    }
    IMDI_RETURN_IF_ERROR(listing.status());
    for (const std::string& id : options.claims) {
      if (out.claims.contains(id)) continue;
      return base::Error(base::Reason::kUnknownResource,
                         StrCat(release.name(), " has no sentence ", base::Quoted(id)));
    }
    return absl::OkStatus();
  }

  // Compares what is held with the latest release, and takes that where it is another. OK: what is
  // held (which may be nothing) is the latest there is.
  absl::Status Refresh(const query_pb::FollowReleasesResponse& message) {
    query_pb::GetReleaseRequest request;
    request.set_name(StrCat(options.edition, "/releases/latest"));
    const absl::StatusOr<query_pb::Release> latest =
        client.GetRelease(request, {.stop = stop.get_token()});
    std::shared_ptr<const HeldRelease> before;
    Cursor of;
    {
      base::MutexLock lock(mutex);
      before = held;
      of = held_log;
    }
    if (!latest.ok()) {
      // An edition without a release: it will be heard of.
      const bool none_yet =
          before == nullptr && latest.status().code() == absl::StatusCode::kNotFound;
      return none_yet ? absl::OkStatus() : latest.status();
    }
    const bool same_log = of.log_id == message.log_id() && of.epoch == message.epoch();
    if (before != nullptr && same_log) {
      const query_pb::Release& mine = before->release;
      if (latest->published_position() < mine.published_position()) {
        return base::Error(base::Reason::kNotYetFolded,
                           StrCat("the server has come to ", latest->name(), " only, and ",
                                  mine.name(), " is held"));
      }
      if (latest->name() == mine.name() && latest->content_hash() == mine.content_hash())
        return absl::OkStatus();
    }
    IMDI_ASSIGN_OR_RETURN(std::shared_ptr<const HeldRelease> after, Fill(*latest));
    HeldChange change{
        .before = before,
        .after = after,
        .cells = Differing(before == nullptr ? nullptr : &before->figures, after->figures),
        .claims = Differing(before == nullptr ? nullptr : &before->claims, after->claims)};
    {
      base::MutexLock lock(mutex);
      held = std::move(after);
      held_log = {.log_id = message.log_id(), .epoch = message.epoch(), .position = 0};
      // The cursor stays before what was heard of until the message is done with; what the release
      // itself was counted up to is known.
      heard = {.log_id = message.log_id(),
               .epoch = message.epoch(),
               .position = std::min(message.position(), latest->published_position())};
      Confirm(message);
      changed.NotifyAll();
    }
    unkept = true;
    WriteFile(true);
    // Of a log restored from a backup the same release may come again: nothing has changed then.
    const bool another = before == nullptr ||
                         before->release.name() != change.after->release.name() ||
                         before->release.content_hash() != change.after->release.content_hash();
    if (another && options.on_change) options.on_change(change);
    return absl::OkStatus();
  }

  // ---- Following

  void Confirm(const query_pb::FollowReleasesResponse& message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    confirmed = absl::Now();
    confirmed_here = Steady::now();
    server_stale = message.stale();
    trouble = absl::OkStatus();
  }

  // False: what the message tells of could not be taken, so it must be heard again.
  bool Heard(const query_pb::FollowReleasesResponse& message, bool first) {
    if (message.log_id().empty()) {
      base::MutexLock lock(mutex);
      trouble = base::Error(base::Reason::kNotYetFolded, "the server has no figures yet");
      return true;
    }
    if (first || message.has_release()) {
      const absl::Status refreshed = Refresh(message);
      if (!refreshed.ok()) {
        refused = refreshed;
        base::MutexLock lock(mutex);
        trouble = refreshed;
        return false;
      }
    }
    {
      base::MutexLock lock(mutex);
      heard = {
          .log_id = message.log_id(), .epoch = message.epoch(), .position = message.position()};
      // With nothing held there is nothing to confirm, but also no trouble.
      if (held != nullptr)
        Confirm(message);
      else
        trouble = absl::OkStatus();
      changed.NotifyAll();
    }
    unkept = true;
    WriteFile(false);
    return true;
  }

  // One stream, from the cursor on. True where something was heard.
  bool FollowOnce() {
    query_pb::FollowReleasesRequest request;
    request.set_parent(options.edition);
    {
      base::MutexLock lock(mutex);
      request.set_after_position(heard.position);
      if (heard.position > 0) {
        request.set_log_id(heard.log_id);
        request.set_epoch(heard.epoch);
      }
    }
    bool heard_any = false;
    bool taken = true;
    refused = absl::OkStatus();
    const absl::Status ended =
        client.FollowReleases(request,
                              [&](const query_pb::FollowReleasesResponse& message) {
                                taken = Heard(message, !heard_any);
                                heard_any = heard_any || taken;
                                return taken;
                              },
                              {.stop = stop.get_token()});
    come_back = base::InfoOf(taken ? ended : refused).retry_delay;
    base::MutexLock lock(mutex);
    if (ReasonOf(ended) == error::v1::REASON_LOG_DIVERGED) {
      heard = {};  // The log was restored from a backup: hear of all its releases anew.
      return true;
    }
    if (taken && !ended.ok() && !stopping) trouble = ended;
    return taken && heard_any;
  }

  void Run() {
    const absl::Duration first = absl::Milliseconds(base::kReconnectBackoffMinMs);
    absl::Duration pause = first;
    while (true) {
      const bool well = FollowOnce();
      base::MutexLock lock(mutex);
      // A server that is away is looked for all the time. One that answers, with what cannot be
      // taken, would list everything again for nothing.
      const bool away = refused.ok() || refused.code() == absl::StatusCode::kUnavailable;
      const absl::Duration longest =
          away ? absl::Milliseconds(base::kReconnectBackoffMaxMs) : kAskAgainMax;
      pause = well ? first : std::min(2 * pause, longest);
      // Not one moment without a pause: a server that ends every stream must not be asked in a
      // loop.
      const Steady::time_point until = EndOf(std::max(pause, std::min(come_back, kAskAgainMax)));
      while (!stopping && Steady::now() < until) changed.WaitUntil(mutex, until);
      if (stopping) return;
    }
  }

  void Stop() {
    {
      base::MutexLock lock(mutex);
      stopping = true;
      changed.NotifyAll();
    }
    stop.request_stop();
    follower.join();
    WriteFile(true);
  }

  // ---- Looking at it

  HeldAge Age() const {
    base::MutexLock lock(mutex);
    HeldAge out;
    out.heard_position = heard.position;
    out.server_stale = server_stale;
    out.trouble = trouble;
    out.file_trouble = file_trouble;
    if (held == nullptr) return out;
    out.release = held->release.name();
    out.release_position = held->release.position();
    out.confirmed = confirmed;
    // A time ahead of the clock, out of the file, says nothing of how long ago that was.
    const absl::Duration since = absl::Now() - confirmed;
    if (confirmed_here.has_value())
      out.age = absl::FromChrono(Steady::now() - *confirmed_here);
    else
      out.age = since < absl::ZeroDuration() ? absl::InfiniteDuration() : since;
    out.stale = out.server_stale || out.age > absl::Milliseconds(base::kHeldStaleMs);
    return out;
  }

  std::shared_ptr<const HeldRelease> WaitHeld(absl::Duration patience) const {
    const Steady::time_point until = EndOf(patience);
    base::MutexLock lock(mutex);
    while (held == nullptr && Steady::now() < until) changed.WaitUntil(mutex, until);
    return held;
  }

  bool WaitConfirmed(absl::Duration patience) const {
    const Steady::time_point until = EndOf(patience);
    base::MutexLock lock(mutex);
    while (!confirmed_here.has_value() && Steady::now() < until) changed.WaitUntil(mutex, until);
    return confirmed_here.has_value();
  }
};

HeldSet::HeldSet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<HeldSet>> HeldSet::Open(SurveyClient client,
                                                       HeldSetOptions options) {
  std::vector<base::FieldViolation> violations;
  if (!options.edition.starts_with("editions/"))
    violations.push_back({"edition", "the name of an edition, such as editions/KU2017"});
  if (options.figures.empty() && options.claims.empty())
    violations.push_back(
        {"figures", "an indicator, or a sentence in claims: the set would be empty"});
  for (const HeldSetOptions::Part& part : options.figures) {
    if (part.indicator.empty())
      violations.push_back({"figures", "the id of an indicator, such as IND_TARGET"});
  }
  if (!violations.empty()) return base::InvalidFields(std::move(violations));
  auto impl = std::make_unique<Impl>(std::move(client), std::move(options));
  impl->ReadFile();
  Impl& running = *impl;
  running.follower = std::thread([&running] { running.Run(); });
  return std::unique_ptr<HeldSet>(new HeldSet(std::move(impl)));
}

HeldSet::~HeldSet() { impl_->Stop(); }

std::shared_ptr<const HeldRelease> HeldSet::Current() const {
  return impl_->WaitHeld(absl::ZeroDuration());
}

HeldAge HeldSet::Age() const { return impl_->Age(); }

std::shared_ptr<const HeldRelease> HeldSet::WaitHeld(absl::Duration patience) const {
  return impl_->WaitHeld(patience);
}

bool HeldSet::WaitConfirmed(absl::Duration patience) const {
  return impl_->WaitConfirmed(patience);
}

}  // namespace imdi::survey::client
