#include "config/interpolate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/test_env.hpp"

namespace weir::config {
namespace {

using testing::HasSubstr;
using testing::Not;

class Interpolate : public testing::Test {
 protected:
  Interpolate() {
    options.environment = [](const std::string& name) -> std::optional<std::string> {
      if (name == "USER_1") return "canary-user";
      if (name == "N") return "7";
      if (name == "EMPTY") return "";
      if (name == "BAD") return "\xff";
      if (name == "LOOP") return "${env:LOOP}";
      return std::nullopt;
    };
    env.fs().put("/run/secrets/password", "canary-password\n");
    env.fs().put("/etc/shadow", "root");
  }
  loaded load(const std::string& config, const std::string& extra = "") {
    return load_pipeline_text(env, "/p/x.toml",
                              "format = 1\nname = \"x\"\n[[source]]\nid = \"in\"\nuses = \"a.b\"\nconfig = { " +
                                  config + " }\n[[sink]]\nid = \"out\"\nuses = \"a.c\"\nfrom = [\"in\"]\n" + extra,
                              options);
  }
  std::string resolved(const std::string& text) {
    const loaded l = load("v = '" + text + "'");
    return l.pipeline ? l.pipeline->nodes[0].config.text_of("v") : l.problems.text();
  }

  base::test_env env;
  load_options options;
};

TEST_F(Interpolate, ReplacesReferencesInsideStrings) {
  EXPECT_EQ(resolved("a-${env:USER_1}-${env:N}"), "a-canary-user-7");
  EXPECT_EQ(resolved("${env:NOPE:-x:-y}"), "x:-y");
  EXPECT_EQ(resolved("${env:EMPTY:-x}"), "") << "set, though empty";
  EXPECT_EQ(resolved("${env:NOPE:-}"), "");
  EXPECT_EQ(resolved("${file:/run/secrets/password}"), "canary-password");
  EXPECT_EQ(resolved("$${env:N} $ {x} $x }"), "${env:N} $ {x} $x }");
  EXPECT_EQ(resolved("${env:LOOP}"), "${env:LOOP}") << "resolved once, never again";
}

TEST_F(Interpolate, ReadsFilesBesideThePipeline) {
  env.fs().put("/p/local", "x\r\n");
  EXPECT_EQ(resolved("${file:local}"), "x");
}

TEST_F(Interpolate, ReadsOnlyBelowTheAllowedDirectories) {
  options.file_roots = {"/run/secrets"};
  EXPECT_EQ(resolved("${file:/run/secrets/password}"), "canary-password");
  for (const char* path : {"/etc/shadow", "/run/secrets/../../etc/shadow", "/run/secretsx", "../etc/shadow", "local"})
    EXPECT_THAT(resolved("${file:" + std::string(path) + "}"), HasSubstr("outside of the directories")) << path;
}

TEST_F(Interpolate, SaysWhatIsWrong) {
  EXPECT_THAT(resolved("${env:NOPE}"), HasSubstr("the environment variable NOPE is not set"));
  EXPECT_THAT(resolved("${env:BAD}"), HasSubstr("not UTF-8"));
  EXPECT_THAT(resolved("${file:}"), HasSubstr("needs a path"));
  EXPECT_THAT(resolved("${env:N"), HasSubstr("not closed"));
  EXPECT_THAT(resolved("${SECRET}"), HasSubstr("${SECRET...} is not known"));
  env.fs().put("/big", std::string(65537, 'x'));
  EXPECT_THAT(resolved("${file:/big}"), HasSubstr("longer than 65536 bytes"));
}

TEST_F(Interpolate, GivesNumbersAndBooleansOfOptionsTheirType) {
  const loaded l = load("", "parallelism = \"${env:N}\"\n");
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  EXPECT_EQ(l.pipeline->find("out")->parallelism, 7u);
  EXPECT_THAT(load("", "parallelism = \"${env:USER_1}\"\n").problems.text(),
              HasSubstr("must be an integer, not \"${env:USER_1}\""));
}

TEST_F(Interpolate, NeverChoosesCodeOrState) {
  for (const char* text : {"uses = \"${env:N}.b\"", "id = \"${env:N}\"", "was = \"${env:N}\"", "from = [\"${env:N}\"]",
                           "format = \"${env:N}\"", "format = { type = \"${env:N}\" }"}) {
    const std::string node = std::string("[[sink]]\n") + (std::string(text).starts_with("id") ? "" : "id = \"o2\"\n") +
                             (std::string(text).starts_with("uses") ? "" : "uses = \"a.c\"\n") +
                             (std::string(text).starts_with("from") ? "" : "from = [\"in\"]\n") + text + "\n";
    EXPECT_THAT(load("", node).problems.text(), HasSubstr("${...} is not allowed here")) << text;
  }
  EXPECT_THAT(load("", "[plugin]\na = \"${env:USER_1}.so\"\n").problems.text(),
              HasSubstr("${...} is not allowed here"));
  EXPECT_TRUE(load("", "format = { type = \"json\", schema = \"${env:USER_1}\" }\n").pipeline);
  EXPECT_FALSE(load("\"${env:N}\" = { }").pipeline->nodes[0].config.find("7")) << "keys are left alone";
}

TEST_F(Interpolate, KeepsWhatItFoundOutOfEverythingPrinted) {
  const loaded l = load("user = \"${env:USER_1}\", list = [\"${file:/run/secrets/password}\"]",
                        "parallelism = \"x${env:USER_1}\"\n");
  EXPECT_THAT(l.problems.text(), Not(HasSubstr("canary")));
  const loaded good = load("user = \"${env:USER_1}\", list = [\"${file:/run/secrets/password}\"]");
  const value& config = good.pipeline->nodes[0].config;
  EXPECT_EQ(config.text_of("user"), "canary-user");
  EXPECT_EQ(print_json(config), R"({"user":"${env:USER_1}","list":["${file:/run/secrets/password}"]})");
  EXPECT_EQ(describe(*config.find("user")), "\"${env:USER_1}\"");
}

TEST_F(Interpolate, CanBeLeftUnresolvedForAnOfflineCheck) {
  options.resolve = false;
  options.environment = nullptr;
  const loaded l = load("v = \"${env:NOPE}\"",
                        "parallelism = \"${env:NOPE}\"\non_error = \"${env:NOPE}\"\n[checkpoint]\ninterval = "
                        "\"${env:NOPE}\"\nstorage = \"${env:NOPE}\"\n");
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  EXPECT_TRUE(l.pipeline->nodes[0].config.find("v")->unresolved);
  EXPECT_EQ(l.pipeline->checkpoint.interval_us, 10'000'000) << "the default stands in";
  EXPECT_FALSE(load("v = \"${nope:x}\"").pipeline) << "the form is still checked";
}

TEST_F(Interpolate, ReadsTheProcessEnvironmentByDefault) {
  options.environment = nullptr;
  ::setenv("WEIR_INTERPOLATE_TEST", "set", 1);
  EXPECT_EQ(resolved("${env:WEIR_INTERPOLATE_TEST}"), "set");
  ::unsetenv("WEIR_INTERPOLATE_TEST");
}

}  // namespace
}  // namespace weir::config
