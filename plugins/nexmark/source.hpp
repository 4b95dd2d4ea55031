// nexmark.source: the events of definition.hpp as three ports of columns: person, auction, bid.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <weir/source.hpp>

#include "nexmark/columns.hpp"
#include "nexmark/order.hpp"
#include "shared/pacer.hpp"

namespace nexmark {

class source : public weir::source {
 public:
  static constexpr const char* summary() {
    return "Persons, auctions and bids of the Nexmark benchmark: the same events for the same seed, at any "
           "parallelism.";
  }
  static constexpr auto options() {
    return weir::options(
        weir::option("events", weir::integer).doc("How many events in all; without it the stream never ends."),
        weir::option("rate", weir::number)
            .fallback("0")
            .doc("Events a second, by the host's clock; 0: as fast as they are read."),
        weir::option("seed", weir::integer).fallback("0").doc("Another seed, another stream."),
        weir::option("out_of_order_us", weir::integer)
            .fallback("0")
            .doc("Events come at most this many microseconds late (a seeded shuffle); the watermark's out_of_orderness "
                 "must cover it."),
        weir::option("splits", weir::integer)
            .fallback("1")
            .doc("Into how many parts the stream is dealt out; at most as many subtasks have work. Does not change the "
                 "events."),
        weir::option("batch", weir::integer).fallback("0").doc("Events read together; 0: what the host prefers."));
  }

  explicit source(const weir::config&);
  void bind(weir::binder&) override;
  void open() override;
  void discover(weir::split_list&) override;
  void open_split(std::uint32_t split, std::string_view id, std::string_view position) override;
  void close_split(std::uint32_t split) override;
  weir::polled poll(weir::duration wait, weir::batch_output&) override;
  void position(std::uint32_t split, std::string& to) override;

 private:
  enum port : std::uint32_t { persons, auctions, bids };
  struct open_part {
    std::uint32_t number;  // the host's
    split_order order;
    bool told_end = false;
  };
  // The open split whose next event is the oldest; null: all are at their end.
  open_part* oldest();
  void emit_some(open_part&, std::uint64_t most, weir::batch_output&);

  stream_settings settings_;
  double rate_;
  std::uint64_t batch_;
  std::vector<open_part> parts_;
  weir::shared::pacer pacer_;
  std::vector<split_order::run> runs_;
};

}  // namespace nexmark
