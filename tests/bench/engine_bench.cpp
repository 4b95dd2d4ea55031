// What the engine costs by itself, on one thread, in CPU time:
//   boundary   one batch through one operator that passes everything on (8 columns, 1 and 1,024 rows): host -> plugin -> host
//   json       records of about 200 bytes with 8 fields, from a block of lines in memory to typed columns, by the json plugin
// engine_bench [boundary|json] [PLUGIN_DIRECTORY]; prints one line a measurement.
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
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

double cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// The best of several rounds: what disturbs only ever adds.
double best_of(int rounds, const std::function<void()>& work) {
  double best = 1e300;
  for (int i = 0; i < rounds; ++i) {
    const double begin = cpu_ns();
    work();
    best = std::min(best, cpu_ns() - begin);
  }
  return best;
}

struct counter final : op::collector {
  std::uint64_t batches = 0, rows = 0;
  bool collect(std::uint32_t, const model::batch_ref& b) override {
    ++batches;
    rows += static_cast<std::uint64_t>(b->row_count());
    return true;
  }
};

const weir_operator& pass_operator() {
  static const weir_operator table = [] {
    weir_operator o{};
    o.struct_size = sizeof o;
    o.flags = WEIR_SELECTIONS;
    o.input_count = 1;
    o.type = "pass";
    o.create = [](const weir_host* host, weir_context*, const void*, void** self) -> weir_code {
      *self = const_cast<weir_host*>(host);
      return WEIR_OK;
    };
    o.process = [](void* self, weir_context* c, const weir_batch* b) -> weir_code {
      return static_cast<const weir_host*>(self)->emit_rows(c, 0, b, nullptr, b->row_count, nullptr, 0);
    };
    return o;
  }();
  return table;
}

model::batch_ref numbers(std::int64_t rows) {
  std::vector<model::field> fields;
  for (int i = 0; i < 8; ++i) fields.push_back({"c" + std::to_string(i), model::type_id::int64, false, {}});
  auto schema = model::schema::of(std::move(fields));
  model::batch_builder builder(model::builder_layout::make(schema));
  weir_builder* b = builder.open(rows);
  for (std::uint32_t c = 0; c < 8; ++c)
    for (std::int64_t i = 0; i < rows; ++i) static_cast<std::int64_t*>(b->columns[c].values)[i] = i * c;
  b->length = rows;
  auto made = builder.finish(0, nullptr);
  return std::move(made).take();
}

void boundary() {
  for (const std::int64_t rows : {std::int64_t{1}, std::int64_t{1024}}) {
    const auto batch = numbers(rows);
    op::spec what;
    what.id = "pass";
    what.op = &pass_operator();
    what.keys.resize(1);
    what.outputs.push_back({"", batch->schema(), {0, 1, 2, 3, 4, 5, 6, 7}, true});
    counter out;
    op::chain_error failure;
    op::instance node(what, 0, job::host_table(), out, failure, base::real_env());
    if (!node.create()) std::exit(1);
    constexpr int batches = 200'000;
    const double ns = best_of(7, [&] {
      for (int i = 0; i < batches; ++i)
        if (!node.process(0, batch)) std::exit(1);
    });
    std::printf("boundary: %4lld rows x 8 columns passed on: %.1f ns a batch\n", static_cast<long long>(rows),
                ns / batches);
  }
}

model::batch_ref lines(std::int64_t& bytes) {
  constexpr std::int64_t rows = 4096;
  model::field value{"value", model::type_id::binary, false, {{"weir.framing", "newline"}}};
  auto schema = model::schema::of({value});
  model::batch_builder builder(model::builder_layout::make(schema));
  weir_builder* b = builder.open(rows);
  auto* offsets = static_cast<std::int32_t*>(b->columns[0].values);
  for (std::int64_t i = 0; i < rows; ++i) {
    char text[512];
    const int n = std::snprintf(
        text, sizeof text,
        "{\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e%04lld\",\"desk\":\"fx-spot\",\"instrument\":"
        "\"EURUSD\",\"amount\":%lld.25,\"currency\":\"USD\",\"booked_at\":\"2026-11-26T08:%02lld:00.123Z\","
        "\"quantity\":%lld,\"status\":\"open, waiting for confirmation\"}\n",
        static_cast<long long>(i % 10'000), static_cast<long long>(1000 + i * 7), static_cast<long long>(i % 60),
        static_cast<long long>(i));
    if (b->columns[0].data_capacity < offsets[i] + n) builder.grow_data(&b->columns[0], 2 * (offsets[i] + n));
    std::memcpy(b->columns[0].data + offsets[i], text, static_cast<std::size_t>(n));
    offsets[i + 1] = offsets[i] + n;
  }
  bytes = offsets[rows];
  b->length = rows;
  auto made = builder.finish(0, nullptr);
  return std::move(made).take();
}

void json(const std::string& directory) {
  auto& env = base::real_env();
  auto store = plugin::plugin_store::open_default(env);
  if (!store) std::exit((std::fprintf(stderr, "%s\n", store.why().text().c_str()), 1));
  plugin::plugin_catalog catalog(env, **store, {directory});
  auto component = catalog.resolve("json.decode");
  if (!component) std::exit((std::fprintf(stderr, "%s\n", component.why().text().c_str()), 1));
  config::value columns = config::make_table();
  const std::pair<const char*, const char*> told[] = {
      {"trace_id", "string"}, {"desk", "string"},         {"instrument", "string"}, {"amount", "double"},
      {"currency", "string"}, {"booked_at", "timestamp"}, {"quantity", "int64"},    {"status", "string"}};
  for (const auto& [name, type] : told) columns.members.push_back({name, {}, config::make_string(type)});
  config::value options = config::make_table();
  options.members.push_back({"columns", {}, std::move(columns)});
  config::diagnostics problems;
  options = config::validate(options, (*component)->options(), {.owner = "json.decode"}, problems);
  std::int64_t bytes = 0;
  const auto batch = lines(bytes);
  auto bound = plugin::bind(*component, options, {{"in", batch->schema(), {}}}, {}, problems);
  if (!bound) std::exit((std::fprintf(stderr, "the json plugin refuses its options\n"), 1));
  op::spec what;
  what.id = "json";
  what.op = (*component)->operation();
  what.plan = bound->plan();
  what.keys.resize(1);
  for (const auto& o : bound->outputs()) what.outputs.push_back({o.name, o.schema, o.passes, true});
  counter out;
  op::chain_error failure;
  op::instance node(what, 0, job::host_table(), out, failure, env);
  if (!node.create()) std::exit(1);
  constexpr int batches = 100;
  const double ns = best_of(7, [&] {
    for (int i = 0; i < batches; ++i)
      if (!node.process(0, batch)) std::exit((std::fprintf(stderr, "%s\n", failure.why().text().c_str()), 1));
  });
  const double records = static_cast<double>(batch->row_count()) * batches;
  if (static_cast<double>(out.rows) != 7 * records) std::exit((std::fprintf(stderr, "records were lost\n"), 1));
  std::printf("json: %.0f bytes a record, 8 fields: %.1f ns a record, %.2f GB/s\n", static_cast<double>(bytes) / 4096,
              ns / records, static_cast<double>(bytes) * batches / ns);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string which = count > 1 ? arguments[1] : "boundary";
  const std::string directory = count > 2 ? arguments[2] : WEIR_PLUGIN_DIR;
  if (which == "boundary") boundary();
  if (which == "json") json(directory);
  return 0;
}
