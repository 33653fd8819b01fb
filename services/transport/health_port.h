#pragma once

// The HTTP port for operators: /healthz (alive), /readyz (ready), /metrics (Prometheus). Serves
// nothing else.

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/base/metrics.h"

namespace imdi::transport {

// What /readyz says.
struct Readiness {
  std::string not_ready;  // Why not; empty = ready.
  std::string remark;     // What is to be known of it all the same; often empty.
};

class HealthPort {
 public:
  // Listens on `address` (loopback, port 0 = any free one). `readiness` is called for each /readyz.
  // `metrics` must outlive the port.
  static absl::StatusOr<std::unique_ptr<HealthPort>> Listen(const std::string& address,
                                                            base::Metrics& metrics,
                                                            std::function<Readiness()> readiness);
  ~HealthPort();
  const std::string& address() const { return address_; }

 private:
  struct Impl;
  HealthPort();
  std::unique_ptr<Impl> impl_;
  std::string address_;
};

}  // namespace imdi::transport
