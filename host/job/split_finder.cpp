#include "job/split_finder.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "base/cat.hpp"
#include "model/name_registry.hpp"
#include "operator/context.hpp"

namespace weir::job {
namespace {

constexpr std::int64_t first_pause_ns = 500'000'000;
constexpr std::int64_t longest_pause_ns = 10'000'000'000;
constexpr std::size_t splits_max = 100'000;

weir_code add_split(weir_splits* to, weir_view id) {
  if (to->ids.size() >= splits_max || id.size == 0 || id.size > 4096) return WEIR_E_CONTRACT;
  to->ids.emplace_back(id.data, id.size);
  return WEIR_OK;
}

void discover_again(weir_splits* to, std::int64_t after_us) { to->again_us = std::max<std::int64_t>(after_us, 1000); }

weir_code discover_error(weir_splits* to, weir_code code, weir_view why) {
  to->why.assign(why.data, std::min<std::size_t>(why.size, 4096));
  return code;
}

/// There is no context on this thread: what base::guarded would say through it ends in `found` instead.
weir_code discover(const weir_source& source, const weir_host& table, const void* plan, weir_splits& found) {
  try {
    return source.discover(&table, plan, &found);
  } catch (const std::exception& e) {
    found.why = base::cat("an exception left it across the C boundary: ", e.what());
  } catch (...) {
    found.why = "an exception left it across the C boundary: no std::exception";
  }
  return WEIR_E_PLUGIN;
}

std::string why_of(weir_code code, const weir_splits& found) {
  return found.why.empty() ? base::cat("code ", code, " without a reason") : found.why;
}

}  // namespace

void fill_split_slots(weir_host& table) {
  table.add_split = add_split;
  table.discover_again = discover_again;
  table.discover_error = discover_error;
}

split_finder::split_finder(base::env& env, const weir_host& table, std::string pipeline)
    : env_(env), table_(table), log_({.room = "job", .pipeline = std::move(pipeline)}) {}

split_finder::~split_finder() { stop(); }

void split_finder::add(std::shared_ptr<const op::spec> source, std::vector<task::source_task*> subtasks) {
  const std::string id = source->id;
  auto made = std::make_unique<one>(one{.source = std::move(source), .id = id});
  made->subtasks = std::move(subtasks);
  sources_.push_back(std::move(made));
}

void split_finder::restore(const std::string& source, std::vector<checkpoint::split_position> splits) {
  for (auto& s : sources_) {
    if (s->id != source) continue;
    for (auto& at : splits) s->restored.emplace(at.id, at);
  }
}

base::result<void> split_finder::knows_the_same(const op::spec& next) {
  weir_splits found;
  const weir_code code = discover(*next.source, table_, next.plan, found);
  const std::string where = base::cat("source ", next.id);
  if (code < 0) return base::external_error(base::cat("it cannot name its splits: ", why_of(code, found)), where);
  const std::unordered_set<std::string> named(found.ids.begin(), found.ids.end());
  std::lock_guard lock(mutex_);
  for (const auto& s : sources_) {
    if (s->id != next.id) continue;
    for (const std::string& id : s->known)
      if (!named.contains(id))
        return base::config_error(base::cat("split ", id, " is being read, and the new version does not name it"),
                                  where);
    if (s->done != (found.again_us < 0))
      return base::config_error("one version looks for new splits and the other does not", where);
    if (s->done && named.size() != s->known.size())
      return base::config_error("it names splits that are not being read", where);
  }
  return {};
}

void split_finder::exchange(std::shared_ptr<const op::spec> next) {
  std::lock_guard lock(mutex_);
  for (auto& s : sources_)
    if (s->id == next->id) s->source = next;
}

void split_finder::start(std::function<void(base::error)> failed) {
  begin(std::move(failed));
  thread_ = std::thread([this] { run(); });
}

void split_finder::stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::vector<std::string> split_finder::waiting() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& s : sources_)
    if (!s->named) all.push_back(base::cat(s->id, ": ", s->trouble.empty() ? "looking for its splits" : s->trouble));
  return all;
}

std::int64_t split_finder::step() {
  std::int64_t next = INT64_MAX;
  for (auto& s : sources_) {
    {
      std::lock_guard lock(mutex_);
      if (stop_) return INT64_MAX;
      if (s->done) continue;
    }
    if (env_.monotonic_ns() >= s->due_ns && !ask(*s)) return INT64_MAX;
    std::lock_guard lock(mutex_);
    if (!s->done) next = std::min(next, s->due_ns);
  }
  return next;
}

void split_finder::run() {
  for (;;) {
    const std::int64_t next = step();
    if (next == INT64_MAX) return;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::nanoseconds(std::max<std::int64_t>(next - env_.monotonic_ns(), 0)),
                      [&] { return stop_; });
    if (stop_) return;
  }
}

bool split_finder::ask(one& s) {
  weir_splits found;
  std::shared_ptr<const op::spec> asked;
  {
    std::lock_guard lock(mutex_);
    asked = s.source;
  }
  const weir_code code = discover(*asked->source, table_, asked->plan, found);
  if (code >= 0) {
    if (s.pause_ns > 0) log_.info("source can name its splits again", {{"operator", s.id}});
    s.pause_ns = 0;
    deal(s, found);
    return true;
  }
  const std::string why = why_of(code, found);
  const std::string what = base::cat("source ", s.id, " cannot name its splits: ", why);
  if (code == WEIR_E_CONFIG) {
    failed_(base::config_error(what));
    return false;
  }
  if (code != WEIR_E_EXTERNAL) {
    failed_(base::plugin_error(base::cat(what, " (plugin ", asked->plugin, " ", asked->version, ")"), {},
                               base::retry::never));
    return false;
  }
  s.pause_ns = s.pause_ns == 0 ? first_pause_ns : std::min(s.pause_ns * 2, longest_pause_ns);
  s.due_ns = env_.monotonic_ns() + s.pause_ns;
  {
    std::lock_guard lock(mutex_);
    s.trouble = why;
  }
  log_.warn(base::cat(what, "; it is asked again"), {{"operator", s.id}, {"pause_ms", s.pause_ns / 1'000'000}});
  return true;
}

void split_finder::deal(one& s, const weir_splits& found) {
  const bool final = found.again_us < 0;
  std::vector<std::vector<task::new_split>> parts(s.subtasks.size());
  for (const std::string& id : found.ids) {
    {
      std::lock_guard lock(mutex_);
      if (!s.known.insert(id).second) continue;
    }
    const std::uint32_t number = model::split_names().number(base::cat(s.id, "/", id));
    task::new_split split{number, id, {}, WEIR_TIME_MIN};
    if (const auto at = s.restored.find(id); at != s.restored.end()) {
      split.position = at->second.position;
      split.watermark_us = at->second.watermark_us;
      s.restored.erase(at);
    }
    parts[s.dealt++ % parts.size()].push_back(std::move(split));
  }
  // The first time all are told, also those that have none: until then they hold the clock of those behind them.
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (final || !s.named || !parts[i].empty()) s.subtasks[i]->assign(std::move(parts[i]), final);
  for (const auto& [id, at] : s.restored)
    log_.warn("a split of the snapshot is not there any more; what was not read of it will not be read",
              {{"operator", s.id}, {"split", id}});
  s.restored.clear();
  s.due_ns = final ? INT64_MAX : env_.monotonic_ns() + found.again_us * 1000;
  std::lock_guard lock(mutex_);
  s.done = final;
  s.named = final || !s.known.empty();
  if (!s.named) s.trouble = "it has no splits yet";
}

}  // namespace weir::job
