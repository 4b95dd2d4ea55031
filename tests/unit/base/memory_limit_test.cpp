#include "base/memory_limit.hpp"

#include <gtest/gtest.h>

#include "base/test_env.hpp"

namespace weir::base {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

class MemoryLimit : public testing::Test {
 protected:
  void file(const std::string& path, const std::string& text) {
    ASSERT_TRUE(env.fs().make_directories(parent_of(path)));
    ASSERT_TRUE(env.fs().write_atomically(path, text));
  }
  memory_limit found() { return memory_limit_of_process(env.fs(), "/proc", "/sys/fs/cgroup"); }
  test_env env{1};
};

TEST_F(MemoryLimit, WithoutGroupsIsTheMachines) {
  file("/proc/meminfo", "MemTotal:       8388608 kB\nMemFree: 1 kB\n");
  EXPECT_EQ(found().bytes, 8192 * mib);
  EXPECT_EQ(found().from, "/proc/meminfo");
}

TEST_F(MemoryLimit, OfVersion2IsTheSmallestOnTheWayUp) {
  file("/proc/meminfo", "MemTotal:       8388608 kB\n");
  file("/proc/self/cgroup", "0::/desk.slice/weir.service\n");
  file("/sys/fs/cgroup/desk.slice/weir.service/memory.max", "max\n");
  EXPECT_EQ(found().bytes, 8192 * mib);
  file("/sys/fs/cgroup/desk.slice/memory.max", "1073741824\n");
  EXPECT_EQ(found().bytes, 1024 * mib);
  EXPECT_EQ(found().from, "/sys/fs/cgroup/desk.slice/memory.max");
  file("/sys/fs/cgroup/desk.slice/weir.service/memory.max", "536870912\n");
  EXPECT_EQ(found().bytes, 512 * mib);
}

TEST_F(MemoryLimit, OfAContainerIsAtTheRootOfTheMount) {
  file("/proc/meminfo", "MemTotal:       8388608 kB\n");
  file("/proc/self/cgroup", "0::/\n");
  file("/sys/fs/cgroup/memory.max", "268435456\n");
  EXPECT_EQ(found().bytes, 256 * mib);
}

TEST_F(MemoryLimit, OfVersion1IsFound) {
  file("/proc/meminfo", "MemTotal:       8388608 kB\n");
  file("/proc/self/cgroup", "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n");
  file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "134217728\n");
  EXPECT_EQ(found().bytes, 128 * mib);
}

TEST_F(MemoryLimit, OfThisProcessIsSomething) {
  const auto limit = memory_limit_of_process(real_env().fs());
  EXPECT_GT(limit.bytes, 16 * mib);
  EXPECT_TRUE(limit.from.starts_with("/")) << limit.from;
}

}  // namespace
}  // namespace weir::base
