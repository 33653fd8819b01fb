#pragma once

// Figures and sentences of an edition that a system holds itself: filled from the latest release,
// kept fresh by following releases, kept in a file, and there while the server is not.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "imdi/survey/client/client.h"
#include "imdi/survey/query/v1/claim.pb.h"
#include "imdi/survey/query/v1/figure.pb.h"
#include "imdi/survey/query/v1/release.pb.h"

namespace imdi::survey::client {

// What a set holds of one release. Immutable.
struct HeldRelease {
  query::v1::Release release;
  std::map<std::string, query::v1::Figure, std::less<>> figures;      // By cell.
  std::map<std::string, query::v1::ClaimResult, std::less<>> claims;  // By id: "F12".

  // Null where the release, or what was declared of it, has no such cell or sentence.
  const query::v1::Figure* FindFigure(std::string_view cell) const;
  const query::v1::ClaimResult* FindClaim(std::string_view id) const;
  // The figures of `cell` (such as "IND_TARGET.WITH_PROGRAMME") by the groups of one attribute.
  std::map<std::string, const query::v1::Figure*> ByGroup(std::string_view cell,
                                                          std::string_view attribute) const;
};

// A release took the place of another. What differs is told by etags: figures whose value, state,
// counts, estimate or definition differ, and sentences that say something else.
struct HeldChange {
  std::shared_ptr<const HeldRelease> before;  // Null: the set was empty.
  std::shared_ptr<const HeldRelease> after;
  std::vector<std::string> cells;   // Also those that came or went.
  std::vector<std::string> claims;  // Ids.
};

// How old what is held may be.
struct HeldAge {
  std::string release;           // Name; empty: nothing is held yet.
  int64_t release_position = 0;  // Every record of the log up to it is counted.
  int64_t heard_position = 0;    // All releases up to it have been heard of.
  // When a server last said that the release is the latest. Survives restarts.
  absl::Time confirmed = absl::InfinitePast();
  // Since then. Jumps of the clock do not move it once a server has confirmed the release to this
  // object; until then the file's time is compared with the clock, and the age is infinite where
  // that lies behind it.
  absl::Duration age = absl::InfiniteDuration();
  // Not confirmed for 30 s, or the server itself said that its figures may be old.
  bool stale = true;
  bool server_stale = false;
  absl::Status trouble;       // Why the set is not being kept fresh; OK while it is.
  absl::Status file_trouble;  // Why the file is not; OK while it is.
};

struct HeldSetOptions {
  std::string edition = {};  // editions/KU2017
  struct Part {
    std::string indicator = {};  // Id: IND_TARGET
    std::string
        attribute;  // "total", or a breakdown: "size_group"; empty: the total and all of them.
    // False: a release that has none of it is held all the same.
    bool required = true;
  };
  std::vector<Part> figures = {};
  std::vector<std::string> claims = {};  // Ids.
  // Where it is kept; one process at a time. Empty: nowhere. A file that is damaged, of another set
  // or of another version is filled anew.
  std::string file = {};
  // Called on the set's own thread, one call at a time, after what it tells of is held and kept.
  // Also at the first fill, and after a restart when a release has come meanwhile; the first call
  // may come before Open returns.
  std::function<void(const HeldChange&)> on_change = {};
};

class HeldSet {
 public:
  // Reads the file and begins to follow; does not wait for the server. INVALID_ARGUMENT for a set
  // that holds nothing or names no edition.
  static absl::StatusOr<std::unique_ptr<HeldSet>> Open(SurveyClient client, HeldSetOptions options);
  // Stops following; the file stays.
  ~HeldSet();
  HeldSet(const HeldSet&) = delete;
  HeldSet& operator=(const HeldSet&) = delete;

  // Null until something is held.
  std::shared_ptr<const HeldRelease> Current() const;
  HeldAge Age() const;
  // What is held once something is; null when `patience` is over first.
  std::shared_ptr<const HeldRelease> WaitHeld(absl::Duration patience) const;
  // Waits until a server has confirmed what is held since this set was opened.
  bool WaitConfirmed(absl::Duration patience) const;

 private:
  struct Impl;
  explicit HeldSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace imdi::survey::client
