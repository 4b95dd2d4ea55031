// Chains of deltas become one base, beside the cuts.
#include <algorithm>

#include "base/cat.hpp"
#include "base/fault_point.hpp"
#include "checkpoint/block_file.hpp"
#include "checkpoint/file_names.hpp"
#include "checkpoint/storage_inner.hpp"

namespace weir::checkpoint {

using base::cat;
using base::result;

namespace {

using files = std::vector<file_ref>;

bool worth_folding(const files& chain, const options& how) {
  std::set<std::uint64_t> cuts;
  std::uint64_t base_bytes = 0, delta_bytes = 0;
  for (const file_ref& f : chain) {
    cuts.insert(f.cut);
    (f.base ? base_bytes : delta_bytes) += f.raw_bytes;
  }
  if (cuts.size() > 1 && delta_bytes > base_bytes && delta_bytes >= how.fold_at_least) return true;
  if (cuts.size() <= how.max_chain) return false;
  // A large base is not written again for a handful of changes: a restore that reads a quarter more costs less.
  return base_bytes < how.fold_at_least || delta_bytes > base_bytes / 4 || cuts.size() > how.max_chain * 8;
}

/// Key groups that a chain covers.
model::key_group_range covered(const files& chain) {
  model::key_group_range all = chain.front().key_groups;
  for (const file_ref& f : chain) {
    all.begin = std::min(all.begin, f.key_groups.begin);
    all.end = std::max(all.end, f.key_groups.end);
  }
  return all;
}

result<file_ref> fold_slice(storage::inner& in, const std::string& operator_id, const files& chain,
                            model::key_group_range slice, const merger_factory& make,
                            std::vector<std::string>& created) {
  auto merger = WEIR_TRY(make(operator_id, slice));
  for (const file_ref& f : chain) {
    if (f.key_groups.begin >= slice.end || slice.begin >= f.key_groups.end) continue;
    WEIR_TRY(read_blocks(in.fs(), in.how.directory, f,
                         [&](std::string_view block, const block_source& from) { return merger->add(block, from); }));
  }
  block_file_facts facts;
  facts.cut = chain.back().cut;
  facts.key_groups = slice;
  auto to = WEIR_TRY(in.new_file(facts));
  created.push_back(to->name());
  std::string block;
  base::fault_point("fold.read");
  while (WEIR_TRY(merger->take(block))) WEIR_TRY(to->append(record_kind::state_block, block));
  file_ref ref = WEIR_TRY(to->finish());
  ref.base = true;
  return ref;
}

result<files> fold_chain(storage::inner& in, const std::string& operator_id, const files& chain,
                         const merger_factory& make, std::vector<std::string>& created) {
  std::uint64_t raw = 0;
  for (const file_ref& f : chain) raw += f.raw_bytes;
  const model::key_group_range all = covered(chain);
  const std::uint64_t groups = std::max<std::uint64_t>(all.end - all.begin, 1);
  const std::uint64_t slices =
      std::clamp<std::uint64_t>(raw / std::max<std::uint64_t>(in.how.fold_bytes, 1) + 1, 1, groups);
  files base;
  for (std::uint64_t i = 0; i < slices; ++i) {
    const model::key_group_range slice{
        static_cast<std::uint32_t>(all.begin + groups * i / slices),
        i + 1 == slices ? all.end : static_cast<std::uint32_t>(all.begin + groups * (i + 1) / slices)};
    base.push_back(WEIR_TRY(fold_slice(in, operator_id, chain, slice, make, created)));
  }
  base::fault_point("fold.written");
  WEIR_TRY(in.sync_files());
  return base;
}

}  // namespace

bool storage::wants_fold() const {
  const std::lock_guard guard(inner_->mutex);
  return std::any_of(inner_->chains.begin(), inner_->chains.end(),
                     [&](const auto& c) { return worth_folding(c.second, inner_->how); });
}

result<std::uint32_t> storage::fold(const merger_factory& make) {
  inner& in = *inner_;
  checkpoint::chains work;
  std::shared_ptr<const void> pin;  // what is read stays, even if a full cut makes it superfluous meanwhile
  {
    const std::lock_guard guard(in.mutex);
    WEIR_CHECK(!in.folding, "a fold while another one is in work");
    in.folding = true;
    for (const auto& [id, chain] : in.chains)
      if (worth_folding(chain, in.how)) work.emplace(id, chain);
    std::vector<std::string> names;
    for (const auto& [id, chain] : work)
      for (const file_ref& f : chain) names.push_back(f.name);
    pin = pins::hold(in.pinned, std::move(names));
  }
  std::uint32_t folded = 0;
  result<void> outcome;
  for (const auto& [id, chain] : work) {
    std::vector<std::string> created;
    auto base = fold_chain(in, id, chain, make, created);
    const std::unique_lock guard(in.mutex);
    // Cuts went on in the meantime: the chain may have grown behind what was read, or be another one.
    const auto now = in.chains.find(id);
    const bool same = now != in.chains.end() && now->second.size() >= chain.size() &&
                      std::equal(chain.begin(), chain.end(), now->second.begin());
    if (base && same) {
      files next = std::move(base).take();
      next.insert(next.end(), now->second.begin() + static_cast<std::ptrdiff_t>(chain.size()), now->second.end());
      now->second = std::move(next);
      for (const std::string& name : created) in.in_work.erase(name);
      ++folded;
      base::fault_point("fold.replaced");
      continue;
    }
    for (const std::string& name : created) {
      permit_unchecked(in.fs().remove(in.path_of(name)), "nothing refers to it: the next sweep tries again");
      in.in_work.erase(name);
    }
    if (!base) {
      outcome = std::move(base).why().in(cat("folding the state of ", id));
      break;
    }
  }
  const std::lock_guard guard(in.mutex);
  in.folding = false;
  if (!outcome) return std::move(outcome).why();
  return folded;
}

}  // namespace weir::checkpoint
