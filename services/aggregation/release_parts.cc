#include "services/aggregation/release_parts.h"

#include <algorithm>
#include <utility>

#include "imdi/survey/store/v1/release.pb.h"
#include "services/aggregation/errors.h"
#include "services/base/crypto.h"
#include "services/base/encoding.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/types.h"

namespace imdi::aggregation {

std::string HashOfParts(const std::vector<std::string>& parts) {
  base::Sha256Stream hash;
  for (const std::string& part : parts) {
    std::string size;
    base::PutU64(size, part.size());
    hash.Update(size);
    hash.Update(part);
  }
  return std::string(base::AsText(hash.Finish()));
}

absl::Status CheckPartsOf(const ClosedRelease& release, const std::vector<std::string>& parts) {
  if (static_cast<int64_t>(parts.size()) != release.part_count ||
      base::Hex(HashOfParts(parts)) != release.facts.content_hash()) {
    return Corrupt(base::StrCat("the parts of ", release.facts.name(),
                                " are missing or not those that were published"));
  }
  return absl::OkStatus();
}

absl::Status ReleaseParts::TakePart(const store_pb::ReleaseChunk& chunk) {
  if (!base::IsLowerHex(chunk.build_id(), domain::kBuildIdDigits) || chunk.index() < 0)
    return Corrupt("a part of a release names no building, or no place in it");
  if (chunk.index() == 0) building_[chunk.edition()] = OpenBuilding{.build_id = chunk.build_id()};
  const auto found = building_.find(chunk.edition());
  // Of a building that was abandoned since, or that does not begin: it cannot be closed any more.
  if (found == building_.end() || found->second.build_id != chunk.build_id())
    return absl::OkStatus();
  OpenBuilding& building = found->second;
  if (building.too_large || chunk.index() != static_cast<int32_t>(building.parts.size()))
    return absl::OkStatus();
  if (chunk.index() >= base::kReleasePartsMax ||
      building.bytes + chunk.part().size() > base::kReleaseBytesMax) {
    building =
        OpenBuilding{.build_id = chunk.build_id(), .parts = {}, .bytes = 0, .too_large = true};
    return absl::OkStatus();
  }
  building.bytes += chunk.part().size();
  building.parts.push_back(chunk.part());
  return absl::OkStatus();
}

absl::Status ReleaseParts::Close(int64_t position, int64_t time_us,
                                 const store_pb::Record& record) {
  const store_pb::ReleasePublished& published = record.release_published();
  const ClosedRelease* latest = Latest(published.edition());
  const int32_t number = latest == nullptr ? 1 : latest->facts.number() + 1;
  if (published.number() != number) {
    return Corrupt(base::StrCat("release ", published.number(), " of ", published.edition(),
                                " was closed where ", number, " is the next"));
  }
  const auto found = building_.find(published.edition());
  if (found == building_.end() || found->second.build_id != published.build_id())
    return Corrupt(base::StrCat("release ", number, " of ", published.edition(), " has no parts"));
  OpenBuilding& building = found->second;
  auto release = std::make_shared<ClosedRelease>();
  release->build_id = published.build_id();
  release->part_count = published.chunks();
  query_pb::Release& facts = release->facts;
  facts.set_name(base::StrCat("editions/", published.edition(), "/releases/", number));
  facts.set_content_hash(base::Hex(published.content_hash()));
  IMDI_RETURN_IF_ERROR(CheckPartsOf(*release, building.parts));
  store_pb::ReleasePart first;
  if (building.parts.empty() || !first.ParseFromString(building.parts.front()) ||
      !first.has_header()) {
    return Corrupt(base::StrCat(facts.name(), " does not begin with a header"));
  }
  const store_pb::ReleaseHeader& header = first.header();
  facts.set_number(number);
  facts.set_audience(static_cast<query_pb::Audience>(published.audience()));
  facts.set_position(published.position());
  facts.set_log_id(header.log_id());
  facts.set_rule_version(published.rule_version());
  facts.set_builder(published.builder());
  facts.set_approver(record.actor());
  facts.set_identities_authenticated(record.actor_authenticated());
  facts.set_reason(published.reason());
  *facts.mutable_read_releases() = header.read_releases();
  facts.set_figure_count(header.figure_count());
  facts.set_time_us(time_us);
  facts.set_published_position(position);
  facts.set_edition_state(header.edition_facts().state());
  release->parts = std::make_shared<const std::vector<std::string>>(std::move(building.parts));
  building_.erase(found);
  Put(published.edition(), std::move(release));
  return absl::OkStatus();
}

void ReleaseParts::Put(const std::string& edition, std::shared_ptr<const ClosedRelease> release) {
  auto& releases = closed_[edition];
  if (!releases.empty() && releases.back()->parts != nullptr) {
    auto older = std::make_shared<ClosedRelease>(*releases.back());
    older->parts = nullptr;
    releases.back() = std::move(older);
  }
  releases.push_back(std::move(release));
}

const ClosedRelease* ReleaseParts::Latest(std::string_view edition) const {
  const auto found = closed_.find(edition);
  return found == closed_.end() || found->second.empty() ? nullptr : found->second.back().get();
}

const ClosedRelease* ReleaseParts::Find(std::string_view edition, int32_t number) const {
  const auto found = closed_.find(edition);
  if (found == closed_.end() || number < 1 || static_cast<size_t>(number) > found->second.size())
    return nullptr;
  return found->second[static_cast<size_t>(number) - 1].get();
}

const OpenBuilding* ReleaseParts::BuildingOf(std::string_view edition) const {
  const auto found = building_.find(edition);
  return found == building_.end() ? nullptr : &found->second;
}

absl::Status ReleaseParts::Restore(const std::string& edition, ClosedRelease release) {
  const ClosedRelease* latest = Latest(edition);
  if (release.facts.number() != (latest == nullptr ? 1 : latest->facts.number() + 1))
    return Corrupt(base::StrCat("a release of ", edition, " is missing"));
  if (release.parts != nullptr) IMDI_RETURN_IF_ERROR(CheckPartsOf(release, *release.parts));
  Put(edition, std::make_shared<const ClosedRelease>(std::move(release)));
  return absl::OkStatus();
}

void ReleaseParts::Restore(const std::string& edition, OpenBuilding building) {
  building_[edition] = std::move(building);
}

}  // namespace imdi::aggregation
