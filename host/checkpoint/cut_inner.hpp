#pragma once
// Inside of a cut_writer.
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/block_file.hpp"
#include "checkpoint/cut_writer.hpp"
#include "checkpoint/storage_inner.hpp"

namespace weir::checkpoint {

struct cut_writer::inner {
  struct part {  // the file of one operator in one subtask
    std::mutex mutex;
    std::unique_ptr<block_file_writer> file;
  };

  std::shared_ptr<storage::inner> owner;
  cut_request what;
  std::int64_t begun_at_us = 0;
  std::atomic<std::uint64_t> raw{0};

  std::mutex nodes_mutex;
  std::unique_ptr<block_file_writer> nodes;

  std::mutex mutex;  // guards what follows
  std::map<std::pair<std::string, std::uint32_t>, std::unique_ptr<part>> parts;
  std::vector<std::string> names;  // of all files it created
  std::optional<base::error> failed;
  bool ended = false;

  // By finish() alone.
  std::map<std::string, std::vector<file_ref>> written;  // by operator
  file_ref nodes_ref;

  void fail(base::error why);
  /// Null: the cut has failed.
  part* part_of(std::string_view operator_id, std::uint32_t subtask, model::key_group_range own);
  base::result<void> open_nodes();
  base::result<void> settle_files();
  chains next_chains() const;
  manifest describe(const chains& next) const;
  /// An error as finish() gives it: where, and whether the run may go on.
  base::error told(base::error why) const;
  void abandon();
  void abandon_locked();
};

}  // namespace weir::checkpoint
