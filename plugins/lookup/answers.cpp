#include "lookup/answers.hpp"

namespace lookup {

void answers::link(std::uint32_t slot) {
  entry& e = entries_[slot];
  e.newer = no_slot;
  e.older = newest_;
  if (newest_ != no_slot) entries_[newest_].newer = slot;
  newest_ = slot;
  if (oldest_ == no_slot) oldest_ = slot;
}

void answers::unlink(std::uint32_t slot) {
  const entry& e = entries_[slot];
  (e.newer == no_slot ? newest_ : entries_[e.newer].older) = e.older;
  (e.older == no_slot ? oldest_ : entries_[e.older].newer) = e.newer;
}

std::uint32_t answers::look(std::string_view key, std::uint64_t hash, std::int64_t now_us, bool& ask) {
  const auto [slot, fresh] = index_.insert(key, hash);
  ask = fresh;
  if (fresh) {
    if (slot >= entries_.size()) entries_.resize(std::size_t{slot} + 1);
    entries_[slot] = {};
    link(slot);
    return slot;
  }
  entry& e = entries_[slot];
  if (e.is != state::asked && now_us >= e.until_us) {
    e.is = state::asked;
    ask = true;
  }
  if (slot != newest_) {
    unlink(slot);
    link(slot);
  }
  return slot;
}

std::int64_t answers::bytes() const {
  std::int64_t a_row = sizeof(entry) + 64;  // with its places in the index
  std::int64_t out = index_.key_bytes();
  for (const cells& c : columns_) {
    a_row += c.width() + 1;
    out += c.text_bytes();
  }
  return out + a_row * static_cast<std::int64_t>(index_.size());
}

void answers::forget(std::uint32_t slot) {
  unlink(slot);
  for (cells& c : columns_) {  // gives its texts back
    c.at(slot);
    c.append_null();
  }
  index_.erase(slot);
}

void answers::trim() {
  for (const std::uint32_t slot : failed_) forget(slot);
  failed_.clear();
  while (index_.size() > 0 && (index_.size() > most_.rows || bytes() > most_.bytes)) forget(oldest_);
}

}  // namespace lookup
