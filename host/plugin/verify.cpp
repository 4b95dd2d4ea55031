#include "plugin/verify.hpp"

#include <algorithm>
#include <cstring>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "base/text.hpp"
#include "plugin/child.hpp"
#include "plugin/image.hpp"
#include "plugin/memory_map.hpp"
#include "plugin/wire.hpp"

namespace weir::plugin {
namespace {

using base::cat;

std::vector<std::string> libraries_now(base::env& env) {
  const auto map = memory_map::take(env.fs());
  return map ? map->libraries() : std::vector<std::string>();
}

/// Runs in the child: loads the file that passed the gate and tells what came of it.
std::string load_and_tell(base::env& env, plugin_store& store, gated_file& file, const expectations& wanted) {
  const std::vector<std::string> before = libraries_now(env);
  const std::size_t gate_findings = file.found.all().size();
  wire::told told;
  auto image = load(env, store, file, wanted);
  for (std::size_t i = gate_findings; i < file.found.all().size(); ++i) {
    const finding& f = file.found.all()[i];
    told.found.add(f);
  }
  if (image) {
    told.about = (*image)->about();
    for (std::string& library : libraries_now(env)) {
      if (library == (*image)->private_path() || std::find(before.begin(), before.end(), library) != before.end())
        continue;
      told.libraries.push_back(std::move(library));
    }
  } else if (!told.found.refused()) {
    told.found.refuse("not_loadable", image.why().text(), image.why().by);
  }
  return wire::write(told);
}

void check_libraries(report& made) {
  for (const std::string& library : made.libraries) {
    const std::size_t slash = library.rfind('/');
    if (!std::string_view(library).substr(slash + 1).starts_with("libprotobuf.so")) continue;
    made.found.refuse("needs_libprotobuf",
                      cat("one of its libraries brings ", library,
                          " along, where two versions of one .proto end the process: link protobuf statically"));
  }
}

void conclude(report& made, const child_result& child, std::int64_t timeout_us) {
  made.output = base::printable(child.output);
  const std::string words =
      made.output.empty() ? std::string() : cat(" (it wrote: ", base::printable(child.output, 300), ")");
  switch (child.how) {
    case child_result::ending::returned: {
      auto told = wire::read(child.answer);
      if (!told) {
        made.outcome = load_outcome::crashed;
        made.found.refuse("crashed_in_constructor",
                          "loading it garbled the process that loaded it: run it under valgrind");
        return;
      }
      made.found.append(told->found);
      made.about = std::move(told->about);
      made.libraries = std::move(told->libraries);
      check_libraries(made);
      made.outcome = made.found.refused() ? load_outcome::refused : load_outcome::loaded;
      return;
    }
    case child_result::ending::signalled: {
      made.outcome = load_outcome::crashed;
      const char* name = ::sigabbrev_np(child.number);
      made.found.refuse(
          "crashed_in_constructor",
          cat("loading it crashed (", name ? cat("SIG", name) : cat("signal ", child.number),
              ") in its static constructors or in weir_plugin_v1(): move that work into create()", words));
      return;
    }
    case child_result::ending::exited:
      made.outcome = load_outcome::crashed;
      made.found.refuse(
          "crashed_in_constructor",
          cat("loading it ended the process (exit code ", child.number,
              ") in its static constructors or in weir_plugin_v1(): move that work into create()", words));
      return;
    case child_result::ending::timed_out:
      made.outcome = load_outcome::timed_out;
      made.found.refuse(
          "hangs_in_constructor",
          cat("loading it did not end within ", base::print_duration_us(timeout_us),
              ": its static constructors or weir_plugin_v1() wait for something; move that work into create()", words));
      return;
  }
}

}  // namespace

std::string_view name_of(load_outcome outcome) {
  switch (outcome) {
    case load_outcome::not_tried:
      return "not_tried";
    case load_outcome::loaded:
      return "loaded";
    case load_outcome::refused:
      return "refused";
    case load_outcome::crashed:
      return "crashed";
    case load_outcome::timed_out:
      return "timed_out";
  }
  return "not_tried";
}

base::error report::why() const { return found.why(cat("plugin ", path)); }

report verify(base::env& env, plugin_store& store, const std::string& path, const expectations& wanted,
              const verify_options& options) {
  gated_file file = pass_gate(env, path, wanted);
  report made{.path = file.path,
              .canonical = file.canonical,
              .sha256 = file.sha256,
              .size = file.bytes.size(),
              .elf = file.elf,
              .found = file.found,
              .gate_us = file.took_us};
  if (file.found.refused()) return made;
  const std::int64_t start = env.monotonic_ns();
  // Made and held here, so that the entry goes again: the child runs no destructors.
  const auto copy = store.add(file.bytes, file.sha256);
  if (!copy) {
    made.found.refuse("not_tried", copy.why().text(), copy.why().by);
    return made;
  }
  auto child = run_in_child(env, options.timeout_us, [&] { return load_and_tell(env, store, file, wanted); });
  made.load_us = (env.monotonic_ns() - start) / 1000;
  if (!child)
    made.found.refuse("not_tried", child.why().text(), child.why().by);
  else
    conclude(made, *child, options.timeout_us);
  return made;
}

}  // namespace weir::plugin
