#pragma once
// The gate: what must hold of a plugin file before any of its code runs, constructors included. Reads the file once
// into memory, and judges those bytes; the loader then gets a private copy of the same bytes (store.hpp).
#include <string>
#include <vector>

#include "base/env.hpp"
#include "plugin/elf.hpp"
#include "plugin/finding.hpp"
#include "plugin/place.hpp"

namespace weir::plugin {

/// What the pipeline says of a plugin; empty parts are not asked for.
struct expectations {
  std::string name;     ///< must be the plugin's own name
  std::string version;  ///< constraint: "1", "1.2", "1.2.0"
  std::string abi;      ///< "0.1": the least that it must have been built against
  std::string sha256;   ///< pin: 64 hexadecimal characters, or at least the first 12
};

/// A file that went through the gate. It may be loaded when found.refused() is false.
struct gated_file {
  std::string path;       ///< as given
  std::string canonical;  ///< without links; empty when there is no such file
  std::string bytes;
  std::string sha256;  ///< of the bytes; empty when they were not read
  elf::facts elf;
  findings found;
  std::int64_t took_us = 0;
};

/// [any] thread. Takes a few milliseconds; the error of findings::why() has no place yet.
gated_file pass_gate(base::env& env, const std::string& path, const expectations& wanted = {});

/// The rules for the ELF facts alone.
void check_elf(base::file_system& fs, const elf::facts& facts, findings& found);

}  // namespace weir::plugin
