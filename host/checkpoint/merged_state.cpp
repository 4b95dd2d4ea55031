#include "checkpoint/merged_state.hpp"

#include <algorithm>

#include "state/divide.hpp"
#include "state/folder.hpp"

namespace weir::checkpoint {

using base::result;

namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;

class state_merger final : public block_merger {
 public:
  state_merger(std::uint32_t key_groups, model::key_group_range keep) : folder_(key_groups, keep) {}
  result<void> add(std::string_view block, const block_source&) override { return folder_.add(block); }
  result<bool> take(std::string& block) override {
    block.clear();
    // The last call may give a block too.
    while (block.empty() && more_) more_ = folder_.take(block_bytes, block);
    return !block.empty();
  }

 private:
  state::folder folder_;
  bool more_ = true;
};

}  // namespace

merger_factory state_mergers(std::uint32_t key_groups) {
  return [key_groups](const std::string&, model::key_group_range range) -> result<std::unique_ptr<block_merger>> {
    return std::unique_ptr<block_merger>(std::make_unique<state_merger>(key_groups, range));
  };
}

block_divider state_divider(std::uint32_t key_groups) {
  return
      [key_groups](std::string_view block, std::span<const model::key_group_range> ranges,
                   std::vector<std::string>& parts) { return state::divide_block(block, ranges, key_groups, parts); };
}

std::vector<model::key_group_range> slices_of(const snapshot& from, std::string_view operator_id, std::uint64_t bytes) {
  std::uint64_t raw = 0;
  for (const state_chain& chain : from.facts().state)
    if (chain.operator_id == operator_id)
      for (const file_ref& f : chain.files) raw += f.raw_bytes;
  const std::uint64_t groups = std::max(from.facts().key_groups, 1u);
  const std::uint64_t count = std::clamp<std::uint64_t>(raw / std::max<std::uint64_t>(bytes, 1) + 1, 1, groups);
  std::vector<model::key_group_range> out;
  for (std::uint64_t i = 0; i < count; ++i)
    out.push_back(
        {static_cast<std::uint32_t>(groups * i / count), static_cast<std::uint32_t>(groups * (i + 1) / count)});
  return out;
}

result<void> read_merged(const snapshot& from, std::string_view operator_id, model::key_group_range range,
                         const std::function<result<void>(std::string_view block)>& fn) {
  state_merger merger(std::max(from.facts().key_groups, 1u), range);
  WEIR_TRY(from.read_state(operator_id, range, [&](std::string_view block, const block_source& source) {
    return merger.add(block, source);
  }));
  std::string block;
  while (WEIR_TRY(merger.take(block))) WEIR_TRY(fn(block));
  return {};
}

}  // namespace weir::checkpoint
