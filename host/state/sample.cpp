#include "state/sample.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "state/block.hpp"
#include "state/convert.hpp"

namespace weir::state {

using base::result;

namespace {

constexpr std::size_t largest_value = 64 << 10;  // a larger one is passed over: samples travel

bool is_form_of(const section_head& head, const model::state_declaration& d) {
  return head.name == d.name && head.kind == d.kind && head.value == model::text_of(d.value) &&
         head.map_key == model::text_of(d.map_key) && head.value_size == d.value_size;
}

}  // namespace

sampler::sampler(const model::state_shape& of, std::size_t most) : of_(of), most_(most) {
  for (const auto& d : of.states) samples_.push_back({d.name, {}, {}});
}

bool sampler::enough() const {
  return std::all_of(samples_.begin(), samples_.end(), [&](const value_sample& s) { return s.values.size() >= most_; });
}

result<void> sampler::look(std::string_view block) {
  block_parser parser = WEIR_TRY(block_parser::open(block));
  section_head head;
  while (WEIR_TRY(parser.next_section(head))) {
    std::size_t at = 0;
    while (at < of_.states.size() && !is_form_of(head, of_.states[at])) ++at;
    stored_record r;
    const auto put = [&](std::vector<std::string>& to, std::string_view bytes) {
      if (to.size() < most_ && bytes.size() <= largest_value) to.emplace_back(bytes);
    };
    while (WEIR_TRY(parser.next_record(r))) {
      if (at == of_.states.size() || (r.what != record::put && r.what != record::merge)) continue;
      value_sample& to = samples_[at];
      if (to.values.size() >= most_) continue;
      block_cursor body(r.body);
      switch (head.kind) {
        case WEIR_STATE_VALUE:
        case WEIR_STATE_BYTES:
          put(to.values, r.body);
          break;
        case WEIR_STATE_LIST:
          if (r.what == record::merge) body.varint();  // how many have gone
          while (!body.done())
            if (const std::string_view element = body.text(); !body.failed()) put(to.values, element);
          break;
        case WEIR_STATE_MAP:
          for (std::uint64_t set = r.what == record::merge ? body.varint() : UINT64_MAX; set > 0 && !body.done();
               --set) {
            const std::string_view key = body.text(), value = body.text();
            if (body.failed()) break;
            put(to.map_keys, key);
            put(to.values, value);
          }
          break;
        default:
          break;
      }
    }
  }
  return {};
}

result<std::uint64_t> try_conversion(const model::state_shape& was, const model::state_shape& now,
                                     const std::vector<value_sample>& of, const model::state_migrations& ask) {
  std::uint64_t tried = 0;
  for (const value_sample& sample : of) {
    const auto named = [&](const model::state_declaration& d) { return d.name == sample.state; };
    const auto before = std::find_if(was.states.begin(), was.states.end(), named);
    const auto after = std::find_if(now.states.begin(), now.states.end(), named);
    if (before == was.states.end() || after == now.states.end()) continue;
    auto how = WEIR_TRY(conversion::make(*before, *after, static_cast<std::uint32_t>(after - now.states.begin()), ask));
    if (how.nothing_to_do()) continue;
    for (const std::string& value : sample.values) {
      const std::string_view made = WEIR_TRY(how.value(value));
      if (after->kind == WEIR_STATE_VALUE && made.size() != after->value_size)
        return base::config_error(base::cat("a converted value has ", made.size(), " bytes, not ", after->value_size),
                                  base::cat("state ", sample.state));
      ++tried;
    }
    for (const std::string& key : sample.map_keys) WEIR_TRY(how.map_key(key));
  }
  return tried;
}

}  // namespace weir::state
