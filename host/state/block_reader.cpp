#include "state/block_reader.hpp"

#include <cstring>
#include <memory>
#include <optional>

#include "base/cat.hpp"
#include "model/batch_builder.hpp"
#include "model/row_json.hpp"
#include "state/block.hpp"
#include "state/unpack.hpp"

namespace weir::state {
namespace {

using base::cat;
using base::result;

/// Prints the records of one section.
class section_printer {
 public:
  static result<std::unique_ptr<section_printer>> make(const section_head& head) {
    auto p = std::make_unique<section_printer>();
    p->head_ = head;
    const model::schema_ref key = WEIR_TRY(model::parse_schema(head.key));
    p->codec_.emplace(key->fields());
    p->builder_.emplace(model::builder_layout::make(p->codec_->schema()));
    p->row_.emplace(p->codec_->schema());
    p->value_.emplace(WEIR_TRY(model::parse_schema(head.value)));
    p->map_key_.emplace(WEIR_TRY(model::parse_schema(head.map_key)));
    return p;
  }

  /// False: the bytes do not fit the schema in the head.
  bool print(const stored_record& r, block_entry& out) {
    key_.clear();
    value_text_.clear();
    removed_.clear();
    out = {};
    out.state = head_.name;
    out.kind = head_.kind;
    out.name_space = r.name_space;
    switch (r.what) {
      case record::dropped:
        out.what = entry_kind::dropped;
        return true;
      case record::reset:
        out.what = entry_kind::reset;
        return true;
      case record::ended:
        out.what = entry_kind::ended;
        return true;
      case record::removed:
        out.what = entry_kind::removed;
        break;
      case record::merge:
        out.what = entry_kind::merge;
        break;
      default:
        out.what = entry_kind::put;
    }
    key_bytes key = r.key;
    if (head_.kind == block_timer_kind) {
      std::memcpy(&out.name_space, key.data, 8);
      key.data += 8;
      key.size -= 8;
      value_text_ = std::to_string(out.name_space);
      out.name_space = r.name_space;
    }
    if (!print_key(key)) return false;
    out.key = key_;
    out.key_hash = hash_of(key);
    if (r.what != record::removed && head_.kind != block_timer_kind && !print_value(r, out)) return false;
    out.value = value_text_;
    out.removed = removed_;
    return true;
  }

 private:
  bool print_key(const key_bytes& key) {
    weir_builder* b = builder_->open(1);
    if (!b || !codec_->decode(key, b->columns, 0)) return false;
    b->length = 1;
    auto made = builder_->finish(0, nullptr);
    if (!made) return false;
    row_->append(key_, **made, 0);
    return true;
  }
  bool print_value(const stored_record& r, block_entry& out) {
    block_cursor body(r.body);
    const bool merge = r.what == record::merge;
    switch (head_.kind) {
      case WEIR_STATE_VALUE:
        value_->append(value_text_, packing::in_place, r.body);
        return true;
      case WEIR_STATE_BYTES:
        value_->append(value_text_, packing::plain, r.body);
        return true;
      case WEIR_STATE_LIST: {
        if (merge) out.trim = body.varint();
        value_text_ += '[';
        for (bool first = true; !body.done(); first = false) {
          if (!first) value_text_ += ',';
          value_->append(value_text_, packing::plain, body.text());
        }
        value_text_ += ']';
        return !body.failed();
      }
      default: {
        std::uint64_t set = merge ? body.varint() : UINT64_MAX;
        value_text_ += '[';
        for (bool first = true; set > 0 && !body.done(); first = false, --set) {
          if (!first) value_text_ += ',';
          value_text_ += "{\"key\":";
          map_key_->append(value_text_, packing::ordered, body.text());
          value_text_ += ",\"value\":";
          value_->append(value_text_, packing::plain, body.text());
          value_text_ += '}';
        }
        value_text_ += ']';
        if (!merge) return !body.failed();
        removed_ += '[';
        for (bool first = true; !body.done(); first = false) {
          if (!first) removed_ += ',';
          map_key_->append(removed_, packing::ordered, body.text());
        }
        removed_ += ']';
        return !body.failed();
      }
    }
  }

  section_head head_;
  std::optional<key_codec> codec_;
  std::optional<model::batch_builder> builder_;
  std::optional<model::row_json> row_;
  std::optional<value_json> value_, map_key_;
  std::string key_, value_text_, removed_;
};

}  // namespace

result<void> read_block(std::string_view block, const std::function<bool(const block_entry&)>& visit) {
  block_parser parser = WEIR_TRY(block_parser::open(block));
  section_head head;
  while (WEIR_TRY(parser.next_section(head))) {
    const auto printer = WEIR_TRY(section_printer::make(head));
    stored_record r;
    block_entry entry;
    while (WEIR_TRY(parser.next_record(r))) {
      if (!printer->print(r, entry))
        return base::external_error(
            "this block of state is damaged (a key or value does not fit its fields); read an older checkpoint",
            cat("state ", head.name), base::retry::never);
      if (!visit(entry)) return {};
    }
  }
  return {};
}

}  // namespace weir::state
