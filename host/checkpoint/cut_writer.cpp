#include "checkpoint/cut_writer.hpp"

#include <atomic>
#include <map>
#include <mutex>

#include "base/cat.hpp"
#include "base/fault_point.hpp"
#include "base/seeded_bug.hpp"
#include "checkpoint/block_file.hpp"
#include "checkpoint/cut_inner.hpp"
#include "checkpoint/file_names.hpp"
#include "checkpoint/node_codec.hpp"

namespace weir::checkpoint {

using base::cat;
using base::result;

cut_writer::cut_writer(std::unique_ptr<inner> in) : inner_(std::move(in)) {}

cut_writer::~cut_writer() {
  if (!inner_->ended) inner_->abandon();
}

void cut_writer::inner::fail(base::error why) {
  const std::lock_guard guard(mutex);
  if (!failed) failed = std::move(why);
}

cut_writer::inner::part* cut_writer::inner::part_of(std::string_view operator_id, std::uint32_t subtask,
                                                    model::key_group_range own) {
  const std::lock_guard guard(mutex);
  WEIR_CHECK(!ended, "a block for a cut that has ended");
  if (failed) return nullptr;
  auto& mine = parts[{std::string(operator_id), subtask}];
  if (mine) return mine.get();
  block_file_facts facts;
  facts.cut = what.number;
  facts.subtask = subtask;
  facts.key_groups = own;
  auto file = owner->new_file(facts);
  if (!file) {
    failed = std::move(file).why();
    return nullptr;
  }
  names.push_back((*file)->name());
  mine = std::make_unique<part>();
  mine->file = std::move(file).take();
  return mine.get();
}

void cut_writer::state_block(std::string_view operator_id, std::uint32_t subtask, model::key_group_range own,
                             std::string_view block) {
  inner::part* part = inner_->part_of(operator_id, subtask, own);
  if (!part) return;
  inner_->raw += block.size();
  const std::lock_guard guard(part->mutex);
  if (auto written = part->file->append(record_kind::state_block, block); !written)
    inner_->fail(std::move(written).why());
}

void cut_writer::node(const node_snapshot& of) {
  const std::lock_guard guard(inner_->nodes_mutex);
  auto write = [&]() -> result<void> {
    WEIR_TRY(inner_->open_nodes());
    return write_node(*inner_->nodes, of);
  };
  if (auto written = write(); !written) inner_->fail(std::move(written).why());
}

std::uint64_t cut_writer::raw_bytes() const { return inner_->raw; }

result<void> cut_writer::inner::open_nodes() {
  if (nodes) return {};
  {
    const std::lock_guard guard(mutex);
    if (failed) return *failed;
  }
  block_file_facts facts;
  facts.cut = what.number;
  facts.content = content::nodes;
  nodes = WEIR_TRY(owner->new_file(facts));
  const std::lock_guard guard(mutex);
  names.push_back(nodes->name());
  return {};
}

/// Everything but the manifest is on the disk when this succeeds.
result<void> cut_writer::inner::settle_files() {
  if (failed) return *failed;
  WEIR_TRY(open_nodes());
  nodes_ref = WEIR_TRY(nodes->finish());
  for (auto& [key, p] : parts) written[key.first].push_back(WEIR_TRY(p->file->finish()));
  if (base::seeded_bug("skip_sync_of_names")) return {};
  return owner->sync_files();
}

/// The chains of this cut. With the owner's mutex held.
chains cut_writer::inner::next_chains() const {
  chains next = what.full ? chains() : owner->chains;
  for (const auto& [id, files] : written) {
    auto& chain = next[id];
    const bool first = chain.empty();
    for (file_ref file : files) {
      file.base = first;
      chain.push_back(std::move(file));
    }
  }
  return next;
}

manifest cut_writer::inner::describe(const chains& next) const {
  manifest m;
  m.pipeline = owner->how.pipeline;
  m.cut = what.number;
  m.kind = what.kind;
  m.taken_at_us = begun_at_us;
  m.based_on = what.full ? 0 : owner->based_on;
  m.key_groups = owner->how.key_groups;
  m.weir_version = owner->how.weir_version;
  m.facts = owner->how.facts;
  for (const auto& [key, value] : what.facts) m.facts[key] = value;
  m.nodes = nodes_ref;
  for (const auto& [id, files] : next) m.state.push_back({id, files});
  return m;
}

base::error cut_writer::inner::told(base::error why) const {
  why.how = owner->lost ? base::retry::from_checkpoint : base::retry::backoff;
  return std::move(why).in(cat("cut ", what.number));
}

result<cut_info> cut_writer::finish(const std::function<result<void>()>& still_mine) {
  inner& in = *inner_;
  WEIR_CHECK(!in.ended, "a cut is finished once");
  if (auto settled = in.settle_files(); !settled) {
    in.abandon();
    return in.told(std::move(settled).why());
  }
  base::fault_point("manifest.before");
  storage::inner& owner = *in.owner;
  const std::unique_lock guard(owner.mutex);
  const chains next = in.next_chains();
  manifest facts = in.describe(next);
  const std::string name = manifest_name(in.what.number);
  bool fenced = false;
  const auto ask = [&]() -> result<void> {
    auto mine = still_mine ? still_mine() : result<void>();
    fenced = !mine;
    base::fault_point("manifest.before_rename");
    return mine;
  };
  if (auto placed = replace_file(owner.fs(), owner.how.directory, name, encode(facts), ask); !placed) {
    in.abandon_locked();
    if (fenced) return std::move(placed).why().in(cat("cut ", in.what.number));
    return in.told(std::move(placed).why());
  }
  base::fault_point("manifest.renamed");
  if (auto synced = owner.fs().sync_directory(owner.how.directory); !synced) {
    // The name may or may not survive a power cut. It goes away, so that a restart without one does not see it either;
    // its files stay until then, in case it does not go.
    permit_unchecked(owner.fs().remove(owner.path_of(name)), "what the disk holds is not known already");
    owner.lost = true;
    owner.cut_in_work = false;
    in.ended = true;
    return in.told(std::move(synced).why());
  }
  base::fault_point("manifest.synced");
  // The cut exists.
  in.ended = true;
  owner.chains = next;
  owner.based_on = in.what.number;
  owner.cut_in_work = false;
  for (const std::string& file : in.names) owner.in_work.erase(file);
  const cut_info info = info_of(owner.how.directory, facts);
  owner.cuts[in.what.number] = {std::move(facts), std::nullopt};
  owner.retire();
  base::fault_point("retire.done");
  return info;
}

void cut_writer::inner::abandon() {
  const std::lock_guard guard(owner->mutex);
  abandon_locked();
}

void cut_writer::inner::abandon_locked() {
  ended = true;
  parts.clear();
  nodes.reset();
  // Only what this cut created: files that it shares with older cuts are not its own.
  for (const std::string& name : names) {
    permit_unchecked(owner->fs().remove(owner->path_of(name)), "nothing refers to it: the next sweep tries again");
    owner->in_work.erase(name);
  }
  owner->cut_in_work = false;
}

}  // namespace weir::checkpoint
