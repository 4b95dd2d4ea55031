#include "task/chain.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "base/fault_point.hpp"
#include "base/seeded_bug.hpp"
#include "task/ordered_input.hpp"

namespace weir::task {

std::uint32_t chain::add(std::shared_ptr<const op::spec> what) {
  const auto number = static_cast<std::uint32_t>(nodes_.size());
  auto made = std::make_unique<member>();
  made->what = std::move(what);
  made->out.owner = this;
  made->out.number = number;
  made->out.routes.resize(made->what->outputs.size() + 1);
  made->port_count = static_cast<std::uint32_t>(made->what->keys.size());
  if (made->what->op) {
    made->instance =
        std::make_unique<op::instance>(*made->what, subtask_, table_, made->out, failure_, env_, &made->counters);
    if (!made->what->states.empty() || !made->what->timers.empty()) {
      made->state = std::make_unique<keyed_state>(*made->what, subtask_, env_);
      made->instance->use(made->state.get());
      has_state_ = true;
      for (const auto& family : made->what->timers)
        has_processing_timers_ = has_processing_timers_ || family.time_kind == WEIR_TIMER_PROCESSING_TIME;
    }
  } else {
    WEIR_CHECK(number == 0, "a source inside a chain");
  }
  nodes_.push_back(std::move(made));
  return number;
}

void chain::serve(prepared_source& source, op::split_listener& splits) {
  member& head = *nodes_[0];
  source.serve(head.out, failure_, splits);
  if (head.source) source.context->watermark = head.source->watermark;
  head.source = source.context.get();
  head.what = source.what;
}

void chain::stamp(std::uint32_t number, source::stamp_rule rule, source::split_watermarks* watermarks) {
  member& n = *nodes_[number];
  n.watermarks = watermarks;
  source::stamp_rule side = rule;
  side.time_column = side.trace_id_column = side.source_id_column = source::no_column;
  n.main_stamper.emplace(std::move(rule));
  n.side_stamper.emplace(std::move(side));
}

void chain::connect(std::uint32_t from, std::uint32_t output, std::uint32_t to_node, std::uint32_t to_port) {
  WEIR_CHECK(to_node > from, "a chain that goes back");
  nodes_[from]->out.routes[output].nodes.push_back({to_node, to_port});
}

void chain::connect(std::uint32_t from, std::uint32_t output, std::unique_ptr<exchange::writer> writer) {
  nodes_[from]->out.routes[output].writers.push_back(writer.get());
  writers_.push_back(std::move(writer));
}

const op::counters& chain::counts(std::uint32_t number) const { return nodes_[number]->counters; }

bool chain::create() {
  // The clocks stand where they stood before anybody asks: a window that begins knows which ones have fired.
  for (auto& n : nodes_)
    if (n->restored && n->instance && !base::seeded_bug("forget_clocks"))
      n->instance->set_watermark(n->restored->watermark_us);
  for (auto& n : nodes_)
    if (n->instance && !n->instance->create()) return false;
  for (auto& n : nodes_) {
    if (n->restored && !restore(*n)) return false;
    // A fresh start: what earlier runs left unfinished outside is removed.
    if (!restores_ && n->instance && n->instance->two_phase() && !n->instance->recover(0, {})) return false;
  }
  return true;
}

bool chain::restore(member& n) {
  const node_restore from = *std::exchange(n.restored, std::nullopt);
  op::counters& counts = n.counters;
  counts.records_in = from.counts.records_in, counts.batches_in = from.counts.batches_in,
  counts.bytes_in = from.counts.bytes_in;
  counts.records_out = from.counts.records_out, counts.batches_out = from.counts.batches_out;
  counts.bytes_out = from.counts.bytes_out;
  counts.late = from.counts.late, counts.dead_letters = from.counts.dead_letters, counts.skipped = from.counts.skipped;
  if (!n.instance) {
    n.source->watermark = from.watermark_us;
    return true;
  }
  if (from.load && n.state) {
    if (auto loaded = from.load(*n.state); !loaded) {
      failure_.set(std::move(loaded).why().in(base::cat("state of operator ", n.what->id, "/", subtask_)));
      return false;
    }
    base::fault_point("restore.state_loaded");
  }
  for (const std::string& saved : from.saved)
    if (!n.instance->restore(saved)) return false;
  if (!n.instance->two_phase()) return true;
  base::fault_point("restore.before_sink");
  for (const std::string& prepared : from.prepared)
    if (!n.instance->recover(from.cut, prepared)) return false;
  // Nothing was prepared by a sink in this place: what earlier runs left is still to be removed.
  if (from.prepared.empty() && !n.instance->recover(from.cut, {})) return false;
  base::fault_point("restore.sink_recovered");
  return true;
}

namespace {

model::batch_ref with_turn(const model::batch& of, std::int64_t turn_us) {
  model::facts f = of.facts();
  f.turn_us = turn_us;
  return model::with_facts(of, std::move(f));
}

}  // namespace

bool chain::router::collect(std::uint32_t port, const model::batch_ref& batch) {
  chain::member& from = *owner->nodes_[number];
  if (from.beside) [[unlikely]]
    from.beside->gave(port, batch);
  if (from.main_stamper && port < from.what->outputs.size()) return owner->stamp_and_hand_on(from, port, batch);
  return owner->hand_on(routes[port], owner->turn_us_ == WEIR_TIME_MIN ? batch : with_turn(*batch, owner->turn_us_));
}

bool chain::stamp_and_hand_on(member& from, std::uint32_t port, const model::batch_ref& batch) {
  auto stamped = (port == 0 ? *from.main_stamper : *from.side_stamper).stamp(batch);
  for (const std::uint32_t row : stamped.timeless) {
    static constexpr std::string_view why = "the event time field is null";
    if (from.instance) {
      if (!from.instance->dead_letter(*batch, row, why)) return false;
      continue;
    }
    base::error refused;
    if (from.source->dead.add(batch.get(), row, WEIR_E_DATA, why, {}, &refused) != WEIR_OK) {
      failure_.set(std::move(refused).in("source " + from.what->id));
      return false;
    }
  }
  if (!stamped.batch) return !failure_.failed();
  if (from.watermarks) {
    const std::uint32_t split = stamped.batch->facts().split;
    from.watermarks->observe(split, stamped.newest_us);
    if (step_us_ > 0) {
      std::int64_t& at = from.in_turn.try_emplace({port, split}, model::watermark_merge::none).first->second;
      at = std::max(at, from.watermarks->settled(split));
      return hand_out_in_turns(from.out.routes[port], stamped.batch, at, from.watermarks->bound_us());
    }
  }
  return hand_on(from.out.routes[port], stamped.batch);
}

/// A row that is late in its own split takes its turn in the step that the split's watermark was in when it came: where that
/// is depends on the split alone. What another port of the source has emitted in the same poll does not count: its batch holds
/// what came behind this row, too.
bool chain::hand_out_in_turns(const route& to, const model::batch_ref& batch, std::int64_t& watermark_us,
                              std::int64_t bound_us) {
  const std::int64_t* times = batch->view().event_time;
  if (!times) return hand_on(to, batch);
  std::map<std::int64_t, std::vector<std::uint32_t>> late;
  std::vector<std::uint32_t> in_time;
  for (std::int64_t i = 0; i < batch->row_count(); ++i) {
    const std::uint32_t row = batch->row(i);
    const std::int64_t open =
        watermark_us == model::watermark_merge::none ? WEIR_TIME_MIN : step_of(watermark_us + 1, step_us_);
    if (times[row] < open)
      late[open].push_back(row);
    else
      in_time.push_back(row);
    watermark_us =
        std::max(watermark_us, times[row] < INT64_MIN + 1 + bound_us ? INT64_MIN : times[row] - bound_us - 1);
  }
  if (late.empty()) return hand_on(to, batch);
  for (const auto& [turn, rows] : late)
    if (!hand_on(to, with_turn(*model::select_rows(*batch, rows), turn))) return false;
  return in_time.empty() || hand_on(to, model::select_rows(*batch, in_time));
}

bool chain::hand_on(const route& to, const model::batch_ref& batch) {
  for (exchange::writer* w : to.writers) w->write(batch);
  for (const target& t : to.nodes)
    if (!process(*nodes_[t.at], t.port, batch)) return false;
  return !failure_.failed();
}

bool chain::process(member& n, std::uint32_t port, const model::batch_ref& batch) {
  if (!n.process(port, batch)) return false;
  beside(n, [&](shadow& s) { s.process(port, batch); });
  return true;
}

bool chain::push(std::uint32_t number, std::uint32_t port, const model::batch_ref& batch) {
  return process(*nodes_[number], port, batch);
}

bool chain::advance(std::int64_t watermark_us) {
  for (auto& n : nodes_) {
    if (n->instance) {
      if (!n->advance(watermark_us)) return false;
      beside(*n, [&](shadow& s) { s.advance(watermark_us); });
    } else {
      n->source->watermark = watermark_us;
      n->counters.watermark_us.store(watermark_us, std::memory_order_relaxed);
    }
  }
  for (auto& w : writers_) w->control(model::watermark{watermark_us, model::activity::active});
  return true;
}

bool chain::advance_in_steps(std::int64_t watermark_us) {
  const auto last_of = [&](std::int64_t step) {
    return step > INT64_MAX - step_us_ ? INT64_MAX - 1 : step + step_us_ - 1;
  };
  const keyed_state* state = nodes_[0]->state.get();
  const auto at = [&] { return nodes_[0]->instance->watermark(); };
  const auto due = [&] {
    const std::int64_t next = state ? state->next_timer(WEIR_TIMER_EVENT_TIME) : INT64_MAX;
    return next != INT64_MAX && next <= watermark_us && at() < watermark_us;
  };
  while (due()) {
    // A timer for a time that has passed fires in the step that is open now.
    const std::int64_t open = at() == INT64_MIN ? INT64_MIN : step_of(at() + 1, step_us_);
    const std::int64_t step = std::max(step_of(state->next_timer(WEIR_TIMER_EVENT_TIME), step_us_), open);
    turn_us_ = step;
    if (!advance(std::min(last_of(step), watermark_us))) return false;
  }
  turn_us_ = at() == INT64_MIN ? INT64_MIN : step_of(at() + 1, step_us_);
  return at() >= watermark_us || advance(watermark_us);
}

void chain::tell_status(model::activity status) {
  const std::int64_t at = nodes_[0]->instance ? nodes_[0]->instance->watermark() : nodes_[0]->source->watermark;
  for (auto& w : writers_) w->control(model::watermark{at, status});
}

bool chain::end_of_head_port(std::uint32_t port) {
  if (!is_end(*nodes_[0]->instance)) return true;
  if (!nodes_[0]->end_of_port(port)) return false;
  beside(*nodes_[0], [&](shadow& s) { s.end_of_port(port); });
  return true;
}

bool chain::finish() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    op::instance* at = nodes_[i]->instance.get();
    if (!at) continue;
    // The head was told of each port when its channels ended.
    for (std::uint32_t port = 0; i > 0 && is_end(*at) && port < nodes_[i]->port_count; ++port) {
      if (!nodes_[i]->end_of_port(port)) return false;
      beside(*nodes_[i], [&](shadow& s) { s.end_of_port(port); });
    }
    if (!nodes_[i]->flush()) return false;
    beside(*nodes_[i], [](shadow& s) { s.flush(); });
  }
  for (auto& w : writers_) w->control(model::message::end());
  return true;
}

bool chain::fire_processing_timers(std::int64_t now_us) {
  for (auto& n : nodes_) {
    if (!n->state) continue;
    if (!n->fire_processing_timers(now_us)) return false;
    beside(*n, [&](shadow& s) { s.fire_processing_timers(now_us); });
  }
  return true;
}

std::int64_t chain::next_processing_timer() const {
  std::int64_t next = INT64_MAX;
  if (!has_processing_timers_) return next;
  for (const auto& n : nodes_) {
    if (n->state) next = std::min(next, n->instance->next_processing_timer());
    if (n->beside) next = std::min(next, n->beside->next_processing_timer());
  }
  return next;
}

bool chain::cut(task_cut& into, bool store) {
  into.nodes.resize(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    member& n = *nodes_[i];
    node_cut& to = into.nodes[i];
    if (n.instance) {
      if (!n.flush()) return false;
      beside(n, [](shadow& s) { s.flush(); });
      if (!n.instance->save(&to.saved)) return false;
      if (n.second && !n.second->serving_share().save(&to.saved_by_new)) return false;
      if (n.instance->two_phase()) {
        std::string prepared;
        if (!n.instance->prepare(into.cut, &prepared)) return false;
        to.prepared = std::move(prepared);
        base::fault_point("sink.prepared");
      }
      const bool forks = n.beside && n.beside->waits();
      if (n.state && store) n.state->cut(all_ || forks);
      if (forks) n.beside->begin(to.saved, n.instance->watermark(), n.state && store);
    }
    to.watermark_us = n.instance ? n.instance->watermark() : n.source->watermark;
    const op::counters& c = n.counters;
    to.counts = {c.records_in.load(std::memory_order_relaxed),  c.batches_in.load(std::memory_order_relaxed),
                 c.bytes_in.load(std::memory_order_relaxed),    c.records_out.load(std::memory_order_relaxed),
                 c.batches_out.load(std::memory_order_relaxed), c.bytes_out.load(std::memory_order_relaxed),
                 c.late.load(std::memory_order_relaxed),        c.dead_letters.load(std::memory_order_relaxed),
                 c.skipped.load(std::memory_order_relaxed)};
  }
  return true;
}

void chain::pass_barrier(model::barrier b) {
  for (auto& w : writers_) w->control(b);
}

void chain::capture(std::size_t about_bytes, bool* more, const std::function<void(std::uint32_t, std::string)>& give) {
  *more = false;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    keyed_state* state = nodes_[i]->state.get();
    if (!state || !state->capturing()) continue;
    std::string block;
    state->capture(about_bytes, block);
    if (shadow* s = nodes_[i]->beside.get(); s && s->forking()) {
      if (!block.empty()) s->load(block);
      if (!state->capturing()) s->loaded();
    }
    if (!block.empty()) give(i, std::move(block));
    *more = *more || state->capturing();
    if (*more) return;  // one slice at a time
  }
}

void chain::abandon_state() {
  for (auto& n : nodes_) {
    if (n->state) n->state->abandon();
    beside(*n, [](shadow& s) { s.fork_failed(); });
  }
}

op::instance& chain::who_prepared(std::uint32_t node, std::uint64_t cut) {
  for (const retired& r : retired_)
    if (r.at == node && cut <= r.last_cut) return *r.instance;
  return *nodes_[node]->instance;
}

bool chain::settle(const task_cut& of, bool committed) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const auto& prepared = of.nodes[i].prepared;
    if (!prepared) continue;
    op::instance& at = who_prepared(static_cast<std::uint32_t>(i), of.cut);
    if (committed && base::seeded_bug("skip_commit")) continue;
    if (committed) base::fault_point("sink.before_commit");
    if (!(committed ? at.commit(of.cut, *prepared) : at.abort(of.cut, *prepared))) return false;
    if (committed) base::fault_point("sink.committed");
  }
  return true;
}

void chain::close() {
  let_go();
  for (auto& n : nodes_) {
    n->beside.reset();
    n->second.reset();
    if (n->instance) n->instance->close();
  }
}

void chain::attach(std::unique_ptr<shadow> what) {
  if (what->over()) return;
  has_shadows_ = true;
  auto& held = nodes_[what->at()]->beside;
  held = std::move(what);
}

void chain::look_at_shadows() {
  for (auto& n : nodes_) beside(*n, [](shadow&) {});
}

bool chain::follow_shadows() {
  if (!has_shadows_) return false;
  bool any = false;
  has_shadows_ = false;
  for (auto& n : nodes_) {
    beside(*n, [&](shadow& s) { any = s.catch_up() || any; });
    has_shadows_ = has_shadows_ || n->beside;
  }
  return any;
}

base::result<std::unique_ptr<prepared_node>> chain::prepare(std::uint32_t number, std::shared_ptr<const op::spec> what,
                                                            std::int64_t watermark_us) {
  auto made = std::make_unique<prepared_node>();
  made->at = number;
  made->what = std::move(what);
  made->out.failure = &made->failure;
  made->made = std::make_unique<op::instance>(*made->what, subtask_, table_, made->out, made->failure, env_,
                                              &nodes_[number]->counters);
  if (const member& n = *nodes_[number]; n.state)
    made->becomes = WEIR_TRY(keyed_state::evolution_of(*n.what, made->what, subtask_));
  // Where the clock is about; it is told the rest when it serves.
  made->made->set_clock(watermark_us);
  if (!made->made->create()) return made->failure.why();
  if (made->made->two_phase() && !made->made->hands_over())
    return base::plugin_error(
        base::cat("operator ", made->what->id, " takes part in commits: it cannot be exchanged while it runs"));
  return made;
}

bool chain::exchange(std::vector<std::unique_ptr<prepared_node>> with, const task_cut& at) {
  for (auto& next : with) {
    member& n = *nodes_[next->at];
    const std::int64_t clock = n.instance->watermark();
    next->failure.become(failure_);
    next->out.to = &n.out;
    if (next->becomes) {
      if (auto done = n.state->evolve(std::move(next->becomes)); !done) {
        failure_.set(std::move(done).why().in(base::cat("state of operator ", next->what->id, "/", subtask_)));
        return false;
      }
      has_evolutions_ = true;
    }
    if (n.state) next->made->use(n.state.get());
    const node_cut& was = at.nodes[next->at];
    for (const auto* saved : {&was.saved, &was.saved_by_new})
      if (*saved && !next->made->restore(**saved)) return false;
    if (next->made->hands_over() && !next->made->take_over(at.cut, at.nodes[next->at].prepared.value_or("")))
      return false;
    // The clock has gone on since it was created.
    if (!next->made->advance(clock)) return false;
    next->made->set_watermark(clock);
    n.second.reset();
    retired_.push_back({std::move(n.what), std::move(n.prepared), std::move(n.instance), next->at, at.cut});
    n.beside.reset();  // whose old version it was compared with is no more
    n.what = next->what;
    n.instance = std::move(next->made);
    n.prepared = std::move(next);
  }
  return true;
}

void chain::let_go() { retired_.clear(); }

bool chain::evolve_some(std::size_t most) {
  if (!has_evolutions_) return false;
  for (auto& n : nodes_) {
    if (!n->state) continue;
    auto did = n->state->evolve_some(most);
    if (!did) {
      failure_.set(std::move(did).why().in(base::cat("state of operator ", n->what->id, "/", subtask_)));
      return false;
    }
    if (*did) return true;
  }
  return false;
}

bool chain::evolve_rest(std::uint32_t node) {
  member& n = *nodes_[node];
  if (!has_evolutions_ || !n.state) return true;
  if (auto done = n.state->evolve_rest(); !done) {
    failure_.set(std::move(done).why().in(base::cat("state of operator ", n.what->id, "/", subtask_)));
    return false;
  }
  return true;
}

bool chain::evolve_rest() {
  for (std::uint32_t i = 0; i < nodes_.size(); ++i)
    if (!evolve_rest(i)) return false;
  return true;
}

bool chain::has_room() {
  bool room = true;
  for (auto& w : writers_) room = w->has_room() && room;
  return room;
}

}  // namespace weir::task
