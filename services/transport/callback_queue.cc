#include "services/transport/callback_queue.h"

#include <memory>

#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace imdi::transport {

void KeepCallbackQueue() {
  // Never destroyed, and reachable for whoever looks for leaks. Without a port nobody can call it.
  static grpc::Server* const keeper = [] {
    auto* const service = new grpc::CallbackGenericService;
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(service);
    return builder.BuildAndStart().release();
  }();
  (void)keeper;
}

}  // namespace imdi::transport
