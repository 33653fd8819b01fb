#pragma once

// The HTTP port for operators: /healthz (alive), /readyz (ready), /metrics (Prometheus). Serves
// nothing else.

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/base/metrics.h"

namespace imdi::transport {

class HealthPort {
 public:
  // Listens on `address` (loopback, port 0 = any free one). `not_ready` gives the reason why the
  // process is not ready, empty when it is; it is called for each /readyz. `metrics` must outlive
  // the port.
  static absl::StatusOr<std::unique_ptr<HealthPort>> Listen(const std::string& address,
                                                            const base::Metrics& metrics,
                                                            std::function<std::string()> not_ready);
  ~HealthPort();
  const std::string& address() const { return address_; }

 private:
  struct Impl;
  HealthPort();
  std::unique_ptr<Impl> impl_;
  std::string address_;
};

}  // namespace imdi::transport
