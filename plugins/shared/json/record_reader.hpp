#pragma once
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/json/field_name.hpp"
#include "shared/json/rules.hpp"
#include "weir/batch.hpp"
#include "weir/column_writer.hpp"

namespace weir::json {

/// Why a record was refused. Thrown by nobody: read() says false and this is filled.
struct refusal {
  std::string why;
  std::vector<std::string> path;  // innermost first
  std::string text() const;
};

/// Reads one object into columns (or into the fields of a record column). Knows the order of the fields that it saw
/// last, so a field that comes where it is expected costs one comparison.
class record_reader {
 public:
  record_reader(const std::vector<weir::field>& fields, const rules& how);

  /// False: the columns hold a part of the record, take it back. writers[i] belongs to field i.
  template <class Writers>
  bool read(simdjson::ondemand::object object, Writers& writers, refusal& why);

 private:
  struct one {
    const weir::field* what;
    field_name name;
    std::vector<record_reader> inner{};  // record: its reader; list: a reader of the element when that is a record
    std::uint64_t seen = 0;              // number of the record that had it last
  };
  bool value(one& f, const weir::field& what, simdjson::ondemand::value& v, weir::column_writer& to, refusal& why);
  bool list(one& f, const weir::field& what, simdjson::ondemand::array items, weir::column_writer& to, refusal& why);
  template <class T>
  static bool whole(simdjson::ondemand::value& v, weir::column_writer& to, refusal& why);
  bool timestamp(simdjson::ondemand::value& v, weir::column_writer& to, refusal& why) const;
  std::size_t search(const char* key) const;

  const rules& rules_;
  std::vector<one> fields_;
  std::size_t count_ = 0;
  std::uint64_t record_ = 0;
};

template <class Writers>
bool record_reader::read(simdjson::ondemand::object object, Writers& writers, refusal& why) {
  ++record_;
  std::size_t expected = 0, got = 0;
  for (auto member : object) {
    // One check for both halves: asking the result for its key and its value by turns copies the field each time.
    simdjson::ondemand::field field;
    if (auto bad = std::move(member).get(field)) {
      why.why = simdjson::error_message(bad);
      return false;
    }
    const simdjson::ondemand::raw_json_string key = field.key();
    const std::size_t at =
        expected < count_ && fields_[expected].name.stands_at(key.raw()) ? expected : search(key.raw());
    if (at == count_) [[unlikely]] {
      if (rules_.unknown_fails) {
        why.why = "has the field " +
                  std::string{std::string_view{key.raw(), 64}.substr(0, std::string_view{key.raw(), 64}.find('"'))} +
                  ", which `columns` does not name";
        return false;
      }
      continue;
    }
    one& f = fields_[at];
    if (f.seen == record_) {
      why.why = "has this field twice";
      why.path.push_back(f.what->name);
      return false;
    }
    f.seen = record_;
    ++got;
    if (!value(f, *f.what, field.value(), writers[at], why)) {
      why.path.push_back(f.what->name);
      return false;
    }
    expected = at + 1;
  }
  if (got == count_) return true;
  for (std::size_t i = 0; i < count_; ++i) {
    if (fields_[i].seen == record_) continue;
    if (!fields_[i].what->nullable) {
      why.why = "is missing, and `columns` says that it cannot be null";
      why.path.push_back(fields_[i].what->name);
      return false;
    }
    writers[i].append_null();
  }
  return true;
}

}  // namespace weir::json
