#pragma once
// States of a cut that their store cannot take: not declared any more, or of a form that nobody converts. The chain may
// take them back later (the first cut after a change of form says everything anew), so that only what is left of them
// when all blocks are in is an error. Of this room only.
#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/key_hash.hpp"
#include "state/block.hpp"

namespace weir::state {

/// One form of one state.
struct unread_state {
  section_head head;
  std::optional<base::error> why;  // nothing: it may be left out
  std::vector<bool> groups;        // that have entries
  bool empty_key = false;          // an entry of the empty key, which belongs to everybody

  bool is(const section_head& h) const {
    return head.name == h.name && head.kind == h.kind && head.value == h.value && head.map_key == h.map_key &&
           head.value_size == h.value_size && head.key == h.key && head.groups == h.groups;
  }
  bool left_in(model::key_group_range own, std::uint32_t of) const {
    if (empty_key) return true;
    for (std::uint32_t g = 0; g < groups.size(); ++g)
      if (groups[g] && (of != groups.size() || own.contains(g))) return true;
    return false;
  }
};

class unread {
 public:
  unread_state& add(const section_head& head, std::optional<base::error> why) {
    for (auto& one : all_)
      if (one->is(head)) return *one;
    all_.push_back(std::make_unique<unread_state>(
        unread_state{head, std::move(why), std::vector<bool>(std::max(head.groups, 1u)), false}));
    return *all_.back();
  }
  /// The writer of some key groups takes all of a state back.
  void reset(const section_head& by) {
    for (auto& one : all_)
      if (one->head.name == by.name && (one->head.kind == block_timer_kind) == (by.kind == block_timer_kind))
        forget(*one, by);
  }
  /// The writer of some key groups has nothing of this one form any more.
  void ended(const section_head& by) {
    for (auto& one : all_)
      if (one->is(by)) forget(*one, by);
  }
  /// What is left in these key groups; the rest is forgotten. An error when one of them may not be left out.
  base::result<std::vector<section_head>> left(model::key_group_range own, std::uint32_t of) {
    std::vector<section_head> heads;
    for (auto& one : std::exchange(all_, {})) {
      if (!one->left_in(own, of)) continue;
      if (one->why) return std::move(*one->why);
      heads.push_back(std::move(one->head));
    }
    return heads;
  }

 private:
  static void forget(unread_state& one, const section_head& by) {
    one.empty_key = false;
    const bool all = by.group_begin == 0 && by.group_end >= by.groups;
    for (std::uint32_t g = 0; g < one.groups.size(); ++g)
      if (all || (by.groups == one.groups.size() && g >= by.group_begin && g < by.group_end)) one.groups[g] = false;
  }
  std::vector<std::unique_ptr<unread_state>> all_;
};

}  // namespace weir::state
