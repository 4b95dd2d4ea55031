#pragma once
// Node snapshots in a block file: a message, then its blobs as records of their own, so that none has a limit but
// memory.
#include <vector>

#include "checkpoint/block_file.hpp"
#include "checkpoint/node_snapshot.hpp"

namespace weir::checkpoint {

base::result<void> write_node(block_file_writer& to, const node_snapshot& of);
/// All nodes of a file, in their order. Errors name the file.
base::result<std::vector<node_snapshot>> read_nodes(base::file_system& fs, const std::string& directory,
                                                    const file_ref& file);

}  // namespace weir::checkpoint
