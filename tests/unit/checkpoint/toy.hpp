#pragma once
// A toy pipeline for the tests of this room: two operators with keyed state, changed at random and cut. It remembers
// what the state was at each cut, so that whatever is restored can be compared with it.
#include <gtest/gtest.h>

#include <charconv>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/cat.hpp"
#include "base/test_env.hpp"
#include "checkpoint/storage.hpp"

namespace weir::checkpoint::test {

using base::cat;

inline constexpr std::uint32_t groups = 8;
inline constexpr const char* directory = "/state/checkpoints";

/// Operator -> key -> value. Key k belongs to key group k % groups.
using table = std::map<int, std::uint64_t>;
using tables = std::map<std::string, table>;

/// A block: lines "key value", or "key -" for a removed key.
inline void apply_block(std::string_view block, model::key_group_range range, table& to) {
  while (!block.empty()) {
    const std::string_view line = block.substr(0, block.find('\n'));
    block.remove_prefix(line.size() + 1);
    const std::size_t space = line.find(' ');
    int key = 0;
    std::uint64_t value = 0;
    std::from_chars(line.data(), line.data() + space, key);
    if (!range.contains(static_cast<std::uint32_t>(key) % groups)) continue;
    if (line.substr(space + 1) == "-") {
      to.erase(key);
      continue;
    }
    std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
    to[key] = value;
  }
}

/// What a restore at `parallelism` finds; ADD_FAILURE when it cannot be read.
inline tables load(const snapshot& from, std::uint32_t parallelism = 1) {
  tables out;
  for (const std::string& id : from.operators_with_state())
    for (std::uint32_t s = 0; s < parallelism; ++s) {
      const auto range = model::key_groups_of(s, parallelism, groups);
      const auto read =
          from.read_state(id, range, [&](std::string_view block, const block_source&) -> base::result<void> {
            apply_block(block, range, out[id]);
            return {};
          });
      if (!read) ADD_FAILURE() << read.why().text();
    }
  return out;
}

class toy_merger final : public block_merger {
 public:
  explicit toy_merger(model::key_group_range range) : range_(range) {}
  base::result<void> add(std::string_view block, const block_source&) override {
    apply_block(block, range_, state_);
    return {};
  }
  base::result<bool> take(std::string& block) override {
    block.clear();
    if (done_) return false;
    done_ = true;
    for (const auto& [key, value] : state_) block += cat(key, ' ', value, '\n');
    return true;
  }

 private:
  model::key_group_range range_;
  table state_;
  bool done_ = false;
};

inline base::result<std::unique_ptr<block_merger>> make_toy_merger(const std::string&, model::key_group_range range) {
  return std::unique_ptr<block_merger>(std::make_unique<toy_merger>(range));
}

inline base::result<void> divide_toy(std::string_view block, std::span<const model::key_group_range> ranges,
                                     std::vector<std::string>& parts) {
  parts.assign(ranges.size(), {});
  while (!block.empty()) {
    const std::string_view line = block.substr(0, block.find('\n') + 1);
    block.remove_prefix(line.size());
    int key = 0;
    std::from_chars(line.data(), line.data() + line.size(), key);
    for (std::size_t i = 0; i < ranges.size(); ++i)
      if (ranges[i].contains(static_cast<std::uint32_t>(key) % groups)) parts[i] += line;
  }
  return {};
}

inline options toy_options(std::uint32_t retained = 2) {
  options how;
  how.directory = directory;
  how.pipeline = "toy";
  how.key_groups = groups;
  how.retained = retained;
  how.weir_version = "test";
  how.max_chain = 3;
  return how;
}

class toy {
 public:
  explicit toy(base::test_env& e, options how = toy_options(), std::uint64_t seed = 1)
      : env(e), how_(std::move(how)), random_(seed) {}

  base::test_env& env;
  std::unique_ptr<storage> store;
  tables now{{"count", {}}, {"join", {}}};
  std::map<std::uint64_t, tables> at_cut;  ///< of every cut that was tried
  std::set<std::uint64_t> complete;        ///< those whose finish() said so
  std::uint32_t parallelism = 2;

  /// Opens the storage and restores the newest cut, which must be as it was when it was taken.
  base::result<void> start() {
    store.reset();
    store = WEIR_TRY(storage::open(env, how_));
    auto newest = WEIR_TRY(store->newest());
    now = {{"count", {}}, {"join", {}}};
    changed_.clear();
    restored = newest ? newest->facts().cut : 0;
    problems = newest ? newest->problems() : std::vector<std::string>();
    if (!newest) return {};
    expect_intact(*newest);
    for (auto& [id, t] : load(*newest, parallelism)) now[id] = t;
    return store->continue_from(*newest);
  }
  std::uint64_t restored = 0;
  std::vector<std::string> problems;

  void expect_intact(const snapshot& cut) {
    const std::uint64_t number = cut.facts().cut;
    ASSERT_TRUE(at_cut.contains(number)) << "cut " << number << " was never tried";
    tables expected;
    for (const auto& [id, t] : at_cut[number])
      if (!t.empty()) expected[id] = t;
    for (const std::uint32_t p : {1u, 3u}) {
      tables found;
      for (const auto& [id, t] : load(cut, p))
        if (!t.empty()) found[id] = t;
      EXPECT_EQ(found, expected) << "cut " << number << " at parallelism " << p;
    }
    ASSERT_FALSE(cut.nodes().empty()) << "cut " << number;
    for (const node_snapshot& n : cut.nodes())
      EXPECT_EQ(n.saved, std::vector{cat(number)}) << "a node of another cut in cut " << number;
  }

  /// The last cut that finish() called complete is the newest one, without a complaint.
  void expect_newest_intact() {
    const auto newest = store->newest();
    ASSERT_TRUE(newest.ok()) << newest.why().text();
    ASSERT_TRUE(newest->has_value());
    EXPECT_EQ((*newest)->facts().cut, *complete.rbegin());
    EXPECT_TRUE((*newest)->problems().empty()) << (*newest)->problems().front();
    expect_intact(**newest);
  }

  void change(int times) {
    for (int i = 0; i < times; ++i) {
      const std::string id = random_() % 2 ? "count" : "join";
      const int key = static_cast<int>(random_() % 40);
      if (random_() % 5 == 0)
        now[id].erase(key);
      else
        now[id][key] = random_();
      changed_[id].insert(key);
    }
  }

  /// The blocks of a cut go into `cut`.
  void write_blocks(cut_writer& cut, bool full) {
    for (auto& [id, t] : now)
      for (std::uint32_t s = 0; s < parallelism; ++s) {
        const auto own = model::key_groups_of(s, parallelism, groups);
        std::string block;
        auto add = [&](int key) {
          if (!own.contains(static_cast<std::uint32_t>(key) % groups)) return;
          const auto it = t.find(key);
          block += it == t.end() ? cat(key, " -\n") : cat(key, ' ', it->second, '\n');
        };
        if (full)
          for (const auto& [key, value] : t) add(key);
        else
          for (const int key : changed_[id]) add(key);
        if (!block.empty()) cut.state_block(id, s, own, block);
        node_snapshot n;
        n.operator_id = id;
        n.subtask = s;
        n.parallelism = parallelism;
        n.saved = {cat(cut_number)};
        cut.node(n);
      }
  }
  std::uint64_t cut_number = 0;

  base::result<cut_info> cut(model::cut_kind kind = model::cut_kind::checkpoint, bool full = false) {
    cut_number = store->next_number();
    auto writer = WEIR_TRY(store->begin({cut_number, kind, full}));
    at_cut[cut_number] = now;
    write_blocks(*writer, full);
    auto info = WEIR_TRY(writer->finish());
    changed_.clear();  // what a cut that failed held belongs to the next one
    complete.insert(cut_number);
    return info;
  }

  /// Names in the files directory, and those that the manifests there refer to.
  std::set<std::string> files() const {
    std::set<std::string> out;
    for (const auto& e : *env.fs().list(cat(how_.directory, "/files"))) out.insert(cat("files/", e.name));
    return out;
  }
  std::set<std::string> referenced() const {
    std::set<std::string> out;
    for (const auto& e : *env.fs().list(how_.directory)) {
      if (!e.name.ends_with(".manifest")) continue;
      const auto facts = decode_manifest(*env.fs().read_whole(cat(how_.directory, '/', e.name)));
      if (!facts) continue;
      for (const file_ref* f : facts->files()) out.insert(f->name);
    }
    return out;
  }

  std::mt19937_64& random() { return random_; }

 private:
  options how_;
  std::mt19937_64 random_;
  std::map<std::string, std::set<int>> changed_;
};

}  // namespace weir::checkpoint::test
