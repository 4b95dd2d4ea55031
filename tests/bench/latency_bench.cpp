// How long a record takes through an idle pipeline: a source that makes one record every two milliseconds, an operator in its
// thread that passes it on, a queue, a sink in another thread. From the moment before the source's emit to the sink's process, in
// microseconds of the monotonic clock.   latency_bench [RECORDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "../unit/task/fakes.hpp"
#include "model/name_registry.hpp"
#include "task/operator_task.hpp"
#include "task/source_task.hpp"
#include "task/thread_runner.hpp"

namespace {

using namespace weir;

std::int64_t now_ns() { return base::real_env().monotonic_ns(); }

struct ticker {
  std::int64_t left = 0;
  std::uint32_t split = 0;
};

const weir_source& ticking_source() {
  static const weir_source table = [] {
    weir_source s{};
    s.struct_size = sizeof s;
    s.type = "ticks";
    s.create = [](const weir_host*, weir_context*, const void* plan, void** self) -> weir_code {
      *self = const_cast<void*>(plan);
      return WEIR_OK;
    };
    s.open_split = [](void* self, weir_context*, std::uint32_t split, weir_view, weir_view) -> weir_code {
      static_cast<ticker*>(self)->split = split;
      return WEIR_OK;
    };
    s.poll = [](void* self, weir_context* c, std::int64_t) -> weir_code {
      auto& me = *static_cast<ticker*>(self);
      if (me.left-- == 0) return WEIR_END;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      weir_builder* b = fake::host().build(c, 0, 1);
      b->split = me.split;
      static_cast<std::int64_t*>(b->columns[0].values)[0] = now_ns();
      b->length = 1;
      return fake::host().emit(c, b, 0);
    };
    return s;
  }();
  return table;
}

const weir_operator& timing_sink() {
  static const weir_operator table = [] {
    weir_operator o = fake::collecting_sink();
    o.create = [](const weir_host*, weir_context*, const void* plan, void** self) -> weir_code {
      *self = const_cast<void*>(plan);
      return WEIR_OK;
    };
    o.destroy = nullptr;
    o.on_watermark = nullptr;
    o.end_of_port = nullptr;
    o.flush = nullptr;
    o.process = [](void* self, weir_context*, const weir_batch* b) -> weir_code {
      const std::int64_t arrived = now_ns();
      const auto* made = static_cast<const std::int64_t*>(b->columns[0]->buffers[1]);
      for (std::int64_t i = 0; i < b->row_count; ++i)
        static_cast<std::vector<std::int64_t>*>(self)->push_back(arrived - made[b->rows ? b->rows[i] : i]);
      return WEIR_OK;
    };
    return o;
  }();
  return table;
}

}  // namespace

int main(int count, char** arguments) {
  ticker ticks{count > 1 ? std::atoll(arguments[1]) : 5000};
  const auto records = static_cast<std::size_t>(ticks.left);
  std::vector<std::int64_t> took;
  took.reserve(records);
  fake::picky nothing;

  auto from = fake::source_node("ticks", nullptr);
  from->source = &ticking_source();
  from->plan = &ticks;
  task::thread_runner runner(base::real_env());
  exchange::waker& producer = runner.next_waker();
  task::source_task source("ticks", 0, fake::host(), base::real_env(), producer, {}, 200'000);
  source.nodes().add(from);
  source.nodes().add(fake::node("pass", &fake::picky_operator(), &nothing));
  source.nodes().connect(0, 0, 1, 0);
  source.prepare();
  runner.add(source);
  task::operator_task sink("sink", 0, fake::host(), base::real_env(), runner.next_waker(), {0}, 1);
  sink.nodes().add(fake::node("sink", &timing_sink(), &took, true));
  runner.add(sink);
  source.nodes().connect(
      1, 0,
      std::make_unique<exchange::writer>(exchange::partitioning{},
                                         std::vector<exchange::channel*>{&sink.gate().open(0, 1 << 20, &producer)}, 0));
  sink.seal();
  source.assign({{model::split_names().number("ticks/0"), "0", ""}}, true);
  runner.start([](task::task& t, task::step_result) { t.close(); });
  runner.join();

  if (took.size() != records) return std::fprintf(stderr, "%zu of %zu records arrived\n", took.size(), records), 1;
  std::sort(took.begin(), took.end());
  auto at = [&](double share) {
    return static_cast<double>(took[static_cast<std::size_t>(share * static_cast<double>(records - 1))]) / 1000;
  };
  std::printf(
      "latency: %zu records, one at a time, source -> operator -> queue -> sink: p50 %.1f us, p99 %.1f us, p99.9 %.1f "
      "us\n",
      records, at(0.5), at(0.99), at(0.999));
  return 0;
}
