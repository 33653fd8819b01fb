#include "services/query/answer_cache.h"

namespace imdi::query {

std::optional<transport::ReadyBytes> AnswerCache::Find(std::string_view text) {
  const Key key(text);
  base::MutexLock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->answer;
}

void AnswerCache::Keep(std::string text, transport::ReadyBytes answer) {
  const size_t cost = text.size() + answer.size();
  if (cost > base::kTablesKeptBytesMax) return;
  base::MutexLock lock(mutex_);
  if (by_key_.contains(Key(text))) return;  // Somebody else was faster with the same answer.
  entries_.push_front({std::move(text), std::move(answer)});
  by_key_.emplace(Key(entries_.front().key), entries_.begin());
  bytes_ += cost;
  while (entries_.size() > base::kTablesKeptMax || bytes_ > base::kTablesKeptBytesMax) DropLast();
}

void AnswerCache::DropLast() {
  const Entry& last = entries_.back();
  bytes_ -= last.key.size() + last.answer.size();
  by_key_.erase(Key(last.key));
  entries_.pop_back();
}

}  // namespace imdi::query
