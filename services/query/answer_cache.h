#pragma once

// Whole answers as bytes, by what was asked: for panels that many readers ask for again and again.
// A release keeps its own, by what is meant; a snapshot keeps those of the very bytes of a request.

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "services/base/limits.h"
#include "services/base/mutex.h"
#include "services/transport/ready_bytes.h"

namespace imdi::query {

// Holds at most kTablesKeptMax answers and kTablesKeptBytesMax bytes; the one that was asked for
// longest ago goes first. Thread-safe.
class AnswerCache {
 public:
  std::optional<transport::ReadyBytes> Find(std::string_view key);
  // An answer larger than the whole cache is not kept.
  void Keep(std::string key, transport::ReadyBytes answer);

 private:
  // A key and its hash, which is made before the lock is taken: requests may be kilobytes.
  struct Key {
    explicit Key(std::string_view text) : text(text), hash(std::hash<std::string_view>()(text)) {}
    friend bool operator==(const Key& a, const Key& b) {
      return a.hash == b.hash && a.text == b.text;
    }
    std::string_view text;
    size_t hash;
  };
  struct HashOfKey {
    size_t operator()(const Key& key) const { return key.hash; }
  };
  struct Entry {
    std::string key;
    transport::ReadyBytes answer;
  };
  void DropLast() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  base::Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // Asked for last, first.
  std::unordered_map<Key, std::list<Entry>::iterator, HashOfKey> by_key_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

// What a snapshot keeps; it goes with it.
struct KeptAnswers {
  AnswerCache batches;
  AnswerCache tables;
};

}  // namespace imdi::query
