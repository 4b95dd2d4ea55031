// A plugin's call back into its host: may it be made now, and what has to be passed on.
#ifndef WEIR_TESTING_CHECK_ENTER_HPP
#define WEIR_TESTING_CHECK_ENTER_HPP

#include "check_state.hpp"

namespace weir::test::check {

// The subtask behind a context, when the call may be made now; null: it was reported and must not reach the host.
inline subtask* enter(weir_context* c, const char* call) {
  auto* s = reinterpret_cast<subtask*>(c);
  if (s->destroyed) {
    s->blame("call", call, "the context of a destroyed instance is used");
    return nullptr;
  }
  if (this_thread() != s->thread.load(std::memory_order_relaxed)) {
    s->blame("thread", call, "it is called from another thread than the subtask's own");
    return nullptr;
  }
  if (!s->call.load(std::memory_order_relaxed)) {
    s->blame("call", call, "it is called while no call of the host is running: nothing may be done after the return");
    return nullptr;
  }
  return s;
}
// Remembers an error that the plugin has to pass on.
inline weir_code noted(subtask* s, const char* call, weir_code code) {
  if (code < 0) s->host_error = code, s->host_call = call;
  return code;
}
inline weir_code refused(subtask* s, const char* call) {
  s->host_error = WEIR_E_CONTRACT;
  s->host_call = call;
  return WEIR_E_CONTRACT;
}
// Must be the batch of the call that runs.
inline bool batch_known(subtask* s, const weir_batch* b, const char* call) {
  if (b == &s->batch && s->batch_real) return true;
  s->blame("call", call, "the batch is not the one of the call that is running");
  return false;
}

}  // namespace weir::test::check
#endif  // WEIR_TESTING_CHECK_ENTER_HPP
