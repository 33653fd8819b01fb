#include "services/aggregation/release_builder.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "services/aggregation/errors.h"
#include "services/aggregation/log_chain.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/survey_catalog.h"
#include "services/figures/claim_results.h"
#include "services/figures/edition_figures.h"
#include "services/figures/trends.h"

namespace imdi::aggregation {
namespace {

// A place at which something is asked of the fold.
struct Stop {
  int64_t position = 0;
  std::function<absl::Status(Fold&)> then;
};

// Folds the log from its first record, stopping where `plan` says, which is told the head. Stops
// rise.
absl::Status Replay(
    ReleaseLog& log, const base::CallContext& call,
    const std::function<absl::StatusOr<std::vector<Stop>>(const ingestion_pb::Cursor& head)>&
        plan) {
  Fold fold;
  storage::FoldCursor cursor;
  std::optional<std::vector<Stop>> stops;
  size_t next = 0;
  const auto run_stops = [&]() -> absl::Status {
    while (next < stops->size() && (*stops)[next].position <= fold.position()) {
      IMDI_RETURN_IF_ERROR(call.CheckWanted());
      IMDI_RETURN_IF_ERROR((*stops)[next++].then(fold));
    }
    return absl::OkStatus();
  };
  return log.Read(call, [&](const ingestion_pb::FollowLogResponse& chunk) -> absl::StatusOr<bool> {
    IMDI_RETURN_IF_ERROR(call.CheckWanted());
    if (!stops.has_value()) {
      IMDI_ASSIGN_OR_RETURN(stops, plan(chunk.head()));
      cursor = BeginOf(chunk.head());
      IMDI_RETURN_IF_ERROR(run_stops());
    }
    for (const ingestion_pb::LogRecord& entry : chunk.records()) {
      if (next == stops->size()) return false;
      IMDI_ASSIGN_OR_RETURN(ChainedRecord followed, Follow(cursor, entry));
      IMDI_RETURN_IF_ERROR(fold.Apply(entry.position(), entry.time_us(), followed.record));
      cursor = std::move(followed.cursor);
      IMDI_RETURN_IF_ERROR(run_stops());
    }
    return next < stops->size();
  });
}

// Figures of other editions as one state of the log has them: of their latest release, else live.
class OtherEditions {
 public:
  explicit OtherEditions(Fold& fold) : fold_(fold) {}

  std::optional<figures::OtherEdition> Find(const std::string& edition) {
    auto found = sources_.find(edition);
    if (found == sources_.end()) found = sources_.emplace(edition, Open(edition)).first;
    if (found->second.has_value() && !found->second->release.empty())
      read_.insert(found->second->release);
    return found->second;
  }

  // Releases that were read, by name.
  const std::set<std::string>& read() const { return read_; }
  const absl::Status& status() const { return status_; }

 private:
  using Figures = std::map<std::string, query_pb::Figure, std::less<>>;

  std::optional<figures::OtherEdition> Open(const std::string& edition) {
    if (const ClosedRelease* release = fold_.releases().Latest(edition); release != nullptr) {
      absl::StatusOr<figures::ReleaseContent> content = figures::ReadParts(*release->parts);
      if (!content.ok()) {
        status_ = content.status();
        return std::nullopt;
      }
      auto cells = std::make_shared<Figures>();
      for (store_pb::ReleaseFigure& figure : content->figures) {
        std::string cell = figure.figure().name();
        cells->emplace(std::move(cell), std::move(*figure.mutable_figure()));
      }
      return figures::OtherEdition{
          .release = release->facts.name(),
          .find = [cells](std::string_view cell) -> std::optional<query_pb::Figure> {
            const auto found = cells->find(cell);
            if (found == cells->end()) return std::nullopt;
            return found->second;
          }};
    }
    absl::StatusOr<std::shared_ptr<const domain::EditionCounts>> counts = fold_.CountsOf(edition);
    if (!counts.ok()) status_ = counts.status();
    if (!counts.ok() || *counts == nullptr) return std::nullopt;
    const auto live = std::make_shared<const figures::EditionFigures>(fold_.shared_catalog(),
                                                                      edition, *std::move(counts));
    return figures::OtherEdition{
        .release = "", .find = [live](std::string_view cell) -> std::optional<query_pb::Figure> {
          std::optional<store_pb::ReleaseFigure> figure = live->Find(cell);
          if (!figure.has_value()) return std::nullopt;
          return std::move(*figure->mutable_figure());
        }};
  }

  Fold& fold_;
  std::map<std::string, std::optional<figures::OtherEdition>> sources_;
  std::set<std::string> read_;
  absl::Status status_;
};

template <typename Messages>
bool Same(const Messages& a, const Messages& b) {
  return std::ranges::equal(a, b, [](const auto& one, const auto& other) {
    return domain::CanonicalBytes(one) == domain::CanonicalBytes(other);
  });
}

// Content of the latest release of an edition; empty where there is none.
absl::StatusOr<std::optional<figures::ReleaseContent>> LatestOf(const Fold& fold,
                                                                const std::string& edition) {
  const ClosedRelease* release = fold.releases().Latest(edition);
  if (release == nullptr) return std::optional<figures::ReleaseContent>();
  IMDI_ASSIGN_OR_RETURN(figures::ReleaseContent content, figures::ReadParts(*release->parts));
  return std::optional(std::move(content));
}

// Fills in what depends on the release before.
void Complete(figures::ReleaseContent& content, query_pb::Audience audience,
              const std::optional<figures::ReleaseContent>& before) {
  const int32_t number = before.has_value() ? before->header.number() + 1 : 1;
  content.header.set_number(number);
  content.header.set_audience(audience);
  content.header.mutable_method_note()->set_release(
      base::StrCat("editions/", content.header.edition(), "/releases/", number));
  if (before.has_value()) content.differences = figures::Differences(*before, content);
}

}  // namespace

namespace {

using CollapsedStrata = google::protobuf::RepeatedPtrField<query_pb::CollapsedStratum>;

// Which strata were joined before their answers were weighted, and why: one line for each.
// `joined_for`: a weight set, or the years that are compared.
void LogCollapses(const std::string& edition, base::LogField joined_for,
                  const CollapsedStrata& collapsed) {
  for (const query_pb::CollapsedStratum& one : collapsed) {
    base::LogEvent(base::Level::kInfo, "stratum_collapsed",
                   {{"edition", edition},
                    joined_for,
                    {"from", one.from()},
                    {"into", one.into()},
                    {"responded", one.responded()},
                    {"reason", one.reason().en()}});
  }
}

void LogCollapses(const std::string& edition, const figures::ReleaseContent& content) {
  const store_pb::ReleaseHeader& header = content.header;
  LogCollapses(edition, {"weight_set", domain::kBuiltInWeights}, header.collapsed());
  for (const query_pb::WeightSetInfo& set : header.weight_sets())
    LogCollapses(edition, {"weight_set", set.name()}, set.collapsed());
  // Cells that are compared over the same years, in the same group, have the same units.
  std::set<std::string> logged;
  const auto log_once = [&](const CollapsedStrata& collapsed) {
    std::string all;
    for (const query_pb::CollapsedStratum& one : collapsed) all += one.SerializeAsString();
    if (collapsed.empty() || !logged.insert(std::move(all)).second) return;
    LogCollapses(edition, {"years", base::StrJoin(collapsed[0].years(), ",")}, collapsed);
  };
  for (const store_pb::ChangeEvidence& change : content.evidence) log_once(change.collapsed());
  for (const query_pb::Trend& trend : content.trends) log_once(trend.collapsed());
}

}  // namespace

absl::StatusOr<figures::ReleaseContent> ContentOf(Fold& fold, const base::CallContext& call,
                                                  const std::string& edition,
                                                  const std::string& log_id) {
  const auto* entry = fold.catalog().FindEdition(edition);
  if (entry == nullptr) {
    return base::Error(base::Reason::kUnknownResource,
                       base::StrCat("there is no edition ", base::Quoted(edition), " at position ",
                                    fold.position()));
  }
  IMDI_ASSIGN_OR_RETURN(std::shared_ptr<const domain::EditionCounts> counts,
                        fold.CountsOf(edition));
  if (counts == nullptr) {
    return base::Error(
        base::Reason::kUnknownResource,
        base::StrCat("editions/", edition, " has no questionnaire or no frame at position ",
                     fold.position(), ": there is nothing to count"));
  }
  const figures::EditionFigures figures(fold.shared_catalog(), edition, std::move(counts));
  OtherEditions others(fold);
  const figures::FindOtherEdition find = [&others](const std::string& id) {
    return others.Find(id);
  };
  figures::ReleaseContent content;
  content.header = figures.Header();
  const auto wanted = [&call] { return call.CheckWanted(); };
  IMDI_ASSIGN_OR_RETURN(content.figures, figures::AllFigures(figures, wanted));
  IMDI_ASSIGN_OR_RETURN(figures::EditionChanges changes, figures::Changes(figures, find, wanted));
  IMDI_ASSIGN_OR_RETURN(content.claims, figures::JudgeClaims(figures, changes, wanted));
  content.changes = std::move(changes.figures);
  content.evidence = std::move(changes.evidence);
  IMDI_ASSIGN_OR_RETURN(content.trends, figures::Trends(figures, find, wanted));
  IMDI_RETURN_IF_ERROR(others.status());
  content.header.set_edition(edition);
  content.header.set_log_id(log_id);
  content.header.set_position(fold.position());
  content.header.set_rule_version(figures::kRuleVersion);
  for (const std::string& release : others.read()) content.header.add_read_releases(release);
  return content;
}

absl::StatusOr<BuiltRelease> BuildRelease(ReleaseLog& log, const base::CallContext& call,
                                          const std::string& edition, query_pb::Audience audience,
                                          int64_t at_position) {
  figures::ReleaseContent content;
  std::optional<figures::ReleaseContent> before;
  IMDI_RETURN_IF_ERROR(
      Replay(log, call, [&](const ingestion_pb::Cursor& head) -> absl::StatusOr<std::vector<Stop>> {
        if (at_position < 0 || at_position > head.position()) {
          return base::InvalidField("at_position",
                                    base::StrCat("a position of the log, at most its head ",
                                                 head.position(), ", or 0 for the head"));
        }
        const int64_t at = at_position == 0 ? head.position() : at_position;
        const Stop compute = {at, [&, log_id = head.log_id()](Fold& fold) -> absl::Status {
                                IMDI_ASSIGN_OR_RETURN(content,
                                                      ContentOf(fold, call, edition, log_id));
                                return absl::OkStatus();
                              }};
        // The number and what differs follow from the latest release there is, wherever the figures
        // stand.
        const Stop compare = {head.position(), [&](Fold& fold) -> absl::Status {
                                IMDI_ASSIGN_OR_RETURN(before, LatestOf(fold, edition));
                                return absl::OkStatus();
                              }};
        return std::vector<Stop>{compute, compare};
      }));
  Complete(content, audience, before);
  IMDI_RETURN_IF_ERROR(call.CheckWanted());

  BuiltRelease out;
  out.parts = figures::WriteParts(content);
  const store_pb::ReleaseHeader& header = content.header;
  LogCollapses(edition, content);
  query_pb::Release& facts = out.facts;
  facts.set_name(base::StrCat("editions/", edition, "/releases/", header.number()));
  facts.set_number(header.number());
  facts.set_audience(header.audience());
  facts.set_position(header.position());
  facts.set_log_id(header.log_id());
  facts.set_rule_version(header.rule_version());
  facts.set_content_hash(base::Hex(figures::ContentHash(out.parts)));
  *facts.mutable_read_releases() = header.read_releases();
  facts.set_figure_count(header.figure_count());
  facts.set_edition_state(header.edition_facts().state());
  out.unchanged = before.has_value() && Same(before->figures, content.figures) &&
                  Same(before->claims, content.claims) && Same(before->changes, content.changes) &&
                  Same(before->trends, content.trends);
  out.differences = std::move(content.differences);
  out.claims = std::move(content.claims);
  return out;
}

absl::StatusOr<VerifiedRelease> VerifyRelease(ReleaseLog& log, const base::CallContext& call,
                                              const query_pb::Release& facts) {
  const std::string edition(domain::EditionIdOf(facts.name()));
  if (facts.rule_version() != figures::kRuleVersion) {
    return base::InvalidField(
        "name",
        base::StrCat(facts.name(), " was computed under rule version ", facts.rule_version(),
                     "; this build computes under ", figures::kRuleVersion, " alone"));
  }
  figures::ReleaseContent again;
  std::optional<figures::ReleaseContent> before, stored;
  std::string stored_hash;
  IMDI_RETURN_IF_ERROR(
      Replay(log, call, [&](const ingestion_pb::Cursor& head) -> absl::StatusOr<std::vector<Stop>> {
        if (facts.published_position() > head.position() || facts.log_id() != head.log_id()) {
          return Diverged(base::StrCat(facts.name(), " is not of this log"));
        }
        return std::vector<Stop>{
            {facts.position(),
             [&, log_id = head.log_id()](Fold& fold) -> absl::Status {
               IMDI_ASSIGN_OR_RETURN(again, ContentOf(fold, call, edition, log_id));
               return absl::OkStatus();
             }},
            {facts.published_position() - 1,
             [&](Fold& fold) -> absl::Status {
               IMDI_ASSIGN_OR_RETURN(before, LatestOf(fold, edition));
               return absl::OkStatus();
             }},
            {facts.published_position(), [&](Fold& fold) -> absl::Status {
               IMDI_ASSIGN_OR_RETURN(stored, LatestOf(fold, edition));
               if (const ClosedRelease* release = fold.releases().Latest(edition))
                 stored_hash = release->facts.content_hash();
               return absl::OkStatus();
             }}};
      }));
  if (!stored.has_value() || stored->header.number() != facts.number()) {
    return Corrupt(base::StrCat(facts.name(), " is not where its facts say"));
  }
  IMDI_RETURN_IF_ERROR(call.CheckWanted());
  Complete(again, facts.audience(), before);
  VerifiedRelease out;
  out.identical = base::Hex(figures::ContentHash(figures::WriteParts(again))) == stored_hash;
  out.differences = figures::CompareForVerify(*stored, again, base::kVerifyDifferencesMax);
  return out;
}

}  // namespace imdi::aggregation
