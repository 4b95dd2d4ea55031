// One component, bound and created in the fake host.
#include "weir/test/bench.hpp"

#include <exception>

#include "weir/ext/draft/report.h"

namespace weir::test {

std::string to_string(const finding& f) {
  return std::string{f.guilty == side::plugin ? "plugin" : "host"} + " breaks rule '" + f.rule + "' in " + f.where +
         ": " + f.what;
}

std::vector<input_port> keys::of(std::vector<input_port> ports) const {
  for (std::size_t i = 0; i < ports.size() && !by_port.empty(); ++i) {
    if (by_port.size() > 1 && i >= by_port.size()) break;
    for (const auto& name : by_port[by_port.size() == 1 ? 0 : i]) {
      const int column = ports[i].columns.find(name);
      if (column < 0) throw std::invalid_argument{"the input has no column '" + name + "' to be its key"};
      ports[i].key.push_back(static_cast<std::uint32_t>(column));
    }
  }
  return ports;
}

template <class Table>
bench<Table>::bench(const Table& real, const table& options, std::vector<input_port> inputs, const setting& at)
    : checked_{real, [this](const finding& f) { findings_.push_back(f); }}, ops_{*checked_.table()} {
  bind_node_.config = value{options};
  bind_node_.checkpoint_interval = at.checkpoint_interval;
  bind_node_.restart_pause = at.restart_pause;
  task_.subtask = at.subtask;
  task_.parallelism = at.parallelism;
  std::vector<std::string> wrong;
  bind_node_.config.complete(real.options, false, "", wrong);
  if (!wrong.empty()) throw bind_refused{wrong};
  for (auto& in : inputs) {
    auto raw = std::make_unique<weir::detail::arrow_schema>(in.columns);
    bind_node_.inputs.push_back({std::move(in.columns), std::move(in.name), std::move(in.key), std::move(raw)});
  }
  if (ops_.bind(&fake_host(), bind_node_.raw(), &plan_) < 0) {
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
    create();
  } catch (...) {
    close();
    throw;
  }
}
template <class Table>
void bench<Table>::create() {
  if (!bind_node_.states.empty() || !bind_node_.timers.empty())
    task_.state = std::make_unique<keyed_store>(bind_node_.key(), bind_node_.states, bind_node_.timers);
  call("create", [&] { return ops_.create(&fake_host(), task_.raw(), plan_, &self_); });
}
template <class Table>
void bench<Table>::recreate() {
  if (self_) ops_.destroy(std::exchange(self_, nullptr));
  task_.end_call();
  create();
}
template <class Table>
bench<Table>::~bench() noexcept(false) {
  close();
  if (std::uncaught_exceptions() == 0) judge();
}
template <class Table>
void bench<Table>::close() {
  if (self_) ops_.destroy(std::exchange(self_, nullptr));
  task_.end_call();
  if (plan_ && ops_.unbind) ops_.unbind(std::exchange(plan_, nullptr));
  checked_.finish();
}
template <class Table>
void bench<Table>::judge() {
  if (collect_ || findings_.empty()) return;
  const auto first = findings_.front();
  findings_.clear();
  throw contract_broken{first};
}
template <class Table>
weir_code bench<Table>::call(const char* name, const std::function<weir_code()>& f) {
  task_.failure.clear();
  task_.begin_call();
  const auto code = f();
  task_.end_call();
  judge();
  if (code < 0) throw call_failed{code, name, task_.failure.empty() ? "code " + std::to_string(code) : task_.failure};
  return code;
}
template <class Table>
std::map<std::string, std::uint64_t> bench<Table>::figures() {
  using map = std::map<std::string, std::uint64_t>;
  map out;
  const auto* r = offered<weir_report>(WEIR_EXT_REPORT);
  const auto add = [](weir_figures* to, weir_view name, std::uint64_t v) {
    (*reinterpret_cast<map*>(to))[std::string{weir::detail::chars(name)}] += v;
  };
  if (r) call("report", [&] { return r->report(self_, task_.raw(), reinterpret_cast<weir_figures*>(&out), add); });
  return out;
}
template <class Table>
std::uint32_t bench<Table>::port(std::string_view name) const {
  for (std::size_t i = 0; i < task_.ports.size(); ++i)
    if (task_.ports[i].name == name) return static_cast<std::uint32_t>(i);
  throw std::invalid_argument{"there is no output port '" + std::string{name} + "'"};
}
template <class Table>
std::vector<owned_batch*> bench<Table>::keep(std::uint32_t port) {
  std::vector<owned_batch*> out;
  for (auto& batch : std::exchange(task_.emitted.at(port), {})) {
    kept_.push_back(std::move(batch));
    out.push_back(&kept_.back());
  }
  return out;
}
template <class Table>
void bench<Table>::facts(const owned_batch& b, std::size_t i, time& at, change_kind& change, std::string& trace,
                         std::string& source, std::int64_t& offset) const {
  if (!b.event_time.empty()) at = weir::detail::at(b.event_time[i]);
  if (!b.change.empty()) change = static_cast<change_kind>(b.change[i]);
  if (!b.offset.empty()) offset = b.offset[i];
  if (b.trace_id.empty()) return;
  trace.assign(reinterpret_cast<const char*>(b.trace_id.data()) + i * 16, 16);
  source = b.source_id[i] < task_.source_names.size() ? task_.source_names[b.source_id[i]] : "";
}
template class bench<weir_operator>;
template class bench<weir_source>;

}  // namespace weir::test
