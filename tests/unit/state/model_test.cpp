// Random histories against plain maps: operations, cuts written in slices while work goes on, cuts that are given up,
// drops, timers, restores at another parallelism from which the history goes on; and versions that keep what they have in another form.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <tuple>

#include "declared.hpp"
#include "rows.hpp"
#include "state/divide.hpp"
#include "state/evolution.hpp"
#include "state/folder.hpp"

namespace weir::state {
namespace {

using namespace test;

constexpr std::uint32_t groups = 128;
enum : std::uint32_t { numbers, texts, lists, maps, state_count };

/// (state, name space, key) -> the value as text.
using entries = std::map<std::tuple<std::uint32_t, std::int64_t, std::string>, std::string>;
/// (family, time, key)
using timers = std::set<std::tuple<std::uint32_t, std::int64_t, std::string>>;

struct contents {
  entries values;
  timers set;
  friend bool operator==(const contents&, const contents&) = default;
};

std::string joined(const std::vector<std::string>& v) {
  std::string out;
  for (const std::string& s : v) out += s + ",";
  return out;
}
std::string joined(const std::map<std::string, std::string>& v) {
  std::string out;
  for (const auto& [k, x] : v) out += k + "=" + x + ",";
  return out;
}

/// The two forms of the states: in the second one numbers have one more and lie in another order, which the host converts, and
/// texts, elements, keys and values of maps have a sign in front, which the plugin of either version puts there and takes away.
enum : std::uint32_t { plain_form, signed_form };
std::vector<model::state_declaration> states_in(std::uint32_t form) {
  if (form == plain_form)
    return {value_of_longs("numbers", 2), texts_of("texts", WEIR_STATE_BYTES), texts_of("lists", WEIR_STATE_LIST),
            texts_of("maps", WEIR_STATE_MAP)};
  return {declared("numbers", WEIR_STATE_VALUE, "v1: int64, more: int64, v0: int64"),
          declared("texts", WEIR_STATE_BYTES, "sign: int64, text: binary"),
          declared("lists", WEIR_STATE_LIST, "sign: int64, text: binary"),
          declared("maps", WEIR_STATE_MAP, "sign: int64, text: binary", "signed_k: utf8")};
}
std::string in_form(std::uint32_t form, std::string_view value) {
  return (form == signed_form ? "#" : "") + std::string(value);
}
std::string out_of_form(std::uint32_t form, std::string value) {
  if (form == plain_form) return value;
  EXPECT_EQ(value.substr(0, 1), "#");
  return value.substr(1);
}
struct signs : model::state_migration {
  explicit signs(bool puts) : puts_(puts) {}
  base::result<void> migrate(std::string_view stored, std::string& to) override {
    if (!puts_ && stored.substr(0, 1) != "#") return base::plugin_error("no sign");
    to = puts_ ? "#" + std::string(stored) : std::string(stored.substr(1));
    return {};
  }
  bool puts_;
};
base::result<std::unique_ptr<model::state_migration>> ask_for_signs(const model::state_change& c) {
  if (c.was.name == "numbers") return base::plugin_error("the host does it");
  const bool puts =
      c.part == model::state_part::value ? c.now.value->size() == 2 : c.now.map_key->text() == "signed_k: utf8";
  return std::unique_ptr<model::state_migration>(std::make_unique<signs>(puts));
}

/// What is in one and not in the other, some of it.
std::string difference(const entries& found, const entries& expected) {
  std::string out;
  const auto note = [&](const char* what, const entries& in, const entries& other) {
    for (const auto& [id, value] : in) {
      const auto it = other.find(id);
      if (it != other.end() && it->second == value) continue;
      if (out.size() < 1000)
        out += std::string(what) + " state " + std::to_string(std::get<0>(id)) + ", name space " +
               std::to_string(std::get<1>(id)) + ", " + std::get<2>(id) + ": " + value + "\n";
    }
  };
  note("found", found, expected);
  note("expected", expected, found);
  return out;
}

class history {
 public:
  /// spilling: nothing that can leave memory stays in it.
  /// evolving: now and then the states get the other form, and restores may be into either.
  history(std::uint64_t seed, std::string_view schema, bool spilling, bool evolving = false)
      : r_(seed), keys_(schema, true), spilling_(spilling), evolving_(evolving) {
    restart(1, {});
  }
  int evolved() const { return evolved_; }
  /// Cuts with values in two forms.
  int mixed() const { return mixed_; }
  int restored_mixed_into_older() const { return restored_mixed_into_older_; }
  std::uint64_t most_cold() const { return most_cold_; }

  void step() {
    const std::int64_t what = pick(r_, 0, 99);
    const bool sweeps = !evolving_ || pick(r_, 0, 11) == 0;  // or little would ever be in two forms
    for (auto& s : stores_) {
      if (sweeps) s->set_time(now_, now_);
      most_cold_ = std::max(most_cold_, s->cold_entries());
    }
    if (evolving_ && pick(r_, 0, 99) == 0) return evolve();
    if (what < 55) return write();
    if (what < 62) return clear();
    if (what < 66) return drop();
    if (what < 70) return look();
    if (what < 82) return set_timers();
    if (what < 86) return clear_timers();
    if (what < 89) return fire();
    if (what < 92) return begin_cut();
    if (what < 99) return capture();
    if (pick(r_, 0, 3) == 0) abandon();
  }
  /// Ends the cut in work, makes another one, and compares what comes back from it.
  void finish() {
    while (cutting_) capture();
    begin_cut();
    while (cutting_) capture();
  }
  int restored() const { return restored_; }

 private:
  model::state_shape shape(std::uint32_t subtask, std::uint32_t parallelism, std::uint32_t form) const {
    return shape_of(keys_, states_in(form),
                    {{"a", WEIR_TIMER_EVENT_TIME}, {"b", WEIR_TIMER_EVENT_TIME}, {"c", WEIR_TIMER_PROCESSING_TIME}},
                    model::key_groups_of(subtask, parallelism, groups));
  }
  std::unique_ptr<store> make_store(std::uint32_t subtask, std::uint32_t parallelism, std::uint32_t form) {
    auto s = std::make_unique<store>(shape(subtask, parallelism, form), base::real_env());
    if (spilling_) {
      s->spill(
          {.directory = scratch_.path + "/" + std::to_string(++made_), .pool = std::make_shared<memory_pool>(0, 1)});
    }
    return s;
  }
  void evolve() {
    form_ = 1 - form_;
    ++evolved_;
    const auto parallelism = static_cast<std::uint32_t>(stores_.size());
    for (std::uint32_t i = 0; i < parallelism; ++i) {
      auto how = evolution::make(stores_[i]->what(), shape(i, parallelism, form_), ask_for_signs);
      ASSERT_TRUE(how) << how.why().text();
      ASSERT_EQ(stores_[i]->evolve(std::move(how).take()), WEIR_OK) << stores_[i]->why();
    }
  }
  void restart(std::uint32_t parallelism, const std::vector<std::string>& blocks) {
    stores_.clear();
    for (std::uint32_t i = 0; i < parallelism; ++i) {
      stores_.push_back(make_store(i, parallelism, form_));
      for (const std::string& b : blocks) {
        const auto done = stores_.back()->load(b, how_);
        ASSERT_TRUE(done) << done.why().text();
      }
      ASSERT_TRUE(stores_.back()->loaded());
    }
    models_.assign(parallelism, {});
    captured_.assign(parallelism, {});
    fresh_.assign(parallelism, {});
    done_.assign(parallelism, false);
    chain_ = {blocks};
    cutting_ = false;
  }

  std::int64_t key() { return pick(r_, 0, 1) ? pick(r_, 0, 20) : pick(r_, 0, 400); }
  std::int64_t name_space() { return pick(r_, -1, 3) * 1000; }
  std::size_t owner(std::int64_t key) const {
    const auto b = keys_.batch({key});
    const std::uint32_t group = model::key_group(b->view().key_hash[0], groups);
    return model::subtask_of(group, static_cast<std::uint32_t>(stores_.size()), groups);
  }

  void write() {
    const std::int64_t n = key();
    const std::int64_t ns = name_space();
    const auto state = static_cast<std::uint32_t>(pick(r_, 0, state_count - 1));
    const std::size_t at = owner(n);
    store& s = *stores_[at];
    contents& m = models_[at];
    const auto id = std::tuple(state, ns, keys_.text(n));
    // A third of the slots is touched by the plugin itself, as it would.
    const bool by_flag = pick(r_, 0, 2) != 0;
    weir_slot* slot = slot_of(s, state, keys_, n, ns, WEIR_SLOTS_CREATE | (by_flag ? WEIR_SLOTS_TOUCH : 0));
    ASSERT_NE(slot, nullptr);
    ASSERT_EQ((slot->flags & WEIR_SLOT_PRESENT) != 0, m.values.contains(id)) << now_;
    if (state == numbers) {
      if (slot->epoch != s.epoch()) {
        ASSERT_EQ(s.touch(state, slot), WEIR_OK);
      }
      auto* v = &long_in(slot);
      auto& other = v[form_ == plain_form ? 1 : 2];
      ASSERT_EQ(m.values.contains(id) ? m.values[id] : "0", std::to_string(v[0]));
      ASSERT_EQ(v[0], other);
      v[0] = other = pick(r_, 0, 1'000'000);
      slot->flags |= WEIR_SLOT_PRESENT;
      m.values[id] = std::to_string(v[0]);
    } else if (state == texts) {
      const std::string v(static_cast<std::size_t>(pick(r_, 0, 60)), static_cast<char>('a' + pick(r_, 0, 25)));
      ASSERT_EQ(s.bytes_put(state, slot, view(in_form(form_, v))), WEIR_OK);
      m.values[id] = v;
    } else if (state == lists) {
      auto& v = lists_of_[at][id];
      if (!m.values.contains(id)) v.clear();
      if (pick(r_, 0, 4) == 0) {
        const std::int64_t from = pick(r_, 0, static_cast<std::int64_t>(v.size()));
        ASSERT_EQ(s.list_trim(state, slot, static_cast<std::uint64_t>(from)), WEIR_OK);
        v.erase(v.begin(), v.begin() + from);
      } else {
        for (std::int64_t i = pick(r_, 1, 5); i > 0; --i) {
          v.push_back(std::to_string(pick(r_, 0, 9999)));
          ASSERT_EQ(s.list_add(state, slot, view(in_form(form_, v.back()))), WEIR_OK);
        }
      }
      if (v.empty())
        m.values.erase(id);
      else
        m.values[id] = joined(v);
    } else {
      auto& v = maps_of_[at][id];
      if (!m.values.contains(id)) v.clear();
      const std::string k(1, static_cast<char>('a' + pick(r_, 0, 9)));
      if (pick(r_, 0, 3) == 0) {
        ASSERT_EQ(s.map_remove(state, slot, view(in_form(form_, k))), WEIR_OK);
        v.erase(k);
      } else {
        v[k] = std::to_string(pick(r_, 0, 99));
        ASSERT_EQ(s.map_put(state, slot, view(in_form(form_, k)), view(in_form(form_, v[k]))), WEIR_OK);
      }
      if (v.empty())
        m.values.erase(id);
      else
        m.values[id] = joined(v);
    }
  }
  void clear() {
    const std::int64_t n = key();
    const std::int64_t ns = name_space();
    const auto state = static_cast<std::uint32_t>(pick(r_, 0, state_count - 1));
    const std::size_t at = owner(n);
    weir_slot* slot = slot_of(*stores_[at], state, keys_, n, ns, static_cast<std::uint32_t>(pick(r_, 0, 1)));
    if (slot) {
      ASSERT_EQ(stores_[at]->clear(state, slot), WEIR_OK);
    }
    models_[at].values.erase({state, ns, keys_.text(n)});
  }
  void drop() {
    const auto at = static_cast<std::size_t>(pick(r_, 0, static_cast<std::int64_t>(stores_.size()) - 1));
    const auto state = static_cast<std::uint32_t>(pick(r_, 0, state_count - 1));
    const std::int64_t ns = name_space();
    ASSERT_EQ(stores_[at]->drop(state, ns), WEIR_OK);
    std::erase_if(models_[at].values,
                  [&](const auto& e) { return std::get<0>(e.first) == state && std::get<1>(e.first) == ns; });
  }
  void look() {
    if (evolving_ && pick(r_, 0, 3) != 0) return;  // a scan brings all of it over
    const auto at = static_cast<std::size_t>(pick(r_, 0, static_cast<std::int64_t>(stores_.size()) - 1));
    ASSERT_EQ(values_of(*stores_[at], form_), models_[at].values);
  }
  std::int64_t time() {
    switch (pick(r_, 0, 5)) {
      case 0:
        return now_ - pick(r_, 0, 5'000'000);
      case 1:
        return now_ + pick(r_, 0, 100'000'000'000);
      default:
        return now_ + pick(r_, 0, 40) * 100'000;
    }
  }
  void set_timers() {
    const auto family = static_cast<std::uint32_t>(pick(r_, 0, 2));
    for (std::int64_t i = pick(r_, 1, 4); i > 0; --i) {
      const std::int64_t n = key();
      const std::size_t at = owner(n);
      const std::vector<std::int64_t> times{time(), time()};
      ASSERT_EQ(stores_[at]->timer_set(family, *keys_.batch({n, n}), keys_.key(), nullptr, times.data(), 2), WEIR_OK);
      for (const std::int64_t t : times) models_[at].set.insert({family, t, keys_.text(n)});
    }
  }
  void clear_timers() {
    for (std::size_t at = 0; at < models_.size(); ++at) {
      if (models_[at].set.empty()) continue;
      auto it = models_[at].set.begin();
      std::advance(it, pick(r_, 0, static_cast<std::int64_t>(std::min<std::size_t>(models_[at].set.size(), 30)) - 1));
      const auto [family, when, text] = *it;
      for (std::int64_t n = 0; n <= 400; ++n) {
        if (keys_.text(n) != text) continue;
        const std::vector<std::int64_t> times{when, when + 1};
        ASSERT_EQ(stores_[at]->timer_clear(family, *keys_.batch({n, n}), keys_.key(), nullptr, times.data(), 2),
                  WEIR_OK);
        models_[at].set.erase({family, when, text});
        models_[at].set.erase({family, when + 1, text});
        break;
      }
    }
  }
  void fire() {
    now_ += pick(r_, 0, 2'000'000);
    const auto kind = static_cast<std::uint32_t>(pick(r_, 0, 1));
    for (std::size_t at = 0; at < stores_.size(); ++at) {
      std::int64_t first = INT64_MAX;
      for (const auto& [family, when, text] : models_[at].set)
        if ((family == 2) == (kind == WEIR_TIMER_PROCESSING_TIME)) first = std::min(first, when);
      ASSERT_LE(stores_[at]->next_timer(kind), first);
      if (first == INT64_MAX) {
        ASSERT_EQ(stores_[at]->next_timer(kind), INT64_MAX);
      }
      std::int64_t last = INT64_MIN;
      std::uint32_t family = 99;
      while (const auto fired = stores_[at]->pop_due(kind, now_, pick(r_, 1, 20), &family)) {
        ASSERT_GT(fired->length(), 0);
        for (std::uint32_t i = 0; i < fired->length(); ++i) {
          const std::int64_t when = fired->view().event_time[i];
          ASSERT_GE(when, last);
          ASSERT_LE(when, now_);
          last = when;
          std::string text;
          model::row_json(fired->schema()).append(text, *fired, i);
          ASSERT_EQ(models_[at].set.erase({family, when, text}), 1u) << family << " " << when << " " << text;
        }
        stores_[at]->set_time(now_, now_);
        if (pick(r_, 0, 9) == 0) break;  // the rest another time
      }
      if (family == 99) {
        for (const auto& [f, when, text] : models_[at].set)
          if ((f == 2) == (kind == WEIR_TIMER_PROCESSING_TIME)) {
            ASSERT_GT(when, now_);
          }
      }
    }
  }

  void begin_cut() {
    if (cutting_) return;
    cutting_ = true;
    for (std::size_t i = 0; i < stores_.size(); ++i) {
      stores_[i]->cut();
      mixed_at_cut_ = (i > 0 && mixed_at_cut_) || stores_[i]->evolves() > 0;
      cut_form_ = form_;
      captured_[i] = models_[i];
      fresh_[i].clear();
      done_[i] = false;
    }
  }
  void capture() {
    if (!cutting_) return;
    const auto at = static_cast<std::size_t>(pick(r_, 0, static_cast<std::int64_t>(stores_.size()) - 1));
    if (!done_[at]) {
      std::string block;
      done_[at] =
          !stores_[at]->capture(static_cast<std::size_t>(pick(r_, 0, 3) == 0 ? 100'000 : pick(r_, 1, 600)), block);
      if (!block.empty()) fresh_[at].push_back(block);
    }
    if (std::all_of(done_.begin(), done_.end(), [](bool d) { return d; })) complete();
  }
  void abandon() {
    if (!cutting_) return;
    cutting_ = false;
    for (auto& s : stores_) s->abandon();
  }
  void complete() {
    cutting_ = false;
    std::vector<std::string>& chain = chain_[0];
    // Subtasks write at the same time: only the order inside one is kept.
    std::vector<std::size_t> next(fresh_.size(), 0);
    for (;;) {
      std::vector<std::size_t> open;
      for (std::size_t i = 0; i < fresh_.size(); ++i)
        if (next[i] < fresh_[i].size()) open.push_back(i);
      if (open.empty()) break;
      const std::size_t i = open[static_cast<std::size_t>(pick(r_, 0, static_cast<std::int64_t>(open.size()) - 1))];
      chain.push_back(fresh_[i][next[i]++]);
    }
    const auto parallelism = static_cast<std::uint32_t>(pick(r_, 1, 4));
    const auto form = evolving_ ? static_cast<std::uint32_t>(pick(r_, 0, 1)) : form_;
    mixed_ += mixed_at_cut_;
    restored_mixed_into_older_ += mixed_at_cut_ && form != cut_form_;
    if (pick(r_, 0, 2) == 0) fold(chain);
    contents expected, found;
    for (const contents& c : captured_) {
      expected.values.insert(c.values.begin(), c.values.end());
      expected.set.insert(c.set.begin(), c.set.end());
    }
    std::vector<contents> parts;
    for (std::uint32_t i = 0; i < parallelism; ++i) {
      const auto made = make_store(i, parallelism, form);
      store& s = *made;
      for (const std::string& b : chain) {
        const auto done = s.load(b, how_);
        ASSERT_TRUE(done) << done.why().text();
      }
      ASSERT_TRUE(s.loaded());
      parts.push_back({values_of(s, form), timers_of(s)});
      found.values.insert(parts.back().values.begin(), parts.back().values.end());
      found.set.insert(parts.back().set.begin(), parts.back().set.end());
    }
    ASSERT_EQ(difference(found.values, expected.values), "");
    ASSERT_EQ(found.set, expected.set);
    ++restored_;
    if (pick(r_, 0, 4) != 0) return;
    // The run crashes, and goes on from here.
    const std::vector<std::string> blocks = chain;
    form_ = form;
    restart(parallelism, blocks);
    models_ = parts;
    lists_of_.clear();
    maps_of_.clear();
    for (std::size_t i = 0; i < parts.size(); ++i)
      for (const auto& [id, value] : parts[i].values) {
        std::string_view rest = value;
        while (std::get<0>(id) >= lists && !rest.empty()) {
          const std::string_view one = rest.substr(0, rest.find(','));
          rest.remove_prefix(one.size() + 1);
          if (std::get<0>(id) == lists)
            lists_of_[i][id].emplace_back(one);
          else
            maps_of_[i][id][std::string(one.substr(0, one.find('=')))] = one.substr(one.find('=') + 1);
        }
      }
  }
  /// All at once, or in up to three ranges of key groups.
  void fold(std::vector<std::string>& chain) {
    const auto count = static_cast<std::uint32_t>(pick(r_, 1, 3));
    std::vector<model::key_group_range> ranges;
    for (std::uint32_t i = 0; i < count; ++i) ranges.push_back({groups * i / count, groups * (i + 1) / count});
    std::vector<std::unique_ptr<folder>> folders;
    for (const auto& range : ranges) folders.push_back(std::make_unique<folder>(groups, range));
    std::vector<std::string> parts;
    for (const std::string& b : chain) {
      const auto divided = divide_block(b, ranges, groups, parts);
      ASSERT_TRUE(divided) << divided.why().text();
      for (std::uint32_t i = 0; i < count; ++i) {
        if (parts[i].empty()) continue;
        const auto done = folders[i]->add(parts[i]);
        ASSERT_TRUE(done) << done.why().text();
      }
    }
    chain.clear();
    for (const auto& f : folders) {
      for (bool more = true; more;) {
        std::string block;
        more = f->take(2000, block);
        if (!block.empty()) chain.push_back(block);
      }
    }
  }

  entries values_of(store& s, std::uint32_t form) {
    entries all;
    for (std::uint32_t state = 0; state < state_count; ++state) {
      std::int64_t ns = 0;
      for (std::int64_t from = INT64_MIN; s.next_name_space(state, from, &ns) == WEIR_OK; from = ns + 1) {
        std::uint64_t cursor = 0;
        do {
          model::batch_ref keys;
          weir_slot** slots = nullptr;
          EXPECT_EQ(s.scan(state, ns, &cursor, &keys, &slots), WEIR_OK);
          for (std::uint32_t i = 0; i < keys->length(); ++i) {
            std::string key;
            model::row_json(keys->schema()).append(key, *keys, i);
            EXPECT_TRUE(all.emplace(std::tuple(state, ns, key), value_in(s, state, slots[i], form)).second) << "twice";
          }
        } while (cursor != 0);
      }
    }
    return all;
  }
  std::string value_in(store& s, std::uint32_t state, weir_slot* slot, std::uint32_t form) {
    weir_view v{};
    switch (state) {
      case numbers:
        EXPECT_EQ((&long_in(slot))[0], (&long_in(slot))[form == plain_form ? 1 : 2]);
        return std::to_string(long_in(slot));
      case texts:
        EXPECT_EQ(s.bytes_get(state, slot, &v), WEIR_OK);
        return out_of_form(form, text(v));
      case lists: {
        std::vector<std::string> all;
        std::uint64_t size = 0;
        EXPECT_EQ(s.list_size(state, slot, &size), WEIR_OK);
        for (std::uint64_t i = 0; i < size; ++i) {
          EXPECT_EQ(s.list_at(state, slot, i, &v), WEIR_OK);
          all.push_back(out_of_form(form, text(v)));
        }
        return joined(all);
      }
      default: {
        std::map<std::string, std::string> all;
        weir_view key{nullptr, 0}, next{};
        for (;; key = next) {
          EXPECT_EQ(s.map_next(state, slot, key, &next, &v), WEIR_OK);
          if (!next.data) return joined(all);
          all[out_of_form(form, text(next))] = out_of_form(form, text(v));
        }
      }
    }
  }
  timers timers_of(store& s) {
    timers all;
    for (const std::uint32_t kind : {WEIR_TIMER_EVENT_TIME, WEIR_TIMER_PROCESSING_TIME}) {
      std::uint32_t family = 0;
      while (const auto fired = s.pop_due(kind, INT64_MAX, 100, &family))
        for (std::uint32_t i = 0; i < fired->length(); ++i) {
          std::string key;
          model::row_json(fired->schema()).append(key, *fired, i);
          all.insert({family, fired->view().event_time[i], key});
        }
    }
    return all;
  }

  struct scratch {
    scratch() { EXPECT_NE(mkdtemp(path.data()), nullptr); }
    ~scratch() { std::filesystem::remove_all(path); }
    std::string path = ::testing::TempDir() + "state_XXXXXX";
  };

  scratch scratch_;
  random r_;
  key_maker keys_;
  bool spilling_, evolving_;
  const load_options how_{.allow_dropped = false, .migrate = ask_for_signs};
  std::uint32_t form_ = plain_form, cut_form_ = plain_form;
  bool mixed_at_cut_ = false;
  int evolved_ = 0, mixed_ = 0, restored_mixed_into_older_ = 0;
  int made_ = 0;
  std::uint64_t most_cold_ = 0;
  std::int64_t now_ = 1'700'000'000'000'000;
  std::vector<std::unique_ptr<store>> stores_;
  std::vector<contents> models_, captured_;
  std::map<std::size_t, std::map<std::tuple<std::uint32_t, std::int64_t, std::string>, std::vector<std::string>>>
      lists_of_;
  std::map<std::size_t,
           std::map<std::tuple<std::uint32_t, std::int64_t, std::string>, std::map<std::string, std::string>>>
      maps_of_;
  std::vector<std::vector<std::string>> fresh_, chain_;
  std::vector<bool> done_;
  bool cutting_ = false;
  int restored_ = 0;
};

class Model : public ::testing::TestWithParam<const char*> {};

TEST_P(Model, AnyHistoryComesBackFromAnyOfItsCuts) {
  int restored = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    history h(seed, GetParam(), false);
    for (int i = 0; i < 1500; ++i) {
      h.step();
      if (HasFailure()) FAIL() << "step " << i;
    }
    h.finish();
    if (HasFailure()) return;
    restored += h.restored();
  }
  EXPECT_GT(restored, 6 * 5);
}

TEST_P(Model, AnyHistoryIsTheSameWhenWhatIsNotUsedLeavesMemory) {
  int restored = 0;
  constexpr std::uint64_t first = 100, last = 106;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(seed);
    history h(seed, GetParam(), true);
    for (int i = 0; i < 1000; ++i) {
      h.step();
      if (HasFailure()) FAIL() << "step " << i;
    }
    h.finish();
    if (HasFailure()) return;
    restored += h.restored();
    EXPECT_GT(h.most_cold(), 20u);
  }
  EXPECT_GT(restored, 3 * static_cast<int>(last - first + 1));
}

TEST_P(Model, AnyHistoryIsTheSameWhenItsStatesChangeTheirForm) {
  int evolved = 0, mixed = 0, into_older = 0;
  for (std::uint64_t seed = 200; seed < 212; ++seed) {
    SCOPED_TRACE(seed);
    const bool spilling = seed % 3 == 0;
    history h(seed, GetParam(), spilling, true);
    for (int i = 0; i < 1200; ++i) {
      h.step();
      if (HasFailure()) FAIL() << "step " << i;
    }
    h.finish();
    if (HasFailure()) return;
    evolved += h.evolved();
    mixed += h.mixed();
    into_older += h.restored_mixed_into_older();
  }
  EXPECT_GT(evolved, 60);
  EXPECT_GT(mixed, 12);
  EXPECT_GT(into_older, 4);
}

INSTANTIATE_TEST_SUITE_P(Keys, Model,
                         ::testing::Values("k: int64", "k: utf8?", "k: int64?, l: int64", "a: int32, b: bool?"),
                         [](const auto& of) { return std::to_string(of.index); });

}  // namespace
}  // namespace weir::state
