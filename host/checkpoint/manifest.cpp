#include "checkpoint/manifest.hpp"

#include <set>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "checkpoint/bytes.hpp"
#include "checkpoint/crc32c.hpp"
#include "checkpoint/file_names.hpp"
#include "manifest.pb.h"

namespace weir::checkpoint {

using base::cat;
using base::result;

namespace {

constexpr std::string_view magic = "WEIRCUT\n";
constexpr std::uint16_t manifest_version = 1, encrypted = 1;
constexpr std::size_t manifest_header_size = 24;

base::error wrong(std::string_view what) {
  return base::external_error(cat(what, "; the file is damaged: use an older cut or a savepoint"), {},
                              base::retry::from_checkpoint);
}
base::error unknown(std::string_view what) {
  return base::external_error(cat(what, "; use the weir that wrote it, or a newer one"), {}, base::retry::never);
}

void encode_file(const file_ref& f, pb::File& to) {
  to.set_name(f.name);
  to.set_size(f.size);
  to.set_sha256(base::from_hex(f.sha256).take());
  to.set_blocks(f.blocks);
  to.set_raw_bytes(f.raw_bytes);
  to.set_cut(f.cut);
  to.set_base(f.base);
  to.set_subtask(f.subtask);
  to.set_key_group_begin(f.key_groups.begin);
  to.set_key_group_end(f.key_groups.end);
}

result<file_ref> decode_file(const pb::File& from) {
  if (!is_block_file_path(from.name())) return wrong("it names a file that no cut has");
  if (from.sha256().size() != 32) return wrong(cat("it has no SHA-256 of ", from.name()));
  if (from.key_group_begin() > from.key_group_end()) return wrong(cat("the key groups of ", from.name(), " are wrong"));
  file_ref f;
  f.name = from.name();
  f.size = from.size();
  f.sha256 = base::to_hex(std::span(reinterpret_cast<const unsigned char*>(from.sha256().data()), 32));
  f.blocks = from.blocks();
  f.raw_bytes = from.raw_bytes();
  f.cut = from.cut();
  f.base = from.base();
  f.subtask = from.subtask();
  f.key_groups = {from.key_group_begin(), from.key_group_end()};
  return f;
}

}  // namespace

std::vector<const file_ref*> manifest::files() const {
  std::vector<const file_ref*> out;
  std::set<std::string_view> seen;
  auto add = [&](const file_ref& f) {
    if (seen.insert(f.name).second) out.push_back(&f);
  };
  add(nodes);
  for (const state_chain& chain : state)
    for (const file_ref& f : chain.files) add(f);
  return out;
}

std::string encode(const manifest& of) {
  pb::Manifest m;
  m.set_pipeline(of.pipeline);
  m.set_cut(of.cut);
  m.set_kind(static_cast<std::uint32_t>(of.kind));
  m.set_taken_at_us(of.taken_at_us);
  m.set_based_on(of.based_on);
  m.set_key_groups(of.key_groups);
  m.set_weir_version(of.weir_version);
  for (const auto& [key, value] : of.facts) (*m.mutable_facts())[key] = value;
  encode_file(of.nodes, *m.mutable_nodes());
  for (const state_chain& chain : of.state) {
    pb::Chain& c = *m.add_state();
    c.set_operator_id(chain.operator_id);
    for (const file_ref& f : chain.files) encode_file(f, *c.add_files());
  }
  const std::string payload = m.SerializeAsString();
  std::string bytes(manifest_header_size, '\0');
  magic.copy(bytes.data(), 8);
  put<std::uint16_t>(bytes.data() + 8, manifest_version);
  put<std::uint16_t>(bytes.data() + 10, 0);
  put<std::uint32_t>(bytes.data() + 12, static_cast<std::uint32_t>(payload.size()));
  put<std::uint32_t>(bytes.data() + 16, crc32c(0, payload));
  put<std::uint32_t>(bytes.data() + 20, crc32c(0, std::string_view(bytes).substr(0, 20)));
  return bytes + payload;
}

result<manifest> decode_manifest(std::string_view bytes) {
  if (bytes.size() < manifest_header_size) return wrong("it is too short for a manifest");
  if (bytes.substr(0, 8) != magic) return wrong("it does not start as a manifest");
  if (get<std::uint32_t>(bytes.data() + 20) != crc32c(0, bytes.substr(0, 20)))
    return wrong("the checksum of its header does not match");
  if (const auto v = get<std::uint16_t>(bytes.data() + 8); v != manifest_version)
    return unknown(cat("its format version is ", v, ", this weir reads ", manifest_version));
  if (get<std::uint16_t>(bytes.data() + 10) & encrypted) return unknown("it is encrypted, which this weir cannot read");
  const std::string_view payload = bytes.substr(manifest_header_size);
  if (payload.size() != get<std::uint32_t>(bytes.data() + 12))
    return wrong(
        cat("it has ", payload.size(), " bytes where its header says ", get<std::uint32_t>(bytes.data() + 12)));
  if (get<std::uint32_t>(bytes.data() + 16) != crc32c(0, payload)) return wrong("its checksum does not match");
  pb::Manifest m;
  if (!m.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return wrong("it is no manifest message");
  if (m.kind() > static_cast<std::uint32_t>(model::cut_kind::edit))
    return wrong(cat("it is of the unknown kind ", m.kind()));
  manifest out;
  out.pipeline = m.pipeline();
  out.cut = m.cut();
  out.kind = static_cast<model::cut_kind>(m.kind());
  out.taken_at_us = m.taken_at_us();
  out.based_on = m.based_on();
  out.key_groups = m.key_groups();
  out.weir_version = m.weir_version();
  for (const auto& [key, value] : m.facts()) out.facts.emplace(key, value);
  out.nodes = WEIR_TRY(decode_file(m.nodes()));
  for (const pb::Chain& c : m.state()) {
    state_chain chain{c.operator_id(), {}};
    for (const pb::File& f : c.files()) chain.files.push_back(WEIR_TRY(decode_file(f)));
    out.state.push_back(std::move(chain));
  }
  return out;
}

}  // namespace weir::checkpoint
