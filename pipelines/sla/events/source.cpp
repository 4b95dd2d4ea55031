#include "events/source.hpp"

#include <algorithm>
#include <charconv>

namespace sla {

events::events(const weir::config& c)
    : seed_{static_cast<std::uint64_t>(c.get<std::int64_t>("seed"))},
      every_us_{c.get<weir::duration>("every").count()} {
  const auto count = c.get<std::int64_t>("exceptions");
  if (count < 0 || count > 20'000'000)
    throw c.error("exceptions", "must be 0 to 20,000,000: they are all held in memory");
  exceptions_ = static_cast<std::uint64_t>(count);
  if (every_us_ < 1) throw c.error("every", "must be longer than nothing");
}

void events::discover(weir::split_list& splits) { splits.add("all"); }

void events::open_split(std::uint32_t split, std::string_view, std::string_view position) {
  split_ = split;
  next_ = 0;
  history_.emplace(seed_, exceptions_, every_us_);
  if (position.empty()) return;
  const auto [end, wrong] = std::from_chars(position.data(), position.data() + position.size(), next_);
  if (wrong != std::errc{} || end != position.data() + position.size())
    throw weir::config_error(
        "", "the saved position '" + std::string(position) + "' is not a number: start without the saved state");
}

void events::position(std::uint32_t, std::string& to) { to += std::to_string(next_); }

weir::polled events::poll(weir::duration, output& out) {
  if (!history_) return weir::polled::idle;
  if (next_ >= history_->size()) {
    split_end(split_);
    return weir::polled::end;
  }
  const auto end = std::min<std::size_t>(history_->size(), next_ + std::max<std::uint32_t>(where().batch_rows, 1));
  for (; next_ < end; ++next_) {
    text_.clear();
    const auto id = history_->text(next_, text_);
    out.emit({weir::bytes_view{text_}, id}, split_, static_cast<std::int64_t>(next_));
  }
  return weir::polled::emitted;
}

}  // namespace sla
