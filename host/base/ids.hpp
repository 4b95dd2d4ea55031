#pragma once
// Names of pipelines, operators, plugins, ports: they become parts of paths, metric labels and state keys, so only
// [a-z0-9][a-z0-9._-]{0,63} is a name. "..", "/", NUL or an empty text never get this far.
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::base {

bool is_id(std::string_view text) noexcept;
/// Says what is wrong with `text` as the id of a `kind` ("operator", "plugin", ...).
result<void> check_id(std::string_view text, std::string_view kind);

/// One output of a node: "exposure" is its main port, "exposure:late" a side output.
struct port_ref {
  std::string node;
  std::string port;  ///< empty: the main port
  std::string text() const { return port.empty() ? node : node + ":" + port; }
  friend bool operator==(const port_ref&, const port_ref&) = default;
};
result<port_ref> parse_port_ref(std::string_view text);

/// The implicit port of every source and operator that carries what could not be processed.
inline constexpr std::string_view dead_letter_port = "dead_letter";

}  // namespace weir::base
