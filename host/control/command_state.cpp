// Commands that look into the keyed state of a cut: ls, get, scan, export, diff. Each entry is one line of JSON.
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>

#include "base/cat.hpp"
#include "base/log_line.hpp"
#include "checkpoint/merged_state.hpp"
#include "control/commands.hpp"
#include "control/snapshot_path.hpp"
#include "state/block_reader.hpp"
#include "weir/ext/draft/state.h"

namespace weir::control {
namespace {

using base::cat;
using base::result;
using checkpoint::snapshot;
using state::block_entry;

constexpr std::uint64_t slice_bytes = std::uint64_t{256} << 20;  // of state in memory at once

const char* name_of_kind(std::uint32_t kind) {
  switch (kind) {
    case WEIR_STATE_VALUE:
      return "value";
    case WEIR_STATE_BYTES:
      return "bytes";
    case WEIR_STATE_LIST:
      return "list";
    case WEIR_STATE_MAP:
      return "map";
    case state::block_timer_kind:
      return "timer";
    default:
      return "unknown";
  }
}

/// Lines to stdout or to a file, a block at a time.
class line_writer {
 public:
  line_writer(console& io, const std::string& file) : io_(io) {
    if (file.empty() || file == "-") return;
    auto opened = base::real_env().fs().open_write(file, base::open_write_how::truncate);
    if (opened)
      file_ = std::move(opened).take();
    else
      failed_ = std::move(opened).why().in("--output");
  }
  void put(std::string_view line) {
    buffer_ += line;
    buffer_ += '\n';
    if (buffer_.size() >= (std::size_t{1} << 18)) flush();
  }
  /// Why not all lines are where they should be.
  std::optional<base::error> end() {
    flush();
    if (!failed_ && file_)
      if (auto closed = file_->close(); !closed) failed_ = std::move(closed).why().in("--output");
    return std::move(failed_);
  }

 private:
  void flush() {
    if (!file_) {
      io_.out(buffer_);
    } else if (!failed_) {
      if (auto written = file_->append(buffer_); !written) failed_ = std::move(written).why().in("--output");
    }
    buffer_.clear();
  }
  console& io_;
  std::unique_ptr<base::writable_file> file_;
  std::optional<base::error> failed_;
  std::string buffer_;
};

exit_code finish(line_writer& lines, const result<void>& done, console& io) {
  const auto unwritten = lines.end();
  if (!done) return io.fail(done.why());
  if (!unwritten) return exit_code::ok;
  io.error(unwritten->text());
  return exit_code::cannot_create;
}

result<opened_cut> open(const std::string& told, const state_arguments& how, console& io) {
  auto from = WEIR_TRY(opened_cut::open(told, how.newest_checkpoint, io));
  for (const std::string& problem : from->problems()) io.warn(problem);
  return from;
}

using visitor = std::function<bool(const block_entry&)>;  // false: enough

/// The entries of an operator in a range of key groups; those of the empty key with the first range only.
result<bool> visit_range(const snapshot& from, const std::string& operator_id, model::key_group_range range, bool first,
                         const visitor& visit) {
  bool more = true;
  WEIR_TRY(checkpoint::read_merged(from, operator_id, range, [&](std::string_view block) -> result<void> {
    if (!more) return {};
    return state::read_block(block, [&](const block_entry& e) {
      const bool there = e.what == state::entry_kind::put || e.what == state::entry_kind::merge;
      if (!there || (!first && e.key == "{}")) return true;
      return more = visit(e);
    });
  }));
  return more;
}

result<void> visit_operator(const snapshot& from, const std::string& operator_id, const visitor& visit) {
  bool first = true;
  for (const auto& range : checkpoint::slices_of(from, operator_id, slice_bytes)) {
    if (!WEIR_TRY(visit_range(from, operator_id, range, first, visit))) return {};
    first = false;
  }
  return {};
}

/// Refuses names that the cut does not have, and says which it has.
result<std::vector<std::string>> operators(const snapshot& from, const std::string& wanted) {
  auto all = from.operators_with_state();
  if (wanted.empty()) return all;
  std::string names;
  for (const std::string& id : all) {
    if (id == wanted) return std::vector{wanted};
    names += cat(names.empty() ? "" : ", ", id);
  }
  return base::config_error(cat("no state of an operator ", wanted, " in ", from.path(), "; there is state of ",
                                names.empty() ? "none" : names));
}

std::string line_of(const std::string& operator_id, const block_entry& e) {
  std::string out = cat("{\"operator\":", base::json_string(operator_id), ",\"state\":", base::json_string(e.state),
                        ",\"kind\":\"", name_of_kind(e.kind), "\",\"name_space\":", e.name_space, ",\"key\":", e.key);
  if (!e.value.empty()) out += cat(",\"value\":", e.value);
  return out + "}";
}

/// Whether each field of `wanted` is in `key` with that value.
bool has_fields(const nlohmann::json& key, const nlohmann::json& wanted) {
  if (!key.is_object()) return false;
  for (const auto& [name, value] : wanted.items()) {
    const auto at = key.find(name);
    if (at == key.end() || *at != value) return false;
  }
  return true;
}

}  // namespace

exit_code state_list_command(const state_arguments& told, console& io) {
  auto from = open(told.snapshot, told, io);
  if (!from) return io.fail(from.why());
  line_writer lines(io, {});
  auto list = [&]() -> result<void> {
    for (const std::string& id : WEIR_TRY(operators(**from, told.operator_id))) {
      struct counts {
        std::uint32_t kind = 0;
        std::uint64_t entries = 0;
        std::map<std::int64_t, std::uint64_t> spaces;
      };
      std::map<std::string, counts, std::less<>> states;
      WEIR_TRY(visit_operator(**from, id, [&](const block_entry& e) {
        auto at = states.find(e.state);
        if (at == states.end()) at = states.emplace(e.state, counts{}).first;
        at->second.kind = e.kind;
        ++at->second.entries;
        ++at->second.spaces[e.name_space];
        return true;
      }));
      for (const auto& [name, c] : states)
        lines.put(cat("{\"operator\":", base::json_string(id), ",\"state\":", base::json_string(name), ",\"kind\":\"",
                      name_of_kind(c.kind), "\",\"entries\":", c.entries, ",\"name_spaces\":", c.spaces.size(),
                      ",\"cut\":", (*from)->facts().cut, "}"));
    }
    return {};
  };
  const auto done = list();
  return finish(lines, done, io);
}

exit_code state_get_command(const state_arguments& told, console& io) {
  if (told.key.empty()) {
    io.error("a key is needed, as in '{\"account\":7}'");
    return exit_code::usage;
  }
  return state_scan_command(told, io);
}

exit_code state_scan_command(const state_arguments& told, console& io) {
  nlohmann::json wanted;
  if (!told.key.empty()) {
    wanted = nlohmann::json::parse(told.key, nullptr, false);
    if (!wanted.is_object())
      return io.fail(
          base::config_error(cat("the key ", told.key, " is no JSON object; write it as '{\"account\":7}'")));
  }
  auto from = open(told.snapshot, told, io);
  if (!from) return io.fail(from.why());
  line_writer lines(io, told.output);
  std::uint64_t found = 0;
  auto scan = [&]() -> result<void> {
    for (const std::string& id : WEIR_TRY(operators(**from, told.operator_id))) {
      WEIR_TRY(visit_operator(**from, id, [&](const block_entry& e) {
        if (!told.state.empty() && e.state != told.state) return true;
        if (!told.key.empty() && !has_fields(nlohmann::json::parse(e.key, nullptr, false), wanted)) return true;
        lines.put(line_of(id, e));
        ++found;
        return told.limit == 0 || found < told.limit;
      }));
      if (told.limit != 0 && found >= told.limit) break;
    }
    return {};
  };
  const auto done = scan();
  const exit_code code = finish(lines, done, io);
  if (code == exit_code::ok && found == 0 && !told.key.empty()) {
    io.note(cat("no entry has the key ", told.key));
    return exit_code::check_failed;
  }
  return code;
}

exit_code state_diff_command(const state_arguments& told, console& io) {
  auto before = open(told.snapshot, told, io);
  if (!before) return io.fail(before.why());
  auto after = open(told.other, told, io);
  if (!after) return io.fail(after.why());
  line_writer lines(io, {});
  std::uint64_t differences = 0;
  // State, kind, name space and key as the line shows them.
  auto name_of = [](const block_entry& e) {
    return cat("\"state\":", base::json_string(e.state), ",\"kind\":\"", name_of_kind(e.kind),
               "\",\"name_space\":", e.name_space, ",\"key\":", e.key);
  };
  auto tell = [&](const char* what, const std::string& id, const std::string& name, const std::string* was,
                  const std::string* is) {
    ++differences;
    lines.put(cat("{\"change\":\"", what, "\",\"operator\":", base::json_string(id), ",", name,
                  was ? ",\"before\":" : "", was ? *was : "", is ? ",\"after\":" : "", is ? *is : "", "}"));
  };
  auto value_of = [](const block_entry& e) { return e.value.empty() ? std::string("null") : std::string(e.value); };
  auto compare = [&](const std::string& id, model::key_group_range range, bool first) -> result<void> {
    std::unordered_map<std::string, std::string> old;
    WEIR_TRY(visit_range(**before, id, range, first, [&](const block_entry& e) {
      old.emplace(name_of(e), value_of(e));
      return true;
    }));
    WEIR_TRY(visit_range(**after, id, range, first, [&](const block_entry& e) {
      const std::string name = name_of(e), value = value_of(e);
      const auto at = old.find(name);
      if (at == old.end()) {
        tell("added", id, name, nullptr, &value);
      } else {
        if (at->second != value) tell("changed", id, name, &at->second, &value);
        old.erase(at);
      }
      return true;
    }));
    const std::map<std::string, std::string> gone(old.begin(), old.end());  // sorted
    for (const auto& [name, value] : gone) tell("removed", id, name, &value, nullptr);
    return {};
  };
  auto diff = [&]() -> result<void> {
    std::map<std::string, bool> ids;
    for (const auto* cut : {&**before, &**after})
      for (const std::string& id : cut->operators_with_state()) ids[id] = true;
    for (const auto& [id, there] : ids) {
      if (!told.operator_id.empty() && id != told.operator_id) continue;
      // Slices of one cut fit the other only if both count key groups the same way.
      const bool same = (*before)->facts().key_groups == (*after)->facts().key_groups;
      const std::uint32_t groups = std::max({(*before)->facts().key_groups, (*after)->facts().key_groups, 1u});
      auto slices = same ? checkpoint::slices_of(**after, id, slice_bytes / 2) : std::vector<model::key_group_range>{};
      if (!same) slices.push_back({0, groups});
      bool first = true;
      for (const auto& range : slices) {
        WEIR_TRY(compare(id, range, first));
        first = false;
      }
    }
    return {};
  };
  const auto done = diff();
  const exit_code code = finish(lines, done, io);
  return code == exit_code::ok && differences > 0 ? exit_code::check_failed : code;
}

}  // namespace weir::control
