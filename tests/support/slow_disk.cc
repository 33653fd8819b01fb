// A slow disk for a program that knows nothing of it: preloaded (LD_PRELOAD), this library makes
// every sync of the process take as long as on a disk with
//   IMDI_SLOW_DISK_SYNC_US            microseconds of every sync, and
//   IMDI_SLOW_DISK_BYTES_PER_SECOND   for what a write-ahead log (*.log) has grown by since its
//   last
//                                     one (0: nothing).
//   IMDI_SLOW_DISK_PATHS              what the path of a file on that disk contains (empty: all).
// The disk does one sync at a time; files elsewhere are synced in no time. What is written in bulk
// in the background counts by its syncs alone, as if it went to the disk beside the log. The
// machine's own disk is not asked: its speed would only blur the other. A kill loses nothing by
// that, a power cut would.

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace {

using Clock = std::chrono::steady_clock;

int64_t Setting(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::atoll(text);
}

std::string PathOf(int file) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t size = readlink(link.c_str(), path.data(), path.size());
  return {path.data(), size > 0 ? static_cast<size_t>(size) : 0};
}

class Disk {
 public:
  int Sync(int file) {
    struct stat facts {};
    if (fstat(file, &facts) != 0) return -1;
    const std::string path = PathOf(file);
    if (path.find(paths_) == std::string::npos) return 0;
    Clock::time_point until;
    {
      const std::lock_guard lock(mutex_);
      off_t& synced = sizes_[{facts.st_dev, facts.st_ino}];
      // A number that was given again to a new, smaller file starts from nothing.
      const int64_t grown = facts.st_size >= synced ? facts.st_size - synced : facts.st_size;
      synced = facts.st_size;
      std::chrono::microseconds takes(sync_us_);
      if (bytes_per_second_ > 0 && path.ends_with(".log"))
        takes += std::chrono::microseconds(grown * 1'000'000 / bytes_per_second_);
      free_at_ = std::max(free_at_, Clock::now()) + takes;
      until = free_at_;
    }
    std::this_thread::sleep_until(until);
    return 0;
  }

 private:
  const int64_t sync_us_ = Setting("IMDI_SLOW_DISK_SYNC_US");
  const int64_t bytes_per_second_ = Setting("IMDI_SLOW_DISK_BYTES_PER_SECOND");
  const std::string paths_ = [] {
    const char* text = std::getenv("IMDI_SLOW_DISK_PATHS");
    return std::string(text == nullptr ? "" : text);
  }();
  std::mutex mutex_;
  Clock::time_point free_at_;
  std::map<std::pair<dev_t, ino_t>, off_t> sizes_;
};

// Never destroyed: the program's own threads may sync while it ends.
Disk& TheDisk() {
  static Disk* const disk = new Disk;
  return *disk;
}

}  // namespace

extern "C" int fdatasync(int file) { return TheDisk().Sync(file); }
extern "C" int fsync(int file) { return TheDisk().Sync(file); }
