// The gmock stubs that are installed with the package.

#include "imdi/survey/client/stub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "absl/time/clock.h"
#include "imdi/survey/query/v1/query_service_mock.grpc.pb.h"

namespace imdi::survey::client {
namespace {

using testing::_;

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

}  // namespace
}  // namespace imdi::survey::client
