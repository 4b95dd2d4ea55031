#include "supervisor/verdict.hpp"

#include <cstring>

#include "base/cat.hpp"

namespace weir::supervisor {
namespace {

using base::cat;

/// Would the same happen again? What a person, the pipeline file or a record caused stays as it is; what the outside or
/// native code did may pass.
bool may_pass(const base::error& why) {
  switch (why.by) {
    case base::blame::config:
    case base::blame::data:
      return why.how != base::retry::never;
    case base::blame::external:
      return why.how != base::retry::never;
    case base::blame::plugin:
    case base::blame::host:
      break;
  }
  return true;
}

std::string how_it_died(const report_reader& told, const os::process_change& became) {
  if (became.what == os::process_change::kind::killed) {
    if (told.crash) return cat("the worker crashed: ", told.crash->text());
    std::string text = cat("the worker was killed by signal ", became.number, " (", ::strsignal(became.number), ")");
    if (became.number == SIGKILL) text += ": by hand, or by the kernel for want of memory (see the kernel log)";
    return text;
  }
  if (told.crash) return cat("the worker ended: ", told.crash->text());
  return cat("the worker ended with exit code ", became.number, " and without a word: a plugin ended the process");
}

}  // namespace

verdict judge(const report_reader& told, const os::process_change& became, const std::string& killed_because) {
  verdict v;
  if (!told.ended) {
    v.over = false;
    v.why = killed_because.empty() ? how_it_died(told, became) : killed_because;
    return v;
  }
  const ended_report& end = *told.ended;
  v.code = end.code;
  v.output = end.output;
  if (end.why) v.why = end.why->text();
  switch (end.how) {
    case ended_report::state::finished:
      v.status = run_status::finished;
      break;
    case ended_report::state::drained:
    case ended_report::state::stopped:
      v.status = run_status::stopped;
      break;
    case ended_report::state::cancelled:
      v.status = run_status::cancelled;
      break;
    case ended_report::state::failed:
      v.over = !end.why || !may_pass(*end.why);
      break;
    case ended_report::state::refused:
      break;
  }
  return v;
}

}  // namespace weir::supervisor
