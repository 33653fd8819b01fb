#pragma once

// What a caller of the log knows: which requests it sent, and which of them were acknowledged
// where. Compares a log with that, after whatever happened to it.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "storage/response_log.h"

namespace imdi::storage::fault {

class LogModel {
 public:
  explicit LogModel(uint64_t seed) : random_(seed) {}

  // A batch of new requests, now and then with a repetition of an old one.
  std::vector<Proposal> NextBatch() {
    std::vector<Proposal> batch;
    const uint64_t count = 1 + random_() % 8;
    for (uint64_t i = 0; i < count; ++i) {
      if (!sent_.empty() && random_() % 8 == 0) {
        auto old = sent_.begin();
        std::advance(old, static_cast<int64_t>(random_() % sent_.size()));
        batch.push_back(old->second);
        continue;
      }
      batch.push_back(NewProposal());
    }
    return batch;
  }

  // Every request that was sent, for asking again.
  std::vector<Proposal> AllSent() const {
    std::vector<Proposal> all;
    for (const auto& [key, proposal] : sent_) all.push_back(proposal);
    return all;
  }

  // Notes what Append answered. The violation, if the answer contradicts an earlier one.
  std::optional<std::string> Acknowledge(const std::vector<Proposal>& batch,
                                         const std::vector<AppendOutcome>& outcomes) {
    if (outcomes.size() != batch.size()) return "outcomes and proposals differ in number";
    for (size_t i = 0; i < batch.size(); ++i) {
      int64_t position = 0;
      if (const auto* appended = std::get_if<Appended>(&outcomes[i])) position = appended->position;
      if (const auto* duplicate = std::get_if<Duplicate>(&outcomes[i]))
        position = duplicate->position;
      if (position == 0) return "request " + batch[i].request_key + " was neither new nor known";
      const auto [known, first] = acknowledged_.emplace(batch[i].request_key, position);
      if (first && std::holds_alternative<Duplicate>(outcomes[i])) ++learned_late_;
      if (!first && known->second != position) {
        return "request " + batch[i].request_key + " was acknowledged at " +
               std::to_string(known->second) + " and again at " + std::to_string(position);
      }
      if (!first && std::holds_alternative<Appended>(outcomes[i])) {
        return "request " + batch[i].request_key + " was acknowledged and appended again";
      }
    }
    return std::nullopt;
  }

  // The first thing that is wrong with the log; none when it is as promised.
  std::optional<std::string> Check(const ResponseLog& log) const {
    const LogHead head = log.Head();
    if (head.position > 0) {
      const absl::Status chain = log.VerifyChain(1, head.position);
      if (!chain.ok()) return "the chain does not verify: " + chain.ToString();
    }
    std::map<std::string, int64_t> found;
    int64_t expected = 1;
    while (expected <= head.position) {
      const auto entries = log.Read(expected, 100, 1 << 20);
      if (!entries.ok()) return "read failed: " + entries.status().ToString();
      if (entries->empty()) return "nothing at position " + std::to_string(expected);
      for (const LogEntry& entry : *entries) {
        if (entry.position != expected) return "a gap before " + std::to_string(entry.position);
        ++expected;
        const std::string key = entry.bytes.substr(0, entry.bytes.find(':'));
        const auto sent = sent_.find(key);
        if (sent == sent_.end())
          return "a record that nobody sent at " + std::to_string(entry.position);
        if (sent->second.bytes != entry.bytes) return "other bytes than were sent for " + key;
        if (!found.emplace(key, entry.position).second) return "request " + key + " is there twice";
      }
    }
    for (const auto& [key, position] : acknowledged_) {
      const auto it = found.find(key);
      if (it == found.end()) return "acknowledged request " + key + " is lost";
      if (it->second != position) return "acknowledged request " + key + " moved";
    }
    std::map<std::string, std::vector<int64_t>> revisions;
    for (const auto& [key, proposal] : sent_) {
      const auto entry = log.FindRequest(key);
      if (!entry.ok()) return "request index failed: " + entry.status().ToString();
      const auto it = found.find(key);
      if (entry->has_value() != (it != found.end()))
        return "the request index is wrong about " + key;
      if (it == found.end()) continue;
      if ((*entry)->position != it->second || (*entry)->fingerprint != proposal.fingerprint) {
        return "the request index is wrong about " + key;
      }
      for (const Dependency& dependency : proposal.depends_on) {
        revisions[dependency.resource].push_back(it->second);
      }
    }
    for (auto& [resource, positions] : revisions) {
      std::sort(positions.begin(), positions.end());
      const auto list = log.ListRevisions(resource, 0, kListMax);
      if (!list.ok()) return "revision index failed: " + list.status().ToString();
      if (list->size() != positions.size()) return "revisions of " + resource + " differ in number";
      for (size_t i = 0; i < positions.size(); ++i) {
        if ((*list)[i].position != positions[i]) return "a revision of " + resource + " moved";
      }
      const auto current = log.Current(resource);
      if (!current.ok() || !current->has_value() || **current != list->back()) {
        return "the current revision of " + resource + " is wrong";
      }
    }
    return std::nullopt;
  }

  size_t acknowledged() const { return acknowledged_.size(); }
  size_t sent() const { return sent_.size(); }
  // Requests whose first answer was that they are there already.
  size_t learned_late() const { return learned_late_; }

 private:
  Proposal NewProposal() {
    Proposal proposal;
    proposal.request_key = "r" + std::to_string(sent_.size());
    proposal.fingerprint = "f" + std::to_string(random_() % 1000);
    proposal.bytes = proposal.request_key + ":" + std::string(random_() % 1500, 'x');
    // A resource of its own, so that a proposal is stale only if the store lost or doubled
    // something.
    proposal.depends_on = {{"unit/" + std::to_string(sent_.size()), 0, true}};
    sent_.emplace(proposal.request_key, proposal);
    return proposal;
  }

  std::mt19937_64 random_;
  std::map<std::string, Proposal> sent_;
  std::map<std::string, int64_t> acknowledged_;
  size_t learned_late_ = 0;
};

}  // namespace imdi::storage::fault
