#pragma once
// Nodes without plugins for tests of the engine: tables of functions over plain structs. One int64 column "n".
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model/type.hpp"
#include "operator/context.hpp"
#include "operator/spec.hpp"
#include "weir/abi.h"

namespace weir::fake {

inline model::schema_ref number_schema() {
  static const model::schema_ref s = model::schema::of({{"n", model::type_id::int64, false, {}}});
  return s;
}

inline const weir_host& host() {
  static const weir_host table = [] {
    weir_host t{};
    t.struct_size = sizeof t;
    op::fill_context_slots(t);
    return t;
  }();
  return table;
}

/// Emits n = first, first + 1, ... of each split, `batch` at a time, event time n.
struct numbers {
  std::int64_t batch = 10;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> ranges;  // split id -> [begin, end)
  bool endless_idle = false;                                            // at the end: idle, not ended
};

struct numbers_at_work {
  const numbers* what;
  struct split {
    std::uint32_t number;
    std::int64_t next, end;
  };
  std::vector<split> splits;
};

inline const weir_source& number_source() {
  static const weir_source table = [] {
    weir_source s{};
    s.struct_size = sizeof s;
    s.type = "numbers";
    s.create = [](const weir_host*, weir_context*, const void* plan, void** self) -> weir_code {
      *self = new numbers_at_work{static_cast<const numbers*>(plan), {}};
      return WEIR_OK;
    };
    s.destroy = [](void* self) { delete static_cast<numbers_at_work*>(self); };
    s.open_split = [](void* self, weir_context*, std::uint32_t split, weir_view id, weir_view) -> weir_code {
      auto& me = *static_cast<numbers_at_work*>(self);
      const auto [begin, end] = me.what->ranges.at(std::string(id.data, id.size));
      me.splits.push_back({split, begin, end});
      return WEIR_OK;
    };
    s.poll = [](void* self, weir_context* c, std::int64_t) -> weir_code {
      auto& me = *static_cast<numbers_at_work*>(self);
      bool any = false, open = false;
      for (auto& s1 : me.splits) {
        if (s1.next == s1.end) {
          if (me.what->endless_idle) host().split_idle(c, s1.number);
          continue;
        }
        open = true;
        const std::int64_t rows = std::min(me.what->batch, s1.end - s1.next);
        weir_builder* b = host().build(c, 0, rows);
        if (!b) return WEIR_E_MEMORY;
        b->split = s1.number;
        b->first_offset = s1.next;
        for (std::int64_t i = 0; i < rows; ++i)
          b->event_time[i] = static_cast<std::int64_t*>(b->columns[0].values)[i] = s1.next + i;
        b->length = rows;
        s1.next += rows;
        if (const weir_code code = host().emit(c, b, WEIR_EMIT_TIMES)) return code;
        any = true;
        if (s1.next == s1.end && !me.what->endless_idle) host().split_end(c, s1.number);
      }
      if (any) return WEIR_OK;
      return open || me.what->endless_idle ? WEIR_IDLE : WEIR_END;
    };
    return s;
  }();
  return table;
}

/// What a collecting sink was given, over all subtasks.
struct collected {
  std::mutex mutex;
  std::vector<std::int64_t> numbers;
  std::vector<std::int64_t> watermarks;
  std::map<std::int64_t, std::uint32_t> subtask_of;  // number -> who got it
  int flushes = 0, ends = 0, destroyed = 0;
};

struct collector_at_work {
  collected* to;
  std::uint32_t subtask;
};

inline const weir_operator& collecting_sink() {
  static const weir_operator table = [] {
    weir_operator o{};
    o.struct_size = sizeof o;
    o.kind = WEIR_KIND_SINK;
    o.flags = WEIR_SELECTIONS;
    o.input_count = 1;
    o.type = "collect";
    o.create = [](const weir_host*, weir_context* c, const void* plan, void** self) -> weir_code {
      weir_info info{};
      info.struct_size = sizeof info;
      host().info(c, &info);
      *self = new collector_at_work{static_cast<collected*>(const_cast<void*>(plan)), info.subtask};
      return WEIR_OK;
    };
    o.destroy = [](void* self) {
      auto* me = static_cast<collector_at_work*>(self);
      {
        std::lock_guard lock(me->to->mutex);
        ++me->to->destroyed;
      }
      delete me;
    };
    o.process = [](void* self, weir_context*, const weir_batch* b) -> weir_code {
      auto& me = *static_cast<collector_at_work*>(self);
      std::lock_guard lock(me.to->mutex);
      const auto* n = static_cast<const std::int64_t*>(b->columns[0]->buffers[1]);
      for (std::int64_t i = 0; i < b->row_count; ++i) {
        const std::int64_t value = n[b->rows ? b->rows[i] : i];
        me.to->numbers.push_back(value);
        me.to->subtask_of[value] = me.subtask;
      }
      return WEIR_OK;
    };
    o.on_watermark = [](void* self, weir_context*, std::int64_t t) -> weir_code {
      auto& me = *static_cast<collector_at_work*>(self);
      std::lock_guard lock(me.to->mutex);
      me.to->watermarks.push_back(t);
      return WEIR_OK;
    };
    o.end_of_port = [](void* self, weir_context*, std::uint32_t) -> weir_code {
      auto& me = *static_cast<collector_at_work*>(self);
      std::lock_guard lock(me.to->mutex);
      ++me.to->ends;
      return WEIR_OK;
    };
    o.flush = [](void* self, weir_context*) -> weir_code {
      auto& me = *static_cast<collector_at_work*>(self);
      std::lock_guard lock(me.to->mutex);
      ++me.to->flushes;
      return WEIR_OK;
    };
    return o;
  }();
  return table;
}

/// With one input that takes selections; what it is bound with is its instance, too.
inline weir_operator operator_of_its_plan(const char* type) {
  weir_operator o{};
  o.struct_size = sizeof o;
  o.kind = WEIR_KIND_OPERATOR;
  o.flags = WEIR_SELECTIONS;
  o.input_count = 1;
  o.type = type;
  o.create = [](const weir_host*, weir_context*, const void* plan, void** self) -> weir_code {
    *self = const_cast<void*>(plan);
    return WEIR_OK;
  };
  return o;
}

/// Passes rows on, but sends every number divisible by `bad` to dead letters; fails outright at `broken`.
struct picky {
  std::int64_t bad = 0, broken = -1;
};

inline const weir_operator& picky_operator() {
  static const weir_operator table = [] {
    weir_operator o = operator_of_its_plan("picky");
    o.process = [](void* self, weir_context* c, const weir_batch* b) -> weir_code {
      const auto& me = *static_cast<const picky*>(self);
      const auto* n = static_cast<const std::int64_t*>(b->columns[0]->buffers[1]);
      std::uint32_t* rows = host().row_buffer(c, b->row_count);
      std::int64_t kept = 0;
      for (std::int64_t i = 0; i < b->row_count; ++i) {
        const std::uint32_t row = b->rows ? b->rows[i] : static_cast<std::uint32_t>(i);
        if (n[row] == me.broken) {
          static constexpr char why[] = "this number breaks it";
          return host().fail(c, WEIR_E_PLUGIN, {why, sizeof why - 1});
        }
        if (me.bad && n[row] % me.bad == 0) {
          static constexpr char why[] = "bad number";
          if (const weir_code code = host().dead_letter(c, b, row, WEIR_E_DATA, {why, sizeof why - 1}, {nullptr, 0}))
            return code;
          continue;
        }
        rows[kept++] = row;
      }
      return host().emit_rows(c, 0, b, rows, kept, nullptr, 0);
    };
    return o;
  }();
  return table;
}

inline std::shared_ptr<op::spec> node(std::string id, const weir_operator* o, const void* plan, bool sink = false) {
  auto s = std::make_shared<op::spec>();
  s->pipeline = "test";
  s->id = std::move(id);
  s->plugin = "fake";
  s->version = "1.0.0";
  s->op = o;
  s->plan = plan;
  s->keys.resize(1);
  if (!sink) s->outputs.push_back({"", number_schema(), {0}, true});
  return s;
}

inline std::shared_ptr<op::spec> source_node(std::string id, const numbers* what) {
  auto s = std::make_shared<op::spec>();
  s->pipeline = "test";
  s->id = std::move(id);
  s->plugin = "fake";
  s->version = "1.0.0";
  s->source = &number_source();
  s->plan = what;
  s->outputs.push_back({"", number_schema(), {}, true});
  return s;
}

}  // namespace weir::fake
