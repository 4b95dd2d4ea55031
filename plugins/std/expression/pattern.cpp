#include "pattern.hpp"

#include <re2/re2.h>
#include <utf8proc.h>

#include <memory>
#include <vector>

#include "functions.hpp"
#include "loops.hpp"
#include "utf8.hpp"
#include "values.hpp"

namespace weir::expression {

namespace {

// A pattern as a sequence of tokens: any text, any character, or literal bytes.
struct like_token {
  enum what : std::uint8_t { any, one, bytes } is;
  std::string_view text;
};

// Matches from left to right; when it fails, the last % takes one character more.
bool matches(const std::vector<like_token>& p, std::string_view t) {
  std::size_t at = 0, k = 0;                 // in the text, in the pattern
  std::size_t star = SIZE_MAX, star_at = 0;  // the token behind the last %, and where it was tried
  for (;;) {
    if (k == p.size()) {
      if (at == t.size()) return true;
    } else if (p[k].is == like_token::any) {
      if (k + 1 == p.size()) return true;
      star = ++k;
      star_at = at;
      continue;
    } else if (p[k].is == like_token::one) {
      if (at < t.size()) {
        at += offset_of(t.substr(at), 1);
        ++k;
        continue;
      }
    } else if (t.size() - at >= p[k].text.size() && t.substr(at, p[k].text.size()) == p[k].text) {
      at += p[k].text.size();
      ++k;
      continue;
    }
    if (star == SIZE_MAX || star_at >= t.size()) return false;
    // Where the literal behind the % is found next, or one character on.
    ++star_at;
    while (star_at < t.size() && continues_character(t[star_at])) ++star_at;
    if (star < p.size() && p[star].is == like_token::bytes) {
      star_at = t.find(p[star].text, star_at);
      if (star_at == std::string_view::npos) return false;
    }
    at = star_at;
    k = star;
  }
}

// False: the pattern ends with the escape character. Literal parts go to `literals` (which must outlive the tokens)
// when an escape breaks them up; otherwise they point into the pattern.
bool cut_pattern(std::string_view pattern, std::string_view escape, std::vector<like_token>& out,
                 std::string& literals) {
  out.clear();
  literals.clear();
  literals.reserve(pattern.size());  // never moves
  std::size_t begin = 0;             // of the literal part, in literals
  auto flush = [&] {
    if (literals.size() > begin) out.push_back({like_token::bytes, std::string_view{literals}.substr(begin)});
    begin = literals.size();
  };
  for (std::size_t i = 0; i < pattern.size();) {
    if (!escape.empty() && pattern.substr(i).starts_with(escape)) {
      i += escape.size();
      if (i >= pattern.size()) return false;
      literals += pattern[i++];
    } else if (pattern[i] == '%' || pattern[i] == '_') {
      flush();
      if (pattern[i] == '_') out.push_back({like_token::one, {}});
      if (pattern[i] == '%' && (out.empty() || out.back().is != like_token::any)) out.push_back({like_token::any, {}});
      ++i;
    } else {
      literals += pattern[i++];
    }
  }
  flush();
  return true;
}

void append_lower(std::string& out, std::string_view t) {
  const auto* p = reinterpret_cast<const utf8proc_uint8_t*>(t.data());
  auto left = static_cast<utf8proc_ssize_t>(t.size());
  while (left > 0) {
    if (*p < 0x80) {
      out += static_cast<char>(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
      ++p;
      --left;
      continue;
    }
    utf8proc_int32_t point = 0;
    const auto n = utf8proc_iterate(p, left, &point);
    if (n <= 0) {
      out += static_cast<char>(*p++);
      --left;
      continue;
    }
    utf8proc_uint8_t bytes[4];
    const auto m = utf8proc_encode_char(utf8proc_tolower(point), bytes);
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(m));
    p += n;
    left -= n;
  }
}

class like_constant final : public node {
 public:
  like_constant(node_ptr text, std::string pattern, std::string_view escape, bool ignore_case)
      : node{kind::boolean}, ignore_case_{ignore_case} {
    add(std::move(text));
    costly = true;
    if (ignore_case) {
      append_lower(pattern_, pattern);
    } else {
      pattern_ = std::move(pattern);
    }
    if (!cut_pattern(pattern_, escape, tokens_, literals_))
      throw std::string{"the pattern ends with the escape character"};
    // Most patterns have one literal part, at the beginning, at the end or somewhere.
    const std::size_t n = tokens_.size();
    auto is = [&](std::size_t k, like_token::what w) { return tokens_[k].is == w; };
    if (n == 0) {
      shape_ = shape::exact;
    } else if (n == 1 && is(0, like_token::bytes)) {
      shape_ = shape::exact;
      part_ = tokens_[0].text;
    } else if (n == 2 && is(0, like_token::bytes) && is(1, like_token::any)) {
      shape_ = shape::prefix;
      part_ = tokens_[0].text;
    } else if (n == 2 && is(0, like_token::any) && is(1, like_token::bytes)) {
      shape_ = shape::suffix;
      part_ = tokens_[1].text;
    } else if (n == 3 && is(0, like_token::any) && is(1, like_token::bytes) && is(2, like_token::any)) {
      shape_ = shape::inside;
      part_ = tokens_[1].text;
    }
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<text_ref>();
    auto* out = f.scratch<std::uint8_t>(slot);
    for_each_row(rows, [&](std::int64_t i) {
      if (!c.is_valid(i)) {
        out[i] = 0;
        return;
      }
      if (!ignore_case_) {
        out[i] = one(a[i].view());
        return;
      }
      f.work.clear();
      append_lower(f.work, a[i].view());
      out[i] = one(f.work);
    });
    return {out, c.valid};
  }

 private:
  enum class shape : std::uint8_t { general, exact, prefix, suffix, inside };
  bool one(std::string_view t) const {
    switch (shape_) {
      case shape::exact:
        return t == part_;
      case shape::prefix:
        return t.starts_with(part_);
      case shape::suffix:
        return t.ends_with(part_);
      case shape::inside:
        return t.find(part_) != std::string_view::npos;
      default:
        return matches(tokens_, t);
    }
  }
  std::string pattern_;
  std::string literals_;
  std::vector<like_token> tokens_;
  std::string_view part_;
  shape shape_{shape::general};
  bool ignore_case_;
};

class like_column final : public node {
 public:
  like_column(node_ptr text, node_ptr pattern, std::string escape, bool ignore_case)
      : node{kind::boolean}, escape_{std::move(escape)}, ignore_case_{ignore_case} {
    add(std::move(text));
    add(std::move(pattern));
    costly = true;
    can_fail |= !escape_.empty();
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows), p = args[1]->eval(f, rows);
    auto* out = f.scratch<std::uint8_t>(slot);
    const std::uint8_t* valid = both_valid(f, slot + 1, rows, c.valid, p.valid);
    std::vector<like_token> tokens;
    std::string literals, text, pattern;
    for_each_row(rows, [&](std::int64_t i) {
      out[i] = 0;
      if (valid && !valid[i]) return;
      text.clear();
      pattern.clear();
      std::string_view t = c.as<text_ref>()[i].view(), w = p.as<text_ref>()[i].view();
      if (ignore_case_) {
        append_lower(text, t);
        append_lower(pattern, w);
        t = text;
        w = pattern;
      }
      if (!cut_pattern(w, escape_, tokens, literals)) {
        f.fail(i, "the pattern of LIKE ends with the escape character");
        return;
      }
      out[i] = matches(tokens, t);
    });
    return {out, valid};
  }

 private:
  std::string escape_;
  bool ignore_case_;
};

// ---- regular expressions: RE2's syntax. The pattern is a literal, compiled once.

struct expression_of {
  std::shared_ptr<const re2::RE2> re;
  bool everywhere{false};  // option g
};

re2::StringPiece piece(std::string_view t) { return {t.data(), t.size()}; }

expression_of compile(invocation& c, std::size_t pattern, std::size_t options) {
  expression_of out;
  re2::RE2::Options o;
  o.set_log_errors(false);
  if (c.count() > options) {
    for (const char ch : c.constant_text(options, "the options")) {
      switch (ch) {
        case 'c':
          o.set_case_sensitive(true);
          break;
        case 'i':
          o.set_case_sensitive(false);
          break;
        case 'l':
          o.set_literal(true);
          break;
        case 's':
          o.set_dot_nl(true);
          break;
        case 'm':
        case 'n':
        case 'p':
          o.set_dot_nl(false);
          break;
        case 'g':
          out.everywhere = true;
          break;
        default:
          c.wrong(options, std::string{"unknown option '"} + ch + "': there are c, i, l, s, m and, to replace all, g");
      }
    }
  }
  out.re = std::make_shared<re2::RE2>(piece(c.constant_text(pattern, "the pattern")), o);
  if (!out.re->ok()) c.wrong(pattern, "the regular expression is wrong: " + out.re->error());
  return out;
}

class regex_node : public node {
 protected:
  regex_node(type t, node_ptr text, expression_of e) : node{t}, expression{std::move(e)} {
    add(std::move(text));
    costly = true;
  }
  expression_of expression;
};

class regex_matches final : public regex_node {
 public:
  regex_matches(node_ptr text, expression_of e, bool full)
      : regex_node{kind::boolean, std::move(text), std::move(e)}, full_{full} {}
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<text_ref>();
    auto* out = f.scratch<std::uint8_t>(slot);
    const re2::RE2& re = *expression.re;
    for_each_row(rows, [&](std::int64_t i) {
      if (!c.is_valid(i)) {
        out[i] = 0;
        return;
      }
      const auto text = piece(a[i].view());
      out[i] = full_ ? re2::RE2::FullMatch(text, re) : re2::RE2::PartialMatch(text, re);
    });
    return {out, c.valid};
  }

 private:
  bool full_;
};

class regex_replace final : public regex_node {
 public:
  regex_replace(node_ptr text, expression_of e, std::string with)
      : regex_node{kind::text, std::move(text), std::move(e)}, with_{std::move(with)} {}
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<text_ref>();
    auto* out = f.scratch<text_ref>(slot);
    for_each_row(rows, [&](std::int64_t i) {
      out[i] = {"", 0};
      if (!c.is_valid(i)) return;
      f.work = a[i].view();
      const bool changed = expression.everywhere ? re2::RE2::GlobalReplace(&f.work, *expression.re, piece(with_)) > 0
                                                 : re2::RE2::Replace(&f.work, *expression.re, piece(with_));
      out[i] = changed ? f.texts.copy(f.work) : a[i];
    });
    return {out, c.valid};
  }

 private:
  std::string with_;
};

class regex_extract final : public regex_node {
 public:
  regex_extract(node_ptr text, expression_of e, int group)
      : regex_node{kind::text, std::move(text), std::move(e)}, group_{group} {}
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<text_ref>();
    auto* out = f.scratch<text_ref>(slot);
    std::vector<re2::StringPiece> groups(static_cast<std::size_t>(group_) + 1);
    for_each_row(rows, [&](std::int64_t i) {
      out[i] = {"", 0};
      if (!c.is_valid(i)) return;
      const auto text = piece(a[i].view());
      if (!expression.re->Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups.data(), group_ + 1)) return;
      const auto& found = groups[static_cast<std::size_t>(group_)];
      if (found.data()) out[i] = {found.data(), found.size()};
    });
    return {out, c.valid};
  }

 private:
  int group_;
};

template <bool Full>
node_ptr bind_matches(invocation& c) {
  c.as(0, kind::text);
  return std::make_unique<regex_matches>(std::move(c.args[0]), compile(c, 1, 2), Full);
}

node_ptr bind_replace(invocation& c) {
  c.as(0, kind::text);
  expression_of e = compile(c, 1, 3);
  std::string with = c.constant_text(2, "the replacement");
  std::string why;
  if (!e.re->CheckRewriteString(piece(with), &why)) c.wrong(2, "the replacement is wrong: " + why);
  return std::make_unique<regex_replace>(std::move(c.args[0]), std::move(e), std::move(with));
}

node_ptr bind_extract(invocation& c) {
  c.as(0, kind::text);
  expression_of e = compile(c, 1, 3);
  int group = 0;
  if (c.count() > 2) {
    const std::int64_t g = c.constant_integer(2, "the group");
    if (g < 0 || g > e.re->NumberOfCapturingGroups())
      c.wrong(2, "the pattern has " + std::to_string(e.re->NumberOfCapturingGroups()) + " groups");
    group = static_cast<int>(g);
  }
  return std::make_unique<regex_extract>(std::move(c.args[0]), std::move(e), group);
}

constexpr function pattern_table[]{
    {"regexp_matches", 2, 3, "regexp_matches(text, 'pattern' [, 'options'])", bind_matches<false>},
    {"regexp_full_match", 2, 3, "regexp_full_match(text, 'pattern' [, 'options'])", bind_matches<true>},
    {"regexp_replace", 3, 4, "regexp_replace(text, 'pattern', 'replacement' [, 'options'])", bind_replace},
    {"regexp_extract", 2, 4, "regexp_extract(text, 'pattern' [, group [, 'options']])", bind_extract},
};

}  // namespace

std::span<const function> pattern_functions() { return pattern_table; }

node_ptr make_like(node_ptr text, std::string pattern, std::string escape, bool ignore_case) {
  return std::make_unique<like_constant>(std::move(text), std::move(pattern), escape, ignore_case);
}
node_ptr make_like(node_ptr text, node_ptr pattern, std::string escape, bool ignore_case) {
  return std::make_unique<like_column>(std::move(text), std::move(pattern), std::move(escape), ignore_case);
}

}  // namespace weir::expression
