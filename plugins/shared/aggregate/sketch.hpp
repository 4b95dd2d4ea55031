#pragma once
// A sketch of many numbers that answers percentiles with a bounded relative error, whatever the numbers are.
//
// After C. Masson, J. E. Rim, H. K. Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
// guarantees", VLDB 2019, with the paper's fast mapping: a number's bin is its exponent and the first `bits` bits of
// its mantissa. That takes integer arithmetic alone, so every machine puts a number into the same bin.
//
//   -inf | negative numbers, by magnitude | 0 | positive numbers, by magnitude | +inf | NaN
//          [count][count][count]...             [count][count][count]...
//
// Equal numbers give equal bytes, in whatever order they were added and however they were merged: what a pipeline says
// does not depend on batches, panes, parallelism or restarts.
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::aggregate {

/// Its bytes are its only representation, and the form in which it is kept as state. Little-endian, of up to `few`
/// values these themselves, ascending, so that their percentiles are exact:
///
///   0 u8 version = 1    1 u8 bits    2 u8 0    3 u8 0    4 u32 count    8 f64 each
///
/// and of more:
///
///   0 u8 version = 1    1 u8 bits    2 u8 width of a count: 1, 2, 4 or 8    3 u8 0
///   4 i32 first negative bin   8 u32 negative bins   12 i32 first positive bin   16 u32 positive bins   20 u32 0
///   24 u64 zeros   32 u64 NaNs   40 u64 -inf   48 u64 +inf   56 f64 least   64 f64 most, of all finite ones (+inf,
///   -inf: none) 72 counts of the negative bins, then of the positive ones, each side by ascending magnitude
class sketch {
 public:
  static constexpr unsigned default_bits = 6, least_bits = 3, most_bits = 9;
  /// Up to so many values are kept as they are.
  static constexpr std::uint32_t few = 32;
  /// Magnitudes this many powers of two below the largest one share a bin: they are told as 10^-20 of it at most.
  static constexpr std::int64_t octaves = 66;

  explicit sketch(unsigned bits = default_bits);
  /// Throws weir::plugin_error: the bytes are no sketch, or one of a later version.
  static sketch read(std::string_view bytes);
  /// As read, into an object whose memory is used again.
  void assign(std::string_view bytes);
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  /// The largest relative error of a percentile: 1 / (2^(bits + 1) + 1), 0.78 % for 6 bits.
  [[nodiscard]] static double error_of(unsigned bits);
  /// The fewest bits whose error is no larger.
  [[nodiscard]] static unsigned bits_for(double error);

  void add(double value);
  /// Throws weir::plugin_error when the other one has another number of bits.
  void merge(const sketch& other);
  [[nodiscard]] std::uint64_t count() const;
  /// Nearly the value at place floor(share * (count - 1)) of the sorted ones, NaN the largest. share: 0 to 1; count >
  /// 0. Exact: the smallest and the largest one, zeros, infinities.
  [[nodiscard]] double percentile(double share) const;

 private:
  struct range {
    std::int64_t first = 0, count = 0;
    [[nodiscard]] std::int64_t end() const { return first + count; }
  };
  template <class T>
  [[nodiscard]] T at(std::size_t place) const;
  template <class T>
  void put(std::size_t place, T v);
  [[nodiscard]] bool is_few() const { return width() == 0; }
  void add_to_few(double value);
  void make_bins();
  void add_to_bins(double value);
  void add_one(std::size_t place) { put(place, at<std::uint64_t>(place) + 1); }
  [[nodiscard]] unsigned bits() const { return static_cast<unsigned char>(bytes_[1]); }
  [[nodiscard]] std::size_t width() const { return static_cast<unsigned char>(bytes_[2]); }
  [[nodiscard]] range side(bool positive) const;
  [[nodiscard]] std::uint64_t count_at(std::size_t place) const;
  /// Of a bin of one side.
  [[nodiscard]] std::size_t place_of(bool positive, std::int64_t bin) const;
  [[nodiscard]] range fit(range a, range b) const;
  void reshape(range negative, range positive, std::size_t width, const sketch* more);
  [[nodiscard]] double middle(std::int64_t bin) const;

  std::string bytes_;
};

}  // namespace weir::aggregate
