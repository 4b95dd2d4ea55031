// What every file_system promises, on the kernel's and on the one in memory alike; then what only the latter can do.
#include "base/file_system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <set>

#include "base/cat.hpp"
#include "base/digest.hpp"
#include "base/test_env.hpp"

namespace weir::base {
namespace {

using testing::HasSubstr;

std::vector<std::string> names(file_system& fs, const std::string& directory) {
  std::vector<std::string> out;
  for (const auto& e : *fs.list(directory)) out.push_back(e.name);
  return out;
}

class AnyFileSystem : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      fs = &memory.fs();
      dir = "/data";
      ASSERT_TRUE(fs->make_directories(dir));
    } else {
      char name[] = "/tmp/weir_fs_test_XXXXXX";
      ASSERT_NE(::mkdtemp(name), nullptr);
      fs = &real_env().fs();
      dir = name;
    }
  }
  void TearDown() override { EXPECT_TRUE(fs->remove_tree(dir)); }
  std::string at(std::string_view name) const { return join_path(dir, name); }
  void write(const std::string& name, std::string_view bytes) {
    auto file = fs->open_write(at(name), open_write_how::truncate);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->append(bytes));
    ASSERT_TRUE((*file)->close());
  }

  test_env memory;
  file_system* fs = nullptr;
  std::string dir;
};

INSTANTIATE_TEST_SUITE_P(RealAndMemory, AnyFileSystem, testing::Bool(),
                         [](const auto& which) { return which.param ? "memory" : "real"; });

TEST_P(AnyFileSystem, ALockHasOneHolderAtATime) {
  auto first = fs->lock(dir + "/LOCK").take();
  ASSERT_TRUE(first);
  EXPECT_FALSE(fs->lock(dir + "/LOCK").take());
  EXPECT_TRUE(fs->lock(dir + "/OTHER").take());
  first.reset();
  EXPECT_TRUE(fs->lock(dir + "/LOCK").take());
  EXPECT_FALSE(fs->lock(dir + "/missing/LOCK").ok());
}

TEST_P(AnyFileSystem, ReadsBackWhatWasWritten) {
  write("a", "hello");
  EXPECT_EQ(*fs->read_whole(at("a")), "hello");
  auto file = fs->open_write(at("a"), open_write_how::keep);
  ASSERT_TRUE((*file)->append(" world"));
  ASSERT_TRUE((*file)->write_at(0, "J"));
  ASSERT_TRUE((*file)->append("!"));
  ASSERT_TRUE((*file)->write_at(14, "."));
  EXPECT_EQ(*(*file)->size(), 15u);
  ASSERT_TRUE((*file)->sync());
  EXPECT_EQ(*fs->read_whole(at("a")), std::string("Jello world!\0\0.", 15));
  ASSERT_TRUE((*file)->truncate(5));
  EXPECT_EQ(*fs->read_whole(at("a")), "Jello");
}

TEST_P(AnyFileSystem, ReadsInPiecesAndAtPositions) {
  write("a", "0123456789");
  auto file = *fs->open_read(at("a"));
  char buffer[4];
  EXPECT_EQ(*file->read(buffer), 4u);
  EXPECT_EQ(*file->read_at(8, buffer), 2u);
  EXPECT_EQ(std::string_view(buffer, 2), "89");
  EXPECT_EQ(*file->read(buffer), 4u);
  EXPECT_EQ(std::string_view(buffer, 4), "4567");
  EXPECT_EQ(*file->read(buffer), 2u);
  EXPECT_EQ(*file->read(buffer), 0u);
  write("b", "x");
  auto appended = *fs->open_write(at("a"), open_write_how::keep_existing);
  ASSERT_TRUE(appended->append("z"));
  EXPECT_EQ(*file->read(buffer), 1u) << "a file that grew gives more";
  ASSERT_TRUE(file->seek(1));
  EXPECT_EQ(*file->read(buffer), 4u);
  EXPECT_EQ(std::string_view(buffer, 4), "1234");
  EXPECT_EQ(file->info()->size, 11u);
}

TEST_P(AnyFileSystem, OpensForWritingInFourWays) {
  EXPECT_FALSE(fs->open_write(at("a"), open_write_how::keep_existing));
  EXPECT_TRUE(fs->open_write(at("a"), open_write_how::create_new));
  EXPECT_THAT(fs->open_write(at("a"), open_write_how::create_new).why().text(), HasSubstr("exists"));
  write("a", "text");
  EXPECT_TRUE(fs->open_write(at("a"), open_write_how::keep));
  EXPECT_EQ(*fs->read_whole(at("a")), "text");
  EXPECT_TRUE(fs->open_write(at("a"), open_write_how::truncate));
  EXPECT_EQ(*fs->read_whole(at("a")), "");
}

TEST_P(AnyFileSystem, RefusesToReadMoreThanTheLimit) {
  write("a", "12345");
  EXPECT_EQ(*fs->read_whole(at("a"), 5), "12345");
  EXPECT_THAT(fs->read_whole(at("a"), 4).why().text(), HasSubstr("longer than 4 bytes"));
  EXPECT_FALSE(fs->read_whole(dir));
}

TEST_P(AnyFileSystem, ReplacesAFileAtomicallyAndLeavesNothingBeside) {
  ASSERT_TRUE(fs->write_atomically(at("a"), "one"));
  ASSERT_TRUE(fs->write_atomically(at("a"), "two", 0600));
  EXPECT_EQ(*fs->read_whole(at("a")), "two");
  EXPECT_EQ((*fs->stat(at("a")))->mode, 0600u);
  EXPECT_THAT(names(*fs, dir), testing::ElementsAre("a"));
}

TEST_P(AnyFileSystem, TellsWhatAPathNames) {
  EXPECT_EQ(*fs->stat(at("none")), std::nullopt);
  EXPECT_EQ(*fs->stat(at("none/below")), std::nullopt);
  EXPECT_FALSE(*fs->exists(at("none")));
  write("a", "abc");
  const auto info = **fs->stat(at("a"));
  EXPECT_EQ(info.kind, file_kind::regular);
  EXPECT_EQ(info.size, 3u);
  EXPECT_EQ(info.links, 1u);
  EXPECT_EQ((*fs->stat(dir))->kind, file_kind::directory);
  ASSERT_TRUE(fs->set_mode(at("a"), 0400));
  EXPECT_EQ((*fs->stat(at("a")))->mode, 0400u);
}

TEST_P(AnyFileSystem, RenamesLinksListsAndRemoves) {
  write("b", "b");
  write("a", "a");
  ASSERT_TRUE(fs->make_directories(at("d/e/f")));
  ASSERT_TRUE(fs->make_directories(at("d/e/f")));
  EXPECT_THAT(names(*fs, dir), testing::ElementsAre("a", "b", "d"));
  ASSERT_TRUE(fs->hard_link(at("a"), at("d/a2")));
  EXPECT_EQ((*fs->stat(at("a")))->links, 2u);
  EXPECT_FALSE(fs->hard_link(at("a"), at("b"))) << "never replaces";
  ASSERT_TRUE(fs->rename(at("b"), at("a")));
  EXPECT_EQ(*fs->read_whole(at("a")), "b");
  EXPECT_EQ(*fs->read_whole(at("d/a2")), "a");
  EXPECT_EQ((*fs->stat(at("d/a2")))->links, 1u);
  EXPECT_FALSE(fs->remove(at("d"))) << "not empty";
  EXPECT_FALSE(fs->remove(at("none")));
  EXPECT_FALSE(fs->rename(at("none"), at("x")));
  EXPECT_FALSE(fs->make_directories(at("a/b")));
  EXPECT_FALSE(fs->list(at("a")));
  ASSERT_TRUE(fs->sync_directory(dir));
  ASSERT_TRUE(fs->remove_tree(at("d")));
  ASSERT_TRUE(fs->remove_tree(at("d")));
  EXPECT_THAT(names(*fs, dir), testing::ElementsAre("a"));
}

TEST_P(AnyFileSystem, HashesAFile) {
  write("a", "abc");
  EXPECT_EQ(to_hex(*sha256_of(**fs->open_read(at("a")))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256_of("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(RealFileSystem, DoesNotFollowALinkWhenAskedNotTo) {
  char name[] = "/tmp/weir_fs_test_XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  auto& fs = real_env().fs();
  const std::string link = join_path(name, "link"), target = join_path(name, "target");
  ASSERT_TRUE(fs.write_atomically(target, "x"));
  ASSERT_EQ(::symlink(target.c_str(), link.c_str()), 0);
  EXPECT_TRUE(fs.open_read(link));
  EXPECT_THAT(fs.open_read(link, follow::no).why().text(), HasSubstr("symbolic links are not followed"));
  EXPECT_EQ((*fs.stat(link, follow::no))->kind, file_kind::symlink);
  EXPECT_EQ((*fs.stat(link))->kind, file_kind::regular);
  ASSERT_TRUE(fs.remove_tree(name));
}

TEST(Paths, JoinAndSplit) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("a", "/b"), "/b");
  EXPECT_EQ(parent_of("/a/b"), "/a");
  EXPECT_EQ(parent_of("/a/b/"), "/a");
  EXPECT_EQ(parent_of("/a"), "/");
  EXPECT_EQ(parent_of("a"), ".");
}

class MemoryFileSystem : public testing::Test {
 protected:
  test_env env{5};
  memory_file_system& fs = env.fs();
  void write(const std::string& path, std::string_view bytes, bool sync) {
    auto file = fs.open_write(path, open_write_how::truncate);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->append(bytes));
    if (sync) {
      ASSERT_TRUE((*file)->sync());
    }
  }
};

TEST_F(MemoryFileSystem, LosesUnsyncedBytesInACrash) {
  write("/a", "kept", true);
  ASSERT_TRUE(fs.sync_directory("/"));
  auto file = *fs.open_write("/a", open_write_how::keep);
  ASSERT_TRUE(file->append(" lost"));
  EXPECT_EQ(*fs.read_whole("/a"), "kept lost");
  fs.crash();
  EXPECT_EQ(*fs.read_whole("/a"), "kept");
  EXPECT_FALSE(file->append("x")) << "handles die with the machine";
}

TEST_F(MemoryFileSystem, LosesNamesWhoseDirectoryWasNotSynced) {
  write("/a", "data", true);
  fs.crash();
  EXPECT_FALSE(*fs.exists("/a"));
}

TEST_F(MemoryFileSystem, KeepsANameWithoutContentWhenOnlyTheDirectoryWasSynced) {
  write("/a", "data", false);
  ASSERT_TRUE(fs.sync_directory("/"));
  fs.crash();
  EXPECT_EQ(*fs.read_whole("/a"), "");
}

TEST_F(MemoryFileSystem, UndoesARenameThatWasNotSynced) {
  ASSERT_TRUE(fs.write_atomically("/a", "old"));
  write("/b", "new", true);
  ASSERT_TRUE(fs.sync_directory("/"));
  ASSERT_TRUE(fs.rename("/b", "/a"));
  fs.crash();
  EXPECT_EQ(*fs.read_whole("/a"), "old");
  EXPECT_EQ(*fs.read_whole("/b"), "new");
}

TEST_F(MemoryFileSystem, SyncOfADirectoryCarriesTheEarlierChangesItDependsOn) {
  ASSERT_TRUE(fs.make_directories("/x"));
  ASSERT_TRUE(fs.make_directories("/y"));
  ASSERT_TRUE(fs.sync_directory("/"));
  write("/x/a", "1", true);
  ASSERT_TRUE(fs.rename("/x/a", "/y/a"));
  ASSERT_TRUE(fs.sync_directory("/y"));
  fs.crash();
  EXPECT_EQ(*fs.read_whole("/y/a"), "1");
  EXPECT_FALSE(*fs.exists("/x/a"));
}

TEST_F(MemoryFileSystem, LosesWhatAFailedSyncShouldHaveKept) {
  write("/a", "", true);
  ASSERT_TRUE(fs.sync_directory("/"));
  auto file = *fs.open_write("/a", open_write_how::keep);
  ASSERT_TRUE(file->append("data"));
  fs.fail(fs_op::sync, 1, EIO);
  EXPECT_EQ(file->sync().why().how, retry::from_checkpoint);
  EXPECT_TRUE(file->sync()) << "a retry lies";
  fs.crash();
  EXPECT_EQ(*fs.read_whole("/a"), "");
}

TEST_F(MemoryFileSystem, AtomicWriteLeavesOldOrNewWhereverItFailsOrCrashes) {
  for (std::uint64_t nth = 1;; ++nth) {
    test_env fresh(nth);
    auto& disk = fresh.fs();
    ASSERT_TRUE(disk.write_atomically("/a", "old"));
    const std::uint64_t before = disk.count(fs_op::any);
    disk.fail(fs_op::any, nth, ENOSPC, true);
    const bool ok = disk.write_atomically("/a", "new").ok();
    const std::uint64_t steps = disk.count(fs_op::any) - before;
    disk.stop_failing();
    if (nth % 2)
      disk.crash();
    else
      disk.crash_torn([&] { return fresh.random_u64(); });
    const std::string now = *disk.read_whole("/a");
    EXPECT_TRUE(now == "new" || (now == "old" && !ok)) << "fault at step " << nth << " left " << now;
    if (ok) {
      EXPECT_GE(nth, steps) << "every step was made to fail";
      break;
    }
  }
}

TEST_F(MemoryFileSystem, TornCrashesShowPartsOfWhatWasNotSynced) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    test_env fresh(seed);
    auto& disk = fresh.fs();
    ASSERT_TRUE(disk.write_atomically("/a", std::string(1024, 'o')));
    auto file = *disk.open_write("/a", open_write_how::keep);
    ASSERT_TRUE(file->write_at(0, std::string(512, 'x')));
    ASSERT_TRUE(file->write_at(512, std::string(512, 'y')));
    disk.crash_torn([&] { return fresh.random_u64(); });
    const std::string now = *disk.read_whole("/a");
    seen.insert({now.front(), now.back()});
  }
  EXPECT_EQ(seen, (std::set<std::string>{"oo", "xo", "oy", "xy"}));
}

TEST_F(MemoryFileSystem, AFailedWriteMayLeaveAPart) {
  auto file = *fs.open_write("/a", open_write_how::create_new);
  fs.fail(fs_op::write, 2, ENOSPC);
  ASSERT_TRUE(file->append("1234"));
  EXPECT_FALSE(file->append("5678"));
  EXPECT_EQ(*fs.read_whole("/a"), "123456");
}

TEST_F(MemoryFileSystem, PlaysOwnersAndPreparedFiles) {
  fs.put("/etc/x/y", "text");
  fs.set_owner("/etc/x/y", 1000, 100);
  fs.crash();
  EXPECT_EQ(*fs.read_whole("/etc/x/y"), "text");
  EXPECT_EQ((*fs.stat("/etc/x/y"))->uid, 1000u);
}

}  // namespace
}  // namespace weir::base
