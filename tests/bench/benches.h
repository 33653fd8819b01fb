#pragma once

// The measurements, each in a file of its own.

#include "tests/bench/measure.h"

namespace imdi::bench {

// Durable Submit, unary, in batches and alone, against a raw handler over the same committer and
// against fdatasync.
void BenchSubmit(const Setting& setting, const Survey& survey, Report& report);
// Figures, batches and tables against raw echoes of the same bytes; memory of the embedded system.
void BenchQuery(const Setting& setting, const Survey& survey, Report& report);
// Acknowledged Submit to the figure that counts it, through all three services.
void BenchLive(const Setting& setting, const Survey& survey, Report& report);
// Counting answers out of log records, rebuilding editions, and how that grows with the units:
// inside this process, one core.
void BenchFold(const Setting& setting, const Survey& survey, Report& report);
// What a release says, out of counts: figures, changes, trends and sentences, each by itself.
void BenchRelease(const Setting& setting, const Survey& survey, Report& report);
// More than the system can do, offered by callers who do not wait: what is done of it, how soon,
// what is refused and how. Submissions and a greedy caller;
void BenchOverload(const Setting& setting, const Survey& survey, Report& report);
// reads beside submissions, and readers who do not take their answers;
void BenchReads(const Setting& setting, const Survey& survey, Report& report);
// the day of the deadline.
void BenchDeadline(const Setting& setting, const Survey& survey, Report& report);
// From the ready line of a server that was killed to the first answer on a channel, and the first
// chunk to a follower, that were there before.
void BenchReconnect(const Setting& setting, const Survey& survey, Report& report);
// The same of imdi-ingestion, imdi-aggregation and imdi-query, each killed in turn, and until
// figures have all that came meanwhile.
void BenchSeparate(const Setting& setting, const Survey& survey, Report& report);
// From the start of a killed process to its ready line, with ten editions in the log.
void BenchStart(const Setting& setting, const Survey& survey, Report& report);

}  // namespace imdi::bench
