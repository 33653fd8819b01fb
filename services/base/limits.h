#pragma once

// Every bound has a name, and meeting it has a defined answer, given behind it:
//   refuse  the call fails, with the reason named
//   shed    UNAVAILABLE with a retry delay
//   page    the rest comes with the next page or chunk
//   cut     the rest is left out and the true number is given
// Relations that must hold between bounds are asserted below, at compile time.

#include <cstddef>
#include <cstdint>

namespace imdi::base {

// A bound and what meets it stand on one line; docs/limits.sh reads them so.
// clang-format off
inline constexpr size_t kKiB = 1024;
inline constexpr size_t kMiB = 1024 * kKiB;

// ---- Messages and transport
inline constexpr size_t kMessageBytesMax = 1 * kMiB;          // A request or response; refuse (RESOURCE_EXHAUSTED by gRPC).
inline constexpr size_t kMetadataBytesMax = 16 * kKiB;        // Header block of a call; refuse.
inline constexpr size_t kHttp2FrameBytesMax = 16 * kKiB;      // HTTP/2 frame; page.
inline constexpr size_t kHttp2LookaheadBytes = 64 * kKiB;     // Flow-control window; page.
inline constexpr int kConcurrentStreamsMax = 100;             // Calls per connection; the client waits.
inline constexpr int kFileDescriptorsWanted = 16'384;         // Open files and connections (RLIMIT_NOFILE is raised to this at start).
inline constexpr int kDescriptorsReserved = 256;              // Of these, kept from connections (a quarter where there are few); a connection that would take one is reset.
inline constexpr int kAcceptRetryMs = 50;                     // Rest of a listener whom the system refused a connection; then it accepts again.
inline constexpr int kParseDepthMax = 100;                    // Nested messages; refuse NESTING_TOO_DEEP.
inline constexpr size_t kErrorDetailBytesMax = 7'000;         // Error details in trailing metadata; cut.
inline constexpr size_t kErrorMessageBytesMax = 1 * kKiB;     // The message of an error; cut.
inline constexpr int kViolationsMax = 20;                     // Field violations in one error; cut, with true count.
inline constexpr size_t kViolationBytesMax = 256;             // Field path, and its description, each; cut.
inline constexpr size_t kGrpcMemoryQuotaBytes = 256 * kMiB;   // Memory gRPC may use for calls; refuse.
inline constexpr int kGrpcThreadsMax = 64;                    // Threads gRPC may start; the call waits.
inline constexpr int kHandshakeTimeoutMs = 5'000;             // Transport handshake; the connection is closed.
inline constexpr int kConnectionIdleMs = 300'000;             // No call this long; the connection is closed, the client reconnects.
inline constexpr int kConnectionAgeMs = 1'800'000;            // Age of a connection; closed softly, streams resume.
inline constexpr int kConnectionAgeGraceMs = 30'000;          // After that age; calls still running are cut.
inline constexpr int kKeepaliveTimeMs = 2'000;                // Silence on a connection with calls before a ping, from either side.
inline constexpr int kKeepaliveTimeoutMs = 5'000;             // Ping unanswered; the connection is closed, so that a peer gone without a word is noticed.
inline constexpr int kPingStrikesMax = 2;                     // Pings too early; the connection is closed.
inline constexpr int kMinPingIntervalMs = 1'000;              // What counts as too early.

// ---- Calls
inline constexpr int kMutationDeadlineMaxMs = 60'000;         // Deadline of a mutation; a longer one is cut to this.
inline constexpr int kReadDeadlineMaxMs = 60'000;             // Deadline of a read, also when none was given; cut.
inline constexpr int kExecutorThreads = 4;                    // Threads for calls that touch a disk; reads leave one of them free.
inline constexpr size_t kExecutorQueueMax = 256;              // Calls waiting for one, of each kind of work; shed OVERLOADED.
inline constexpr int kCallsInFlightMax = 4'096;               // Unary calls inside the process; shed OVERLOADED.
inline constexpr size_t kAdmissionPieceBytes = 16 * kKiB;     // A place of the admission; a larger request takes several.
inline constexpr int kWritesAdmittedMin = 64;                 // Places for writes however slow they are; beyond the limit shed OVERLOADED.
inline constexpr int kWritesAdmittedFirst = 128;              // Places for writes at the start; shed OVERLOADED.
inline constexpr int kWritesAdmittedMax = 2'048;              // Places for writes while they are fast; shed OVERLOADED.
inline constexpr int kWriteTargetMs = 200;                    // How long a write may take before fewer are admitted.
inline constexpr int kReadsAdmittedMin = 64;                  // Places for reads that take the executor however slow they are; shed OVERLOADED.
inline constexpr int kReadsAdmittedMax = 256;                 // The same at the start and while they are fast; shed OVERLOADED.
inline constexpr int kReadTargetMs = 100;                     // How long such a read may take before fewer are admitted.
inline constexpr int kAdmissionWindowMs = 200;                // How often these limits move.
inline constexpr int kAdmissionShareSlack = 4;                // Places above the average that a caller may hold beyond the limit; shed OVERLOADED.
inline constexpr int kShedRetryDelayMs = 200;                 // Advice given when shedding, at least.
inline constexpr int kShedRetryDelayMaxMs = 5'000;            // The same at most; longer, the more was shed of late.
inline constexpr int kCancelledStopMs = 100;                  // Time within which work ends whose caller has gone.
inline constexpr int kCancelledLookMs = 50;                   // How often a call that waits looks whether its caller has gone.
inline constexpr int kDrainMs = 8'000;                        // Time for calls to finish at shutdown, of all listeners together; then they are cut, and the process has ended before 10 s.

// ---- Pages
inline constexpr int kPageSizeDefault = 100;                  // When page_size is 0.
inline constexpr int kPageSizeMax = 1'000;                    // A larger page_size means this; page.
inline constexpr size_t kPageBytesMax = 512 * kKiB;           // Bytes of a page of figures; page.
inline constexpr size_t kEntryFramingBytes = 16;              // What an entry of a page costs beside its own bytes, at most.
inline constexpr size_t kPageTokenBytesMax = 1 * kKiB;        // A page token; refuse PAGE_TOKEN_INVALID.
inline constexpr size_t kBatchMax = 100;                      // Submissions in a BatchSubmit; refuse FIELD_INVALID.

// ---- Names and texts
inline constexpr size_t kNameBytesMax = 256;                  // A resource name; refuse NAME_INVALID.
inline constexpr size_t kIdBytesMax = 64;                     // An id of the definitions (question, unit, part); refuse.
inline constexpr size_t kRequestIdBytesMax = 64;              // A request id; refuse FIELD_INVALID.
inline constexpr size_t kTextAnswerBytesMax = 16 * kKiB;      // A free-text answer; refuse FIELD_INVALID.
inline constexpr size_t kReasonTextBytesMax = 1 * kKiB;       // A stated reason (reopen, withdraw); refuse.
inline constexpr size_t kAnswersPerSubmissionMax = 2'000;     // Answers in a submission; refuse FIELD_INVALID.
inline constexpr size_t kFindingsPerResponseMax = 200;        // Findings in an answer; page, with true count; of a definition: cut.

// ---- Definitions
inline constexpr size_t kDefinitionBytesMax = 768 * kKiB;     // A definition document; refuse TOO_LARGE (split it).
inline constexpr int kExpressionDepthMax = 64;                // Brackets in an expression; refuse with a finding.
inline constexpr size_t kExpressionBytesMax = 4 * kKiB;       // An expression's text; refuse with a finding.
inline constexpr size_t kItemsPerSurveyMax = 65'535;          // Item numbers of a survey; refuse with a finding.
inline constexpr size_t kUnitsPerFrameMax = 1'000'000;        // Units of an edition; refuse with a finding.
inline constexpr size_t kPartsPerEditionMax = 16;             // Parts of an edition; refuse with a finding.
inline constexpr size_t kFiguresPerEditionMax = 200'000;      // Figures of an edition; refuse with a finding (fewer breakdowns).
inline constexpr size_t kMatrixBytesMax = 512 * kMiB;         // An edition's answer matrix, as predicted; refuse with a finding.
inline constexpr size_t kWeightCellsMax = 2'048;              // Kinds of weight in all weight sets of an edition; refuse with a finding (coarser margins).
inline constexpr size_t kWeightLevelsMax = 256;               // Levels and totals that a weight set is calibrated to; refuse with a finding.
inline constexpr size_t kWeightSetsMax = 16;                  // Weight sets that the indicators of an edition name; refuse with a finding.
inline constexpr size_t kWeightWorkMax = 65'536;              // Kinds of weight x levels and totals of a weight set; refuse with a finding.
inline constexpr size_t kUnitNumbersMax = 200'000;            // Units x blocks of an edition that keep numbers by unit; refuse with a finding.
inline constexpr int32_t kAggregateBaseMin = 5;               // Smallest min_base under aggregate_only; refuse with a finding.
inline constexpr int32_t kAggregateCountMin = 3;              // Smallest min_count under aggregate_only; refuse with a finding.
inline constexpr int32_t kAggregateNumberBaseMin = 10;        // Smallest min_base under aggregate_only where one unit can be the figure, or most of it; refuse with a finding.

// ---- Log
inline constexpr size_t kRecordBytesMax = 896 * kKiB;         // A stored record; refuse TOO_LARGE.
inline constexpr size_t kRecordEnvelopeBytesMax = 4 * kKiB;   // What a record gains on its way to a follower.
inline constexpr size_t kCommitRecordsMax = 1'024;            // Records in one synced batch; the rest takes the next.
inline constexpr size_t kCommitBytesMax = 8 * kMiB;           // Bytes in one synced batch; the rest takes the next.
inline constexpr size_t kCommitQueueMax = 4'096;              // Proposals waiting for the committer; shed QUEUE_FULL.
inline constexpr size_t kCommitQueueBytesMax = 64 * kMiB;     // Their bytes; shed QUEUE_FULL.
inline constexpr size_t kAnswersKeptMax = 2'048;              // Responses read for a judgement, in memory; a newcomer takes another's place.
inline constexpr size_t kRevisionsKeptMax = 32'768;           // Current revisions in memory; a newcomer takes another's place.
inline constexpr uint64_t kFreeDiskBytesMin = 64 * kMiB;      // Free space below this; shed DISK_FULL, reads go on.
inline constexpr size_t kScrubBytesPerSecond = 4 * kMiB;      // Background verification; it rests in between.
inline constexpr int64_t kScrubRecordsAtOnce = 256;           // Records it reads between two rests.
inline constexpr int kScrubPauseMs = 3'600'000;               // Rest between two passes over the whole log.

// ---- Followers and waiters
inline constexpr size_t kFollowChunkBytesMax = 512 * kKiB;    // A chunk of FollowLog; page. One larger record goes alone.
inline constexpr int kFollowersMax = 16;                      // Followers of a log; refuse TOO_MANY_FOLLOWERS.
inline constexpr int kFigureFollowersMax = 16;                // Followers of figures; refuse TOO_MANY_FOLLOWERS.
inline constexpr size_t kSwapCountBytesMax = 1024 * kMiB;     // Counts of all editions in a swap; refuse TOO_LARGE, what was held stays.
inline constexpr int kWaitersMax = 1'000;                     // Calls waiting for a position; shed TOO_MANY_WAITERS.
inline constexpr int kWaitForPositionMs = 2'000;              // How long they wait; shed NOT_YET_FOLDED.
inline constexpr int kConnectTimeoutMs = 1'000;               // Dialling until the server greets; then it is dialled anew.
inline constexpr int kReconnectBackoffMinMs = 50;             // First wait of a follower that lost its stream.
inline constexpr int kReconnectBackoffMaxMs = 250;            // Longest wait.
inline constexpr int kFiguresKeepMs = 1'000;                  // Query writes its snapshot for a warm start at most this often.


// ---- The fold
inline constexpr int kLiveSwapMs = 3;                         // Shortest time between two swaps of the live view; records in between share one.
inline constexpr size_t kEditionsLoadedMax = 8;               // Editions whose answer matrix is kept; another one is unloaded and rebuilt on demand.

// ---- Statistics
inline constexpr int kCalibrationStepsMax = 50;               // Newton steps of raking; refuse WEIGHTS_NOT_CONVERGED.

// ---- Queries
inline constexpr size_t kSnapshotsKeptMax = 4;                // Snapshots kept for page tokens; older: SNAPSHOT_GONE.
inline constexpr size_t kBatchFiguresMax = 200;               // Names in BatchGetFigures; refuse FIELD_INVALID.
inline constexpr int kTableRowsMax = 2'000;                   // Rows of a GetTable page; page.
inline constexpr size_t kTableIndicatorsMax = 1'000;          // Indicators named in GetTable; refuse FIELD_INVALID.
inline constexpr size_t kAssociationCellsMax = 400;           // Answers x groups of TestAssociation; refuse TOO_LARGE.
inline constexpr size_t kAssociationStepsMax = 32'000'000;    // Its cells squared x strata; refuse TOO_LARGE.
inline constexpr size_t kExplanationBytesMax = 1'000 * kKiB;  // An explanation; beyond, parts of the variance by stratum are left out, then refuse TOO_LARGE.
inline constexpr size_t kTablesKeptMax = 64;                 // Whole tables or batches kept with a snapshot, a release or a live view; the longest unasked goes.
inline constexpr size_t kTablesKeptBytesMax = 4 * kMiB;      // Their bytes; the longest unasked goes.
inline constexpr size_t kOlderReleasesMax = 8;                // Releases in memory beside the latest of each edition; the longest unasked goes.
inline constexpr int kReleaseFollowersMax = 16;               // Followers of releases; refuse TOO_MANY_FOLLOWERS.
inline constexpr int kReleaseSignMs = 5'000;                  // Silence before a follower of releases gets a sign of life.

// ---- Releases
inline constexpr size_t kReleasePartBytesMax = 512 * kKiB;    // A part of a release, one chunk record; the rest takes the next, a larger one is refused TOO_LARGE.
inline constexpr int32_t kReleasePartsMax = 256;              // Parts of a release; refuse TOO_LARGE.
inline constexpr size_t kReleaseBytesMax = 64 * kMiB;         // Their bytes together; refuse TOO_LARGE.
inline constexpr size_t kCandidatesMax = 8;                   // Candidates kept in memory; the oldest goes.
inline constexpr size_t kCandidateDifferencesMax = 1'000;     // Differences shown with a candidate; cut, with true count.
inline constexpr size_t kCandidateClaimsBytesMax = 512 * kKiB;  // Bytes of the sentences shown with a candidate; cut, with true count.
inline constexpr size_t kVerifyDifferencesMax = 100;          // Differences written out by a verification; cut, with true count.

// ---- Operations
inline constexpr size_t kMetricSeriesMax = 200;               // Label sets of a metric; further ones are "other".
inline constexpr int kProgressLogMs = 10'000;                 // Lines of the log about the progress of one task; not more often, the metrics have it at any time.
inline constexpr int kReadyLagMs = 60'000;                    // How old figures may be; older, /readyz says not ready (503), and they are served on.
inline constexpr int kHealthRequestsInFlightMax = 8;          // HTTP requests on the health port; the rest waits.
inline constexpr int kLibraryLogLinesPerSecond = 10;          // Lines of protobuf and gRPC passed on; cut.
inline constexpr int kWatchdogIntervalMs = 5'000;             // How often the process dials its own port.
inline constexpr int kWatchdogGreetingMs = 4'000;             // How long the port may take to greet; a failure.
inline constexpr int kWatchdogFailuresMax = 3;                // Failures in a row; the process exits for a restart.

// ---- The client library
inline constexpr int kClientDeadlineMs = 10'000;              // A call that names no deadline; DEADLINE_EXCEEDED.
inline constexpr int kListRestartsMax = 3;                    // Times that a list begins again because its snapshot went; ABORTED SNAPSHOT_GONE.
inline constexpr size_t kHeldFiguresMax = 50'000;             // Figures of a held set; refuse TOO_LARGE, what was held stays.
inline constexpr size_t kHeldBytesMax = 64 * kMiB;            // Bytes of a held set and of its file; refuse TOO_LARGE, what was held stays.
inline constexpr int kHeldKeepMs = 60'000;                    // The file of a held set learns of a sign of life at most this often.
inline constexpr int kHeldStaleMs = 30'000;                   // No sign of life this long; the set calls itself stale, and goes on answering.
inline constexpr int kFollowReleasesMs = 600'000;             // One stream of FollowReleases; resumed at its cursor.
inline constexpr int kAskAgainMaxMs = 30'000;                 // Wait of a held set before it asks again a server that answers what cannot be taken, or says when; a longer one is cut.

static_assert(kPageSizeDefault <= kPageSizeMax);
static_assert(kPageBytesMax * 2 <= kMessageBytesMax, "a page and its last entry fit into one message");
static_assert(kRecordBytesMax + kRecordEnvelopeBytesMax <= kMessageBytesMax,
              "a record and its envelope fit into one message");
static_assert(kDefinitionBytesMax + 64 * kKiB <= kRecordBytesMax,
              "a definition fits into a record with what the record adds");
static_assert(kFollowChunkBytesMax + kRecordEnvelopeBytesMax <= kMessageBytesMax);
static_assert(kReleasePartBytesMax + 16 * kKiB <= kRecordBytesMax,
              "a part of a release fits into a record with what the record adds");
static_assert(kReleasePartBytesMax + kRecordEnvelopeBytesMax <= kMessageBytesMax,
              "a part of a release fits into one message to query");
static_assert(kErrorDetailBytesMax + kErrorMessageBytesMax <= kMetadataBytesMax / 2,
              "base64 of the details still fits beside the rest of the trailing metadata");
static_assert(kCommitBytesMax >= kRecordBytesMax, "every record fits into some batch");
static_assert(kCommitQueueBytesMax >= kCommitBytesMax);
static_assert(kBatchMax <= kCommitRecordsMax, "a whole batch fits into one commit");
static_assert(kCancelledLookMs * 2 <= kCancelledStopMs);
static_assert(kExecutorQueueMax < static_cast<size_t>(kCallsInFlightMax));
static_assert(kWritesAdmittedMin <= kWritesAdmittedFirst && kWritesAdmittedFirst <= kWritesAdmittedMax);
static_assert(2 * kWritesAdmittedMax <= kCallsInFlightMax, "the admission refuses before the last bound does");
static_assert(static_cast<size_t>(kWritesAdmittedMax) <= kCommitQueueMax, "what was admitted finds room before the committer");
static_assert(kReadsAdmittedMin <= kReadsAdmittedMax && static_cast<size_t>(kReadsAdmittedMax) <= kExecutorQueueMax);
static_assert(kShedRetryDelayMs <= kShedRetryDelayMaxMs);
static_assert(kLiveSwapMs < 10, "a position is announced within 10 ms");
static_assert(2 * kMinPingIntervalMs <= kKeepaliveTimeMs, "our own pings are never too early");
static_assert(2 * kReconnectBackoffMaxMs < 1'000, "a follower is back within a second of its server");
static_assert(kReconnectBackoffMinMs <= kReconnectBackoffMaxMs);
static_assert(kWaitForPositionMs < kReadDeadlineMaxMs);
static_assert(kClientDeadlineMs <= kReadDeadlineMaxMs);
static_assert(kReleaseSignMs * 4 < kHeldStaleMs, "a set is not stale because one sign of life came late");
static_assert(kReleaseSignMs * 2 <= 10'000, "a sign of life comes within 10 s though its timer may just have passed");

}  // namespace imdi::base
