// One column of made-up data: its value for event n, from nothing but n and the seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <weir/config.hpp>
#include <weir/options.hpp>
#include <weir/schema.hpp>

namespace datagen {

// One value. Which member counts is said by the field's type.
struct cell {
  bool null = false;
  std::int64_t integer = 0;  // int64, bool, timestamp
  double real = 0;           // float64
  std::string text;          // utf8
};
using row = std::vector<cell>;

// The random numbers of one event: any number of independent ones, the same ones whenever the event is made.
class dice {
 public:
  dice(std::uint64_t seed, std::uint64_t event, std::uint64_t field);
  std::uint64_t bits(std::uint64_t index) const;
  double unit(std::uint64_t index) const { return static_cast<double>(bits(index) >> 11) * 0x1p-53; }  // [0, 1)

 private:
  std::uint64_t base_;
};

class field {
 public:
  virtual ~field() = default;
  const weir::field& column() const { return column_; }
  // done: the cells of the fields declared before this one.
  virtual void make(std::uint64_t event, const dice&, const row& done, cell& out) const = 0;
  double null_share() const { return null_share_; }

 protected:
  explicit field(weir::field column) : column_(std::move(column)) {}

 private:
  friend std::vector<std::unique_ptr<field>> read_fields(const weir::config&);
  weir::field column_;
  double null_share_ = 0;
};

// The options of one element of `fields`.
inline constexpr auto field_options = weir::options(
    weir::option("name", weir::text).required().doc("The column's name."),
    weir::option("kind", weir::choice("sequence|uniform|normal|zipf|choice|bool|uuid|text|timestamp|template|constant"))
        .required()
        .doc("How its values are made."),
    weir::option("nulls", weir::number).doc("Share of values that are null, 0 to 1."),
    weir::option("start", weir::integer).doc("sequence: the first value (0)."),
    weir::option("step", weir::integer).doc("sequence: what is added for each event (1)."),
    weir::option("min", weir::any).doc("uniform: the least value; whole numbers give int64, others float64."),
    weir::option("max", weir::any).doc("uniform: the most."),
    weir::option("mean", weir::number).doc("normal: the mean (0)."),
    weir::option("stddev", weir::number).doc("normal: the standard deviation (1)."),
    weir::option("count", weir::integer).doc("zipf: values are 1 to count (1000)."),
    weir::option("exponent", weir::number).doc("zipf: how fast they become rare (1)."),
    weir::option("values", weir::any_list).doc("choice: the values, all texts, numbers, or true and false."),
    weir::option("weights", weir::list_of_numbers)
        .doc("choice: how often each value comes, in proportion (all the same)."),
    weir::option("share", weir::number).doc("bool: share of true (0.5)."),
    weir::option("min_length", weir::integer).doc("text: the least length in bytes (5)."),
    weir::option("max_length", weir::integer).doc("text: the most (20)."),
    weir::option("from", weir::text).doc("timestamp: of event 0 (2026-01-01T00:00:00Z)."),
    weir::option("every", weir::timespan).doc("timestamp: time between two events (1ms)."),
    weir::option("jitter", weir::timespan).doc("timestamp: earlier or later by up to this (0)."),
    weir::option("text", weir::text)
        .doc("template: a text with {n}, the number of the event, and {name}, an earlier field; constant: the value."));

// Reads the option `fields`. Throws config_error that names the element and the option.
std::vector<std::unique_ptr<field>> read_fields(const weir::config&);

}  // namespace datagen
