// weir/codec.hpp: formats at row level: a decoder turns a connector's bytes into records, an encoder records into
// bytes. For columns see weir::batch_decoder and weir::batch_encoder.
#ifndef WEIR_CODEC_HPP
#define WEIR_CODEC_HPP

#include <string>
#include <string_view>

#include "weir/operator.hpp"

namespace weir {
namespace detail {
struct wire {
  bytes_view value;
};
WEIR_RECORD(wire, value)
struct wire_out {
  bytes value;
};
WEIR_RECORD(wire_out, value)
}  // namespace detail

// Bytes in, any number of records out. weir::failure sends the bytes to the dead-letter port.
template <record Out>
class decoder : public component {
 public:
  using output = weir::output<Out>;
  virtual void decode(std::string_view value, time at, output& out) = 0;

  static constexpr std::uint32_t weir_kind = WEIR_KIND_DECODER;
  static constexpr std::uint32_t weir_flags = WEIR_SELECTIONS;
  static constexpr std::uint32_t weir_inputs = 1;
  using weir_base = decoder;
  using weir_in = detail::wire;
  using weir_out = Out;

 private:
  friend struct detail::access;
  void weir_bind_ports(binder& b) {
    detail::access::bind_record(b, 0, reader_);
    detail::access::declare(b, detail::access::of(*this));
  }
  template <class Self>
  void weir_run(Self& self, const weir_batch& batch) {
    reader_.load(batch.columns);
    detail::access::for_rows(
        detail::access::of(*this),
        [&](std::uint32_t row, time at) {
          in_.value = {};
          reader_.read(row, in_);
          static_cast<decoder&>(self).decode(in_.value.text(), at, main_);
        },
        [](std::int64_t, std::uint32_t) {}, [&](std::uint32_t) { return in_.value.text(); });
  }

  output main_{this, ""};
  detail::record_reader<detail::wire> reader_;
  detail::wire in_;
};

// One record in, its bytes out.
template <record In>
class encoder : public component {
 public:
  // Append the bytes of the record to `value`, which is empty.
  virtual void encode(const In& in, std::string& value) = 0;

  static constexpr std::uint32_t weir_kind = WEIR_KIND_ENCODER;
  static constexpr std::uint32_t weir_flags = WEIR_SELECTIONS;
  static constexpr std::uint32_t weir_inputs = 1;
  using weir_base = encoder;
  using weir_in = In;
  using weir_out = detail::wire;

 private:
  friend struct detail::access;
  void weir_bind_ports(binder& b) {
    detail::access::bind_record(b, 0, reader_);
    detail::access::declare(b, detail::access::of(*this));
  }
  template <class Self>
  void weir_run(Self& self, const weir_batch& batch) {
    reader_.load(batch.columns);
    detail::access::for_rows(detail::access::of(*this), [&](std::uint32_t row, time) {
      reader_.read(row, record_);
      out_.value.value.clear();
      static_cast<encoder&>(self).encode(record_, out_.value.value);
      main_.emit(out_);
    });
  }

  output<detail::wire_out> main_{this, ""};
  detail::record_reader<In> reader_;
  In record_;
  detail::wire_out out_;
};
}  // namespace weir
#endif  // WEIR_CODEC_HPP
