// What a plugin says of itself: copied out completely, and refused when it lies.
#include "plugin/description.hpp"

#include "plugin/component.hpp"
#include "zoo.hpp"

namespace weir::plugin {
namespace {

using test::zoo_test;
using testing::AllOf;
using testing::HasSubstr;

struct lie {
  const char* name;
  const char* code;
  const char* what;
  const char* next_step;
};
std::ostream& operator<<(std::ostream& out, const lie& l) { return out << l.name; }

class DescriptionRefuses : public zoo_test, public testing::WithParamInterface<lie> {};

TEST_P(DescriptionRefuses, WhatIsWrong) {
  const lie& expected = GetParam();
  const std::string path = copy(expected.name);
  gated_file file = pass_gate(env(), path);
  ASSERT_FALSE(file.found.refused()) << file.found.why(path).text();
  auto image = load(env(), store(), file);
  ASSERT_FALSE(image);
  EXPECT_TRUE(file.found.has(expected.code)) << image.why().text();
  EXPECT_THAT(image.why().what, AllOf(HasSubstr(expected.what), HasSubstr(expected.next_step)));
  EXPECT_THAT(image.why().where, HasSubstr(path));
  EXPECT_EQ(image.why().by, base::blame::plugin);
  // It does not stay, and nobody counts it as loaded.
  for (const image_status& one : loaded_images()) EXPECT_NE(one.sha256, file.sha256);
}

INSTANTIATE_TEST_SUITE_P(
    Zoo, DescriptionRefuses,
    testing::Values(
        lie{"throws_in_entry", "throws_in_entry", "threw an exception (thrown in the entry)",
            "only return the address"},
        lie{"null_plugin", "null_plugin", "returned null", "return the address of a static weir_plugin"},
        lie{"wild_plugin", "wild_pointer", "memory that cannot be read", "return the address of a static weir_plugin"},
        lie{"abi_2_0", "abi_newer", "abi_2_0 1.2.0 needs ABI 2.0, this host speaks 0.",
            "upgrade weir, or build against sdk 0."},
        lie{"abi_newer_minor", "abi_newer", "needs ABI 0.", "upgrade weir, or build against sdk 0."},
        lie{"small_struct", "small_struct", "its weir_plugin table is 24 bytes", "sizeof(weir_plugin)"},
        lie{"huge_struct", "huge_struct", "is 2147483647 bytes", "sizeof(weir_plugin)"},
        lie{"small_operator", "small_struct", "its weir_operator table is 64 bytes", "sizeof(weir_operator)"},
        lie{"huge_operator", "huge_struct", "weir_operator", "sizeof(weir_operator)"},
        lie{"bad_name", "bad_name", "\"../etc\" is not a plugin name", "lower-case letters"},
        lie{"endless_name", "bad_name", "(no text)", "lower-case letters"},
        lie{"bad_version", "bad_version", "\"v1\" is not a semantic version", "MAJOR.MINOR.PATCH"},
        lie{"no_components", "no_components", "offers no operator and no source", "list one"},
        lie{"endless_operators", "duplicate_component", "two components named bad", "rename one"},
        lie{"wild_operator", "wild_pointer", "entry 0 of its operators cannot be read", ""},
        lie{"bad_component_name", "bad_component_name", "\"Bad.Name\"", "lower-case letters"},
        lie{"dup_component", "duplicate_component", "two components named bad", "rename one"},
        lie{"bad_kind", "bad_kind", "has kind 99", "use WEIR_KIND_"},
        lie{"bad_flags", "bad_flags", "has flags 1073741824", "WEIR_SELECTIONS"},
        lie{"no_inputs", "bad_inputs", "has 0 inputs", "WEIR_INPUTS_ANY"},
        lie{"no_bind", "no_bind", "operator bad has no bind()", "set the slot bind"},
        lie{"no_process", "no_process", "operator bad has no process()", "set the slot process"},
        lie{"no_poll", "no_poll", "source bad has no poll()", "set the slot poll"},
        lie{"wild_function", "wild_function", "its slot process does not point to code", "set unused slots to null"},
        lie{"option_size_lies", "bad_options", "its option_size is 8", "sizeof(weir_option)"},
        lie{"wild_option", "bad_options", "option limit has a fallback that is no text", ""},
        lie{"endless_options", "bad_options", "does not end with a null name", ""},
        lie{"recursive_options", "bad_options", "is nested deeper than", "in itself?"},
        lie{"bad_option_type", "bad_options", "option limit", "\"number\" is not known"},
        lie{"bad_option_default", "bad_options", "option limit", "many"}),
    [](const auto& one) { return std::string(one.param.name); });

class Description : public zoo_test {};

TEST_F(Description, IsCopiedOutWithItsOptions) {
  const image_ptr image = loaded(copy("good"));
  ASSERT_NE(image, nullptr);
  const description& about = image->about();
  EXPECT_EQ(about.name, "good");
  EXPECT_EQ(about.version, "1.2.0");
  EXPECT_EQ(about.summary, "A plugin with one defect.");
  EXPECT_EQ(about.abi_major, WEIR_ABI_MAJOR);
  ASSERT_EQ(about.components.size(), 1u);
  const component_description& component = about.components[0];
  EXPECT_EQ(component.kind, component_kind::operation);
  EXPECT_EQ(component.type, "bad");
  EXPECT_EQ(component.input_count, 1u);
  EXPECT_EQ(component.flags, WEIR_SELECTIONS);
  ASSERT_EQ(component.options.size(), 5u);
  EXPECT_EQ(component.options[0].name, "limit");
  EXPECT_EQ(component.options[0].type, config::option_type::integer);
  EXPECT_EQ(component.options[0].fallback, "100");
  EXPECT_EQ(component.options[0].doc, "The most.");
  EXPECT_EQ(component.options[1].type, config::option_type::enumeration);
  EXPECT_THAT(component.options[1].values, testing::ElementsAre("fast", "safe"));
  EXPECT_TRUE(component.options[3].secret);
  EXPECT_EQ(component.options[4].type, config::option_type::list);
  EXPECT_EQ(component.options[4].element, config::option_type::table);
  ASSERT_EQ(component.options[4].nested.size(), 1u);
  EXPECT_TRUE(component.options[4].nested[0].required);
}

TEST_F(Description, GivesEachComponentItsFunctions) {
  const image_ptr image = loaded(copy("good"));
  auto component = component::find(image, "bad");
  ASSERT_TRUE(component) << component.why().text();
  EXPECT_EQ((*component)->uses(), "good.bad");
  EXPECT_FALSE((*component)->is_source());
  ASSERT_NE((*component)->operation(), nullptr);
  EXPECT_NE((*component)->operation()->process, nullptr);
  EXPECT_EQ((*component)->operation()->on_watermark, nullptr);
  EXPECT_EQ((*component)->source(), nullptr);

  component = component::find(image, "baad");
  ASSERT_FALSE(component);
  EXPECT_THAT(component.why().what,
              AllOf(HasSubstr("good 1.2.0 has no component \"baad\""), HasSubstr("did you mean \"bad\"")));

  const image_ptr source = loaded(copy("silent_position"));
  auto only = component::only(source, component_kind::source);
  ASSERT_TRUE(only) << only.why().text();
  EXPECT_TRUE((*only)->is_source());
  EXPECT_NE((*only)->source()->poll, nullptr);
  EXPECT_FALSE(component::only(source, component_kind::decoder));
}

// Every process-time plugin of the zoo is a right plugin to the gate: the engine's tests load them.
TEST_F(Description, AcceptsEveryPluginThatMisbehavesOnlyLater) {
  for (const char* name : {"throws_in_bind",
                           "silent_bind",
                           "fails_in_create",
                           "throws_in_create",
                           "throws_in_process",
                           "throws_in_flush",
                           "throws_in_destroy",
                           "segv_in_process",
                           "abort_in_process",
                           "exit_in_process",
                           "stack_overflow_in_process",
                           "hangs_in_process",
                           "silent_failure",
                           "unknown_code",
                           "wrong_schema",
                           "wrong_buffers",
                           "short_column",
                           "null_buffer",
                           "releases_twice",
                           "keeps_view",
                           "keeps_builder",
                           "keeps_context",
                           "emits_after_end",
                           "unknown_port",
                           "rows_out_of_range",
                           "too_long_builder",
                           "bad_offsets",
                           "bad_parents",
                           "throws_in_poll",
                           "hangs_in_poll",
                           "silent_discover",
                           "same_split_twice",
                           "unknown_split",
                           "silent_position"}) {
    const image_ptr image = loaded(copy(name));
    ASSERT_NE(image, nullptr) << name;
    EXPECT_EQ(image->about().name, name);
    EXPECT_TRUE(component::find(image, "bad")) << name;
  }
}

}  // namespace
}  // namespace weir::plugin
