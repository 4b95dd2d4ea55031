#include "supervisor/definition.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/cat.hpp"
#include "base/digest.hpp"
#include "base/fault_point.hpp"
#include "base/text.hpp"

namespace weir::supervisor {
namespace {

using base::cat;
using json = nlohmann::ordered_json;

constexpr std::uint64_t definition_format = 1;
constexpr std::uint64_t most_definition_bytes = 16 << 20;

std::string folder_in(const std::string& state_directory) { return base::join_path(state_directory, "definitions"); }
std::string path_of(const std::string& state_directory, std::uint64_t number) {
  return base::join_path(folder_in(state_directory), cat(number, ".json"));
}

/// 0: no definition's name.
std::uint64_t number_in(const std::string& name) {
  constexpr std::string_view suffix = ".json";
  if (!name.ends_with(suffix)) return 0;
  const auto n = base::parse_uint64(std::string_view(name).substr(0, name.size() - suffix.size()));
  return n ? *n : 0;
}

base::result<std::vector<std::uint64_t>> numbers_in(base::env& env, const std::string& state_directory) {
  std::vector<std::uint64_t> out;
  const std::string folder = folder_in(state_directory);
  if (!WEIR_TRY(env.fs().exists(folder))) return out;
  for (const auto& e : WEIR_TRY(env.fs().list(folder)))
    if (const auto n = number_in(e.name)) out.push_back(n);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

std::string origin_of(const std::string& text, const std::vector<std::string>& sets) {
  base::sha256 all;
  all.add(cat(text.size(), ':', text));
  for (const std::string& s : sets) all.add(cat(s.size(), ':', s));
  return base::to_hex(all.finish());
}

base::result<std::optional<definition>> read_definition(base::env& env, const std::string& state_directory,
                                                        std::uint64_t number) {
  const std::string path = path_of(state_directory, number);
  if (!WEIR_TRY(env.fs().exists(path))) return std::optional<definition>();
  const auto j = json::parse(WEIR_TRY(env.fs().read_whole(path, most_definition_bytes)), nullptr, false);
  const auto damaged = [&] {
    return base::host_error("it is damaged: start with --fresh, or name a cut with --from", path);
  };
  if (!j.is_object() || !j.contains("format") || !j["format"].is_number_unsigned()) return damaged();
  if (j["format"].get<std::uint64_t>() > definition_format)
    return base::config_error("a later weir wrote it: use that one", path);
  definition d;
  d.number = number;
  try {
    j.at("file").get_to(d.file);
    j.at("text").get_to(d.text);
    j.at("sets").get_to(d.sets);
    j.at("given").get_to(d.given);
    j.at("origin").get_to(d.origin);
    j.at("from").get_to(d.from);
    j.at("made_at_us").get_to(d.made_at_us);
  } catch (const json::exception&) {
    return damaged();
  }
  return std::optional(std::move(d));
}

base::result<std::uint64_t> newest_definition(base::env& env, const std::string& state_directory) {
  const auto all = WEIR_TRY(numbers_in(env, state_directory));
  return all.empty() ? 0 : all.back();
}

base::result<void> add_definition(base::env& env, const std::string& state_directory, definition& what) {
  const auto newest = WEIR_TRY(newest_definition(env, state_directory));
  WEIR_TRY(env.fs().make_directories(folder_in(state_directory), 0700));
  WEIR_TRY(env.fs().sync_directory(state_directory));
  what.number = newest + 1;
  what.made_at_us = env.now_us();
  const json j{
      {"format", definition_format}, {"file", what.file},     {"text", what.text}, {"sets", what.sets},
      {"given", what.given},         {"origin", what.origin}, {"from", what.from}, {"made_at_us", what.made_at_us}};
  WEIR_TRY(env.fs().write_atomically(path_of(state_directory, what.number),
                                     j.dump(2, ' ', false, json::error_handler_t::replace) + "\n", 0600));
  base::fault_point("change.definition_written");
  return {};
}

std::string kept_plugins(const std::string& state_directory) { return base::join_path(state_directory, "plugins"); }

base::result<void> trim_definitions(base::env& env, const std::string& state_directory, std::uint64_t kept,
                                    std::uint64_t needed) {
  const auto all = WEIR_TRY(numbers_in(env, state_directory));
  std::string named;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i + kept < all.size() && all[i] != needed) {
      WEIR_TRY(env.fs().remove(path_of(state_directory, all[i])));
      continue;
    }
    if (const auto d = WEIR_TRY(read_definition(env, state_directory, all[i])))
      for (const std::string& set : d->sets) named += set + '\n';
  }
  const std::string folder = kept_plugins(state_directory);
  if (!WEIR_TRY(env.fs().exists(folder))) return {};
  for (const auto& e : WEIR_TRY(env.fs().list(folder)))
    if (named.find(e.name) == std::string::npos) WEIR_TRY(env.fs().remove(base::join_path(folder, e.name)));
  return {};
}

}  // namespace weir::supervisor
