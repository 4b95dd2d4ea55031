// exceptions.events: events of event_text.hpp as a source, to fill files and topics with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <weir/source.hpp>

namespace exceptions {

struct generated {
  weir::bytes_view value;
  std::string_view desk;
};
WEIR_RECORD(generated, value, desk)

class events : public weir::record_source<generated> {
 public:
  static constexpr const char* summary() {
    return "Made-up trade and payment exceptions as JSON, some malformed; the same for the same seed.";
  }
  static constexpr auto options() {
    return weir::options(
        weir::option("events", weir::integer).required().doc("How many."),
        weir::option("malformed", weir::number).fallback("0.01").doc("Share of events that are malformed, 0 to 1."),
        weir::option("seed", weir::integer).fallback("1").doc("Another seed, other events."));
  }
  explicit events(const weir::config&);
  void discover(weir::split_list&) override;
  void open_split(std::uint32_t split, std::string_view id, std::string_view position) override;
  void position(std::uint32_t split, std::string& to) override;
  weir::polled poll(weir::duration wait, output& out) override;

 private:
  std::uint64_t count_ = 0, seed_ = 0, parts_per_million_ = 0, next_ = 0;
  std::uint32_t split_ = 0;
  bool open_ = false;
  std::string text_;
};

}  // namespace exceptions
