// Which event comes next: the numbers of one split, in order, or in a bounded, seeded shuffle. Both can go on from any event, so a
// position is nothing but an event number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexmark/definition.hpp"

namespace nexmark {

// What a whole stream is. Equal settings, equal stream; `splits` only says how it is dealt out.
struct stream_settings {
  std::uint64_t events = UINT64_MAX;  // 0 .. events-1
  std::uint64_t seed = 0;
  std::uint64_t disorder_us = 0;
  std::uint64_t splits = 1;
};

// A place between two events of a split: all events below `floor` have come; of the others those are left that stand at or behind
// `next` in the order (without it: all). In order, `floor` alone says it.
struct resume_point {
  std::uint64_t floor = 0;
  std::optional<std::uint64_t> next;
  std::uint64_t come = 0;  // shuffled: how many have come

  bool operator==(const resume_point&) const = default;
};

// "floor=0 next=1234 come=1230 seed=0 out_of_order_us=5000": what a checkpoint keeps. Reading gives an error when the text is none, or belongs
// to a stream of other settings (whose event 1234 is another one).
std::string write_point(const resume_point&, const stream_settings&);
struct read_point_result {
  resume_point at;
  std::string error;  // empty: read
};
read_point_result read_point(std::string_view text, const stream_settings&);

// The events of one split from a place on. Split s has the epochs e with e % splits == s.
class split_order {
 public:
  split_order(const stream_settings&, std::uint64_t split, const resume_point& from);

  resume_point position() const;
  // The next event's number; UINT64_MAX: all events of the split have come.
  std::uint64_t peek();
  bool shuffled() const { return settings_.disorder_us > 0; }
  // Events of the split that have not come; UINT64_MAX: without end.
  std::uint64_t left() const;

  // ---- in order: the next events of one epoch; empty: the end.
  struct run {
    std::uint64_t from = 0, to = 0;
  };
  run peek_run(std::uint64_t most) const;
  void take_run(const run&);

  // ---- shuffled: the next events in their order, maybe fewer than asked; empty: the end.
  struct list {
    const std::uint64_t* numbers = nullptr;
    std::int64_t count = 0;
  };
  list peek_list(std::int64_t most);
  void take_list(std::int64_t count) {
    taken_ += static_cast<std::size_t>(count), come_ += static_cast<std::uint64_t>(count);
  }
  // Events that have come, so the place in the order of the next one.
  std::uint64_t come() const { return come_; }

 private:
  struct keyed {
    std::uint64_t key, number;
    bool operator<(const keyed& o) const { return key != o.key ? key < o.key : number < o.number; }
  };
  std::uint64_t first_at_or_after(std::uint64_t number) const;
  std::uint64_t count_below(std::uint64_t number) const;
  keyed key_of(std::uint64_t number) const { return {order_key(dice_, number, settings_.disorder_us), number}; }
  void fill();
  void add_block(std::uint64_t block, std::uint64_t first_key);
  void sort_due(std::uint64_t first_key);

  stream_settings settings_;
  dice dice_;
  std::uint64_t split_;
  std::uint64_t floor_;
  std::uint64_t next_ = 0;  // in order: the next event

  // Shuffled: events are made in blocks of block_ numbers. Block b delivers the keys of its own range, whose events are of b or b-1.
  std::uint64_t block_ = 1, upcoming_ = 0;
  std::vector<keyed> held_;           // events of made blocks whose key belongs to the upcoming block
  std::vector<std::uint64_t> ready_;  // the block in work, in order; the first taken_ have come
  std::size_t taken_ = 0;
  std::uint64_t come_ = 0;
  std::vector<keyed> due_, sorted_;    // scratch
  std::vector<std::uint32_t> counts_;  // scratch
};

}  // namespace nexmark
