// Plugins by name and version.
#include "plugin/catalog.hpp"

#include "zoo.hpp"

namespace weir::plugin {
namespace {

using test::zoo_test;
using testing::AllOf;
using testing::HasSubstr;

class Catalog : public zoo_test {
 protected:
  Catalog() {
    for (const char* name : {"first", "second"}) EXPECT_EQ(::mkdir((directory() + "/" + name).c_str(), 0755), 0);
  }
  plugin_catalog make(std::vector<std::string> directories = {}) {
    if (directories.empty()) directories = {directory() + "/first", directory() + "/second"};
    return {env(), store(), std::move(directories)};
  }
  static std::string version_of(const base::result<image_ptr>& image) {
    EXPECT_TRUE(image) << image.why().text();
    return image ? (*image)->about().version : std::string();
  }
  static std::string why(const base::result<image_ptr>& image) {
    EXPECT_FALSE(image);
    return image ? std::string() : image.why().text();
  }
  static config::plugin_ref ref(std::string name, std::string version = {}, std::string path = {}) {
    config::plugin_ref made;
    made.name = name;
    made.search = path.empty() ? name : "";
    made.path = std::move(path);
    made.version = std::move(version);
    return made;
  }
};

TEST_F(Catalog, FindsAPluginByNameInTheFirstDirectoryThatHasIt) {
  copy("good", "second/libgood.so");
  auto catalog = make();
  EXPECT_EQ(version_of(catalog.load("good")), "1.2.0");
  copy("good_two", "first/libweir_good.so");
  EXPECT_EQ(version_of(catalog.load("good")), "1.3.0");
  EXPECT_THAT(catalog.names(), testing::ElementsAre("good"));
  EXPECT_THAT(*catalog.files(),
              testing::ElementsAre(directory() + "/first/libweir_good.so", directory() + "/second/libgood.so"));
}

TEST_F(Catalog, TakesTheNewestOfSeveralVersions) {
  copy("good", "first/libgood-1.2.0.so");
  copy("good_two", "first/libgood.so.1.3.0");
  auto catalog = make();
  EXPECT_EQ(version_of(catalog.load("good")), "1.3.0");
  EXPECT_EQ(version_of(catalog.load("good@1")), "1.3.0");
  EXPECT_EQ(version_of(catalog.load("good@1.2")), "1.2.0");
  EXPECT_EQ(version_of(catalog.load("good@1.2.0")), "1.2.0");
  EXPECT_THAT(why(catalog.load("good@2")),
              AllOf(HasSubstr("no plugin good of version 2"), HasSubstr("1.2.0"), HasSubstr("1.3.0")));
  EXPECT_THAT(why(catalog.load("good@latest")), AllOf(HasSubstr("\"latest\""), HasSubstr("write 1, 1.2 or 1.2.0")));
}

TEST_F(Catalog, LooksIntoAFileWhoseNameHasNoVersion) {
  copy("good", "first/libgood.so");
  copy("good_two", "second/libgood.so");
  auto catalog = make();
  EXPECT_EQ(version_of(catalog.load("good")), "1.2.0");
  EXPECT_EQ(version_of(catalog.load("good@1.3")), "1.3.0");
}

TEST_F(Catalog, DoesNotFallBackToAnOlderVersionBecauseTheNewerIsRefused) {
  copy("good", "first/libgood-1.2.0.so");
  const std::string newer = copy("good_two", "first/libgood-1.3.0.so");
  ASSERT_EQ(::chmod(newer.c_str(), 0777), 0);
  auto catalog = make();
  EXPECT_THAT(why(catalog.load("good")), AllOf(HasSubstr("chmod go-w"), HasSubstr("libgood-1.3.0.so")));
  EXPECT_EQ(version_of(catalog.load("good@1.2")), "1.2.0");
}

TEST_F(Catalog, RefusesAFileWithAnotherPluginInside) {
  copy("silent_failure", "first/libgood.so");
  auto catalog = make();
  EXPECT_THAT(why(catalog.load("good")),
              HasSubstr("it holds the plugin silent_failure 1.2.0, the pipeline means good"));
}

TEST_F(Catalog, RefusesAFileWhoseNameLiesAboutItsVersion) {
  copy("good", "first/libgood-1.2.9.so");
  auto catalog = make();
  EXPECT_THAT(why(catalog.load("good")),
              AllOf(HasSubstr("says version 1.2.9, the plugin inside is 1.2.0"), HasSubstr("rename the file")));
}

TEST_F(Catalog, NamesTheNearestPluginAndWhereItLooked) {
  copy("good", "second/libgood.so");
  auto catalog = make();
  EXPECT_THAT(why(catalog.load("goood")), AllOf(HasSubstr("no plugin \"goood\""), HasSubstr("did you mean \"good\""),
                                                HasSubstr(directory() + "/first"), HasSubstr("--plugin-dir")));
  for (const char* bad : {"../good", "", "Good", "a b"}) EXPECT_FALSE(catalog.load(bad)) << bad;
  EXPECT_EQ(ran(), "");
}

TEST_F(Catalog, ResolvesComponents) {
  copy("good", "first/libgood-1.2.0.so");
  copy("good_two", "first/libgood-1.3.0.so");
  auto catalog = make();
  auto component = catalog.resolve("good.bad");
  ASSERT_TRUE(component) << component.why().text();
  EXPECT_EQ((*component)->image()->about().version, "1.3.0");
  component = catalog.resolve("good@1.2.0.bad");
  ASSERT_TRUE(component) << component.why().text();
  EXPECT_EQ((*component)->image()->about().version, "1.2.0");
  component = catalog.resolve("good.bat");
  ASSERT_FALSE(component);
  EXPECT_THAT(component.why().what, HasSubstr("did you mean \"bad\""));
  for (const char* wrong : {"good", ".bad", "good.", "good@1.2"}) EXPECT_FALSE(catalog.resolve(wrong)) << wrong;
}

TEST_F(Catalog, LoadsWhatAPipelineNames) {
  copy("good", "beside.so");
  copy("good_two", "first/libgood_two.so");
  auto catalog = make();
  EXPECT_EQ(version_of(catalog.load(ref("good", "", "beside.so"), directory())), "1.2.0");
  EXPECT_EQ(version_of(catalog.load(ref("good", "", directory() + "/beside.so"), "/nowhere")), "1.2.0");
  // A bare file name that is not beside the pipeline is looked for in the plugin directories.
  EXPECT_EQ(version_of(catalog.load(ref("good", "", "libgood_two.so"), directory())), "1.3.0");
  EXPECT_THAT(why(catalog.load(ref("good", "1.9", "beside.so"), directory())), HasSubstr("the pipeline wants 1.9"));
  EXPECT_THAT(why(catalog.load(ref("good", "", "missing.so"), directory())), HasSubstr("no such file"));
  config::plugin_ref pinned = ref("good", "", "beside.so");
  pinned.sha256 = std::string(64, 'b');
  EXPECT_THAT(why(catalog.load(pinned, directory())), HasSubstr("change the pin"));
}

TEST(PluginDirectories, AreTheGivenThenThePathThenThoseOfTheProgram) {
  ::setenv("WEIR_PLUGIN_PATH", "/opt/a::/opt/b:/given", 1);
  const auto all = plugin_directories({"/given"});
  ::unsetenv("WEIR_PLUGIN_PATH");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0], "/given");
  EXPECT_EQ(all[1], "/opt/a");
  EXPECT_EQ(all[2], "/opt/b");
  EXPECT_THAT(all[3], testing::EndsWith("/lib/weir/plugins"));
}

}  // namespace
}  // namespace weir::plugin
