// Nanoseconds of CPU that lookups cost a row, host -> plugin -> host, on one thread, in batches of 1,024 rows, with two columns
// added (a text and a double). Printed; not a test.
//   lookup_bench [PLUGIN_DIRECTORY]     with $WEIR_POSTGRES_DIR (tests/services/postgres) lookup.postgres, too
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "config/option.hpp"
#include "config/value.hpp"
#include "job/host_table.hpp"
#include "model/batch_builder.hpp"
#include "operator/instance.hpp"
#include "plugin/bind.hpp"
#include "plugin/catalog.hpp"

namespace {

using namespace weir;

constexpr std::int64_t rows = 1024;

double cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

struct counter final : op::collector {
  std::uint64_t rows = 0;
  bool collect(std::uint32_t, const model::batch_ref& b) override {
    rows += static_cast<std::uint64_t>(b->row_count());
    return true;
  }
};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

std::string text_key(std::int64_t n) { return "account-" + std::to_string(n); }

/// Random keys below `keys`, all of which the table has.
model::batch_ref batch_of(std::int64_t keys, bool text, std::mt19937_64& random) {
  auto schema = model::schema::of({{"id", model::type_id::int64, false, {}},
                                   {"account", text ? model::type_id::utf8 : model::type_id::int64, false, {}}});
  model::batch_builder builder(model::builder_layout::make(schema));
  weir_builder* b = builder.open(rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto key = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(keys));
    static_cast<std::int64_t*>(b->columns[0].values)[i] = i;
    if (!text) {
      static_cast<std::int64_t*>(b->columns[1].values)[i] = key;
      continue;
    }
    const std::string word = text_key(key);
    auto* offsets = static_cast<std::int32_t*>(b->columns[1].values);
    const auto end = offsets[i] + static_cast<std::int32_t>(word.size());
    if (b->columns[1].data_capacity < end) builder.grow_data(&b->columns[1], 2 * end);
    std::memcpy(b->columns[1].data + offsets[i], word.data(), word.size());
    offsets[i + 1] = end;
  }
  b->length = rows;
  auto made = builder.finish(0, nullptr);
  return std::move(made).take();
}

config::value names(std::initializer_list<std::pair<const char*, const char*>> pairs) {
  config::value out = config::make_table();
  for (const auto& [name, value] : pairs) out.members.push_back({name, {}, config::make_string(value)});
  return out;
}

void measure(const std::string& uses, const char* directory, config::value options, std::int64_t keys, bool text) {
  auto& env = base::real_env();
  auto store = plugin::plugin_store::open_default(env);
  if (!store) give_up(store.why().text());
  plugin::plugin_catalog catalog(env, **store, {directory});
  auto component = catalog.resolve(uses);
  if (!component) give_up(component.why().text());
  options.members.push_back(
      {"columns", {}, names({{"number", text ? "string" : "int64"}, {"name", "string"}, {"limit", "double"}})});
  options.members.push_back({"on", {}, names({{"account", "number"}})});
  config::diagnostics problems;
  options = config::validate(options, (*component)->options(), {.owner = uses}, problems);
  std::mt19937_64 random{7};
  std::vector<model::batch_ref> batches;
  for (int i = 0; i < 200; ++i) batches.push_back(batch_of(keys, text, random));
  auto bound = plugin::bind(*component, options, {{"in", batches[0]->schema(), {}}}, {}, problems);
  if (!bound) give_up(uses + " refuses its options");
  op::spec what;
  what.id = "lookup";
  what.op = (*component)->operation();
  what.plan = bound->plan();
  what.keys.resize(1);
  for (const auto& o : bound->outputs()) what.outputs.push_back({o.name, o.schema, o.passes, true});
  counter out;
  op::chain_error failure;
  op::instance node(what, 0, job::host_table(), out, failure, env);
  if (!node.create()) give_up(failure.why().text());
  double best = 1e300;
  for (int round = 0; round < 8; ++round) {  // the first one fills a cache
    const double begin = cpu_ns();
    for (const auto& batch : batches)
      if (!node.process(0, batch)) give_up(failure.why().text());
    if (round > 0) best = std::min(best, cpu_ns() - begin);
  }
  if (out.rows != 8 * batches.size() * rows) give_up("rows were lost");
  const double ns = best / static_cast<double>(batches.size() * rows);
  std::printf("%-16s %8lld keys, %-6s %6.1f ns a row, %5.1f M rows a CPU second\n", uses.c_str(),
              static_cast<long long>(keys), text ? "text" : "int64", ns, 1e3 / ns);
}

void by_file(const char* directory, std::int64_t keys, bool text) {
  char path[] = "/tmp/weir-lookup-XXXXXX";
  const int made = ::mkstemp(path);
  if (made < 0) give_up("no file");
  ::close(made);
  {
    std::ofstream table{path};
    for (std::int64_t n = 0; n < keys; ++n)
      table << "{\"number\":" << (text ? '"' + text_key(n) + '"' : std::to_string(n)) << ",\"name\":\"name " << n
            << "\",\"limit\":" << n << ".5}\n";
  }
  config::value options = config::make_table();
  options.members.push_back({"path", {}, config::make_string(path)});
  measure("lookup.file", directory, std::move(options), keys, text);
  ::unlink(path);
}

}  // namespace

int main(int count, char** arguments) {
  const char* directory = count > 1 ? arguments[1] : WEIR_PLUGIN_DIR;
  for (const std::int64_t keys : {1'000, 1'000'000})
    for (const bool text : {false, true}) by_file(directory, keys, text);
  const char* server = std::getenv("WEIR_POSTGRES_DIR");
  if (!server) return 0;
  std::ifstream in{std::string{server} + "/address"};
  std::string address;
  std::getline(in, address);
  config::value options = config::make_table();
  options.members.push_back({"connection", {}, config::make_string(address)});
  options.members.push_back({"table", {}, config::make_string("lookup_bench")});
  measure("lookup.postgres", directory, std::move(options), 50'000, false);
}
