// gather_column: parts of columns as one dense column.
#include <cstring>

#include "base/cat.hpp"
#include "model/bits.hpp"
#include "model/compact.hpp"
#include "model/short_text.hpp"
#include "model/sixteen.hpp"

namespace weir::model {

using base::result;

namespace {

std::int64_t rows_of(std::span<const gather_part> parts) {
  std::int64_t n = 0;
  for (const gather_part& p : parts) n += p.count;
  return n;
}

struct validity {
  column::part part;
  std::int64_t nulls = 0;
};

validity gather_validity(std::span<const gather_part> parts, std::int64_t total) {
  bool any = false;
  for (const gather_part& p : parts) any = any || p.from->null_count() > 0;
  if (!any) return {};
  validity out;
  out.part.owner = buffer_pool::must_allocate(static_cast<std::size_t>(bit_bytes(total)));
  auto* bits = out.part.owner->as<std::uint8_t>();
  bit_writer to(bits);
  for (const gather_part& p : parts) {
    if (p.from->null_count() == 0) {
      to.fill(true, p.count);
    } else if (p.rows) {
      to.gather(p.from->validity(), p.rows, p.count);
    } else {
      to.copy(p.from->validity(), p.begin, p.count);
    }
  }
  to.finish();
  out.nulls = total - count_ones(bits, total);
  if (out.nulls == 0) return {};
  out.part.data = bits;
  return out;
}

buffer_ref gather_bits(std::span<const gather_part> parts, std::int64_t total) {
  buffer_ref out = buffer_pool::must_allocate(static_cast<std::size_t>(bit_bytes(total)));
  bit_writer to(out->as<std::uint8_t>());
  for (const gather_part& p : parts) {
    const auto* bits = p.from->values<std::uint8_t>();
    if (p.rows) {
      to.gather(bits, p.rows, p.count);
    } else {
      to.copy(bits, p.begin, p.count);
    }
  }
  to.finish();
  return out;
}

template <class T>
buffer_ref gather_values(std::span<const gather_part> parts, std::int64_t total) {
  buffer_ref out = buffer_pool::must_allocate(static_cast<std::size_t>(total) * sizeof(T));
  T* to = out->as<T>();
  for (const gather_part& p : parts) {
    const T* from = p.from->values<T>();
    if (p.rows) {
      for (std::int64_t i = 0; i < p.count; ++i) to[i] = from[p.rows[i]];
    } else {
      std::memcpy(to, from + p.begin, static_cast<std::size_t>(p.count) * sizeof(T));
    }
    to += p.count;
  }
  return out;
}

buffer_ref gather_wide(std::span<const gather_part> parts, std::int64_t total, std::size_t width) {
  buffer_ref out = buffer_pool::must_allocate(static_cast<std::size_t>(total) * width);
  char* to = out->as<char>();
  for (const gather_part& p : parts) {
    const char* from = p.from->values<char>();
    if (p.rows) {
      for (std::int64_t i = 0; i < p.count; ++i, to += width) std::memcpy(to, from + p.rows[i] * width, width);
    } else {
      const std::size_t n = static_cast<std::size_t>(p.count) * width;
      std::memcpy(to, from + static_cast<std::size_t>(p.begin) * width, n);
      to += n;
    }
  }
  return out;
}

buffer_ref gather_fixed(std::span<const gather_part> parts, std::int64_t total, std::int32_t width) {
  switch (width) {
    case 1:
      return gather_values<std::uint8_t>(parts, total);
    case 2:
      return gather_values<std::uint16_t>(parts, total);
    case 4:
      return gather_values<std::uint32_t>(parts, total);
    case 8:
      return gather_values<std::uint64_t>(parts, total);
    case 16:
      return gather_values<sixteen>(parts, total);
    default:
      return gather_wide(parts, total, static_cast<std::size_t>(width));
  }
}

struct gathered_offsets {
  buffer_ref buffer;
  std::int64_t end = 0;
};

/// The offsets of the result. An error when they would not fit, or when a source's offsets go back.
result<gathered_offsets> gather_offsets(std::span<const gather_part> parts, std::int64_t total) {
  gathered_offsets out{.buffer =
                           buffer_pool::must_allocate((static_cast<std::size_t>(total) + 1) * sizeof(std::int32_t))};
  auto* to = out.buffer->as<std::int32_t>();
  std::int64_t end = 0;
  std::int32_t sign = 0;
  *to++ = 0;
  for (const gather_part& p : parts) {
    const auto* from = p.from->values<std::int32_t>();
    for (std::int64_t i = 0; i < p.count; ++i) {
      const std::int64_t r = p.rows ? p.rows[i] : p.begin + i;
      const std::int32_t size = from[r + 1] - from[r];
      sign |= size;
      end += size;
      *to++ = static_cast<std::int32_t>(end);
    }
  }
  if (sign < 0) return base::plugin_error("offsets that go back: the plugin that wrote this column must be mended");
  if (end > INT32_MAX)
    return base::data_error(base::cat("a column of ", end,
                                      " bytes or elements in one batch, and 2147483647 is the most: "
                                      "make batches smaller"));
  out.end = end;
  return out;
}

buffer_ref gather_text(std::span<const gather_part> parts, std::int64_t bytes) {
  buffer_ref out = buffer_pool::must_allocate(static_cast<std::size_t>(bytes));
  char* to = out->as<char>();
  for (const gather_part& p : parts) {
    const auto* at = p.from->values<std::int32_t>();
    const char* from = p.from->data();
    if (p.rows) {
      for (std::int64_t i = 0; i < p.count; ++i) {
        const std::uint32_t r = p.rows[i];
        to = copy_text(to, from + at[r], static_cast<std::size_t>(at[r + 1] - at[r]));
      }
    } else {
      const auto n = static_cast<std::size_t>(at[p.begin + p.count] - at[p.begin]);
      std::memcpy(to, from + at[p.begin], n);
      to += n;
    }
  }
  return out;
}

/// The elements of a list column's parts. `scratch` holds the element numbers of parts with rows.
std::vector<gather_part> element_parts(std::span<const gather_part> parts, std::vector<buffer_ref>& scratch) {
  std::vector<gather_part> out;
  for (const gather_part& p : parts) {
    const auto* at = p.from->values<std::int32_t>();
    gather_part e{.from = &p.from->child(0)};
    if (p.rows) {
      for (std::int64_t i = 0; i < p.count; ++i) e.count += at[p.rows[i] + 1] - at[p.rows[i]];
      scratch.push_back(buffer_pool::must_allocate(static_cast<std::size_t>(e.count) * sizeof(std::uint32_t)));
      auto* to = scratch.back()->as<std::uint32_t>();
      e.rows = to;
      for (std::int64_t i = 0; i < p.count; ++i)
        for (std::int32_t k = at[p.rows[i]]; k < at[p.rows[i] + 1]; ++k) *to++ = static_cast<std::uint32_t>(k);
    } else {
      e.begin = at[p.begin];
      e.count = at[p.begin + p.count] - at[p.begin];
    }
    out.push_back(e);
  }
  return out;
}

}  // namespace

result<column_ref> gather_column(const data_type& type, std::span<const gather_part> parts) {
  const std::int64_t total = rows_of(parts);
  validity v = gather_validity(parts, total);
  column::part buffers[3];
  buffers[0] = std::move(v.part);
  auto set = [&](int i, buffer_ref b) { buffers[i] = {.data = b->data(), .owner = std::move(b)}; };
  switch (type.id) {
    case type_id::boolean:
      set(1, gather_bits(parts, total));
      break;
    case type_id::utf8:
    case type_id::binary: {
      gathered_offsets o = WEIR_TRY(gather_offsets(parts, total));
      set(1, std::move(o.buffer));
      set(2, gather_text(parts, o.end));
      break;
    }
    case type_id::list: {
      gathered_offsets o = WEIR_TRY(gather_offsets(parts, total));
      set(1, std::move(o.buffer));
      std::vector<buffer_ref> scratch;
      column_ref child = WEIR_TRY(gather_column(type.children[0].type, element_parts(parts, scratch)));
      return column::make(total, v.nulls, std::span(buffers, 2), std::span(&child, 1));
    }
    case type_id::structure: {
      std::vector<column_ref> children;
      std::vector<gather_part> inner(parts.begin(), parts.end());
      for (std::size_t i = 0; i < type.children.size(); ++i) {
        for (std::size_t k = 0; k < parts.size(); ++k) inner[k].from = &parts[k].from->child(i);
        children.push_back(WEIR_TRY(gather_column(type.children[i].type, inner)));
      }
      return column::make(total, v.nulls, std::span(buffers, 1), children);
    }
    default:
      set(1, gather_fixed(parts, total, type.value_bytes()));
      break;
  }
  return column::make(total, v.nulls, std::span(buffers, static_cast<std::size_t>(type.buffer_count())));
}

}  // namespace weir::model
