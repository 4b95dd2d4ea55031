#pragma once
// Why a running pipeline gives nothing out: two looks at its figures and its plan in, sentences for people out. Pure, so that
// every case can be tried without a pipeline.
//
//   sinks ──backwards──> a queue that is full        who is slow behind it
//                        an operator of event time   held_by, held_by, ... until the source and its split
//                        an operator that keeps all  refuses, is late, filters
//                        the sources                 nothing to read, do not read
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "job/job.hpp"
#include "plan/plan.hpp"

namespace weir::control {

enum class silence_kind : std::uint8_t {
  not_ready,        ///< a source has not got its splits, or a task has failed
  back_pressure,    ///< a queue is full: the subtask behind it is slow or hangs
  split,            ///< a split holds the event-time clock
  idle_source,      ///< the same, it has nothing to read, and idle_after is not told
  window_open,      ///< the clock goes, or nothing newer has come: what waits has not ended yet
  no_strategy,      ///< an operator of event time behind a source without [watermark]
  paused,           ///< a source waits for a slower one of its align_group
  late,             ///< all records come behind the clock
  swallowed,        ///< an operator takes records and passes none on
  nothing_to_read,  ///< the sources have read all there is
  not_reading,      ///< a source gives nothing and does not say why
  under_way,        ///< nothing holds it, no record has reached the sink between the looks
};
std::string_view name_of(silence_kind kind);

/// What holds one sink back.
struct silence_reason {
  silence_kind kind = silence_kind::under_way;
  std::string sink;    ///< empty: all of them
  std::string at;      ///< the operator, source or split that it is about: "trades", "trades/3"
  std::string what;    ///< a sentence
  std::string advice;  ///< what to do; may be empty
  std::optional<std::int64_t> watermark_us, behind_us, pending;  ///< of a split
};

struct silence {
  std::string pipeline;
  std::vector<std::string> flows;  ///< sinks that got records between the two looks
  std::vector<silence_reason> reasons;
};

struct silence_facts {
  const plan::plan& plan;
  std::vector<bool> waits_for_time;  ///< by node: it does something when the event-time clock moves
  std::vector<job::subtask_figures> before, now;
  std::int64_t between_us = 0;
  std::optional<std::string> not_ready;
};

silence explain(const silence_facts& of);

/// One object, one line.
std::string json_of(const silence& of);
/// For people, of json_of's text; the lines end with \n.
std::string silence_for_people(const std::string& json);

}  // namespace weir::control
