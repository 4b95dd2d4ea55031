#include "shared/json/record_reader.hpp"

#include <cstring>
#include <limits>
#include <type_traits>

#include "shared/base64.hpp"
#include "shared/decimal_text.hpp"
#include "shared/time_text.hpp"

namespace weir::json {
namespace od = simdjson::ondemand;

std::string refusal::text() const {
  std::string where;
  for (auto step = path.rbegin(); step != path.rend(); ++step) where += (where.empty() ? "" : ".") + *step;
  return where.empty() ? why : "field '" + where + "' " + why;
}

namespace {

bool refuse(refusal& why, std::string text) {
  why.why = std::move(text);
  return false;
}
bool refuse(refusal& why, simdjson::error_code code, const char* expected) {
  if (code == simdjson::INCORRECT_TYPE || code == simdjson::NUMBER_ERROR)
    return refuse(why, std::string{"is not "} + expected);
  return refuse(why, simdjson::error_message(code));
}

}  // namespace

record_reader::record_reader(const std::vector<weir::field>& fields, const rules& how) : rules_(how) {
  for (const auto& f : fields) {
    one o{&f, field_name{f.name}};
    const weir::field* inner = &f;
    while (inner->kind == weir::type::list) inner = &inner->children[0];
    if (inner->kind == weir::type::record) o.inner.emplace_back(inner->children, how);
    fields_.push_back(std::move(o));
  }
  count_ = fields_.size();
}

std::size_t record_reader::search(const char* key) const {
  for (std::size_t i = 0; i < count_; ++i)
    if (fields_[i].name.stands_at(key)) return i;
  return count_;
}

template <class T>
bool record_reader::whole(od::value& v, weir::column_writer& to, refusal& why) {
  using wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
  wide n = 0;
  if (auto bad = v.get(n)) return refuse(why, bad, "a whole number in its type's range");
  if (n < static_cast<wide>(std::numeric_limits<T>::min()) || n > static_cast<wide>(std::numeric_limits<T>::max()))
    return refuse(why, "is " + std::to_string(n) + ", out of its type's range");
  to.append(static_cast<T>(n));
  return true;
}

bool record_reader::timestamp(od::value& v, weir::column_writer& to, refusal& why) const {
  std::int64_t us = 0;
  if (rules_.timestamps == time_unit::rfc3339) {
    std::string_view text;
    if (auto bad = v.get_string().get(text)) return refuse(why, bad, "a time stamp as RFC 3339 text");
    if (!weir::shared::parse_timestamp(text, us))
      return refuse(why, "is '" + std::string{text.substr(0, 40)} + "', not a time stamp such as 2026-11-26T08:00:00Z");
  } else {
    if (auto bad = v.get_int64().get(us)) return refuse(why, bad, "a time stamp as a whole number");
    const std::int64_t unit = rules_.timestamps == time_unit::seconds        ? 1'000'000
                              : rules_.timestamps == time_unit::milliseconds ? 1000
                                                                             : 1;
    if (__builtin_mul_overflow(us, unit, &us)) return refuse(why, "is out of the range of time stamps");
  }
  to.append(us);
  return true;
}

bool record_reader::list(one& f, const weir::field& what, od::array items, weir::column_writer& to, refusal& why) {
  for (auto item : items) {
    od::value v;
    if (auto bad = item.get(v)) return refuse(why, bad, "a list");
    if (!value(f, what.children[0], v, to.item(), why)) return false;
  }
  to.end_list();
  return true;
}

bool record_reader::value(one& f, const weir::field& what, od::value& v, weir::column_writer& to, refusal& why) {
  // The first character tells a null from everything else without a parse.
  od::json_type kind{};
  if (what.nullable) {
    if (auto bad = v.type().get(kind)) return refuse(why, simdjson::error_message(bad));
    if (kind == od::json_type::null) {
      bool null = false;
      if (auto bad = v.is_null().get(null); bad || !null) return refuse(why, "is not valid JSON");
      to.append_null();
      return true;
    }
  }
  switch (what.kind) {
    case weir::type::boolean: {
      bool b = false;
      if (auto bad = v.get_bool().get(b)) return refuse(why, bad, "true or false");
      to.append_bool(b);
      return true;
    }
    case weir::type::int8:
      return whole<std::int8_t>(v, to, why);
    case weir::type::int16:
      return whole<std::int16_t>(v, to, why);
    case weir::type::int32:
      return whole<std::int32_t>(v, to, why);
    case weir::type::int64:
      return whole<std::int64_t>(v, to, why);
    case weir::type::uint8:
      return whole<std::uint8_t>(v, to, why);
    case weir::type::uint16:
      return whole<std::uint16_t>(v, to, why);
    case weir::type::uint32:
      return whole<std::uint32_t>(v, to, why);
    case weir::type::uint64:
      return whole<std::uint64_t>(v, to, why);
    case weir::type::float32:
    case weir::type::float64: {
      double d = 0;
      if (auto bad = v.get_double().get(d)) return refuse(why, bad, "a number");
      what.kind == weir::type::float64 ? to.append(d) : to.append(static_cast<float>(d));
      return true;
    }
    case weir::type::utf8: {
      // A token without a backslash is its text already (the parser's first pass has judged its UTF-8 and control
      // characters): one copy.
      const std::string_view token = v.raw_json_token();
      if (token.size() >= 2 && token[0] == '"' && std::memchr(token.data(), '\\', token.size()) == nullptr) {
        od::raw_json_string raw;
        if (auto bad = v.get_raw_json_string().get(raw)) return refuse(why, bad, "a string");
        to.append(token.substr(1, token.rfind('"') - 1));
        return true;
      }
      std::string_view text;
      if (auto bad = v.get_string().get(text)) return refuse(why, bad, "a string");
      to.append(text);
      return true;
    }
    case weir::type::binary:
    case weir::type::fixed_binary: {
      std::string_view text;
      if (auto bad = v.get_string().get(text)) return refuse(why, bad, "a string");
      std::string bytes;
      if (!weir::shared::decode_base64(text, bytes)) return refuse(why, "is not base64");
      if (what.kind == weir::type::binary) {
        to.append(std::string_view{bytes});
      } else {
        if (bytes.size() != static_cast<std::size_t>(what.width))
          return refuse(why, "has " + std::to_string(bytes.size()) + " bytes, not " + std::to_string(what.width));
        to.append_fixed(bytes.data());
      }
      return true;
    }
    case weir::type::timestamp:
      return timestamp(v, to, why);
    case weir::type::date32: {
      std::string_view text;
      std::int64_t days = 0;
      if (auto bad = v.get_string().get(text)) return refuse(why, bad, "a date as text");
      if (!weir::shared::parse_date(text, days))
        return refuse(why, "is '" + std::string{text.substr(0, 20)} + "', not a date such as 2026-11-26");
      to.append(static_cast<std::int32_t>(days));
      return true;
    }
    case weir::type::decimal128: {
      // As a number or as text: many systems quote amounts to keep their digits.
      std::string_view text;
      if (auto bad = v.type().get(kind)) return refuse(why, simdjson::error_message(bad));
      if (kind == od::json_type::string) {
        if (auto bad = v.get_string().get(text)) return refuse(why, bad, "a decimal");
      } else if (kind == od::json_type::number) {
        text = v.raw_json_token();
        while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
      } else {
        return refuse(why, "is not a decimal number");
      }
      weir::int128 n = 0;
      switch (weir::shared::parse_decimal(text, what.precision, what.scale, n)) {
        case weir::shared::decimal_error::none:
          break;
        case weir::shared::decimal_error::syntax:
          return refuse(why, "is not a decimal number");
        case weir::shared::decimal_error::range:
          return refuse(why, "has more digits than " + to_string(what) + " holds");
        case weir::shared::decimal_error::digits:
          return refuse(why, "has more digits behind the point than " + to_string(what) + " keeps");
      }
      if (kind == od::json_type::number) {
        double checked = 0;  // lets the parser judge the token's syntax and move on
        if (auto bad = v.get_double().get(checked)) return refuse(why, bad, "a decimal number");
      }
      to.append(n);
      return true;
    }
    case weir::type::list: {
      od::array items;
      if (auto bad = v.get_array().get(items)) return refuse(why, bad, "a list");
      return list(f, what, items, to, why);
    }
    case weir::type::record: {
      od::object object;
      if (auto bad = v.get_object().get(object)) return refuse(why, bad, "an object");
      if (!f.inner[0].read(object, to, why)) return false;
      to.end_record();
      return true;
    }
  }
  return refuse(why, "has a type that cannot be read");
}

}  // namespace weir::json
