#include "state/block.hpp"

#include "base/cat.hpp"
#include "state/store.hpp"

namespace weir::state {

using base::cat;

void section_head::put(std::string& out) const {
  put_varint(out, kind);
  put_text(out, name);
  put_text(out, key);
  put_text(out, value);
  put_text(out, map_key);
  put_varint(out, value_size);
  out.push_back(timed ? 1 : 0);
  put_fixed(out, key_width);
  put_fixed(out, group_begin);
  put_fixed(out, group_end);
  put_fixed(out, groups);
}

void put_section(std::string& block, std::size_t start, const section_head& head, std::string_view records) {
  if (block.size() == start) {
    block.append(block_magic);
    block.push_back(static_cast<char>(block_version));
    block.append(4, '\0');
  }
  const std::size_t from = block.size();
  block.append(4, '\0');
  head.put(block);
  block += records;
  const auto size = static_cast<std::uint32_t>(block.size() - from - 4);
  std::memcpy(block.data() + from, &size, sizeof size);
  const auto rest = static_cast<std::uint32_t>(block.size() - start - block_head_bytes);
  std::memcpy(block.data() + start + block_head_bytes - sizeof rest, &rest, sizeof rest);
}

base::error block_parser::broken(std::string_view what) const {
  return base::external_error(cat("this block of state is damaged (", what, "); restore from an older checkpoint"),
                              head_.name.empty() ? std::string() : cat("state ", head_.name), base::retry::never);
}

base::result<block_parser> block_parser::open(std::string_view block) {
  block_cursor c(block);
  const std::string_view magic = c.take(block_magic.size());
  const auto version = c.fixed<std::uint8_t>();
  if (c.failed() || magic != block_magic) return block_parser(block).broken("it does not start like one");
  if (version != block_version)
    return base::external_error(
        cat("this block of state has format ", static_cast<int>(version), ", this weir reads format ",
            static_cast<int>(block_version), "; restore with the weir that wrote it, or a newer one"),
        {}, base::retry::never);
  if (c.fixed<std::uint32_t>() != c.left() || c.failed()) return block_parser(block).broken("it is cut off");
  return block_parser(block.substr(block_head_bytes));
}

base::result<bool> block_parser::next_section(section_head& head) {
  if (block_.done()) return false;
  const auto size = block_.fixed<std::uint32_t>();
  section_ = block_cursor(block_.take(size));
  if (block_.failed()) return broken("a section ends too early");
  head_ = {};
  head_.kind = static_cast<std::uint32_t>(section_.varint());
  head_.name = section_.text();
  head_.key = section_.text();
  head_.value = section_.text();
  head_.map_key = section_.text();
  head_.value_size = static_cast<std::uint32_t>(section_.varint());
  head_.timed = section_.fixed<std::uint8_t>() != 0;
  head_.key_width = section_.fixed<std::int32_t>();
  head_.group_begin = section_.fixed<std::uint32_t>();
  head_.group_end = section_.fixed<std::uint32_t>();
  head_.groups = section_.fixed<std::uint32_t>();
  if (section_.failed() || head_.value_size > value_bytes_max || head_.key_width < -1 ||
      head_.key_width > static_cast<std::int32_t>(key_bytes_max))
    return broken("the head of a section");
  if (head_.kind > WEIR_STATE_MAP && head_.kind != block_timer_kind) return broken("a kind of state that is not known");
  head = head_;
  return true;
}

base::result<bool> block_parser::next_record(stored_record& out) {
  while (!section_.done()) {
    const auto byte = section_.fixed<std::uint8_t>();
    out.what = static_cast<record>(byte & record_mask);
    if (out.what == record::name_space) {
      name_space_ = section_.fixed<std::int64_t>();
      continue;
    }
    out.name_space = name_space_;
    if (out.what == record::dropped || out.what == record::reset || out.what == record::ended) {
      if (section_.failed()) return broken("a record");
      return true;
    }
    if (out.what != record::put && out.what != record::merge && out.what != record::removed)
      return broken("a record of a kind that is not known");
    const bool timers = head_.kind == block_timer_kind;
    out.key.bits = ((byte & record_key_long) ? key_long : 0) | ((byte & record_key_nulls) ? key_nulls : 0);
    std::uint64_t size = 0;
    if ((byte & record_key_long) != 0)
      size = section_.varint();
    else if (head_.key_width >= 0)
      size = static_cast<std::uint64_t>(head_.key_width) + (timers ? 8 : 0);
    else
      return broken("a key");
    const std::string_view key = section_.take(size);
    if (section_.failed() || (timers && size < 8)) return broken("a key");
    out.key.data = key.data();
    out.key.size = static_cast<std::uint32_t>(size);
    out.body = {};
    if (out.what == record::removed || timers) return true;
    if (head_.timed) out.written_us = section_.fixed<std::int64_t>();
    switch (head_.kind) {
      case WEIR_STATE_VALUE:
        out.body = section_.take(head_.value_size);
        break;
      default:
        out.body = section_.text();
        break;
    }
    if (section_.failed()) return broken("a value");
    return true;
  }
  if (section_.failed()) return broken("a record");
  return false;
}

}  // namespace weir::state
