#pragma once
// One node whose plugin does what the test says, and what came out of it.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../task/fakes.hpp"
#include "base/test_env.hpp"
#include "model/batch_builder.hpp"
#include "operator/instance.hpp"
#include "weir/ext/draft/report.h"

namespace weir::op::test {

inline weir_view view(std::string_view t) { return {t.data(), t.size()}; }

/// What the plugin does in each call; empty: nothing.
struct script {
  std::function<weir_code(weir_context*, const weir_batch*)> process;
  std::function<weir_code(weir_context*)> on_watermark, flush, create;
  std::function<weir_code(weir_figures*, void (*)(weir_figures*, weir_view, std::uint64_t))> report;
  std::function<void()> destroy;
};

inline weir_operator table_of(std::uint32_t flags) {
  weir_operator o{};
  o.struct_size = sizeof o;
  o.kind = WEIR_KIND_OPERATOR;
  o.flags = flags;
  o.input_count = 1;
  o.type = "scripted";
  o.create = [](const weir_host*, weir_context* c, const void* plan, void** self) -> weir_code {
    *self = const_cast<void*>(plan);
    const auto& s = *static_cast<const script*>(plan);
    return s.create ? s.create(c) : WEIR_OK;
  };
  o.destroy = [](void* self) {
    if (auto& s = *static_cast<const script*>(self); s.destroy) s.destroy();
  };
  o.process = [](void* self, weir_context* c, const weir_batch* b) -> weir_code {
    auto& s = *static_cast<const script*>(self);
    return s.process ? s.process(c, b) : WEIR_OK;
  };
  o.on_watermark = [](void* self, weir_context* c, std::int64_t) -> weir_code {
    auto& s = *static_cast<const script*>(self);
    return s.on_watermark ? s.on_watermark(c) : WEIR_OK;
  };
  o.flush = [](void* self, weir_context* c) -> weir_code {
    auto& s = *static_cast<const script*>(self);
    return s.flush ? s.flush(c) : WEIR_OK;
  };
  o.extension = [](const char* id) -> const void* {
    static const weir_report offered = [] {
      weir_report r{};
      r.struct_size = sizeof r;
      r.report = [](void* self, weir_context*, weir_figures* to,
                    void (*add)(weir_figures*, weir_view, std::uint64_t)) -> weir_code {
        auto& s = *static_cast<const script*>(self);
        return s.report ? s.report(to, add) : WEIR_OK;
      };
      return r;
    }();
    return std::string_view(id) == WEIR_EXT_REPORT ? &offered : nullptr;
  };
  return o;
}

inline const weir_operator& plain_table() {
  static const weir_operator o = table_of(0);
  return o;
}
inline const weir_operator& selecting_table() {
  static const weir_operator o = table_of(WEIR_SELECTIONS);
  return o;
}

/// Keeps what was handed on, and can hand it to another node of the same chain.
struct kept final : collector {
  std::vector<std::pair<std::uint32_t, model::batch_ref>> all;
  instance* next = nullptr;
  bool works = true;
  bool collect(std::uint32_t port, const model::batch_ref& batch) override {
    all.emplace_back(port, batch);
    return next ? next->process(0, batch) : works;
  }
};

/// Numbers first .. first + rows - 1 with event times 1000 * n, offsets n, of split 0.
inline model::batch_ref numbers(std::int64_t rows, std::int64_t first = 0) {
  model::batch_builder builder(model::builder_layout::make(fake::number_schema()), {.source = true});
  weir_builder* b = builder.open(rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    static_cast<std::int64_t*>(b->columns[0].values)[i] = first + i;
    b->event_time[i] = 1000 * (first + i);
  }
  b->length = rows;
  b->first_offset = first;
  b->split = 0;
  auto made = builder.finish(WEIR_EMIT_TIMES, nullptr);
  return std::move(made).take();
}

inline std::vector<std::int64_t> values(const model::batch& b) {
  const auto* n = static_cast<const std::int64_t*>(b.view().columns[0]->buffers[1]);
  std::vector<std::int64_t> out;
  for (std::int64_t i = 0; i < b.row_count(); ++i) out.push_back(n[b.row(i)]);
  return out;
}

/// The node "it" of plugin "fake 1.0.0".
struct node {
  explicit node(std::function<weir_code(weir_context*, const weir_batch*)> process = {}, bool selections = true) {
    does.process = std::move(process);
    what = fake::node("it", selections ? &selecting_table() : &plain_table(), &does);
  }
  instance& operator*() { return at(); }
  instance* operator->() { return &at(); }
  std::string why() const { return failure.failed() ? failure.why().text() : std::string(); }

  script does;
  std::shared_ptr<op::spec> what;
  base::test_env env;
  kept out;
  chain_error failure;

 private:
  instance& at() {
    if (!made_) {
      made_.emplace(*what, 0, fake::host(), out, failure, env);
      made_->create();
    }
    return *made_;
  }
  std::optional<instance> made_;
};

}  // namespace weir::op::test
