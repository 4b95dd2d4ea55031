// The command line of what changes a running pipeline.
#include <CLI/App.hpp>
#include <memory>

#include "control/command_options.hpp"

namespace weir::control {
namespace {

void change(command_options& to, CLI::App& c, change_arguments& how) {
  to.text(c, "--probation", how.probation, "TIME",
          "How long the new version can be taken back without a trace: next-checkpoint, or a time such as 2m. Default: "
          "[swap] of the pipeline.");
  c.add_flag("--no-wait", how.no_wait, "Return when the new version serves, not when its probation is over.");
  c.add_flag("--json", how.json, "Print one JSON object.");
}

void swap(command_options& to, CLI::App& root) {
  auto told = std::make_shared<swap_arguments>();
  auto& c = to.command(
      root, "swap", "Give operators of a running pipeline another plugin or other options, while data flows.",
      "The plugin is checked first; a refusal leaves the stream untouched. The change happens at a cut, and the new\n"
      "version is on probation until the next checkpoint (or --probation): when it fails, crashes, hangs or breaks a\n"
      "bound of [swap], the old one serves again and exactly-once sinks have shown nothing of the new one.\n"
      "Exit code 0: the new version is there, 1: it was taken back.\n\n"
      "Examples:\n  weir swap desk-risk exposure --plugin ./librisk.so\n"
      "  weir swap desk-risk exposure --plugin risk@1.3 --config limit=5 --probation 2m\n"
      "  weir swap desk-risk exposure --plugin ./librisk.so --canary 5%,25% --step 10m\n"
      "  weir swap desk-risk exposure --config limit=5\n",
      [told](console& io) { return swap_command(*told, io); });
  to.known_pipeline(c, told->pipeline);
  to.mark(c.add_option("OPERATOR", told->operators, "Ids of the operators; all of them change at the same cut."),
          value_kind::text, "OPERATOR")
      ->required()
      ->expected(1, command_options::values_max);
  to.file(c, "--plugin", told->plugin, "The new plugin: a file, or NAME or NAME@VERSION in the plugin directories.");
  to.mark(c.add_option("--config", told->config, "An option with another value; may be repeated."), value_kind::text,
          "KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  to.text(c, "--canary", told->canary, "SHARES",
          "Take over bit by bit: shares of the keys that the new version serves one after the other, such as 5% or "
          "5%,25%,100%; each is a probation of its own. none: all at once. Default: [swap] of the pipeline.");
  to.text(
      c, "--step", told->step, "STEP",
      "How long each share of --canary is served: a number of checkpoints, or a time such as 10m. Default: [swap] of "
      "the pipeline.");
  c.add_flag("--rebuild", told->rebuild,
             "Build the pipeline anew at the cut, also where instances could be exchanged.");
  change(to, c, told->how);
}

void shadow(command_options& to, CLI::App& root) {
  auto told = std::make_shared<shadow_arguments>();
  auto& c = to.command(
      root, "shadow", "Run another version of an operator beside the one that serves, and compare what they give out.",
      "It begins at a cut with a copy of the operator's state, gets the same input, and its output goes\n"
      "nowhere. Its failure ends it, not the pipeline. --promote makes it the one that serves, as `swap` does.\n"
      "--report: exit code 0: no difference, 1: there are differences, or it has failed.\n\n"
      "Examples:\n  weir shadow desk-risk exposure --plugin ./librisk.so --tolerance total=0.01\n"
      "  weir shadow desk-risk exposure --report\n  weir shadow desk-risk exposure --promote\n",
      [told](console& io) { return shadow_command(*told, io); });
  to.known_pipeline(c, told->pipeline);
  to.text(c, "OPERATOR", told->operator_id, "OPERATOR", "Its id.")->required();
  to.file(c, "--plugin", told->plugin, "The other version: a file, or NAME or NAME@VERSION in the plugin directories.");
  to.each(c, "--config", told->config, value_kind::text, "KEY=VALUE", "An option with another value; may be repeated.");
  to.each(c, "--ignore", told->ignored, value_kind::text, "FIELD",
          "A field that may differ, or event_time; may be repeated.");
  to.each(c, "--tolerance", told->tolerances, value_kind::text, "FIELD=NUMBER",
          "So much a field may differ: total=0.01, total=1%; may be repeated.");
  auto* report = c.add_flag("--report", told->report, "Show what was compared.");
  auto* drop = c.add_flag("--drop", told->drop, "End it.")->excludes(report);
  c.add_flag("--promote", told->promote, "Make it the version that serves.")->excludes(report)->excludes(drop);
  change(to, c, told->how);
}

void apply(command_options& to, CLI::App& root) {
  for (const bool carried_out : {false, true}) {
    auto told = std::make_shared<apply_arguments>();
    auto& c = to.command(
        root, carried_out ? "apply" : "plan",
        carried_out ? "Make a running pipeline what its edited file says, at one cut."
                    : "Show what `apply` of an edited file would change, how, and what becomes of state.",
        carried_out ? "A file that is wrong changes nothing. As with `swap` the new version is on probation first.\n\n"
                      "Examples:\n  weir plan desk-risk.toml\n  weir apply desk-risk.toml\n"
                    : "Example:\n  weir plan desk-risk.toml --json\n",
        [told, carried_out](console& io) { return carried_out ? apply_command(*told, io) : plan_command(*told, io); });
    to.file(c, "FILE", told->file, "The pipeline file (TOML), edited.")->required();
    to.mark(c.add_option("--set", told->set,
                         "Use this value instead of the file's; may be repeated. Those of `weir run` do not count."),
            value_kind::text, "ID.KEY=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (carried_out)
      change(to, c, told->how);
    else
      c.add_flag("--json", told->how.json, "Print one JSON object.");
  }
}

void rollback(command_options& to, CLI::App& root) {
  auto told = std::make_shared<rollback_arguments>();
  auto& c = to.command(
      root, "rollback", "Bring the version before the last change back.",
      "On probation: from the cut of the change, as if the new version had never been. Later: as a change of its own,\n"
      "at a new cut and with the state as it is now.\n\nExample:\n  weir rollback desk-risk\n",
      [told](console& io) { return rollback_command(*told, io); });
  to.known_pipeline(c, told->pipeline);
  change(to, c, told->how);
}

void history(command_options& to, CLI::App& root) {
  auto told = std::make_shared<history_arguments>();
  auto& c = to.command(root, "history", "List the changes that were made to a pipeline while it ran.",
                       "Example:\n  weir history desk-risk --json\n",
                       [told](console& io) { return history_command(*told, io); });
  to.known_pipeline(c, told->pipeline);
  c.add_flag("--json", told->json, "Print one JSON object a line.");
}

}  // namespace

void add_change_commands(command_options& to, CLI::App& root) {
  swap(to, root);
  shadow(to, root);
  apply(to, root);
  rollback(to, root);
  history(to, root);
}

}  // namespace weir::control
