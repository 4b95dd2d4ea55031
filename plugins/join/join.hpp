// join: two inputs by their key. Three kinds, which differ in which rows of a key meet, and in when a row is forgotten.
//
//                name space of a row      meets                              forgotten
//   keyed        0                        every row of the key               ttl after the key's last row, or never
//   tumbling     start of its window      rows of the same window            when the window is complete
//   interval     its bucket               times in [t + lower, t + upper]    when no such row can come any more
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "join/result.hpp"
#include "join/side.hpp"
#include "weir/batch_operator.hpp"

namespace join {

inline constexpr weir::option type_option =
    weir::option("type", weir::choice("inner|left|right|full"))
        .fallback("\"inner\"")
        .doc("Rows of which input also go out when nothing of the other one meets them.");
inline constexpr weir::option columns_option = weir::option("columns", weir::list_of_text)
                                                   .fallback("[]")
                                                   .doc(
                                                       "Result columns: \"left.id\", \"right.id AS auction\"; not "
                                                       "given: all of the left input, then all of the right.");

class two_sides : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr std::uint32_t weir_inputs = 2;

  void bind(weir::binder& b) override;

 protected:
  explicit two_sides(const weir::config& c);
  void open() override;
  // Of a row in state: its key's rows on the other side.
  void check_keys(weir::binder& b) const;

  bool keeps_[2] = {false, false};  // rows of this input go out alone as well
  std::int64_t ttl_us_ = 0;
  side sides_[2];
  weir::shared::row_work work_;
  std::vector<weir_slot*> others_;

 private:
  struct picked {
    int from;
    std::string column, name;
  };
  bool pick(weir::binder& b, std::vector<picked>& out) const;
  std::vector<std::string> columns_;
};

// Every row of a key with every other: an inner join at once, an outer one as a stream of changes. Takes changes, too.
class keyed final : public two_sides {
 public:
  static constexpr const char* summary() { return "Rows of two inputs with the same key, whenever they come."; }
  static constexpr auto options() {
    return weir::options(
        type_option, columns_option,
        weir::option("ttl", weir::timespan)
            .fallback("\"0s\"")
            .doc("The rows of a key are forgotten this long after its last one, by event time; 0: never."));
  }
  explicit keyed(const weir::config& c);
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  void add(result& to, int own, std::string_view row, weir_slot* mine, weir_slot* theirs);
  void take_back(result& to, int own, std::string_view row, weir_slot* mine, weir_slot* theirs);
};

// Joins whose rows are forgotten as the clock goes on.
class timed : public two_sides {
 public:
  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;
  void on_watermark(weir::time at, weir::batch_output& out) override;
  // How far rows that met nothing have been sent: their buckets outlive that.
  void save(std::string& to) const;
  void restore(std::string_view saved);

 protected:
  using two_sides::two_sides;
  // Rows of input `own` at t meet those of the other one from t + from_[own] to t + to_[own].
  std::int64_t from_[2] = {0, 0}, to_[2] = {0, 0};
  std::int64_t bucket_ = 1, offset_ = 0;
  bool same_bucket_ = false;  // rows of one bucket meet, whatever their times

 private:
  // The first time that is not too late for an input; rows before it have nothing left to meet.
  std::int64_t first_kept(int own, std::int64_t watermark) const;
  void end_bucket(int own, std::int64_t bucket, result& to);
  bool meets(int own, std::int64_t at, std::int64_t other_at) const {
    return same_bucket_ || (other_at >= at + from_[own] && other_at <= at + to_[own]);
  }
  std::int64_t ended_[2] = {INT64_MIN, INT64_MIN};  // of each input: what lies before has been sent
  std::vector<std::int64_t> buckets_, theirs_;
  std::vector<std::uint32_t> on_time_;
};

class tumbling final : public timed {
 public:
  static constexpr const char* summary() { return "Rows of two inputs with the same key in the same window."; }
  static constexpr auto options() {
    return weir::options(weir::option("size", weir::timespan).required().doc("The length of a window."),
                         weir::option("offset", weir::timespan)
                             .fallback("\"0s\"")
                             .doc("Windows begin this much after multiples of the size since 1970-01-01 UTC."),
                         type_option, columns_option);
  }
  explicit tumbling(const weir::config& c);
};

class interval final : public timed {
 public:
  static constexpr const char* summary() {
    return "Rows of two inputs with the same key whose times are near each other.";
  }
  static constexpr auto options() {
    return weir::options(weir::option("before", weir::timespan)
                             .fallback("\"0s\"")
                             .doc("A right row may be this much older than the left row."),
                         weir::option("after", weir::timespan)
                             .fallback("\"0s\"")
                             .doc("A right row may be this much younger than the left row."),
                         type_option, columns_option);
  }
  explicit interval(const weir::config& c);
};

}  // namespace join
