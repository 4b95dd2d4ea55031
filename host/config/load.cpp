#include "config/load.hpp"

#include "base/cat.hpp"
#include "config/document.hpp"
#include "config/interpolate.hpp"
#include "config/override.hpp"
#include "config/read_pipeline.hpp"

namespace weir::config {

loaded load_pipeline(base::env& env, const std::string& path, const load_options& options) {
  auto text = env.fs().read_whole(path, max_file_bytes);
  if (!text) {
    loaded out;
    out.problems.error({}, text.why().text());
    return out;
  }
  return load_pipeline_text(env, path, *std::move(text), options);
}

loaded load_pipeline_text(base::env& env, std::string name, std::string text, const load_options& options) {
  loaded out;
  if (text.size() > max_file_bytes) {
    out.problems.error(
        {}, base::cat(name, " is longer than ", max_file_bytes, " bytes, the most of a pipeline file: shorten it"));
    return out;
  }
  const std::string file = name;
  auto root = parse_document(std::make_shared<source_text>(std::move(name), std::move(text)), out.problems);
  if (!root) return out;
  apply_sets(*root, options.sets, out.problems);
  interpolate(*root, env, base::parent_of(file), options, out.problems);
  pipeline p = read_pipeline(*root, out.problems);
  p.file = file;
  if (!out.problems.failed()) out.pipeline = std::move(p);
  return out;
}

}  // namespace weir::config
