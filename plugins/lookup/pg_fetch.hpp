#pragma once
// Asks for many keys at once: in chunks, on several connections side by side, again and again until it is answered or
// given up. Blocks until all is decided.

#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "lookup/pg_connection.hpp"
#include "weir/types.hpp"

namespace lookup::pg {

struct patience {
  std::uint32_t attempts = 5;
  std::chrono::milliseconds first{100}, most{5000};  // pause before the second attempt; doubles up to the most
};

struct counts {
  std::uint64_t queries = 0, rows = 0, retries = 0, connects = 0, failed_keys = 0;
  std::uint64_t query_us = 0;  // all answered queries together
};

/// [task] Each request is a key; what becomes of it is told by its number.
class fetcher {
 public:
  using say = std::function<void(weir::log_level, const std::string&)>;
  struct listener {
    /// A row of the answer: result's row for request `number`. Called for each row of it.
    std::function<void(std::size_t number, const PGresult& rows, int row)> found;
    /// Given up: transient, no attempt was answered; data, the server does not take this key.
    std::function<void(std::size_t number, const trouble& what)> failed;
  };

  fetcher(const target& to, std::size_t connections, std::size_t chunk, patience how, say log);

  /// Connects and looks at the table. Nothing: it is there. Blocks for as long as the patience lasts.
  trouble check();
  /// keys: as keys.hpp encodes them. The result says what somebody must act on (fatal); failed keys are told.
  trouble run(const std::vector<std::string_view>& keys, const listener& to);
  [[nodiscard]] const counts& so_far() const { return counts_; }

 private:
  struct job {
    std::vector<std::size_t> numbers{};
    std::uint32_t attempt = 0;
    clock::time_point not_before{};
  };
  struct seat {
    connection to;
    job work{};
    bool taken = false;
  };
  trouble loop(const std::vector<std::string_view>& keys, const listener& to);
  void give_work(const std::vector<std::string_view>& keys);
  void send(seat& s, const std::vector<std::string_view>& keys);
  void wait();
  void settle(seat& s, const trouble& what, const listener& to, trouble& fatal);
  void give_up(job& j, const trouble& what, const listener& to);
  void answered(seat& s, const PGresult& rows, const listener& to);
  clock::duration pause(std::uint32_t attempt);

  target to_;
  std::size_t chunk_;
  patience how_;
  say log_;
  std::deque<seat> seats_;
  std::deque<job> jobs_;
  counts counts_;
  std::minstd_rand random_{std::random_device{}()};
  bool away_ = false;  // the server has not answered since away_since_; told
  clock::time_point away_since_{};
};

}  // namespace lookup::pg
