#include "storage/append_plan.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::storage {

using base::Error;
using base::Reason;
using base::StrCat;

absl::StatusOr<AppendPlan> PlanAppend(std::span<const Proposal> proposals, const LogHead& head,
                                      absl::Time now, const AppendLookups& lookups) {
  if (proposals.size() > kBatchProposalsMax) {
    return Error(Reason::kTooLarge,
                 StrCat("a batch has at most ", kBatchProposalsMax, " proposals"));
  }
  size_t batch_bytes = 0;
  for (const Proposal& proposal : proposals) {
    IMDI_RETURN_IF_ERROR(CheckProposal(proposal));
    batch_bytes += proposal.bytes.size();
  }
  if (batch_bytes > kBatchBytesMax) {
    return Error(Reason::kTooLarge, StrCat("a batch has at most ", kBatchBytesMax, " bytes"));
  }

  AppendPlan plan;
  plan.outcomes.reserve(proposals.size());
  plan.head = head;
  // Microseconds are what is stored and hashed; a clock that went back does not take the log with
  // it.
  const absl::Time time = std::max(head.time, absl::FromUnixMicros(absl::ToUnixMicros(now)));
  // What the earlier proposals of this span changed or have looked up. Views into `proposals`,
  // which outlives them.
  std::unordered_map<std::string_view, std::pair<int64_t, std::string_view>> requests;
  std::unordered_map<std::string_view, int64_t> revisions;
  requests.reserve(proposals.size());
  revisions.reserve(2 * proposals.size());

  for (size_t i = 0; i < proposals.size(); ++i) {
    const Proposal& proposal = proposals[i];
    if (!proposal.request_key.empty()) {
      std::optional<RequestEntry> known;
      if (const auto it = requests.find(proposal.request_key); it != requests.end()) {
        known = RequestEntry{it->second.first, std::string(it->second.second)};
      } else {
        IMDI_ASSIGN_OR_RETURN(known, lookups.request(proposal.request_key));
      }
      if (known.has_value()) {
        if (known->fingerprint == proposal.fingerprint) {
          plan.outcomes.emplace_back(Duplicate{known->position});
        } else {
          plan.outcomes.emplace_back(KeyReused{known->position});
        }
        continue;
      }
    }
    std::optional<Stale> stale;
    for (const Dependency& dependency : proposal.depends_on) {
      int64_t current = 0;
      if (const auto it = revisions.find(dependency.resource); it != revisions.end()) {
        current = it->second;
      } else {
        IMDI_ASSIGN_OR_RETURN(current, lookups.revision(dependency.resource));
        revisions.emplace(dependency.resource, current);
      }
      if (current != dependency.revision) {
        stale = Stale{dependency.resource, current};
        break;
      }
    }
    if (stale.has_value()) {
      plan.outcomes.emplace_back(*std::move(stale));
      continue;
    }
    const int64_t position = plan.head.position + 1;
    const Hash chain = NextChain(plan.head.chain, position, time, proposal.bytes);
    plan.head.position = position;
    plan.head.chain = chain;
    plan.head.time = time;
    if (!proposal.request_key.empty()) {
      requests.emplace(proposal.request_key,
                       std::pair<int64_t, std::string_view>(position, proposal.fingerprint));
    }
    for (const Dependency& dependency : proposal.depends_on) {
      if (dependency.advances) revisions[dependency.resource] = dependency.revision + 1;
    }
    plan.records.push_back({i, position, time, chain});
    plan.outcomes.emplace_back(Appended{position, time, chain});
  }
  return plan;
}

absl::Status CheckReadLimits(int64_t from, int64_t max_entries, size_t max_bytes) {
  if (from < 1) return Error(Reason::kInvalidArgument, "the first position is 1");
  if (max_entries < 1 || max_bytes < 1) {
    return Error(Reason::kInvalidArgument, "a limit is at least 1");
  }
  return absl::OkStatus();
}

absl::Status CheckListLimit(int64_t limit) {
  if (limit < 1 || limit > kListMax) {
    return Error(Reason::kInvalidArgument, StrCat("a limit is 1 to ", kListMax));
  }
  return absl::OkStatus();
}

absl::Status CheckVerifyRange(int64_t from, int64_t to, int64_t head) {
  if (from < 1 || to < from || to > head) {
    return Error(Reason::kInvalidArgument, StrCat("positions to verify lie within 1 and ", head,
                                                  "; asked for ", from, " to ", to));
  }
  return absl::OkStatus();
}

}  // namespace imdi::storage
