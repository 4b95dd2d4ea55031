// The hand-written loop that weir is measured against: one thread, one purpose a query, no framework.
//   limit QUERY EVENTS [fnvx|fnv|cheap] [full|pruned]
//     QUERY   q0 q1 q2 q3 q5 q7 q8 q11 q18, or gen: the events alone
//     fnvx    (default) FNV-1a of every row's text, eight rows side by side; fnv: one after the other, the same sum;
//             cheap: the sum of the rows' numbers, no text
//     full    (default) every event with all its fields, strings too, as a source must that does not know the query;
//             pruned: only what the query reads
// Prints one JSON object: engine, query, sink, fields, events, rows, sum, cpu_seconds, wall_seconds, rss_bytes.
#include <sys/resource.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "limit/queries.hpp"

namespace {
using namespace limit;

struct job {
  std::string_view query, sink = "fnvx", fields = "full";
  u64 events = 0;
};

template <bool Full, class Sink>
bool run_query(const job& j, Sink& out) {
  struct entry {
    std::string_view name;
    void (*run)(u64, Sink&);
  };
  constexpr entry all[] = {{"q0", q0<Full, Sink>},       {"q1", q1<Full, Sink>},   {"q2", q2<Full, Sink>},
                           {"q3", q3<Full, Sink>},       {"q5", q5<Full, Sink>},   {"q7", q7<Full, Sink>},
                           {"q8", q8<Full, Sink>},       {"q11", q11<Full, Sink>}, {"q18", q18<Full, Sink>},
                           {"gen", generate<Full, Sink>}};
  for (const entry& e : all)
    if (e.name == j.query) {
      e.run(j.events, out);
      out.finish();
      return true;
    }
  std::fprintf(stderr, "limit: there is no query '%.*s'\n", static_cast<int>(j.query.size()), j.query.data());
  return false;
}

// The most memory this program had. Not getrusage's: that begins with what the process was before it became this program.
long long peak_bytes() {
  std::FILE* const status = std::fopen("/proc/self/status", "r");
  long long kib = 0;
  for (char line[256]; status && std::fgets(line, sizeof line, status);)
    if (std::sscanf(line, "VmHWM: %lld", &kib) == 1) break;
  if (status) std::fclose(status);
  return kib * 1024;
}

double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

template <sink_kind Kind>
int run(const job& j) {
  static sink<Kind> out;
  const auto begin = std::chrono::steady_clock::now();
  const bool known = j.fields == "full" ? run_query<true>(j, out) : run_query<false>(j, out);
  if (!known) return 64;
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::printf(
      "{\"engine\":\"limit\",\"query\":\"%.*s\",\"sink\":\"%.*s\",\"fields\":\"%.*s\",\"events\":%llu,\"rows\":%llu,"
      "\"sum\":\"%llu\","
      "\"cpu_seconds\":%.6f,\"wall_seconds\":%.6f,\"rss_bytes\":%lld}\n",
      static_cast<int>(j.query.size()), j.query.data(), static_cast<int>(j.sink.size()), j.sink.data(),
      static_cast<int>(j.fields.size()), j.fields.data(), static_cast<unsigned long long>(j.events),
      static_cast<unsigned long long>(out.rows), static_cast<unsigned long long>(out.sum),
      seconds(used.ru_utime) + seconds(used.ru_stime), wall, peak_bytes());
  return 0;
}

int usage() {
  std::fputs("usage: limit q0|q1|q2|q3|q5|q7|q8|q11|q18|gen EVENTS [fnvx|fnv|cheap] [full|pruned]\n", stderr);
  return 64;
}
}  // namespace

int main(int count, char** words) {
  if (count < 3) return usage();
  job j;
  j.query = words[1];
  const std::string_view events = words[2];
  const auto read = std::from_chars(events.data(), events.data() + events.size(), j.events);
  if (read.ec != std::errc{} || read.ptr != events.data() + events.size()) return usage();
  if (count > 3) j.sink = words[3];
  if (count > 4) j.fields = words[4];
  if (count > 5 || (j.fields != "full" && j.fields != "pruned")) return usage();
  if (j.sink == "fnvx") return run<sink_kind::fnvx>(j);
  if (j.sink == "fnv") return run<sink_kind::fnv>(j);
  if (j.sink == "cheap") return run<sink_kind::cheap>(j);
  return usage();
}
