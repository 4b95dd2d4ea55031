#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "job/job.hpp"
#include "operator/spec.hpp"
#include "task/operator_task.hpp"
#include "task/runner.hpp"
#include "task/source_task.hpp"

namespace weir::job {

/// The tasks of a plan, wired. Tasks and runner belong together: channels hold the runner's wakers.
struct built {
  std::map<std::string, std::unique_ptr<source::alignment_group>> groups;  ///< by name of the align_group
  std::vector<std::shared_ptr<const op::spec>> specs;                      ///< by node
  std::vector<std::vector<std::unique_ptr<task::task>>> tasks;             ///< by chain, by subtask
  /// Of a chain whose head is a source, its tasks as what they are; else empty. By chain.
  std::vector<std::vector<task::source_task*>> sources;
  /// Of the other chains. By chain.
  std::vector<std::vector<task::operator_task*>> operators;
  /// Who writes into each channel, "enrich/1". By chain, by subtask, by number of the channel.
  std::vector<std::vector<std::vector<std::string>>> writers;
};

/// Where a node runs: its chain and its place in it.
struct place {
  std::uint32_t chain = 0;
  std::uint32_t at = 0;
};
std::vector<place> places_of(const plan::plan& what);

/// What the subtasks of a node of the plan are told of it.
std::shared_ptr<const op::spec> spec_of(const plan::plan& what, const plan::node& n, const options& how);

built build(const plan::plan& what, const options& how, const weir_host& table, task::runner& runner, base::env& env);

}  // namespace weir::job
