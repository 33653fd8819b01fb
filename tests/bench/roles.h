#pragma once

// The servers that are measured, each run in a process of its own.

#include <string>
#include <vector>

namespace imdi::bench {

// Runs a role until its input ends; gives the exit code.
//   ingestion FOLDER                     ingestion alone, all its services on one port
//   raw-submit FOLDER RECORD ANSWER KEYS a raw callback handler over the same committer and stores:
//   appends the bytes of
//                                        file RECORD with KEYS (0 or 1) text keys, answers the
//                                        bytes of file ANSWER
//   system FOLDER [PUBLIC INTERNAL]      the embedded system: public and internal port, free ones
//   unless given
//   echo ANSWER                          a raw callback handler that answers the bytes of file
//   ANSWER queue-echo ANSWER                    the same over a completion queue
int RunRole(const std::vector<std::string>& arguments);

}  // namespace imdi::bench
