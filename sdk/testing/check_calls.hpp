// The two halves of the checker: the host's calls into a plugin, and the table that the plugin calls back.
#ifndef WEIR_TESTING_CHECK_CALLS_HPP
#define WEIR_TESTING_CHECK_CALLS_HPP

#include "check_state.hpp"
#include "weir/ext/draft/handover.h"
#include "weir/ext/draft/report.h"
#include "weir/ext/draft/snapshot.h"
#include "weir/ext/draft/timers.h"
#include "weir/ext/draft/two_phase.h"

namespace weir::test::check {

// The host's table as a checked plugin sees it, one for all.
const weir_host& checked_host();
// Its optional interfaces; those that are not known here would be given this file's contexts, so they are hidden.
const void* checked_extension(const char* id);

// The calls of weir_operator and weir_source.
weir_code bind(component& c, const weir_host* host, weir_bind* real, void** plan);
void unbind(component& c, void* p);
weir_code create(component& c, const weir_host* host, weir_context* real, const void* p, void** self);
void destroy(component& c, void* self);
weir_code process(component& c, void* self, weir_context* real, const weir_batch* b);
weir_code on_watermark(component& c, void* self, weir_context* real, std::int64_t us);
weir_code end_of_port(component& c, void* self, weir_context* real, std::uint32_t port);
weir_code flush(component& c, void* self, weir_context* real);
weir_code discover(component& c, const weir_host* host, const void* p, weir_splits* real);
weir_code open_split(component& c, void* self, weir_context* real, std::uint32_t split, weir_view id,
                     weir_view position);
weir_code close_split(component& c, void* self, weir_context* real, std::uint32_t split);
weir_code poll(component& c, void* self, weir_context* real, std::int64_t wait_us);
weir_code position(component& c, void* self, weir_context* real, std::uint32_t split, weir_bytes* out);
weir_code on_committed(component& c, void* self, weir_context* real, std::uint32_t split, weir_view at);
// The component's optional interfaces. Table: weir_report, weir_snapshot, weir_two_phase, weir_handover, weir_timers; null: it has
// none.
template <class Table>
const Table* offered(component& c, const char* id) {
  auto* f = c.op ? c.op->extension : c.source->extension;
  return f ? static_cast<const Table*>(f(id)) : nullptr;
}
weir_code on_timers(component& c, void* self, weir_context* real, std::uint32_t family, const weir_batch* fired);
weir_code save(component& c, void* self, weir_context* real, weir_bytes* out);
weir_code restore(component& c, void* self, weir_context* real, weir_view saved);
weir_code prepare(component& c, void* self, weir_context* real, std::uint64_t cut, weir_bytes* out);
weir_code commit(component& c, void* self, weir_context* real, std::uint64_t cut, weir_view prepared);
weir_code abort(component& c, void* self, weir_context* real, std::uint64_t cut, weir_view prepared);
weir_code recover(component& c, void* self, weir_context* real, std::uint64_t cut, weir_view prepared);
std::int32_t offers(component& c, const void* p);
weir_code take_over(component& c, void* self, weir_context* real, std::uint64_t cut, weir_view prepared);
weir_code report(component& c, void* self, weir_context* real, weir_figures* out,
                 void (*add)(weir_figures*, weir_view, std::uint64_t));
}  // namespace weir::test::check
#endif  // WEIR_TESTING_CHECK_CALLS_HPP
