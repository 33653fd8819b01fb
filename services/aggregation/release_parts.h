#pragma once

// Releases as the log tells them: parts that have come of a building, and what was closed. A
// release that was never closed is nothing; the first part of another building of the same edition
// puts it out of mind.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "imdi/survey/query/v1/release.pb.h"
#include "imdi/survey/store/v1/record.pb.h"

namespace imdi::aggregation {

namespace query_pb = survey::query::v1;
namespace store_pb = survey::store::v1;

// One closed release. Immutable.
struct ClosedRelease {
  query_pb::Release facts;
  std::string build_id;
  int32_t part_count = 0;
  // In order, as in the log. Null in all but the latest release of an edition: those lie in the
  // store alone.
  std::shared_ptr<const std::vector<std::string>> parts;
};

// A building of which nothing was closed yet. At most kReleasePartsMax parts and kReleaseBytesMax
// bytes; what goes beyond is dropped whole, and ingestion does not close it.
struct OpenBuilding {
  std::string build_id = {};
  std::vector<std::string> parts = {};
  size_t bytes = 0;
  bool too_large = false;
};

// One thread owns it. At most one building an edition is held.
class ReleaseParts {
 public:
  // Editions by id, releases by number − 1.
  using Closed =
      std::map<std::string, std::vector<std::shared_ptr<const ClosedRelease>>, std::less<>>;

  // STORE_CORRUPT for what ingestion cannot have appended; then nothing has changed.
  absl::Status TakePart(const store_pb::ReleaseChunk& chunk);
  absl::Status Close(int64_t position, int64_t time_us, const store_pb::Record& record);

  const Closed& closed() const { return closed_; }
  // Null when the edition has none.
  const ClosedRelease* Latest(std::string_view edition) const;
  const ClosedRelease* Find(std::string_view edition, int32_t number) const;
  const OpenBuilding* BuildingOf(std::string_view edition) const;

  // What was kept before a restart: releases in order of their numbers; STORE_CORRUPT where they do
  // not fit.
  absl::Status Restore(const std::string& edition, ClosedRelease release);
  void Restore(const std::string& edition, OpenBuilding building);

 private:
  void Put(const std::string& edition, std::shared_ptr<const ClosedRelease> release);
  Closed closed_;
  std::map<std::string, OpenBuilding, std::less<>> building_;  // By edition.
};

// SHA-256 over the parts, each as its length (8 bytes, big-endian) and its bytes. 32 bytes.
std::string HashOfParts(const std::vector<std::string>& parts);
// STORE_CORRUPT unless these are the parts of that release.
absl::Status CheckPartsOf(const ClosedRelease& release, const std::vector<std::string>& parts);

}  // namespace imdi::aggregation
