#include "checkpoint/storage.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "base/fault_point.hpp"
#include "checkpoint/cut_inner.hpp"
#include "checkpoint/file_names.hpp"
#include "checkpoint/storage_inner.hpp"

namespace weir::checkpoint {

using base::cat;
using base::result;

storage::storage(std::shared_ptr<inner> in) : inner_(std::move(in)) {}
storage::~storage() = default;

result<std::unique_ptr<storage>> storage::open(base::env& env, options how) {
  how.retained = std::max(how.retained, 1u);
  how.max_chain = std::max(how.max_chain, 1u);
  auto in = std::make_shared<inner>(env, std::move(how));
  base::file_system& fs = env.fs();
  const std::string& directory = in->how.directory;
  in->log = base::logger({.room = "checkpoint", .pipeline = in->how.pipeline});
  WEIR_TRY(make_durable_directory(fs, in->path_of(files_directory)));
  in->lock = WEIR_TRY(fs.lock(in->path_of(lock_name)));
  if (!in->lock)
    return base::external_error(
        cat(directory, " is in use by another weir; stop that one, or give this pipeline a directory of its own"));
  // A process that died between a rename and the sync after it left a cut that everybody sees and a power cut takes
  // away: nobody may commit by it before it is safe.
  WEIR_TRY(fs.sync_directory(in->path_of(files_directory)));
  WEIR_TRY(fs.sync_directory(directory));
  base::fault_point("storage.opened");
  catalog all = WEIR_TRY(read_catalog(fs, directory));
  for (const auto& [cut, entry] : all.cuts)
    if (entry.facts && !in->how.pipeline.empty() && entry.facts->pipeline != in->how.pipeline)
      return base::config_error(cat(directory, " holds the cuts of pipeline ", entry.facts->pipeline, ", this is ",
                                    in->how.pipeline, "; choose another directory"));
  in->highest = all.highest();
  // From the first cut on a missing mark means that somebody took it away.
  if (all.cuts.empty() && !all.latest && all.problems.empty()) {
    WEIR_TRY(replace_file(fs, directory, std::string(latest_name), encode_latest(0)));
    WEIR_TRY(fs.sync_directory(directory));
  }
  in->cuts = std::move(all.cuts);
  for (const auto& entry : WEIR_TRY(fs.list(directory)))
    if (entry.name.ends_with(temporary_suffix)) WEIR_TRY(fs.remove(in->path_of(entry.name)));
  in->sweep();
  return std::unique_ptr<storage>(new storage(std::move(in)));
}

std::uint64_t storage::next_number() const {
  const std::lock_guard guard(inner_->mutex);
  return inner_->highest + 1;
}

result<std::unique_ptr<cut_writer>> storage::begin(cut_request what) {
  inner& in = *inner_;
  const std::lock_guard guard(in.mutex);
  if (in.lost)
    return base::external_error(cat("no cut can follow one whose directory could not be synced (", in.how.directory,
                                    "): restart from the newest cut"),
                                {}, base::retry::from_checkpoint);
  if (in.cut_in_work) return base::host_error("a cut was begun while another one is in work");
  if (what.number <= in.highest) return base::host_error(cat("cut ", what.number, " was begun after cut ", in.highest));
  in.cut_in_work = true;
  in.highest = what.number;
  auto cut = std::make_unique<cut_writer::inner>();
  cut->owner = inner_;
  cut->what = std::move(what);
  cut->begun_at_us = in.env.now_us();
  return std::make_unique<cut_writer>(std::move(cut));
}

result<std::vector<cut_info>> storage::list() const {
  const std::lock_guard guard(inner_->mutex);
  std::vector<cut_info> out;
  for (auto it = inner_->cuts.rbegin(); it != inner_->cuts.rend(); ++it)
    if (it->second.facts) out.push_back(info_of(inner_->how.directory, *it->second.facts));
  return out;
}

namespace {

std::vector<std::string> names_of(const manifest& facts) {
  std::vector<std::string> names;
  for (const file_ref* f : facts.files()) names.push_back(f->name);
  return names;
}

}  // namespace

result<std::optional<snapshot>> storage::newest() const {
  auto found = WEIR_TRY(newest_of(inner_->env, inner_->how.directory,
                                  [&](const manifest& facts) { return pins::hold(inner_->pinned, names_of(facts)); }));
  if (found)
    for (const std::string& problem : found->problems())
      inner_->log.warn("a cut is damaged", {{"why", problem}, {"used", found->facts().cut}});
  return found;
}

result<snapshot> storage::open_cut(std::uint64_t number, bool verify) const {
  std::optional<manifest> facts;
  {
    const std::lock_guard guard(inner_->mutex);
    const auto it = inner_->cuts.find(number);
    if (it == inner_->cuts.end())
      return base::config_error(cat(inner_->how.directory, " has no cut ", number, "; list it to see what it has"));
    if (it->second.problem) return *it->second.problem;
    facts = it->second.facts;
  }
  const auto pin = pins::hold(inner_->pinned, names_of(*facts));
  return load_snapshot(inner_->env, inner_->how.directory, inner_->path_of(manifest_name(number)), std::move(*facts),
                       verify, {}, pin);
}

result<std::unique_ptr<block_file_writer>> storage::inner::new_file(block_file_facts facts, file_use use) {
  facts.id = new_file_id(env);
  const std::string name = block_file_path(facts.cut, facts.id);
  {
    const std::lock_guard guard(mutex);
    in_work.insert(name);
  }
  auto file = block_file_writer::create(fs(), how.directory, name, facts, how.codec, use);
  if (!file) forget({name});
  return file;
}

result<void> storage::inner::sync_files() {
  base::fault_point("files.before_names");
  auto synced = fs().sync_directory(path_of(files_directory));
  if (!synced) lost = true;
  return synced;
}

void storage::inner::forget(const std::vector<std::string>& names) {
  const std::lock_guard guard(mutex);
  for (const std::string& name : names) {
    permit_unchecked(fs().remove(path_of(name)), "nothing refers to it: the next sweep tries again");
    in_work.erase(name);
  }
}

}  // namespace weir::checkpoint
