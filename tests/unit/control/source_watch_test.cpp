#include "control/source_watch.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace weir::control {
namespace {

class SourceWatch : public testing::Test {
 protected:
  SourceWatch() {
    auto pattern = (std::filesystem::temp_directory_path() / "weir-source-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(folder_ / "src");
    std::filesystem::create_directories(folder_ / "build");
    write("src/a.cpp", "a");
  }
  ~SourceWatch() override { std::filesystem::remove_all(folder_); }
  void write(const char* name, const char* text) { std::ofstream(folder_ / name) << text; }
  bool changed_soon(source_watch& w) {
    w.changed();  // sees it; the next look says that nobody is writing
    return w.changed();
  }
  std::filesystem::path folder_;
};

TEST_F(SourceWatch, TellsOfFilesThatAreWrittenAddedAndRemovedOnce) {
  source_watch w(base::real_env(), folder_.string());
  EXPECT_FALSE(changed_soon(w));
  write("src/a.cpp", "longer");
  EXPECT_TRUE(changed_soon(w));
  EXPECT_FALSE(changed_soon(w));
  write("src/b.cpp", "");
  EXPECT_TRUE(changed_soon(w));
  std::filesystem::remove(folder_ / "src/b.cpp");
  EXPECT_TRUE(changed_soon(w));
}

TEST_F(SourceWatch, LeavesOutWhatIsBuiltAndWhatIsHidden) {
  source_watch w(base::real_env(), folder_.string());
  write("build/a.o", "a");
  write(".a.cpp.swp", "a");
  EXPECT_FALSE(changed_soon(w));
}

}  // namespace
}  // namespace weir::control
