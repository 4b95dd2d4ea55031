#include "state/unpack.hpp"

#include <bit>
#include <cstring>

#include "model/batch_builder.hpp"
#include "model/bits.hpp"
#include "model/row_json.hpp"
#include "state/packing.hpp"

namespace weir::state {
namespace {

using model::data_type;
using model::type_id;

struct source {
  const char* begin;
  const char* at;
  const char* end;
  packing how;
  const char* take(std::size_t n) {
    if (static_cast<std::size_t>(end - at) < n) return nullptr;
    const char* p = at;
    at += n;
    return p;
  }
  bool align(std::size_t n) {
    const std::size_t past = static_cast<std::size_t>(at - begin) % n;
    return past == 0 || take(n - past) != nullptr;
  }
};

void put_nothing(const data_type& type, weir_column& c, std::int64_t row) {
  if (type.has_offsets()) {
    auto* offsets = static_cast<std::int32_t*>(c.values);
    offsets[row + 1] = offsets[row];
  } else if (type.id == type_id::structure) {
    for (std::size_t i = 0; i < type.children.size(); ++i) put_nothing(type.children[i].type, c.children[i], row);
  } else if (type.id == type_id::boolean) {
    model::set_bit(static_cast<std::uint8_t*>(c.values), row, false);
  } else {
    std::memset(static_cast<char*>(c.values) + row * type.value_bytes(), 0,
                static_cast<std::size_t>(type.value_bytes()));
  }
}

bool put_text(weir_column& c, std::int64_t row, std::string_view text) {
  auto* offsets = static_cast<std::int32_t*>(c.values);
  const std::int64_t end = offsets[row] + static_cast<std::int64_t>(text.size());
  if (end > c.data_capacity &&
      model::batch_builder::grow_data(&c, std::max<std::int64_t>(end, 2 * c.data_capacity)) != WEIR_OK)
    return false;
  if (!text.empty()) std::memcpy(c.data + offsets[row], text.data(), text.size());
  offsets[row + 1] = static_cast<std::int32_t>(end);
  return true;
}

bool take_field(source& in, const model::field& f, weir_column& c, std::int64_t row);

bool take_list(source& in, const data_type& type, weir_column& c, std::int64_t row) {
  auto* offsets = static_cast<std::int32_t*>(c.values);
  std::int64_t at = offsets[row];
  std::uint32_t left = 0;
  if (in.how == packing::plain) {
    const char* p = in.take(4);
    if (!p) return false;
    std::memcpy(&left, p, 4);
  }
  for (;; --left) {
    if (in.how == packing::plain) {
      if (left == 0) break;
    } else {
      const char* more = in.take(1);
      if (!more) return false;
      if (*more == 0) break;
    }
    weir_column& child = c.children[0];
    if (in.at == in.end) return false;
    if (at + 1 > child.capacity &&
        model::batch_builder::grow_column(&child, std::max<std::int64_t>(16, 2 * child.capacity)) != WEIR_OK)
      return false;
    if (!take_field(in, type.children[0], child, at++)) return false;
  }
  offsets[row + 1] = static_cast<std::int32_t>(at);
  return true;
}

bool take_value(source& in, const data_type& type, weir_column& c, std::int64_t row) {
  if (in.how == packing::in_place && !in.align(alignment_of(type))) return false;
  switch (type.id) {
    case type_id::boolean: {
      const char* p = in.take(1);
      if (p) model::set_bit(static_cast<std::uint8_t*>(c.values), row, *p != 0);
      return p != nullptr;
    }
    case type_id::utf8:
    case type_id::binary: {
      if (in.how == packing::in_place) return false;
      if (in.how == packing::plain) {
        std::uint32_t size = 0;
        const char* p = in.take(4);
        if (!p) return false;
        std::memcpy(&size, p, 4);
        p = in.take(size);
        return p && put_text(c, row, {p, size});
      }
      std::string text;
      for (;;) {
        const char* p = in.take(1);
        if (!p) return false;
        if (*p == 0) {
          const char* next = in.take(1);
          if (!next) return false;
          if (*next == 0) return put_text(c, row, text);
        }
        text.push_back(*p);
      }
    }
    case type_id::list:
      return in.how != packing::in_place && take_list(in, type, c, row);
    case type_id::structure:
      for (std::size_t i = 0; i < type.children.size(); ++i)
        if (!take_field(in, type.children[i], c.children[i], row)) return false;
      return in.how != packing::in_place || in.align(alignment_of(type));
    default: {
      const auto width = static_cast<std::size_t>(type.value_bytes());
      const char* p = in.take(width);
      if (!p) return false;
      char* to = static_cast<char*>(c.values) + static_cast<std::size_t>(row) * width;
      if (in.how == packing::ordered && type.id != type_id::fixed_binary)
        ordered_to_plain(type.id, p, width, to);
      else
        std::memcpy(to, p, width);
      return true;
    }
  }
}

bool take_field(source& in, const model::field& f, weir_column& c, std::int64_t row) {
  if (f.nullable && in.how != packing::in_place) {
    const char* there = in.take(1);
    if (!there) return false;
    if (*there == 0) {
      put_nothing(f.type, c, row);
      return model::batch_builder::set_null(c, row, true);
    }
    if (!model::batch_builder::set_null(c, row, false)) return false;
  }
  return take_value(in, f.type, c, row);
}

}  // namespace

struct value_json::impl {
  explicit impl(const model::schema_ref& fields)
      : schema(fields),
        builder(model::builder_layout::make(fields)),
        rows(fields),
        bytes(model::schema::of({{"bytes", type_id::binary, false, {}}})),
        bytes_builder(model::builder_layout::make(bytes)),
        bytes_rows(bytes) {}
  bool append(std::string& out, packing how, std::string_view from) {
    weir_builder* b = builder.open(1);
    if (!b) return false;
    source in{from.data(), from.data(), from.data() + from.size(), how};
    bool fits = true;
    std::size_t most = 1;
    for (std::size_t i = 0; i < schema->size() && fits; ++i) {
      fits = take_field(in, (*schema)[i], b->columns[i], 0);
      most = std::max(most, alignment_of((*schema)[i].type));
    }
    if (fits && how == packing::in_place) fits = in.align(most);
    if (!fits || in.at != in.end) {
      builder.discard();
      return false;
    }
    b->length = 1;
    auto made = builder.finish(0, nullptr);
    if (!made) return false;
    rows.append(out, **made, 0);
    return true;
  }
  void append_bytes(std::string& out, std::string_view from) {
    weir_builder* b = bytes_builder.open(1);
    if (!b || !put_text(b->columns[0], 0, from)) return;
    b->length = 1;
    if (auto made = bytes_builder.finish(0, nullptr)) bytes_rows.append(out, **made, 0);
  }
  model::schema_ref schema;
  model::batch_builder builder;
  model::row_json rows;
  model::schema_ref bytes;
  model::batch_builder bytes_builder;
  model::row_json bytes_rows;
};

value_json::value_json(model::schema_ref fields) : impl_(std::make_unique<impl>(fields)) {}
value_json::~value_json() = default;

void value_json::append(std::string& out, packing how, std::string_view bytes) {
  if (!impl_->append(out, how, bytes)) impl_->append_bytes(out, bytes);
}

}  // namespace weir::state
