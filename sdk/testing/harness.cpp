// What a harness does to its operator.
#include "weir/test/harness.hpp"

namespace weir::test {

void harness_base::watermark(time to) {
  bench_.task().watermark = to;
  const auto& ops = bench_.ops();
  if (ops.on_watermark)
    bench_.call("on_watermark",
                [&] { return ops.on_watermark(bench_.self(), bench_.task().raw(), weir::detail::micros(to)); });
}
void harness_base::flush() {
  const auto& ops = bench_.ops();
  if (ops.flush) bench_.call("flush", [&] { return ops.flush(bench_.self(), bench_.task().raw()); });
}
void harness_base::end() {
  const auto& ops = bench_.ops();
  for (std::uint32_t i = 0; ops.end_of_port && i < bench_.bound().inputs.size(); ++i)
    bench_.call("end_of_port", [&] { return ops.end_of_port(bench_.self(), bench_.task().raw(), i); });
  watermark(end_of_time);
  flush();
}
void harness_base::trace(bool on) {
  bench_.task().tracing = on;
  bench_.task().source_names = {"test"};
}

void harness_base::send(std::uint32_t port, schema columns_of, std::vector<std::shared_ptr<owned_column>> columns,
                        std::vector<std::int64_t> times, change_kind change) {
  owned_batch b;
  b.port = port;
  b.columns_of = std::move(columns_of);
  b.columns = std::move(columns);
  b.split = 0;
  b.all = !spread();
  const std::size_t each = spread() ? 2 : 1;
  for (std::size_t i = 0; i < times.size() * each; ++i) {
    b.event_time.push_back(times[i / each]);
    if (i % each) b.rows.push_back(static_cast<std::uint32_t>(i));
    if (change != change_kind::insert) b.change.push_back(static_cast<std::uint8_t>(change));
    const auto number = next_offset_ + static_cast<std::int64_t>(i / each);
    b.offset.push_back(number);
    if (!bench_.task().tracing) continue;
    for (std::size_t k = 0; k < 16; ++k)
      b.trace_id.push_back(k < 8 ? static_cast<std::uint8_t>(number >> (8 * k)) : std::uint8_t{0});
    b.source_id.push_back(0);
  }
  b.length = static_cast<std::int64_t>(times.size() * each);
  next_offset_ += b.row_count();
  const auto raw = b.raw();
  bench_.task().batch = &b;
  bench_.call("process", [&] { return bench_.ops().process(bench_.self(), bench_.task().raw(), &raw); });
}
}  // namespace weir::test
