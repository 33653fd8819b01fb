#include "services/base/error.h"

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "imdi/survey/error/v1/reason.pb.h"
#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::base {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const google::protobuf::EnumDescriptor& Contract() {
  return *survey::error::v1::Reason_descriptor();
}

// What reason.proto documents as the canonical code of each reason: the first word of its comment.
std::map<std::string, std::string> DocumentedCodes() {
  std::ifstream file(StrCat(std::getenv("IMDI_ROOT"), "/proto/imdi/survey/error/v1/reason.proto"));
  const std::regex comment(R"(^\s*// ([A-Z_]+)\. .*)"),
      value(R"(^\s*REASON_([A-Z0-9_]+) = (\d+);)");
  std::map<std::string, std::string> codes;
  std::string code;
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (std::regex_match(line, match, comment)) code = match[1];
    if (std::regex_match(line, match, value)) {
      codes[match[1]] = code;
      code.clear();
    }
  }
  return codes;
}

TEST(Reason, HasTheNumbersAndNamesOfTheContract) {
  ASSERT_EQ(static_cast<int>(AllReasons().size()) + 1, Contract().value_count());
  for (const Reason reason : AllReasons()) {
    const auto* value = Contract().FindValueByNumber(static_cast<int>(reason));
    ASSERT_NE(value, nullptr) << Name(reason);
    EXPECT_EQ(value->name(), StrCat("REASON_", Name(reason)));
  }
  EXPECT_EQ(Contract().FindValueByNumber(0)->name(), StrCat("REASON_", Name(Reason::kUnspecified)));
}

TEST(Reason, ComesBackFromItsName) {
  std::set<std::string_view> names;
  for (const Reason reason : AllReasons()) {
    EXPECT_EQ(ReasonFromName(Name(reason)), reason);
    names.insert(Name(reason));
  }
  EXPECT_EQ(names.size(), AllReasons().size());
  EXPECT_EQ(ReasonFromName("UNSPECIFIED"), Reason::kUnspecified);
  EXPECT_EQ(ReasonFromName("edition_closed"), Reason::kUnspecified);
  EXPECT_EQ(ReasonFromName(""), Reason::kUnspecified);
  EXPECT_EQ(Name(static_cast<Reason>(-1)), "UNSPECIFIED");
  EXPECT_EQ(Name(static_cast<Reason>(1'000'000)), "UNSPECIFIED");
}

TEST(Reason, HasTheCanonicalCodeThatTheContractDocuments) {
  const std::map<std::string, std::string> documented = DocumentedCodes();
  for (const Reason reason : AllReasons()) {
    const auto found = documented.find(std::string(Name(reason)));
    ASSERT_NE(found, documented.end()) << Name(reason);
    EXPECT_EQ(absl::StatusCodeToString(CanonicalCode(reason)), found->second) << Name(reason);
    EXPECT_NE(CanonicalCode(reason), absl::StatusCode::kUnknown) << Name(reason);
    EXPECT_NE(CanonicalCode(reason), absl::StatusCode::kOk) << Name(reason);
  }
  EXPECT_EQ(CanonicalCode(Reason::kUnspecified), absl::StatusCode::kUnknown);
}

TEST(Error, CarriesEverythingOfEveryReason) {
  for (const Reason reason : AllReasons()) {
    const ErrorInfo info{
        .reason = reason,
        .metadata = {{"edition", "editions/KU2017"}, {"tom", ""}, {std::string("\0b", 2), "å"}},
        .violations = {{"answers[3].item", "is unknown"}, {"", ""}},
        .violation_count = 7,
        .retry_delay = absl::Milliseconds(1234)};
    const absl::Status status = Error(info, "what happened");
    EXPECT_EQ(status.code(), CanonicalCode(reason)) << Name(reason);
    EXPECT_EQ(status.message(), "what happened");
    EXPECT_EQ(ReasonOf(status), reason);
    EXPECT_TRUE(InfoOf(status) == info) << status;
    EXPECT_EQ(IsRetryable(status), CanonicalCode(reason) == absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(Sample(reason)), reason);
  }
}

TEST(Error, IsRetryableOnlyWhenUnavailable) {
  EXPECT_TRUE(IsRetryable(Error(Reason::kQueueFull, "")));
  EXPECT_FALSE(IsRetryable(Error(Reason::kStaleRevision, "")));
  EXPECT_FALSE(IsRetryable(absl::OkStatus()));
}

TEST(Error, CutsViolationsAtTheBoundAndKeepsTheTrueCount) {
  std::vector<FieldViolation> many;
  for (int i = 0; i < kViolationsMax + 17; ++i)
    many.push_back({StrCat("answers[", i, "]"), "is wrong"});
  const absl::Status status = InvalidFields(many);
  const ErrorInfo info = InfoOf(status);
  EXPECT_EQ(info.reason, Reason::kFieldInvalid);
  EXPECT_EQ(info.violation_count, kViolationsMax + 17);
  ASSERT_THAT(info.violations, SizeIs(kViolationsMax));
  EXPECT_EQ(info.violations.front(), many.front());
  EXPECT_EQ(info.violations.back(), many[kViolationsMax - 1]);
  EXPECT_THAT(std::string(status.message()), HasSubstr("answers[0]: is wrong (and 36 more)"));
}

TEST(Error, KeepsALargerCountThanItHoldsViolations) {
  ErrorInfo info;
  info.reason = Reason::kFieldInvalid;
  info.violations = {{"a", "b"}};
  info.violation_count = 9'000'000'000;
  EXPECT_EQ(InfoOf(Error(info, "")).violation_count, 9'000'000'000);
  info.violation_count = 0;
  EXPECT_EQ(InfoOf(Error(info, "")).violation_count, 1);
}

TEST(Error, CutsLongTextsBetweenCharacters) {
  // Two bytes a character behind one of one byte: a cut at the even bound would split the last.
  std::string text = "x";
  while (text.size() < 2 * kErrorMessageBytesMax) text += "å";
  ErrorInfo info;
  info.reason = Reason::kFieldInvalid;
  info.violations = {{text, text}};
  const absl::Status status = Error(info, text);
  EXPECT_EQ(status.message().size(), kErrorMessageBytesMax - 1);
  EXPECT_TRUE(IsValidUtf8(ToStd(status.message())));
  const FieldViolation violation = InfoOf(status).violations.at(0);
  EXPECT_EQ(violation.field, text.substr(0, kViolationBytesMax - 1));
  EXPECT_EQ(violation.description, text.substr(0, kViolationBytesMax - 1));
}

TEST(Error, GainsMetadataAndARetryDelayLater) {
  absl::Status status = InvalidField("request_id", "is required");
  status = WithMetadata(std::move(status), "edition", "KU2017");
  status = WithMetadata(std::move(status), "edition", "KU2016");
  status = WithRetryDelay(std::move(status), absl::Microseconds(20'999));
  const ErrorInfo info = InfoOf(status);
  EXPECT_EQ(info.reason, Reason::kFieldInvalid);
  EXPECT_EQ(info.metadata, (std::map<std::string, std::string>{{"edition", "KU2016"}}));
  EXPECT_EQ(info.retry_delay, absl::Milliseconds(20));
  EXPECT_EQ(info.violations, (std::vector<FieldViolation>{{"request_id", "is required"}}));
  EXPECT_EQ(status.message(), "request_id: is required");
}

TEST(Error, StaysOkWhenOk) {
  EXPECT_TRUE(WithMetadata(absl::OkStatus(), "a", "b").ok());
  EXPECT_TRUE(WithRetryDelay(absl::OkStatus(), absl::Seconds(1)).ok());
  EXPECT_EQ(ReasonOf(absl::OkStatus()), Reason::kUnspecified);
}

TEST(Error, OfSomebodyElseHasNoReason) {
  EXPECT_TRUE(InfoOf(absl::NotFoundError("file")) == ErrorInfo{});
  EXPECT_EQ(WithMetadata(absl::NotFoundError("file"), "a", "b").code(),
            absl::StatusCode::kNotFound);
}

TEST(Error, WithADamagedPayloadIsReadWithoutHarm) {
  const absl::Status good = Sample(Reason::kFieldInvalid);
  std::string url;
  std::string payload;
  good.ForEachPayload([&](absl::string_view key, const absl::Cord& value) {
    url = std::string(key);
    payload = std::string(value);
  });
  ASSERT_THAT(payload, Not(IsEmpty()));
  for (size_t size = 0; size < payload.size(); ++size) {
    absl::Status cut(absl::StatusCode::kInternal, "");
    cut.SetPayload(url, absl::Cord(payload.substr(0, size)));
    EXPECT_LE(InfoOf(cut).violations.size(), 1u) << size;
  }
}

}  // namespace
}  // namespace imdi::base
