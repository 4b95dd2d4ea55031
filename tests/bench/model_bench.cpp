// Nanoseconds of what every batch goes through in host/model: sharing, building, compacting, hashing. A plain timing
// loop, no test: `build/release/bin/model_bench`, on an idle machine, pinned to a core (taskset -c 0).
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#include "model/batch_builder.hpp"
#include "model/compact.hpp"
#include "model/key_hash.hpp"

namespace {

using namespace weir::model;

double thread_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// The best of many rounds of about a millisecond, in CPU time: other work on the machine disturbs it least so.
template <class F>
void measure(const char* what, F once) {
  for (int i = 0; i < 200; ++i) once();
  double begin = thread_ns();
  for (int i = 0; i < 200; ++i) once();
  const int times = std::max(10, static_cast<int>(1e6 / ((thread_ns() - begin) / 200)));
  double best = 1e18;
  for (int round = 0; round < 150; ++round) {
    begin = thread_ns();
    for (int i = 0; i < times; ++i) once();
    best = std::min(best, (thread_ns() - begin) / times);
  }
  std::printf("%-72s %10.1f ns\n", what, best);
}

batch_ref make_batch_of(std::string_view schema_text, std::int64_t rows) {
  batch_builder b(builder_layout::make(parse_schema(schema_text).take()));
  weir_builder* v = b.open(rows);
  std::mt19937_64 r(1);
  for (std::uint32_t c = 0; c < v->column_count; ++c) {
    weir_column& col = v->columns[c];
    if (col.width == 8) {
      for (std::int64_t i = 0; i < rows; ++i) static_cast<std::uint64_t*>(col.values)[i] = r();
      continue;
    }
    auto* offsets = static_cast<std::int32_t*>(col.values);
    for (std::int64_t i = 0; i < rows; ++i) {
      const auto size = static_cast<std::int32_t>(4 + r() % 12);
      batch_builder::grow_data(&col, offsets[i] + size);
      std::memset(col.data + offsets[i], static_cast<int>('a' + r() % 26), static_cast<std::size_t>(size));
      offsets[i + 1] = offsets[i] + size;
    }
  }
  for (std::int64_t i = 0; i < rows; ++i) v->event_time[i] = i;
  v->length = rows;
  return b.finish(WEIR_EMIT_TIMES, nullptr).take();
}

selection every_other(std::int64_t rows) {
  selection s{.rows = buffer_pool::must_allocate(static_cast<std::size_t>(rows) * 4)};
  std::mt19937 r(7);
  for (std::uint32_t i = 0; i < rows; ++i)
    if (r() % 2) s.rows->as<std::uint32_t>()[s.count++] = i;
  return s;
}

constexpr std::string_view eight_longs =
    "a: int64, b: int64, c: int64, d: int64, e: int64, f: int64, g: int64, h: int64";
constexpr std::string_view eight_mixed = "a: int64, b: int64, c: int64, d: int64, e: int64, f: int64, g: utf8, h: utf8";

}  // namespace

int main() {
  constexpr std::int64_t rows = 1024;
  const batch_ref longs = make_batch_of(eight_longs, rows);
  const batch_ref mixed = make_batch_of(eight_mixed, rows);
  const batch_ref text = make_batch_of("k: utf8", rows);
  const selection half = every_other(rows);
  const std::int32_t passes[] = {0, 1, 2, 3, 4, 5, 6, 7};
  const schema_ref renamed =
      parse_schema("h: int64, g: int64, f: int64, e: int64, d: int64, c: int64, b: int64, a: int64").take();

  measure("allocate and release a buffer of 8 KiB", [] { buffer_pool::allocate(8192); });
  measure("share 8 columns, another selection, and release", [&] { select_rows(*longs, half); });
  measure("emit_passed, same schema, and release", [&] { (void)emit_passed(*longs, longs->schema(), {}, half); });
  measure("share 8 columns one by one under another schema, and release",
          [&] { pass_through(*longs, renamed, passes, {}, longs->facts(), half); });
  batch_builder b(builder_layout::make(longs->schema()));
  const batch_ref one = make_batch_of(eight_longs, 1);
  measure("open + finish a builder of 8 int64 columns, 1 row, same parents", [&] {
    b.open(1)->length = 1;
    (void)b.finish(WEIR_EMIT_PARENTS_SAME, one.get());
  });
  measure("open + finish a builder of 8 int64 columns, 1024 rows, same parents", [&] {
    b.open(rows)->length = rows;
    (void)b.finish(WEIR_EMIT_PARENTS_SAME, longs.get());
  });
  batch_builder beside(builder_layout::make_beside(
      parse_schema("a: int64, b: int64, c: int64, d: int64, e: int64, f: int64, g: int64, h: int64, new: int64").take(),
      std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6, 7, -1}));
  measure("open + finish 1 new column beside 8 passed ones, 1024 rows", [&] {
    beside.open_beside(*longs);
    (void)beside.finish(0, longs.get());
  });
  const batch_ref longs_half = select_rows(*longs, half);
  const batch_ref mixed_half = select_rows(*mixed, half);
  measure("compact 1024 rows at 50 %, 8 int64", [&] { compact(longs_half); });
  measure("compact 1024 rows at 50 %, 6 int64 and 2 utf8", [&] { compact(mixed_half); });
  const std::uint32_t first[] = {0};
  const std::uint32_t two[] = {0, 6};
  measure("hash 1024 int64", [&] { hash_keys(*longs, first); });
  measure("hash 1024 utf8 of 4 to 15 bytes", [&] { hash_keys(*text, first); });
  measure("hash 1024 of (int64, utf8)", [&] { hash_keys(*mixed, two); });
  return 0;
}
