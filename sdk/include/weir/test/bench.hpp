// weir/test/bench.hpp: what the harnesses stand on: one component, bound and created in the fake host, under check.
// Works on tables, so it also takes a component out of a loaded .so.
#ifndef WEIR_TEST_BENCH_HPP
#define WEIR_TEST_BENCH_HPP

#include <functional>
#include <initializer_list>
#include <list>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "weir/detail/reader.hpp"
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

// The key of the input, by the names of its columns: the same for every port, key{"account"}, or one for each,
// keys{{"account"}, {"owner"}}; an empty one: this port has no key.
struct keys {
  keys() = default;
  keys(std::initializer_list<std::vector<std::string>> each) : by_port{each} {}
  std::vector<std::vector<std::string>> by_port{};
  // Puts them into the ports. Throws std::invalid_argument for a column that a port does not have.
  [[nodiscard]] std::vector<input_port> of(std::vector<input_port> ports) const;
};
struct key : keys {
  key(std::initializer_list<std::string> columns) { by_port.emplace_back(columns); }
};

// Where the component runs, as its host tells it.
struct setting {
  std::uint32_t subtask = 0, parallelism = 1;
  // 0: the pipeline takes no checkpoints.
  duration checkpoint_interval{}, restart_pause{};
};

template <class Table>
class bench {
 public:
  // Throws bind_refused, call_failed, contract_broken.
  bench(const Table& real, const table& options, std::vector<input_port> inputs, const setting& at = {});
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;
  // Throws contract_broken for what is only seen at the end.
  ~bench() noexcept(false);

  // Another instance of the same plan in place of this one, with empty state: as after a crash.
  void recreate();
  // Runs one call of the table. Throws call_failed, contract_broken.
  weir_code call(const char* name, const std::function<weir_code()>& f);
  [[nodiscard]] fake_task& task() { return task_; }
  [[nodiscard]] const Table& ops() const { return ops_; }
  [[nodiscard]] void* self() const { return self_; }
  [[nodiscard]] void* plan() const { return plan_; }
  [[nodiscard]] const fake_bind& bound() const { return bind_node_; }
  // What the checker found and nobody has been told by an exception.
  [[nodiscard]] std::vector<finding>& findings() { return findings_; }
  // Findings stay in findings() instead of being thrown: for tests of the checker itself.
  void collect_findings() { collect_ = true; }

  // An optional interface of the component; null: it has none.
  template <class Extension>
  [[nodiscard]] const Extension* offered(const char* id) const {
    return ops_.extension ? static_cast<const Extension*>(ops_.extension(id)) : nullptr;
  }
  // Figures that the component reports.
  std::map<std::string, std::uint64_t> figures();

  // Takes the records that went out of a port. Records with views stay valid as long as the bench.
  template <record Record>
  std::vector<row<Record>> take_rows(std::uint32_t port) {
    std::vector<row<Record>> out;
    for (owned_batch* b : keep(port)) {
      weir::detail::record_reader<Record> reader;
      weir::detail::complaints wrong;
      reader.bind(b->columns_of.fields, "", wrong);
      if (!wrong.empty()) throw std::invalid_argument{"take: " + wrong[0]};
      const auto raw = b->raw();
      reader.load(raw.columns);
      for (std::int64_t i = 0; i < b->length; ++i) {
        row<Record> r{};
        reader.read(i, r.value);
        facts(*b, static_cast<std::size_t>(i), r.at, r.change, r.trace, r.source, r.offset);
        out.push_back(std::move(r));
      }
    }
    return out;
  }
  // The number of a port; "" is the main one.
  [[nodiscard]] std::uint32_t port(std::string_view name) const;

 private:
  void create();
  void close();
  void judge();
  // What was emitted on a port, kept as long as the bench.
  std::vector<owned_batch*> keep(std::uint32_t port);
  void facts(const owned_batch& b, std::size_t i, time& at, change_kind& change, std::string& trace,
             std::string& source, std::int64_t& offset) const;

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
extern template class bench<weir_operator>;
extern template class bench<weir_source>;

}  // namespace weir::test
#endif  // WEIR_TEST_BENCH_HPP
