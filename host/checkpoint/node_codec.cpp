#include "checkpoint/node_codec.hpp"

#include "base/cat.hpp"
#include "checkpoint/bytes.hpp"
#include "manifest.pb.h"

namespace weir::checkpoint {

using base::result;

result<void> write_node(block_file_writer& to, const node_snapshot& of) {
  pb::Node n;
  n.set_operator_id(of.operator_id);
  n.set_subtask(of.subtask);
  n.set_parallelism(of.parallelism);
  n.set_component(of.component);
  n.set_plugin_sha256(of.plugin_sha256);
  n.set_watermark_us(of.watermark_us);
  for (const auto& [name, count] : of.counts) (*n.mutable_counts())[name] = count;
  for (const split_position& s : of.splits) {
    pb::Split& split = *n.add_splits();
    split.set_id(s.id);
    split.set_position(s.position);
    split.set_watermark_us(s.watermark_us);
  }
  n.set_saved(of.saved.size());
  n.set_prepared(of.prepared.size());
  n.set_in_flight(!of.in_flight.empty());
  WEIR_TRY(to.append(record_kind::node, n.SerializeAsString()));
  for (const std::string& blob : of.saved) WEIR_TRY(to.append(record_kind::blob, blob));
  for (const std::string& blob : of.prepared) WEIR_TRY(to.append(record_kind::blob, blob));
  if (!of.in_flight.empty()) WEIR_TRY(to.append(record_kind::blob, of.in_flight));
  return {};
}

result<std::vector<node_snapshot>> read_nodes(base::file_system& fs, const std::string& directory,
                                              const file_ref& file) {
  const std::string path = base::join_path(directory, file.name);
  auto reader = WEIR_TRY(block_file_reader::open(fs, directory, file, content::nodes));
  record_kind kind{};
  std::string record;
  auto blob = [&]() -> result<std::string> {
    const bool more = WEIR_TRY(reader->next(kind, record));
    if (!more || kind != record_kind::blob) return damaged(path, "a blob of a node is missing");
    return std::move(record);
  };
  std::vector<node_snapshot> nodes;
  while (WEIR_TRY(reader->next(kind, record))) {
    pb::Node n;
    if (kind != record_kind::node || !n.ParseFromString(record))
      return damaged(path, "it has a record that is no node");
    node_snapshot& to = nodes.emplace_back();
    to.operator_id = n.operator_id();
    to.subtask = n.subtask();
    to.parallelism = n.parallelism();
    to.component = n.component();
    to.plugin_sha256 = n.plugin_sha256();
    to.watermark_us = n.watermark_us();
    for (const auto& [name, count] : n.counts()) to.counts.emplace(name, count);
    for (const pb::Split& s : n.splits()) to.splits.push_back({s.id(), s.position(), s.watermark_us()});
    for (std::uint64_t i = 0; i < n.saved(); ++i) to.saved.push_back(WEIR_TRY(blob()));
    for (std::uint64_t i = 0; i < n.prepared(); ++i) to.prepared.push_back(WEIR_TRY(blob()));
    if (n.in_flight()) to.in_flight = WEIR_TRY(blob());
  }
  return nodes;
}

}  // namespace weir::checkpoint
