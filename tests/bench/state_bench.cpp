// Nanoseconds and bytes of keyed state and timers (host/state), in CPU time of one thread; not a test.
//   state_bench [slots|grow|windows|timers|cut|spill]...   all of them by default; pin it to a core (taskset -c 0).
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.hpp"
#include "model/batch_builder.hpp"
#include "state/store.hpp"

namespace {

using namespace weir;

double now_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

constexpr std::int64_t rows = 1024;

/// Batches of `columns` int64 columns whose rows are key(i) in all columns.
model::batch_ref keys_of(std::size_t columns, const std::function<std::int64_t(std::int64_t)>& key,
                         std::int64_t n = rows) {
  std::vector<model::field> fields;
  for (std::size_t c = 0; c < columns; ++c)
    fields.push_back({"k" + std::to_string(c), model::type_id::int64, false, {}});
  model::batch_builder builder(model::builder_layout::make(model::schema::of(fields)));
  weir_builder* b = builder.open(n);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t k = key(i);
    for (std::size_t c = 0; c < columns; ++c) static_cast<std::int64_t*>(b->columns[c].values)[i] = k;
  }
  b->length = n;
  const auto made = builder.finish(0, nullptr).take();
  std::vector<std::uint32_t> all;
  for (std::uint32_t c = 0; c < columns; ++c) all.push_back(c);
  return model::with_key_hash(*made, model::hash_keys(*made, all));
}
std::vector<std::uint32_t> key_columns(std::size_t n) {
  std::vector<std::uint32_t> all;
  for (std::uint32_t c = 0; c < n; ++c) all.push_back(c);
  return all;
}

model::state_shape shape(std::size_t columns, bool timers = false) {
  model::state_shape s;
  for (std::size_t c = 0; c < columns; ++c)
    s.key.push_back({"k" + std::to_string(c), model::type_id::int64, false, {}});
  s.states.push_back({.name = "count",
                      .kind = WEIR_STATE_VALUE,
                      .value = model::schema::of({{"n", model::type_id::int64, false, {}}}),
                      .map_key = {},
                      .value_size = 8});
  if (timers) s.timers.push_back({"t", WEIR_TIMER_EVENT_TIME});
  return s;
}

void must(weir_code code, const state::store& s) {
  if (code < 0) std::exit((std::fprintf(stderr, "%s\n", s.why().c_str()), 1));
}

/// One call for all rows of a batch, then a counter of each.
void count(state::store& s, const model::batch& b, std::span<const std::uint32_t> key, const std::int64_t* ns,
           weir_slot** out) {
  must(s.slots(0, b, key, nullptr, rows, ns, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, out), s);
  for (std::int64_t i = 0; i < rows; ++i) {
    out[i]->flags |= WEIR_SLOT_PRESENT;
    ++*reinterpret_cast<std::int64_t*>(out[i] + 1);
  }
}

void slots() {
  struct setup {
    const char* what;
    std::size_t columns;
    std::int64_t keys;
  };
  for (const setup& at :
       {setup{"one int64, 2,500 keys", 1, 2'500}, setup{"one int64, 100,000 keys", 1, 100'000},
        setup{"two int64, 1,000,000 keys", 2, 1'000'000}, setup{"two int64, 8,000,000 keys", 2, 8'000'000}}) {
    state::store s(shape(at.columns), base::real_env());
    const auto key = key_columns(at.columns);
    std::vector<weir_slot*> out(rows);
    for (std::int64_t from = 0; from < at.keys + rows; from += rows)
      count(s, *keys_of(at.columns, [&](std::int64_t i) { return (from + i) % at.keys; }), key, nullptr, out.data());
    std::mt19937_64 r(7);
    std::vector<model::batch_ref> batches;
    for (int i = 0; i < 256; ++i)
      batches.push_back(keys_of(at.columns, [&](std::int64_t) {
        return static_cast<std::int64_t>(r() % static_cast<std::uint64_t>(at.keys));
      }));
    for (const bool counted : {false, true}) {
      double best = 1e300;
      for (int round = 0; round < 30; ++round) {
        const double begin = now_ns();
        for (const auto& b : batches) {
          if (counted)
            count(s, *b, key, nullptr, out.data());
          else
            must(s.slots(0, *b, key, nullptr, rows, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, out.data()), s);
        }
        best = std::min(best, now_ns() - begin);
      }
      std::printf("slots: %-28s %-24s %6.1f ns a row\n", at.what, counted ? "and a counter of each" : "",
                  best / (256.0 * rows));
    }
    std::printf("       %.1f bytes an entry held\n",
                static_cast<double>(s.memory_bytes()) / static_cast<double>(s.entries()));
  }
}

void grow() {
  state::store s(shape(2), base::real_env());
  const auto key = key_columns(2);
  std::vector<weir_slot*> out(rows);
  double all = 0, longest = 0;
  constexpr std::int64_t keys = 8'000'000;
  std::mt19937_64 r(3);
  for (std::int64_t n = 0; n < keys; n += rows) {
    const auto b = keys_of(2, [&](std::int64_t) { return static_cast<std::int64_t>(r()); });
    const double begin = now_ns();
    count(s, *b, key, nullptr, out.data());
    const double took = now_ns() - begin;
    all += took;
    longest = std::max(longest, took);
  }
  std::printf("grow: %lld new keys: %.1f ns a row, longest call for %lld rows %.0f us\n", static_cast<long long>(keys),
              all / static_cast<double>(keys), static_cast<long long>(rows), longest / 1000);
}

void windows() {
  for (const bool cuts : {false, true}) {
    state::store s(shape(1), base::real_env(), cuts);
    const auto key = key_columns(1);
    std::vector<weir_slot*> out(rows);
    std::mt19937_64 r(7);
    std::vector<model::batch_ref> batches;
    for (int i = 0; i < 64; ++i)
      batches.push_back(keys_of(1, [&](std::int64_t) { return static_cast<std::int64_t>(r() % 10'000); }));
    double best = 1e300;
    std::int64_t window = 0;
    for (int round = 0; round < 30; ++round) {
      const double begin = now_ns();
      for (int w = 0; w < 4; ++w, ++window) {
        const std::vector<std::int64_t> ns(rows, window);
        for (const auto& b : batches) count(s, *b, key, ns.data(), out.data());
        must(s.drop(0, window), s);
      }
      best = std::min(best, now_ns() - begin);
    }
    std::printf("windows: 65,536 rows of 10,000 keys each, then dropped%s: %.1f ns a row\n",
                cuts ? ", changes noted" : "", best / (4.0 * 64 * rows));
  }
}

void timers() {
  state::store s(shape(1, true), base::real_env());
  const auto key = key_columns(1);
  constexpr std::int64_t total = 10'000'000;
  std::mt19937_64 r(5);
  double set = 0, pop = 0;
  std::vector<std::int64_t> times(rows);
  std::int64_t count = 0;
  while (count < total) {
    const std::int64_t n = std::min(rows, total - count);
    const auto b = keys_of(
        1, [&](std::int64_t) { return static_cast<std::int64_t>(r() % 1'000'000'000); }, n);
    for (std::int64_t& t : times) t = static_cast<std::int64_t>(r() % 3'600'000'000u);
    const double begin = now_ns();
    must(s.timer_set(0, *b, key, nullptr, times.data(), n), s);
    set += now_ns() - begin;
    count += n;
  }
  const double memory = static_cast<double>(s.memory_bytes());
  std::int64_t fired = 0;
  double longest = 0;
  for (std::uint32_t family = 0;;) {
    const double begin = now_ns();
    const auto b = s.pop_due(WEIR_TIMER_EVENT_TIME, INT64_MAX, rows, &family);
    const double took = now_ns() - begin;
    pop += took;
    longest = std::max(longest, took);
    if (!b) break;
    fired += b->length();
  }
  std::printf("timers: %lld in one hour: %.1f ns to set, %.1f ns to fire (longest call %.0f us), %.1f MiB\n",
              static_cast<long long>(fired), set / static_cast<double>(total), pop / static_cast<double>(fired),
              longest / 1000, memory / (1 << 20));
}

void cut() {
  for (const std::int64_t keys : {std::int64_t{10'000}, std::int64_t{4'000'000}}) {
    state::store s(shape(2), base::real_env());
    const auto key = key_columns(2);
    std::vector<weir_slot*> out(rows);
    for (std::int64_t n = 0; n < keys; n += rows)
      count(s, *keys_of(2, [&](std::int64_t i) { return n + i; }), key, nullptr, out.data());
    double begin = now_ns();
    s.cut();
    const double synchronous = now_ns() - begin;
    std::vector<std::string> blocks;
    double longest = 0, all = 0, bytes = 0;
    for (bool more = true; more;) {
      std::string block;
      begin = now_ns();
      more = s.capture(256 << 10, block);
      const double took = now_ns() - begin;
      longest = std::max(longest, took);
      all += took;
      bytes += static_cast<double>(block.size());
      blocks.push_back(std::move(block));
    }
    state::store back(shape(2), base::real_env());
    begin = now_ns();
    for (const auto& b : blocks)
      if (!b.empty() && !back.load(b)) std::exit(1);
    const double loaded = now_ns() - begin;
    const auto n = static_cast<double>(s.entries());
    std::printf(
        "cut: %.0f entries: cut() %.1f us, capture %.1f ns an entry (slice of 256 KiB at most %.0f us), %.1f bytes an "
        "entry, load %.1f ns an entry\n",
        n, synchronous / 1000, all / n, longest / 1000, bytes / n, loaded / n);
  }
}

/// More keys than the budget has room for, drawn by Zipf's law (s = 1); a cut every 2 million rows, as every 10 s or
/// so.
void spill() {
  char directory[] = "/var/tmp/state_bench_XXXXXX";
  if (!mkdtemp(directory)) std::exit(1);
  constexpr std::int64_t keys = 16'000'000;
  constexpr std::uint64_t budget = std::uint64_t{128} << 20;
  {
    state::store s(shape(2), base::real_env());
    s.spill({.directory = std::string(directory) + "/rows", .pool = std::make_shared<state::memory_pool>(budget, 1)});
    const auto key = key_columns(2);
    std::vector<weir_slot*> out(rows);
    std::mt19937_64 r(7);
    double longest = 0;
    std::uint64_t most = 0;
    std::int64_t since_cut = 0;
    auto step = [&](const model::batch_ref& b) {
      const double begin = now_ns();
      s.set_time(0, 0);
      count(s, *b, key, nullptr, out.data());
      if (s.capturing()) {
        std::string block;
        s.capture(256 << 10, block);
      } else if ((since_cut += rows) > 2'000'000) {
        s.cut();
        since_cut = 0;
      }
      const double took = now_ns() - begin;
      longest = std::max(longest, took);
      most = std::max(most, s.memory_bytes());
      return took;
    };
    double fill = 0;
    for (std::int64_t n = 0; n < keys; n += rows)
      fill += step(keys_of(2, [&](std::int64_t i) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(n + i) * 0x9E3779B97F4A7C15u);
      }));
    std::printf(
        "spill: %lld keys put under %llu MiB: %.0f rows/s, %.1f M on disk, at most %.0f MiB in memory, longest call "
        "%.1f ms\n",
        static_cast<long long>(keys), static_cast<unsigned long long>(budget >> 20),
        static_cast<double>(keys) / fill * 1e9, static_cast<double>(s.cold_entries()) / 1e6,
        static_cast<double>(most) / (1 << 20), longest / 1e6);
    longest = 0;
    most = 0;
    double all = 0;
    std::int64_t done = 0;
    while (done < 6'000'000) {
      const auto b = keys_of(2, [&](std::int64_t) {
        const double u = static_cast<double>(r() >> 11) / 9007199254740992.0;
        const auto rank = static_cast<std::uint64_t>(std::exp(u * std::log(static_cast<double>(keys))));
        return static_cast<std::int64_t>(rank * 0x9E3779B97F4A7C15u);
      });
      all += step(b);
      done += rows;
    }
    std::printf("spill: then by Zipf: %.0f rows/s, at most %.0f MiB in memory, longest call %.1f ms\n",
                static_cast<double>(done) / all * 1e9, static_cast<double>(most) / (1 << 20), longest / 1e6);
  }
  std::filesystem::remove_all(directory);
}

}  // namespace

int main(int argc, char** argv) {
  const std::pair<const char*, void (*)()> all[] = {{"slots", slots},   {"grow", grow}, {"windows", windows},
                                                    {"timers", timers}, {"cut", cut},   {"spill", spill}};
  for (const auto& [name, run] : all)
    if (argc == 1 || std::any_of(argv + 1, argv + argc, [&](const char* a) { return std::string_view(a) == name; }))
      run();
  return 0;
}
