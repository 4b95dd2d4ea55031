#include "control/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <exception>
#include <functional>
#include <memory>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "control/command_options.hpp"
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

// The whole tree, and the function to run.
class command_line : public command_options {
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
    add_change_commands(*this, root_);
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
    c.add_flag("--watch", told->watch,
               "Look at the file, and apply each edit of it while data flows, as `weir apply` does.");
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
        "Errors of the compiler, and what weir has to say against the new version, are shown, and the old one runs "
        "on.\n"
        "A pipeline whose input has ended is started afresh after the next build. Ctrl-C drains it and ends.\n\n"
        "Example, in a project of `weir new operator fraud-score`:\n  cmake -B build\n"
        "  weir dev fraud-score.toml --plugin-dir build\n",
        [told](console& io) { return dev_command(*told, io); });
    pipeline(c, told->pipeline, false);
    text(c, "--build", told->build, "COMMAND", "Builds the plugin; for /bin/sh. Default: cmake --build build.");
    mark(c.add_option(
             "--source", told->source,
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
    known_pipeline(c, told->pipeline);
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
    known_pipeline(c, told->pipeline);
    mark(c.add_option("--savepoint", told->savepoint, "Leave a savepoint of where it ended in this new directory."),
         value_kind::directory, "DIR");
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
    known_pipeline(c, told->pipeline);
    c.add_flag("--json", told->json, "Print one JSON object.");
  }

  void check() {
    auto told = std::make_shared<check_arguments>();
    auto& c = command(
        root_, "check", "Check pipelines: file, plugins, options, schemas. Starts nothing.",
        "Everything that is wrong is reported, with file, line and column. Exit code 0: all is right, 1: it is not.\n"
        "Sinks that commit ask their brokers what they allow; a broker that does not answer is a warning.\n\n"
        "Examples:\n  weir check pipelines/*.toml\n  weir check desk-risk.toml --no-environment --json\n",
        [told](console& io) { return check_command(*told, io); });
    pipeline(c, told->pipeline, true);
    c.add_flag("--no-environment{false}", told->pipeline.environment,
               "Leave ${env:..} and ${file:..} unresolved: for machines without the secrets. Also --offline.");
    c.add_flag("--offline", told->offline, "Ask nothing outside: touch no broker.");
    c.add_flag("--deny-warnings", told->deny_warnings, "Treat warnings as errors.");
    c.add_flag("--text-from-stdin", told->text_from_stdin)->group("");  // of a worker that is asked for a change
    c.add_flag("--state-from-stdin", told->state_from_stdin)->group("");
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
        ->expected(1, values_max);
    plugin_dirs(i, inspected->plugin_dirs);
    i.add_flag("--json", inspected->json, "Print one JSON object.");

    auto verified = std::make_shared<plugin_arguments>();
    auto& v = command(
        group, "verify", "Say whether weir would load a plugin file, and everything that speaks against it.",
        "Exit code 0: it would be loaded, 1: it would be refused.\n\nExample:\n  weir plugin verify build/librisk.so\n",
        [verified](console& io) { return plugin_verify_command(*verified, io); });
    file(v, "FILE", verified->what, "Plugin files (.so).")->required()->expected(1, values_max);
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
                          "Every entry is one line of JSON. A pipeline that runs makes a cut for the question, so the "
                          "answer is\nits state of now, the same moment for all of it; it goes on meanwhile.\n",
                          nullptr);
    group.require_subcommand(1);
    auto told = std::make_shared<state_arguments>();
    const auto scan = [told](console& io) { return state_scan_command(*told, io); };
    auto& ls =
        command(group, "ls", "List the states, with how many entries they have.",
                "Example:\n  weir state ls desk-risk\n", [told](console& io) { return state_list_command(*told, io); });
    auto& get = command(group, "get", "Show what is kept for a key.",
                        "STATE may be left out: then it is all that the operator keeps for the key.\n\n"
                        "Example:\n  weir state get desk-risk exposure total '{\"desk\":\"fx\"}'\n",
                        [told](console& io) {
                          if (told->key.empty() && told->state.starts_with('{')) told->key.swap(told->state);
                          return state_get_command(*told, io);
                        });
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
    text(get, "KEY", told->key, "KEY", "Key fields as a JSON object; not all are needed.");
    text(all, "STATE", told->state, "STATE", "Name of the state or timer family; all when not given.");
    mark(all.add_option("--limit", told->limit, "Stop after so many entries."), value_kind::text, "N");
    text(out, "--state", told->state, "STATE", "Of this state only.");
    file(out, "-o,--output", told->output, "Write to this file instead of stdout.");
    for (CLI::App* c : {&ls, &get, &all, &out, &diff})
      c->add_flag("--newest-checkpoint", told->newest_checkpoint,
                  "Of a pipeline that runs: do not ask it, look at its newest checkpoint.");
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
    auto as_json = std::make_shared<bool>(false);
    auto& c = command(root_, "version", "Print the versions of weir and of the plugin ABI.", "",
                      [as_json](console& io) { return version_command(*as_json, io); });
    c.add_flag("--json", *as_json, "Print one JSON object.");
  }

  const std::vector<std::string> given_;  ///< argv
  CLI::App root_;
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
