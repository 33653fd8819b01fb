#pragma once

// Lists, page by page.

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace imdi::survey::client {

namespace internal {
// The snapshot that a page token named is gone, and the list may begin again.
bool MayBeginAgain(const absl::Status& status, int restarts);
}  // namespace internal

// Everything that a listing gives is of one snapshot of the server. A release with a number never
// changes, so its lists can be read as slowly as one likes. Other lists (live figures, editions)
// are of a snapshot that is kept for a short while only: when it goes in the middle, Next ends with
// ABORTED SNAPSHOT_GONE rather than going on in another one, and All begins again.
template <typename Item>
class Listing {
 public:
  struct Page {
    std::vector<Item> items;
    std::string next_page_token;  // Empty: no more.
  };
  using Fetch = std::function<absl::StatusOr<Page>(const std::string& page_token)>;

  explicit Listing(Fetch fetch) : fetch_(std::move(fetch)) {}

  // The next entry, valid until the next call; null at the end and after an error, which `status`
  // tells apart.
  const Item* Next() {
    while (at_ == page_.items.size()) {
      if (!status_.ok() || (begun_ && page_.next_page_token.empty())) return nullptr;
      absl::StatusOr<Page> page = fetch_(page_.next_page_token);
      if (!page.ok()) {
        // Nothing of this list has been given yet: nobody notices.
        if (!given_ && internal::MayBeginAgain(page.status(), restarts_++)) {
          Rewind();
          continue;
        }
        status_ = page.status();
        return nullptr;
      }
      begun_ = true;
      page_ = *std::move(page);
      at_ = 0;
    }
    given_ = true;
    return &page_.items[at_++];
  }
  const absl::Status& status() const { return status_; }

  // Every entry from the first page on, all of one snapshot.
  absl::StatusOr<std::vector<Item>> All() {
    while (true) {
      Rewind();
      std::vector<Item> out;
      while (const Item* item = Next()) out.push_back(*item);
      if (status_.ok()) return out;
      if (!internal::MayBeginAgain(status_, restarts_++)) return status_;
    }
  }

 private:
  void Rewind() {
    page_ = Page();
    at_ = 0;
    begun_ = false;
    given_ = false;
    status_ = absl::OkStatus();
  }

  Fetch fetch_;
  Page page_;
  size_t at_ = 0;
  bool begun_ = false;
  bool given_ = false;
  int restarts_ = 0;
  absl::Status status_;
};

}  // namespace imdi::survey::client
