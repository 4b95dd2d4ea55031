// Names of plugin files, versions and constraints, as people write them.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plugin/catalog.hpp"
#include "plugin/version.hpp"

namespace {
void must(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::plugin;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto file = parse_file_name(text)) {
    must(!file->names.empty());
    for (const auto& name : file->names) must(is_plugin_name(name));
    must(file->version.empty() || version::parse(file->version));
  }
  if (const auto parsed = version::parse(text)) {
    const auto again = version::parse(parsed->text());
    must(again && *again == *parsed);
    must(matches(parsed->text(), *parsed) && is_constraint(parsed->text()));
  }
  must(is_constraint(text) || !matches(text, version{}) || text.empty());
  return 0;
}
