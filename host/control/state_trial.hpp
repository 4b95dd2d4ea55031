#pragma once
// What becomes of keyed state when operators get another version, found out before anything is touched: in a process of its
// own, for it may be the plugin that converts.
//
//   running worker                                       weir check --state-from-stdin
//   question: declarations as they run, ── one JSON ──>  plan of the new definition, can_convert,
//   some stored values of each state                     the values converted and thrown away
//   differences with the answers in     <── one line ──  answers
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/state_shape.hpp"
#include "plan/difference.hpp"
#include "plan/plan.hpp"
#include "state/sample.hpp"

namespace weir::control {

/// One operator as it runs, by its id in the plan that is to come.
struct kept_state {
  std::string node;
  model::state_shape was;
  std::vector<state::value_sample> samples;
};

struct state_question {
  bool allow_dropped = false;
  std::vector<kept_state> operators;
};

struct state_answer {
  std::string node;  ///< id in the plan
  std::string told;  ///< "kept", "converted: total: since is new", "refused: total: field n is int64 ..."
  bool refused = false;
};

model::state_shape shape_of(const plan::node& n, std::uint32_t key_groups);

/// Of every operator of the question that the plan has. Calls plugins.
std::vector<state_answer> answers_to(const state_question& what, const plan::plan& next);

/// What goes in at stdin: the question and the pipeline's text. What comes out: a line of stdout that begins with
/// answer_begin.
std::string to_json(const state_question& what, const std::string& text);
base::result<std::pair<state_question, std::string>> read_question(const std::string& json);
inline constexpr std::string_view answer_begin = "{\"state_answers\":";
std::string to_json(const std::vector<state_answer>& all);
/// From all that the process has printed.
base::result<std::vector<state_answer>> read_answers(const std::string& output);

/// Puts what was answered in place of plan::state_converted; an error: the first thing that stands against the change.
base::result<void> take_answers(const std::vector<state_answer>& all, const plan::plan& next, plan::difference& into);

}  // namespace weir::control
