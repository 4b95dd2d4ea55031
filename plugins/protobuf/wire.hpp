#pragma once
// The wire format of Protocol Buffers (protobuf.dev, "Encoding"): varints, tags, bounds. Never reads outside of its view.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace protobuf {

enum class wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, group_begin = 3, group_end = 4, fixed32 = 5 };

class wire_reader {
 public:
  explicit wire_reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool done() const { return at_ == end_; }
  const char* place() const { return at_; }

  bool varint(std::uint64_t& out) {
    if (at_ < end_ && static_cast<unsigned char>(*at_) < 0x80) {
      out = static_cast<unsigned char>(*at_++);
      return true;
    }
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (at_ == end_) return false;
      const auto b = static_cast<unsigned char>(*at_++);
      if (shift < 64) v |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) {
        out = v;
        return true;
      }
    }
    return false;
  }
  template <class T>
  bool fixed(T& out) {
    if (static_cast<std::size_t>(end_ - at_) < sizeof(T)) return false;
    std::memcpy(&out, at_, sizeof(T));
    at_ += sizeof(T);
    return true;
  }
  bool bytes(std::string_view& out) {
    std::uint64_t size = 0;
    if (!varint(size) || size > static_cast<std::uint64_t>(end_ - at_)) return false;
    out = {at_, static_cast<std::size_t>(size)};
    at_ += size;
    return true;
  }
  bool tag(std::uint32_t& number, wire& how) {
    std::uint64_t v = 0;
    if (!varint(v) || v > UINT32_MAX || (v & 7) > 5 || v >> 3 == 0) return false;
    number = static_cast<std::uint32_t>(v >> 3);
    how = static_cast<wire>(v & 7);
    return true;
  }
  /// A field that nobody wants. Groups may be nested; deeper than 64 is refused.
  bool skip(std::uint32_t number, wire how, int depth = 0) {
    std::uint64_t v = 0;
    std::uint32_t v32 = 0;
    std::string_view b;
    switch (how) {
      case wire::varint:
        return varint(v);
      case wire::fixed64:
        return fixed(v);
      case wire::fixed32:
        return fixed(v32);
      case wire::bytes:
        return bytes(b);
      case wire::group_end:
        return false;
      case wire::group_begin:
        for (;;) {
          std::uint32_t inner = 0;
          wire inner_how{};
          if (depth > 64 || !tag(inner, inner_how)) return false;
          if (inner_how == wire::group_end) return inner == number;
          if (!skip(inner, inner_how, depth + 1)) return false;
        }
    }
    return false;
  }

 private:
  const char* at_;
  const char* end_;
};

inline void put_varint(std::string& out, std::uint64_t v) {
  while (v >= 0x80) {
    out += static_cast<char>(v | 0x80);
    v >>= 7;
  }
  out += static_cast<char>(v);
}
inline void put_tag(std::string& out, std::uint32_t number, wire how) {
  put_varint(out, static_cast<std::uint64_t>(number) << 3 | static_cast<std::uint64_t>(how));
}
template <class T>
void put_fixed(std::string& out, T v) {
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}
inline void put_bytes(std::string& out, std::string_view b) {
  put_varint(out, b.size());
  out += b;
}
inline std::uint64_t zigzag(std::int64_t v) {
  return static_cast<std::uint64_t>(v) << 1 ^ static_cast<std::uint64_t>(v >> 63);
}
inline std::int64_t unzigzag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

}  // namespace protobuf
