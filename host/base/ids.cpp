#include "base/ids.hpp"

#include "base/text.hpp"

namespace weir::base {

bool is_id(std::string_view text) noexcept {
  if (text.empty() || text.size() > 64) return false;
  auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (!alnum(text.front())) return false;
  for (const char c : text)
    if (!alnum(c) && c != '.' && c != '_' && c != '-') return false;
  return true;
}

result<void> check_id(std::string_view text, std::string_view kind) {
  if (is_id(text)) return {};
  return config_error(cat(quoted(text, 80), " is not a name for ", kind.find_first_of("aeiou") == 0 ? "an " : "a ",
                          kind, ": use 1 to 64 of a-z 0-9 . _ - and begin with a letter or digit"));
}

result<port_ref> parse_port_ref(std::string_view text) {
  const std::size_t colon = text.find(':');
  port_ref ref{std::string(text.substr(0, colon)), {}};
  WEIR_TRY(check_id(ref.node, "node"));
  if (colon != std::string_view::npos) {
    ref.port = text.substr(colon + 1);
    WEIR_TRY(check_id(ref.port, "port"));
  }
  return ref;
}

}  // namespace weir::base
