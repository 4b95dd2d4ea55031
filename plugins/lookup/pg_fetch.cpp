#include "lookup/pg_fetch.hpp"

#include <poll.h>

#include <algorithm>
#include <cstring>

#include "lookup/keys.hpp"
#include "lookup/pg_types.hpp"

namespace lookup::pg {

fetcher::fetcher(const target& to, std::size_t connections, std::size_t chunk, patience how, say log)
    : to_{to}, chunk_{chunk}, how_{how}, log_{std::move(log)} {
  for (std::size_t i = 0; i < connections; ++i) seats_.push_back({connection{to_}});
}

clock::duration fetcher::pause(std::uint32_t attempt) {
  auto most = how_.first;
  for (std::uint32_t i = 1; i < attempt && most < how_.most; ++i) most *= 2;
  most = std::min(most, how_.most);
  // Between half of it and all of it, so that many subtasks do not come back at the same moment.
  const auto half = std::chrono::duration_cast<std::chrono::microseconds>(most).count() / 2;
  return std::chrono::microseconds{half + std::uniform_int_distribution<std::int64_t>{0, half}(random_)};
}

trouble fetcher::check() {
  jobs_.push_back({});
  return loop({}, {[](std::size_t, const PGresult&, int) {}, [](std::size_t, const trouble&) {}});
}

trouble fetcher::run(const std::vector<std::string_view>& keys, const listener& to) {
  for (std::size_t begin = 0; begin < keys.size(); begin += chunk_) {
    job j;
    for (std::size_t i = begin; i < std::min(begin + chunk_, keys.size()); ++i) j.numbers.push_back(i);
    jobs_.push_back(std::move(j));
  }
  return loop(keys, to);
}

trouble fetcher::loop(const std::vector<std::string_view>& keys, const listener& to) {
  trouble fatal;
  auto busy = [&] { return std::any_of(seats_.begin(), seats_.end(), [](const seat& s) { return s.taken; }); };
  while ((!jobs_.empty() || busy()) && fatal.is == trouble::kind::none) {
    give_work(keys);
    wait();
    for (seat& s : seats_) {
      if (!s.taken) continue;
      if (s.to.waits()) s.to.move_on();
      if (s.to.waits() && clock::now() >= s.to.deadline()) s.to.time_out();
      if (s.to.waits()) continue;
      if (const trouble what = s.to.take_trouble(); what.is != trouble::kind::none) {
        settle(s, what, to, fatal);
      } else if (const auto rows = s.to.take_answer()) {
        answered(s, *rows, to);
      } else if (s.to.is() == connection::state::idle) {
        send(s, keys);
      }
      if (fatal.is != trouble::kind::none) break;
    }
  }
  if (fatal.is != trouble::kind::none) {
    jobs_.clear();
    for (seat& s : seats_) {
      if (s.taken) s.to.fail("stopped");
      s.to.take_trouble();
      s.taken = false;
    }
  }
  return fatal;
}

void fetcher::give_work(const std::vector<std::string_view>& keys) {
  const auto now = clock::now();
  for (seat& s : seats_) {
    if (s.taken) continue;
    const auto next = std::find_if(jobs_.begin(), jobs_.end(), [&](const job& j) { return j.not_before <= now; });
    if (next == jobs_.end()) return;
    s.work = std::move(*next);
    jobs_.erase(next);
    s.taken = true;
    ++s.work.attempt;
    if (s.to.is() == connection::state::closed) {
      ++counts_.connects;
      s.to.connect();
    } else {
      send(s, keys);
    }
  }
}

void fetcher::send(seat& s, const std::vector<std::string_view>& keys) {
  if (away_) {
    away_ = false;
    const auto gone = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - away_since_).count();
    log_(weir::log_level::info, "the database is back after " + std::to_string(gone) + " ms");
  }
  if (s.work.numbers.empty()) {  // check(): the table has been looked at
    s.taken = false;
    return;
  }
  std::vector<key_array> arrays;
  for (const auto& f : to_.key_of_input) arrays.emplace_back(f);
  for (const std::size_t number : s.work.numbers) {
    std::string_view rest = keys[number];
    for (std::size_t i = 0; i < arrays.size(); ++i) arrays[i].add(take_part(rest, to_.key_of_input, i));
  }
  std::vector<std::string> parameters;
  for (auto& a : arrays) parameters.push_back(a.bytes());
  ++counts_.queries;
  s.to.ask(parameters);
}

void fetcher::wait() {
  std::vector<pollfd> sockets;
  auto until = clock::time_point::max();
  bool free = false;
  for (const seat& s : seats_) {
    free = free || !s.taken;
    if (!s.taken) continue;
    if (!s.to.waits()) return;  // there is something to do at once
    sockets.push_back({s.to.socket(), s.to.events(), 0});
    until = std::min(until, s.to.deadline());
  }
  if (free)
    for (const job& j : jobs_) until = std::min(until, j.not_before);
  if (sockets.empty() && until == clock::time_point::max()) return;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  ::poll(sockets.data(), sockets.size(), static_cast<int>(std::clamp<std::int64_t>(ms, 0, 1000)));
}

void fetcher::answered(seat& s, const PGresult& rows, const listener& to) {
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - s.to.asked_at());
  counts_.query_us += static_cast<std::uint64_t>(took.count());
  s.taken = false;
  const int count = PQntuples(&rows);
  counts_.rows += static_cast<std::uint64_t>(count);
  for (int i = 0; i < count; ++i) {
    std::uint32_t number = 0;
    std::memcpy(&number, PQgetvalue(&rows, i, 0), sizeof number);
    number = __builtin_bswap32(number);
    if (number >= 1 && number <= s.work.numbers.size()) to.found(s.work.numbers[number - 1], rows, i);
  }
}

void fetcher::give_up(job& j, const trouble& what, const listener& to) {
  counts_.failed_keys += j.numbers.size();
  for (const std::size_t number : j.numbers) to.failed(number, what);
}

void fetcher::settle(seat& s, const trouble& what, const listener& to, trouble& fatal) {
  s.taken = false;
  job& j = s.work;
  if (what.is == trouble::kind::fatal) {
    fatal = what;
    return;
  }
  if (what.is == trouble::kind::data) {
    // One of the values: halves until it is alone. The others are none the worse for it.
    if (j.numbers.size() == 1) return give_up(j, what, to);
    const auto middle = j.numbers.begin() + static_cast<std::ptrdiff_t>(j.numbers.size() / 2);
    jobs_.push_front({{middle, j.numbers.end()}});
    jobs_.push_front({{j.numbers.begin(), middle}});
    return;
  }
  if (!std::exchange(away_, true)) {
    away_since_ = clock::now();
    log_(weir::log_level::warn, "the database does not answer: " + what.why + ". Trying again, " +
                                    std::to_string(how_.attempts) + " times in all");
  }
  if (j.attempt < how_.attempts) {
    ++counts_.retries;
    j.not_before = clock::now() + pause(j.attempt);
    jobs_.push_back(std::move(j));
    return;
  }
  const trouble last{trouble::kind::transient,
                     "the database has not answered " + std::to_string(how_.attempts) + " times, at last: " + what.why};
  if (j.numbers.empty()) {
    fatal = last;
    return;
  }
  give_up(j, last, to);
  // What waits has no better chance; one outage does not cost the patience of each chunk.
  for (job& other : jobs_) give_up(other, last, to);
  jobs_.clear();
}

}  // namespace lookup::pg
