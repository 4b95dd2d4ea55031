// weir/test/source_harness.hpp: a source tested without a host process.
//
//   weir::test::source_harness<lines> h{{{"path", file}}};
//   h.open_all();
//   h.poll_to_end();
//   EXPECT_THAT(h.take<line>(), ...);
//   const auto there = h.position(0);      // begin another harness with open(0, id, there)
#ifndef WEIR_TEST_SOURCE_HARNESS_HPP
#define WEIR_TEST_SOURCE_HARNESS_HPP

#include "weir/source.hpp"
#include "weir/test/bench.hpp"

namespace weir::test {

class source_table_harness {
 public:
  explicit source_table_harness(const weir_source& source, const table& options = {}) : bench_{source, options, {}} {}

  // The splits that exist now. Throws call_failed.
  std::vector<std::string> discover() {
    fake_splits found;
    const auto code = bench_.ops().discover(&fake_host(), bench_.plan(), reinterpret_cast<weir_splits*>(&found));
    if (code < 0) throw call_failed{code, "discover", found.why.empty() ? "code " + std::to_string(code) : found.why};
    ask_again_us = found.ask_again_us;
    return found.ids;
  }
  std::int64_t ask_again_us = -1;  // what discover asked for; -1: the list is final

  void open(std::uint32_t split, std::string_view id, std::string_view position = {}) {
    call("open_split", [&] {
      return bench_.ops().open_split(bench_.self(), raw(), split, weir::detail::view(id), weir::detail::view(position));
    });
  }
  // Opens all splits that discover names, numbered from 0.
  std::vector<std::string> open_all() {
    auto ids = discover();
    for (std::size_t i = 0; i < ids.size(); ++i) open(static_cast<std::uint32_t>(i), ids[i]);
    return ids;
  }
  void close(std::uint32_t split) {
    if (bench_.ops().close_split)
      call("close_split", [&] { return bench_.ops().close_split(bench_.self(), raw(), split); });
  }
  polled poll(duration wait = {}) {
    return static_cast<polled>(call("poll", [&] { return bench_.ops().poll(bench_.self(), raw(), wait.count()); }));
  }
  // Polls until the source says that all splits are at their end, at most `times` times. False: it never said so.
  bool poll_to_end(int times = 100000) {
    for (; times > 0; --times)
      if (poll() == polled::end) return true;
    return false;
  }
  std::string position(std::uint32_t split) {
    std::string out;
    call("position",
         [&] { return bench_.ops().position(bench_.self(), raw(), split, reinterpret_cast<weir_bytes*>(&out)); });
    return out;
  }
  void committed(std::uint32_t split, std::string_view position) {
    if (bench_.ops().on_committed)
      call("on_committed",
           [&] { return bench_.ops().on_committed(bench_.self(), raw(), split, weir::detail::view(position)); });
  }
  void clock(duration to) { bench_.task().now = time{to}; }
  void trace(bool on = true) { bench_.task().tracing = on; }

  template <record Record>
  std::vector<Record> take(std::string_view port = "") {
    std::vector<Record> out;
    for (auto& r : take_rows<Record>(port)) out.push_back(std::move(r.value));
    return out;
  }
  template <record Record>
  std::vector<row<Record>> take_rows(std::string_view port = "") {
    return bench_.template take_rows<Record>(bench_.port(port));
  }
  std::vector<dead_letter> take_dead_letters() { return std::exchange(bench_.task().dead_letters, {}); }
  std::vector<log_line> take_log() { return std::exchange(bench_.task().log, {}); }
  [[nodiscard]] const fake_task::split_state& split(std::uint32_t number) { return bench_.task().splits[number]; }
  [[nodiscard]] const schema& columns(std::string_view port = "") const {
    return bench_.bound().outputs.at(bench_.port(port)).columns;
  }
  [[nodiscard]] bench<weir_source>& under() { return bench_; }

 private:
  template <class F>
  weir_code call(const char* name, F&& f) {
    return bench_.call(name, static_cast<F&&>(f));
  }
  [[nodiscard]] weir_context* raw() { return bench_.task().raw(); }
  bench<weir_source> bench_;
};

template <class T>
class source_harness : public source_table_harness {
 public:
  explicit source_harness(const table& options = {}) : source_table_harness{table_of(), options} {}

 private:
  static const weir_source& table_of() {
    static constexpr weir_source source = weir::detail::source_table<T>("under-test");
    return source;
  }
};
}  // namespace weir::test
#endif  // WEIR_TEST_SOURCE_HARNESS_HPP
