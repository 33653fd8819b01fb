#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.pb.h"

namespace imdi::contract {

// What callers of `before` would miss or misread in `now`: anything removed, any number, type,
// label, JSON name, oneof, request, response or streaming that is another. Additions are none.
// Empty = `now` serves them all.
std::vector<std::string> BreakingChanges(const google::protobuf::FileDescriptorSet& before,
                                         const google::protobuf::FileDescriptorSet& now);

// Full names of messages, fields, enums, values, services, methods, oneofs and extensions without a
// leading comment. Of this project's own files only; the set must carry source info.
std::vector<std::string> WithoutComment(const google::protobuf::FileDescriptorSet& contract);

}  // namespace imdi::contract
