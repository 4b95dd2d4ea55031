// made/lines.hpp: a source of made-up events for generators: line n is always the same text.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <weir/source.hpp>

namespace made {

/// One split; the position is the number of the next line, so a run that is started again goes on where it was.
/// Line is a WEIR_RECORD of {weir::bytes_view value; std::string_view <the key>}.
template <weir::record Line>
class lines : public weir::record_source<Line> {
 public:
  using output = typename weir::record_source<Line>::output;

  void discover(weir::split_list& splits) override { splits.add("all"); }
  void open_split(std::uint32_t split, std::string_view, std::string_view position) override {
    split_ = split;
    next_ = 0;
    count_ = begin();
    if (position.empty()) return;
    const auto [end, wrong] = std::from_chars(position.data(), position.data() + position.size(), next_);
    if (wrong != std::errc{} || end != position.data() + position.size())
      throw weir::config_error(
          "", "the saved position '" + std::string(position) + "' is not a number: start without the saved state");
  }
  void position(std::uint32_t, std::string& to) override { to += std::to_string(next_); }
  weir::polled poll(weir::duration, output& out) override {
    if (split_ == none) return weir::polled::idle;
    if (next_ >= count_) {
      this->split_end(split_);
      return weir::polled::end;
    }
    const auto end = std::min<std::uint64_t>(count_, next_ + std::max<std::uint32_t>(this->where().batch_rows, 1));
    for (; next_ < end; ++next_) {
      text_.clear();
      const auto key = line(next_, text_);
      out.emit({weir::bytes_view{text_}, key}, split_, static_cast<std::int64_t>(next_));
    }
    return weir::polled::emitted;
  }

 protected:
  /// [task] How many lines there are. Called before the first line; what is expensive is made here.
  virtual std::uint64_t begin() = 0;
  /// [task] Appends line `number` without a newline; returns its key, which lives until the next call.
  virtual std::string_view line(std::uint64_t number, std::string& to) = 0;

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  std::uint32_t split_ = none;
  std::uint64_t count_ = 0, next_ = 0;
  std::string text_;
};

}  // namespace made
