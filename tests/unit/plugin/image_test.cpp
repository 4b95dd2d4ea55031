// Images: loaded from private copies, shared by content, unloaded with the last user, counted when they stay.
#include "plugin/image.hpp"

#include <algorithm>
#include <thread>

#include "plugin/component.hpp"
#include "plugin/memory_map.hpp"
#include "zoo.hpp"

namespace weir::plugin {
namespace {

using test::zoo_test;
using testing::HasSubstr;

class Image : public zoo_test {
 protected:
  static bool mapped(const std::string& path) {
    const auto map = memory_map::take(env().fs());
    EXPECT_TRUE(map);
    return map && map->maps_file(path);
  }
  static const image_status* status_of(const std::vector<image_status>& all, const std::string& sha256) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.sha256 == sha256; });
    return found == all.end() ? nullptr : &*found;
  }
};

TEST_F(Image, IsLoadedFromAPrivateCopyAndTellsWhatItIs) {
  const std::string path = copy("good");
  const image_ptr image = loaded(path);
  ASSERT_NE(image, nullptr);
  EXPECT_EQ(image->title(), "good 1.2.0");
  EXPECT_EQ(image->path(), path);
  EXPECT_EQ(image->private_path(), store().directory() + "/" + image->sha256() + ".so");
  EXPECT_TRUE(mapped(image->private_path()));
  EXPECT_FALSE(mapped(path));
}

TEST_F(Image, IsUnloadedWithItsLastUser) {
  const image_counts before = count_images();
  image_ptr image = loaded(copy("good"));
  const std::string copy_path = image->private_path(), sha256 = image->sha256();
  component_ptr component = component::all_of(image).front();
  image.reset();
  EXPECT_TRUE(mapped(copy_path));  // the component keeps it
  ASSERT_NE(status_of(loaded_images(), sha256), nullptr);
  EXPECT_FALSE(status_of(loaded_images(), sha256)->pinned);
  EXPECT_EQ(count_images().in_use, before.in_use + 1);
  component.reset();
  EXPECT_FALSE(mapped(copy_path));
  EXPECT_FALSE(std::filesystem::exists(copy_path));
  EXPECT_EQ(status_of(loaded_images(), sha256), nullptr);
  const image_counts after = count_images();
  EXPECT_EQ(after.loaded, before.loaded + 1);
  EXPECT_EQ(after.unloaded, before.unloaded + 1);
  EXPECT_EQ(after.in_use, before.in_use);
}

TEST_F(Image, OfOneContentIsOneWhateverItsFilesAreCalled) {
  const image_ptr first = loaded(copy("good")), second = loaded(copy("good", "libother.so"));
  EXPECT_EQ(first, second);
  EXPECT_EQ(ran(), "good\n");  // its constructors ran once
}

TEST_F(Image, OfTwoVersionsLiveSideBySide) {
  const image_ptr old = loaded(copy("good")), next = loaded(copy("good_two"));
  ASSERT_TRUE(old && next);
  EXPECT_EQ(old->title(), "good 1.2.0");
  EXPECT_EQ(next->title(), "good 1.3.0");
  EXPECT_NE(old->tables().operators[0].process, next->tables().operators[0].process);
}

TEST_F(Image, SurvivesItsFileBeingOverwrittenAndTheNewVersionIsNew) {
  const std::string path = copy("good");
  const image_ptr old = loaded(path);
  test::write_file(path, std::string(test::read_file(path).size(), '\xcc'));  // in place: the same inode
  component::all_of(old).front()->operation()->destroy(nullptr);              // its code is still there
  test::write_file(path, test::read_file(test::zoo_path("good_two")));
  EXPECT_EQ(loaded(path)->title(), "good 1.3.0");
}

TEST_F(Image, IsAlwaysExactlyOneOfTheVersionsThatReplaceEachOther) {
  const std::string path = directory() + "/libgood.so", next = directory() + "/next";
  const std::string one = test::read_file(test::zoo_path("good")), two = test::read_file(test::zoo_path("good_two"));
  test::write_file(path, one);
  keep_copy("good");
  keep_copy("good_two");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      const std::string& content = i % 2 ? one : two;
      if (i % 4 < 2) {  // in place, so that a reader may see half of it
        std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
      } else {
        std::ofstream(next, std::ios::binary | std::ios::trunc) << content;
        ::chmod(next.c_str(), 0755);
        ::rename(next.c_str(), path.c_str());
      }
    }
  });
  std::size_t got_one = 0, got_two = 0, refused = 0;
  for (int i = 0; i < 50'000 && (i < 400 || got_one < 20 || got_two < 20); ++i) {
    auto image = load(env(), store(), path);
    if (!image) {
      ++refused;
    } else if ((*image)->about().version == "1.2.0") {
      EXPECT_EQ((*image)->about().components[0].options.size(), 5u);
      ++got_one;
    } else {
      EXPECT_EQ((*image)->about().version, "1.3.0");
      EXPECT_EQ((*image)->about().components[0].options.size(), 0u);
      ++got_two;
    }
  }
  stop = true;
  writer.join();
  EXPECT_GT(got_one, 0u) << refused << " refused";
  EXPECT_GT(got_two, 0u) << refused << " refused";
}

TEST_F(Image, ThatWillNotGoIsCountedWithTheReason) {
  image_ptr image = loaded(copy("no_delete"));
  const std::string sha256 = image->sha256();
  const auto pinned_before = count_images().pinned;
  image.reset();
  const auto all = loaded_images();
  const image_status* status = status_of(all, sha256);
  ASSERT_NE(status, nullptr);
  EXPECT_TRUE(status->pinned);
  EXPECT_EQ(status->why, "it is linked with -z nodelete");
  EXPECT_EQ(count_images().pinned, pinned_before + 1);
  image = loaded(copy("no_delete"));  // in use again
  EXPECT_EQ(count_images().pinned, pinned_before);
}

TEST_F(Image, HeldByAThreadGoesWhenThatThreadHasEnded) {
  image_ptr image = loaded(copy("thread_local_destructor"));
  const std::string sha256 = image->sha256(), copy_path = image->private_path();
  std::atomic<bool> touched = false, end = false;
  std::thread user([&] {
    weir_host host{};
    host.emit_rows = [](weir_context*, std::uint32_t, const weir_batch*, const std::uint32_t*, std::int64_t,
                        weir_builder*, std::uint32_t) { return WEIR_OK; };
    weir_batch batch{};
    image->tables().operators[0].process(&host, nullptr, &batch);
    touched = true;
    while (!end) std::this_thread::yield();
  });
  while (!touched) std::this_thread::yield();
  image.reset();
  {
    const auto all = loaded_images();
    const image_status* status = status_of(all, sha256);
    ASSERT_NE(status, nullptr);
    EXPECT_THAT(status->why, HasSubstr("thread"));
  }
  EXPECT_EQ(collect_pinned(env()), 0u);
  EXPECT_TRUE(mapped(copy_path));
  end = true;
  user.join();
  EXPECT_GE(collect_pinned(env()), 1u);
  EXPECT_FALSE(mapped(copy_path));
  EXPECT_EQ(status_of(loaded_images(), sha256), nullptr);
}

TEST_F(Image, IsLoadedAndUnloadedAThousandTimesWithoutAMappingLeft) {
  const std::string one = copy("good"), two = copy("good_two");
  auto lines = [] {
    const std::string maps = test::read_file("/proc/self/maps");
    return std::count(maps.begin(), maps.end(), '\n');
  };
  keep_copy("good");
  keep_copy("good_two");
  for (int i = 0; i < 10; ++i) ASSERT_NE(loaded(i % 2 ? one : two), nullptr);
  const auto before = lines();
  for (int i = 0; i < 1000; ++i) ASSERT_NE(loaded(i % 2 ? one : two), nullptr);
  EXPECT_LE(lines(), before + 200);  // the heap may have grown; a mapping a load would be a thousand
  EXPECT_THAT(test::read_file("/proc/self/maps"), testing::Not(HasSubstr(store().directory())));
}

TEST_F(Image, IsAskedForByNameVersionAndAbi) {
  const std::string path = copy("good");
  EXPECT_NE(loaded(path, {.name = "good", .version = "1.2", .abi = "0.1"}), nullptr);
  auto image = load(env(), store(), path, {.name = "risk"});
  ASSERT_FALSE(image);
  EXPECT_THAT(image.why().what, HasSubstr("it holds the plugin good 1.2.0, the pipeline means risk"));
  image = load(env(), store(), path, {.version = "1.3"});
  ASSERT_FALSE(image);
  EXPECT_THAT(image.why().what, HasSubstr("good has version 1.2.0, the pipeline wants 1.3"));
  image = load(env(), store(), path, {.abi = "0.7"});
  ASSERT_FALSE(image);
  EXPECT_THAT(image.why().what, HasSubstr("the pipeline wants 0.7"));
  const image_ptr held = loaded(path);  // the same questions to one that is loaded already
  EXPECT_FALSE(load(env(), store(), path, {.name = "risk"}));
}

// What weir_add_plugin() and the SDK make passes without a word, and goes without a trace.
TEST_F(Image, OfThePluginsOfTheSdkPassesAndGoes) {
  std::vector<image_ptr> images;
  std::vector<std::string> copies;
  std::istringstream paths(SDK_PLUGINS);
  for (std::string path; std::getline(paths, path, ':');) {
    const std::string mine = directory() + path.substr(path.rfind('/'));
    test::write_file(mine, test::read_file(path));
    gated_file file = pass_gate(env(), mine);
    for (const finding& one : file.found.all()) ADD_FAILURE() << path << ": " << one.code << ": " << one.what;
    auto image = load(env(), store(), file);
    ASSERT_TRUE(image) << image.why().text();
    copies.push_back((*image)->private_path());
    images.push_back(std::move(image).take());
  }
  ASSERT_EQ(images.size(), 3u);
  images.clear();
  for (const std::string& copy : copies) EXPECT_FALSE(mapped(copy)) << copy;
}

}  // namespace
}  // namespace weir::plugin
