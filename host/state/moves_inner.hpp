#pragma once
// What moves are made of. Of this room only.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "state/moves.hpp"
#include "state/packing.hpp"

namespace weir::state {

/// How far a stored field reaches.
struct extent {
  enum class shape : std::uint8_t { fixed, text, list, record };
  shape what = shape::fixed;
  bool null_byte = false;
  std::uint32_t width = 0, align = 1;  // fixed; align: in place
  std::vector<extent> inner;           // list: its element; record: its fields
};

struct move;

/// What happens with one value that is there.
struct turn {
  enum class act : std::uint8_t { bytes, number, text, list, record };
  act what = act::bytes;
  model::type_id from = model::type_id::int64, to = model::type_id::int64;  // number
  std::uint32_t from_width = 0, to_width = 0;
  std::unique_ptr<move> element;  // list
  std::vector<extent> stored;     // list: of its element
  std::unique_ptr<moves::record> fields;
};

/// Where the bytes of a declared field come from.
struct move {
  std::int32_t from = -1;    // the stored field; -1: `fill`
  std::int32_t through = 0;  // bytes: up to this stored field, all as they are
  bool null_from = false, null_to = false;
  std::uint32_t align = 1;
  std::string fill;
  turn how;
};

struct moves::record {
  std::vector<extent> stored;
  std::vector<move> to;
  std::uint32_t stored_align = 1, align = 1;  // in place: of the end
};

/// Stored bytes that are read from the front.
struct cursor {
  const char* begin;
  const char* at;
  const char* end;
  packing how;
  bool take(std::size_t n) {
    if (static_cast<std::size_t>(end - at) < n) return false;
    at += n;
    return true;
  }
  bool align(std::size_t n) {
    return how != packing::in_place ||
           take(aligned(static_cast<std::size_t>(at - begin), n) - static_cast<std::size_t>(at - begin));
  }
};

/// The declared bytes: what is behind `begin` is one value.
struct target {
  std::string& out;
  std::size_t begin;
  packing how;
  void align(std::size_t n) {
    if (how == packing::in_place) out.resize(begin + aligned(out.size() - begin, n));
  }
};

/// Steps over one field. False: the bytes end too early.
bool skip(cursor& in, const extent& what);
/// One field, whose bytes are all of `in`; skip() has been over them.
bool put_field(cursor in, const move& how, target& to);
bool put_record(cursor& in, const moves::record& how, target& to);

}  // namespace weir::state
