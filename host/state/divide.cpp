#include "state/divide.hpp"

#include "state/block.hpp"

namespace weir::state {
namespace {

void put_record(const section_head& head, const stored_record& r, record_writer& to) {
  to.begin_record(r.what, r.name_space, r.key.bits);
  to.put_key(r.key);
  if (r.what == record::removed || head.kind == block_timer_kind) return;
  if (head.timed) put_fixed(to.text, r.written_us);
  if (head.kind == WEIR_STATE_VALUE)
    to.text.append(r.body);
  else
    put_text(to.text, r.body);
}

}  // namespace

base::result<void> divide_block(std::string_view block, std::span<const model::key_group_range> ranges,
                                std::uint32_t key_groups, std::vector<std::string>& parts) {
  constexpr std::uint32_t nobody = UINT32_MAX;
  std::vector<std::uint32_t> owner(key_groups, nobody);
  for (std::uint32_t i = 0; i < ranges.size(); ++i)
    for (std::uint32_t g = ranges[i].begin; g < ranges[i].end && g < key_groups; ++g) owner[g] = i;
  parts.assign(ranges.size(), {});
  std::vector<record_writer> records(ranges.size());
  block_parser parser = WEIR_TRY(block_parser::open(block));
  section_head head;
  while (WEIR_TRY(parser.next_section(head))) {
    const std::uint32_t time_bytes = head.kind == block_timer_kind ? 8 : 0;
    stored_record r;
    while (WEIR_TRY(parser.next_record(r))) {
      if (r.what == record::reset || r.what == record::ended) {
        for (record_writer& to : records) to.text.push_back(static_cast<char>(r.what));
        continue;
      }
      if (r.what == record::dropped) {
        for (record_writer& to : records) to.begin_record(record::dropped, r.name_space);
        continue;
      }
      if ((r.key.bits & key_nulls) != 0 && r.key.size == time_bytes) {  // no key at all
        for (record_writer& to : records) put_record(head, r, to);
        continue;
      }
      const std::uint64_t hash = hash_of({r.key.data + time_bytes, r.key.size - time_bytes, r.key.bits});
      const std::uint32_t to = owner[model::key_group(hash, key_groups)];
      if (to != nobody) put_record(head, r, records[to]);
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!records[i].empty()) put_section(parts[i], 0, head, records[i].text);
      records[i].clear();
    }
  }
  return {};
}

}  // namespace weir::state
