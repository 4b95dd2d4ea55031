// Binding: configuration and schemas in, output ports out; every error at its place in the pipeline file.
#include "plugin/bind.hpp"

#include <set>

#include "config/option.hpp"
#include "zoo.hpp"

namespace weir::plugin {
namespace {

using model::data_type;
using model::schema;
using model::type_id;
using test::zoo_test;
using testing::AllOf;
using testing::HasSubstr;

model::schema_ref trades() {
  return schema::of(
      {{"desk", type_id::utf8, false}, {"amount", type_id::int64, true}, {"at", type_id::timestamp, false}});
}

class Bind : public zoo_test {
 protected:
  config::location place(std::uint32_t line, std::uint32_t column) const {
    return {text_, line, column, line, column + 1};
  }

  binding_ptr bind_zoo(const std::string& name, config::value config = config::make_table(),
                       model::schema_ref input = trades(), std::vector<std::uint32_t> key = {}) {
    const image_ptr image = loaded(copy(name));
    if (!image) return nullptr;
    auto component = component::find(image, "bad");
    EXPECT_TRUE(component);
    std::vector<bind_input> inputs;
    if (!(*component)->is_source()) inputs.push_back({"trades", std::move(input), std::move(key)});
    return plugin::bind(*component, std::move(config), std::move(inputs), place(3, 1), problems_);
  }
  std::string problems() const { return problems_.text(); }

  std::shared_ptr<const config::source_text> text_ = std::make_shared<config::source_text>(
      "desk.toml",
      "format = 1\nname = \"desk\"\n[[operator]]\nid = \"o\"\nconfig = { limit = 7, when = \"amont > 3\" }\n");
  config::diagnostics problems_;
};

TEST_F(Bind, GivesTheOutputsOfAPluginThatPassesItsInputThrough) {
  const binding_ptr made = bind_zoo("silent_failure");
  ASSERT_NE(made, nullptr) << problems();
  ASSERT_EQ(made->outputs().size(), 1u);
  EXPECT_EQ(made->outputs()[0].name, "");
  EXPECT_EQ(*made->outputs()[0].schema, *trades());
  EXPECT_THAT(made->outputs()[0].passes, testing::ElementsAre(0, 1, 2));
  EXPECT_TRUE(problems_.empty());
}

TEST_F(Bind, GivesTheOutputsOfASource) {
  const binding_ptr made = bind_zoo("silent_position");
  ASSERT_NE(made, nullptr) << problems();
  ASSERT_EQ(made->outputs().size(), 1u);
  EXPECT_EQ(made->outputs()[0].schema->text(), "amount: int64?");
  EXPECT_TRUE(made->outputs()[0].passes.empty());
}

struct mistake {
  const char* name;
  const char* what;
};
std::ostream& operator<<(std::ostream& out, const mistake& m) { return out << m.name; }
class BindRefuses : public Bind, public testing::WithParamInterface<mistake> {};

TEST_P(BindRefuses, WithAnErrorThatNamesTheGuilty) {
  EXPECT_EQ(bind_zoo(GetParam().name), nullptr);
  ASSERT_TRUE(problems_.failed());
  EXPECT_THAT(problems(), AllOf(HasSubstr("desk.toml:3:1"), HasSubstr(GetParam().name), HasSubstr(GetParam().what)));
}

INSTANTIATE_TEST_SUITE_P(
    Zoo, BindRefuses,
    testing::Values(mistake{"throws_in_bind",
                            "an exception left its bind(): thrown in bind; report it to the plugin's authors"},
                    mistake{"throws_int_in_bind", "an exception that is no std::exception left its bind()"},
                    mistake{"silent_bind", "failed with a configuration error and did not say why"},
                    mistake{"bind_unknown_code", "returned 12345"}, mistake{"no_output", "declared no output"},
                    mistake{"sink_with_output", "is a sink and declares an output"},
                    mistake{"dup_port", "declares the output \"late\" twice"},
                    mistake{"bad_port_name", "\"dead_letter\" is not allowed"},
                    mistake{"bad_schema", "has a schema that cannot be used"}, mistake{"no_schema", "has no schema"},
                    mistake{"lies_about_passes",
                            "column \"ratio\" is declared as float32 but passes through \"desk\", which is utf8"},
                    mistake{"passes_out_of_range", "passes through input column 1000, the input has 3"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_F(Bind, PointsAtTheOptionThatThePluginNames) {
  config::value config = config::make_table(place(5, 10));
  config::value limit;
  limit.type = config::kind::integer;
  limit.integer = 7;
  limit.at = place(5, 20);
  config.members.push_back({"limit", place(5, 12), limit});
  EXPECT_EQ(bind_zoo("bind_error_then_ok", config), nullptr);
  EXPECT_THAT(problems(), AllOf(HasSubstr("desk.toml:5:20"),
                                HasSubstr("bind_error_then_ok.bad: option limit: the limit is too low")));
}

TEST_F(Bind, PointsAtTheTableWhenTheOptionIsADefault) {
  config::value config = config::make_table(place(5, 10));
  config::value limit;
  limit.type = config::kind::integer;
  limit.fallback = true;
  config.members.push_back({"limit", {}, limit});
  EXPECT_EQ(bind_zoo("bind_error_then_ok", config), nullptr);
  EXPECT_THAT(problems(), AllOf(HasSubstr("desk.toml:5:10"), HasSubstr("this is the option's default; set it")));
}

// The slots themselves, as a plugin calls them.
class BindSlots : public Bind {
 protected:
  static inline std::function<weir_code(const weir_host&, weir_bind*)> body;
  static inline std::function<void()> on_unbind;
  /// Binds the zoo's good operator with `what` in place of its bind().
  binding_ptr run(config::value config, std::vector<bind_input> inputs,
                  std::function<weir_code(const weir_host&, weir_bind*)> what,
                  std::uint32_t kind = WEIR_KIND_OPERATOR) {
    (void)kind;
    image_ = std::make_shared<fake_image>();
    body = std::move(what);
    auto component = component::find(image_, "exposure");
    EXPECT_TRUE(component);
    return plugin::bind(*component, std::move(config), std::move(inputs), place(3, 1), problems_);
  }

  struct fake_image final : image {
    fake_image() {
      self_.about.name = "risk";
      self_.about.version = "1.2.0";
      component_description about;
      about.type = "exposure";
      self_.about.components.push_back(about);
      weir_operator table{};
      table.bind = [](const weir_host* host, weir_bind* handle, void** plan) {
        static int a_plan;
        *plan = &a_plan;
        return body(*host, handle);
      };
      table.unbind = [](void*) {
        if (on_unbind) on_unbind();
      };
      self_.tables.operators.push_back(table);
    }
  };
  image_ptr image_;
};

weir_view view(std::string_view text) { return {text.data(), text.size()}; }

weir_code pass_all(const weir_host& host, weir_bind* bind) {
  const std::int32_t passes[] = {0, 1, 2};
  return host.bind_output(bind, view(""), host.bind_input(bind, 0), passes);
}

TEST_F(BindSlots, ShowTheInputs) {
  const binding_ptr made =
      run(config::make_table(),
          {{"trades", trades(), {0}}, {"rates:late", schema::of({{"rate", type_id::float64, false}}), {}}},
          [](const weir_host& host, weir_bind* bind) {
            EXPECT_EQ(host.bind_input_count(bind), 2u);
            const ArrowSchema* input = host.bind_input(bind, 0);
            EXPECT_STREQ(input->format, "+s");
            EXPECT_EQ(input->n_children, 3);
            EXPECT_STREQ(input->children[1]->name, "amount");
            EXPECT_STREQ(host.bind_input(bind, 1)->children[0]->format, "g");
            EXPECT_EQ(host.bind_input(bind, 2), nullptr);
            const weir_view name = host.bind_input_name(bind, 1);
            EXPECT_EQ(std::string_view(name.data, name.size), "rates:late");
            EXPECT_EQ(host.bind_input_name(bind, 7).size, 0u);
            std::uint32_t key[2] = {9, 9};
            EXPECT_EQ(host.bind_key(bind, 0, key, 2), 1u);
            EXPECT_EQ(key[0], 0u);
            EXPECT_EQ(key[1], 9u);
            EXPECT_EQ(host.bind_key(bind, 0, nullptr, 0), 1u);
            EXPECT_EQ(host.bind_key(bind, 1, key, 2), 0u);
            EXPECT_EQ(host.bind_key(bind, 9, key, 2), 0u);
            return pass_all(host, bind);
          });
  ASSERT_NE(made, nullptr) << problems();
  EXPECT_NE(made->plan(), nullptr);
}

TEST_F(BindSlots, ShowTheConfigurationInItsTypes) {
  auto scalar = [](config::kind kind, std::int64_t integer = 0, double real = 0, std::string text = {}) {
    config::value v;
    v.type = kind;
    v.integer = integer;
    v.real = real;
    v.text = std::move(text);
    return v;
  };
  config::value config = config::make_table();
  auto add = [&](config::value& to, std::string key, config::value item) {
    to.members.push_back({std::move(key), {}, std::move(item)});
  };
  config::value on = scalar(config::kind::boolean);
  on.boolean = true;
  add(config, "on", on);
  add(config, "count", scalar(config::kind::integer, -7));
  add(config, "share", scalar(config::kind::floating, 0, 0.5));
  add(config, "name", scalar(config::kind::string, 0, 0, "fx"));
  add(config, "window", scalar(config::kind::duration, 600'000'000));
  add(config, "room", scalar(config::kind::bytes, 4096));
  config::value list;
  list.type = config::kind::list;
  list.items = {scalar(config::kind::integer, 1), scalar(config::kind::string, 0, 0, "two")};
  add(config, "list", list);
  config::value table = config::make_table();
  add(table, "inner", scalar(config::kind::integer, 42));
  add(config, "table", table);

  const binding_ptr made =
      run(std::move(config), {{"trades", trades(), {}}}, [](const weir_host& host, weir_bind* bind) {
        const weir_config* root = host.bind_config(bind);
        auto get = [&](std::string_view path) {
          weir_value value;
          host.config_get(root, view(path), &value);
          return value;
        };
        EXPECT_EQ(get("on").kind, WEIR_BOOL);
        EXPECT_EQ(get("on").integer, 1);
        EXPECT_EQ(get("count").kind, WEIR_INT);
        EXPECT_EQ(get("count").integer, -7);
        EXPECT_EQ(get("share").kind, WEIR_FLOAT);
        EXPECT_EQ(get("share").real, 0.5);
        EXPECT_EQ(get("name").kind, WEIR_TEXT);
        EXPECT_EQ(std::string_view(get("name").text.data, get("name").text.size), "fx");
        EXPECT_EQ(get("window").kind, WEIR_DURATION);
        EXPECT_EQ(get("window").integer, 600'000'000);
        EXPECT_EQ(get("room").kind, WEIR_BYTES);
        EXPECT_EQ(get("room").integer, 4096);
        EXPECT_EQ(get("table.inner").integer, 42);
        EXPECT_EQ(get("").kind, WEIR_TABLE);
        EXPECT_EQ(get("").size, 8u);
        for (const char* none : {"missing", "name.inner", "table.missing", "list.inner"})
          EXPECT_EQ(get(none).kind, WEIR_NONE) << none;

        const weir_value all = get("list");
        EXPECT_EQ(all.kind, WEIR_LIST);
        EXPECT_EQ(all.size, 2u);
        weir_view key;
        weir_value item;
        host.config_at(all.node, 1, &key, &item);
        EXPECT_EQ(item.kind, WEIR_TEXT);
        EXPECT_EQ(key.size, 0u);
        host.config_at(all.node, 2, nullptr, &item);
        EXPECT_EQ(item.kind, WEIR_NONE);
        host.config_at(root, 1, &key, &item);
        EXPECT_EQ(std::string_view(key.data, key.size), "count");
        EXPECT_EQ(item.integer, -7);
        host.config_get(nullptr, view("x"), &item);
        EXPECT_EQ(item.kind, WEIR_NONE);
        return pass_all(host, bind);
      });
  EXPECT_NE(made, nullptr) << problems();
}

TEST_F(BindSlots, PutAnErrorInsideAnExpressionAtItsColumn) {
  config::value config = config::make_table(place(5, 10));
  config::value when = config::make_string("amont > 3", place(5, 30));
  config.members.push_back({"when", place(5, 23), when});
  EXPECT_EQ(run(std::move(config), {{"trades", trades(), {}}},
                [](const weir_host& host, weir_bind* bind) {
                  host.bind_error(bind, WEIR_E_CONFIG, view("when"), 0,
                                  view("no column \"amont\"; did you mean \"amount\"?"));
                  host.bind_error(bind, WEIR_E_CONFIG, view("when"), 6, view("'>' compares nothing"));
                  return host.bind_error(bind, WEIR_E_SCHEMA, view(""), -1, view("the input has no column \"rate\""));
                }),
            nullptr);
  EXPECT_EQ(problems_.error_count(), 3u);
  EXPECT_THAT(problems(), AllOf(HasSubstr("desk.toml:5:31: error: risk.exposure: option when: no column"),
                                HasSubstr("desk.toml:5:37: error: risk.exposure: option when: '>' compares nothing"),
                                HasSubstr("desk.toml:3:1: error: risk.exposure: the input has no column")));
}

TEST_F(BindSlots, KeepErrorTextsFromForgingLines) {
  EXPECT_EQ(run(config::make_table(), {{"trades", trades(), {}}},
                [](const weir_host& host, weir_bind* bind) {
                  return host.bind_error(bind, WEIR_E_CONFIG, view("a\nb"), -1, view("first\nerror: second \x1b[31m"));
                }),
            nullptr);
  EXPECT_THAT(problems(), AllOf(testing::Not(HasSubstr("\nerror: second")), testing::Not(HasSubstr("\x1b"))));
}

TEST_F(BindSlots, RefuseATypeThatDoesNotPass) {
  EXPECT_EQ(run(config::make_table(), {{"trades", trades(), {}}},
                [](const weir_host& host, weir_bind* bind) {
                  ArrowSchema narrow;
                  model::export_schema(*schema::of({{"amount", type_id::int64, false}}), &narrow);
                  const std::int32_t passes[] = {1};  // which may be null
                  const weir_code code = host.bind_output(bind, view(""), &narrow, passes);
                  EXPECT_EQ(code, WEIR_E_CONTRACT);
                  narrow.release(&narrow);
                  return code;
                }),
            nullptr);
  EXPECT_THAT(problems(), HasSubstr("declared without nulls but passes through \"amount\", which may be null"));
}

TEST_F(BindSlots, AcceptPassesFromAnyOneInput) {
  const binding_ptr made = run(
      config::make_table(), {{"rates", schema::of({{"rate", type_id::float64, false}}), {}}, {"trades", trades(), {}}},
      [](const weir_host& host, weir_bind* bind) {
        const std::int32_t passes[] = {0, -1, 2};
        return host.bind_output(bind, view(""), host.bind_input(bind, 1), passes);
      });
  ASSERT_NE(made, nullptr) << problems();
  EXPECT_THAT(made->outputs()[0].passes, testing::ElementsAre(0, -1, 2));
}

TEST_F(BindSlots, CallUnbindOnceAndOnlyAfterSuccess) {
  int unbound = 0;
  on_unbind = [&] { ++unbound; };
  binding_ptr made = run(config::make_table(), {{"trades", trades(), {}}}, pass_all);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(unbound, 0);
  made.reset();
  EXPECT_EQ(unbound, 1);
  EXPECT_EQ(
      run(config::make_table(), {{"trades", trades(), {}}}, [](const weir_host&, weir_bind*) { return WEIR_E_CONFIG; }),
      nullptr);
  EXPECT_EQ(unbound, 1);
  on_unbind = nullptr;
}

TEST_F(BindSlots, AnswerAPluginThatCallsTheEngineWhileBinding) {
  const binding_ptr made =
      run(config::make_table(), {{"trades", trades(), {}}}, [](const weir_host& host, weir_bind* bind) {
        auto* context = reinterpret_cast<weir_context*>(bind);
        EXPECT_EQ(host.build(context, 0, 1), nullptr);
        EXPECT_EQ(host.emit(context, nullptr, 0), WEIR_E_CONTRACT);
        EXPECT_EQ(host.now(context), 0);
        host.log(context, WEIR_LOG_INFO, view("hello"));
        EXPECT_EQ(host.extension("weir.nothing/1"), nullptr);
        return pass_all(host, bind);
      });
  EXPECT_NE(made, nullptr);
  // Every slot of the table is set: a null one would be a crash.
  const auto* slots = reinterpret_cast<const void* const*>(&bind_host().extension);
  const auto* end =
      reinterpret_cast<const void* const*>(reinterpret_cast<const char*>(&bind_host()) + sizeof(weir_host));
  for (; slots != end; ++slots) EXPECT_NE(*slots, nullptr);
}

}  // namespace
}  // namespace weir::plugin
