// Commands that look at cuts as files: ls, verify.
#include "base/cat.hpp"
#include "base/log_line.hpp"
#include "base/timestamp.hpp"
#include "checkpoint/catalog.hpp"
#include "checkpoint/file_names.hpp"
#include "control/commands.hpp"
#include "control/snapshot_path.hpp"

namespace weir::control {
namespace {

using base::cat;
using checkpoint::manifest;

struct listed_cut {
  std::uint64_t cut = 0;
  std::string path;
  std::optional<manifest> facts;
  std::string problem;
};

const char* name_of(model::cut_kind kind) {
  switch (kind) {
    case model::cut_kind::checkpoint:
      return "checkpoint";
    case model::cut_kind::savepoint:
      return "savepoint";
    case model::cut_kind::swap:
      return "swap";
    case model::cut_kind::rescale:
      return "rescale";
    case model::cut_kind::edit:
      return "edit";
  }
  return "";
}

/// The cuts that a path names, newest first; damaged ones too.
base::result<std::vector<listed_cut>> find(const std::string& told, std::vector<std::string>& problems) {
  base::file_system& fs = base::real_env().fs();
  const std::string path = WEIR_TRY(cuts_path(told));
  const auto info = WEIR_TRY(fs.stat(path));
  const std::string savepoint = base::join_path(path, "savepoint.manifest");
  std::vector<listed_cut> out;
  if (info->kind != base::file_kind::directory || WEIR_TRY(fs.exists(savepoint))) {
    const std::string& file = info->kind == base::file_kind::directory ? savepoint : path;
    auto facts = checkpoint::read_manifest(fs, file, std::nullopt);
    if (facts) {
      const std::uint64_t cut = facts->cut;
      out.push_back({cut, file, std::move(facts).take(), {}});
    } else {
      out.push_back({0, file, {}, facts.why().text()});
    }
    return out;
  }
  auto all = WEIR_TRY(checkpoint::read_catalog(fs, path));
  problems = all.problems;
  for (auto it = all.cuts.rbegin(); it != all.cuts.rend(); ++it) {
    auto& [cut, entry] = *it;
    out.push_back({cut, base::join_path(path, checkpoint::manifest_name(cut)), std::move(entry.facts),
                   entry.problem ? entry.problem->text() : std::string()});
  }
  return out;
}

std::string as_json(const listed_cut& c) {
  std::string out = cat("{\"cut\":", c.cut, ",\"path\":", base::json_string(c.path));
  if (c.facts) {
    const auto info = checkpoint::info_of(base::parent_of(c.path), *c.facts);
    out += cat(",\"pipeline\":", base::json_string(c.facts->pipeline), ",\"kind\":\"", name_of(c.facts->kind),
               "\",\"taken_at\":\"", base::print_timestamp_us(c.facts->taken_at_us), "\",\"files\":", info.files,
               ",\"bytes\":", info.bytes, ",\"new_bytes\":", info.new_bytes, ",\"state_bytes\":", info.state_bytes,
               ",\"key_groups\":", c.facts->key_groups, ",\"weir\":", base::json_string(c.facts->weir_version));
  }
  if (!c.problem.empty()) out += cat(",\"problem\":", base::json_string(c.problem));
  return out + "}\n";
}

std::string as_text(const listed_cut& c) {
  if (!c.facts) return cat("cut ", c.cut, "  DAMAGED  ", c.problem, "\n");
  const auto info = checkpoint::info_of(base::parent_of(c.path), *c.facts);
  return cat("cut ", c.cut, "  ", name_of(c.facts->kind), "  ", base::print_timestamp_us(c.facts->taken_at_us), "  ",
             info.files, " files, ", info.bytes, " bytes (", info.new_bytes, " new)",
             c.problem.empty() ? "" : "  DAMAGED  ", c.problem, "\n");
}

exit_code show(const checkpoint_arguments& told, bool verify, console& io) {
  std::vector<std::string> problems;
  auto cuts = find(told.path, problems);
  if (!cuts) return io.fail(cuts.why());
  for (const std::string& problem : problems) io.warn(problem);
  bool good = problems.empty();
  for (listed_cut& c : *cuts) {
    if (verify && c.facts)
      if (auto whole =
              checkpoint::load_snapshot(base::real_env(), base::parent_of(c.path), c.path, *c.facts, true, {}, nullptr);
          !whole)
        c.problem = whole.why().text();
    good = good && c.problem.empty();
    io.out(told.json ? as_json(c) : as_text(c));
  }
  if (cuts->empty()) io.note("no complete cut yet");
  return verify && !good ? exit_code::check_failed : exit_code::ok;
}

}  // namespace

exit_code checkpoint_list_command(const checkpoint_arguments& told, console& io) { return show(told, false, io); }
exit_code checkpoint_verify_command(const checkpoint_arguments& told, console& io) { return show(told, true, io); }

}  // namespace weir::control
