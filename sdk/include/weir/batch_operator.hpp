// weir/batch_operator.hpp: operators and sinks that see whole columns. For what works on any schema (filter, project),
// or wants vector loops.
//
//   class flag_large : public weir::batch_operator {
//    public:
//     void bind(weir::binder& b) override {
//       price_ = b.input().require("price");
//       b.output_like_input("");
//     }
//     void process(const weir::batch_view& batch, weir::batch_output& out) override { ... out.emit_all(0, batch); }
//   };
#ifndef WEIR_BATCH_OPERATOR_HPP
#define WEIR_BATCH_OPERATOR_HPP

#include "weir/batch.hpp"
#include "weir/config.hpp"
#include "weir/keyed_state.hpp"
#include "weir/options.hpp"
#include "weir/plugin.hpp"

namespace weir {
namespace detail {

template <std::uint32_t Kind>
class batch_component : public component {
 public:
  // Checks the input schemas and declares the output ports. Called on every instance: once with the host [control],
  // then, without it, on each subtask's own instance [task], so what it keeps in members is there in process(). Must
  // not touch the outside.
  virtual void bind(binder& b) = 0;
  // [task] One batch. An exception fails the task; for single rows use out.dead_letter.
  virtual void process(const batch_view& batch, batch_output& out) = 0;
  // [task] The event-time clock has moved.
  virtual void on_watermark(time, batch_output&) {}
  // [task] Timers of a family (timer_family::number()) are due: `fired` has the key columns, in the order of the
  // timers' times, which are its event times; keyed_state::slots takes it as any batch. Watermark timers come before
  // on_watermark().
  virtual void on_timers(std::uint32_t, const batch_view&, batch_output&) {}
  // [task] Nothing more comes on this input port.
  virtual void end_of_port(std::uint32_t, batch_output&) {}
  // [task] Hand on everything that is held back: at each cut and after the last input. May block.
  virtual void flush(batch_output&) {}

  static constexpr std::uint32_t weir_kind = Kind;
  static constexpr std::uint32_t weir_flags =
      0;  // a derived class that walks batch.rows() says `static constexpr bool selections = true`
  static constexpr std::uint32_t weir_inputs =
      1;  // more: `static constexpr std::uint32_t weir_inputs = 2`, or WEIR_INPUTS_ANY
  using weir_base = batch_component;

 private:
  friend struct access;
  void weir_bind_ports(binder& b) {
    bind(b);
    inputs_.clear();
    for (std::uint32_t i = 0; i < b.input_count(); ++i) inputs_.push_back(b.input(i));
    outputs_ = b.outputs();
  }
  template <class Self>
  void weir_run(Self& self, const weir_batch& batch) {
    const batch_view view{batch, inputs_[batch.port]};
    if constexpr (requires { self.Self::process(view, out_); })
      self.Self::process(view, out_);
    else
      process(view, out_);
  }
  void weir_on_watermark(time at) { on_watermark(at, out_); }
  void weir_on_timers(std::uint32_t family, const weir_batch& fired) {
    on_timers(family, batch_view{fired, access::of(*this).key}, out_);
  }
  void weir_end_of_port(std::uint32_t port) { end_of_port(port, out_); }
  void weir_flush() { flush(out_); }

  std::vector<schema> inputs_;
  std::vector<bound_output> outputs_;
  batch_output out_{access::of(*this), outputs_};
};
}  // namespace detail

// Any number of input and output ports; bind() declares the outputs.
class batch_operator : public detail::batch_component<WEIR_KIND_OPERATOR> {};
// Input: a connector's records with a binary column "value"; output: typed columns.
class batch_decoder : public detail::batch_component<WEIR_KIND_DECODER> {};
// Input: typed columns; output: records with a binary column "value".
class batch_encoder : public detail::batch_component<WEIR_KIND_ENCODER> {};

// The end of a pipeline. After flush() returned, everything that was processed is safe outside.
class batch_sink : public component {
 public:
  virtual void bind(binder&) {}
  virtual void process(const batch_view& batch) = 0;
  // [task] Nothing more comes on this input port; flush() follows.
  virtual void end_of_port(std::uint32_t) {}
  virtual void flush() {}

  static constexpr std::uint32_t weir_kind = WEIR_KIND_SINK;
  static constexpr std::uint32_t weir_flags = 0;
  static constexpr std::uint32_t weir_inputs = 1;
  using weir_base = batch_sink;

 protected:
  // Hands one row of the batch in work to the dead-letter port.
  void dead_letter(const batch_view& batch, std::uint32_t row, std::string_view why, std::string_view original = {}) {
    auto& rt = detail::access::of(*this);
    detail::host_says(
        rt.host->dead_letter(rt.context, &batch.raw(), row, WEIR_E_DATA, detail::view(why), detail::view(original)));
  }

 private:
  friend struct detail::access;
  void weir_bind_ports(binder& b) {
    bind(b);
    inputs_.clear();
    for (std::uint32_t i = 0; i < b.input_count(); ++i) inputs_.push_back(b.input(i));
  }
  template <class Self>
  void weir_run(Self& self, const weir_batch& batch) {
    const batch_view view{batch, inputs_[batch.port]};
    if constexpr (requires { self.Self::process(view); })
      self.Self::process(view);
    else
      process(view);
  }
  void weir_end_of_port(std::uint32_t port) { end_of_port(port); }
  void weir_flush() { flush(); }

  std::vector<schema> inputs_;
};
}  // namespace weir
#endif  // WEIR_BATCH_OPERATOR_HPP
