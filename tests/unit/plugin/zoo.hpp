#pragma once
// What the tests of the room share: a private directory, a store in it, plugins of the zoo copied there, and the canary
// that says whether any code of a plugin has run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/env.hpp"
#include "plugin/image.hpp"
#include "plugin/store.hpp"

namespace weir::plugin::test {

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

inline void write_file(const std::string& path, std::string_view content, mode_t mode = 0755) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(content.data(), static_cast<std::streamsize>(content.size()));
  ASSERT_EQ(::chmod(path.c_str(), mode), 0) << path;
}

/// The built plugin of that name in the zoo.
inline std::string zoo_path(const std::string& name) {
  return std::string(WEIR_BAD_PLUGIN_DIR) + "/lib" + name + ".so";
}

class zoo_test : public testing::Test {
 protected:
  zoo_test() {
    std::string pattern = testing::TempDir() + "weir-plugin-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = std::filesystem::canonical(pattern).string();
    canary_ = directory_ + "/canary";
    ::setenv("WEIR_ZOO_CANARY", canary_.c_str(), 1);
    auto store = plugin_store::open(env(), directory_ + "/store");
    EXPECT_TRUE(store) << store.why().text();
    store_ = std::move(store).take();
  }
  ~zoo_test() override {
    kept_.clear();
    store_.reset();
    ::unsetenv("WEIR_ZOO_CANARY");
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  static base::env& env() { return base::real_env(); }
  plugin_store& store() { return *store_; }
  const std::string& directory() const { return directory_; }

  /// A copy that the gate has nothing against, as `as` (default lib<name>.so).
  std::string copy(const std::string& name, std::string as = {}) {
    if (as.empty()) as = "lib" + name + ".so";
    const std::string path = directory_ + "/" + as;
    const std::string content = read_file(zoo_path(name));
    EXPECT_FALSE(content.empty()) << zoo_path(name);
    write_file(path, content);
    return path;
  }
  /// Whether code of a plugin has run since the last call, by the names of those.
  std::string ran() {
    std::string names = read_file(canary_);
    ::unlink(canary_.c_str());
    return names;
  }

  /// Keeps the private copy of a plugin while the test runs, so that loading it again and again writes nothing.
  void keep_copy(const std::string& name) {
    const std::string content = read_file(zoo_path(name));
    auto kept = store().add(content, base::to_hex(base::sha256_of(content)));
    ASSERT_TRUE(kept) << kept.why().text();
    kept_.push_back(std::move(kept).take());
  }

  image_ptr loaded(const std::string& path, const expectations& wanted = {}) {
    auto image = load(env(), store(), path, wanted);
    EXPECT_TRUE(image) << image.why().text();
    return image ? std::move(image).take() : nullptr;
  }

 private:
  std::string directory_, canary_;
  std::unique_ptr<plugin_store> store_;
  std::vector<std::shared_ptr<stored_file>> kept_;
};

}  // namespace weir::plugin::test
