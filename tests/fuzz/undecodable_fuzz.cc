// The search for the place where the bytes of a request go wrong. First byte: which request.

#include <array>
#include <memory>

#include "google/protobuf/message.h"
#include "google/protobuf/stubs/logging.h"
#include "imdi/survey/ingestion/v1/edition_service.pb.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "services/base/error.h"
#include "services/transport/undecodable.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace imdi;
  using fuzz::Require;
  namespace pb = survey::ingestion::v1;
  static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true);
  (void)quiet;
  if (size == 0) return 0;
  const std::array<const google::protobuf::Message*, 4> types = {
      &pb::SubmitRequest::default_instance(), &pb::ApplyDefinitionRequest::default_instance(),
      &pb::FollowLogRequest::default_instance(), &pb::BatchSubmitRequest::default_instance()};
  const google::protobuf::Message& type = *types[data[0] % types.size()];
  const std::string_view bytes = fuzz::Text(data + 1, size - 1);
  const std::unique_ptr<google::protobuf::Message> message(type.New());
  const bool parses = message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  const absl::Status why = transport::WhyUndecodable(*type.GetDescriptor(), bytes);
  const base::ErrorInfo info = base::InfoOf(why);
  Require(why.code() == absl::StatusCode::kInvalidArgument, "always INVALID_ARGUMENT");
  Require(!parses || info.reason == base::Reason::kUndecodableRequest,
          "no fault is found in what parses");
  Require(info.reason != base::Reason::kInvalidUtf8 || info.violations.size() == 1,
          "bad UTF-8 has a place");
  return 0;
}
