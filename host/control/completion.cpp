#include <functional>

#include "control/command_tree.hpp"

namespace weir::control {
namespace {

using visit = std::function<void(const command_info&, const std::string& path)>;

// Every command with its path of names without the program's: "", "run", "plugin list".
void walk(const command_info& c, const std::string& path, const visit& f) {
  f(c, path);
  for (const auto& s : c.commands) walk(s, path.empty() ? s.name : path + " " + s.name, f);
}

std::string joined(const std::vector<std::string>& words, const char* separator = " ") {
  std::string out;
  for (const auto& w : words) out += (out.empty() ? "" : separator) + w;
  return out;
}

// In single quotes for a POSIX shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string first_sentence(const std::string& help) {
  auto line = help.substr(0, help.find('\n'));
  while (!line.empty() && line.back() == '.') line.pop_back();
  return line;
}

// ---- bash

std::string bash_values(const flag_info& f) {
  switch (f.value) {
    case value_kind::choice:
      return "COMPREPLY=($(compgen -W " + quoted(joined(f.choices)) + " -- \"$cur\"))";
    case value_kind::file:
      return "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))";
    case value_kind::directory:
      return "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"))";
    case value_kind::none:
    case value_kind::text:
      return "COMPREPLY=()";
  }
  return "";
}

std::string bash(const command_info& root) {
  std::string steps, values, words;
  walk(root, "", [&](const command_info& c, const std::string& path) {
    std::vector<std::string> flags, commands;
    for (const auto& f : c.flags) {
      flags.insert(flags.end(), f.names.begin(), f.names.end());
      if (f.value == value_kind::none) continue;
      std::vector<std::string> keys;
      for (const auto& n : f.names) keys.push_back(quoted(path + ":" + n));
      values += "    " + joined(keys, "|") + ") " + bash_values(f) + "; return ;;\n";
    }
    for (const auto& s : c.commands) {
      commands.push_back(s.name);
      steps += "      " + quoted(path + ":" + s.name) +
               ") path=" + quoted(path.empty() ? s.name : path + " " + s.name) + " ;;\n";
    }
    std::string bare = "COMPREPLY=()";
    if (!commands.empty()) bare = "COMPREPLY=($(compgen -W " + quoted(joined(commands)) + " -- \"$cur\"))";
    if (!c.arguments.empty()) bare = bash_values(c.arguments.front());
    words += "    " + quoted(path) + ") if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W " + quoted(joined(flags)) +
             " -- \"$cur\")); else " + bare + "; fi ;;\n";
  });
  return "# bash completion for weir; made by `weir completion bash`.\n"
         "_weir() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$path:${COMP_WORDS[i]}\" in\n" +
         steps +
         "    esac\n"
         "  done\n"
         "  case \"$path:$prev\" in\n" +
         values +
         "  esac\n"
         "  case \"$path\" in\n" +
         words +
         "  esac\n"
         "}\n"
         "complete -F _weir weir\n";
}

// ---- zsh

std::string zsh_text(const std::string& help) {
  std::string out;
  for (char c : first_sentence(help)) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_values(const flag_info& f, const std::string& what) {
  switch (f.value) {
    case value_kind::none:
      return "";
    case value_kind::choice:
      return ":" + what + ":(" + joined(f.choices) + ")";
    case value_kind::file:
      return ":" + what + ":_files";
    case value_kind::directory:
      return ":" + what + ":_files -/";
    case value_kind::text:
      return ":" + what + ": ";
  }
  return "";
}

std::string function_name(const std::string& path) {
  std::string out = "_weir";
  if (!path.empty()) out += '_';
  for (char c : path) out += c == ' ' ? '_' : c;
  return out;
}

std::string zsh(const command_info& root) {
  std::string out = "#compdef weir\n# zsh completion for weir; made by `weir completion zsh`.\n";
  walk(root, "", [&](const command_info& c, const std::string& path) {
    out += function_name(path) + "() {\n";
    if (!c.commands.empty()) out += "  local line state\n";
    out += "  _arguments -s";
    if (!c.commands.empty()) out += " -C";
    for (const auto& f : c.flags) {
      for (const auto& n : f.names) {
        out +=
            " \\\n    " + quoted((f.repeatable ? "*" : "") + n + "[" + zsh_text(f.help) + "]" + zsh_values(f, "value"));
      }
    }
    for (const auto& a : c.arguments) {
      out += " \\\n    " + quoted((a.repeatable ? "*" : "") + zsh_values(a, joined(a.names)));
    }
    if (!c.commands.empty()) {
      out +=
          " \\\n    '1:command:->command' \\\n    '*::argument:->argument'\n  case $state in\n    command)\n      "
          "local -a commands=(";
      for (const auto& s : c.commands) out += "\n        " + quoted(s.name + ":" + first_sentence(s.help));
      out += ")\n      _describe command commands ;;\n    argument)\n      case $line[1] in\n";
      for (const auto& s : c.commands) {
        out += "        " + s.name + ") " + function_name(path.empty() ? s.name : path + " " + s.name) + " ;;\n";
      }
      out += "      esac ;;\n  esac";
    }
    out += "\n}\n";
  });
  return out + "if [ \"$funcstack[1]\" = _weir ]; then _weir \"$@\"; else compdef _weir weir; fi\n";
}

// ---- fish

std::string fish_text(const std::string& help) {
  std::string out = "'";
  for (char c : first_sentence(help)) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_values(const flag_info& f) {
  switch (f.value) {
    case value_kind::none:
      return "";
    case value_kind::choice:
      return " -x -a " + quoted(joined(f.choices));
    case value_kind::file:
      return " -r -F";
    case value_kind::directory:
      return " -x -a '(__fish_complete_directories)'";
    case value_kind::text:
      return " -x";
  }
  return "";
}

std::string fish(const command_info& root) {
  // The path of commands on the line so far, as walk() names it.
  std::string out =
      "# fish completion for weir; made by `weir completion fish`.\n"
      "function __weir_path\n"
      "  set -l path\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    switch \"$path:$word\"\n";
  walk(root, "", [&](const command_info& c, const std::string& path) {
    for (const auto& s : c.commands) {
      out += "      case " + quoted(path + ":" + s.name) + "\n        set path " +
             quoted(path.empty() ? s.name : path + " " + s.name) + "\n";
    }
  });
  out += "    end\n  end\n  echo \"$path\"\nend\ncomplete -c weir -f\n";
  walk(root, "", [&](const command_info& c, const std::string& path) {
    const auto here = "complete -c weir -n 'test \"$(__weir_path)\" = \"" + path + "\"'";
    for (const auto& s : c.commands) out += here + " -a " + s.name + " -d " + fish_text(s.help) + "\n";
    for (const auto& f : c.flags) {
      out += here;
      for (const auto& n : f.names) out += n.starts_with("--") ? " -l " + n.substr(2) : " -s " + n.substr(1);
      out += fish_values(f) + " -d " + fish_text(f.help) + "\n";
    }
    for (const auto& a : c.arguments) {
      if (a.value == value_kind::file) out += here + " -F\n";
      if (a.value == value_kind::directory) out += here + " -a '(__fish_complete_directories)'\n";
      if (a.value == value_kind::choice) out += here + " -a " + quoted(joined(a.choices)) + "\n";
    }
  });
  return out;
}

}  // namespace

std::string completion_script(const command_info& root, shell of) {
  switch (of) {
    case shell::bash:
      return bash(root);
    case shell::zsh:
      return zsh(root);
    case shell::fish:
      return fish(root);
  }
  return "";
}

}  // namespace weir::control
