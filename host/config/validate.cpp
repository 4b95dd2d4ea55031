// A table against its declared options.
#include <algorithm>
#include <cmath>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "config/document.hpp"
#include "config/option.hpp"

namespace weir::config {

std::string_view name_of(option_type type) {
  switch (type) {
    case option_type::boolean:
      return "bool";
    case option_type::integer:
      return "int";
    case option_type::floating:
      return "float";
    case option_type::string:
      return "string";
    case option_type::duration:
      return "duration";
    case option_type::bytes:
      return "bytes";
    case option_type::enumeration:
      return "enum";
    case option_type::list:
      return "list";
    case option_type::table:
      return "table";
    case option_type::map:
      return "map";
    case option_type::any:
      return "any";
  }
  return "any";
}

namespace {

/// "a string", "a duration like \"10s\"": what was expected.
std::string expectation(const option& o, option_type type) {
  switch (type) {
    case option_type::boolean:
      return "true or false";
    case option_type::integer:
      return "an integer";
    case option_type::floating:
      return "a number";
    case option_type::string:
      return "a string";
    case option_type::duration:
      return "a duration like \"10s\", \"200ms\" or \"1h30m\"";
    case option_type::bytes:
      return "a size like \"64MiB\" or 4096";
    case option_type::enumeration:
      return base::one_of(o.values);
    case option_type::list:
      return o.element == option_type::any ? "a list [ ... ]"
                                           : base::cat("a list [ ... ] of ", name_of(o.element), "s");
    case option_type::table:
      return "a table { ... }";
    case option_type::map:
      return "a table { key = value, ... }";
    case option_type::any:
      return "a value";
  }
  return "a value";
}

/// The owner that read_pipeline.cpp names the file itself; its tables are called by their headers.
constexpr std::string_view whole_pipeline = "the pipeline";

constexpr std::size_t most_hints = 200;

class validator {
 public:
  validator(const validation& how, diagnostics& problems) : how_(how), problems_(problems) {}

  value table(const value& given, std::span<const option> options, bool open, const std::string& owner) {
    value out = make_table(given.at);
    out.fallback = given.fallback;
    for (const member& m : given.members) {
      const auto o = std::find_if(options.begin(), options.end(), [&](const option& x) { return x.name == m.key; });
      if (o == options.end()) {
        if (open)
          out.members.push_back(m);
        else
          unknown(m, options, owner);
        continue;
      }
      if (o->deprecated)
        problems_.warning(m.key_at, base::cat(base::quoted(m.key), " of ", owner, " is deprecated: ", o->doc));
      const bool section = owner == whole_pipeline && o->type == option_type::table;
      const std::string name = section ? base::cat('[', m.key, ']') : base::cat(base::quoted(m.key), " of ", owner);
      out.members.push_back({m.key, m.key_at, convert(m.item, *o, o->type, name)});
    }
    for (const option& o : options) {
      if (given.find_member(o.name)) continue;
      if (o.required) {
        std::string doc = o.doc;
        if (doc.ends_with('.')) doc.pop_back();
        problems_.error(given.at, base::cat(owner, " needs ", base::quoted(o.name), ", ", expectation(o, o.type),
                                            doc.empty() ? "" : ": ", doc));
        continue;
      }
      // A table without a default of its own still has the defaults of its options.
      value fallback = default_of(o, given.at);
      if (!fallback.is(kind::none)) out.members.push_back({o.name, given.at, std::move(fallback)});
    }
    return out;
  }

 private:
  void unknown(const member& m, std::span<const option> options, const std::string& owner) {
    if (problems_.error_count() > most_hints)  // nobody reads on; a hint costs more than the check
      return problems_.error(m.key_at, base::cat("unknown ", how_.noun, ' ', base::quoted(m.key, 60), " in ", owner));
    std::vector<std::string> names;
    for (const option& o : options)
      if (!o.deprecated) names.push_back(o.name);
    std::string what = base::cat("unknown ", how_.noun, ' ', base::quoted(m.key, 60), " in ", owner);
    const std::string near = base::did_you_mean(m.key, names);
    if (!near.empty())
      what += near;
    else if (names.empty())
      what += base::cat(": it takes no ", how_.noun, "s, remove it");
    else
      what += base::cat("; known are ", base::one_of(names, 20));
    problems_.error(m.key_at, std::move(what));
  }

  value default_of(const option& o, const location& at) {
    value out;
    if (!o.fallback) {
      if (o.type == option_type::table && !o.required && has_defaults(o)) {
        value empty = make_table(at);
        empty.fallback = true;
        diagnostics ignored;
        out = validator(how_, ignored).table(empty, o.nested, o.open, o.name);
      }
      return out;
    }
    const auto parsed = parse_value(*o.fallback, at);
    value text = make_string(*o.fallback, at);
    diagnostics ignored;
    validator quiet(how_, ignored);
    // 5, true, [1, 2] are TOML; 10s, exactly-once are the text itself. Not secret while it is converted: it stands
    // nowhere.
    option plain = o;
    plain.secret = false;
    out = quiet.convert(parsed ? *parsed : text, plain, o.type, o.name);
    if (ignored.failed() && parsed) {
      diagnostics again;
      validator as_text(how_, again);
      out = as_text.convert(text, plain, o.type, o.name);
    }
    mark(out, at);
    if (o.secret) out.secret = true;
    return out;
  }

  /// Something inside has a default, and nothing inside must be given.
  static bool has_defaults(const option& o) {
    return std::any_of(o.nested.begin(), o.nested.end(),
                       [](const option& n) { return n.fallback || has_defaults(n); }) &&
           std::none_of(o.nested.begin(), o.nested.end(), [](const option& n) { return n.required; });
  }

  static void mark(value& v, const location& at) {
    v.fallback = true;
    v.at = at;
    for (value& item : v.items) mark(item, at);
    for (member& m : v.members) mark(m.item, at);
  }

  static void hide(value& v) {
    v.secret = true;
    if (v.at.source && v.at.line > 0)
      for (std::uint32_t line = v.at.line; line <= std::max(v.at.line, v.at.end_line); ++line)
        v.at.source->mask(line, line == v.at.line ? v.at.column : 1,
                          line == v.at.end_line ? v.at.end_column : UINT32_MAX);
    for (value& item : v.items) hide(item);
    for (member& m : v.members) hide(m.item);
  }

  value wrong(const value& given, const option& o, option_type type, const std::string& name,
              std::string_view hint = {}) {
    std::string what = base::cat(name, " must be ", expectation(o, type), ", not ", describe(given));
    if (!hint.empty())
      what += base::cat(": ", hint);
    else if (given.is(kind::string) && type == option_type::integer && base::parse_int64(given.text))
      what += ": remove the quotes";
    else if (given.is(kind::string) && type == option_type::floating && base::parse_double(given.text))
      what += ": remove the quotes";
    else if (given.is(kind::string) && type == option_type::boolean && (given.text == "true" || given.text == "false"))
      what += ": remove the quotes";
    else if (type == option_type::string &&
             (given.is(kind::integer) || given.is(kind::floating) || given.is(kind::boolean)))
      what += ": put it in quotes";
    problems_.error(given.at, std::move(what));
    return typed_nothing(given, type);
  }

  /// A value of the wanted type that lets checking go on.
  static value typed_nothing(const value& given, option_type type) {
    value out;
    out.at = given.at;
    out.secret = given.secret;
    out.shown = given.shown;
    out.unresolved = true;
    switch (type) {
      case option_type::boolean:
        out.type = kind::boolean;
        break;
      case option_type::integer:
        out.type = kind::integer;
        break;
      case option_type::floating:
        out.type = kind::floating;
        break;
      case option_type::duration:
        out.type = kind::duration;
        break;
      case option_type::bytes:
        out.type = kind::bytes;
        break;
      case option_type::list:
        out.type = kind::list;
        break;
      case option_type::table:
      case option_type::map:
        out.type = kind::table;
        break;
      default:
        out.type = kind::string;
        break;
    }
    return out;
  }

  /// A scalar in its final type; reports and gives typed_nothing when it does not fit.
  value convert(value given, const option& o, option_type type, const std::string& name) {
    if (o.secret) hide(given);
    if (given.unresolved && type != option_type::string && type != option_type::any) {
      // What the reference stands for is not known now: the default, else a nothing of the type.
      value out = o.fallback ? default_of(o, given.at) : typed_nothing(given, type);
      out.secret = given.secret, out.shown = given.shown, out.unresolved = true;
      return out;
    }
    const bool readable = given.is(kind::string) && (given.reference || !given.literal.empty());
    switch (type) {
      case option_type::boolean:
        if (readable && (given.text == "true" || given.text == "false"))
          return given.boolean = given.text == "true", as(given, kind::boolean);
        return given.is(kind::boolean) ? given : wrong(given, o, type, name);
      case option_type::integer:
        if (readable) {
          if (const auto n = base::parse_int64(given.text)) given.integer = *n, given.type = kind::integer;
        }
        if (!given.is(kind::integer)) return wrong(given, o, type, name);
        return in_range(given, o, name);
      case option_type::floating:
        if (readable) {
          if (const auto d = base::parse_double(given.text)) given.real = *d, given.type = kind::floating;
        }
        if (given.is(kind::integer)) given.real = static_cast<double>(given.integer), given.type = kind::floating;
        if (!given.is(kind::floating)) return wrong(given, o, type, name);
        return in_range(given, o, name);
      case option_type::string:
        if (given.is(kind::datetime)) given.type = kind::string;
        // On the command line quotes are a nuisance: what was typed is the string.
        if (!given.literal.empty() && !given.is(kind::string) && !given.is(kind::list) && !given.is(kind::table))
          given.text = given.literal, given.type = kind::string;
        return given.is(kind::string) ? given : wrong(given, o, type, name);
      case option_type::duration: {
        if (given.is(kind::integer) && given.integer == 0) return as(given, kind::duration);
        if (given.is(kind::integer)) {
          const std::string text = base::cat(given.integer);
          return wrong(given, o, type, name, base::cat("say the unit, \"", text, "s\" or \"", text, "ms\""));
        }
        if (!given.is(kind::string)) return wrong(given, o, type, name);
        const auto us = base::parse_duration_us(given.text);
        if (!us) return wrong(given, o, type, name);
        given.integer = *us;
        return in_range(as(given, kind::duration), o, name);
      }
      case option_type::bytes: {
        if (given.is(kind::integer) && given.integer >= 0) return in_range(as(given, kind::bytes), o, name);
        if (!given.is(kind::string)) return wrong(given, o, type, name);
        const auto size = base::parse_byte_size(given.text);
        if (!size || *size > INT64_MAX) return wrong(given, o, type, name);
        given.integer = static_cast<std::int64_t>(*size);
        return in_range(as(given, kind::bytes), o, name);
      }
      case option_type::enumeration: {
        if (!given.is(kind::string)) return wrong(given, o, type, name);
        if (std::find(o.values.begin(), o.values.end(), given.text) != o.values.end()) return given;
        const auto near = given.secret ? std::nullopt : base::nearest_name(given.text, o.values);
        return wrong(given, o, type, name, near ? base::cat("did you mean ", base::quoted(*near), '?') : "");
      }
      case option_type::list:
        return convert_list(std::move(given), o, name);
      case option_type::table:
        if (!given.is(kind::table)) return wrong(given, o, type, name);
        return table_of(given, o, name);
      case option_type::map:
        if (!given.is(kind::table)) return wrong(given, o, type, name);
        for (const member& m : given.members) {
          if (m.item.is(kind::list) || m.item.is(kind::table))
            problems_.error(m.item.at, base::cat(base::quoted(m.key), " in ", name,
                                                 " must be a string, number or boolean, not ", describe(m.item)));
        }
        return given;
      case option_type::any:
        return given;
    }
    return given;
  }

  value convert_list(value given, const option& o, const std::string& name) {
    // One text where a list of texts may stand: topic = "trades".
    if (given.is(kind::string) && o.element == option_type::string) {
      value one;
      one.type = kind::list;
      one.at = given.at;
      one.fallback = given.fallback;
      one.items.push_back(std::move(given));
      given = std::move(one);
    }
    if (!given.is(kind::list)) {
      const bool one_table = given.is(kind::table) && o.element == option_type::table;
      return wrong(given, o, option_type::list, name,
                   one_table ? base::cat("write [[", o.name, "]] with two brackets") : "");
    }
    for (std::size_t i = 0; i < given.items.size(); ++i) {
      value& item = given.items[i];
      if (o.element == option_type::table) {
        const std::string id = item.text_of("id");
        const std::string owner = id.empty() ? base::cat("[[", o.name, "]] number ", i + 1)
                                             : base::cat("[[", o.name, "]] ", base::quoted(id, 80));
        if (item.is(kind::table))
          item = table(item, o.nested, o.open, owner);
        else
          item = wrong(item, o, option_type::table, owner);
      } else {
        item = convert(std::move(item), o, o.element, base::cat("element ", i + 1, " of ", name));
      }
    }
    return given;
  }

  value table_of(const value& given, const option& o, const std::string& name) {
    return table(given, o.nested, o.open || o.nested.empty(), name);
  }

  static value as(value v, kind k) {
    v.type = k;
    return v;
  }

  value in_range(value v, const option& o, const std::string& name) {
    auto shown = [&](std::int64_t bound) {
      if (v.is(kind::duration)) return base::print_duration_us(bound);
      if (v.is(kind::bytes)) return base::print_byte_size(static_cast<std::uint64_t>(bound));
      return base::cat(bound);
    };
    auto below = [&](std::int64_t bound) {
      return v.is(kind::floating) ? v.real < static_cast<double>(bound) || std::isnan(v.real) : v.integer < bound;
    };
    auto above = [&](std::int64_t bound) {
      return v.is(kind::floating) ? v.real > static_cast<double>(bound) : v.integer > bound;
    };
    if (o.least && below(*o.least))
      problems_.error(v.at, base::cat(name, " must be at least ", shown(*o.least), ", not ", describe(v)));
    else if (o.most && above(*o.most))
      problems_.error(v.at, base::cat(name, " must be at most ", shown(*o.most), ", not ", describe(v)));
    return v;
  }

  const validation& how_;
  diagnostics& problems_;
};

}  // namespace

value validate(const value& given, std::span<const option> options, const validation& how, diagnostics& problems) {
  validator v(how, problems);
  if (!given.is(kind::table)) {
    if (!given.is(kind::none))
      problems.error(given.at, base::cat(how.owner, " must be a table, not ", describe(given)));
    return v.table(make_table(given.at), options, false, how.owner);
  }
  return v.table(given, options, false, how.owner);
}

}  // namespace weir::config
