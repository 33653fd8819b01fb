#pragma once

// A whole release as data: put together out of an edition's figures, cut into parts for the log,
// hashed, read back, and compared with another.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/claim.pb.h"
#include "imdi/survey/query/v1/release.pb.h"
#include "imdi/survey/store/v1/release.pb.h"
#include "services/figures/edition_figures.h"

namespace imdi::figures {

struct ReleaseContent {
  store_pb::ReleaseHeader header;
  std::vector<store_pb::ReleaseFigure> figures;      // By cell name, byte order.
  std::vector<query_pb::ClaimResult> claims;         // By name.
  std::vector<query_pb::ChangeFigure> changes;       // By name.
  std::vector<store_pb::ChangeEvidence> evidence;    // Of changes, by name.
  std::vector<query_pb::Trend> trends;               // By cell.
  std::vector<query_pb::ReleaseChange> differences;  // Since the release before; by cell or entry.
};

// Every figure of the edition, sorted; header, claims, changes and differences are filled in by the
// caller.
std::vector<store_pb::ReleaseFigure> AllFigures(const EditionFigures& edition);
// The same, unless `wanted`, which is asked before each figure, gives an error.
absl::StatusOr<std::vector<store_pb::ReleaseFigure>> AllFigures(
    const EditionFigures& edition, const std::function<absl::Status()>& wanted);

// Parts in order, each at most kReleasePartBytesMax; deterministic bytes. Content and parts are
// equivalent.
std::vector<std::string> WriteParts(const ReleaseContent& content);
// STORE_CORRUPT for bytes that WriteParts did not write.
absl::StatusOr<ReleaseContent> ReadParts(std::span<const std::string> parts);
// SHA-256 over the parts, each as its length (8 bytes, big-endian) and its bytes.
std::string ContentHash(std::span<const std::string> parts);  // 32 bytes.

// What differs in `after`, by cell. A figure is METHOD where only estimate, rule version or
// definition revisions differ.
std::vector<query_pb::ReleaseChange> Differences(const std::vector<store_pb::ReleaseFigure>& before,
                                                 const std::vector<store_pb::ReleaseFigure>& after);
// The same of whole releases: sentences ("claims/{id}") and change figures
// ("changes/{cell}@{year}") that are new, gone or say something else too.
std::vector<query_pb::ReleaseChange> Differences(const ReleaseContent& before,
                                                 const ReleaseContent& after);

// Differences between what was stored and what was computed again, in words: integers, states,
// verdicts, texts exactly, computed numbers within 1e-12 relative. `compared` becomes the number of
// figures and claims compared. At most `most` are written out; the true number is the return
// value's count.
struct VerifyDifferences {
  int32_t count = 0;
  int32_t compared = 0;
  std::vector<std::string> words;
};
VerifyDifferences CompareForVerify(const ReleaseContent& stored, const ReleaseContent& again,
                                   size_t most);

}  // namespace imdi::figures
