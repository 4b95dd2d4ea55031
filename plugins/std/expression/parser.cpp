#include "parser.hpp"

#include <algorithm>
#include <utility>

#include "lexer.hpp"
#include "mistake.hpp"
#include "words.hpp"

namespace weir::expression {

namespace {

// How tightly an operator binds; a higher number binds tighter.
enum power : int {
  loosest = 0,
  or_power = 10,
  and_power = 20,
  not_power = 30,
  is_power = 40,
  compare_power = 50,
  match_power = 60,  // BETWEEN IN LIKE ILIKE
  concat_power = 70,
  add_power = 80,
  multiply_power = 90,
  power_power = 100,
  sign_power = 110,
  postfix_power = 120,
};

syntax_ptr make(form is, const token& t) {
  auto s = std::make_unique<syntax>();
  s->is = is;
  s->at = t.at;
  s->end = t.end;
  return s;
}

class parser {
 public:
  explicit parser(std::string_view text) {
    if (text.size() > text_bytes_max)
      throw mistake{static_cast<std::int64_t>(text_bytes_max),
                    "an expression may have at most " + std::to_string(text_bytes_max) + " bytes"};
    tokens_ = tokens_of(text);
  }

  syntax_ptr whole() {
    if (now().is == token_kind::end) throw mistake{now().at, "the expression is empty"};
    syntax_ptr e = expression(loosest);
    finish();
    return e;
  }

  item entry() {
    item out;
    if (is_symbol("*")) {
      take();
      if (is_word("except") || is_word("exclude")) {
        take();
        need("(");
        do {
          if (now().is != token_kind::word && now().is != token_kind::quoted_name)
            throw mistake{now().at, "expected the name of a column here, found " + shown(now())};
          out.dropped.push_back(name_of(take()));
        } while (accept(","));
        need(")");
      }
      finish();
      return out;
    }
    if (now().is == token_kind::end) throw mistake{now().at, "the expression is empty"};
    out.expression = expression(loosest);
    if (is_word("as")) {
      take();
      if (now().is != token_kind::word && now().is != token_kind::quoted_name)
        throw mistake{now().at, "expected a name behind AS, found " + shown(now())};
      out.name = take().text;
    }
    finish();
    return out;
  }

 private:
  const token& now() const { return tokens_[at_]; }
  const token& ahead(std::size_t n) const { return tokens_[std::min(at_ + n, tokens_.size() - 1)]; }
  const token& take() { return tokens_[now().is == token_kind::end ? at_ : at_++]; }
  bool is_word(std::string_view lower) const { return now().is == token_kind::word && now().lower == lower; }
  bool is_symbol(std::string_view text) const { return now().is == token_kind::symbol && now().text == text; }
  bool accept(std::string_view symbol) {
    if (!is_symbol(symbol)) return false;
    take();
    return true;
  }
  bool accept_word(std::string_view lower) {
    if (!is_word(lower)) return false;
    take();
    return true;
  }
  static std::string shown(const token& t) {
    return t.is == token_kind::end ? "the end" : t.is == token_kind::text ? "'" + t.text + "'" : "`" + t.text + "`";
  }
  const token& need(std::string_view symbol) {
    if (!is_symbol(symbol))
      throw mistake{now().at, "expected `" + std::string{symbol} + "` here, found " + shown(now())};
    return take();
  }
  void need_word(std::string_view lower) {
    if (!accept_word(lower)) {
      std::string upper{lower};
      for (char& c : upper) c = static_cast<char>(c - 32);
      throw mistake{now().at, "expected " + upper + " here, found " + shown(now())};
    }
  }
  void finish() const {
    if (now().is == token_kind::end) return;
    if (is_symbol("=") || is_symbol("<") || is_symbol(">") || is_symbol("<=") || is_symbol(">=") || is_symbol("<>"))
      throw mistake{now().at, "comparisons do not chain: join them with AND"};
    throw mistake{now().at, "expected an operator or the end here, found " + shown(now())};
  }

  static syntax_ptr name_of(const token& t) {
    syntax_ptr s = make(form::name, t);
    s->text = t.text;
    s->quoted = t.is == token_kind::quoted_name;
    return s;
  }
  static syntax_ptr call(const token& at, std::string name) {
    syntax_ptr s = make(form::call, at);
    s->text = std::move(name);
    return s;
  }
  template <class... A>
  static syntax_ptr call(const token& at, std::string name, A... args) {
    syntax_ptr s = call(at, std::move(name));
    (s->args.push_back(std::move(args)), ...);
    return s;
  }
  static syntax_ptr negated(const token& at, bool really, syntax_ptr e) {
    return really ? call(at, "not", std::move(e)) : std::move(e);
  }

  syntax_ptr expression(int floor) {
    if (++depth_ > depth_max) throw mistake{now().at, "nested more than " + std::to_string(depth_max) + " deep"};
    syntax_ptr left = prefix();
    for (;;) {
      syntax_ptr next = postfix(left, floor);
      if (!next) break;
      left = std::move(next);
    }
    --depth_;
    return left;
  }

  // An operator behind `left` that binds tighter than `floor`, and what follows it; null: there is none.
  syntax_ptr postfix(syntax_ptr& left, int floor) {
    const token& t = now();
    if (t.is == token_kind::symbol) return symbol_operator(left, floor, t);
    if (t.is == token_kind::word) return word_operator(left, floor, t);
    return nullptr;
  }

  syntax_ptr symbol_operator(syntax_ptr& left, int floor, const token& t) {
    const std::string& s = t.text;
    if (s == "::" && postfix_power > floor) {
      take();
      return cast_to(t, std::move(left), false);
    }
    if (s == "[" && postfix_power > floor) {
      take();
      syntax_ptr e = make(form::element, t);
      e->args.push_back(std::move(left));
      e->args.push_back(expression(loosest));
      need("]");
      return e;
    }
    if (s == "." && postfix_power > floor) {
      take();
      if (now().is != token_kind::word && now().is != token_kind::quoted_name)
        throw mistake{now().at, "expected the name of a field behind the point, found " + shown(now())};
      const token& f = take();
      syntax_ptr e = make(form::field, f);
      e->text = f.text;
      e->args.push_back(std::move(left));
      return e;
    }
    static constexpr std::pair<std::string_view, int> binary[]{
        {"^", power_power},     {"**", power_power},   {"*", multiply_power}, {"/", multiply_power},
        {"//", multiply_power}, {"%", multiply_power}, {"+", add_power},      {"-", add_power},
        {"||", concat_power},   {"=", compare_power},  {"==", compare_power}, {"<>", compare_power},
        {"!=", compare_power},  {"<", compare_power},  {">", compare_power},  {"<=", compare_power},
        {">=", compare_power}};
    for (const auto& [text, power] : binary) {
      if (s != text) continue;
      if (power <= floor) return nullptr;
      take();
      syntax_ptr right = expression(power);
      if (power == compare_power) {
        const token& n = now();
        if (n.is == token_kind::symbol && std::any_of(std::begin(binary), std::end(binary), [&](auto& b) {
              return b.second == compare_power && b.first == n.text;
            }))
          throw mistake{n.at, "comparisons do not chain: join them with AND"};
      }
      const std::string_view word = s == "==" ? "=" : s == "!=" ? "<>" : s == "**" ? "^" : std::string_view{s};
      return call(t, std::string{word}, std::move(left), std::move(right));
    }
    return nullptr;
  }

  syntax_ptr word_operator(syntax_ptr& left, int floor, const token& t) {
    const std::string& w = t.lower;
    if (w == "or" || w == "and") {
      const int power = w == "or" ? or_power : and_power;
      if (power <= floor) return nullptr;
      take();
      return call(t, w, std::move(left), expression(power));
    }
    if (w == "is" && is_power > floor) {
      take();
      const bool no = accept_word("not");
      if (accept_word("null")) return call(t, no ? "is_not_null" : "is_null", std::move(left));
      if (accept_word("true")) return call(t, no ? "is_not_true" : "is_true", std::move(left));
      if (accept_word("false")) return call(t, no ? "is_not_false" : "is_false", std::move(left));
      if (accept_word("unknown")) return call(t, no ? "is_not_null" : "is_null", std::move(left));
      if (accept_word("distinct")) {
        need_word("from");
        return call(t, no ? "is_not_distinct_from" : "is_distinct_from", std::move(left), expression(is_power));
      }
      throw mistake{now().at, "expected NULL, TRUE, FALSE or DISTINCT FROM behind IS, found " + shown(now())};
    }
    const bool no = w == "not" && ahead(1).is == token_kind::word;
    const std::string& m = no ? ahead(1).lower : w;
    if (match_power <= floor || (m != "between" && m != "in" && m != "like" && m != "ilike")) return nullptr;
    if (no) take();
    const token& op = take();
    if (m == "between") {
      syntax_ptr low = expression(match_power);
      need_word("and");
      syntax_ptr high = expression(match_power);
      return negated(t, no, call(op, "between", std::move(left), std::move(low), std::move(high)));
    }
    if (m == "in") {
      need("(");
      syntax_ptr in = call(op, "in", std::move(left));
      do in->args.push_back(expression(loosest));
      while (accept(","));
      need(")");
      return negated(t, no, std::move(in));
    }
    syntax_ptr like = call(op, m, std::move(left), expression(match_power));
    if (accept_word("escape")) like->args.push_back(expression(match_power));
    return negated(t, no, std::move(like));
  }

  syntax_ptr cast_to(const token& at, syntax_ptr what, bool optional) {
    if (now().is != token_kind::word) throw mistake{now().at, "expected a type here, found " + shown(now())};
    syntax_ptr c = make(form::cast, at);
    const token& word = take();
    c->at = word.at;
    c->end = word.end;
    c->text = word.lower;
    if (c->text == "double" && is_word("precision")) take();
    c->optional = optional;
    c->args.push_back(std::move(what));
    if (accept("(")) {
      c->precision = small_number();
      if (accept(",")) c->scale = small_number();
      need(")");
    }
    return c;
  }

  int small_number() {
    if (now().is != token_kind::integer || now().text.size() > 4)
      throw mistake{now().at, "expected a small number here, found " + shown(now())};
    return std::stoi(take().text);
  }

  syntax_ptr literal(form is, const token& t) {
    syntax_ptr s = make(is, t);
    s->text = t.text;
    return s;
  }

  syntax_ptr prefix() {
    const token& t = now();
    switch (t.is) {
      case token_kind::end:
        throw mistake{t.at, "the expression ends where a value is expected"};
      case token_kind::integer:
        return literal(form::integer, take());
      case token_kind::decimal:
        return literal(form::decimal, take());
      case token_kind::real:
        return literal(form::real, take());
      case token_kind::text:
        return literal(form::text, take());
      case token_kind::quoted_name:
        return name_of(take());
      case token_kind::symbol:
        return prefix_symbol(take());
      case token_kind::word:
        return prefix_word(t);
    }
    return nullptr;
  }

  syntax_ptr prefix_symbol(const token& t) {
    if (t.text == "(") {
      syntax_ptr e = expression(loosest);
      need(")");
      return e;
    }
    if (t.text == "-" || t.text == "+") {
      // The sign is part of the number (so that the smallest int64 can be written), unless something binds tighter to
      // the number.
      const token& n = now();
      const bool number = n.is == token_kind::integer || n.is == token_kind::decimal || n.is == token_kind::real;
      if (number && !(ahead(1).is == token_kind::symbol && ahead(1).text == "::")) {
        syntax_ptr e = prefix();
        e->at = t.at;
        if (t.text == "-") e->text = "-" + e->text;
        return e;
      }
      syntax_ptr e = expression(sign_power);
      return call(t, t.text == "-" ? "negate" : "plus", std::move(e));
    }
    throw mistake{t.at, "expected a value here, found " + shown(t)};
  }

  syntax_ptr prefix_word(const token& t) {
    const std::string& w = t.lower;
    const token& next = ahead(1);
    if (w == "null") return make(form::null_value, take());
    if (w == "true" || w == "false") {
      syntax_ptr s = make(form::truth, take());
      s->text = w;
      return s;
    }
    if (w == "not") {
      const token& at = take();
      return call(at, "not", expression(not_power));
    }
    if (w == "case") return choice(take());
    if ((w == "date" || w == "timestamp") && next.is == token_kind::text) {
      const token& at = take();
      syntax_ptr c = make(form::cast, at);
      c->text = at.lower;
      c->at = now().at;
      c->end = now().end;
      c->args.push_back(literal(form::text, take()));
      return c;
    }
    if (w == "interval" && (next.is == token_kind::text || next.is == token_kind::integer ||
                            next.is == token_kind::decimal || (next.is == token_kind::symbol && next.text == "(")))
      return interval(take());
    if (is_reserved(w))
      throw mistake{
          t.at, "expected a value here, found `" + t.text + "` (a column of this name is written in double quotes)"};
    if (next.is == token_kind::symbol && next.text == "(") return function(take());
    return name_of(take());
  }

  syntax_ptr choice(const token& t) {
    syntax_ptr c = make(form::choice, t);
    if (!is_word("when")) {
      c->operand = true;
      c->args.push_back(expression(loosest));
    }
    if (!is_word("when")) need_word("when");
    while (accept_word("when")) {
      c->args.push_back(expression(loosest));
      need_word("then");
      c->args.push_back(expression(loosest));
    }
    if (accept_word("else")) {
      c->args.push_back(expression(loosest));
    } else {
      c->args.push_back(make(form::null_value, now()));
    }
    need_word("end");
    return c;
  }

  // INTERVAL '90 minutes', INTERVAL 90 MINUTE, INTERVAL (expression) MINUTE
  syntax_ptr interval(const token& t) {
    syntax_ptr amount;
    if (now().is == token_kind::text) {
      amount = literal(form::text, take());
    } else if (now().is == token_kind::symbol) {
      take();
      amount = expression(loosest);
      need(")");
    } else {
      amount = prefix();
    }
    const bool unit = now().is == token_kind::word &&
                      std::find(interval_units.begin(), interval_units.end(), now().lower) != interval_units.end();
    if (!unit) {
      if (amount->is != form::text)
        throw mistake{now().at, "expected a unit here (SECOND, MINUTE, HOUR, DAY, MONTH ...), found " + shown(now())};
      syntax_ptr c = make(form::cast, t);
      c->text = "interval";
      c->at = amount->at;
      c->end = amount->end;
      c->args.push_back(std::move(amount));
      return c;
    }
    if (amount->is == form::text) amount->is = form::integer;  // INTERVAL '2' DAY
    const token& u = take();
    syntax_ptr name = make(form::text, u);
    name->text = u.lower;
    return call(t, "interval", std::move(amount), std::move(name));
  }

  syntax_ptr function(const token& t) {
    need("(");
    if (t.lower == "cast" || t.lower == "try_cast") {
      syntax_ptr what = expression(loosest);
      need_word("as");
      syntax_ptr c = cast_to(t, std::move(what), t.lower == "try_cast");
      need(")");
      return c;
    }
    syntax_ptr c = call(t, t.lower);
    if (t.lower == "extract" && (now().is == token_kind::word || now().is == token_kind::text) &&
        ahead(1).lower == "from") {
      syntax_ptr part = literal(form::text, take());
      for (char& ch : part->text) ch = ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch + 32) : ch;
      take();
      c->text = "date_part";
      c->args.push_back(std::move(part));
      c->args.push_back(expression(loosest));
      need(")");
      return c;
    }
    if (t.lower == "trim" && now().is == token_kind::word &&
        (now().lower == "both" || now().lower == "leading" || now().lower == "trailing") &&
        !(ahead(1).is == token_kind::symbol)) {
      c->text = now().lower == "both" ? "trim" : now().lower == "leading" ? "ltrim" : "rtrim";
      take();
      syntax_ptr set = is_word("from") ? nullptr : expression(loosest);
      need_word("from");
      c->args.push_back(expression(loosest));
      if (set) c->args.push_back(std::move(set));
      need(")");
      return c;
    }
    if (accept(")")) return c;
    if (t.lower == "position") {
      syntax_ptr part = expression(match_power);
      if (accept_word("in")) {
        c->text = "strpos";
        c->args.push_back(expression(loosest));
        c->args.push_back(std::move(part));
        need(")");
        return c;
      }
      c->args.push_back(std::move(part));
      if (!accept(",")) {
        need(")");
        return c;
      }
    }
    do c->args.push_back(expression(loosest));
    while (accept(","));
    if ((t.lower == "substring" || t.lower == "substr") && c->args.size() == 1 && accept_word("from")) {
      c->args.push_back(expression(loosest));
      if (accept_word("for")) c->args.push_back(expression(loosest));
    }
    need(")");
    return c;
  }

  std::vector<token> tokens_;
  std::size_t at_{0};
  int depth_{0};
};

}  // namespace

syntax_ptr parse(std::string_view text) { return parser{text}.whole(); }

item parse_item(std::string_view text) { return parser{text}.entry(); }

bool needs_quotes(std::string_view name) {
  try {
    const auto tokens = tokens_of(name);
    return tokens.size() != 2 || tokens[0].is != token_kind::word || is_reserved(tokens[0].lower);
  } catch (const mistake&) {
    return true;
  }
}

}  // namespace weir::expression
