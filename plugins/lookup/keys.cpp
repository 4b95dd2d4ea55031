#include "lookup/keys.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "weir/packed.hpp"

namespace lookup {
namespace {

// What is compared as a number of 8 bytes. uint64 has numbers that no int64 is.
enum class family { whole, unsigned_whole, time, date, text, bytes, boolean, decimal, fixed, none };

family family_of(const weir::field& f) {
  using weir::type;
  switch (f.kind) {
    case type::int8:
    case type::int16:
    case type::int32:
    case type::int64:
    case type::uint8:
    case type::uint16:
    case type::uint32:
      return family::whole;
    case type::uint64:
      return family::unsigned_whole;
    case type::timestamp:
      return family::time;
    case type::date32:
      return family::date;
    case type::utf8:
      return family::text;
    case type::binary:
      return family::bytes;
    case type::boolean:
      return family::boolean;
    case type::decimal128:
      return family::decimal;
    case type::fixed_binary:
      return family::fixed;
    default:
      return family::none;
  }
}
bool eight_bytes(const weir::field& f) { return family_of(f) <= family::date; }

/// The number behind the bytes of a value of one of those types.
std::int64_t number_of(const weir::field& f, const char* value) {
  return weir::detail::with_stored(f.kind, [&]<class T>(T v) {
    std::memcpy(&v, value, sizeof v);
    return static_cast<std::int64_t>(v);
  });
}

void append_number(std::string& to, std::int64_t n) { to.append(reinterpret_cast<const char*>(&n), sizeof n); }

void append_part(std::string& to, const weir::field& f, std::string_view value, bool alone) {
  if (eight_bytes(f)) return append_number(to, number_of(f, value.data()));
  if (!alone && weir::shared::is_text(f)) {
    const auto size = static_cast<std::uint32_t>(value.size());
    to.append(reinterpret_cast<const char*>(&size), sizeof size);
  }
  to.append(value);
}

}  // namespace

std::string key_problem(const weir::field& f) {
  if (family_of(f) != family::none) return {};
  return "column '" + f.name + "' is " + to_string(f) +
         ", which is no key: numbers without a point, texts, times, dates, "
         "decimals and bytes are";
}

std::string compare_problem(const weir::field& input, const weir::field& table) {
  for (const auto* f : {&input, &table})
    if (std::string why = key_problem(*f); !why.empty()) return why;
  const family is = family_of(input);
  if (is == family_of(table) && (is != family::decimal || input.scale == table.scale) &&
      (is != family::fixed || input.width == table.width))
    return {};
  return "column '" + input.name + "' of the input is " + to_string(input) + ", '" + table.name + "' of the table is " +
         to_string(table) + ": make them the same type";
}

std::uint64_t hash_of(std::string_view key) {
  if (key.size() != sizeof(std::uint64_t)) return XXH3_64bits(key.data(), key.size());
  std::uint64_t h;
  std::memcpy(&h, key.data(), sizeof h);
  h ^= h >> 32;  // each step can be undone, so no two numbers meet
  h *= 0xd6e8feb86659fd93u;
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93u;
  h ^= h >> 32;
  return h;
}

bool hash_is_key(const std::vector<weir::field>& columns) { return columns.size() == 1 && eight_bytes(columns[0]); }

bool append_key(std::string& to, const std::vector<const cells*>& columns, std::uint32_t slot) {
  const std::size_t begin = to.size();
  for (const cells* c : columns) {
    if (c->null(slot)) return to.resize(begin), false;
    append_part(to, c->of(), c->bytes(slot), columns.size() == 1);
  }
  return true;
}

std::string_view take_part(std::string_view& key, const std::vector<weir::field>& columns, std::size_t i) {
  const weir::field& f = columns[i];
  std::size_t size = key.size();
  if (eight_bytes(f)) {
    size = sizeof(std::int64_t);
  } else if (weir::shared::is_text(f)) {
    if (columns.size() > 1) {
      std::uint32_t told;
      std::memcpy(&told, key.data(), sizeof told);
      key.remove_prefix(sizeof told);
      size = told;
    }
  } else {
    size = weir::shared::width_of(f);
  }
  const auto part = key.substr(0, size);
  key.remove_prefix(part.size());
  return part;
}

void batch_keys::bind(const weir::schema& port, std::vector<std::size_t> columns) {
  columns_ = std::move(columns);
  fields_.clear();
  for (const std::size_t c : columns_) fields_.push_back(port[c]);
}

void batch_keys::load(const weir::batch_view& batch) {
  const auto count = static_cast<std::size_t>(batch.row_count());
  keys_.resize(count);
  hashes_.resize(count);
  if (hash_is_key(fields_))
    load_numbers(batch);
  else if (fields_.size() == 1 && weir::shared::is_text(fields_[0]))
    load_text(batch);
  else
    load_several(batch);
  for (std::size_t k = 0; k < count; ++k) hashes_[k] = keys_[k].data() ? hash_of(keys_[k]) : 0;
}

void batch_keys::load_numbers(const weir::batch_view& batch) {
  const auto from = batch.at(columns_[0]);
  numbers_.resize(keys_.size());
  weir::detail::with_stored(fields_[0].kind, [&]<class T>(T) {
    const T* const values = from.values<T>();
    for (std::size_t k = 0; k < keys_.size(); ++k) {
      const std::uint32_t row = batch.row(static_cast<std::int64_t>(k));
      numbers_[k] = static_cast<std::int64_t>(values[row]);
      keys_[k] = {reinterpret_cast<const char*>(&numbers_[k]), sizeof numbers_[k]};
    }
  });
  if (!from.has_nulls()) return;
  for (std::size_t k = 0; k < keys_.size(); ++k)
    if (from.null(batch.row(static_cast<std::int64_t>(k)))) keys_[k] = {};
}

void batch_keys::load_text(const weir::batch_view& batch) {
  const auto from = batch.at(columns_[0]);
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const std::uint32_t row = batch.row(static_cast<std::int64_t>(k));
    keys_[k] = from.null(row) ? std::string_view{} : from.text(row);
    if (!keys_[k].data() && !from.null(row)) keys_[k] = {"", 0};
  }
}

void batch_keys::load_several(const weir::batch_view& batch) {
  std::vector<weir::column_view> from;
  for (const std::size_t c : columns_) from.push_back(batch.at(c));
  room_.clear();
  ends_.clear();
  char bit = 0;
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const std::uint32_t row = batch.row(static_cast<std::int64_t>(k));
    bool there = true;
    for (const auto& c : from) there = there && !c.null(row);
    for (std::size_t i = 0; there && i < from.size(); ++i)
      append_part(room_, fields_[i], weir::shared::bytes_of(from[i], row, bit), from.size() == 1);
    ends_.push_back(there ? room_.size() : SIZE_MAX);
  }
  std::size_t begin = 0;  // the room has grown for the last time, views into it stay
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    keys_[k] = {};
    if (ends_[k] == SIZE_MAX) continue;
    keys_[k] = {room_.data() + begin, ends_[k] - begin};
    begin = ends_[k];
  }
}

}  // namespace lookup
