// Schemas to and from the Arrow C Data Interface.
#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "model/type.hpp"

namespace weir::model {

using base::cat;
using base::result;

namespace {

std::string format_of(const data_type& t) {
  switch (t.id) {
    case type_id::boolean:
      return "b";
    case type_id::int8:
      return "c";
    case type_id::int16:
      return "s";
    case type_id::int32:
      return "i";
    case type_id::int64:
      return "l";
    case type_id::uint8:
      return "C";
    case type_id::uint16:
      return "S";
    case type_id::uint32:
      return "I";
    case type_id::uint64:
      return "L";
    case type_id::float32:
      return "f";
    case type_id::float64:
      return "g";
    case type_id::utf8:
      return "u";
    case type_id::binary:
      return "z";
    case type_id::fixed_binary:
      return cat("w:", t.width);
    case type_id::timestamp:
      return "tsu:UTC";
    case type_id::date:
      return "tdD";
    case type_id::decimal128:
      return cat("d:", t.precision, ",", t.scale);
    case type_id::list:
      return "+l";
    case type_id::structure:
      return "+s";
  }
  return "n";
}

void put_int32(std::string& out, std::size_t n) {
  const auto v = static_cast<std::int32_t>(n);
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}

std::string encode_metadata(const field_metadata& pairs) {
  std::string out;
  if (pairs.empty()) return out;
  put_int32(out, pairs.size());
  for (const auto& [key, value] : pairs) {
    put_int32(out, key.size());
    out += key;
    put_int32(out, value.size());
    out += value;
  }
  return out;
}

/// Everything that an exported ArrowSchema points at.
struct exported_schema {
  std::string format, name, metadata;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

void release_exported_schema(ArrowSchema* s) {
  auto* held = static_cast<exported_schema*>(s->private_data);
  for (ArrowSchema& child : held->children)
    if (child.release) child.release(&child);
  delete held;
  s->release = nullptr;
}

void export_parts(std::string format, std::string name, const field_metadata& metadata, bool nullable,
                  const std::vector<field>& children, ArrowSchema* out) {
  auto* held = new exported_schema{std::move(format), std::move(name), encode_metadata(metadata), {}, {}};
  held->children.resize(children.size());
  for (std::size_t i = 0; i < children.size(); ++i) {
    export_field(children[i], &held->children[i]);
    held->pointers.push_back(&held->children[i]);
  }
  *out = {.format = held->format.c_str(),
          .name = held->name.c_str(),
          .metadata = held->metadata.empty() ? nullptr : held->metadata.data(),
          .flags = nullable ? ARROW_FLAG_NULLABLE : 0,
          .n_children = static_cast<std::int64_t>(children.size()),
          .children = children.empty() ? nullptr : held->pointers.data(),
          .dictionary = nullptr,
          .release = release_exported_schema,
          .private_data = held};
}

constexpr std::int32_t metadata_text_max = 16 << 20;

/// The interface gives no total length, so each length is bounded by itself.
result<field_metadata> decode_metadata(const char* p) {
  field_metadata out;
  if (!p) return out;
  auto number = [&] {
    std::int32_t n = 0;
    std::memcpy(&n, p, sizeof n);
    p += sizeof n;
    return n;
  };
  const std::int32_t count = number();
  if (count < 0 || count > 10'000) return base::plugin_error(cat("metadata says it has ", count, " pairs"));
  for (std::int32_t i = 0; i < count; ++i) {
    std::string pair[2];
    for (std::string& text : pair) {
      const std::int32_t size = number();
      if (size < 0 || size > metadata_text_max)
        return base::plugin_error(cat("metadata holds a text of ", size, " bytes"));
      text.assign(p, static_cast<std::size_t>(size));
      p += size;
    }
    out.emplace_back(std::move(pair[0]), std::move(pair[1]));
  }
  return out;
}

std::string_view what_instead(std::string_view format) {
  if (format == "U") return "large_utf8; give utf8 (\"u\")";
  if (format == "Z") return "large_binary; give binary (\"z\")";
  if (format == "+L") return "large_list; give list (\"+l\")";
  if (format == "vu" || format == "vz") return "a view type; give utf8 (\"u\") or binary (\"z\")";
  if (format == "n") return "the null type; give a nullable column of the type that is meant";
  if (format == "e") return "float16; give float32 (\"f\")";
  if (format == "tdm") return "date64; give date (\"tdD\")";
  if (format.starts_with("ts")) return "a timestamp that is not microseconds in UTC; give \"tsu:UTC\"";
  if (format.starts_with("d:")) return "a decimal that is not decimal128(1..38, 0..precision)";
  if (format == "+m") return "a map; give a list of structs (\"+l\" of \"+s\")";
  if (format.starts_with("+w:")) return "a fixed-size list; give a list (\"+l\")";
  return "a type that weir does not know";
}

bool parse_ints(std::string_view text, std::int32_t* out, int count) {
  const char* p = text.data();
  const char* end = p + text.size();
  for (int i = 0; i < count; ++i) {
    if (i > 0 && (p == end || *p++ != ',')) return false;
    const auto [next, ec] = std::from_chars(p, end, out[i]);
    if (ec != std::errc()) return false;
    p = next;
  }
  return p == end;
}

result<data_type> leaf_type(std::string_view f) {
  static constexpr std::pair<std::string_view, type_id> plain[] = {
      {"b", type_id::boolean}, {"c", type_id::int8},    {"s", type_id::int16},   {"i", type_id::int32},
      {"l", type_id::int64},   {"C", type_id::uint8},   {"S", type_id::uint16},  {"I", type_id::uint32},
      {"L", type_id::uint64},  {"f", type_id::float32}, {"g", type_id::float64}, {"u", type_id::utf8},
      {"z", type_id::binary},  {"tdD", type_id::date},
  };
  for (const auto& [text, id] : plain)
    if (f == text) return data_type(id);
  if (f == "tsu:UTC" || f == "tsu:+00:00" || f == "tsu:Etc/UTC" || f == "tsu:Z") return data_type(type_id::timestamp);
  std::int32_t n[3] = {0, 0, 128};
  if (f.starts_with("w:") && parse_ints(f.substr(2), n, 1)) return data_type::fixed_binary_of(n[0]);
  if (f.starts_with("d:")) {
    const auto commas = std::count(f.begin(), f.end(), ',');
    if ((commas == 1 || commas == 2) && parse_ints(f.substr(2), n, static_cast<int>(commas) + 1) && n[2] == 128)
      return data_type::decimal_of(n[0], n[1]);
  }
  return base::plugin_error(cat("the Arrow format ", base::quoted(f), " is ", what_instead(f)));
}

result<field> import_at(const ArrowSchema* s, const std::string& path, int depth);

result<std::vector<field>> import_children(const ArrowSchema* s, const std::string& path, int depth) {
  if (s->n_children < 0 || s->n_children > static_cast<std::int64_t>(schema_fields_max) ||
      (s->n_children && !s->children))
    return base::plugin_error(cat("an Arrow schema with n_children = ", s->n_children), path);
  std::vector<field> all;
  for (std::int64_t i = 0; i < s->n_children; ++i) {
    const ArrowSchema* child = s->children[i];
    const char* name = child && child->name ? child->name : "";
    all.push_back(WEIR_TRY(import_at(child, path.empty() ? std::string(name) : cat(path, ".", name), depth)));
  }
  return all;
}

result<field> import_at(const ArrowSchema* s, const std::string& path, int depth) {
  const std::string where = path.empty() ? "the schema" : "column " + path;
  if (!s || !s->release || !s->format) return base::plugin_error("an Arrow schema that is null or was released", where);
  if (depth > type_depth_max)
    return base::plugin_error(cat("nested deeper than ", type_depth_max, " levels: flatten it"), where);
  if (s->dictionary) return base::plugin_error("dictionary encoded; give the plain values", where);
  field f{
      .name = s->name ? s->name : "", .type = {}, .nullable = (s->flags & ARROW_FLAG_NULLABLE) != 0, .metadata = {}};
  auto metadata = decode_metadata(s->metadata);
  if (!metadata) return std::move(metadata).why().in(where);
  f.metadata = std::move(metadata).take();
  const std::string_view format = s->format;
  if (format == "+s" || format == "+l") {
    f.type = data_type(format == "+s" ? type_id::structure : type_id::list);
    f.type.children = WEIR_TRY(import_children(s, path, depth + 1));
    if (format == "+l") {
      if (f.type.children.size() != 1) return base::plugin_error("a list must have one child", where);
      f.type.children[0].name = "item";
    }
    return f;
  }
  auto leaf = leaf_type(format);
  if (!leaf) return std::move(leaf).why().in(where);
  f.type = std::move(leaf).take();
  return f;
}

}  // namespace

void export_field(const field& from, ArrowSchema* out) {
  export_parts(format_of(from.type), from.name, from.metadata, from.nullable, from.type.children, out);
}

void export_schema(const schema& from, ArrowSchema* out) { export_parts("+s", "", {}, false, from.fields(), out); }

result<field> import_field(const ArrowSchema* from) {
  field f = WEIR_TRY(import_at(from, from && from->name ? from->name : "", 0));
  WEIR_TRY(schema::make({field{.name = "field", .type = f.type, .nullable = f.nullable, .metadata = {}}}));
  return f;
}

result<schema_ref> import_schema(const ArrowSchema* from) {
  field root = WEIR_TRY(import_at(from, "", 0));
  if (root.type.id != type_id::structure)
    return base::plugin_error("the schema of a port must be a struct (\"+s\") whose children are the columns");
  auto made = schema::make(std::move(root.type.children));
  if (!made) {
    base::error why = std::move(made).why();
    why.by = base::blame::plugin;
    return why;
  }
  return made;
}

}  // namespace weir::model
