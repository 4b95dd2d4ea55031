// The made-up events: what happens to exceptions, as lines of JSON in the order they arrive.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sla {

/// Some exceptions' lives. The same seed and number, the same history. Events arrive up to two seconds out of order.
class history {
 public:
  /// `exceptions` are opened, one every `every_us`; most are resolved, some of them too late, some opened again.
  history(std::uint64_t seed, std::uint64_t exceptions, std::int64_t every_us);
  [[nodiscard]] std::size_t size() const { return events_.size(); }
  /// Appends event i as one JSON object without a newline; returns its id, which lives until the next call.
  std::string_view text(std::size_t i, std::string& to);

 private:
  struct event {
    std::int64_t arrives_us, at_us;
    std::uint64_t exception;
    std::uint32_t round;  // 1: opened for the first time
    bool resolved;
  };
  std::uint64_t seed_;
  std::vector<event> events_;
  std::string id_;
};

}  // namespace sla
