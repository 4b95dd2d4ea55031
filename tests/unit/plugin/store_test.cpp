// Private copies: named by content, complete or not there, kept while used, gone afterwards.
#include "plugin/store.hpp"

#include <thread>

#include "base/digest.hpp"
#include "hooked_env.hpp"
#include "zoo.hpp"

namespace weir::plugin {
namespace {

using test::read_file;
using test::zoo_test;
using testing::HasSubstr;

class Store : public zoo_test {
 protected:
  static std::string hash(std::string_view bytes) { return base::to_hex(base::sha256_of(bytes)); }
  static bool exists(const std::string& path) { return std::filesystem::exists(path); }
};

TEST_F(Store, KeepsACopyByItsContent) {
  auto entry = store().add("some bytes", hash("some bytes"));
  ASSERT_TRUE(entry) << entry.why().text();
  const std::string path = (*entry)->path();
  EXPECT_EQ(path, store().directory() + "/" + hash("some bytes") + ".so");
  EXPECT_EQ(read_file(path), "some bytes");
  struct stat facts {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0500u);
  ASSERT_EQ(::stat(store().directory().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0700u);
}

TEST_F(Store, RemovesAnEntryWithItsLastUser) {
  auto first = store().add("bytes", hash("bytes"));
  auto second = store().add("bytes", hash("bytes"));
  ASSERT_TRUE(first && second);
  const std::string path = (*first)->path();
  EXPECT_EQ((*second)->path(), path);
  (*first).reset();
  EXPECT_TRUE(exists(path));
  (*second).reset();
  EXPECT_FALSE(exists(path));
}

TEST_F(Store, SweepsWhatDeadProcessesLeft) {
  const std::string entry = store().directory() + "/" + hash("left") + ".so";
  const std::string copying = store().directory() + "/.copy-1.tmp", foreign = store().directory() + "/notes.txt";
  for (const std::string& path : {entry, copying, foreign}) test::write_file(path, "left");
  auto used = store().add("used", hash("used"));
  ASSERT_TRUE(used);
  // Another process opens the same store.
  auto other = plugin_store::open(env(), store().directory());
  ASSERT_TRUE(other) << other.why().text();
  EXPECT_FALSE(exists(entry));
  EXPECT_TRUE(exists(copying));  // somebody may be writing it
  EXPECT_TRUE(exists((*used)->path()));
  EXPECT_TRUE(exists(foreign));
  test::hooked_env later;
  later.ahead_us = 2 * std::int64_t{3'600'000'000};
  ASSERT_TRUE(plugin_store::open(later, store().directory()));
  EXPECT_FALSE(exists(copying));
  EXPECT_TRUE(exists(foreign));
}

TEST_F(Store, ReplacesAnEntryThatDoesNotHoldWhatItsNameSays) {
  const std::string path = store().directory() + "/" + hash("right") + ".so";
  for (const char* wrong : {"wrong", "right but longer", ""}) {
    test::write_file(path, wrong, 0600);
    auto entry = store().add("right", hash("right"));
    ASSERT_TRUE(entry) << entry.why().text();
    EXPECT_EQ(read_file((*entry)->path()), "right");
  }
}

TEST_F(Store, SaysWhyItCannotWrite) {
  test::hooked_env full;
  full.fs().on_append = [](std::string_view) { return base::errno_error(ENOSPC, "write", "the plugin store"); };
  auto made = plugin_store::open(full, directory() + "/full");
  ASSERT_TRUE(made);
  auto entry = (*made)->add("bytes", hash("bytes"));
  ASSERT_FALSE(entry);
  EXPECT_THAT(entry.why().text(), testing::AllOf(HasSubstr("plugin store"), HasSubstr("No space left")));
  EXPECT_TRUE(std::filesystem::is_empty((*made)->directory()));
}

TEST_F(Store, RefusesADirectoryThatIsNotItsOwn) {
  test::write_file(directory() + "/file", "");
  ASSERT_EQ(::symlink(store().directory().c_str(), (directory() + "/link").c_str()), 0);
  EXPECT_FALSE(plugin_store::open(env(), directory() + "/file"));
  auto link = plugin_store::open(env(), directory() + "/link");
  ASSERT_FALSE(link);
  EXPECT_THAT(link.why().text(), HasSubstr("is a link"));
  ASSERT_EQ(::mkdir((directory() + "/wide").c_str(), 0755), 0);
  auto wide = plugin_store::open(env(), directory() + "/wide");
  ASSERT_TRUE(wide);
  struct stat facts {};
  ASSERT_EQ(::stat((directory() + "/wide").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0700u);
}

TEST_F(Store, FindsADirectoryByItself) {
  ::setenv("XDG_RUNTIME_DIR", directory().c_str(), 1);
  auto made = plugin_store::open_default(env());
  ::unsetenv("XDG_RUNTIME_DIR");
  ASSERT_TRUE(made) << made.why().text();
  EXPECT_EQ((*made)->directory(), directory() + "/weir/plugins");
}

TEST_F(Store, IsSharedByManyAtOnce) {
  // Each thread is a process of its own to the store: an opener that sweeps, and a user that must find its bytes whole.
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        auto mine = plugin_store::open(env(), store().directory());
        const std::string bytes = "content " + std::to_string((i + t) % 3);
        auto entry = mine ? (*mine)->add(bytes, hash(bytes)) : base::result<std::shared_ptr<stored_file>>(mine.why());
        if (!entry || read_file((*entry)->path()) != bytes) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(store().directory()), {}), 0);
}

}  // namespace
}  // namespace weir::plugin
