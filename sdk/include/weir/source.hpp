// weir/source.hpp: sources: where records come from. A source has splits (partitions, files); the host gives each to
// one subtask, remembers how far it was read, and hands that position back after a restart.
#ifndef WEIR_SOURCE_HPP
#define WEIR_SOURCE_HPP

#include <string>
#include <string_view>

#include "weir/batch.hpp"
#include "weir/config.hpp"
#include "weir/options.hpp"
#include "weir/plugin.hpp"

namespace weir {

// What poll() has done.
enum class polled : std::int32_t {
  emitted = WEIR_OK,  // something was emitted
  idle = WEIR_IDLE,   // nothing now
  end = WEIR_END      // all splits are read to their end
};

// What discover() fills.
class split_list {
 public:
  split_list(const weir_host& host, weir_splits* to) : host_{&host}, to_{to} {}
  // One split that exists now; the id stays the same over restarts and names it to people.
  void add(std::string_view id) { detail::host_says(host_->add_split(to_, detail::view(id))); }
  // Ask again after this time; without it the list is final.
  void ask_again(duration after) { host_->discover_again(to_, after.count()); }

 private:
  const weir_host* host_;
  weir_splits* to_;
};

namespace detail {
class source_base : public component {
 public:
  // [control] Names the splits. Runs on an instance of its own that never reads, made from the same configuration.
  virtual void discover(split_list& splits) = 0;
  // [task] Begin to read a split. position: what position() gave; empty: begin where the configuration says.
  virtual void open_split(std::uint32_t split, std::string_view id, std::string_view position) = 0;
  // [task] Stop reading a split, it goes to another subtask.
  virtual void close_split(std::uint32_t) {}
  // [task] Appends where reading would go on, behind the last record emitted, to `to`.
  virtual void position(std::uint32_t split, std::string& to) = 0;
  // [task] Everything before this position is safe; a source may tell its broker.
  virtual void on_committed(std::uint32_t, std::string_view) {}

  static constexpr bool weir_is_source = true;
  using weir_base = source_base;

 protected:
  // The split has no record now: an empty fetch at the end of its log. Ends with its next record.
  void split_idle(std::uint32_t split) { host().split_idle(rt().context, split); }
  // The split is read to its end; nothing more comes from it.
  void split_end(std::uint32_t split) { host().split_end(rt().context, split); }
  // Records of the split that are not read yet; -1: not known.
  void split_pending(std::uint32_t split, std::int64_t records) { host().split_pending(rt().context, split, records); }
  // The number of a source's name, for the trace columns.
  [[nodiscard]] std::uint32_t source_number(std::string_view name) {
    return host().source_number(rt().context, view(name));
  }
  // Hands a record that cannot be read to the dead-letter port.
  void dead_letter(std::string_view why, std::string_view original) {
    host_says(host().dead_letter(rt().context, nullptr, 0, WEIR_E_DATA, view(why), view(original)));
  }

 private:
  friend struct access;
  [[nodiscard]] runtime& rt() { return access::of(*this); }
  [[nodiscard]] const weir_host& host() { return *rt().host; }
};
}  // namespace detail

// Column level; bind() declares the output ports.
class source : public detail::source_base {
 public:
  // As weir::batch_operator's; there are no inputs.
  virtual void bind(binder& b) = 0;
  // [task] Reads and emits what is there, some batches at most. Waits up to `wait` when there is nothing.
  virtual polled poll(duration wait, batch_output& out) = 0;

 private:
  friend struct detail::access;
  void weir_bind_ports(binder& b) {
    bind(b);
    outputs_ = b.outputs();
  }
  polled weir_poll(duration wait) { return poll(wait, out_); }

  std::vector<detail::bound_output> outputs_;
  batch_output out_{detail::access::of(*this), outputs_};
};

// The output of a record source: every record comes from a split, at an offset that counts up.
template <record Record>
class source_output : public output<Record> {
 public:
  using output<Record>::output;
  void emit(const Record& r, std::uint32_t split, std::int64_t offset, time at = no_time) {
    if (this->builder_ && this->builder_->split != split) this->send();
    if (at != no_time || this->has_times()) this->set_time(detail::micros(at));
    const auto row = this->begin_row();
    this->builder_->split = split;
    this->builder_->offset[row] = offset;
    this->add_flag(WEIR_EMIT_OFFSETS);
    detail::write_members(this->target(), this->builder_->columns, row, r);
    this->end_row();
  }
};

// Row level.
template <record Record>
class record_source : public detail::source_base {
 public:
  using output = source_output<Record>;
  // [task] As weir::source's.
  virtual polled poll(duration wait, output& out) = 0;

 private:
  friend struct detail::access;
  void weir_bind_ports(binder& b) { detail::access::declare(b, detail::access::of(*this)); }
  polled weir_poll(duration wait) { return poll(wait, main_); }

  output main_{this, ""};
};

namespace detail {
template <class T>
weir_code discover_source(const weir_host* host, const void* p, weir_splits* splits) noexcept {
  return guarded(
      [&] {
        split_list list{*host, splits};
        static_cast<const plan<T>*>(p)->prototype->discover(list);
      },
      [&](weir_code code, std::string_view, std::int64_t, std::string_view why) {
        return WEIR_HAS(host, weir_host, discover_error) ? host->discover_error(splits, code, view(why)) : code;
      });
}
template <class T>
weir_code open_split_source(void* self, weir_context* context, std::uint32_t split, weir_view id,
                            weir_view position) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) { t.open_split(split, chars(id), chars(position)); });
}
template <class T>
weir_code close_split_source(void* self, weir_context* context, std::uint32_t split) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) { t.close_split(split); });
}
template <class T>
weir_code poll_source(void* self, weir_context* context, std::int64_t wait_us) noexcept {
  polled result = polled::idle;
  const auto code =
      instance_call<T>(self, context, nullptr, [&](T& t) { result = access::poll(t, duration{wait_us}); });
  return code < 0 ? code : static_cast<weir_code>(result);
}
template <class T>
weir_code position_source(void* self, weir_context* context, std::uint32_t split, weir_bytes* out) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) {
    std::string bytes;
    t.position(split, bytes);
    access::of(t).host->append(out, view(bytes));
  });
}
template <class T>
weir_code on_committed_source(void* self, weir_context* context, std::uint32_t split, weir_view position) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) { t.on_committed(split, chars(position)); });
}

template <class T>
constexpr weir_source source_table(const char* type) {
  static_assert(std::is_base_of_v<source_base, T>, "a source derives from weir::source or weir::record_source");
  weir_source t{};
  t.struct_size = sizeof t;
  t.type = type;
  t.summary = summary_of<T>();
  t.options = option_table<T>::get();
  t.option_size = sizeof(weir_option);
  t.bind = &bind_component<T>;
  t.unbind = &unbind_component<T>;
  t.discover = &discover_source<T>;
  t.create = &create_component<T>;
  t.destroy = &destroy_component<T>;
  t.open_split = &open_split_source<T>;
  if constexpr (overrides_close_split<T>()) t.close_split = &close_split_source<T>;
  t.poll = &poll_source<T>;
  t.position = &position_source<T>;
  if constexpr (overrides_on_committed<T>()) t.on_committed = &on_committed_source<T>;
  if constexpr (extends<T>) t.extension = &extension_of<T>;
  return t;
}
}  // namespace detail

// Sources with the names that a pipeline uses.
template <class... T, class... Name>
constexpr auto sources(const Name*... names) {
  static_assert(sizeof...(T) == sizeof...(Name), "weir::sources<A, B>(\"a\", \"b\"): one name for each class");
  return detail::tables<0, sizeof...(T)>{{}, {detail::source_table<T>(names)...}};
}
}  // namespace weir
#endif  // WEIR_SOURCE_HPP
