#pragma once
// Inside of image.cpp: which images this process has, by content. The dynamic loader is one for the process, so this is
// too.
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugin/image.hpp"

namespace weir::plugin {

/// An image that nobody uses and that is still mapped.
struct pinned_image {
  image_status status;
  std::shared_ptr<stored_file> copy;  ///< kept, because the mapped file's name serves crash reports
};

struct image_registry {
  std::mutex lock;                                           ///< held while loading and unloading
  std::map<std::string, std::weak_ptr<const image>> images;  ///< by sha256
  std::map<std::string, pinned_image> pinned;                ///< by sha256
  std::uint64_t loaded = 0, unloaded = 0;

  static image_registry& get();
};

}  // namespace weir::plugin
