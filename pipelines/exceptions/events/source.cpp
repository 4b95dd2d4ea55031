#include "events/source.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "events/event_text.hpp"

namespace exceptions {

events::events(const weir::config& c) : seed_{static_cast<std::uint64_t>(c.get<std::int64_t>("seed"))} {
  const auto count = c.get<std::int64_t>("events");
  if (count < 0) throw c.error("events", "must be 0 or more");
  count_ = static_cast<std::uint64_t>(count);
  const auto share = c.get<double>("malformed");
  if (!(share >= 0 && share <= 1)) throw c.error("malformed", "must be between 0 and 1");
  parts_per_million_ = static_cast<std::uint64_t>(std::llround(share * 1e6));
}

void events::discover(weir::split_list& splits) { splits.add("all"); }

void events::open_split(std::uint32_t split, std::string_view, std::string_view position) {
  split_ = split;
  open_ = true;
  next_ = 0;
  if (position.empty()) return;
  const auto [end, wrong] = std::from_chars(position.data(), position.data() + position.size(), next_);
  if (wrong != std::errc{} || end != position.data() + position.size())
    throw weir::config_error(
        "", "the saved position '" + std::string(position) + "' is not a number: start without the saved state");
}

void events::position(std::uint32_t, std::string& to) { to += std::to_string(next_); }

weir::polled events::poll(weir::duration, output& out) {
  if (!open_) return weir::polled::idle;
  if (next_ >= count_) {
    split_end(split_);
    return weir::polled::end;
  }
  const auto end = std::min<std::uint64_t>(count_, next_ + std::max<std::uint32_t>(where().batch_rows, 1));
  for (; next_ < end; ++next_) {
    text_.clear();
    const auto desk = event_text(seed_, next_, parts_per_million_, text_);
    out.emit({weir::bytes_view{text_}, desk}, split_, static_cast<std::int64_t>(next_));
  }
  return weir::polled::emitted;
}

}  // namespace exceptions
