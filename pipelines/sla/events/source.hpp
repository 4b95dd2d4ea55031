// sla.events: the lines of history.hpp as a source, to fill files and topics with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <weir/source.hpp>

#include "events/history.hpp"

namespace sla {

struct generated {
  weir::bytes_view value;
  std::string_view exception_id;
};
WEIR_RECORD(generated, value, exception_id)

class events : public weir::record_source<generated> {
 public:
  static constexpr const char* summary() {
    return "Made-up exceptions that are opened and resolved, as JSON; the same for the same seed.";
  }
  static constexpr auto options() {
    return weir::options(
        weir::option("exceptions", weir::integer).required().doc("How many are opened."),
        weir::option("every", weir::timespan).fallback("\"30s\"").doc("Event time between two of them."),
        weir::option("seed", weir::integer).fallback("1").doc("Another seed, other events."));
  }
  explicit events(const weir::config&);
  void discover(weir::split_list&) override;
  void open_split(std::uint32_t split, std::string_view id, std::string_view position) override;
  void position(std::uint32_t split, std::string& to) override;
  weir::polled poll(weir::duration wait, output& out) override;

 private:
  std::uint64_t seed_ = 0, exceptions_ = 0;
  std::int64_t every_us_ = 0;
  std::optional<history> history_;  // made when the split is opened
  std::size_t next_ = 0;
  std::uint32_t split_ = 0;
  std::string text_;
};

}  // namespace sla
