#include "datagen/field.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <weir/detail/nearest.hpp>

#include "shared/time_text.hpp"

namespace datagen {
namespace {

std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

weir::field column_of(const weir::config& c, weir::type kind) {
  return {.name = c.get<std::string>("name"), .kind = kind, .nullable = c.get("nulls", 0.0) > 0};
}

class sequence : public field {
 public:
  explicit sequence(const weir::config& c)
      : field(column_of(c, weir::type::int64)),
        start_(c.get("start", std::int64_t{0})),
        step_(c.get("step", std::int64_t{1})) {}
  void make(std::uint64_t event, const dice&, const row&, cell& out) const override {
    out.integer =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(start_) + static_cast<std::uint64_t>(step_) * event);
  }

 private:
  std::int64_t start_, step_;
};

// Between min and max, both included; whole numbers when both are written so.
class uniform : public field {
 public:
  explicit uniform(const weir::config& c)
      : field(column_of(c, whole(c, "min") && whole(c, "max") ? weir::type::int64 : weir::type::float64)),
        least_(c.get<double>("min")),
        most_(c.get<double>("max")) {
    if (column().kind == weir::type::int64) {
      first_ = c.get<std::int64_t>("min");
      span_ = static_cast<std::uint64_t>(c.get<std::int64_t>("max")) - static_cast<std::uint64_t>(first_) + 1;
    }
    if (!(least_ <= most_)) throw c.error("max", "must not be below min");
  }
  void make(std::uint64_t, const dice& d, const row&, cell& out) const override {
    if (column().kind == weir::type::int64)
      out.integer =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(first_) + (span_ == 0 ? d.bits(0) : d.bits(0) % span_));
    else
      out.real = least_ + d.unit(0) * (most_ - least_);
  }

 private:
  static bool whole(const weir::config& c, std::string_view option) {
    try {
      (void)c.get<std::int64_t>(option);
      return true;
    } catch (const weir::config_error&) {
      if (!c.has(option)) throw;
      return false;
    }
  }
  double least_, most_;
  std::int64_t first_ = 0;
  std::uint64_t span_ = 0;
};

double gauss(const dice& d) {
  return std::sqrt(-2 * std::log(1 - d.unit(0))) * std::cos(2 * 3.14159265358979323846 * d.unit(1));
}

class normal : public field {
 public:
  explicit normal(const weir::config& c)
      : field(column_of(c, weir::type::float64)), mean_(c.get("mean", 0.0)), deviation_(c.get("stddev", 1.0)) {
    if (!(deviation_ >= 0)) throw c.error("stddev", "must be 0 or more");
  }
  void make(std::uint64_t, const dice& d, const row&, cell& out) const override {
    out.real = mean_ + deviation_ * gauss(d);
  }

 private:
  double mean_, deviation_;
};

// 1 .. count, k with a probability in proportion to k^-exponent. Rejection-inversion (Hoermann and Derflinger, 1996): no table.
class zipf : public field {
 public:
  explicit zipf(const weir::config& c)
      : field(column_of(c, weir::type::int64)),
        count_(c.get("count", std::int64_t{1000})),
        exponent_(c.get("exponent", 1.0)) {
    if (count_ < 1) throw c.error("count", "must be 1 or more");
    if (!(exponent_ > 0)) throw c.error("exponent", "must be more than 0");
    low_ = integral(1.5) - 1;
    high_ = integral(static_cast<double>(count_) + 0.5);
    shift_ = 2 - inverse(integral(2.5) - std::pow(2.0, -exponent_));
  }
  void make(std::uint64_t, const dice& d, const row&, cell& out) const override {
    constexpr std::uint64_t most_tries = 1000;  // a try fails with a probability far below one half
    for (std::uint64_t i = 0; i < most_tries; ++i) {
      const double u = high_ + d.unit(i) * (low_ - high_), x = inverse(u);
      const auto k = std::clamp<std::int64_t>(static_cast<std::int64_t>(x + 0.5), 1, count_);
      out.integer = k;
      const auto kd = static_cast<double>(k);
      if (kd - x <= shift_ || u >= integral(kd + 0.5) - std::pow(kd, -exponent_)) return;
    }
  }

 private:
  // (exp(x) - 1) / x and log(1 + x) / x, right near 0 too.
  static double exp_1(double x) { return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2; }
  static double log_1(double x) { return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2; }
  double integral(double x) const { return exp_1((1 - exponent_) * std::log(x)) * std::log(x); }
  double inverse(double u) const {
    const double t = std::max(u * (1 - exponent_), -1.0);
    return std::exp(log_1(t) * u);
  }
  std::int64_t count_;
  double exponent_, low_, high_, shift_;
};

class choice : public field {
 public:
  explicit choice(const weir::config& c) : field(column_of(c, kind_of(c))) {
    const auto values = c.elements("values");
    auto weights = c.get("weights", std::vector<double>{});
    if (!weights.empty() && weights.size() != values.size())
      throw c.error("weights", "needs as many numbers as there are values");
    weights.resize(values.size(), 1);
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!(weights[i] >= 0)) throw c.error("weights", "must be 0 or more");
      cell v;
      switch (column().kind) {
        case weir::type::boolean:
          v.integer = values[i].as<bool>();
          break;
        case weir::type::int64:
          v.integer = values[i].as<std::int64_t>();
          break;
        case weir::type::float64:
          v.real = values[i].as<double>();
          break;
        default:
          v.text = values[i].as<std::string>();
          break;
      }
      values_.push_back(std::move(v));
      limits_.push_back(sum += weights[i]);
    }
    if (!(sum > 0)) throw c.error("weights", "must not all be 0");
  }
  void make(std::uint64_t, const dice& d, const row&, cell& out) const override {
    const auto hit = std::upper_bound(limits_.begin(), limits_.end(), d.unit(0) * limits_.back());
    out = values_[std::min(static_cast<std::size_t>(hit - limits_.begin()), values_.size() - 1)];
  }

 private:
  // The type of the first value that is not a whole number; whole numbers otherwise.
  static weir::type kind_of(const weir::config& c) {
    const auto values = c.elements("values");
    if (values.empty()) throw c.error("values", "must hold at least one value");
    bool real = false;
    for (const auto& v : values) {
      const auto is = [&](auto probe) {
        try {
          probe();
          return true;
        } catch (const weir::config_error&) {
          return false;
        }
      };
      if (is([&] { (void)v.as<bool>(); })) return weir::type::boolean;
      if (is([&] { (void)v.as<std::string>(); })) return weir::type::utf8;
      real = real || !is([&] { (void)v.as<std::int64_t>(); });
    }
    return real ? weir::type::float64 : weir::type::int64;
  }
  std::vector<cell> values_;
  std::vector<double> limits_;
};

class flag : public field {
 public:
  explicit flag(const weir::config& c) : field(column_of(c, weir::type::boolean)), share_(c.get("share", 0.5)) {
    if (!(share_ >= 0 && share_ <= 1)) throw c.error("share", "must be between 0 and 1");
  }
  void make(std::uint64_t, const dice& d, const row&, cell& out) const override { out.integer = d.unit(0) < share_; }

 private:
  double share_;
};

class uuid : public field {
 public:
  explicit uuid(const weir::config& c) : field(column_of(c, weir::type::utf8)) {}
  void make(std::uint64_t, const dice& d, const row&, cell& out) const override {
    const std::uint64_t a = (d.bits(0) & ~0xf000ull) | 0x4000ull, b = (d.bits(1) >> 2) | (1ull << 63);
    out.text.clear();
    for (int i = 0; i < 32; ++i) {
      if (i == 8 || i == 12 || i == 16 || i == 20) out.text += '-';
      out.text += "0123456789abcdef"[((i < 16 ? a >> (60 - 4 * i) : b >> (124 - 4 * i))) & 15];
    }
  }
};

// Words of lower-case letters.
class words : public field {
 public:
  explicit words(const weir::config& c)
      : field(column_of(c, weir::type::utf8)),
        least_(c.get("min_length", std::int64_t{5})),
        most_(c.get("max_length", std::int64_t{20})) {
    if (least_ < 0 || most_ < least_ || most_ > 1'000'000)
      throw c.error("max_length", "must be between min_length and 1000000");
  }
  void make(std::uint64_t, const dice& d, const row&, cell& out) const override {
    const auto size = static_cast<std::size_t>(least_) + d.bits(0) % static_cast<std::uint64_t>(most_ - least_ + 1);
    out.text.resize(size);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < size; ++i) {
      if (i % 12 == 0) bits = d.bits(1 + i / 12);
      const auto letter = static_cast<char>('a' + bits % 26);
      bits /= 26;
      out.text[i] = i % 7 == 6 && i + 1 < size ? ' ' : letter;
    }
  }

 private:
  std::int64_t least_, most_;
};

// start + n * every, earlier or later by up to jitter.
class instant : public field {
 public:
  explicit instant(const weir::config& c)
      : field(column_of(c, weir::type::timestamp)),
        every_us_(c.get("every", weir::duration{1000}).count()),
        jitter_us_(static_cast<std::uint64_t>(c.get("jitter", weir::duration{0}).count())) {
    const auto start = c.get<std::string>("from", "2026-01-01T00:00:00Z");
    if (!weir::shared::parse_timestamp(start, start_us_))
      throw c.error("from", "'" + start + "' is no time such as 2026-01-01T00:00:00Z");
  }
  void make(std::uint64_t event, const dice& d, const row&, cell& out) const override {
    out.integer = start_us_ + static_cast<std::int64_t>(event) * every_us_;
    if (jitter_us_ > 0)
      out.integer +=
          static_cast<std::int64_t>(d.bits(0) % (2 * jitter_us_ + 1)) - static_cast<std::int64_t>(jitter_us_);
  }

 private:
  std::int64_t start_us_ = 0, every_us_;
  std::uint64_t jitter_us_;
};

class fixed : public field {
 public:
  explicit fixed(const weir::config& c) : field(column_of(c, weir::type::utf8)), text_(c.get<std::string>("text")) {}
  void make(std::uint64_t, const dice&, const row&, cell& out) const override { out.text = text_; }

 private:
  std::string text_;
};

// A text with {n}, the event's number, and {name}, an earlier field.
class filled : public field {
 public:
  filled(const weir::config& c, const std::vector<std::unique_ptr<field>>& earlier)
      : field(column_of(c, weir::type::utf8)) {
    const auto text = c.get<std::string>("text");
    for (std::size_t at = 0; at < text.size();) {
      const auto open = text.find('{', at), close = open == std::string::npos ? open : text.find('}', open);
      if (close == std::string::npos) {
        parts_.push_back({literal, text.substr(at)});
        break;
      }
      parts_.push_back({literal, text.substr(at, open - at)});
      const std::string name = text.substr(open + 1, close - open - 1);
      parts_.push_back({name == "n" ? number : find(c, name, earlier), {}});
      at = close + 1;
    }
    for (const auto& f : earlier) kinds_.push_back(f->column().kind);
  }
  void make(std::uint64_t event, const dice&, const row& done, cell& out) const override {
    out.text.clear();
    for (const part& p : parts_) {
      if (p.what == literal)
        out.text += p.text;
      else if (p.what == number)
        out.text += std::to_string(event);
      else
        append(out.text, done[static_cast<std::size_t>(p.what)], kinds_[static_cast<std::size_t>(p.what)]);
    }
  }

 private:
  static constexpr int literal = -1, number = -2;
  struct part {
    int what;  // an earlier field's index, or one of the above
    std::string text;
  };
  static int find(const weir::config& c, const std::string& name, const std::vector<std::unique_ptr<field>>& earlier) {
    std::vector<std::string_view> names = {"n"};
    for (std::size_t i = 0; i < earlier.size(); ++i) {
      if (earlier[i]->column().name == name) return static_cast<int>(i);
      names.push_back(earlier[i]->column().name);
    }
    throw c.error("text", "{" + name + "} is no earlier field" + weir::detail::hint(name, names, "there are"));
  }
  static void append(std::string& to, const cell& v, weir::type kind) {
    if (v.null) return;
    char text[48];
    switch (kind) {
      case weir::type::boolean:
        to += v.integer != 0 ? "true" : "false";
        break;
      case weir::type::int64:
        to += std::to_string(v.integer);
        break;
      case weir::type::float64:
        to += std::to_string(v.real);
        break;
      case weir::type::timestamp:
        to.append(text, weir::shared::print_timestamp(text, v.integer));
        break;
      default:
        to += v.text;
        break;
    }
  }
  std::vector<part> parts_;
  std::vector<weir::type> kinds_;
};

}  // namespace

dice::dice(std::uint64_t seed, std::uint64_t event, std::uint64_t field)
    : base_(mix(mix(seed * 0xD1B54A32D192ED03ull + field) ^ event * 0x9E3779B97F4A7C15ull)) {}

std::uint64_t dice::bits(std::uint64_t index) const { return mix(base_ + index); }

std::vector<std::unique_ptr<field>> read_fields(const weir::config& c) {
  struct maker {
    std::string_view options;  // the ones it reads, beside name, kind and nulls
    std::function<std::unique_ptr<field>(const weir::config&)> make;
  };
  std::vector<std::unique_ptr<field>> out;
  const auto of = [](auto* type) {
    using made = std::remove_pointer_t<decltype(type)>;
    return [](const weir::config& f) -> std::unique_ptr<field> { return std::make_unique<made>(f); };
  };
  const std::array<std::pair<std::string_view, maker>, 11> makers = {{
      {"sequence", {" start step ", of(static_cast<sequence*>(nullptr))}},
      {"uniform", {" min max ", of(static_cast<uniform*>(nullptr))}},
      {"normal", {" mean stddev ", of(static_cast<normal*>(nullptr))}},
      {"zipf", {" count exponent ", of(static_cast<zipf*>(nullptr))}},
      {"choice", {" values weights ", of(static_cast<choice*>(nullptr))}},
      {"bool", {" share ", of(static_cast<flag*>(nullptr))}},
      {"uuid", {" ", of(static_cast<uuid*>(nullptr))}},
      {"text", {" min_length max_length ", of(static_cast<words*>(nullptr))}},
      {"timestamp", {" from every jitter ", of(static_cast<instant*>(nullptr))}},
      {"constant", {" text ", of(static_cast<fixed*>(nullptr))}},
      {"template",
       {" text ", [&](const weir::config& f) -> std::unique_ptr<field> { return std::make_unique<filled>(f, out); }}},
  }};
  for (const weir::config& f : c.elements("fields")) {
    const auto kind = f.get<std::string>("kind"), name = f.get<std::string>("name");
    for (const auto& known : out)
      if (known->column().name == name) throw f.error("name", "'" + name + "' is there twice");
    for (const auto& [word, m] : makers) {
      if (word != kind) continue;
      for (const std::string& key : f.keys())
        if (f.has(key) && key != "name" && key != "kind" && key != "nulls" &&
            m.options.find(' ' + key + ' ') == std::string_view::npos)
          throw f.error(
              key, "is no option of the kind '" + kind + "'" +
                       (m.options.size() > 1 ? ", which takes" + std::string(m.options.substr(0, m.options.size() - 1))
                                             : ""));
      auto made = m.make(f);
      made->null_share_ = f.get("nulls", 0.0);
      if (!(made->null_share_ >= 0 && made->null_share_ <= 1)) throw f.error("nulls", "must be between 0 and 1");
      out.push_back(std::move(made));
    }
  }
  if (out.empty()) throw c.error("fields", "must hold at least one field");
  return out;
}

}  // namespace datagen
