#include "job/host_table.hpp"

#include <string>

#include "job/split_finder.hpp"
#include "operator/context.hpp"
#include "plugin/bind.hpp"

/// Bytes that a plugin hands over piece by piece.
struct weir_bytes {
  std::string text;
};

namespace weir::job {

const weir_host& host_table() {
  static const weir_host table = [] {
    weir_host t{};
    t.struct_size = sizeof t;
    t.abi_major = WEIR_ABI_MAJOR;
    t.abi_minor = WEIR_ABI_MINOR;
    t.extension = [](const char*) -> const void* { return nullptr; };
    t.append = [](weir_bytes* to, weir_view piece) { to->text.append(piece.data, piece.size); };
    plugin::fill_bind_slots(t);
    op::fill_context_slots(t);
    fill_split_slots(t);
    return t;
  }();
  return table;
}

}  // namespace weir::job
