// The play around a two-phase sink, and the oracle.
#include "weir/test/two_phase.hpp"

#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <random>

namespace weir::test {
namespace {

constexpr std::size_t lanes = 6;
// Of each lane, the rows before this one.
using positions = std::array<std::int64_t, lanes>;

struct complete_cut {
  std::uint64_t number = 0;
  std::vector<cut_image> of;  // by subtask
  positions at{};
};

// A subtask of the sink.
using subtask = table_harness<two_phase_row>;
using workers = std::vector<std::unique_ptr<subtask>>;

class play {
 public:
  play(const two_phase_subject& s, const two_phase_plan& p) : subject_(s), plan_(p), random_(p.seed) {}

  std::string run() {
    try {
      start();
      for (int i = 0; i < plan_.steps; ++i) {
        if (chance(5)) wake_zombies();
        step();
        look("after it");
      }
      end();
    } catch (const wrong& w) {
      return told(w.what);
    } catch (const std::exception& e) {
      return told(std::string{"a call failed: "} + e.what());
    }
    return {};
  }

 private:
  struct wrong {
    std::string what;
  };
  std::string told(const std::string& what) const {
    std::string out = what + "\nseed " + std::to_string(plan_.seed) + ", steps:";
    for (const auto& line : history_) out += "\n  " + line;
    return out;
  }
  void note(std::string line) { history_.push_back(std::move(line)); }
  std::uint64_t dice(std::uint64_t sides) { return random_() % sides; }
  bool chance(int percent) { return dice(100) < static_cast<std::uint64_t>(percent); }

  // ---- The workers.
  void make(std::uint32_t parallelism) {
    for (std::uint32_t i = 0; i < parallelism; ++i)
      running_.push_back(std::make_unique<subtask>(
          *subject_.sink, subject_.options, keys{},
          setting{.subtask = i, .parallelism = parallelism, .checkpoint_interval = std::chrono::seconds{1}}));
  }
  std::uint32_t some_parallelism() { return 1 + static_cast<std::uint32_t>(dice(subject_.parallelism_max)); }

  // Begins at the last durable cut. A crash in the middle of it begins again.
  void start() {
    for (;;) {
      const std::uint32_t parallelism = some_parallelism();
      note("start with " + std::to_string(parallelism) +
           (durable_ ? " subtasks from cut " + std::to_string(durable_->number) : " subtasks afresh"));
      make(parallelism);
      sent_ = durable_ ? durable_->at : positions{};
      // Other subtasks of the worker may be at work already when one is still recovering; none is here, calls of one go first.
      const std::size_t fail_at = chance(plan_.crashes / 2) ? dice(parallelism + 1) : SIZE_MAX;
      bool crashed = false;
      for (std::uint32_t i = 0; i < parallelism && !crashed; ++i) {
        crashed = i == fail_at;
        if (!crashed) recover(*running_[i], i, parallelism);
      }
      if (crashed || fail_at == parallelism) {
        crash("while it recovers");
        continue;
      }
      if (durable_) committed_ = durable_->at;
      // A host counts on behind the cut, whatever was tried before; or behind everything that was tried.
      next_cut_ = chance(50) && durable_ ? durable_->number + 1 : newest_tried_ + 1;
      if (!durable_) next_cut_ = newest_tried_ + 1;
      return;
    }
  }
  void recover(subtask& s, std::uint32_t number, std::uint32_t parallelism) {
    const int times = chance(20) ? 2 : 1;
    for (int again = 0; again < times; ++again) {
      bool any = false;
      for (std::size_t old = number; durable_ && old < durable_->of.size(); old += parallelism) {
        s.recover(durable_->number, durable_->of[old].prepared.value_or(""));
        any = true;
      }
      if (!any) s.recover(durable_ ? durable_->number : 0, {});
    }
  }
  void crash(const std::string& when) {
    note("crash " + when);
    if (plan_.zombies && chance(50))
      for (std::size_t i = 0; i < running_.size(); ++i) {
        zombies_.push_back({std::move(running_[i]), {}});
        if (pending_ && pending_durable_) zombies_.back().cut = pending_->of[i];
      }
    running_.clear();
    pending_.reset();
  }

  // ---- The steps.
  void step() {
    const auto what = dice(100);
    if (what < static_cast<std::uint64_t>(plan_.crashes)) {
      crash("between two calls");
      start();
    } else if (what < 60) {
      process();
    } else if (pending_) {
      settle();
    } else {
      cut();
    }
  }
  void process() {
    std::size_t all = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      if (chance(40)) continue;
      std::vector<std::string> texts;
      for (std::size_t i = 1 + dice(plan_.rows_max); i > 0; --i)
        texts.push_back(std::to_string(lane) + ":" + std::to_string(sent_[lane]++) + "\n");
      std::vector<two_phase_row> rows;
      for (const auto& t : texts) rows.push_back({t});
      auto& s = *running_[lane % running_.size()];
      s.batch_size = 1 + dice(8);
      s.push_all(rows);
      all += rows.size();
    }
    note("process " + std::to_string(all) + " rows");
  }
  void cut() {
    complete_cut c;
    c.number = next_cut_++;
    newest_tried_ = std::max(newest_tried_, c.number);
    c.at = sent_;
    note("cut " + std::to_string(c.number));
    const std::size_t fail_at = chance(plan_.crashes / 2) ? dice(running_.size()) : SIZE_MAX;
    for (std::size_t i = 0; i < running_.size(); ++i) {
      if (i == fail_at) {
        crash("when " + std::to_string(i) + " subtasks have prepared it");
        return start();
      }
      c.of.push_back(prepare(*running_[i], c.number));
    }
    pending_ = std::move(c);
    pending_durable_ = false;
  }
  static cut_image prepare(subtask& s, std::uint64_t number) {
    s.next_cut(number);
    return s.cut();
  }
  // The cut that waits becomes durable, is committed, or is given up.
  void settle() {
    if (!pending_durable_ && chance(25)) {
      note("give up cut " + std::to_string(pending_->number));
      for (std::size_t i = 0; i < running_.size(); ++i) running_[i]->abort(pending_->of[i]);
      pending_.reset();
      return;
    }
    if (!pending_durable_) {
      note("cut " + std::to_string(pending_->number) + " is durable");
      durable_ = pending_;
      pending_durable_ = true;
      if (chance(30)) return;  // the commit comes after more records
    }
    note("commit cut " + std::to_string(pending_->number));
    const std::size_t fail_at = chance(plan_.crashes / 2) ? dice(running_.size()) : SIZE_MAX;
    for (std::size_t i = 0; i < running_.size(); ++i) {
      if (i == fail_at) {
        crash("when " + std::to_string(i) + " subtasks have committed it");
        return start();
      }
      running_[i]->commit(pending_->of[i]);
      if (chance(15)) running_[i]->commit(pending_->of[i]);
    }
    committed_ = pending_->at;
    pending_.reset();
  }
  // What workers do that were stopped, were replaced, and go on: they were told that their cut is durable.
  void wake_zombies() {
    if (!zombies_.empty()) note("workers that were replaced go on");
    for (auto& z : zombies_) {
      if (!z.cut) continue;
      try {
        z.worker->commit(*z.cut);
      } catch (const call_failed&) {  // it may well be refused
      }
    }
    zombies_.clear();
  }
  void end() {
    if (pending_ && chance(50)) settle();
    if (pending_) {
      crash("before the end");
      start();
    }
    note("the end");
    for (auto& s : running_) s->end();
    complete_cut last;
    last.number = next_cut_++;
    last.at = sent_;
    for (auto& s : running_) last.of.push_back(prepare(*s, last.number));
    durable_ = last;
    if (chance(30)) {
      crash("behind the last cut");
      start();
    } else {
      for (std::size_t i = 0; i < running_.size(); ++i) running_[i]->commit(last.of[i]);
    }
    committed_ = last.at;
    ended_ = true;
    look("at the end");
    wake_zombies();
    look("when old workers have woken up");
    running_.clear();
    if (!subject_.at_end) return;
    if (auto left = subject_.at_end(); !left.empty()) throw wrong{"at the end: " + left};
  }

  // ---- The oracle.
  void look(const std::string& when) {
    std::array<std::vector<bool>, lanes> seen;
    for (const auto& stream : subject_.visible()) {
      positions next{};
      for (const std::string& row : stream) see(row, when, next, seen);
    }
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const bool shown = subject_.visible_at_cuts || ended_;
      const std::int64_t must = shown ? committed_[lane] : 0;
      const std::int64_t may = !shown ? 0 : durable_ ? std::max(durable_->at[lane], must) : 0;
      const auto there = static_cast<std::int64_t>(seen[lane].size());
      const std::string of = when + ": of lane " + std::to_string(lane) + " ";
      for (std::size_t i = 0; i < seen[lane].size(); ++i)
        if (!seen[lane][i])
          throw wrong{of + "row " + std::to_string(there - 1) + " is visible, but not row " + std::to_string(i)};
      if (there < must)
        throw wrong{of + std::to_string(there) + " rows are visible, but " + std::to_string(must) + " are committed"};
      if (there > may)
        throw wrong{of + std::to_string(there) + " rows are visible, but no complete cut has more than " +
                    std::to_string(may)};
    }
  }
  static void see(const std::string& row, const std::string& when, positions& next,
                  std::array<std::vector<bool>, lanes>& seen) {
    std::size_t lane = lanes;
    std::int64_t number = -1;
    const auto colon = std::min(row.find(':'), row.size());
    std::from_chars(row.data(), row.data() + colon, lane);
    if (colon < row.size()) std::from_chars(row.data() + colon + 1, row.data() + row.size(), number);
    if (lane >= lanes || number < 0) throw wrong{when + ": the row '" + row + "' was never given to the sink"};
    const std::string of = when + ": of lane " + std::to_string(lane) + " row " + std::to_string(number);
    auto& rows = seen[lane];
    if (rows.size() <= static_cast<std::size_t>(number)) rows.resize(static_cast<std::size_t>(number) + 1);
    if (rows[static_cast<std::size_t>(number)]) throw wrong{of + " is there twice"};
    rows[static_cast<std::size_t>(number)] = true;
    if (number < next[lane]) throw wrong{of + " comes behind row " + std::to_string(next[lane] - 1)};
    next[lane] = number + 1;
  }

  struct zombie {
    std::unique_ptr<subtask> worker;
    std::optional<cut_image> cut;  // it has still to be committed
  };

  const two_phase_subject& subject_;
  const two_phase_plan& plan_;
  std::mt19937_64 random_;
  std::vector<std::string> history_;
  workers running_;
  std::vector<zombie> zombies_;
  positions sent_{}, committed_{};
  std::uint64_t next_cut_ = 1, newest_tried_ = 0;
  std::optional<complete_cut> durable_, pending_;
  bool pending_durable_ = false, ended_ = false;
};
}  // namespace

std::string check_two_phase_of(const two_phase_subject& subject, const two_phase_plan& plan) {
  return play{subject, plan}.run();
}
}  // namespace weir::test
