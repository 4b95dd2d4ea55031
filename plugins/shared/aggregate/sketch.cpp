#include "shared/aggregate/sketch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "weir/failure.hpp"

namespace weir::aggregate {

namespace {

constexpr char version = 1;
constexpr std::size_t few_header = 8, header = 72, zeros = 24, nans = 32, minus_inf = 40, plus_inf = 48, least = 56,
                      most = 64;
constexpr double inf = std::numeric_limits<double>::infinity();

static_assert(std::endian::native == std::endian::little && std::numeric_limits<double>::is_iec559);

// NaN is the largest, as in SQL.
bool less(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

std::size_t width_for(std::uint64_t count) {
  return count <= UINT8_MAX ? 1 : count <= UINT16_MAX ? 2 : count <= UINT32_MAX ? 4 : 8;
}

}  // namespace

template <class T>
T sketch::at(std::size_t place) const {
  T v;
  std::memcpy(&v, bytes_.data() + place, sizeof v);
  return v;
}
template <class T>
void sketch::put(std::size_t place, T v) {
  std::memcpy(bytes_.data() + place, &v, sizeof v);
}

sketch::sketch(unsigned bits) : bytes_(few_header, '\0') {
  bytes_[0] = version;
  bytes_[1] = static_cast<char>(bits);
}

void sketch::make_bins() {
  const std::string values = std::move(bytes_);
  bytes_.assign(header, '\0');
  bytes_[0] = version;
  bytes_[1] = values[1];
  bytes_[2] = 1;
  put(least, inf);
  put(most, -inf);
  for (std::size_t place = few_header; place < values.size(); place += sizeof(double)) {
    double v;
    std::memcpy(&v, values.data() + place, sizeof v);
    add_to_bins(v);
  }
}

double sketch::error_of(unsigned bits) { return 1.0 / static_cast<double>((2u << bits) + 1); }

unsigned sketch::bits_for(double error) {
  unsigned bits = least_bits;
  while (bits < most_bits && error_of(bits) > error) ++bits;
  return bits;
}

sketch sketch::read(std::string_view bytes) {
  sketch out;
  out.assign(bytes);
  return out;
}

void sketch::assign(std::string_view bytes) {
  if (bytes.size() < few_header)
    throw weir::plugin_error{"the kept bytes are no sketch of percentiles: they end too early"};
  if (bytes[0] != version)
    throw weir::plugin_error{"a sketch of percentiles has version " +
                             std::to_string(static_cast<unsigned char>(bytes[0])) +
                             ", this plugin knows version 1: use the plugin that wrote the state, or a later one"};
  bytes_ = bytes;
  bool sound = bits() >= least_bits && bits() <= most_bits && bytes_[3] == 0;
  if (is_few()) {
    const auto values = at<std::uint32_t>(4);
    sound = sound && values <= few && bytes.size() == few_header + values * sizeof(double);
  } else {
    sound = sound && bytes.size() >= header && std::has_single_bit(width()) && width() <= 8 &&
            bytes.size() == header + (std::uint64_t{at<std::uint32_t>(8)} + at<std::uint32_t>(16)) * width();
  }
  if (!sound) throw weir::plugin_error{"the kept bytes are no sketch of percentiles"};
}

sketch::range sketch::side(bool positive) const {
  const std::size_t place = positive ? 12 : 4;
  return {at<std::int32_t>(place), at<std::uint32_t>(place + 4)};
}

std::size_t sketch::place_of(bool positive, std::int64_t bin) const {
  const std::int64_t before = positive ? side(false).count : 0;
  return header + static_cast<std::size_t>(before + bin - side(positive).first) * width();
}

std::uint64_t sketch::count_at(std::size_t place) const {
  std::uint64_t v = 0;
  std::memcpy(&v, bytes_.data() + place, width());
  return v;
}

// Both together, without what is too far below the end.
sketch::range sketch::fit(range a, range b) const {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  const std::int64_t end = std::max(a.end(), b.end());
  const std::int64_t first = std::max(std::min(a.first, b.first), end - (octaves << bits()));
  return {first, end - first};
}

// The same counts, and those of `more`, with other bins and at least that width of a count.
void sketch::reshape(range negative, range positive, std::size_t width, const sketch* more) {
  const auto negatives = static_cast<std::size_t>(negative.count);
  std::vector<std::uint64_t> counts(negatives + static_cast<std::size_t>(positive.count));
  std::uint64_t largest = 0;
  const auto take = [&](const sketch& from) {
    for (const bool up : {false, true}) {
      const range old = from.side(up), now = up ? positive : negative;
      std::size_t place = from.place_of(up, old.first);
      for (std::int64_t bin = old.first; bin < old.end(); ++bin, place += from.width()) {
        const std::int64_t to = std::max(bin, now.first) - now.first;
        std::uint64_t& c = counts[(up ? negatives : 0) + static_cast<std::size_t>(to)];
        c += from.count_at(place);
        largest = std::max(largest, c);
      }
    }
  };
  take(*this);
  if (more) take(*more);
  width = std::max({width, this->width(), width_for(largest)});
  bytes_[2] = static_cast<char>(width);
  const auto bins = [&](std::size_t place, range r) {
    put(place, static_cast<std::int32_t>(r.first));
    put(place + 4, static_cast<std::uint32_t>(r.count));
  };
  bins(4, negative);
  bins(12, positive);
  bytes_.resize(header + counts.size() * width);
  char* to = bytes_.data() + header;
  for (const std::uint64_t c : counts) {
    std::memcpy(to, &c, width);
    to += width;
  }
}

void sketch::add(double value) {
  if (!is_few()) return add_to_bins(value);
  if (at<std::uint32_t>(4) < few) return add_to_few(value);
  make_bins();
  add_to_bins(value);
}

void sketch::add_to_few(double value) {
  if (value == 0) value = 0;  // also -0
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  std::size_t place = bytes_.size();
  while (place > few_header && less(value, at<double>(place - sizeof value))) place -= sizeof value;
  bytes_.insert(place, reinterpret_cast<const char*>(&value), sizeof value);
  put(4, at<std::uint32_t>(4) + 1);
}

void sketch::add_to_bins(double value) {
  if (std::isnan(value)) return add_one(nans);
  if (std::isinf(value)) return add_one(value < 0 ? minus_inf : plus_inf);
  const double magnitude = std::fabs(value);
  const bool is_zero = magnitude < std::numeric_limits<double>::min();  // also what is next to nothing
  if (is_zero) value = 0;
  put(least, std::min(at<double>(least), value));
  put(most, std::max(at<double>(most), value));
  if (is_zero) return add_one(zeros);
  const bool positive = value > 0;
  auto bin = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(magnitude) >> (52 - bits()));
  const range is = side(positive), wanted = fit(is, {bin, 1});
  if (is.count == 0 || wanted.first != is.first || wanted.count != is.count)
    reshape(positive ? side(false) : wanted, positive ? wanted : side(true), 1, nullptr);
  bin = std::max(bin, wanted.first);
  std::size_t place = place_of(positive, bin);
  const std::uint64_t count = count_at(place) + 1;
  if (width_for(count) > width()) {
    reshape(side(false), side(true), width_for(count), nullptr);
    place = place_of(positive, bin);
  }
  std::memcpy(bytes_.data() + place, &count, width());
}

void sketch::merge(const sketch& other) {
  if (other.bits() != bits()) throw weir::plugin_error{"two sketches of percentiles have different accuracies"};
  if (other.is_few()) {
    for (std::size_t place = few_header; place < other.bytes_.size(); place += sizeof(double))
      add(other.at<double>(place));
    return;
  }
  if (is_few()) make_bins();
  for (const std::size_t place : {zeros, nans, minus_inf, plus_inf})
    put(place, at<std::uint64_t>(place) + other.at<std::uint64_t>(place));
  put(least, std::min(at<double>(least), other.at<double>(least)));
  put(most, std::max(at<double>(most), other.at<double>(most)));
  reshape(fit(side(false), other.side(false)), fit(side(true), other.side(true)), other.width(), &other);
}

std::uint64_t sketch::count() const {
  if (is_few()) return at<std::uint32_t>(4);
  std::uint64_t n = 0;
  for (const std::size_t place : {zeros, nans, minus_inf, plus_inf}) n += at<std::uint64_t>(place);
  for (std::size_t place = header; place < bytes_.size(); place += width()) n += count_at(place);
  return n;
}

// As far from both ends of the bin, relative to each.
double sketch::middle(std::int64_t bin) const {
  const double from = std::bit_cast<double>(static_cast<std::uint64_t>(bin) << (52 - bits()));
  const std::int64_t steps = (std::int64_t{1} << bits()) + (bin & ((std::int64_t{1} << bits()) - 1));
  return from * (static_cast<double>(2 * steps + 2) / static_cast<double>(2 * steps + 1));
}

double sketch::percentile(double share) const {
  const std::uint64_t all = count();
  std::uint64_t rank = 0;
  if (all > 1) rank = std::min(static_cast<std::uint64_t>(share * static_cast<double>(all - 1)), all - 1);
  if (is_few()) return at<double>(few_header + rank * sizeof(double));
  std::uint64_t seen = at<std::uint64_t>(minus_inf);
  if (rank < seen) return -inf;
  const std::uint64_t finite_end = all - at<std::uint64_t>(nans) - at<std::uint64_t>(plus_inf);
  if (rank >= finite_end) return rank < all - at<std::uint64_t>(nans) ? inf : std::numeric_limits<double>::quiet_NaN();
  const double smallest = at<double>(least), largest = at<double>(most);
  if (rank == seen) return smallest;
  if (rank + 1 == finite_end) return largest;
  const range negative = side(false), positive = side(true);
  std::size_t place = place_of(true, positive.first);  // the negative bins lie before it
  for (std::int64_t bin = negative.end(); bin-- > negative.first;) {
    place -= width();
    if ((seen += count_at(place)) > rank) return std::clamp(-middle(bin), smallest, largest);
  }
  if ((seen += at<std::uint64_t>(zeros)) > rank) return 0;
  place = place_of(true, positive.first);
  for (std::int64_t bin = positive.first; bin < positive.end(); ++bin, place += width())
    if ((seen += count_at(place)) > rank) return std::clamp(middle(bin), smallest, largest);
  return largest;
}

}  // namespace weir::aggregate
