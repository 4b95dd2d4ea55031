// Declarations of states from short texts, and a migration of a plugin.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "packed.hpp"
#include "state/convert.hpp"

namespace weir::state::test {

/// "sum(was amount): int64" as a field that was renamed.
inline model::schema_ref schema_of(std::string text) {
  std::vector<std::pair<std::string, std::string>> was;
  for (std::size_t at = 0; (at = text.find("(was ", at)) != std::string::npos;) {
    const std::size_t begin = text.rfind(' ', at) == std::string::npos ? 0 : text.rfind(' ', at) + 1;
    const std::size_t end = text.find(')', at);
    was.emplace_back(text.substr(begin, at - begin), text.substr(at + 5, end - at - 5));
    text.erase(at, end + 1 - at);
  }
  std::vector<model::field> fields = model::parse_schema(text).take()->fields();
  for (const auto& [name, before] : was)
    for (model::field& f : fields)
      if (f.name == name) f.metadata.emplace_back("weir.was", before);
  return model::schema::of(fields);
}
inline model::state_declaration declared(std::string name, std::uint32_t kind, std::string value,
                                         std::string map_key = "") {
  model::state_declaration d{
      .name = std::move(name), .kind = kind, .value = schema_of(std::move(value)), .map_key = nullptr};
  if (kind == WEIR_STATE_MAP) d.map_key = schema_of(std::move(map_key));
  if (kind == WEIR_STATE_VALUE) {
    random r(0);
    packer zero{r, packing::in_place, true};
    zero.fields(d.value->fields());
    d.value_size = static_cast<std::uint32_t>(zero.out.size());
  }
  return d;
}

/// A plugin that migrates text to numbers by its length, and nothing else.
struct by_length : model::state_migration {
  base::result<void> migrate(std::string_view stored, std::string& to) override {
    if (stored.size() == 4 + 3) return base::plugin_error("three is too much");
    const auto n = static_cast<std::int64_t>(stored.size() - 4);
    to.assign(reinterpret_cast<const char*>(&n), sizeof n);
    return {};
  }
};
inline base::result<std::unique_ptr<model::state_migration>> ask_by_length(const model::state_change& c) {
  if (c.part == model::state_part::value && c.was.value->text() == "text: utf8")
    return std::unique_ptr<model::state_migration>(std::make_unique<by_length>());
  return base::plugin_error("only texts");
}

}  // namespace weir::state::test
