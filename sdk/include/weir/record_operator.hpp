// weir/record_operator.hpp: operators and sinks that see one record after the other. Their loop over the batch is
// compiled into the plugin, so a record costs no call across the boundary.
#ifndef WEIR_RECORD_OPERATOR_HPP
#define WEIR_RECORD_OPERATOR_HPP

#include <tuple>

#include "weir/detail/access.hpp"

namespace weir {

// Several input ports, in the order of `from`: record_operator<inputs<trade, rate>, priced>.
template <record... In>
struct inputs {};

namespace detail {
template <class... T>
constexpr bool all_different() {
  std::size_t equal_pairs = 0;
  (([&]<class A>(std::type_identity<A>) {
     equal_pairs += (std::size_t{std::is_same_v<A, T>} + ...) - 1;
   }(std::type_identity<T>{})),
   ...);
  return equal_pairs == 0;
}
}  // namespace detail

namespace detail {

// process() once for each input's record.
template <class Out, class... In>
class processes;
template <class Out, class In>
class processes<Out, In> : public component {
 public:
  // [task] One record. Throw weir::failure to send it to the dead-letter port. `in` lives until the call returns.
  virtual void process(const In& in, time at, output<Out>& out) = 0;
};
template <class Out, class In, class... Rest>
class processes<Out, In, Rest...> : public processes<Out, Rest...> {
 public:
  using processes<Out, Rest...>::process;
  virtual void process(const In& in, time at, output<Out>& out) = 0;
};

template <class Out, class... In>
class record_operator_base : public processes<Out, In...> {
  static_assert(all_different<In...>(),
                "weir::inputs: each input port needs a record type of its own, to tell process() apart");

 public:
  using output = weir::output<Out>;

  // [task] The event-time clock has moved: no record of this time or before comes any more, but late ones. Give emit()
  // a time here.
  virtual void on_watermark(time, output&) {}
  // [task] Nothing more comes on this input port.
  virtual void end_of_port(std::uint32_t, output&) {}
  // [task] Hand on everything that is held back: at each cut and after the last input. May block.
  virtual void flush(output&) {}

  static constexpr std::uint32_t weir_kind = WEIR_KIND_OPERATOR;
  static constexpr std::uint32_t weir_flags = WEIR_SELECTIONS;
  static constexpr std::uint32_t weir_inputs = sizeof...(In);
  using weir_base = record_operator_base;

 protected:
  friend struct access;
  WEIR_DETAIL_COLD void weir_bind_ports(binder& b) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (access::bind_record(b, static_cast<std::uint32_t>(I), std::get<I>(readers_)), ...);
    }
    (std::index_sequence_for<In...>{});
    access::declare(b, access::of(*this));
  }
  output main_{this, ""};

 private:
  template <class Self>
  void weir_run(Self& self, const weir_batch& batch) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { ((batch.port == I ? run_port<I>(self, batch) : void()), ...); }
    (std::index_sequence_for<In...>{});
  }
  template <std::size_t I, class Self>
  void run_port(Self& self, const weir_batch& batch) {
    auto& reader = std::get<I>(readers_);
    auto& in = std::get<I>(records_);
    reader.load(batch.columns);
    access::for_rows(access::of(*this), [&](std::uint32_t row, time at) {
      reader.read(row, in);
      if constexpr (requires { self.Self::process(in, at, main_); })
        self.Self::process(in, at, main_);  // the instance is exactly a Self: no virtual call
      else
        static_cast<processes<Out, In...>&>(self).process(in, at, main_);
    });
  }
  void weir_on_watermark(time at) { on_watermark(at, main_); }
  void weir_end_of_port(std::uint32_t port) { end_of_port(port, main_); }
  void weir_flush() { flush(main_); }

  std::tuple<record_reader<In>...> readers_;
  std::tuple<In...> records_;
};
}  // namespace detail

// One record in, any number out. Override process, and what else is of interest.
template <class In, record Out>
class record_operator : public detail::record_operator_base<Out, In> {
 public:
  using weir_in = In;
  using weir_out = Out;
};
template <class... In, record Out>
class record_operator<inputs<In...>, Out> : public detail::record_operator_base<Out, In...> {
 public:
  using weir_in = inputs<In...>;
  using weir_out = Out;
};

// One record in, one out.
template <record In, record Out>
class map_operator : public record_operator<In, Out> {
 public:
  virtual Out map(const In& in, time at) = 0;
  void process(const In& in, time at, output<Out>& out) final { out.emit(map(in, at)); }
};

// One record in; the record goes out as it came, whatever its columns are, with further columns that process() fills.
// In needs to name only the columns that process() reads.
template <record In, record Added>
class extend_operator : public component {
 public:
  // [task] Fill `added`, which is fresh for each record. Throw weir::failure to send the record to the dead-letter port
  // instead.
  virtual void process(const In& in, time at, Added& added) = 0;

  static constexpr std::uint32_t weir_kind = WEIR_KIND_OPERATOR;
  static constexpr std::uint32_t weir_flags = WEIR_SELECTIONS;
  static constexpr std::uint32_t weir_inputs = 1;
  using weir_base = extend_operator;
  using weir_in = In;
  using weir_out = void;

 protected:
  extend_operator() {
    detail::access::of(*this).ports.push_back(nullptr);
  }  // port 0 is written here, not by an output<>

 private:
  friend struct detail::access;
  WEIR_DETAIL_COLD void weir_bind_ports(binder& b) {
    detail::access::bind_record(b, 0, reader_);
    schema out = b.input();
    std::vector<std::int32_t> passes;
    for (std::size_t i = 0; i < out.size(); ++i) passes.push_back(static_cast<std::int32_t>(i));
    for (auto& added : schema_of<Added>().fields) {
      if (out.find(added.name) >= 0)
        b.error(WEIR_E_SCHEMA, "",
                detail::sentence({"it adds a column '", added.name,
                                  "', but the input has one of this name: project it away or rename it before"}));
      out.fields.push_back(std::move(added));
      passes.push_back(-1);
    }
    if (b.first_error() != WEIR_OK) return;  // it says enough; an output with two columns of one name says nothing more
    b.output("", std::move(out), std::move(passes));
    detail::access::declare(b, detail::access::of(*this));
  }
  template <class Self>
  void weir_run(Self& self, const weir_batch& batch) {
    auto& rt = detail::access::of(*this);
    auto* beside = rt.host->build_beside(rt.context, 0, &batch);
    if (!beside) throw detail::host_refused{WEIR_E_MEMORY};
    std::uint32_t* kept = nullptr;  // the rows that did not fail; null: all
    std::int64_t kept_count = 0, written = 0;
    reader_.load(batch.columns);
    const detail::writing w{rt.host, rt.context};
    detail::access::for_rows(
        rt,
        [&](std::uint32_t row, time at) {
          reader_.read(row, record_);
          Added added{};
          if constexpr (requires { self.Self::process(record_, at, added); })
            self.Self::process(record_, at, added);
          else
            static_cast<extend_operator&>(self).process(record_, at, added);
          for (; written < row; ++written) blank(*beside, written);
          detail::write_members(w, beside->columns, row, added);
          written = std::int64_t{row} + 1;
          if (kept) kept[kept_count++] = row;
        },
        [&](std::int64_t k, std::uint32_t) {
          if (kept) return;
          kept = rt.host->row_buffer(rt.context, batch.row_count);
          if (!kept) throw detail::host_refused{WEIR_E_MEMORY};
          for (; kept_count < k; ++kept_count)
            kept[kept_count] = batch.rows ? batch.rows[kept_count] : static_cast<std::uint32_t>(kept_count);
        },
        [](std::uint32_t) { return std::string_view{}; });
    for (; written < batch.length; ++written) blank(*beside, written);
    if (kept && kept_count == 0) return rt.host->discard(rt.context, beside);
    detail::host_says(rt.host->emit_rows(rt.context, 0, &batch, kept, kept ? kept_count : batch.row_count, beside, 0));
  }
  static void blank(weir_builder& b, std::int64_t row) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (detail::write_blank<detail::member_value<Added, I>>(b.columns[I], row), ...);
    }
    (detail::member_indexes<Added>{});
  }

  detail::record_reader<In> reader_;
  In record_;
};

// Records go out as they came, or not. In needs to name only the columns that keep() reads.
template <record In>
class filter_operator : public component {
 public:
  virtual bool keep(const In& in, time at) = 0;

  static constexpr std::uint32_t weir_kind = WEIR_KIND_OPERATOR;
  static constexpr std::uint32_t weir_flags = WEIR_SELECTIONS;
  static constexpr std::uint32_t weir_inputs = 1;
  using weir_base = filter_operator;
  using weir_in = In;
  using weir_out = In;

 protected:
  filter_operator() { detail::access::of(*this).ports.push_back(nullptr); }

 private:
  friend struct detail::access;
  WEIR_DETAIL_COLD void weir_bind_ports(binder& b) {
    detail::access::bind_record(b, 0, reader_);
    b.output_like_input("");
    detail::access::declare(b, detail::access::of(*this));
  }
  template <class Self>
  void weir_run(Self& self, const weir_batch& batch) {
    auto& rt = detail::access::of(*this);
    auto* kept = rt.host->row_buffer(rt.context, batch.row_count);
    if (!kept) throw detail::host_refused{WEIR_E_MEMORY};
    std::int64_t count = 0;
    reader_.load(batch.columns);
    detail::access::for_rows(rt, [&](std::uint32_t row, time at) {
      reader_.read(row, record_);
      kept[count] = row;
      if constexpr (requires { self.Self::keep(record_, at); })
        count += self.Self::keep(record_, at);
      else
        count += static_cast<filter_operator&>(self).keep(record_, at);
    });
    if (count) detail::host_says(rt.host->emit_rows(rt.context, 0, &batch, kept, count, nullptr, 0));
  }

  detail::record_reader<In> reader_;
  In record_;
};

// The end of a pipeline: each record leaves it here. After flush() returned, everything that was processed is safe
// outside.
template <record In>
class sink : public component {
 public:
  virtual void process(const In& in, time at) = 0;
  virtual void flush() {}

  static constexpr std::uint32_t weir_kind = WEIR_KIND_SINK;
  static constexpr std::uint32_t weir_flags = WEIR_SELECTIONS;
  static constexpr std::uint32_t weir_inputs = 1;
  using weir_base = sink;
  using weir_in = In;
  using weir_out = void;

 private:
  friend struct detail::access;
  WEIR_DETAIL_COLD void weir_bind_ports(binder& b) { detail::access::bind_record(b, 0, reader_); }
  template <class Self>
  void weir_run(Self& self, const weir_batch& batch) {
    reader_.load(batch.columns);
    detail::access::for_rows(detail::access::of(*this), [&](std::uint32_t row, time at) {
      reader_.read(row, record_);
      if constexpr (requires { self.Self::process(record_, at); })
        self.Self::process(record_, at);
      else
        static_cast<sink&>(self).process(record_, at);
    });
  }
  void weir_flush() { flush(); }

  detail::record_reader<In> reader_;
  In record_;
};
}  // namespace weir
#endif  // WEIR_RECORD_OPERATOR_HPP
