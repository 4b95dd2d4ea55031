#pragma once
// Reads from the bytes of an ELF64 file what the gate must know before the dynamic loader sees it: what it exports,
// needs and asks of the process. Every offset, count and string is checked against the file's size, so a truncated or
// lying file gives an error, never a crash. Needs no loader, no libelf. [any] thread.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::plugin::elf {

/// e_machine of the processors weir is built for.
inline constexpr std::uint16_t machine_x86_64 = 62;
inline constexpr std::uint16_t machine_aarch64 = 183;
/// The processor this program was built for.
#if defined(__x86_64__)
inline constexpr std::uint16_t machine_here = machine_x86_64;
#elif defined(__aarch64__)
inline constexpr std::uint16_t machine_here = machine_aarch64;
#else
#  error "weir runs on x86-64 and aarch64"
#endif

/// "x86-64", "aarch64", "machine 8".
std::string machine_name(std::uint16_t machine);

/// Facts of one file. All texts are copies.
struct facts {
  std::uint16_t type = 0;     ///< e_type; 3 = shared object
  std::uint16_t machine = 0;  ///< e_machine
  bool program = false;       ///< has an interpreter: a program, not a library (also a position-independent one)

  std::vector<std::string> exports;  ///< every symbol that others could bind to
  std::vector<std::string> unique;   ///< those of them that are STB_GNU_UNIQUE
  std::vector<std::string> imports;  ///< symbols that others must provide
  std::vector<std::string> needed;   ///< DT_NEEDED, in the file's order
  std::string soname;
  std::vector<std::string> search;  ///< DT_RPATH and DT_RUNPATH, split at colons; an empty one stays as ""

  bool text_relocations = false;  ///< DT_TEXTREL or DF_TEXTREL: code pages are written to while loading
  bool static_tls = false;        ///< DF_STATIC_TLS: takes of the process's small fixed TLS area, for good
  bool no_delete = false;         ///< DF_1_NODELETE: never unloaded
  bool executable_stack = false;  ///< loading it makes the stacks of the process executable
  bool writable_code = false;     ///< a segment is both writable and executable
  bool thread_locals = false;     ///< has a PT_TLS segment
  std::string build_id;           ///< hexadecimal; empty: none
};

/// A plugin error when `file` is not a complete, self-consistent ELF64 little-endian file of type ET_DYN.
base::result<facts> read(std::string_view file);

}  // namespace weir::plugin::elf
