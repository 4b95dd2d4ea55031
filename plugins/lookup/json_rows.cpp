#include <simdjson.h>

#include "lookup/row_reader.hpp"
#include "shared/value_text.hpp"

namespace lookup {
namespace {

using simdjson::ondemand::json_type;

/// One JSON object a line. Fields that are not declared are not looked at.
class json_rows final : public row_reader {
 public:
  explicit json_rows(const table_spec& what) : row_reader{what}, seen_(row_.size()) {}
  bool read(std::string_view line, std::string& why) override;

 private:
  bool value(simdjson::ondemand::value& v, cells& to, std::string& why);

  simdjson::ondemand::parser parser_;
  std::vector<char> seen_;
};

/// What a JSON value has to be for a column of this type.
json_type wanted(weir::type kind) {
  using weir::type;
  switch (kind) {
    case type::boolean:
      return json_type::boolean;
    case type::utf8:
    case type::binary:
    case type::fixed_binary:
    case type::timestamp:
    case type::date32:
      return json_type::string;
    default:
      return json_type::number;
  }
}

bool json_rows::value(simdjson::ondemand::value& v, cells& to, std::string& why) {
  json_type kind;
  if (const auto bad = v.type().get(kind)) return why = simdjson::error_message(bad), false;
  if (kind == json_type::null) {
    if (!v.is_null()) return why = "is no JSON value", false;
    if (!to.of().nullable) return why = "is null, and `columns` says that it cannot be", false;
    return to.append_null(), true;
  }
  const bool decimal_text = to.of().kind == weir::type::decimal128 && kind == json_type::string;
  if (kind != wanted(to.of().kind) && !decimal_text) return why = "is no " + to_string(to.of()), false;
  if (kind == json_type::string) {
    std::string_view text;
    if (const auto bad = v.get_string().get(text)) return why = simdjson::error_message(bad), false;
    return weir::shared::read_value(text, to, why);
  }
  std::string_view token = v.raw_json_token();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return weir::shared::read_value(token, to, why);
}

bool json_rows::read(std::string_view line, std::string& why) {
  simdjson::ondemand::document doc;
  auto bad = parser_.iterate(line.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING).get(doc);
  simdjson::ondemand::object object;
  if (!bad) bad = doc.get_object().get(object);
  if (bad) return why = simdjson::error_message(bad), false;
  std::fill(seen_.begin(), seen_.end(), 0);
  for (auto member : object) {
    simdjson::ondemand::field field;
    std::string_view name;
    if ((bad = std::move(member).get(field)) || (bad = field.unescaped_key().get(name)))
      return why = simdjson::error_message(bad), false;
    for (std::size_t i = 0; i < row_.size(); ++i) {
      if (row_[i].of().name != name) continue;
      if (seen_[i]) return why = "field '" + row_[i].of().name + "' comes twice", false;
      seen_[i] = 1;
      row_[i].at(0);
      if (!value(field.value(), row_[i], why)) return why = "field '" + row_[i].of().name + "' " + why, false;
      break;
    }
  }
  if (const char* rest; doc.current_location().get(rest) == simdjson::SUCCESS)
    return why = "there is more behind the object", false;
  for (std::size_t i = 0; i < row_.size(); ++i) {
    if (seen_[i]) continue;
    if (!row_[i].of().nullable)
      return why = "field '" + row_[i].of().name + "' is missing, and `columns` says that it cannot be null", false;
    row_[i].at(0);
    row_[i].append_null();
  }
  return true;
}

}  // namespace

std::unique_ptr<row_reader> make_json_reader(const table_spec& what) { return std::make_unique<json_rows>(what); }

}  // namespace lookup
