// weir/test/bench.hpp: what the harnesses stand on: one component, bound and created in the fake host, under check.
// Works on tables, so it also takes a component out of a loaded .so.
#ifndef WEIR_TEST_BENCH_HPP
#define WEIR_TEST_BENCH_HPP

#include <exception>
#include <stdexcept>

#include "weir/test/checker.hpp"
#include "weir/test/fake_host.hpp"

namespace weir::test {

// A component refused its configuration or its inputs.
struct bind_refused : std::runtime_error {
  explicit bind_refused(std::vector<std::string> all) : std::runtime_error{joined(all)}, errors{std::move(all)} {}
  std::vector<std::string> errors;  // "limit: must be a number"

 private:
  static std::string joined(const std::vector<std::string>& all) {
    std::string out;
    for (const auto& e : all) out += (out.empty() ? "" : "\n") + e;
    return out;
  }
};
// A call came back with an error: the task would fail.
struct call_failed : std::runtime_error {
  call_failed(weir_code c, const std::string& call, const std::string& why)
      : std::runtime_error{call + " failed: " + why}, code{c} {}
  weir_code code;
};
// The plugin (or, seldom, the fake host) broke a rule of abi.h.
struct contract_broken : std::runtime_error {
  explicit contract_broken(const finding& f) : std::runtime_error{to_string(f)}, what_found{f} {}
  finding what_found;
};

// A record with what the host knows about it.
template <record Record>
struct row {
  Record value;
  time at = no_time;
  change_kind change = change_kind::insert;
  std::string trace{};   // 16 bytes; empty: tracing is off
  std::string source{};  // empty: tracing is off
  std::int64_t offset = -1;
};

struct input_port {
  schema columns;
  std::string name{};
  std::vector<std::uint32_t> key{};
};

template <class Table>
class bench {
 public:
  // Throws bind_refused, call_failed, contract_broken.
  bench(const Table& real, const table& options, std::vector<input_port> inputs)
      : checked_{real, [this](const finding& f) { findings_.push_back(f); }}, ops_{*checked_.table()} {
    bind_node_.config = value{options};
    std::vector<std::string> wrong;
    bind_node_.config.complete(real.options, false, "", wrong);
    if (!wrong.empty()) throw bind_refused{wrong};
    for (auto& in : inputs) {
      auto raw = std::make_unique<weir::detail::arrow_schema>(in.columns);
      bind_node_.inputs.push_back({std::move(in.columns), std::move(in.name), std::move(in.key), std::move(raw)});
    }
    if (const auto code = ops_.bind(&fake_host(), bind_node_.raw(), &plan_); code < 0) {
      judge();
      for (const auto& e : bind_node_.errors)
        wrong.push_back(e.option.empty() ? e.why
                                         : e.option + (e.at < 0 ? "" : '@' + std::to_string(e.at)) + ": " + e.why);
      throw bind_refused{wrong};
    }
    task_.ports = bind_node_.outputs;
    task_.emitted.resize(task_.ports.size());
    try {
      judge();
      call("create", [&] { return ops_.create(&fake_host(), task_.raw(), plan_, &self_); });
    } catch (...) {
      if (!self_ || !ops_.destroy)
        unbind();
      else
        close_quietly();
      throw;
    }
  }
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;
  // Throws contract_broken for what is only seen at the end.
  ~bench() noexcept(false) {
    close_quietly();
    if (std::uncaught_exceptions() == 0) judge();
  }

  // Runs one call of the table. Throws call_failed, contract_broken.
  template <class F>
  weir_code call(const char* name, F&& f) {
    task_.failure.clear();
    const auto code = f();
    task_.end_call();
    judge();
    if (code < 0) throw call_failed{code, name, task_.failure.empty() ? "code " + std::to_string(code) : task_.failure};
    return code;
  }
  [[nodiscard]] fake_task& task() { return task_; }
  [[nodiscard]] const Table& ops() const { return ops_; }
  [[nodiscard]] void* self() const { return self_; }
  [[nodiscard]] void* plan() const { return plan_; }
  [[nodiscard]] const fake_bind& bound() const { return bind_node_; }
  // What the checker found and nobody has been told by an exception.
  [[nodiscard]] std::vector<finding>& findings() { return findings_; }
  // Findings stay in findings() instead of being thrown: for tests of the checker itself.
  void collect_findings() { collect_ = true; }

  // Figures that the component reports.
  std::map<std::string, std::uint64_t> figures() {
    std::map<std::string, std::uint64_t> out;
    const auto* r = ops_.extension ? static_cast<const weir_report*>(ops_.extension(WEIR_EXT_REPORT)) : nullptr;
    if (r)
      call("report", [&] {
        return r->report(
            self_, task_.raw(), reinterpret_cast<weir_figures*>(&out),
            [](weir_figures* to, weir_view name, std::uint64_t v) {
              (*reinterpret_cast<std::map<std::string, std::uint64_t>*>(to))[std::string{weir::detail::chars(name)}] +=
                  v;
            });
      });
    return out;
  }

  // Takes the records that went out of a port. Records with views stay valid as long as the bench.
  template <record Record>
  std::vector<row<Record>> take_rows(std::uint32_t port) {
    std::vector<row<Record>> out;
    for (auto& batch : std::exchange(task_.emitted.at(port), {})) {
      weir::detail::record_reader<Record> reader;
      weir::detail::complaints wrong;
      reader.bind(batch.columns_of.fields, "", wrong);
      if (!wrong.empty()) throw std::invalid_argument{"take: " + wrong[0]};
      kept_.push_back(std::move(batch));
      auto& b = kept_.back();
      const auto raw = b.raw();
      reader.load(raw.columns);
      for (std::int64_t i = 0; i < b.length; ++i) {
        const auto at = static_cast<std::size_t>(i);
        row<Record> r{};
        reader.read(i, r.value);
        if (!b.event_time.empty()) r.at = weir::detail::at(b.event_time[at]);
        if (!b.change.empty()) r.change = static_cast<change_kind>(b.change[at]);
        if (!b.offset.empty()) r.offset = b.offset[at];
        if (!b.trace_id.empty()) {
          r.trace.assign(reinterpret_cast<const char*>(b.trace_id.data()) + at * 16, 16);
          r.source = b.source_id[at] < task_.source_names.size() ? task_.source_names[b.source_id[at]] : "";
        }
        out.push_back(std::move(r));
      }
    }
    return out;
  }
  // The number of a port; "" is the first one.
  [[nodiscard]] std::uint32_t port(std::string_view name) const {
    for (std::size_t i = 0; i < task_.ports.size(); ++i)
      if (task_.ports[i].name == name) return static_cast<std::uint32_t>(i);
    throw std::invalid_argument{"there is no output port '" + std::string{name} + "'"};
  }

 private:
  void unbind() {
    if (plan_ && ops_.unbind) ops_.unbind(std::exchange(plan_, nullptr));
  }
  void close_quietly() {
    if (self_) ops_.destroy(std::exchange(self_, nullptr));
    task_.end_call();
    unbind();
    checked_.finish();
  }
  void judge() {
    if (collect_ || findings_.empty()) return;
    const auto first = findings_.front();
    findings_.clear();
    throw contract_broken{first};
  }

  std::vector<finding> findings_;
  bool collect_ = false;
  fake_bind bind_node_;
  fake_task task_;
  checked<Table> checked_;
  const Table& ops_;
  void* plan_ = nullptr;
  void* self_ = nullptr;
  std::list<owned_batch> kept_;
};
}  // namespace weir::test
#endif  // WEIR_TEST_BENCH_HPP
