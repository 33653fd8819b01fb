#include "services/transport/status_bridge.h"

#include <string>
#include <vector>

#include "echo_listener.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/text.h"

namespace imdi::transport {
namespace {

using base::ErrorInfo;
using base::FieldViolation;
using base::Reason;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Over a real TCP connection: the in-process channel hides limits of the trailing metadata.
class StatusBridge : public ::testing::Test {
 protected:
  StatusBridge() {
    listener_.Listen();
    base::SetLogSink([this](std::string_view line) { lines_.emplace_back(line); });
  }
  ~StatusBridge() override { base::SetLogSink(nullptr); }

  // What a caller sees of `status`; `last_` as gRPC hands it over.
  absl::Status Sent(const absl::Status& status) {
    listener_.echo.read = [status](const base::CallContext&, const Node&) { return status; };
    grpc::ClientContext context;
    SetTimeout(context, kPatience);
    Node response;
    last_ = listener_.stub->Read(&context, {}, &response);
    return FromRpc(last_);
  }

  EchoListener listener_;
  grpc::Status last_;
  std::vector<std::string> lines_;
};

TEST_F(StatusBridge, CarriesEveryReasonWithEverythingItHolds) {
  for (const Reason reason : base::AllReasons()) {
    if (reason == Reason::kInternal) continue;
    const ErrorInfo info{
        .reason = reason,
        .metadata = {{"edition", "editions/KU2017"},
                     {"gjeldande", "revisjon 3 – «ny»"},
                     {"tom", ""}},
        .violations = {{"answers[3].item", "er ukjend; bruk ein av INT01, INT02"}, {"b", "c"}},
        .violation_count = 12'345'678'901,
        .retry_delay = absl::Milliseconds(61'234)};
    const absl::Status sent = base::Error(info, "Eininga er ikkje med i utgåva\n\"KU2017\" 100%");
    const absl::Status received = Sent(sent);
    EXPECT_EQ(received.code(), base::CanonicalCode(reason)) << base::Name(reason);
    EXPECT_EQ(received.message(), sent.message());
    EXPECT_TRUE(base::InfoOf(received) == info) << received;
    EXPECT_EQ(received, sent) << base::Name(reason);
    EXPECT_EQ(FromRpc(ToRpc(sent)), sent);
    EXPECT_EQ(Sent(base::Sample(reason)), base::Sample(reason));
  }
}

TEST_F(StatusBridge, SpeaksThePublicErrorModel) {
  ErrorInfo info = base::InfoOf(base::InvalidField("request_id", "is required"));
  info.retry_delay = absl::Milliseconds(1500);
  ASSERT_FALSE(Sent(base::Error(info, "request_id: is required")).ok());
  EXPECT_EQ(last_.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  google::rpc::Status status;
  ASSERT_TRUE(status.ParseFromString(last_.error_details()));
  EXPECT_EQ(status.code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  EXPECT_EQ(status.message(), "request_id: is required");
  google::rpc::ErrorInfo error;
  google::rpc::RetryInfo retry;
  google::rpc::BadRequest bad;
  for (const auto& any : status.details())
    any.UnpackTo(&error) || any.UnpackTo(&retry) || any.UnpackTo(&bad);
  EXPECT_EQ(error.reason(), "FIELD_INVALID");
  EXPECT_EQ(error.domain(), "survey.imdi.no");
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
  ASSERT_EQ(bad.field_violations_size(), 1);
  EXPECT_EQ(bad.field_violations(0).field(), "request_id");
}

TEST_F(StatusBridge, SaysOfAnInternalErrorOnlyAnIncident) {
  const std::string secret = "row 0301 of Kari";
  absl::Status sent = base::WithMetadata(base::Error(Reason::kInternal, secret), "key", secret);
  const absl::Status received = Sent(sent);
  EXPECT_EQ(base::ReasonOf(received), Reason::kInternal);
  EXPECT_EQ(received.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(last_.error_message(), Not(HasSubstr("Kari")));
  EXPECT_THAT(last_.error_details(), Not(HasSubstr("Kari")));
  const ErrorInfo info = base::InfoOf(received);
  ASSERT_THAT(info.metadata, SizeIs(1));
  const std::string incident = info.metadata.at("incident");
  EXPECT_THAT(incident, ::testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_THAT(std::string(received.message()), HasSubstr(incident));
  EXPECT_THAT(lines_, Contains(AllOf(HasSubstr("\"event\":\"incident\""), HasSubstr(incident),
                                     HasSubstr(secret))));
}

TEST_F(StatusBridge, TreatsAStatusWithoutAReasonAsOurFault) {
  for (const absl::Status& sent :
       {absl::NotFoundError("/data/keys/0301"), absl::UnknownError("Kari"),
        absl::CancelledError("Kari"), base::WithMetadata(absl::NotFoundError("Kari"), "a", "Kari"),
        base::Error(static_cast<Reason>(999), "Kari")}) {
    const absl::Status received = Sent(sent);
    EXPECT_EQ(base::ReasonOf(received), Reason::kInternal) << sent;
    EXPECT_THAT(last_.error_message(), Not(ContainsRegex("Kari|0301")));
    EXPECT_THAT(last_.error_details(), Not(ContainsRegex("Kari|0301")));
  }
}

// A text of `bytes` bytes whose characters cost most on the wire: two bytes each, escaped to six in
// grpc-message.
std::string Norwegian(size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += "ø";
  return text;
}

TEST_F(StatusBridge, DeliversAHugeErrorWithItsReasonAndTheTrueCount) {
  for (const std::string& text :
       {Norwegian(2'000), std::string(2'000, 'x'), std::string(2'000, '\n')}) {
    ErrorInfo info;
    info.reason = Reason::kFieldInvalid;
    info.violations.assign(500, FieldViolation{text, text});
    info.retry_delay = absl::Seconds(3);
    info.metadata["edition"] = "editions/KU2017";
    const absl::Status received = Sent(base::Error(info, text));
    const ErrorInfo got = base::InfoOf(received);
    EXPECT_EQ(got.reason, Reason::kFieldInvalid) << received;
    EXPECT_EQ(got.violation_count, 500);
    EXPECT_GE(got.violations.size(), 4u);
    EXPECT_EQ(got.violations.at(0).field, text.substr(0, base::kViolationBytesMax));
    EXPECT_EQ(got.retry_delay, absl::Seconds(3));
    EXPECT_EQ(got.metadata, info.metadata);
    EXPECT_THAT(std::string(received.message()), Not(IsEmpty()));
    EXPECT_TRUE(text.starts_with(base::ToStd(received.message())));
  }
}

TEST_F(StatusBridge, DeliversTheReasonWhateverTheMetadata) {
  ErrorInfo info;
  info.reason = Reason::kStaleRevision;
  info.retry_delay = absl::Seconds(3);
  for (int i = 0; i < 300; ++i) info.metadata[base::StrCat("key", i)] = Norwegian(100);
  info.metadata["huge"] = Norwegian(200'000);
  const absl::Status received = Sent(base::Error(info, Norwegian(2'000)));
  EXPECT_EQ(base::ReasonOf(received), Reason::kStaleRevision) << received.message().substr(0, 200);
  EXPECT_EQ(base::InfoOf(received).retry_delay, absl::Seconds(3));
}

TEST_F(StatusBridge, DeliversTheReasonAlsoWhenTextsAreNotUtf8) {
  ErrorInfo info;
  info.reason = Reason::kNameInvalid;
  info.metadata = {{"name", "editions/\xff"}, {"\xc3", "key"}};
  info.violations = {{"answers[\xed\xa0\x80]", "over\xc0\xaf"}};
  const absl::Status received = Sent(base::Error(info, "no \xf0\x9f name"));
  EXPECT_EQ(base::ReasonOf(received), Reason::kNameInvalid) << received;
  EXPECT_EQ(base::InfoOf(received).violations.at(0).field.substr(0, 8), "answers[");
  EXPECT_THAT(base::InfoOf(received).metadata.at("name"), HasSubstr("editions/"));
  EXPECT_THAT(std::string(received.message()), HasSubstr("no "));
  EXPECT_TRUE(base::IsValidUtf8(base::ToStd(received.message())));
}

TEST_F(StatusBridge, IsOkWhenOk) {
  EXPECT_TRUE(ToRpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromRpc(grpc::Status::OK).ok());
}

TEST(FromRpc, KeepsCodeAndMessageOfAnotherServer) {
  const absl::Status received = FromRpc({grpc::StatusCode::PERMISSION_DENIED, "no"});
  EXPECT_EQ(received.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(received.message(), "no");
  EXPECT_EQ(base::ReasonOf(received), Reason::kUnspecified);
}

std::string Details(const google::rpc::ErrorInfo& info) {
  google::rpc::Status status;
  status.set_code(9);
  status.add_details()->PackFrom(info);
  return status.SerializeAsString();
}

TEST(FromRpc, TreatsWhatItDoesNotKnowByItsCode) {
  google::rpc::ErrorInfo newer;
  newer.set_reason("A_REASON_OF_TOMORROW");
  newer.set_domain("survey.imdi.no");
  google::rpc::ErrorInfo foreign;
  foreign.set_reason("EDITION_CLOSED");
  foreign.set_domain("somebody.else");
  for (const std::string& details :
       {Details(newer), Details(foreign), std::string("\xff\xff garbage"), std::string()}) {
    const absl::Status received = FromRpc({grpc::StatusCode::FAILED_PRECONDITION, "text", details});
    EXPECT_EQ(received.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(received.message(), "text");
    EXPECT_EQ(base::ReasonOf(received), Reason::kUnspecified);
  }
}

TEST(FromRpc, ReadsHostileDetailsWithoutHarm) {
  google::rpc::Status status;
  google::rpc::ErrorInfo info;
  info.set_reason("OVERLOADED");
  info.set_domain("survey.imdi.no");
  (*info.mutable_metadata())["violation_count"] = "-99999999999999999999";
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(std::numeric_limits<int64_t>::max());
  retry.mutable_retry_delay()->set_nanos(-7);
  status.add_details()->PackFrom(info);
  status.add_details()->PackFrom(retry);
  google::rpc::BadRequest bad;
  for (int i = 0; i < 1000; ++i) bad.add_field_violations()->set_field("f");
  status.add_details()->PackFrom(bad);
  const absl::Status received =
      FromRpc({grpc::StatusCode::UNAVAILABLE, "", status.SerializeAsString()});
  EXPECT_EQ(base::ReasonOf(received), Reason::kOverloaded);
  EXPECT_LE(base::InfoOf(received).violations.size(), static_cast<size_t>(base::kViolationsMax));
  EXPECT_GE(base::InfoOf(received).retry_delay, absl::ZeroDuration());
}

}  // namespace
}  // namespace imdi::transport
