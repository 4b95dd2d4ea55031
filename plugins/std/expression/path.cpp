// Values inside lists and structs: per row, the index of the entry in the array that the path has come to.
#include "arrow_read.hpp"
#include "loops.hpp"
#include "order.hpp"
#include "source.hpp"
#include "values.hpp"

namespace weir::expression {

namespace {

class path : public node {
 protected:
  path(type t, int index, std::vector<step> steps) : node{t}, index_{index} {
    for (auto& s : steps) {
      fields_.push_back(s.field);
      if (s.element) add(std::move(s.element));
    }
    costly = true;
    foldable = false;  // it reads a column, even where all positions are constants
    scratch = 3;
  }

  // Where the path ends for each row: the array, and the entry's index in it, -1 where something on the way is null or
  // not there.
  const ArrowArray& walk(frame& f, row_set rows, std::int64_t*& out) const {
    const ArrowArray* a = f.in().batch->columns[index_];
    auto* spot = f.scratch<std::int64_t>(slot + 2);
    out = spot;
    for_each_row(rows, [&](std::int64_t i) { spot[i] = present(*a, i) ? i : -1; });
    std::size_t next = 0;
    for (const int field : fields_) {
      if (field >= 0) {
        // A record's offset counts for its children, too.
        const ArrowArray* child = a->children[field];
        const std::int64_t offset = a->offset;
        for_each_row(rows, [&](std::int64_t i) {
          if (spot[i] >= 0) spot[i] = present(*child, spot[i] + offset) ? spot[i] + offset : -1;
        });
        a = child;
        continue;
      }
      const column position = args[next++]->eval(f, rows);
      const auto* wanted = position.as<std::int64_t>();
      const ArrowArray* child = a->children[0];
      const auto* offsets = static_cast<const std::int32_t*>(a->buffers[1]) + a->offset;
      for_each_row(rows, [&](std::int64_t i) {
        if (spot[i] < 0) return;
        const std::int64_t begin = offsets[spot[i]], count = offsets[spot[i] + 1] - begin;
        std::int64_t k = position.is_valid(i) ? wanted[i] : 0;
        k = k > 0 ? k - 1 : k < 0 && k >= -count ? k + count : -1;
        spot[i] = k >= 0 && k < count && present(*child, begin + k) ? begin + k : -1;
      });
      a = child;
    }
    return *a;
  }

 private:
  int index_;
  std::vector<int> fields_;  // -1: an element, its position is the next argument
};

template <class T>
class leaf final : public path {
 public:
  leaf(type t, int index, std::vector<step> steps, int width) : path{t, index, std::move(steps)}, width_{width} {}
  column eval(frame& f, row_set rows) const override {
    std::int64_t* spot = nullptr;
    const ArrowArray& a = walk(f, rows, spot);
    T* out = f.scratch<T>(slot);
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    for_each_row(rows, [&](std::int64_t i) {
      valid[i] = spot[i] >= 0;
      out[i] = spot[i] >= 0 ? value_at<T>(a, result.is, width_, spot[i]) : T{};
    });
    return {out, valid};
  }

 private:
  int width_;
};

class list_length final : public path {
 public:
  list_length(int index, std::vector<step> steps) : path{kind::int64, index, std::move(steps)} {}
  column eval(frame& f, row_set rows) const override {
    std::int64_t* spot = nullptr;
    const ArrowArray& a = walk(f, rows, spot);
    const auto* offsets = static_cast<const std::int32_t*>(a.buffers[1]) + a.offset;
    auto* out = f.scratch<std::int64_t>(slot);
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    for_each_row(rows, [=](std::int64_t i) {
      valid[i] = spot[i] >= 0;
      out[i] = spot[i] >= 0 ? offsets[spot[i] + 1] - offsets[spot[i]] : 0;
    });
    return {out, valid};
  }
};

template <class T>
class list_contains final : public path {
 public:
  list_contains(int index, std::vector<step> steps, type element, int width, node_ptr value)
      : path{kind::boolean, index, std::move(steps)}, element_{element}, width_{width} {
    add(std::move(value));
  }
  column eval(frame& f, row_set rows) const override {
    std::int64_t* spot = nullptr;
    const ArrowArray& a = walk(f, rows, spot);
    const column value = args.back()->eval(f, rows);
    const T* wanted = value.as<T>();
    const ArrowArray& child = *a.children[0];
    const auto* offsets = static_cast<const std::int32_t*>(a.buffers[1]) + a.offset;
    auto* out = f.scratch<std::uint8_t>(slot);
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    for_each_row(rows, [&](std::int64_t i) {
      valid[i] = spot[i] >= 0 && value.is_valid(i);
      out[i] = 0;
      if (!valid[i]) return;
      for (std::int64_t k = offsets[spot[i]]; k < offsets[spot[i] + 1] && !out[i]; ++k)
        out[i] = present(child, k) && equal(value_at<T>(child, element_.is, width_, k), wanted[i]);
    });
    return {out, valid};
  }

 private:
  type element_;
  int width_;
};

class nested_is_null final : public path {
 public:
  nested_is_null(int index, std::vector<step> steps, bool negate)
      : path{kind::boolean, index, std::move(steps)}, negate_{negate} {}
  column eval(frame& f, row_set rows) const override {
    std::int64_t* spot = nullptr;
    walk(f, rows, spot);
    auto* out = f.scratch<std::uint8_t>(slot);
    const bool negate = negate_;
    for_each_row(rows, [=](std::int64_t i) { out[i] = (spot[i] < 0) != negate; });
    return {out, nullptr};
  }

 private:
  bool negate_;
};

}  // namespace

node_ptr make_path(type t, int index, std::vector<step> steps, int width) {
  return with_value(t.is, [&](auto tag) -> node_ptr {
    return std::make_unique<leaf<typename decltype(tag)::value>>(t, index, std::move(steps), width);
  });
}

node_ptr make_list_length(int index, std::vector<step> steps) {
  return std::make_unique<list_length>(index, std::move(steps));
}

node_ptr make_list_contains(int index, std::vector<step> steps, type element, int width, node_ptr value) {
  return with_value(element.is, [&](auto tag) -> node_ptr {
    return std::make_unique<list_contains<typename decltype(tag)::value>>(index, std::move(steps), element, width,
                                                                          std::move(value));
  });
}

node_ptr make_nested_is_null(int index, std::vector<step> steps, bool negate) {
  return std::make_unique<nested_is_null>(index, std::move(steps), negate);
}

}  // namespace weir::expression
