// The gmock stubs that are installed with the package.

#include "imdi/survey/client/stub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "grpcpp/test/client_context_test_peer.h"
#include "imdi/survey/query/v1/query_service_mock.grpc.pb.h"

namespace imdi::survey::client {
namespace {

using ::testing::_;

TEST(OverStub, PutsTheClientOverAMockThatSeesTheDeadlineOfEveryCall) {
  auto stub = std::make_shared<query::v1::MockQueryServiceStub>();
  query::v1::Release answer;
  answer.set_number(7);
  absl::Duration left;
  EXPECT_CALL(*stub, GetRelease(_, _, _))
      .WillOnce([&](grpc::ClientContext* context, const query::v1::GetReleaseRequest&,
                    query::v1::Release* response) {
        left = absl::FromChrono(context->deadline()) - absl::Now();
        *response = answer;
        return grpc::Status::OK;
      });
  const SurveyClient client = OverStub(stub);
  const auto release = client.GetRelease({});
  ASSERT_TRUE(release.ok()) << release.status();
  EXPECT_EQ(release->number(), 7);
  EXPECT_GT(left, absl::Seconds(5));
  EXPECT_LE(left, absl::Seconds(10));
}

TEST(OverStub, SendsTheTraceOfTheCallerAndNothingElseInItsPlace) {
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  for (const std::string& given : {trace, std::string("no trace\n"), std::string()}) {
    auto stub = std::make_shared<query::v1::MockQueryServiceStub>();
    std::multimap<std::string, std::string> sent;
    EXPECT_CALL(*stub, GetRelease(_, _, _))
        .WillOnce([&](grpc::ClientContext* context, const query::v1::GetReleaseRequest&,
                      query::v1::Release*) {
          sent = grpc::testing::ClientContextTestPeer(context).GetSendInitialMetadata();
          return grpc::Status::OK;
        });
    EXPECT_TRUE(OverStub(stub).GetRelease({}, {.trace_parent = given}).ok());
    ASSERT_EQ(sent.count("traceparent"), given == trace ? 1U : 0U);
    if (given == trace) {
      EXPECT_EQ(sent.find("traceparent")->second, trace);
    }
  }
}

}  // namespace
}  // namespace imdi::survey::client
