#include "plugin/store.hpp"

#include <algorithm>
#include <vector>

#include "base/cat.hpp"
#include "base/text.hpp"

namespace weir::plugin {
namespace {

using base::cat;
using base::file_kind;
using base::result;

constexpr std::int64_t keep_temporary_us = 3'600'000'000;  // an hour: no copy takes that long
constexpr int most_tries = 16;                             // against sweepers that come in between

bool is_entry_name(std::string_view name) {
  return name.size() == 67 && name.ends_with(".so") && std::all_of(name.begin(), name.begin() + 64, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}
bool is_temporary_name(std::string_view name) { return name.starts_with(".copy-") && name.ends_with(".tmp"); }

/// Makes the directory when missing and sees that it is this user's alone.
result<void> secure_directory(base::env& env, const std::string& directory) {
  base::file_system& fs = env.fs();
  WEIR_TRY(fs.make_directories(directory, 0700));
  const auto info = WEIR_TRY(fs.stat(directory, base::follow::no));
  if (!info || info->kind != file_kind::directory) {
    return base::external_error(cat(directory, " is a link or no directory; remove it, or set another plugin store"),
                                {}, base::retry::never);
  }
  if (info->uid != os::effective_user()) {
    return base::external_error(
        cat(directory, " belongs to user ", os::user_name(info->uid), "; remove it, or set another plugin store"), {},
        base::retry::never);
  }
  if ((info->mode & 0777) != 0700) WEIR_TRY(fs.set_mode(directory, 0700));
  if (!os::may_execute_from(directory)) {
    return base::external_error(cat(directory,
                                    " is on a file system mounted noexec, where no code may run from; set "
                                    "another plugin store"),
                                {}, base::retry::never);
  }
  return {};
}

}  // namespace

stored_file::stored_file(base::env& env, std::string path, os::file_lock lock)
    : env_(env), path_(std::move(path)), lock_(std::move(lock)) {}

stored_file::~stored_file() {
  lock_.reset();
  auto alone = os::file_lock::exclusive(path_);
  if (alone && *alone) base::permit_unchecked(env_.fs().remove(path_), "the next process sweeps it");
}

result<std::unique_ptr<plugin_store>> plugin_store::open(base::env& env, const std::string& directory) {
  if (auto secured = secure_directory(env, directory); !secured) return std::move(secured).why().in("plugin store");
  std::unique_ptr<plugin_store> store(new plugin_store(env, WEIR_TRY(os::real_path(directory))));
  base::permit_unchecked(store->sweep(), "leftovers cost only space");
  return store;
}

result<std::unique_ptr<plugin_store>> plugin_store::open_default(base::env& env) {
  std::vector<std::string> candidates;
  if (auto runtime = os::directory_variable("XDG_RUNTIME_DIR")) candidates.push_back(*runtime + "/weir/plugins");
  candidates.push_back("/run/weir/plugins");
  const std::string own = cat("/weir-", os::effective_user(), "/plugins");
  if (auto temporary = os::directory_variable("TMPDIR")) candidates.push_back(*temporary + own);
  candidates.push_back("/tmp" + own);
  candidates.push_back("/var/tmp" + own);
  std::string reasons;
  for (const std::string& candidate : candidates) {
    auto store = open(env, candidate);
    if (store) return store;
    reasons += cat(reasons.empty() ? "" : "; ", store.why().what);
  }
  auto fresh = os::make_private_directory("/tmp/weir-plugins-");
  if (fresh) {
    auto store = open(env, *fresh);
    if (store) return store;
    reasons += cat("; ", store.why().what);
  } else {
    reasons += cat("; ", fresh.why().what);
  }
  return base::external_error(cat("no directory can hold the private copies of plugins (", reasons,
                                  "); set XDG_RUNTIME_DIR to a directory of user ", os::user_name(os::effective_user()),
                                  " that is not mounted noexec"),
                              "plugin store", base::retry::never);
}

result<std::shared_ptr<stored_file>> plugin_store::add(std::string_view bytes, const std::string& sha256_hex) {
  const std::string path = base::join_path(directory_, sha256_hex + ".so");
  auto holds_bytes = [&]() {
    const auto content = env_.fs().read_whole(path, bytes.size());
    return content && *content == bytes;
  };
  for (int i = 0; i < most_tries; ++i) {
    auto lock = WEIR_TRY(os::file_lock::shared(path));
    if (!lock) {
      auto made = make_entry(bytes, path);
      if (!made) return std::move(made).why().in("plugin store");
      lock = std::move(made).take();
      if (!lock) continue;  // somebody was faster: look at what is there now
    }
    if (holds_bytes()) return std::make_shared<stored_file>(env_, path, std::move(*lock));
    // Not what its name says, the leftover of a failed disk. It goes, unless somebody has it loaded.
    lock.reset();
    auto alone = WEIR_TRY(os::file_lock::exclusive(path));
    if (alone && !holds_bytes()) WEIR_TRY(env_.fs().remove(path));
  }
  return base::external_error(cat(path, " does not hold what its name says: check the disk, and remove that file"),
                              "plugin store");
}

result<std::optional<os::file_lock>> plugin_store::make_entry(std::string_view bytes, const std::string& path) {
  base::file_system& fs = env_.fs();
  const std::uint64_t number = env_.random_u64();
  const std::string temporary = base::join_path(directory_, cat(".copy-", number, ".tmp"));
  auto make = [&]() -> result<std::optional<os::file_lock>> {
    auto file = WEIR_TRY(fs.open_write(temporary, base::open_write_how::create_new, 0500));
    WEIR_TRY(file->append(bytes));
    WEIR_TRY(file->sync());
    WEIR_TRY(file->close());
    // Locked before it gets its name, so no sweeper ever sees the name without a user.
    auto lock = WEIR_TRY(os::file_lock::shared(temporary));
    for (int i = 0;; ++i) {
      auto linked = fs.hard_link(temporary, path);
      if (linked) return lock;
      if (fs.exists(path).value_or(false)) return std::optional<os::file_lock>();
      // Not there: it was, and went in between; or links are not possible here.
      if (i == most_tries) return std::move(linked).why();
    }
  };
  auto made = make();
  base::permit_unchecked(fs.remove(temporary), "an hour later it is swept");
  return made;
}

result<std::size_t> plugin_store::sweep() {
  base::file_system& fs = env_.fs();
  std::size_t removed = 0;
  for (const auto& entry : WEIR_TRY(fs.list(directory_))) {
    const std::string path = base::join_path(directory_, entry.name);
    if (is_temporary_name(entry.name)) {
      const auto info = fs.stat(path, base::follow::no);
      if (info && *info && env_.now_us() - (*info)->modified_us > keep_temporary_us && fs.remove(path)) ++removed;
    } else if (is_entry_name(entry.name)) {
      auto alone = os::file_lock::exclusive(path);
      if (alone && *alone && fs.remove(path)) ++removed;
    }
  }
  return removed;
}

}  // namespace weir::plugin
