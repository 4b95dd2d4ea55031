#include "strftime.hpp"

#include <cstdio>

#include "calendar.hpp"
#include "loops.hpp"

namespace weir::expression {

const std::string_view day_names[7]{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
const std::string_view month_names[12]{"January", "February", "March",     "April",   "May",      "June",
                                       "July",    "August",   "September", "October", "November", "December"};
namespace {

using micros = std::int64_t;

constexpr std::string_view plain_specifiers = "aAbBcdDfFgGhHIjmMnpSTuUVwWxXyYzZ%";
constexpr std::string_view bare_specifiers = "dHIjmMSy";  // behind a '-': without leading zeros

void append_number(std::string& out, std::int64_t v, int digits) {
  char text[24];
  const int n = std::snprintf(text, sizeof text, "%0*lld", digits, static_cast<long long>(v));
  out.append(text, static_cast<std::size_t>(n));
}

void append_specifier(std::string& out, char s, bool bare, micros t) {
  const std::int64_t days = day_of(t), time = time_of(t);
  const civil c = civil_of(days);
  const std::int64_t hour = time / (3600 * micros_per_second), minute = time / (60 * micros_per_second) % 60,
                     second = time / micros_per_second % 60, micro = time % micros_per_second;
  const int two = bare ? 1 : 2;
  switch (s) {
    case 'a':
      out += day_names[weekday(days)].substr(0, 3);
      return;
    case 'A':
      out += day_names[weekday(days)];
      return;
    case 'b':
    case 'h':
      out += month_names[c.month - 1].substr(0, 3);
      return;
    case 'B':
      out += month_names[c.month - 1];
      return;
    case 'd':
      append_number(out, c.day, two);
      return;
    case 'H':
      append_number(out, hour, two);
      return;
    case 'I':
      append_number(out, hour % 12 ? hour % 12 : 12, two);
      return;
    case 'j':
      append_number(out, day_of_year(days), bare ? 1 : 3);
      return;
    case 'm':
      append_number(out, c.month, two);
      return;
    case 'M':
      append_number(out, minute, two);
      return;
    case 'S':
      append_number(out, second, two);
      return;
    case 'y':
      append_number(out, ((c.year % 100) + 100) % 100, two);
      return;
    case 'Y':
      append_number(out, c.year, 4);
      return;
    case 'G':
      append_number(out, iso_year(days), 4);
      return;
    case 'V':
      append_number(out, iso_week(days), 2);
      return;
    case 'f':
      append_number(out, micro, 6);
      return;
    case 'g':
      append_number(out, micro / 1000, 3);
      return;
    case 'n':
      append_number(out, micro * 1000, 9);
      return;
    case 'p':
      out += hour < 12 ? "AM" : "PM";
      return;
    case 'u':
      append_number(out, weekday(days) + 1, 1);
      return;
    case 'w':
      append_number(out, (weekday(days) + 1) % 7, 1);
      return;
    case 'U':
      append_number(out, (day_of_year(days) + 6 - (weekday(days) + 1) % 7) / 7, 2);
      return;
    case 'W':
      append_number(out, (day_of_year(days) + 6 - weekday(days)) / 7, 2);
      return;
    case 'D':
    case 'F':
    case 'x':
      append_number(out, c.year, 4);
      out += '-';
      append_number(out, c.month, 2);
      out += '-';
      append_number(out, c.day, 2);
      return;
    case 'T':
    case 'X':
      append_number(out, hour, 2);
      out += ':';
      append_number(out, minute, 2);
      out += ':';
      append_number(out, second, 2);
      return;
    case 'c':
      append_specifier(out, 'x', false, t);
      out += ' ';
      append_specifier(out, 'X', false, t);
      return;
    case 'z':
      out += "+00";
      return;
    case '%':
      out += '%';
      return;
    default:
      return;  // Z: the name of the zone, which timestamps do not have
  }
}

class strftime_node final : public node {
 public:
  strftime_node(node_ptr t, std::string format) : node{kind::text}, format_{std::move(format)} {
    add(std::move(t));
    costly = true;
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<micros>();
    auto* out = f.scratch<text_ref>(slot);
    for_each_row(rows, [&](std::int64_t i) {
      out[i] = {"", 0};
      if (!c.is_valid(i)) return;
      f.work.clear();
      for (std::size_t k = 0; k < format_.size(); ++k) {
        if (format_[k] != '%') {
          f.work += format_[k];
          continue;
        }
        const bool bare = format_[++k] == '-';
        append_specifier(f.work, format_[bare ? ++k : k], bare, a[i]);
      }
      out[i] = f.texts.copy(f.work);
    });
    return {out, c.valid};
  }

 private:
  std::string format_;
};

}  // namespace

std::string wrong_format(std::string_view format) {
  for (std::size_t k = 0; k < format.size(); ++k) {
    if (format[k] != '%') continue;
    const bool bare = k + 1 < format.size() && format[k + 1] == '-';
    k += bare ? 2 : 1;
    if (k >= format.size()) return "the format ends with %";
    if ((bare ? bare_specifiers : plain_specifiers).find(format[k]) == std::string_view::npos)
      return std::string{"the format has an unknown part '%"} + (bare ? "-" : "") + format[k] + "'";
  }
  return {};
}

node_ptr make_strftime(node_ptr timestamp, std::string format) {
  return std::make_unique<strftime_node>(std::move(timestamp), std::move(format));
}

}  // namespace weir::expression
