#include "plugin/catalog.hpp"

#include <algorithm>
#include <set>

#include "base/cat.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "plugin/os.hpp"

namespace weir::plugin {
namespace {

using base::cat;
using base::result;

constexpr std::size_t most_files = 10'000;  // of one directory

expectations expectations_of(const config::plugin_ref& ref) {
  return {.name = ref.search, .version = ref.version, .abi = ref.abi, .sha256 = ref.sha256};
}

}  // namespace

std::optional<file_name> parse_file_name(std::string_view name) {
  if (!name.starts_with("lib")) return std::nullopt;
  name.remove_prefix(3);
  const std::size_t dot_so = name.find(".so");
  if (dot_so == std::string_view::npos || dot_so == 0) return std::nullopt;
  std::string_view stem = name.substr(0, dot_so), behind = name.substr(dot_so + 3);
  file_name found;
  if (!behind.empty()) {
    // librisk.so.1.2.0
    if (behind[0] != '.' || !version::parse(behind.substr(1))) return std::nullopt;
    found.version = behind.substr(1);
  } else {
    // librisk-1.2.0.so: the first dash behind which a whole version stands. The stem was cut at ".so", which no version
    // has.
    for (std::size_t dash = stem.find('-'); dash != std::string_view::npos; dash = stem.find('-', dash + 1)) {
      if (!version::parse(stem.substr(dash + 1))) continue;
      found.version = stem.substr(dash + 1);
      stem = stem.substr(0, dash);
      break;
    }
  }
  if (!is_plugin_name(stem)) return std::nullopt;
  constexpr std::string_view ours = "weir_";
  if (stem.starts_with(ours) && is_plugin_name(stem.substr(ours.size())))
    found.names.emplace_back(stem.substr(ours.size()));
  found.names.emplace_back(stem);
  return found;
}

std::vector<std::string> plugin_directories(const std::vector<std::string>& given) {
  std::vector<std::string> all = given;
  const std::string path = os::variable("WEIR_PLUGIN_PATH");
  for (std::size_t from = 0; from < path.size();) {
    const std::size_t to = std::min(path.find(':', from), path.size());
    if (to != from) all.push_back(path.substr(from, to - from));
    from = to + 1;
  }
  if (const auto program = os::real_path("/proc/self/exe"))
    all.push_back(base::join_path(base::parent_of(base::parent_of(*program)), "lib/weir/plugins"));
  std::vector<std::string> once;
  for (std::string& directory : all)
    if (std::find(once.begin(), once.end(), directory) == once.end()) once.push_back(std::move(directory));
  return once;
}

result<image_ptr> plugin_catalog::load(const config::plugin_ref& wanted, const std::string& file_directory) {
  const expectations expected = expectations_of(wanted);
  if (wanted.path.empty()) return search(wanted.search.empty() ? wanted.name : wanted.search, expected);
  const std::string beside = base::join_path(file_directory, wanted.path);
  if (wanted.path.find('/') == std::string::npos && !env_.fs().exists(beside).value_or(false)) {
    for (const std::string& directory : directories_) {
      const std::string path = base::join_path(directory, wanted.path);
      if (env_.fs().exists(path).value_or(false)) return load_path(path, expected);
    }
  }
  return load_path(beside, expected);
}

result<image_ptr> plugin_catalog::load(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return load_path(std::string(name), {});
  const std::size_t at = name.find('@');
  const std::string plugin(name.substr(0, at));
  expectations wanted{.name = plugin};
  if (at != std::string_view::npos) wanted.version = name.substr(at + 1);
  if (!is_plugin_name(plugin))
    return base::config_error(cat(base::quoted(name, 80),
                                  " is not a plugin's name: write risk, risk@1.2, or a path with a slash "
                                  "(./librisk.so)"));
  return search(plugin, wanted);
}

result<component_ptr> plugin_catalog::resolve(std::string_view uses) {
  // The version has dots too: the component is behind the last one.
  const std::size_t dot = uses.find('@') == std::string_view::npos ? uses.find('.') : uses.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == uses.size())
    return base::config_error(
        cat(base::quoted(uses, 120), " names no component: write PLUGIN.COMPONENT, as in kafka.source"));
  const image_ptr image = WEIR_TRY(load(uses.substr(0, dot)));
  return component::find(image, uses.substr(dot + 1));
}

result<std::vector<std::string>> plugin_catalog::files() {
  std::vector<std::string> all;
  for (const std::string& directory : directories_) {
    if (!env_.fs().exists(directory).value_or(false)) continue;
    const auto entries = WEIR_TRY(env_.fs().list(directory));
    for (const auto& entry : entries) {
      if (entry.name.find(".so") == std::string::npos || entry.kind == base::file_kind::directory) continue;
      if (all.size() < most_files) all.push_back(base::join_path(directory, entry.name));
    }
  }
  return all;
}

std::vector<std::string> plugin_catalog::names() {
  std::set<std::string> found;
  for (const std::string& directory : directories_)
    if (const auto entries = env_.fs().list(directory))
      for (const auto& entry : *entries)
        if (const auto parsed = parse_file_name(entry.name)) found.insert(parsed->names.front());
  return {found.begin(), found.end()};
}

std::vector<plugin_catalog::candidate> plugin_catalog::candidates(const std::string& directory, std::string_view name) {
  std::vector<candidate> found;
  const auto entries = env_.fs().list(directory);
  if (!entries) return found;
  for (const auto& entry : *entries) {
    const auto parsed = parse_file_name(entry.name);
    if (!parsed || std::find(parsed->names.begin(), parsed->names.end(), name) == parsed->names.end()) continue;
    found.push_back({base::join_path(directory, entry.name),
                     parsed->version.empty() ? std::nullopt : version::parse(parsed->version)});
  }
  return found;
}

result<image_ptr> plugin_catalog::search(const std::string& name, const expectations& wanted) {
  if (!wanted.version.empty() && !is_constraint(wanted.version))
    return base::config_error(cat("version ", base::quoted(wanted.version, 80), " of plugin ", name,
                                  " is not a version: write 1, 1.2 or 1.2.0"));
  std::string others;
  bool any = false;
  for (const std::string& directory : directories_) {
    std::vector<candidate> here = candidates(directory, name);
    if (here.empty()) continue;
    any = true;
    image_ptr image = WEIR_TRY(pick(std::move(here), wanted, others));
    if (image) return image;
  }
  if (!any) return unknown(name);
  return base::config_error(cat("no plugin ", name, " of version ", wanted.version, "; there is ", others,
                                ": install that version, or change the pipeline"));
}

/// The newest of one directory that is wanted; null: none (then `others` says which there are). A file without a
/// version in its name must be loaded to know its version. Never falls back to an older one because a newer one is
/// refused.
result<image_ptr> plugin_catalog::pick(std::vector<candidate> here, const expectations& wanted, std::string& others) {
  auto other = [&](std::string_view what, const std::string& path) {
    others += cat(others.empty() ? "" : ", ", what, " (", path, ")");
  };
  std::optional<version> best_version;
  image_ptr best;
  std::optional<candidate> named;
  std::optional<base::error> failed;
  for (const candidate& one : here) {
    if (one.named) {
      if (!matches(wanted.version, *one.named))
        other(one.named->text(), one.path);
      else if (!named || *named->named < *one.named)
        named = one;
      continue;
    }
    expectations any_version = wanted;
    any_version.version.clear();
    auto image = load_path(one.path, any_version);
    if (!image) {
      failed = std::move(image).why();
      continue;
    }
    const auto its = version::parse((*image)->about().version);
    if (!its || !matches(wanted.version, *its)) {
      other((*image)->about().version, one.path);
    } else if (!best_version || *best_version < *its) {
      best_version = its;
      best = std::move(image).take();
    }
  }
  if (named && (!best_version || *best_version < *named->named)) {
    if (failed) base::logger({.room = "plugin"}).warn("a plugin file was passed over", {{"why", failed->text()}});
    auto image = load_path(named->path, wanted);
    const auto its = image ? version::parse((*image)->about().version) : std::nullopt;
    if (its && *its != *named->named) {
      return base::config_error(cat("the name of ", named->path, " says version ", named->named->text(),
                                    ", the plugin inside is ", its->text(), ": rename the file"));
    }
    return image;
  }
  if (best) return best;
  if (failed) return std::move(*failed);
  return image_ptr();
}

result<image_ptr> plugin_catalog::load_path(const std::string& path, const expectations& wanted) {
  // The same file twice: the checks of this use of it are made again, the content is one image anyway.
  auto image = plugin::load(env_, store_, path, wanted);
  if (image) loaded_[path] = *image;
  return image;
}

base::error plugin_catalog::unknown(const std::string& name) {
  const std::vector<std::string> there = names();
  std::string where;
  for (const std::string& directory : directories_) where += cat(where.empty() ? "" : ", ", directory);
  return base::config_error(
      cat("there is no plugin ", base::quoted(name, 80), base::did_you_mean(name, there), "; searched for libweir_",
          name, ".so and lib", name, ".so in ", where.empty() ? "no directory" : where,
          ": give its directory by --plugin-dir or WEIR_PLUGIN_PATH, or its file by `path` in the pipeline"));
}

}  // namespace weir::plugin
