// Cuts that come into this directory from elsewhere, and go out of it.
#include <algorithm>
#include <set>

#include "base/cat.hpp"
#include "checkpoint/block_file.hpp"
#include "checkpoint/bytes.hpp"
#include "checkpoint/file_names.hpp"
#include "checkpoint/storage_inner.hpp"

namespace weir::checkpoint {

using base::cat;
using base::result;

namespace {

/// Brings one file of another directory here. Fine when it is here already (a savepoint of this very storage).
result<void> bring_in(storage::inner& in, const std::string& from, const file_ref& file) {
  const std::string to = in.path_of(file.name);
  if (WEIR_TRY(in.fs().exists(to))) return verify_file(in.fs(), in.how.directory, file);
  WEIR_TRY(link_or_copy(in.fs(), base::join_path(from, file.name), to));
  return verify_file(in.fs(), in.how.directory, file);
}

}  // namespace

result<void> storage::continue_from(const snapshot& from, const std::map<std::string, std::string>& renamed,
                                    const std::vector<std::string>& dropped) {
  inner& in = *inner_;
  const manifest& facts = from.facts();
  checkpoint::chains next;
  for (const state_chain& chain : facts.state) {
    if (std::find(dropped.begin(), dropped.end(), chain.operator_id) != dropped.end()) continue;
    const auto it = renamed.find(chain.operator_id);
    const std::string& id = it == renamed.end() ? chain.operator_id : it->second;
    if (!next.emplace(id, chain.files).second)
      return base::config_error(
          cat("two operators of ", from.path(), " become ", id, "; rename one of them otherwise"));
  }
  if (!next.empty() && in.how.key_groups != 0 && facts.key_groups != 0 && facts.key_groups != in.how.key_groups)
    return base::config_error(cat(from.path(), " has ", facts.key_groups, " key groups and the pipeline ",
                                  in.how.key_groups, "; set max_parallelism to ", facts.key_groups));
  std::vector<std::string> brought;
  if (from.directory() != in.how.directory)
    for (const auto& [id, files] : next)
      for (const file_ref& f : files) brought.push_back(f.name);
  {
    const std::lock_guard guard(in.mutex);
    WEIR_CHECK(!in.cut_in_work, "a restore while a cut is in work");
    in.in_work.insert(brought.begin(), brought.end());
  }
  auto bring_all = [&]() -> result<void> {
    if (brought.empty()) return {};
    for (const auto& [id, files] : next)
      for (const file_ref& f : files) WEIR_TRY(bring_in(in, from.directory(), f));
    return in.fs().sync_directory(in.path_of(files_directory));
  };
  auto done = bring_all();
  const std::lock_guard guard(in.mutex);
  for (const std::string& name : brought) in.in_work.erase(name);
  if (!done) {
    in.sweep();
    return std::move(done).why().in(cat("bringing in ", from.path()));
  }
  in.chains = std::move(next);
  in.based_on = facts.cut;
  in.highest = std::max(in.highest, facts.cut);
  return {};
}

result<cut_info> storage::make_savepoint(std::uint64_t number, const std::string& directory, bool verify) {
  inner& in = *inner_;
  base::file_system& fs = in.fs();
  const snapshot cut = WEIR_TRY(open_cut(number, verify));
  if (WEIR_TRY(fs.exists(directory)) && !WEIR_TRY(fs.list(directory)).empty())
    return base::config_error(cat(directory, " is not empty; name a directory that does not exist for the savepoint"));
  const std::string files = base::join_path(directory, files_directory);
  manifest facts = cut.facts();
  facts.kind = model::cut_kind::savepoint;
  auto write = [&]() -> result<void> {
    WEIR_TRY(make_durable_directory(fs, files));
    for (const file_ref* f : facts.files())
      WEIR_TRY(link_or_copy(fs, base::join_path(cut.directory(), f->name), base::join_path(directory, f->name)));
    if (verify)
      for (const file_ref* f : facts.files()) WEIR_TRY(verify_file(fs, directory, *f));
    WEIR_TRY(fs.sync_directory(files));
    WEIR_TRY(replace_file(fs, directory, std::string(savepoint_manifest), encode(facts)));
    return fs.sync_directory(directory);
  };
  if (auto done = write(); !done) {
    permit_unchecked(fs.remove_tree(directory), "the first error is the one to report");
    return std::move(done).why().in(cat("savepoint ", directory));
  }
  cut_info info = info_of(directory, facts);
  info.path = base::join_path(directory, savepoint_manifest);
  return info;
}

}  // namespace weir::checkpoint
