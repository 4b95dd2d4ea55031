// Declarations of states from short texts.
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

}  // namespace weir::state::test
