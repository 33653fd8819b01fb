#include "imdi/survey/client/client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "imdi/survey/client/error.h"
#include "imdi/survey/client/testing/fake_survey.h"
#include "imdi/survey/client/value.h"
#include "services/base/error.h"
#include "services/base/limits.h"

namespace imdi::survey::client {
namespace {

using testing::FakeSurvey;
using testing::FigureOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

SurveyClient ClientOf(const FakeSurvey& survey) {
  auto client = SurveyClient::Connect(survey.address());
  EXPECT_TRUE(client.ok()) << client.status();
  return *std::move(client);
}

query::v1::GetFigureRequest Ask(const std::string& cell) {
  query::v1::GetFigureRequest out;
  out.set_name("editions/KU2017/releases/latest/figures/" + cell);
  return out;
}

// Takes connections and says nothing.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_, generic, size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, generic, &size), 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentServer() { ::close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  const std::string& address() const { return address_; }

 private:
  const int socket_;
  std::string address_;
};

TEST(SurveyClient, TriesWhatIsUnavailableAgainByItself) {
  FakeSurvey survey;
  survey.Publish("KU2017", {.figures = {FigureOf("A.B", 1, 2)}});
  survey.FailNext(4, {.code = absl::StatusCode::kUnavailable,
                      .reason = error::v1::REASON_OVERLOADED,
                      .message = "too many calls"});
  const auto figure = ClientOf(survey).GetFigure(Ask("A.B"));
  ASSERT_TRUE(figure.ok()) << figure.status();
  EXPECT_EQ(figure->numerator(), 1);
  EXPECT_EQ(survey.CallsOf("GetFigure"), 5);
}

TEST(SurveyClient, GivesUpAfterFiveTriesAndSaysWhyAndWhenToComeBack) {
  FakeSurvey survey;
  survey.FailNext(100, {.code = absl::StatusCode::kUnavailable,
                        .reason = error::v1::REASON_OVERLOADED,
                        .message = "too many calls",
                        .retry_delay = absl::Milliseconds(250)});
  const auto figure = ClientOf(survey).GetFigure(Ask("A.B"));
  EXPECT_EQ(survey.CallsOf("GetFigure"), 5);
  const Error error = ErrorOf(figure.status());
  EXPECT_EQ(error.code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(error.reason, error::v1::REASON_OVERLOADED);
  EXPECT_EQ(error.retry_delay, absl::Milliseconds(250));
  EXPECT_TRUE(error.retryable());
}

TEST(SurveyClient, DoesNotTryAgainWhatWillNotGetBetter) {
  FakeSurvey survey;
  const auto figure = ClientOf(survey).GetFigure(Ask("A.B"));
  EXPECT_EQ(survey.CallsOf("GetFigure"), 1);
  const Error error = ErrorOf(figure.status());
  EXPECT_EQ(error.code, absl::StatusCode::kNotFound);
  EXPECT_EQ(error.reason, error::v1::REASON_UNKNOWN_RESOURCE);
  EXPECT_FALSE(error.retryable());
}

TEST(SurveyClient, FindsAServerThatWentAndCameBack) {
  FakeSurvey survey;
  survey.Publish("KU2017", {.figures = {FigureOf("A.B", 1, 2)}});
  const SurveyClient client = ClientOf(survey);
  ASSERT_TRUE(client.GetFigure(Ask("A.B")).ok());
  survey.Stop();
  const Error error = ErrorOf(client.GetFigure(Ask("A.B")).status());
  EXPECT_EQ(error.code, absl::StatusCode::kUnavailable) << error.message;
  EXPECT_EQ(error.reason, error::v1::REASON_UNSPECIFIED);
  survey.Start();
  const auto figure = client.GetFigure(Ask("A.B"));
  EXPECT_TRUE(figure.ok()) << figure.status();
}

TEST(SurveyClient, EndsACallToAServerThatNeverAnswersAtItsDeadline) {
  const SilentServer silent;
  const auto client =
      SurveyClient::Connect(silent.address(), {.deadline = absl::Milliseconds(200)});
  ASSERT_TRUE(client.ok());
  const absl::Time begun = absl::Now();
  EXPECT_EQ(client->GetFigure(Ask("A.B")).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(client->GetFigure(Ask("A.B"), {.deadline = absl::Milliseconds(100)}).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - begun, absl::Seconds(8));
}

TEST(SurveyClient, EndsACallThatIsAskedToStop) {
  const SilentServer silent;
  const auto client = SurveyClient::Connect(silent.address());
  ASSERT_TRUE(client.ok());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(client->GetFigure(Ask("A.B"), {.stop = stop.get_token()}).status().code(),
            absl::StatusCode::kCancelled);
}

TEST(SurveyClient, RefusesPlaintextBeyondLoopbackAndDeadlinesThatNoServerKeeps) {
  for (const char* address :
       {"10.0.0.1:50052", "survey.example:50052", "127.0.0.1", "[::]:1", ""}) {
    const Error error = ErrorOf(SurveyClient::Connect(address).status());
    EXPECT_EQ(error.reason, error::v1::REASON_FIELD_INVALID) << address;
    ASSERT_THAT(error.violations, SizeIs(1));
    EXPECT_EQ(error.violations[0].field, "address");
  }
  EXPECT_TRUE(SurveyClient::Connect("[::1]:50052").ok());
  const absl::Duration most = absl::Milliseconds(base::kReadDeadlineMaxMs);
  for (const absl::Duration wrong : {-absl::Milliseconds(1), most + absl::Milliseconds(1)}) {
    EXPECT_FALSE(SurveyClient::Connect("127.0.0.1:1", {.deadline = wrong}).ok());
  }
  EXPECT_TRUE(SurveyClient::Connect("127.0.0.1:1", {.deadline = most}).ok());
}

TEST(SurveyClient, ListsPageByPageAndBeginsAgainWhereASnapshotWent) {
  FakeSurvey survey;
  testing::FakeRelease content;
  for (int i = 10; i < 31; ++i)
    content.figures.push_back(FigureOf("A.B.g=" + std::to_string(i), i, 99));
  survey.Publish("KU2017", content);
  survey.SetPageSize(4);
  query::v1::ListFiguresRequest request;
  request.set_parent("editions/KU2017/releases/1");
  auto list = ClientOf(survey).ListFigures(request);
  for (int i = 10; i < 16; ++i) EXPECT_EQ(GroupOf(*list.Next(), "g"), std::to_string(i));
  survey.ForgetPages();
  while (list.Next() != nullptr) {
  }
  EXPECT_EQ(ReasonOf(list.status()), error::v1::REASON_SNAPSHOT_GONE);
  const auto all = list.All();
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_THAT(*all, SizeIs(21));
}

TEST(SurveyClient, FollowsReleasesFromACursorUntilTheCallerHasEnough) {
  FakeSurvey survey;
  const auto first = survey.Publish("KU2017", {});
  survey.Publish("KU2017", {.reason = "corrected"});
  query::v1::FollowReleasesRequest request;
  request.set_parent("editions/KU2017");
  request.set_after_position(first.published_position());
  request.set_log_id(first.log_id());
  request.set_epoch(1);
  std::vector<int> numbers;
  const absl::Status ended =
      ClientOf(survey).FollowReleases(request, [&](const query::v1::FollowReleasesResponse& one) {
        if (one.has_release()) numbers.push_back(one.release().number());
        return one.has_release();  // Until the first sign of life.
      });
  EXPECT_TRUE(ended.ok()) << ended;
  EXPECT_THAT(numbers, ::testing::ElementsAre(2));
}

TEST(Error, LosesNothingOfWhatTheServicesSay) {
  for (const base::Reason reason : base::AllReasons()) {
    const absl::Status status = base::Sample(reason);
    const Error error = ErrorOf(status);
    EXPECT_EQ(error::v1::Reason_Name(error.reason), "REASON_" + std::string(base::Name(reason)));
    EXPECT_EQ(error.code, status.code());
    EXPECT_EQ(StatusOf(error), status) << base::Name(reason);
  }
  const absl::Status plain = absl::UnavailableError("connection refused");
  EXPECT_EQ(ErrorOf(plain).reason, error::v1::REASON_UNSPECIFIED);
  EXPECT_EQ(StatusOf(ErrorOf(plain)), plain);
}

}  // namespace
}  // namespace imdi::survey::client
