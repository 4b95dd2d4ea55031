#include "plugin/wire.hpp"

#include <cstring>
#include <type_traits>

namespace weir::plugin::wire {
namespace {

constexpr std::uint32_t most_depth = 32;

// One list of fields for both directions: an `archive` either appends a field or takes it off the front.

class writer {
 public:
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void field(T& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void field(std::string& text) {
    size(text.size());
    bytes.append(text);
  }
  std::uint32_t size(std::size_t count) {
    auto small = static_cast<std::uint32_t>(count);
    field(small);
    return small;
  }
  bool ok() const { return true; }
  std::string bytes;
};

class reader {
 public:
  explicit reader(std::string_view from) : rest_(from) {}
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void field(T& value) {
    if (rest_.size() < sizeof value) return fail();
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
  }
  void field(bool& value) {
    std::uint8_t byte = 0;
    field(byte);
    value = byte != 0;
  }
  void field(std::string& text) {
    const std::uint32_t length = size(0);
    if (length > rest_.size()) return fail();
    text = rest_.substr(0, length);
    rest_.remove_prefix(length);
  }
  /// A count of things that each take at least one byte.
  std::uint32_t size(std::size_t /*count*/) {
    std::uint32_t small = 0;
    field(small);
    if (small > rest_.size()) fail(), small = 0;
    return small;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  bool ok_ = true;
};

template <class Archive, class T, class Each>
void list(Archive& a, std::vector<T>& items, Each each) {
  const std::uint32_t count = a.size(items.size());
  if constexpr (std::is_same_v<Archive, reader>) items.clear();
  for (std::uint32_t i = 0; i < count && a.ok(); ++i) {
    if constexpr (std::is_same_v<Archive, reader>) items.emplace_back();
    each(items[i]);
  }
}

template <class Archive, class T, class Each>
void maybe(Archive& a, std::optional<T>& item, Each each) {
  std::uint8_t there = item.has_value();
  a.field(there);
  if constexpr (std::is_same_v<Archive, reader>) {
    item.reset();
    if (there) item.emplace();
  }
  if (item) each(*item);
}

template <class Archive>
void option(Archive& a, config::option& o, std::uint32_t depth) {
  auto text = [&a](std::string& t) { a.field(t); };
  auto number = [&a](std::int64_t& n) { a.field(n); };
  a.field(o.name), a.field(o.type), a.field(o.element);
  maybe(a, o.fallback, text);
  a.field(o.doc);
  list(a, o.values, text);
  if (depth < most_depth) list(a, o.nested, [&](config::option& inside) { option(a, inside, depth + 1); });
  a.field(o.required), a.field(o.secret), a.field(o.deprecated), a.field(o.open);
  maybe(a, o.least, number), maybe(a, o.most, number);
}

template <class Archive>
void all(Archive& a, std::vector<finding>& found, description& about, std::vector<std::string>& libraries) {
  list(a, found, [&](finding& f) { a.field(f.level), a.field(f.code), a.field(f.what), a.field(f.by); });
  a.field(about.name), a.field(about.version), a.field(about.summary), a.field(about.abi_major),
      a.field(about.abi_minor);
  list(a, about.components, [&](component_description& c) {
    a.field(c.kind), a.field(c.type), a.field(c.summary), a.field(c.flags), a.field(c.input_count);
    list(a, c.options, [&](config::option& o) { option(a, o, 0); });
  });
  list(a, libraries, [&](std::string& name) { a.field(name); });
}

}  // namespace

std::string write(const told& what) {
  told copy = what;
  std::vector<finding> found = copy.found.all();
  writer to;
  all(to, found, copy.about, copy.libraries);
  return std::move(to.bytes);
}

std::optional<told> read(std::string_view bytes) {
  reader from(bytes);
  told made;
  std::vector<finding> found;
  all(from, found, made.about, made.libraries);
  if (!from.at_end()) return std::nullopt;
  for (finding& f : found) made.found.add(std::move(f));
  return made;
}

}  // namespace weir::plugin::wire
