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
  // A large base is not written again for a handful of changes: a restore that reads half as much again costs less.
  return base_bytes < how.fold_at_least || delta_bytes > base_bytes / 2 || cuts.size() > how.max_chain * 8;
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

/// A part of a chain that is merged at once.
struct slice {
  model::key_group_range groups;
  files alone;   ///< of the chain, in its order, that no other slice needs
  files shared;  ///< then what it needs of the others: one file, or none
  bool divided = false;
};

std::vector<slice> slices_of(const files& chain, std::uint64_t fold_bytes) {
  std::uint64_t raw = 0;
  for (const file_ref& f : chain) raw += f.raw_bytes;
  const model::key_group_range all = covered(chain);
  const std::uint64_t groups = std::max<std::uint64_t>(all.end - all.begin, 1);
  const std::uint64_t count = std::clamp<std::uint64_t>(raw / std::max<std::uint64_t>(fold_bytes, 1) + 1, 1, groups);
  std::vector<slice> out(count);
  for (std::uint64_t i = 0; i < count; ++i)
    out[i].groups = {static_cast<std::uint32_t>(all.begin + groups * i / count),
                     i + 1 == count ? all.end : static_cast<std::uint32_t>(all.begin + groups * (i + 1) / count)};
  return out;
}

/// A fold in work of one chain. What it made for itself goes with it.
class chain_fold {
 public:
  chain_fold(storage::inner& in, const std::string& operator_id, const files& chain)
      : in_(in), operator_(operator_id), chain_(chain), slices_(slices_of(chain, in.how.fold_bytes)) {}
  ~chain_fold() { in_.forget(scratch_); }
  chain_fold(const chain_fold&) = delete;
  chain_fold& operator=(const chain_fold&) = delete;

  result<files> run(const merger_factory& make, const block_divider& divide, std::vector<std::string>& created) {
    WEIR_TRY(this->divide(divide));
    files base;
    for (const slice& s : slices_) base.push_back(WEIR_TRY(merge(s, make, created)));
    base::fault_point("fold.written");
    WEIR_TRY(in_.sync_files());
    return base;
  }

 private:
  block_file_facts facts_of(const slice& s) const {
    block_file_facts facts;
    facts.cut = chain_.back().cut;
    facts.key_groups = s.groups;
    return facts;
  }

  /// Files that several slices need are read once, and each gets its part of them: a chain is never read once for every slice.
  result<void> divide(const block_divider& how) {
    files several;
    for (const file_ref& f : chain_) {
      std::vector<slice*> needed;
      for (slice& s : slices_)
        if (f.key_groups.begin < s.groups.end && s.groups.begin < f.key_groups.end) needed.push_back(&s);
      if (needed.size() == 1 && !needed[0]->divided) {
        needed[0]->alone.push_back(f);
        continue;
      }
      for (slice* s : needed) s->divided = true;  // what follows in the chain comes behind
      several.push_back(f);
    }
    if (several.empty()) return {};
    std::vector<model::key_group_range> ranges;
    std::vector<std::unique_ptr<block_file_writer>> to(slices_.size());
    for (const slice& s : slices_) ranges.push_back(s.groups);
    std::vector<std::string> parts;
    const block_reader_fn deal_out = [&](std::string_view block, const block_source&) -> result<void> {
      WEIR_TRY(how(block, ranges, parts));
      for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].empty()) continue;
        if (!to[i]) {
          to[i] = WEIR_TRY(in_.new_file(facts_of(slices_[i]), file_use::scratch));
          scratch_.push_back(to[i]->name());
        }
        WEIR_TRY(to[i]->append(record_kind::state_block, parts[i]));
      }
      return {};
    };
    for (const file_ref& f : several) WEIR_TRY(read_blocks(in_.fs(), in_.how.directory, f, deal_out));
    for (std::size_t i = 0; i < to.size(); ++i)
      if (to[i]) slices_[i].shared.push_back(WEIR_TRY(to[i]->finish()));
    return {};
  }

  result<file_ref> merge(const slice& s, const merger_factory& make, std::vector<std::string>& created) {
    auto merger = WEIR_TRY(make(operator_, s.groups));
    for (const files* some : {&s.alone, &s.shared})
      for (const file_ref& f : *some)
        WEIR_TRY(read_blocks(in_.fs(), in_.how.directory, f, [&](std::string_view block, const block_source& from) {
          return merger->add(block, from);
        }));
    auto to = WEIR_TRY(in_.new_file(facts_of(s)));
    created.push_back(to->name());
    std::string block;
    base::fault_point("fold.read");
    while (WEIR_TRY(merger->take(block))) WEIR_TRY(to->append(record_kind::state_block, block));
    file_ref ref = WEIR_TRY(to->finish());
    ref.base = true;
    return ref;
  }

  storage::inner& in_;
  const std::string& operator_;
  const files& chain_;
  std::vector<slice> slices_;
  std::vector<std::string> scratch_;  // names
};

}  // namespace

bool storage::wants_fold() const {
  const std::lock_guard guard(inner_->mutex);
  return std::any_of(inner_->chains.begin(), inner_->chains.end(),
                     [&](const auto& c) { return worth_folding(c.second, inner_->how); });
}

result<std::uint32_t> storage::fold(const merger_factory& make, const block_divider& divide) {
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
    auto base = chain_fold(in, id, chain).run(make, divide, created);
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
