#include "descriptor.hpp"

#include "weir/failure.hpp"
#include "wire.hpp"

namespace protobuf {
namespace {

constexpr int deepest_nesting = 64;

/// One field of a message of descriptor.proto.
struct item {
  std::uint32_t number = 0;
  wire how{};
  std::uint64_t value = 0;
  std::string_view bytes;
};

/// Calls f for each field; false: malformed.
template <class F>
bool each(std::string_view message, F f) {
  wire_reader r{message};
  while (!r.done()) {
    item i;
    if (!r.tag(i.number, i.how)) return false;
    const bool read = i.how == wire::varint  ? r.varint(i.value)
                      : i.how == wire::bytes ? r.bytes(i.bytes)
                                             : r.skip(i.number, i.how);
    if (!read || !f(i)) return false;
  }
  return true;
}

}  // namespace

struct descriptors::reader {
  descriptors& out;
  std::string syntax;

  bool enumeration(std::string_view bytes, const std::string& scope) {
    enum_info e;
    if (!each(bytes, [&](const item& i) {
          if (i.number == 1) e.name = scope + "." + std::string{i.bytes};
          if (i.number != 2) return true;
          std::string name;
          std::int32_t number = 0;
          const bool good = each(i.bytes, [&](const item& v) {
            if (v.number == 1) name = std::string{v.bytes};
            if (v.number == 2) number = static_cast<std::int32_t>(v.value);
            return true;
          });
          e.values.emplace(number, name);  // an alias keeps the first name
          return good;
        }))
      return false;
    out.enums_[e.name] = e;
    return true;
  }

  bool field(std::string_view bytes, message_info& m) {
    field_info f;
    std::uint64_t label = 1;
    bool proto3_optional = false, in_oneof = false, packed_told = false;
    if (!each(bytes, [&](const item& i) {
          switch (i.number) {
            case 1:
              f.name = std::string{i.bytes};
              break;
            case 3:
              f.number = static_cast<std::uint32_t>(i.value);
              break;
            case 4:
              label = i.value;
              break;
            case 5:
              if (i.value < 1 || i.value > 18) return false;
              f.type = static_cast<kind>(i.value);
              break;
            case 6:
              f.type_name = std::string{i.bytes};
              break;
            case 9:
              in_oneof = true;
              break;
            case 17:
              proto3_optional = i.value != 0;
              break;
            case 8:
              return each(i.bytes, [&](const item& o) {
                if (o.number == 2) packed_told = true, f.packed = o.value != 0;
                return true;
              });
            default:
              break;
          }
          return true;
        }))
      return false;
    f.repeated = label == 3;
    f.required = label == 2;
    const bool proto3 = syntax == "proto3";
    f.presence = !f.repeated && (!proto3 || proto3_optional || in_oneof || f.type == kind::message);
    const bool text =
        f.type == kind::string || f.type == kind::bytes || f.type == kind::message || f.type == kind::group;
    if (!packed_told) f.packed = proto3;
    f.packed = f.packed && f.repeated && !text;
    m.fields.push_back(std::move(f));
    return true;
  }

  bool message(std::string_view bytes, const std::string& scope, int depth) {
    message_info m;
    // The name stands first in what protoc writes, but nothing says that it must.
    if (depth > deepest_nesting || !each(bytes, [&](const item& i) {
          if (i.number == 1) m.name = scope + "." + std::string{i.bytes};
          return true;
        }))
      return false;
    if (!each(bytes, [&](const item& i) {
          if (i.number == 2) return field(i.bytes, m);
          if (i.number == 3) return message(i.bytes, m.name, depth + 1);
          if (i.number == 4) return enumeration(i.bytes, m.name);
          if (i.number == 7)
            return each(i.bytes, [&](const item& o) {
              if (o.number == 7) m.map_entry = o.value != 0;
              return true;
            });
          return true;
        }))
      return false;
    out.messages_[m.name] = std::move(m);
    return true;
  }

  bool file(std::string_view bytes) {
    std::string package;
    syntax.clear();
    if (!each(bytes, [&](const item& i) {
          if (i.number == 2) package = std::string{i.bytes};
          if (i.number == 12) syntax = std::string{i.bytes};
          return true;
        }))
      return false;
    const std::string scope = package.empty() ? "" : "." + package;
    return each(bytes, [&](const item& i) {
      if (i.number == 4) return message(i.bytes, scope, 0);
      if (i.number == 5) return enumeration(i.bytes, scope);
      return true;
    });
  }
};

descriptors descriptors::parse(std::string_view bytes, const std::string& option) {
  descriptors out;
  reader r{out, {}};
  const bool good = each(bytes, [&](const item& i) { return i.number != 1 || r.file(i.bytes); });
  if (!good || out.messages_.empty())
    throw weir::config_error{option,
                             "is no FileDescriptorSet with messages; write one with protoc --include_imports "
                             "--descriptor_set_out=FILE x.proto"};
  return out;
}

const message_info* descriptors::message(std::string_view name) const {
  const auto found = messages_.find(name.starts_with('.') ? std::string{name} : "." + std::string{name});
  return found == messages_.end() ? nullptr : &found->second;
}

const enum_info* descriptors::enumeration(std::string_view name) const {
  const auto found = enums_.find(name);
  return found == enums_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> descriptors::message_names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, m] : messages_)
    if (!m.map_entry) names.push_back(std::string_view{name}.substr(1));
  return names;
}

}  // namespace protobuf
