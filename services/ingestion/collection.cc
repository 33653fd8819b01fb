#include "services/ingestion/collection.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/derivation.h"
#include "services/ingestion/names.h"
#include "services/ingestion/responses.h"

namespace imdi::ingestion {
namespace {

namespace model = survey::model::v1;

void CountOne(model::Disposition disposition, ingestion_pb::CollectionCounts& counts) {
  counts.set_invited(counts.invited() + 1);
  switch (disposition) {
    case model::DISPOSITION_COMPLETE:
      counts.set_complete(counts.complete() + 1);
      break;
    case model::DISPOSITION_PARTIAL:
      counts.set_partial(counts.partial() + 1);
      break;
    case model::DISPOSITION_BREAKOFF:
      counts.set_breakoff(counts.breakoff() + 1);
      break;
    case model::DISPOSITION_REFUSAL:
      counts.set_refusal(counts.refusal() + 1);
      break;
    case model::DISPOSITION_OUT_OF_SCOPE:
      counts.set_out_of_scope(counts.out_of_scope() + 1);
      break;
    default:
      counts.set_non_contact(counts.non_contact() + 1);
      break;
  }
}

}  // namespace

absl::StatusOr<ingestion_pb::GetCollectionStatusResponse> Collection::Status(
    const base::CallContext& call, const ingestion_pb::GetCollectionStatusRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const std::string edition_id, ParseEditionName(request.edition()));
  const std::shared_ptr<const domain::Catalog> catalog = definitions_.catalog();
  const auto* edition = catalog->FindEdition(edition_id);
  if (edition == nullptr || edition->frame == nullptr) {
    return base::Error(base::Reason::kUnknownResource,
                       base::StrCat("there is no edition ", request.edition(), " with a frame"));
  }
  const domain::CompiledFrame& frame = *edition->frame;
  std::optional<uint32_t> attribute;
  if (!request.by().empty()) {
    attribute = frame.FindAttribute(request.by());
    if (!attribute.has_value()) {
      return base::InvalidField(
          "by", base::StrCat("the frame of ", request.edition(), " has no attribute ",
                             base::Quoted(request.by())));
    }
  }

  ingestion_pb::GetCollectionStatusResponse response;
  response.set_position(log_.Head().position);
  std::map<std::string, std::map<std::string, int64_t>, std::less<>>
      submissions;                                           // By unit and part.
  std::map<std::string, int64_t, std::less<>> dispositions;  // By unit.
  for (const std::string& prefix : {SubmissionPrefix(edition_id), DispositionPrefix(edition_id)}) {
    std::string after;
    while (true) {
      IMDI_RETURN_IF_ERROR(call.CheckWanted());
      IMDI_ASSIGN_OR_RETURN(const auto page, log_.ListCurrent(prefix, after, storage::kListMax));
      if (page.empty()) break;
      for (const storage::ResourceRevision& current : page) {
        const std::string_view rest = std::string_view(current.resource).substr(prefix.size());
        const size_t dot = rest.find('.');
        if (dot == std::string_view::npos) {
          dispositions[std::string(rest)] = current.position;
        } else {
          submissions[std::string(rest.substr(0, dot))][std::string(rest.substr(dot + 1))] =
              current.position;
        }
      }
      after = page.back().resource;
    }
  }

  const auto* version = edition->Current();
  const std::array<int64_t, 4> definitions = {
      edition->revision, edition->frame_revision, version == nullptr ? 0 : version->revision,
      version == nullptr ? 0 : version->compiled->version()};
  std::vector<ingestion_pb::CollectionCounts> groups(
      attribute.has_value() ? frame.attributes()[*attribute].groups.size() + 1 : 0);
  base::MutexLock lock(mutex_);
  auto& known = derived_[edition_id];
  for (domain::UnitIndex index = 0; index < frame.size(); ++index) {
    IMDI_RETURN_IF_ERROR(call.CheckWanted());
    const model::Unit& unit = frame.unit(index);
    model::Disposition outcome = model::DISPOSITION_UNSPECIFIED;
    if (const auto found = submissions.find(unit.code());
        found != submissions.end() && version != nullptr) {
      Derived& derived = known[unit.code()];
      if (derived.positions != found->second || derived.definitions != definitions) {
        IMDI_ASSIGN_OR_RETURN(const CurrentResponse current,
                              ReadResponse(log_, *edition, *version, unit.code(), found->second));
        const domain::DerivedResponse response_of_unit = domain::Derive(
            *version->compiled, {.unit = frame.FactsOf(index),
                                 .answers = &current.answers,
                                 .submitted = current.submitted,
                                 .fielded = current.fielded.empty() ? nullptr : &current.fielded});
        derived = {found->second, definitions, response_of_unit.outcome};
      }
      outcome = derived.outcome;
    }
    model::Disposition set_by_team = model::DISPOSITION_UNSPECIFIED;
    if (const auto found = dispositions.find(unit.code()); found != dispositions.end()) {
      IMDI_ASSIGN_OR_RETURN(const auto record, ReadRecord(log_, found->second));
      set_by_team = record.disposition_set().disposition();
    }
    const model::Disposition disposition =
        domain::FinalDisposition(unit.out_of_scope(), set_by_team, outcome);
    CountOne(disposition, *response.mutable_total());
    if (attribute.has_value()) {
      const uint16_t group = frame.GroupOf(index, *attribute);
      CountOne(disposition, group == domain::kUnknownGroup ? groups.back() : groups[group]);
    }
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    const bool unknown = i + 1 == groups.size();
    if (unknown && groups[i].invited() == 0) continue;
    groups[i].set_group(std::string(
        frame.GroupCode(*attribute, unknown ? domain::kUnknownGroup : static_cast<uint16_t>(i))));
    *response.add_groups() = std::move(groups[i]);
  }
  return response;
}

}  // namespace imdi::ingestion
