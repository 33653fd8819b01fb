#include "tests/fault/process/three_servers.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/time/clock.h"

namespace imdi::process_fault {

std::string ProgramOf(Part part) {
  constexpr std::array kPrograms = {"imdi-ingestion", "imdi-aggregation", "imdi-query"};
  return kPrograms[static_cast<size_t>(part)];
}

std::string ThreeServers::LogFile(Part part) const {
  return folder_ + "/" + ProgramOf(part) + ".log";
}

void ThreeServers::Begin(Part part, const std::string& programs) {
  ServerProcess::Options options;
  options.program = programs.empty() ? ProgramOf(part) : programs + "/" + ProgramOf(part);
  options.data = folder_ + "/data";
  options.log_file = LogFile(part);
  options.has_public = part == Part::kIngestion;
  options.listen = public_address();
  options.internal_listen = internal_address(part);
  options.health_listen = health_address(part);
  options.arguments = {"--data", options.data};
  if (const std::string& file = config_[Index(part)]; !file.empty()) {
    options.arguments = {"--config", file};
    options.listen = options.internal_listen = options.health_listen = "";
  } else if (part == Part::kAggregation) {
    options.arguments.insert(options.arguments.end(),
                             {"--ingestion_address", internal_address(Part::kIngestion)});
  } else if (part == Part::kQuery) {
    options.arguments.insert(options.arguments.end(),
                             {"--aggregation_address", internal_address(Part::kAggregation)});
  }
  process(part).reset();  // The one before must be gone first.
  process(part) = std::make_unique<ServerProcess>(options);
}

bool ThreeServers::WaitReady(absl::Duration patience) {
  const absl::Time until = absl::Now() + patience;
  for (const auto& process : processes_) {
    if (process != nullptr && !process->WaitReady(until - absl::Now())) return false;
  }
  return true;
}

std::optional<int> ThreeServers::Stop(Part part, absl::Duration patience) {
  process(part)->Terminate();
  const std::optional<int> code = process(part)->WaitExit(patience);
  if (code.has_value()) process(part).reset();
  return code;
}

cli::Connection ThreeServers::Connect(absl::Duration call_timeout) const {
  return {{.public_ingestion = public_address(),
           .ingestion = internal_address(Part::kIngestion),
           .aggregation = internal_address(Part::kAggregation),
           .query = internal_address(Part::kQuery)},
          call_timeout};
}

HttpAnswer HttpGet(const std::string& address, const std::string& path) {
  const int to = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (to < 0) std::abort();
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  (void)::setsockopt(to, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::string request = "GET " + path + " HTTP/1.0\r\nConnection: close\r\n\r\n";
  std::string answer;
  if (::connect(to, reinterpret_cast<sockaddr*>(&server), sizeof server) == 0 &&
      ::send(to, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    std::array<char, 4096> bytes{};
    ssize_t count = 0;
    while ((count = ::recv(to, bytes.data(), bytes.size(), 0)) > 0)
      answer.append(bytes.data(), static_cast<size_t>(count));
  }
  ::close(to);
  const size_t code = answer.find(' ');
  const size_t body = answer.find("\r\n\r\n");
  if (code == std::string::npos || body == std::string::npos) return {};
  return {.status = std::stoi(answer.substr(code + 1, 3)), .body = answer.substr(body + 4)};
}

}  // namespace imdi::process_fault
