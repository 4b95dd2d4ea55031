#include <sys/random.h>
#include <time.h>

#include "base/env.hpp"
#include "base/real_file_system.hpp"

namespace weir::base {
namespace {

std::int64_t read_clock_ns(clockid_t id) {
  timespec t{};
  WEIR_CHECK(::clock_gettime(id, &t) == 0, "clock ", static_cast<int>(id), " cannot be read");
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

class machine final : public env {
 public:
  std::int64_t now_us() override { return read_clock_ns(CLOCK_REALTIME) / 1000; }
  std::int64_t monotonic_ns() override { return read_clock_ns(CLOCK_MONOTONIC); }
  std::int64_t thread_cpu_ns() override { return read_clock_ns(CLOCK_THREAD_CPUTIME_ID); }
  std::uint64_t random_u64() override {
    std::uint64_t bits = 0;
    ssize_t n;
    do n = ::getrandom(&bits, sizeof bits, 0);
    while (n < 0);
    WEIR_CHECK(n == sizeof bits, "the kernel gave ", n, " random bytes");
    return bits;
  }
  file_system& fs() override { return fs_; }

 private:
  real_file_system fs_;
};

}  // namespace

env& real_env() {
  // Never destroyed: what lives until the end of the process (a plugin's image, say) may use it in its destructor.
  static machine& the_machine = *new machine;
  return the_machine;
}

}  // namespace weir::base
