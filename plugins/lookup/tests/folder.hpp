#pragma once
// A folder of a test's own, and what tests write into it.

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace lookup_test {

class folder {
 public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-lookup-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error{"no folder"};
    path_ = name;
  }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
  /// A whole new file in one step, as a table is replaced.
  std::string write(const std::string& name, const std::string& text) const {
    {
      std::ofstream out{path(name + ".new"), std::ios::binary};
      out << text;
    }
    std::filesystem::rename(path(name + ".new"), path(name));
    return path(name);
  }

 private:
  std::string path_;
};

}  // namespace lookup_test
