#pragma once
// The commands of `weir`: what each is told by the command line (command_line.cpp), and the function that does it. All
// run on the control thread and say what they have to say through the console.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/console.hpp"
#include "control/exit_code.hpp"

namespace weir::control {

/// What names a pipeline and how it is read; shared by run, check, graph.
struct pipeline_arguments {
  std::vector<std::string> files;        ///< one for run and graph
  std::vector<std::string> set;          ///< "id.key=value"
  std::vector<std::string> plugin_dirs;  ///< searched first, in this order
  bool environment = true;               ///< false: ${env:..} and ${file:..} are not resolved (check only)
  std::optional<std::string> text;       ///< of the one file, when it was read already
};

struct log_arguments {
  std::string level = "info";
  std::string format = "auto";
};

struct run_arguments {
  pipeline_arguments pipeline;
  log_arguments log;
  bool json = false;
  std::string metrics_listen;  ///< "127.0.0.1:9100"; empty: no metrics server
  std::string metrics_port;    ///< the same on loopback
  bool fresh = false;          ///< do not go on where the last run was
  std::string from;            ///< a cut's directory or "latest"; empty: as the last run says
  bool allow_dropped_state = false;
  bool no_supervisor = false;
  bool watch = false;                ///< apply edits of the file
  std::string worker;                ///< orders of a supervisor: this process is its worker
  std::vector<std::string> command;  ///< argv of this process
};
exit_code run_pipeline_command(const run_arguments& told, console& io);

struct dev_arguments {
  pipeline_arguments pipeline;
  std::string build = "cmake --build build";  ///< for /bin/sh
  std::string source = ".";                   ///< folder that is watched
};
/// Runs the pipeline until it is told to stop; each change of the source is built and swapped into it.
exit_code dev_command(const dev_arguments& told, console& io);

struct savepoint_arguments {
  std::string pipeline;   ///< name, file (.toml) or state directory
  std::string directory;  ///< of the savepoint; empty: a new one below the pipeline's
};
exit_code savepoint_command(const savepoint_arguments& told, console& io);

struct stop_arguments {
  std::string pipeline;   ///< as savepoint_arguments
  std::string savepoint;  ///< directory of the savepoint to leave; empty: none
};
exit_code stop_command(const stop_arguments& told, console& io);

/// What all commands have that change a running pipeline.
struct change_arguments {
  std::string probation;  ///< "next-checkpoint", "2m"; empty: as the pipeline's [swap] says
  bool no_wait = false;   ///< return when the new version serves, not when its probation is over
  bool json = false;
};

struct swap_arguments {
  std::string pipeline;                ///< as savepoint_arguments
  std::vector<std::string> operators;  ///< node ids
  std::string plugin;                  ///< a file, "name" or "name@version"; empty: only options change
  std::vector<std::string> config;     ///< "key=value"
  bool rebuild = false;
  std::string canary;  ///< "5%,25%,100%", "none"; empty: as the pipeline's [swap] says
  std::string step;    ///< "10m", "3"; empty: as the pipeline's [swap] says
  change_arguments how;
};
/// check_failed: the new version was taken back.
exit_code swap_command(const swap_arguments& told, console& io);

struct shadow_arguments {
  std::string pipeline, operator_id;
  std::string plugin;  ///< as swap_arguments
  std::vector<std::string> config, ignored, tolerances;
  bool report = false, promote = false, drop = false;  ///< at most one; none: begin
  change_arguments how;                                ///< of promote; json
};
/// check_failed: the report tells of differences or of a failure, or the promoted version was taken back.
exit_code shadow_command(const shadow_arguments& told, console& io);

struct apply_arguments {
  std::string file;
  std::vector<std::string> set;
  change_arguments how;
};
exit_code apply_command(const apply_arguments& told, console& io);
exit_code plan_command(const apply_arguments& told, console& io);

struct rollback_arguments {
  std::string pipeline;
  change_arguments how;
};
exit_code rollback_command(const rollback_arguments& told, console& io);

struct history_arguments {
  std::string pipeline;
  bool json = false;
};
exit_code history_command(const history_arguments& told, console& io);

struct ps_arguments {
  std::string directory;  ///< of the states; empty: the usual one
  bool json = false;
};
exit_code ps_command(const ps_arguments& told, console& io);

struct why_no_output_arguments {
  std::string pipeline;  ///< as savepoint_arguments
  bool json = false;
};
exit_code why_no_output_command(const why_no_output_arguments& told, console& io);

struct check_arguments {
  pipeline_arguments pipeline;
  bool json = false;
  bool deny_warnings = false;
  bool offline = false;           ///< nothing outside is asked
  bool text_from_stdin = false;   ///< of the one file, whose name is only for messages and relative paths
  bool state_from_stdin = false;  ///< the text, and what a running pipeline keeps (state_trial.hpp)
};
exit_code check_command(const check_arguments& told, console& io);

struct graph_arguments {
  pipeline_arguments pipeline;
  std::string format = "text";  ///< text, dot, svg
  std::string output;           ///< a file; empty: stdout
  bool schemas = false;
};
exit_code graph_command(const graph_arguments& told, console& io);

struct plugin_arguments {
  std::vector<std::string> what;  ///< inspect: names; verify: files
  std::vector<std::string> plugin_dirs;
  bool json = false;
};
exit_code plugin_list_command(const plugin_arguments& told, console& io);
exit_code plugin_inspect_command(const plugin_arguments& told, console& io);
exit_code plugin_verify_command(const plugin_arguments& told, console& io);

struct new_operator_arguments {
  std::string name;
  std::string directory;        ///< where the project's folder goes; empty: ./NAME
  std::string template_folder;  ///< empty: the one that belongs to this program
  bool keyed = false;           ///< of that one, the operator with state by key and timers
};
exit_code new_operator_command(const new_operator_arguments& told, console& io);

struct schema_arguments {
  std::vector<std::string> plugin_dirs;
  std::string output;
};
exit_code schema_command(const schema_arguments& told, console& io);

struct checkpoint_arguments {
  std::string path;  ///< a savepoint, a checkpoint directory, a manifest, a state directory, a pipeline's file or name
  bool json = false;
};
exit_code checkpoint_list_command(const checkpoint_arguments& told, console& io);
/// check_failed: a byte of a cut is not as it was written.
exit_code checkpoint_verify_command(const checkpoint_arguments& told, console& io);

struct state_arguments {
  std::string snapshot;            ///< as checkpoint_arguments::path
  std::string other;               ///< of diff: the newer one
  std::string operator_id, state;  ///< empty: all
  std::string key;                 ///< of get: a JSON object whose fields the key has
  std::string output;              ///< of export: a file; empty: stdout
  std::uint64_t limit = 0;         ///< of scan: entries; 0: all
  bool newest_checkpoint = false;  ///< of a running pipeline: its newest checkpoint, without asking it for a cut
};
exit_code state_list_command(const state_arguments& told, console& io);
/// A key is needed; else as scan.
exit_code state_get_command(const state_arguments& told, console& io);
/// get, scan and export. check_failed: no entry has the key.
exit_code state_scan_command(const state_arguments& told, console& io);
/// check_failed: they differ.
exit_code state_diff_command(const state_arguments& told, console& io);

exit_code version_command(bool json, console& io);

/// Writes a command's data to stdout, or to a file; says why not.
exit_code write_output(const std::string& data, const std::string& file, console& io);

}  // namespace weir::control
