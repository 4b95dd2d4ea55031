#pragma once
// Components that exist only here, for plans without plugins. What each does is said by its name; `columns` is a schema
// as text.
//   t.source  t.raw (a column "value", side port "meta")  t.map (passes all on; side port "rejected")  t.add (passes,
//   one more column) t.route (named ports a and b, no main one)  t.join (two inputs)  t.any (any number)  t.end (an
//   operator without outputs)  t.sink json: decoder and encoder
#include <memory>
#include <string>

#include "base/cat.hpp"
#include "base/test_env.hpp"
#include "config/load.hpp"
#include "plan/make.hpp"
#include "weir/abi.h"

namespace weir::plan::testing {

class fake_parts : public workshop {
 public:
  std::optional<part> find(const config::pipeline&, const config::component_ref& uses, part_role role,
                           config::diagnostics& problems) override {
    part p;
    p.title = uses.text();
    p.plugin = "t@1.0.0";
    p.input_count = uses.component == "join" ? 2 : uses.component == "any" ? WEIR_INPUTS_ANY : 1;
    if (role == part_role::source) p.input_count = 0;
    if (role == part_role::decoder) p.title = "decode";
    if (role == part_role::encoder) p.title = "encode";
    if (uses.component == "missing") {
      problems.error(uses.at, "there is no t.missing");
      return std::nullopt;
    }
    return p;
  }

  std::optional<bound_part> bind(const part& what, const config::value& config, std::span<const bind_port> inputs,
                                 const config::location& at, config::diagnostics& problems) override {
    bound_part out;
    auto add = [&](std::string name, model::schema_ref schema, bool passes) {
      bound_output o;
      o.name = std::move(name);
      if (passes) {
        for (std::size_t i = 0; i < schema->size(); ++i)
          o.passes.push_back(i < inputs[0].schema->size() ? static_cast<std::int32_t>(i) : -1);
      }
      o.schema = std::move(schema);
      out.outputs.push_back(std::move(o));
    };
    const auto text = config.text_of("columns", "id: int64, desk: utf8, at: timestamp");
    auto columns = model::parse_schema(text);
    if (!columns) {
      problems.error(at, columns.why().text());
      return std::nullopt;
    }
    bound.push_back(base::cat(what.title, " ", inputs.size()));
    for (const auto& i : inputs) {
      bound.back() += base::cat(" ", i.name, "(");
      for (auto k : i.key) bound.back() += (*i.schema)[k].name + ",";
      bound.back() += ")";
    }
    if (what.title == "t.source" || what.title == "decode") add("", *columns, false);
    if (what.title == "t.raw") {
      add("", model::schema::of({{"value", model::type_id::binary, false, {}}}), false);
      add("meta", *columns, false);
    }
    if (what.title == "t.map") {
      add("", inputs[0].schema, true);
      add("rejected", inputs[0].schema, true);
    }
    if (what.title == "t.route") {
      add("a", inputs[0].schema, true);
      add("b", inputs[0].schema, true);
    }
    if (what.title == "t.add") {
      auto fields = inputs[0].schema->fields();
      fields.push_back({"extra", model::type_id::int64, false, {}});
      add("", model::schema::of(fields), true);
    }
    if (what.title == "t.join" || what.title == "t.any") add("", *columns, false);
    if (what.title == "encode") add("", model::schema::of({{"value", model::type_id::binary, false, {}}}), false);
    return out;
  }

  std::vector<std::string> bound;  ///< "t.map 1 trades(desk,)" for each call
};

struct made {
  plan_ptr plan;
  config::diagnostics problems;
  std::vector<std::string> bound;
  std::string text() const { return problems.text(); }
  const node& operator[](std::string_view id) const { return plan->nodes.at(plan->find(id)); }
};

inline made make_from(std::string_view toml) {
  static base::test_env env;
  auto loaded = config::load_pipeline_text(env, "p.toml", "format = 1\nname = \"p\"\n" + std::string(toml));
  made out;
  out.problems = std::move(loaded.problems);
  if (!loaded.pipeline) return out;
  fake_parts parts;
  out.plan = make(std::make_shared<const config::pipeline>(std::move(*loaded.pipeline)), parts, out.problems);
  out.bound = std::move(parts.bound);
  return out;
}

}  // namespace weir::plan::testing
