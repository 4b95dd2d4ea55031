// Moves are found.
#include <algorithm>
#include <utility>

#include "base/cat.hpp"
#include "state/moves_inner.hpp"
#include "weir/ext/draft/state.h"

namespace weir::state {

using base::cat;
using base::result;
using model::data_type;
using model::field;
using model::type_id;

namespace {

bool widens(const data_type& from, const data_type& to) {
  const auto rank = [](type_id id) { return static_cast<int>(id); };
  const auto between = [&](type_id id, type_id low, type_id high) {
    return rank(low) <= rank(id) && rank(id) <= rank(high);
  };
  const bool from_signed = between(from.id, type_id::int8, type_id::int64);
  const bool from_unsigned = between(from.id, type_id::uint8, type_id::uint64);
  const bool to_signed = between(to.id, type_id::int8, type_id::int64);
  const bool to_unsigned = between(to.id, type_id::uint8, type_id::uint64);
  if ((from_signed && to_signed) || (from_unsigned && (to_unsigned || to_signed)))
    return from.value_bytes() < to.value_bytes();
  if (from.id == type_id::float32) return to.id == type_id::float64;
  return from.id == type_id::decimal128 && to.id == type_id::decimal128 && from.scale == to.scale &&
         from.precision < to.precision;
}

std::string_view metadata_of(const field& f, std::string_view key) {
  for (const auto& [name, value] : f.metadata)
    if (name == key) return value;
  return {};
}
bool says_default(const field& f) {
  for (const auto& [name, value] : f.metadata)
    if (name == WEIR_STATE_FIELD_DEFAULT) return true;
  return false;
}

/// What a new field is in states that were written before it, packed plainly: its default, null, or nothing of its
/// type.
std::string fill_of(const field& f) {
  if (says_default(f)) return std::string(metadata_of(f, WEIR_STATE_FIELD_DEFAULT));
  if (f.nullable) return std::string(1, '\0');
  switch (f.type.id) {
    case type_id::boolean:
      return std::string(1, '\0');
    case type_id::utf8:
    case type_id::binary:
    case type_id::list:
      return std::string(4, '\0');
    case type_id::structure: {
      std::string all;
      for (const field& child : f.type.children) all += fill_of(child);
      return all;
    }
    default:
      return std::string(static_cast<std::size_t>(f.type.value_bytes()), '\0');
  }
}

class compiler {
 public:
  compiler(packing from, packing to, bool may_go) : from_(from), to_(to), may_go_(may_go) {}
  std::vector<std::string> told;
  bool loses = false;

  result<moves::record> record(const std::vector<field>& stored, const std::vector<field>& declared,
                               const std::string& path) {
    moves::record out;
    for (const field& f : stored) {
      out.stored.push_back(extent_of(f));
      out.stored_align = std::max(out.stored_align, out.stored.back().align);
    }
    const std::vector<std::int32_t> source = WEIR_TRY(sources(stored, declared, path));
    std::int32_t last = -1;
    bool moved = false;
    for (std::size_t i = 0; i < declared.size(); ++i) {
      const field& now = declared[i];
      const std::string name = path + now.name;
      if (to_ == packing::in_place && struct_bytes({now}) == 0)
        return base::config_error(cat("field ", name, " is ", now.type.text(), ", which no value in place can hold"));
      move m;
      if (source[i] < 0) {
        m.fill = WEIR_TRY(fill(now, name));
        m.align = align_in(to_, now.type);
        told.push_back(cat(name, " is new"));
      } else {
        const field& was = stored[static_cast<std::size_t>(source[i])];
        m = WEIR_TRY(field_of(was, now, name));
        m.from = m.through = source[i];
        moved = moved || source[i] < last;
        last = std::max(last, source[i]);
      }
      out.align = std::max(out.align, align_in(to_, now.type));
      if (!join(out.to, m)) out.to.push_back(std::move(m));
    }
    for (std::size_t i = 0; i < stored.size(); ++i) {
      if (std::find(source.begin(), source.end(), static_cast<std::int32_t>(i)) != source.end()) continue;
      if (!may_go_)
        return base::config_error(
            cat("field ", path, stored[i].name, " of the keys is gone, and without it two keys can become one"));
      told.push_back(cat(path, stored[i].name, " goes"));
      loses = true;
    }
    if (moved)
      told.push_back(path.empty() ? "another order" : cat("another order in ", path.substr(0, path.size() - 1)));
    return out;
  }

  result<move> field_of(const field& was, const field& now, const std::string& path) {
    move m;
    m.null_from = was.nullable && from_ != packing::in_place;
    m.null_to = now.nullable && to_ != packing::in_place;
    m.align = align_in(to_, now.type);
    if (was.nullable && (!now.nullable || (m.null_from && !m.null_to)))
      return base::config_error(cat("field ", path, " is ", was.type.text(), "? in the checkpoint, but ",
                                    now.type.text(), now.nullable ? "? in place" : "",
                                    " now, which has no room for a null"));
    m.how = WEIR_TRY(turn_of(was.type, now.type, path));
    if (was.name != now.name && was.name != "item") told.push_back(cat(path, " was ", was.name));
    if (!was.nullable && now.nullable) told.push_back(cat(path, " can be null"));
    // With its null byte it is what it was.
    if (m.how.what == turn::act::bytes && m.null_from && m.null_to) m.null_from = m.null_to = false;
    return m;
  }

 private:
  static std::uint32_t align_in(packing how, const data_type& t) {
    return how == packing::in_place ? static_cast<std::uint32_t>(alignment_of(t)) : 1;
  }
  extent extent_of(const field& f) const {
    extent e;
    e.null_byte = f.nullable && from_ != packing::in_place;
    e.align = align_in(from_, f.type);
    switch (f.type.id) {
      case type_id::boolean:
        e.width = 1;
        break;
      case type_id::utf8:
      case type_id::binary:
        e.what = extent::shape::text;
        break;
      case type_id::list:
        e.what = extent::shape::list;
        e.inner.push_back(extent_of(f.type.children[0]));
        break;
      case type_id::structure:
        if (from_ == packing::in_place) {
          e.width = static_cast<std::uint32_t>(struct_bytes(f.type.children));
          break;
        }
        e.what = extent::shape::record;
        for (const field& child : f.type.children) e.inner.push_back(extent_of(child));
        break;
      default:
        e.width = static_cast<std::uint32_t>(f.type.value_bytes());
    }
    return e;
  }

  /// Per declared field the stored one that becomes it; -1: it is new. Its own name first, then those it had before.
  static result<std::vector<std::int32_t>> sources(const std::vector<field>& stored, const std::vector<field>& declared,
                                                   const std::string& path) {
    const auto find = [&](std::string_view name) -> std::int32_t {
      for (std::size_t i = 0; i < stored.size(); ++i)
        if (stored[i].name == name) return static_cast<std::int32_t>(i);
      return -1;
    };
    std::vector<std::int32_t> out(declared.size(), -1);
    std::vector<std::int32_t> taken(stored.size(), -1);
    // A field that was renamed takes what it had before another one may have the free name.
    for (std::size_t i = 0; i < declared.size(); ++i) {
      if (find(declared[i].name) >= 0) continue;
      for (const auto& [key, was] : declared[i].metadata) {
        if (key != WEIR_STATE_FIELD_WAS || out[i] >= 0) continue;
        const std::int32_t at = find(was);
        if (at < 0) continue;
        if (taken[static_cast<std::size_t>(at)] >= 0)
          return base::config_error(cat("fields ", path,
                                        declared[static_cast<std::size_t>(taken[static_cast<std::size_t>(at)])].name,
                                        " and ", path, declared[i].name, " both say that they were ", path, was));
        taken[static_cast<std::size_t>(at)] = static_cast<std::int32_t>(i);
        out[i] = at;
      }
    }
    for (std::size_t i = 0; i < declared.size(); ++i) {
      const std::int32_t at = find(declared[i].name);
      if (at >= 0 && taken[static_cast<std::size_t>(at)] < 0) out[i] = at;
    }
    return out;
  }

  result<turn> turn_of(const data_type& was, const data_type& now, const std::string& path) {
    turn t;
    if (was == now && (from_ == to_ || (!now.has_offsets() && from_ != packing::ordered && to_ != packing::ordered &&
                                        now.id != type_id::structure)))
      return t;
    if (was.id == type_id::list && now.id == type_id::list) {
      t.what = turn::act::list;
      t.element = std::make_unique<move>(WEIR_TRY(field_of(was.children[0], now.children[0], path + "[]")));
      t.stored.push_back(extent_of(was.children[0]));
      return t;
    }
    if (was.id == type_id::structure && now.id == type_id::structure) {
      t.what = turn::act::record;
      t.fields = std::make_unique<moves::record>(WEIR_TRY(record(was.children, now.children, path + ".")));
      return t;
    }
    if (was == now && (now.id == type_id::utf8 || now.id == type_id::binary)) {
      t.what = turn::act::text;
      return t;
    }
    if (was == now && (now.id == type_id::boolean || now.id == type_id::fixed_binary)) return t;
    if (!(was == now) && !widens(was, now))
      return base::config_error(
          cat("field ", path, " is ", was.text(), " in the checkpoint, but ", now.text(), " now"));
    if (!(was == now)) told.push_back(cat(path, ": ", was.text(), " -> ", now.text()));
    t.what = turn::act::number;
    t.from = was.id, t.to = now.id;
    t.from_width = static_cast<std::uint32_t>(was.value_bytes()),
    t.to_width = static_cast<std::uint32_t>(now.value_bytes());
    return t;
  }

  result<std::string> fill(const field& f, const std::string& path) {
    const std::string plain = fill_of(f);
    field one = f;
    if (to_ == packing::in_place) one.nullable = false;
    compiler inner(packing::plain, to_, true);
    move m;
    auto made = inner.field_of(one, one, path);
    if (!made) return std::move(made).why();
    m = std::move(made).take();
    std::string out;
    std::string_view bytes = plain;
    if (to_ == packing::in_place && f.nullable && !bytes.empty()) bytes.remove_prefix(1);
    if (to_ == packing::in_place && f.nullable && bytes.empty()) return std::string(struct_bytes({f}), '\0');
    cursor in{bytes.data(), bytes.data(), bytes.data() + bytes.size(), packing::plain};
    target to{out, 0, to_};
    const extent whole = inner.extent_of(one);
    cursor look = in;
    if (!skip(look, whole) || look.at != look.end || !put_field(in, m, to))
      return base::config_error(cat("the default of field ", path, " is not the bytes of a ", f.type.text()));
    return out;
  }

  /// Neighbours that stay neighbours are one move.
  bool join(std::vector<move>& all, const move& next) const {
    if (all.empty() || from_ != to_ || from_ == packing::in_place) return false;
    move& last = all.back();
    const auto plain = [](const move& m) { return m.how.what == turn::act::bytes && !m.null_from && !m.null_to; };
    if (last.from < 0 && next.from < 0) {
      last.fill += next.fill;
      return true;
    }
    if (last.from < 0 || next.from != last.through + 1 || !plain(last) || !plain(next)) return false;
    last.through = next.from;
    return true;
  }

  packing from_, to_;
  bool may_go_;
};

}  // namespace

moves::moves() = default;
moves::~moves() = default;
moves::moves(moves&&) noexcept = default;
moves& moves::operator=(moves&&) noexcept = default;

result<moves> moves::compile(const std::vector<field>& stored, packing from, const std::vector<field>& declared,
                             packing to, stored_fields what) {
  compiler c(from, to, what == stored_fields::may_go);
  moves made;
  made.all_ = std::make_unique<const record>(WEIR_TRY(c.record(stored, declared, "")));
  made.from_ = from;
  made.to_ = to;
  made.loses_ = c.loses;
  for (const std::string& one : c.told) made.told_ += (made.told_.empty() ? "" : "; ") + one;
  return made;
}

}  // namespace weir::state
