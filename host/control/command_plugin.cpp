#include "base/cat.hpp"
#include "control/plugin_text.hpp"
#include "control/session.hpp"

namespace weir::control {
namespace {

using base::cat;

}  // namespace

exit_code plugin_list_command(const plugin_arguments& told, console& io) {
  auto plugins = open_plugins(told.plugin_dirs);
  if (!plugins) return io.fail(plugins.why());
  auto files = plugins->catalog->files();
  if (!files) return io.fail(files.why());
  std::string out;
  for (const auto& file : *files) {
    const auto report = plugin::verify(base::real_env(), *plugins->store, file);
    if (told.json) {
      out += (out.empty() ? "" : ",") + report_as_json(report);
    } else if (!report.ok()) {
      io.warn(report.why().text());
    } else {
      out += cat(report.about->name, " ", report.about->version, "  ", file, "\n");
      for (const auto& c : report.about->components) {
        out += cat("  ", plugin::name_of(c.kind), "  ", uses_of(*report.about, c), c.summary.empty() ? "" : "  ",
                   c.summary, "\n");
      }
    }
  }
  io.out(told.json ? cat("{\"plugins\":[", out, "]}\n") : out);
  if (files->empty()) {
    std::string where;
    for (const auto& d : plugins->catalog->directories()) where += "\n  " + d;
    io.note(cat("no plugins in the folders that are searched:", where));
  }
  return exit_code::ok;
}

exit_code plugin_inspect_command(const plugin_arguments& told, console& io) {
  auto plugins = open_plugins(told.plugin_dirs);
  if (!plugins) return io.fail(plugins.why());
  std::string out;
  for (const auto& name : told.what) {
    auto image = plugins->catalog->load(name);
    if (!image) return io.fail(image.why());
    const auto& i = **image;
    if (told.json) {
      out += (out.empty() ? "" : ",") + describe_as_json(i.about(), i.path(), i.sha256());
    } else {
      out += (out.empty() ? "" : "\n") + describe_for_people(i.about(), i.path(), i.sha256());
      for (const auto& w : i.warnings().all()) io.warn(w.what);
    }
  }
  io.out(told.json ? cat("{\"plugins\":[", out, "]}\n") : out);
  return exit_code::ok;
}

exit_code plugin_verify_command(const plugin_arguments& told, console& io) {
  auto plugins = open_plugins(told.plugin_dirs);
  if (!plugins) return io.fail(plugins.why());
  bool all = true;
  std::string out;
  for (const auto& file : told.what) {
    const auto report = plugin::verify(base::real_env(), *plugins->store, file);
    all = all && report.ok();
    out += told.json ? (out.empty() ? "" : ",") + report_as_json(report) : report_for_people(report);
  }
  io.out(told.json ? cat("{\"plugins\":[", out, "]}\n") : out);
  return all ? exit_code::ok : exit_code::check_failed;
}

}  // namespace weir::control
