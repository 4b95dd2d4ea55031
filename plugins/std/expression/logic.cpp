#include "logic.hpp"

#include "constant.hpp"
#include "loops.hpp"
#include "values.hpp"

namespace weir::expression {

namespace {

// 1 where the value is true (and known).
inline std::uint8_t is_true(const column& c, std::int64_t i) {
  return c.as<std::uint8_t>()[i] & (c.valid ? c.valid[i] : 1) & 1;
}
inline std::uint8_t is_false(const column& c, std::int64_t i) {
  return static_cast<std::uint8_t>((c.as<std::uint8_t>()[i] ^ 1) & (c.valid ? c.valid[i] : 1) & 1);
}

// AND (Decides = false) and OR (Decides = true): the value that decides alone, whatever the other side is.
template <bool Decides>
class junction final : public node {
 public:
  junction(node_ptr a, node_ptr b) : node{kind::boolean} {
    add(std::move(a));
    add(std::move(b));
    scratch = 3;
    leave_out_ = args[1]->can_fail || args[1]->costly;
  }
  column eval(frame& f, row_set rows) const override {
    const column l = args[0]->eval(f, rows);
    row_set open = rows;
    if (leave_out_) {
      auto* index = f.scratch<std::uint32_t>(slot + 2);
      std::int64_t n = 0;
      for_rows(rows, [&](std::int64_t i) {
        index[n] = static_cast<std::uint32_t>(i);
        n += 1 - (Decides ? is_true(l, i) : is_false(l, i));
      });
      if (n == 0) return l;
      if (n < rows.count) open = {index, n};
    }
    const column r = args[1]->eval(f, open);
    const auto* a = l.as<std::uint8_t>();
    const auto* b = r.as<std::uint8_t>();
    auto* out = f.scratch<std::uint8_t>(slot);
    if (!l.valid && !r.valid && open.count == rows.count) {
      for_rows_or_more(rows, f.length(), [=](std::int64_t i) { out[i] = Decides ? a[i] | b[i] : a[i] & b[i]; });
      return {out, nullptr};
    }
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    // Of rows that the right side was not asked for only the left side counts: it decides there.
    for_rows_or_more(rows, f.length(), [=](std::int64_t i) {
      const std::uint8_t va = l.valid ? l.valid[i] & 1 : 1, vb = r.valid ? r.valid[i] & 1 : 1;
      if constexpr (Decides) {
        const auto ta = static_cast<std::uint8_t>(a[i] & va & 1), tb = static_cast<std::uint8_t>(b[i] & vb & 1);
        out[i] = ta | tb;
        valid[i] = static_cast<std::uint8_t>((va & vb) | ta | tb);
      } else {
        const auto fa = static_cast<std::uint8_t>((a[i] ^ 1) & va & 1),
                   fb = static_cast<std::uint8_t>((b[i] ^ 1) & vb & 1);
        out[i] = a[i] & b[i] & 1;
        valid[i] = static_cast<std::uint8_t>((va & vb) | fa | fb);
      }
    });
    return {out, valid};
  }

 private:
  bool leave_out_;
};

class negation final : public node {
 public:
  explicit negation(node_ptr a) : node{kind::boolean} { add(std::move(a)); }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<std::uint8_t>();
    auto* out = f.scratch<std::uint8_t>(slot);
    for_rows_or_more(rows, f.length(), [=](std::int64_t i) { out[i] = a[i] ^ 1; });
    return {out, c.valid};
  }
};

class null_test final : public node {
 public:
  null_test(test what, node_ptr a) : node{kind::boolean}, what_{what} { add(std::move(a)); }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    auto* out = f.scratch<std::uint8_t>(slot);
    const std::int64_t length = f.length();
    switch (what_) {
      case test::is_null:
        for_rows_or_more(rows, length, [=](std::int64_t i) { out[i] = c.valid ? c.valid[i] ^ 1 : 0; });
        break;
      case test::is_not_null:
        for_rows_or_more(rows, length, [=](std::int64_t i) { out[i] = c.valid ? c.valid[i] : 1; });
        break;
      case test::is_true:
        for_rows_or_more(rows, length, [=](std::int64_t i) { out[i] = is_true(c, i); });
        break;
      case test::is_not_true:
        for_rows_or_more(rows, length, [=](std::int64_t i) { out[i] = is_true(c, i) ^ 1; });
        break;
      case test::is_false:
        for_rows_or_more(rows, length, [=](std::int64_t i) { out[i] = is_false(c, i); });
        break;
      case test::is_not_false:
        for_rows_or_more(rows, length, [=](std::int64_t i) { out[i] = is_false(c, i) ^ 1; });
        break;
    }
    return {out, nullptr};
  }

 private:
  test what_;
};

// Values that are only moved, not looked at: a type for each width.
struct wide_cell {
  std::uint64_t low, high;
};
template <class F>
node_ptr with_cell(kind k, F f) {
  switch (k) {
    case kind::int16:
    case kind::uint16:
      return f(of<std::uint16_t>{});
    case kind::int32:
    case kind::uint32:
    case kind::float32:
    case kind::date:
      return f(of<std::uint32_t>{});
    case kind::int64:
    case kind::uint64:
    case kind::float64:
    case kind::timestamp:
      return f(of<std::uint64_t>{});
    case kind::hugeint:
    case kind::decimal:
    case kind::text:
    case kind::binary:
    case kind::interval:
      return f(of<wide_cell>{});
    default:
      return f(of<std::uint8_t>{});
  }
}

// Copies the rows of one vector into another, with their validity.
template <class T>
void place(row_set rows, const column& from, T* out, std::uint8_t* valid) {
  const T* v = from.as<T>();
  const std::uint8_t* ok = from.valid;
  for_rows(rows, [=](std::int64_t i) {
    out[i] = v[i];
    valid[i] = ok ? ok[i] : 1;
  });
}

template <class T>
class choice final : public node {
 public:
  choice(type t, std::vector<node_ptr> all) : node{t} {
    for (auto& a : all) add(std::move(a));
    scratch = 4;
    // Cheap values that cannot fail are computed for all rows and blended: no lists of rows.
    blend_ = !can_fail && !costly && args.size() <= 9;
  }
  column eval(frame& f, row_set rows) const override { return blend_ ? blended(f, rows) : picked(f, rows); }

 private:
  column blended(frame& f, row_set rows) const {
    T* out = f.scratch<T>(slot);
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    const std::int64_t length = f.length();
    const column last = args.back()->eval(f, rows);
    const T* v = last.as<T>();
    for_rows_or_more(rows, length, [=](std::int64_t i) { out[i] = v[i]; });
    bool nulls = last.valid != nullptr;
    if (nulls) for_rows_or_more(rows, length, [=](std::int64_t i) { valid[i] = last.valid[i]; });
    for (std::size_t k = args.size() - 1; k >= 2; k -= 2) {
      const column when = args[k - 2]->eval(f, rows), then = args[k - 1]->eval(f, rows);
      const T* value = then.as<T>();
      if (then.valid && !nulls) {
        nulls = true;
        std::memset(valid, 1, static_cast<std::size_t>(length));
      }
      if (nulls)
        for_rows_or_more(rows, length, [=](std::int64_t i) {
          const std::uint8_t ok = then.valid ? then.valid[i] : 1;
          valid[i] = is_true(when, i) ? ok : valid[i];
        });
      for_rows_or_more(rows, length, [=](std::int64_t i) { out[i] = is_true(when, i) ? value[i] : out[i]; });
    }
    return {out, nulls ? valid : nullptr};
  }

  column picked(frame& f, row_set rows) const {
    T* out = f.scratch<T>(slot);
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    auto* yes = f.scratch<std::uint32_t>(slot + 2);
    auto* rest = f.scratch<std::uint32_t>(slot + 3);
    row_set left = rows;
    for (std::size_t k = 0; k + 1 < args.size() && left.count > 0; k += 2) {
      const column when = args[k]->eval(f, left);
      std::int64_t n = 0, m = 0;
      // Reading `rest` while writing it is fine: the writer never overtakes the reader.
      for_rows(left, [&](std::int64_t i) {
        const std::uint8_t t = is_true(when, i);
        yes[n] = static_cast<std::uint32_t>(i);
        rest[m] = static_cast<std::uint32_t>(i);
        n += t;
        m += 1 - t;
      });
      if (n > 0) {
        const row_set matched = n == f.length() ? row_set{nullptr, n} : row_set{yes, n};
        place(matched, args[k + 1]->eval(f, matched), out, valid);
      }
      if (n > 0) left = {rest, m};
    }
    if (left.count > 0) place(left, args.back()->eval(f, left), out, valid);
    return {out, valid};
  }

  bool blend_;
};

template <class T>
class coalesce final : public node {
 public:
  coalesce(type t, std::vector<node_ptr> all) : node{t} {
    for (auto& a : all) add(std::move(a));
    scratch = 3;
  }
  column eval(frame& f, row_set rows) const override {
    const column first = args[0]->eval(f, rows);
    if (!first.valid) return first;
    T* out = f.scratch<T>(slot);
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    auto* rest = f.scratch<std::uint32_t>(slot + 2);
    place(rows, first, out, valid);
    row_set left = rows;
    for (std::size_t k = 1; k < args.size(); ++k) {
      std::int64_t m = 0;
      for_rows(left, [&](std::int64_t i) {
        rest[m] = static_cast<std::uint32_t>(i);
        m += 1 - (valid[i] & 1);
      });
      if (m == 0) break;
      left = {rest, m};
      place(left, args[k]->eval(f, left), out, valid);
    }
    return {out, valid};
  }
};

class nullif final : public node {
 public:
  nullif(node_ptr a, node_ptr equal) : node{a->result} {
    add(std::move(a));
    add(std::move(equal));
  }
  column eval(frame& f, row_set rows) const override {
    const column a = args[0]->eval(f, rows), same = args[1]->eval(f, rows);
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    for_rows_or_more(rows, f.length(), [=](std::int64_t i) {
      valid[i] = static_cast<std::uint8_t>((a.valid ? a.valid[i] : 1) & (is_true(same, i) ^ 1));
    });
    return {a.values, valid};
  }
};

class attempt final : public node {
 public:
  explicit attempt(node_ptr a) : node{a->result} {
    add(std::move(a));
    can_fail = false;
    costly = true;  // never for more rows than asked for
  }
  column eval(frame& f, row_set rows) const override {
    const std::size_t before = f.errors().size();
    const column c = args[0]->eval(f, rows);
    if (f.errors().size() == before) return c;
    auto* valid = own_valid(f, slot + 1, c.valid);
    for (std::size_t i = before; i < f.errors().size(); ++i) valid[f.errors()[i].row] = 0;
    f.forget_errors(before);
    return {c.values, valid};
  }
};

}  // namespace

class kept {
 public:
  explicit kept(const type& t) : is{t} {}
  type is;
  int number{-1};
};

namespace {

class again final : public node {
 public:
  explicit again(std::shared_ptr<kept> k) : node{k->is}, kept_{std::move(k)} { scratch = 0; }
  column eval(frame& f, row_set) const override { return *f.memo(kept_->number); }

 private:
  std::shared_ptr<kept> kept_;
};

class let final : public node {
 public:
  let(std::shared_ptr<kept> k, node_ptr value, node_ptr body) : node{body->result}, kept_{std::move(k)} {
    add(std::move(value));
    add(std::move(body));
    scratch = 0;
  }
  void number(numbering& n) override {
    kept_->number = n.memos++;
    node::number(n);
  }
  column eval(frame& f, row_set rows) const override {
    f.set_memo(kept_->number, args[0]->eval(f, rows));
    return args[1]->eval(f, rows);
  }

 private:
  std::shared_ptr<kept> kept_;
};

template <template <class> class Node>
node_ptr of_type(type t, std::vector<node_ptr> args) {
  return with_cell(t.is, [&](auto tag) -> node_ptr {
    return std::make_unique<Node<typename decltype(tag)::value>>(t, std::move(args));
  });
}

}  // namespace

node_ptr make_and(node_ptr a, node_ptr b) { return std::make_unique<junction<false>>(std::move(a), std::move(b)); }
node_ptr make_or(node_ptr a, node_ptr b) { return std::make_unique<junction<true>>(std::move(a), std::move(b)); }
node_ptr make_not(node_ptr a) { return std::make_unique<negation>(std::move(a)); }
node_ptr make_test(test what, node_ptr a) { return std::make_unique<null_test>(what, std::move(a)); }
node_ptr make_choice(type result, std::vector<node_ptr> args) { return of_type<choice>(result, std::move(args)); }
node_ptr make_coalesce(type result, std::vector<node_ptr> args) {
  if (args.size() == 1) return std::move(args[0]);
  return of_type<coalesce>(result, std::move(args));
}
node_ptr make_nullif(node_ptr a, node_ptr equal) { return std::make_unique<nullif>(std::move(a), std::move(equal)); }
node_ptr make_try(node_ptr a) { return std::make_unique<attempt>(std::move(a)); }
std::shared_ptr<kept> make_kept(const type& t) { return std::make_shared<kept>(t); }
node_ptr make_again(const std::shared_ptr<kept>& k) { return std::make_unique<again>(k); }
node_ptr make_let(const std::shared_ptr<kept>& k, node_ptr value, node_ptr body) {
  return std::make_unique<let>(k, std::move(value), std::move(body));
}

}  // namespace weir::expression
