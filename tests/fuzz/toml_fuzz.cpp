// A pipeline file and one --set argument (what stands behind the first NUL byte): whatever they hold, every report points into its text,
// is safe to print and never shows what a reference resolved to; and what is accepted keeps to the bounds and names of the model.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/test_env.hpp"
#include "base/utf8.hpp"
#include "config/load.hpp"

namespace {

constexpr std::string_view secret = "resolved-canary";

void must(bool holds) {
  if (!holds) std::abort();
}

void check_report(const weir::config::diagnostics& problems, bool secret_given) {
  for (const auto& d : problems.sorted()) {
    if (!d.at.source || d.at.line == 0) continue;
    must(d.at.line <= d.at.source->line_count());
    must(d.at.column >= 1 && d.at.column <= d.at.source->line(d.at.line).size() + 2);
  }
  const std::string text = problems.text();
  must(weir::base::is_utf8(text));
  must(secret_given || text.find(secret) == std::string::npos);
  must(text.find_first_of(std::string_view{"\r\x1b\0", 3}) == std::string::npos);
  must(weir::base::is_utf8(problems.json_lines()));
}

void check_pipeline(const weir::config::pipeline& p, bool secret_given) {
  using namespace weir::config;
  must(weir::base::is_id(p.name));
  must(!p.nodes.empty());
  for (const node& n : p.nodes) {
    must(weir::base::is_id(n.id) && p.find(n.id) == &n);
    must(p.find_plugin(n.uses.plugin) != nullptr);
    must(n.parallelism >= 1 && n.parallelism <= p.max_parallelism);
    must((n.kind == node_kind::source) == n.inputs.empty() || p.dead_letters_sink == n.id);
    for (const input& in : n.inputs) {
      must(p.find(in.from.node) != nullptr);
      must(!in.exchange || (in.exchange->kind == exchange_kind::hash) == !in.exchange->key.empty());
    }
    must(secret_given || print_json(n.config).find(secret) == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::config;
  const std::string_view all{reinterpret_cast<const char*>(data), size};
  const std::size_t nul = all.find('\0');
  load_options options;
  options.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name.size() > 4) return std::nullopt;
    return std::string(secret);
  };
  if (nul != std::string_view::npos) options.sets.emplace_back(all.substr(nul + 1));
  weir::base::test_env env;
  env.fs().put("/s", secret);
  const loaded l = load_pipeline_text(env, "p.toml", std::string(all.substr(0, nul)), options);
  must(l.pipeline.has_value() == !l.problems.failed());
  const bool secret_given = all.find(secret) != std::string_view::npos;  // a fuzzer finds it in the program
  check_report(l.problems, secret_given);
  if (l.pipeline) check_pipeline(*l.pipeline, secret_given);
  return 0;
}
