#include "checkpoint/catalog.hpp"

#include <algorithm>
#include <charconv>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "checkpoint/bytes.hpp"
#include "checkpoint/crc32c.hpp"
#include "checkpoint/file_names.hpp"
#include "checkpoint/node_codec.hpp"

namespace weir::checkpoint {

using base::cat;
using base::result;
using base::retry;

namespace {

constexpr std::uint64_t manifest_limit = std::uint64_t{512} << 20;

bool is_damage(const base::error& why) { return why.how == retry::from_checkpoint; }

/// "newest 42 crc32c 0a1b2c3d\n"
std::optional<std::uint64_t> decode_latest(std::string_view text) {
  constexpr std::string_view prefix = "newest ";
  if (!text.starts_with(prefix)) return std::nullopt;
  std::uint64_t cut = 0;
  const auto [end, failed] = std::from_chars(text.data() + prefix.size(), text.data() + text.size(), cut);
  static_cast<void>(end);
  if (failed != std::errc() || encode_latest(cut) != text) return std::nullopt;
  return cut;
}

}  // namespace

std::string encode_latest(std::uint64_t cut) {
  const std::string text = cat("newest ", cut);
  char crc[4];
  put<std::uint32_t>(crc, __builtin_bswap32(crc32c(0, text)));
  return cat(text, " crc32c ", base::to_hex(std::string_view(crc, 4)), '\n');
}

std::uint64_t catalog::highest() const { return std::max(latest.value_or(0), cuts.empty() ? 0 : cuts.rbegin()->first); }

result<manifest> read_manifest(base::file_system& fs, const std::string& path, std::optional<std::uint64_t> cut) {
  const std::string bytes = WEIR_TRY(fs.read_whole(path, manifest_limit));
  auto facts = decode_manifest(bytes);
  if (!facts) return std::move(facts).why().in(path);
  if (cut && facts->cut != *cut)
    return damaged(path, cat("it is the manifest of cut ", facts->cut, " under a wrong name"));
  return facts;
}

result<catalog> read_catalog(base::file_system& fs, const std::string& directory) {
  catalog all;
  bool has_latest = false;
  for (const auto& entry : WEIR_TRY(fs.list(directory))) {
    if (entry.name == latest_name) has_latest = true;
    const auto cut = cut_of_manifest(entry.name);
    if (!cut) continue;
    auto facts = read_manifest(fs, base::join_path(directory, entry.name), cut);
    if (!facts && !is_damage(facts.why())) return std::move(facts).why();
    auto& to = all.cuts[*cut];
    if (facts)
      to.facts = std::move(facts).take();
    else
      to.problem = std::move(facts).why();
  }
  const std::string latest_path = base::join_path(directory, latest_name);
  if (has_latest) {
    auto text = fs.read_whole(latest_path, 4096);
    if (!text && !is_damage(text.why())) return std::move(text).why();
    if (text) all.latest = decode_latest(*text);
    if (!all.latest)
      all.problems.push_back(cat(latest_path, ": it is damaged: cuts newer than those seen may be missing"));
  } else if (!all.cuts.empty()) {
    all.problems.push_back(cat(latest_path, ": it is missing: cuts newer than those seen may be missing too"));
  }
  if (all.latest && *all.latest > 0 && (all.cuts.empty() || all.cuts.rbegin()->first < *all.latest))
    all.problems.push_back(cat(base::join_path(directory, manifest_name(*all.latest)),
                               ": it is missing, and LATEST says that it is the newest cut"));
  return all;
}

result<std::optional<manifest>> newest_manifest(base::env& env, const std::string& directory) {
  if (!WEIR_TRY(env.fs().exists(directory))) return std::optional<manifest>();
  auto all = WEIR_TRY(read_catalog(env.fs(), directory));
  for (auto at = all.cuts.rbegin(); at != all.cuts.rend(); ++at)
    if (at->second.facts) return std::optional(std::move(*at->second.facts));
  return std::optional<manifest>();
}

result<snapshot> load_snapshot(base::env& env, const std::string& directory, const std::string& path, manifest facts,
                               bool verify, std::vector<std::string> problems, std::shared_ptr<const void> pin) {
  auto in = std::make_shared<snapshot::inner>();
  in->env = &env;
  in->directory = directory;
  in->path = path;
  in->facts = std::move(facts);
  in->problems = std::move(problems);
  in->pin = std::move(pin);
  const snapshot opened(in);
  if (verify) WEIR_TRY(opened.verify());
  in->nodes = WEIR_TRY(read_nodes(env.fs(), directory, in->facts.nodes));
  return opened;
}

result<std::optional<snapshot>> newest_of(base::env& env, const std::string& directory,
                                          const std::function<std::shared_ptr<const void>(const manifest&)>& pin) {
  catalog all = WEIR_TRY(read_catalog(env.fs(), directory));
  std::vector<std::string> problems = std::move(all.problems);
  for (auto it = all.cuts.rbegin(); it != all.cuts.rend(); ++it) {
    auto& [cut, entry] = *it;
    if (entry.problem) {
      problems.push_back(entry.problem->text());
      continue;
    }
    const std::shared_ptr<const void> held = pin ? pin(*entry.facts) : nullptr;
    auto opened = load_snapshot(env, directory, base::join_path(directory, manifest_name(cut)), *entry.facts, true,
                                problems, held);
    if (opened) return std::optional(std::move(opened).take());
    if (!is_damage(opened.why())) return std::move(opened).why();
    problems.push_back(cat("cut ", cut, ": ", opened.why().text()));
  }
  if (problems.empty()) return std::optional<snapshot>();
  std::string what = cat(directory, ": none of its cuts can be used; restore a savepoint, or start afresh");
  for (const std::string& problem : problems) what += cat("; ", problem);
  return base::external_error(std::move(what), {}, retry::never);
}

cut_info info_of(const std::string& directory, const manifest& facts) {
  cut_info info;
  info.cut = facts.cut;
  info.kind = facts.kind;
  info.path = base::join_path(directory, manifest_name(facts.cut));
  info.taken_at_us = facts.taken_at_us;
  for (const file_ref* f : facts.files()) {
    ++info.files;
    info.bytes += f->size;
    if (f->cut == facts.cut) info.new_bytes += f->size;
    if (f != &facts.nodes) info.state_bytes += f->raw_bytes;
  }
  return info;
}

}  // namespace weir::checkpoint
