#include "job/host_table.hpp"

#include <cstring>

#include "job/split_finder.hpp"
#include "model/plugin_bytes.hpp"
#include "operator/context.hpp"
#include "plugin/bind.hpp"

namespace weir::job {
namespace {

const void* extension(const char* id) {
  struct tables {
    weir_state_host states{};
    weir_timers_host timers{};
    tables() {
      op::fill_state_slots(states);
      op::fill_timer_slots(timers);
      plugin::fill_declare_slots(states, timers);
    }
  };
  static const tables all;
  if (!id) return nullptr;
  if (std::strcmp(id, WEIR_EXT_STATE) == 0) return &all.states;
  if (std::strcmp(id, WEIR_EXT_TIMERS) == 0) return &all.timers;
  if (std::strcmp(id, WEIR_EXT_CUTS) == 0) return &plugin::cuts_table();
  return nullptr;
}

}  // namespace

const weir_host& host_table() {
  static const weir_host table = [] {
    weir_host t{};
    t.struct_size = sizeof t;
    t.abi_major = WEIR_ABI_MAJOR;
    t.abi_minor = WEIR_ABI_MINOR;
    t.extension = extension;
    t.append = model::append_bytes;
    plugin::fill_bind_slots(t);
    op::fill_context_slots(t);
    fill_split_slots(t);
    return t;
  }();
  return table;
}

}  // namespace weir::job
