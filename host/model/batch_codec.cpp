#include "model/batch_codec.hpp"

#include <cstring>
#include <utility>
#include <vector>

#include "base/cat.hpp"
#include "model/bits.hpp"
#include "model/column_check.hpp"
#include "model/compact.hpp"
#include "model/name_registry.hpp"

namespace weir::model {
namespace {

constexpr std::uint32_t magic = 0x0a316277;  // "wb1\n"
enum fact : std::uint32_t {
  times = 1,
  keys = 2,
  changes = 4,
  traces = 8,
  sources = 16,
  offsets = 32,
  places = 64,
  turns = 128
};

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}
void put_bytes(std::string& out, const void* from, std::int64_t bytes) {
  out.append(static_cast<const char*>(from), static_cast<std::size_t>(bytes));
}

void encode_column(const data_type& type, const column& c, std::string& out) {
  const std::int64_t rows = c.length();
  put(out, rows);
  put(out, c.null_count());
  if (c.null_count() > 0) put_bytes(out, c.validity(), bit_bytes(rows));
  if (type.has_offsets()) {
    const auto* offsets = c.values<std::int32_t>();
    put_bytes(out, offsets, (rows + 1) * 4);
    if (type.id != type_id::list) put_bytes(out, c.data(), offsets[rows]);
  } else if (type.id == type_id::boolean) {
    put_bytes(out, c.values<std::uint8_t>(), bit_bytes(rows));
  } else if (type.id != type_id::structure) {
    put_bytes(out, c.values<char>(), rows * type.value_bytes());
  }
  for (std::size_t i = 0; i < type.children.size(); ++i) encode_column(type.children[i].type, c.child(i), out);
}

/// Reads from the front; remembers when there was too little.
class reader {
 public:
  explicit reader(std::string_view& bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }

  template <class T>
  T get() {
    T value{};
    if (take(sizeof value)) std::memcpy(&value, taken_, sizeof value);
    return value;
  }
  std::string_view text() {
    const auto size = get<std::uint32_t>();
    return take(size) ? std::string_view(taken_, size) : std::string_view();
  }
  buffer_ref buffer(std::int64_t bytes) {
    if (bytes < 0 || !take(static_cast<std::size_t>(bytes))) return {};
    auto made = buffer_pool::allocate(static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1)));
    if (!made) {
      ok_ = false;
      return {};
    }
    std::memcpy(made->data(), taken_, static_cast<std::size_t>(bytes));
    return made;
  }

 private:
  bool take(std::size_t size) {
    if (!ok_ || bytes_.size() < size) {
      ok_ = false;
      return false;
    }
    taken_ = bytes_.data();
    bytes_.remove_prefix(size);
    return true;
  }
  std::string_view& bytes_;
  const char* taken_ = nullptr;
  bool ok_ = true;
};

base::result<column_ref> decode_column(const field& f, reader& in, std::int64_t wanted, std::string_view name) {
  auto damaged = [&](std::string_view why) {
    return base::host_error(base::cat("column ", name, " of a stored batch: ", why));
  };
  const auto rows = in.get<std::int64_t>();
  const auto nulls = in.get<std::int64_t>();
  if (!in.ok() || rows < 0 || nulls < 0 || nulls > rows || (wanted >= 0 && rows != wanted))
    return damaged("its length is wrong");
  column::part parts[3];
  if (nulls > 0) {
    parts[0].owner = in.buffer(bit_bytes(rows));
    if (!in.ok()) return damaged("it ends too early");
    if (count_ones(parts[0].owner->as<std::uint8_t>(), rows) != rows - nulls) return damaged("its nulls do not add up");
  }
  std::int64_t child_rows = rows;
  if (f.type.has_offsets()) {
    if (rows > INT32_MAX) return damaged("its length is wrong");
    parts[1].owner = in.buffer((rows + 1) * 4);
    if (!in.ok()) return damaged("it ends too early");
    const auto* offsets = parts[1].owner->as<std::int32_t>();
    if (const auto fault = offsets_fault(offsets, rows, INT32_MAX); !fault.empty()) return damaged(fault);
    child_rows = offsets[rows];
    if (f.type.id != type_id::list) parts[2].owner = in.buffer(offsets[rows]);
  } else if (f.type.id == type_id::boolean) {
    parts[1].owner = in.buffer(bit_bytes(rows));
  } else if (f.type.id != type_id::structure) {
    if (rows > INT64_MAX / 64 / std::max(f.type.value_bytes(), 1)) return damaged("its length is wrong");
    parts[1].owner = in.buffer(rows * f.type.value_bytes());
  }
  if (!in.ok()) return damaged("it ends too early");
  for (auto& p : parts) p.data = p.owner ? p.owner->data() : nullptr;
  std::vector<column_ref> children;
  for (const field& child : f.type.children) children.push_back(WEIR_TRY(decode_column(child, in, child_rows, name)));
  return column::make(rows, nulls, std::span(parts, static_cast<std::size_t>(f.type.buffer_count())), children);
}

}  // namespace

void encode_batch(const batch_ref& from, std::string& out) {
  const batch_ref dense = compact(from);
  const batch& b = *dense;
  const facts& f = b.facts();
  const std::int64_t rows = b.length();
  put(out, magic);
  put(out, rows);
  put(out,
      static_cast<std::uint32_t>((f.event_time ? times : 0u) | (f.key_hash ? keys : 0u) | (f.change ? changes : 0u) |
                                 (f.trace_id ? traces : 0u) | (f.source_id ? sources : 0u) | (f.offset ? offsets : 0u) |
                                 (f.splits ? places : 0u) | (f.turn_us != WEIR_TIME_MIN ? turns : 0u)));
  if (f.event_time) put_bytes(out, f.event_time->data(), rows * 8);
  if (f.key_hash) put_bytes(out, f.key_hash->data(), rows * 8);
  if (f.change) put_bytes(out, f.change->data(), rows);
  if (f.trace_id) put_bytes(out, f.trace_id->data(), rows * 16);
  if (f.source_id)
    for (std::int64_t i = 0; i < rows; ++i) put_text(out, source_names().name(f.source_id->as<std::uint32_t>()[i]));
  if (f.offset) put_bytes(out, f.offset->data(), rows * 8);
  put(out, f.first_offset);
  if (f.splits)
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::uint32_t split = f.split_of(i);
      put_text(out, split == no_split ? std::string_view() : split_names().name(split));
    }
  if (f.turn_us != WEIR_TIME_MIN) put(out, f.turn_us);
  put_text(out, f.split == no_split ? std::string_view() : split_names().name(f.split));
  for (std::size_t i = 0; i < b.column_count(); ++i) encode_column((*b.schema())[i].type, b.column_at(i), out);
}

base::result<batch_ref> decode_batch(std::string_view& bytes, const schema_ref& schema) {
  reader in(bytes);
  auto damaged = [] { return base::host_error("a stored batch is damaged or of another version"); };
  if (in.get<std::uint32_t>() != magic) return damaged();
  const auto rows = in.get<std::int64_t>();
  const auto present = in.get<std::uint32_t>();
  if (!in.ok() || rows < 0 || static_cast<std::uint64_t>(rows) > bytes.size() * 8 + 1'000'000) return damaged();
  facts f;
  if (present & times) f.event_time = in.buffer(rows * 8);
  if (present & keys) f.key_hash = in.buffer(rows * 8);
  if (present & changes) f.change = in.buffer(rows);
  if (present & traces) f.trace_id = in.buffer(rows * 16);
  if (present & sources) {
    f.source_id = buffer_pool::must_allocate(static_cast<std::size_t>(rows) * 4 + 4);
    for (std::int64_t i = 0; i < rows && in.ok(); ++i)
      f.source_id->as<std::uint32_t>()[i] = source_names().number(in.text());
  }
  if (present & offsets) f.offset = in.buffer(rows * 8);
  f.first_offset = in.get<std::int64_t>();
  if (present & places) {
    f.splits = buffer_pool::must_allocate(static_cast<std::size_t>(rows) * 4 + 4);
    for (std::int64_t i = 0; i < rows && in.ok(); ++i) {
      const auto split = in.text();
      f.splits->as<std::uint32_t>()[i] = split.empty() ? no_split : split_names().number(split);
    }
  }
  if (present & turns) f.turn_us = in.get<std::int64_t>();
  if (const auto split = in.text(); !split.empty()) f.split = split_names().number(split);
  if (!in.ok()) return damaged();
  std::vector<column_ref> columns;
  for (const field& c : schema->fields()) columns.push_back(WEIR_TRY(decode_column(c, in, rows, c.name)));
  return make_batch(schema, columns, rows, std::move(f));
}

}  // namespace weir::model
