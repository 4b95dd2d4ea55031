// [[source]], [[operator]] and [[sink]] tables.
#include <algorithm>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "config/option.hpp"
#include "config/pipeline_options.hpp"
#include "config/read_pipeline.hpp"

namespace weir::config {
namespace {

constexpr std::size_t max_key_columns = 16;

class node_reader {
 public:
  node_reader(const value& table, node_kind kind, diagnostics& problems) : t_(table), problems_(problems) {
    n_.kind = kind;
    n_.at = table.at;
    n_.id_at = table.at;
  }

  node read(std::uint32_t parallelism, std::uint32_t max_parallelism) {
    if (const value* id = string("id")) {
      n_.id = id->text;
      n_.id_at = id->at;
      check_name(*id, name_of(n_.kind));
    }
    if (const value* was = string("was")) {
      n_.was = was->text;
      check_name(*was, name_of(n_.kind));
    }
    if (const value* uses = string("uses")) {
      if (auto ref = read_component(*uses, false, problems_)) n_.uses = *std::move(ref);
    }
    n_.parallelism = parallelism;
    if (const value* p = t_.find("parallelism"); p && !p->unresolved) {
      n_.parallelism = static_cast<std::uint32_t>(p->integer);
      if (n_.parallelism > max_parallelism)
        problems_.error(
            p->at, base::cat("\"parallelism\" of ", who(), " is ", n_.parallelism, ", more than \"max_parallelism\" (",
                             max_parallelism, "): lower it, or raise \"max_parallelism\" of the pipeline"));
    }
    n_.chain = t_.boolean_of("chain", true);
    const std::string on_error = t_.text_of("on_error");
    if (on_error == "skip") n_.on_error = error_policy::skip;
    if (on_error == "dead_letter") n_.on_error = error_policy::dead_letter;
    if (const value* c = t_.find("config"); c && c->is(kind::table))
      n_.config = *c;
    else
      n_.config = make_table(t_.at);
    if (const value* e = t_.find("exchange")) exchange_ = read_exchange(*e);
    if (n_.kind != node_kind::source) read_inputs();
    if (const value* f = t_.find("format")) read_format(*f);
    if (const value* w = t_.find("watermark"); w && w->is(kind::table)) read_watermark(*w);
    if (const value* m = t_.find("trace"); m && m->is(kind::table)) read_trace(*m);
    return std::move(n_);
  }

 private:
  const value* string(std::string_view key) {
    const value* v = t_.find(key);
    return v && v->is(kind::string) && !v->unresolved ? v : nullptr;
  }

  std::string who() const {
    return n_.id.empty() ? base::cat("this ", name_of(n_.kind))
                         : base::cat(name_of(n_.kind), ' ', base::quoted(n_.id, 80));
  }

  void check_name(const value& v, std::string_view what) {
    if (const auto ok = base::check_id(v.text, what); !ok) return problems_.error(v.at, ok.why().what);
    for (const option& o : root_options()) {
      if ((o.type == option_type::table || o.name == "plugin") && o.name == v.text)
        problems_.error(
            v.at,
            base::cat(base::quoted(v.text),
                      " is the name of a table of the file, so --set could not tell them apart: choose another id"));
    }
  }

  std::optional<exchange> read_exchange(const value& given) {
    exchange e;
    e.at = given.at;
    value t;
    if (given.is(kind::string)) {
      t = make_table(given.at);
      t.members.push_back({"kind", given.at, given});
    } else {
      t = given;
    }
    if (!t.is(kind::table)) {
      problems_.error(given.at, base::cat("\"exchange\" of ", who(),
                                          " must be a table { kind = \"hash\", key = \"column\" } or a kind, not ",
                                          describe(given)));
      return std::nullopt;
    }
    const std::size_t before = problems_.error_count();
    t = validate(t, exchange_options(), {.owner = base::cat("\"exchange\" of ", who()), .noun = "key"}, problems_);
    if (problems_.error_count() != before) return std::nullopt;
    for (const exchange_kind k :
         {exchange_kind::forward, exchange_kind::hash, exchange_kind::rebalance, exchange_kind::broadcast})
      if (t.text_of("kind") == name_of(k)) e.kind = k;
    const value* key = t.find("key");
    if (e.kind != exchange_kind::hash) {
      if (key)
        problems_.error(key->at, base::cat("\"key\" is for kind \"hash\", not ", base::quoted(name_of(e.kind)),
                                           ": remove it, or change the kind"));
      return e;
    }
    if (!key) {
      problems_.error(
          given.at,
          "kind \"hash\" needs \"key\": the column, or list of columns, whose equal values meet in one subtask");
      return std::nullopt;
    }
    auto add = [&](const value& column) {
      if (!column.is(kind::string) || column.text.empty())
        return problems_.error(column.at,
                               base::cat("\"key\" must be a column name or a list of them, not ", describe(column)));
      if (std::find(e.key.begin(), e.key.end(), column.text) != e.key.end())
        return problems_.error(column.at,
                               base::cat("column ", base::quoted(column.text, 80), " is named twice: remove one"));
      e.key.push_back(column.text);
      e.key_at.push_back(column.at);
    };
    if (!key->is(kind::list))
      add(*key);
    else if (key->items.empty())
      problems_.error(key->at, "\"key\" is empty: name at least one column");
    else if (key->items.size() > max_key_columns)
      problems_.error(key->at,
                      base::cat("\"key\" has ", key->items.size(), " columns, the most are ", max_key_columns));
    else
      for (const value& column : key->items) add(column);
    return e;
  }

  void read_inputs() {
    const value* from = t_.find("from");
    if (!from) return;  // check_graph says so: the sink of [dead_letters] needs none
    if (from->is(kind::string)) return read_input(*from);
    if (!from->is(kind::list))
      return problems_.error(
          from->at,
          base::cat("\"from\" of ", who(), " must be a list of node ids like [\"trades\"], not ", describe(*from)));
    for (const value& v : from->items) read_input(v);
  }

  void read_input(const value& v) {
    input in;
    in.at = v.at;
    in.exchange = exchange_;
    const value* port = &v;
    value t;
    if (v.is(kind::table)) {
      t = validate(v, input_options(), {.owner = base::cat("an entry of \"from\" of ", who()), .noun = "key"},
                   problems_);
      port = t.find("port");
      if (!port || !port->is(kind::string)) return;
      in.at = port->at;
      if (const value* e = t.find("exchange")) in.exchange = read_exchange(*e);
    } else if (!v.is(kind::string)) {
      return problems_.error(
          v.at, base::cat("an entry of \"from\" of ", who(),
                          " must be \"id\", \"id:port\" or { port = ..., exchange = ... }, not ", describe(v)));
    }
    auto ref = base::parse_port_ref(port->text);
    if (!ref)
      return problems_.error(port->at, base::cat(base::quoted(port->text, 80), " is neither \"id\" nor \"id:port\""));
    in.from = *std::move(ref);
    for (const input& other : n_.inputs)
      if (other.from == in.from)
        return problems_.error(port->at, base::cat(base::quoted(in.from.text()), " is listed twice in \"from\" of ",
                                                   who(), ": its records would count double, remove one"));
    n_.inputs.push_back(std::move(in));
  }

  void read_format(const value& v) {
    format_ref f;
    f.at = v.at;
    const value* type = &v;
    f.config = make_table(v.at);
    if (v.is(kind::table)) {
      type = v.find("type");
      if (!type)
        return problems_.error(v.at, base::cat("\"format\" of ", who(), " needs \"type\": write { type = \"json\" }"));
      for (const member& m : v.members)
        if (m.key != "type") f.config.members.push_back(m);
    }
    if (!type->is(kind::string))
      return problems_.error(
          type->at, base::cat("\"format\" of ", who(),
                              " must be a name like \"json\" or a table { type = \"json\" }, not ", describe(*type)));
    if (auto uses = read_component(*type, true, problems_)) {
      f.uses = *std::move(uses);
      n_.format = std::move(f);
    }
  }

  void read_watermark(const value& t) {
    watermark w;
    w.at = t.at;
    if (const value* field = t.find("field"); field && field->is(kind::string)) {
      w.field = field->text;
      w.field_at = field->at;
    }
    w.out_of_orderness_us = t.integer_of("out_of_orderness");
    w.emit_interval_us = t.integer_of("emit_interval");
    if (t.find("idle_after")) w.idle_after_us = t.integer_of("idle_after");
    if (t.find("max_drift")) w.max_drift_us = t.integer_of("max_drift");
    w.align_group = t.text_of("align_group");
    const value* group = t.find("align_group");
    if (group && !w.max_drift_us)
      problems_.error(group->at,
                      base::cat("\"align_group\" of ", who(),
                                " needs \"max_drift\": how far its splits may run ahead, for example \"30s\""));
    if (!group && w.max_drift_us)
      problems_.error(t.find("max_drift")->at,
                      base::cat("\"max_drift\" of ", who(),
                                " needs \"align_group\": the name that the sources to be aligned share"));
    n_.watermark = std::move(w);
  }

  void read_trace(const value& t) {
    trace_mapping m;
    m.at = t.at;
    if (const value* v = t.find("trace_id"); v && v->is(kind::string)) m.trace_id = v->text, m.trace_id_at = v->at;
    if (const value* v = t.find("source_id"); v && v->is(kind::string)) m.source_id = v->text, m.source_id_at = v->at;
    n_.trace = std::move(m);
  }

  const value& t_;
  diagnostics& problems_;
  node n_;
  std::optional<exchange> exchange_;
};

}  // namespace

std::vector<node> read_nodes(const value& root, std::uint32_t parallelism, std::uint32_t max_parallelism,
                             diagnostics& problems) {
  std::vector<node> out;
  for (const node_kind k : {node_kind::source, node_kind::transform, node_kind::sink}) {
    const value* list = root.find(name_of(k));
    if (!list || !list->is(kind::list)) continue;
    for (const value& table : list->items)
      out.push_back(node_reader(table, k, problems).read(parallelism, max_parallelism));
  }
  return out;
}

}  // namespace weir::config
