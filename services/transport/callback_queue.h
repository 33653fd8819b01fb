#pragma once

namespace imdi::transport {

// gRPC shares one completion queue between everything in a process that uses callbacks, and ends it
// with the last user. In version 1.51 that end races with its own threads (a double free), so the
// process keeps one user for good. Idempotent; cheap after the first call.
void KeepCallbackQueue();

}  // namespace imdi::transport
