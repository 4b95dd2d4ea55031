#include "exchange/writer.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/seeded_bug.hpp"
#include "model/key_hash.hpp"

namespace weir::exchange {

writer::writer(partitioning how, std::vector<channel*> channels, std::uint32_t first)
    : how_(std::move(how)), channels_(std::move(channels)) {
  WEIR_CHECK(!channels_.empty(), "a writer without channels");
  turn_ = first % channels_.size();
}

bool writer::has_room() {
  // All of them are asked: each full one must remember to wake this producer.
  bool room = true;
  for (channel* c : channels_) room = c->has_room() && room;
  return room;
}

void writer::control(const model::message& m) {
  for (channel* c : channels_) {
    if (m.kind() == model::message_kind::barrier && base::seeded_bug("drop_barrier") && c == channels_.back() &&
        channels_.size() > 1)
      continue;
    c->push(m);
  }
}

void writer::write(const model::batch_ref& batch) {
  switch (how_.how) {
    case kind::forward:
      channels_[0]->push(batch);
      break;
    case kind::rebalance:
      channels_[turn_]->push(batch);
      turn_ = turn_ + 1 == channels_.size() ? 0 : turn_ + 1;
      break;
    case kind::broadcast:
      for (channel* c : channels_) c->push(batch);
      break;
    case kind::hash:
      write_hash(batch);
      break;
  }
}

void writer::write_hash(const model::batch_ref& batch) {
  const model::batch_ref keyed = model::with_key_hash(*batch, model::hash_keys(*batch, how_.key));
  const auto parts = static_cast<std::uint32_t>(channels_.size());
  if (parts == 1) {
    channels_[0]->push(keyed);
    return;
  }
  const std::uint64_t* hash = keyed->view().key_hash;
  const std::int64_t rows = keyed->row_count();
  counts_.assign(parts, 0);
  targets_.resize(static_cast<std::size_t>(rows));
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::uint32_t group = model::key_group(hash[keyed->row(i)], how_.key_groups);
    const std::uint32_t to = model::subtask_of(group, parts, how_.key_groups);
    targets_[static_cast<std::size_t>(i)] = to;
    ++counts_[to];
  }
  std::vector<model::buffer_ref> selections(parts);
  std::vector<std::uint32_t*> next(parts);
  for (std::uint32_t p = 0; p < parts; ++p) {
    if (counts_[p] == 0) continue;
    selections[p] = model::buffer_pool::must_allocate(counts_[p] * sizeof(std::uint32_t));
    next[p] = selections[p]->as<std::uint32_t>();
  }
  for (std::int64_t i = 0; i < rows; ++i) *next[targets_[static_cast<std::size_t>(i)]]++ = keyed->row(i);
  for (std::uint32_t p = 0; p < parts; ++p) {
    if (counts_[p] == 0) continue;
    if (counts_[p] == rows)
      channels_[p]->push(keyed);
    else
      channels_[p]->push(model::select_rows(*keyed, {std::move(selections[p]), counts_[p]}));
  }
}

}  // namespace weir::exchange
