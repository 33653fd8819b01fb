#include "services/ingestion/definitions.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/ingestion/names.h"

namespace imdi::ingestion {
namespace {

namespace model = survey::model::v1;
namespace store = survey::store::v1;

constexpr std::string_view kSchedulerActor = "scheduler";
// A change that keeps meeting newer definitions is given up as ABORTED.
constexpr int kChangeAttemptsMax = 4;

absl::Status CorruptRecord(int64_t position) {
  return base::Error(base::Reason::kStoreCorrupt,
                     base::StrCat("the record at position ", position, " does not parse"));
}

absl::Status KeepsChanging(std::string_view what) {
  return base::Error(
      base::Reason::kStaleRevision,
      base::StrCat(what, " kept changing while this call was checked; read it again and repeat"));
}

absl::Status UnknownEdition(std::string_view edition) {
  return base::Error(base::Reason::kUnknownResource,
                     base::StrCat("there is no edition editions/", edition));
}

std::vector<domain::ItemNumbers::Assigned> NewItems(const store::DefinitionApplied& applied) {
  std::vector<domain::ItemNumbers::Assigned> items;
  for (const store::ItemNumber& item : applied.new_items())
    items.push_back({item.item(), item.number()});
  return items;
}

// The survey whose items a questionnaire numbers.
std::string SurveyOf(const domain::Catalog& catalog, const model::Questionnaire& questionnaire) {
  const auto* edition = catalog.FindEdition(domain::EditionIdOf(questionnaire.name()));
  return edition == nullptr ? std::string() : edition->definition->survey();
}

absl::StatusOr<std::shared_ptr<const domain::Catalog>> ApplyRecord(const domain::Catalog& catalog,
                                                                   const store::Record& record,
                                                                   int64_t position) {
  switch (record.body_case()) {
    case store::Record::kDefinitionApplied: {
      const store::DefinitionApplied& applied = record.definition_applied();
      return catalog.Apply(applied.definition(), applied.revision(), NewItems(applied));
    }
    case store::Record::kEditionStateChanged: {
      const store::EditionStateChanged& change = record.edition_state_changed();
      return catalog.WithState(change.edition(), change.state(), change.unit(), change.revision());
    }
    default:
      return CorruptRecord(position);
  }
}

}  // namespace

store::Record BeginRecord(const base::CallContext& call, std::string_view request_id) {
  store::Record record;
  record.set_actor(call.actor);
  record.set_actor_authenticated(call.authenticated);
  record.set_request_id(std::string(request_id));
  record.set_trace_parent(call.trace_parent);
  return record;
}

absl::StatusOr<store::Record> ReadRecord(const storage::ResponseLog& log, int64_t position,
                                         storage::LogEntry* entry) {
  IMDI_ASSIGN_OR_RETURN(std::vector<storage::LogEntry> entries,
                        log.Read(position, 1, base::kRecordBytesMax));
  store::Record record;
  if (entries.empty() || entries.front().position != position ||
      !record.ParseFromString(entries.front().bytes)) {
    return CorruptRecord(position);
  }
  if (entry != nullptr) *entry = std::move(entries.front());
  return record;
}

absl::Status RequestIdReused(std::string_view request_id) {
  return base::Error(
      base::Reason::kRequestIdReused,
      base::StrCat("request id ", base::Quoted(request_id),
                   " was used before with other content; a new request needs a new id"));
}

absl::StatusOr<std::unique_ptr<Definitions>> Definitions::Open(storage::ResponseLog& log,
                                                               Committer& committer,
                                                               const TextVault& vault) {
  std::unique_ptr<Definitions> definitions(new Definitions(log, committer, vault));
  IMDI_RETURN_IF_ERROR(definitions->Reload());
  return definitions;
}

std::shared_ptr<const domain::Catalog> Definitions::catalog() const {
  base::MutexLock lock(mutex_);
  return catalog_;
}

void Definitions::SetCatalogListener(std::function<void()> listener) {
  base::MutexLock lock(listener_mutex_);
  listener_ = std::move(listener);
}

void Definitions::Publish(std::shared_ptr<const domain::Catalog> catalog, int64_t position) {
  {
    base::MutexLock lock(mutex_);
    if (position < catalog_position_) return;
    catalog_position_ = position;
    catalog_ = std::move(catalog);
  }
  base::MutexLock lock(listener_mutex_);
  if (listener_) listener_();
}

absl::Status Definitions::Reload() {
  std::vector<int64_t> positions;
  for (const std::string_view prefix : {kDefinitionPrefix, kStatePrefix}) {
    std::string after;
    while (true) {
      IMDI_ASSIGN_OR_RETURN(const auto page, log_.ListCurrent(prefix, after, storage::kListMax));
      for (const storage::ResourceRevision& current : page) {
        int64_t seen = 0;
        while (seen < current.revision) {
          IMDI_ASSIGN_OR_RETURN(const auto revisions,
                                log_.ListRevisions(current.resource, seen, storage::kListMax));
          if (revisions.empty()) break;
          for (const storage::ResourceRevision& revision : revisions)
            positions.push_back(revision.position);
          seen = revisions.back().revision;
        }
      }
      if (page.empty()) break;
      after = page.back().resource;
    }
  }
  std::ranges::sort(positions);
  std::shared_ptr<const domain::Catalog> catalog = domain::Catalog::Empty();
  for (const int64_t position : positions) {
    IMDI_ASSIGN_OR_RETURN(const store::Record record, ReadRecord(log_, position));
    IMDI_ASSIGN_OR_RETURN(catalog, ApplyRecord(*catalog, record, position));
  }
  Publish(std::move(catalog), positions.empty() ? 0 : positions.back());
  return absl::OkStatus();
}

absl::StatusOr<domain::AnswerFacts> Definitions::FactsAbout(std::string_view edition) const {
  auto units = std::make_shared<std::set<std::string, std::less<>>>();
  const std::string prefix = SubmissionPrefix(edition);
  std::string after;
  while (true) {
    IMDI_ASSIGN_OR_RETURN(const auto page, log_.ListCurrent(prefix, after, storage::kListMax));
    if (page.empty()) break;
    for (const storage::ResourceRevision& current : page) {
      const std::string_view rest = std::string_view(current.resource).substr(prefix.size());
      units->insert(std::string(rest.substr(0, rest.find('.'))));
    }
    after = page.back().resource;
  }
  return domain::AnswerFacts{
      .edition_has_answers = !units->empty(),
      .unit_has_answers = [units](std::string_view unit) { return units->contains(unit); }};
}

absl::StatusOr<int64_t> Definitions::Append(storage::Proposal proposal) {
  const std::string request_key = proposal.request_key;
  IMDI_ASSIGN_OR_RETURN(const storage::AppendOutcome outcome,
                        committer_.Commit({std::move(proposal), {}}));
  if (const auto* appended = std::get_if<storage::Appended>(&outcome)) return appended->position;
  if (const auto* duplicate = std::get_if<storage::Duplicate>(&outcome)) return duplicate->position;
  if (std::holds_alternative<storage::KeyReused>(outcome)) {
    return RequestIdReused(request_key.substr(request_key.rfind('/') + 1));
  }
  IMDI_RETURN_IF_ERROR(Reload());
  return 0;
}

absl::StatusOr<ingestion_pb::ApplyDefinitionResponse> Definitions::Apply(
    const base::CallContext& call, const ingestion_pb::ApplyDefinitionRequest& request) {
  if (!request.validate_only()) IMDI_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  if (request.definition().ByteSizeLong() > base::kDefinitionBytesMax) {
    return base::Error(base::Reason::kTooLarge,
                       base::StrCat("a definition has at most ", base::kDefinitionBytesMax,
                                    " bytes; split it into several documents"));
  }
  const std::string name = domain::NameOf(request.definition());
  const std::string request_key = RequestKey(call.actor, "ApplyDefinition", request.request_id());
  const std::string fingerprint = vault_.Fingerprint(domain::CanonicalBytes(request.definition()));
  base::MutexLock lock(change_mutex_);
  if (!request.validate_only()) {
    IMDI_ASSIGN_OR_RETURN(const auto known, log_.FindRequest(request_key));
    if (known.has_value()) {
      if (known->fingerprint != fingerprint) return RequestIdReused(request.request_id());
      IMDI_ASSIGN_OR_RETURN(const store::Record stored, ReadRecord(log_, known->position));
      ingestion_pb::ApplyDefinitionResponse response;
      response.set_name(name);
      response.set_revision(stored.definition_applied().revision());
      response.set_changed(true);
      response.set_position(known->position);
      return response;
    }
  }
  for (int attempt = 0; attempt < kChangeAttemptsMax; ++attempt) {
    const std::shared_ptr<const domain::Catalog> before = catalog();
    IMDI_ASSIGN_OR_RETURN(const domain::AnswerFacts facts, FactsAbout(domain::EditionIdOf(name)));
    const domain::DefinitionVerdict verdict =
        before->ValidateDefinition(request.definition(), facts);
    ingestion_pb::ApplyDefinitionResponse response;
    response.set_name(verdict.name);
    response.set_revision(verdict.revision);
    response.set_changed(verdict.changed);
    for (const domain::DefinitionFinding& finding : verdict.findings) {
      auto& out = *response.add_findings();
      if (static_cast<size_t>(response.findings_size()) > base::kFindingsPerResponseMax) {
        out.set_rule("MORE_FINDINGS");
        out.set_message(base::StrCat(verdict.findings.size() - base::kFindingsPerResponseMax,
                                     " more are not shown"));
        out.set_remedy("mend these first");
        break;
      }
      out.set_path(finding.path);
      out.set_column(finding.column);
      out.set_rule(finding.rule);
      out.set_message(finding.message);
      out.set_remedy(finding.remedy);
    }
    if (!verdict.changed || request.validate_only()) return response;

    store::Record record = BeginRecord(call, request.request_id());
    store::DefinitionApplied& applied = *record.mutable_definition_applied();
    *applied.mutable_definition() = request.definition();
    applied.set_revision(verdict.revision);
    for (const domain::ItemNumbers::Assigned& item : verdict.new_items) {
      store::ItemNumber& out = *applied.add_new_items();
      out.set_item(item.item);
      out.set_number(item.number);
    }
    storage::Proposal proposal;
    proposal.request_key = request_key;
    proposal.fingerprint = fingerprint;
    proposal.bytes = record.SerializeAsString();
    proposal.depends_on.push_back({DefinitionResource(name), verdict.revision - 1, true});
    if (!verdict.new_items.empty()) {
      const std::string survey = SurveyOf(*before, request.definition().questionnaire());
      IMDI_ASSIGN_OR_RETURN(const auto numbering, log_.Current(ItemsResource(survey)));
      proposal.depends_on.push_back(
          {ItemsResource(survey), numbering.has_value() ? numbering->revision : 0, true});
    }
    IMDI_ASSIGN_OR_RETURN(const int64_t position, Append(std::move(proposal)));
    if (position == 0) continue;
    IMDI_ASSIGN_OR_RETURN(const store::Record stored, ReadRecord(log_, position));
    if (stored.definition_applied().revision() == verdict.revision) {
      IMDI_ASSIGN_OR_RETURN(std::shared_ptr<const domain::Catalog> after,
                            ApplyRecord(*before, stored, position));
      Publish(std::move(after), position);
    }
    response.set_revision(stored.definition_applied().revision());
    response.set_position(position);
    return response;
  }
  return KeepsChanging(name);
}

absl::StatusOr<ingestion_pb::GetDefinitionResponse> Definitions::Get(
    const ingestion_pb::GetDefinitionRequest& request) const {
  const std::string resource = DefinitionResource(request.name());
  std::optional<storage::ResourceRevision> found;
  if (request.name().size() <= base::kNameBytesMax &&
      request.name().find('\0') == std::string::npos && request.revision() >= 0) {
    if (request.revision() == 0) {
      IMDI_ASSIGN_OR_RETURN(found, log_.Current(resource));
    } else {
      IMDI_ASSIGN_OR_RETURN(found, log_.AtRevision(resource, request.revision()));
    }
  }
  if (!found.has_value()) {
    return base::Error(base::Reason::kUnknownResource,
                       base::StrCat("there is no definition ", base::Quoted(request.name()),
                                    request.revision() == 0 ? "" : " with that revision"));
  }
  IMDI_ASSIGN_OR_RETURN(store::Record record, ReadRecord(log_, found->position));
  ingestion_pb::GetDefinitionResponse response;
  *response.mutable_definition() =
      std::move(*record.mutable_definition_applied()->mutable_definition());
  response.set_revision(found->revision);
  response.set_position(found->position);
  response.set_etag(base::StrCat(request.name(), "@", found->revision));
  if (response.definition().has_edition()) {
    const std::shared_ptr<const domain::Catalog> now = catalog();
    const auto* edition = now->FindEdition(domain::EditionIdOf(request.name()));
    if (edition != nullptr) response.set_state(edition->state);
  }
  return response;
}

absl::StatusOr<ingestion_pb::ListDefinitionsResponse> Definitions::List(
    const ingestion_pb::ListDefinitionsRequest& request) const {
  if (request.page_size() < 0) return base::InvalidField("page_size", "must not be negative");
  // The token is the last name of the page before: names never leave the list, so it needs no
  // snapshot.
  if (!request.page_token().empty() && !request.page_token().starts_with(request.prefix())) {
    return base::Error(base::Reason::kPageTokenInvalid,
                       "the page token belongs to a list with another prefix");
  }
  const int page_size = request.page_size() == 0
                            ? base::kPageSizeDefault
                            : std::min(request.page_size(), base::kPageSizeMax);
  const std::string after =
      request.page_token().empty() ? "" : DefinitionResource(request.page_token());
  IMDI_ASSIGN_OR_RETURN(const auto page, log_.ListCurrent(DefinitionResource(request.prefix()),
                                                          after, page_size + 1));
  ingestion_pb::ListDefinitionsResponse response;
  for (const storage::ResourceRevision& current : page) {
    if (response.definitions_size() == page_size) {
      response.set_next_page_token(response.definitions(page_size - 1).name());
      break;
    }
    auto& out = *response.add_definitions();
    out.set_name(current.resource.substr(kDefinitionPrefix.size()));
    out.set_revision(current.revision);
    out.set_position(current.position);
  }
  return response;
}

absl::StatusOr<ingestion_pb::SetEditionStateResponse> Definitions::SetState(
    const base::CallContext& call, const ingestion_pb::SetEditionStateRequest& request) {
  IMDI_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  IMDI_ASSIGN_OR_RETURN(const std::string edition, ParseEditionName(request.edition()));
  if (!request.unit().empty() && request.reason().empty()) {
    return base::InvalidField("reason", "a unit is reopened or closed with a stated reason");
  }
  if (request.reason().size() > base::kReasonTextBytesMax) {
    return base::InvalidField("reason",
                              base::StrCat("at most ", base::kReasonTextBytesMax, " bytes"));
  }
  store::Record record = BeginRecord(call, request.request_id());
  store::EditionStateChanged& change = *record.mutable_edition_state_changed();
  change.set_edition(edition);
  change.set_state(request.state());
  change.set_unit(request.unit());
  change.set_reason(request.reason());
  const std::string fingerprint =
      vault_.Fingerprint(base::StrCat("state\n", edition, "\n", static_cast<int>(request.state()),
                                      "\n", request.unit(), "\n", request.reason()));
  bool known = false;
  IMDI_ASSIGN_OR_RETURN(const int64_t position,
                        ChangeState(std::move(record),
                                    RequestKey(call.actor, "SetEditionState", request.request_id()),
                                    fingerprint, false, &known));
  ingestion_pb::SetEditionStateResponse response;
  response.set_state(request.state());
  response.set_position(position);
  return response;
}

absl::StatusOr<bool> Definitions::RunScheduled(std::string_view edition,
                                               const model::ScheduledTransition& transition) {
  const std::optional<absl::Time> at = domain::TimeOf(transition);
  if (!at.has_value()) return base::InvalidField("at", "an RFC 3339 time in UTC");
  store::Record record;
  record.set_actor(std::string(kSchedulerActor));
  store::EditionStateChanged& change = *record.mutable_edition_state_changed();
  change.set_edition(std::string(edition));
  change.set_state(transition.to());
  change.set_reason(base::StrCat("scheduled for ", transition.at()));
  change.set_scheduled(true);
  // Edition, time and state are what makes it this transition: a schedule that is applied again
  // does not repeat it.
  const std::string id =
      base::StrCat(edition, "/", absl::ToUnixMicros(*at), "/", static_cast<int>(transition.to()));
  bool known = false;
  IMDI_RETURN_IF_ERROR(
      ChangeState(std::move(record), RequestKey(kSchedulerActor, "ScheduledTransition", id),
                  vault_.Fingerprint(base::StrCat("scheduled\n", id)), true, &known)
          .status());
  return !known;
}

absl::StatusOr<int64_t> Definitions::ChangeState(store::Record record,
                                                 const std::string& request_key,
                                                 const std::string& fingerprint, bool always,
                                                 bool* known) {
  store::EditionStateChanged& change = *record.mutable_edition_state_changed();
  base::MutexLock lock(change_mutex_);
  for (int attempt = 0; attempt < kChangeAttemptsMax; ++attempt) {
    IMDI_ASSIGN_OR_RETURN(const auto found, log_.FindRequest(request_key));
    if (found.has_value()) {
      *known = true;
      if (found->fingerprint != fingerprint) return RequestIdReused(record.request_id());
      return found->position;
    }
    const std::shared_ptr<const domain::Catalog> before = catalog();
    bool holds = false;
    IMDI_RETURN_IF_ERROR(
        before->CheckTransition(change.edition(), change.state(), change.unit(), &holds));
    if (holds && !always) return 0;
    const auto& entry = *before->FindEdition(change.edition());
    change.set_revision(entry.state_revision + 1);
    storage::Proposal proposal;
    proposal.request_key = request_key;
    proposal.fingerprint = fingerprint;
    proposal.bytes = record.SerializeAsString();
    proposal.depends_on = {{StateResource(change.edition()), entry.state_revision, true},
                           {DefinitionResource(entry.definition->name()), entry.revision, false}};
    IMDI_ASSIGN_OR_RETURN(const int64_t position, Append(std::move(proposal)));
    if (position == 0) continue;
    IMDI_ASSIGN_OR_RETURN(auto after, before->WithState(change.edition(), change.state(),
                                                        change.unit(), change.revision()));
    Publish(std::move(after), position);
    return position;
  }
  return KeepsChanging(base::StrCat("editions/", change.edition()));
}

absl::StatusOr<ingestion_pb::SetDispositionResponse> Definitions::SetDisposition(
    const base::CallContext& call, const ingestion_pb::SetDispositionRequest& request) {
  IMDI_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  IMDI_ASSIGN_OR_RETURN(const std::string edition, ParseEditionName(request.edition()));
  switch (request.disposition()) {
    case model::DISPOSITION_REFUSAL:
    case model::DISPOSITION_NON_CONTACT:
    case model::DISPOSITION_OUT_OF_SCOPE:
      break;
    default:
      return base::InvalidField(
          "disposition",
          "REFUSAL, NON_CONTACT or OUT_OF_SCOPE; the others follow from the answers");
  }
  if (request.reason().size() > base::kReasonTextBytesMax) {
    return base::InvalidField("reason",
                              base::StrCat("at most ", base::kReasonTextBytesMax, " bytes"));
  }
  const std::shared_ptr<const domain::Catalog> now = catalog();
  const auto* entry = now->FindEdition(edition);
  if (entry == nullptr) return UnknownEdition(edition);
  if (entry->frame == nullptr || !entry->frame->Find(request.unit()).has_value()) {
    return base::Error(base::Reason::kUnitOutOfFrame,
                       base::StrCat("unit ", base::Quoted(request.unit()),
                                    " is not in the frame of editions/", edition));
  }
  const std::string resource = DispositionResource(edition, request.unit());
  const std::string key = RequestKey(call.actor, "SetDisposition", request.request_id());
  const std::string fingerprint = vault_.Fingerprint(
      base::StrCat("disposition\n", edition, "\n", request.unit(), "\n",
                   static_cast<int>(request.disposition()), "\n", request.reason()));
  base::MutexLock lock(change_mutex_);
  for (int attempt = 0; attempt < kChangeAttemptsMax; ++attempt) {
    IMDI_ASSIGN_OR_RETURN(const auto current, log_.Current(resource));
    IMDI_ASSIGN_OR_RETURN(const auto known, log_.FindRequest(key));
    ingestion_pb::SetDispositionResponse response;
    if (!known.has_value()) {
      model::Disposition holds = model::DISPOSITION_NON_CONTACT;
      if (current.has_value()) {
        IMDI_ASSIGN_OR_RETURN(const store::Record record, ReadRecord(log_, current->position));
        holds = record.disposition_set().disposition();
      }
      if (holds == request.disposition()) return response;
    }
    store::Record record = BeginRecord(call, request.request_id());
    store::DispositionSet& set = *record.mutable_disposition_set();
    set.set_edition(edition);
    set.set_unit(request.unit());
    set.set_disposition(request.disposition());
    set.set_reason(request.reason());
    set.set_revision(current.has_value() ? current->revision + 1 : 1);
    storage::Proposal proposal;
    proposal.request_key = key;
    proposal.fingerprint = fingerprint;
    proposal.bytes = record.SerializeAsString();
    proposal.depends_on = {{resource, set.revision() - 1, true}};
    IMDI_ASSIGN_OR_RETURN(const int64_t position, Append(std::move(proposal)));
    if (position == 0) continue;
    response.set_position(position);
    return response;
  }
  return KeepsChanging(resource);
}

}  // namespace imdi::ingestion
