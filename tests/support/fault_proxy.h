#pragma once

// A TCP proxy on loopback that does to the bytes between two processes what networks do: nothing,
// delay, pieces, resets, silence one way or both, peers that are gone without a word. What it does
// can be changed at any time and holds from then on, for connections that stand and for new ones.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "services/base/mutex.h"

namespace imdi::testing_support {

// What becomes of the bytes of one direction.
struct Way {
  enum class Flow : uint8_t {
    kPass,
    // They wait, and arrive once the line is mended: a partition that TCP outlives.
    kHold,
    // They are taken and go nowhere, the end of the connection too: a peer that is gone without a
    // word. Once mended, the next byte either way is answered with a reset.
    kDrop,
  };
  Flow flow = Flow::kPass;
  absl::Duration delay = absl::ZeroDuration();
  size_t piece_bytes = 0;  // So many at a time; 0 = as they come.
};

struct Faults {
  Way up = {};    // From whoever dials to the server.
  Way down = {};  // From the server.
  enum class Dial : uint8_t {
    kAnswer,
    kRefuse,  // Reset at once.
    kIgnore,  // Taken, and nothing ever comes.
  };
  Dial dial = Dial::kAnswer;  // What becomes of a new connection.
  // After each piece of bytes the connection is reset with this probability.
  double resets = 0;
};

class FaultProxy {
 public:
  struct Seen {
    int open = 0;          // Connections now.
    int64_t accepted = 0;  // Ever.
    int64_t resets = 0;    // Connections that the proxy has reset.
    int64_t bytes_up = 0;  // Passed on.
    int64_t bytes_down = 0;
    int64_t pieces = 0;  // In which they were passed on.
  };

  // To `target` ("127.0.0.1:50051"), which need not listen yet. The seed is that of the resets.
  explicit FaultProxy(const std::string& target, uint64_t seed = 1);
  // Closes everything.
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  const std::string& address() const { return address_; }
  // From its return on the proxy behaves so.
  void Set(const Faults& faults);
  void Mend() { Set({}); }
  // Resets every connection that stands.
  void Cut();
  // Connections from now on lead there.
  void SetTarget(const std::string& target);
  Seen seen() const;

 private:
  struct Loop;
  void Wake();

  std::string address_;
  const std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

}  // namespace imdi::testing_support
