#include "services/ingestion/releases.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "imdi/survey/store/v1/release.pb.h"
#include "services/base/crypto.h"
#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/types.h"
#include "services/ingestion/names.h"

namespace imdi::ingestion {
namespace {

namespace store = survey::store::v1;
using base::Reason;

constexpr size_t kHashBytes = 32;
// Another call that appends to the same building between reading the index and appending is met so
// often at most.
constexpr int kAppendAttemptsMax = 4;

absl::Status Incomplete(std::string_view what) {
  return base::Error(Reason::kReleaseIncomplete, what);
}

absl::Status NotNext(int32_t number, int64_t latest) {
  return base::WithMetadata(
      base::Error(Reason::kStaleRevision,
                  base::StrCat("the edition's next release has number ", latest + 1, ", not ",
                               number, ": another one was published since; build again")),
      "current_revision", base::StrCat(latest));
}

}  // namespace

absl::Status Releases::CheckPart(const store::ReleaseChunk& chunk) const {
  if (!base::IsLowerHex(chunk.build_id(), domain::kBuildIdDigits))
    return base::InvalidField("chunk.build_id", "32 hexadecimal digits in lower case");
  if (chunk.index() < 0) return base::InvalidField("chunk.index", "must not be negative");
  if (chunk.index() >= base::kReleasePartsMax) {
    return base::Error(Reason::kTooLarge,
                       base::StrCat("a release has at most ", base::kReleasePartsMax, " parts"));
  }
  if (chunk.part().size() > base::kReleasePartBytesMax) {
    return base::Error(Reason::kTooLarge, base::StrCat("a part of a release has at most ",
                                                       base::kReleasePartBytesMax, " bytes"));
  }
  store::ReleasePart part;
  if (!part.ParseFromString(chunk.part()))
    return base::InvalidField("chunk.part", "a serialised ReleasePart");
  if (chunk.index() == 0 && part.header().edition() != chunk.edition()) {
    return base::InvalidField("chunk.part",
                              "the first part begins with the header of this edition's release");
  }
  return absl::OkStatus();
}

absl::Status Releases::CheckClose(const store::ReleasePublished& published) const {
  std::vector<base::FieldViolation> wrong;
  const auto require = [&](bool fine, const char* field, std::string what) {
    if (!fine) wrong.push_back({base::StrCat("published.", field), std::move(what)});
  };
  require(published.number() >= 1, "number", "from 1");
  require(base::IsLowerHex(published.build_id(), domain::kBuildIdDigits), "build_id",
          "32 hexadecimal digits in lower case");
  require(published.chunks() >= 1 && published.chunks() <= base::kReleasePartsMax, "chunks",
          base::StrCat("1 to ", base::kReleasePartsMax));
  require(published.content_hash().size() == kHashBytes, "content_hash", "32 bytes");
  require(published.position() >= 1 && published.position() <= log_.Head().position, "position",
          "a position of this log");
  require(published.rule_version() >= 1, "rule_version", "from 1");
  require(published.audience() == 1 || published.audience() == 2, "audience",
          "1 = internal, 2 = public");
  require(!published.builder().empty() && published.builder().size() <= base::kIdBytesMax,
          "builder", base::StrCat("an opaque id of 1 to ", base::kIdBytesMax, " bytes"));
  require(published.reason().size() <= base::kReasonTextBytesMax, "reason",
          base::StrCat("at most ", base::kReasonTextBytesMax, " bytes"));
  require(published.number() <= 1 || !published.reason().empty(), "reason",
          "required from number 2 on");
  if (!wrong.empty()) return base::InvalidFields(std::move(wrong));
  return absl::OkStatus();
}

absl::StatusOr<Releases::Building> Releases::BuildingOf(const std::string& edition,
                                                        const std::string& build_id) const {
  Building out;
  IMDI_ASSIGN_OR_RETURN(const auto begun, log_.Current(ReleaseBuildsResource(edition)));
  if (begun.has_value()) {
    IMDI_ASSIGN_OR_RETURN(const store::Record first, ReadRecord(log_, begun->position));
    out.begun = begun->revision;
    out.build_id = first.release_chunk().build_id();
  }
  IMDI_ASSIGN_OR_RETURN(const auto parts, log_.Current(ReleasePartsResource(edition, build_id)));
  if (parts.has_value()) out.parts = parts->revision;
  return out;
}

absl::Status Releases::CheckParts(const store::ReleasePublished& published) const {
  IMDI_ASSIGN_OR_RETURN(
      const auto parts,
      log_.ListRevisions(ReleasePartsResource(published.edition(), published.build_id()), 0,
                         base::kReleasePartsMax));
  base::Sha256Stream hash;
  size_t bytes = 0;
  for (const storage::ResourceRevision& one : parts) {
    IMDI_ASSIGN_OR_RETURN(const store::Record record, ReadRecord(log_, one.position));
    const std::string& part = record.release_chunk().part();
    bytes += part.size();
    if (bytes > base::kReleaseBytesMax) {
      return base::Error(Reason::kTooLarge,
                         base::StrCat("a release has at most ", base::kReleaseBytesMax, " bytes"));
    }
    std::string size;
    base::PutU64(size, part.size());
    hash.Update(size);
    hash.Update(part);
    if (record.release_chunk().index() != 0) continue;
    store::ReleasePart first;
    if (!first.ParseFromString(part)) return Incomplete("the first part does not parse");
    const store::ReleaseHeader& header = first.header();
    if (header.number() != published.number() ||
        static_cast<int32_t>(header.audience()) != published.audience() ||
        header.position() != published.position() ||
        header.rule_version() != published.rule_version() ||
        header.log_id() != log_.Head().log_id) {
      return base::InvalidField(
          "published",
          "number, audience, position, rule version and log are those of the first part's header");
    }
  }
  if (base::AsText(hash.Finish()) != published.content_hash())
    return Incomplete("the parts in the log have another content hash than the close states");
  return absl::OkStatus();
}

absl::StatusOr<ingestion_pb::RecordReleaseResponse> Releases::Record(
    const base::CallContext& call, const ingestion_pb::RecordReleaseRequest& request) {
  IMDI_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  if (request.actor().empty() || request.actor().size() > base::kIdBytesMax) {
    return base::InvalidField("actor",
                              base::StrCat("an opaque id of 1 to ", base::kIdBytesMax, " bytes"));
  }
  if (request.body_case() == ingestion_pb::RecordReleaseRequest::BODY_NOT_SET)
    return base::InvalidField("body", "a part or a close is required");
  const bool closing = request.has_published();
  const std::string& edition = closing ? request.published().edition() : request.chunk().edition();
  const std::string& build_id =
      closing ? request.published().build_id() : request.chunk().build_id();

  const auto answer =
      [this](int64_t position) -> absl::StatusOr<ingestion_pb::RecordReleaseResponse> {
    storage::LogEntry entry;
    IMDI_ASSIGN_OR_RETURN(store::Record record, ReadRecord(log_, position, &entry));
    ingestion_pb::RecordReleaseResponse response;
    response.set_actor(std::move(*record.mutable_actor()));
    response.set_position(position);
    response.set_time_us(absl::ToUnixMicros(entry.time));
    return response;
  };
  // The content is what is recorded of the release; by whom it was asked for is not: a second
  // person may finish what the first one began.
  const std::string key = RequestKey(call.actor, "RecordRelease", request.request_id());
  const std::string fingerprint = vault_.Fingerprint(
      base::StrCat("release\n", closing ? domain::CanonicalBytes(request.published())
                                        : domain::CanonicalBytes(request.chunk())));
  IMDI_ASSIGN_OR_RETURN(const auto known, log_.FindRequest(key));
  if (known.has_value()) {
    if (known->fingerprint != fingerprint) return RequestIdReused(request.request_id());
    return answer(known->position);
  }

  if (closing) {
    IMDI_RETURN_IF_ERROR(CheckClose(request.published()));
  } else {
    IMDI_RETURN_IF_ERROR(CheckPart(request.chunk()));
  }
  if (definitions_.catalog()->FindEdition(edition) == nullptr) {
    return base::Error(Reason::kUnknownResource,
                       base::StrCat("there is no edition ", base::Quoted(edition)));
  }
  for (int attempt = 0; attempt < kAppendAttemptsMax; ++attempt) {
    IMDI_ASSIGN_OR_RETURN(const Building building, BuildingOf(edition, build_id));
    const bool holds = building.build_id == build_id;
    store::Record record = BeginRecord(call, request.request_id());
    record.set_actor(request.actor());
    storage::Proposal proposal;
    proposal.request_key = key;
    proposal.fingerprint = fingerprint;
    if (closing) {
      const store::ReleasePublished& published = request.published();
      IMDI_ASSIGN_OR_RETURN(const auto latest, log_.Current(ReleasesResource(edition)));
      const int64_t number = latest.has_value() ? latest->revision : 0;
      if (published.number() != number + 1) return NotNext(published.number(), number);
      if (!holds || building.parts != published.chunks()) {
        return Incomplete(
            holds ? base::StrCat("the log has ", building.parts, " parts of this building, not ",
                                 published.chunks())
                  : "no part of this building came after the edition's last building began");
      }
      IMDI_RETURN_IF_ERROR(CheckParts(published));
      *record.mutable_release_published() = published;
      proposal.depends_on = {{ReleasesResource(edition), number, true},
                             {ReleaseBuildsResource(edition), building.begun, false},
                             {ReleasePartsResource(edition, build_id), building.parts, false}};
    } else {
      const int32_t index = request.chunk().index();
      if ((index > 0 && !holds) || building.parts != index) {
        return Incomplete(base::StrCat(
            "part ", index, " does not follow: the log has ", building.parts,
            " parts of this building",
            index > 0 && !holds ? ", and another building of the edition has begun since" : ""));
      }
      *record.mutable_release_chunk() = request.chunk();
      proposal.depends_on = {{ReleaseBuildsResource(edition), building.begun, index == 0},
                             {ReleasePartsResource(edition, build_id), building.parts, true}};
    }
    proposal.bytes = record.SerializeAsString();
    IMDI_ASSIGN_OR_RETURN(const storage::AppendOutcome outcome,
                          committer_.Commit({std::move(proposal), {}}));
    if (const auto* appended = std::get_if<storage::Appended>(&outcome))
      return answer(appended->position);
    if (const auto* duplicate = std::get_if<storage::Duplicate>(&outcome))
      return answer(duplicate->position);
    if (std::holds_alternative<storage::KeyReused>(outcome))
      return RequestIdReused(request.request_id());
  }
  return base::Error(Reason::kStaleRevision,
                     "releases of this edition kept being written while this call was checked");
}

}  // namespace imdi::ingestion
