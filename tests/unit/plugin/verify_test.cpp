// Verification: loading in a child, so that no plugin can take the caller with it.
#include "plugin/verify.hpp"

#include "plugin/child.hpp"
#include "plugin/wire.hpp"
#include "zoo.hpp"

namespace weir::plugin {
namespace {

using test::zoo_test;
using testing::AllOf;
using testing::HasSubstr;

class Verify : public zoo_test {
 protected:
  report of(const std::string& name, verify_options options = {}) {
    return verify(env(), store(), copy(name), {}, options);
  }
};

TEST_F(Verify, TellsAllAboutAGoodPluginWithoutLoadingIt) {
  const auto loads = count_images().loaded;
  const report made = of("good");
  ASSERT_TRUE(made.ok()) << made.why().text();
  EXPECT_EQ(made.outcome, load_outcome::loaded);
  EXPECT_EQ(count_images().loaded, loads);
  EXPECT_EQ(ran(), "good\n");  // in the child
  ASSERT_TRUE(made.about);
  EXPECT_EQ(made.about->name, "good");
  ASSERT_EQ(made.about->components.size(), 1u);
  ASSERT_EQ(made.about->components[0].options.size(), 5u);
  EXPECT_EQ(made.about->components[0].options[0].fallback, "100");
  EXPECT_FALSE(made.about->components[0].options[4].fallback);
  EXPECT_EQ(made.about->components[0].options[4].nested[0].name, "name");
  EXPECT_EQ(made.sha256.size(), 64u);
  EXPECT_GT(made.size, 0u);
  EXPECT_TRUE(std::filesystem::is_empty(store().directory()));
}

TEST_F(Verify, SurvivesConstructorsThatEndTheProcess) {
  report made = of("crash_in_constructor");
  EXPECT_EQ(made.outcome, load_outcome::crashed);
  EXPECT_THAT(made.why().what, AllOf(HasSubstr("static constructors"), HasSubstr("move that work into create()")));
  made = of("exit_in_constructor");
  EXPECT_EQ(made.outcome, load_outcome::crashed);
  EXPECT_THAT(made.why().what, AllOf(HasSubstr("exit code 0"), HasSubstr("goodbye from the constructor")));
  made = of("throws_in_constructor");
  EXPECT_FALSE(made.ok());
  EXPECT_THAT(made.why().what, HasSubstr("thrown in a constructor"));
}

TEST_F(Verify, DoesNotWaitForEver) {
  const report made = of("hangs_in_constructor", {.timeout_us = 300'000});
  EXPECT_EQ(made.outcome, load_outcome::timed_out);
  EXPECT_THAT(made.why().what, AllOf(HasSubstr("did not end within 300ms"), HasSubstr("move that work into create()")));
}

TEST_F(Verify, TellsWhatTheGateRefusedWithoutRunningCode) {
  const report made = of("gnu_unique");
  EXPECT_EQ(made.outcome, load_outcome::not_tried);
  EXPECT_TRUE(made.found.has("gnu_unique"));
  EXPECT_TRUE(made.found.has("extra_exports"));  // all reasons, not only the first
  EXPECT_EQ(ran(), "");
}

TEST_F(Verify, TellsWhatTheDescriptionRefused) {
  const report made = of("no_process");
  EXPECT_EQ(made.outcome, load_outcome::refused);
  EXPECT_TRUE(made.found.has("no_process"));
  EXPECT_THAT(made.why().where, HasSubstr("libno_process.so"));
}

TEST_F(Verify, ListsTheLibrariesThatComeAlong) {
  const report made = of("throws_in_process");
  ASSERT_TRUE(made.ok()) << made.why().text();
  for (const std::string& library : made.libraries) EXPECT_THAT(library, testing::Not(HasSubstr(store().directory())));
}

TEST_F(Verify, LosesNothingOnTheWayFromTheChild) {
  wire::told told;
  told.found.warn("a_code", "text with \0 and \n");
  told.found.refuse("other", "", base::blame::external);
  told.about.name = "risk";
  told.about.abi_minor = 7;
  component_description component;
  component.kind = component_kind::source;
  component.type = "trades";
  component.input_count = WEIR_INPUTS_ANY;
  config::option option;
  option.name = "limit";
  option.fallback = "";
  option.least = -5;
  option.values = {"a", "b"};
  option.nested.push_back({.name = "inner", .secret = true});
  component.options.push_back(option);
  told.about.components.push_back(component);
  told.libraries = {"/lib/a.so", ""};
  const std::string bytes = wire::write(told);
  const auto back = wire::read(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(wire::write(*back), bytes);
  EXPECT_EQ(back->found.all()[1].by, base::blame::external);
  EXPECT_EQ(back->about.components[0].options[0].least, -5);
  EXPECT_EQ(back->about.components[0].options[0].fallback, "");
  EXPECT_TRUE(back->about.components[0].options[0].nested[0].secret);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(wire::read(std::string_view(bytes).substr(0, cut))) << cut;
  EXPECT_FALSE(wire::read(bytes + "x"));
}

TEST(Child, BringsBackWhatTheWorkReturnsAndWrites) {
  auto result = run_in_child(base::real_env(), 30'000'000, [] {
    std::printf("hello\n");
    std::fflush(stdout);
    return std::string(200'000, 'x');
  });
  ASSERT_TRUE(result) << result.why().text();
  EXPECT_EQ(result->how, child_result::ending::returned);
  EXPECT_EQ(result->answer, std::string(200'000, 'x'));
  EXPECT_EQ(result->output, "hello\n");
}

}  // namespace
}  // namespace weir::plugin
