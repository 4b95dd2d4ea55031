#include "control/command_options.hpp"

#include <CLI/App.hpp>
#include <algorithm>

#include "base/cat.hpp"
#include "base/text.hpp"

namespace weir::control {

using base::cat;

CLI::App& command_options::command(CLI::App& in, const char* name, const char* help, const char* more,
                                   std::function<exit_code(console&)> what) {
  auto* c = in.add_subcommand(name, help);
  c->footer(more);
  c->set_help_flag("-h,--help", "Show this help.");
  if (what) c->callback([this, what = std::move(what)] { chosen_ = what; });
  return *c;
}

CLI::Option* command_options::mark(CLI::Option* o, value_kind kind, const char* shown,
                                   std::vector<std::string> choices) {
  if (!choices.empty()) {
    o->check([choices](const std::string& given) {
      if (std::find(choices.begin(), choices.end(), given) != choices.end()) return std::string();
      return cat(base::quoted(given), " is not ", base::one_of(choices), base::did_you_mean(given, choices));
    });
  }
  o->type_name(shown);
  kinds_[o] = {kind, shown, std::move(choices)};
  return o;
}

CLI::Option* command_options::text(CLI::App& c, const char* names, std::string& to, const char* shown,
                                   const char* help) {
  return mark(c.add_option(names, to, help), value_kind::text, shown);
}
CLI::Option* command_options::choice(CLI::App& c, const char* names, std::string& to, const char* shown,
                                     std::vector<std::string> from, const char* help) {
  return mark(c.add_option(names, to, help), value_kind::choice, shown, std::move(from));
}
CLI::Option* command_options::file(CLI::App& c, const char* names, std::string& to, const char* help) {
  return mark(c.add_option(names, to, help), value_kind::file, "FILE");
}
CLI::Option* command_options::file(CLI::App& c, const char* names, std::vector<std::string>& to, const char* help) {
  return mark(c.add_option(names, to, help), value_kind::file, "FILE");
}
CLI::Option* command_options::each(CLI::App& c, const char* names, std::vector<std::string>& to, value_kind kind,
                                   const char* shown, const char* help) {
  return mark(c.add_option(names, to, help), kind, shown)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}
CLI::Option* command_options::known_pipeline(CLI::App& c, std::string& to) {
  return text(c, "PIPELINE", to, "PIPELINE", "Name of the pipeline, its file or its state directory.")->required();
}

void command_options::plugin_dirs(CLI::App& c, std::vector<std::string>& to) {
  mark(c.add_option("--plugin-dir", to,
                    "Search this folder for plugins first; may be repeated. Then WEIR_PLUGIN_PATH and the folders of "
                    "the program."),
       value_kind::directory, "DIR")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void command_options::pipeline(CLI::App& c, pipeline_arguments& to, bool many) {
  if (many) {
    file(c, "FILE", to.files, "Pipeline files (TOML).")->required()->expected(1, values_max);
  } else {
    to.files.resize(1);
    file(c, "FILE", to.files.front(), "The pipeline file (TOML).")->required();
  }
  mark(c.add_option("--set", to.set,
                    "Use this value instead of the file's, e.g. `--set trades.topic=test`, `--set parallelism=2`; "
                    "may be repeated."),
       value_kind::text, "ID.KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  plugin_dirs(c, to.plugin_dirs);
}

flag_info command_options::describe(const CLI::Option& o) const {
  flag_info f;
  if (o.get_positional()) {
    f.names.push_back(o.get_name(true));
  }
  for (const auto& n : o.get_snames()) f.names.push_back("-" + n);
  for (const auto& n : o.get_lnames()) f.names.push_back("--" + n);
  f.help = o.get_description();
  f.required = o.get_required();
  f.repeatable = o.get_items_expected_max() > 1 || o.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  if (const auto found = kinds_.find(&o); found != kinds_.end()) {
    f.value = found->second.kind;
    f.shown = found->second.shown;
    f.choices = found->second.choices;
  }
  return f;
}

command_info command_options::describe(const CLI::App& c) const {
  command_info out{c.get_name(), c.get_description(), c.get_footer(), {}, {}, {}};
  for (const auto* o : c.get_options()) {
    if (!o->get_group().empty()) (o->get_positional() ? out.arguments : out.flags).push_back(describe(*o));
  }
  for (const auto* s : c.get_subcommands([](const CLI::App*) { return true; })) out.commands.push_back(describe(*s));
  return out;
}

}  // namespace weir::control
