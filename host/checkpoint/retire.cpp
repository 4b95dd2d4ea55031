// Which cuts stay, and which files: the only place that deletes what a complete cut once needed.
#include <algorithm>

#include "base/cat.hpp"
#include "base/fault_point.hpp"
#include "base/seeded_bug.hpp"
#include "checkpoint/file_names.hpp"
#include "checkpoint/storage_inner.hpp"

namespace weir::checkpoint {

using base::result;

void storage::inner::retire() {
  std::uint32_t complete = 0;
  std::uint64_t oldest_kept = 0, newest = 0;
  for (auto it = cuts.rbegin(); it != cuts.rend() && complete < how.retained; ++it) {
    if (!it->second.facts) continue;
    newest = std::max(newest, it->first);
    // One that a person asked for says nothing of how far back people may want to go.
    if (it->second.facts->kind == model::cut_kind::savepoint) continue;
    ++complete;
    oldest_kept = it->first;
  }
  if (newest == 0) return;
  if (auto marked = replace_file(fs(), how.directory, std::string(latest_name), encode_latest(newest)); !marked)
    log.warn("the newest cut could not be marked", {{"why", marked.why().text()}, {"cut", newest}});
  base::fault_point("retire.newest_marked");
  std::vector<std::uint64_t> gone;
  if (complete >= how.retained) {
    for (auto it = cuts.begin(); it != cuts.end() && it->first < oldest_kept; ++it) {
      const std::string path = path_of(manifest_name(it->first));
      if (auto removed = fs().remove(path); !removed && fs().exists(path).value_or(true))
        log.warn("an old cut could not be removed", {{"why", removed.why().text()}, {"cut", it->first}});
      else
        gone.push_back(it->first);
      base::fault_point("retire.manifest_removed");
    }
  }
  // Until the names are gone for good, a power cut may bring an old manifest back: its files stay so long.
  if (auto synced = fs().sync_directory(how.directory); !synced) {
    log.warn("old cuts are not removed yet", {{"why", synced.why().text()}});
    return;
  }
  base::fault_point("retire.before_sweep");
  for (const std::uint64_t cut : gone) cuts.erase(cut);
  sweep();
}

void storage::inner::sweep() {
  std::set<std::string> referenced = in_work;
  pinned->add_to(referenced);
  std::uint64_t unknown_up_to = 0;  // a manifest that cannot be read may refer to any file of its time
  for (const auto& [cut, entry] : cuts) {
    if (!entry.facts)
      unknown_up_to = cut;
    else
      for (const file_ref* f : entry.facts->files()) referenced.insert(f->name);
  }
  for (const auto& [id, files] : chains)
    for (const file_ref& f : files) referenced.insert(f.name);

  auto names = fs().list(path_of(files_directory));
  if (!names) return log.warn("old files are not removed", {{"why", names.why().text()}});
  for (const auto& entry : *names) {
    const auto cut = cut_of_block_file(entry.name);
    const std::string path = base::cat(files_directory, '/', entry.name);
    const bool early = base::seeded_bug("delete_shared_file") && cut && *cut + 2 < cuts.rbegin()->first;
    if (!early && (!cut || *cut <= unknown_up_to || referenced.contains(path))) continue;
    if (auto removed = fs().remove(path_of(path)); !removed)
      log.warn("an old file could not be removed", {{"why", removed.why().text()}});
    base::fault_point("retire.file_removed");
  }
}

}  // namespace weir::checkpoint
