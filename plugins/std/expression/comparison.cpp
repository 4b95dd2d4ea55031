#include "comparison.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "cast.hpp"
#include "loops.hpp"
#include "order.hpp"

namespace weir::expression {

namespace {

template <class T>
constexpr bool is_pointer_like = std::is_same_v<T, text_ref>;

struct is_equal {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return equal(a, b);
  }
};
struct is_less {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return less(a, b);
  }
};

// What turns "equal where both are there" into IS [NOT] DISTINCT FROM, which is never null.
void decide_distinct(row_set rows, const column& a, const column& b, std::uint8_t* equal_or_not, bool negate) {
  for_each_row(rows, [&](std::int64_t i) {
    const bool va = a.is_valid(i), vb = b.is_valid(i);
    const bool differ = va != vb || (va && !equal_or_not[i]);
    equal_or_not[i] = static_cast<std::uint8_t>(differ != negate);
  });
}

// = and <; the other four are these with sides changed or the answer turned around.
template <class Op, class T>
class comparison final : public node {
 public:
  comparison(node_ptr a, node_ptr b, bool negate, bool distinct)
      : node{kind::boolean}, negate_{negate}, distinct_{distinct} {
    add(std::move(a));
    add(std::move(b));
    costly |= is_pointer_like<T>;
  }
  column eval(frame& f, row_set rows) const override {
    const column l = args[0]->eval(f, rows), r = args[1]->eval(f, rows);
    const T* a = l.as<T>();
    const T* b = r.as<T>();
    auto* out = f.scratch<std::uint8_t>(slot);
    const std::uint8_t* valid = both_valid(f, slot + 1, rows, l.valid, r.valid);
    const auto negate = static_cast<std::uint8_t>(negate_ && !distinct_);
    if constexpr (is_pointer_like<T>) {  // text follows pointers, which are right only in the rows asked for, where
                                         // they are not null
      for_each_row(rows, [=](std::int64_t i) {
        out[i] = !valid || valid[i] ? static_cast<std::uint8_t>(Op{}(a[i], b[i])) ^ negate : 0;
      });
    } else {
      for_rows_or_more(rows, f.length(),
                       [=](std::int64_t i) { out[i] = static_cast<std::uint8_t>(Op{}(a[i], b[i])) ^ negate; });
    }
    if (!distinct_) return {out, valid};
    decide_distinct(rows, l, r, out, negate_);
    return {out, nullptr};
  }

 private:
  bool negate_, distinct_;
};

template <class T>
class extreme final : public node {
 public:
  extreme(node_ptr a, node_ptr b, bool greatest) : node{a->result}, greatest_{greatest} {
    add(std::move(a));
    add(std::move(b));
  }
  column eval(frame& f, row_set rows) const override {
    const column l = args[0]->eval(f, rows), r = args[1]->eval(f, rows);
    const T* a = l.as<T>();
    const T* b = r.as<T>();
    T* out = f.scratch<T>(slot);
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    for_each_row(rows, [=, greatest = greatest_](std::int64_t i) {
      const bool va = l.is_valid(i), vb = r.is_valid(i);
      valid[i] = va || vb;
      out[i] = !va ? b[i] : !vb ? a[i] : less(a[i], b[i]) != greatest ? a[i] : b[i];
    });
    return {out, l.valid && r.valid ? valid : nullptr};
  }

 private:
  bool greatest_;
};

// Not found in a list that holds a NULL: nobody knows.
const std::uint8_t* known(frame& f, int slot, row_set rows, const column& c, const std::uint8_t* found) {
  auto* valid = f.scratch<std::uint8_t>(slot);
  for_each_row(rows, [&](std::int64_t i) { valid[i] = c.is_valid(i) && found[i]; });
  return valid;
}

// A list of constants: few are compared one after the other, many are looked up.
template <class T>
class in_list final : public node {
 public:
  in_list(node_ptr a, std::vector<T> list, bool with_null)
      : node{kind::boolean}, list_{std::move(list)}, with_null_{with_null} {
    add(std::move(a));
    std::sort(list_.begin(), list_.end(), before);
    list_.erase(std::unique(list_.begin(), list_.end(), [](const T& x, const T& y) { return equal(x, y); }),
                list_.end());
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const T* a = c.as<T>();
    auto* out = f.scratch<std::uint8_t>(slot);
    for_each_row(rows, [&](std::int64_t i) {
      bool found = false;
      if (list_.size() <= few) {
        for (const T& v : list_) found |= equal(a[i], v);
      } else {
        found = std::binary_search(list_.begin(), list_.end(), a[i], before);
      }
      out[i] = found;
    });
    return {out, with_null_ ? known(f, slot + 1, rows, c, out) : c.valid};
  }

 private:
  static constexpr std::size_t few = 8;
  static bool before(const T& x, const T& y) { return less(x, y); }
  std::vector<T> list_;
  bool with_null_;
};

class in_texts final : public node {
 public:
  in_texts(node_ptr a, std::vector<std::string> list, bool with_null)
      : node{kind::boolean}, list_{std::move(list)}, with_null_{with_null} {
    add(std::move(a));
    costly = true;
    for (const auto& s : list_) set_.insert(s);
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<text_ref>();
    auto* out = f.scratch<std::uint8_t>(slot);
    for_each_row(rows, [&](std::int64_t i) { out[i] = c.is_valid(i) && has(a[i].view()); });
    return {out, with_null_ ? known(f, slot + 1, rows, c, out) : c.valid};
  }

 private:
  bool has(std::string_view t) const {
    if (list_.size() > 4) return set_.contains(t);
    for (const auto& s : list_)
      if (s == t) return true;
    return false;
  }
  std::vector<std::string> list_;
  std::unordered_set<std::string_view> set_;  // into list_
  bool with_null_;
};

// Narrow integers are compared as int32: fewer kernels, and it is what the processor does.
node_ptr comparable(node_ptr n) {
  switch (n->result.is) {
    case kind::int8:
    case kind::int16:
    case kind::uint8:
    case kind::uint16:
      return make_cast(std::move(n), kind::int32, false);
    default:
      return n;
  }
}

template <class Op>
node_ptr compare(node_ptr a, node_ptr b, bool negate, bool distinct = false) {
  a = comparable(std::move(a));
  b = comparable(std::move(b));
  return with_value(a->result.is, [&](auto tag) -> node_ptr {
    using T = typename decltype(tag)::value;
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, std::uint8_t> && sizeof(T) < 4) {
      return nullptr;
    } else {
      return std::make_unique<comparison<Op, T>>(std::move(a), std::move(b), negate, distinct);
    }
  });
}

}  // namespace

node_ptr make_comparison(std::string_view sign, node_ptr a, node_ptr b) {
  if (sign == "=") return compare<is_equal>(std::move(a), std::move(b), false);
  if (sign == "<>") return compare<is_equal>(std::move(a), std::move(b), true);
  if (sign == "<") return compare<is_less>(std::move(a), std::move(b), false);
  if (sign == ">=") return compare<is_less>(std::move(a), std::move(b), true);
  if (sign == ">") return compare<is_less>(std::move(b), std::move(a), false);
  return compare<is_less>(std::move(b), std::move(a), true);
}

node_ptr make_distinct(node_ptr a, node_ptr b, bool negate) {
  return compare<is_equal>(std::move(a), std::move(b), negate, true);
}

node_ptr make_extreme(bool greatest, node_ptr a, node_ptr b) {
  return with_value(a->result.is, [&](auto tag) -> node_ptr {
    return std::make_unique<extreme<typename decltype(tag)::value>>(std::move(a), std::move(b), greatest);
  });
}

node_ptr make_in(node_ptr a, std::vector<scalar> list, bool with_null) {
  const kind k = a->result.is;
  if (k == kind::text || k == kind::binary) {
    std::vector<std::string> values;
    for (auto& s : list) values.push_back(std::move(s.text));
    return std::make_unique<in_texts>(std::move(a), std::move(values), with_null);
  }
  // A few kernels for all numbers.
  if (k == kind::float32) a = make_cast(std::move(a), kind::float64, false);
  if (k == kind::uint64) a = make_cast(std::move(a), kind::hugeint, false);
  if (is_integer(a->result.is) && a->result.is != kind::hugeint) a = make_cast(std::move(a), kind::int64, false);
  auto make = [&](auto tag, auto value) -> node_ptr {
    using T = typename decltype(tag)::value;
    std::vector<T> values;
    for (const auto& s : list) values.push_back(static_cast<T>(value(s)));
    return std::make_unique<in_list<T>>(std::move(a), std::move(values), with_null);
  };
  auto integer = [](const scalar& s) { return s.integer; };
  switch (a->result.is) {
    case kind::int64:
    case kind::timestamp:
      return make(of<std::int64_t>{}, integer);
    case kind::date:
      return make(of<std::int32_t>{}, integer);
    case kind::float64:
      return make(of<double>{}, [](const scalar& s) { return s.real; });
    case kind::interval:
      return make(of<span>{}, [](const scalar& s) { return s.interval; });
    case kind::boolean:
      return make(of<std::uint8_t>{}, integer);
    default:
      return make(of<int128>{}, integer);
  }
}

}  // namespace weir::expression
