#include "services/transport/undecodable.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "grpcpp/support/slice.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::transport {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

absl::Status Fault(base::Reason reason, std::string path, std::string_view what) {
  base::ErrorInfo info;
  info.reason = reason;
  path.resize(std::min(path.size(), base::kViolationBytesMax));
  const std::string message = base::StrCat(path.empty() ? "the request" : path, " ", what);
  if (!path.empty()) info.violations.push_back({std::move(path), std::string(what)});
  return base::Error(std::move(info), message);
}

// The first fault that has a place, in the order in which the parser meets them. `type` is null for
// what the contract does not know; `path` is that of the message, empty for the request itself.
std::optional<absl::Status> FindFault(CodedInputStream& in, const Descriptor* type,
                                      const std::string& path, int depth) {
  if (depth > base::kParseDepthMax) {
    return Fault(base::Reason::kNestingTooDeep, path,
                 base::StrCat("nests more than ", base::kParseDepthMax, " deep"));
  }
  std::map<int, int> seen;
  while (const uint32_t tag = in.ReadTag()) {
    const int number = WireFormatLite::GetTagFieldNumber(tag);
    const FieldDescriptor* field = type == nullptr ? nullptr : type->FindFieldByNumber(number);
    std::string place = path;
    if (field != nullptr) {
      base::StrAppend(place, path.empty() ? "" : ".", field->name());
      if (field->is_repeated() && !field->is_map())
        base::StrAppend(place, "[", seen[number]++, "]");
    }
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_START_GROUP:
        if (auto fault = FindFault(in, nullptr, path, depth + 1)) return fault;
        continue;
      case WireFormatLite::WIRETYPE_END_GROUP:
        return std::nullopt;
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
        break;
      default:
        if (!WireFormatLite::SkipField(&in, tag)) return std::nullopt;
        continue;
    }
    uint32_t unsigned_size = 0;
    if (!in.ReadVarint32(&unsigned_size) ||
        unsigned_size > static_cast<uint32_t>(in.BytesUntilLimit())) {
      return std::nullopt;
    }
    const int size = static_cast<int>(unsigned_size);
    if (field != nullptr && field->type() == FieldDescriptor::TYPE_STRING) {
      std::string text;
      in.ReadString(&text, size);
      if (!base::IsValidUtf8(text)) return Fault(base::Reason::kInvalidUtf8, place, "is not UTF-8");
    } else if (field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE) {
      const CodedInputStream::Limit outer = in.PushLimit(size);
      if (auto fault = FindFault(in, field->message_type(), place, depth + 1)) return fault;
      if (in.BytesUntilLimit() > 0) return std::nullopt;
      in.PopLimit(outer);
    } else {
      in.Skip(size);
    }
  }
  return std::nullopt;
}

}  // namespace

absl::Status WhyUndecodable(const Descriptor& type, std::string_view bytes) {
  const auto size =
      static_cast<int>(std::min<size_t>(bytes.size(), std::numeric_limits<int>::max()));
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()), size);
  in.PushLimit(size);
  if (auto fault = FindFault(in, &type, "", 0)) return *std::move(fault);
  return base::Error(base::Reason::kUndecodableRequest,
                     base::StrCat("the request is not a valid ", std::string_view(type.full_name()),
                                  ": its bytes end too early, or are no message at all"));
}

absl::Status WhyUndecodable(const Descriptor& type, const grpc::ByteBuffer& bytes) {
  grpc::Slice slice;
  if (!bytes.DumpToSingleSlice(&slice).ok()) return WhyUndecodable(type, std::string_view());
  return WhyUndecodable(
      type, std::string_view(reinterpret_cast<const char*>(slice.begin()), slice.size()));
}

}  // namespace imdi::transport
