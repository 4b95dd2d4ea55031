// The gate refuses what it must, with the reason and the way out, before any code of the plugin has run.
#include "plugin/gate.hpp"

#include <algorithm>

#include "zoo.hpp"

namespace weir::plugin {
namespace {

using test::zoo_test;
using testing::AllOf;
using testing::HasSubstr;

/// Every refusal of the gate: a plugin of the zoo, its code, and what the text must say: what is wrong, and what to do.
struct refusal {
  const char* name;
  const char* code;
  const char* what;
  const char* next_step;
};
std::ostream& operator<<(std::ostream& out, const refusal& r) { return out << r.name; }

class GateRefuses : public zoo_test, public testing::WithParamInterface<refusal> {};

TEST_P(GateRefuses, BeforeAnyCodeRuns) {
  const refusal& expected = GetParam();
  const std::string path = copy(expected.name);
  auto image = load(env(), store(), path);
  ASSERT_FALSE(image);
  EXPECT_THAT(image.why().what, AllOf(HasSubstr(expected.what), HasSubstr(expected.next_step)));
  EXPECT_THAT(image.why().where, HasSubstr(path));
  EXPECT_EQ(ran(), "");
  gated_file file = pass_gate(env(), path);
  EXPECT_TRUE(file.found.has(expected.code)) << file.found.why(path).text();
  EXPECT_TRUE(file.found.refused());
}

INSTANTIATE_TEST_SUITE_P(
    Zoo, GateRefuses,
    testing::Values(refusal{"no_entry", "no_entry", "does not export weir_plugin_v1", "WEIR_EXPORT"},
                    refusal{"extra_export", "extra_exports", "extra_thing", "weir_add_plugin()"},
                    refusal{"gnu_unique", "gnu_unique", "STB_GNU_UNIQUE: _Z", "-fno-gnu-unique"},
                    refusal{"static_tls", "static_tls", "static thread-local storage", "-ftls-model=initial-exec"},
                    refusal{"text_relocations", "text_relocations", "text relocations", "-fPIC"},
                    refusal{"executable_stack", "executable_stack", "stacks of the whole process executable",
                            "-z noexecstack"},
                    refusal{"needs_libprotobuf", "needs_libprotobuf", "libprotobuf.so.32", "link protobuf statically"},
                    refusal{"relative_runpath", "unsafe_runpath", "\"lib\"", "link without that -rpath"},
                    refusal{"writable_runpath", "unsafe_runpath", "can be made by others", "link without that -rpath"}),
    [](const auto& one) { return std::string(one.param.name); });

class Gate : public zoo_test {};

TEST_F(Gate, PassesAGoodPluginAndSaysWhatItIs) {
  const std::string path = copy("good");
  const gated_file file = pass_gate(env(), path);
  EXPECT_FALSE(file.found.refused()) << file.found.why(path).text();
  EXPECT_EQ(file.sha256.size(), 64u);
  EXPECT_EQ(file.canonical, path);
  EXPECT_THAT(file.elf.exports, testing::ElementsAre("weir_plugin_v1"));
  EXPECT_EQ(ran(), "");
}

TEST_F(Gate, SeesCodeRunWhenAPluginIsLoaded) {  // that the other tests' canary can sing at all
  EXPECT_NE(loaded(copy("good")), nullptr);
  EXPECT_EQ(ran(), "good\n");
}

TEST_F(Gate, RefusesWhatTheDynamicLoaderCannotResolveBeforeConstructorsRun) {
  auto image = load(env(), store(), copy("undefined_symbol"));
  ASSERT_FALSE(image);
  EXPECT_THAT(image.why().what, AllOf(HasSubstr("nobody_defines_this"), HasSubstr("link the library that defines it")));
  image = load(env(), store(), copy("missing_library"));
  ASSERT_FALSE(image);
  EXPECT_THAT(image.why().what, AllOf(HasSubstr("libnowhere_to_be_found.so.1"), HasSubstr("install that library")));
  EXPECT_EQ(ran(), "");
}

TEST_F(Gate, WarnsOfWhatWorksButWillHurt) {
  EXPECT_TRUE(pass_gate(env(), copy("thread_local_destructor")).found.has("thread_local_destructor"));
  EXPECT_TRUE(pass_gate(env(), copy("no_delete")).found.has("no_delete"));
  EXPECT_TRUE(pass_gate(env(), copy("origin_runpath")).found.has("runpath_origin"));
  for (const char* name : {"thread_local_destructor", "no_delete", "origin_runpath"})
    EXPECT_FALSE(pass_gate(env(), copy(name)).found.refused()) << name;
}

TEST_F(Gate, HoldsToAPin) {
  const std::string path = copy("good");
  const std::string sha256 = pass_gate(env(), path).sha256;
  std::string upper = sha256;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  EXPECT_FALSE(pass_gate(env(), path, {.sha256 = sha256}).found.refused());
  EXPECT_FALSE(pass_gate(env(), path, {.sha256 = upper}).found.refused());
  EXPECT_FALSE(pass_gate(env(), path, {.sha256 = sha256.substr(0, 12)}).found.refused());

  const std::string other(64, 'a');
  auto image = load(env(), store(), path, {.sha256 = other});
  ASSERT_FALSE(image);
  EXPECT_THAT(image.why().what, AllOf(HasSubstr(sha256), HasSubstr(other), HasSubstr("change the pin")));
  EXPECT_EQ(image.why().by, base::blame::config);
  for (const std::string& bad : {sha256.substr(0, 11), sha256 + "0", std::string(64, 'x')})
    EXPECT_TRUE(pass_gate(env(), path, {.sha256 = bad}).found.has("bad_pin")) << bad;
  EXPECT_EQ(ran(), "");
}

TEST_F(Gate, SaysHowManyMoreReasonsThereAre) {
  const std::string path = copy("extra_export");
  ASSERT_EQ(::chmod(path.c_str(), 0777), 0);
  ASSERT_EQ(::chmod(directory().c_str(), 0777), 0);
  auto image = load(env(), store(), path);
  ASSERT_FALSE(image);
  EXPECT_THAT(image.why().what, AllOf(HasSubstr("chmod go-w"), HasSubstr("(and 1 more reason: weir plugin verify)")));
}

TEST_F(Gate, TakesLittleTime) {
  std::int64_t longest = 0;
  for (const char* name : {"good", "gnu_unique", "throws_in_process", "extra_export"}) {
    const gated_file file = pass_gate(env(), copy(name));
    longest = std::max(longest, file.took_us);
  }
  // The largest file at hand: this program, which the gate reads whole before it says that it is no library.
  const std::string large = directory() + "/liblarge.so";
  test::write_file(large, test::read_file("/proc/self/exe"));
  const gated_file program = pass_gate(env(), large);
  EXPECT_TRUE(program.found.has("program") || program.found.has("not_loadable"));
  std::printf("gate: %lld us at most for the zoo, %lld us for a file of %zu bytes\n", static_cast<long long>(longest),
              static_cast<long long>(program.took_us), program.bytes.size());
  RecordProperty("gate_us", std::to_string(longest));
  EXPECT_LT(longest, 10'000'000);  // a bound for a broken gate, not a measurement: that is the line above
}

}  // namespace
}  // namespace weir::plugin
