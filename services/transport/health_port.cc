#include "services/transport/health_port.h"

#include <httplib.h>

#include <thread>
#include <utility>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/transport/server_host.h"

namespace imdi::transport {

struct HealthPort::Impl {
  httplib::Server server;
  std::thread thread;
};

HealthPort::HealthPort() : impl_(std::make_unique<Impl>()) {}

absl::StatusOr<std::unique_ptr<HealthPort>> HealthPort::Listen(
    const std::string& address, base::Metrics& metrics, std::function<Readiness()> readiness) {
  if (absl::Status loopback = CheckLoopback(address); !loopback.ok()) return loopback;
  std::unique_ptr<HealthPort> port(new HealthPort);
  httplib::Server& server = port->impl_->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(base::kHealthRequestsInFlightMax); };
  server.set_payload_max_length(1024);
  // Not the library's SO_REUSEPORT: two processes would share the port, and each answer half of the
  // probes.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("alive\n", "text/plain");
  });
  server.Get("/readyz", [readiness = std::move(readiness)](const httplib::Request&,
                                                           httplib::Response& response) {
    const Readiness now = readiness();
    response.status = now.not_ready.empty() ? 200 : 503;
    response.set_content(base::StrCat(now.not_ready.empty() ? "ready" : now.not_ready,
                                      now.remark.empty() ? "" : "; ", now.remark, "\n"),
                         "text/plain");
  });
  server.Get("/metrics", [&metrics](const httplib::Request&, httplib::Response& response) {
    response.set_content(metrics.Text(), "text/plain; version=0.0.4");
  });
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  const auto wanted =
      static_cast<int>(base::ParseInt64(std::string_view(address).substr(colon + 1)).value_or(0));
  const std::string bind_host = host == "[::1]" ? "::1" : host;
  int bound = wanted;
  if (wanted == 0) {
    bound = server.bind_to_any_port(bind_host);
  } else if (!server.bind_to_port(bind_host, wanted)) {
    bound = -1;
  }
  if (bound <= 0) {
    return base::Error(
        base::Reason::kListenRefused,
        base::StrCat("cannot listen on ", address, "; is another process using the port?"));
  }
  port->address_ = base::StrCat(host, ":", bound);
  port->impl_->thread = std::thread([&server] { server.listen_after_bind(); });
  return port;
}

HealthPort::~HealthPort() {
  if (!impl_->thread.joinable()) return;
  // stop() does nothing before the thread has begun to listen.
  while (!impl_->server.is_running()) std::this_thread::yield();
  impl_->server.stop();
  impl_->thread.join();
}

}  // namespace imdi::transport
