#include "checkpoint/snapshot.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "checkpoint/block_file.hpp"
#include "checkpoint/bytes.hpp"
#include "checkpoint/catalog.hpp"
#include "checkpoint/file_names.hpp"

namespace weir::checkpoint {

using base::cat;
using base::result;

std::vector<const node_snapshot*> snapshot::nodes_of(std::string_view operator_id) const {
  std::vector<const node_snapshot*> out;
  for (const node_snapshot& n : nodes())
    if (n.operator_id == operator_id) out.push_back(&n);
  std::sort(out.begin(), out.end(), [](auto* a, auto* b) { return a->subtask < b->subtask; });
  return out;
}

std::vector<std::string> snapshot::operators_with_state() const {
  std::vector<std::string> out;
  for (const state_chain& chain : facts().state) out.push_back(chain.operator_id);
  return out;
}

result<void> snapshot::read_state(std::string_view operator_id, model::key_group_range range,
                                  const block_reader_fn& fn) const {
  for (const state_chain& chain : facts().state) {
    if (chain.operator_id != operator_id) continue;
    for (const file_ref& file : chain.files) {
      if (file.key_groups.begin >= range.end || range.begin >= file.key_groups.end) continue;
      WEIR_TRY(read_blocks(inner_->env->fs(), directory(), file, fn));
    }
  }
  return {};
}

result<void> snapshot::verify() const {
  for (const file_ref* file : facts().files()) WEIR_TRY(verify_file(inner_->env->fs(), directory(), *file));
  return {};
}

result<void> read_blocks(base::file_system& fs, const std::string& directory, const file_ref& file,
                         const block_reader_fn& fn) {
  auto reader = WEIR_TRY(block_file_reader::open(fs, directory, file, content::state));
  const block_source from{file.cut, file.subtask, file.key_groups};
  record_kind kind{};
  std::string block;
  while (WEIR_TRY(reader->next(kind, block))) {
    if (kind != record_kind::state_block)
      return damaged(base::join_path(directory, file.name), "it has a record that is no state block");
    WEIR_TRY(fn(block, from));
  }
  return {};
}

result<snapshot> open_snapshot(base::env& env, const std::string& path, bool verify) {
  base::file_system& fs = env.fs();
  const auto info = WEIR_TRY(fs.stat(path));
  if (!info)
    return base::config_error(
        cat(path, " does not exist; name a savepoint, a checkpoint directory or a manifest in one"));
  std::string manifest_path = path;
  if (info->kind == base::file_kind::directory) {
    manifest_path = base::join_path(path, savepoint_manifest);
    if (!WEIR_TRY(fs.exists(manifest_path))) {
      auto newest = WEIR_TRY(newest_of(env, path, nullptr));
      if (newest) return std::move(*newest);
      return base::config_error(
          cat(path, " holds no complete cut; name a savepoint, a checkpoint directory or a manifest in one"));
    }
  }
  const std::string directory = base::parent_of(manifest_path);
  const std::size_t slash = manifest_path.rfind('/');
  const auto number =
      cut_of_manifest(slash == std::string::npos ? manifest_path : std::string_view(manifest_path).substr(slash + 1));
  manifest facts = WEIR_TRY(read_manifest(fs, manifest_path, number));
  return load_snapshot(env, directory, manifest_path, std::move(facts), verify, {}, nullptr);
}

}  // namespace weir::checkpoint
