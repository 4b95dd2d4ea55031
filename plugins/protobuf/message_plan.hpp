#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "descriptor.hpp"
#include "weir/batch.hpp"
#include "weir/column_writer.hpp"
#include "wire.hpp"

namespace protobuf {

/// A message compiled for columns: from a field number to what is read and where it is written, resolved once. The columns of a
/// message are its fields in the order of the .proto file:
///   repeated T -> list<T>, message -> struct, google.protobuf.Timestamp -> timestamp, enum -> its name (or number),
///   map<K, V> -> list<struct<key, value>>; a field with presence is nullable, others have their default value.
/// Not shared between subtasks: it holds what the record in work has brought so far.
class message_plan {
 public:
  message_plan(const descriptors& all, const message_info& message, bool enum_names, const std::string& option,
               int depth = 0);

  const std::vector<weir::field>& columns() const { return columns_; }

  /// Reads one message into a row of the writers (writers[i] belongs to columns()[i]). False: `why`; take the row back.
  template <class Writers>
  bool read(std::string_view bytes, Writers& writers, std::string& why) {
    return scan(bytes, why, [&](std::size_t i) -> weir::column_writer& { return writers[i]; }) &&
           finish(why, [&](std::size_t i) -> weir::column_writer& { return writers[i]; });
  }
  /// Appends the message of a row. columns[i] belongs to columns()[i], null: the input does not have it.
  void write(std::string& out, const std::vector<const weir::column_view*>& columns, std::int64_t row) const;

 private:
  enum class form : std::uint8_t { scalar, message, timestamp };
  struct one {
    field_info what;
    form how = form::scalar;
    std::unique_ptr<message_plan> inner;
    const enum_info* names = nullptr;  // enum as text
    // The record in work: the last value of a singular field. Several pieces of a message are one message, joined.
    bool seen = false;
    std::uint64_t number = 0;
    std::string_view bytes;
    std::string joined;
  };
  using at_fn = weir::column_writer& (*)(void*, std::size_t);

  template <class At>
  bool scan(std::string_view bytes, std::string& why, At at);
  template <class At>
  bool finish(std::string& why, At at);
  one* find(std::uint32_t number);
  bool put_scalar(const one& f, std::uint64_t number, std::string_view bytes, weir::column_writer& to,
                  std::string& why) const;
  bool put_message(one& f, std::string_view bytes, weir::column_writer& to, std::string& why);
  bool take(one& f, wire how, wire_reader& r, weir::column_writer& to, std::string& why);
  void write_value(std::string& out, const one& f, const weir::column_view& c, std::int64_t row, bool tagged) const;
  static weir::field column_of(const one& f);
  static bool read_scalar(kind type, wire how, wire_reader& r, std::uint64_t& number, std::string_view& bytes);

  std::vector<one> fields_;
  std::vector<std::uint16_t> by_number_;  // number -> index + 1, for small numbers
  std::vector<weir::field> columns_;
  std::size_t expected_ = 0;
};

template <class At>
bool message_plan::scan(std::string_view bytes, std::string& why, At at) {
  for (one& f : fields_) f.seen = false;
  wire_reader r{bytes};
  while (!r.done()) {
    const auto place = r.place() - bytes.data();
    std::uint32_t number = 0;
    wire how{};
    one* f = nullptr;
    if (r.tag(number, how)) {
      f = find(number);
      if (f ? take(*f, how, r, at(static_cast<std::size_t>(f - fields_.data())), why) : r.skip(number, how)) continue;
    }
    if (why.empty()) why = "the bytes are cut short or are no message";
    if (f) why = "field '" + f->what.name + "': " + why;
    why += " (at byte " + std::to_string(place) + ")";
    return false;
  }
  return true;
}

template <class At>
bool message_plan::finish(std::string& why, At at) {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    one& f = fields_[i];
    weir::column_writer& to = at(i);
    if (f.what.repeated) {
      to.end_list();
      continue;
    }
    if (!f.seen && f.what.required) {
      why = "the required field '" + f.what.name + "' is missing";
      return false;
    }
    if (!f.seen && f.what.presence) {
      to.append_null();
      continue;
    }
    if (!f.seen) f.number = 0, f.bytes = {};
    const bool good =
        f.how == form::scalar ? put_scalar(f, f.number, f.bytes, to, why) : put_message(f, f.bytes, to, why);
    if (!good) {
      why = "field '" + f.what.name + "': " + why;
      return false;
    }
  }
  return true;
}

}  // namespace protobuf
