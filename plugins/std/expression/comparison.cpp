#include "comparison.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "loops.hpp"
#include "order.hpp"

namespace weir::expression {

namespace {

template <class T>
constexpr bool is_pointer_like = std::is_same_v<T, text_ref>;

// Text follows pointers, which are right only in the rows asked for.
template <class T, class F>
inline __attribute__((always_inline)) void loop(row_set rows, std::int64_t length, F f) {
  if constexpr (is_pointer_like<T>) {
    (void)length;
    for_rows(rows, f);
  } else {
    for_rows_or_more(rows, length, f);
  }
}
// Text of null rows may point anywhere, too.
template <class T>
inline bool readable(const std::uint8_t* valid, std::int64_t i) {
  return !is_pointer_like<T> || !valid || valid[i];
}

struct is_equal {
  template <class T>
  bool operator()(const T& a, const T& b) const { return equal(a, b); }
};
struct is_less {
  template <class T>
  bool operator()(const T& a, const T& b) const { return less(a, b); }
};

// = and <; the other four are these with sides changed or the answer turned around.
template <class Op, class T>
class comparison final : public node {
 public:
  comparison(node_ptr a, node_ptr b, bool negate) : node{kind::boolean}, negate_{negate} {
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
    const auto negate = static_cast<std::uint8_t>(negate_);
    if (is_pointer_like<T> && valid) {
      for_rows(rows, [=](std::int64_t i) { out[i] = valid[i] ? static_cast<std::uint8_t>(Op{}(a[i], b[i])) ^ negate : 0; });
    } else {
      loop<T>(rows, f.length(), [=](std::int64_t i) { out[i] = static_cast<std::uint8_t>(Op{}(a[i], b[i])) ^ negate; });
    }
    return {out, valid};
  }

 private:
  bool negate_;
};

template <class T>
class distinct final : public node {
 public:
  distinct(node_ptr a, node_ptr b, bool negate) : node{kind::boolean}, negate_{negate} {
    add(std::move(a));
    add(std::move(b));
    costly |= is_pointer_like<T>;
  }
  column eval(frame& f, row_set rows) const override {
    const column l = args[0]->eval(f, rows), r = args[1]->eval(f, rows);
    const T* a = l.as<T>();
    const T* b = r.as<T>();
    auto* out = f.scratch<std::uint8_t>(slot);
    const bool negate = negate_;
    for_rows(rows, [=](std::int64_t i) {
      const bool va = l.is_valid(i), vb = r.is_valid(i);
      const bool differ = va != vb || (va && !equal(a[i], b[i]));
      out[i] = static_cast<std::uint8_t>(differ != negate);
    });
    return {out, nullptr};
  }

 private:
  bool negate_;
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
    const bool greatest = greatest_;
    if (!l.valid && !r.valid) {
      loop<T>(rows, f.length(), [=](std::int64_t i) { out[i] = less(a[i], b[i]) != greatest ? a[i] : b[i]; });
      return {out, nullptr};
    }
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    for_rows(rows, [=](std::int64_t i) {
      const bool va = l.is_valid(i), vb = r.is_valid(i);
      valid[i] = va || vb;
      out[i] = !va ? b[i] : !vb ? a[i] : less(a[i], b[i]) != greatest ? a[i] : b[i];
    });
    return {out, valid};
  }

 private:
  bool greatest_;
};

// A list of constants: few are compared one after the other, many are looked up.
template <class T>
class in_list final : public node {
 public:
  in_list(node_ptr a, std::vector<T> list, bool with_null) : node{kind::boolean}, list_{std::move(list)}, with_null_{with_null} {
    add(std::move(a));
    std::sort(list_.begin(), list_.end(), [](const T& x, const T& y) { return less(x, y); });
    list_.erase(std::unique(list_.begin(), list_.end(), [](const T& x, const T& y) { return equal(x, y); }), list_.end());
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const T* a = c.as<T>();
    auto* out = f.scratch<std::uint8_t>(slot);
    if (list_.size() <= few) {
      bool first = true;
      for (const T v : list_) {
        if (first) {
          for_rows_or_more(rows, f.length(), [=](std::int64_t i) { out[i] = static_cast<std::uint8_t>(equal(a[i], v)); });
        } else {
          for_rows_or_more(rows, f.length(), [=](std::int64_t i) { out[i] |= static_cast<std::uint8_t>(equal(a[i], v)); });
        }
        first = false;
      }
      if (list_.empty()) for_rows_or_more(rows, f.length(), [=](std::int64_t i) { out[i] = 0; });
    } else {
      for_rows(rows, [&](std::int64_t i) {
        out[i] = static_cast<std::uint8_t>(std::binary_search(list_.begin(), list_.end(), a[i], [](const T& x, const T& y) { return less(x, y); }));
      });
    }
    if (!with_null_) return {out, c.valid};
    // Not found beside a NULL: nobody knows.
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    for_rows(rows, [&](std::int64_t i) { valid[i] = c.is_valid(i) && out[i]; });
    return {out, valid};
  }

 private:
  static constexpr std::size_t few = 8;
  std::vector<T> list_;
  bool with_null_;
};

class in_texts final : public node {
 public:
  in_texts(node_ptr a, std::vector<std::string> list, bool with_null) : node{kind::boolean}, list_{std::move(list)}, with_null_{with_null} {
    add(std::move(a));
    costly = true;
    for (const auto& s : list_) set_.insert(s);
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<text_ref>();
    auto* out = f.scratch<std::uint8_t>(slot);
    for_rows(rows, [&](std::int64_t i) { out[i] = c.is_valid(i) && has(a[i].view()); });
    if (!with_null_) return {out, c.valid};
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    for_rows(rows, [&](std::int64_t i) { valid[i] = c.is_valid(i) && out[i]; });
    return {out, valid};
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

template <class Op>
node_ptr compare(node_ptr a, node_ptr b, bool negate) {
  return with_value(a->result.is, [&](auto tag) -> node_ptr {
    return std::make_unique<comparison<Op, typename decltype(tag)::value>>(std::move(a), std::move(b), negate);
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
  return with_value(a->result.is, [&](auto tag) -> node_ptr {
    return std::make_unique<distinct<typename decltype(tag)::value>>(std::move(a), std::move(b), negate);
  });
}

node_ptr make_extreme(bool greatest, node_ptr a, node_ptr b) {
  return with_value(a->result.is, [&](auto tag) -> node_ptr {
    return std::make_unique<extreme<typename decltype(tag)::value>>(std::move(a), std::move(b), greatest);
  });
}

node_ptr make_in(node_ptr a, std::vector<scalar> list, bool with_null) {
  return with_value(a->result.is, [&](auto tag) -> node_ptr {
    using T = typename decltype(tag)::value;
    if constexpr (std::is_same_v<T, text_ref>) {
      std::vector<std::string> values;
      for (auto& s : list) values.push_back(std::move(s.text));
      return std::make_unique<in_texts>(std::move(a), std::move(values), with_null);
    } else {
      std::vector<T> values;
      for (const auto& s : list) {
        if constexpr (std::is_same_v<T, span>) {
          values.push_back(s.interval);
        } else if constexpr (std::is_floating_point_v<T>) {
          values.push_back(static_cast<T>(s.real));
        } else {
          values.push_back(static_cast<T>(s.integer));
        }
      }
      return std::make_unique<in_list<T>>(std::move(a), std::move(values), with_null);
    }
  });
}

}  // namespace weir::expression
