#include "source.hpp"

#include <string_view>

#include "arrow_read.hpp"
#include "loops.hpp"
#include "values.hpp"

namespace weir::expression {

namespace {

class input_column final : public node {
 public:
  input_column(type t, int index, std::shared_ptr<loaded> shared, int width)
      : node{t}, index_{index}, width_{width}, shared_{std::move(shared)} {
    writes = false;
  }
  void number(numbering& n) override {
    if (shared_->memo < 0) shared_->memo = n.memos++;
    node::number(n);
  }
  int index() const { return index_; }

  // All rows of the batch, at the first use: other users may ask for other rows.
  column eval(frame& f, row_set) const override {
    if (const column* c = f.memo(shared_->memo)) return *c;
    const ArrowArray& a = *f.in().batch->columns[index_];
    column out;
    if (a.null_count != 0 && a.buffers[0]) {
      auto* valid = f.scratch<std::uint8_t>(slot + 1);
      unpack_bits(static_cast<const std::uint8_t*>(a.buffers[0]), a.offset, f.length(), valid);
      out.valid = valid;
    }
    with_value(result.is, [&](auto tag) { out.values = values<typename decltype(tag)::value>(f, a); });
    return f.set_memo(shared_->memo, out);
  }

 private:
  template <class T>
  const void* values(frame& f, const ArrowArray& a) const {
    if (result.is == kind::boolean) {
      auto* out = f.scratch<std::uint8_t>(slot);
      unpack_bits(static_cast<const std::uint8_t*>(a.buffers[1]), a.offset, f.length(), out);
      return out;
    }
    if constexpr (std::is_same_v<T, text_ref>) {
      auto* out = f.scratch<text_ref>(slot);
      const std::int64_t length = f.length();
      if (width_) {
        const char* data = static_cast<const char*>(a.buffers[1]) + a.offset * width_;
        for (std::int64_t i = 0; i < length; ++i) out[i] = {data + i * width_, static_cast<std::uint64_t>(width_)};
        return out;
      }
      const auto* offsets = static_cast<const std::int32_t*>(a.buffers[1]) + a.offset;
      const char* data = static_cast<const char*>(a.buffers[2]);
      for (std::int64_t i = 0; i < length; ++i)
        out[i] = {data + offsets[i],
                  static_cast<std::uint64_t>(static_cast<std::uint32_t>(offsets[i + 1] - offsets[i]))};
      return out;
    } else {
      const T* there = static_cast<const T*>(a.buffers[1]) + a.offset;
      if (reinterpret_cast<std::uintptr_t>(there) % alignof(T) == 0) return there;
      T* out = f.scratch<T>(slot);
      std::memcpy(out, there, static_cast<std::size_t>(f.length()) * sizeof(T));
      return out;
    }
  }

  int index_;
  int width_;
  std::shared_ptr<loaded> shared_;
};

class event_time final : public node {
 public:
  event_time() : node{kind::timestamp} {}
  column eval(frame& f, row_set rows) const override {
    const std::int64_t* times = f.in().batch->event_time;
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    if (!times) {
      for_rows_or_more(rows, f.length(), [=](std::int64_t i) { valid[i] = 0; });
      return {f.scratch<std::int64_t>(slot), valid};
    }
    for_rows_or_more(rows, f.length(), [=](std::int64_t i) { valid[i] = times[i] != WEIR_TIME_MIN; });
    return {times, valid};
  }
};

class trace_id final : public node {
 public:
  trace_id() : node{kind::text} { costly = true; }
  column eval(frame& f, row_set rows) const override {
    const std::uint8_t* ids = f.in().batch->trace_id;
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    auto* out = f.scratch<text_ref>(slot);
    for_each_row(rows, [&](std::int64_t i) {
      std::uint8_t any = 0;
      for (int k = 0; ids && k < 16; ++k) any |= ids[i * 16 + k];
      valid[i] = any != 0;
      out[i] = {nullptr, 0};
      if (!any) return;
      char* text = f.texts.take(32);
      for (int k = 0; k < 16; ++k) {
        text[k * 2] = "0123456789abcdef"[ids[i * 16 + k] >> 4];
        text[k * 2 + 1] = "0123456789abcdef"[ids[i * 16 + k] & 15];
      }
      out[i] = {text, 32};
    });
    return {out, valid};
  }
};

class source_id final : public node {
 public:
  source_id() : node{kind::text} { costly = true; }
  column eval(frame& f, row_set rows) const override {
    const input& in = f.in();
    const std::uint32_t* numbers = in.batch->source_id;
    auto* valid = f.scratch<std::uint8_t>(slot + 1);
    auto* out = f.scratch<text_ref>(slot);
    const bool known = numbers && in.source_name;
    std::uint32_t last = UINT32_MAX;
    std::string_view text;
    for_each_row(rows, [&](std::int64_t i) {
      if (known && numbers[i] != last) text = in.source_name(in.who, last = numbers[i]);
      valid[i] = known && !text.empty();
      out[i] = {text.data(), text.size()};
    });
    return {out, valid};
  }
};

class change_kind final : public node {
 public:
  change_kind() : node{kind::text} { costly = true; }
  column eval(frame& f, row_set rows) const override {
    static constexpr std::string_view names[]{"insert", "update_before", "update_after", "delete"};
    const std::uint8_t* kinds = f.in().batch->change;
    auto* out = f.scratch<text_ref>(slot);
    for_each_row(rows, [=](std::int64_t i) {
      const std::string_view n = names[kinds ? kinds[i] & 3 : 0];
      out[i] = {n.data(), n.size()};
    });
    return {out, nullptr};
  }
};

}  // namespace

node_ptr make_input(type t, int index, const std::shared_ptr<loaded>& shared, int width) {
  return std::make_unique<input_column>(t, index, shared, width);
}

int input_index(const node& n) {
  const auto* c = dynamic_cast<const input_column*>(&n);
  return c ? c->index() : -1;
}

node_ptr make_event_time() { return std::make_unique<event_time>(); }
node_ptr make_trace_id() { return std::make_unique<trace_id>(); }
node_ptr make_source_id() { return std::make_unique<source_id>(); }
node_ptr make_change_kind() { return std::make_unique<change_kind>(); }

}  // namespace weir::expression
