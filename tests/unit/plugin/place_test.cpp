// What a path may name: only a regular file that nobody but root and this user could have put there.
#include "plugin/place.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include "hooked_env.hpp"
#include "plugin/os.hpp"
#include "zoo.hpp"

namespace weir::plugin {
namespace {

using test::write_file;
using test::zoo_test;
using testing::AllOf;
using testing::HasSubstr;

class Place : public zoo_test {
 protected:
  place look(const std::string& path) { return look_at(env().fs(), path, os::effective_user()); }
  std::string why(const std::string& path, std::string_view code) {
    const place where = look(path);
    EXPECT_TRUE(where.found.has(code)) << path << ": not refused as " << code;
    EXPECT_TRUE(where.found.refused());
    // The same by the way that everybody goes, and nothing has run.
    auto image = load(env(), store(), path);
    EXPECT_FALSE(image);
    EXPECT_EQ(ran(), "");
    return where.found.refused() ? where.found.why(path).what : std::string();
  }
};

TEST_F(Place, AcceptsAFileOfOurOwn) {
  const std::string path = copy("good");
  const place where = look(path);
  EXPECT_FALSE(where.found.refused()) << where.found.why(path).text();
  EXPECT_EQ(where.canonical, path);
}

TEST_F(Place, NamesTheNearestFileWhenThereIsNone) {
  copy("good");
  EXPECT_THAT(why(directory() + "/libgod.so", "missing"),
              AllOf(HasSubstr("no such file"), HasSubstr("libgood.so"), HasSubstr("check the path")));
  EXPECT_THAT(why("/nowhere/at/all/libx.so", "missing"), HasSubstr("check the path"));
  EXPECT_THAT(why("", "bad_path"), HasSubstr("empty"));
  EXPECT_THAT(why(std::string("/tmp/a\0b", 8), "bad_path"), HasSubstr("NUL"));
}

TEST_F(Place, RefusesWhatIsNoRegularFile) {
  EXPECT_THAT(why(directory(), "directory"), HasSubstr("name the .so file inside"));
  const std::string pipe = directory() + "/libpipe.so";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(why(pipe, "not_regular"), HasSubstr("not a regular file"));  // and does not wait for a writer
  EXPECT_THAT(why("/dev/null", "not_regular"), HasSubstr("not a regular file"));
}

TEST_F(Place, RefusesEmptyAndHugeFiles) {
  const std::string path = directory() + "/libx.so";
  write_file(path, "");
  EXPECT_THAT(why(path, "empty"), HasSubstr("copy it again"));
  ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(most_plugin_bytes) + 1), 0);  // takes no space on the disk
  EXPECT_THAT(why(path, "too_large"), AllOf(HasSubstr("512MiB"), HasSubstr("strip --strip-debug")));
}

TEST_F(Place, RefusesFilesThatOthersMayWrite) {
  const std::string path = copy("good");
  ASSERT_EQ(::chmod(path.c_str(), 0757), 0);
  EXPECT_THAT(why(path, "writable_by_others"),
              AllOf(HasSubstr("writable by everyone (mode 0757)"), HasSubstr("chmod go-w " + path)));
  ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(directory().c_str(), 0777), 0);
  EXPECT_THAT(why(path, "directory_writable_by_others"), HasSubstr("chmod go-w " + directory()));
  ASSERT_EQ(::chmod(directory().c_str(), 01777), 0);
  why(path, "directory_writable_by_others");
}

TEST_F(Place, RefusesFilesThatAGroupOfOthersMayWrite) {
  const std::string path = copy("good");
  test::hooked_env env;
  env.fs().on_stat = [](base::file_info& info) {
    if (info.kind == base::file_kind::regular) info.gid = 54321, info.mode |= 0020;
  };
  const place where = look_at(env.fs(), path, os::effective_user());
  ASSERT_TRUE(where.found.has("writable_by_others"));
  EXPECT_THAT(where.found.why(path).what, AllOf(HasSubstr("writable by group 54321"), HasSubstr("chmod go-w")));
}

TEST_F(Place, RefusesFilesOfOtherUsers) {
  const std::string path = copy("good");
  test::hooked_env env;
  env.fs().on_stat = [](base::file_info& info) {
    if (info.kind == base::file_kind::regular) info.uid = 54321;
  };
  place where = look_at(env.fs(), path, os::effective_user());
  ASSERT_TRUE(where.found.has("owner"));
  EXPECT_THAT(where.found.why(path).what,
              AllOf(HasSubstr("belongs to user 54321"), HasSubstr("chown"), HasSubstr(path)));
  env.fs().on_stat = [](base::file_info& info) {
    if (info.kind == base::file_kind::directory) info.uid = 54321;
  };
  where = look_at(env.fs(), path, os::effective_user());
  ASSERT_TRUE(where.found.has("directory_owner"));
  EXPECT_THAT(where.found.why(path).what, HasSubstr("who could replace the file"));
  if (::geteuid() == 0) {  // the real thing needs root
    ASSERT_EQ(::chown(path.c_str(), 54321, 54321), 0);
    why(path, "owner");
  }
}

TEST_F(Place, WarnsOfDirectoriesAbove) {
  const std::string above = directory() + "/above", below = above + "/below";
  ASSERT_EQ(::mkdir(above.c_str(), 0755), 0);
  ASSERT_EQ(::mkdir(below.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(above.c_str(), 0777), 0);
  const std::string path = copy("good", "above/below/libgood.so");
  const place where = look(path);
  EXPECT_FALSE(where.found.refused());
  EXPECT_TRUE(where.found.has("ancestor_writable_by_others"));
}

TEST_F(Place, FollowsOurOwnLinksOnly) {
  const std::string path = copy("good");
  const std::string link = directory() + "/libgood.so.1";
  ASSERT_EQ(::symlink("libgood.so", link.c_str()), 0);
  EXPECT_FALSE(look(link).found.refused());
  EXPECT_EQ(look(link).canonical, path);

  const std::string open = directory() + "/open";
  ASSERT_EQ(::mkdir(open.c_str(), 0755), 0);
  const std::string other = open + "/libgood.so";
  ASSERT_EQ(::symlink(path.c_str(), other.c_str()), 0);
  EXPECT_FALSE(look(other).found.refused());
  for (const mode_t mode : {0777, 01777}) {
    ASSERT_EQ(::chmod(open.c_str(), mode), 0);
    EXPECT_THAT(why(other, "link_in_writable_directory"),
                AllOf(HasSubstr("symbolic link"), HasSubstr("name the file itself")));
  }
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_THAT(why(link, "dangling_link"), HasSubstr("symbolic link to nothing"));
  const std::string loop = directory() + "/libloop.so";
  ASSERT_EQ(::symlink("libloop.so", loop.c_str()), 0);
  EXPECT_TRUE(look(loop).found.refused());
}

TEST_F(Place, SeesThatAFileIsReplacedBetweenLookingAndReading) {
  const std::string path = copy("good");
  const std::string other = copy("good_two");
  test::hooked_env env;
  env.fs().before_open_read = [&](const std::string& opened) {
    if (opened == path) std::filesystem::rename(other, path);
  };
  const gated_file file = pass_gate(env, path);
  ASSERT_TRUE(file.found.refused());
  EXPECT_THAT(file.found.why(path).what, AllOf(HasSubstr("changed while it was read"), HasSubstr("try again")));
  EXPECT_EQ(ran(), "");
}

TEST_F(Place, SeesThatAFileGrowsWhileItIsRead) {
  const std::string path = copy("good");
  test::hooked_env env;
  env.fs().before_open_read = [&](const std::string& opened) {
    if (opened == path) std::ofstream(path, std::ios::app | std::ios::binary) << "more";
  };
  const gated_file file = pass_gate(env, path);
  ASSERT_TRUE(file.found.refused());
  EXPECT_THAT(file.found.why(path).what, HasSubstr("changed while it was read"));
}

TEST(ShellWord, QuotesWhatAShellWouldSplit) {
  EXPECT_EQ(shell_word("/opt/plugins/librisk-1.2.so"), "/opt/plugins/librisk-1.2.so");
  EXPECT_EQ(shell_word("/opt/my plugins/it's.so"), "'/opt/my plugins/it'\\''s.so'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace weir::plugin
