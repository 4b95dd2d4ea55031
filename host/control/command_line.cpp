#include "control/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <tuple>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "control/commands.hpp"
#include "control/version.hpp"

namespace weir::control {
namespace {

using base::cat;

constexpr const char* introduction =
    "weir runs stream-processing pipelines whose operators are shared libraries.\n"
    "A pipeline is a TOML file; `weir new operator NAME` starts a plugin of your own.";

constexpr const char* examples =
    "Examples:\n"
    "  weir check desk-risk.toml                 is it right? nothing is started\n"
    "  weir run desk-risk.toml                   run until the input ends or Ctrl-C\n"
    "  weir graph desk-risk.toml --format svg    draw it\n"
    "  weir plugin list                          what can a pipeline use?\n";

constexpr int files_max = 10'000;

// The tree of CLI11 with what completion wants to know about each option beside it, and the function to run.
class command_line {
 public:
  explicit command_line(std::vector<std::string> given = {}) : given_(std::move(given)), root_(introduction, "weir") {
    root_.require_subcommand(1);
    root_.set_help_flag("-h,--help", "Show what a command does and its flags.");
    root_.set_version_flag("--version", std::string("weir ") + version_text, "Show the version.");
    root_.footer(cat(examples, "\n", exit_code_help(), "\n`weir COMMAND --help` says more about one command.\n"));
    run();
    dev();
    savepoint();
    stop();
    swap();
    shadow();
    apply();
    rollback();
    history();
    ps();
    why_no_output();
    check();
    graph();
    plugin();
    checkpoint();
    state();
    new_();
    schema();
    completion();
    version();
  }

  CLI::App& root() { return root_; }
  const std::function<exit_code(console&)>& chosen() const { return chosen_; }

  command_info tree() const { return describe(root_); }
  command_info deepest_tree() { return describe(deepest()); }

  // The deepest command that the line names.
  CLI::App& deepest() {
    CLI::App* at = &root_;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    return *at;
  }

  static std::string path_of(const CLI::App& c) {
    return c.get_parent() ? path_of(*c.get_parent()) + " " + c.get_name() : c.get_name();
  }

 private:
  struct value_info {
    value_kind kind = value_kind::none;
    std::string shown;
    std::vector<std::string> choices;
  };

  CLI::App& command(CLI::App& in, const char* name, const char* help, const char* more,
                    std::function<exit_code(console&)> what) {
    auto* c = in.add_subcommand(name, help);
    c->footer(more);
    c->set_help_flag("-h,--help", "Show this help.");
    if (what) c->callback([this, what = std::move(what)] { chosen_ = what; });
    return *c;
  }

  CLI::Option* mark(CLI::Option* o, value_kind kind, const char* shown, std::vector<std::string> choices = {}) {
    if (!choices.empty()) {
      o->check([choices](const std::string& given) {
        if (std::find(choices.begin(), choices.end(), given) != choices.end()) return std::string();
        return cat(base::quoted(given), " is not ", base::one_of(choices), base::did_you_mean(given, choices));
      });
    }
    o->type_name(shown);
    kinds_[o] = {kind, shown, std::move(choices)};
    return o;
  }

  CLI::Option* text(CLI::App& c, const char* names, std::string& to, const char* shown, const char* help) {
    return mark(c.add_option(names, to, help), value_kind::text, shown);
  }
  CLI::Option* choice(CLI::App& c, const char* names, std::string& to, const char* shown, std::vector<std::string> from,
                      const char* help) {
    return mark(c.add_option(names, to, help), value_kind::choice, shown, std::move(from));
  }
  template <class T>
  CLI::Option* file(CLI::App& c, const char* names, T& to, const char* help) {
    return mark(c.add_option(names, to, help), value_kind::file, "FILE");
  }

  void plugin_dirs(CLI::App& c, std::vector<std::string>& to) {
    mark(c.add_option("--plugin-dir", to,
                      "Search this folder for plugins first; may be repeated. Then WEIR_PLUGIN_PATH and the folders of "
                      "the program."),
         value_kind::directory, "DIR")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  void pipeline(CLI::App& c, pipeline_arguments& to, bool many) {
    if (many) {
      file(c, "FILE", to.files, "Pipeline files (TOML).")->required()->expected(1, files_max);
    } else {
      to.files.resize(1);
      file(c, "FILE", to.files.front(), "The pipeline file (TOML).")->required();
    }
    mark(c.add_option("--set", to.set,
                      "Use this value instead of the file's, e.g. `--set trades.topic=test`, `--set parallelism=2`; "
                      "may be repeated."),
         value_kind::text, "ID.KEY=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    plugin_dirs(c, to.plugin_dirs);
  }

  void run() {
    auto told = std::make_shared<run_arguments>();
    auto& c = command(
        root_, "run", "Run a pipeline until its input ends or it is told to stop.",
        "SIGTERM or SIGINT (Ctrl-C) drains: sources stop, everything read is processed, sinks flush, exit code 0.\n"
        "A second one stops at once, a third one ends the process even when a plugin hangs.\n"
        "The pipeline runs in a worker process. With a [checkpoint] table a worker that fails, crashes or hangs is\n"
        "restarted from the newest checkpoint as [restart] says, and a run that was stopped goes on where it was.\n\n"
        "Examples:\n"
        "  weir run desk-risk.toml\n"
        "  weir run nexmark/q0.toml --set nexmark.events=1000000 --json\n"
        "  weir run desk-risk.toml --metrics-listen 9100     then GET http://127.0.0.1:9100/metrics\n",
        [this, told](console& io) {
          told->command = given_;
          return run_pipeline_command(*told, io);
        });
    pipeline(c, told->pipeline, false);
    c.add_flag("--json", told->json, "Print the result as one line of JSON, the last of stdout.");
    text(c, "--metrics-listen", told->metrics_listen, "[ADDRESS:]PORT",
         "Serve /metrics (Prometheus), /healthz and /readyz there; the address is 127.0.0.1 when not given, port 0 is "
         "any free one. Off by default.");
    text(c, "--metrics-port", told->metrics_port, "PORT", "The same on 127.0.0.1.")->excludes("--metrics-listen");
    c.add_flag("--fresh", told->fresh, "Start anew, not where the last run was stopped or crashed.");
    mark(c.add_option("--from", told->from,
                      "Start from this checkpoint or savepoint; `latest`: the newest one of the last run, whatever "
                      "became of it."),
         value_kind::directory, "DIR")
        ->excludes("--fresh");
    c.add_flag("--allow-dropped-state", told->allow_dropped_state,
               "Start although a checkpoint holds state of an operator that the pipeline no longer has.");
    c.add_flag("--watch", told->watch, "Look at the file, and apply each edit of it while data flows, as `weir apply` does.");
    c.add_flag("--no-supervisor", told->no_supervisor,
               "Run in this one process, for a debugger: nothing restarts it, no hung plugin is looked for.");
    // For the supervisor alone.
    c.add_option("--worker", told->worker)->group("");
    choice(c, "--log-level", told->log.level, "LEVEL", {"trace", "debug", "info", "warn", "error", "off"},
           "Log lines from this level on; default info.");
    choice(c, "--log-format", told->log.format, "FORMAT", {"auto", "json", "text"},
           "Form of log lines; auto, the default, is text on a terminal and else json.");
  }

  void dev() {
    auto told = std::make_shared<dev_arguments>();
    auto& c = command(
        root_, "dev", "Run a pipeline while you write its plugin: each change of the source is built and swapped in.",
        "Errors of the compiler, and what weir has to say against the new version, are shown, and the old one runs on.\n"
        "A pipeline whose input has ended is started afresh after the next build. Ctrl-C drains it and ends.\n\n"
        "Example, in a project of `weir new operator fraud-score`:\n  cmake -B build\n"
        "  weir dev fraud-score.toml --plugin-dir build\n",
        [told](console& io) { return dev_command(*told, io); });
    pipeline(c, told->pipeline, false);
    text(c, "--build", told->build, "COMMAND", "Builds the plugin; for /bin/sh. Default: cmake --build build.");
    mark(c.add_option("--source", told->source,
                      "Folder to watch, with what is in it; not names that begin with a dot or with build. Default: here."),
         value_kind::directory, "DIR");
  }

  void savepoint() {
    auto told = std::make_shared<savepoint_arguments>();
    auto& c = command(
        root_, "savepoint", "Take a savepoint of a running pipeline: its whole state in a directory of yours.",
        "It returns when the savepoint is complete and prints its directory; `weir run FILE --from DIR` starts from "
        "it.\n\n"
        "Examples:\n  weir savepoint desk-risk\n  weir savepoint desk-risk.toml /backup/desk-risk-before-upgrade\n",
        [told](console& io) { return savepoint_command(*told, io); });
    text(c, "PIPELINE", told->pipeline, "PIPELINE", "Name of the pipeline, its file or its state directory.")
        ->required();
    mark(c.add_option("DIR", told->directory,
                      "A directory that does not exist yet; a new one below the state directory when not given."),
         value_kind::directory, "DIR");
  }

  void stop() {
    auto told = std::make_shared<stop_arguments>();
    auto& c = command(root_, "stop", "Stop a running pipeline in order, as SIGTERM does, and wait until it has ended.",
                      "Sources stop, everything read is processed, sinks flush. `weir run` of the same pipeline goes "
                      "on from there.\n\n"
                      "Examples:\n  weir stop desk-risk\n  weir stop desk-risk --savepoint /backup/desk-risk-friday\n",
                      [told](console& io) { return stop_command(*told, io); });
    text(c, "PIPELINE", told->pipeline, "PIPELINE", "Name of the pipeline, its file or its state directory.")
        ->required();
    mark(c.add_option("--savepoint", told->savepoint, "Leave a savepoint of where it ended in this new directory."),
         value_kind::directory, "DIR");
  }

  void change(CLI::App& c, change_arguments& to) {
    text(c, "--probation", to.probation, "TIME",
         "How long the new version can be taken back without a trace: next-checkpoint, or a time such as 2m. Default: "
         "[swap] of the pipeline.");
    c.add_flag("--no-wait", to.no_wait, "Return when the new version serves, not when its probation is over.");
    c.add_flag("--json", to.json, "Print one JSON object.");
  }

  void swap() {
    auto told = std::make_shared<swap_arguments>();
    auto& c = command(
        root_, "swap", "Give operators of a running pipeline another plugin or other options, while data flows.",
        "The plugin is checked first; a refusal leaves the stream untouched. The change happens at a cut, and the new\n"
        "version is on probation until the next checkpoint (or --probation): when it fails, crashes, hangs or breaks a\n"
        "bound of [swap], the old one serves again and exactly-once sinks have shown nothing of the new one.\n"
        "Exit code 0: the new version is there, 1: it was taken back.\n\n"
        "Examples:\n  weir swap desk-risk exposure --plugin ./librisk.so\n"
        "  weir swap desk-risk exposure --plugin risk@1.3 --config limit=5 --probation 2m\n"
        "  weir swap desk-risk exposure --config limit=5\n",
        [told](console& io) { return swap_command(*told, io); });
    text(c, "PIPELINE", told->pipeline, "PIPELINE", "Name of the pipeline, its file or its state directory.")
        ->required();
    mark(c.add_option("OPERATOR", told->operators, "Ids of the operators; all of them change at the same cut."),
         value_kind::text, "OPERATOR")
        ->required()
        ->expected(1, files_max);
    file(c, "--plugin", told->plugin, "The new plugin: a file, or NAME or NAME@VERSION in the plugin directories.");
    mark(c.add_option("--config", told->config, "An option with another value; may be repeated."), value_kind::text, "KEY=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    c.add_flag("--rebuild", told->rebuild, "Build the pipeline anew at the cut, also where instances could be exchanged.");
    change(c, told->how);
  }

  void shadow() {
    auto told = std::make_shared<shadow_arguments>();
    auto& c = command(
        root_, "shadow", "Run another version of an operator beside the one that serves, and compare what they give out.",
        "It begins at a cut with a copy of the operator's state, gets the same input, and its output goes\n"
        "nowhere. Its failure ends it, not the pipeline. --promote makes it the one that serves, as `swap` does.\n"
        "--report: exit code 0: no difference, 1: there are differences, or it has failed.\n\n"
        "Examples:\n  weir shadow desk-risk exposure --plugin ./librisk.so --tolerance total=0.01\n"
        "  weir shadow desk-risk exposure --report\n  weir shadow desk-risk exposure --promote\n",
        [told](console& io) { return shadow_command(*told, io); });
    text(c, "PIPELINE", told->pipeline, "PIPELINE", "Name of the pipeline, its file or its state directory.")
        ->required();
    text(c, "OPERATOR", told->operator_id, "OPERATOR", "Its id.")->required();
    file(c, "--plugin", told->plugin, "The other version: a file, or NAME or NAME@VERSION in the plugin directories.");
    for (auto& [name, to, shown, help] : std::initializer_list<std::tuple<const char*, std::vector<std::string>*, const char*, const char*>>{
             {"--config", &told->config, "KEY=VALUE", "An option with another value; may be repeated."},
             {"--ignore", &told->ignored, "FIELD", "A field that may differ, or event_time; may be repeated."},
             {"--tolerance", &told->tolerances, "FIELD=NUMBER", "So much a field may differ: total=0.01, total=1%; may be repeated."}})
      mark(c.add_option(name, *to, help), value_kind::text, shown)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    auto* report = c.add_flag("--report", told->report, "Show what was compared.");
    auto* drop = c.add_flag("--drop", told->drop, "End it.")->excludes(report);
    c.add_flag("--promote", told->promote, "Make it the version that serves.")->excludes(report)->excludes(drop);
    change(c, told->how);
  }

  void apply() {
    for (const bool carried_out : {false, true}) {
      auto told = std::make_shared<apply_arguments>();
      auto& c = command(
          root_, carried_out ? "apply" : "plan",
          carried_out ? "Make a running pipeline what its edited file says, at one cut."
                      : "Show what `apply` of an edited file would change, how, and what becomes of state.",
          carried_out ? "A file that is wrong changes nothing. As with `swap` the new version is on probation first.\n\n"
                        "Examples:\n  weir plan desk-risk.toml\n  weir apply desk-risk.toml\n"
                      : "Example:\n  weir plan desk-risk.toml --json\n",
          [told, carried_out](console& io) { return carried_out ? apply_command(*told, io) : plan_command(*told, io); });
      file(c, "FILE", told->file, "The pipeline file (TOML), edited.")->required();
      mark(c.add_option("--set", told->set, "Use this value instead of the file's; may be repeated. Those of `weir run` do not count."),
           value_kind::text, "ID.KEY=VALUE")
          ->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      if (carried_out)
        change(c, told->how);
      else
        c.add_flag("--json", told->how.json, "Print one JSON object.");
    }
  }

  void rollback() {
    auto told = std::make_shared<rollback_arguments>();
    auto& c = command(
        root_, "rollback", "Bring the version before the last change back.",
        "On probation: from the cut of the change, as if the new version had never been. Later: as a change of its own,\n"
        "at a new cut and with the state as it is now.\n\nExample:\n  weir rollback desk-risk\n",
        [told](console& io) { return rollback_command(*told, io); });
    text(c, "PIPELINE", told->pipeline, "PIPELINE", "Name of the pipeline, its file or its state directory.")
        ->required();
    change(c, told->how);
  }

  void history() {
    auto told = std::make_shared<history_arguments>();
    auto& c = command(root_, "history", "List the changes that were made to a pipeline while it ran.",
                      "Example:\n  weir history desk-risk --json\n",
                      [told](console& io) { return history_command(*told, io); });
    text(c, "PIPELINE", told->pipeline, "PIPELINE", "Name of the pipeline, its file or its state directory.")
        ->required();
    c.add_flag("--json", told->json, "Print one JSON object a line.");
  }

  void ps() {
    auto told = std::make_shared<ps_arguments>();
    auto& c = command(root_, "ps", "List the pipelines that run or have run here with checkpoints, and how they are.",
                      "Example:\n  weir ps --json\n", [told](console& io) { return ps_command(*told, io); });
    mark(c.add_option("--state-dir", told->directory,
                      "Folder of the state directories. Default: WEIR_STATE_DIR, else ~/.local/state/weir."),
         value_kind::directory, "DIR");
    c.add_flag("--json", told->json, "Print one JSON object a line.");
  }

  void why_no_output() {
    auto told = std::make_shared<why_no_output_arguments>();
    auto& c = command(
        root_, "why-no-output", "Say what holds the output of a running pipeline back.",
        "From the sinks backwards: a source without its splits, a queue that is full and who is slow behind it, the\n"
        "source or split whose event time all windows wait for and what to write in the file so that they do not.\n\n"
        "Examples:\n  weir why-no-output desk-risk\n  weir why-no-output desk-risk.toml --json\n",
        [told](console& io) { return why_no_output_command(*told, io); });
    text(c, "PIPELINE", told->pipeline, "PIPELINE", "Name of the pipeline, its file or its state directory.")
        ->required();
    c.add_flag("--json", told->json, "Print one JSON object.");
  }

  void check() {
    auto told = std::make_shared<check_arguments>();
    auto& c = command(
        root_, "check", "Check pipelines: file, plugins, options, schemas. Starts nothing, touches no broker.",
        "Everything that is wrong is reported, with file, line and column. Exit code 0: all is right, 1: it is not.\n\n"
        "Examples:\n  weir check pipelines/*.toml\n  weir check desk-risk.toml --no-environment --json\n",
        [told](console& io) { return check_command(*told, io); });
    pipeline(c, told->pipeline, true);
    c.add_flag("--no-environment{false}", told->pipeline.environment,
               "Leave ${env:..} and ${file:..} unresolved: for machines without the secrets.");
    c.add_flag("--deny-warnings", told->deny_warnings, "Treat warnings as errors.");
    c.add_flag("--text-from-stdin", told->text_from_stdin)->group("");  // of a worker that is asked for a change
    c.add_flag("--json", told->json, "Print problems as one JSON object a line.");
  }

  void graph() {
    auto told = std::make_shared<graph_arguments>();
    auto& c = command(
        root_, "graph", "Draw a pipeline as text, DOT or SVG.",
        "Examples:\n  weir graph desk-risk.toml\n  weir graph desk-risk.toml --format svg --schemas -o desk-risk.svg\n",
        [told](console& io) { return graph_command(*told, io); });
    pipeline(c, told->pipeline, false);
    choice(c, "--format", told->format, "FORMAT", {"text", "dot", "svg"}, "Kind of drawing; default text.");
    file(c, "-o,--output", told->output, "Write to this file instead of stdout.");
    c.add_flag("--schemas", told->schemas, "Show the columns of every node's output.");
    c.add_flag("--no-environment{false}", told->pipeline.environment, "Leave ${env:..} and ${file:..} unresolved.");
  }

  void plugin() {
    auto& group = command(root_, "plugin", "List, inspect and verify plugins.", "", nullptr);
    group.require_subcommand(1);

    auto listed = std::make_shared<plugin_arguments>();
    auto& l = command(group, "list", "List the plugins that pipelines can use, and what they offer.",
                      "Example:\n  weir plugin list --plugin-dir ./build\n",
                      [listed](console& io) { return plugin_list_command(*listed, io); });
    plugin_dirs(l, listed->plugin_dirs);
    l.add_flag("--json", listed->json, "Print one JSON object.");

    auto inspected = std::make_shared<plugin_arguments>();
    auto& i = command(group, "inspect", "Show a plugin's components with their options and defaults.",
                      "Examples:\n  weir plugin inspect kafka\n  weir plugin inspect ./build/librisk.so\n",
                      [inspected](console& io) { return plugin_inspect_command(*inspected, io); });
    mark(i.add_option("PLUGIN", inspected->what, "Names of plugins, NAME@VERSION, or paths of .so files."),
         value_kind::file, "PLUGIN")
        ->required()
        ->expected(1, files_max);
    plugin_dirs(i, inspected->plugin_dirs);
    i.add_flag("--json", inspected->json, "Print one JSON object.");

    auto verified = std::make_shared<plugin_arguments>();
    auto& v = command(
        group, "verify", "Say whether weir would load a plugin file, and everything that speaks against it.",
        "Exit code 0: it would be loaded, 1: it would be refused.\n\nExample:\n  weir plugin verify build/librisk.so\n",
        [verified](console& io) { return plugin_verify_command(*verified, io); });
    file(v, "FILE", verified->what, "Plugin files (.so).")->required()->expected(1, files_max);
    v.add_flag("--json", verified->json, "Print one JSON object.");
  }

  void checkpoint() {
    auto& group = command(root_, "checkpoint", "List and verify the cuts of a pipeline.", "", nullptr);
    group.require_subcommand(1);
    auto told = std::make_shared<checkpoint_arguments>();
    auto& l =
        command(group, "ls", "List checkpoints, newest first.", "Example:\n  weir checkpoint ls desk-risk --json\n",
                [told](console& io) { return checkpoint_list_command(*told, io); });
    auto& v =
        command(group, "verify", "Read every byte of checkpoints or a savepoint and say whether it is as written.",
                "Exit code 0: it is, 1: it is not.\n\nExample:\n  weir checkpoint verify /backup/desk-risk-friday\n",
                [told](console& io) { return checkpoint_verify_command(*told, io); });
    for (CLI::App* c : {&l, &v}) {
      snapshot(*c, "SNAPSHOT", told->path);
      c->add_flag("--json", told->json, "Print one JSON object a line.");
    }
  }

  void snapshot(CLI::App& c, const char* name, std::string& to) {
    mark(c.add_option(name, to,
                      "A savepoint, a checkpoint directory, a manifest in one, a pipeline's file or its name."),
         value_kind::directory, name)
        ->required();
  }

  void state() {
    auto& group = command(root_, "state", "Look into the keyed state of a checkpoint or savepoint, also while it runs.",
                          "Every entry is one line of JSON.\n", nullptr);
    group.require_subcommand(1);
    auto told = std::make_shared<state_arguments>();
    const auto scan = [told](console& io) { return state_scan_command(*told, io); };
    auto& ls =
        command(group, "ls", "List the states, with how many entries they have.",
                "Example:\n  weir state ls desk-risk\n", [told](console& io) { return state_list_command(*told, io); });
    auto& get = command(group, "get", "Show what is kept for a key.",
                        "Example:\n  weir state get desk-risk exposure total '{\"desk\":\"fx\"}'\n", scan);
    auto& all = command(group, "scan", "Show entries.", "Example:\n  weir state scan desk-risk exposure\n", scan);
    auto& out = command(group, "export", "Write all entries as JSON lines.",
                        "Example:\n  weir state export /backup/desk-risk-friday -o state.jsonl\n", scan);
    auto& diff =
        command(group, "diff", "Show how the state of two snapshots differs.",
                "Exit code 0: it does not, 1: it does.\n\nExample:\n  weir state diff /backup/friday desk-risk\n",
                [told](console& io) { return state_diff_command(*told, io); });
    for (CLI::App* c : {&ls, &get, &all, &out}) snapshot(*c, "SNAPSHOT", told->snapshot);
    snapshot(diff, "BEFORE", told->snapshot);
    snapshot(diff, "AFTER", told->other);
    for (CLI::App* c : {&get, &all}) text(*c, "OPERATOR", told->operator_id, "OPERATOR", "Its id.")->required();
    for (CLI::App* c : {&ls, &out, &diff}) text(*c, "--operator", told->operator_id, "OPERATOR", "Of this one only.");
    text(get, "STATE", told->state, "STATE", "Name of the state or timer family.")->required();
    text(get, "KEY", told->key, "KEY", "Key fields as a JSON object; not all are needed.")->required();
    text(all, "STATE", told->state, "STATE", "Name of the state or timer family; all when not given.");
    mark(all.add_option("--limit", told->limit, "Stop after so many entries."), value_kind::text, "N");
    text(out, "--state", told->state, "STATE", "Of this state only.");
    file(out, "-o,--output", told->output, "Write to this file instead of stdout.");
  }

  void new_() {
    auto& group = command(root_, "new", "Start a project from a template.", "", nullptr);
    group.require_subcommand(1);
    auto told = std::make_shared<new_operator_arguments>();
    auto& c = command(
        group, "operator", "Write a project with one operator, its test, a pipeline and a CMake build.",
        "Example:\n  weir new operator fraud-score && cd fraud-score && cmake -B build && cmake --build build\n",
        [told](console& io) { return new_operator_command(*told, io); });
    text(c, "NAME", told->name, "NAME", "Name of the plugin: a-z, 0-9, - and _, a letter first.")->required();
    mark(c.add_option("--dir", told->directory,
                      "Folder of the project; it must not exist or be empty. Default: ./NAME."),
         value_kind::directory, "DIR");
    c.add_flag("--keyed", told->keyed, "An operator that keeps state by key and sets timers.");
    mark(c.add_option("--template", told->template_folder, "Another template than the one that came with weir."),
         value_kind::directory, "DIR");
  }

  void schema() {
    auto told = std::make_shared<schema_arguments>();
    auto& c = command(
        root_, "schema", "Print the JSON Schema of pipeline files, with the options of all plugins, for editors.",
        "Example:\n  weir schema -o weir.schema.json      and in a pipeline: #:schema ./weir.schema.json\n",
        [told](console& io) { return schema_command(*told, io); });
    plugin_dirs(c, told->plugin_dirs);
    file(c, "-o,--output", told->output, "Write to this file instead of stdout.");
  }

  void completion() {
    auto which = std::make_shared<std::string>();
    auto& c = command(root_, "completion", "Print a script that completes `weir` in your shell.",
                      "Examples:\n  source <(weir completion bash)\n  weir completion zsh > \"${fpath[1]}/_weir\"\n"
                      "  weir completion fish > ~/.config/fish/completions/weir.fish\n",
                      [this, which](console& io) {
                        io.out(completion_script(tree(), *which == "bash"  ? shell::bash
                                                         : *which == "zsh" ? shell::zsh
                                                                           : shell::fish));
                        return exit_code::ok;
                      });
    choice(c, "SHELL", *which, "SHELL", {"bash", "zsh", "fish"}, "Which shell.")->required();
  }

  void version() {
    auto json = std::make_shared<bool>(false);
    auto& c = command(root_, "version", "Print the versions of weir and of the plugin ABI.", "",
                      [json](console& io) { return version_command(*json, io); });
    c.add_flag("--json", *json, "Print one JSON object.");
  }

  flag_info describe(const CLI::Option& o) const {
    flag_info f;
    if (o.get_positional()) {
      f.names.push_back(o.get_name(true));
    }
    for (const auto& n : o.get_snames()) f.names.push_back("-" + n);
    for (const auto& n : o.get_lnames()) f.names.push_back("--" + n);
    f.help = o.get_description();
    f.required = o.get_required();
    f.repeatable = o.get_items_expected_max() > 1 || o.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
    if (const auto found = kinds_.find(&o); found != kinds_.end()) {
      f.value = found->second.kind;
      f.shown = found->second.shown;
      f.choices = found->second.choices;
    }
    return f;
  }

  command_info describe(const CLI::App& c) const {
    command_info out{c.get_name(), c.get_description(), c.get_footer(), {}, {}, {}};
    for (const auto* o : c.get_options()) {
      if (!o->get_group().empty()) (o->get_positional() ? out.arguments : out.flags).push_back(describe(*o));
    }
    for (const auto* s : c.get_subcommands([](const CLI::App*) { return true; })) out.commands.push_back(describe(*s));
    return out;
  }

  const std::vector<std::string> given_;  ///< argv
  CLI::App root_;
  std::map<const CLI::Option*, value_info> kinds_;
  std::function<exit_code(console&)> chosen_;
};

std::vector<std::string> command_names(const CLI::App& of) {
  std::vector<std::string> out;
  for (const auto* s : of.get_subcommands([](const CLI::App*) { return true; })) out.push_back(s->get_name());
  return out;
}

// What to say about words that no command takes.
std::string about_extra(const CLI::App& at, const std::string& word) {
  if (word.starts_with('-')) {
    std::vector<std::string> flags;
    for (const auto* o : at.get_options()) {
      if (o->get_group().empty()) continue;
      for (const auto& n : o->get_lnames()) flags.push_back("--" + n);
    }
    const auto name = word.substr(0, word.find('='));
    return cat("unknown flag ", base::quoted(name), base::did_you_mean(name, flags));
  }
  const auto commands = command_names(at);
  if (!commands.empty()) {
    return cat("unknown command ", base::quoted(word), base::did_you_mean(word, commands), " The commands are ",
               base::one_of(commands));
  }
  return cat("unexpected argument ", base::quoted(word));
}

int wrong_usage(console& io, const CLI::App& at, const std::string& what) {
  const auto path = command_line::path_of(at);
  io.error(cat(path, ": ", what));
  io.note(cat("see `", path, " --help`"));
  return static_cast<int>(exit_code::usage);
}

int parse_and_run(int count, char** arguments, console& io) {
  command_line line({arguments, arguments + count});
  std::vector<std::string> words(arguments + (count > 0), arguments + count);
  // `weir help run` is `weir run --help`.
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  if (words.empty()) {
    io.note(help_text(line.tree(), "weir"));
    return static_cast<int>(exit_code::usage);
  }
  std::reverse(words.begin(), words.end());  // as CLI11 wants it
  try {
    line.root().parse(words);
  } catch (const CLI::CallForHelp&) {
    io.out(help_text(line.deepest_tree(), command_line::path_of(line.deepest())));
    return 0;
  } catch (const CLI::CallForVersion&) {
    io.out(cat("weir ", version_text, "\n"));
    return 0;
  } catch (const CLI::ParseError& why) {
    auto& at = line.deepest();
    const auto extra = line.root().remaining(true);
    const bool misplaced = dynamic_cast<const CLI::ExtrasError*>(&why) || dynamic_cast<const CLI::RequiredError*>(&why);
    if (misplaced && !extra.empty()) return wrong_usage(io, at, about_extra(at, extra.front()));
    if (!command_names(at).empty())
      return wrong_usage(io, at, cat("which command? There are ", base::one_of(command_names(at))));
    std::string what = why.what();
    std::replace(what.begin(), what.end(), '\n', ' ');
    return wrong_usage(io, at, what);
  }
  auto code = line.chosen()(io);
  if (!io.flush() && code == exit_code::ok) {
    io.error("cannot write to stdout: the disk is full or the device refused");
    code = exit_code::cannot_create;
  }
  return static_cast<int>(code);
}

}  // namespace

int run_command_line(int count, char** arguments) {
  console io;
  try {
    return parse_and_run(count, arguments, io);
  } catch (const std::exception& why) {
    // Nothing of ours throws; this is a library's, or no memory.
    io.error(cat("internal error: ", why.what()));
    return static_cast<int>(exit_code::software);
  }
}

command_info command_tree() { return command_line().tree(); }

}  // namespace weir::control
