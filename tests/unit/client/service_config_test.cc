// What is tried again: the file that is shipped beside the contract.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "google/protobuf/descriptor.h"
#include "imdi/survey/client/client.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "imdi/survey/model/v1/access.pb.h"
#include "nlohmann/json.hpp"

namespace imdi::survey::client {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using nlohmann::json;

// Names "service/method" of the one entry of the file.
std::set<std::string> Named() {
  const json config = json::parse(ServiceConfigJson());
  std::set<std::string> out;
  for (const json& name : config.at("methodConfig").at(0).at("name")) {
    out.insert(name.at("service").get<std::string>() + "/" + name.at("method").get<std::string>());
  }
  return out;
}

const ServiceDescriptor& Query() {
  return *query::v1::GetFigureRequest::descriptor()->file()->FindServiceByName("QueryService");
}
const ServiceDescriptor& Submissions() {
  return *ingestion::v1::SubmitRequest::descriptor()->file()->FindServiceByName(
      "SubmissionService");
}

TEST(ServiceConfig, OfTheLibraryIsTheFileThatIsShipped) {
  const char* root = std::getenv("IMDI_ROOT");
  std::ifstream file(std::string(root == nullptr ? "." : root) +
                     "/proto/imdi/survey/service_config.json");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(ServiceConfigJson(), text);
}

TEST(ServiceConfig, TriesAgainWhatIsUnavailableAsOftenAsGrpcAllows) {
  const json config = json::parse(ServiceConfigJson());
  ASSERT_EQ(config.at("methodConfig").size(), 1u);
  const json& retry = config.at("methodConfig").at(0).at("retryPolicy");
  EXPECT_EQ(retry.at("maxAttempts"), 5);
  EXPECT_EQ(retry.at("retryableStatusCodes"), json({"UNAVAILABLE"}));
}

TEST(ServiceConfig, NamesEveryReadingMethodAndNoStream) {
  const std::set<std::string> named = Named();
  for (int i = 0; i < Query().method_count(); ++i) {
    const MethodDescriptor& method = *Query().method(i);
    EXPECT_EQ(named.contains(std::string(Query().full_name()) + "/" + method.name()),
              !method.server_streaming())
        << method.name();
  }
}

TEST(ServiceConfig, NamesOfWhatChangesSomethingOnlyWhatMayBeRepeatedUnderItsRequestId) {
  const std::set<std::string> named = Named();
  for (const std::string& name : named) {
    const size_t slash = name.find('/');
    const ServiceDescriptor& service =
        name.substr(0, slash) == Query().full_name() ? Query() : Submissions();
    ASSERT_EQ(name.substr(0, slash), service.full_name());
    const MethodDescriptor* method = service.FindMethodByName(name.substr(slash + 1));
    ASSERT_NE(method, nullptr) << name;
    if (!method->options().GetExtension(model::v1::mutation)) continue;
    const bool batch = method->name() == "BatchSubmit";  // An id with each submission.
    EXPECT_TRUE(batch || method->input_type()->FindFieldByName("request_id") != nullptr) << name;
  }
}

}  // namespace
}  // namespace imdi::survey::client
