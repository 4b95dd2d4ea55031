#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "exchange/gate.hpp"
#include "model/watermark_merge.hpp"
#include "task/task.hpp"

namespace weir::task {

/// A subtask whose head is an operator or a sink behind channels.
class operator_task final : public task {
 public:
  /// input_ports: for each input edge of the head, the port that it feeds. port_count: input ports of the head.
  operator_task(std::string name, std::uint32_t subtask, const weir_host& table, base::env& env, exchange::waker& own,
                std::vector<std::uint32_t> input_ports, std::uint32_t port_count)
      : task(std::move(name), subtask, table, env),
        gate_(own),
        input_ports_(std::move(input_ports)),
        open_of_port_(port_count, 0) {}

  exchange::gate& gate() { return gate_; }
  const exchange::gate& gate() const { return gate_; }
  /// [control] After the last channel was opened, before the first step.
  void seal();
  step_result step() override;

 private:
  bool take(exchange::arrival& a);
  bool take_watermark(std::uint32_t channel, model::watermark w);
  bool take_end(std::uint32_t channel, std::uint32_t input);
  bool follow_merge();

  exchange::gate gate_;
  std::vector<std::uint32_t> input_ports_;
  std::vector<std::uint32_t> open_of_port_;  // channels of each port that have not ended
  std::size_t open_ = 0;
  model::watermark_merge merge_;
  bool idle_ = false;
  bool done_ = false;
};

}  // namespace weir::task
