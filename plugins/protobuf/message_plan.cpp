#include "message_plan.hpp"

#include <bit>
#include <utility>

#include "shared/utf8.hpp"
#include "weir/failure.hpp"

namespace protobuf {
namespace {

constexpr int deepest = 16;
constexpr std::uint32_t small_numbers = 1024;

weir::type type_of(kind k) {
  switch (k) {
    case kind::float64:
      return weir::type::float64;
    case kind::float32:
      return weir::type::float32;
    case kind::int64:
    case kind::sfixed64:
    case kind::sint64:
      return weir::type::int64;
    case kind::uint64:
    case kind::fixed64:
      return weir::type::uint64;
    case kind::int32:
    case kind::sfixed32:
    case kind::sint32:
      return weir::type::int32;
    case kind::uint32:
    case kind::fixed32:
      return weir::type::uint32;
    case kind::boolean:
      return weir::type::boolean;
    case kind::string:
      return weir::type::utf8;
    case kind::bytes:
      return weir::type::binary;
    case kind::enumeration:
      return weir::type::int32;
    case kind::message:
    case kind::group:
      break;
  }
  return weir::type::record;
}

wire wire_of(kind k) {
  switch (k) {
    case kind::float64:
    case kind::fixed64:
    case kind::sfixed64:
      return wire::fixed64;
    case kind::float32:
    case kind::fixed32:
    case kind::sfixed32:
      return wire::fixed32;
    case kind::string:
    case kind::bytes:
    case kind::message:
      return wire::bytes;
    default:
      return wire::varint;
  }
}

bool read_timestamp(std::string_view bytes, std::int64_t& us, std::string& why) {
  std::int64_t seconds = 0, nanos = 0;
  wire_reader r{bytes};
  while (!r.done()) {
    std::uint32_t number = 0;
    wire how{};
    std::uint64_t v = 0;
    if (!r.tag(number, how) || !(number <= 2 && how == wire::varint ? r.varint(v) : r.skip(number, how))) {
      why = "a Timestamp that is cut short";
      return false;
    }
    if (number == 1) seconds = static_cast<std::int64_t>(v);
    if (number == 2) nanos = static_cast<std::int32_t>(v);
  }
  if (nanos < 0 || nanos > 999'999'999 || __builtin_mul_overflow(seconds, std::int64_t{1'000'000}, &us) ||
      __builtin_add_overflow(us, nanos / 1000, &us)) {
    why = "a Timestamp out of range";
    return false;
  }
  return true;
}

}  // namespace

message_plan::message_plan(const descriptors& all, const message_info& message, bool enum_names,
                           const std::string& option, int depth) {
  if (depth > deepest)
    throw weir::config_error{option, "message " + message.name.substr(1) +
                                         " contains itself, or is nested deeper than " + std::to_string(deepest) +
                                         " messages: such a message has no columns"};
  by_number_.resize(small_numbers);
  for (const field_info& info : message.fields) {
    one f;
    f.what = info;
    if (info.type == kind::group)
      throw weir::config_error{option, "field '" + info.name + "' is a group, which is not supported"};
    if (info.type == kind::message) {
      if (info.type_name == ".google.protobuf.Timestamp") {
        f.how = form::timestamp;
      } else {
        f.how = form::message;
        const message_info* inner = all.message(info.type_name);
        if (!inner)
          throw weir::config_error{option,
                                   "message " + info.type_name.substr(1) + " of field '" + info.name +
                                       "' is not in the descriptor set: write it with protoc --include_imports"};
        f.inner = std::make_unique<message_plan>(all, *inner, enum_names, option, depth + 1);
      }
    }
    if (info.type == kind::enumeration && enum_names) f.names = all.enumeration(info.type_name);
    columns_.push_back(column_of(f));
    fields_.push_back(std::move(f));
    if (info.number < small_numbers) by_number_[info.number] = static_cast<std::uint16_t>(fields_.size());
  }
}

weir::field message_plan::column_of(const one& f) {
  weir::field value;
  value.name = f.what.name;
  value.nullable = f.what.presence && !f.what.required;
  value.kind = f.how == form::timestamp ? weir::type::timestamp : f.names ? weir::type::utf8 : type_of(f.what.type);
  if (f.how == form::message) value.children = f.inner->columns();
  if (!f.what.repeated) return value;
  weir::field list;
  list.name = f.what.name;
  list.kind = weir::type::list;
  list.nullable = false;
  value.name = "item";
  value.nullable = false;
  list.children.push_back(std::move(value));
  return list;
}

message_plan::one* message_plan::find(std::uint32_t number) {
  if (number < small_numbers) return by_number_[number] ? &fields_[by_number_[number] - 1u] : nullptr;
  for (one& f : fields_)
    if (f.what.number == number) return &f;
  return nullptr;
}

bool message_plan::read_scalar(kind type, wire how, wire_reader& r, std::uint64_t& number, std::string_view& bytes) {
  std::uint32_t v32 = 0;
  if (how != wire_of(type)) return false;
  switch (how) {
    case wire::varint:
      return r.varint(number);
    case wire::fixed64:
      return r.fixed(number);
    case wire::fixed32:
      if (!r.fixed(v32)) return false;
      number = v32;
      return true;
    default:
      return r.bytes(bytes);
  }
}

bool message_plan::take(one& f, wire how, wire_reader& r, weir::column_writer& to, std::string& why) {
  std::uint64_t number = 0;
  std::string_view bytes;
  if (f.how != form::scalar) {
    if (how != wire::bytes || !r.bytes(bytes)) return false;
    if (f.what.repeated) return put_message(f, bytes, to.item(), why);
    if (f.seen) {  // pieces of one message
      if (f.joined.empty() || f.bytes.data() != f.joined.data()) f.joined.assign(f.bytes);
      f.joined += bytes;
      bytes = f.joined;
    } else {
      f.joined.clear();
    }
    f.bytes = bytes;
    f.seen = true;
    return true;
  }
  if (f.what.repeated && how == wire::bytes && wire_of(f.what.type) != wire::bytes) {  // packed
    if (!r.bytes(bytes)) return false;
    wire_reader inner{bytes};
    std::string_view none;
    while (!inner.done())
      if (!read_scalar(f.what.type, wire_of(f.what.type), inner, number, none) ||
          !put_scalar(f, number, none, to.item(), why))
        return false;
    return true;
  }
  if (!read_scalar(f.what.type, how, r, number, bytes)) {
    why = "its wire type is not that of its declared type, or it is cut short";
    return false;
  }
  if (f.what.repeated) return put_scalar(f, number, bytes, to.item(), why);
  f.number = number;
  f.bytes = bytes;
  f.seen = true;
  return true;
}

bool message_plan::put_message(one& f, std::string_view bytes, weir::column_writer& to, std::string& why) {
  if (f.how == form::timestamp) {
    std::int64_t us = 0;
    if (!read_timestamp(bytes, us, why)) return false;
    to.append(us);
    return true;
  }
  if (!f.inner->read(bytes, to, why)) return false;
  to.end_record();
  return true;
}

bool message_plan::put_scalar(const one& f, std::uint64_t n, std::string_view bytes, weir::column_writer& to,
                              std::string& why) const {
  switch (f.what.type) {
    case kind::float64:
      to.append(std::bit_cast<double>(n));
      break;
    case kind::float32:
      to.append(std::bit_cast<float>(static_cast<std::uint32_t>(n)));
      break;
    case kind::int64:
    case kind::sfixed64:
      to.append(static_cast<std::int64_t>(n));
      break;
    case kind::sint64:
      to.append(unzigzag(n));
      break;
    case kind::uint64:
    case kind::fixed64:
      to.append(n);
      break;
    case kind::int32:
    case kind::sfixed32:
      to.append(static_cast<std::int32_t>(n));
      break;
    case kind::sint32:
      to.append(static_cast<std::int32_t>(unzigzag(n & 0xffffffffu)));
      break;
    case kind::uint32:
    case kind::fixed32:
      to.append(static_cast<std::uint32_t>(n));
      break;
    case kind::boolean:
      to.append_bool(n != 0);
      break;
    case kind::string:
      if (!weir::shared::is_utf8(bytes)) {
        why = "its text is not UTF-8";
        return false;
      }
      to.append(bytes);
      break;
    case kind::bytes:
      to.append(bytes);
      break;
    case kind::enumeration: {
      const auto value = static_cast<std::int32_t>(n);
      if (!f.names) {
        to.append(value);
        break;
      }
      const auto found = f.names->values.find(value);
      if (found != f.names->values.end())
        to.append(std::string_view{found->second});
      else
        to.append(std::string_view{std::to_string(value)});  // of a newer .proto: kept as its number
      break;
    }
    case kind::message:
    case kind::group:
      return false;
  }
  return true;
}

void message_plan::write_value(std::string& out, const one& f, const weir::column_view& c, std::int64_t row,
                               bool tagged) const {
  if (tagged) put_tag(out, f.what.number, wire_of(f.what.type));
  if (f.how == form::timestamp) {
    const auto us = c.value<std::int64_t>(row);
    std::int64_t seconds = us / 1'000'000, rest = us % 1'000'000;
    if (rest < 0) rest += 1'000'000, --seconds;
    std::string inner;
    if (seconds) put_tag(inner, 1, wire::varint), put_varint(inner, static_cast<std::uint64_t>(seconds));
    if (rest) put_tag(inner, 2, wire::varint), put_varint(inner, static_cast<std::uint64_t>(rest * 1000));
    put_bytes(out, inner);
    return;
  }
  if (f.how == form::message) {
    std::string inner;
    std::vector<weir::column_view> parts;
    std::vector<const weir::column_view*> pointers;
    for (std::size_t i = 0; i < f.inner->fields_.size(); ++i) parts.push_back(c.child(i));
    for (const auto& p : parts) pointers.push_back(&p);
    f.inner->write(inner, pointers, row);
    put_bytes(out, inner);
    return;
  }
  switch (f.what.type) {
    case kind::float64:
      put_fixed(out, c.value<double>(row));
      break;
    case kind::float32:
      put_fixed(out, c.value<float>(row));
      break;
    case kind::fixed64:
      put_fixed(out, c.value<std::uint64_t>(row));
      break;
    case kind::sfixed64:
      put_fixed(out, c.value<std::int64_t>(row));
      break;
    case kind::fixed32:
      put_fixed(out, c.value<std::uint32_t>(row));
      break;
    case kind::sfixed32:
      put_fixed(out, c.value<std::int32_t>(row));
      break;
    case kind::int64:
      put_varint(out, static_cast<std::uint64_t>(c.value<std::int64_t>(row)));
      break;
    case kind::sint64:
      put_varint(out, zigzag(c.value<std::int64_t>(row)));
      break;
    case kind::uint64:
      put_varint(out, c.value<std::uint64_t>(row));
      break;
    case kind::int32:
      put_varint(out, static_cast<std::uint64_t>(std::int64_t{c.value<std::int32_t>(row)}));
      break;
    case kind::sint32:
      put_varint(out, zigzag(c.value<std::int32_t>(row)) & 0xffffffffu);
      break;
    case kind::uint32:
      put_varint(out, c.value<std::uint32_t>(row));
      break;
    case kind::boolean:
      put_varint(out, c.boolean(row));
      break;
    case kind::string:
    case kind::bytes:
      put_bytes(out, c.text(row));
      break;
    case kind::enumeration: {
      std::int32_t value = 0;
      if (f.names) {
        for (const auto& [number, name] : f.names->values)
          if (name == c.text(row)) value = number;
      } else {
        value = c.value<std::int32_t>(row);
      }
      put_varint(out, static_cast<std::uint64_t>(std::int64_t{value}));
      break;
    }
    case kind::message:
    case kind::group:
      break;
  }
}

void message_plan::write(std::string& out, const std::vector<const weir::column_view*>& columns,
                         std::int64_t row) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const weir::column_view* c = columns[i];
    if (!c || c->null(row)) continue;
    const one& f = fields_[i];
    if (!f.what.repeated) {
      write_value(out, f, *c, row, true);
      continue;
    }
    const auto [begin, end] = c->elements(row);
    const auto items = c->child();
    if (f.what.packed && end > begin) {
      std::string inner;
      for (auto k = begin; k < end; ++k) write_value(inner, f, items, k, false);
      put_tag(out, f.what.number, wire::bytes);
      put_bytes(out, inner);
    } else {
      for (auto k = begin; k < end; ++k) write_value(out, f, items, k, true);
    }
  }
}

}  // namespace protobuf
