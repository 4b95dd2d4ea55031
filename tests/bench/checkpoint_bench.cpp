// Speed of a cut on disk: writing, syncing, verifying, reading back. checkpoint_bench [DIRECTORY [MiB]]; the directory
// is made and removed.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "base/cat.hpp"
#include "checkpoint/storage.hpp"

namespace {

using namespace weir;

/// Records of 48 bytes as state has them: a tag, a hashed key, a small count, a price, a time.
std::string block_of(std::uint64_t seed, std::size_t bytes) {
  std::mt19937_64 random(seed);
  std::string out;
  for (std::uint64_t i = 0; out.size() < bytes; ++i) {
    const std::uint64_t fields[6] = {
        2, random(), random() % 1000, 1'700'000'000'000'000 + i * 1000, random() % 1'000'000, 0};
    out.append(reinterpret_cast<const char*>(fields), sizeof fields);
  }
  return out;
}

double seconds_since(std::int64_t start_ns) {
  return static_cast<double>(base::real_env().monotonic_ns() - start_ns) / 1e9;
}

void require(const base::result<void>& done) {
  if (done) return;
  std::fprintf(stderr, "%s\n", done.why().text().c_str());
  std::exit(1);
}

void run(const std::string& directory, std::size_t mebibytes, checkpoint::compression codec, const char* name) {
  base::env& env = base::real_env();
  require(env.fs().remove_tree(directory));
  checkpoint::options how;
  how.directory = directory;
  how.pipeline = "bench";
  how.key_groups = 128;
  how.codec = codec;
  auto store = checkpoint::storage::open(env, how).take();
  std::string blocks[16];
  for (std::uint64_t i = 0; i < 16; ++i) blocks[i] = block_of(i, std::size_t{1} << 20);
  const double size = static_cast<double>(mebibytes);

  auto at = env.monotonic_ns();
  const auto cpu = env.thread_cpu_ns();
  auto cut = store->begin({1, model::cut_kind::checkpoint, false}).take();
  for (std::size_t i = 0; i < mebibytes; ++i)
    cut->state_block("count", i % 2, model::key_groups_of(i % 2, 2, 128), blocks[i % 16]);
  checkpoint::node_snapshot n;
  n.operator_id = "count";
  cut->node(n);
  const double write = seconds_since(at);
  at = env.monotonic_ns();
  const auto info = cut->finish().take();
  const double finish = seconds_since(at), busy = static_cast<double>(env.thread_cpu_ns() - cpu) / 1e9;

  at = env.monotonic_ns();
  const auto newest = store->newest().take();
  const double verify = seconds_since(at);
  at = env.monotonic_ns();
  std::uint64_t read = 0;
  require(newest->read_state("count", {0, 128},
                             [&](std::string_view block, const checkpoint::block_source&) -> base::result<void> {
                               read += block.size();
                               return {};
                             }));
  const double load = seconds_since(at);
  std::printf(
      "%-5s %zu MiB -> %.0f MiB: write %.2f s, finish %.2f s (%.0f MiB/s in all, %.2f s of CPU); verify %.2f s (%.0f "
      "MiB/s); "
      "read %.2f s (%.0f MiB/s)\n",
      name, mebibytes, static_cast<double>(info.bytes) / 1048576, write, finish, size / (write + finish), busy, verify,
      size / verify, load, size / load);
  if (read < mebibytes << 20) std::exit(1);

  // A small cut: what the syncs cost.
  at = env.monotonic_ns();
  for (int i = 0; i < 20; ++i) {
    auto small = store->begin({store->next_number(), model::cut_kind::checkpoint, false}).take();
    small->state_block("count", 0, {0, 64}, blocks[0].substr(0, 10'000));
    small->node(n);
    if (!small->finish()) std::exit(1);
  }
  std::printf("      a cut of 10 kB: %.1f ms\n", seconds_since(at) * 1000 / 20);
  store.reset();
  require(env.fs().remove_tree(directory));
}

}  // namespace

int main(int count, char** arguments) {
  const std::string directory = count > 1 ? arguments[1] : "checkpoint_bench.tmp";
  const std::size_t mebibytes = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 1024;
  run(directory, mebibytes, checkpoint::compression::none, "none");
  run(directory, mebibytes, checkpoint::compression::lz4, "lz4");
  run(directory, mebibytes, checkpoint::compression::zstd, "zstd");
}
