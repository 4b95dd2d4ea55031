#include "plugin/image.hpp"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <charconv>
#include <exception>

#include "base/cat.hpp"
#include "base/crash.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "plugin/registry.hpp"
#include "plugin/version.hpp"

namespace weir::plugin {
namespace {

using base::cat;
using base::result;
using boost::dll::shared_library;

const base::logger& log() {
  static const base::logger logger(base::log_tags{.room = "plugin"});
  return logger;
}

/// What the dynamic loader said, out of what Boost.DLL made of it.
std::string loader_words(std::string text, const std::string& copy_path) {
  constexpr std::string_view mark = "dlerror system message: ";
  if (const std::size_t at = text.find(mark); at != std::string::npos) {
    text.erase(0, at + mark.size());
    if (const std::size_t end = text.find("): "); end != std::string::npos) text.erase(end);
  }
  if (text.starts_with(copy_path + ": ")) text.erase(0, copy_path.size() + 2);
  return base::printable(text, 400);
}

std::string loader_advice(const std::string& words) {
  if (words.find("GLIBC_") != std::string::npos || words.find("GLIBCXX_") != std::string::npos ||
      words.find("CXXABI_") != std::string::npos)
    return "it was built on a newer system: build it on the oldest one it shall run on";
  if (words.find("undefined symbol") != std::string::npos)
    return "link the library that defines it (-z defs shows what is missing at build time; weir_add_plugin() sets it)";
  if (words.find("cannot open shared object file") != std::string::npos)
    return "install that library, or link it statically";
  return "run ldd on the file to see what it misses";
}

std::string why_pinned(const elf::facts& facts, const findings& warnings) {
  if (facts.no_delete) return "it is linked with -z nodelete";
  if (warnings.has("thread_local_destructor")) return "a thread that used one of its thread_local objects still lives";
  return "another library, or a thread of its own, still refers to it";
}

bool is_mapped(base::env& env, const std::string& path) {
  const auto map = memory_map::take(env.fs());
  return map && map->maps_file(path);
}

/// Destructors of the plugin run in here.
void unload(shared_library& library, const std::string& path) {
  const base::activity doing{.plugin = path, .what = base::activity::kind::unloading};
  const base::in_plugin here(doing);
  library.unload();
}

/// Remembers an image that was closed and is still mapped. The registry is locked.
void pin(image_status status, std::shared_ptr<stored_file> copy) {
  log().warn("plugin could not be unloaded",
             {{"plugin", status.name}, {"version", status.version}, {"path", status.path}, {"why", status.why}});
  const std::string sha256 = status.sha256;
  image_registry::get().pinned[sha256] = {std::move(status), std::move(copy)};
}

class loaded_image final : public image {
 public:
  loaded_image(base::env& env, gated_file& file, shared_library library, std::shared_ptr<stored_file> copy,
               self_description self)
      : env_(env), library_(std::move(library)), copy_(std::move(copy)), facts_(file.elf) {
    path_ = file.path;
    copy_path_ = copy_->path();
    sha256_ = file.sha256;
    self_ = std::move(self);
    for (const finding& f : file.found.all())
      if (f.level == severity::warning) warnings_.warn(f.code, f.what);
  }

  ~loaded_image() override {
    image_registry& registry = image_registry::get();
    const std::scoped_lock hold(registry.lock);
    unload(library_, path_);
    const auto entry = registry.images.find(sha256_);
    // Somebody may have loaded the same content anew after our last user went: then it is in use, not pinned.
    if (entry != registry.images.end() && !entry->second.expired()) {
      ++registry.unloaded;
      return;
    }
    if (entry != registry.images.end()) registry.images.erase(entry);
    if (!is_mapped(env_, copy_path_)) {
      ++registry.unloaded;
      return;
    }
    pin({.name = self_.about.name,
         .version = self_.about.version,
         .sha256 = sha256_,
         .path = path_,
         .pinned = true,
         .why = why_pinned(facts_, warnings_)},
        copy_);
  }

 private:
  base::env& env_;
  shared_library library_;
  std::shared_ptr<stored_file> copy_;
  elf::facts facts_;
};

/// Code of the plugin runs in here.
result<self_description> ask(const shared_library& library, const memory_map& map, findings& found) {
  const weir_plugin* plugin = nullptr;
  const char* said = nullptr;
  std::string words;
  try {
    plugin = library.get<const weir_plugin*()>("weir_plugin_v1")();
  } catch (const std::exception& thrown) {
    words = base::printable(thrown.what(), 400);
    said = words.c_str();
  } catch (...) {
    said = "something that is no std::exception";
  }
  if (said) {
    found.refuse("throws_in_entry", cat("its weir_plugin_v1() threw an exception (", said,
                                        "): let it only return the address "
                                        "of a constant table"));
    return self_description{};
  }
  return read_description(plugin, map, found);
}

/// "0.1" is at least "0.1".
bool speaks(const std::string& wanted, const description& about) {
  unsigned major = 0, minor = 0;
  const char* end = wanted.data() + wanted.size();
  const auto first = std::from_chars(wanted.data(), end, major);
  if (first.ec != std::errc{}) return false;
  if (first.ptr != end) {
    if (*first.ptr != '.') return false;
    const auto second = std::from_chars(first.ptr + 1, end, minor);
    if (second.ec != std::errc{} || second.ptr != end) return false;
  }
  return major == about.abi_major && minor <= about.abi_minor;
}

void check_wanted(const description& about, const expectations& wanted, findings& found) {
  if (!wanted.name.empty() && about.name != wanted.name) {
    found.refuse("other_name",
                 cat("it holds the plugin ", about.name, " ", about.version, ", the pipeline means ", wanted.name,
                     ": name the right file, or call it ", about.name, " in the pipeline"),
                 base::blame::config);
  }
  const auto version = version::parse(about.version);
  if (version && !matches(wanted.version, *version)) {
    found.refuse("other_version",
                 cat(about.name, " has version ", about.version, ", the pipeline wants ", wanted.version,
                     ": install that version, or change the pipeline"),
                 base::blame::config);
  }
  if (!wanted.abi.empty() && !speaks(wanted.abi, about)) {
    found.refuse("other_abi",
                 cat(about.name, " ", about.version, " was built for ABI ", about.abi_major, ".", about.abi_minor,
                     ", the pipeline wants ", wanted.abi, ": build it against that sdk, or change the pipeline"),
                 base::blame::config);
  }
}

base::error refused(const gated_file& file) { return file.found.why(cat("plugin ", file.path)); }

}  // namespace

image_registry& image_registry::get() {
  // Never destroyed: images may be dropped by destructors of other static objects.
  static image_registry* const registry = new image_registry;
  return *registry;
}

result<image_ptr> load(base::env& env, plugin_store& store, gated_file& file, const expectations& wanted) {
  if (file.found.refused()) return refused(file);
  image_registry& registry = image_registry::get();
  // Declared before the lock: on a failure their destructors must not run under it... they do not touch the registry.
  std::shared_ptr<const image> known;
  const std::scoped_lock hold(registry.lock);
  if (const auto entry = registry.images.find(file.sha256); entry != registry.images.end())
    known = entry->second.lock();
  if (known) {
    check_wanted(known->about(), wanted, file.found);
    if (file.found.refused()) return refused(file);
    return known;
  }
  auto copy = store.add(file.bytes, file.sha256);
  if (!copy) return std::move(copy).why().in(cat("plugin ", file.path));
  shared_library library;
  // A crash from here to the answer of its entry is told with the name of the file that the person knows.
  const base::activity doing{.plugin = file.path, .what = base::activity::kind::loading};
  try {
    const base::in_plugin here(doing);
    library.load((*copy)->path(), boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  } catch (const std::exception& why) {
    const std::string words = loader_words(why.what(), (*copy)->path());
    file.found.refuse("not_loadable", cat("the dynamic loader refuses it: ", words, "; ", loader_advice(words)));
    return refused(file);
  }
  const memory_map map = WEIR_TRY(memory_map::take(env.fs()));
  self_description self = WEIR_TRY([&] {
    const base::in_plugin here(doing);
    return ask(library, map, file.found);
  }());
  if (!file.found.refused()) check_wanted(self.about, wanted, file.found);
  if (file.found.refused()) {
    unload(library, file.path);
    if (is_mapped(env, (*copy)->path())) {
      pin({.name = self.about.name,
           .version = self.about.version,
           .sha256 = file.sha256,
           .path = file.path,
           .pinned = true,
           .why = why_pinned(file.elf, file.found)},
          *copy);
    }
    return refused(file);
  }
  auto made =
      std::make_shared<const loaded_image>(env, file, std::move(library), std::move(copy).take(), std::move(self));
  registry.images[file.sha256] = made;
  registry.pinned.erase(file.sha256);
  ++registry.loaded;
  return image_ptr(made);
}

result<image_ptr> load(base::env& env, plugin_store& store, const std::string& path, const expectations& wanted) {
  gated_file file = pass_gate(env, path, wanted);
  return load(env, store, file, wanted);
}

std::vector<image_status> loaded_images() {
  image_registry& registry = image_registry::get();
  std::vector<image_ptr> alive;  // dropped after the lock: ours may be the last reference
  std::vector<image_status> all;
  {
    const std::scoped_lock hold(registry.lock);
    for (const auto& [sha256, weak] : registry.images)
      if (auto one = weak.lock()) alive.push_back(std::move(one));
    for (const image_ptr& one : alive)
      all.push_back({.name = one->about().name,
                     .version = one->about().version,
                     .sha256 = one->sha256(),
                     .path = one->path(),
                     .users = one.use_count() - 1});
    for (const auto& [sha256, held] : registry.pinned) all.push_back(held.status);
  }
  return all;
}

image_counts count_images() {
  image_registry& registry = image_registry::get();
  const std::scoped_lock hold(registry.lock);
  image_counts counts{.loaded = registry.loaded, .unloaded = registry.unloaded, .pinned = registry.pinned.size()};
  for (const auto& [sha256, weak] : registry.images)
    if (!weak.expired()) ++counts.in_use;
  return counts;
}

std::size_t collect_pinned(base::env& env) {
  image_registry& registry = image_registry::get();
  const std::scoped_lock hold(registry.lock);
  std::size_t gone = 0;
  for (auto it = registry.pinned.begin(); it != registry.pinned.end();) {
    const std::string& path = it->second.copy->path();
    // Opening what is loaded and closing it again makes the loader look once more whether it may go.
    if (void* handle = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD)) ::dlclose(handle);
    if (is_mapped(env, path)) {
      ++it;
      continue;
    }
    it = registry.pinned.erase(it);
    ++registry.unloaded;
    ++gone;
  }
  return gone;
}

}  // namespace weir::plugin
