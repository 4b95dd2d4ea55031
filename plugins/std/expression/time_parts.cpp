#include "time_parts.hpp"

#include <utility>

#include "calendar.hpp"
#include "loops.hpp"

namespace weir::expression {

namespace {

using micros = std::int64_t;

constexpr std::pair<std::string_view, part> part_names[]{{"microsecond", part::microsecond},
                                                         {"microseconds", part::microsecond},
                                                         {"us", part::microsecond},
                                                         {"millisecond", part::millisecond},
                                                         {"milliseconds", part::millisecond},
                                                         {"ms", part::millisecond},
                                                         {"second", part::second},
                                                         {"seconds", part::second},
                                                         {"minute", part::minute},
                                                         {"minutes", part::minute},
                                                         {"hour", part::hour},
                                                         {"hours", part::hour},
                                                         {"day", part::day},
                                                         {"days", part::day},
                                                         {"dow", part::dow},
                                                         {"dayofweek", part::dow},
                                                         {"isodow", part::isodow},
                                                         {"doy", part::doy},
                                                         {"dayofyear", part::doy},
                                                         {"week", part::week},
                                                         {"weeks", part::week},
                                                         {"isoyear", part::isoyear},
                                                         {"month", part::month},
                                                         {"months", part::month},
                                                         {"quarter", part::quarter},
                                                         {"quarters", part::quarter},
                                                         {"year", part::year},
                                                         {"years", part::year},
                                                         {"decade", part::decade},
                                                         {"decades", part::decade},
                                                         {"century", part::century},
                                                         {"centuries", part::century},
                                                         {"millennium", part::millennium},
                                                         {"millennia", part::millennium}};

}  // namespace

const part* part_named(std::string_view word) {
  for (const auto& [n, p] : part_names)
    if (n == word) return &p;
  return nullptr;
}

namespace {

// The part (or unit) is the same for all rows: it is a parameter of the step.
std::int64_t part_of(part p, micros t) {
  const std::int64_t time = time_of(t);
  switch (p) {
    case part::microsecond:
      return time % (60 * micros_per_second);
    case part::millisecond:
      return time % (60 * micros_per_second) / 1000;
    case part::second:
      return time / micros_per_second % 60;
    case part::minute:
      return time / (60 * micros_per_second) % 60;
    case part::hour:
      return time / (3600 * micros_per_second);
    default:
      break;
  }
  const std::int64_t days = day_of(t);
  switch (p) {
    case part::dow:
      return (weekday(days) + 1) % 7;
    case part::isodow:
      return weekday(days) + 1;
    case part::doy:
      return day_of_year(days);
    case part::week:
      return iso_week(days);
    case part::isoyear:
      return iso_year(days);
    default:
      break;
  }
  const civil c = civil_of(days);
  switch (p) {
    case part::day:
      return c.day;
    case part::month:
      return c.month;
    case part::quarter:
      return (c.month - 1) / 3 + 1;
    case part::decade:
      return c.year / 10;
    case part::century:
      return c.year > 0 ? (c.year - 1) / 100 + 1 : -(c.year / -100) - 1;
    case part::millennium:
      return c.year > 0 ? (c.year - 1) / 1000 + 1 : -(c.year / -1000) - 1;
    default:
      return c.year;
  }
}

std::int64_t part_of_interval(part p, const span& s) {
  switch (p) {
    case part::year:
      return s.months / 12;
    case part::month:
      return s.months % 12;
    case part::day:
      return s.days;
    case part::hour:
      return s.micros / (3600 * micros_per_second);
    case part::minute:
      return s.micros / (60 * micros_per_second) % 60;
    case part::second:
      return s.micros / micros_per_second % 60;
    case part::millisecond:
      return s.micros % (60 * micros_per_second) / 1000;
    default:
      return s.micros % (60 * micros_per_second);
  }
}

// Units that are so many microseconds; 0: the others.
constexpr std::int64_t length_of_unit(part p) {
  switch (p) {
    case part::microsecond:
      return 1;
    case part::millisecond:
      return 1000;
    case part::second:
      return micros_per_second;
    case part::minute:
      return 60 * micros_per_second;
    case part::hour:
      return 3600 * micros_per_second;
    case part::day:
      return micros_per_day;
    default:
      return 0;
  }
}

// The day that a longer unit begins with.
std::int64_t first_day(part p, std::int64_t days) {
  const civil d = civil_of(days);
  auto year = [&](int unit) { return days_of({static_cast<std::int32_t>(floor_div(d.year, unit) * unit), 1, 1}); };
  switch (p) {
    case part::week:
      return days - weekday(days);
    case part::month:
      return days_of({d.year, d.month, 1});
    case part::quarter:
      return days_of({d.year, (d.month - 1) / 3 * 3 + 1, 1});
    case part::decade:
      return year(10);
    case part::century:
      return year(100);
    case part::millennium:
      return year(1000);
    default:
      return year(1);
  }
}

// How many boundaries of a longer unit lie between two days.
std::int64_t boundaries(part p, std::int64_t a, std::int64_t b) {
  const civil x = civil_of(a), y = civil_of(b);
  switch (p) {
    case part::week:
      return ((b - weekday(b)) - (a - weekday(a))) / 7;
    case part::month:
      return (y.year - x.year) * 12 + y.month - x.month;
    case part::quarter:
      return (y.year - x.year) * 4 + (y.month - 1) / 3 - (x.month - 1) / 3;
    case part::decade:
      return y.year / 10 - x.year / 10;
    case part::century:
      return y.year / 100 - x.year / 100;
    case part::millennium:
      return y.year / 1000 - x.year / 1000;
    default:
      return y.year - x.year;
  }
}

class part_node final : public node {
 public:
  part_node(part p, node_ptr t) : node{kind::int64}, part_{p} {
    add(std::move(t));
    costly |= !length_of_unit(p);
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    auto* out = f.scratch<std::int64_t>(slot);
    const part p = part_;
    if (args[0]->result.is == kind::interval) {
      const auto* a = c.as<span>();
      for_each_row(rows, [=](std::int64_t i) { out[i] = part_of_interval(p, a[i]); });
    } else {
      const auto* a = c.as<micros>();
      for_each_row(rows, [=](std::int64_t i) { out[i] = c.is_valid(i) ? part_of(p, a[i]) : 0; });
    }
    return {out, c.valid};
  }

 private:
  part part_;
};

class trunc_node final : public node {
 public:
  trunc_node(part p, node_ptr t) : node{kind::timestamp}, part_{p} {
    add(std::move(t));
    can_fail = true;
    costly |= !length_of_unit(p);
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<micros>();
    auto* out = f.scratch<micros>(slot);
    const part p = part_;
    // A product that wraps around has the other sign: the first times that int64 can hold have no beginning of their
    // unit.
    if (const std::int64_t unit = length_of_unit(p)) {
      for_each_row(rows, [=, &f](std::int64_t i) {
        out[i] = c.is_valid(i) ? floor_div(a[i], unit) : 0;
        if (__builtin_mul_overflow(out[i], unit, &out[i])) f.fail(i, "overflow of timestamp");
      });
    } else {
      for_each_row(rows, [=, &f](std::int64_t i) {
        out[i] = c.is_valid(i) ? first_day(p, day_of(a[i])) : 0;
        if (__builtin_mul_overflow(out[i], micros_per_day, &out[i])) f.fail(i, "overflow of timestamp");
      });
    }
    return {out, c.valid};
  }

 private:
  part part_;
};

class diff_node final : public node {
 public:
  diff_node(part p, node_ptr from, node_ptr to) : node{kind::int64}, part_{p} {
    add(std::move(from));
    add(std::move(to));
  }
  column eval(frame& f, row_set rows) const override {
    const column from = args[0]->eval(f, rows), to = args[1]->eval(f, rows);
    const auto *a = from.as<micros>(), *b = to.as<micros>();
    auto* out = f.scratch<std::int64_t>(slot);
    const std::uint8_t* valid = both_valid(f, slot + 1, rows, from.valid, to.valid);
    const part p = part_;
    const std::int64_t unit = length_of_unit(p);
    for_each_row(rows, [=](std::int64_t i) {
      if (valid && !valid[i]) {
        out[i] = 0;
      } else if (unit) {
        out[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(floor_div(b[i], unit)) -
                                           static_cast<std::uint64_t>(floor_div(a[i], unit)));
      } else {
        out[i] = boundaries(p, day_of(a[i]), day_of(b[i]));
      }
    });
    return {out, valid};
  }

 private:
  part part_;
};

}  // namespace

bool is_unit(part p) { return p != part::dow && p != part::isodow && p != part::doy && p != part::isoyear; }
node_ptr make_part(part p, node_ptr t) { return std::make_unique<part_node>(p, std::move(t)); }
node_ptr make_trunc(part p, node_ptr t) { return std::make_unique<trunc_node>(p, std::move(t)); }
node_ptr make_difference(part p, node_ptr from, node_ptr to) {
  return std::make_unique<diff_node>(p, std::move(from), std::move(to));
}

}  // namespace weir::expression
