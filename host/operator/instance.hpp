#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/env.hpp"
#include "model/batch.hpp"
#include "operator/collector.hpp"
#include "operator/context.hpp"
#include "operator/spec.hpp"
#include "weir/abi.h"

namespace weir::op {

/// An operator, sink, decoder or encoder at work in one subtask. All calls [task], create to destroy on one thread.
/// Every call says whether the chain still works; when it does not, the reason is in the chain_error.
class instance {
 public:
  /// what and out outlive it. table: what the plugin is given, lives as long as the process.
  instance(const spec& what, std::uint32_t subtask, const weir_host& table, collector& out, chain_error& failure,
           base::env& env);
  ~instance();
  instance(const instance&) = delete;
  instance& operator=(const instance&) = delete;

  bool create();
  /// Destroys the plugin's instance; counters stay.
  void close();
  /// One batch for an input port. Hashes the key when the port has one and nobody did before, and makes the batch dense
  /// for operators that do not read selections.
  bool process(std::uint32_t port, const model::batch_ref& batch);
  /// The event-time clock of the node has moved; never back.
  bool advance(std::int64_t watermark_us);
  bool end_of_port(std::uint32_t port);
  bool flush();
  /// Figures of the report extension, if the plugin has it.
  void report(const std::function<void(std::string_view name, std::uint64_t value)>& add);
  /// A row that the host itself could not use (an event time that is null): as if the plugin had called dead_letter.
  bool dead_letter(const model::batch& from, std::uint32_t row, std::string_view why);

  std::int64_t watermark() const { return context_.watermark; }
  const counters& counts() const { return context_.counts; }
  const spec& what() const { return context_.what; }

 private:
  /// Around each slot: an exception that leaves the plugin is the plugin's failure.
  template <class Call>
  weir_code call(Call&& into_plugin);

  weir_context context_;
  const weir_host& table_;
  void* self_ = nullptr;
  bool created_ = false;
};

}  // namespace weir::op
