#pragma once

// A client over a stub of one's own, for example a gmock stub
// (imdi/survey/query/v1/query_service_mock.grpc.pb.h). Includes gRPC, so only where it is needed.

#include <memory>

#include "imdi/survey/client/client.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"

namespace imdi::survey::client {

SurveyClient OverStub(std::shared_ptr<query::v1::QueryService::StubInterface> stub,
                      const ConnectOptions& options = {});

}  // namespace imdi::survey::client
